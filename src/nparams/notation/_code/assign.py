"""Assignment in interpreted code: names, attributes, entries, and several at once."""

from __future__ import annotations

import ast

from nparams.notation._code.entries import item, put, slice_of
from nparams.notation._code.values import Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def assign(m: Machine, target: ast.expr, value: Any) -> None:
    """target = value, for every kind of target."""
    from nparams.notation._code.expressions import evaluate

    if isinstance(target, ast.Name):
        m.bind(target.id, value)
    elif isinstance(target, ast.Attribute):
        owner = evaluate(m, target.value)
        m.set_attribute(owner, target.attr, value)
    elif isinstance(target, ast.Subscript):
        _assign_item(m, target, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(m, target.elts, value)
    elif isinstance(target, ast.Starred):
        assign(m, target.value, value)


def _assign_item(m: Machine, target: ast.Subscript, value: Any) -> None:
    from nparams.notation._code.expressions import evaluate

    held = evaluate(m, target.value)
    key = slice_of(m, target.slice) if isinstance(target.slice, ast.Slice) else evaluate(m, target.slice)
    if isinstance(held, Thing):
        held.set_item(m, key, value)
    elif isinstance(held, dict):
        put(m, held, key, value)
    elif isinstance(held, list) and isinstance(key, (int, slice)):
        m.check_turn(held, "an entry of a list", None, value)
        try:
            held[key] = value
        except (IndexError, TypeError, ValueError):
            raise m.error(f"[{key}] is not in a list of {len(held)}") from None
        m.check_entries(len(held))


def _unpack(m: Machine, targets: list[ast.expr], value: Any) -> None:
    entries = None if isinstance(value, Unknown) else m.entries(value)
    starred = [k for k, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if entries is None:
        for k, target in enumerate(targets):
            assign(m, target, item(m, value, k) if isinstance(value, Unknown) else m.unknown("an entry"))
        return
    if len(entries) != len(targets) and not (starred and len(entries) >= len(targets) - 1):
        raise m.error(f"{len(entries)} values for {len(targets)} names")
    if starred:
        at, extra = starred[0], len(entries) - len(targets) + 1
        entries = [*entries[:at], entries[at : at + extra], *entries[at + extra :]]
    for target, entry in zip(targets, entries, strict=True):
        assign(m, target, entry)
