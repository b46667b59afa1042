"""Sums over an index in canonical form: shifted to start at 0 and split into products."""

from __future__ import annotations

import re

from nparams.expr.nodes import Expr, add, mul
from nparams.expr.polynomial import as_int, constant, plus, scaled
from nparams.expr.walk import check_nesting, cost_of_copy, fold, free_symbols, fresh, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr.poly import Canonical
    from nparams.expr.polynomial import Monomial, Poly

#: a sum over at most this many plain indices is written out
WRITE_OUT = 64
#: how the index of a finished sum is called in its key, by how deeply sums are nested inside it
BOUND = re.compile(r"\$(\d+)\$")


def canonical_sum(table: Canonical, node: Expr) -> Poly:
    """The polynomial of one sum: over few plain indices written out, else one atom for each product with the index."""
    table.level += 1
    check_nesting(table.level)
    try:
        first, last, _ = node.args
        count = plus(table.poly(last), scaled(table.poly(first), -1), constant(1))
        number = as_int(count)
        if number is not None and number <= WRITE_OUT:
            return _written_out(table, node, number)
        return _shifted(table, node, count)
    finally:
        table.level -= 1


def _written_out(table: Canonical, node: Expr, number: int) -> Poly:
    first, _, body = node.args
    table.charge(8 * max(0, number) * cost_of_copy(body))  # each copy is made, walked and multiplied out
    index = str(node.label)
    return plus(*[table.poly(replaced(body, {index: add(first, k)})) for k in range(number)])


def _shifted(table: Canonical, node: Expr, count: Poly) -> Poly:
    first, _, body = node.args
    marker = f"#{table.level:02}#"  # no user can type it, and sums inside one another get different ones
    start = table.expr(table.poly(first))
    table.charge(cost_of_copy(body))
    shifted = replaced(body, {str(node.label): add(Expr("sym", (), marker), start)})
    terms = [_term(table, m, c, count, marker, node) for m, c in table.poly(shifted).items()]
    return plus(*terms)


def _term(table: Canonical, monomial: Monomial, coefficient: int, count: Poly, marker: str, node: Expr) -> Poly:
    """coefficient * (factors without the index) * (sum of the factors with it)."""
    inside = tuple([pair for pair in monomial if marker in table.atoms[pair[0]].free])
    outside = tuple([pair for pair in monomial if pair not in inside])
    summed = _sum_atom(table, inside, count, marker, node) if inside else _number_of_terms(table, count)
    return table.times({outside: coefficient}, summed)


def _number_of_terms(table: Canonical, count: Poly) -> Poly:
    """An empty range has 0 terms, never fewer."""
    from nparams.expr.rules import extreme_rule

    return extreme_rule(table, Expr("max", ()), [constant(0), count])


def _sum_atom(table: Canonical, inside: Monomial, count: Poly, marker: str, node: Expr) -> Poly:
    """The atom for the sum of one product; shown over the range as it was written."""
    from nparams.expr.poly import Atom

    body = table.expr({inside: 1})
    assert isinstance(body, Expr)
    key = f"S({table.expr(count)};{_key(inside, marker)})"
    if key not in table.atoms:
        table.charge(len(key))
        known = all(table.atoms[k].nonnegative for k, _ in inside)
        atom = Atom(_shown(table, node, body, marker), nonnegative=known)
        atom.sum = (count, body, marker)
        table.atoms[key] = atom
    return {((key, 1),): 1}


def _shown(table: Canonical, node: Expr, body: Expr, marker: str) -> Expr:
    first, last, _ = node.args
    taken = free_symbols(first) | free_symbols(last) | free_symbols(body)
    index = str(node.label) if node.label not in taken else fresh(taken)
    start = table.expr(table.poly(first))
    as_written = replaced(body, {marker: add(Expr("sym", (), index), mul(-1, start))})
    return Expr("sum", (first, last, _tidy(as_written)), index)


def _key(inside: Monomial, marker: str) -> str:
    """The body's atoms, the index named by how deeply sums are nested in it: the same sum has the same key anywhere."""
    levels = [int(found) for key, _ in inside for found in BOUND.findall(key)]
    own = f"${max(levels, default=-1) + 1}$"
    return "*".join(sorted(f"{key.replace(marker, own)}^{exponent}" for key, exponent in inside))


def _tidy(size: int | Expr) -> int | Expr:
    """Indices like i - 1 + 1 simplified, everything else as it stands."""
    from nparams.expr.poly import Canonical

    def combine(node: int | Expr, parts: list[int | Expr]) -> int | Expr:
        if isinstance(node, int):
            return node
        if node.op == "idx":
            table = Canonical()
            return Expr("idx", (table.expr(table.poly(parts[0])),), node.label)
        return Expr(node.op, tuple(parts), node.label)

    return fold(size, combine)
