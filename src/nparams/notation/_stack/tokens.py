"""The words, numbers and shapes of one element of a layer list."""

from __future__ import annotations

import re

from nparams.errors import ExprError, NotationError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size

MAX_TOKENS = 80

#: a symbol that is surely meant as one: a letter, h0, d_model (a longer word is a word)
SYMBOL = r"[^\W\d_](?:\d+|_\w+)?"
SIDE = r"(?:\d+|[^\W\d_]\d*)"
TOKEN = re.compile(
    rf"""\s*(?:
      (?P<glued>[ksp]\d+(?:[xX×]\d+)+(?!\w))
    | (?P<shape>{SIDE}(?:[xX×]{SIDE})+(?!\w))
    | (?P<spaced>\d+(?:\s+[xX×]\s+\d+){{2,}}(?!\w))
    | (?P<rate>\d*+\.\d+(?:e-?\d+)?|\d++(?:\.\d*)?%|\d+e-?\d+(?!\w))
    | (?P<size>(?:\d+|{SYMBOL})(?:\s*(?:\*\*|//|[*+/^·])\s*(?:\d+|{SYMBOL}))+(?!\w))
    | (?P<rank>[123][dD](?![\w]))
    | (?P<paper>[cC]onv\d+-\d+(?!\w))
    | (?P<multiple>\d+[^\W\d_xX](?!\w))
    | (?P<number>\d+(?:_\d+)*(?!\w))
    | (?P<word>[^\W\d_][\w.]*(?:-(?!\d)[\w.]+)*)
    | (?P<joint>\d+[-\s]?[^\W\d_][\w-]*)
    | (?P<sign>[=:@×*&+,/'"<>!?%.~-])
    | (?P<bracket>[(\[{{])
    | (?P<close>[)\]}}])
    )""",
    re.VERBOSE,
)
NEGATIVE = re.compile(r"\s+[-−]\d[\w.]*")
QUIET = frozenset("@&,'\"+/.-")


class Token:
    """A piece of an element: kind is "size", "shape", "rate", "word" or "sign"; `text` as it stands there."""

    __slots__ = ("kind", "place", "text", "value")

    def __init__(self, kind: str, text: str, value: Any = None, place: int = 0) -> None:
        self.kind = kind
        self.text = text
        self.value = value
        #: which of the words and numbers of its layer it is
        self.place = place

    @property
    def word(self) -> str:
        """The word in small letters, without anything between: kernel_size is kernelsize."""
        return collapsed(self.text)

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.text!r})"


def collapsed(text: str) -> str:
    """A name as the tables of words hold it.

    >>> collapsed("Max-Pooling_2D")
    'maxpooling2d'
    """
    return "".join(c for c in text.lower() if c.isalnum())


def tokens(text: str) -> list[Token]:
    """The pieces of `text`; NotationError for a sign that belongs to no list of layers."""
    found: list[Token] = []
    at = brackets = 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if (negative := NEGATIVE.match(text, at)) is not None:
            raise NotationError(f"{negative[0].strip()} is no size: sizes are 1 or more")
        if match is None:
            raise NotationError(f"{shown(text[at:].strip()[:1])} does not belong in a list of layers")
        at = _taken(match, text, found)
        brackets += match.lastgroup == "bracket"
        if max(len(found), brackets) > MAX_TOKENS:
            raise NotationError(f"more than {MAX_TOKENS} words and numbers for one layer; divide layers with ;")
    return found


def _taken(match: re.Match[str], text: str, found: list[Token]) -> int:
    """Add what was matched; where to go on."""
    kind, piece = str(match.lastgroup), match[match.lastgroup or 0]
    if kind == "bracket":
        return _bracket(match, text, found)
    if kind == "paper":
        side, filters = piece[4:].split("-")
        raise NotationError(f"{piece} is how tables of papers write conv {filters} {side}x{side}")
    if kind == "multiple" and piece[-1] in "kKmMbBgGtT":
        raise NotationError(f"{piece} is no size; write the number out, such as {piece[:-1]}000")
    if kind == "multiple":  # 4d
        found.append(Token("size", piece, size_of(f"{piece[:-1]}*{piece[-1]}")))
        return match.end()
    if kind == "glued":  # k3x3
        found.append(Token("word", piece[0]))
        kind, piece = "shape", piece[1:]
    if kind in ("shape", "spaced"):
        found.append(Token("shape", piece, tuple(size_of(side) for side in re.split(r"\s*[xX×]\s*", piece))))
    elif kind in ("size", "number"):
        found.append(Token("size", piece, size_of(piece)))
    elif kind == "joint":  # 2-layer, 8heads, 12x
        number = re.match(r"\d+", piece)
        assert number is not None
        found.append(Token("size", number[0], size_of(number[0])))
        found.append(Token("word", piece[number.end() :].lstrip("- ")))
    elif kind == "rate":
        found.append(Token("rate", piece))
    elif kind == "rank":
        found.append(Token("word", piece))
    elif kind == "word":
        found.append(Token("word", piece.rstrip(".-")))
    elif kind == "sign" and piece not in QUIET:
        found.append(Token("sign", piece))
    return match.end()


def _bracket(match: re.Match[str], text: str, found: list[Token]) -> int:
    """(3, 3) is a shape, (4*d) a size; brackets around words are left out."""
    start = match.end()
    inner, end = _inside(text, start)
    sides = [side.strip() for side in inner.split(",") if side.strip()]
    if (
        sides
        and all(re.fullmatch(rf"(?:\d+|{SYMBOL})", side) for side in sides)
        and (len(sides) > 1 or sides[0].isdigit())
    ):
        found.append(Token("shape", f"({inner})", tuple(size_of(side) for side in sides)))
        return end
    if re.search(r"[*+/-]", inner) and re.fullmatch(r"[\w\s*+/()-]+", inner) and _is_size(inner):
        found.append(Token("size", f"({inner})", size_of(inner)))
        return end
    return start


def _inside(text: str, start: int) -> tuple[str, int]:
    depth = 1
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return text[start:place], place + 1
    return text[start:], len(text)


def _is_size(text: str) -> bool:
    return all(re.fullmatch(SYMBOL, word) for word in re.findall(r"[^\W\d]\w*", text))


def size_of(text: str) -> Size:
    """A whole number of 1 or more, or an expression in symbols.

    >>> size_of("32"), str(size_of("4*d"))
    (32, '4*d')
    """
    from nparams.expr import parse, substitute

    digits = text.replace("_", "")
    if digits.isdecimal() and digits.isascii():
        if len(digits) > 1 and digits[0] == "0":
            raise NotationError(f"{text} is no size; write {digits.lstrip('0') or '1 or more'}")
        if len(digits) > 1000:
            raise NotationError(f"a size of {len(digits):,} digits: at most 1,000 are read")
        return int(digits)
    try:
        return substitute(parse(re.sub(r"(?<!/)/(?!/)", "//", text)), {})
    except ExprError as error:
        raise NotationError(str(error)) from None
