"""One unknown: the equation, its discriminant and its real root to some digits, by whole numbers alone."""

from __future__ import annotations

from math import isqrt

from nparams.expr import Expr, add, mul, power, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: digits of a root behind the point
DIGITS = 3


class Equation:
    """A polynomial in one unknown that is to be `target`; highest power first.

    >>> e = Equation([1, 796, 10], 10_000, "h")
    >>> e.discriminant, e.root
    (673576, '12.358')
    """

    __slots__ = ("coefficients", "name", "scaled", "target")

    def __init__(self, coefficients: Sequence[int], target: int, name: str) -> None:
        #: of the polynomial less its target, which is to be 0
        self.coefficients = [*coefficients[:-1], coefficients[-1] - target]
        self.target = target
        self.name = name
        #: the root in thousandths, rounded down; None where there is none of 0 or more, or more than one may be
        self.scaled = _scaled(self.coefficients)

    @property
    def degree(self) -> int:
        """The highest power."""
        return len(self.coefficients) - 1

    @property
    def discriminant(self) -> int | None:
        """b² - 4ac of a quadratic."""
        if self.degree != 2:
            return None
        a, b, c = self.coefficients
        return b * b - 4 * a * c

    @property
    def root(self) -> str | None:
        """The real root to three digits, the rest cut off; a whole root without a point."""
        if self.scaled is None:
            return None
        whole, rest = divmod(self.scaled, 10**DIGITS)
        if not rest and self.at(whole) == 0:
            return f"{whole:,}"
        return f"{whole:,}.{rest:0{DIGITS}}"

    def at(self, value: int) -> int:
        """The polynomial less its target."""
        result = 0
        for coefficient in self.coefficients:
            result = result * value + coefficient
        return result

    def text(self, style: str) -> str:
        """h² + 796·h - 9,990 = 0."""
        return f"{written(self.coefficients, self.name, style)} = 0"


def written(coefficients: Sequence[int], name: str, style: str) -> str:
    """A polynomial as text, highest power first."""
    leaf = Expr("sym", (), name)
    top = len(coefficients) - 1
    terms = [mul(c, power(leaf, top - k)) for k, c in enumerate(coefficients) if c]
    return render(add(*terms) if terms else 0, style)


def _scaled(coefficients: Sequence[int]) -> int | None:
    """The one root of 0 or more in thousandths: by the square root of the discriminant, else by bisection."""
    if len(coefficients) < 2 or any(c < 0 for c in coefficients[:-1]) or coefficients[-1] > 0:
        return None
    scale: int = 10**DIGITS
    if len(coefficients) == 2:
        return -coefficients[1] * scale // coefficients[0]
    if len(coefficients) == 3:
        a, b, c = coefficients
        return (isqrt((b * b - 4 * a * c) * scale * scale) - b * scale) // (2 * a)
    low, high = 0, scale
    while _at_scaled(coefficients, high, scale) <= 0:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _at_scaled(coefficients, middle, scale) <= 0 else (low, middle)
    return low


def _at_scaled(coefficients: Sequence[int], value: int, scale: int) -> int:
    """The polynomial at value/scale, times a power of the scale that makes it whole."""
    result, unit = 0, 1
    for coefficient in coefficients:
        result = result * value + coefficient * unit
        unit *= scale
    return result
