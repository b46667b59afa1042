"""Expression to text: plain, Unicode or LaTeX.  The first two parse back to an equal expression."""

from __future__ import annotations

from nparams.expr.nodes import Expr, fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# How tightly a piece of text binds.  OPEN: it ends in a Σ, whose body would swallow a following factor.
SUM, OPEN, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
Piece = tuple[str, int]  # text and how tightly it binds


class Style:
    """How one notation writes each thing."""

    def __init__(self, **how: Callable[..., str]) -> None:
        self.how = how

    def __call__(self, what: str, *parts: object) -> str:
        return self.how[what](*parts)


def _latex_name(name: str) -> str:
    stem, _, tail = name.partition("_")
    word = stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    return word if not tail else rf"{word}_{{\mathrm{{{tail.replace('_', ', ')}}}}}"


def _latex_entry(name: str, index: str) -> str:
    return rf"{{{_latex_name(name)}}}_{{{index}}}" if "_" in name else f"{_latex_name(name)}_{{{index}}}"


def _unicode_entry(name: str, index: str) -> str:
    return f"{name}_{index}" if index.isalpha() else f"{name}_{{{index}}}"


STYLES = {
    "text": Style(
        int=str, sym=str, idx=lambda n, i: f"{n}[{i}]", times=lambda: "*",
        pow=lambda b, e: f"{b}**{e}", floordiv=lambda a, b: f"{a}//{b}", mod=lambda a, b: f"{a}%{b}",
        ceildiv=lambda a, b: f"ceildiv({a}, {b})", call=lambda f, *a: f"{f}({', '.join(a)})",
        flag=lambda sign, a, b: f"[{a}{sign}{b}]", sum=lambda i, a, b, body: f"sum({i}={a}..{b}, {body})",
        open=lambda s: f"({s})",
    ),
    "unicode": Style(
        int=str, sym=str, idx=_unicode_entry, times=lambda: "·",
        pow=lambda b, e: f"{b}{e.translate(SUPERSCRIPTS)}" if e.isdigit() else f"{b}^{e}",
        floordiv=lambda a, b: f"⌊{a}/{b}⌋", mod=lambda a, b: f"{a}%{b}",
        ceildiv=lambda a, b: f"⌈{a}/{b}⌉", call=lambda f, *a: f"{f}({', '.join(a)})",
        flag=lambda sign, a, b: f"[{a}{ {'<=': '≤', '!=': '≠', '==': '='}.get(sign, sign)}{b}]",
        sum=lambda i, a, b, body: f"Σ_{{{i}={a}..{b}}} {body}", open=lambda s: f"({s})",
    ),
    "latex": Style(
        int=str, sym=_latex_name, idx=_latex_entry, times=lambda: r" \cdot ",
        pow=lambda b, e: f"{b}^{{{e}}}", floordiv=lambda a, b: rf"\left\lfloor \frac{{{a}}}{{{b}}} \right\rfloor",
        mod=lambda a, b: rf"{a} \bmod {b}", ceildiv=lambda a, b: rf"\left\lceil \frac{{{a}}}{{{b}}} \right\rceil",
        call=lambda f, *a: (rf"\{f}" if f in ("max", "min") else rf"\operatorname{{{f}}}") + rf"\left({', '.join(a)}\right)",
        flag=lambda sign, a, b: rf"[{a} { {'<=': chr(92) + 'le', '!=': chr(92) + 'ne', '==': '='}.get(sign, sign)} {b}]",
        sum=lambda i, a, b, body: rf"\sum_{{{i}={a}}}^{{{b}}} {body}", open=lambda s: rf"\left({s}\right)",
    ),
}  # fmt: skip
STYLES["grouped"] = Style(**{**STYLES["unicode"].how, "int": lambda n: f"{n:,}"})

SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
#: styles that draw a division with a bar or corners, so that nothing around it needs brackets
BARRED = frozenset(("unicode", "grouped", "latex"))


def render(size: int | Expr, style: str = "text") -> str:
    """`size` in the style "text", "unicode", "latex", or "grouped" (Unicode with commas in numbers, for people only).

    >>> from nparams.expr import parse
    >>> e = parse("sum(i=1..l, (h[i-1] + 1)*h[i])")
    >>> render(e, "unicode")
    'Σ_{i=1..l} (h_{i-1} + 1)·h_i'
    >>> print(render(e, "latex"))
    \\sum_{i=1}^{l} \\left(h_{i-1} + 1\\right) \\cdot h_{i}
    """
    return fold(size, lambda node, parts: _piece(node, parts, style))[0]


def _piece(node: int | Expr, parts: list[Piece], name: str) -> Piece:
    style = STYLES[name]
    if isinstance(node, int):
        text = style("int", node)
        return text, ATOM if node >= 0 else SUM
    if node.op in ("sym", "idx"):
        return _symbol(node, parts, style)
    if node.op == "add":
        return _sum_text(parts), SUM
    if node.op == "mul":
        return _product_text(node, parts, style)
    if node.op == "pow":
        exponent = style("open", parts[1][0]) if parts[1][1] < ATOM and name != "latex" else parts[1][0]
        return style("pow", _bracketed(parts[0], ATOM, style), exponent), POWER
    if node.op in ("floordiv", "mod", "ceildiv"):
        return _division(node.op, parts, style, name)
    if node.op in SIGNS:
        return style("flag", SIGNS[node.op], parts[0][0], parts[1][0]), ATOM
    if node.op == "sum":
        body = parts[2][0] if name == "text" else _bracketed(parts[2], PRODUCT, style)
        first, last = (text.replace(" ", "") if name != "latex" else text for text, _ in parts[:2])
        return style("sum", node.label, first, last, body), ATOM if name == "text" else OPEN
    if node.op == "trunc":
        inner = _bracketed(parts[0], ATOM, style)
        return style("call", "trunc", f"{node.label!r}{style('times')}{inner}"), ATOM
    return style("call", node.op, *(text for text, _ in parts)), ATOM


def _symbol(node: Expr, parts: list[Piece], style: Style) -> Piece:
    if node.op == "sym":
        return style("sym", node.label), ATOM
    index = node.args[0]
    label = str(node.label)
    if isinstance(index, int) and index >= 0 and label[-1:].isalpha() and style is not STYLES["latex"]:
        return f"{label}{index}", ATOM
    return style("idx", label, parts[0][0].replace(" ", "")), ATOM


def _bracketed(piece: Piece, needed: int, style: Style) -> str:
    return piece[0] if piece[1] >= needed else style("open", piece[0])


def _sum_text(parts: list[Piece]) -> str:
    text = parts[0][0]
    for term, _ in parts[1:]:
        text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return text


def _product_text(node: Expr, parts: list[Piece], style: Style) -> Piece:
    sign = ""
    if node.args[0] == -1 and len(parts) > 1:
        sign, parts = "-", parts[1:]
    texts = [_factor_text(k, piece, len(parts) - 1, style) for k, piece in enumerate(parts)]
    ends_open = parts[-1][1] == OPEN
    return sign + style("times").join(texts), SUM if sign else OPEN if ends_open else PRODUCT


def _factor_text(k: int, piece: Piece, last: int, style: Style) -> str:
    text, binds = piece
    if (k == 0 and (binds >= PRODUCT or text.lstrip("-").isdigit())) or (k == last and binds == OPEN):
        return text
    return _bracketed(piece, POWER, style)


def _division(op: str, parts: list[Piece], style: Style, name: str) -> Piece:
    if op == "ceildiv" or (op == "floordiv" and name in BARRED):
        return style(op, parts[0][0], parts[1][0]), ATOM
    return style(op, _bracketed(parts[0], PRODUCT, style), _bracketed(parts[1], POWER, style)), PRODUCT
