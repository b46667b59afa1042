"""Raw configs and changes of them: dotted paths, copies, which changes the library accepts together."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tools.derive.errors import Refused

Raw = dict[str, Any]
Change = dict[str, Any]  # dotted path -> new value: made together or not at all


class _Absent:
    """The mark of a field that is not in the config at all."""

    def __deepcopy__(self, memo: Any) -> _Absent:
        return self

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


def get(raw: Raw, path: str, instead: Any = None) -> Any:
    """The value at a dotted path, or what stands instead of it.

    >>> get({"text_config": {"hidden_size": 64}}, "text_config.hidden_size")
    64
    """
    at: Any = raw
    for key in path.split("."):
        if not isinstance(at, dict) or key not in at:
            return instead
        at = at[key]
    return at


def put(raw: Raw, path: str, value: Any) -> None:
    """Set the value at a dotted path; ABSENT takes it out."""
    *above, last = path.split(".")
    for key in above:
        if not isinstance(raw.get(key), dict):
            raw[key] = {}
        raw = raw[key]
    if value is ABSENT:
        raw.pop(last, None)
    else:
        raw[last] = value


def changed(raw: Raw, changes: list[Change]) -> Raw:
    """A copy of a raw config with changes made.

    >>> changed({"a": 1, "b": {"c": 2}}, [{"b.c": 3, "a": ABSENT}])
    {'b': {'c': 3}}
    """
    made = copy.deepcopy(raw)
    for change in changes:
        for path, value in change.items():
            put(made, path, copy.deepcopy(value))
    return made


def accepted(raw: Raw, changes: list[Change], build: Callable[[Raw], Any], limit: int) -> tuple[Raw, list[Change]]:
    """The raw config with as many of the changes as the library accepts together, and the changes left out.

    All at once; where that is refused, half of them, then the other half on top, and so on: within `limit` builds."""
    left = [limit]
    refused: list[Change] = []

    def grow(start: Raw, some: list[Change]) -> Raw:
        if not some or left[0] <= 0:
            refused.extend(some)
            return start
        left[0] -= 1
        tried = changed(start, some)
        try:
            build(tried)
        except Refused:
            if len(some) == 1:
                refused.extend(some)
                return start
            half = len(some) // 2
            return grow(grow(start, some[:half]), some[half:])
        return tried

    return grow(raw, changes), refused
