"""Arrays in plain containers: parameters of JAX, Haiku, Optax and NumPy code, as dicts, lists, tuples and records.

Names decide roles (roles.py).  Where lists leave arrays without a name, [(W, b), (W, b)], a vector beside a matrix that
has a side of its length is its bias.  Of a dict that has `params`, that is the model; what else it holds is kept apart.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from nparams.errors import UnsupportedError
from nparams.frameworks._arrays.bare import bare
from nparams.frameworks._arrays.gather import Gather
from nparams.frameworks._arrays.kinds import tree
from nparams.frameworks._arrays.leaf import is_array
from nparams.frameworks._arrays.remarks import recurrent
from nparams.frameworks._arrays.sections import is_sectioned, sectioned, unwrapped, wrapped
from nparams.frameworks._arrays.walk import entries_of
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: entries that are looked at to see whether a container holds arrays
LOOKED = 10_000
#: an array of JAX is never written to: two places that hold one are updated each by itself
AGAIN = "one array, counted once; JAX, which updates each place by itself, makes them two"


def claims(source: object) -> bool:
    """Whether it is an array, or a container with an array in it.

    >>> claims({"lr": 0.1}), claims([784, 10])
    (False, False)
    """
    try:
        return is_array(source) or _holds_array(source)
    except Exception:
        return False


def _holds_array(source: object) -> bool:
    """Whether an array stands somewhere near the beginning."""
    stack = [source]
    seen: set[int] = set()
    while stack and len(seen) < LOOKED:
        value = stack.pop()
        if is_array(value):
            return True
        entries = None if id(value) in seen else entries_of(value)
        seen.add(id(value))
        if entries is not None:
            stack.extend(held for _, held in reversed(list(entries)))
    return False


def read(source: Any) -> Network:
    """The network that a tree of arrays is.

    Raises UnsupportedError for arrays of Python objects, ReadError for a container that holds itself.
    """
    found = Gather(AGAIN)
    key = wrapped(source)
    if is_sectioned(source):
        sectioned(found, source)
    elif key is not None:
        unwrapped(found, source, key)
    else:
        bare(found, source)
    if not found.tensors:
        raise UnsupportedError("it holds no array; give a dict or list of arrays, or the model itself")
    found.finish()
    found.notes += recurrent(found.tensors, found.kinds)
    return Network(
        tensors=found.tensors,
        tree=tree(found.kinds),
        source=type(source).__name__,
        form="arrays",
        read_as=_read_as(source),
        described=f"{'JAX' if 'jax' in sys.modules else 'NumPy'} arrays, {found.counted}",
        notes=found.notes,
        also=found.also,
    )


def _read_as(source: object) -> str:
    """The kind of container, or the array's own kind."""
    kind = type(source)
    if is_array(source):
        return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
    return kind.__name__ if not isinstance(source, Mapping) else f"{kind.__name__} of arrays"
