"""Rows of a table of filter shapes: `Conv dw / s1  3 x 3 x 32 dw`: the shape says all that is counted."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._paper.words import Item

S = r"\s*[x×]\s*"
N = r"(\d{1,9})"
#: what stands in front of every row: how often, and the column of types
TYPE = re.compile(
    r"\s*\|?\s*(?:(?P<times>\d{1,4})\s*[x×]\s*)?(?P<type>conv(?:\s+dw)?|avg\s*pool|max\s*pool|fc|softmax)"
    r"\s*(?:/\s*s\s*(?P<stride>\d))?[\s,|]*",
    re.IGNORECASE,
)
FILTER = re.compile(rf"{N}{S}{N}{S}{N}(?:{S}{N})?(?:\s*(dw))?", re.IGNORECASE)
POOL = re.compile(rf"(?:pool\s*)?{N}{S}{N}", re.IGNORECASE)
MATRIX = re.compile(rf"{N}{S}{N}")
HEADING = re.compile(r"\s*\|?\s*(?:type|[-:|\s+=]*$|\d+\s*[x×]\s*$)", re.IGNORECASE)


def rows_of(text: str) -> list[Item]:
    """An item for each row; NotationError with the line that is none."""
    items: list[Item] = []
    for number, told in enumerate(_lines(text), 1):
        line = told.strip()
        if not line or HEADING.match(line):
            continue
        match = TYPE.match(line)
        if match is None:
            raise NotationError(
                f"row {number}: {shown(line)} is not understood; a row is Conv / s2  3 x 3 x 3 x 32, "
                "Conv dw / s1  3 x 3 x 32 dw, FC / s1  1024 x 1000"
            )
        item = _item(match, line[match.end() : match.end() + 200], number)
        if item is not None:
            item.times = int(match["times"] or 1)
            items.append(item)
    return items


def _lines(text: str) -> list[str]:
    """A row a line; rows that are written behind each other begin with their type."""
    return re.split(r"\n|;|(?<=[\w|,])\s+(?=(?:\d+\s*[x×]\s*)?(?:Conv|FC|Avg Pool|Softmax)\s*(?:dw\s*)?/\s*s)", text)


def _item(match: re.Match[str], shape: str, number: int) -> Item | None:
    kind = " ".join(match["type"].lower().split())
    stride = f" stride {match['stride']}" if match["stride"] not in (None, "1") else ""
    if kind == "softmax":
        return Item("other", "softmax")
    if "pool" in kind:
        found = POOL.search(shape)
        return Item("whole", "gap") if found is None or kind.startswith("avg") else Item("pool", f"maxpool {found[1]}")
    if kind == "fc":
        found = MATRIX.search(shape)
        if found is not None:
            return Item("dense", f"dense {found[2]} on {found[1]}")
    elif (found := FILTER.search(shape)) is not None:
        deep = "dw" in kind or found[5] is not None
        if deep and found[4] is None:
            return Item("conv", f"depthwise conv {found[1]}x{found[2]}{stride} on {found[3]}", "row")
        if found[4] is not None:
            return Item("conv", f"conv {found[4]} {found[1]}x{found[2]}{stride} on {found[3]}", "row")
    raise NotationError(
        f"row {number}: {shown(shape.strip() or 'nothing')} is no filter shape of {match['type']}; write "
        "3 x 3 x 3 x 32 (sides, channels, filters), or 3 x 3 x 32 dw"
    )


__all__ = ["rows_of"]
