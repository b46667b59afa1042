"""Everything that an ONNX file stores, as tensors with roles, each under a name of its own and in a layer."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.errors import FormatError, shown
from nparams.files._onnx.judge import Verdict, inline_weight, judge
from nparams.files._onnx.learned import LINEAR
from nparams.files._onnx.model import Stored
from nparams.files._onnx.packed import logical_size, unpacked
from nparams.files._onnx.reach import Reach
from nparams.files._onnx.scopes import Scope, Scopes
from nparams.files._protobuf.schema import signed, varint
from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._onnx.model import Graph, Model, Node
    from nparams.files._onnx.reach import Mark
    from nparams.files._protobuf.wire import Wire

RANK = 8
EXPERTS = ("MoE", "QMoE")


class Item:
    """A tensor, the array that it is made of, the use that decided its role, and the node that uses it."""

    __slots__ = ("mark", "node", "place", "stored", "tensor")

    def __init__(self, tensor: Tensor, stored: Stored, mark: Mark | None, node: Node | None) -> None:
        self.tensor = tensor
        self.stored = stored
        self.mark = mark
        self.node = node
        #: when the node runs: nodes stand in the order in which they can be run (onnx/docs/IR.md, "Graphs")
        self.place = 0


class Inventory:
    """The items of a model, in the order of its file: graph by graph, initializers before inline constants."""

    __slots__ = ("_inline", "_names", "_reach", "_scopes", "_wire", "items", "routes")

    def __init__(self, model: Model, wire: Wire) -> None:
        self._wire = wire
        self._names: dict[str, int] = {}
        self._scopes = Scopes(model)
        self._reach = Reach(self._scopes)
        self.items: list[Item] = []
        #: a tensor of experts -> (how many a token uses, how many there are)
        self.routes: dict[str, tuple[int | None, int]] = {}
        self._inline = self._keeps_weights_inline()
        for scope in self._scopes.all:
            self._initializers(scope)
            for node in scope.graph.nodes:
                self._constants(scope, node)
        for k, graph in enumerate(model.training):
            self._training(graph, f"training.{k}")
        self._place()

    def _place(self) -> None:
        places: dict[int, int] = {}
        for scope in self._scopes.all:
            for node in scope.graph.nodes:
                places.setdefault(id(node), len(places) + 1)
        for item in self.items:
            item.place = places.get(id(item.node), 0)

    def nodes(self) -> Iterator[Node]:
        """Every node of every graph."""
        return (node for _, node in self._scopes.nodes())

    # -- what is stored -----------------------------------------------------------------------------------------------

    def _initializers(self, scope: Scope) -> None:
        names: set[str] = set()
        annotated = {*scope.graph.annotated, *_scales(scope.graph)}
        for stored in scope.graph.initializers:
            if stored.name in names:
                what = f"initializer {shown(stored.name)} (offset {stored.offset:,})"
                raise FormatError(f"{self._wire.name}: {what} comes twice in one graph")
            names.add(stored.name)
            verdict = judge(stored, self._marks(stored), stored.name in annotated)
            self._add(scope, stored, verdict)

    def _constants(self, scope: Scope, node: Node) -> None:
        """What a node keeps inside: the value of a Constant, tensors given to a function, weights as attributes."""
        for attribute, stored in node.tensors.items():
            constant = node.op == "Constant"
            stored.name = (
                node.outputs[0] if constant and node.outputs else ""
            ) or f"{node.name or node.op}.{attribute}"
            stored.how = "constant"
            if constant or node.op != "ConstantOfShape":
                self._add(scope, stored, inline_weight(stored, self._marks(stored), self._inline))
        if id(node) in self._reach.filled:
            self._filled(scope, node, self._reach.filled[id(node)][2])
        for attribute, role in LINEAR.get(node.op, ()) if node.domain == "ai.onnx.ml" else ():
            self._learned(scope, node, attribute, role)

    def _filled(self, scope: Scope, node: Node, mark: Mark) -> None:
        """A weight that the model fills with one value when it starts: its shape must be stored."""
        found = scope.find(node.inputs[0]) if node.inputs else None
        maker = None if found is None else found[1]
        if isinstance(maker, tuple) and maker[0].op == "Constant":
            maker = next(iter(maker[0].tensors.values()), None)
        shape = self._integers(maker) if isinstance(maker, Stored) else None
        if shape is None or any(not 0 <= n < 1 << 48 for n in shape):
            return
        value = node.tensors.get("value")
        dtype = "float32" if value is None else value.dtype
        made = Stored(node.outputs[0], shape, dtype, logical_size(shape) or 0, 0)
        made.how, made.elements, made.bytes = "filled", 0, 0
        role = "weight" if mark.letter == "w" else "bias"
        self._add(scope, made, Verdict(role, "filled with one value by ConstantOfShape", mark))

    def _learned(self, scope: Scope, node: Node, attribute: str, role: str) -> None:
        count = node.numbers.get(attribute)
        if isinstance(count, int) and count:
            name = f"{node.name or node.op}.{attribute}"
            made = Stored(name, (count,), "float32", count, 0)
            made.how, made.elements, made.bytes = "attribute", 0, 4 * count
            self._add(scope, made, Verdict(role, f"an attribute of {node.op}"), node)

    def _training(self, graph: Graph, path: str) -> None:
        scope = Scope(graph, path)
        for stored in graph.initializers:
            self._add(scope, stored, Verdict("other", "of the graph that trains, not of the model"))

    def _integers(self, stored: Stored) -> tuple[int, ...] | None:
        """The few integers of a stored shape, None where they are not that."""
        payload = stored.payload
        if stored.dtype != "int64" or stored.size > RANK or len(stored.dims) > 1 or payload is None:
            return () if stored.dtype == "int64" and stored.size == 0 else None
        if isinstance(payload, tuple):
            data = self._wire.bytes_at(*payload)
            return tuple(int.from_bytes(data[k : k + 8], "little", signed=True) for k in range(0, len(data), 8))
        found = [signed(value) for value in payload.first]
        for offset, length in payload.spans:
            data, i = self._wire.bytes_at(offset, length) + bytes(10), 0
            while i < length and len(found) <= RANK:
                value, i = varint(data, i)
                found.append(signed(value))
        return tuple(found) if len(found) == stored.size else None

    # -- as tensors ---------------------------------------------------------------------------------------------------

    def _marks(self, stored: Stored) -> dict[str, Mark]:
        return self._reach.marks.get(id(stored), {})

    def _keeps_weights_inline(self) -> bool:
        """Whether layers hold more in Constant nodes than in initializers: then a Constant is a way to store one."""
        held = {True: 0, False: 0}
        for scope in self._scopes.all:
            for stored in scope.graph.initializers:
                held[False] += stored.size if "w" in self._marks(stored) else 0
            for node in scope.graph.nodes:
                held[True] += sum(s.size for s in node.tensors.values() if "w" in self._marks(s))
        return held[True] > held[False]

    def _add(self, scope: Scope, stored: Stored, verdict: Verdict, node: Node | None = None) -> None:
        mark = verdict.mark
        shape, dtype, note = stored.dims, stored.dtype, verdict.note
        size: int | None = stored.size
        held = None if stored.elements is None else (stored.elements, stored.bytes or 0)
        if verdict.role == "weight" and mark is not None and (found := unpacked(stored, mark)) is not None:
            held = stored.size, bytes_of(stored.size, stored.dtype or "") or 0
            logical, dtype, note = found
            size = logical_size(logical)
            shape = logical  # type: ignore[assignment]
        if stored.note or stored.how == "sparse":
            note = "; ".join(said for said in (note, stored.note, _sparse(stored)) if said)
        name = self._own_name(scope, stored.name)
        tensor = Tensor(name, shape, dtype, verdict.role, None, None, held, note, size)
        self.items.append(Item(tensor, stored, mark, node or (None if mark is None else mark.node)))
        if mark is not None and mark.node.op in EXPERTS:
            self._route(tensor, mark)

    def _own_name(self, scope: Scope, name: str) -> str:
        """The name, or where another graph has the same one, with the place of its graph before it."""
        own = name or "(no name)"
        if own in self._names and scope.path:
            own = f"{scope.path}.{own}"
        if own in self._names:
            self._names[own] += 1
            own = f"{own}#{self._names[own]}"
        self._names[own] = 1
        return own

    def _route(self, tensor: Tensor, mark: Mark) -> None:
        """Experts in one array: a token uses k of them."""
        used, experts = mark.node.numbers.get("k", 1), (tensor.shape or (0,))[0]
        if tensor.role not in PARAMETER_ROLES:
            return
        if isinstance(used, int) and isinstance(experts, int) and 0 < used <= experts:
            self.routes[tensor.name] = used, experts


def _scales(graph: Graph) -> list[str]:
    """Scales that stand beside what they scale, by the names that ONNX Runtime's quantiser gives both.

    microsoft/onnxruntime onnxruntime/python/tools/quantization/quant_utils.py: TENSOR_NAME_QUANT_SUFFIX.
    """
    ending = "_quantized"
    return [f"{t.name.removesuffix(ending)}_scale" for t in graph.initializers if t.name.endswith(ending)]


def _sparse(stored: Stored) -> str | None:
    return f"sparse: {stored.elements:,} of {stored.size:,} stored" if stored.how == "sparse" else None
