"""Tables in boxes: rich's (Keras 3, Flax, Lightning), and Markdown's; also where a paste lost its line ends."""

from __future__ import annotations

import re

from nparams.notation._summary.text import Row, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: a line between rows, wherever it stands
BETWEEN = re.compile(r"[┏┡├└╭╰┌][━─┳╇┼┴┬═╪╈╋┻]{2,}+[┓┩┤┘╮╯┐┃│]?")
#: cells between two lines of a table; more are none
MOST_CELLS = 2_000
ASCII = re.compile(r"^\s*\+(?:[-=]{2,}\+)+\s*$", re.M)
BARS = re.compile(r"[│┃]")


class Cell:
    """The lines of one cell: rich breaks them at spaces and cuts longer words off (…)."""

    __slots__ = ("lines",)

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    @property
    def words(self) -> str:
        """The cell as one line; what was cut off ends in … there."""
        return " ".join(" ".join(self.lines).split())

    @property
    def joined(self) -> str:
        """The cell without any spaces: numbers and shapes."""
        return "".join("".join(self.lines).split())


def records(text: str) -> list[list[Cell]]:
    """The rows of the boxes in a text, each as its cells; [] where there are none."""
    if "│" in text or "┃" in text:
        return _drawn(text)
    if ASCII.search(text):
        return _between_rules(text)
    return [[Cell([cell]) for cell in cells] for cells in _markdown(text)]


def _drawn(text: str) -> list[list[Cell]]:
    parts = BETWEEN.split(text)
    if len(parts) == 1:
        lines = [BARS.split(line)[1:-1] for line in text.split("\n")]
        return [[Cell([c]) for c in cells] for cells in lines if 1 < len(cells) <= MOST_CELLS]
    found = []
    for part in parts:
        cells = BARS.split(part)[1:-1]
        if not cells or len(cells) > MOST_CELLS:
            continue
        if "\n" in part.strip():
            lines = [BARS.split(line.strip())[1:-1] for line in part.split("\n") if BARS.search(line)]
        else:
            lines = [cells]
        found += _stacked(lines)
    return found


def _stacked(lines: list[list[str]]) -> list[list[Cell]]:
    """The lines between two rules as one row."""
    width = max(map(len, lines), default=0)
    lines = [line for line in lines if len(line) == width]
    return [[Cell([line[k] for line in lines]) for k in range(width)]] if lines else []


def _between_rules(text: str) -> list[list[Cell]]:
    found = []
    for part in ASCII.split(text):
        lines = [line.strip().strip("|").split("|") for line in part.split("\n") if line.strip().startswith("|")]
        found += _stacked(lines) if _wrapped(lines) else [[Cell([c]) for c in line] for line in lines]
    return found


def _wrapped(lines: list[list[str]]) -> bool:
    """Whether lines under each other are one row (tabulate's grid) rather than rows (prettytable)."""
    return len(lines) > 1 and any(not cells[-1].strip() for cells in lines[1:])


def _markdown(text: str) -> Iterator[list[str]]:
    for line in text.split("\n"):
        line = line.strip()
        if line.count("|") >= 3 and line.startswith("|") and not re.fullmatch(r"[|\s:\-=+]+", line):
            yield line.strip("|").split("|")


# -- Keras ------------------------------------------------------------------------------------------------------------

LINK = re.compile(r"[\w./:…]+\[?[\d\]\[…]*")
PARAMS, SHAPE, LINKS, TRAINED = "param", "shape", "connected", "train"


def boxed(text: str) -> Iterator[Row]:
    """The rows of a Keras summary in a box or in Markdown."""
    found = records(text)
    columns = _columns(found)
    for cells in found:
        row = _row(cells, columns)
        if row is not None:
            yield row


def _columns(found: list[list[Cell]]) -> dict[str, int]:
    """Which column holds what, by the header; Keras's own order without one."""
    for cells in found[:5]:
        titles = [cell.words.lower() for cell in cells]
        if any(PARAMS in title for title in titles):
            held = {
                what: [k for k, title in enumerate(titles) if what in title] for what in (SHAPE, LINKS, TRAINED, PARAMS)
            }
            return {what: places[0] for what, places in held.items() if places}
    return {SHAPE: 1, PARAMS: 2, LINKS: 3, TRAINED: 4}


def _row(cells: list[Cell], columns: dict[str, int]) -> Row | None:
    from nparams.notation._summary.keras import depth_of, named, shapes

    at = columns.get(PARAMS, 2)
    if at >= len(cells):
        return None
    said = cells[at].joined
    count = number(said.partition("(")[0])
    if count is None:
        return None
    title = cells[0].words.strip("`* ")
    front = cells[0].lines[0].partition("└")[0] + "└" if "└" in title else ""
    name, kind = named(title.lstrip("└| ").strip())
    if not name or (kind is None and columns.get(SHAPE) is None):
        return None
    row = Row(name, kind, count, depth_of(front[1:] if front.startswith(" ") else front))
    row.unbuilt = "(unbuilt" in said
    place = columns.get(SHAPE, 1)
    if place < len(cells):
        if not any(c in cells[place].joined for c in "([?") and cells[place].joined != "multiple":
            return None
        shapes(row, cells[place].joined)
    if (place := columns.get(LINKS, 99)) < len(cells):
        row.inputs = [found for link in LINK.findall(cells[place].words) if (found := link.partition("[")[0])]
    if (place := columns.get(TRAINED, 99)) < len(cells) and cells[place].joined in ("Y", "N"):
        row.trainable = cells[place].joined == "Y"
    return row
