"""Messages that stand elsewhere: in a committed datatype, or in the file's heap of shared messages.

HDF5 File Format Specification version 3.0: IV.A.2 (shared messages), III.I (Shared Object Header Message Table);
HDFGroup/hdf5 src/H5Oshared.c.
"""

from __future__ import annotations

from nparams.errors import FormatError
from nparams.files._hdf5 import header
from nparams.files._hdf5.fractal_heap import FractalHeap
from nparams.files._hdf5.store import Store

#: where a version 2 or 3 shared message stands
IN_HEAP, COMMITTED = 1, 2
HEAP_ID = 8
#: tables of shared messages that a file may have
INDEXES = 8


def body(store: Store, message: header.Message) -> bytes:
    """The body of `message`, wherever it stands."""
    return resolve(store, message.kind, message.body, message.at) if message.flags & header.IS_SHARED else message.body


def resolve(store: Store, kind: int, data: bytes, at: int) -> bytes:
    """The message of that kind that `data`, a shared message, points to."""
    if len(data) < 2 or not 1 <= data[0] <= 3:
        raise store.bad("shared message", f"begins {data[:2]!r}, where version 1 to 3 is due", at)
    start = 8 if data[0] == 1 else 2
    if data[0] > 1 and data[1] == IN_HEAP:
        return in_heap(store, kind, data[start : start + HEAP_ID])[0]
    if len(data) < start + store.address_width:
        raise store.bad("shared message", f"{len(data)} bytes, which hold no address", at)
    (where,) = store.address.unpack_from(data, start)
    for message in header.read(store, where):
        if message.kind == kind and not message.flags & header.IS_SHARED:
            return message.body
    raise store.bad("shared message", f"leads to {where + store.base:,}, where there is none of its kind", at)


def in_heap(store: Store, kind: int, identity: bytes) -> tuple[bytes, int]:
    """The shared message of that kind and heap id, and where it lies."""
    heap = store.shared.get(kind)
    if heap is None:
        raise FormatError(f"{store.name}: a shared message of kind {kind:#x}, and the file has no heap for it")
    return FractalHeap(store, heap).get(identity)


def read_extension(store: Store, at: int) -> None:
    """Take from the superblock extension where messages are shared; refuse files in several parts.

    Specification: II.C, IV.A.2.p (Shared Message Table), IV.A.2.v (Driver Info), IV.A.2.y (Metadata Cache Image).
    """
    for message in header.read(store, at):
        if message.kind == header.SHARED_TABLE:
            _read_table(store, message)
        elif message.kind == header.CACHE_IMAGE:
            where = message.body[1 : 1 + store.address_width]
            if where != store.undefined.to_bytes(store.address_width, "little"):
                raise store.refused(
                    "its metadata lies in a cache image; open and close it with HDF5, and count it then"
                )
        elif message.kind == header.DRIVER:
            raise store.refused("an HDF5 file in several parts (a driver of its own); count a copy made by h5repack")


def _read_table(store: Store, message: header.Message) -> None:
    form = store.struct("BAB")
    if len(message.body) < form.size:
        raise store.bad("shared message table", f"{len(message.body)} bytes, where {form.size} are due", message.at)
    version, at, count = form.unpack_from(message.body)
    if version or count > INDEXES:
        raise store.bad("shared message table", f"version {version} with {count} indexes", message.at)
    row = store.struct("BBHIHHHAA")
    data = store.block(at, 4 + count * row.size + 4, b"SMTB", "shared message table")
    for _, _, kinds, _, _, _, _, _, heap in row.iter_unpack(data[4:]):
        for kind in range(16):
            if kinds >> kind & 1 and heap != store.undefined:
                store.shared[kind] = heap
