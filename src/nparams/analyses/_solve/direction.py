"""Whether an expression can only rise, or only fall, as one symbol grows: decided from its tree, never by trying."""

from __future__ import annotations

from nparams.expr import Expr, free_symbols
from nparams.expr.walk import fold

#: how the value goes as the symbol grows
STAYS, RISES, FALLS, UNKNOWN = 0, 1, -1, 2


def direction(size: int | Expr, name: str) -> int:
    """How `size` goes as the symbol `name` grows from 0 upwards, all other symbols being 0 or more.

    >>> from nparams.expr import parse
    >>> direction(parse("d*d + 4*d//3"), "d"), direction(parse("[d < 5]"), "d"), direction(parse("d % 4"), "d")
    (1, -1, 2)
    """
    if isinstance(size, int):
        return STAYS

    def combine(node: int | Expr, parts: list[tuple[int, bool]]) -> tuple[int, bool]:
        if isinstance(node, int):
            return STAYS, node >= 0
        if node.op == "sum":
            return _of_sum(node, name)
        known = all(nonnegative for _, nonnegative in parts)
        if node.op in ("sym", "idx"):
            return (RISES if node.label == name else UNKNOWN if name in free_symbols(node) else STAYS), True
        return _of(node, [way for way, _ in parts], [nonnegative for _, nonnegative in parts]), _sure(node, known)

    return fold(size, combine, into_sums=False)[0]


def _sure(node: Expr, known: bool) -> bool:
    """Whether the value is never below 0."""
    return node.op in ("lt", "le", "eq", "ne", "mod") or (known and (node.op != "trunc" or float(str(node.label)) >= 0))


def together(ways: list[int]) -> int:
    """The direction of a sum of values that go `ways`."""
    moving = {way for way in ways if way != STAYS}
    return STAYS if not moving else moving.pop() if len(moving) == 1 else UNKNOWN


def _of(node: Expr, ways: list[int], nonnegative: list[bool]) -> int:
    if all(way == STAYS for way in ways):
        return STAYS
    if node.op in ("add", "max", "min"):
        return together(ways)
    if node.op == "mul":
        return _of_product(node, ways, nonnegative)
    if node.op in ("floordiv", "ceildiv"):
        return ways[0] if ways[1] == STAYS else together([ways[0], -ways[1] if nonnegative[0] else UNKNOWN])
    if node.op == "pow":
        return ways[0] if ways[1] == STAYS and nonnegative[0] else UNKNOWN
    if node.op == "trunc":
        return ways[0] if float(str(node.label)) >= 0 else UNKNOWN
    if node.op in ("lt", "le"):
        return together([_turned(ways[0]), ways[1]])
    return UNKNOWN


def _of_product(node: Expr, ways: list[int], nonnegative: list[bool]) -> int:
    """Of factors that are all 0 or more the common direction; one plain number below 0 turns it round."""
    signs = [a for a in node.args if isinstance(a, int) and a < 0]
    rest = [sure for a, sure in zip(node.args, nonnegative, strict=True) if not isinstance(a, int)]
    if not all(rest):
        return ways[[way != STAYS for way in ways].index(True)] if _lone(node, ways) and not signs else UNKNOWN
    way = together(ways)
    return _turned(way) if len(signs) % 2 else way


def _lone(node: Expr, ways: list[int]) -> bool:
    """One factor moves, and all others are plain numbers of 0 or more."""
    return sum(way != STAYS for way in ways) == 1 and all(
        isinstance(a, int) and a >= 0 for a, way in zip(node.args, ways, strict=True) if way == STAYS
    )


def _turned(way: int) -> int:
    return way if way in (STAYS, UNKNOWN) else -way


def _of_sum(node: Expr, name: str) -> tuple[int, bool]:
    """A sum over an index: it rises with its last index where its terms are never below 0, and with its terms."""
    first, last, body = (direction(a, name) for a in node.args)
    if name == node.label:
        body = STAYS
    sure = _never_negative(node.args[2])
    return together([UNKNOWN if first != STAYS else STAYS, last if sure else (UNKNOWN if last else STAYS), body]), sure


def _never_negative(size: int | Expr) -> bool:
    """Whether a sum's body cannot be below 0: no number below 0 stands in it, but for indices and comparisons."""

    def combine(node: int | Expr, parts: list[bool]) -> bool:
        if isinstance(node, int):
            return node >= 0
        return node.op in ("sym", "idx", "lt", "le", "eq", "ne", "mod") or all(parts)

    return fold(size, combine)
