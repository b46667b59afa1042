"""Arrays by the section that they stand in: `params`, and what stands beside it (see stored/sections.py)."""

from __future__ import annotations

from collections.abc import Mapping

from nparams.frameworks._arrays.bare import bare
from nparams.frameworks._arrays.gather import Gather
from nparams.frameworks._arrays.leaf import is_array
from nparams.frameworks._arrays.walk import entries_of, fields_of, walk
from nparams.stored.naming import Paths, parameter_role
from nparams.stored.sections import PARAMS, meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.frameworks._arrays.walk import Opened, Path


def is_sectioned(source: object) -> bool:
    """Whether it has `params` beside or around arrays: variables of Flax, a training state, a checkpoint's dict.

    >>> is_sectioned({"params": {}, "batch_stats": {}}), is_sectioned({"w": 1.0})
    (True, False)
    """
    entries = dict(_entries(source) or ())
    held = entries.get(PARAMS)
    return held is not None and not is_array(held) and entries_of(held) is not None


def sectioned(found: Gather, source: object, opened: Callable[[object], Opened] | None = None) -> dict[str, int]:
    """Put in every array by the section that it stands in; how many numbers each section holds.

    `opened`: what a value of the framework's own classes holds.
    """
    look = opened or (lambda value: None)
    held: dict[str, int] = {}
    entries = dict(_entries(source) or ())
    for section in sorted(entries, key=lambda name: name != PARAMS):  # the model first: its names own what is tied
        before = found.elements
        value = entries[section]
        if section == PARAMS and is_sectioned(value):
            held |= sectioned(found, value, opened)
            continue
        _section(found, section, value, look)
        held[section] = found.elements - before
    return held


def wrapped(source: object) -> str | None:
    """The key of the only entry of a dict that has `params` in it: {"model": state, "config": ..., "data": ...}.

    >>> wrapped({"model": {"params": {}}, "data": [1.0]}), wrapped({"a": {"params": {}}, "b": {"params": {}}})
    ('model', None)
    """
    entries = entries_of(source) if isinstance(source, Mapping) else None
    held = [key for key, value in entries or () if not is_array(value) and is_sectioned(value)]
    return held[0] if len(held) == 1 else None


def unwrapped(found: Gather, source: object, key: str) -> None:
    """Put in the model that one entry of a dict is; containers of arrays beside it are no part of it."""
    entries = dict(entries_of(source) or ())
    sectioned(found, entries.pop(key))
    for name, value in entries.items():
        role, note, _ = meaning(name)
        forced = (role, note) if role == "other" else None if is_array(value) else ("other", "beside the model")
        bare(found, {name: value}, forced)


def _section(found: Gather, section: str, value: Any, look: Callable[[object], Opened]) -> None:
    role, note, trainable = meaning(section)
    held = list(walk(value, look))
    paths = Paths(path for path, _ in held)

    def single(path: Path, array: Any) -> None:
        whole = path if section == PARAMS or (role == "buffer" and path) else (section, *path)
        name = ".".join(whole)
        if is_array(array):
            found.add(name, array, role or parameter_role(path), trainable, note=note)
        elif role is None and type(array) in (float, complex):
            found.number(name, array, parameter_role(path))

    inside = section != PARAMS and role != "buffer"
    found.add_all(held, single, lambda path: role is not None or paths.decides(path), f"{section}." if inside else "")


def _entries(source: object) -> Opened:
    if isinstance(source, Mapping):
        return entries_of(source) or ()
    return fields_of(source) if not isinstance(source, type) else None
