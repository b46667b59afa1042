"""The canonical form: an integer polynomial over atoms, in which equal expressions become the same dictionary.

A polynomial is {monomial: coefficient}; a monomial is a sorted tuple of (atom key, power).  An atom is whatever cannot
be multiplied out: a symbol, an entry h[i-1], a floor division, a maximum, a flag (0 or 1, so its powers collapse), a
sum over an index (shifted to start at 0, one for each product of things that depend on the index).

Symbols stand for sizes, so they are 0 or more (`lower` may say more: l >= 1); divisors are taken to be 1 or more.
"""

from __future__ import annotations

import re
from math import gcd

from nparams.errors import ExprError, WorkLimitError
from nparams.expr.nodes import FLAGS, Expr, add, fold, mul, power

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Monomial = tuple[tuple[str, int], ...]
    Poly = dict[Monomial, int]

MAX_TERMS = 20_000
MAX_POWER = 4_096
WRITE_OUT = 64  # a sum over at most this many plain indices is written out
CONSTANT: Monomial = ()


class Atom:
    """One indivisible factor: how it is shown, and what is known about it."""

    __slots__ = ("expr", "flag", "known", "nonnegative", "sum")

    def __init__(
        self, expr: Expr, *, flag: bool = False, nonnegative: bool = True, sum_of: tuple[Poly, Expr, str] | None = None
    ) -> None:
        self.expr = expr
        self.flag = flag
        self.nonnegative = nonnegative
        #: of a sum: (number of terms, body with its index starting at 0, that index)
        self.sum = sum_of


class Canonical:
    """Turns expressions into polynomials over one table of atoms."""

    def __init__(self, lower: Mapping[str, int] | None = None) -> None:
        self.atoms: dict[str, Atom] = {}
        self.lower = dict(lower or {})

    # -- building ---------------------------------------------------------------------------------------------------

    def poly(self, size: int | Expr) -> Poly:
        """The canonical polynomial of `size`."""
        if isinstance(size, Expr) and size.op == "sum":
            return self._sum(size)
        return fold(_sums_as_leaves(size), self._combine)

    def canonical(self, size: int | Expr) -> Poly:
        """The polynomial of `size` with adjoining sums merged: equal expressions give equal dictionaries."""
        from nparams.expr.sums import merged

        return merged(self, self.poly(size))

    def _combine(self, node: int | Expr, parts: list[Poly]) -> Poly:
        if isinstance(node, int):
            return constant(node)
        if isinstance(node, _Leaf):
            return self._sum(node.held)
        if node.op == "sym":
            return self._atom(node)
        return RULES[node.op](self, node, parts)

    def _atom(self, expr: Expr, **known: object) -> Poly:
        key = str(expr)
        if key not in self.atoms:
            self.atoms[key] = Atom(expr, **known)  # type: ignore[arg-type]
        return {((key, 1),): 1}

    def _index(self, node: Expr, parts: list[Poly]) -> Poly:
        return self._atom(Expr("idx", (self.expr(parts[0]),), node.label))

    def _add(self, node: Expr, parts: list[Poly]) -> Poly:
        return plus(*parts)

    def _mul(self, node: Expr, parts: list[Poly]) -> Poly:
        result = parts[0]
        for part in parts[1:]:
            result = self.times(result, part)
        return result

    def times(self, a: Poly, b: Poly) -> Poly:
        """The product; WorkLimitError beyond MAX_TERMS terms."""
        if len(a) * len(b) > MAX_TERMS:
            raise WorkLimitError(f"a product of {len(a) * len(b):,} terms: at most {MAX_TERMS:,} are multiplied out")
        result: Poly = {}
        for m, x in a.items():
            for n, y in b.items():
                key = self._join(m, n)
                result[key] = result.get(key, 0) + x * y
        return {m: c for m, c in result.items() if c}

    def _join(self, m: Monomial, n: Monomial) -> Monomial:
        if not m or not n:
            return m or n
        powers = dict(m)
        for key, exponent in n:
            powers[key] = 1 if self.atoms[key].flag else powers.get(key, 0) + exponent
        return tuple(sorted(powers.items()))

    def _pow(self, node: Expr, parts: list[Poly]) -> Poly:
        base, exponent = parts[0], as_int(parts[1])
        if exponent is None:
            return self._atom(Expr("pow", (self.expr(base), self.expr(parts[1]))), nonnegative=self.nonnegative(base))
        if exponent < 0:
            raise ExprError("a negative power is not a whole number")
        return self._integer_power(base, exponent)

    def _integer_power(self, base: Poly, exponent: int) -> Poly:
        number = as_int(base)
        if number is not None:
            from nparams.expr.values import compute

            return constant(compute("pow", (number, exponent)))
        if len(base) == 1 and list(base.values()) == [1]:
            ((monomial, _),) = base.items()
            return {tuple((k, 1 if self.atoms[k].flag else p * exponent) for k, p in monomial): 1} if exponent else {CONSTANT: 1}
        if exponent > MAX_POWER:
            raise WorkLimitError(f"a power of {exponent:,}: at most {MAX_POWER:,} is multiplied out")
        result = constant(1)
        for _ in range(exponent):
            result = self.times(result, base)
        return result

    # -- division ---------------------------------------------------------------------------------------------------

    def _floordiv(self, node: Expr, parts: list[Poly]) -> Poly:
        a, b = parts
        exact = self.exact_quotient(a, b)
        if exact is not None:
            return exact
        divisor = as_int(b)
        if divisor is None or divisor <= 0:
            return self._quotient_atom(a, b)
        whole = {m: c // divisor for m, c in a.items() if c // divisor}
        rest = {m: c % divisor for m, c in a.items() if c % divisor}
        return plus(whole, self._quotient_atom(rest, b)) if rest and rest.keys() != {CONSTANT} else whole

    def _quotient_atom(self, a: Poly, b: Poly) -> Poly:
        known = self.nonnegative(a)
        return self._atom(Expr("floordiv", (self.expr(a), self.expr(b))), nonnegative=known)

    def exact_quotient(self, a: Poly, b: Poly) -> Poly | None:
        """a / b where b is one term that divides every term of a; None otherwise (ExprError for b = 0)."""
        if not b:
            raise ExprError("division by zero")
        if len(b) != 1:
            return constant(1) if a == b else None
        ((divisor, number),) = b.items()
        result: Poly = {}
        for monomial, coefficient in a.items():
            powers = dict(monomial)
            for key, exponent in divisor:
                powers[key] = powers.get(key, 0) - exponent
            if coefficient % number or any(p < 0 for p in powers.values()):
                return None
            result[tuple(sorted((k, p) for k, p in powers.items() if p))] = coefficient // number
        return result

    def _mod(self, node: Expr, parts: list[Poly]) -> Poly:
        """a % b = a - b * (a // b)."""
        return plus(parts[0], scaled(self.times(parts[1], self._floordiv(node, parts)), -1))

    def _ceildiv(self, node: Expr, parts: list[Poly]) -> Poly:
        """ceil(a / b) = (a + b - 1) // b for b >= 1."""
        a, b = parts
        exact = self.exact_quotient(a, b)
        return exact if exact is not None else self._floordiv(node, [plus(a, b, constant(-1)), b])

    # -- max, min, flags, trunc -------------------------------------------------------------------------------------

    def _extreme(self, node: Expr, parts: list[Poly]) -> Poly:
        kept: list[Poly] = []
        for part in parts:
            if not any(self._beats(node.op, other, part) for other in kept):
                kept = [other for other in kept if not self._beats(node.op, part, other)]
                kept.append(part)
        if len(kept) == 1:
            return kept[0]
        check = any if node.op == "max" else all
        args = tuple(sorted((self.expr(p) for p in kept), key=natural))
        return self._atom(Expr(node.op, args), nonnegative=check(self.nonnegative(p) for p in kept))

    def _beats(self, op: str, a: Poly, b: Poly) -> bool:
        """Whether a >= b (for max) or a <= b (for min) can be proved."""
        return self.nonnegative(plus(a, scaled(b, -1)) if op == "max" else plus(b, scaled(a, -1)))

    def _flag(self, node: Expr, parts: list[Poly]) -> Poly:
        difference = plus(parts[0], scaled(parts[1], -1))
        if node.op == "le":
            difference = plus(difference, constant(-1))
        if node.op in ("lt", "le"):
            return self._below_zero(difference)
        zero = self._is_zero(difference)
        return zero if node.op == "eq" else plus(constant(1), scaled(zero, -1))

    def _below_zero(self, d: Poly) -> Poly:
        """[d < 0], with a positive leading coefficient: [d < 0] = 1 - [-d - 1 < 0]."""
        opposite = plus(scaled(d, -1), constant(-1))
        if self.nonnegative(d):
            return {}
        if self.nonnegative(opposite):
            return constant(1)
        if _leading(d) < 0:
            return plus(constant(1), scaled(self._below_zero(opposite), -1))
        content = _content(d)
        variable = {m: c // content for m, c in d.items() if m}
        limit = (-d.get(CONSTANT, 0) - 1) // content + 1
        return self._atom(Expr("lt", (self.expr(variable), limit)), flag=True)

    def _is_zero(self, d: Poly) -> Poly:
        number = as_int(d)
        if number is not None:
            return constant(int(number == 0))
        below = plus(scaled(d, -1), constant(-1))
        if self.nonnegative(below) or self.nonnegative(plus(d, constant(-1))):
            return {}
        d = scaled(d, -1) if _leading(d) < 0 else d
        content, rest = _content(d), d.get(CONSTANT, 0)
        if rest % content:
            return {}
        variable = {m: c // content for m, c in d.items() if m}
        return self._atom(Expr("eq", (self.expr(variable), -rest // content)), flag=True)

    def _trunc(self, node: Expr, parts: list[Poly]) -> Poly:
        number = as_int(parts[0])
        if number is not None:
            from nparams.expr.values import compute

            return constant(compute("trunc", (number,), node.label))
        known = self.nonnegative(parts[0]) and float(str(node.label)) >= 0
        return self._atom(Expr("trunc", (self.expr(parts[0]),), node.label), nonnegative=known)

    # -- sums -------------------------------------------------------------------------------------------------------

    def _sum(self, node: Expr) -> Poly:
        from nparams.expr.sums import canonical_sum

        return canonical_sum(self, node)

    # -- what is known, and the way back ----------------------------------------------------------------------------

    def nonnegative(self, p: Poly) -> bool:
        """Whether p >= 0 can be proved from the lower bounds of the symbols."""
        if any(self.lower.get(k) for m in p for k, _ in m):
            p = self._raised(p)
        return all(c >= 0 and all(self.atoms[k].nonnegative for k, _ in m) for m, c in p.items())

    def _raised(self, p: Poly) -> Poly:
        """p with every bounded symbol s written as s + its bound, so that s itself starts at 0."""
        result: Poly = {}
        for monomial, coefficient in p.items():
            term = constant(coefficient)
            for key, exponent in monomial:
                factor = plus({((key, 1),): 1}, constant(self.lower.get(key, 0)))
                term = self.times(term, self._integer_power(factor, exponent))
            result = plus(result, term)
        return result

    def expr(self, p: Poly) -> int | Expr:
        """The polynomial as an expression: highest degree first, then by name."""
        terms = [(m, c) for m, c in p.items() if c]
        terms.sort(key=lambda term: (-self.degree(term[0]), self._names(term[0])))
        return add(*(self._term(m, c) for m, c in terms)) if terms else 0

    def degree(self, monomial: Monomial) -> int:
        """The number of factors, a sum counting one more than its body."""
        return sum(exponent * self._weight(key) for key, exponent in monomial)

    def _weight(self, key: str) -> int:
        atom = self.atoms[key]
        if atom.flag:
            return 0
        if atom.sum is not None:
            body = atom.sum[1]
            return 1 + (len(body.args) if body.op == "mul" else 1)
        return 1

    def _names(self, monomial: Monomial) -> list[tuple[tuple[str, int], ...]]:
        return sorted(natural(key) for key, exponent in monomial for _ in range(min(exponent, 8)))

    def _term(self, monomial: Monomial, coefficient: int) -> int | Expr:
        ordered = sorted(monomial, key=lambda pair: (self.atoms[pair[0]].sum is not None, natural(pair[0])))
        return mul(coefficient, *(power(self.atoms[k].expr, e) for k, e in ordered))


class _Leaf(Expr):
    """A sum that must not be walked into: its index is its own."""

    __slots__ = ("held",)

    def __init__(self, held: Expr) -> None:
        super().__init__("leaf", (), None)
        self.held = held


def _sums_as_leaves(size: int | Expr) -> int | Expr:
    from nparams.expr.values import map_sums

    return map_sums(size, _Leaf)


RULES: Mapping[str, Callable[[Canonical, Expr, list[Poly]], Poly]] = {
    "idx": Canonical._index, "add": Canonical._add, "mul": Canonical._mul, "pow": Canonical._pow,
    "floordiv": Canonical._floordiv, "mod": Canonical._mod, "ceildiv": Canonical._ceildiv,
    "max": Canonical._extreme, "min": Canonical._extreme, "trunc": Canonical._trunc,
    **dict.fromkeys(FLAGS, Canonical._flag),
}  # fmt: skip


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


def _leading(p: Poly) -> int:
    return p[min((m for m in p if m), key=lambda m: (-sum(e for _, e in m), m))]


def _content(p: Poly) -> int:
    return gcd(*(c for m, c in p.items() if m))


def natural(key: object) -> tuple[tuple[str, int], ...]:
    """A sort key in which h2 comes before h10."""
    return tuple((text, int(digits or -1)) for text, digits in re.findall(r"(\D*)(\d{0,18})", str(key)) if text or digits)
