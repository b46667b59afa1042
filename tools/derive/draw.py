"""Random raw configs of a model type in which (nearly) every field differs from the base, and that the library accepts.

A draw is a list of changes, each made whole or not at all: the widths and head counts of one part go together, a depth
goes with the lists that are as long. Where the library refuses, half of the changes are tried, then the other half on
top of them; what is to blame is remembered, so that a way of drawing that is refused often is used less.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from tools.derive import bases
from tools.derive.bases import Change, Raw
from tools.derive.errors import Refused
from tools.derive.fields import Field, get

_HEADS = re.compile(r"(^|_)(n|num)_(.*_)?heads?$|_heads$|^n_head$|^num_heads$")
_KEYS = re.compile(r"key_value_heads|kv_heads|num_kv|n_head_kv")
_GROUPS = re.compile(r"groups?$")
_WIDTH = re.compile(r"hidden_size$|(^|_)(d_model|n_embd|embed_dim|hidden_dim|d_embed)$|embedding_size$|^dim$|_dim$|channels$|_width$|_size$")
_CHOSEN = re.compile(r"per_tok|top_?k|experts_per")
_WAYS = ("units", "multiples", "arbitrary")
_MOST = 10  # layers of one kind, experts: the product is bounded
_FLOATS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


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

    def pick(self, path: str, ways: Iterable[str], rng: random.Random) -> str:
        """A way of drawing a field, by what came of them."""
        some = list(ways)
        return rng.choices(some, [max(0.03, self.share(path, way)) for way in some])[0]


def draw(
    model_type: str, rng: random.Random, base: Raw, fields: list[Field], frozen: Collection[str] = (),
) -> Raw:  # fmt: skip
    """A random raw config: the library may refuse it (see draws)."""
    return bases.changed(base, [change for change, _ in changes(rng, base, fields, frozen, Ways())])


def changes(
    rng: random.Random, base: Raw, fields: list[Field], frozen: Collection[str], ways: Ways
) -> list[tuple[Change, list[tuple[str, str]]]]:
    """The changes of one draw, each with the (field, way) pairs that it was drawn by."""
    groups: dict[str, list[Field]] = {}
    for field in fields:
        if field.path not in frozen:
            groups.setdefault(field.path.rpartition(".")[0], []).append(field)
    found = []
    for prefix, some in groups.items():
        found += _Part(rng, base, prefix, some, ways).changes()
    return found


class _Part:
    """The draws of the fields of one config (the whole, or one part of it)."""

    def __init__(self, rng: random.Random, base: Raw, prefix: str, fields: list[Field], ways: Ways) -> None:
        self.rng, self.base, self.prefix, self.fields, self.ways = rng, base, prefix, fields, ways
        self.own = get(base, prefix, {}) if prefix else base
        self.way = ways.pick(prefix, _WAYS, rng)
        self.heads = rng.choice((1, 2, 3, 4, 6, 8))
        self.keys = rng.choice([n for n in range(1, self.heads + 1) if self.heads % n == 0])
        self.unit = math.lcm(self.heads * rng.choice((2, 4, 8)), 4)
        self.depth = rng.randint(1, 5)
        self.experts = rng.randint(2, 9)
        self.stages = rng.randint(2, 5)
        self.length = self._length()

    def changes(self) -> list[tuple[Change, list[tuple[str, str]]]]:
        """The changes: widths and heads as one, depths with their lists, then each of the others."""
        widths: Change = {}
        deep: Change = {}
        by: list[tuple[str, str]] = [(self.prefix, self.way)]
        alone = []
        for field in self.fields:
            name = field.path.rpartition(".")[2]
            value = get(self.base, field.path, field.default)
            if self._is_staged(name, value):
                deep[field.path] = self._staged(name, value)
            elif type(value) is int and (_HEADS.search(name) or (_WIDTH.search(name) and value >= 8)):
                widths[field.path] = self._width(name, value)
            else:
                way = self.ways.pick(field.path, self._ways(field), self.rng)
                drawn = self._value(field, name, value, way)
                alone.append((drawn, [(field.path, way)]))
        first = [(change, by) for change in (deep, widths) if change]
        return [*first, *((change, pairs) for change, pairs in alone if change)]

    # Lists that are as long as the stages are many.

    def _length(self) -> int:
        """How many stages the part has: the length of most of its lists of numbers."""
        lengths = [len(value) for value in self.own.values() if isinstance(value, list) and len(value) > 1]
        return max(set(lengths), key=lambda n: (lengths.count(n), n)) if lengths else 0

    def _is_staged(self, name: str, value: Any) -> bool:
        """Whether a field is a list with one entry a stage, or their number."""
        if isinstance(value, list):
            return len(value) == self.length and any(bases.is_depths(key, item) for key, item in self.own.items())
        return type(value) is int and value == self.length and bool(re.search(r"stages|num_encoder_blocks", name))

    def _staged(self, name: str, value: Any) -> Any:
        """A new value of a field that goes with the stages."""
        if not isinstance(value, list):
            return self.stages
        if all(type(item) is int for item in value):
            if bases.is_depths(name, value):
                return [self.rng.randint(1, 3) for _ in range(self.stages)]
            start = [self._width(name, value[min(i, len(value) - 1)]) for i in range(self.stages)]
            return start if min(value) >= 8 else [value[min(i, len(value) - 1)] for i in range(self.stages)]
        return [self.rng.choice(value) for _ in range(self.stages)]

    # Numbers.

    def _width(self, name: str, value: int) -> int:
        """A width, a number of heads, of key heads: by the way of this part."""
        if _KEYS.search(name):
            return self.keys
        if _HEADS.search(name):
            return self.heads
        if "vocab" in name:
            return self._vocabulary(value)
        if self.way == "units":
            return self.unit * self.rng.randint(1, 6)
        if self.way == "multiples":
            return value * self.rng.choice((1, 2, 3)) if self.rng.random() < 0.7 or value % 2 else value // 2
        return self.rng.randint(5, 200)

    def _vocabulary(self, value: int) -> int:
        """A size of the vocabulary, above the special tokens that stand in the config."""
        tokens = [item for key, item in self.own.items() if key.endswith("_token_id") and type(item) is int]
        least = max((token for token in tokens if token < value), default=0) + 1
        return least + self.rng.randint(32, 3000)

    def _ways(self, field: Field) -> list[str]:
        """The ways in which a field can be drawn alone."""
        some = ["drawn"]
        if "none" in field.kinds:
            some.append("none")
        if "ints" in field.kinds and "int" in field.kinds:
            some.append("list")
        return [*some, "kept"]

    def _value(self, field: Field, name: str, value: Any, way: str) -> Change:
        """The change of one field in a way."""
        if way == "kept":
            return {}
        if way == "none":
            return {field.path: None}
        if way == "list":
            return {field.path: [self._number(name, value if type(value) is int else 4)] * 2}
        if "bool" in field.kinds and (isinstance(value, bool) or not field.kinds & {"int", "float", "str"}):
            return {field.path: self.rng.random() < 0.5}
        if "str" in field.kinds and field.choices and (isinstance(value, str) or not field.kinds & {"int", "ints"}):
            return {field.path: self.rng.choice(field.choices)}
        if "strs" in field.kinds and field.choices:
            return {field.path: self._words(field, value)}
        if "int" in field.kinds and not isinstance(value, (float, list, dict)):
            return {field.path: self._number(name, value)}
        if "float" in field.kinds and not isinstance(value, (list, dict)):
            return {field.path: self._float(value)}
        if isinstance(value, list) or "ints" in field.kinds:
            return {field.path: self._numbers(name, value)}
        return {}

    def _number(self, name: str, value: int | None) -> int:
        """A whole number for a field that holds one."""
        if bases.is_depth(name):
            return self.rng.randint(1, 5)
        if bases.is_experts(name):
            return self.experts
        if _CHOSEN.search(name):
            return self.rng.randint(1, 2)
        if _KEYS.search(name):
            return self.keys
        if _HEADS.search(name):
            return self.heads
        if _GROUPS.search(name):
            return self.rng.choice((1, 2, 4))
        if value is None:
            return self.rng.choice((1, 2, 4, 8, 16, 24, 40))
        if value > 8:
            return self._width(name, value)
        return self.rng.randint(0 if value == 0 else 1, max(3, 2 * value)) if value >= 0 else value

    def _float(self, value: Any) -> float:
        """A number that is not whole, an exact fraction."""
        if isinstance(value, float) and value and self.rng.random() < 0.5:
            return value * self.rng.choice((0.5, 2.0))
        return self.rng.choice(_FLOATS) if value != 0.0 or self.rng.random() < 0.5 else 0.0

    def _numbers(self, name: str, value: Any) -> list[Any]:
        """A list of numbers: other entries, at times another length."""
        if not isinstance(value, list) or not value:
            return sorted(self.rng.sample(range(4), self.rng.randint(0, 2)))
        if not all(type(item) is int for item in value):
            return value
        drawn = [self._number(name, item) if self.rng.random() < 0.5 else item for item in value]
        return drawn if self.rng.random() < 0.7 else drawn + [drawn[-1]] if self.rng.random() < 0.5 else drawn[:-1]

    def _words(self, field: Field, value: Any) -> list[str] | None:
        """A list of words: as long as it is, or as the part is deep."""
        depth = next((item for key, item in self.own.items() if bases.is_depth(key) and type(item) is int), 2)
        length = len(value) if isinstance(value, list) else depth
        return [self.rng.choice(field.choices) for _ in range(length)]


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

    Fewer where the library accepts too few of 4 n draws."""
    from tools.derive.fields import fields as all_fields

    start = bases.base(model_type) if base is None else base
    some = all_fields(model_type) if fields is None else fields
    ways = Ways()
    known: set[str] = set()
    for _ in range(4 * n):
        if len(known) == n:
            return
        raw = _accepted(model_type, head, start, changes(rng, start, some, frozen, ways), ways)
        if raw is not None and repr(raw) not in known:
            known.add(repr(raw))
            yield raw, bases.build_config(model_type, raw)


def _accepted(
    model_type: str, head: str, base: Raw, drawn: list[tuple[Change, list[tuple[str, str]]]], ways: Ways
) -> Raw | None:
    """The base with as many of the changes as the library accepts; None where it accepts none."""
    raw, refused = bases.accepted(base, [change for change, _ in drawn], lambda it: bases.build(model_type, head, it), 16)
    if len(refused) == len(drawn):
        return None
    for change, pairs in drawn:
        for path, way in pairs:
            ways.note(path, way, not any(change is other for other in refused))
    return raw
