"""Data layouts: how and where the values of a dataset lie.

HDF5 File Format Specification version 3.0, IV.A.2.i (The Data Layout Message), versions 1 to 4.
"""

from __future__ import annotations

from struct import Struct

from nparams.files._hdf5.store import Store

COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = range(4)
#: version 3, contiguous: nearly every dataset of a model
USUAL = bytes((3, CONTIGUOUS))
#: version, dimensions, class
OLD_HEAD = Struct("<BBB5x")
#: flags, dimensions, bytes of each
CHUNK_HEAD = Struct("<BBB")
DIMENSIONS = 33
#: kinds of chunk index: a version 1 B-tree; then those of a version 4 layout
BTREE_1, SINGLE, IMPLICIT, FIXED_ARRAY, EXTENSIBLE_ARRAY, BTREE_2 = range(6)
#: bits of a chunked layout's flags: chunks at the edge are not filtered; a single chunk is
EDGE_UNFILTERED, SINGLE_FILTERED = 1, 2
#: bytes of what each kind of index was made with
PARAMETERS = {IMPLICIT: 0, FIXED_ARRAY: 1, EXTENSIBLE_ARRAY: 5, BTREE_2: 6}


class Layout:
    """Where the data lies: `at` and `size` of one run of bytes, or how its chunks are found."""

    __slots__ = ("at", "chunk", "flags", "index", "kind", "parameters", "size", "version")

    def __init__(self, kind: int, version: int, at: int, size: int = 0) -> None:
        self.kind = kind
        self.version = version
        #: the address of the data, or of the chunks' index; of compact data its place in the message
        self.at = at
        self.size = size
        #: the shape of a chunk; last the bytes of a value
        self.chunk: tuple[int, ...] = ()
        self.index = BTREE_1
        self.flags = 0
        #: what the index was made with
        self.parameters = b""


class _Cursor:
    """Takes fields from a message in turn."""

    __slots__ = ("at", "body", "place", "store")

    def __init__(self, store: Store, body: bytes, at: int) -> None:
        self.store = store
        self.body = body
        self.at = at
        self.place = 0

    def take(self, form: Struct) -> tuple[int, ...]:
        return form.unpack(self.part(form.size))

    def part(self, length: int) -> bytes:
        start, self.place = self.place, self.place + length
        if self.place > len(self.body):
            raise self.store.bad("data layout", f"its message of {len(self.body)} bytes ends in the middle", self.at)
        return self.body[start : self.place]


def read(store: Store, body: bytes, at: int) -> Layout:
    """The layout in a message; of versions 1 and 2, the size of contiguous data is still to be worked out (-1)."""
    if body[:2] == USUAL:
        form = store.struct("xxAL")
        if len(body) >= form.size:
            place, size = form.unpack_from(body)
            return Layout(CONTIGUOUS, 3, place, size)
    cursor = _Cursor(store, body, at)
    version, second = cursor.part(2)
    if 1 <= version <= 2:
        cursor.place = 0
        return _old(cursor)
    if not 3 <= version <= 5:
        raise store.bad("data layout version", f"{version}, where 1 to 5 are known", at)
    if second == COMPACT:
        (size,) = cursor.take(Struct("<H"))
        cursor.part(size)
        return Layout(COMPACT, version, at + cursor.place - size, size)
    if second == CONTIGUOUS:
        place, size = cursor.take(store.struct("AL"))
        return Layout(CONTIGUOUS, version, place, size)
    if second == CHUNKED:
        return _chunked(cursor, version)
    if second == VIRTUAL and version >= 4:
        return Layout(VIRTUAL, version, store.undefined)
    raise store.bad("data layout class", f"{second}, where 0 to 3 are known", at)


def _old(cursor: _Cursor) -> Layout:
    store = cursor.store
    version, rank, kind = cursor.take(OLD_HEAD)
    if not 1 <= rank <= DIMENSIONS or kind > CHUNKED:
        raise store.bad("data layout", f"class {kind} with {rank} dimensions", cursor.at)
    place = store.undefined if kind == COMPACT else cursor.take(store.address)[0]
    sizes = cursor.take(Struct(f"<{rank}I"))
    if kind == COMPACT:
        (size,) = cursor.take(Struct("<I"))
        cursor.part(size)
        return Layout(COMPACT, version, cursor.at + cursor.place - size, size)
    found = Layout(kind, version, place, -1)
    if kind == CHUNKED:
        found.chunk = _chunk(cursor, sizes)
    return found


def _chunked(cursor: _Cursor, version: int) -> Layout:
    store = cursor.store
    if version == 3:
        (rank,), (place,) = cursor.take(Struct("<B")), cursor.take(store.address)
        found = Layout(CHUNKED, version, place)
        found.chunk = _chunk(cursor, cursor.take(Struct(f"<{min(rank, 64)}I")))
        return found
    flags, rank, width = cursor.take(CHUNK_HEAD)
    if not 1 <= width <= 8:
        raise store.bad("data layout", f"chunk sizes of {width} bytes each", cursor.at)
    sizes = tuple(int.from_bytes(cursor.part(width), "little") for _ in range(min(rank, 64)))
    (index,) = cursor.part(1)
    if index == SINGLE:
        length = store.length_width + 4 if flags & SINGLE_FILTERED else 0
    elif index in PARAMETERS:
        length = PARAMETERS[index]
    else:
        raise store.bad("chunk index", f"kind {index}, where 1 to 5 are known", cursor.at)
    found = Layout(CHUNKED, version, 0)
    found.flags, found.index, found.parameters = flags, index, cursor.part(length)
    (found.at,) = cursor.take(store.address)
    found.chunk = _chunk(cursor, sizes)
    return found


def _chunk(cursor: _Cursor, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a chunk, none of its sizes 0; the last is the bytes of a value."""
    if not 2 <= len(sizes) <= DIMENSIONS or 0 in sizes:
        raise cursor.store.bad("data layout", f"impossible chunks {list(sizes)}", cursor.at)
    return sizes
