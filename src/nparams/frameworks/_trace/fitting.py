"""A whole-number polynomial through points: how often a tensor stands there, as a function of depths and flags."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from nparams.expr import add, mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size

    #: values of the atoms at one point, and what was counted there
    Sample = tuple[Sequence[int], int]

#: atoms that one count may depend on
MOST_ATOMS = 7


def fitted(samples: Sequence[Sample], atoms: Sequence[Size]) -> Size | None:
    """The polynomial in `atoms`, each to the first power, of the lowest degree through all samples; None if none is.

    >>> from nparams.expr import symbol
    >>> L, tie = symbol("L"), symbol("tie")
    >>> fitted([((2, 0), 3), ((3, 0), 4), ((2, 1), 2), ((3, 1), 3), ((4, 0), 5)], [L, tie])
    Expr('L - tie + 1')
    """
    if len({count for _, count in samples}) == 1:
        return samples[0][1]
    used = _relevant(samples, len(atoms))
    if len(used) > MOST_ATOMS:
        return None
    monomials = [subset for degree in range(len(used) + 1) for subset in combinations(used, degree)]
    rows = [[_value(subset, values) for subset in monomials] for values, _ in samples]
    solved = _solved([[*map(Fraction, row), Fraction(count)] for row, (_, count) in zip(rows, samples, strict=True)])
    if solved is None or any(c.denominator != 1 for c in solved):
        return None
    terms = [mul(int(c), *(atoms[k] for k in subset)) for subset, c in zip(monomials, solved, strict=True) if c]
    return add(*sorted(terms, key=_constant_last)) if terms else 0


def _constant_last(term: Size) -> bool:
    return isinstance(term, int)


def _relevant(samples: Sequence[Sample], count: int) -> list[int]:
    """The atoms on which the count depends: two samples that differ in that one alone differ in their count."""
    found = []
    for k in range(count):
        others: dict[tuple[int, ...], int] = {}
        for values, counted in samples:
            rest = (*values[:k], *values[k + 1 :])
            if others.setdefault(rest, counted) != counted:
                found.append(k)
                break
    return found


def _value(subset: tuple[int, ...], values: Sequence[int]) -> int:
    result = 1
    for k in subset:
        result *= values[k]
    return result


def _solved(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """One solution of the linear equations, later unknowns 0 where they are free; None where there is none."""
    unknowns = len(rows[0]) - 1
    pivots: list[tuple[int, int]] = []
    at = 0
    for column in range(unknowns):
        chosen = next((k for k in range(at, len(rows)) if rows[k][column]), None)
        if chosen is None:
            continue
        rows[at], rows[chosen] = rows[chosen], rows[at]
        lead = rows[at][column]
        rows[at] = [x / lead for x in rows[at]]
        for k, row in enumerate(rows):
            if k != at and row[column]:
                factor = row[column]
                rows[k] = [x - factor * y for x, y in zip(row, rows[at], strict=True)]
        pivots.append((at, column))
        at += 1
    if any(row[-1] for row in rows[at:]):
        return None
    solution = [Fraction(0)] * unknowns
    for place, column in pivots:
        solution[column] = rows[place][-1]
    return solution
