"""Where no rule is found over all configs: which field, left at its default, lets one be found.

An entry of a type with such fields is verified for their defaults only, and any other value is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.derive.changes import Raw, changed, get
from tools.derive.environment import Tests
from tools.derive.errors import NoEntry
from tools.derive.observe import Observation
from tools.derive.templates import Templates
from tools.derive.tensors import Learner, flags_of

#: observations with the default that are wanted to tell by
FEWEST = 5


def fields_to_keep(
    template: str, seen: Sequence[Observation], defaults: Mapping[str, Any], ruleless: set[str]
) -> list[str]:
    """Which fields among those with `defaults`, left at them, let a rule for a name be found: one, or all lists and
    fractions; [] where there are none."""
    varied = [path for path in defaults if _varies(path, seen)]
    found = {path: _with_default(path, seen, defaults[path]) for path in varied}
    for path, some in sorted(found.items(), key=lambda pair: -len(pair[1])):
        if len(some) >= FEWEST and _is_found(template, some, ruleless):
            return [path]
    return [path for path in varied if isinstance(defaults[path], (list, float))]


def _with_default(path: str, seen: Sequence[Observation], default: Any) -> list[Observation]:
    """The observations in which a field has its default."""
    return [o for o in seen if get(dict(o.raw), path, default) == default]


def _varies(path: str, seen: Sequence[Observation]) -> bool:
    return len({repr(get(dict(o.raw), path)) for o in seen}) > 1


def _is_found(template: str, seen: Sequence[Observation], ruleless: set[str]) -> bool:
    """Whether a rule for a name is found over some of the observations."""
    held = [{p: v for p, v in o.values.items() if p not in ruleless} for o in seen]
    tests = Tests(held)
    templates = Templates(seen)
    learner = Learner(templates, [tests.environment(values) for values in held], tests, flags_of(held))
    try:
        for name in learner.items:
            if name == template or _alike(name, template):
                list(learner.of(name))
    except NoEntry:
        return False
    return True


def _alike(name: str, template: str) -> bool:
    """Whether it is the template with numbers at some of its marks: what is an index depends on what varies."""
    mine, other = name.split("."), template.split(".")
    if len(mine) != len(other):
        return False
    return all(a == b or (b == "#" and a.isdigit()) for a, b in zip(mine, other, strict=True))


def with_defaults(raw: Raw, kept: Mapping[str, Any]) -> Raw:
    """The config with some fields at their defaults, where it says something else."""
    other = [{path: default} for path, default in kept.items() if get(raw, path, default) != default]
    return changed(raw, other) if other else raw


def agrees(raw: Raw, kept: Mapping[str, Any]) -> bool:
    """Whether a config has the defaults of some fields."""
    return all(get(raw, path, default) == default for path, default in kept.items())
