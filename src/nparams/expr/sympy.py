"""An expression as a sympy object (extra `sympy`)."""

from __future__ import annotations

from nparams.errors import UsageError
from nparams.expr.nodes import Expr, fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_sympy(size: int | Expr) -> Any:
    """`size` as a sympy expression in whole, non-negative symbols; h[i] becomes Indexed, a flag a Piecewise.

    Raises UsageError when sympy is not installed.
    """
    try:
        import sympy
    except ImportError:
        raise UsageError("this needs sympy: pip install 'nparams[sympy]'") from None
    return fold(size, lambda node, parts: _convert(sympy, node, parts))


def _convert(sympy: Any, node: int | Expr, parts: list[Any]) -> Any:
    if isinstance(node, int):
        return sympy.Integer(node)
    if node.op == "sym":
        return sympy.Symbol(str(node.label), integer=True, nonnegative=True)
    if node.op == "idx":
        return sympy.IndexedBase(str(node.label), integer=True, nonnegative=True)[parts[0]]
    if node.op == "sum":
        index = sympy.Symbol(str(node.label), integer=True, nonnegative=True)
        return sympy.Sum(parts[2], (index, parts[0], parts[1]))
    return RULES[node.op](sympy, node, parts)


RULES: dict[str, Any] = {
    "add": lambda s, n, p: s.Add(*p),
    "mul": lambda s, n, p: s.Mul(*p),
    "pow": lambda s, n, p: s.Pow(*p),
    "floordiv": lambda s, n, p: s.floor(p[0] / p[1]),
    "ceildiv": lambda s, n, p: s.ceiling(p[0] / p[1]),
    "mod": lambda s, n, p: s.Mod(*p),
    "max": lambda s, n, p: s.Max(*p),
    "min": lambda s, n, p: s.Min(*p),
    "trunc": lambda s, n, p: s.floor(s.Rational(n.label) * p[0]),
    "lt": lambda s, n, p: s.Piecewise((1, p[0] < p[1]), (0, True)),
    "le": lambda s, n, p: s.Piecewise((1, p[0] <= p[1]), (0, True)),
    "eq": lambda s, n, p: s.Piecewise((1, s.Eq(*p)), (0, True)),
    "ne": lambda s, n, p: s.Piecewise((1, s.Ne(*p)), (0, True)),
}
