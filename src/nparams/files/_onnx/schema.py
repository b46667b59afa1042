"""The messages of ONNX as tables of fields, and the records that are made of them.

Fields: onnx/onnx onnx/onnx.proto.  What a count does not need (types, documentation, metadata) is stepped over.
"""

from __future__ import annotations

from nparams.files._onnx.model import Function, Graph, Model, Node
from nparams.files._onnx.slots import KINDS
from nparams.files._onnx.stored import sparse, stored, typed
from nparams.files._protobuf.schema import INT, INTS, MESSAGE, MESSAGES, RUN, SPAN, SPANS, TEXT, TEXTS, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.files._protobuf.schema import Record, Run
    from nparams.files._protobuf.wire import Wire


#: operators whose attributes are a model of another kind, as long as it is large: they are not read
FORESTS = frozenset(("TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble"))
#: operators whose plain attributes tell how weights are packed, or are weights themselves
TELLING = frozenset((
    "MatMulNBits", "MatMulBnb4", "MatMulNBitsMlp", "MatMulNBitsQkv", "MatMulNBitsQLoRA", "GatherBlockQuantized",
    "QMoE", "MoE", "LinearClassifier", "LinearRegressor", "SVMClassifier", "SVMRegressor", "Scaler", "Normalizer",
))  # fmt: skip

#: how an entry of metadata begins that names the modules around a node
LONGEST_SCOPE = 1 << 12
SCOPES = b"\x0a\x1apkg.torch.onnx.name_scopes"

PAIR = Schema("StringStringEntryProto", {1: (TEXT, "key", None), 2: (TEXT, "value", None)})
TENSOR = Schema("TensorProto", {
    1: (INTS, "dims", None), 2: (INT, "data_type", None), 3: (SPAN, "segment", None), 4: (RUN, "float_data", None),
    5: (RUN, "int32_data", None), 6: (SPANS, "string_data", None), 7: (RUN, "int64_data", None),
    8: (TEXT, "name", None), 9: (SPAN, "raw_data", None), 10: (RUN, "double_data", None),
    11: (RUN, "uint64_data", None), 13: (MESSAGES, "external_data", PAIR), 14: (INT, "data_location", None),
})  # fmt: skip
SPARSE = Schema("SparseTensorProto", {
    1: (MESSAGE, "values", TENSOR), 2: (MESSAGE, "indices", TENSOR), 3: (INTS, "dims", None),
})  # fmt: skip
VALUE_INFO = Schema("ValueInfoProto", {1: (TEXT, "name", None)}, lambda _, held, __, ___: held.get("name", ""))
ANNOTATION = Schema("TensorAnnotation", {2: (MESSAGES, "quant_parameter_tensor_names", PAIR)})
OPSET = Schema("OperatorSetIdProto", {1: (TEXT, "domain", None), 2: (INT, "version", None)})


def _made_tensor(wire: Wire, held: Record, depth: int, at: int) -> Any:
    return stored(wire, held, at)


def _made_sparse(wire: Wire, held: Record, depth: int, at: int) -> Any:
    return sparse(wire, held, at)


def _made_graph(wire: Wire, held: Record, depth: int, at: int) -> Graph:
    graph = Graph(held.get("name", ""))
    graph.nodes = held.get("node", ())
    graph.initializers = [*held.get("initializer", ()), *held.get("sparse_initializer", ())]
    graph.inputs, graph.outputs = held.get("input", ()), held.get("output", ())
    graph.annotated = [
        pair.get("value", "")
        for note in held.get("quantization_annotation", ())
        for pair in note.get("quant_parameter_tensor_names", ())
    ]
    return graph


def _made_node(wire: Wire, held: Record, depth: int, at: int) -> Node:
    op = held.get("op_type", "")
    node = Node(op, held.get("domain", ""), held.get("name", ""), held.get("input", ()), held.get("output", ()))
    node.overload = held.get("overload", "")
    if "metadata_props" in held and op in KINDS and node.name.startswith("node_"):
        node.scope = _scope(wire, held["metadata_props"])
    for offset, length in held.get("attribute", ()) if op not in FORESTS else ():
        wire.made(ATTRIBUTE, offset, length, depth + 1)(node)
    return node


def _scope(wire: Wire, entries: Sequence[tuple[int, int]]) -> str:
    """The module in whose code a node stands, as torch.onnx says: "['', 'layers.0', 'layers.0.fc', 'linear']".

    pytorch/pytorch torch/onnx/_internal/exporter/_core.py writes the names of the modules around, and then the node's.
    """
    for offset, length in entries:
        if length < LONGEST_SCOPE and wire.bytes_at(offset, min(length, len(SCOPES))) == SCOPES:
            value: str = wire.made(PAIR, offset, length, 1).get("value", "")
            return (["", *value.strip("[]").split(", ")])[-2].strip("'\"")
    return ""


class Attribute:
    """One attribute, not yet given to its node."""

    __slots__ = ("_at", "_depth", "_held", "_wire")

    def __init__(self, wire: Wire, held: Record, depth: int, at: int) -> None:
        self._wire, self._held, self._depth, self._at = wire, held, depth, at

    def __call__(self, node: Node) -> None:
        """Give `node` what a count needs of it."""
        held, name = self._held, self._held.get("name", "")
        if "ref_attr_name" in held:
            node.give("refers", name, held["ref_attr_name"])
        self._give_graphs(node, name)
        self._give_tensors(node, name)
        if node.op == "Constant" or node.op in TELLING:
            self._give_numbers(node, name)

    def _give_graphs(self, node: Node, name: str) -> None:
        held = self._held
        if "g" in held:
            node.give("graphs", name, _made_graph(self._wire, held["g"], self._depth, self._at))
        for k, graph in enumerate(held.get("graphs", ())):
            node.give("graphs", f"{name}.{k}", graph)

    def _give_tensors(self, node: Node, name: str) -> None:
        held, wire, at = self._held, self._wire, self._at
        if "t" in held:
            node.give("tensors", name, stored(wire, held["t"], at))
        if "sparse_tensor" in held:
            node.give("tensors", name, sparse(wire, held["sparse_tensor"], at))
        for k, tensor in enumerate([*held.get("tensors", ()), *held.get("sparse_tensors", ())]):
            node.give("tensors", f"{name}.{k}", tensor)

    def _give_numbers(self, node: Node, name: str) -> None:
        """Plain numbers: the value of a Constant as a tensor, of another operator one number or how many there are."""
        held = self._held
        if node.op == "Constant":
            if (value := typed(self._wire, held, name, self._at)) is not None:
                node.give("tensors", name, value)
            return
        if "i" in held:
            node.give("numbers", name, held["i"])
        elif "s" in held:
            offset, length = held["s"]
            node.give("numbers", name, self._wire.bytes_at(offset, min(length, 64)).decode("ascii", "replace"))
        else:
            node.give("numbers", name, max(count(held.get(kind)) for kind in ("floats", "ints")))


def count(run: Run | None, width: int = 4) -> int:
    """How many numbers of `width` bytes are in a run."""
    return 0 if run is None else run.loose + run.packed // width


def _made_function(wire: Wire, held: Record, depth: int, at: int) -> Function:
    body = Graph(held.get("name", ""))
    body.nodes, body.inputs, body.outputs = held.get("node", ()), held.get("input", ()), held.get("output", ())
    made = Function(body.name, held.get("domain", ""), held.get("overload", ""), body)
    holder = Node("", "", "", [], [])
    for attribute in held.get("attribute_proto", ()):
        attribute(holder)
    made.defaults = holder.tensors
    return made


def _made_training(wire: Wire, held: Record, depth: int, at: int) -> list[Graph]:
    return [_made_graph(wire, held[key], depth, at) for key in ("initialization", "algorithm") if key in held]


NODE = Schema("NodeProto", {
    1: (TEXTS, "input", None), 2: (TEXTS, "output", None), 3: (TEXT, "name", None), 4: (TEXT, "op_type", None),
    5: (SPANS, "attribute", None), 7: (TEXT, "domain", None), 8: (TEXT, "overload", None),
    9: (SPANS, "metadata_props", None),
}, _made_node)  # fmt: skip
GRAPH = Schema("GraphProto", {
    1: (MESSAGES, "node", NODE), 2: (TEXT, "name", None), 5: (MESSAGES, "initializer", Schema(
        "initializer", TENSOR.fields, _made_tensor)),
    11: (MESSAGES, "input", VALUE_INFO), 12: (MESSAGES, "output", VALUE_INFO),
    14: (MESSAGES, "quantization_annotation", ANNOTATION),
    15: (MESSAGES, "sparse_initializer", Schema("sparse_initializer", SPARSE.fields, _made_sparse)),
}, _made_graph)  # fmt: skip
ATTRIBUTE = Schema("AttributeProto", {
    1: (TEXT, "name", None), 2: (RUN, "f", None), 3: (INT, "i", None), 4: (SPAN, "s", None),
    5: (MESSAGE, "t", TENSOR), 6: (MESSAGE, "g", GRAPH), 7: (RUN, "floats", None), 8: (RUN, "ints", None),
    9: (SPANS, "strings", None), 10: (MESSAGES, "tensors", Schema("tensor", TENSOR.fields, _made_tensor)),
    11: (MESSAGES, "graphs", GRAPH), 21: (TEXT, "ref_attr_name", None), 22: (MESSAGE, "sparse_tensor", SPARSE),
    23: (MESSAGES, "sparse_tensors", Schema("sparse_tensor", SPARSE.fields, _made_sparse)),
}, Attribute)  # fmt: skip
FUNCTION = Schema("FunctionProto", {
    1: (TEXT, "name", None), 4: (TEXTS, "input", None), 5: (TEXTS, "output", None), 7: (MESSAGES, "node", NODE),
    10: (TEXT, "domain", None), 11: (MESSAGES, "attribute_proto", ATTRIBUTE), 13: (TEXT, "overload", None),
}, _made_function)  # fmt: skip
TRAINING = Schema("TrainingInfoProto", {
    1: (MESSAGE, "initialization", GRAPH), 2: (MESSAGE, "algorithm", GRAPH),
}, _made_training)  # fmt: skip
MODEL = Schema("ModelProto", {
    1: (INT, "ir_version", None), 2: (TEXT, "producer_name", None), 3: (TEXT, "producer_version", None),
    7: (MESSAGE, "graph", GRAPH), 8: (MESSAGES, "opset_import", OPSET), 20: (MESSAGES, "training_info", TRAINING),
    25: (MESSAGES, "functions", FUNCTION),
})  # fmt: skip


def read_model(wire: Wire) -> tuple[Model, bool]:
    """(the model, whether it has a graph)."""
    held = wire.message(MODEL)
    model = Model()
    model.version = held.get("ir_version", 0)
    said = (held.get("producer_name", ""), held.get("producer_version", ""))
    model.producer = " ".join(part.strip() for part in said if part.strip())
    model.opsets = {entry.get("domain", ""): entry.get("version", 0) for entry in held.get("opset_import", ())}
    model.graph = _made_graph(wire, held.get("graph", {}), 1, 0)
    model.training = [graph for graphs in held.get("training_info", ()) for graph in graphs]
    model.functions = held.get("functions", [])
    return model, "graph" in held
