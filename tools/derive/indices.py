"""Names and sizes of one place as a rule over all places: `depths[2]` in layer 2 is `depths[i]` in layer i."""

from __future__ import annotations

import functools
from typing import NamedTuple

from nparams.expr import Expr, add, mul
from nparams.expr.nodes import build
from tools.derive.tracking import LENGTH, ROUND

#: the letters of indices, outermost first
LETTERS = "ijkmnpq"
MARK = "#"
#: entries before or behind the one at the index that are still seen as such
NEAR = 2

Size = int | Expr
Indices = tuple[int, ...]


class Mode(NamedTuple):
    """How numbers that name an entry or a round are read: "literal", "end" (counted from the end), "at" (as the index
    at `place`, plus something), "back" (counted from the end as the index at `place`)."""

    way: str
    place: int = 0


def modes(marks: int) -> list[Mode]:
    """Every way for a name with so many indices."""
    return [Mode("literal"), Mode("end")] + [Mode(way, p) for p in reversed(range(marks)) for way in ("at", "back")]


def letter(place: int) -> Expr:
    """The symbol of the index at a place."""
    return Expr("sym", (), LETTERS[place])


class Site(NamedTuple):
    """Where in the model a size came up: the indices in the name, and how long lists are."""

    indices: Indices
    lengths: dict[str, int]


def generalised(size: Size | None, site: Site, mode: Mode) -> Size | None:
    """The size with the numbers that name entries and rounds read in one way."""
    if not isinstance(size, Expr):
        return size
    return _rewritten(size, site, mode)


def _rewritten(e: Expr, site: Site, mode: Mode) -> Size:
    if e.op == "sym":
        met = ROUND.fullmatch(str(e.label))
        return e if met is None else _number(int(met[2]), None, site, mode)
    if e.op == "idx":
        index = e.args[0]
        if isinstance(index, int):
            return Expr("idx", (_number(index, str(e.label), site, mode),), e.label)
        return Expr("idx", (_part(index, site, mode),), e.label)
    parts = tuple(_part(a, site, mode) for a in e.args)
    if e.op in ("floordiv", "ceildiv") and parts[1] == 1:
        return parts[0]
    if e.op == "mod" and parts[1] == 1:
        return 0
    return build(e.op, parts, e.label)


def _part(a: Size, site: Site, mode: Mode) -> Size:
    return _rewritten(a, site, mode) if isinstance(a, Expr) else a


def _number(number: int, field: str | None, site: Site, mode: Mode) -> Size:
    """The number of an entry of `field`, or of a round of a loop."""
    length = None if field is None else site.lengths.get(field)
    if mode.way == "end" and length is not None:
        return add(Expr("sym", (), f"{field}{LENGTH}"), number - length)
    if mode.way == "at" and abs(number - site.indices[mode.place]) <= NEAR:
        return add(letter(mode.place), number - site.indices[mode.place])
    if mode.way == "back" and length is not None:
        off = number - (length - 1 - site.indices[mode.place])
        if abs(off) <= NEAR:
            return add(Expr("sym", (), f"{field}{LENGTH}"), mul(-1, letter(mode.place)), off - 1)
    return number


# -- patterns: expressions that came up somewhere, for any index -------------------------------------------------------


@functools.lru_cache(maxsize=200_000)
def has_rounds(size: Size) -> bool:
    """Whether it stands in a loop, or names an entry of a list by its number."""
    if not isinstance(size, Expr):
        return False
    if size.op == "sym":
        return ROUND.fullmatch(str(size.label)) is not None
    if size.op == "idx" and isinstance(size.args[0], int):
        return True
    return any(has_rounds(a) for a in size.args)


@functools.lru_cache(maxsize=200_000)
def rounds_in(size: Size) -> frozenset[int]:
    """The rounds that it names."""
    if not isinstance(size, Expr):
        return frozenset()
    if size.op == "sym":
        met = ROUND.fullmatch(str(size.label))
        return frozenset() if met is None else frozenset((int(met[2]),))
    return frozenset().union(*(rounds_in(a) for a in size.args)) if size.args else frozenset()


def patterns(size: Expr, marks: int) -> list[Size]:
    """What a size that came up in some round may be at the indices: as the round is each of them in turn."""
    if not has_rounds(size):
        return [size]
    rounds = rounds_in(size)
    if len(rounds) > 1:
        return []
    if rounds:
        at = next(iter(rounds))
        return [_rewritten(size, Site((at,) * marks, {}), Mode("at", p)) for p in range(marks)]
    found: list[Size] = [size]
    for p in range(marks):  # an entry by its number: whatever index it was, it is the entry at the index now
        for at in sorted(_entries_in(size)):
            found.append(_rewritten(size, Site((at,) * marks, {}), Mode("at", p)))
    return found


@functools.lru_cache(maxsize=200_000)
def _entries_in(size: Size) -> frozenset[int]:
    if not isinstance(size, Expr):
        return frozenset()
    own = {size.args[0]} if size.op == "idx" and isinstance(size.args[0], int) else set()
    return frozenset(own).union(*(_entries_in(a) for a in size.args)) if size.args else frozenset(own)
