"""Keras's model.summary(): Keras 1 and 2 (underscores), Keras 3 (boxes), Markdown, pastes that lost their lines.

Source: keras/src/utils/summary_utils.py (Keras 3); tensorflow/python/keras/utils/layer_utils.py, print_summary (Keras
2: cells that are too long are cut, or go on in the next line); tfjs-layers/src/utils/layer_utils.ts.  Outside boxes a
row is found by its shape and the number behind it, wherever lines end: pastes from the web often have none.
"""

from __future__ import annotations

import re

from nparams.notation._summary.text import COUNT, DIMENSION, Row, Summary, dims, number, printed_totals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: a word of a printed shape: (None, / 26, / 64)] / {'a':
SIZED = re.compile(rf"""[\[\](){{}},]*+(?:'\w*':)?+(?:{DIMENSION}[\[\](){{}},]*+)*+""")
#: words of a printed shape; longer ones are none
MOST_WORDS = 200
UNKNOWN = ("multiple", "?", "unknown")
CONNECTION = re.compile(r"\[?['\"]?[\w./:\-]+\[\d+\](?:\[\d+\]){1,2}(?:\[\{\}\])?['\"]?[,\])]*")
RULE = re.compile(r"[_=\-¯─━]{3,}")
HEADER = re.compile(r"Param\s*#|Connected\s+to|Receives\s+inputs?")
NAME = re.compile(r"(.*?)\s*\(\s*([\w.<>…]*)(?:\s*\))?\s*$", re.S)
FOOT = re.compile(r"(?:Total|Trainable|Non-trainable|Optimizer)\s+params", re.I)
ELLIPSIS = re.compile(r"^[\s|│.…:⋮]*(?:\.\.\.|…|⋮|\[\.\.\.\])[\s|│.…]*$", re.M)
LEVEL = 3  # spaces before a nested row of Keras 3


def rows_of(text: str) -> Summary | None:
    """The summary in `text`, None where no row of one is found."""
    from nparams.notation._summary.boxes import boxed

    rows = list(boxed(text)) or list(scanned(text))
    if not rows:
        return None
    linked = any(row.inputs for row in rows)
    summary = Summary(
        "Keras summary", "keras", rows, printed_totals(text), flows=False if linked else _chained(rows),
        recent="━" in text or bool(re.search(r"^ Layer \(type\)", text, re.M)), sums=True,
    )  # fmt: skip
    summary.cut = bool(ELLIPSIS.search(text))
    found = re.search(r'Model:\s*"([^"\n]{1,100})"', text)
    summary.title = found[1] if found else ""
    return summary


def _chained(rows: list[Row]) -> bool | None:
    """Rows of a Sequential follow each other; those of a class with open shapes need not."""
    return True if all(row.out is not None for row in rows) else None


# -- plain text -------------------------------------------------------------------------------------------------------


class Found:
    """A shape and a count: the words from `start` to `end`."""

    __slots__ = ("count", "end", "shapes", "start", "unbuilt")

    def __init__(self, start: int, end: int, shapes: list[str], count: int, unbuilt: bool) -> None:
        self.start, self.end, self.shapes, self.count, self.unbuilt = start, end, shapes, count, unbuilt


def scanned(text: str) -> Iterator[Row]:
    """Rows of plain text, in order."""
    last: Row | None = None
    after = 0
    for found in _shapes_with_counts(text):
        between = text[after : found.start]
        rest, name = _divided(between, first=last is None)
        if last is not None:
            _go_on(last, rest)
        after = found.end
        row = _row(name, found)
        if row is not None:
            if last is not None:
                yield _settled(last)
            last = row
    if last is not None:
        tail = text[after:]
        end = FOOT.search(tail)
        _go_on(last, tail[: end.start()] if end else tail.split("\n\n")[0])
        yield _settled(last)


def _shapes_with_counts(text: str) -> Iterator[Found]:
    words = [(m.group(), m.start(), m.end()) for m in re.finditer(r"[^\s;]+", text)]
    i, n = 0, len(words)
    while i < n:
        word = words[i][0]
        cut = (
            word in "([{" and i + 1 < n and words[i + 1][0][0] in "([{"
        )  # a name that goes on in the next line: add_1 (
        if cut or (word[0] not in "([{" and word not in UNKNOWN):
            i += 1
            continue
        found, i = _at(words, i)
        if found is not None:
            yield found


def _at(words: list[tuple[str, int, int]], i: int) -> tuple[Found | None, int]:
    """The shape that begins at word i with its count, if there are such; and the word to go on with."""
    first = words[i][0]
    j = i + 1 if first in UNKNOWN else _end_of_shape(words, i)
    shapes = [word for word, _, _ in words[i:j]]
    if len(shapes) > 1 and not _is_count(words, j) and COUNT.fullmatch(shapes[-1]):
        j -= 1  # a shape that was cut at a comma took the count for a size
        shapes.pop()
    count = number(words[j][0]) if shapes and _is_count(words, j) else None
    if count is None or shapes in (["("], ["["]):
        return None, max(j, i + 1)
    end, unbuilt = words[j][2], False
    if j + 1 < len(words) and words[j + 1][0].startswith(("(unb", "(unu")):
        j += 1
        end, unbuilt = words[j][2], words[j][0].startswith("(unb")
    return Found(words[i][1], end, shapes, count, unbuilt), j + 1


def _end_of_shape(words: list[tuple[str, int, int]], i: int) -> int:
    """The word after a shape: (None, 26, 26, 64) ends with its bracket, [(None, 8), ... at a word without one."""
    j = i
    while j < len(words) and j - i < MOST_WORDS and SIZED.fullmatch(words[j][0]):
        before, opens = words[j - 1][0], words[j][0][0] in "([{"
        if j > i and not opens and (before.endswith(("),", "],")) or not before.endswith((",", "(", "[", ":"))):
            break
        j += 1
    return j


def _is_count(words: list[tuple[str, int, int]], j: int) -> bool:
    return j < len(words) and COUNT.fullmatch(words[j][0]) is not None


def _divided(between: str, *, first: bool) -> tuple[str, str]:
    """What belongs to the row before, and the name of the next."""
    if first and (heads := list(HEADER.finditer(between))):
        between = between[heads[-1].end() :]
    lines = between.rstrip().split("\n")
    if len(lines) > 1:
        return "\n".join(lines[:-1]), lines[-1]
    parts = RULE.split(between)
    rest, name = " ".join(parts[:-1]), parts[-1]
    words = name.split()
    k = 0
    while k < len(words) and (CONNECTION.fullmatch(words[k]) or words[k] in ("Y", "N", "-", "[]", ";", "and")):
        k += 1
    return rest + " " + " ".join(words[:k]), name if k == 0 else " ".join(words[k:])


def _row(name: str, found: Found) -> Row | None:
    mark = re.match(r"[\s|│;>*]*(?:└\s?)?", name)
    front = mark[0] if mark else ""
    bare = name[len(front) :].strip().strip("`'\"")
    if not bare or len(bare) > 300 or "=" in bare:
        return None
    if found.shapes[0] in UNKNOWN and "(" not in bare:
        return None
    row = Row(bare, None, found.count, depth_of(front))
    row.unbuilt = found.unbuilt
    shapes(row, " ".join(found.shapes))
    return row


def depth_of(front: str) -> int:
    """How deep a row is nested: `|` for each level in Keras 2, `└` after three spaces for each level in Keras 3."""
    if "└" in front:
        return max(1, len(front.partition("└")[0].replace("│", "").replace("|", "").rpartition("\n")[2]) // LEVEL)
    return front.count("|")


def shapes(row: Row, text: str) -> None:
    """The (first) shape that goes out, without its batch; the first of two sides by side is what comes in (TF.js)."""
    if text.strip() in UNKNOWN:
        return
    parts = [dims(part) for part in re.findall(r"[(\[][^()\[\]]*", text) if re.search(r"\d|None|null|\?", part)]
    if not parts:
        return
    if len(parts) > 1 and re.match(r"\[\[[^\]]*\]\]\s+\[", text):
        row.takes, parts = parts[0][1:], parts[1:]
    row.out = parts[0][1:]


def _go_on(row: Row, rest: str) -> None:
    """What follows a row before the next one: connections, and cells that go on in the next line."""
    for line in rest.split("\n"):
        if RULE.search(line) and not CONNECTION.search(line):
            continue
        for piece in re.split(r"\s{2,}", line.strip(" |")):
            if not piece:
                continue
            links = CONNECTION.findall(piece)
            if links:
                row.inputs += [re.sub(r"[\[\]'\",]", " ", link).split()[0] for link in links]
            elif piece in ("Y", "N"):
                row.trainable = piece == "Y"
            elif (
                row.name.count("(") >= row.name.count(")")
                and ")" not in row.name
                and re.fullmatch(r"[\w.()/<>]+", piece)
            ):
                row.name += piece


def _settled(row: Row) -> Row:
    """The name and the type of a row apart."""
    row.name, row.type = named(row.name)
    return row


def named(text: str) -> tuple[str, str | None]:
    """A layer's name and its type: `max_pooling2d_4 (MaxPooling2` lost its end.

    >>> named("dense_1 (Dense)"), named("max_pooling2d_4 (MaxPooling2"), named("dense_1")
    (('dense_1', 'Dense'), ('max_pooling2d_4', 'MaxPooling2'), ('dense_1', None))
    """
    found = NAME.fullmatch(text.strip())
    if found is None or not found[1]:
        return text.strip(), None
    return found[1].strip(), found[2] or None
