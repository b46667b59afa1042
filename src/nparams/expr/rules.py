"""How each operation becomes a polynomial.  Every rule holds wherever both sides have a value (divisors: 1 or more)."""

from __future__ import annotations

from nparams.errors import ExprError
from nparams.expr.arithmetic import work_out
from nparams.expr.nodes import FLAGS, Expr
from nparams.expr.polynomial import CONSTANT, as_int, constant, content, leading, natural, plus, scaled
from nparams.expr.sums import canonical_sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nparams.expr.poly import Canonical, Order
    from nparams.expr.polynomial import Poly


def symbol_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """A symbol is an atom."""
    return table.atom(node)


def entry_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """An entry is an atom with its index in canonical form."""
    return table.atom(Expr("idx", (table.expr(parts[0]),), node.label), order=_entry_order(table, node, parts[0]))


def _entry_order(table: Canonical, node: Expr, index: Poly) -> Order | None:
    """h[i-1] before h[i] before h[i+1]; plain numbers sort by their text."""
    if as_int(index) is not None:
        return None
    varying = table.expr({m: c for m, c in index.items() if m})
    return (*natural(f"{node.label}[{varying}"), ("", index.get(CONSTANT, 0)))


def add_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """The sum of the operands."""
    return plus(*parts)


def mul_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """The product, multiplied out."""
    result = parts[0]
    for part in parts[1:]:
        result = table.times(result, part)
    return result


def pow_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """A power: multiplied out if its exponent is a number."""
    base, exponent = parts[0], as_int(parts[1])
    if exponent is None:
        return table.atom(Expr("pow", (table.expr(base), table.expr(parts[1]))), nonnegative=table.nonnegative(base))
    if exponent < 0:
        raise ExprError("a negative power is not a whole number")
    return table.raised(base, exponent)


# -- division -------------------------------------------------------------------------------------------------------


def floordiv_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """floor(a / b): what divides is taken out, the rest is an atom."""
    a, b = parts
    exact = exact_quotient(a, b)
    if exact is not None:
        return exact
    divisor = as_int(b)
    if divisor is None:
        return _quotient_atom(table, a, b)
    whole = {m: c // divisor for m, c in a.items() if c // divisor}
    rest = {m: c % divisor for m, c in a.items() if c % divisor}
    return whole if as_int(rest) is not None else plus(whole, _quotient_atom(table, rest, b))


def _quotient_atom(table: Canonical, a: Poly, b: Poly) -> Poly:
    return table.atom(Expr("floordiv", (table.expr(a), table.expr(b))), nonnegative=table.nonnegative(a))


def exact_quotient(a: Poly, b: Poly) -> Poly | None:
    """a / b where b is one term that divides every term of a; None otherwise (ExprError for a number below 1)."""
    number = as_int(b)
    if number is not None and number < 1:
        raise ExprError("division by zero" if number == 0 else f"division by {number}: a divisor is 1 or more")
    if len(b) != 1:
        return constant(1) if a == b else None
    ((divisor, factor),) = b.items()
    result: Poly = {}
    for monomial, coefficient in a.items():
        powers = dict(monomial)
        for key, exponent in divisor:
            powers[key] = powers.get(key, 0) - exponent
        if coefficient % factor or any(p < 0 for p in powers.values()):
            return None
        result[tuple(sorted((k, p) for k, p in powers.items() if p))] = coefficient // factor
    return result


def mod_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """a % b = a - b * (a // b)."""
    return plus(parts[0], scaled(table.times(parts[1], floordiv_rule(table, node, parts)), -1))


def ceildiv_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """ceil(a / b) = (a + b - 1) // b for b >= 1."""
    a, b = parts
    exact = exact_quotient(a, b)
    return exact if exact is not None else floordiv_rule(table, node, [plus(a, b, constant(-1)), b])


# -- max, min, flags, trunc -----------------------------------------------------------------------------------------


def extreme_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """max and min, without the operands that another one beats."""
    kept: list[Poly] = []
    for part in _flattened(table, node.op, parts):
        if not any(_beats(table, node.op, other, part) for other in kept):
            kept = [other for other in kept if not _beats(table, node.op, part, other)]
            kept.append(part)
    if len(kept) == 1:
        return kept[0]
    check = any if node.op == "max" else all
    args = tuple(sorted((table.expr(p) for p in kept), key=natural))
    made = table.atom(Expr(node.op, args), nonnegative=check(table.nonnegative(p) for p in kept))
    (((key, _),),) = made
    table.atoms[key].options = kept
    return made


def _flattened(table: Canonical, op: str, parts: list[Poly]) -> list[Poly]:
    """max(a, max(b, c)) is max(a, b, c)."""
    found = []
    for part in parts:
        inner = [table.atoms[m[0][0]] for m, c in part.items() if len(part) == len(m) == c == m[0][1] == 1]
        found += inner[0].options if inner and inner[0].expr.op == op else [part]
    return found


def _beats(table: Canonical, op: str, a: Poly, b: Poly) -> bool:
    """Whether a >= b (for max) or a <= b (for min) can be proved."""
    table.charge(20 + len(a) + len(b))
    return table.nonnegative(plus(a, scaled(b, -1)) if op == "max" else plus(b, scaled(a, -1)))


def flag_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """A comparison, as [d < limit] or [d == number] with a positive leading coefficient."""
    difference = plus(parts[0], scaled(parts[1], -1))
    if node.op == "le":
        difference = plus(difference, constant(-1))
    if node.op in ("lt", "le"):
        return _below_zero(table, difference)
    zero = _is_zero(table, difference)
    return zero if node.op == "eq" else plus(constant(1), scaled(zero, -1))


def _below_zero(table: Canonical, d: Poly) -> Poly:
    """[d < 0]; where d leads with a minus, 1 - [-d - 1 < 0]."""
    opposite = plus(scaled(d, -1), constant(-1))
    if table.nonnegative(d):
        return {}
    if table.nonnegative(opposite):
        return constant(1)
    if leading(d) < 0:
        return plus(constant(1), scaled(_below_zero(table, opposite), -1))
    common = content(d)
    variable = {m: c // common for m, c in d.items() if m}
    limit = (-d.get(CONSTANT, 0) - 1) // common + 1
    return table.atom(Expr("lt", (table.expr(variable), limit)), flag=True)


def _is_zero(table: Canonical, d: Poly) -> Poly:
    number = as_int(d)
    if number is not None:
        return constant(int(number == 0))
    below = plus(scaled(d, -1), constant(-1))
    if table.nonnegative(below) or table.nonnegative(plus(d, constant(-1))):
        return {}
    d = scaled(d, -1) if leading(d) < 0 else d
    common, rest = content(d), d.get(CONSTANT, 0)
    if rest % common:
        return {}
    variable = {m: c // common for m, c in d.items() if m}
    return table.atom(Expr("eq", (table.expr(variable), -rest // common)), flag=True)


def trunc_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """trunc(c*x): worked out for a number, otherwise an atom."""
    number = as_int(parts[0])
    if number is not None:
        return constant(work_out("trunc", [number], node.label))
    known = table.nonnegative(parts[0]) and float(str(node.label)) >= 0
    return table.atom(Expr("trunc", (table.expr(parts[0]),), node.label), nonnegative=known)


def sum_rule(table: Canonical, node: Expr, parts: list[Poly]) -> Poly:
    """A sum over an index."""
    return canonical_sum(table, node)


RULES: Mapping[str, Callable[[Canonical, Expr, list[Poly]], Poly]] = {
    "sym": symbol_rule, "idx": entry_rule, "add": add_rule, "mul": mul_rule, "pow": pow_rule,
    "floordiv": floordiv_rule, "mod": mod_rule, "ceildiv": ceildiv_rule, "max": extreme_rule, "min": extreme_rule,
    "trunc": trunc_rule, "sum": sum_rule, **dict.fromkeys(FLAGS, flag_rule),
}  # fmt: skip
