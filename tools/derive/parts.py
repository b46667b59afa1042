"""Parts of a config whose type has an entry of its own: what is known of them, under the names of the whole."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from transformers import PreTrainedConfig

from tools.derive import bases
from tools.derive.shared import Known
from tools.derive.store import Store
from tools.derive.templates import Templates
from tools.derive.tracking import name_of

#: tensors of a part's class that are looked for to see where it stands in the whole
LOOKED_FOR = 4


class Parts:
    """The entries of the parts of a type."""

    def __init__(self, model_type: str) -> None:
        config = bases.build_config(model_type, bases.base(model_type))
        self.entries = [entry for path, part in parts_of(config) if (entry := _entry(part, path)) is not None]

    @property
    def tests(self) -> dict[str, list[str]]:
        """The tests of all of them."""
        return {name: test for entry in self.entries for name, test in entry["tests"].items()}

    @property
    def rules(self) -> dict[str, Any]:
        """What their config classes make of fields."""
        return {path: rule for entry in self.entries for path, rule in entry["rules"]}

    def known(self, templates: Templates) -> Iterator[Known]:
        """Every class of a part at every place where its tensors seem to stand."""
        names = [item.name for o in templates.observations[:2] for item in o.items]
        for entry in self.entries:
            for head in entry["heads"]:
                for prefix in dict.fromkeys(_places(entry, head, names)):
                    yield Known(entry, head, prefix)


def parts_of(config: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(path, type) of every part of a config, the innermost last."""
    for key, part in vars(config).items():
        if isinstance(part, PreTrainedConfig) and not key.startswith("_"):
            yield f"{prefix}{key}", type(part).model_type
            yield from parts_of(part, f"{prefix}{key}.")


def _places(entry: Mapping[str, Any], head: str, names: list[str]) -> Iterator[str]:
    """What stands before the names of the class's tensors."""
    bare = entry["heads"][head]["base"]
    found = [tensor[0] for cell in entry["heads"][head]["cells"] for tensor in cell["tensors"]]
    for template in found[:LOOKED_FOR]:
        end = re.sub(r"\{\w\}", "0", template).removeprefix(bare)
        yield from (name[: -len(end)] for name in names if name.endswith(f".{end}"))


@functools.cache
def _entry(model_type: str, path: str) -> dict[str, Any] | None:
    entry = Store().entry(model_type) if model_type else None
    return None if entry is None else under(entry, path)


def under(entry: Mapping[str, Any], path: str) -> dict[str, Any]:
    """An entry whose fields stand in a part of a config.

    >>> cells = [{"if": "(1 - n__none)", "tensors": [["w", ["n", "max(n, 4)"], "Linear"]]}]
    >>> entry = {"fields": {"n": 3}, "kinds": {}, "rules": [], "tests": {"n__none": ["n", "none"]},
    ...          "heads": {"A": {"base": "", "cells": cells}}}
    >>> under(entry, "text")["heads"]["A"]["cells"]
    [{'if': '(1 - text__n__none)', 'tensors': [['w', ['text__n', 'max(text__n, 4)'], 'Linear']]}]
    """
    symbols = {*map(name_of, entry["fields"]), *entry["tests"]}
    moved = functools.partial(_moved, symbols=symbols, before=name_of(path) + "__")
    return {
        **entry,
        "fields": _keys(entry["fields"], path),
        "absent": {},
        "kinds": _keys(entry["kinds"], path),
        "only": _keys(entry.get("only", {}), path),
        "where": [moved(text) for text in entry.get("where", ())],
        "tests": {moved(name): _test(test, path, moved) for name, test in entry["tests"].items()},
        "rules": [[f"{path}.{field}", _rule(rule, path, moved)] for field, rule in entry["rules"]],
        "heads": {
            name: {
                **head,
                "only": _keys(head.get("only", {}), path),
                "kinds": _keys(head.get("kinds", {}), path),
                "cells": [_cell(cell, moved) for cell in head["cells"]],
            }
            for name, head in entry["heads"].items()
        },
    }


def _keys(held: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {f"{path}.{key}": value for key, value in held.items()}


def _moved(text: str, symbols: set[str], before: str) -> str:
    """A text with the symbols renamed: `depths2` is an entry of `depths`, `a__0_` one of a list of lists."""

    def renamed(met: re.Match[str]) -> str:
        name = met[0]
        stems = (name, name.rstrip("0123456789"), re.sub(r"__\d+_\d*$", "", name))
        return before + name if symbols.intersection(stems) else name

    return re.sub(r"[A-Za-z_]\w*", renamed, text)


def _test(test: list[str], path: str, moved: Any) -> list[str]:
    field, kind, *rest = test
    return [f"{path}.{field}", kind, *(map(moved, rest) if kind == "times" else rest)]


def _rule(rule: Any, path: str, moved: Any) -> list[list[Any]]:
    return [[moved(when), _case(case, path, moved)] for when, case in rule]


def _case(case: Any, path: str, moved: Any) -> Any:
    """What one case of a rule makes."""
    if isinstance(case, str):
        return moved(case)
    made = dict(case)
    if "each" in case:
        made["each"] = [case["each"][0], moved(case["each"][1])]
    if "of" in case:
        made["of"] = moved(case["of"])
    if "choose" in case:
        made["choose"] = [[moved(when), word] for when, word in case["choose"]]
    if "from" in case:
        made["from"] = f"{path}.{case['from']}"
    return made


def _cell(cell: Mapping[str, Any], moved: Any) -> dict[str, Any]:
    made = dict(cell)
    if "over" in cell:
        made["over"] = [[letter, *map(moved, ends)] for letter, *ends in cell["over"]]
    if "if" in cell:
        made["if"] = moved(cell["if"])
    made["tensors"] = [[name, [moved(d) for d in dims], *rest] for name, dims, *rest in cell["tensors"]]
    return made
