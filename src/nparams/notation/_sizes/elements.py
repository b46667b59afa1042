"""Elements of a size list: a whole number, an expression (4*d), or a range of an indexed symbol (h0..hl)."""

from __future__ import annotations

import re

from nparams.errors import ExprError, NotationError, shown
from nparams.expr import Expr, add, indexed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

MAX_SIZES = 100_000
MAX_RANGE = 10_000
MAX_ELEMENT = 10_000
ENTRY = r"(?P<base>[^\W\d_]+?)(?:_?(?P<digits>\d+)|_?[\[({](?P<inner>.+)[\])}]|_?(?P<letter>[^\W\d_]))"
ABBREVIATED = r"(\d+)[kKmMbBgGtT]"


class Range:
    """The sizes base[first], base[first + 1], …, base[last], where last is not a plain number."""

    __slots__ = ("base", "first", "last")

    def __init__(self, base: str, first: Size, last: Size) -> None:
        self.base = base
        self.first = first
        self.last = last

    def at(self, index: Size) -> Expr:
        """The size at `index`."""
        return indexed(self.base, index)

    def __str__(self) -> str:
        return f"{end_of(self.base, self.first)}..{end_of(self.base, self.last)}"


def end_of(base: str, index: Size) -> str:
    """One end of a range as people write it: h0, hl, h[l+1]."""
    text = str(index)
    return f"{base}{text}" if text.isalnum() else f"{base}[{text.replace(' ', '')}]"


def elements(texts: list[str], source: str) -> list[Size | Range]:
    """Each element read, ranges closed up: h0, h1, .., hl is one range h0..hl."""
    if len(texts) > MAX_SIZES:
        raise NotationError(f"{len(texts):,} sizes: at most {MAX_SIZES:,} are read; write equal ones as h0..hl")
    found: list[Size | Range] = []
    read: dict[str, Size] = {}  # what was read already: long lists repeat themselves
    latest: Range | None = None
    place = 0
    while place < len(texts):
        text = texts[place]
        if text == "..":
            if not found or place + 1 >= len(texts):
                raise NotationError(f"{shown(source)}: '...' needs a size on both sides, such as h0-h1-...-hl")
            found.pop()
            made = _range(texts[place - 1], texts[place + 1], source)
            place += 2
        elif ".." in text:
            start, _, end = text.partition("..")
            made = _range(start.strip(), end.strip(), source)
            place += 1
        else:
            if text not in read or latest is not None:
                read[text] = _size(text, place + 1, source, latest)
            made = [read[text]]
            place += 1
        latest = next((part for part in made if isinstance(part, Range)), latest)
        found.extend(made)
    return _closed_up(found)


def _range(start: str, end: str, source: str) -> list[Size | Range]:
    """A range from its two ends; written out if both are plain numbers."""
    base, first = _entry(start, None, source)
    _, last = _entry(end, base, source)
    if isinstance(first, int) and isinstance(last, int):
        if last <= first or last - first > MAX_RANGE:
            raise NotationError(
                f"{shown(source)}: the range {start}..{end} does not run upwards to at most 10,000 sizes"
            )
        return [indexed(base, k) for k in range(first, last + 1)]
    return [Range(base, first, last)]


def _entry(text: str, base: str | None, source: str) -> tuple[str, Size]:
    """(h, l) for hl, h_l, h[l], h_{l} or h(l); the second end of a range must bear the first one's letter."""
    match = re.fullmatch(ENTRY, text)
    if match is None or (base is not None and match["base"] != base):
        other = "" if base is None else f" of the same letter as {base}"
        raise NotationError(
            f"{shown(source)}: {shown(text)} is no end of a range. "
            f"A range runs between indexed sizes{other}: h0..hl, h1-...-h5"
        )
    from nparams.expr import parse, substitute

    inner = match["digits"] or match["inner"] or match["letter"]
    try:
        return match["base"], substitute(parse(inner), {})
    except ExprError as error:
        raise NotationError(f"{shown(source)}: {error}") from None


def _size(text: str, place: int, source: str, latest: Range | None) -> Size:
    """One size: a whole number of 1 or more, or an expression in symbols."""
    if len(text) > MAX_ELEMENT:
        raise NotationError(f"size {place} has {len(text):,} characters; at most {MAX_ELEMENT:,} are read")
    if text.isdecimal() and text.isascii() and text[0] != "0" and len(text) < 1000:
        return int(text)
    from nparams.expr import parse, substitute

    if latest is not None and (match := re.fullmatch(ENTRY, text)) and match["base"] == latest.base:
        return indexed(*_entry(text, latest.base, source))
    _refuse_ambiguous(text, place, source)
    try:
        size = substitute(parse(text), {})
    except ExprError as error:
        raise NotationError(f"size {place}: {error}. Sizes are whole numbers or symbols: 784-16-10, d-4*d-d") from None
    if isinstance(size, int) and size < 1:
        raise NotationError(f"{shown(source)}: size {place} is {size}; a layer has at least 1 node")
    return size


def _refuse_ambiguous(text: str, place: int, source: str) -> None:
    """Readings that would silently be another number: 1,000 as 1 and 000; 16-10 inside a comma list; 1k."""
    if re.fullmatch(r"0\d+", text):
        raise NotationError(
            f"{shown(source)}: size {place} is {text}. A comma separates sizes; write 1000 or 1_000 for a thousand"
        )
    if re.fullmatch(r"\d+(\s*-\s*\d+)+", text):
        raise NotationError(
            f"{shown(source)}: {shown(text)} mixes two separators; write all sizes with commas, or all with dashes"
        )
    if match := re.fullmatch(ABBREVIATED, text):
        raise NotationError(f"{shown(source)}: size {place} is {text}; write the number out, such as {match[1]}000")
    if re.fullmatch(r"\d+( \d+)+", text):
        raise NotationError(f"{shown(source)}: {shown(text)} mixes two separators; write 784-16-10 or 784 16 10")


def _closed_up(parts: list[Size | Range]) -> list[Size | Range]:
    """h0, h1..hl is h0..hl: a size that continues a range belongs to it."""
    result: list[Size | Range] = []
    for part in parts:
        last = result[-1] if result else None
        if isinstance(last, Range) and _is_entry(part, last.base, add(last.last, 1)):
            result[-1] = Range(last.base, last.first, add(last.last, 1))
            continue
        if isinstance(part, Range):
            while result and _is_entry(result[-1], part.base, add(part.first, -1)):
                part = Range(part.base, add(part.first, -1), part.last)
                result.pop()
        result.append(part)
    return result


def _is_entry(part: Size | Range, base: str, index: Size) -> bool:
    if not isinstance(part, Expr) or part.op != "idx" or part.label != base:
        return False
    from nparams.expr import equal

    return equal(part.args[0], index)
