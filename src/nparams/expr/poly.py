"""The canonical form: an integer polynomial over atoms, in which equal expressions become the same dictionary.

A polynomial is {monomial: coefficient}; a monomial is a sorted tuple of (atom key, power).  An atom is whatever cannot
be multiplied out: a symbol, an entry h[i-1], a floor division, a maximum, a flag (0 or 1, so its powers collapse), a
sum over an index (shifted to start at 0, one for each product of things that depend on the index).

Symbols stand for sizes, so they are 0 or more (`lower` may say more: l >= 1); divisors are 1 or more, or the
expression has no value at all.
"""

from __future__ import annotations

from nparams.errors import WorkLimitError
from nparams.expr.arithmetic import work_out
from nparams.expr.nodes import Expr, add, bounded, mul, power
from nparams.expr.polynomial import CONSTANT, as_int, constant, plus
from nparams.expr.polynomial import natural as natural
from nparams.expr.walk import fold, free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.expr.polynomial import Monomial as Monomial
    from nparams.expr.polynomial import Poly as Poly

    Order = tuple[tuple[str, int], ...]

#: terms that one product may multiply out to
MAX_TERMS = 200_000
#: steps that one table may take: terms and factors handled, characters of names
MAX_WORK = 2_000_000
#: deep atoms have long keys, and are written out anew at every level
SHORT, LONG_KEY = 200, 20
#: comparison -> the one that holds where it does not, its sides swapped where they have an order
OPPOSITE = {"lt": "le", "eq": "ne"}
#: a bounded symbol is written as s + its bound up to this power
MAX_RAISED = 16


class Atom:
    """One indivisible factor: how it is shown, and what is known about it."""

    __slots__ = ("_free", "_order", "expr", "flag", "nonnegative", "options", "sum")

    def __init__(self, expr: Expr, *, flag: bool = False, nonnegative: bool = True, order: Order | None = None) -> None:
        self.expr = expr
        #: 0 or 1
        self.flag = flag
        self.nonnegative = nonnegative
        #: of a sum: (number of terms, body with its index starting at 0, that index)
        self.sum: tuple[Poly, Expr, str] | None = None
        #: of a max or min: what it is chosen from
        self.options: list[Poly] = []
        self._order = order
        self._free: frozenset[str] | None = None

    @property
    def free(self) -> frozenset[str]:
        """The names that the atom depends on."""
        if self._free is None:
            self._free = free_symbols(self.expr)
        return self._free

    @property
    def order(self) -> Order:
        """Where the atom stands among others: by name, h2 before h10, h[i-1] before h[i] before h[i+1]."""
        if self._order is None:
            self._order = natural(self.expr)
        return self._order


class Canonical:
    """Turns expressions into polynomials over one table of atoms."""

    def __init__(self, lower: Mapping[str, int] | None = None) -> None:
        self.atoms: dict[str, Atom] = {}
        self.lower = {name: least for name, least in (lower or {}).items() if least > 0}
        #: sums that are being worked on, one inside the other
        self.level = 0
        self._left = MAX_WORK

    def charge(self, steps: int) -> None:
        """Count work; WorkLimitError when it is too much."""
        self._left -= steps
        if self._left < 0:
            raise WorkLimitError("an expression that takes too long to multiply out")

    # -- building ---------------------------------------------------------------------------------------------------

    def poly(self, size: int | Expr) -> Poly:
        """The canonical polynomial of `size`."""
        return fold(size, self._combine, into_sums=False)

    def canonical(self, size: int | Expr) -> Poly:
        """The polynomial of `size` with adjoining sums merged: equal expressions give equal dictionaries."""
        from nparams.expr.merging import merged

        return merged(self, self.poly(size))

    def _combine(self, node: int | Expr, parts: list[Poly]) -> Poly:
        from nparams.expr.rules import RULES

        if isinstance(node, int):
            return constant(bounded(node))
        self.charge(1 + sum(map(len, parts)))
        return RULES[node.op](self, node, parts)

    def atom(self, expr: Expr, *, flag: bool = False, nonnegative: bool = True, order: Order | None = None) -> Poly:
        """The polynomial that is this one atom."""
        key = self._key(expr)
        if key not in self.atoms:
            self.charge(len(key) if len(key) < SHORT else LONG_KEY * len(key))
            self.atoms[key] = Atom(expr, flag=flag, nonnegative=nonnegative, order=order)
        return {((key, 1),): 1}

    def _key(self, expr: Expr) -> str:
        from nparams.expr.text import written

        if expr.op == "sym":
            return str(expr.label)
        return written(expr)

    # -- multiplying ------------------------------------------------------------------------------------------------

    def times(self, a: Poly, b: Poly) -> Poly:
        """The product; WorkLimitError beyond MAX_TERMS terms."""
        if len(a) * len(b) > MAX_TERMS:
            raise WorkLimitError(f"a product of {len(a) * len(b):,} terms: at most {MAX_TERMS:,} are multiplied out")
        self.charge(len(a) * sum(map(len, b)) + len(b) * sum(map(len, a)))
        result: Poly = {}
        for m, x in a.items():
            for n, y in b.items():
                key = self._join(m, n)
                result[key] = result.get(key, 0) + x * y
        bounded(max(result.values(), key=int.bit_length, default=0))
        return {m: c for m, c in result.items() if c}

    def _join(self, m: Monomial, n: Monomial) -> Monomial:
        if not m or not n:
            return m or n
        if m[-1][0] < n[0][0]:
            return m + n
        powers = dict(m)
        for key, exponent in n:
            powers[key] = 1 if self.atoms[key].flag else powers.get(key, 0) + exponent
        return tuple(sorted(powers.items()))

    def raised(self, base: Poly, exponent: int) -> Poly:
        """base ** exponent, for an exponent of 0 or more."""
        number = as_int(base)
        if number is not None:
            return constant(work_out("pow", [number, exponent], None))
        if exponent and len(base) == 1 and list(base.values()) == [1]:
            ((monomial, _),) = base.items()
            return {tuple([(k, 1 if self.atoms[k].flag else bounded(p * exponent)) for k, p in monomial]): 1}
        result = constant(1)
        for _ in range(exponent):
            self.charge(1)
            result = self.times(result, base)
        return result

    # -- what is known, and the way back ----------------------------------------------------------------------------

    def nonnegative(self, p: Poly) -> bool:
        """Whether p >= 0 can be proved from the lower bounds of the symbols."""
        if self._plainly(p):
            return True
        bounds = [(k, e) for m in p for k, e in m if k in self.lower]
        if not bounds or max(e for _, e in bounds) > MAX_RAISED:
            return False
        try:
            return self._plainly(self._from_bounds(p))
        except WorkLimitError:
            return False

    def _plainly(self, p: Poly) -> bool:
        return all(c >= 0 and all(self.atoms[k].nonnegative for k, _ in m) for m, c in p.items())

    def _from_bounds(self, p: Poly) -> Poly:
        """p with every bounded symbol s written as s + its bound, so that s itself starts at 0."""
        parts = []
        for monomial, coefficient in p.items():
            term = constant(coefficient)
            for key, exponent in monomial:
                if key in self.lower:
                    factor = self.raised({((key, 1),): 1, CONSTANT: self.lower[key]}, exponent)
                else:
                    factor = {((key, exponent),): 1}
                term = self.times(term, factor)
            parts.append(term)
        return plus(*parts)

    def expr(self, p: Poly) -> int | Expr:
        """The polynomial as an expression: highest degree first, then by name, but not what is taken away."""
        self.charge(len(p))
        terms = [(m, c) for m, c in p.items() if c]
        if len(terms) > 1:
            terms.sort(key=lambda term: (-self.degree(term[0]), self._names(term[0])))
            number = p.get(CONSTANT, 0)
            if len(terms) == 2 and number > 0 > sum(c for m, c in terms if m):
                return self._less(number, *next(term for term in terms if term[0]))
            if terms[0][1] < 0:
                k = next((k for k, (m, c) in enumerate(terms) if m and c > 0), 0)
                terms.insert(0, terms.pop(k))
        return add(*[self._term(m, c) for m, c in terms]) if terms else 0

    def _less(self, number: int, monomial: Monomial, coefficient: int) -> Expr:
        """A number less one term: what is not [a < b] is [b <= a]."""
        if number == -coefficient == 1 and len(monomial) == 1:
            flag = self.atoms[monomial[0][0]].expr
            if flag.op in OPPOSITE and monomial[0][1] == 1:
                return Expr(OPPOSITE[flag.op], flag.args[::-1] if flag.op == "lt" else flag.args)
        return Expr("add", (number, self._term(monomial, coefficient)))

    def degree(self, monomial: Monomial) -> int:
        """The number of factors, a sum counting one more than its body."""
        return sum([exponent * self._weight(key) for key, exponent in monomial])

    def _weight(self, key: str) -> int:
        atom = self.atoms[key]
        if atom.flag:
            return 0
        if atom.sum is not None:
            body = atom.sum[1]
            return 1 + (len(body.args) if body.op == "mul" else 1)
        return 1

    def _names(self, monomial: Monomial) -> list[Order]:
        return sorted([self.atoms[key].order for key, exponent in monomial for _ in range(min(exponent, 8))])

    def _term(self, monomial: Monomial, coefficient: int) -> int | Expr:
        ordered = sorted(monomial, key=lambda pair: (self.atoms[pair[0]].sum is not None, self.atoms[pair[0]].order))
        return mul(coefficient, *[power(self.atoms[k].expr, e) for k, e in ordered])
