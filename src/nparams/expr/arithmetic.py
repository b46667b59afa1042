"""Operations on plain integers, and the meter that stops hostile ones."""

from __future__ import annotations

from nparams.errors import ExprError, WorkLimitError
from nparams.expr.nodes import MAX_BITS, Expr, bounded, check_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: operations that one evaluation may take inside its sums
MAX_STEPS = 2_000_000
#: counts and values longer than this are not written out in a message
LONG = 10**15


def compute(op: str, args: tuple[int | Expr, ...], label: str | float | None = None) -> int:
    """One operation on integers.  A divisor is 1 or more: sizes are never divided by less.

    >>> compute("ceildiv", (7, 2)), compute("lt", (1, 2)), compute("trunc", (100,), 0.29)
    (4, 1, 28)
    """
    return work_out(op, [check_number(a) for a in args], label)


def work_out(op: str, values: list[int], label: str | float | None) -> int:
    """`compute` for operands that are known to be integers."""
    if op in DIVISIONS and values[1] < 1:
        raise ExprError(
            "division by zero" if values[1] == 0 else f"division by {brief(values[1])}: a divisor is 1 or more"
        )
    if op == "pow":
        return _power(values[0], values[1])
    if op == "trunc":
        return _trunc(label, values[0])
    return bounded(OPERATIONS[op](values))


def brief(value: int) -> str:
    """A number for a message, not written out when it is very long."""
    return f"{value:,}" if abs(value) < LONG else f"a number of {len(str(bounded(abs(value)))):,} digits"


def _product(values: list[int]) -> int:
    result = 1
    for value in values:
        result = bounded(result * value)
    return result


DIVISIONS = frozenset(("floordiv", "mod", "ceildiv"))
OPERATIONS: dict[str, Callable[[list[int]], int]] = {
    "add": sum,
    "mul": _product,
    "floordiv": lambda v: v[0] // v[1],
    "mod": lambda v: v[0] % v[1],
    "ceildiv": lambda v: -(-v[0] // v[1]),
    "max": max,
    "min": min,
    "lt": lambda v: int(v[0] < v[1]),
    "le": lambda v: int(v[0] <= v[1]),
    "eq": lambda v: int(v[0] == v[1]),
    "ne": lambda v: int(v[0] != v[1]),
}


def _power(base: int, exponent: int) -> int:
    if exponent < 0:
        raise ExprError(f"the power {brief(base)} ** {brief(exponent)} is not a whole number")
    if abs(base) > 1 and (base.bit_length() - 1) * exponent > MAX_BITS:
        raise WorkLimitError("a power of more than 4,000 digits: too large to work out")
    return bounded(base**exponent) if abs(base) > 1 else base if exponent % 2 else base * base if exponent else 1


def _trunc(factor: object, value: int) -> int:
    try:
        return int(float(str(factor)) * value)
    except (OverflowError, ValueError):
        raise ExprError(f"trunc({factor} * {brief(value)}) is not a finite number") from None


class Work:
    """Counts the operations inside sums, so that hostile ranges stop."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def span(self, first: int, last: int, cost: int = 1) -> range:
        """first..last, if that many times `cost` operations are left."""
        count = max(0, last - first + 1)
        if count * cost > self.left:
            raise WorkLimitError(f"a sum of {_terms(count)} terms: more work than is done for one number")
        self.left -= count * cost
        return range(first, last + 1)


def _terms(count: int) -> str:
    return f"{count:,}" if count < LONG else "more than 10**15"
