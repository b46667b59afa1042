"""How many parameters does this neural network have, and why?

>>> import nparams
>>> nparams.count("784-16-16-10")
13002
>>> n = nparams.read("784-16-16-10")
>>> n.weights, n.biases
(12960, 42)
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams._read import count as count
    from nparams._read import read as read
    from nparams.errors import NparamsError as NparamsError
    from nparams.expr import Expr as Expr
    from nparams.network import Module as Module
    from nparams.network import Network as Network
    from nparams.network import Tensor as Tensor

#: the public names, each loaded on first use
_LATER = {
    "count": "nparams._read", "read": "nparams._read", "NparamsError": "nparams.errors", "Expr": "nparams.expr",
    "Module": "nparams.network", "Network": "nparams.network", "Tensor": "nparams.network",
}  # fmt: skip

__all__ = ["Expr", "Module", "Network", "NparamsError", "Tensor", "__version__", "count", "read"]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'nparams' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
