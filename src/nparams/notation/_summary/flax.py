"""Tables of JAX libraries: flax's linen.tabulate and nnx.tabulate, haiku's tabulate.  They name every array.

Source: flax/linen/summary.py (a module's own arrays; at the last depth all below it), flax/nnx/summary.py (counts
include what is below), haiku/_src/summarise.py (the same; `Module params` are the module's own).
"""

from __future__ import annotations

import re

from nparams.notation._summary.boxes import Cell, records
from nparams.notation._summary.text import Row, Summary, number, printed_totals

ARRAY = re.compile(r"([\w.]+): (?:u?int|float|bfloat|complex|bool|[fiub]{1,2}|key<)\w*>?\[([\d,]*)\]")
SIZE = re.compile(r"(\d[\d,]*) ?\([\d.,]+ ?[KMGTP]?i?B\)")
PARAMETERS = ("params", "param")
STATISTICS = ("batch_stats", "batchstat", "batch_sta…")
SKIPPED = ("path", "module", "type", "inputs", "outputs", "flops", "vjp_flops")


def table_of(text: str) -> Summary | None:
    """The table of linen, nnx or haiku, None where there is none."""
    found = [cells for cells in records(text) if cells]
    for place, cells in enumerate(found[:4]):
        titles = [cell.words.lower() for cell in cells]
        if titles[0] == "path" and len(titles) > 3:
            return _flax(text, titles, found[place + 1 :])
        if titles[0] == "module" and "module params" in titles:
            return _haiku(text, titles, found[place + 1 :])
    return None


def _flax(text: str, titles: list[str], found: list[list[Cell]]) -> Summary | None:
    rows: list[Row] = []
    below = titles[1] == "type"  # nnx: a count includes what is below
    printed = printed_totals(text)
    framework, printed.total = printed.total, None
    held: list[dict[str, int]] = []
    for cells in found:
        if len(cells) != len(titles):
            continue
        if not cells[1].joined:
            printed.total = _total(titles, cells)
            continue
        row = Row(cells[0].joined.replace("/", "."), cells[1].joined, 0)
        row.out = _shape(cells[titles.index("outputs")].joined) if "outputs" in titles else None
        held.append(_fill(row, titles, cells))
        rows.append(row)
    if not rows:
        return None
    if below:
        _take_off(rows, held)
    for row, counts in zip(rows, held, strict=True):
        _rest(row, counts)
    _depths(rows)
    for row in rows:
        row.name = row.name or row.type or "model"
    summary = Summary("Flax table", "flax", rows, printed, flows=False)
    if framework is not None:
        summary.also["framework"] = framework
    return summary


def _total(titles: list[str], cells: list[Cell]) -> int | None:
    for title, cell in zip(titles, cells, strict=True):
        if title in PARAMETERS and (match := SIZE.search(cell.words)):
            return number(match[1])
    return None


def _fill(row: Row, titles: list[str], cells: list[Cell]) -> dict[str, int]:
    """The arrays of a row, and the counts that are printed below them, by role."""
    counts: dict[str, int] = {}
    for title, cell in zip(titles, cells, strict=True):
        if title in SKIPPED:
            continue
        role = "weight" if title in PARAMETERS else "buffer" if title in STATISTICS else "other"
        words = " ".join(" ".join(cell.lines).split())
        for leaf, shape in ARRAY.findall(words):
            sizes = tuple(int(side) for side in shape.split(",") if side and len(side) < 19)
            biased = role == "weight" and leaf in ("bias", "b", "offset", "beta")
            row.tensors.append((leaf, sizes, "bias" if biased else role))
        size = SIZE.findall(words)
        value = number(size[-1][0] if isinstance(size[-1], tuple) else size[-1]) if size else None
        if value is not None:
            counts[role] = counts.get(role, 0) + value
    return counts


def _take_off(rows: list[Row], held: list[dict[str, int]]) -> None:
    """Counts without what is counted in rows below."""
    by_name = {row.name: counts for row, counts in zip(rows, held, strict=True)}
    whole = {name: dict(counts) for name, counts in by_name.items()}
    for name in by_name:
        outer = name.rpartition(".")[0]
        if name and outer in by_name:
            for role, count in whole[name].items():
                by_name[outer][role] = by_name[outer].get(role, 0) - count


def _rest(row: Row, counts: dict[str, int]) -> None:
    """What a row counts beyond the arrays that it names; the count of a row that names none."""
    from math import prod

    for role, count in counts.items():
        same = ("weight", "bias") if role == "weight" else (role,)
        named = sum(prod(shape) for _, shape, what in row.tensors if what in same)
        if count > named:
            row.tensors.append(("rest" if named else "all", (count - named,), role))
    row.own = row.count = sum(prod(shape) for _, shape, what in row.tensors if what in ("weight", "bias"))


def _depths(rows: list[Row]) -> None:
    named = {row.name: row for row in rows if row.name}
    for row in rows:
        outer = row.name.rpartition(".")[0]
        while outer and outer not in named:
            outer = outer.rpartition(".")[0]
        row.depth = 0 if not row.name else named[outer].depth + 1 if outer else 1


def _shape(text: str) -> tuple[int | None, ...] | None:
    found = re.fullmatch(r"\w+\[(\d{1,18}(?:,\d{1,18})*)\]", text)
    return tuple(int(side) for side in found[1].split(","))[1:] if found else None


def _haiku(text: str, titles: list[str], found: list[list[Cell]]) -> Summary | None:
    rows: list[Row] = []
    held: list[dict[str, int]] = []
    arrays, counts = titles.index("module params"), titles.index("param count") if "param count" in titles else -1
    for cells in found:
        title = re.match(r"\s*([\w/~.]+) \((\w+)\)", cells[0].lines[0])
        if title is None or len(cells) != len(titles):
            continue
        row = Row(title[1].replace("/~/", "/").replace("/", "."), title[2], 0)
        _fill(row, ["params"], [cells[arrays]])
        held.append({"weight": number(cells[counts].joined) or 0})
        rows.append(row)
    if not rows:
        return None
    _take_off(rows, held)
    for row, own in zip(rows, held, strict=True):
        _rest(row, own)
    _depths(rows)
    return Summary("Haiku table", "flax", rows, printed_totals(text), flows=False)
