"""Shapes of tensors as expressions, compiled."""

from __future__ import annotations

from nparams.architectures.closures import compiled
from nparams.architectures.short import slot_of
from nparams.architectures.slots import read
from nparams.errors import ExprError
from nparams.expr import free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nparams.architectures.closures import Code, Names, Slots

    #: the sides and how many entries
    Sides = tuple[tuple[int, ...], int]


class Shape:
    """The sides of a tensor as expressions, and their product."""

    __slots__ = ("codes", "fixed", "letters", "size", "sizes")

    def __init__(self, texts: Sequence[str | int], names: Names, letters: Sequence[str]) -> None:
        self.sizes = tuple(read(text) for text in texts)
        self.codes = [compiled(size, names) for size in self.sizes]
        self.letters = {letter for size in self.sizes for letter in free_symbols(size)}.intersection(letters)
        #: whether it is the same for every index
        self.fixed = not self.letters
        #: how many entries; TypeError or ExprError where a side is no size
        self.size = self._product([slot_of(size, names) for size in self.sizes])

    def _product(self, slots: list[int | None]) -> Code:
        """The product of the sides; of one or two plain names, as most shapes have, without calls."""
        if None not in slots and len(slots) in PLAIN:
            return PLAIN[len(slots)](*slots)
        return _matrix(*self.codes) if len(slots) == 2 else _number(*self.codes)

    def of(self, s: Slots) -> Sides:
        """The sides and how many entries."""
        return tuple([code(s) for code in self.codes]), self.size(s)


def _number(*codes: Code) -> Code:
    """The product of sides, each of them a size."""

    def run(s: Slots) -> int:
        size = 1
        for code in codes:
            side = code(s)
            if side < 0:
                raise ExprError(f"a side of {side:,}")
            size *= side
        return size

    return run


def _matrix(left: Code, right: Code) -> Code:
    def run(s: Slots) -> int:
        a, b = left(s), right(s)
        return a * b if a >= 0 <= b else _number(left, right)(s)

    return run


def _length(slot: int) -> Code:
    def run(s: Slots) -> int:
        side: int = s[slot]
        if side < 0:
            raise ExprError(f"a side of {side:,}")
        return side

    return run


def _area(left: int, right: int) -> Code:
    def run(s: Slots) -> int:
        a: int = s[left]
        b: int = s[right]
        if a < 0 or b < 0:
            raise ExprError(f"sides of {a:,} and {b:,}")
        return a * b

    return run


#: number of plain names -> their product
PLAIN: dict[int, Callable[..., Code]] = {1: _length, 2: _area}
