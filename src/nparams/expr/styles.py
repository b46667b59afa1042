"""How each notation writes a name, an entry, a power, a division, a flag and a sum."""

from __future__ import annotations

from nparams.errors import escaped
from nparams.expr.nodes import Expr, bounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    Rope = str | tuple["Rope", ...]  # text, or pieces of text that are joined at the end

SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TIGHT = {" + ": "+", " - ": "-", ", ": ","}


class Tight(tuple["Rope", ...]):
    """Pieces that are written without spaces around + and -: an index, the ends of a range."""

    __slots__ = ()


class Style:
    """The plain style; the others differ in what they override.

    `free`: the names that are not indices of sums (h_i is only written where i is one).
    """

    times = "*"
    #: draws a division with a bar or corners, and a sum as Σ with its body after it
    barred = False
    #: whether a division stands on one line, so that a sum in it needs brackets
    slashed = False
    #: what stands between terms, before a negative number, and between the values of a function
    plus, less, sign, comma = " + ", " - ", "-", ", "

    def __init__(self, free: frozenset[str] = frozenset()) -> None:
        self.free = free

    def number(self, value: int) -> str:
        """An integer in digits."""
        return str(bounded(value))

    def decimal(self, value: str) -> str:
        """The double that a trunc multiplies by."""
        return value

    def name(self, name: str) -> str:
        """A symbol."""
        return name

    def entry(self, name: str, index: int | Expr, text: Rope) -> Rope:
        """An entry of an indexed symbol: h0, h[i-1]."""
        if isinstance(index, int) and index >= 0 and name[-1:].isalpha():
            return f"{name}{text}"
        return self.indexed(name, index, text)

    def indexed(self, name: str, index: int | Expr, text: Rope) -> Rope:
        """An entry that is not just a name and a number."""
        return (name, "[", Tight((text,)), "]")

    def power(self, base: Rope, exponent: int | Expr, whole: Rope, bracketed: Rope) -> Rope:
        """base to the exponent, whose text is given bare and bracketed."""
        return (base, "**", bracketed)

    def division(self, op: str, a: Rope, b: Rope) -> Rope:
        """floordiv, ceildiv and mod."""
        return ("ceildiv(", a, ", ", b, ")") if op == "ceildiv" else (a, "//" if op == "floordiv" else "%", b)

    def flag(self, sign: str, a: Rope, b: Rope) -> Rope:
        """A comparison that is 0 or 1."""
        return ("[", a, sign, b, "]")

    def total(self, index: str, first: Rope, last: Rope, body: Rope) -> Rope:
        """A sum over an index."""
        return ("sum(", index, "=", Tight((first,)), "..", Tight((last,)), ", ", body, ")")

    def call(self, name: str, args: list[Rope]) -> Rope:
        """A function."""
        return (f"{name}(", *_between(self.comma, args), ")")

    def opened(self, text: Rope) -> Rope:
        """Brackets."""
        return ("(", text, ")")


def _between(comma: str, parts: list[Rope]) -> list[Rope]:
    spaced = [piece for part in parts for piece in (comma, part)]
    return spaced[1:]


class Unicode(Style):
    """·, ², ⌊ ⌋ and Σ."""

    times = "·"
    barred = True
    slashed = True

    def indexed(self, name: str, index: int | Expr, text: Rope) -> Rope:
        bound = isinstance(index, Expr) and index.op == "sym" and index.label not in self.free
        if bound and not name.endswith("_"):
            return (f"{name}_", text)
        return (f"{name}_{{", Tight((text,)), "}")

    def power(self, base: Rope, exponent: int | Expr, whole: Rope, bracketed: Rope) -> Rope:
        if isinstance(exponent, int) and exponent >= 0:
            return (base, str(bounded(exponent)).translate(SUPERSCRIPTS))
        return (base, "^", bracketed)

    def division(self, op: str, a: Rope, b: Rope) -> Rope:
        if op == "mod":
            return (a, "%", b)
        return ("⌊", a, "/", b, "⌋") if op == "floordiv" else ("⌈", a, "/", b, "⌉")

    def flag(self, sign: str, a: Rope, b: Rope) -> Rope:
        return ("[", a, {"<=": "≤", "!=": "≠", "==": "="}.get(sign, sign), b, "]")

    def total(self, index: str, first: Rope, last: Rope, body: Rope) -> Rope:
        return (f"Σ_{{{index}=", Tight((first,)), "..", Tight((last,)), "} ", body)


class Grouped(Unicode):
    """Unicode with commas in numbers: for people, it does not parse back."""

    def number(self, value: int) -> str:
        return f"{bounded(value):,}"

    def entry(self, name: str, index: int | Expr, text: Rope) -> Rope:
        if isinstance(index, int) and index >= 0 and name[-1:].isalpha():
            return f"{name}{index}"
        return super().indexed(name, index, text)


class Latex(Style):
    """LaTeX with amsmath."""

    times = r" \cdot "
    barred = True

    def name(self, name: str) -> str:
        stem, tail = _latex_parts(name)
        return f"{stem}_{{{tail}}}" if tail else stem

    def entry(self, name: str, index: int | Expr, text: Rope) -> Rope:
        stem, tail = _latex_parts(name)
        return (f"{stem}_{{{tail}, " if tail else f"{stem}_{{", Tight((text,)), "}")

    def power(self, base: Rope, exponent: int | Expr, whole: Rope, bracketed: Rope) -> Rope:
        return (base, "^{", whole, "}")

    def division(self, op: str, a: Rope, b: Rope) -> Rope:
        if op == "mod":
            return (a, r" \bmod ", b)
        side = "floor" if op == "floordiv" else "ceil"
        return (rf"\left\l{side} \frac{{", a, "}{", b, rf"}} \right\r{side}")

    def flag(self, sign: str, a: Rope, b: Rope) -> Rope:
        return ("[", a, " ", {"<=": r"\le", "!=": r"\ne", "==": "="}.get(sign, sign), " ", b, "]")

    def total(self, index: str, first: Rope, last: Rope, body: Rope) -> Rope:
        return (rf"\sum_{{{self.name(index)}=", first, "}^{", last, "} ", body)

    def call(self, name: str, args: list[Rope]) -> Rope:
        word = rf"\{name}" if name in ("max", "min") else rf"\operatorname{{{name}}}"
        return (rf"{word}\left(", *_between(", ", args), r"\right)")

    def opened(self, text: Rope) -> Rope:
        return (r"\left(", text, r"\right)")


class Html(Unicode):
    """Unicode with markup: names in italics, indices below.  Powers stay characters, so that a copied text has them."""

    def name(self, name: str) -> str:
        stem, _, tail = name.partition("_")
        if "_" in name and not (stem and tail.strip("_")):
            stem, tail = name, ""
        below = f"<sub>{_safe(tail.replace('_', ', '))}</sub>" if tail else ""
        return f"{_html_word(stem)}{below}"

    def entry(self, name: str, index: int | Expr, text: Rope) -> Rope:
        return (self.name(name), "<sub>", Tight((text,)), "</sub>")

    def flag(self, sign: str, a: Rope, b: Rope) -> Rope:
        return ("[", a, {"<": "&lt;", "<=": "≤", "!=": "≠", "==": "="}[sign], b, "]")

    def total(self, index: str, first: Rope, last: Rope, body: Rope) -> Rope:
        return ("Σ<sub>", self.name(index), "=", Tight((first,)), "..", Tight((last,)), "</sub> ", body)


class MathMl(Style):
    """MathML Core, with commas in numbers: for people.  What binds as an atom is one element, as its places ask."""

    times = "<mo>·</mo>"
    plus, less, sign, comma = "<mo>+</mo>", "<mo>−</mo>", '<mo form="prefix">−</mo>', "<mo>,</mo>"
    barred = True

    def number(self, value: int) -> str:
        return f"{self.sign if value < 0 else ''}<mn>{abs(bounded(value)):,}</mn>"

    def decimal(self, value: str) -> str:
        return f"{self.sign if value.startswith('-') else ''}<mn>{value.removeprefix('-')}</mn>"

    def name(self, name: str) -> str:
        stem, below = _math_parts(name)
        return f"<msub>{stem}{below}</msub>" if below else stem

    def entry(self, name: str, index: int | Expr, text: Rope) -> Rope:
        stem, below = _math_parts(name)
        if isinstance(index, int) and index >= 0:  # an index is a name, not an amount: without commas
            text = f"<mn>{bounded(index)}</mn>"
        return ("<msub>", stem, _row((below, self.comma, text) if below else text), "</msub>")

    def power(self, base: Rope, exponent: int | Expr, whole: Rope, bracketed: Rope) -> Rope:
        return ("<msup>", base, _row(whole), "</msup>")

    def division(self, op: str, a: Rope, b: Rope) -> Rope:
        if op == "mod":
            return (a, "<mo>mod</mo>", b)
        left, right = "⌊⌋" if op == "floordiv" else "⌈⌉"
        return _fenced(left, ("<mfrac>", _row(a), _row(b), "</mfrac>"), right)

    def flag(self, sign: str, a: Rope, b: Rope) -> Rope:
        drawn = {"<": "&lt;", "<=": "≤", "!=": "≠", "==": "="}[sign]
        return _fenced("[", (a, f"<mo>{drawn}</mo>", b), "]")

    def total(self, index: str, first: Rope, last: Rope, body: Rope) -> Rope:
        below = (self.name(index), "<mo>=</mo>", first)
        return ("<munderover><mo>∑</mo>", _row(below), _row(last), "</munderover>", body)

    def call(self, name: str, args: list[Rope]) -> Rope:
        return ("<mrow>", f"<mi>{name}</mi>", self.opened(tuple(_between(self.comma, args))), "</mrow>")

    def opened(self, text: Rope) -> Rope:
        return _fenced("(", text, ")")


def _row(rope: Rope) -> Rope:
    """Several elements as one: what stands in a fraction, above or below."""
    return rope if isinstance(rope, str) else ("<mrow>", rope, "</mrow>")  # a text is a number or a name


def _fenced(left: str, rope: Rope, right: str) -> Rope:
    return (f"<mrow><mo>{left}</mo>", rope, f"<mo>{right}</mo></mrow>")


def _math_parts(name: str) -> tuple[str, str]:
    """A name and what stands below it: n_in, h1, num_heads; a word of several letters stands upright by itself."""
    stem, _, tail = name.partition("_")
    if "_" in name and not (stem and tail.strip("_")):
        return f"<mi>{_safe(name)}</mi>", ""
    letters = stem.rstrip("0123456789")
    short = len(letters) == 1 and letters.isalpha()
    below = [part for part in (stem[1:] if short else "", *tail.split("_")) if part]
    kind = "mn" if short and below == [stem[1:]] else "mi"
    beneath = f"<{kind}>{_safe(', '.join(below))}</{kind}>" if below else ""
    return f"<mi>{_safe(letters if short else stem)}</mi>", beneath


def _html_word(word: str) -> str:
    """A single letter in italics, its number below: h1; a word upright."""
    letters = word.rstrip("0123456789")
    digits = word[len(letters) :]
    if len(letters) == 1 and letters.isalpha():
        return f"<i>{letters}</i>{f'<sub>{digits}</sub>' if digits else ''}"
    return _safe(word)


def _safe(text: str) -> str:
    """Text of a stranger's: nothing in it is markup, and what cannot be seen is written out."""
    text = escaped(text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#x27;")


def _latex_parts(name: str) -> tuple[str, str]:
    r"""n_in is n with the index \mathrm{in}; a word of several letters stands upright."""
    stem, _, tail = name.partition("_")
    if "_" in name and not (stem and tail.strip("_")):
        return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}", ""
    return _latex_word(stem), ", ".join(_latex_word(part) for part in tail.split("_") if part)


def _latex_word(word: str) -> str:
    return word if len(word) == 1 else rf"\mathrm{{{word}}}"


STYLES: dict[str, type[Style]] = {
    "text": Style, "unicode": Unicode, "grouped": Grouped, "latex": Latex, "html": Html, "mathml": MathMl,
}  # fmt: skip
