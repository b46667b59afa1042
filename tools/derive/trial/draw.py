"""A random config: every field another value than the base's where the annotation leaves a choice."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

from tools.derive.trial.space import ABSENT, Raw, Spot

DEPTH = re.compile(r"(layer|block|depth|stage)s?($|_)|^n_?layers?$|(^|_)depths?$")
LENGTH = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "encoder_layers", "decoder_layers", "depth")
TOKEN = re.compile(r"_(id|index|ids)$|^(bos|eos|pad)_")
FACTORS = (0.5, 2, 2, 3, 4)
MOST_DEEP, REAL_DEEP, MOST = 5, 30, 2**20  # few layers, at times as many as models have


class Draw:
    """One throw of the dice: numbers that are equal in the base stay equal more often than not, and so do lengths."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.factor = rng, rng.choice(FACTORS)
        self.same: dict[int, int] = {}
        self.lengths: dict[int, int] = {}

    def config(self, spots: Iterable[Spot], only: float = 1.0) -> dict[tuple[str, ...], Any]:
        """The changed fields of a config; `only` a share of them is looked at."""
        lists = [spot for spot in spots if isinstance(spot.value, (list, tuple)) or spot.kinds & {"list"}]
        others = [spot for spot in spots if spot not in lists]
        changes: dict[tuple[str, ...], Any] = {}
        for spot in [*others, *lists]:
            if self.rng.random() < only:
                new = self.value(spot, changes)
                if new is not spot.value and (type(new), new) != (type(spot.value), spot.value):
                    changes[spot.path] = new
        return {**changes, **self.labels()}

    def labels(self) -> dict[tuple[str, ...], Any]:
        """The labels of a classifier, spelled out or as a number; seldom neither."""
        count, how = self.rng.randint(1, 7), self.rng.random()
        if how < 0.5:
            return {("id2label",): {str(at): f"LABEL_{at}" for at in range(count)}}
        return {("num_labels",): count} if how < 0.7 else {}

    def value(self, spot: Spot, changes: dict[tuple[str, ...], Any]) -> Any:
        """A new value of a kind that the annotation allows."""
        kind = self.kind(spot)
        if kind in ("none", "absent"):
            return None if kind == "none" else ABSENT
        if kind == "bool":
            return self.rng.random() < 0.5
        if kind == "str":
            return self.rng.choice(spot.words) if spot.words else spot.value
        if kind == "int":
            if spot.path[-1] not in LENGTH and spot.path[-1].endswith("_layers") and self.rng.random() < 0.95:
                return self.some(spot, changes)
            return self.number(spot.path[-1], spot.value if type(spot.value) is int else None)
        if kind == "float":
            return self.real(spot)
        return self.list(spot, changes) if kind == "list" else spot.value

    def some(self, spot: Spot, changes: dict[tuple[str, ...], Any]) -> int:
        """How many of the layers are of a kind: seldom more than there are."""
        most = self.depths(spot, changes)
        old = spot.value if type(spot.value) is int else None
        return self.rng.randint(0 if old == 0 else 1, most[0]) if most else self.number(spot.path[-1], old)

    def depths(self, spot: Spot, changes: dict[tuple[str, ...], Any]) -> list[int]:
        """The numbers of layers that were drawn for the same part."""
        found = (changes.get((*spot.path[:-1], name)) for name in LENGTH)
        return [depth for depth in found if type(depth) is int and depth > 0]

    def kind(self, spot: Spot) -> str:
        """None one time in five where it may be; else the value's own kind, seldom another that is allowed."""
        kinds = sorted(spot.kinds - {"none", "absent", "dict"})
        for empty in ("none", "absent"):
            if empty in spot.kinds and (not kinds or self.rng.random() < (0.2 if empty == "none" else 0.8)):
                return empty
        own = next((kind for kind in kinds if isinstance(spot.value, TYPES[kind]) and kind in OWN(spot.value)), None)
        return own if own and self.rng.random() < 0.85 else self.rng.choice(kinds) if kinds else "dict"

    def number(self, name: str, old: int | None) -> int:
        """A whole number: small ones freely, large ones by factors that keep what divides them, now and then not."""
        if TOKEN.search(name):
            return self.rng.randrange(0, 8)
        if DEPTH.search(name) and (old is None or old < 100):
            return self.rng.randint(*((1, MOST_DEEP) if self.rng.random() < 0.95 else (MOST_DEEP, REAL_DEEP)))
        if old is None:
            return self.rng.choice([*self.same.values(), 1, 2, 4, 8, 16, 24, 32, 64])
        if self.rng.random() < 0.6:
            return self.same.setdefault(old, self.scaled(old, self.factor))
        return self.scaled(old, self.rng.choice(FACTORS)) if self.rng.random() < 0.7 else self.odd(old)

    def scaled(self, old: int, factor: float) -> int:
        """A multiple or the half of a number; a small one is drawn anew."""
        if abs(old) <= 8:
            return self.rng.choice([0, 1, 1, 2, 2, 3, 4, 4, 6, 8]) if old >= 0 else old
        half = factor < 1 and old % 2
        return min(MOST, old if half else int(old * factor)) if old < MOST else old

    def odd(self, old: int) -> int:
        """A number near another one that divides nothing in particular."""
        return max(1, abs(old) + self.rng.randint(-3, 37))

    def real(self, spot: Spot) -> float:
        """A number that need not be whole; what lies between 0 and 1 stays there."""
        old = spot.value if isinstance(spot.value, (int, float)) and not isinstance(spot.value, bool) else 1.0
        if 0 <= old <= 1:
            return self.rng.choice([0.0, 0.1, 0.25, 0.3, 0.5, 1.0])
        return self.rng.choice([1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 4.5, float(old) * 2, float(old) / 2])

    def list(self, spot: Spot, changes: dict[tuple[str, ...], Any]) -> Any:
        """A list of another length, its entries other ones."""
        old = list(spot.value) if isinstance(spot.value, (list, tuple)) else []
        length = self.length(spot, old, changes)
        if spot.words:
            return [self.rng.choice(spot.words) for _ in range(length)]
        if not old:
            return [self.number(spot.path[-1], None) for _ in range(length)] if "int" in spot.kinds else spot.value
        return [self.entry(spot.path[-1], old[min(at, len(old) - 1)]) for at in range(length)]

    def length(self, spot: Spot, old: Any, changes: dict[tuple[str, ...], Any]) -> int:
        """The depth drawn for the same part where the list is one of layers; else as other lists of its length."""
        depths = self.depths(spot, changes)
        if spot.words and depths:
            return depths[0]
        if not old:
            return self.rng.randint(1, 4)
        near = [len(old), len(old), max(1, len(old) - 1), len(old) + 1]
        return self.lengths.setdefault(len(old), self.rng.choice(near))

    def entry(self, name: str, old: Any) -> Any:
        """One entry of a list, drawn by the rules of its kind."""
        if isinstance(old, bool):
            return self.rng.random() < 0.5
        if isinstance(old, int):
            return self.number(name, old) if self.rng.random() < 0.8 else old
        if isinstance(old, float):
            return old * self.rng.choice([0.5, 1.0, 2.0])
        return [self.entry(name, one) for one in old] if isinstance(old, (list, tuple)) else old


TYPES: dict[str, Any] = {"int": int, "bool": bool, "str": str, "float": float, "list": (list, tuple)}


def OWN(value: Any) -> tuple[str, ...]:
    """The kind of a value, true or false being no number."""
    return ("bool",) if isinstance(value, bool) else ("int", "float", "str", "list")


def applied(base: Raw, changes: dict[tuple[str, ...], Any], parts: dict[tuple[str, ...], Raw]) -> Raw:
    """The base with these changes: a new raw config; `parts`: what a part of it has to hold where it is spelled out."""
    raw = copied(base)
    for path, value in changes.items():
        at = raw
        for depth, key in enumerate(path[:-1], 1):
            if at.get(key) is None:
                at[key] = copied(parts.get(path[:depth], {}))
            at = at[key]
        if value is ABSENT:
            at.pop(path[-1], None)
        else:
            at[path[-1]] = copied(value)
    return raw


def copied(value: Any) -> Any:
    """A copy of what JSON can hold; tuples become lists."""
    if isinstance(value, dict):
        return {key: copied(one) for key, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, (list, tuple)) else value
