"""Sums over an index in canonical form: shifted to start at 0, split into products, adjoining ranges merged."""

from __future__ import annotations

import re

from nparams.expr.values import substitute
from nparams.expr.nodes import Expr, add, fold, free_symbols
from nparams.expr.poly import CONSTANT, WRITE_OUT, Canonical, as_int, constant, plus, scaled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr.poly import Monomial, Poly


def canonical_sum(table: Canonical, node: Expr) -> Poly:
    """The polynomial of one sum: over plain indices written out, else one atom for each product with the index."""
    first, last, body = node.args
    count = plus(table.poly(last), scaled(table.poly(first), -1), constant(1))
    number = as_int(count)
    if number is not None and number <= WRITE_OUT:
        index = str(node.label)
        return plus(*(table.poly(substitute(body, {index: add(first, k)})) for k in range(number)))
    marker = f"#{_nesting(body)}#"  # no user can type it, and nested sums get different ones
    start = table.expr(table.poly(first))
    shifted = substitute(body, {str(node.label): add(Expr("sym", (), marker), start)})
    terms = [_term(table, m, c, count, marker, node) for m, c in table.poly(shifted).items()]
    return plus(*terms)


def _nesting(body: int | Expr) -> int:
    return fold(body, lambda node, parts: max(parts, default=0) + (isinstance(node, Expr) and node.op == "sum"))


def _term(table: Canonical, monomial: Monomial, coefficient: int, count: Poly, marker: str, node: Expr) -> Poly:
    """coefficient * (factors without the index) * (sum of the factors with it)."""
    inside = tuple(pair for pair in monomial if marker in free_symbols(table.atoms[pair[0]].expr))
    outside = tuple(pair for pair in monomial if pair not in inside)
    summed = sum_atom(table, inside, count, marker, node) if inside else _count(table, count)
    return table.times({outside: coefficient}, summed)


def _count(table: Canonical, count: Poly) -> Poly:
    """How many terms there are: an empty range has 0, never fewer."""
    if table.nonnegative(count):
        return count
    return table._atom(Expr("max", (0, table.expr(count))))


def sum_atom(table: Canonical, inside: Monomial, count: Poly, marker: str, node: Expr) -> Poly:
    """The atom for the sum of one product; shown over the range as it was written."""
    from nparams.expr.poly import Atom

    body = table.expr({inside: 1})
    assert isinstance(body, Expr)
    key = f"S({table.expr(count)};{_key(inside, marker)})"
    if key not in table.atoms:
        start = table.expr(table.poly(node.args[0]))
        as_written = substitute(body, {marker: Expr("sym", (), str(node.label)) - start})
        shown = Expr("sum", (node.args[0], node.args[1], _tidy(as_written)), str(node.label))
        known = all(table.atoms[k].nonnegative for k, _ in inside)
        table.atoms[key] = Atom(shown, nonnegative=known, sum_of=(count, body, marker))
    return {((key, 1),): 1}


def _key(inside: Monomial, marker: str) -> str:
    """The body's atoms, the index named by how deeply sums are nested in it: the same sum has the same key anywhere."""
    text = "*".join(f"{key}^{exponent}" for key, exponent in inside)
    levels = [int(found) for found in re.findall(r"#(\d+)#", text.replace(marker, ""))]
    return text.replace(marker, f"#{max(levels, default=-1) + 1}#")


def _tidy(size: int | Expr) -> int | Expr:
    """Indices like i - 1 + 1 simplified, everything else as it stands."""

    def combine(node: int | Expr, parts: list[int | Expr]) -> int | Expr:
        if isinstance(node, int):
            return node
        if node.op == "idx":
            table = Canonical()
            return Expr("idx", (table.expr(table.poly(parts[0])),), node.label)
        return Expr(node.op, tuple(parts), node.label)

    return fold(size, combine)


def merged(table: Canonical, p: Poly) -> Poly:
    """Adjoining pieces made one: the sum over 0..n-1 of f and f(n), or the sum of f over the indices that follow."""
    changed = True
    while changed:
        changed = False
        for monomial in [m for m in p if any(table.atoms[k].sum for k, _ in m)]:
            extended = _extended(table, p, monomial)
            if extended is not None:
                p, changed = extended, True
                break
    return p


def _extended(table: Canonical, p: Poly, monomial: Monomial) -> Poly | None:
    """p with the sum in `monomial` grown by one neighbour that p holds beside it; None if there is none."""
    for key, exponent in monomial:
        found = table.atoms[key].sum
        if found is None or exponent != 1 or not table.nonnegative(found[0]):
            continue
        rest = tuple(pair for pair in monomial if pair[0] != key)
        for neighbour, longer in _neighbours(table, p, found, table.atoms[key].expr):
            piece = table.times({rest: p[monomial]}, neighbour)
            if piece and all(_holds(p, m, c) for m, c in piece.items()):
                return plus(p, scaled(piece, -1), {monomial: -p[monomial]}, table.times({rest: p[monomial]}, longer))
    return None


def _holds(p: Poly, monomial: Monomial, coefficient: int) -> bool:
    held = p.get(monomial, 0)
    return held * coefficient > 0 and abs(held) >= abs(coefficient)


def _neighbours(table: Canonical, p: Poly, found: tuple[Poly, Expr, str], shown: Expr) -> list[tuple[Poly, Poly]]:
    """(what may stand beside the sum, the longer sum): one more term at either end, or a whole sum that follows."""
    count, body, marker = found
    first, last = shown.args[0], shown.args[1]
    index = str(shown.label)
    options = []
    before = substitute(shown.args[2], {index: add(first, -1)})
    after = substitute(shown.args[2], {index: add(last, 1)})
    for term, ends in ((after, (first, add(last, 1))), (before, (add(first, -1), last))):
        longer = table.poly(Expr("sum", (*ends, shown.args[2]), index))
        options.append((table.poly(term), longer))
    for monomial in p:
        for key, _ in monomial:
            other = table.atoms[key].sum
            if other is not None and table.nonnegative(other[0]) and _follows(table, found, other):
                end = table.expr(plus(count, other[0], constant(-1)))
                start = add(first, end)
                options.append(({((key, 1),): 1}, table.poly(Expr("sum", (first, start, shown.args[2]), index))))
    return options


def _follows(table: Canonical, one: tuple[Poly, Expr, str], other: tuple[Poly, Expr, str]) -> bool:
    moved = substitute(one[1], {one[2]: add(Expr("sym", (), other[2]), table.expr(one[0]))})
    return table.poly(moved) == table.poly(other[1]) and CONSTANT not in table.poly(moved)
