"""TensorFlow Lite: what is counted, by which role, and what is refused with which words."""

from __future__ import annotations

import csv
import json

import pytest

from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from nparams.files.tflite import read
from tests.conftest import shared
from tests.limits import limited, need_limits
from tests.tflite_maker import (
    BFLOAT16,
    BYTES,
    FLOAT16,
    FLOAT32,
    INT2,
    INT4,
    INT8,
    INT16,
    INT32,
    INT64,
    RESOURCE,
    STRING,
    UINT4,
    UINT8,
    G,
    L,
    N,
    Op,
    T,
    V,
    blockwise,
    crowded,
    flatbuffer,
    model,
    options,
    scales,
    size_of,
    sparse,
)

X, Y = T("x", [1, 4], data=None), T("y", [1, 3], data=None)
W, B = T("w", [3, 4]), T("b", [3])
DENSE = G([X, W, B, Y], [Op("FULLY_CONNECTED", [0, 1, 2], [3])], [0], [3])
SHARED = "{} tensor{} the buffer of another (converters store equal numbers once): counted once, with that one"
COMPILED = (
    "compiled for {}: weights inside the compiled part are not stored openly, {}; "
    "count the model that it was compiled from"
)


def found(data: bytes):
    return read(MemorySource(data, "m.tflite"))


def one(shape: list[int], kind: int, operator: str, at: int, operands: int, more: dict | None = None) -> bytes:
    """A model of one constant, operand `at` of one operator."""
    inputs = [0] * operands
    inputs[at] = 1
    return model(G([T("x", [1], data=None), T("c", shape, kind, more=more or {})], [Op(operator, inputs, [0])]))


# operator, operand, operands -> role
OPERANDS = [
    *[("CONV_2D", k, 3, role) for k, role in ((1, "weight"), (2, "bias"))],
    *[("DEPTHWISE_CONV_2D", k, 3, role) for k, role in ((1, "weight"), (2, "bias"))],
    *[("CONV_3D", k, 3, role) for k, role in ((1, "weight"), (2, "bias"))],
    *[("TRANSPOSE_CONV", k, 4, role) for k, role in ((0, "buffer"), (1, "weight"), (3, "bias"))],
    *[("FULLY_CONNECTED", k, 3, role) for k, role in ((0, "weight"), (1, "weight"), (2, "bias"))],
    *[("BATCH_MATMUL", k, 2, "weight") for k in (0, 1)],
    ("EMBEDDING_LOOKUP", 0, 2, "buffer"), ("EMBEDDING_LOOKUP", 1, 2, "weight"),
    ("GATHER", 0, 2, "weight"), ("GATHER", 1, 2, "buffer"), ("PRELU", 1, 2, "weight"),
    ("MUL", 0, 2, "weight"), ("MUL", 1, 2, "weight"), ("DIV", 1, 2, "weight"), ("ADD", 1, 2, "weight"),
    ("SUB", 0, 2, "weight"),
    *[("LSTM", k, 5, role) for k, role in ((2, "weight"), (3, "bias"), (4, "buffer"))],
    *[("LSTM", k, 24, "weight") for k in (*range(1, 12), 16, 20, 23)],
    *[("UNIDIRECTIONAL_SEQUENCE_LSTM", k, 24, "bias") for k in (12, 15, 17)],
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", 18, 24, "buffer"),
    *[("BIDIRECTIONAL_SEQUENCE_LSTM", k, 48, "weight") for k in (1, 11, 16, 18, 28, 33, 40, 47)],
    *[("BIDIRECTIONAL_SEQUENCE_LSTM", k, 48, "bias") for k in (12, 17, 29, 34)],
    ("BIDIRECTIONAL_SEQUENCE_LSTM", 35, 48, "buffer"),
    *[("RNN", k, 5, role) for k, role in ((1, "weight"), (2, "weight"), (3, "bias"), (4, "buffer"))],
    *[("BIDIRECTIONAL_SEQUENCE_RNN", k, 12, "weight") for k in (1, 2, 5, 6, 10, 11)],
    *[("BIDIRECTIONAL_SEQUENCE_RNN", k, 12, role) for k, role in ((3, "bias"), (4, "buffer"), (7, "bias"))],
    *[("SVDF", k, 5, role) for k, role in ((1, "weight"), (2, "weight"), (3, "bias"), (4, "buffer"))],
    ("RESHAPE", 1, 2, "buffer"), ("RELU", 0, 1, "buffer"),
    ("STABLEHLO_DOT_GENERAL", 1, 2, "weight"), ("MTKEXT_CONV_2D", 1, 3, "weight"),
    ("Convolution2DTransposeBias", 2, 3, "bias"), ("FlexConv2D", 1, 2, "weight"),
    ("TFLite_Detection_PostProcess", 2, 3, "buffer"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "at", "operands", "role"), OPERANDS)
def test_the_operand_says_the_role(operator, at, operands, role):
    (tensor,) = found(one([2, 3], FLOAT32, operator, at, operands)).tensors()
    assert (tensor.role, tensor.name, tensor.shape, tensor.dtype, tensor.size) == (role, "c", (2, 3), "float32", 6)


# what it shows | shape | number type | operator | quantised? | role | note
ELEMENTWISE = [
    ("one number is a constant", [], FLOAT32, "ADD", False, "buffer", "one number in ADD: a constant of the graph"),
    (
        "also with more dimensions",
        [1, 1],
        FLOAT32,
        "MUL",
        False,
        "buffer",
        "one number in MUL: a constant of the graph",
    ),
    ("one channel", [1], FLOAT32, "MUL", False, "weight", "a constant operand of MUL"),
    ("whole numbers are arguments", [3], INT32, "ADD", False, "buffer", "int32 in ADD: not trainable"),
    ("unless they are quantised", [3], INT8, "ADD", True, "bias", "a constant operand of ADD"),
    ("a table that is added", [5, 3], FLOAT32, "ADD", False, "weight", "a constant operand of ADD"),
    ("a bias of many dimensions", [1, 1, 3], FLOAT32, "ADD", False, "bias", "a constant operand of ADD"),
    ("half precision", [3], FLOAT16, "DIV", False, "weight", "a constant operand of DIV"),
]


@pytest.mark.parametrize(
    ("shape", "kind", "operator", "quantized", "role", "note"),
    [c[1:] for c in ELEMENTWISE],
    ids=[c[0] for c in ELEMENTWISE],
)
def test_operands_of_sums_and_products(shape, kind, operator, quantized, role, note):
    (tensor,) = found(one(shape, kind, operator, 1, 2, scales() if quantized else None)).tensors()
    assert (tensor.role, tensor.note) == (role, note)


def test_a_table_by_its_name_is_a_buffer_though_it_is_multiplied():
    graph = G([X, T("rotary/cos_cached;x", [8, 4])], [Op("MUL", [0, 1], [0])])
    (tensor,) = found(model(graph)).tensors()
    assert (tensor.role, tensor.note) == ("buffer", "buffer by its name, like self_attn.rotary_emb.cos_cached")
    (tensor,) = found(model(G([X, T("stft/hann_window/sub_2", [4])], [Op("MUL", [0, 1], [0])]))).tensors()
    assert (tensor.role, tensor.note) == ("buffer", "buffer by its name, like stft/hann_window")


def test_the_operands_of_one_operator_stand_in_one_layer():
    names = ["a/relu/Relu;a/conv2d_4/BiasAdd/ReadVariableOp", "a/conv2d_4/Conv2D;a/conv2d_4/Conv2D", "arith.constant"]
    tensors = [X, T(names[0], [3]), T(names[1], [3, 1, 1, 4]), T(names[2], [5, 2]), T("a/dense/MatMul", [1], data=None)]
    operators = [Op("CONV_2D", [0, 2, 1], [0]), Op("FULLY_CONNECTED", [0, 3, -1], [4])]
    layers = found(model(G(tensors, operators))).layers
    assert [(row.name, row.kind, row.total) for row in layers] == [
        ("a/conv2d_4", "Conv", 15), ("a/dense", "Dense", 10),
    ]  # fmt: skip


def test_a_table_that_rows_are_picked_from_is_an_embedding():
    graph = G([T("ids", [2], INT32, None), T("a/embedding_lookup", [9, 4])], [Op("GATHER", [1, 0], [0])])
    (row,) = found(model(graph)).layers
    assert (row.name, row.kind, row.total) == ("a", "Embedding", 36)
    assert json.loads(found(model(graph)).to_json())["embedding"] == 36


def test_a_single_number_by_its_name_is_a_parameter():
    tensors = [X, T("W", []), T("scale/ReadVariableOp;scale", []), T("add/y", []), T("arith.constant2", [1, 1])]
    operators = [Op("MUL", [0, 1], [0]), Op("MUL", [0, 2], [0]), Op("ADD", [0, 3], [0]), Op("ADD", [0, 4], [0])]
    roles = [t.role for t in found(model(G(tensors, operators))).tensors()]
    assert roles == ["weight", "weight", "buffer", "buffer"]


def through(*operators: str) -> bytes:
    """A constant handed on by each operator in turn to a convolution."""
    between = [T(f"t{k}", [3, 4], data=None) for k in range(len(operators))]
    ops = [Op(name, [k + 1, 0] if name != "CONCATENATION" else [0, k + 1], [k + 2]) for k, name in enumerate(operators)]
    return model(G([X, W, *between], [*ops, Op("CONV_2D", [0, len(operators) + 1, -1], [0])]))


@pytest.mark.parametrize(
    "operators",
    [("DEQUANTIZE",), ("RESHAPE", "TRANSPOSE"), ("CAST",), ("CONCATENATION",), ("DENSIFY",),
     ("QUANTIZE", "DEQUANTIZE", "RESHAPE")],
    ids=" ".join,
)  # fmt: skip
def test_weights_are_found_through_operators_that_hand_them_on(operators):
    assert found(through(*operators)).weights == 12


def test_other_operators_hand_nothing_on():
    assert found(through("RELU")).total == 0


def test_the_order_of_operators_does_not_matter():
    graph = G([X, W, T("t", [4, 3], data=None)], [Op("CONV_2D", [0, 2], [0]), Op("TRANSPOSE", [1, 0], [2])])
    assert found(model(graph)).weights == 12


def calls(operator: str, opts: dict, operands: list[int]) -> bytes:
    """Weights handed to another subgraph, which multiplies with them."""
    body = G([X, T("inside", [3, 4], data=None), Y], [Op("FULLY_CONNECTED", [0, 1, -1], [2])], [0, 1], [2])
    main = G([X, W, T("condition", [1], data=None)], [Op(operator, operands, [0], opts)])
    return model(main, body, body)


@pytest.mark.parametrize(
    ("operator", "opts", "operands"),
    [("WHILE", options(1, 2), [0, 1]), ("IF", options(1, 2), [2, 0, 1]), ("CALL", options(1), [0, 1]),
     ("STABLEHLO_COMPOSITE", {0: "odml.x", 1: N("i", 1)}, [0, 1])],
    ids=["WHILE", "IF", "CALL", "STABLEHLO_COMPOSITE"],
)  # fmt: skip
def test_weights_are_found_through_subgraphs(operator, opts, operands):
    assert found(calls(operator, opts, operands)).weights == 12


def test_a_loop_hands_its_results_to_its_next_round():
    body = G([X, T("w", [3, 4], data=None), T("w2", [3, 4], data=None)],
             [Op("FULLY_CONNECTED", [0, 1], [0]), Op("RESHAPE", [2], [1])], [0, 2], [0, 1])  # fmt: skip
    main = G([X, W], [Op("WHILE", [0, 1], [0, 1], options(1, 1))])
    assert found(model(main, body)).weights == 12


def test_what_a_variable_is_assigned_is_a_weight_where_it_is_read_as_one():
    name = {0: "", 1: "dense/kernel"}
    handle = T("handle", [], RESOURCE, data=None)
    init = G([handle, W, T("step", [1], INT64)],
             [Op("VAR_HANDLE", [], [0], name), Op("ASSIGN_VARIABLE", [0, 1])])  # fmt: skip
    main = G([handle, X, T("read", [3, 4], data=None)],
             [Op("CALL_ONCE", [], [], options(1)), Op("VAR_HANDLE", [], [0], name), Op("READ_VARIABLE", [0], [2]),
              Op("FULLY_CONNECTED", [1, 2, -1], [1])])  # fmt: skip
    network = found(model(main, init))
    assert {t.name: t.role for t in network.tensors()} == {"w": "weight", "step": "buffer"}


def test_a_plain_model():
    network = found(model(DENSE))
    assert (network.weights, network.biases, network.notes, network.flags) == (12, 3, [], [])
    assert network.read_as == "TensorFlow Lite, 2 stored tensors of 4, 1 operator"
    assert (network.form, network.source, network.also) == ("tflite", "m.tflite", {})


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(FLOAT32, "float32"), (FLOAT16, "float16"), (INT32, "int32"), (UINT8, "uint8"), (INT64, "int64"), (INT16, "int16"),
     (INT8, "int8"), (INT4, "int4"), (UINT4, "uint4"), (INT2, "int2"), (BFLOAT16, "bfloat16"), (6, "bool")],
)  # fmt: skip
def test_every_number_type(kind, dtype):
    network = found(one([3, 3], kind, "CONV_2D", 1, 2))
    (tensor,) = network.tensors()
    assert (tensor.dtype, tensor.size, network.totals.parameter_bytes) == (dtype, 9, size_of([3, 3], kind))


def test_text_is_kept_apart_with_its_own_bytes():
    (tensor,) = found(model(G([T("labels", [2], STRING, b"\2\0\0\0" + bytes(30))]))).tensors()
    assert (tensor.dtype, tensor.role, tensor.stored, tensor.note) == (
        None,
        "buffer",
        (2, 34),
        "holds text, no numbers",
    )


def test_scales_of_blocks_are_bookkeeping():
    tensors = [X, T("w", [4, 64], INT4, more=blockwise(2, 3)), T("scales", [4, 2], FLOAT16), T("zeros", [4, 2], INT8)]
    network = found(model(G(tensors, [Op("FULLY_CONNECTED", [0, 1], [0])])))
    assert (network.total, network.totals.bookkeeping, network.totals.elements) == (256, 16, 272)
    assert [t.role for t in network.tensors()] == ["weight", "bookkeeping", "bookkeeping"]


def test_scales_of_a_tensor_that_is_not_stored_here():
    tensors = [T("scales", [4, 2]), T("w", [4, 64], INT4, None, blockwise(0, kind=3))]
    assert [t.role for t in found(model(G(tensors))).tensors()] == ["bookkeeping"]


SPARSE = [
    ("rows whole, columns by index", [4, 8], sparse(4, (5, 7)), 7),
    ("both by index", [4, 8], sparse((2, 3), (4, 6)), 6),
    ("blocks of 4", [4, 8], sparse(4, (5, 3), 4), 12),
]


@pytest.mark.parametrize(("shape", "layout", "stored"), [c[1:] for c in SPARSE], ids=[c[0] for c in SPARSE])
def test_sparse_tensors_count_whole(shape, layout, stored):
    tensors = [X, T("w", shape, FLOAT32, bytes(4 * stored), layout), B]
    network = found(model(G(tensors, [Op("FULLY_CONNECTED", [0, 1, 2], [0])])))
    assert (network.total, network.totals.elements, network.also) == (35, 35, {"nonzero": stored + 3})
    assert next(network.tensors()).stored == (32, 4 * stored)
    assert network.notes == [f'"w": sparse, {stored} of 32 numbers are stored; all are counted']


def test_one_buffer_is_one_memory():
    tensors = [T("zero", [1], INT32), X, T("b", [1], data=1), T("also", [1], data=1), W]
    operators = [Op("RESHAPE", [1, 0], [1]), Op("CONV_2D", [1, 4, 2], [1]), Op("CONV_2D", [1, 4, 3], [1])]
    network = found(model(G(tensors, operators)))
    assert {(t.name, t.role, t.tied_to) for t in network.tensors()} == {
        ("zero", "buffer", "b"), ("b", "bias", None), ("also", "bias", "b"), ("w", "weight", None),
    }  # fmt: skip
    totals = network.totals
    assert (totals.total, totals.listed, totals.elements, totals.buffers, totals.bytes) == (13, 14, 15, 0, 52)
    assert network.notes == [SHARED.format(2, "s share")]


def test_signatures_share_their_weights():
    network = found(
        model(DENSE, G([X, T("w", [3, 4], data=1), T("b", [3], data=2), Y], DENSE.operators, name="decode"))
    )
    assert (network.total, network.totals.listed, network.read_as.endswith("2 subgraphs")) == (15, 30, True)
    assert [t.name for t in network.tensors()] == ["w", "b", "w#2", "b#2"]


def test_names_are_made_unique_and_never_empty():
    tensors = [T("a", [1]), T("a", [1]), T("a#2", [1]), T(None, [1]), T("", [1]), T("a", [1])]
    assert [t.name for t in found(model(G(tensors))).tensors()] == ["a", "a#2", "a#2#2", "tensor_3", "tensor_4", "a#3"]


def test_a_name_that_is_not_text_is_shown_escaped():
    assert next(found(model(G([T("a\udcff", [1])]))).tensors()).name == "a\\xff"


@pytest.mark.parametrize(
    ("operator", "whose"),
    [("DISPATCH_OP", "an NPU (LiteRT)"), ("ethos-u", "Arm Ethos-U"), ("edgetpu-custom-op", "an Edge TPU")],
)
def test_programs_for_accelerators(operator, whose):
    blob = T("blob", [64], UINT8)
    network = found(model(G([X, blob], [Op(operator, [0, 1], [0])])))
    assert (network.total, network.notes) == (0, [COMPILED.format(whose, "there is nothing left to count")])
    network = found(model(G([*DENSE.tensors, blob], [*DENSE.operators, Op(operator, [0, 4], [0])])))
    assert (network.total, network.notes) == (15, [COMPILED.format(whose, "only what is left outside is counted")])


def test_unknown_custom_operators_are_named_and_their_operands_go_by_name_and_shape():
    tensors = [X, W, T("layer/bias", [3]), T("axes", [2], INT32), T("epsilon", [])]
    network = found(model(G(tensors, [Op("Mystery", [0, 1, 2, 3, 4], [0])])))
    assert {t.name: t.role for t in network.tensors()} == {
        "w": "weight", "layer/bias": "bias", "axes": "buffer", "epsilon": "buffer",
    }  # fmt: skip
    assert network.notes == [
        'custom operators that are not known ("Mystery"): 18 numbers stored for them go by name and shape'
    ]


MARK = 0x1122334455667788


def behind(size: int, data: int) -> bytes:
    """A model whose one buffer lies behind the flatbuffer."""
    graph = G([X, T("w", [3, 4], data=1)], [Op("CONV_2D", [0, 1], [0])])
    base = model(graph, extra={4: L([{}, {1: N("Q", MARK), 2: N("Q", size)}])})
    return base.replace(MARK.to_bytes(8, "little"), len(base).to_bytes(8, "little")) + bytes(data)


def test_buffers_behind_the_flatbuffer():
    assert found(behind(48, 48)).total == 12


def test_buffers_in_another_file():
    tensor = T("w", [3, 4], data=None, more={10: N("I", 7)})
    graph = G([X, tensor], [Op("CONV_2D", [0, 1], [0])])
    network = found(model(graph, extra={9: L([{0: N("I", 7), 3: N("Q", 48)}])}))
    assert network.total == 12
    assert network.notes == [
        '"w": the numbers lie in another file, which is not opened; counted by the shape that is here'
    ]


def test_more_bytes_than_the_shape_takes_are_flagged():
    (flag,) = found(model(G([T("w", [3], FLOAT32, bytes(40))]))).flags
    assert flag == {"kind": "unused-bytes", "text": '"w": the buffer holds more bytes than the shape takes'}


def test_what_holds_no_numbers_is_no_tensor_of_the_model():
    assert (
        list(found(model(G([T("none", [3], data=None), T("empty", [3], data=b""), T("first", [3], data=0)]))).tensors())
        == []
    )


VALID = model(DENSE)
# what it shows | the file | the error
REFUSED = [
    ("too short", b"\0\0\0\0TFL", "7 bytes is too short for a TensorFlow Lite file"),
    ("another identifier", flatbuffer({}, b"TFL2"), "identifier (offset 4): b'TFL2' where TensorFlow Lite has b'TFL3'"),
    ("another version", model(DENSE, version=2), "schema version 2, where 3 is the only one in use"),
    ("a root beyond the end", b"\xff\0\0\0TFL3", "model (offset 0): refers to 255 bytes further on, in a file of 8"),
    ("a root onto itself", b"\0\0\0\0TFL3", "model (offset 0): refers to 0 bytes further on, in a file of 8"),
    ("a buffer that is not there", model(G([T("w", [3], data=9)])), "buffer 9 of 1"),
    ("more numbers than bytes", model(G([T("w", [3, 4], data=bytes(8))])),
     'subgraph 0 tensor 0 "w" (offset 176): float32 [3, 4] takes 48 bytes, its buffer holds 8'),
    ("a negative dimension", model(G([T("w", [3, -1], data=bytes(8))])), "impossible shape [3, -1] of a constant"),
    ("a shape beyond all numbers", model(G([T("w", [0x7FFFFFFF] * 3, data=bytes(8))])), "impossible shape"),
    ("too many dimensions", model(G([T("w", [1] * 9)])), "9 numbers in field 0, more than any real file has"),
    ("an unknown number type", model(G([T("w", [2], 99, bytes(8))])), "number type 99, where schema v3 knows up to 22"),
    ("an operand that is not there", model(G([W], [Op("ADD", [0, 1], [0])])), "tensor 1, where the subgraph has 1"),
    ("a result that is not there", model(G([W], [Op("ADD", [0, 0], [1])])), "tensor 1, where the subgraph has 1"),
    ("an operand below what is left out", model(G([W], [Op("ADD", [-2])])), "tensor -2, where the subgraph has 1"),
    ("an input that is not there", model(G([W], [], [5])), "tensor 5, where the subgraph has 1"),
    ("no subgraphs", model(), "no subgraphs, and so no network"),
    ("an operator code that is not there", model(DENSE, extra={1: L([])}), "operator code 0 of 0"),
    ("a subgraph that is not there", calls("WHILE", options(1, 7), [0, 1]), "WHILE runs subgraph 7, of 3"),
    ("a subgraph below 0", calls("CALL", options(-1), [0, 1]), "CALL runs subgraph -1, of 3"),
    ("a vector longer than the file", model(DENSE, extra={2: L([], 1 << 29)}), "536,870,912 items of 4 bytes"),
    ("a buffer longer than the file", model(DENSE, extra={4: L([{}, {0: V("B", b"", 1 << 20)}])}),
     "1,048,576 items of 1 bytes"),
    ("a buffer behind the end", behind(49, 48), "Cut short?"),
    ("segments that do not fit", model(G([T("w", [4, 8], FLOAT32, bytes(28), sparse(4, (4, 7)))])),
     "4 segments of its dimension 1, where 5 belong"),
    ("sparse numbers that are not there", model(G([T("w", [4, 8], FLOAT32, bytes(8), sparse(4, (5, 7)))])),
     "takes 28 bytes, its buffer holds 8"),
    ("a dense size below 0", model(G([T("w", [4, 8], FLOAT32, bytes(28), sparse(-4, (5, 7)))])), "dense size -4"),
    ("a name without end", model(G([T("n" * 70_000, [1])])), "70,000 bytes of text, more than any real file has"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "problem"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, problem):
    with pytest.raises(NparamsError) as error:
        found(data)
    assert problem in str(error.value)
    assert str(error.value).startswith("m.tflite: ")
    assert str(error.value).isprintable()


def test_every_cut_is_refused_or_counts_no_more():
    whole = found(VALID).total
    for end in range(len(VALID)):
        try:
            assert found(VALID[:end]).total <= whole
        except NparamsError:
            continue
    assert whole == 15


def test_one_subgraph_named_a_thousand_times_is_refused():
    tensors = {0: L([{1: N("b", 0)} for _ in range(1000)])}
    with pytest.raises(NparamsError, match=r"more is referred to than a file of [\d,]+ bytes can hold"):
        found(model(extra={2: L([tensors] * 1000)}))


def test_no_number_is_read():
    """Of a model with a payload of 40 MB, under 100 KB are read; and a source may fetch as it goes."""
    graph = G([X, T("w", [10_000, 1_000]), B, Y], DENSE.operators)
    data = model(graph)
    asked: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    assert drive(RangeSource("m.tflite", len(data)), fetch, read).total == 10_000_003
    assert sum(asked) < 100_000
    assert len(data) > 40_000_000


def test_the_limits_can_be_lifted(monkeypatch):
    monkeypatch.setattr("nparams.files._tflite.constants.CONSTANTS", 1)
    with pytest.raises(NparamsError, match="more than 1 constants, more than any real file has"):
        found(VALID)
    assert read(MemorySource(VALID), limits=False).total == 15


BEFORE = """
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource
from nparams.files.tflite import read
"""
CHILD = """
try:
    print("counted", read(FileSource(sys.argv[1])).read_as)
except NparamsError as problem:
    print(type(problem).__name__, problem)
"""
#: what it shows | the file | what is said of it
CROWDED = [
    ("as much as is allowed", (40_000, 110_000, 60_000), "counted TensorFlow Lite, 40,000 stored tensors of 150,000"),
    ("more constants", (40_001, 0, 0), "more than 40,000 constants, more than any real file has"),
    ("more tensors", (0, 150_001, 0), "150,001 entries (subgraph 0 tensor), more than any real file has"),
    ("more operators", (1, 1, 60_001), "60,001 entries (subgraph 0 operator), more than any real file has"),
]


@need_limits
def test_many_operands_joined_into_many_results_take_little(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(model(G([X, W], [Op("CONCATENATION", [1] * 140_000, [0] * 140_000), Op("CONV_2D", [0, 0], [0])])))
    run = limited(BEFORE, CHILD, path, seconds=20)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("counted TensorFlow Lite, 1 stored tensor of 2, 2 operators")


@need_limits
@pytest.mark.parametrize(("size", "said"), [c[1:] for c in CROWDED], ids=[c[0] for c in CROWDED])
def test_the_most_crowded_file_takes_little_memory(tmp_path, size, said):
    path = tmp_path / "m.tflite"
    path.write_bytes(crowded(*size))
    run = limited(BEFORE, CHILD, path)
    assert (run.returncode, run.stderr) == (0, "")
    assert said in run.stdout


def rows() -> list[dict[str, str]]:
    with shared("models/manifest.tsv").open() as lines:
        return [row for row in csv.DictReader(lines, delimiter="\t") if row["format"] == "tflite"]


def test_the_shared_models():
    """Elements, tensors and elements by number type, as the generated classes of the schema give them."""
    checked = 0
    for row in rows():
        with FileSource(str(shared("models") / row["file"])) as source:
            network = read(source)
        assert network.totals.elements == int(row["expected_elements"]), row["file"]
        assert len(list(network.tensors())) == int(row["expected_tensors"]), row["file"]
        stated = dict(part.split("=", 1) for part in row["notes"].split(";") if "=" in part)
        dtypes: dict[str, int] = {}
        for t in network.tensors():
            dtypes[t.dtype.upper()] = dtypes.get(t.dtype.upper(), 0) + t.size
        said = [part.split(":") for part in stated["dtypes"].split(",") if part]
        assert dtypes == {name: int(count) for name, count in said}, row["file"]
        checked += 1
    assert checked >= 9


def test_the_shared_models_by_role():
    """What an engineer would call a parameter: counted by hand from the operators that `flatc` shows."""
    expected = {"nmp.tflite": 35_736, "version-RFB-320_without_postprocessing.tflite": 273_920, "ff.tflite": 196_608,
                "qwen_fc_blockwise_quantized.tflite": 1_048_576, "torchaudio_conformer.tflite": 89_296,
                "simple_add_op_google_tensor_p25_precompiled.tflite": 0}  # fmt: skip
    for row in rows():
        name = row["file"].rpartition("/")[2]
        if name in expected:
            with FileSource(str(shared("models") / row["file"])) as source:
                network = read(source)
            assert network.total == expected.pop(name), name
            assert json.loads(network.to_json())["flags"] == []
    assert not expected


def test_sizes_of_the_maker():
    assert {size_of([2], kind) for kind in BYTES} == {2, 4, 8, 16}
