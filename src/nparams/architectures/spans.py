"""The indices that cells of tensors repeat over: where each begins and ends."""

from __future__ import annotations

from nparams.architectures.closures import compiled
from nparams.architectures.slots import read
from nparams.errors import ExprError, WorkLimitError
from nparams.expr import free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.architectures.closures import Names, Slots
    from nparams.expr import Size


class Span:
    """An index of a block: its letter, how many values it takes and the first of them."""

    __slots__ = ("count", "count_size", "first", "first_size", "letter", "limits", "looped", "slot")

    def __init__(self, told: Sequence[Any], names: Names, slot: int) -> None:
        self.letter: str = told[0]
        self.slot = slot
        self.count_size = read(told[1])
        self.first_size: Size = read(told[2]) if len(told) > 2 else 0
        self.count = compiled(self.count_size, names)
        self.first = compiled(self.first_size, names)
        #: what a condition says of the least and the largest of them
        self.limits: list[Limit] = []
        #: whether each of its values has to be looked at
        self.looped = False

    def many(self, s: Slots) -> int:
        """How many values, none where nothing says; ExprError for fewer than none."""
        if self.limits:
            values = self.values(s)
            return values.stop - values.start
        return self._counted(s)

    def _counted(self, s: Slots) -> int:
        try:
            found = self.count(s)
            missing = found < 0
        except TypeError:
            return 0
        if missing:
            raise ExprError(f"{found:,} of them")
        return found

    def values(self, s: Slots) -> range:
        """The values."""
        first = self.first(s)
        last = first + self._counted(s) - 1
        for limit in self.limits:
            least, most = limit.ends(s)
            first = first if least is None or least < first else least
            last = last if most is None or most > last else most
        return range(first, max(first, last + 1))

    def symbols(self) -> frozenset[str]:
        """Whatever its values depend on."""
        held = [self.count_size, self.first_size, *(limit.other for limit in self.limits)]
        return frozenset[str]().union(*map(free_symbols, held))


class Limit:
    """A comparison of an index with what does not change with it: [i < n], [n <= i], [i == n]."""

    __slots__ = ("code", "least", "most", "other")

    def __init__(self, least: int | None, most: int | None, other: Size, names: Names) -> None:
        #: what is added to the other side for the least value and for the largest; None: no limit there
        self.least = least
        self.most = most
        self.other = other
        self.code = compiled(other, names)

    def ends(self, s: Slots) -> tuple[int | None, int | None]:
        """The least and the largest value: none between them where the other side has no value."""
        try:
            other = self.code(s) + 0
        except WorkLimitError:
            raise
        except (TypeError, ExprError):
            return 1, 0
        return (None if self.least is None else other + self.least, None if self.most is None else other + self.most)


#: operation -> (least, largest value) of an index that stands on its left, and on its right
ENDS: dict[str, tuple[tuple[int | None, int | None], tuple[int | None, int | None]]] = {
    "lt": ((None, -1), (1, None)), "le": ((None, 0), (0, None)), "eq": ((0, 0), (0, 0)),
}  # fmt: skip
