"""math.log2 of numbers that remember their field, as a sum that counts the powers of 2 that are not above one.

int(math.log2(n)) is `sum(t=1..31, [2**t <= n])`; where n is a power of 2, the logarithm itself is.
"""

from __future__ import annotations

import math
from typing import Any

from nparams.expr import Expr, power, symbol
from nparams.expr.nodes import total_of
from nparams.frameworks._trace.journal import Journal
from nparams.frameworks._trace.numbers import Fraction, Tracked, plain, tracked

#: the letter of the sum, and the largest logarithm that is counted
LETTER, MOST = "t", 31
_LOG2 = math.log2


def powers_up_to(n: Expr, op: str = "le") -> Expr:
    """How many of 2, 4, 8, ... are n or less ("lt": less than n)."""
    return total_of(LETTER, 1, MOST, Expr(op, (power(2, symbol(LETTER)), n)))


class Logarithm(float):
    """The logarithm of what is no power of 2: only the integers beside it can be said."""

    of: Expr
    journal: Journal

    def __new__(cls, value: float, of: Expr, journal: Journal) -> Logarithm:
        """`value`, the logarithm of what `of` gives."""
        made = float.__new__(cls, value)
        made.of, made.journal = of, journal
        return made

    def __floor__(self) -> int:
        return tracked(math.floor(float.__add__(self, 0.0)), powers_up_to(self.of), self.journal)

    __trunc__ = __floor__

    def __ceil__(self) -> int:
        size = Expr("add", (1, powers_up_to(self.of, "lt")))
        return tracked(math.ceil(float.__add__(self, 0.0)), size, self.journal)


def log2(n: Any) -> float:
    """The logarithm, of a number that is followed as one that is."""
    if not isinstance(n, Tracked) or not n.journal.open or not 0 < n < 1 << MOST:
        return _LOG2(n)
    number = plain(n)
    if number & (number - 1):
        return Logarithm(_LOG2(number), n.expr, n.journal)
    return Fraction(_LOG2(number), powers_up_to(n.expr), 1, n.journal)
