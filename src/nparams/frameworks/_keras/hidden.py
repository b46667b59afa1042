"""Layers that a model uses and Keras does not register: those in the function of a Lambda."""

from __future__ import annotations

from nparams.frameworks._keras.classes import attributes, listed
from nparams.frameworks._keras.variables import Facts
from nparams.frameworks._keras.walk import own, walk
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.frameworks._keras.classes import Classes
    from nparams.frameworks._keras.collect import Collected
    from nparams.frameworks._keras.walk import Met


def beside(met: list[tuple[Met, Any]], found: Collected, classes: Classes) -> tuple[dict[str, int], list[str]]:
    """({"unregistered": parameters}, a warning for each Lambda); the layers' arrays become `other`."""
    known = {id(layer) for _, layer in met}
    notes, total, first = [], 0, len(found.tensors)
    for one, layer in met:
        if one.cls.library != "Lambda" or one.again is not None:
            continue
        for inner in _used(layer, classes):
            if id(inner) not in known:
                known.add(id(inner))
                count = _put(found, f"{one.name}/{type(inner).__name__}", inner, classes, known)
                total += count
                notes += [_note(one, inner, count)] if count else []
    if len(found.tensors) > first:
        found.aside.append(("unregistered", "Unregistered", first, len(found.tensors)))
    return ({"unregistered": total} if total else {}), notes


def _used(layer: Any, classes: Classes) -> Iterator[Any]:
    """The layers that a Lambda's function refers to from outside, directly or in a list."""
    for cell in getattr(attributes(layer).get("function"), "__closure__", None) or ():
        try:
            held = cell.cell_contents
        except ValueError:
            continue
        for thing in (held, *listed(held)):
            if classes.of(thing).what == "layer":
                yield thing


def _put(found: Collected, name: str, layer: Any, classes: Classes, known: set[int]) -> int:
    count = 0
    for met, inner in walk(layer, classes):
        if met.again is not None or (inner is not layer and id(inner) in known):
            continue
        for variable, made in own(inner):
            facts = Facts(variable)
            path = "/".join(part for part in (name, met.name, facts.name) if part)
            note = "not registered: no optimizer trains it, and no file keeps it"
            found.tensors.put(Tensor(path, facts.shape, facts.dtype, "other", None, note=note, size=facts.size))
            count += facts.size if made else 0
    return count


def _note(met: Met, layer: Any, count: int) -> str:
    inner = attributes(layer)
    name = inner.get("name", inner.get("_name"))
    return (
        f"{met.name} calls {type(layer).__name__} {name!r}, which Keras does not register: its {count:,} parameters are "
        "neither trained nor saved with the model, and not in the total"
    )
