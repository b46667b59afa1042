"""Fleets: many models counted into one table; `nparams scan` is its command, and docs/fleets.md tells of both.

>>> from nparams.fleet import count_batch, find
>>> [row["total"] for row in count_batch(find(["docs/examples/tiny.safetensors"]))]
[34]
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.fleet.batch import count_batch as count_batch
    from nparams.fleet.find import find as find
    from nparams.fleet.scan import scan as scan

#: the public names, each loaded on first use, and the modules they are in
_LATER = {"count_batch": "batch", "find": "find", "scan": "scan"}

__all__ = ["count_batch", "find", "scan"]


class _Names(type(sys)):  # type: ignore[misc]
    """This module, whose `find` and `scan` are the functions, also once the modules of these names are loaded."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _LATER or not isinstance(value, type(sys)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Names


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'nparams.fleet' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"nparams.fleet.{_LATER[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
