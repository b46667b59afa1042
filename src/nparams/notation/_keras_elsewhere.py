"""What Keras code takes from elsewhere: networks that are not in the text, data sets, variables."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.notation._code_machine import Machine
from nparams.notation._code_objects import Function
from nparams.notation._code_values import MISSING, Thing
from nparams.notation._keras_names import DATASETS
from nparams.notation._keras_shape import ANY
from nparams.notation._keras_tensor import Array, Node, arrays_in, sides_in

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._keras_shape import Shape

    Args = list[Any]
    Kwargs = dict[str, Any]


class Network(Thing):
    """A network of keras.applications, or another one whose layers the text does not hold."""

    __slots__ = ("callee",)

    def __init__(self, callee: Elsewhere) -> None:
        self.callee = callee

    def call(self, m: Machine, args: Args, kwargs: Kwargs) -> Any:
        """An array of which nothing is known."""
        node = Node(self.callee, arrays_in([args, kwargs]), lambda shapes: ANY, m.line)
        return Array(ANY, node)

    def get(self, m: Machine, name: str) -> Any:
        """Its output is an array; the rest is not known."""
        if name == "output":
            return self.call(m, [], {})
        if name in ("input", "inputs"):
            return Array(ANY)
        if name in ("layers", "weights", "trainable_weights"):
            return []
        return m.unknown(f"{self.callee.name}.{name}")

    def set(self, m: Machine, name: str, value: Any) -> None:
        """base.trainable = False: nothing here."""

    def told(self) -> str:
        """Its name."""
        return self.callee.name


class Elsewhere:
    """The callee of such a network: it can be called, and not counted."""

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.trainable = True

    def call(self, shapes: list[Shape]) -> Shape:
        """Nothing is known of what it sends."""
        return ANY

    @property
    def module(self) -> Any:
        """It cannot be counted."""
        from nparams.notation._keras_read import elsewhere

        raise NotationError(elsewhere(self.name))


def obtained(first: bool, args: Args, kwargs: Kwargs) -> Any:
    """keras.applications' own function: the shape that is given, or the default of the network with its head."""
    held = args[0] if args else kwargs.get("input_shape")
    if held is not None:
        return held
    flat = kwargs.get("require_flatten", kwargs.get("include_top", args[4] if len(args) > 4 else True))
    side = kwargs.get("default_size", args[1] if len(args) > 1 else None) if flat else None
    return (3, side, side) if first else (side, side, 3)


def data_of(path: str) -> Any:
    """(x_train, y_train), (x_test, y_test) of a data set whose shapes are known."""
    word = path.split(".")[-2] if "." in path else ""
    if word not in DATASETS:
        return MISSING
    return tuple((Array(shape), Array(shape[:1])) for shape in DATASETS[word])


def variable(m: Machine, last: str, args: Args, kwargs: Kwargs) -> Any:
    """tf.Variable(value), K.variable(value), tf.get_variable(name, shape)."""
    if last == "get_variable":
        shape = kwargs.get("shape", args[1] if len(args) > 1 else None)
        made = Array(sides_in(m, shape))
        name = args[0] if args else kwargs.get("name")
    else:
        held = kwargs.get("initial_value", kwargs.get("initializer", kwargs.get("value", args[0] if args else None)))
        if isinstance(held, Function):
            held = m.call(held, [], {})
        from nparams.notation._keras_tensor import array_of

        found = array_of(m, held)
        if "shape" in kwargs:
            found = Array(sides_in(m, kwargs["shape"]))
        if found is None:
            return m.unknown("a variable")
        made, name = Array(found.shape), kwargs.get("name")
    made.variable = True
    made.trainable = kwargs.get("trainable", True) is not False
    made.name = name if isinstance(name, str) else ""
    return made
