"""An expression in one symbol for many values of it at once: operation by operation on whole lists, so that a value
costs a few additions and no walk over the tree."""

from __future__ import annotations

from operator import add, eq, floordiv, le, lt, mod, mul, ne

from nparams.errors import ExprError
from nparams.expr import Expr, evaluate
from nparams.expr.nodes import FLAGS
from nparams.expr.walk import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: what is done entry by entry; max and min are Python's own
PAIRS: dict[str, Callable[[int, int], int]] = {
    "add": add, "mul": mul, "floordiv": floordiv, "mod": mod, "lt": lt, "le": le, "eq": eq, "ne": ne, "max": max,
    "min": min, "ceildiv": lambda a, b: -(-a // b),
}  # fmt: skip
DIVISIONS = frozenset(("floordiv", "mod", "ceildiv"))


def column(size: int | Expr, name: str, count: int) -> list[int]:
    """The values of `size` for name = 0 .. count - 1; ExprError where one of them has none.

    >>> from nparams.expr import parse
    >>> column(parse("t % 3 + 2*t"), "t", 5)
    [0, 3, 6, 6, 9]
    """
    if not isinstance(size, Expr) or not _is_plain(size):
        return [evaluate(size, {name: t}) for t in range(count)]

    def combine(node: int | Expr, parts: list[list[int]]) -> list[int]:
        if isinstance(node, int):
            return [node] * count
        if node.op == "sym":
            return list(range(count))
        return _combined(node.op, parts)

    return fold(size, combine)


def _is_plain(size: Expr) -> bool:
    """Whether every operation is one of pairs; powers, sums over an index and floats are worked out one by one."""
    return bool(
        fold(size, lambda node, parts: all(parts) and (isinstance(node, int) or node.op == "sym" or node.op in PAIRS))
    )


def _combined(op: str, parts: Iterable[list[int]]) -> list[int]:
    first, *others = parts
    if op in DIVISIONS and min(others[0], default=1) < 1:
        raise ExprError("division by a number below 1")
    for other in others:
        first = list(map(PAIRS[op], first, other))
    return list(map(int, first)) if op in FLAGS else first
