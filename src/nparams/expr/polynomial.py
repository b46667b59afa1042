"""Integer polynomials as dictionaries: {monomial: coefficient}, a monomial is a sorted tuple of (atom key, power)."""

from __future__ import annotations

import re
from math import gcd

Monomial = tuple[tuple[str, int], ...]
Poly = dict[Monomial, int]

CONSTANT: Monomial = ()
PIECES = re.compile(r"(\D*)(\d{0,18})")


def constant(value: int) -> Poly:
    """The polynomial of an integer."""
    return {CONSTANT: value} if value else {}


def as_int(p: Poly) -> int | None:
    """The integer that p is, or None."""
    return p.get(CONSTANT, 0) if not p or p.keys() == {CONSTANT} else None


def plus(*parts: Poly) -> Poly:
    """The sum."""
    result: Poly = {}
    for part in parts:
        for monomial, coefficient in part.items():
            result[monomial] = result.get(monomial, 0) + coefficient
    return {m: c for m, c in result.items() if c}


def scaled(p: Poly, by: int) -> Poly:
    """p times an integer."""
    return {m: c * by for m, c in p.items()} if by else {}


def leading(p: Poly) -> int:
    """The coefficient of the first term of the highest degree."""
    return p[min((m for m in p if m), key=lambda m: (-sum(e for _, e in m), m))]


def content(p: Poly) -> int:
    """The greatest common divisor of all coefficients but the constant."""
    return gcd(*(c for m, c in p.items() if m))


def natural(key: object) -> tuple[tuple[str, int], ...]:
    """A sort key in which h2 comes before h10."""
    return tuple([(text, int(digits or -1)) for text, digits in PIECES.findall(str(key)) if text or digits])
