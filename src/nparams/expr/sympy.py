"""An expression as a sympy object (extra `sympy`)."""

from __future__ import annotations

from functools import cache

from nparams.errors import UsageError
from nparams.expr.nodes import Expr, add, mul
from nparams.expr.walk import check_nesting, fold, free_symbols, fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_sympy(size: int | Expr) -> Any:
    """`size` as a sympy expression in whole, non-negative symbols; h[i] becomes Indexed, a flag a Piecewise.

    The index of a sum is a whole number that may be negative.  A sum that may run backwards is a Piecewise, because
    sympy subtracts such a sum and here it is 0.  Raises UsageError when sympy is not installed.
    """
    try:
        import sympy
    except ImportError:
        raise UsageError("this needs sympy: pip install 'nparams[sympy]'") from None
    return _converted(sympy, size, {}, 0)


def _converted(sympy: Any, size: int | Expr, bound: dict[str, Any], depth: int) -> Any:
    check_nesting(depth)

    def combine(node: int | Expr, parts: list[Any]) -> Any:
        if isinstance(node, int):
            return sympy.Integer(node)
        if node.op == "sym":
            return bound.get(str(node.label)) or sympy.Symbol(str(node.label), integer=True, nonnegative=True)
        if node.op == "idx":
            return sympy.IndexedBase(str(node.label), integer=True, nonnegative=True)[parts[0]]
        if node.op == "sum":
            return _total(sympy, node, bound, depth + 1)
        return RULES[node.op](sympy, node, parts)

    return fold(size, combine, into_sums=False)


def _total(sympy: Any, node: Expr, bound: dict[str, Any], depth: int) -> Any:
    from nparams.expr.poly import Canonical

    label, (low, high, inside) = str(node.label), node.args
    first, last = (_converted(sympy, a, bound, depth) for a in (low, high))
    taken = {s.name for s in bound.values()} | free_symbols(node)
    index = sympy.Symbol(label if label not in taken else fresh(taken), integer=True)
    body = _converted(sympy, inside, {**bound, label: index}, depth)
    total = sympy.Sum(body, (index, first, last))
    table = Canonical()
    forwards = not bound and table.nonnegative(table.poly(add(high, mul(-1, low), 1)))
    return total if forwards else sympy.Piecewise((total, first <= last), (0, True))


@cache
def _truncated(sympy: Any) -> Any:
    """The product with a double as Python rounds it: worked out once its operand is a number."""

    class Trunc(sympy.Function):  # type: ignore[misc]
        is_integer = True

        @classmethod
        def eval(cls, factor: Any, value: Any) -> Any:
            from nparams.expr.arithmetic import compute

            if value.is_Integer and factor.is_Float:
                return sympy.Integer(compute("trunc", (int(value),), float(factor)))
            return None

    Trunc.__name__ = "trunc"
    return Trunc


RULES: dict[str, Any] = {
    "add": lambda s, n, p: s.Add(*p),
    "mul": lambda s, n, p: s.Mul(*p),
    "pow": lambda s, n, p: s.Pow(*p),
    "floordiv": lambda s, n, p: s.floor(p[0] / p[1]),
    "ceildiv": lambda s, n, p: s.ceiling(p[0] / p[1]),
    "mod": lambda s, n, p: s.Mod(*p),
    "max": lambda s, n, p: s.Max(*p),
    "min": lambda s, n, p: s.Min(*p),
    "trunc": lambda s, n, p: _truncated(s)(s.Float(n.label, 17), p[0]),
    "lt": lambda s, n, p: s.Piecewise((1, p[0] < p[1]), (0, True)),
    "le": lambda s, n, p: s.Piecewise((1, p[0] <= p[1]), (0, True)),
    "eq": lambda s, n, p: s.Piecewise((1, s.Eq(*p)), (0, True)),
    "ne": lambda s, n, p: s.Piecewise((1, s.Ne(*p)), (0, True)),
}
