"""Random configs that the library accepts: draw, and take back as few changes as the constructor asks for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from tools.derive.trial.draw import DEPTH, Draw, applied
from tools.derive.trial.space import Found, Raw, Spot, parts_given, spots
from tools.derive.trial.truth import NotAccepted, build, config_of, full

Changes = dict[tuple[str, ...], Any]
MOST_BUILDS = 30
WAYS = ("plain", "saved", "renamed")


class Sample(NamedTuple):
    """A config as nparams gets it, what was changed, how it is written, and what the library builds of it."""

    raw: Raw
    changes: Changes
    way: str
    head: str
    real: Found


class Sampler:
    """Draws configs of one type."""

    def __init__(
        self, model_type: str, heads: list[str], rng: random.Random, start: Raw | None = None, most: int = MOST_BUILDS
    ) -> None:
        """`start`: what every config begins with, where that is known; `most` builds for one config."""
        self.type, self.rng, self.most_builds = model_type, rng, most
        self.base = base(model_type, heads[0]) if start is None else start
        self.heads = [head for head in heads if self.accepts(head)] or heads[:1]
        self.spots, self.parts = spots(model_type, self.base, heads), parts_given(model_type)
        self.tried, self.failed = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
        self.builds = 0

    def unchanged(self, head: str) -> Sample:
        """The base itself, for one class."""
        return Sample(self.raw({}), {}, WAYS[0], head, self.real(head, self.raw({})))

    def sample(self) -> Sample:
        """A config that is accepted; one in three as the library saves it, with every field spelled out."""
        head = self.rng.choice(self.heads)
        drawn = Draw(self.rng).config(self.spots, only=self.rng.choice([1.0, 1.0, 1.0, 0.3]))
        items = [item for item in drawn.items() if not self.hopeless(item[0])]
        self.rng.shuffle(items)
        self.builds = 0
        items = self.most(items, self.taken)
        items = self.most(items, lambda changes: self.built(head, changes))
        changes = dict(items)
        way = self.rng.choices(WAYS, (0.6, 0.33, 0.07))[0]
        try:
            raw = self.written(changes, way)
            return Sample(raw, changes, way, head, self.real(head, raw))
        except NotAccepted:  # what the library saves is not always what it reads
            raw = self.raw(changes)
            return Sample(raw, changes, WAYS[0], head, self.real(head, raw))

    def accepts(self, head: str) -> bool:
        """Whether a class can be built from the base: some need a library that is not here."""
        try:
            self.real(head, self.base)
        except NotAccepted:
            return False
        return True

    def raw(self, changes: Changes) -> Raw:
        """The base with these changes, as a config.json would have them."""
        return applied(self.base, changes, self.parts)

    def written(self, changes: Changes, way: str) -> Raw:
        """A config as files have it: as it is, with every field spelled out, with other names of fields."""
        raw = self.raw(changes)
        if way == "saved":
            return full(config_of(self.type, raw))
        return renamed(self.type, raw) if way == "renamed" else raw

    def hopeless(self, path: tuple[str, ...]) -> bool:
        """Whether to leave a change out from the start: as likely as it failed before."""
        self.tried[path] += 1
        return self.rng.random() < self.failed[path] / (self.tried[path] + 1)

    def most(self, items: list[Any], ok: Callable[[Changes], bool]) -> list[Any]:
        """As many of the changes as go together: halves are tried where the whole is refused."""
        kept: list[Any] = []
        waiting = [items] if items else []
        while waiting:
            part = waiting.pop()
            if ok(dict([*kept, *part])):
                kept += part
            elif len(part) == 1:
                self.failed[part[0][0]] += 1
            else:
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
        return kept

    def taken(self, changes: Changes) -> bool:
        """Whether the config class takes these changes."""
        try:
            config_of(self.type, self.raw(changes))
        except NotAccepted:
            return False
        return True

    def built(self, head: str, changes: Changes) -> bool:
        """Whether the model class takes them; after many attempts only what is known to be fine."""
        self.builds += 1
        if self.builds > self.most_builds:
            return False
        try:
            self.real(head, self.raw(changes))
        except NotAccepted:
            return False
        return True

    def real(self, head: str, raw: Raw) -> Found:
        """What the library builds of a raw config."""
        return build(head, config_of(self.type, raw))


def base(model_type: str, head: str) -> Raw:
    """A config that builds and is not deep: the class's defaults, or the derivation's base.  Raises NotAccepted."""
    from tools.derive import bases
    from tools.derive.errors import NoEntry, Refused

    for raw in (shallow(model_type, ("layer", "expert")), shallow(model_type, ("layer",)), {}):
        try:
            build(head, config_of(model_type, raw))
        except NotAccepted:
            continue
        return raw
    try:
        return bases.base(model_type)
    except (NoEntry, Refused) as error:
        raise NotAccepted(str(error)) from error


def renamed(model_type: str, raw: Raw) -> Raw:
    """A raw config with the other names that the config class knows its fields by."""
    from transformers import CONFIG_MAPPING

    others = {field: alias for alias, field in CONFIG_MAPPING[model_type].attribute_map.items()}
    return {others.get(key, key): value for key, value in raw.items()}


def shallow(model_type: str, what: tuple[str, ...]) -> Raw:
    """The defaults with fewer layers, and fewer experts."""
    deep = [
        spot for spot in spots(model_type, {}) if type(spot.value) is int and spot.value > 4 and reducible(spot, what)
    ]
    fewer = {spot.path: 4 if "expert" in spot.path[-1] else 3 for spot in deep}
    return applied({}, fewer, parts_given(model_type))


def reducible(spot: Spot, what: tuple[str, ...]) -> bool:
    """Whether a number says how many layers, or how many experts, there are."""
    name = spot.path[-1]
    if "expert" in name:
        return "expert" in what and name.startswith(("num_", "n_", "moe_num"))
    return bool(DEPTH.search(name)) and spot.value < 200
