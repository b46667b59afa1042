"""ONNX against the onnx library: what its helpers write, it and ours read alike, tensor by tensor."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, helper, numpy_helper

from nparams.dtypes import BLOCKS, ONNX
from nparams.files.bytesource import FileSource, LocalFolder
from nparams.files.onnx import may_be, read
from nparams.network import Network

#: what the library that is installed knows of
KINDS = sorted(set(ONNX) & set(TensorProto.DataType.values()))
Row = tuple[str, tuple[int, ...], str, int]


def ours(path: Path) -> Network:
    with FileSource(str(path)) as source:
        return read(source, LocalFolder(str(path.parent)))


def listed(network: Network) -> list[Row]:
    """What is stored in initializers, dense or sparse: name, shape, number type, how many numbers the file holds."""
    return [
        (t.name, t.shape, t.dtype, t.stored[0] if t.stored else t.size) for t in network.tensors() if t.role != "other"
    ]


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from graphs(attribute.g)


def theirs(path: Path) -> list[Row]:
    found = []
    for graph in graphs(onnx.load(path, load_external_data=False).graph):
        found += [(t.name, tuple(t.dims), ONNX[t.data_type], math.prod(t.dims)) for t in graph.initializer]
        found += [
            (s.values.name, tuple(s.dims), ONNX[s.values.data_type], math.prod(s.values.dims))
            for s in graph.sparse_initializer
        ]
    return found


def width_of(kind: int, size: int) -> int:
    """Bytes of so many numbers as raw data."""
    block, width = BLOCKS[ONNX[kind]]
    return -(-size * width // block)


def random_tensor(rng: random.Random, name: str) -> TensorProto:
    """Of any type and shape, its numbers raw or typed."""
    kind = rng.choice(KINDS)
    dims = [rng.choice((0, 1, 2, 3, 5, 8)) for _ in range(rng.randrange(5))]
    size = math.prod(dims)
    if rng.random() < 0.5:
        return helper.make_tensor(name, kind, dims, bytes(width_of(kind, size)), raw=True)
    values = np.zeros(size, helper.tensor_dtype_to_np_dtype(kind))
    return helper.make_tensor(name, kind, dims, values.tolist() if kind not in (14, 15) else list(values))


def random_sparse(rng: random.Random, name: str) -> onnx.SparseTensorProto:
    dims, stored = [rng.randint(2, 9), rng.randint(2, 9)], rng.randint(1, 4)
    values = numpy_helper.from_array(np.zeros(stored, np.float32), name)
    flat = rng.random() < 0.5
    places = np.arange(stored, dtype=np.int64) if flat else np.zeros((stored, 2), np.int64)
    return helper.make_sparse_tensor(values, numpy_helper.from_array(places), dims)


def random_graph(rng: random.Random, name: str, depth: int = 0) -> GraphProto:
    """Initializers that random nodes use, in graphs inside nodes too."""
    tensors = [random_tensor(rng, f"{name}.t{k}") for k in range(rng.randrange(6))]
    names = [t.name for t in tensors] or ["x"]
    nodes = [
        helper.make_node(
            rng.choice(("Conv", "Gemm", "Add", "Reshape", "Identity", "Unknown")),
            ["x", *rng.choices(names, k=2)],
            [f"{name}.y{k}"],
            name=f"{name}.n{k}",
            doc_string="d" * 300,
        )
        for k in range(rng.randrange(5))
    ]
    for k in range(rng.randrange(3) if depth < 3 else 0):
        branches = {key: random_graph(rng, f"{name}.if{k}.{key}", depth + 1) for key in ("then_branch", "else_branch")}
        nodes.append(helper.make_node("If", ["c"], [f"{name}.if{k}"], name=f"{name}.if{k}", **branches))
    sparse = [random_sparse(rng, f"{name}.s{k}") for k in range(rng.randrange(2))]
    graph = helper.make_graph(nodes, name, [], [], tensors, sparse_initializer=sparse)
    graph.value_info.append(helper.make_tensor_value_info("v", 1, [1, "n"]))
    return graph


@pytest.mark.parametrize("seed", range(40))
def test_random_models(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "m.onnx"
    model = helper.make_model(random_graph(rng, "g"), producer_name="peer", doc_string="doc" * rng.randrange(99))
    helper.set_model_props(model, {"k": "v" * 500})
    onnx.save(model, path)
    assert sorted(listed(ours(path))) == sorted(theirs(path))
    assert may_be(path.read_bytes()[:512])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: ONNX[kind])
@pytest.mark.parametrize("raw", [False, True])
def test_every_type(tmp_path, kind, raw):
    path = tmp_path / "m.onnx"
    values = bytes(width_of(kind, 7)) if raw else list(np.zeros(7, helper.tensor_dtype_to_np_dtype(kind)))
    held = helper.make_tensor("a", kind, [7], values, raw)
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [], [held])), path)
    assert listed(ours(path)) == theirs(path) == [("a", (7,), ONNX[kind], 7)]


def test_every_type_of_the_library_is_known():
    known = {number for name, number in TensorProto.DataType.items() if name not in ("UNDEFINED", "STRING")}
    assert known <= set(ONNX)
    assert len(KINDS) > 20


@pytest.mark.parametrize("one_file", [False, True])
def test_external_data(tmp_path, one_file):
    rng = random.Random(3)
    path = tmp_path / "m.onnx"
    tensors = [numpy_helper.from_array(np.zeros((rng.randint(1, 9), 300), np.float32), f"t{k}") for k in range(9)]
    model = helper.make_model(helper.make_graph([helper.make_node("MatMul", ["x", "t0"], ["y"])], "g", [], [], tensors))
    onnx.save_model(
        model,
        path,
        save_as_external_data=True,
        all_tensors_to_one_file=one_file,
        location="w.bin" if one_file else None,
        size_threshold=0,
    )
    assert len(list(tmp_path.iterdir())) == (2 if one_file else 10)
    found = ours(path)
    assert listed(found) == theirs(path)
    assert (len(found.notes), found.flags) == (1, [])
    for other in tmp_path.iterdir():
        if other != path:
            other.unlink()
    assert len(ours(path).notes) == 2


def save(tmp_path: Path, model: ModelProto) -> Network:
    onnx.checker.check_model(model)
    onnx.save(model, tmp_path / "m.onnx")
    return ours(tmp_path / "m.onnx")


def value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def array(name: str, *shape: int, dtype: type = np.float32) -> TensorProto:
    return numpy_helper.from_array(np.zeros(shape, dtype), name)


def test_checked_by_the_library_function_and_constants(tmp_path):
    """A local function with weights given, inside, and as an attribute; the library's checker accepts the model."""
    inside = helper.make_node("Constant", [], ["k"], value=array("", 4, 4))
    reference = helper.make_node("Constant", [], ["r"])
    reference.attribute.append(AttributeProto(name="value", ref_attr_name="w", type=AttributeProto.TENSOR))
    body = [
        inside,
        reference,
        helper.make_node("MatMul", ["a", "b"], ["c"]),
        helper.make_node("MatMul", ["c", "k"], ["d"]),
        helper.make_node("MatMul", ["d", "r"], ["e"]),
    ]
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("local", "F", ["a", "b"], ["e"], body, opsets, attributes=["w"])
    call = helper.make_node("F", ["x", "W"], ["y"], domain="local", name="call", w=array("", 4, 2))
    graph = helper.make_graph([call], "g", [value("x", 1, 3)], [value("y", 1, 2)], [array("W", 3, 4)])
    model = helper.make_model(graph, functions=[function], opset_imports=[*opsets, helper.make_opsetid("local", 1)])
    found = save(tmp_path, model)
    assert {t.name: (t.role, t.shape) for t in found.tensors()} == {
        "W": ("weight", (3, 4)),
        "k": ("weight", (4, 4)),
        "call.w": ("weight", (4, 2)),
    }
    assert found.total == 36


def test_checked_by_the_library_qdq(tmp_path):
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "xs", "xz"], ["xd"]),
        helper.make_node("DequantizeLinear", ["W", "ws", "wz"], ["wd"], axis=0),
        helper.make_node("DequantizeLinear", ["B", "bs"], ["bd"]),
        helper.make_node("Conv", ["xd", "wd", "bd"], ["y"]),
    ]
    held = [
        array("xs"),
        array("xz", dtype=np.uint8),
        array("W", 5, 3, 2, 2, dtype=np.int8),
        array("ws", 5),
        array("wz", 5, dtype=np.int8),
        array("B", 5, dtype=np.int32),
        array("bs"),
    ]
    graph = helper.make_graph(nodes, "g", [value("x", 1, 3, 8, 8)], [value("y", 1, 5, 7, 7)], held)
    found = save(tmp_path, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    totals = found.totals
    assert (totals.weights, totals.biases, totals.bookkeeping, totals.elements) == (60, 5, 13, 78)
    assert found.read_as.endswith("7 tensors, QDQ")


def test_checked_by_the_library_loop_and_scan(tmp_path):
    """Weights captured from around a loop's body, and handed in as its state."""
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["v", "W"], ["u"]),
            helper.make_node("Add", ["u", "B"], ["w"]),
            helper.make_node("Identity", ["c"], ["d"]),
        ],
        "body",
        [helper.make_tensor_value_info("i", 7, []), helper.make_tensor_value_info("c", 9, []), value("v", 1, 3)],
        [helper.make_tensor_value_info("d", 9, []), value("w", 1, 3)],
    )
    held = [array("W", 3, 3), array("B", 3), array("n", dtype=np.int64), array("k", dtype=np.bool_)]
    graph = helper.make_graph(
        [helper.make_node("Loop", ["n", "k", "x"], ["y"], body=body)], "g", [value("x", 1, 3)], [value("y", 1, 3)], held
    )
    found = save(tmp_path, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    assert {t.name: t.role for t in found.tensors()} == {"W": "weight", "B": "bias", "n": "buffer", "k": "buffer"}


SUITE = Path(onnx.__file__).parent / "backend" / "test" / "data"
FILES = sorted(path for path in SUITE.rglob("*.onnx") if "node" not in path.relative_to(SUITE).parts)


def test_the_library_brings_its_models():
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_models_of_the_library(path):
    found = ours(path)
    expected = theirs(path)
    stored = [(t.name, t.shape, t.dtype, t.size) for t in found.tensors() if t.stored is None and t.role != "other"]
    assert sum(row[3] for row in listed(found)) == sum(row[3] for row in expected)
    assert sorted(stored) == sorted(expected)
