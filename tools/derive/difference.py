"""What a new derivation changes in an entry, for whoever reviews it."""

from __future__ import annotations

import difflib
from typing import Any

from tools.derive.formula import total
from tools.derive.text import dumps

RECORDS = ("made",)  # what changes with every run


def difference(old: dict[str, Any] | None, new: dict[str, Any]) -> str:
    """The total formulas that change, class by class, then the changed lines of the entry; "" where none does."""
    lines = formulas(old or {"heads": {}}, new) + changed_lines(old, new)
    if not lines:
        return ""
    before = f"transformers {old['made'].get('transformers')}" if old else "new"
    return "\n".join([f"{new['type']}: {before} -> {new['made'].get('transformers')}", *lines, "", ""])


def formulas(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """- and + lines of the classes whose total is another."""
    lines = []
    for name in sorted({*old["heads"], *new["heads"]}):
        before, after = (total(side["heads"][name]) if name in side["heads"] else "" for side in (old, new))
        if before != after:
            lines += [f"  {name}", *(f"  {sign} {text}" for sign, text in (("-", before), ("+", after)) if text)]
    return lines


def changed_lines(old: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    """A unified difference of the two texts; a new entry has none."""
    if old is None:
        return []
    before, after = (dumps(plain(entry)).splitlines() for entry in (old, new))
    return [f"    {line}" for line in [*difflib.unified_diff(before, after, lineterm="", n=1)][2:]]


def plain(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without its records: what was made when, how many configs agreed."""
    heads = {name: {key: head[key] for key in head if key != "verified"} for name, head in entry["heads"].items()}
    return {**{key: entry[key] for key in entry if key not in RECORDS}, "heads": heads}
