"""Live models of Keras 3, on any backend, and of tf_keras: counted without a call, without building, changing nothing.

>>> claims(3), claims([])
(False, False)
"""

from __future__ import annotations

from nparams.errors import UnsupportedError
from nparams.frameworks._keras.classes import Classes, is_known, listed, of_keras

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.network import Network


def claims(obj: object) -> bool:
    """Whether `obj` is a layer or model of Keras, a variable, or a list or dict of variables."""
    if is_known(obj, "layer", "variable") or _is_optimizer(obj):
        return True
    held = _held(obj)
    return _are_layers(held) or (bool(held) and all(is_known(each, "variable", "tensorflow") for each in held))


def read(obj: Any) -> Network:
    """The network that a live model, layer, or list of variables is."""
    from nparams.frameworks._keras import loose, network

    if is_known(obj, "layer"):
        return network.of_layer(obj, Classes())
    if _is_optimizer(obj):
        raise UnsupportedError(f"{type(obj).__name__} is an optimizer, not a model: read the model that it trains")
    if _are_layers(_held(obj)):
        raise UnsupportedError("a list of layers of Keras is no model: read the model that they are of, or each layer")
    return loose.of_variables(obj)


def _held(obj: object) -> list[object]:
    return list(dict.values(obj)) if type(obj) is dict else list(listed(obj))


def _are_layers(held: list[object]) -> bool:
    """Whether they are layers, which on torch are modules too, with variables that torch is not always told of."""
    return bool(held) and all(is_known(each, "layer") for each in held)


def _is_optimizer(obj: object) -> bool:
    """Whether it is an optimizer of Keras (keras/src/optimizers/base_optimizer.py)."""
    bases = type.mro(type(obj)) if type(obj).__module__ != "builtins" else []
    return any(base.__name__ in ("BaseOptimizer", "Optimizer") and of_keras(base) for base in bases)
