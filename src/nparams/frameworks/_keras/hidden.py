"""What a model uses and Keras does not register: layers in the function of a Lambda, a bare Parameter of PyTorch."""

from __future__ import annotations

from contextlib import suppress
from types import FunctionType

from nparams.frameworks._keras import wrapped
from nparams.frameworks._keras.classes import attributes, listed
from nparams.frameworks._keras.variables import Facts
from nparams.frameworks._keras.walk import layer_name, own, walk
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.frameworks._keras.classes import Classes
    from nparams.frameworks._keras.collect import Collected
    from nparams.frameworks._keras.walk import Met

LEFT = "not registered: no optimizer trains it, and no file keeps it"


def beside(met: list[tuple[Met, Any]], found: Collected, classes: Classes) -> tuple[dict[str, int], list[str]]:
    """({"unregistered": parameters}, a warning for each Lambda); the layers' arrays become `other`."""
    known = {id(layer) for _, layer in met}
    notes, total, first = [], 0, len(found.tensors)
    for one, layer in met:
        if one.again is None:
            bare = _bare(found, one, layer)
            total += bare
            notes += [_bare_note(one, bare)] if bare else []
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
    function = attributes(layer).get("function")
    if not isinstance(function, FunctionType):
        return
    outside = [function.__globals__.get(name) for name in function.__code__.co_names]
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # nothing in it yet
            outside.append(cell.cell_contents)
    for held in outside:
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
            found.tensors.put(Tensor(path, facts.shape, facts.dtype, "other", None, note=LEFT, size=facts.size))
            count += facts.size if made else 0
    return count


def _bare(found: Collected, met: Met, layer: Any) -> int:
    """Parameters of PyTorch that a layer on that backend holds itself."""
    held = attributes(layer).get("_parameters")
    count = 0
    for name, parameter in held.items() if isinstance(held, dict) else ():
        if parameter is not None:
            tensor = wrapped.bare(f"{met.name}/{name}" if met.name else name, parameter, LEFT)
            found.tensors.put(tensor)
            count += int(tensor.size or 0)  # type: ignore[arg-type]
    return count


def _bare_note(met: Met, count: int) -> str:
    return (
        f"{met.name or met.cls.name} holds torch.nn.Parameter itself, which Keras does not register: {count:,} numbers "
        "are neither trained nor saved with the model, and not in the total"
    )


def _note(met: Met, layer: Any, count: int) -> str:
    return (
        f"{met.name} calls {type(layer).__name__} {layer_name(layer)!r}, which Keras does not register: its {count:,} "
        "parameters are neither trained nor saved with the model, and not in the total"
    )
