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
    """factor*over: a double times an integer, or that times a power of two; nothing else rounds the same way."""
    if a[2] is not None and b[2] is not None:
        return None
    (one, _, factor), (over, under, _) = (a, b) if a[2] is not None else (b, a)
    if factor is None or under != 1:
        return None
    if one == 1:
        return over, 1, factor
    return (one, 1, factor * over) if isinstance(over, int) and over.bit_count() == 1 else None
