"""Values that the user sets in place of those in a config.json: --set num_hidden_layers=12."""

from __future__ import annotations

from nparams.architectures._config.versions import at, put, without
from nparams.architectures.slots import symbol_of
from nparams.errors import ExprError, UsageError, shown
from nparams.expr import Expr, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.architectures.entry import Entry
    from nparams.architectures.resolved import Resolved


def put_in(held: Mapping[str, Any], entry: Entry, given: Mapping[str, object]) -> Mapping[str, Any]:
    """The file with other values; UsageError for a field that plays no part in the count."""
    for name, value in given.items():
        path = name.replace("__", ".")
        path = entry.aliases.get(path, path)
        before, _, last = path.rpartition(".")
        if path not in entry.fields and last not in (at(held, before) or {}):
            known = ", ".join(list(entry.fields)[:12])
            raise UsageError(f"--set {shown(name)[1:-1]}: no field of this config.json that matters; those are {known}")
        held = put(alone(held, entry, path), path, _value(value))
    return held


def alone(held: Mapping[str, Any], entry: Entry, path: str) -> Mapping[str, Any]:
    """The file without other names of a field: its aliases, and what the class takes in its place where it is given."""
    others = {alias for alias, field in entry.aliases.items() if field == path}
    for field, cases in entry.raw.get("rules", ()):
        if field == path:
            others |= {each for each in entry.fields if [f"(1 - {symbol_of(each)}__none)", symbol_of(each)] in cases}
    for other in others - {path}:
        held = without(held, other)
    return held


def check(resolved: Resolved, entry: Entry, given: Mapping[str, object]) -> None:
    """UsageError where the class makes another value of a field than the one that was set."""
    for name, value in given.items():
        path = name.replace("__", ".")
        path = entry.aliases.get(path, path)
        wanted = _value(value)
        if path in entry.fields and wanted is not None and resolved[path] != wanted:
            told = shown(str(resolved[path]))[1:-1]
            raise UsageError(f"--set {shown(name)[1:-1]}: {entry.type} makes it {told} of other fields; set those")


def parted(given: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """(values, expressions) among what is set.

    >>> parted({"vocab_size": "32000", "intermediate_size": "4*hidden_size"})
    ({'vocab_size': '32000'}, {'intermediate_size': '4*hidden_size'})
    """
    open_ = {name: value for name, value in given.items() if _is_expression(value)}
    return {name: value for name, value in given.items() if name not in open_}, open_


def _is_expression(value: object) -> bool:
    if isinstance(value, Expr):
        return True
    if not isinstance(value, str) or not isinstance(_value(value), str):
        return False
    try:
        return any(c in value for c in "+-*/%([") and isinstance(parse(value), Expr)
    except ExprError:
        return False


def _value(value: object) -> object:
    """A value as JSON has it: the command line gives texts, and lists of texts."""
    if isinstance(value, (list, tuple)):
        return [_value(entry) for entry in value]
    if not isinstance(value, str):
        return value
    from json import loads

    try:
        return loads(value)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(value, value)
