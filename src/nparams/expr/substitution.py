"""Values put into expressions: `substitute` folds what becomes a number, `replace_raw` leaves everything as written."""

from __future__ import annotations

from nparams.errors import ExprError
from nparams.expr.arithmetic import Work
from nparams.expr.nodes import Expr, add, build, check_number
from nparams.expr.values import entry
from nparams.expr.walk import check_nesting, cost_of_copy, fold, free_symbols, opened, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Values = Mapping[str, object]


def substitute(size: int | Expr, values: Values, work: Work | None = None) -> int | Expr:
    """`size` with values put in and integers folded; symbols without a value stay.

    A value is an int or an expression; for an indexed symbol, a list or {index: value}.  Sums whose range becomes
    plain numbers are written out.

    >>> from nparams.expr import parse
    >>> substitute(parse("sum(i=1..l, h[i-1]*h[i])"), {"l": 2})
    Expr('h0*h1 + h1*h2')
    """
    return size if isinstance(size, int) else _substituted(size, values, work or Work(), 0)


def _substituted(size: int | Expr, values: Values, work: Work, depth: int) -> int | Expr:
    check_nesting(depth)

    def combine(node: int | Expr, parts: list[int | Expr]) -> int | Expr:
        if isinstance(node, int):
            return node
        if node.op == "sym":
            return _replacement(node, values)
        if node.op == "idx":
            return _replaced_entry(node, parts[0], values)
        if node.op == "sum":
            return _substituted_sum(node, values, work, depth + 1)
        return build(node.op, tuple(parts), node.label)

    return fold(size, combine, into_sums=False)


def _substituted_sum(node: Expr, values: Values, work: Work, depth: int) -> int | Expr:
    first, last = (_substituted(a, values, work, depth) for a in node.args[:2])
    index, body = str(node.label), node.args[2]
    inner = {name: values[name] for name in free_symbols(body) if name != index and name in values}
    if isinstance(first, int) and isinstance(last, int):
        terms = work.span(first, last, cost_of_copy(body))
        return add(*[_substituted(body, {**inner, index: i}, work, depth) for i in terms])
    index, body = opened(node, frozenset().union(*map(_names_in, inner.values())))
    return Expr("sum", (first, last, _substituted(body, inner, work, depth)), index)


def _names_in(value: object) -> frozenset[str]:
    if isinstance(value, Expr):
        return free_symbols(value)
    held = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return frozenset().union(*map(_names_in, held))


def _replacement(node: Expr, values: Values) -> int | Expr:
    value = values.get(str(node.label), node)
    if isinstance(value, (list, tuple, dict)):
        raise ExprError(f"{node.label} needs one whole number, not a list")
    return value if isinstance(value, Expr) else check_number(value)


def _replaced_entry(node: Expr, index: int | Expr, values: Values) -> int | Expr:
    name = str(node.label)
    entries = values.get(name)
    missing = isinstance(entries, dict) and index not in entries
    if entries is None or missing or not isinstance(index, int):
        return Expr("idx", (index,), name)
    inside = isinstance(entries, dict) or (isinstance(entries, (list, tuple)) and 0 <= index < len(entries))
    value = entries[index] if inside else None  # type: ignore[index]
    return value if isinstance(value, Expr) else entry(name, index, entries)


def replace_raw(size: int | Expr, values: Mapping[str, int | Expr]) -> int | Expr:
    """`size` with symbols replaced and nothing folded: n_in*n_out + n_out becomes 784*16 + 16.

    >>> from nparams.expr import parse
    >>> str(replace_raw(parse("n_in*n_out + n_out"), {"n_in": 784, "n_out": 16}))
    '784*16 + 16'
    """
    return replaced(size, values)
