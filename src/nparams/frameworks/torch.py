"""Live models of PyTorch: modules, state dicts, parameters; nothing is run, and nothing is left behind."""

from __future__ import annotations

import sys

from nparams.frameworks._torch.model import read_models
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def claims(source: object) -> bool:
    """Whether `source` is something of PyTorch's."""
    torch: Any = sys.modules.get("torch")
    nn = sys.modules.get("torch.nn")
    return torch is not None and nn is not None and issubclass(type(source), nn.Module)


def read(source: object) -> Network:
    """The network that a live model is."""
    import torch

    with torch._C.DisableTorchFunction():
        return read_models({"": source}, type(source).__name__)
