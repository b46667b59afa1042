"""Sizes of interpreted code that are not settled yet: quotients, products with a float, copies over an index."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.notation._code.values import Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


class Scaled(Thing):
    """A float times a symbolic size, not yet rounded: int(4.0 * d) is trunc(4.0*d)."""

    __slots__ = ("factor", "size")

    def __init__(self, factor: float, size: Expr) -> None:
        self.factor = factor
        self.size = size

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """More factors; anything else is not followed."""
        if sign == "*" and isinstance(other, (int, float)) and not isinstance(other, bool):
            return Scaled(self.factor * other, self.size)
        return m.unknown(f"{self.told()} {sign} ...")

    def told(self) -> str:
        """As it is written."""
        return f"{self.factor}*{self.size}"

    def truth(self) -> bool | None:
        """Not known."""
        return None


class Ratio(Thing):
    """A quotient of sizes, not yet rounded: int(d / h) is d // h."""

    __slots__ = ("over", "under")

    def __init__(self, over: int | Expr, under: int | Expr) -> None:
        self.over = over
        self.under = under

    def told(self) -> str:
        """As it is written."""
        return f"{self.over} / {self.under}"

    def truth(self) -> bool | None:
        """Not known."""
        return None


class Copies(Thing):
    """Equal copies of a value, one for each index from first to last, made by a loop over a symbolic range."""

    __slots__ = ("first", "index", "last", "value")

    def __init__(self, value: Any, index: str, first: int | Expr, last: int | Expr) -> None:
        self.value = value
        self.index = index
        self.first = first
        self.last = last

    def get(self, m: Machine, name: str) -> Any:
        """What each copy answers."""
        return m.attribute(self.value, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """What each copy is given."""
        m.set_attribute(self.value, name, value)


class SymbolicRange(Thing):
    """range(n) with n a symbol."""

    __slots__ = ("first", "last")

    def __init__(self, first: int | Expr, last: int | Expr) -> None:
        self.first = first
        self.last = last

    def length(self, m: Machine) -> Any:
        """last - first + 1."""
        from nparams.expr import add, mul

        return add(self.last, mul(-1, self.first), 1)

    def truth(self) -> bool | None:
        """Not known."""
        return None

    def told(self) -> str:
        """As it is written."""
        return f"{self.first}..{self.last}"
