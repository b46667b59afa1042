"""Live models of Keras 3, on any backend, and of tf_keras: counted without a call, without building, changing nothing.

>>> claims(3), claims([])
(False, False)
"""

from __future__ import annotations

from nparams.frameworks._keras.classes import Classes, is_known, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.network import Network


def claims(obj: object) -> bool:
    """Whether `obj` is a layer or model of Keras, a variable, or a list or dict of variables."""
    if is_known(obj, "layer", "variable"):
        return True
    held = list(dict.values(obj)) if type(obj) is dict else list(listed(obj))
    return bool(held) and all(is_known(each, "variable", "tensorflow") for each in held)


def read(obj: Any) -> Network:
    """The network that a live model, layer, or list of variables is."""
    from nparams.frameworks._keras import loose, network

    if is_known(obj, "layer"):
        return network.of_layer(obj, Classes())
    return loose.of_variables(obj)
