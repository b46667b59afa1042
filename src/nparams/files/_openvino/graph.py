"""The layers of an IR as a graph of operators, and what it stores, each checked against its shape."""

from __future__ import annotations

from math import prod

from nparams.dtypes import OPENVINO, held_bytes
from nparams.errors import FormatError, place, shown
from nparams.files._onnx.names import LONGEST
from nparams.files._openvino.operators import OPERATORS
from nparams.files._slots.flow import Flow
from nparams.files._slots.records import Const, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._openvino.net import Blob, Body, Layer, Net

DIMENSIONS, DIMENSION_LIMIT, DENSEST = 8, 1 << 48, 8
TEXT = "string"
#: what arrays of old layers are: (role's letter, its name); what is in no row has letter "-"
OLD = {
    "BatchNormalization": {"weights": "m", "biases": "m"},
    "Const": {"custom": "-"},
}
LETTERS = {"weights": "w", "biases": "b"}
#: what stands before the name of a module of PyTorch, and before the operators in its code
SCOPE, WITHIN = "__module.", "/aten"


class Stored(Const):
    """A constant of an IR: where its bytes lie in the .bin, and what is to be said of it."""

    __slots__ = ("layer", "letter", "note", "offset")

    def __init__(self, name: str, shape: tuple[int, ...], dtype: str | None, value: int, layer: Layer) -> None:
        super().__init__(name, shape, dtype, prod(shape), value)
        self.layer = layer
        self.offset = 0
        #: before IR v10: what a blob is, where its name says so
        self.letter = ""
        self.note: str | None = None


class Graph:
    """The graph of an IR, made from its XML."""

    __slots__ = ("_values", "flow", "name", "stored", "unknown")

    def __init__(self, net: Net, name: str) -> None:
        self.name = place(name)
        self._values = 0
        self.flow = Flow(OPERATORS)
        self.stored: list[Stored] = []
        #: operators of other sets than OpenVINO's -> how many
        self.unknown: dict[str, int] = {}
        Scope(self, net.body).read()
        self.flow.settle()

    def value(self) -> int:
        """The number of a new value."""
        self._values += 1
        return self._values

    def bad(self, layer: Layer, problem: str) -> FormatError:
        """The error for something in a layer."""
        return FormatError(f"{self.name}: layer {shown(layer.name)} (offset {layer.at:,}): {problem}")

    def keep(self, stored: Stored) -> None:
        """One more stored array."""
        self.stored.append(stored)
        self.flow.consts[stored.value] = stored

    def constant(self, layer: Layer, value: int) -> None:
        """What a Const holds; the first versions gave shape and number type with its result alone."""
        data = layer.data or {}
        kind = data.get("element_type", layer.precision)
        said = data["shape"].split(",") if "shape" in data else layer.dims
        shape = self._shape(layer, [text.strip() for text in said if text.strip()])
        dtype = OPENVINO.get(kind)
        if dtype is None and kind != TEXT and not kind:
            raise self.bad(layer, "a constant without a number type")
        made = Stored(layer.name or layer.type, shape, dtype, value, layer)
        made.text = kind == TEXT
        made.offset, made.length = (self._number(layer, data, key) for key in ("offset", "size"))
        made.memory = (made.offset, made.length)
        if dtype is None and not made.text:
            made.note = f"element type {shown(kind)} is not known: bytes as the file says"
        self._check(layer, made)
        self.keep(made)

    def blob(self, layer: Layer, name: str, blob: Blob, value: int) -> None:
        """An array of a layer before IR v10: how many numbers it has, and no shape, is all that is said."""
        offset, size, precision = blob
        kind = precision or layer.precision or "FP32"
        dtype = OPENVINO.get(kind)
        if dtype is None:
            raise self.bad(layer, f"its {name} have number type {shown(kind)}, which is not known")
        width = held_bytes(8, dtype)
        if size * 8 % width:
            raise self.bad(layer, f"its {name} take {size:,} bytes, no whole number of {kind}")
        shape: tuple[int, ...] = (size * 8 // width,)
        if name == "custom" and layer.type == "Const" and layer.dims:
            shape = self._shape(layer, layer.dims)
        own = layer.name if name == "custom" and layer.type == "Const" else f"{layer.name}.{name}"
        made = Stored(own, shape, dtype, value, layer)
        made.offset, made.length, made.memory = offset, size, (offset, size)
        made.letter = OLD.get(layer.type, LETTERS).get(name, "-")
        self._check(layer, made)
        self.keep(made)

    def _shape(self, layer: Layer, said: list[str]) -> tuple[int, ...]:
        if len(said) > DIMENSIONS or not all(n.isascii() and n.isdigit() and len(n) < 16 for n in said):
            raise self.bad(layer, f"impossible shape {shown(','.join(said))} of a constant")
        shape = tuple(map(int, said))
        if any(n >= DIMENSION_LIMIT for n in shape):
            raise self.bad(layer, f"impossible shape {list(shape)} of a constant")
        return shape

    def _number(self, layer: Layer, data: object, key: str) -> int:
        text = str(data.get(key, "")) if isinstance(data, dict) else ""
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            said = f"is {shown(text)}, no number" if text else "is missing"
            raise self.bad(layer, f"the {key} of a constant {said}")
        return int(text)

    def _check(self, layer: Layer, made: Stored) -> None:
        """Whether the bytes that are declared hold what the shape takes (as openvino asks before it reads them)."""
        length = made.length or 0
        needed = -(-made.size // DENSEST) if made.dtype is None else held_bytes(made.size, made.dtype)
        if needed > length:
            kind = made.dtype or "text"
            raise self.bad(layer, f"{kind} {list(made.shape)} takes {needed:,} bytes, where its size is {length:,}")


class Scope:
    """One body while it is read: the values that its layers' ports are."""

    __slots__ = ("_body", "_given", "_graph", "_made")

    def __init__(self, graph: Graph, body: Body) -> None:
        self._graph = graph
        self._body = body
        #: (layer, port) -> the value that a layer makes there
        self._made: dict[tuple[str, str], int] = {}
        #: layer -> {port: the value that it takes there}
        self._given: dict[str, dict[str, int]] = {}

    def read(self, inside: bool = False) -> None:
        """The nodes of a body, and of those inside its layers."""
        graph, body = self._graph, self._body
        for number, layer in body.layers.items():
            for port in layer.outputs:
                self._made[number, port] = graph.value()
        self._join()
        for number, layer in body.layers.items():
            if layer.type == "Const":
                self._const(number, layer)
            elif layer.bodies:
                self._around(number, layer)
            else:
                self._node(number, layer)
                if layer.type == "Parameter" and not inside:
                    graph.flow.inputs.update(self._results(number, layer))

    def _join(self) -> None:
        """What the edges say; one that leads from or to nothing is refused, as openvino does."""
        for start, port, end, to in self._body.edges:
            value = self._made.get((start, port))
            if value is None or end not in self._body.layers:
                what = f"an edge from {shown(start)}:{shown(port)} to {shown(end)}:{shown(to)}"
                raise FormatError(f"{self._graph.name}: {what}, which are no layers or ports of the graph")
            self._given.setdefault(end, {})[to] = value
        for end, given in self._given.items():
            layer = self._body.layers[end]
            if wrong := given.keys() - set(layer.inputs):
                raise self._graph.bad(layer, f"an edge leads to its port {shown(min(wrong))}, which it does not have")

    def _results(self, number: str, layer: Layer) -> list[int]:
        return [self._made[number, port] for port in layer.outputs]

    def _inputs(self, number: str, layer: Layer) -> list[int | None]:
        given = self._given.get(number, {})
        return [given.get(port) for port in layer.inputs]

    def _const(self, number: str, layer: Layer) -> None:
        results = self._results(number, layer)
        if not results:
            raise self._graph.bad(layer, "a constant without a result")
        if layer.blobs:
            for name, blob in layer.blobs.items():
                self._graph.blob(layer, name, blob, results[0])
        else:
            self._graph.constant(layer, results[0])

    def _node(self, number: str, layer: Layer) -> None:
        graph = self._graph
        node = Node(
            layer.type, layer.name or layer.type, self._inputs(number, layer), self._results(number, layer), None
        )
        node.domain = layer.version
        node.scope = scope_of(layer.name)
        if layer.type == "Reshape" and all(n.isascii() and n.isdigit() and len(n) < 16 for n in layer.dims):
            node.shape = tuple(map(int, layer.dims))
        graph.flow.nodes.append(node)
        if not OPERATORS.knows(layer.type) and not layer.version.startswith("opset") and layer.version:
            graph.unknown[layer.type] = graph.unknown.get(layer.type, 0) + 1
        for name, blob in layer.blobs.items():
            graph.blob(layer, name, blob, graph.value())

    def _around(self, number: str, layer: Layer) -> None:
        """A layer with bodies: what it is given is theirs, and what they make is its own."""
        given = self._given.get(number, {})
        for body in layer.bodies:
            inner = Scope(self._graph, body)
            inner.read(inside=True)
            for port, inside in body.starts:
                if port in given:
                    self._joined(inner.first(inside), given[port])
            for port, inside in body.results:
                if (number, port) in self._made:
                    self._joined(self._made[number, port], inner.taken(inside))
            for start, end in body.back:
                self._joined(inner.first(end), inner.taken(start))

    def _joined(self, value: int, source: int | None) -> None:
        if source is not None:
            self._graph.flow.joins.setdefault(value, []).append(source)

    def first(self, number: str) -> int:
        """The value that a layer makes first; -1 for a layer that is not there."""
        layer = self._body.layers.get(number)
        return self._made[number, layer.outputs[0]] if layer is not None and layer.outputs else -1

    def taken(self, number: str) -> int | None:
        """The value that a layer takes first."""
        return next(iter(self._given.get(number, {}).values()), None)


def scope_of(name: str) -> str:
    """The module in whose code a layer stands, or the call that it is part of, as OpenVINO's readers of PyTorch say it.

    >>> scope_of("__module.encoder.layer.0.fc/aten::linear/MatMul"), scope_of("linear_1/aten.linear.default/MatMul")
    ('encoder.layer.0.fc', 'linear_1')
    >>> scope_of("MatMul_12")
    ''
    """
    if len(name) > LONGEST or (WITHIN not in name and not name.startswith(SCOPE)):
        return ""
    return name.removeprefix(SCOPE).partition(WITHIN)[0]
