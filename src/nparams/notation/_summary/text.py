"""Printed summaries as text: what every form shares (numbers, shapes, printed totals), and the rows that readers make.

Rounded numbers (`1.8 K`) are kept as what they are: text that no count can be made of.
"""

from __future__ import annotations

import re

from nparams.errors import NotationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Dims = tuple[int | None, ...]

MAX_TEXT = 4_000_000
MAX_ROWS = 200_000
#: digits of a count; longer runs of digits are no count
MAX_DIGITS = 30

COLOURS = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
#: how each line of a comment or a quotation begins
QUOTES = ("#", "//", ">")
#: spaces in a row that are kept
WIDEST = 200
WIDE, BLANK = re.compile(rf" {{{WIDEST},}}"), re.compile(r"\n{3,}")
COUNT = re.compile(r"\d[\d,]{0,39}+")
#: a size in a shape as Keras, TF.js, torch and JAX print it
DIMENSION = r"(?:None|null|NULL|NA|\?|-?\d{1,18}+)"
ROUNDED = re.compile(r"[\d.,]{1,20}+\s?[KMBTkmbt]\b|\d[\d.]*e\+?\d+")
TOTALS = re.compile(
    r"(?<![\w-])(total|trainable|non[- ]?trainable|optimizer)\s+(?:number\s+of\s+)?param(?:eter)?s?"
    r"(?:\s+count)?\s*[:=#|┃│]?\s{0,20}([\d][\d,.]{0,40}+(?:\s?[KMBT]\b|e\+\d+)?)",
    re.I,
)


class Row:
    """One printed row.  `count` is None where no exact number is printed; `rounded` holds what is, if anything.

    `out` and `takes` are shapes without the batch.  `tensors`: (name, shape, role) where the row itself names arrays.
    """

    __slots__ = (
        "children", "count", "depth", "inputs", "kernel", "name", "note", "out", "own", "recursive", "rounded",
        "takes", "tensors", "trainable", "type", "unbuilt",
    )  # fmt: skip

    def __init__(self, name: str, type: str | None, count: int | None, depth: int = 0) -> None:
        self.name = name
        self.type = type
        self.count = count
        self.depth = depth
        #: what stands in this row and in none below it (settled when rows are made a tree)
        self.own = count
        self.out: Dims | None = None
        self.takes: Dims | None = None
        self.kernel: Dims | None = None
        self.inputs: list[str] = []
        self.tensors: list[tuple[str, tuple[int, ...], str]] = []
        self.children: list[Row] = []
        self.rounded = ""
        #: the layer was printed before
        self.recursive = False
        self.unbuilt = False
        self.trainable: bool | None = None
        self.note = ""


class Printed:
    """Totals as they are printed below the rows."""

    __slots__ = ("optimizer", "rounded", "total", "trainable", "untrained")

    def __init__(self) -> None:
        self.total: int | None = None
        self.trainable: int | None = None
        self.untrained: int | None = None
        self.optimizer: int | None = None
        self.rounded: dict[str, str] = {}

    @property
    def parameters(self) -> int | None:
        """The printed total without the optimizer's variables, which Keras adds once they exist."""
        if self.total is not None and self.optimizer:
            return self.total - self.optimizer
        if self.total is None and self.trainable is not None and self.untrained is not None:
            return self.trainable + self.untrained
        return self.total


class Summary:
    """What a reader made of a text.

    `family`: whose layers the rows are: keras, torch or flax.  `flows`: whether a row takes what the row before it
    sends (True), perhaps (None), or whether rows say themselves (False).  `sums`: a row counts what is below it too.
    """

    def __init__(self, form: str, family: str, rows: list[Row], printed: Printed, **rest: bool | None) -> None:
        self.form = form
        self.family = family
        self.rows = rows
        #: rows that stand in no other (settled when rows are made a tree)
        self.roots: list[Row] = rows
        self.printed = printed
        self.flows: bool | None = rest.get("flows")
        self.sums = bool(rest.get("sums"))
        #: rows are of Keras 3 or TF 2, whose GRU has two vectors of biases a gate
        self.recent = bool(rest.get("recent"))
        #: lines between rows were left out by hand (...)
        self.cut = False
        self.title = ""
        self.notes: list[str] = []
        self.also: dict[str, int] = {}
        if len(rows) > MAX_ROWS:
            raise NotationError(f"more than {MAX_ROWS:,} rows; paste a part of the summary")


def cleaned(text: str) -> str:
    """Text without colours, with plain spaces and line ends, and no run of them so long that it costs time."""
    if len(text) > MAX_TEXT:
        raise NotationError(f"the text has {len(text):,} characters; at most {MAX_TEXT:,} are read")
    if "\x1b" in text:
        text = COLOURS.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace("\t", "    ")
    lines = [line.rstrip() for line in text.split("\n")]
    quoted = sum(line.startswith(QUOTES) for line in lines)
    if quoted > 1 and 3 * quoted > 2 * sum(map(bool, lines)):  # a comment of some code, or a mail
        lines = [line.lstrip("#>/") for line in lines]
    text = "\n".join(lines)
    return BLANK.sub("\n\n", WIDE.sub(" " * WIDEST, text))


def number(text: str) -> int | None:
    """The integer that stands there, with or without commas; None where it is none.

    >>> number("7,850"), number("7850"), number("1.8 K"), number("--")
    (7850, 7850, None, None)
    """
    text = text.strip().strip("()").replace(",", "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS else None


def dims(text: str) -> Dims:
    """The sizes in a printed shape, None for what is open.

    >>> dims("(None, 26, 26, 64)"), dims("[-1, 64, 8, 8]")
    ((None, 26, 26, 64), (None, 64, 8, 8))
    """
    found = re.findall(DIMENSION, text)
    return tuple(int(d) if d.isdecimal() else None for d in found)


def printed_totals(text: str) -> Printed:
    """The totals that are printed anywhere in a text; the first of each kind."""
    found = Printed()
    for match in TOTALS.finditer(text):
        said = re.sub(r"[ -]", "", match[1].lower())
        what = {"total": "total", "trainable": "trainable", "optimizer": "optimizer"}.get(said, "untrained")
        value = number(match[2].rstrip(".,"))
        if value is None:
            found.rounded.setdefault(what, match[2])
        elif getattr(found, what) is None:
            setattr(found, what, value)
    return found


def suffixed(name: str, used: dict[str, int]) -> str:
    """The name, told apart from an equal one that is there already."""
    while True:
        times = used[name] = used.get(name, 0) + 1
        if times == 1:
            return name
        name = f"{name}#{times}"
