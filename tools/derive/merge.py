"""Two classes of one type in one entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(entry: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Two heads of one type in one entry."""
    if not entry:
        return more
    for key in ("aliases", "fields", "tests", "absent"):
        entry[key] = {**entry[key], **more[key]}
    entry["kinds"] = {
        p: " ".join(sorted({*entry["kinds"].get(p, "").split(), *k.split()}))
        for p, k in {**entry["kinds"], **more["kinds"]}.items()
    }
    entry["only"] = {
        p: either(entry["only"].get(p, []), more["only"].get(p, [])) for p in {**entry["only"], **more["only"]}
    }
    entry["where"] = sorted({*entry.get("where", ()), *more["where"]})
    known = {p for p, _ in entry["rules"]}
    entry["rules"] += [rule for rule in more["rules"] if rule[0] not in known]
    entry["heads"].update(more["heads"])
    return entry


def narrower(only: Mapping[str, list[Any]], every: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The words of one class where another one has more.

    >>> narrower({"act": ["gelu"], "kind": ["a"]}, {"act": ["gelu", "prelu"], "kind": ["a"], "other": [1]})
    {'act': ['gelu']}
    """
    return {path: words for path, words in only.items() if any(word not in words for word in every[path])}


def fewer(kinds: Mapping[str, str], every: Mapping[str, str]) -> dict[str, str]:
    """The kinds of values of one class where another one has more.

    >>> fewer({"n": "int", "m": "int none"}, {"n": "int none", "m": "int none", "other": "str"})
    {'n': 'int'}
    """
    return {path: told for path, told in kinds.items() if {*told.split()} < {*every[path].split()}}


def either(one: list[Any], other: list[Any]) -> list[Any]:
    """What stands in one of two lists, of words or of anything."""
    return sorted([*one, *(value for value in other if value not in one)], key=repr)
