"""Dataspaces: the shape of a dataset or an attribute.

HDF5 File Format Specification version 3.0, IV.A.2.b (The Dataspace Message).
"""

from __future__ import annotations

from math import prod
from struct import Struct

from nparams.files._hdf5.store import SHAPES, Store

DIMENSIONS = 32
DIMENSION_LIMIT = (1 << 63) - 1
SCALAR, SIMPLE, NULL = range(3)
#: the bit that says the largest sizes follow
HAS_MOST = 1
HEAD = Struct("<BBBB")


def read(store: Store, body: bytes, at: int) -> tuple[int, ...] | None:
    """The shape: () is one value, None is none at all (a null dataspace).  The same bytes are read once."""
    try:
        return store.shapes[body]
    except KeyError:
        found = _read(store, body, at)
    if len(store.shapes) < SHAPES:
        store.shapes[body] = found
    return found


def _read(store: Store, body: bytes, at: int) -> tuple[int, ...] | None:
    if len(body) < 4:
        raise store.bad("dataspace", f"{len(body)} bytes, where 4 are the least", at)
    version, rank, flags, kind = HEAD.unpack_from(body)
    if version == 1:
        start, kind = 8, SIMPLE if rank else SCALAR
    elif version == 2:
        start = 4
    else:
        raise store.bad("dataspace version", f"{version}, where 1 and 2 are known", at)
    if kind > NULL or rank > DIMENSIONS or (rank and kind != SIMPLE):
        raise store.bad("dataspace", f"kind {kind} with {rank} dimensions", at)
    if kind == NULL:
        return None
    width = store.length_width
    if start + rank * width * (2 if flags & HAS_MOST else 1) > len(body):
        raise store.bad("dataspace", f"{rank} dimensions in a message of {len(body)} bytes", at)
    shape = store.struct(f"{rank}L").unpack_from(body, start) if rank else ()
    if prod(shape) > DIMENSION_LIMIT or any(n > DIMENSION_LIMIT for n in shape):
        raise store.bad("dataspace", f"impossible shape {list(shape)}: the limit is 2^63 in all", at)
    return shape
