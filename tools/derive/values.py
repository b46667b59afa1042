"""Random values for the fields of one config: those that must agree are drawn together.

Head counts divide the widths, key heads the heads; a list with an entry a layer is as long as the layers are many;
lists with an entry a stage are of one length. How strictly widths go with heads differs from draw to draw (see WIDTHS).
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from typing import Any, NamedTuple, Protocol

from tools.derive.changes import Change, Raw, get
from tools.derive.depths import is_depth, is_depths, is_experts, is_main, is_some
from tools.derive.fields import Field

# How the widths of one config are drawn: all multiples of what the heads divide; those that heads share only; the
# base's times small numbers; any numbers at all.
WIDTHS = ("units", "shared", "multiples", "free")
_HEADS = re.compile(r"(^|_)heads?$|_heads_|^n_heads?$|num_heads")
_KEYS = re.compile(r"key_value|(^|_)kv_|_kv($|_)")
_CORE = re.compile(r"(^|_)(hidden_size|d_model|n_embd|embed_dim|hidden_dim|embed_size|dim|embeddings_size|model_dim)$")
_GROUPS = re.compile(r"groups?($|_)")
_CHOSEN = re.compile(r"per_tok|top_?k|experts_per|num_selected|_top$")
#: how often a depth is drawn that models have
DEEP = 0.03
_STAGES = re.compile(r"stages|num_encoder_blocks|num_levels|blocks$|layers$")
_LIST_OF_LAYERS = re.compile(r"types$|_types_|pattern$")
_FLOATS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_HEAD_UNITS = (1, 2, 3, 4, 6, 8, 12)


class Drawn(NamedTuple):
    """A change of some fields, made whole or not at all; by which ways they were drawn; what to try when refused."""

    change: Change
    by: tuple[tuple[str, str], ...]
    instead: tuple[Drawn, ...] = ()


class Picks(Protocol):
    """What chooses between ways of drawing a field."""

    def pick(self, path: str, ways: tuple[str, ...], rng: random.Random) -> str:
        """One of the ways."""


class Part:
    """The draws of the fields of one config: the whole, or a part that stands in it."""

    def __init__(self, rng: random.Random, base: Raw, prefix: str, fields: list[Field], ways: Picks) -> None:
        self.rng, self.base, self.prefix, self.fields, self.ways = rng, base, prefix, fields, ways
        self.own: Raw = get(base, prefix, {}) if prefix else base
        self.way = ways.pick(prefix, WIDTHS, rng)
        self.shared = rng.choice(_HEAD_UNITS)
        self.unit = self.shared * rng.choice((2, 4, 8))
        #: the number of layers of this config
        self.depth: int | None = None
        self.depths = {name: value for name, value in self.own.items() if type(value) is int and is_depth(name)}
        self.taken: set[str] = set()

    def drawn(self) -> list[Drawn]:
        """The changes of this config: stages, depths with their lists, heads with widths, then each other field."""
        found = [item for length in self._lengths() for item in self._together_stages(length)]
        found += [*self._together_depths(), self._together_heads()]
        for field in self.fields:
            if field.path not in self.taken:
                way = self.ways.pick(field.path, _ways_of(field), self.rng)
                found.append(Drawn(self._alone(field, way), ((field.path, way),)))
        return [item for item in found if item.change]

    def _value(self, field: Field) -> Any:
        return get(self.base, field.path, field.default)

    # What is drawn together.

    def _lengths(self) -> list[int]:
        """How long the lists are that are of one length: those with depths, and several beside each other."""
        lists = {name: value for name, value in self.own.items() if isinstance(value, list) and len(value) > 1}
        staged = {len(value) for name, value in lists.items() if is_depths(name, value)}
        shared = Counter(len(value) for value in lists.values() if all(type(item) is int for item in value))
        main = {value for name, value in self.depths.items() if is_main(name)}
        return sorted(staged | {length for length, count in shared.items() if count > 1 and length not in main})

    def _together_stages(self, length: int) -> list[Drawn]:
        """The lists of one length, and the numbers that say how long they are; the main depth where it must."""
        stages = self.rng.randint(2, 5)
        lists: Change = {}
        same: Change = {}
        counts: Change = {}
        for field in self.fields:
            name, value = _name(field), self._value(field)
            if isinstance(value, list) and len(value) == length and not field.choices:
                longer = [value[min(place, length - 1)] for place in range(stages)]
                lists[field.path], same[field.path] = self._entries(name, longer), self._entries(name, value)
            elif type(value) is int and value == length and _STAGES.search(name):
                counts[field.path] = stages
        own = {path: value for path, value in counts.items() if not is_main(_last(path))}
        self.taken |= {*lists, *own}
        by = f"{self.prefix}[{length}]"
        instead = (Drawn({**lists, **counts}, ((by, "all"),)), Drawn(same, ((by, "same"),)))
        return [Drawn({**lists, **own}, ((by, "other"),), instead)] if lists else []

    def _entries(self, name: str, value: Any) -> Any:
        """Other entries in a list of the same length, where they are numbers."""
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            return value
        if is_depths(name, value):
            return [self.rng.randint(1, 3) for _ in value]
        if _HEADS.search(name):
            return [self.rng.choice([n for n in range(1, 13) if self.shared % n == 0]) for _ in value]
        return [self._width(name, item) for item in value] if value and min(value) >= 8 else value

    def _together_depths(self) -> list[Drawn]:
        """Each number of layers, with the lists that have an entry a layer."""
        found = []
        for field in self.fields:
            name, value = _name(field), self._value(field)
            if type(value) is int and name in self.depths and field.path not in self.taken:
                depth = depth_of(self.rng)
                self.depth = depth if is_main(name) else self.depth
                change = {field.path: depth, **self._layer_lists(name, value, depth)}
                self.taken |= set(change)
                found.append(Drawn(change, ((field.path, "with lists"),), self._short(field, change)))
        return found

    def _layer_lists(self, name: str, value: int, depth: int) -> Change:
        """The lists with an entry a layer, for another number of layers: those of that length, and at times those
        that the config class makes where nothing is given."""
        change: Change = {}
        for field in self.fields:
            now = self._value(field)
            long = isinstance(now, list) and len(now) == value and value > 1
            made = now is None and field.kinds & {"strs"} and _LIST_OF_LAYERS.search(_name(field))
            if field.path in self.taken or not (long or (made and is_main(name) and self.rng.random() < 0.5)):
                continue
            if field.choices:
                change[field.path] = [self.rng.choice(self._words(field)) for _ in range(depth)]
            elif long:
                change[field.path] = [now[place % len(now)] for place in range(depth)]
        return change

    def _words(self, field: Field) -> tuple[str, ...]:
        """The words that one list is made of: some of the choices, so that a word that is refused spoils few lists."""
        return tuple(self.rng.sample(field.choices, min(len(field.choices), self.rng.randint(1, 3))))

    def _short(self, field: Field, change: Change) -> tuple[Drawn, ...]:
        """The depth with its lists as they are, cut to it, or more layers than now, in place of a refused depth."""
        deeper = Drawn({field.path: self._value(field) + self.rng.randint(1, 3)}, ((field.path, "deeper"),))
        if len(change) == 1:
            return (deeper,)
        cut: Change = {field.path: change[field.path]}
        for path, value in change.items():
            now = get(self.base, path)
            if path != field.path:
                cut[path] = None if now is None else [now[place % len(now)] for place in range(len(value))]
        return (Drawn(cut, ((field.path, "cut lists"),)), deeper)

    def _together_heads(self) -> Drawn:
        """The numbers of heads, of key heads and the widths that they share."""
        change: Change = {}
        for field in self.fields:
            name, value = _name(field), self._value(field)
            if field.path in self.taken or type(value) is not int:
                continue
            if _HEADS.search(name) or _KEYS.search(name) or _CORE.search(name):
                change[field.path] = self._number(name, value)
        self.taken |= set(change)
        by = ((self.prefix, self.way),)
        return Drawn(change, by, self._scaled(change) if change and self.way != "free" else ())

    def _scaled(self, change: Change) -> tuple[Drawn, ...]:
        """The widths of the base times one number, with its heads, in place of other heads and widths."""
        factor = self.rng.choice((2, 3, 4))
        wide = {path: (get(self.base, path) or 1) * factor for path in change if _CORE.search(_last(path))}
        return (Drawn(wide, ((self.prefix, "scaled"),)),) if wide else ()

    # What is drawn alone.

    def _alone(self, field: Field, way: str) -> Change:
        """The change of one field in a way."""
        name, value = _name(field), self._value(field)
        if way == "kept":
            return {}
        if way == "none":
            return {field.path: None}
        if way == "bool":
            return {field.path: self.rng.random() < 0.5}
        if way == "str":
            many = "strs" in field.kinds and self.rng.random() < 0.5  # words in one text: "p2c|c2p"
            return {field.path: "|".join(self.rng.sample(field.choices, min(2 if many else 1, len(field.choices))))}
        if way == "strs":
            length = len(value) if isinstance(value, list) else next(iter(self.depths.values()), 2)
            return {field.path: [self.rng.choice(self._words(field)) for _ in range(length)]}
        if way == "letters":
            return {field.path: "".join(self.rng.choices(field.choices, k=depth_of(self.rng)))}
        if way == "int":
            own = value if type(value) is int else None
            return {field.path: self._some_layers(own) if self.depth and is_some(name) else self._number(name, own)}
        if way == "float":
            return {field.path: self._float(value)}
        return {field.path: self._list(name, value)}

    def _some_layers(self, value: int | None) -> int:
        """How many of the layers: never more than there are, which the entry refuses."""
        return self.rng.randint(min(value or 0, 1), self.depth or 1)

    def _number(self, name: str, value: int | None) -> int:
        """A whole number for a field of a name, that has a value in the base."""
        if is_depth(name):
            return depth_of(self.rng)
        if is_experts(name):
            return self.rng.choice((1, 2, 3, 4, 6, 8, 9))  # one of them may stand for none
        if _CHOSEN.search(name):
            return self.rng.randint(1, 2)
        if _HEADS.search(name) and not _CORE.search(name):
            return self._heads(_KEYS.search(name) is not None)
        if _GROUPS.search(name) and (value is None or value <= 64):
            return self.rng.choice((1, 2, 4))
        if value is None:
            return self.rng.choice((1, 2, 4, 8, 16, 24, 40))
        if value > 8:
            return self._width(name, value)
        return self.rng.randint(0 if value == 0 else 1, max(3, 2 * value)) if value >= 0 else value

    def _heads(self, keys: bool) -> int:
        """A number of heads that divides the shared widths, of key heads that divides each of them."""
        divisors = [n for n in range(1, self.shared + 1) if self.shared % n == 0]
        if self.way == "multiples":
            given = [value for name, value in self.own.items() if _HEADS.search(name) and type(value) is int]
            common = math.gcd(*given) or 1
            divisors = [n for n in range(1, common + 1) if common % n == 0][:6]
            self.shared = max(divisors)
        small = [n for n in divisors if n <= max(1, self.shared // 3)]
        large = [n for n in divisors if n % max(small) == 0]
        return max(small) if keys else self.rng.choice(large)

    def _width(self, name: str, value: int) -> int:
        """A width, or another large number, by the way of this config."""
        if "vocab" in name:
            return self._vocabulary(value)
        if name.startswith("patch") or "stride" in name:
            return self.rng.choice((2, 4, 7, 8, 14, 16))
        if "image_size" in name:
            patch = self.own.get("patch_size")
            return (patch if type(patch) is int else 16) * self.rng.randint(2, 9) + self.rng.choice((0, 0, 0, 5))
        if self.way == "multiples":
            return value * self.rng.choice((1, 2, 3)) if self.rng.random() < 0.7 or value % 2 else value // 2
        if self.way == "units" or (self.way == "shared" and _CORE.search(name)):
            return self.unit * self.rng.randint(1, 240 // self.unit)
        return self.rng.randint(5, 300)

    def _vocabulary(self, value: int) -> int:
        """A size of the vocabulary, above the special tokens that stand in the config."""
        tokens = [item for key, item in self.own.items() if key.endswith("_token_id") and type(item) is int]
        least = max((token for token in tokens if token < value), default=0) + 1
        return least + self.rng.randint(32, 3000)

    def _float(self, value: Any) -> float:
        """A number that is not whole, an exact fraction."""
        if isinstance(value, float) and value and self.rng.random() < 0.5:
            return value * self.rng.choice((0.5, 2.0))
        return self.rng.choice(_FLOATS) if value != 0.0 or self.rng.random() < 0.5 else 0.0

    def _list(self, name: str, value: Any) -> list[Any]:
        """A list of whole numbers: other entries, at times another length."""
        if type(value) is int:
            return [self._number(name, value)] * 2
        if not isinstance(value, list) or not value:
            return sorted(self.rng.sample(range(4), self.rng.randint(0, 2)))
        if not all(type(item) is int for item in value):
            return value
        drawn = [self._number(name, item) if self.rng.random() < 0.7 else item for item in value]
        return self.rng.choice((drawn, drawn, drawn, [*drawn, drawn[-1]], drawn[:-1]))


def depth_of(rng: random.Random) -> int:
    """A number of layers: few, for speed, and at times as many as models have, which shows what every sixth one is."""
    return rng.randint(6, 26) if rng.random() < DEEP else rng.randint(1, 5)


def _name(field: Field) -> str:
    """The last word of the path of a field."""
    return _last(field.path)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _ways_of(field: Field) -> tuple[str, ...]:
    """The ways in which a field can be drawn alone: what it may hold, and as it is."""
    known = ("bool", "int", "float", "ints")
    ways = [kind for kind in known if kind in field.kinds and not (kind == "int" and "float" in field.kinds)]
    ways += [kind for kind in ("str", "strs", "letters") if kind in field.kinds and field.choices]
    return (*ways, *(["none"] if "none" in field.kinds else []), "kept")
