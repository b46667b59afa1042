"""What Keras code takes from elsewhere: networks that are not in the text, data sets, variables."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.shape import ANY
from nparams.notation._code.machine import Machine
from nparams.notation._code.objects import Function
from nparams.notation._code.values import MISSING, Thing
from nparams.notation._keras.names import DATASETS
from nparams.notation._keras.tensor import Array, Node, arrays_in, sides_in

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.layers._keras.shape import Shape

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

    def parts(self) -> list[Any]:
        """None that the text holds."""
        return []

    @property
    def module(self) -> Any:
        """It cannot be counted."""
        from nparams.notation._keras.read import elsewhere

        raise NotationError(elsewhere(self.name))


def obtained(first: bool, args: Args, kwargs: Kwargs) -> Any:
    """keras.applications' own function: the shape that is given, or the default of the network with its head."""
    held = args[0] if args else kwargs.get("input_shape")
    if held is not None:
        return held
    flat = kwargs.get("require_flatten", kwargs.get("include_top", args[4] if len(args) > 4 else True))
    side = kwargs.get("default_size", args[1] if len(args) > 1 else None) if flat else None
    return (3, side, side) if first else (side, side, 3)


def padding_for(first: bool, args: Args, kwargs: Kwargs) -> Any:
    """keras.applications' correct_pad(inputs, kernel_size): zeros before a strided convolution."""
    array = next((held for held in [*args, *kwargs.values()] if isinstance(held, Array)), None)
    size = kwargs.get("kernel_size", args[-1] if args else None)
    size = (size, size) if isinstance(size, int) else size
    if array is None or len(array.shape) != 4 or not isinstance(size, tuple) or len(size) != 2:
        return MISSING
    sides = array.shape[2:] if first else array.shape[1:3]
    pairs = []
    for n, k in zip(sides, size, strict=True):
        if n is not None and not isinstance(n, int):
            return MISSING
        pairs.append((k // 2 - (1 if n is None else 1 - n % 2), k // 2))
    return tuple(pairs)


def rates(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """np.linspace(0.0, 0.2, 12): rates, which code only asks whether they are zero."""
    first, last = args[0] if args else None, args[1] if len(args) > 1 else None
    count = kwargs.get("num", args[2] if len(args) > 2 else 50)
    numbers = all(isinstance(held, (int, float)) for held in (first, last))
    if not numbers or not isinstance(count, int) or not 0 < count < 10_000 or first is None or last is None:
        return m.unknown("np.linspace(...)")
    return [first + (last - first) * i / max(count - 1, 1) for i in range(count)]


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
        from nparams.notation._keras.tensor import array_of

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
