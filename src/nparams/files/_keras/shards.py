"""Weights of Keras 3 in several files: name.weights.json says which file each object's variables are in.

keras-team/keras keras/src/saving/saving_lib.py, `ShardedH5IOStore`: {"weight_map": {"/layers/dense/vars": file or
[files]}}, the files name_00000.weights.h5 beside it.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._keras.config import parse
from nparams.files.bytesource import is_bare

MOST_MAP, MOST_SHARDS = 8_000_000, 10_000


def files(text: bytes, name: str) -> list[str]:
    """The bare names of the shards, in order; FormatError for a text that is no such map.

    >>> files(b'{"weight_map": {"/layers/dense/vars": ["m_00000.weights.h5"]}}', "m.weights.json")
    ['m_00000.weights.h5']
    """
    held = parse(text, name, "the map of shards").get("weight_map")
    if not isinstance(held, dict) or not held:
        raise FormatError(f"{place(name)}: no weight_map in it. Not a map of Keras's shards?")
    found: set[str] = set()
    for path, value in held.items():
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, str) or not is_bare(each):
                raise FormatError(f"{place(name)}: {shown(path)} is in {shown(str(each))}; a shard lies beside its map")
            found.add(each)
    if len(found) > MOST_SHARDS:
        raise FormatError(f"{place(name)}: {len(found):,} shards; at most {MOST_SHARDS:,} are read")
    return sorted(found)
