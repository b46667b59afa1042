"""Classes of the text that stand below keras.Model or keras.layers.Layer: their call() is followed with shapes.

Source: keras/src/layers/layer.py (3.15): build() before the first call, attributes that hold layers are tracked in the
order in which they were set, add_weight() makes a variable.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import ANY, is_size
from nparams.notation._code.functions import parameters, required
from nparams.notation._code.objects import Function, Instance
from nparams.notation._code.values import MISSING
from nparams.notation._keras.models import Sequence
from nparams.notation._keras.tensor import Array, Sides, arrays_in, as_code, mapped

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Shape
    from nparams.notation._code.machine import Machine
    from nparams.notation._code.objects import Class

#: entries of nested lists and dicts that are looked at for layers
MAX_HELD = 100_000


class Variable:
    """A weight that code makes by itself."""

    __slots__ = ("array", "name", "trainable")

    def __init__(self, name: str, array: Array, trainable: bool) -> None:
        self.name = name
        self.array = array
        self.trainable = trainable


class Custom(Instance):
    """An object of such a class.  As a callee it runs the class's own call()."""

    __slots__ = (
        "base", "built", "came", "inner", "line", "m", "name", "running", "sent", "trainable", "variables",
    )  # fmt: skip

    def __init__(self, m: Machine, cls: Class, name: str, base: str) -> None:
        super().__init__(cls)
        self.m = m
        self.name = name
        #: Model, Sequential or Layer
        self.base = base
        self.built = False
        self.running = 0
        self.trainable = True
        self.line = m.line
        self.variables: list[Variable] = []
        #: the sequence, graph or layer that the base class makes (class Net(Sequential))
        self.inner: Any = Sequence(name) if base == "Sequential" else None
        #: what came in at the first call, and what it sent
        self.came: Shape | None = None
        self.sent: Sent = None

    @property
    def kind(self) -> str:
        """Its class's name."""
        return self.cls.name

    @property
    def module(self) -> Any:
        """Its layers under its name, for a layer that wraps it."""
        from nparams.notation._keras.network import Builder

        return Builder().inner(self, self.name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """self.dense = Dense(10); trainable and name are its own."""
        if name == "trainable" and isinstance(value, bool):
            freeze(self, value)
        elif name in ("_name", "name") and isinstance(value, str):
            self.name = value
        if isinstance(value, Array) and value.variable:
            self._variable(name, value)
        self.attributes[name] = value

    def _variable(self, name: str, array: Array) -> None:
        """An attribute that is a variable: it gives its name to one that has none."""
        for variable in self.variables:
            if variable.array is array:
                variable.name = array.name or name
                return
        self.variables.append(Variable(array.name or name, array, array.trainable))

    def named_parts(self) -> list[tuple[str, Any]]:
        """The same under the names of the attributes, which are alike in layers that are alike."""
        if self.inner is not None:
            return [(part.name, part) for part in self.parts()]
        found: dict[int, tuple[str, Any]] = {}
        for name, value in self.attributes.items():
            parts = held_in(value)
            for i, each in enumerate(parts):
                found.setdefault(id(each), (name if len(parts) == 1 else f"{name}{i}", each))
        found.pop(id(self), None)
        return list(found.values())

    def parts(self) -> list[Any]:
        """The layers and models that its attributes hold, in the order in which they were set."""
        if self.inner is not None and hasattr(self.inner, "parts"):
            return list(self.inner.parts())
        used = isinstance(self.inner, KerasLayer) and self.inner.module is not None
        found: dict[int, Any] = {id(self.inner): self.inner} if used else {}
        for value in self.attributes.values():
            for each in held_in(value):
                found.setdefault(id(each), each)
        found.pop(id(self), None)
        return list(found.values())

    # -- being called -------------------------------------------------------------------------------------------------

    def call(self, m: Any, args: list[Any] | None = None, kwargs: dict[str, Any] | None = None) -> Any:
        """As code: arrays in, arrays out.  As a callee: a list of shapes in, shapes out."""
        if isinstance(m, list):
            return self._on_shapes(m)
        from nparams.notation._keras.things import applied

        return applied(m, self, list(args or ()), dict(kwargs or {}))

    def _on_shapes(self, shapes: list[Shape]) -> Sent:
        if self.inner is not None and self.cls.find("call") is MISSING:
            self.sent = self.inner.call(shapes)
            return self.sent
        fresh = [Array(shape) for shape in shapes]
        if self.attributes.get("state_size") is not None:  # a cell of an RNN
            return self._step(fresh[0])
        first: Any = fresh[0] if len(fresh) == 1 else fresh
        return shapes_of(self.run([first], {}))

    def _step(self, array: Array) -> Sent:
        sizes = self.attributes["state_size"]
        sizes = list(sizes) if isinstance(sizes, (list, tuple)) else [sizes]
        batch = array.shape[0] if array.shape else None
        states = [Array((batch, n if is_size(n) else None)) for n in sizes]
        sent = self.run([array, states], {})
        return shapes_of(sent[0] if isinstance(sent, (tuple, list)) and sent else sent)

    def run(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """build(), the first time, and call(), with arrays that only this call knows."""
        self.build(args, kwargs)
        method = self.cls.find("call")
        if method is MISSING:
            method = self.cls.find("__call__")
        if method is MISSING:
            raise NotationError(f"{self.cls.name} has no call()")
        if self.running > 8:
            raise NotationError(f"{self.cls.name}: its call() calls itself")
        self.running += 1
        try:
            sent = self.m.call(method, [self, *args], self._known(method, args, kwargs))
        finally:
            self.running -= 1
        if self.sent is None:
            self.sent = shapes_of(sent)
            self.came = next((array.shape for array in arrays_in([args, kwargs])), None)
        return sent

    def _known(self, method: Any, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """What call() takes: training and mask are Keras's own, and handed in where call() asks for them."""
        if not isinstance(method, Function):
            return kwargs
        names = parameters(method)
        found = {
            key: held for key, held in kwargs.items()
            if key in names or key not in ("training", "mask") or method.node.args.kwarg is not None
        }  # fmt: skip
        for name in required(method)[1 + len(args) :]:
            if name not in found and ("train" in name or "mask" in name):
                found[name] = False if "train" in name else None
        return found

    def build(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Its own build(input_shape), once."""
        if self.built:
            return
        self.built = True
        method = self.cls.find("build")
        if not isinstance(method, Function):
            return
        shapes = [_shape_in(held) for held in [*args, *kwargs.values()] if arrays_in(held)]
        count = len(method.node.args.args) - 1
        given = shapes[: max(count, 0)]
        missing = len(required(method)) - 1 - len(given)
        self.m.call(method, [self, *given, *[Sides(ANY)] * max(missing, 0)], {})

    def on_unknown(self) -> None:
        """Call it, if nobody did, on one array of which nothing is known."""
        if self.sent is not None or (self.built and self.cls.find("call") is MISSING):
            return
        if self.inner is not None and self.cls.find("call") is MISSING:
            if isinstance(self.inner, Sequence):
                self.inner.finish()
            return
        if self.cls.find("call") is MISSING:
            return
        self._on_shapes([ANY] * self._inputs())

    def _inputs(self) -> int:
        """How many arrays call() needs: the parameters without a default."""
        method = self.cls.find("call")
        if not isinstance(method, Function):
            return 1
        return max(sum("train" not in name and "mask" not in name for name in required(method)[1:]), 1)


def _shape_in(held: Any) -> Any:
    """The shape of an argument: of an array, or of each in a list."""
    if isinstance(held, Array):
        return as_code(held.shape)
    return mapped(held, lambda array: as_code(array.shape))


def shapes_of(sent: Any) -> Sent:
    """What call() gave, as shapes."""
    if isinstance(sent, Array):
        return sent.shape
    held = [array.shape for array in arrays_in(sent)]
    return held or ANY


def held_in(value: Any, depth: int = 0) -> list[Any]:
    """The layers and models in a value: Keras looks into lists, tuples and dicts."""
    callee = callee_of(value)
    if callee is not None:
        return [callee]
    if depth > 12:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)) and len(value) <= MAX_HELD:
        return [found for each in value for found in held_in(each, depth + 1)]
    return []


def callee_of(value: Any) -> Any:
    """The callee behind a value of the code, None where there is none."""
    return value if isinstance(value, Custom) else getattr(value, "callee", None)


def freeze(callee: Any, trainable: bool) -> None:
    """Set trainable on it and on all in it, as Keras does."""
    stack, seen = [callee], set()
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        each.trainable = trainable
        if hasattr(each, "parts"):
            stack.extend(each.parts())
        else:
            stack.extend(held_in(list(getattr(each, "args", {}).values())))
