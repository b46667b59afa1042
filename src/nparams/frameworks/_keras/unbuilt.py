"""Layers that are not built yet: how many tensors they will have, by their class; never a zero."""

from __future__ import annotations

from nparams.frameworks._keras.expected import is_around, klass_of, made
from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.frameworks._keras.walk import Met

#: models that hold nothing but what they are given
GIVEN = ("Sequential", "Functional")
#: names in a note
SHOWN = 6


def missing(met: Met) -> list[Tensor]:
    """The tensors that building a layer will create, without a shape."""
    if met.built or met.again is not None:
        return []
    klass = klass_of(met.cls.library)
    if klass is not None and not met.cls.builds:
        return _of_class(met) if not is_around(klass) and not met.children else []
    if met.children or not _will_have(met):
        return []
    return [Tensor(f"{met.name}/weights" if met.name else "weights", None, None, "weight", note="not built yet")]


def _of_class(met: Met) -> list[Tensor]:
    klass = klass_of(met.cls.library)
    module = None if klass is None else made(klass, met.name or met.cls.name, dict(met.args), [])
    held = [] if module is None else [t for t in module.tensors if t.role in PARAMETER_ROLES]
    start = len(met.name or met.cls.name) + 1
    prefix = f"{met.name}/" if met.name else ""
    return [
        Tensor(f"{prefix}{t.name[start:].replace('.', '/')}", None, None, t.role, note="not built yet") for t in held
    ]


def _will_have(met: Met) -> bool:
    """Whether a class of somebody's own makes something when it is built, or when it is first called."""
    return met.cls.builds or (met.cls.model and met.cls.name not in GIVEN)


def note(waiting: list[Met]) -> str:
    """A sentence that names them."""
    outer = dict.fromkeys(_outer(met) for met in waiting)
    told = [f"{met.cls.name} {met.name!r}" if met.name else met.cls.name for met in outer]
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    verb, them = ("is", "it") if len(told) == 1 else ("are", "them")
    return (
        f"{', '.join(told[:SHOWN])}{more} {verb} not built yet, so there is no total: call the model once, or "
        f"model.build(shape), to create {them}"
    )


def _outer(met: Met) -> Met:
    """The layer of Keras that a cell stands in."""
    while met.parent is not None and not met.parent.built and not met.parent.cls.model:
        klass = klass_of(met.parent.cls.library)
        if klass is None or is_around(klass):
            break
        met = met.parent
    return met
