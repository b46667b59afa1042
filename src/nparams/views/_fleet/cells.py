"""Text that fits: how many columns of a terminal it takes, cut where it takes too many, and aligned tables."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

from nparams.views._fleet.words import ANY_MODEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.views._fleet.tables import Section
    from nparams.views.look import Look

#: columns of text that a long cell keeps, however narrow the terminal is; that it has where there is no limit
LEAST, MOST = 16, 160
#: of the longest bar: at the least, or there is none, and at the most
LEAST_BAR, BAR = 4, 20
GAP = 2
#: kinds of columns that are cut where space is short
LONG = ("long", "words")


class Cells:
    """A column that is ready: its cells escaped, its width known."""

    __slots__ = ("cells", "kind", "name", "rank", "width")

    def __init__(self, name: str, cells: list[str], kind: str, rank: int) -> None:
        self.name = name
        self.cells = cells
        self.kind = kind
        self.rank = rank
        self.width = 0
        self.measure()

    def measure(self) -> None:
        """Take the width of the widest cell."""
        self.width = max(map(wide, (self.name, *self.cells)))

    def cut(self, width: int, look: Look) -> None:
        """Shorten the cells to a width."""
        cutter = ended if self.kind == "words" else shortened
        self.cells = [cutter(cell, width, look) for cell in self.cells]
        self.measure()


def wide(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for one that stands over another.

    >>> wide("llama"), wide("模型"), wide("e\\u0301")
    (5, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in text)


def shortened(text: str, width: int, look: Look) -> str:
    """A text of so many columns at most, its middle left out where it is longer: both ends of an address tell.

    But not the name of a file that any model has: that goes first.

    >>> from nparams.views.look import Look
    >>> shortened("hf://org/phi-4-quantized-4bit.gguf", 20, Look())
    'hf://org/…-4bit.gguf'
    >>> shortened("hf://org/phi-4/model.safetensors", 20, Look())
    'hf://org/phi-4/…'
    """
    if wide(text) <= width:
        return text
    mark = "…" if look.unicode else "..."
    folder, slash, name = text.rpartition("/")
    if slash and ANY_MODEL.match(name):
        text = f"{folder}/{mark}"
        if wide(text) <= width:
            return text
    room = max(0, width - len(mark))
    last, taken = "", 0
    for c in reversed(text):
        if taken + wide(c) > (room + 1) // 2:
            break
        last, taken = c + last, taken + wide(c)
    first, taken = "", wide(last)
    for c in text:
        if taken + wide(c) > room:
            break
        first, taken = first + c, taken + wide(c)
    return f"{first}{mark}{last}"


def ended(text: str, width: int, look: Look) -> str:
    """A text of so many columns at most, its end left out where it is longer.

    >>> from nparams.views.look import Look
    >>> ended("3 safetensors bfloat16, 2 gguf q4_K", 20, Look())
    '3 safetensors bfloa…'
    """
    if wide(text) <= width:
        return text
    mark = "…" if look.unicode else "..."
    kept = text[: max(0, width - len(mark))]
    while wide(kept) > width - len(mark):
        kept = kept[:-1]
    return kept + mark


def ready(section: Section, look: Look) -> list[Cells]:
    """The columns of a section that fit, long cells cut and then the least needed left out."""
    made = [
        Cells(look.text(column.name), [look.name(cell) for cell in column.cells], column.kind, column.rank)
        for column in section.columns
    ]
    made = [column for column in made if any(column.cells)]
    for column in made:
        if column.kind in LONG:
            column.cut(MOST, look)
    if look.width is not None:
        made = _fitted(made, look.width, look)
    return [*made, *_bars(section, made, look)]


def _bars(section: Section, made: list[Cells], look: Look) -> list[Cells]:
    """A column of bars, as long as there is room."""
    left = BAR if look.width is None else look.width - sum(column.width + GAP for column in made)
    length = min(BAR, left)
    if length < LEAST_BAR or not section.shares:
        return []
    bars = Cells("", [look.bar() * round(part * length) for part in section.shares], "bar", 0)
    return [bars] if any(bars.cells) else []


def _fitted(made: list[Cells], width: int, look: Look) -> list[Cells]:
    """Columns go while the long ones would have to be cut below LEAST; then what is left is shared among those."""
    while _least(made) > width and any(column.rank for column in made):
        made.remove(max(made, key=lambda column: column.rank))
    room = width - GAP * (len(made) - 1) - sum(column.width for column in made if column.kind not in LONG)
    long = sorted((column for column in made if column.kind in LONG), key=lambda column: column.width)
    for k, column in enumerate(long):
        column.cut(max(LEAST, room // (len(long) - k)), look)
        room -= column.width
    return made


def _least(made: list[Cells]) -> int:
    widths = (min(column.width, LEAST * 2) if column.kind in LONG else column.width for column in made)
    return sum(widths) + GAP * (len(made) - 1)


def plain(made: list[Cells]) -> list[str]:
    """The lines of an aligned table."""
    lines = [_line(made, [column.name for column in made])]
    return lines + [_line(made, [column.cells[k] for column in made]) for k in range(len(made[0].cells))]


def _line(made: list[Cells], cells: list[str]) -> str:
    padded = []
    for column, cell in zip(made, cells, strict=True):
        space = " " * (column.width - wide(cell))
        padded.append(space + cell if column.kind == "number" else cell + space)
    return (" " * GAP).join(padded).rstrip()
