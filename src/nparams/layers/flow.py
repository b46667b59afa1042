"""What flows from one layer to the next, and the arithmetic of windows that slide over it.

A sequence of 400 steps with 3 features has the positions (400,) and 3 channels; an image of 28x28 pixels in grey has
the positions (28, 28) and 1 channel; a plain vector has no positions.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, add, mul, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

    Sides = tuple[Size, ...]


class Flow:
    """Positions (None: not known), and how many numbers stand at each (None: not known).

    `first`: the shape is written with its channels first.  `spread`: the channels hold what were positions before, so
    that a layer which reads them has a weight for every position.  `unseen`: it is an image whose sides are not known.

    >>> Flow((28, 28), 1).shape, Flow((224, 224), 3, first=True).shape, Flow(None, 16).shape
    ((28, 28, 1), (3, 224, 224), (16,))
    """

    __slots__ = ("channels", "first", "positions", "spread", "unseen")

    def __init__(
        self, positions: Sides | None = None, channels: Size | None = None, *, first: bool = False,
        spread: bool = False, unseen: bool = False,
    ) -> None:  # fmt: skip
        self.positions = positions
        self.channels = channels
        self.first = first
        self.spread = spread
        self.unseen = unseen and positions is None

    @property
    def shape(self) -> Sides | None:
        """The shape as it is written; what is not known is left out, None where nothing is known."""
        sides = self.positions or ()
        if self.channels is None:
            return sides or None
        return (self.channels, *sides) if self.first else (*sides, self.channels)

    @property
    def size(self) -> Size | None:
        """How many numbers there are, None where that is not known."""
        if self.positions is None or self.channels is None:
            return None
        return product((*self.positions, self.channels))

    def but(
        self, *, positions: Sides | str | None = "", channels: Size | str | None = "", spread: bool | None = None,
        unseen: bool | None = None,
    ) -> Flow:  # fmt: skip
        """The same with other positions or channels."""
        return Flow(
            self.positions if isinstance(positions, str) else positions,
            self.channels if isinstance(channels, str) else channels,
            first=self.first,
            spread=self.spread if spread is None else spread,
            unseen=(self.unseen and isinstance(channels, str)) if unseen is None else unseen,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Flow) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.positions, self.channels, self.first, self.spread)

    def __repr__(self) -> str:
        return f"Flow({self.positions}, {self.channels})"


def half(size: Size, divisor: Size) -> Size:
    """`size` divided by `divisor`, rounded up."""
    if isinstance(size, int) and isinstance(divisor, int):
        return -(-size // divisor)
    return size if divisor == 1 else Expr("ceildiv", (size, divisor))


def reach(kernel: Size, dilation: Size) -> Size:
    """How many positions a kernel spans when its taps stand `dilation` apart: d·(k - 1) + 1.

    >>> reach(3, 1), reach(3, 2)
    (3, 5)
    """
    return kernel if dilation == 1 else add(mul(dilation, add(kernel, -1)), 1)


def windows(size: Size, kernel: Size, stride: Size, padding: Size, *, up: bool = False) -> Size:
    """How many windows fit: floor((n + p - k)/s) + 1, where p is the padding of both ends together.

    `up` rounds up instead.  Raises NotationError where not even one fits.

    >>> windows(28, 3, 1, 0), windows(109, 2, 2, 0), windows(227, 11, 4, 0)
    (26, 54, 55)
    """
    room = add(size, padding, mul(-1, kernel))
    if isinstance(room, int) and room < 0:
        padded = "" if padding == 0 else f" (with {padding} of padding)"
        raise NotationError(
            f"a kernel of {kernel} does not fit on a side of {size}{padded}; pad it, or take a smaller one"
        )
    if stride == 1:
        return add(room, 1)
    return add(half(room, stride) if up else room // stride, 1)


#: how many channels an image has: grey, colours, colours and opacity
IMAGE_CHANNELS = (1, 3, 4)


def flow_of(shape: Sides, *, first: bool | None = None) -> Flow:
    """A shape as it is written, its channels told from its sides.

    Two numbers or fewer: the last one is the channels.  More: the layout whose sides are all equal; else the end that
    holds 1, 3 or 4; else the last.

    >>> [flow_of(s) for s in ((784,), (400, 3), (28, 28, 1), (3, 224, 224), (3, 16, 112, 112))]
    [Flow((), 784), Flow((400,), 3), Flow((28, 28), 1), Flow((224, 224), 3), Flow((16, 112, 112), 3)]
    """
    if first is None:
        first = len(shape) > 2 and _channels_first(shape)
    return Flow(shape[1:], shape[0], first=True) if first else Flow(shape[:-1], shape[-1])


def _channels_first(shape: Sides) -> bool:
    front, back = len(set(shape[1:])) == 1, len(set(shape[:-1])) == 1
    if front != back:
        return front
    return shape[0] in IMAGE_CHANNELS and shape[-1] not in IMAGE_CHANNELS
