"""The values that one size may take: first, first + step, ... up to last, or without an end."""

from __future__ import annotations

from math import lcm

from nparams.analyses._text import listed
from nparams.errors import UsageError
from nparams.expr import Expr, add, mul, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size


class Grid:
    """The values of one size; `t` counts the steps: value = first + step * t.

    >>> grid = Grid(Expr("sym", (), "h"), first=64, step=64, last=4100)
    >>> grid.count, grid.value(1), grid.says()
    (64, 128, 'h = 64, 128, ... 4,096')
    """

    __slots__ = ("first", "last", "leaf", "name", "step")

    def __init__(self, leaf: Expr, first: int = 1, step: int = 1, last: int | None = None) -> None:
        #: the symbol (d) or entry (h1) that varies
        self.leaf = leaf
        self.name = str(leaf)
        self.first = first
        self.step = step
        self.last = None if last is None else last - (last - first) % step

    @property
    def inner(self) -> str:
        """The name of t in expressions: none that a user can type."""
        return f"#{self.name}"

    @property
    def expr(self) -> Size:
        """The value in terms of t."""
        return add(mul(self.step, Expr("sym", (), self.inner)), self.first)

    @property
    def count(self) -> int | None:
        """How many values there are; None without an end."""
        return None if self.last is None else max(0, (self.last - self.first) // self.step + 1)

    def value(self, t: int) -> int:
        """The value after t steps."""
        return self.first + self.step * t

    def until(self, last: int) -> Grid:
        """The same values, none above `last`."""
        return Grid(self.leaf, self.first, self.step, last if self.last is None else min(last, self.last))

    def at_least(self, least: int) -> Grid:
        """The same values, none below `least`."""
        missing = max(0, -(-(least - self.first) // self.step))
        return Grid(self.leaf, self.value(missing), self.step, self.last)

    def divisible(self, by: int) -> Grid:
        """Those that are multiples of `by` (and start there: the first is a multiple of the common step)."""
        step = lcm(self.step, by)
        if self.step > 1 and self.first % self.step:  # they are no multiples of their own step: look for the first
            return self._searched(by, step)
        return Grid(self.leaf, max(step, -(-self.first // step) * step), step, self.last)

    def _searched(self, by: int, step: int) -> Grid:
        for t in range(min(by, 100_000)):
            if self.value(t) % by == 0:
                return Grid(self.leaf, self.value(t), step, self.last)
        raise UsageError(f"no value of {self.says()} is a multiple of {by:,}")

    def says(self) -> str:
        """The values in words."""
        name = render(self.leaf, "text")
        if self.last is None:
            kind = f"multiple of {self.step:,} " if self.step > 1 and self.first % self.step == 0 else ""
            if self.step > 1 and not kind:
                return f"{name} = {self.first:,}, {self.value(1):,}, ..."
            return (
                f"every {kind}{name} >= {self.first:,}" if not kind else f"every {kind}from {self.first:,} for {name}"
            )
        if not self.count:
            return f"{name}: no value"
        if self.count == 1:
            return f"{name} = {self.first:,}"
        if self.step == 1:
            return f"{name} = {self.first:,}..{self.last:,}"
        if self.count < 4:
            return f"{name} = {listed([f'{self.value(t):,}' for t in range(self.count)])}"
        return f"{name} = {self.first:,}, {self.value(1):,}, ... {self.last:,}"
