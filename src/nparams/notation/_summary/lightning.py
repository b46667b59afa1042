"""PyTorch Lightning's ModelSummary: `0 | conv1 | Conv2d | 1.8 K`, and its rich table.

Source: lightning/pytorch/utilities/model_summary/model_summary.py.  A row counts all that is inside the module; counts
of 1,000 and more are rounded (get_human_readable_count), in rows and in totals: no exact number can be made of them.
"""

from __future__ import annotations

import re

from nparams.errors import NotationError
from nparams.notation._summary.text import Printed, Row, Summary, dims, number

ROW = re.compile(
    r"^\s*[│|]?\s*(?P<index>\d{1,7}|)\s*[│|]\s*(?P<name>[\w.\-]+|other params)\s*[│|]\s*(?P<type>[\w.\-<>/]+)\s*[│|]\s*"
    r"(?P<count>[\d.,]+(?:\s?[KMBT])?)\s*(?P<rest>(?:[│|].*)?)$"
)
HEAD = re.compile(r"^[\s┃│|]*Name\s*[┃│|]\s*Type\s*[┃│|]\s*Params", re.M)
TOTAL = re.compile(
    r"(?:^|\n)\s*(?:([\d,.]+ ?[KMBT]?)\s+(Trainable|Non-trainable|Total) params\b|"
    r"(Trainable|Non-trainable|Total) params:\s*([\d,.]+ ?[KMBT]?))"
)


def table_of(text: str) -> Summary | None:
    """The table, None where there is none."""
    headed = HEAD.search(text)
    rows = [row for line in text.split("\n") if (row := _row(line)) is not None]
    if not rows and (totals := _totals(text)).rounded:
        raise NotationError(
            f"the counts are rounded ({', '.join(totals.rounded.values())}), so there is no exact total; print "
            "sum(p.numel() for p in model.parameters()), or paste print(model)"
        )
    if not rows or not (headed or len(rows) > 1 or re.match(r"\s*\d+\s*\|", text)):
        return None
    sizes = bool(headed and "In sizes" in text)
    for row in rows:
        if not sizes:
            row.takes = row.out = None
    _nest(rows)
    return Summary("Lightning summary", "torch", rows, _totals(text), flows=None, sums=True)


def _row(line: str) -> Row | None:
    match = ROW.match(line)
    if match is None:
        return None
    row = Row(match["name"], match["type"], number(match["count"]))
    if row.count is None:
        row.rounded = re.sub(r"\s+", " ", match["count"].strip())
    shapes = re.findall(r"\[(-?\d+(?:, ?-?\d+)*)\]", match["rest"])
    if len(shapes) == 2:
        row.takes, row.out = dims(shapes[0])[1:], dims(shapes[1])[1:]
    return row


def _nest(rows: list[Row]) -> None:
    """Depth by dotted names: encoder.layer.0 is inside encoder.layer where that is a row."""
    named = {row.name: row for row in rows}
    for row in rows:
        outer = row.name.rpartition(".")[0]
        while outer and outer not in named:
            outer = outer.rpartition(".")[0]
        row.depth = named[outer].depth + 1 if outer and outer != row.name else 0


def _totals(text: str) -> Printed:
    found = Printed()
    for before, said, other, after in TOTAL.findall(text):
        what = {"Total": "total", "Trainable": "trainable"}.get(said or other, "untrained")
        value = number(before or after)
        if value is None:
            found.rounded.setdefault(what, (before or after).strip())
        elif getattr(found, what) is None:
            setattr(found, what, value)
    return found
