"""Messages that stand elsewhere: in a committed datatype, or in the file's heap of shared messages.

HDF5 File Format Specification version 3.0: IV.A.2 (shared messages), III.I (Shared Object Header Message Table);
HDFGroup/hdf5 src/H5Oshared.c.
"""

from __future__ import annotations

from nparams.files._hdf5 import header
from nparams.files._hdf5.store import Store

#: where a version 2 or 3 shared message stands
IN_HEAP, COMMITTED = 1, 2
HEAP_ID = 8


def body(store: Store, message: header.Message) -> bytes:
    """The body of `message`, wherever it stands."""
    return resolve(store, message.kind, message.body, message.at) if message.flags & header.IS_SHARED else message.body


def resolve(store: Store, kind: int, data: bytes, at: int) -> bytes:
    """The message of that kind that `data`, a shared message, points to."""
    if len(data) < 2 or not 1 <= data[0] <= 3:
        raise store.bad("shared message", f"begins {data[:2]!r}, where version 1 to 3 is due", at)
    start = 8 if data[0] == 1 else 2
    if data[0] > 1 and data[1] == IN_HEAP:
        return _in_heap(store, kind, data[start : start + HEAP_ID], at)
    if len(data) < start + store.address_width:
        raise store.bad("shared message", f"{len(data)} bytes, which hold no address", at)
    (where,) = store.address.unpack_from(data, start)
    for message in header.read(store, where):
        if message.kind == kind and not message.flags & header.IS_SHARED:
            return message.body
    raise store.bad("shared message", f"leads to {where + store.base:,}, where there is none of its kind", at)


def _in_heap(store: Store, kind: int, identity: bytes, at: int) -> bytes:
    raise store.refused("object header messages shared through a heap are not read yet; count a copy made by h5repack")
