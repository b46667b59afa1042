"""What makes a config large: numbers of layers and of experts, known by their names; and smaller ones of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from tools.derive.changes import Change, Raw, accepted

# Numbers of layers (num_hidden_layers, n_layer, encoder_layers, depth, num_blocks) and of experts, by their names.
# What is an index of a layer, a type or a size of one is none.
_DEPTH = re.compile(
    r"(^|_)(n|num|layers|layer)_?(hidden_|decoder_|encoder_|.*_)?(layers?|blocks?)(_num)?$"
    r"|_layers$|^layers$|(^|_)depths?$|_blocks$|block_repeats$"
)
_NO_DEPTH = re.compile(
    r"feature|select|index|indices|_at_|skip|start|from|kernel|size|every|interval|per_|freq|step|prenet|postnet|offset"
    r"|group|^mlp_only_layers$|look_|ahead|shared_layers|no_rope"
)
MAIN = ("num_hidden_layers", "num_layers", "n_layer", "n_layers")
_EXPERTS = re.compile(r"(^|_)(n|num)_(.*_)?experts?$|^moe_num_experts$|^num_experts$")
_MANY = re.compile(r"(^|_)(n|num)_(codebooks|quantizers)$|^n_q$")
_DEEPER = (6, 12, 18)  # what is tried where fewer layers are refused
_SLOW = 1.5  # seconds of the processor: nearly all take below 0.2, those that fill a table in Python several


def is_depth(name: str) -> bool:
    """Whether the last word of a path names a number of layers.

    >>> [is_depth(name) for name in "num_hidden_layers encoder_layers n_layer depth vision_feature_layer".split()]
    [True, True, True, True, False]
    """
    return bool(_DEPTH.search(name)) and not _NO_DEPTH.search(name)


def is_main(name: str) -> bool:
    """Whether a depth is the one that lists with an entry a layer go with, where they are not given."""
    return name in MAIN


def is_some(name: str) -> bool:
    """Whether the last word of a path says how many of the layers are of a kind.

    >>> [is_some(name) for name in ("num_kv_shared_layers", "num_layers", "layer_types")]
    [True, False, False]
    """
    return name.endswith("shared_layers")


def is_depths(name: str, value: Any) -> bool:
    """Whether a field is a list of numbers of layers, one a stage.

    >>> is_depths("depths", [2, 2, 6, 2]), is_depths("hidden_sizes", [32, 64])
    (True, False)
    """
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value) and is_depth(name)


def is_experts(name: str) -> bool:
    """Whether a name is one of a number of experts.

    >>> [is_experts(name) for name in ("num_local_experts", "n_routed_experts", "num_experts_per_tok")]
    [True, True, False]
    """
    return bool(_EXPERTS.search(name))


def is_part(value: Any) -> bool:
    """Whether a raw value is the config of a part."""
    return isinstance(value, dict) and "model_type" in value


def cut(raw: Raw, build: Callable[[Raw], Any]) -> Raw:
    """A raw config with fewer layers and experts, and small pictures where large ones make its constructor slow."""
    small, refused = accepted(raw, list(_cuts(raw, "")), build, limit=24)
    for change in refused:
        for depth in _DEEPER:
            small, left = accepted(small, list(_deeper(raw, change, depth)), build, limit=1)
            if not left:
                break
    if _seconds(build, small) > _SLOW:
        small, _ = accepted(small, list(_pictures(small, "")), build, limit=12)
    return small


def _seconds(build: Callable[[Raw], Any], raw: Raw) -> float:
    """The processor's time that a build takes."""
    before = time.process_time()
    build(raw)
    return time.process_time() - before


def _cuts(raw: Raw, prefix: str) -> Iterator[Change]:
    """What makes a config small: fewer layers (with the lists that go with them) and fewer experts."""
    turn = 0
    for key, value in raw.items():
        path = f"{prefix}{key}"
        if is_part(value):
            yield from _cuts(value, f"{path}.")
        elif type(value) is int and is_depth(key) and value > 4:
            turn += 1
            yield {path: 2 + turn % 3, **_lists_of(raw, prefix, value, 2 + turn % 3)}
        elif is_depths(key, value):
            yield {path: [min(item, 1 + place % 3) for place, item in enumerate(value)]}
        elif type(value) is int and value > 8 and (_EXPERTS.search(key) or _MANY.search(key)):
            yield {path: 8}
        elif key == "depth_coefficient" and isinstance(value, float):
            yield {path: 1.0}


def _lists_of(raw: Raw, prefix: str, length: int, depth: int) -> Change:
    """The lists beside a number of layers that are as long as it says, cut to another one."""
    lists = {key: value for key, value in raw.items() if isinstance(value, list) and len(value) == length}
    return {f"{prefix}{key}": value[:depth] for key, value in lists.items()}


def _deeper(raw: Raw, change: Change, depth: int) -> Iterator[Change]:
    """A refused cut with more layers than it had, but fewer than the config has."""
    path = next(iter(change))
    prefix, _, key = path.rpartition(".")
    own = raw
    for word in prefix.split(".") if prefix else ():
        own = own[word]
    value = own[key]
    if type(value) is int and is_depth(key) and depth < value:
        yield {path: depth, **_lists_of(own, f"{prefix}." if prefix else "", value, depth)}


def _pictures(raw: Raw, prefix: str) -> Iterator[Change]:
    """Pictures of a few patches in place of large ones."""
    for key, value in raw.items():
        if is_part(value):
            yield from _pictures(value, f"{prefix}{key}.")
        elif key == "image_size" and type(value) is int and type(raw.get("patch_size")) is int:
            yield {f"{prefix}{key}": 4 * raw["patch_size"]}
