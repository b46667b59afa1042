"""Two classes of one type in one entry."""

from __future__ import annotations

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


def either(one: list[Any], other: list[Any]) -> list[Any]:
    """What stands in one of two lists, of words or of anything."""
    return sorted([*one, *(value for value in other if value not in one)], key=repr)
