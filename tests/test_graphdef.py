"""Graphs of TensorFlow: what is counted, by which role, and what is refused with which words."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.graphdef import may_be, read
from tests.limits import limited, need_limits
from tests.onnx_maker import chunk, fixed, number, varint
from tests.tensorflow_maker import (
    BFLOAT16,
    DOUBLE,
    FLOAT,
    HALF,
    INT8,
    INT32,
    INT64,
    QINT8,
    STRING,
    const,
    func,
    function,
    graph,
    node,
    saved,
    shape,
    variable,
)

X = node("x", "Placeholder")


def found(*nodes: bytes, functions=()):
    return read(MemorySource(graph(X, *nodes, functions=functions), "m.pb"))


def roles(network) -> dict[str, str]:
    return {t.name: t.role for t in network.tensors()}


DENSE = (const("fc/kernel", [4, 3]), const("fc/bias", [3]), node("fc/MatMul", "MatMul", "x fc/kernel"),
         node("fc/BiasAdd", "BiasAdd", "fc/MatMul fc/bias"))  # fmt: skip

# operator | inputs (c is the constant) | role
OPERANDS = [
    *[(op, "x c", "weight") for op in ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2")],
    ("MatMul", "c x", "weight"), ("Einsum", "x c", "weight"), ("Conv2DBackpropInput", "x c x", "weight"),
    ("BiasAdd", "x c", "bias"), ("GatherV2", "c x x", "weight"), ("GatherV2", "x c x", "buffer"),
    ("GatherNd", "c x", "weight"), ("SparseTensorDenseMatMul", "x x x c", "weight"),
    *[("FusedBatchNormV3", f"x{' x' * k} c{' x' * (3 - k)}", role)
      for k, role in enumerate(("weight", "bias", "buffer", "buffer"))],
    *[("BlockLSTM", f"x x x{' x' * k} c", role) for k, role in ((0, "weight"), (1, "weight"), (4, "weight"), (5,
        "bias"))],
    *[("GRUBlockCell", f"x x{' x' * k} c", role) for k, role in ((0, "weight"), (1, "weight"), (2, "bias"), (3,
        "bias"))],
    ("_FusedConv2D", "x x c", "bias"), ("_FusedMatMul", "x c x", "weight"),
    ("Add", "x c", "weight"), ("Mul", "c x", "weight"), ("RealDiv", "x c", "weight"),
    ("Reshape", "x c", "buffer"), ("Maximum", "x c", "buffer"), ("SquaredDifference", "x c", "buffer"),
    ("FakeQuantWithMinMaxVars", "x c x", "bookkeeping"), ("QuantizedConv2D", "x x c", "bookkeeping"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "inputs", "role"), OPERANDS, ids=[f"{op}: {inputs}" for op, inputs, _ in OPERANDS])
def test_the_operand_says_the_role(op, inputs, role):
    (tensor,) = found(const("c", [5, 2]), node("y", op, inputs)).tensors()
    assert (tensor.role, tensor.shape, tensor.dtype, tensor.size) == (role, (5, 2), "float32", 10)


# what lies between | nodes that make `w` of the constant c
BETWEEN = [
    ("nothing", [node("w", "Identity", "c")]),
    ("a change of form", [node("t", "Transpose", "c p"), node("r", "Reshape", "t s"), node("w", "Squeeze", "r")]),
    ("a cast", [node("w", "Cast", "c")]),
    ("a range", [node("w", "FakeQuantWithMinMaxVars", "c p s")]),
    ("a loop of TensorFlow 1", [node("e", "Enter", "c"), node("m", "Merge", "e n"), node("w", "Switch", "m p"),
                                node("n", "NextIteration", "w:1")]),
    ("joined with another", [node("w", "ConcatV2", "c c p")]),
    ("cut out", [node("w", "Split", "p c")]),
    ("arithmetic on constants", [const("k", [5, 2]), node("n", "Neg", "k"), node("w", "AddV2", "c n")]),
    ("many outputs", [node("w", "IdentityN", "c p")]),
    ("what only waits", [node("w", "Identity", "c ^x")]),
]  # fmt: skip


@pytest.mark.parametrize("nodes", [c[1] for c in BETWEEN], ids=[c[0] for c in BETWEEN])
def test_weights_are_reached_through_what_changes_their_form(nodes):
    network = found(const("c", [5, 2]), const("p", [2], INT32), const("s", [2], INT32), *nodes,
                    node("y", "MatMul", "x w"))  # fmt: skip
    assert roles(network)["c"] == "weight"
    assert roles(network)["p"] in ("buffer", "bookkeeping")


def test_what_lies_between_is_said_where_it_is_not_plain():
    for op, note in (("Identity", None), ("Transpose", "reaches MatMul through Transpose")):
        network = found(const("c", [5, 2]), node("w", op, "c x"), node("y", "MatMul", "x w"))
        assert [t.note for t in network.tensors()] == [note]


def test_not_through_what_computes():
    network = found(const("c", [5, 2]), node("w", "Relu", "q"), node("q", "AddV2", "x c"), node("y", "MatMul", "x w"))
    assert [(t.role, t.note) for t in network.tensors()] == [("weight", "an operand of AddV2")]


# a norm in its plain form: x * (g * rsqrt(v + e)) + (b - m * (g * rsqrt(v + e)))
NORM = [
    *(const(name, [3]) for name in "gbmv"), const("e", []), node("a", "AddV2", "v e"), node("r", "Rsqrt", "a"),
    node("s", "Mul", "r g"), node("xs", "Mul", "x s"), node("ms", "Mul", "m s"), node("o", "Sub", "b ms"),
    node("y", "AddV2", "xs o"),
]  # fmt: skip


@pytest.mark.parametrize("around", ["plain", "function"])
def test_a_norm_in_its_plain_form(around):
    if around == "plain":
        network = found(*NORM)
    else:
        body = function("norm", "x g b m v e", {"y": "y:z:0"}, [_in_function(n) for n in NORM[5:]])
        network = found(*NORM[:5], node("call", "PartitionedCall", "x g b m v e", f=func("norm")), functions=[body])
    assert roles(network) == {"g": "weight", "b": "bias", "m": "buffer", "v": "buffer", "e": "buffer"}
    assert network.total == 6


def _in_function(made: bytes) -> bytes:
    """A node with its inputs as a function's body writes them."""
    for name in "arso":
        made = made.replace(chunk(3, name), chunk(3, f"{name}:z:0"))
    return made.replace(chunk(3, "xs"), chunk(3, "xs:z:0")).replace(chunk(3, "ms"), chunk(3, "ms:z:0"))


def body(name: str = "f") -> bytes:
    """A function of a constant of its own and one that it is given."""
    return function(name, "x w", {"y": "p:product:0", "w": "w"}, [
        const("own", [3, 2]), node("p", "MatMul", "q:product:0 own:output:0"), node("q", "MatMul", "x w"),
    ])  # fmt: skip


# what it is | the node that calls | functions
CALLS = [
    ("a call", node("y", "PartitionedCall", "x c", f=func("f")), [body()]),
    ("a call with state", node("y", "StatefulPartitionedCall", "x c", f=func("f")), [body()]),
    ("a function as an operator", node("y", "f", "x c"), [body()]),
    ("a loop", node("y", "While", "x c", body=func("f"), cond=func("g")), [body(), function("g", "x w", {}, [])]),
    ("a branch", node("y", "StatelessIf", "x x c", then_branch=func("f"), else_branch=func("g")),
     [body(), function("g", "x w", {"y": "x"}, [])]),
    ("one of several", node("y", "Case", "x x c", branches=chunk(1, chunk(9, chunk(1, "f")))), [body()]),
    ("a call in a call", node("y", "PartitionedCall", "x c", f=func("g")),
     [body(), function("g", "x w", {"y": "z:output:0"}, [node("z", "PartitionedCall", "x w", f=func("f"))])]),
    ("what a call gives", node("y", "MatMul", "z:1 x", a=b""), [function("h", "x w", {"a": "x", "w": "w"}, []),
     body()]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "functions"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS])
def test_constants_in_functions_and_given_to_them(call, functions):
    more = [node("z", "PartitionedCall", "x c", f=func("h")), node("again", "PartitionedCall", "x c", f=func("f"))]
    network = found(const("c", [4, 3]), call, *(more if functions[0] != body() and len(functions) == 2 else ()),
                    functions=functions)  # fmt: skip
    assert roles(network) == {"c": "weight", "own": "weight"}
    assert network.total == 18


def test_a_function_that_nothing_calls_is_left_out():
    network = found(*DENSE, functions=[body()])
    assert (network.total, network.notes) == (15, ["1 function that nothing in the graph calls is left out"])


def test_equal_names_in_two_functions_are_told_apart():
    calls = [node(f"y{k}", "PartitionedCall", "x c", f=func(f"f{k}")) for k in range(2)]
    network = found(const("c", [4, 3]), *calls, functions=[body("f0"), body("f1")])
    assert sorted(roles(network)) == ["c", "own", "own#"]
    assert network.total == 24


# -- how constants are stored ------------------------------------------------------------------------------------

# what it is | dimensions, number type, how | elements, bytes that are stored, dtype
STORED = [
    ("as bytes", ([2, 3], FLOAT, {}), (6, None, "float32")),
    ("one by one", ([2, 3], FLOAT, {"typed": chunk(5, bytes(24))}), (6, None, "float32")),
    ("the last repeated", ([2, 3], FLOAT, {"typed": chunk(5, bytes(4))}), (6, 4, "float32")),
    ("the last repeated, not packed", ([2, 3], FLOAT, {"typed": fixed(5, 1.0) + fixed(5, 2.0)}), (6, 8, "float32")),
    ("zeros", ([2, 3], FLOAT, {"content": None, "typed": b"\x18\x00"}), (6, 0, "float32")),
    ("one number that is left out", ([], FLOAT, {"content": None, "typed": b"\x18\x00"}), (1, None, "float32")),
    ("doubles", ([2], DOUBLE, {"typed": chunk(6, bytes(16))}), (2, None, "float64")),
    ("halves in integers", ([3], HALF, {"typed": chunk(13, b"\x80\x78" * 3)}), (3, None, "float16")),
    ("bfloat16", ([3], BFLOAT16, {"typed": chunk(13, b"\x80\x7f\x01")}), (3, 3, "bfloat16")),
    ("none at all", ([0, 5], FLOAT, {}), (0, None, "float32")),
    ("complex", ([2], 8, {"typed": chunk(9, bytes(16))}), (2, None, "complex64")),
    ("float8", ([5], 25, {"content": None, "typed": chunk(18, b"\1")}), (5, 1, "float8_e4m3fn")),
    ("numbers of 4 bits", ([5], 29, {"typed": chunk(7, bytes(5))}), (5, 5, "int4")),
]  # fmt: skip


@pytest.mark.parametrize(("how", "wanted"), [c[1:] for c in STORED], ids=[c[0] for c in STORED])
def test_how_numbers_are_stored(how, wanted):
    dims, kind, more = how
    (tensor,) = found(const("c", dims, kind, **more), node("y", "MatMul", "x c")).tensors()
    held = None if wanted[1] is None else (wanted[0], wanted[1])
    assert (tensor.size, tensor.stored, tensor.dtype) == (wanted[0], held, wanted[2])


def test_a_weight_of_one_number_repeated_is_counted_by_its_shape_and_noted():
    network = found(const("w", [1000, 1000], typed=fixed(5, 1.0)), node("y", "MatMul", "x w"))
    assert (network.total, network.totals.elements) == (1_000_000, 1_000_000)
    assert network.notes == ['1 weight of one number repeated, "w" the first: stored once, counted by the shape']


def test_texts_are_kept_apart():
    network = found(*DENSE, const("words", [3], STRING, typed=b"".join(chunk(8, f"word {k}") for k in range(3))))
    assert [(t.role, t.stored, t.note) for t in network.tensors()][2] == ("buffer", (3, 18), "holds text, no numbers")
    assert network.total == 15


# what it is | constant and node | role, note
OTHERS = [
    ("whole numbers", (const("c", [3], INT64), node("y", "MatMul", "x c")), ("buffer", "int64: not trainable")),
    ("quantised", (const("c", [3, 2], QINT8), node("y", "QuantizedMatMul", "x c x x x x")), ("weight", None)),
    ("dequantised", (const("c", [3, 2], INT8), node("d", "Dequantize", "c x x"), node("y", "MatMul", "x d")),
     ("weight", "reaches MatMul through Dequantize")),
    ("one number", (const("mul/x", []), node("y", "Mul", "x mul/x")), ("buffer", "one number, an operand of Mul")),
    ("one number that an operator calls its own", (const("random/max", []), node("y", "Mul", "x random/max")),
     ("buffer", "one number in Mul: a constant of the graph")),
    ("one number that is trained", (const("W", []), node("y", "Mul", "x W")), ("weight", "an operand of Mul")),
    ("statistics by their name", (const("n/moving_mean", [3]), node("y", "Sub", "x n/moving_mean")),
     ("buffer", "buffer by its name, like batch_normalization/moving_mean")),
    ("a bias that is added", (const("add/y", [1, 1, 3]), node("y", "AddV2", "x add/y")), ("bias",
     "an operand of AddV2")),
    ("a mean that is taken off", (const("sub/y", [3]), node("y", "Sub", "x sub/y")),
     ("buffer", "an operand of Sub, and no parameter by its name")),
    ("in no slot, made up", (const("Const_3", [3]), node("y", "Odd", "x Const_3")),
     ("buffer", "in no slot that is known, and no parameter by its name")),
    ("in no slot, with a name", (const("odd/kernel", [3]), node("y", "Odd", "x odd/kernel")),
     ("weight", "in no slot that is known: by its name and shape")),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "wanted"), [c[1:] for c in OTHERS], ids=[c[0] for c in OTHERS])
def test_what_the_others_are(nodes, wanted):
    (tensor,) = found(*nodes).tensors()
    assert (tensor.role, tensor.note) == wanted


def test_layers_are_named_and_of_their_kind():
    network = found(*DENSE, const("conv/kernel", [3, 3, 2, 8]), node("conv/Conv2D", "Conv2D", "x conv/kernel"),
                    const("emb/table", [10, 4]), node("emb/lookup", "GatherV2", "emb/table x x"))  # fmt: skip
    assert [(row.name, row.kind, row.total) for row in network.layers] == [
        ("fc", "Dense", 15), ("conv", "Conv", 144), ("emb", "Embedding", 40),
    ]  # fmt: skip
    assert network.read_as == "TensorFlow graph, 9 nodes, 4 constants"


def test_names_of_frozen_variables_are_the_layers():
    network = found(const("net/fc/MatMul/ReadVariableOp/resource", [4, 3]),
                    node("net/fc/MatMul", "MatMul", "x net/fc/MatMul/ReadVariableOp/resource"))  # fmt: skip
    assert [t.name for t in network.tensors()] == ["net/fc/MatMul/ReadVariableOp"]
    assert [row.name for row in network.layers] == ["net/fc"]


# -- what is not frozen ------------------------------------------------------------------------------------------


def test_variables_are_counted_by_the_shapes_that_are_said():
    network = found(variable("fc/kernel", [4, 3]), variable("fc/bias", [3], "VariableV2"), variable("step", [],
        kind=INT64),
                    variable("fc/kernel/Adam", [4, 3], "VariableV2"))  # fmt: skip
    assert (network.total, network.totals.elements, network.totals.other) == (15, 0, 13)
    assert network.notes == [
        "not frozen: 4 variables counted by the shapes that the graph says; their numbers lie in a checkpoint"
    ]


def test_a_variable_of_unknown_shape_is_unknown():
    network = found(variable("w", None), variable("v", [-1, 3]), *DENSE)
    assert (network.total, network.totals.known, network.totals.unknown) == (None, 15, 2)


def test_compiled_parts_are_told_of():
    for op, who in (("TRTEngineOp", "TensorRT"), ("XlaCallModule", "XLA (StableHLO)")):
        (note,) = found(node("y", op, "x")).notes
        assert note.startswith(f"{op}: a part compiled by {who}; constants inside it are not stored openly")


def test_what_runs_code_is_flagged():
    assert found(node("y", "PyFunc", "x"), node("z", "ReadFile", "x")).flags == [
        {"kind": "code", "text": "PyFunc: calls a function of Python"}, {"kind": "code",
            "text": "ReadFile: reads a file"},
    ]  # fmt: skip


# -- what is refused ---------------------------------------------------------------------------------------------

GOOD = graph(X, *DENSE)


def bad(dims, kind=FLOAT, **how) -> bytes:
    return graph(X, const("c", dims, kind, **how))


# what it is | data | message
REFUSED = [
    ("cut short", GOOD[:-9], "GraphDef (offset"),
    ("nothing of a graph", b"\x0a\x03abc" * 20, "no TensorFlow graph does"),
    ("text", b"node { name: 'x' }", "no TensorFlow graph does"),
    ("Caffe2", chunk(1, "net") + chunk(2, chunk(1, "x") + chunk(2, "y") + chunk(4, "Relu")),
     "is a Caffe2 network, not read"),
    ("Core ML", number(1, 6) + chunk(2, chunk(1, chunk(1, "input") + chunk(3, b"*\x0b"))) + chunk(502, b"a"),
     "as no TensorFlow graph does. Wrongly named?"),
    ("a graph of a checkpoint", chunk(1, chunk(2, chunk(1, chunk(1, "Add") + chunk(2, chunk(1, "x"))))) + chunk(2,
     GOOD),
     "is the graph of a TensorFlow checkpoint (MetaGraphDef), which holds no weights; count the .index"),
    ("a node twice", graph(X, X), 'the node "x" comes twice'),
    ("a node twice in a function", graph(X, node("y", "f", "x"), functions=[function("f", "", {}, [X, X])]),
     'the function "f": the node "x" comes twice'),
    ("a function twice", graph(X, functions=[function("f", "", {}, []), function("f", "", {}, [X])]),
     'the function "f" comes twice'),
    ("a dimension below 0", bad([-2], content=b""), '"c" has the impossible shape "[-2]"; up to 8 dimensions'),
    ("nine dimensions", bad([1] * 9), "has the impossible shape"),
    ("2^80 numbers", bad([1 << 40, 1 << 40], content=b""), "has the impossible shape"),
    ("an unknown number type", bad([2], 99, content=bytes(8)), '"c": number type 99 is not known (DataType)'),
    ("too few bytes", bad([2, 3], content=bytes(20)),
     '"c" has 20 bytes, where its shape is [2, 3] of float32, which takes'),
    ("too many bytes", bad([2, 3], content=bytes(28)), '"c" has 28 bytes'),
    ("too many numbers", bad([2], typed=chunk(5, bytes(12))), '"c" has 3 entries, where its shape is [2] of float32'),
    ("too many texts", bad([1], STRING, typed=chunk(8, "a") * 2), '"c" has 2 entries, where its shape is [1] of texts'),
    ("numbers of another type", bad([2], typed=chunk(10, b"\1\2")), '"c" of float32 keeps its numbers in int64_val'),
    ("numbers of two types", bad([2], typed=chunk(5, bytes(8)) + chunk(10, b"\1\2")), "in float_val and int64_val"),
    ("a field of another wire type", graph(X, chunk(1, "c") + number(2, 5)), "op has wire type 0, which it never has"),
    ("a length beyond the end", GOOD + b"\x0a" + varint(1 << 62), "ends beyond the file"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_is_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        read(MemorySource(data, "m.pb"))
    assert message in str(problem.value)
    assert str(problem.value).startswith("m.pb")
    assert str(problem.value).isprintable()


def test_a_pb_that_is_another_kind_is_read_as_that(tmp_path):
    from tests import onnx_maker

    onnx = onnx_maker.model([onnx_maker.node("Gemm", "x w", "y")], [onnx_maker.tensor("w", [2, 3])])
    held = saved(graph(X, *DENSE), signature="fc/BiasAdd:0")
    for name, data, form, total in (
        ("a.pb", onnx, "onnx", 6),
        ("b.pb", held, "saved-model", 15),
        ("c", GOOD, "graphdef", 15),
    ):
        (tmp_path / name).write_bytes(data)
        network = nparams.read(tmp_path / name)
        assert (network.form, network.total) == (form, total)
    assert may_be(GOOD[:200])
    assert not may_be(onnx[:200])


# -- how much is read --------------------------------------------------------------------------------------------


def test_numbers_are_stepped_over():
    """A weight of 40 MB: its bytes are never asked for."""
    data = graph(X, const("fc/kernel", [1000, 10_000]), node("y", "MatMul", "x fc/kernel"))
    asked: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    assert drive(RangeSource("m.pb", len(data)), fetch, read).total == 10_000_000
    assert sum(asked) < 20_000
    assert len(asked) < 12


# the worst graphs within the limits, as a line of Python
LARGE = [
    "graph(*(node(f'n{k}', 'AddV2', f'n{k - 1} n{k - 1}') if k else const('n0', [3]) for k in range(60_000)))",
    "graph(const('c', [3]), *(node(f'n{k}', 'Identity', f'n{k - 1}' if k else 'c') for k in range(60_000)), "
    "node('y', 'MatMul', 'x n59999'))",
    "graph(node('y', 'f0', 'x'), functions=[function(f'f{k}', 'x', {'y': 'z'}, [node(f'z{i}', f'f{k + 1}', 'x') "
    "for i in range(9)]) for k in range(3_000)])",
    "graph(*(node(f'n{k}', 'AddN', ' '.join(['c'] * 600)) for k in range(600)), const('c', [3]))",
]


@need_limits
@pytest.mark.parametrize("made", LARGE)
def test_large_graphs_stay_within_the_limits(tmp_path, made):
    from tests import tensorflow_maker

    path = tmp_path / "m.pb"
    path.write_bytes(eval(made, vars(tensorflow_maker)))
    run = limited("import nparams.files.graphdef", "import nparams\nprint(nparams.read(sys.argv[1]).total)", path)
    assert run.returncode == 0, run.stderr[-500:]


def test_the_shape_of_a_shape():
    assert shape([2, 3]) == chunk(2, number(1, 2)) + chunk(2, number(1, 3))
