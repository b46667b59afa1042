"""Entries for the tests of architectures/, and what they mean worked out one tensor at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nparams.architectures.entry import Entry
from nparams.expr import evaluate, parse

DATA = Path(__file__).with_name("data") / "architectures"
HEADS = {"llama": "LlamaForCausalLM", "stages": "StagesModel", "moe": "MoeForCausalLM"}


def entry(name: str, **changed: Any) -> Entry:
    """A written entry, with some of its parts replaced."""
    return Entry.of({**json.loads((DATA / f"{name}.json").read_text("utf-8")), **changed})


def tiny(cells: list[dict[str, Any]], **parts: Any) -> Entry:
    """An entry of one head with these cells."""
    head = {"Tiny": {"base": "", "verified": {}, "cells": cells}}
    return Entry.of({"schema": 1, "type": "tiny", "fields": {}, "heads": head, **parts})


def one_by_one(held: Entry, head: str, config: Mapping[str, Any]) -> Iterator[tuple[str, int, str, str | None]]:
    """(name, size, role, tied to) of every tensor, by nparams.expr.evaluate and no shortcut."""
    resolved = held.resolve(config)
    values: dict[str, Any] = {}
    for field in held.fields:
        value = resolved[field]
        if isinstance(value, list):
            values[field.replace(".", "__")] = [int(v) if isinstance(v, int) else 0 for v in value]
        else:
            values[field.replace(".", "__")] = int(value) if isinstance(value, int) else 0
    for name, (field, op, *wanted) in held.raw.get("tests", {}).items():
        values[name] = asked(resolved[field], op, *wanted)
    for cell in held.heads[head].cells:
        for inside in members(cell.get("over", []), values):
            if evaluate(parse(str(cell.get("if", 1))), inside):
                yield from (told(tensor, inside) for tensor in cell["tensors"])


def members(over: list[Any], values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not over:
        yield values
        return
    letter, count, first = (*over[0], "0")[:3]
    start = evaluate(parse(first), values)
    for k in range(start, start + evaluate(parse(count), values)):
        yield from members(over[1:], {**values, letter: k})


def told(tensor: list[Any], values: dict[str, Any]) -> tuple[str, int, str, str | None]:
    name, sides, _, *rest = tensor
    size = 1
    for side in sides:
        size *= evaluate(parse(side), {**values, "dim": {1: values.get("dim1", 0)}})
    extra = rest[0] if rest else {}
    tied = extra.get("tied")
    return spelt(name, values), size, extra.get("role", "weight"), tied and spelt(tied, values)


def spelt(name: str, values: dict[str, Any]) -> str:
    return re.sub(r"{(\w+)}", lambda found: str(values[found[1]]), name)


def asked(value: Any, op: str, wanted: Any = None) -> Any:
    if op == "none":
        return int(value is None)
    if op == "len":
        return len(value)
    if op == "is":
        return [int(v == wanted) for v in value] if isinstance(value, list) else int(value == wanted)
    return float(value).as_integer_ratio()[0 if op == "num" else 1]
