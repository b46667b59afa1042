"""The tables of a report, as cells: the text and the page draw the same ones.

Names and words in the cells are as strangers chose them: whoever draws a cell escapes it.
"""

from __future__ import annotations

from typing import NamedTuple

from nparams.errors import InvariantError
from nparams.views._fleet.words import ALIKE, UNNAMED, off, share
from nparams.views.look import human

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network.many import Family, Groups, Kind, Report


class Column(NamedTuple):
    """A heading and its cells.

    Kinds: "text"; "number"; and what may be cut where space is short: "long", in its middle, and "words", at its end.
    """

    name: str
    cells: Sequence[str]
    kind: str = "text"
    #: 0 is always shown; where space is short, the highest goes first
    rank: int = 0


class Section(NamedTuple):
    """A table under its title, with a sentence about it; `shares` are parts of a whole, one a row, to be bars."""

    title: str
    note: str
    columns: tuple[Column, ...]
    shares: tuple[float, ...] = ()


def sections(report: Report) -> list[Section]:
    """Every table that has rows."""
    by = (
        ("By architecture", "architecture", report.architectures), ("By number type", "number type", report.dtypes),
        ("By format", "format", report.formats), ("By quantisation", "quantisation", report.quantisations),
    )  # fmt: skip
    made = [_groups(title, name, groups, report) for title, name, groups in by]
    made += [_disagreements(report), _copies(report), _families(report)]
    return [section for section in made if section.columns[0].cells]


def _groups(title: str, name: str, groups: Groups, report: Report) -> Section:
    held = [*groups.top, *([groups.rest] if groups.rest else [])]
    names = [UNNAMED[name] if group.name is None else group.name for group in groups.top]
    names += [f"{groups.groups - len(groups.top):,} others"] if groups.rest else []
    whole = report.parameters
    columns = [
        Column(name, names, "long"),
        Column("models", ["" if group.models is None else f"{group.models:,}" for group in held], "number"),
        Column("parameters", [f"{group.parameters:,}" for group in held], "number"),
        Column("share", [share(group.parameters, whole) for group in held], "number", 1),
    ]
    if name != "number type":
        _check(title, sum(group.parameters for group in held), whole)
        columns.insert(3, Column("size", [human(group.size) for group in held], "number", 2))
    return Section(title, "", tuple(columns), tuple(group.parameters / (whole or 1) for group in held))


def _check(title: str, held: int, whole: int) -> None:
    if held != whole:
        raise InvariantError(f"{title}: the rows sum to {held:,} parameters, not to {whole:,}")


def _disagreements(report: Report) -> Section:
    found = report.disagreements
    times = [off(each) for each in found.top]
    return Section(
        "Counts that disagree", _top(len(found.top), found.models, "models", "the furthest first"),
        (
            Column("off", [each[0] for each in times], "number"),
            Column("total", [f"{each.total:,}" for each in found.top], "number", 1),
            Column("found", [each[1] for each in times]),
            Column("model", [each.uri for each in found.top], "long"),
            Column("in words", [each.words for each in found.top], "words", 4),
        ),
    )  # fmt: skip


def _top(shown: int, count: int, noun: str, order: str) -> str:
    """Which part of the whole a table shows."""
    return f"{shown:,} of {count:,} {noun}, {order}" if shown < count else ""


def _copies(report: Report) -> Section:
    found = report.copies
    note = _top(len(found.top), found.groups, "groups", "the largest first")
    return Section(
        "Perhaps copies", f"{note}: {ALIKE}" if note else ALIKE,
        (
            Column("models", [f"{each.models:,}" for each in found.top], "number"),
            Column("each", [human(each.size) for each in found.top], "number"),
            Column("to be saved", [human((each.models - 1) * each.size) for each in found.top], "number"),
            Column("parameters", [f"{each.total:,}" for each in found.top], "number", 3),
            Column("architecture", [_named(each.architecture) for each in found.top], "long", 1),
            Column("number types", [" ".join(each.dtypes) for each in found.top], "words", 2),
            Column("the first of them", [each.uris[0] if each.uris else "" for each in found.top], "long"),
        ),
    )  # fmt: skip


def _named(architecture: str | None) -> str:
    return UNNAMED["architecture"] if architecture is None else architecture


def _families(report: Report) -> Section:
    found = report.families
    return Section(
        "One architecture, stored in several ways",
        _top(len(found.top), found.groups, "architectures", "those of most models first"),
        (
            Column("models", [f"{each.models:,}" for each in found.top], "number"),
            Column("parameters", [f"{each.total:,}" for each in found.top], "number"),
            Column("architecture", [_named(each.architecture) for each in found.top], "long", 1),
            Column("stored as", [_ways(each) for each in found.top], "words"),
            Column("the first of them", [each.uris[0] if each.uris else "" for each in found.top], "long", 2),
        ),
    )  # fmt: skip


def _ways(family: Family) -> str:
    """How often each format with its number types is there."""
    ways = [
        f"{way.models:,} {' '.join([UNNAMED['format'] if way.format is None else way.format, *way.dtypes])}"
        for way in family.variants
    ]
    return ", ".join([*ways, *([f"{family.more:,} more ways"] if family.more else [])])


def kinds(report: Report) -> list[tuple[str, Sequence[Kind]]]:
    """Lists of examples under their titles."""
    held = (("Flags", report.flags), ("What could not be counted", report.errors))
    return [(title, found) for title, found in held if found]
