"""Tracked numbers that the code keeps somewhere of its own (a registry, a cache): plain ones are put in their place."""

from __future__ import annotations

import gc

from nparams.frameworks._trace.numbers import Fraction, Tracked, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def held() -> list[Any]:
    """Every tracked number that is still alive, once garbage is collected."""
    gc.collect()
    return [o for o in gc.get_objects() if type(o) is Tracked or type(o) is Fraction]


def cleaned() -> tuple[bool, str]:
    """(whether any number was replaced, what still holds one and cannot be changed)."""
    left = held()
    if not left:
        return False, ""
    for number in left:
        for holder in gc.get_referrers(number):
            if holder is not left:
                _replace(holder, number)
    number = holder = None
    del left
    return True, _holder()


def _holder() -> str:
    left = held()
    holders = [h for h in gc.get_referrers(left[0]) if h is not left] if left else []
    return f"in a {type(holders[0]).__name__}" if holders else ""


def _replace(holder: Any, number: Any) -> None:
    """A plain number for a tracked one, in what may be changed."""
    value = plain(number) if isinstance(number, Tracked) else float.__add__(number, 0.0)
    if isinstance(holder, list):
        holder[:] = [value if item is number else item for item in holder]
    elif isinstance(holder, set):
        if any(item is number for item in holder):
            holder.discard(number)
            holder.add(value)
    else:
        _in_dict(holder if isinstance(holder, dict) else getattr(holder, "__dict__", None), number, value)


def _in_dict(names: Any, number: Any, value: Any) -> None:
    if not isinstance(names, dict):
        return
    if any(key is number for key in names):
        items = [(value if key is number else key, item) for key, item in names.items()]
        names.clear()
        names.update(items)
    for key, item in list(names.items()):
        if item is number:
            names[key] = value
