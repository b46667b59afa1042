"""Quotients that a condition makes whole: where h % a = 0, (h//a)*a is h."""

from __future__ import annotations

from nparams.errors import ExprError
from nparams.expr import Expr
from nparams.expr.poly import Canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.expr import Size
    from nparams.expr.polynomial import Poly

    #: (key of the quotient, key of the divisor or the number that it is, what is divided)
    Rule = tuple[str, str | int, Poly]


class Whole:
    """Puts what is divided for quotient times divisor, where conditions say that nothing is left over."""

    def __init__(self, conditions: Iterable[Expr]) -> None:
        self.table = Canonical()
        self.rules: list[Rule] = []
        for condition in conditions:
            left, right = condition.args
            if condition.op == "eq" and right == 0 and isinstance(left, Expr) and left.op == "mod":
                self._learn(*left.args)

    def _learn(self, over: Size, under: Size) -> None:
        quotient = _atom(self.table.poly(Expr("floordiv", (over, under))))
        divisor = under if isinstance(under, int) else _atom(self.table.poly(under))
        if quotient is not None and divisor is not None:
            self.rules.append((quotient, divisor, self.table.poly(over)))

    def __call__(self, size: Size) -> Size:
        """The size without such quotients."""
        if not self.rules or not isinstance(size, Expr):
            return size
        try:
            p = self.table.poly(size)
            for rule in self.rules:
                p = self._applied(p, rule)
            return self.table.expr(p)
        except (ExprError, KeyError):
            return size

    def _applied(self, p: Poly, rule: Rule) -> Poly:
        quotient, divisor, whole = rule
        found: Poly = {}
        for monomial, coefficient in p.items():
            powers = dict(monomial)
            times, rest = 0, coefficient
            while powers.get(quotient, 0) > 0 and _divides(divisor, powers, rest):
                powers[quotient] -= 1
                if isinstance(divisor, int):
                    rest //= divisor
                else:
                    powers[divisor] -= 1
                times += 1
            left = tuple((k, powers[k]) for k, _ in monomial if powers[k])
            term = self.table.times({left: rest}, self.table.raised(whole, times))
            for m, c in term.items():
                found[m] = found.get(m, 0) + c
        return {m: c for m, c in found.items() if c}


def _divides(divisor: str | int, powers: dict[str, int], coefficient: int) -> bool:
    return coefficient % divisor == 0 if isinstance(divisor, int) else powers.get(divisor, 0) > 0


def _atom(p: Poly) -> str | None:
    """The one atom that a polynomial is."""
    monomial = next(iter(p)) if len(p) == 1 else ()
    return monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 and p[monomial] == 1 else None
