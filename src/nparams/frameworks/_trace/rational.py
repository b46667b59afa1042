"""Fractions of expressions: what their sums, products and quotients are, exactly."""

from __future__ import annotations

from nparams.errors import ExprError
from nparams.expr import add, mul
from nparams.expr.nodes import build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

    #: over, under, and the factor before them where it is no fraction of integers
    Parts = tuple[Size, Size, float | None]

#: a float with at most this many binary places times an integer is exact for every size that is met
PLACES = 1 << 20
#: decimal places of a factor that people write
DENOMINATOR = 10**6


def difference(a: Size, b: Size) -> Size:
    """a - b."""
    return add(a, mul(-1, b))


def combined(name: str, a: Parts, b: Parts, divisor: float) -> Parts | None:
    """a op b, None where no exact expression says it; `divisor` is the number that b is."""
    if name not in ("add", "sub", "mul", "truediv", "floordiv"):
        return None
    try:
        return _combined(name, a, b, divisor)
    except ExprError:
        return None


def _combined(name: str, a: Parts, b: Parts, divisor: float) -> Parts | None:
    if a[2] is not None or b[2] is not None:
        return _scaled(a, b) if name == "mul" else None
    if name == "mul":
        return mul(a[0], b[0]), mul(a[1], b[1]), None
    if name in ("truediv", "floordiv"):
        if divisor <= 0:
            return None
        over, under = mul(a[0], b[1]), mul(a[1], b[0])
        return (over, under, None) if name == "truediv" else (build("floordiv", (over, under)), 1, None)
    over = mul(a[0], b[1])
    other = mul(b[0], a[1])
    return (add(over, other) if name == "add" else difference(over, other)), mul(a[1], b[1]), None


def _scaled(a: Parts, b: Parts) -> Parts | None:
    """factor*over/under: a double times a fraction, or that times a power of two; nothing else rounds the same way."""
    if a[2] is not None and b[2] is not None:
        return None
    (one, low, factor), (over, under, _) = (a, b) if a[2] is not None else (b, a)
    if factor is None:
        return None
    if one == low == 1:
        return over, under, factor
    return (one, low, factor * over) if under == 1 and isinstance(over, int) and over.bit_count() == 1 else None


def ratio(parts: Parts) -> tuple[Size, Size] | None:
    """over/under, where the factor is the double nearest to a short fraction: 0.9 is 9/10 in a comparison.

    >>> ratio((7, 2, 0.9))
    (63, 20)
    """
    from fractions import Fraction

    over, under, factor = parts
    if factor is None:
        return over, under
    near = Fraction(factor).limit_denominator(DENOMINATOR)
    return (mul(near.numerator, over), mul(near.denominator, under)) if float(near) == factor else None
