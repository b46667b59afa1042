"""Integers, and fractions of them, that remember the expression they came from.

A `Tracked` is an `int` in every respect; arithmetic on it gives tracked results.  What no exact expression can say
becomes a plain number (the symbol is lost there, and found again, or refused, in lost.py).
"""

from __future__ import annotations

import math
import operator

from nparams.expr import Expr, add, mul, power
from nparams.expr.nodes import build
from nparams.frameworks._trace.journal import guarded
from nparams.frameworks._trace.rational import PLACES, combined, difference, ratio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.expr import Size
    from nparams.frameworks._trace.journal import Journal
    from nparams.frameworks._trace.rational import Parts, ratio


class Tracked(int):
    """An int that remembers its expression."""

    expr: Expr
    journal: Journal

    def __new__(cls, value: int, expr: Expr, journal: Journal) -> Tracked:
        """`value`, which is what `expr` gives."""
        made = int.__new__(cls, value)
        made.expr, made.journal = expr, journal
        journal.made(expr, value)
        return made

    def __hash__(self) -> int:
        return int.__hash__(self)

    def __copy__(self) -> Tracked:
        return self

    def __deepcopy__(self, memo: object) -> Tracked:
        return self

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return int, (plain(self),)

    def __bool__(self) -> bool:
        held = int.__bool__(self)
        if self.journal.open:
            self.journal.condition("ne", self.expr, 0, held)
        return held

    def __round__(self, digits: int | None = None) -> int:  # type: ignore[override]
        return self if digits is None or digits >= 0 else round(plain(self), digits)

    def __pos__(self) -> int:
        return self

    def __trunc__(self) -> int:
        return self

    def __floor__(self) -> int:
        return self

    def __ceil__(self) -> int:
        return self

    def __neg__(self) -> int:
        return tracked(-plain(self), guarded(mul, -1, self.expr), self.journal)

    def __abs__(self) -> int:
        return self if self >= 0 else -self

    def __divmod__(self, other: int) -> tuple[int, int]:
        return self // other, self % other

    def __rdivmod__(self, other: int) -> tuple[int, int]:
        return other // self, other % self


class Fraction(float):
    """over/under of expressions, or factor*over for a factor that is no fraction of integers: an exact float."""

    over: Size
    under: Size
    factor: float | None
    journal: Journal

    def __new__(cls, value: float, over: Size, under: Size, journal: Journal, factor: float | None = None) -> Fraction:
        """`value`, which is what the expressions give."""
        made = float.__new__(cls, value)
        made.over, made.under, made.factor, made.journal = over, under, factor, journal
        if under == 1 and factor is None and value.is_integer():
            journal.made(over, int(value))  # d // 4.0, which int() outside the code that is followed makes plain
        return made

    def __copy__(self) -> Fraction:
        return self

    def __deepcopy__(self, memo: object) -> Fraction:
        return self

    def __reduce__(self) -> tuple[type, tuple[float]]:
        return float, (float.__add__(self, 0.0),)

    def __hash__(self) -> int:
        return float.__hash__(self)

    def _whole(self, value: int, op: str) -> int:
        """The integer below or above, or towards zero."""
        if not self.journal.open:
            return value
        if self.factor is not None:
            exact = op == "floordiv" and value >= 0 and self.under == 1
            size = build("trunc", (self.over,), self.factor) if exact else None
        else:
            size = self.over if self.under == 1 else guarded(build, op, (self.over, self.under))
        return tracked(value, size, self.journal)

    def __trunc__(self) -> int:
        return self._whole(float.__trunc__(self), "floordiv" if self >= 0 else "ceildiv")

    def __floor__(self) -> int:
        return self._whole(float.__floor__(self), "floordiv")

    def __ceil__(self) -> int:
        return self._whole(float.__ceil__(self), "ceildiv")

    def __round__(self, digits: int | None = None) -> Any:  # type: ignore[override]
        value = float.__round__(self, digits) if digits is not None else float.__round__(self)
        if digits is not None or self.factor is not None or not self.journal.open:
            return value
        if self.under == 1:
            return tracked(int(value), self.over, self.journal)
        return tracked(int(value), guarded(half_to_even, self.over, self.under), self.journal)


def half_to_even(over: Size, under: Size) -> Size:
    """over/under rounded as Python does it: a half goes to the even neighbour.

    >>> str(half_to_even(Expr("sym", (), "n"), 4))
    '(n + 2)//4 - [n%4==2]*((n + 2)//4%2)'
    """
    if isinstance(under, int) and under % 2:  # there are no halves
        return build("floordiv", (add(mul(2, over), under), mul(2, under)))
    if not isinstance(under, int):
        over, under = mul(2, over), mul(2, under)
    half = build("floordiv", (under, 2))
    nearest = build("floordiv", (add(over, half), under))
    tie = build("eq", (build("mod", (over, under)), half))
    return difference(nearest, mul(tie, build("mod", (nearest, 2))))


def plain(value: int) -> int:
    """The integer without its expression."""
    return int.__index__(value) if type(value) is int else int.__add__(value, 0)


def tracked(value: int, size: Size | None, journal: Journal) -> int:
    """`value` with its expression, where it has one that is more than a number."""
    return Tracked(value, size, journal) if isinstance(size, Expr) and journal.open else value


def size_of(value: int) -> Size:
    """The expression of an integer: itself, where it has no other."""
    return value.expr if isinstance(value, Tracked) else plain(value)


def is_whole(value: object) -> bool:
    """Whether it is an int of any kind (a bool counts as 0 or 1)."""
    return isinstance(value, int)


def journal_of(*values: object) -> Journal | None:
    """The open journal of the first tracked number among them."""
    return next((v.journal for v in values if isinstance(v, (Tracked, Fraction)) and v.journal.open), None)


# -- arithmetic of integers -------------------------------------------------------------------------------------------


def _shifted_up(a: Size, b: Size) -> Size:
    return mul(a, power(2, b))


def _shifted_down(a: Size, b: Size) -> Size:
    return build("floordiv", (a, power(2, b)))


INTEGER: dict[str, Callable[[Size, Size], Size]] = {
    "add": add, "sub": difference, "mul": mul, "pow": power,
    "floordiv": lambda a, b: build("floordiv", (a, b)), "mod": lambda a, b: build("mod", (a, b)),
    "lshift": _shifted_up, "rshift": _shifted_down,
}  # fmt: skip


def _integer_operation(name: str, swapped: bool) -> Callable[[Tracked, Any], Any]:
    compute = getattr(operator, name)
    build_size = INTEGER[name]

    def method(self: Tracked, other: Any) -> Any:
        if not isinstance(other, int):
            return _with_other(name, self, other, swapped)
        a, b = (other, self) if swapped else (self, other)
        value = compute(plain(a), plain(b))
        if not self.journal.open or not isinstance(value, int):
            return value
        return tracked(value, guarded(build_size, size_of(a), size_of(b)), self.journal)

    return method


def _with_other(name: str, self: Tracked, other: Any, swapped: bool) -> Any:
    """An integer with a float, or with something that is repeated."""
    if isinstance(other, float):
        return fraction_operation(name, other, self) if swapped else fraction_operation(name, self, other)
    if isinstance(other, (list, tuple, str, bytes, bytearray)) and name == "mul":
        return other * plain(self)
    return NotImplemented


def _true_division(self: Tracked, other: Any) -> Any:
    return fraction_operation("truediv", self, other) if isinstance(other, (int, float)) else NotImplemented


def _divided_into(self: Tracked, other: Any) -> Any:
    return fraction_operation("truediv", other, self) if isinstance(other, (int, float)) else NotImplemented


# -- arithmetic of fractions ------------------------------------------------------------------------------------------


def parts_of(value: float) -> Parts | None:
    """(over, under, factor) of a number."""
    if isinstance(value, Fraction):
        return value.over, value.under, value.factor
    if isinstance(value, int):
        return size_of(value), 1, None
    if not math.isfinite(value):
        return None
    over, under = float(value).as_integer_ratio()
    return (over, under, None) if under <= PLACES and abs(over) < 1 << 52 else (1, 1, float(value))


def fraction_operation(name: str, a: Any, b: Any) -> Any:
    """What a op b is, exactly where that can be said."""
    value = getattr(operator, name)(_float(a), _float(b))
    journal = journal_of(a, b)
    left, right = (parts_of(a), parts_of(b)) if journal is not None else (None, None)
    if journal is None or left is None or right is None or not isinstance(value, float):
        return value
    made = combined(name, left, right, float(b))
    return value if made is None else Fraction(value, made[0], made[1], journal, made[2])


def _float(value: Any) -> Any:
    return float.__add__(value, 0.0) if isinstance(value, float) else plain(value)


def _fraction_method(name: str, swapped: bool) -> Callable[[Fraction, Any], Any]:
    def method(self: Fraction, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        return fraction_operation(name, other, self) if swapped else fraction_operation(name, self, other)

    return method


def _fraction_power(self: Fraction, other: Any) -> Any:
    """A fraction to a whole power: `mult ** (len(depths) - 1)`."""
    if not isinstance(other, (int, float)):
        return NotImplemented
    value = _float(self) ** _float(other)
    if not self.journal.open or self.factor is not None or not isinstance(other, int) or other < 0:
        return value
    over, under = (guarded(power, part, size_of(other)) for part in (self.over, self.under))
    return value if over is None or under is None else Fraction(value, over, under, self.journal)


# -- comparisons ------------------------------------------------------------------------------------------------------

#: method -> (operation, whether the sides change places)
ORDER = {
    "eq": ("eq", False), "ne": ("ne", False), "lt": ("lt", False), "le": ("le", False), "gt": ("lt", True),
    "ge": ("le", True),
}  # fmt: skip


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    compute = getattr(operator, name)
    op, swapped = ORDER[name]

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        held = compute(_float(self), _float(other))
        journal, parts = self.journal, (parts_of(self), parts_of(other))
        left, right = (None if side is None else ratio(side) for side in parts)
        if journal.open and left is not None and right is not None:
            a, b = mul(left[0], right[1]), mul(right[0], left[1])
            journal.condition(op, *((b, a) if swapped else (a, b)), held)
        return held

    return method


for _name in INTEGER:
    setattr(Tracked, f"__{_name}__", _integer_operation(_name, False))
    setattr(Tracked, f"__r{_name}__", _integer_operation(_name, True))
Tracked.__truediv__ = _true_division  # type: ignore[method-assign, assignment]
Tracked.__rtruediv__ = _divided_into  # type: ignore[method-assign, assignment]
for _name in ("add", "sub", "mul", "truediv", "floordiv"):
    setattr(Fraction, f"__{_name}__", _fraction_method(_name, False))
    setattr(Fraction, f"__r{_name}__", _fraction_method(_name, True))
Fraction.__pow__ = _fraction_power  # type: ignore[method-assign, assignment]
for _name in ORDER:
    setattr(Tracked, f"__{_name}__", _comparison(_name))
    setattr(Fraction, f"__{_name}__", _comparison(_name))
