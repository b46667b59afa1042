"""The values of a small dataset, as the bytes that NumPy would hold: first dimension slowest, byte order as stored.

HDF5 File Format Specification version 3.0: IV.A.2.f (The Data Storage - Fill Value Message), IV.A.2.i (layout).
"""

from __future__ import annotations

from itertools import product
from math import prod

from nparams.files._hdf5 import chunks, filters, header, layout, shared
from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._hdf5.chunks import Chunk
    from nparams.files._hdf5.filters import Filter
    from nparams.files._hdf5.header import Message
    from nparams.files._hdf5.layout import Layout

#: of one chunk; and how much more it may take in the file than twice that
CHUNK_BYTES, CHUNK_ROOM = 16_000_000, 4096
#: bit of a version 3 fill value's flags: there is one
DEFINED = 0x20


class Plan:
    """What is needed to put a chunked dataset together."""

    __slots__ = ("most", "pipeline", "shape", "store", "where", "width")

    def __init__(self, store: Store, where: Layout, shape: tuple[int, ...], found: dict[int, Message]) -> None:
        self.store = store
        self.where = where
        self.shape = shape
        #: the shape that it may grow to, -1 for no end
        self.most = _most(store, found[header.DATASPACE], shape)
        message = found.get(header.PIPELINE)
        self.pipeline: list[Filter] = []
        if message is not None:
            self.pipeline = filters.read(store, message, shared.body(store, message))

    def chunks(self) -> Iterator[Chunk]:
        """Every chunk that was written; together they take no more than the file has."""
        store, left = self.store, self.store.size
        for chunk in chunks.chunks(store, self.where, self.shape, self.most, bool(self.pipeline)):
            left -= chunk.size
            if chunk.at + chunk.size + store.base > store.size:
                raise store.short("chunk", chunk.at, chunk.size)
            if left < 0:
                raise store.bad("chunk", "by here the chunks take more bytes than the file has", chunk.at)
            yield chunk

    def fill(self, chunk: Chunk, into: bytearray) -> None:
        """Put the values of one chunk where they belong; those beyond the edge are dropped."""
        sizes, width = self.where.chunk[:-1], self.where.chunk[-1]
        start = [p * c for p, c in zip(chunk.place, sizes, strict=True)]
        here = [min(c, n - s) for c, n, s in zip(sizes, self.shape, start, strict=True)]
        if min(here) <= 0:
            return
        data = self._bytes(chunk, any(h < c for h, c in zip(here, sizes, strict=True)))
        run = here[-1] * width
        for row in product(*map(range, here[:-1])):
            self.store.spend(1, "chunk")
            source = _index((*row, 0), sizes) * width
            target = _index([s + r for s, r in zip(start, (*row, 0), strict=True)], self.shape) * width
            into[target : target + run] = data[source : source + run]

    def _bytes(self, chunk: Chunk, at_edge: bool) -> bytes:
        size = prod(self.where.chunk)
        if size > CHUNK_BYTES or chunk.size > 2 * size + CHUNK_ROOM:
            raise self.store.bad("chunk", f"{chunk.size:,} bytes for {size:,}, too many to read", chunk.at)
        self.store.spend(10 + size // 500, "chunk")
        data = self.store.raw(chunk.at, chunk.size, "chunk")
        if at_edge and self.where.flags & layout.EDGE_UNFILTERED:
            return data
        return filters.undo(self.store, self.pipeline, chunk.mask, data, size, chunk.at)


def _index(place: tuple[int, ...] | list[int], shape: tuple[int, ...]) -> int:
    """The number of a place in an array of `shape`.

    >>> _index((1, 2), (2, 3))
    5
    """
    found = 0
    for here, count in zip(place, shape, strict=True):
        found = found * count + here
    return found


def _most(store: Store, message: Message, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The largest shape in a dataspace message that was read before; -1 for a dimension without end."""
    body = shared.body(store, message)
    if not body[2] & 1:
        return shape
    form = store.struct(f"{len(shape)}L")
    endless = (1 << 8 * store.length_width) - 1
    most = form.unpack_from(body, (8 if body[0] == 1 else 4) + form.size)
    return tuple(-1 if n == endless else n for n in most)


def fill_value(store: Store, found: dict[int, Message], size: int) -> bytes:
    """The bytes of a value that was never written: zeros where the file does not say."""
    for kind in (header.FILL, header.OLD_FILL):
        message = found.get(kind)
        if message is not None:
            value = _fill(shared.body(store, message), kind)
            if len(value) == size:
                return value
    return bytes(size)


def _fill(body: bytes, kind: int) -> bytes:
    """The value in a fill value message; empty where it has none."""
    if kind == header.OLD_FILL:
        start = 0
    elif body[:1] == b"\3":
        start = 2 if len(body) > 1 and body[1] & DEFINED else len(body)
    else:
        start = 4 if len(body) > 3 and (body[0] == 1 or body[3]) else len(body)
    length = int.from_bytes(body[start : start + 4], "little")
    return body[start + 4 : start + 4 + length]
