"""Models of Keras as callees: a sequence of layers, a graph between inputs and outputs.

A callee has a `name`, a `call(shapes)` that says what goes out, `parts()`, the callees in it, and `trainable`.
Source: keras/src/models/{sequential,functional}.py (3.15).
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.shape import ANY
from nparams.notation._keras.tensor import Array, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Shape
    from nparams.network import Module


class Model:
    """What sequences and graphs have in common."""

    kind = "Model"

    def __init__(self, name: str) -> None:
        self.name = name
        self.trainable = True

    def parts(self) -> list[Any]:
        """The layers and models in it, in order, each once."""
        return []

    @property
    def module(self) -> Module:
        """Its layers under its name, for a layer that wraps it."""
        from nparams.notation._keras.network import Builder

        return Builder().inner(self, self.name)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


class Sequence(Model):
    """Sequential: each layer is called on what the one before it sends.

    It is built while layers are added, where the shape of its input is known; else when it is called.
    """

    kind = "Sequential"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.items: list[Any] = []
        #: the shape that comes in, None until it is known; and what each layer sends
        self.start: Shape | None = None
        self.sent: list[Sent] = []

    def parts(self) -> list[Any]:
        """Its layers."""
        return list({id(item): item for item in self.items}.values())

    def begin(self, shape: Shape) -> None:
        """Say what comes in, and build what is there."""
        self.start = shape
        self.sent = []
        for item in self.items:
            self._step(item)

    def add(self, item: Any) -> None:
        """One more layer."""
        says = input_of(item)
        self.items.append(item)
        if self.start is not None:
            self._step(item)
        elif says is not None and len(self.items) == 1:
            self.begin(says)

    def pop(self) -> None:
        """The last layer off."""
        if self.items:
            self.items.pop()
            self.sent = self.sent[: len(self.items)]

    def _step(self, item: Any) -> None:
        shape = self.out()
        if not isinstance(shape, tuple):
            raise NotationError(f"{self.name}: the layer before {item.name} sends several arrays; Sequential takes one")
        self.sent.append(item.call([shape]))

    def out(self) -> Sent:
        """What goes out."""
        return self.sent[-1] if self.sent else self.start

    def call(self, shapes: list[Shape]) -> Sent:
        """Through all layers."""
        if self.start is None or (self.start == ANY and shapes[0] != ANY):
            self.begin(shapes[0])
            return self.out()
        if len(self.sent) == len(self.items) and shapes == [self.start]:
            return self.out()
        sent: Sent = shapes[0]
        for item in self.items:
            assert isinstance(sent, tuple)
            sent = item.call([sent])
        return sent

    def finish(self) -> None:
        """Build it on an input of which nothing is known, if it was never built."""
        if self.start is None:
            self.begin(ANY)


def input_of(item: Any) -> Shape | None:
    """The shape that a first layer says of its input."""
    says = getattr(item, "says", None)
    if says is None and isinstance(item, Sequence):
        return item.start if item.start is not None else input_of(item.items[0]) if item.items else None
    if says is None and isinstance(item, Graph) and len(item.inputs) == 1:
        return item.inputs[0].shape
    inner = getattr(item, "args", {}).get("layer") if says is None else None
    if inner is None:
        return says
    found = input_of(inner)
    if found is not None and item.klass.name == "TimeDistributed":  # the inner layer sees one step
        return (found[0], None, *found[1:])
    return found


class Joined(Model):
    """Merge([left, right], mode="concat") of Keras 1: models whose ends are put together."""

    kind = "Merge"

    def __init__(self, name: str, models: list[Any], layer: Any) -> None:
        super().__init__(name)
        self.models = models
        self.layer = layer
        self.says: Shape = ANY

    def parts(self) -> list[Any]:
        """The models."""
        return self.models

    def out(self) -> Sent:
        """What goes out."""
        return self.call([])

    def call(self, shapes: list[Shape]) -> Sent:
        """What the layer that joins them sends."""
        ends = []
        for model in self.models:
            if isinstance(model, Sequence):
                model.finish()
            ends.append(model.out())
        sent: Sent = self.layer.call(ends)
        return sent


class Graph(Model):
    """Model(inputs, outputs): every layer on a way from its inputs to its outputs."""

    kind = "Functional"

    def __init__(self, name: str, inputs: list[Array], outputs: Any) -> None:
        super().__init__(name)
        self.inputs = inputs
        #: as the code gave them: one array, a list, or a dict
        self.outputs = outputs
        self.nodes, self.loose = between(inputs, ends_of(outputs))

    def parts(self) -> list[Any]:
        """Its layers, in the order in which they were first called."""
        return list({id(node.callee): node.callee for node in self.nodes if node.callee is not None}.values())

    def out(self) -> Sent:
        """What goes out."""
        shapes = [end.shape for end in ends_of(self.outputs)]
        return shapes[0] if isinstance(self.outputs, Array) else shapes

    def call(self, shapes: list[Shape]) -> Sent:
        """The same ways for other shapes."""
        if shapes == [array.shape for array in self.inputs]:
            return self.out()
        known = {id(array): shape for array, shape in zip(self.inputs, shapes, strict=False)}
        sent: dict[int, Any] = {}

        def shape_of(array: Array) -> Shape:
            if id(array) in known or array.node is None or id(array.node) not in sent:
                return known.get(id(array), array.shape)
            held = sent[id(array.node)]
            return held[array.index] if isinstance(held, list) else held  # type: ignore[no-any-return]

        for node in self.nodes:
            sent[id(node)] = node.run([shape_of(array) for array in node.inputs])
        went = [shape_of(end) for end in ends_of(self.outputs)]
        return went[0] if isinstance(self.outputs, Array) else went


def ends_of(outputs: Any) -> list[Array]:
    """The arrays in what was given as inputs or outputs."""
    from nparams.notation._keras.tensor import arrays_in

    return arrays_in(outputs)


def between(inputs: Iterable[Array], outputs: Iterable[Array]) -> tuple[list[Node], list[Array]]:
    """The calls on the way from inputs to outputs, in order, and the arrays that come from elsewhere."""
    stop = {id(array) for array in inputs}
    found: dict[int, Node] = {}
    loose: dict[int, Array] = {}
    stack = list(outputs)
    while stack:
        array = stack.pop()
        if id(array) in stop:
            continue
        if array.node is None:
            loose[id(array)] = array
        elif id(array.node) not in found:
            found[id(array.node)] = array.node
            stack.extend(array.node.inputs)
    return sorted(found.values(), key=lambda node: node.serial), list(loose.values())
