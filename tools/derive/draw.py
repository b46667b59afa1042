"""Random raw configs of a model type in which (nearly) every field differs from the base, and that the library accepts.

A draw is a list of changes, each made whole or not at all: the widths and head counts of one part go together, a depth
goes with the lists that are as long. Where the library refuses, half of the changes are tried, then the other half on
top of them; what is to blame is remembered, so that a way of drawing that is refused often is used less.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tools.derive import bases
from tools.derive.changes import Raw, changed
from tools.derive.errors import Refused
from tools.derive.fields import Field
from tools.derive.values import Drawn, Part

_BUILDS = 20  # how often one draw may be tried
_IDLE = 60  # draws in a row with nothing new before the draws end
_SELDOM = {"kept": 0.2, "none": 0.5}  # how often a way is taken, beside the others


class Ways:
    """How often each way of drawing a field was accepted: a way that is refused is used less, never not at all."""

    def __init__(self) -> None:
        self._tally: dict[tuple[str, str], list[int]] = {}

    def note(self, path: str, way: str, good: bool) -> None:
        """Remember what came of drawing a field in a way."""
        self._tally.setdefault((path, way), [1, 2])[0] += good
        self._tally[path, way][1] += 1

    def share(self, path: str, way: str) -> float:
        """The share of draws of a field in a way that were accepted, one half where nothing is known."""
        good, of = self._tally.get((path, way), (1, 2))
        return good / of

    def pick(self, path: str, ways: tuple[str, ...], rng: random.Random) -> str:
        """A way of drawing a field, by what came of them; to leave it as it is, seldom."""
        weights = [max(0.02, self.share(path, way) ** 2) * _SELDOM.get(way, 1.0) for way in ways]
        return rng.choices(ways, weights)[0]


def draw(
    model_type: str, rng: random.Random, base: Raw, fields: list[Field], frozen: Collection[str] = (),
) -> Raw:  # fmt: skip
    """A random raw config: the library may refuse it (see draws)."""
    return changed(base, [item.change for item in _all(rng, base, fields, frozen, Ways())])


def _all(rng: random.Random, base: Raw, fields: list[Field], frozen: Collection[str], ways: Ways) -> list[Drawn]:
    """The changes of one draw."""
    groups: dict[str, list[Field]] = {}
    for field in fields:
        if field.path not in frozen:
            groups.setdefault(field.path.rpartition(".")[0], []).append(field)
    return [item for prefix, some in groups.items() for item in Part(rng, base, prefix, some, ways).drawn()]


def valid(model_type: str, head: str, raw: Raw) -> bool:
    """Whether the library accepts a raw config for a model class."""
    try:
        bases.build(model_type, head, raw)
    except Refused:
        return False
    return True


def draws(
    model_type: str, head: str, rng: random.Random, n: int, fields: list[Field] | None = None,
    base: Raw | None = None, frozen: Collection[str] = (),
) -> Iterator[tuple[Raw, Any]]:  # fmt: skip
    """Up to n different random configs that the model class accepts, each with the library's config object.

    Fewer where many draws in a row give nothing new."""
    from tools.derive.fields import fields as all_fields

    start = bases.base(model_type) if base is None else base
    some = all_fields(model_type) if fields is None else fields
    ways, known, idle = Ways(), set[str](), 0
    while len(known) < n and idle < _IDLE:
        grown = _Growth(model_type, head, ways)
        raw = grown.of(start, _all(rng, start, some, frozen, ways))
        idle += 1
        if grown.made and repr(raw) not in known:
            known.add(repr(raw))
            idle = 0
            yield raw, bases.build_config(model_type, raw)


class _Growth:
    """A config with as many changes made as the library accepts, within a number of builds."""

    def __init__(self, model_type: str, head: str, ways: Ways) -> None:
        self.model_type, self.head, self.ways = model_type, head, ways
        self.left, self.made = _BUILDS, 0

    def of(self, start: Raw, some: Sequence[Drawn]) -> Raw:
        """All changes at once; where that is refused, the first half, then the other half on top; one alone that is
        refused gives way to what stands in its place."""
        if not some or self.left <= 0:
            return start
        self.left -= 1
        tried = changed(start, [item.change for item in some])
        good = valid(self.model_type, self.head, tried)
        if good or len(some) == 1:
            self._note(some, good)
        if good:
            return tried
        if len(some) == 1:
            return self._instead(start, some[0])
        half = len(some) // 2
        return self.of(self.of(start, some[:half]), some[half:])

    def _instead(self, start: Raw, refused: Drawn) -> Raw:
        """What stands in the place of a refused change, made alone."""
        for other in refused.instead:
            before = self.made
            tried = self.of(start, [other])
            if self.made > before:
                return tried
        return start

    def _note(self, some: Sequence[Drawn], good: bool) -> None:
        """Remember what came of the ways of some changes."""
        self.made += len(some) * good
        for item in some:
            for path, way in item.by:
                self.ways.note(path, way, good)
