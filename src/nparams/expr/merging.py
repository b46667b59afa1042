"""Adjoining pieces made one: the sum over 1..n of f and f(n + 1), or the sum of f over the indices that follow."""

from __future__ import annotations

from nparams.errors import ExprError, WorkLimitError
from nparams.expr.nodes import Expr, add
from nparams.expr.polynomial import CONSTANT, constant, plus, scaled
from nparams.expr.walk import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.expr.poly import Atom, Canonical
    from nparams.expr.polynomial import Monomial, Poly

    Sum = tuple[Poly, Expr, str]


def merged(table: Canonical, p: Poly) -> Poly:
    """p with every sum grown by its neighbours, for as long as that leaves fewer terms."""
    grown: Poly | None = p
    while grown is not None:
        p = grown
        table.charge(len(p))
        candidates = [m for m in p if any(table.atoms[k].sum for k, _ in m)]
        grown = next((found for m in candidates if (found := _extended(table, p, m)) is not None), None)
    return p


def _extended(table: Canonical, p: Poly, monomial: Monomial) -> Poly | None:
    """p with a sum in `monomial` grown by one neighbour that p holds beside it; None if there is none."""
    for key, exponent in monomial:
        found = table.atoms[key].sum
        if found is None or exponent != 1 or not table.nonnegative(found[0]):
            continue
        rest = {tuple([pair for pair in monomial if pair[0] != key]): p[monomial]}
        for neighbour, longer in _neighbours(table, p, found, table.atoms[key]):
            piece = table.times(rest, neighbour)
            if piece and all(_holds(p, m, c) for m, c in piece.items()):
                table.charge(len(p))
                grown = plus(p, scaled(piece, -1), {monomial: -p[monomial]}, table.times(rest, table.poly(longer)))
                if len(grown) < len(p):
                    return grown
    return None


def _holds(p: Poly, monomial: Monomial, coefficient: int) -> bool:
    held = p.get(monomial, 0)
    return held * coefficient > 0 and abs(held) >= abs(coefficient)


def _neighbours(table: Canonical, p: Poly, found: Sum, atom: Atom) -> Iterator[tuple[Poly, Expr]]:
    """(what may stand beside the sum, the longer sum): one more term at either end, or a whole sum that follows.

    Sound because the range is known to have 0 or more terms, so that one index more adds exactly one term.
    """
    first, last, body = atom.expr.args
    index = str(atom.expr.label)
    for beside, ends in ((add(last, 1), (first, add(last, 1))), (add(first, -1), (add(first, -1), last))):
        term = _value(table, replaced(body, {index: beside}))
        if term is not None:
            yield term, Expr("sum", (*ends, body), index)
    for key in {k for m in p for k, _ in m if table.atoms[k].sum is not None}:
        other = table.atoms[key].sum
        if other is not None and table.nonnegative(other[0]) and _follows(table, found, other):
            end = table.expr(plus(found[0], other[0], constant(-1)))
            yield {((key, 1),): 1}, Expr("sum", (first, add(first, end), body), index)


def _value(table: Canonical, size: int | Expr) -> Poly | None:
    """The polynomial of a term, None where it has no value: 2**(i - 1) before i = 1."""
    try:
        return table.poly(size)
    except WorkLimitError:
        raise
    except ExprError:
        return None


def _follows(table: Canonical, one: Sum, other: Sum) -> bool:
    """Whether the other sum's body is the one's, begun where the one ends."""
    moved = replaced(one[1], {one[2]: add(Expr("sym", (), other[2]), table.expr(one[0]))})
    shifted = table.poly(moved)
    return CONSTANT not in shifted and shifted == table.poly(other[1])
