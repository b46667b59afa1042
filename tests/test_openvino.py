"""OpenVINO's IR: what is counted, in which role, and what is refused with which words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from math import prod
from pathlib import Path

import pytest

import nparams
from nparams.dtypes import OPENVINO
from nparams.errors import FormatError, NparamsError
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.openvino import read
from nparams.network import Network, Tensor
from tests.limits import limited, need_limits
from tests.openvino_maker import Graph, blob, body, dense, old, old_layer

DATA = Path(__file__).parent / "data" / "openvino"
QUANTISED = "scale, zero point or index of a quantised array"


def found(data: bytes) -> Network:
    return read(MemorySource(data, "m.xml"))


def tensors(graph: Graph) -> dict[str, Tensor]:
    return {tensor.name: tensor for tensor in found(graph.xml()).tensors()}


def roles(graph: Graph) -> dict[str, str]:
    return {name: tensor.role for name, tensor in tensors(graph).items()}


def one(
    op: str, at: int, inputs: int, kind: str = "f32", version: str = "opset1", shape: tuple[int, ...] = (2, 3)
) -> str:
    """The role of a constant that is one input of an operator, the others what a layer has computed."""
    graph = Graph()
    given = graph.op("Relu", graph.param())
    const = graph.const("c", shape, kind)
    graph.op(op, *(const if k == at else given for k in range(inputs)), version=version)
    return roles(graph)["c"]


# operator, input, inputs -> role
OPERANDS = [
    ("Convolution", 1, 2, "weight"), ("GroupConvolution", 1, 2, "weight"), ("ConvolutionBackpropData", 1, 3, "weight"),
    ("ConvolutionBackpropData", 2, 3, "buffer"), ("GroupConvolutionBackpropData", 1, 2, "weight"),
    ("DeformableConvolution", 2, 4, "weight"), ("MatMul", 0, 2, "weight"), ("MatMul", 1, 2, "weight"),
    ("Einsum", 2, 3, "weight"), ("Gather", 0, 3, "weight"), ("GatherElements", 0, 2, "weight"),
    ("EmbeddingBagOffsetsSum", 0, 3, "weight"), ("EmbeddingSegmentsSum", 0, 4, "weight"),
    ("LSTMSequence", 1, 7, "buffer"), ("LSTMSequence", 4, 7, "weight"), ("LSTMSequence", 5, 7, "weight"),
    ("LSTMSequence", 6, 7, "bias"), ("LSTMCell", 3, 6, "weight"), ("LSTMCell", 5, 6, "bias"),
    ("GRUSequence", 3, 6, "weight"), ("GRUSequence", 5, 6, "bias"), ("GRUCell", 2, 5, "weight"),
    ("RNNSequence", 4, 6, "weight"), ("PReLU", 1, 2, "weight"), ("GroupNormalization", 1, 3, "weight"),
    ("GroupNormalization", 2, 3, "bias"), ("FakeQuantize", 1, 5, "bookkeeping"), ("FakeQuantize", 4, 5, "bookkeeping"),
    ("Add", 1, 2, "weight"), ("Multiply", 0, 2, "weight"), ("Reshape", 1, 2, "buffer"), ("Power", 1, 2, "buffer"),
    ("Select", 1, 3, "buffer"), ("Range", 2, 3, "buffer"), ("ScaledDotProductAttention", 3, 5, "buffer"),
    ("ScaledDotProductAttention", 5, 6, "weight"), ("ReadValue", 0, 1, "buffer"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "at", "inputs", "role"), OPERANDS)
def test_the_operand_says_the_role(op: str, at: int, inputs: int, role: str) -> None:
    assert one(op, at, inputs) == role


@pytest.mark.parametrize(
    ("version", "order"),
    [
        ("opset5", ["buffer", "weight", "bias", "buffer", "buffer"]),
        ("opset1", ["weight", "bias", "buffer", "buffer", "buffer"]),
    ],
)
def test_batch_norm_has_two_orders(version: str, order: list[str]) -> None:
    """openvino docs: BatchNormInference-1 takes gamma and beta first, -5 the data."""
    data = 2 if version == "opset1" else 0
    said = [one("BatchNormInference", k, 5, version=version, shape=(3,)) for k in range(5) if k != data]
    assert said == [role for k, role in enumerate(order) if k != data]


# what | shape | kind | name | operator -> role
ELEMENTWISE = [
    ("a vector that is added", (1, 3), "f32", "c", "Add", "bias"),
    ("a table that is added", (5, 3), "f32", "c", "Add", "weight"),
    ("a vector that is multiplied", (3,), "f16", "c", "Multiply", "weight"),
    ("one number", (), "f32", "Constant_17", "Multiply", "buffer"),
    ("one number with a name of its own", (), "f32", "self.logit_scale", "Multiply", "weight"),
    ("whole numbers", (3,), "i64", "c", "Add", "buffer"),
    ("a vector without a name that is taken away", (3,), "f32", "Constant_3", "Subtract", "buffer"),
    ("a mean that is taken away", (3,), "f32", "self.mean", "Subtract", "buffer"),
    ("a table by its name", (8, 4), "f32", "self.rotary.cos_cached", "Multiply", "buffer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "kind", "name", "op", "role"), [c[1:] for c in ELEMENTWISE], ids=[c[0] for c in ELEMENTWISE]
)
def test_operands_of_sums_and_products(shape: tuple[int, ...], kind: str, name: str, op: str, role: str) -> None:
    graph = Graph()
    graph.op(op, graph.op("Relu", graph.param()), graph.const(name, shape, kind))
    assert roles(graph)[name] == role


def test_what_normalises_the_input_is_no_parameter() -> None:
    graph = Graph()
    x = graph.op("Convert", graph.param())
    scaled = graph.op(
        "Multiply", graph.op("Subtract", x, graph.const("p", (1, 3, 1, 1))), graph.const("q", (1, 3, 1, 1))
    )
    graph.op("Multiply", graph.op("Relu", scaled), graph.const("r", (1, 3, 1, 1)))
    assert roles(graph) == {"p": "buffer", "q": "buffer", "r": "weight"}


def decoding(*, more: bool) -> Graph:
    """A convolution, then anchors and strides without names, as YOLO's head has them; `more`: then another layer."""
    graph = Graph()
    boxes = graph.op("Convolution", graph.param(), graph.const("w", (4, 3, 1, 1)))
    grid = graph.op("Add", boxes, graph.const("Constant_1", (1, 2, 84)))
    joined = graph.op("Transpose", graph.op("Concat", grid, boxes), graph.const("o", (3,), "i64"))
    scaled = graph.op("Multiply", joined, graph.const("Constant_2", (1, 1, 84)))
    graph.op("Result", graph.op("Convolution", scaled, graph.const("v", (4, 4, 1))) if more else scaled, outputs=0)
    return graph


def test_tables_behind_the_last_layer_decode_the_result() -> None:
    """Ultralytics' Detect multiplies by its strides and adds its anchors, which are no parameters of the module."""
    said = roles(decoding(more=False))
    assert (said["Constant_1"], said["Constant_2"], said["w"]) == ("buffer", "buffer", "weight")
    said = roles(decoding(more=True))
    assert (said["Constant_1"], said["Constant_2"], said["v"]) == ("weight", "weight", "weight")


def compressed(*, zero: bool = True, kind: str = "u4", groups: bool = True) -> Graph:
    """A weight as NNCF compresses it: numbers, less a zero point, times a scale, put together again."""
    graph = Graph()
    x = graph.param()
    shape = (6, 2, 8) if groups else (6, 16)
    value = graph.op("Convert", graph.const("fc.weight", shape, kind))
    if zero:
        point = graph.op("Convert", graph.const("fc.weight/zero_point", (*shape[:-1], 1), kind))
        value = graph.op("Subtract", value, point)
    value = graph.op("Multiply", value, graph.const("fc.weight/scale", (*shape[:-1], 1), "f16"))
    if groups:
        value = graph.op("Reshape", value, graph.const("s", (2,), "i64"), dims=(6, 16))
    graph.op("MatMul", x, graph.op("Convert", value))
    return graph


@pytest.mark.parametrize(("kind", "zero", "groups"), [("u4", True, True), ("u8", True, False), ("i8", False, False),
                                                      ("i4", False, True), ("nf4", False, True)])  # fmt: skip
def test_compressed_weights(kind: str, zero: bool, groups: bool) -> None:
    network = found(compressed(kind=kind, zero=zero, groups=groups).xml())
    weight, *rest = network.tensors()
    assert (weight.name, weight.shape, weight.role, weight.dtype) == ("fc.weight", (6, 16), "weight", OPENVINO[kind])
    assert [t.role for t in rest] == ["bookkeeping"] * (2 if zero else 1) + ["buffer"] * groups
    assert network.total == 96
    assert network.layers[-1].name == "fc"


def test_a_codebook_is_bookkeeping_and_its_indices_are_the_weight() -> None:
    graph = Graph()
    book = graph.op("Convert", graph.const("book", (16,), "f8e4m3"))
    indices = graph.op("Convert", graph.const("indices", (6, 16), "u4"))
    value = graph.op(
        "Multiply", graph.op("Gather", book, indices, graph.const("axis", (), "i64")), graph.const("s", (6, 1))
    )
    graph.op("MatMul", graph.param(), value)
    assert roles(graph) == {"book": "bookkeeping", "indices": "weight", "axis": "buffer", "s": "bookkeeping"}


def test_a_table_of_numbers_from_which_fixed_rows_are_picked_is_the_weight() -> None:
    graph = Graph()
    rows = graph.op(
        "Gather", graph.const("table", (90, 4)), graph.const("ids", (5,), "u8"), graph.const("axis", (), "i64")
    )
    graph.op("Add", graph.op("Relu", graph.param()), rows)
    assert roles(graph)["table"] == "weight"


def test_weights_through_fake_quantize() -> None:
    graph = Graph()
    value = graph.op("Convert", graph.const("w", (6, 3, 1, 1), "i8"))
    limits = [graph.const(f"r{k}", (6, 1, 1, 1)) for k in range(4)]
    graph.op("Convolution", graph.param(), graph.op("FakeQuantize", value, *limits))
    assert roles(graph) == {"w": "weight", **dict.fromkeys(("r0", "r1", "r2", "r3"), "bookkeeping")}


def test_plain_integers_are_no_weights() -> None:
    assert one("MatMul", 1, 2, "i8") == "buffer"
    assert one("Gather", 0, 3, "i64") == "buffer"
    graph = Graph()
    graph.op("MatMul", graph.param(), graph.op("Convert", graph.const("c", (4, 4), "i64")))
    assert roles(graph) == {"c": "buffer"}


def test_frequencies_of_rotary_positions_are_a_table() -> None:
    graph = Graph()
    angles = graph.op("MatMul", graph.const("f", (1, 32, 1)), graph.param())
    both = graph.op("Transpose", angles, graph.const("o", (3,), "i64"))
    graph.op("Sin", graph.op("Concat", both, both))
    assert roles(graph) == {"f": "buffer", "o": "buffer"}
    graph = Graph()
    graph.op("Sin", graph.op("MatMul", graph.param(), graph.const("w", (64, 4))))  # a layer with sine activations
    assert roles(graph) == {"w": "weight"}


def test_folded_computations_lead_on() -> None:
    graph = Graph()
    joined = graph.op("Concat", graph.const("a", (2, 4)), graph.op("Negative", graph.const("b", (2, 4))))
    graph.op("MatMul", graph.param(), joined)
    assert roles(graph) == {"a": "weight", "b": "weight"}


def test_layers_may_stand_in_any_order() -> None:
    graph = compressed()
    graph.layers.reverse()
    assert found(graph.xml()).total == 96


def loop(kind: str = "TensorIterator") -> Graph:
    """A GRU cell in a loop; its input weights are handed in from outside."""
    inner = Graph(1000)
    x, h, w = inner.param("x"), inner.param("h"), inner.param("w")
    cell = inner.op("GRUCell", x, h, w, inner.const("R", (9, 3)), inner.const("B", (9,)), name="cell")
    inner.op("Result", cell, outputs=0)
    graph = Graph()
    outside = graph.const("W", (9, 4))
    inside = body(inner, [(0, 0), (1, 1), (2, 2)], [(3, 6)], [(6, 1)])
    graph.op("Result", graph.op(kind, graph.param(), graph.param("h0"), outside, inside=inside), outputs=0)
    return graph


@pytest.mark.parametrize("kind", ["TensorIterator", "Loop"])
def test_weights_of_loops(kind: str) -> None:
    assert roles(loop(kind)) == {"W": "weight", "R": "weight", "B": "bias"}


def test_weights_of_conditions() -> None:
    graph = Graph()
    sides = []
    for side in ("then", "else"):
        inner = Graph(graph.offset)
        inner.op(
            "Result",
            inner.op("MatMul", inner.param(), inner.const(f"{side}.w", (4, 2), offset=len(sides) * 32)),
            outputs=0,
        )
        sides.append(body(inner, [(1, 0)], [(2, 3)], kind=f"{side}_"))
    graph.op("If", graph.param("c"), graph.param(), inside="".join(sides))
    assert roles(graph) == {"then.w": "weight", "else.w": "weight"}


def test_equal_bytes_are_counted_once_and_said() -> None:
    graph = Graph()
    x = graph.param()
    for k in range(3):
        x = graph.op("MatMul", x, graph.const(f"fc{k}.weight", (4, 4)))
        x = graph.op("Add", x, graph.const(f"fc{k}.bias", (1, 4), offset=5_000))
    graph.op("Reshape", x, graph.const("shape", (2,), "i64", offset=5_000))
    network = found(graph.xml())
    assert (network.total, network.totals.listed, network.totals.elements) == (52, 60, 62)
    assert network.notes == [
        "2 parameters read the same bytes of the .bin as another (OpenVINO stores equal numbers once): counted once; "
        "apart they would be 8 more"
    ]
    tied = {t.name: t.tied_to for t in network.tensors() if t.tied_to}
    assert tied == {"fc1.bias": "fc0.bias", "fc2.bias": "fc0.bias", "shape": "fc0.bias"}


KINDS = [kind for kind in OPENVINO if kind.islower()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_type(kind: str) -> None:
    from nparams.dtypes import BLOCKS

    elements, width = BLOCKS[OPENVINO[kind]]
    size = -(-15 * width // elements)
    graph = Graph()
    graph.const("c", (3, 5), data={"element_type": kind, "shape": "3,5", "offset": "0", "size": str(size)})
    (tensor,) = found(graph.xml()).tensors()
    assert (tensor.dtype, tensor.shape, tensor.stored) == (OPENVINO[kind], (3, 5), None)
    graph = Graph()
    graph.const("c", data={"element_type": kind, "shape": "3,5", "offset": "0", "size": str(size - 1)})
    with pytest.raises(FormatError, match=f"takes {size:,} bytes, where its size is {size - 1:,}"):
        found(graph.xml())


def test_text_and_types_of_the_future() -> None:
    graph = Graph()
    graph.const("words", (2,), "string", size=21)
    graph.const("new", data={"element_type": "f3e1m1", "shape": "4", "offset": "21", "size": "2"})
    network = found(graph.xml())
    text, new = network.tensors()
    assert (text.role, text.dtype, text.stored, text.note) == ("buffer", None, (2, 21), "text, no numbers")
    assert (new.dtype, new.stored) == (None, (4, 2))
    assert network.notes == [f'"new": {new.note}']
    assert str(new.note).endswith('element type "f3e1m1" is not known: bytes as the file says')


def test_more_bytes_than_the_shape_takes_are_flagged() -> None:
    graph = Graph()
    graph.op("MatMul", graph.param(), graph.const("w", (2, 2), size=40))
    network = found(graph.xml())
    assert network.total == 4
    assert network.flags == [{"kind": "unused-bytes", "text": '"w": more bytes are declared than the shape takes'}]


def test_shape_and_type_may_stand_with_the_result_alone() -> None:
    """openvino 2020.1, V10Parser: Const took the shape of its port."""
    graph = Graph()
    const = graph.op("Const", name="w", data={"offset": "0", "size": "48"}, dims=(3, 4))
    graph.op("MatMul", graph.param(), const)
    (tensor,) = found(graph.xml(10)).tensors()
    assert (tensor.shape, tensor.dtype, tensor.role) == ((3, 4), "float32", "weight")


def test_operators_of_an_extension_go_by_name_and_shape() -> None:
    graph = Graph()
    graph.op("MyLayer", graph.param(), graph.const("Constant_3", (3, 4)), version="extension")
    network = found(graph.xml())
    assert [t.role for t in network.tensors()] == ["weight"]
    assert network.notes == ['operators of an extension ("MyLayer"): what is stored for them goes by name and shape']


LAYERS = [
    ("PyTorch", ["__module.enc.fc/aten::linear/MatMul", "self.enc.fc.weight", "__module.enc.fc/aten::linear/Add",
                 "Constant_12"], [("enc.fc", "Dense", 15)]),
    ("compressed to float16", ["MatMul_7", "fc.weight_compressed", "Add_8", "fc.bias_compressed"], [("fc", "Dense",
     15)]),
    ("TensorFlow", ["m/dense/MatMul", "m/dense/MatMul/ReadVariableOp", "m/dense/BiasAdd",
                    "m/dense/BiasAdd/ReadVariableOp"], [("m/dense", "Dense", 15)]),
    ("ONNX", ["/fc/Gemm/WithoutBiases", "Transpose_3", "/fc/Gemm", "Constant_4"], [("fc", "Dense", 15)]),
    ("no names", ["MatMul_1", "Constant_2", "Add_3", "Constant_4"], [("MatMul_1", "Dense", 15)]),
]  # fmt: skip


@pytest.mark.parametrize(("names", "layers"), [c[1:] for c in LAYERS], ids=[c[0] for c in LAYERS])
def test_the_layers_are_those_of_the_names(names: list[str], layers: list[tuple[str, str | None, int]]) -> None:
    graph = Graph()
    x = graph.op("Relu", graph.param())
    product = graph.op("MatMul", x, graph.const(names[1], (3, 4)), name=names[0])
    graph.op("Add", product, graph.const(names[3], (1, 3)), name=names[2])
    assert [(row.name, row.kind, row.total) for row in found(graph.xml()).layers] == layers


# -- before IR v10 ----------------------------------------------------------------------------------------------------

CONV = old_layer(1, "Convolution", blob("weights", 0, 108) + blob("biases", 108, 16))
OLD = [
    ("a convolution", 7, CONV, 31, 0),
    ("blobs beside the data, as in v2", 2, CONV.replace("<blobs>", "").replace("</blobs>", ""), 31, 0),
    ("half precision", 5, CONV.replace("FP32", "FP16"), 62, 0),
    ("a type of the blob's own", 6, old_layer(1, "FullyConnected", blob("weights", 0, 12, "I8") + blob("biases", 12,
     12, "I32")), 15, 0),
    ("statistics of a batch norm", 3, old_layer(1, "BatchNormalization", blob("weights", 0, 8) + blob("biases", 8,
     8)), 0, 4),
    ("a scale and a shift", 4, old_layer(1, "ScaleShift", blob("weights", 0, 8) + blob("biases", 8, 8)), 4, 0),
]  # fmt: skip


@pytest.mark.parametrize(("version", "layers", "total", "buffers"), [c[1:] for c in OLD], ids=[c[0] for c in OLD])
def test_old_versions(version: int, layers: str, total: int, buffers: int) -> None:
    network = found(old(version, layers))
    assert (network.total, network.totals.buffers) == (total, buffers)
    assert network.read_as.startswith(f"OpenVINO IR v{version}, 2 constants")
    assert network.notes == [f"IR v{version} says how many numbers a layer's weights are, and not their shape"]


def test_an_old_constant_has_the_shape_of_its_result() -> None:
    const = old_layer(
        0, "Const", blob("custom", 0, 24), more='<output><port id="0"><dim>2</dim><dim>3</dim></port></output>'
    )
    (tensor,) = found(old(6, const)).tensors()
    assert (tensor.name, tensor.shape, tensor.role) == ("const0", (2, 3), "buffer")


# -- what is refused --------------------------------------------------------------------------------------------------


def broken(change: Callable[[str], str]) -> bytes:
    text = dense().xml().decode()
    changed = change(text)
    assert changed != text
    return changed.encode()


def replaced(before: str, after: str) -> bytes:
    return broken(lambda text: text.replace(before, after, 1))


REFUSED = [
    ("no XML", b"\x80\x04abc", "m.xml: line 1 (offset 0): not well-formed (invalid token). Cut short, or damaged?"),
    ("cut short", dense().xml()[:900], "m.xml: line 3 (offset 894): unclosed token. Cut short, or damaged?"),
    ("another root", b'<?xml version="1.0"?><project name="x"/>',
     "m.xml: its root is <project>, where an OpenVINO model has <net>"),
    ("no version", b'<net name="x"/>', 'm.xml: line 1 (offset 0): <net> has version "", no number'),
    ("a version of the future", dense().xml(12), "m.xml: IR version 12; versions 2 to 11 are read"),
    ("two layers of one id", replaced('id="1"', 'id="0"'), 'layer id "0" comes twice in one graph'),
    ("a layer without a type", replaced('type="MatMul"', 'kind="MatMul"'), 'layer "MatMul_2" has no type'),
    ("an edge from nowhere", replaced('from-layer="0"', 'from-layer="99"'),
     'm.xml: an edge from "99":"0" to "2":"0", which are no layers or ports of the graph'),
    ("an edge to a port that is not there", replaced('to-port="1"', 'to-port="7"'),
     'layer "MatMul_2" (offset 424): an edge leads to its port "7", which it does not have'),
    ("a negative dimension", replaced('shape="3, 4"', 'shape="-3, 4"'), 'impossible shape "-3,4" of a constant'),
    ("a dimension too large", replaced('shape="3, 4"', f'shape="{1 << 48}"'),
     "impossible shape [281474976710656] of a constant"),
    ("nine dimensions", replaced('shape="3, 4"', 'shape="1,1,1,1,1,1,1,3,4"'), "impossible shape"),
    ("a size that is no number", replaced('size="48"', 'size="0x30"'), 'the size of a constant is "0x30", no number'),
    ("no offset", replaced('offset="0"', 'where="0"'), "the offset of a constant is missing"),
    ("no number type", replaced('element_type="f32" shape="3, 4"', 'shape="3, 4"').replace(b'precision="FP32"', b""),
     "a constant without a number type"),
    ("too few bytes", replaced('size="48"', 'size="44"'), "float32 [3, 4] takes 48 bytes, where its size is 44"),
    ("too few bytes of a type of the future", replaced('element_type="f32" shape="3, 4"',
     'element_type="z1" shape="300, 400"'),
     "text [300, 400] takes 15,000 bytes, where its size is 48"),
    ("a document type", b'<!DOCTYPE net [<!ENTITY a "b">]><net name="x" version="11"/>',
     "m.xml: line 1 (offset 14): a document type (DTD), which no OpenVINO model has: nothing of it is read"),
    ("another encoding", '<?xml version="1.0" encoding="koi8-r"?><net name="\u0444" version="11"/>'.encode("koi8-r"),
     "m.xml: line 1 (offset 50): not well-formed (invalid token). Cut short, or damaged?"),
    ("a blob twice", old(7, old_layer(1, "Convolution", blob("weights", 0, 4) * 2)),
     'layer "convolution1" has its weights twice'),
    ("a blob of half a number", old(7, old_layer(1, "Convolution", blob("weights", 0, 7))),
     "its weights take 7 bytes, no whole number of FP32"),
    ("a blob of an unknown type", old(7, old_layer(1, "Convolution", blob("weights", 0, 8, "Q78"))),
     'its weights have number type "Q78", which is not known'),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(NparamsError) as caught:
        found(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bodies_that_stand_nowhere_are_no_way_out() -> None:
    strange = "<x><layer><body></body></layer></x>"
    strange = f'<net name="x" version="11"><layers>{strange}<layer id="0" type="Const"/></layers></net>'
    with pytest.raises(FormatError, match="a constant without a result"):
        found(strange.encode())


LIMITS = [
    ("ELEMENTS", 10, "more than 10 elements, more than any real file has"),
    ("LAYERS", 3, "more than 3 layers, more than any real file has"),
    ("EDGES", 2, "more than 2 edges, more than any real file has"),
    ("XML_BYTES", 99, "bytes of XML, where up to 99 are read"),
]


@pytest.mark.parametrize(("limit", "value", "message"), LIMITS)
def test_limits(monkeypatch: pytest.MonkeyPatch, limit: str, value: int, message: str) -> None:
    monkeypatch.setattr(f"nparams.files._openvino.xml.{limit}", value)
    with pytest.raises(FormatError, match=message):
        found(dense().xml())
    assert read(MemorySource(dense().xml()), limits=False).total == 15


def test_depth_and_the_length_of_a_tag_are_limited() -> None:
    with pytest.raises(FormatError, match="elements inside elements, more than 60 deep"):
        found(b'<net name="x" version="11">' + b"<a>" * 100)
    with pytest.raises(FormatError, match="a tag of more than 1,048,576 bytes"):
        found(b'<net name="' + b"x" * 3_000_000 + b'" version="11"/>')


# -- the .bin, folders, bytes -----------------------------------------------------------------------------------------


def saved(folder: Path, bin_size: int | None, name: str = "m", graph: Graph | None = None) -> Path:
    path = folder / f"{name}.xml"
    path.write_bytes((graph or dense()).xml())
    if bin_size is not None:
        (folder / f"{name}.bin").write_bytes(bytes(bin_size))
    return path


def test_the_bin_is_asked_its_size_alone(tmp_path: Path) -> None:
    assert nparams.read(str(saved(tmp_path, 60))).notes == []
    short = saved(tmp_path, 59)
    with pytest.raises(FormatError) as caught:
        nparams.read(str(short))
    assert str(caught.value) == (
        'm.xml: constant "fc.bias" ends at 60, but m.bin beside it has 59 bytes. A cut download, or a Git LFS pointer? '
        "Without it the .xml is counted alone"
    )
    (tmp_path / "m.bin").unlink()
    network = nparams.read(str(short))
    assert network.total == 15
    assert network.notes == ['"m.bin" is not beside the model: it can be counted, and not run']


@pytest.mark.parametrize("content", [bytes(60), b"\x3f\x1c\x88\x3e" * 15])
def test_a_bin_leads_to_its_xml(tmp_path: Path, content: bytes) -> None:
    saved(tmp_path, 0)
    (tmp_path / "m.bin").write_bytes(content)
    network = nparams.read(str(tmp_path / "m.bin"))
    assert (network.total, network.form) == (15, "openvino")
    assert network.notes == ["read from m.xml beside it, which says what the numbers are; they are not read"]
    (tmp_path / "m.xml").write_bytes(b"<other/>")
    with pytest.raises(NparamsError):
        nparams.read(str(tmp_path / "m.bin"))


def test_a_directory(tmp_path: Path) -> None:
    saved(tmp_path, 60, "openvino_model")
    saved(tmp_path, 60, "openvino_tokenizer")
    (tmp_path / "annotations.xml").write_bytes(b"<annotation/>")
    network = nparams.read(str(tmp_path))
    assert (network.total, network.form) == (15, "openvino")
    assert network.notes == [
        "read from openvino_model.xml; not read: openvino_model.bin (numbers of the .xml beside); "
        "openvino_tokenizer.bin, openvino_tokenizer.xml (tokenizer)"
    ]


def test_a_link_or_a_folder_of_the_bins_name_is_not_opened(tmp_path: Path) -> None:
    path = saved(tmp_path, None)
    (tmp_path / "m.bin").mkdir()
    assert nparams.read(str(path)).notes == [
        '"m.bin" beside the model cannot be opened: it can be counted, and not run'
    ]


def test_a_file_that_is_fetched_piece_by_piece() -> None:
    graph = Graph()
    x = graph.param()
    for k in range(3_000):
        x = graph.op("MatMul", x, graph.const(f"layers.{k}.weight", (1000, 1000)))
    data = graph.xml()
    asked: list[tuple[int, int]] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    assert drive(RangeSource("m.xml", len(data)), fetch, read).total == 3_000_000_000
    assert sum(length for _, length in asked) == len(data) > 1_000_000
    assert len(asked) < 8


BEFORE = """
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource
from nparams.files.openvino import read
"""
CHILD = """
try:
    print("counted", read(FileSource(sys.argv[1])).read_as)
except NparamsError as problem:
    print(type(problem).__name__, problem)
"""


def crowded(layers: int, edges: int) -> bytes:
    parts = [f'<layer id="{k}" name="a rather long name of layer {k}" type="Const"><data element_type="f32" shape="1" '
             f'offset="0" size="4"/><output><port id="0"/></output></layer>' for k in range(layers)]  # fmt: skip
    ports = "".join(f'<port id="{k}"/>' for k in range(edges))
    parts.append(f'<layer id="last" name="l" type="Concat"><input>{ports}</input></layer>')
    lines = "".join(
        f'<edge from-layer="{k % layers}" from-port="0" to-layer="last" to-port="{k}"/>' for k in range(edges)
    )
    return f'<net name="n" version="11"><layers>{"".join(parts)}</layers><edges>{lines}</edges></net>'.encode()


def attributes(count: int) -> bytes:
    return (
        '<net version="11" name="n"><layers><layer id="0" type="a" '
        + " ".join(f'a{k}=""' for k in range(count))
        + "/></layers></net>"
    ).encode()


WORST = [
    ("as much as is allowed", lambda: crowded(29_999, 100_000), "counted OpenVINO IR v11, 29,999 constants"),
    ("elements without end", lambda: b'<net name="n" version="11">' + b"<a/>" * 1_000_100, "FormatError"),
    ("attributes without end", lambda: attributes(2_000_000), "FormatError"),
    ("one endless text", lambda: b'<net name="n" version="11">' + b"x" * 60_000_000, "FormatError"),
]  # fmt: skip


@need_limits
@pytest.mark.parametrize(("make", "said"), [c[1:] for c in WORST], ids=[c[0] for c in WORST])
def test_the_worst_file_takes_little_memory(tmp_path: Path, make: Callable[[], bytes], said: str) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(make())
    run = limited(BEFORE, CHILD, path, seconds=20, beyond=True)
    assert run.stdout.startswith(said), run.stdout + run.stderr


# -- what openvino itself lists ---------------------------------------------------------------------------------------

LISTED = sorted(DATA.glob("*.json"))


@pytest.mark.parametrize("path", LISTED, ids=[path.stem for path in LISTED])
def test_every_constant_is_what_openvino_lists(path: Path) -> None:
    """Name, shape and number type of each Constant, as `openvino.Core().read_model` gives them."""
    held = json.loads(path.read_text())
    network = found(gzip.decompress(path.with_suffix(".xml.gz").read_bytes()))
    assert network.totals.elements == sum(prod(shape) for _, shape, _ in held["constants"])
    ours = sorted((t.name.partition("#")[0], stored_shape(t), t.dtype) for t in network.tensors())
    theirs = sorted((name, prod(shape), OPENVINO.get(kind)) for name, shape, kind in held["constants"])
    assert ours == theirs
    if "parameters" in held:
        assert network.total == held["parameters"], held["why"]


def stored_shape(tensor: Tensor) -> int:
    return tensor.size if isinstance(tensor.size, int) else -1


def test_the_listings_are_here() -> None:
    assert len(LISTED) >= 12
