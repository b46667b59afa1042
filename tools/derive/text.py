"""An entry as text: JSON with one group of tensors a line, so that a changed formula is a readable difference.

What has no order (fields, kinds, tests, rules of different fields, heads) stands sorted; cells and tensors keep the
order of registration.

>>> print(dumps({"type": "toy", "schema": 1, "fields": {"h": 4, "d": None}, "heads": {}}), end="")
{
"schema": 1,
"type": "toy",
"fields": {
  "d": null,
  "h": 4
},
"heads": {}
}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

TOP = ("schema", "type", "made", "aliases", "fields", "kinds", "bounds", "only", "tests", "rules", "where", "heads")
SORTED = {"aliases", "fields", "kinds", "bounds", "only", "tests"}
CELL = ("over", "if", "tensors")


def dumps(entry: dict[str, Any]) -> str:
    """The one text of an entry; entries that are equal up to order have the same text."""
    keys = [*(key for key in TOP if key in entry), *sorted(set(entry) - set(TOP))]
    return "{\n" + ",\n".join(f"{line(key)}: {part(key, entry[key])}" for key in keys) + "\n}\n"


def loads(text: str) -> dict[str, Any]:
    """The entry that a text holds; a key given twice, NaN or anything but an object is a ValueError."""
    entry = json.loads(text, object_pairs_hook=once, parse_constant=finite)
    if not isinstance(entry, dict):
        raise ValueError(f"an entry is a JSON object, not {type(entry).__name__}")
    return entry


def line(value: Any) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def part(key: str, value: Any) -> str:
    """A top-level value: one line for each thing in it."""
    if key == "heads" and value:
        return block("{", (f"{line(name)}: {head(value[name])}" for name in sorted(value)), "}", indent="")
    if key in SORTED and value:
        return block("{", (f"{line(name)}: {line(value[name])}" for name in sorted(value)), "}")
    if key in ("rules", "where") and value:
        return block("[", map(line, sorted(value, key=line)), "]")
    return line(value)


def head(value: dict[str, Any]) -> str:
    """A class: its record and prefix, then its cells."""
    plain = [f"{line(key)}: {line(value[key])}" for key in sorted(value) if key != "cells"]
    cells = block("[", map(cell, value.get("cells", [])), "]", indent=" ")
    return block("{", [*plain, f'"cells": {cells}'], "}", indent=" ")


def cell(value: dict[str, Any]) -> str:
    """A group of tensors: where it stands on the first line, then one tensor a line."""
    keys = [*(key for key in CELL[:-1] if key in value), *sorted(set(value) - set(CELL))]
    where = "".join(f"{line(key)}: {line(value[key])}, " for key in keys)
    return "{" + where + '"tensors": ' + block("[", map(line, value.get("tensors", [])), "]", indent="  ") + "}"


def block(opening: str, lines: Iterable[str], closing: str, indent: str = "  ") -> str:
    """Brackets around lines; nothing between them where there are none."""
    kept = list(lines)
    return f"{opening}\n{indent}" + f",\n{indent}".join(kept) + f"\n{closing}" if kept else opening + closing


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"the key {next(twice(pairs))!r} stands twice in one object")
    return found


def twice(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    """The keys that were there before."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            yield key
        seen.add(key)


def finite(word: str) -> Any:
    """NaN and Infinity are no JSON."""
    raise ValueError(f"{word} is no number of an entry")
