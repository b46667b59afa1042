"""Expression to text: plain, Unicode, LaTeX, HTML or MathML.  The first two parse back to an equal expression."""

from __future__ import annotations

from nparams.errors import WorkLimitError
from nparams.expr.nodes import Expr
from nparams.expr.styles import SIGNS, STYLES, TIGHT, Style, Tight
from nparams.expr.walk import fold, free_symbols, fresh, names_of, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.expr.styles import Rope

#: characters that one rendering may have
MAX_TEXT = 5_000_000

# How tightly a piece of text binds.  OPEN: it ends in a Σ, whose body would swallow a following factor.
SUM, OPEN, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5


class Piece:
    """Text of a subtree (a rope, joined at the end), how tightly it binds, and whether a minus stands before it."""

    __slots__ = ("binds", "minus", "rope")

    def __init__(self, rope: Rope, binds: int, *, minus: bool = False) -> None:
        self.rope = rope
        self.binds = binds
        self.minus = minus

    def whole(self, style: Style) -> Rope:
        """The text with its sign."""
        return (style.sign, self.rope) if self.minus else self.rope

    def bracketed(self, needed: int, style: Style) -> Rope:
        """The text as an operand of something that binds as tightly as `needed`."""
        return style.opened(self.whole(style)) if self.minus or self.binds < needed else self.rope


def render(size: int | Expr, style: str = "text") -> str:
    """`size` in the style "text", "unicode", "latex", or, for people only, "grouped" (with commas), "html", "mathml".

    >>> from nparams.expr import parse
    >>> e = parse("sum(i=1..l, (h[i-1] + 1)*h[i])")
    >>> render(e, "unicode")
    'Σ_{i=1..l} (h_{i-1} + 1)·h_i'
    >>> print(render(e, "latex"))
    \\sum_{i=1}^{l} \\left(h_{i-1} + 1\\right) \\cdot h_{i}
    """
    if isinstance(size, int):
        return STYLES[style]().number(size)
    size = _unmistakable(size)
    return _rendered(size, STYLES[style](frozenset() if style in ("text", "latex", "mathml") else free_symbols(size)))


def written(size: Expr) -> str:
    """`size` in the plain style exactly as it stands: equal texts mean equal trees."""
    return _rendered(size, STYLES["text"]())


def _rendered(size: int | Expr, style: Style) -> str:
    return _joined(fold(size, lambda node, parts: _piece(node, parts, style)).whole(style))


def _joined(rope: Rope) -> str:
    """The pieces of a rope in one text, without recursion; inside a Tight no spaces around signs."""
    found: list[str] = []
    length = 0
    stack: list[tuple[Rope, bool]] = [(rope, False)]
    while stack:
        part, tight = stack.pop()
        if isinstance(part, str):
            found.append(TIGHT.get(part, part) if tight else part)
            length += len(part)
            if length > MAX_TEXT:
                raise WorkLimitError(f"an expression of more than {MAX_TEXT:,} characters: too long to write out")
        else:
            inner = tight or isinstance(part, Tight)
            stack.extend([(p, inner) for p in reversed(part)])
    return "".join(found)


def _unmistakable(size: Expr) -> Expr:
    """`size` with the index i of a sum renamed where a symbol is called h_i, which would read as h[i]."""
    symbols, indices = names_of(size)
    confused = indices & {name.rpartition("_")[2] for name in symbols if "_" in name[1:]}
    if not confused:
        return size
    taken = symbols | indices | free_symbols(size)
    taken |= {name.rpartition("_")[2] for name in symbols}

    def combine(node: int | Expr, parts: list[int | Expr]) -> int | Expr:
        if isinstance(node, int):
            return node
        if node.op != "sum" or node.label not in confused:
            return Expr(node.op, tuple(parts), node.label)
        index = fresh(taken)
        return Expr("sum", (*parts[:2], replaced(parts[2], {str(node.label): Expr("sym", (), index)})), index)

    result = fold(size, combine)
    assert isinstance(result, Expr)
    return result


# -- one node -------------------------------------------------------------------------------------------------------


def _piece(node: int | Expr, parts: list[Piece], style: Style) -> Piece:
    if isinstance(node, int):
        return Piece(style.number(abs(node)), ATOM if node >= 0 else PRODUCT, minus=node < 0)
    return WRITERS[node.op](node, parts, style)


def _symbol(node: Expr, parts: list[Piece], style: Style) -> Piece:
    return Piece(style.name(str(node.label)), ATOM)


def _entry(node: Expr, parts: list[Piece], style: Style) -> Piece:
    return Piece(style.entry(str(node.label), node.args[0], parts[0].whole(style)), ATOM)


def _sum_of_terms(node: Expr, parts: list[Piece], style: Style) -> Piece:
    rope: list[Rope] = [parts[0].rope]
    for part in parts[1:]:
        rope += (style.less if part.minus else style.plus, part.rope)
    return Piece(tuple(rope), SUM, minus=parts[0].minus)


def _product(node: Expr, parts: list[Piece], style: Style) -> Piece:
    first = node.args[0]
    minus = isinstance(first, int) and first < 0
    if first == -1 and len(parts) > 1:
        parts = parts[1:]
    elif minus:
        parts = [Piece(parts[0].rope, ATOM), *parts[1:]]
    rope: list[Rope] = []
    for k, part in enumerate(parts):
        last = k == len(parts) - 1
        rope += (
            style.times,
            part.bracketed(OPEN if last and part.binds == OPEN else POWER if k or minus else PRODUCT, style),
        )
    return Piece(tuple(rope[1:]), OPEN if parts[-1].binds == OPEN and not parts[-1].minus else PRODUCT, minus=minus)


def _power(node: Expr, parts: list[Piece], style: Style) -> Piece:
    base, exponent = parts[0].bracketed(ATOM, style), parts[1]
    return Piece(style.power(base, node.args[1], exponent.whole(style), exponent.bracketed(ATOM, style)), POWER)


def _division(node: Expr, parts: list[Piece], style: Style) -> Piece:
    if node.op == "ceildiv" or (node.op == "floordiv" and style.barred):
        over, under = (parts[0].whole(style), parts[1].whole(style))
        if style.slashed:  # ⌊(a + b)/c⌋
            over, under = parts[0].bracketed(PRODUCT, style), parts[1].bracketed(POWER, style)
        return Piece(style.division(node.op, over, under), ATOM)
    return Piece(style.division(node.op, parts[0].bracketed(PRODUCT, style), parts[1].bracketed(POWER, style)), PRODUCT)


def _flag(node: Expr, parts: list[Piece], style: Style) -> Piece:
    return Piece(style.flag(SIGNS[node.op], parts[0].whole(style), parts[1].whole(style)), ATOM)


def _total(node: Expr, parts: list[Piece], style: Style) -> Piece:
    body = parts[2].bracketed(OPEN, style) if style.barred else parts[2].whole(style)
    rope = style.total(str(node.label), parts[0].whole(style), parts[1].whole(style), body)
    return Piece(rope, OPEN if style.barred else ATOM)


def _call(node: Expr, parts: list[Piece], style: Style) -> Piece:
    return Piece(style.call(node.op, [p.whole(style) for p in parts]), ATOM)


def _trunc(node: Expr, parts: list[Piece], style: Style) -> Piece:
    factors = (style.decimal(repr(node.label)), style.times, parts[0].bracketed(ATOM, style))
    return Piece(style.call("trunc", [factors]), ATOM)


WRITERS: dict[str, Callable[[Expr, list[Piece], Style], Piece]] = {
    "sym": _symbol, "idx": _entry, "add": _sum_of_terms, "mul": _product, "pow": _power, "floordiv": _division,
    "mod": _division, "ceildiv": _division, "sum": _total, "max": _call, "min": _call, "trunc": _trunc,
    **dict.fromkeys(SIGNS, _flag),
}  # fmt: skip
