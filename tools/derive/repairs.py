"""What a config of defaults lacks before the library builds it, found by trying what its refusal points at.

Some config classes leave out what every published config.json holds (`head_dim`, `vocab_size`, `layer_types`). The last
attributes that were read before the refusal are the likely ones: each is given a value that a field of its name has
elsewhere in the library, and what gets further is kept.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from tools.derive import bases, readers, source
from tools.derive.changes import Change, Raw, changed
from tools.derive.errors import Refused
from tools.derive.fields import kinds_of

_ROUNDS = 8
_MISSING = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_MUST = re.compile(r"[`\"]?(\w+)[`\"]? must be (-?\d+|None|True|False)\b")
_WORDS = {"None": None, "True": True, "False": False}


def repaired(model_type: str, head: str, raw: Raw) -> Raw:
    """The raw config with what it lacks; Refused, with what was read last, where nothing gets it built."""
    for _ in range(_ROUNDS):
        refusal, depth, reads = _tried(model_type, head, raw)
        if refusal is None:
            return raw
        better = _better(model_type, head, raw, refusal, depth, reads)
        if better is None:
            raise Refused(
                f"{refusal} (after reading {reads[-1][0].__name__}.{reads[-1][1]})" if reads else str(refusal)
            )
        raw = better
    raise Refused(f"not built after {_ROUNDS} repairs")


def _tried(model_type: str, head: str, raw: Raw) -> tuple[Refused | None, int, readers.Reads]:
    """The refusal of a raw config, if any, and how far its constructor came: the attributes that it read."""
    reads: readers.Reads = []
    with readers.noted(reads):
        try:
            bases.build(model_type, head, raw)
        except Refused as refusal:
            return refusal, len(reads), reads
    return None, len(reads), reads


def _better(
    model_type: str, head: str, raw: Raw, refusal: Refused, depth: int, reads: readers.Reads
) -> Raw | None:  # fmt: skip
    """The first change of the raw config that is built, or comes further than it did."""
    for change in _candidates(model_type, raw, str(refusal), reads):
        tried = changed(raw, [change])
        again, came, _ = _tried(model_type, head, tried)
        if again is None or (came > depth and str(again) != str(refusal)):
            return tried
    return None


def _candidates(model_type: str, raw: Raw, refusal: str, reads: readers.Reads) -> Iterator[Change]:
    """Changes that a refusal suggests, the likeliest first."""
    places = list(bases.places(model_type, raw))
    for name, value in _MUST.findall(refusal):
        for prefix, _, own in places:
            if name in own:
                yield {f"{prefix}{name}": _WORDS[value] if value in _WORDS else int(value)}
    for owner, name in _MISSING.findall(refusal):
        for prefix, kind, own in places:
            if kind.__name__ == owner and name not in own:
                yield from ({f"{prefix}{name}": value} for value in [*_guesses(name, own, model_type), 1.0, 8])
    for kind, name in dict.fromkeys(reversed(reads)):
        for prefix, own_kind, own in places:
            if own_kind is kind and own.get(name, 0) is None:
                guesses = [*_guesses(name, own, model_type), *_of_kind(kind, name)]
                yield from ({f"{prefix}{name}": value} for value in guesses)
    for prefix, _, own in places:
        for name, value in own.items():
            if type(value) is int and name.endswith("heads") and value > 1:
                yield from ({f"{prefix}{name}": fewer} for fewer in (12, 8, 4, 2, 1) if fewer < value)


def _guesses(name: str, own: Raw, model_type: str) -> Iterator[Any]:
    """Values for a field that has none: by what stands beside it, then what the name has elsewhere."""
    heads = _first(own, ("num_attention_heads", "num_heads", "n_heads", "n_head"))
    width = _first(own, ("hidden_size", "d_model", "n_embd"))
    depth = _first(own, ("num_hidden_layers", "num_layers", "n_layer"))
    if name == "head_dim" and heads and width:
        yield width // heads
    if "key_value_heads" in name and heads:
        yield heads
    if name == "vocab_size":
        yield 1000
    words = source.strings(model_type).get(name, ())
    if name.endswith("types") and depth:
        yield from ([word] * depth for word in words)
        yield ["full_attention"] * depth
    yield from source.usual(name)
    if name.startswith("rope"):
        plain = {"rope_type": "default", "rope_theta": 10000.0}
        yield plain
        yield {kind: dict(plain) for kind in source.strings(model_type).get("layer_types", ())}


def _of_kind(kind: type[Any], name: str) -> list[Any]:
    """Values of the kinds that a declared field may hold."""
    annotation = next((field.type for field in dataclasses.fields(kind) if field.name == name), None)
    kinds = kinds_of(annotation)[0]
    table: dict[str, list[Any]] = {
        "int": [8],
        "ints": [[[0, 0]], [0, 1]],
        "float": [1.0],
        "dict": [{}],
        "bool": [False],
    }
    usual = [value for word, values in table.items() if word in kinds for value in values]
    return [*source.documented(kind, name), *usual]


def _first(own: Raw, names: tuple[str, ...]) -> int:
    """The first of some numbers that a config has."""
    return next((own[name] for name in names if type(own.get(name)) is int), 0)
