"""Entries of lists and dicts in interpreted code, and what may stand between the brackets."""

from __future__ import annotations

import ast

from nparams.expr import Expr
from nparams.notation._code.machine import described
from nparams.notation._code.operators import same_value
from nparams.notation._code.source import source
from nparams.notation._code.values import MISSING, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def slice_of(m: Machine, node: ast.Slice) -> Any:
    """A slice with bounds that are known."""
    from nparams.notation._code.expressions import evaluate

    parts = [None if part is None else evaluate(m, part) for part in (node.lower, node.upper, node.step)]
    if all(part is None or type(part) is int for part in parts):
        return slice(*parts)
    return m.unknown(source(node))


def item(m: Machine, held: Any, key: Any) -> Any:
    """held[key]."""
    if isinstance(held, Thing):
        return held.item(m, key)
    if isinstance(key, (Thing, Expr)):
        return _symbolic_item(m, held, key)
    if isinstance(held, (list, tuple, str, dict, range)):
        if not is_key(key):
            raise m.error(f"{described(key)} cannot be a key")
        try:
            return held[key]
        except (LookupError, TypeError, ValueError):
            raise m.error(
                f"[{described(key) if not isinstance(key, str) else repr(key)}] is not in {_shown(held)}"
            ) from None
    return m.unknown(f"{described(held)}[...]")


def _symbolic_item(m: Machine, held: Any, key: Any) -> Any:
    """An entry that is not known which: any of a list of equal ones."""
    if isinstance(held, (list, tuple)) and held and all(same_value(m, entry, held[0]) is True for entry in held[1:]):
        return held[0]
    if isinstance(held, dict) and isinstance(key, Thing) and not isinstance(key, Unknown) and key in held:
        return held[key]
    if isinstance(held, dict) and isinstance(key, Unknown) and key.name and all(isinstance(k, str) for k in held):
        raise m.error(f"{key.name} has no value; --set {key.name}=... with one of {', '.join(held)}"[:300])
    return m.unknown(f"{described(held)}[{described(key)}]")


def _shown(held: Any) -> str:
    if isinstance(held, dict):
        return f"a dict with {', '.join(map(repr, list(held)[:6]))[:100] or 'nothing in it'}"
    return f"a {type(held).__name__} of {len(held)}"


def as_set(m: Machine, entries: list[Any]) -> Any:
    """A set, where its entries can stand in one."""
    try:
        return set(entries) if all(map(is_key, entries)) else m.unknown("a set")
    except TypeError:
        return m.unknown("a set")


def is_key(value: Any, depth: int = 0) -> bool:
    """Whether a value may be the key of a dict: texts, numbers, objects, and short tuples of them."""
    if isinstance(value, tuple):
        return depth < 3 and len(value) <= 20 and all(is_key(entry, depth + 1) for entry in value)
    return not isinstance(value, (list, dict, set))


def spread(m: Machine, value: Any) -> list[Any]:
    """What *value puts into a list or a call."""
    entries = m.entries(value)
    if entries is None:
        raise m.error(f"how many entries {described(value)} has is not known")
    return entries


def put(m: Machine, held: dict[Any, Any], key: Any, value: Any) -> None:
    """held[key] = value, for keys that can be one."""
    try:
        if not is_key(key):
            raise TypeError
        if m.repeats:
            m.check_turn(held, f"[{described(key)}]", held.get(key, MISSING), value)
            value = m.repeated(value, held)
        held[key] = value
    except TypeError:
        raise m.error(f"{described(key)} cannot be a key") from None
