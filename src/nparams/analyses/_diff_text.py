"""The difference of two networks as a table: plain, or in Markdown for a pull request."""

from __future__ import annotations

from nparams.analyses._text import short
from nparams.errors import escaped
from nparams.expr import Expr, add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.analyses.diff import Diff, Item
    from nparams.expr import Size
    from nparams.network import Network

HEAD = ("difference", "what", "layer", "in A", "in B")
#: rows that a table shows
ROWS = 200
#: from so many rows on each kind of item is summed in a line
MANY = 6
EXPERTS = ".experts"
JOINED = "Experts are one array of all on one side, and one by one on the other: transformers 5 joins those of a file."


def text(found: Diff) -> str:
    """The table as plain text."""
    ends = _ends(found)
    rows = [HEAD, *_cells(found)]
    wide = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    lines = [
        "  ".join(
            cell.rjust(w) if k == 0 else cell.ljust(w) for k, (cell, w) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows
    ]
    shown = [*ends, "", *(lines if found.items else []), *([""] if found.items else []), *_closing(found)]
    return "\n".join(escaped(line) for line in shown)


def markdown(found: Diff) -> str:
    """The table in Markdown."""
    lines = [f"- {_harmless(line)}" for line in _ends(found)]
    if found.items:
        lines += ["", f"| {' | '.join(HEAD)} |", "| ---: | --- | --- | --- | --- |"]
        lines += [f"| {' | '.join(_harmless(cell) for cell in row)} |" for row in _cells(found)]
    return "\n".join([*lines, "", *(_harmless(line) for line in _closing(found))])


def _harmless(text: str) -> str:
    """No character that Markdown, a table or a terminal would act on."""
    text = escaped(text)
    for mark in "\\|*_`<[":
        text = text.replace(mark, f"\\{mark}")
    return text


def _ends(found: Diff) -> list[str]:
    return [
        f"{side}  {short(network)}: {found.style.number(network.totals.known)} parameters{_apart(network, found)}"
        for side, network in (("A", found.a), ("B", found.b))
    ]


def _apart(network: Network, found: Diff) -> str:
    """What is kept beside the parameters, where the two differ in it."""
    mine, other = network.totals.buffers, (found.b if network is found.a else found.a).totals.buffers
    return "" if mine in (other, 0) else f" (and {found.style.number(mine)} in buffers, which are not counted)"


def _cells(found: Diff) -> list[tuple[str, ...]]:
    rows = [
        (_signed(i.difference, found), i.what, _layer(i, found), i.in_a or "-", i.in_b or "-")
        for i in found.items[:ROWS]
    ]
    if len(found.items) > ROWS:
        rows.append(("...", f"{len(found.items) - ROWS} more", "", "", ""))
    return [*rows, (_signed(found.difference, found), "B - A", "", "", "")]


def _layer(item: Item, found: Diff) -> str:
    if item.copies == 1:
        return item.layer
    return f"{item.layer} ({_signed(item.each, found)} each {found.style.times} {item.copies:,})"


def _signed(size: Size, found: Diff) -> str:
    if isinstance(size, Expr):
        return found.style.number(size)
    return f"+{size:,}" if size > 0 else f"{size:,}"


def _summed(found: Diff) -> list[str]:
    """Each kind of item in one line, where there are many."""
    if len(found.items) < MANY or not isinstance(found.difference, int):
        return []
    sums: dict[str, list[Item]] = {}
    for item in found.items:
        sums.setdefault(item.what, []).append(item)
    told = []
    for what, group in sums.items():
        places = sum(i.copies for i in group)
        sum_of = _signed(add(*(i.difference for i in group)), found)
        told.append(f"{what}: {sum_of} in {places:,} place{'s' if places != 1 else ''}")
    return [*told, ""]


def _closing(found: Diff) -> list[str]:
    lines = _summed(found)
    if not found.items:
        lines.append("No difference: the totals are equal, and every layer has its like.")
    elif found.difference == 0:
        lines.append("The totals are equal, though layers differ.")
    told = f", {found.renamed:,} under another name" if found.renamed else ""
    lines.append(f"{found.matched:,} layer{'s agree' if found.matched != 1 else ' agrees'}{told}.")
    lines += [f"{one} in A: the same numbers as {other} in B." for one, other in found.fused[:5]]
    if len(found.fused) > 5:
        lines.append(f"So are {len(found.fused) - 5:,} more.")
    of_config = bool(found.a.settings or found.b.settings)
    if of_config and any(EXPERTS in one and EXPERTS in other for one, other in found.fused):
        lines.append(JOINED)
    return lines
