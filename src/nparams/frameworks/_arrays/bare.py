"""A tree of arrays of which only names and shapes tell what they are."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from nparams.errors import shown
from nparams.frameworks._arrays.gather import Gather, names
from nparams.frameworks._arrays.leaf import is_array, type_of
from nparams.frameworks._arrays.walk import entries_of, walk
from nparams.stored.naming import Paths, any_role, beside, is_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.frameworks._arrays.walk import Opened, Path

#: what a single array is called
ALONE = "array"
#: marks what stands in an optimizer's state
OPTIMIZER = "the optimizer's"
#: roles, with their notes, that something else than the name has told
BIAS, STATE = ("bias", None), ("other", "the optimizer's state")


def bare(found: Gather, source: Any, forced: tuple[str, str | None] | None = None) -> None:
    """Put in every array under `source`; `forced` is (role, note) where where they stand says it for all of them."""
    if forced is None and _is_haiku_pair(source):
        bare(found, source[0])
        found.notes.append("the second of the pair is taken for Haiku's state (hk.transform_with_state): buffers")
        bare(found, source[1], ("buffer", "Haiku's state"))
        return
    held = [each for each in walk(source, _opened) if is_array(each[1]) or _counts(found, *each)]
    biases = {held[k][0] for k in _biases(held)} if forced is None else set()

    def single(path: Path, value: Any) -> None:
        role = forced or (BIAS if path in biases else None)
        if OPTIMIZER in path:
            path, role = tuple(part for part in path if part != OPTIMIZER), STATE
        _put(found, path, value, role)

    found.add_all(held, single, Paths(path for path, _ in held).decides)
    if biases:
        told = [_name(path) for path, _ in held if path in biases]
        found.notes.append(f"{names(told)}: vectors beside a matrix with a side of their length, taken for biases")


def _put(found: Gather, path: Path, value: Any, forced: tuple[str, str | None] | None) -> None:
    name = _name(path)
    if not is_array(value):
        found.number(name, value, forced[0] if forced else any_role(path, (), "float64")[0])
        return
    role, note = forced or any_role(path, tuple(value.shape), type_of(value, name))
    found.add(name, value, role, note=note)


def _name(path: Path) -> str:
    return ".".join(path) or ALONE


def _counts(found: Gather, path: Path, value: object) -> bool:
    """Python's fractions count, which JAX takes for arrays; other values are settings."""
    if type(value) in (float, complex):
        return True
    kind = type(value)
    if not (value is None or isinstance(value, (str, bytes, int, type)) or callable(value)):
        found.notes.append(f"{shown(_name(path))} is a {kind.__name__}, which is not looked into")
    return False


def _opened(value: Any) -> Opened:
    """Records of Optax are an optimizer's state: what they hold stands under a mark of its own."""
    if type(value).__module__.partition(".")[0] == "optax" and isinstance(value, tuple):
        return [(OPTIMIZER, dict(entries_of(value) or ()))]
    return None


def _biases(held: list[tuple[Path, Any]]) -> set[int]:
    """The places of vectors that stand in a list, without a name, beside a matrix of that width."""
    found: set[int] = set()
    if not any(path and path[-1].isdigit() for path, _ in held):
        return found
    start = 0
    while start < len(held):
        parent = held[start][0][:-1]
        end = start
        while end < len(held) and held[end][0][:-1] == parent:
            end += 1
        shapes = [tuple(value.shape) if is_array(value) else None for _, value in held[start:end]]
        for k in range(start, end):
            path = held[k][0]
            if path and path[-1].isdigit() and not is_named(path) and beside(shapes, k - start):
                found.add(k)
        start = end
    return found


def _is_haiku_pair(source: object) -> bool:
    """(params, state) as hk.transform_with_state(f).init gives them: two dicts of modules, each a dict of arrays."""
    if "haiku" not in sys.modules or type(source) is not tuple or len(source) != 2:
        return False
    first, second = source
    if not (_is_haiku(first) and _is_haiku(second)):
        return False
    return all(set(second[name]).isdisjoint(first.get(name, ())) for name in second)


def _is_haiku(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(held, Mapping) and not any(isinstance(inner, Mapping) for inner in held.values())
        for held in value.values()
    )
