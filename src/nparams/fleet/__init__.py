"""Fleets: many models counted into one table; `nparams scan` is its command, and docs/fleets.md tells of both.

>>> from nparams.fleet import count_batch, find
>>> [row["total"] for row in count_batch(find(["docs/examples/tiny.safetensors"]))]
[34]
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.fleet.batch import count_batch as count_batch
    from nparams.fleet.finding import find as find
    from nparams.fleet.scanning import Options as Options
    from nparams.fleet.scanning import scan as scan

#: the public names, each loaded on first use, and the modules they are in
_LATER = {"count_batch": "batch", "find": "finding", "scan": "scanning", "Options": "scanning"}

__all__ = ["Options", "count_batch", "find", "scan"]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'nparams.fleet' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"nparams.fleet.{_LATER[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
