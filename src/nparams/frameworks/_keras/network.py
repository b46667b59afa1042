"""A model as a Network: totals from the flat list, the tree when it is asked for, and what a user must see."""

from __future__ import annotations

from nparams.frameworks._keras import hidden, summary, tree, unbuilt
from nparams.frameworks._keras.collect import Collected
from nparams.frameworks._keras.walk import walk
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.frameworks._keras.classes import Classes
    from nparams.network import Module, Tensor

FORM = "keras-live"
#: shared layers that are named
SHOWN = 6


def of_layer(layer: Any, classes: Classes) -> Network:
    """The network of one layer or model."""
    met = walk(layer, classes)
    found = Collected(met)
    shown = summary.shown(layer, found)
    also, extra = hidden.beside(met, found, classes)
    count, held = tree.layers(found)
    places, aside = found.met, found.aside

    def grown(tensors: Sequence[Tensor]) -> Module:
        return tree.build(places, aside, tensors)

    name = type(layer).__name__
    made = Network(
        tensors=found.tensors, tree=grown, source=name, form=FORM, read_as=name, notes=[*_notes(found), *extra],
        described=_described(found, count, held), also=also,
        parts=dict.fromkeys(found.ranks, "adapter"),
    )  # fmt: skip
    if shown is not None:
        made.also["framework"] = shown
        made.notes += summary.differs(made, layer, found, shown)
    return made


def _described(found: Collected, count: int, held: int) -> str:
    root = found.met[0]
    if not root.cls.model and not root.children:
        return f"Keras, one layer ({root.cls.name})"
    layers = f"{count:,} layer{'' if count == 1 else 's'}"
    return f"Keras model, {layers}, {held:,} with parameters"


def _notes(found: Collected) -> Iterator[str]:
    if found.waiting:
        yield unbuilt.note(found.waiting)
    again = [met for met in found.met if met.again is not None and (met.parent is None or met.parent.again is None)]
    yield from _few([f"{met.name} is {met.again.name or 'the model'} again (shared), and counted once"
                     for met in again if met.again is not None])  # fmt: skip
    yield from _few([f"{name} is {owner} itself (tied), and counted once" for name, owner in found.tied])
    for scheme, layers in found.schemes.items():
        yield (
            f"{scheme}: {layers:,} packed weight{'' if layers == 1 else 's'} counted as the numbers they stand for; "
            "their scales are bookkeeping"
        )
    if found.ranks:
        ranks = ", ".join(map(str, sorted(set(found.ranks.values()))))
        layers = len({name.rpartition("/")[0] for name in found.ranks})
        yield (
            f"LoRA adapters of rank {ranks} on {layers:,} layer{'' if layers == 1 else 's'} are counted with the model "
            "they change"
        )


def _few(told: list[str]) -> list[str]:
    more = len(told) - SHOWN
    return [*told[:SHOWN], f"and {more:,} more of the same"] if more > 1 else told
