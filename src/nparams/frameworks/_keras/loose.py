"""Variables without a model: one, or a list or dict of them, as model.weights is."""

from __future__ import annotations

from nparams.frameworks._keras import roles
from nparams.frameworks._keras.classes import attributes, listed
from nparams.frameworks._keras.variables import Facts
from nparams.frameworks._keras.walk import unused
from nparams.network import Network, Tensor
from nparams.roles import usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: the state of random numbers (keras/src/random/seed_generator.py)
STATES = ("seed_generator_state",)


def of_variables(obj: Any) -> Network:
    """The network of variables alone: what is not to be trained is a buffer unless its name says otherwise."""
    taken: set[str] = set()
    owners: dict[int, str] = {}
    tensors = []
    for said, variable in _named(obj):
        facts = Facts(variable)
        name = unused(said or _path(variable) or facts.name, taken)
        role, note = _role(facts)
        owner = owners.setdefault(facts.key, name)
        tensors.append(
            Tensor(
                name, facts.shape, facts.dtype, role, facts.trainable if role in ("weight", "bias") else None,
                None if owner == name else owner, note=note, size=facts.size,
            )
        )  # fmt: skip
    count = f"{len(tensors):,} variable{'' if len(tensors) == 1 else 's'}"
    tied = sum(t.tied_to is not None for t in tensors)
    notes = [f"{tied:,} of them {'is' if tied == 1 else 'are'} listed a second time, and counted once"] if tied else []
    return Network(
        tensors=tensors, source=type(obj).__name__, form="keras-live", read_as=f"{type(obj).__name__} of {count}",
        described=f"Keras, {count}", notes=notes,
    )  # fmt: skip


def _named(obj: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(obj, dict):
        yield from ((str(name), variable) for name, variable in dict.items(obj))
    else:
        yield from (("", variable) for variable in (listed(obj) if isinstance(obj, (list, tuple)) else [obj]))


def _path(variable: Any) -> str:
    path = attributes(variable).get("_path")
    return path if isinstance(path, str) else ""


def _role(facts: Facts) -> tuple[str, str | None]:
    """How it was made is not known here: frozen is no buffer where the name is that of a weight."""
    if facts.name in STATES:
        return "other", "the state of random numbers"
    if facts.name in roles.BOOKKEEPING:
        return "bookkeeping", "what quantisation keeps beside the weights"
    role, note = usual_role(facts.name, facts.shape, facts.dtype)
    if facts.name in roles.PACKED:
        return "weight", note
    if facts.trainable:
        return ("bias" if role == "bias" else "weight"), None
    return role, note
