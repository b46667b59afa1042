"""Arrays that flow through Keras code: only their shapes, and the way that they came."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.layers._keras.shape import ANY, is_size, merged, shown_shape, side, times
from nparams.notation._code.sizes import Ratio, Scaled
from nparams.notation._code.values import MISSING, Native, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Shape
    from nparams.notation._code.machine import Machine


class Node:
    """One call: of a layer or a model (`callee`), or of a function (`callee` is None)."""

    __slots__ = ("callee", "inputs", "line", "run", "serial")

    count = 0

    def __init__(
        self, callee: Any, inputs: list[Array], run: Callable[[list[Shape]], Any], line: int
    ) -> None:  # fmt: skip
        self.callee = callee
        self.inputs = inputs
        self.run = run
        self.line = line
        Node.count += 1
        self.serial = Node.count


class Array(Thing):
    """An array of which the shape is known, more or less, and what made it."""

    __slots__ = ("from_outside", "index", "name", "node", "shape", "trainable", "variable")

    def __init__(self, shape: Shape, node: Node | None = None, index: int = 0, name: str = "") -> None:
        self.shape = shape
        self.node = node
        self.index = index
        self.name = name
        #: the code of a value that the text does not hold
        self.from_outside = ""
        #: whether it is a variable, and whether it is trained
        self.variable = False
        self.trainable = True

    def get(self, m: Machine, name: str) -> Any:
        """Its shape, and the few methods that change it."""
        from nparams.notation._keras.ops import METHODS, call_op

        if name in ("shape", "_keras_shape", "_shape"):
            return as_code(self.shape)
        if name in ("get_shape", "_shape_tuple"):
            return Native(name, lambda m, args, kwargs: as_code(self.shape))
        if name == "ndim":
            return m.unknown("ndim") if ... in self.shape else len(self.shape)
        if name == "size":
            whole = None if ... in self.shape else times(self.shape)  # type: ignore[arg-type]
            return m.unknown("size") if whole is None else whole
        if name == "T":
            return call_op(m, "transpose", [self], {})
        if name == "dtype":
            return m.unknown("dtype")
        if name == "name":
            return self.name or m.unknown("name")
        if name in METHODS:
            return Native(name, lambda m, args, kwargs: call_op(m, METHODS[name], [self, *args], kwargs))
        if name in ("assign", "assign_add", "assign_sub", "set_shape", "numpy", "value", "read_value"):
            return Native(name, lambda m, args, kwargs: self)
        return m.unknown(f"{self.told()}.{name}")

    def set(self, m: Machine, name: str, value: Any) -> None:
        """x._keras_shape = ...: nothing that counts."""

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """An array is no function."""
        raise m.error(f"what a layer sends cannot be called: {self.told()}")

    def item(self, m: Machine, key: Any) -> Any:
        """x[:, -1]."""
        from nparams.notation._keras.ops import call_op

        return call_op(m, "getitem", [self, key], {})

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """x + y, x * 2, x @ y."""
        from nparams.notation._keras.ops import call_op

        both = [other, self] if turned else [self, other]
        return call_op(m, "matmul" if sign == "@" else "add", both, {})

    def iterate(self, m: Machine) -> list[Any] | None:
        """Along the first side: not followed."""
        return None

    def length(self, m: Machine) -> Any:
        """The first side."""
        first = self.shape[0] if self.shape else None
        return first if is_size(first) else m.unknown("len(...)")

    def truth(self) -> bool | None:
        """Not known."""
        return None

    def told(self) -> str:
        """Its shape."""
        return f"an array of {shown_shape(self.shape)}"


class Sides(Thing):
    """A shape in code: x.shape, input_shape; it may be indexed, sliced, added to and gone through."""

    __slots__ = ("shape",)

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def get(self, m: Machine, name: str) -> Any:
        """as_list() and rank, which TensorFlow's shapes have."""
        if name in ("as_list", "value", "numpy", "tolist"):
            return Native(name, lambda m, args, kwargs: self if ... in self.shape else list(self.shape))
        if name in ("rank", "ndims"):
            return self.length(m)
        if name == "dims":
            return self
        if name in ("num_elements", "prod"):
            return Native(name, lambda m, args, kwargs: m.unknown("num_elements"))
        return m.unknown(f"shape.{name}")

    def item(self, m: Machine, key: Any) -> Any:
        """One side, or some."""
        if isinstance(key, int):
            found = side(self.shape, key)
            if found is None and ... in self.shape:
                return m.unknown(f"shape[{key}]", "n_in" if key == -1 else None)
            return found
        if isinstance(key, slice):
            return self._some(m, key)
        return m.unknown("shape[...]")

    def _some(self, m: Machine, key: slice) -> Any:
        if ... not in self.shape:
            return tuple(self.shape[key])
        if isinstance(key.start, int) and key.start < 0 and key.stop is None:
            return tuple(self.item(m, i) for i in range(key.start, 0))
        return Sides(ANY)

    def iterate(self, m: Machine) -> list[Any] | None:
        """Its sides."""
        return None if ... in self.shape else list(self.shape)

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """Sides put one after the other."""
        held = list(other.shape) if isinstance(other, Sides) else other
        if sign != "+" or not isinstance(held, (tuple, list)):
            return m.unknown(f"shape {sign} ...")
        return Sides((*held, *self.shape) if turned else (*self.shape, *held))

    def truth(self) -> bool | None:
        """Not empty."""
        return True

    def told(self) -> str:
        """As it is written."""
        return f"the shape {shown_shape(self.shape)}"


def as_code(shape: Shape) -> Any:
    """A shape as code sees it: a tuple, where all sides have a place."""
    return Sides(shape) if ... in shape else tuple(shape)


def sides_in(m: Machine, held: Any) -> Shape:
    """A shape as code gives it: a tuple, a list, the shape of an array, or what is not known."""
    if isinstance(held, Sides):
        return held.shape
    if isinstance(held, (tuple, list)):
        if any(isinstance(side, Sides) for side in held):
            return ANY
        return tuple(one_side(m, side) for side in held)
    if is_size(held):
        return (held,)
    return ANY


def one_side(m: Machine, held: Any) -> Any:
    """A side: a number, a symbol for what is not told, None where nothing is said."""
    if held is None or is_size(held):
        return None if held is None or (isinstance(held, int) and held < 0) else held
    if isinstance(held, float) and held.is_integer() and abs(held) < 1e15:
        return int(held)
    made = m.size_of(held)
    return made if is_size(made) else None


def array_of(m: Machine, held: Any) -> Array | None:
    """An array that code hands to a layer: one of ours, or data that is not followed; None for what is none."""
    if isinstance(held, Array):
        return held
    if isinstance(held, Unknown):
        made = Array(ANY)
        made.from_outside = held.text
        return made
    if isinstance(held, (list, tuple)) and held and isinstance(held[0], (int, float, list, tuple, Expr)):
        return Array(_literal_shape(held))
    if isinstance(held, str):
        return Array(ANY)
    if isinstance(held, (int, float, Expr)) and not isinstance(held, bool):
        return Array(())
    if isinstance(held, (Scaled, Ratio)):
        return Array(ANY)
    return None


def _literal_shape(held: Any) -> Shape:
    sides: list[int] = []
    while isinstance(held, (list, tuple)) and held and len(sides) < 8:
        sides.append(len(held))
        held = held[0]
    return tuple(sides)


def arrays_in(held: Any, depth: int = 0) -> list[Array]:
    """All arrays in an argument, in order."""
    if isinstance(held, Array):
        return [held]
    if depth > 20:
        return []
    if isinstance(held, (list, tuple)):
        return [found for one in held for found in arrays_in(one, depth + 1)]
    if isinstance(held, dict):
        return [found for one in held.values() for found in arrays_in(one, depth + 1)]
    return []


def mapped(held: Any, change: Callable[[Array], Any], depth: int = 0) -> Any:
    """The same argument with each array changed."""
    if isinstance(held, Array):
        return change(held)
    if depth > 20:
        return held
    if isinstance(held, list):
        return [mapped(one, change, depth + 1) for one in held]
    if isinstance(held, tuple):
        return tuple(mapped(one, change, depth + 1) for one in held)
    if isinstance(held, dict):
        return {key: mapped(one, change, depth + 1) for key, one in held.items()}
    return held


def sent_arrays(sent: Sent, node: Node) -> Any:
    """What a call gives to the code: one array, or several."""
    if sent is None:
        return None
    if isinstance(sent, list):
        return [Array(shape, node, i) for i, shape in enumerate(sent)]
    return Array(sent, node)


__all__ = ["MISSING", "Array", "Node", "Sides", "array_of", "arrays_in", "mapped", "merged", "sent_arrays", "sides_in"]
