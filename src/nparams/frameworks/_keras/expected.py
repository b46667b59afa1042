"""What a layer of Keras's own has by its class, its arguments and the shapes that came in."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.layers import KLASSES
from nparams.layers._keras.recurrent import GATES
from nparams.layers._keras.shape import ANY
from nparams.layers.layer import Setting
from nparams.network import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.frameworks._keras.walk import Met
    from nparams.layers._keras.klass import Klass

#: arguments that are layers: their classes hold what stands inside them, and are built from that
HOLDING = ("layer", "cell", "cells")
#: classes of Keras before it had its present name, by that
OLDER = {"SyncBatchNormalization": "BatchNormalization", "BatchNormalizationV1": "BatchNormalization",
         "BatchNormalizationV2": "BatchNormalization", "LSTMV1": "LSTM", "GRUV1": "GRU"}  # fmt: skip


def klass_of(name: str | None) -> Klass | None:
    """The row of a class of keras.layers.

    >>> klass_of("Dense").name, klass_of("Model")
    ('Dense', None)
    """
    return None if name is None else KLASSES.get(OLDER.get(name, name))


def is_around(klass: Klass) -> bool:
    """Whether the class is built from layers that it is given."""
    return any(word in klass.params for word in HOLDING)


def module_of(met: Met, klass: Klass) -> Module | None:
    """The module of one layer as its arguments tell it; None where they do not make one."""
    args = dict(met.args)
    if klass.name == "Bidirectional":
        inner = _inner(met)
        if inner is None:
            return None
        args["layer"] = inner
    return made(klass, met.name or met.cls.name, args, met.shapes)


def made(klass: Klass, name: str, args: dict[str, Any], shapes: list[Any]) -> Module | None:
    """The module of a class called on shapes."""
    layer = KerasLayer(klass, name, args, Setting("keras"))
    layer.args.setdefault("era", 3)
    several = klass.inputs[0] == "query" or klass.name in ("Attention", "AdditiveAttention")
    try:
        layer.call(list(shapes) or [ANY] * (2 if several else 1))
    except (NotationError, TypeError, IndexError, AttributeError):  # arguments of a class of the same name
        return None
    return layer.module


def _inner(met: Met) -> KerasLayer | None:
    """The recurrent layer that runs in both directions."""
    if len(met.children) != 2:
        return None
    first, second = met.children
    klass = klass_of(first.cls.library)
    if klass is None or klass.preset.get("cell") not in GATES or not first.cls.plain:
        return None
    if first.cls.name != second.cls.name or first.args != second.args:
        return None
    return KerasLayer(klass, first.name, dict(first.args), Setting("keras"))
