"""Names of files that belong together: model-00001-of-00005.safetensors."""

from __future__ import annotations

import re

PATTERN = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.[A-Za-z0-9.]+)")


class Shard:
    """One file's place in a set."""

    __slots__ = ("count", "number", "stem", "suffix")

    def __init__(self, stem: str, number: int, count: int, suffix: str) -> None:
        self.stem = stem
        self.number = number
        self.count = count
        self.suffix = suffix

    def names(self) -> list[str]:
        """The names of the whole set, in order."""
        return [f"{self.stem}-{k:05}-of-{self.count:05}{self.suffix}" for k in range(1, self.count + 1)]


def shard_of(name: str) -> Shard | None:
    """The place of a bare file name in its set, or None.

    >>> shard_of("model-00002-of-00003.safetensors").names()[0]
    'model-00001-of-00003.safetensors'
    """
    match = PATTERN.fullmatch(name)
    if match is None:
        return None
    number, count = int(match["number"]), int(match["count"])
    if not 1 <= number <= count:
        return None
    return Shard(match["stem"], number, count, match["suffix"])
