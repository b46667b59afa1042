"""Modules of PyTorch that a Keras layer wraps: their parameters are variables of the layer, their buffers are not.

keras-team/keras keras/src/utils/torch_utils.py (TorchModuleWrapper) and backend/torch/layer.py.
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS
from nparams.frameworks._keras.classes import attributes
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.frameworks._keras.walk import Met

WRAPPER = "TorchModuleWrapper"


def names(layer: Any, met: Met) -> dict[int, str]:
    """What the wrapped module calls its parameters: {identity: name}; empty for any other layer."""
    if met.cls.library != WRAPPER:
        return {}
    found: dict[int, str] = {}
    for path, module in _inside(layer):
        for name, parameter in (attributes(module).get("_parameters") or {}).items():
            if parameter is not None:
                found.setdefault(id(parameter), f"{path}{name}")
    return found


def buffers(layer: Any, met: Met, taken: set[str]) -> Iterator[Tensor]:
    """The buffers of a wrapped module, and those that a layer on torch registers by itself."""
    if met.again is not None:
        return
    inside = _inside(layer) if met.cls.library == WRAPPER else ()
    for path, module in (("", layer), *inside):
        for name, buffer in (attributes(module).get("_buffers") or {}).items():
            if buffer is not None and f"{path}{name}" not in taken:
                yield bare(f"{met.name}/{path}{name}" if met.name else f"{path}{name}", buffer, None, "buffer")


def bare(name: str, array: Any, note: str | None, role: str = "other") -> Tensor:
    """An array of PyTorch that no variable of Keras holds."""
    dtype = str(array.dtype).removeprefix("torch.")
    return Tensor(name, tuple(map(int, array.shape)), dtype if dtype in BLOCKS else None, role, None, note=note)


def _inside(layer: Any) -> Iterator[tuple[str, Any]]:
    """The wrapped module and all in it, each once, with the start of the names of what it holds."""
    stack = [("", (attributes(layer).get("_modules") or {}).get("module"))]
    seen: set[int] = set()
    while stack:
        path, module = stack.pop()
        if module is None or id(module) in seen:
            continue
        seen.add(id(module))
        yield path, module
        inner = attributes(module).get("_modules") or {}
        stack += [(f"{path}{name}/", child) for name, child in reversed(list(inner.items()))]
