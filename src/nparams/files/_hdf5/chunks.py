"""Chunked datasets: where each chunk lies, by any of the six indexes.

HDF5 File Format Specification version 3.0: III.A.1 (version 1 B-trees), VII.A-C in version 3.0's appendix C (the
indexes of a version 4 layout: single chunk, implicit, fixed array, extensible array, version 2 B-tree).
"""

from __future__ import annotations

from itertools import product
from math import prod

from nparams.files._hdf5 import btree2, layout
from nparams.files._hdf5.arrays import extensible_array, fixed_array
from nparams.files._hdf5.old_groups import NODE
from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._hdf5.layout import Layout

CHUNK_NODE = 1


class Chunk:
    """One chunk that was written: the place of its first value in units of chunks, its address, its bytes in the
    file, and the filters that it went without."""

    __slots__ = ("at", "mask", "place", "size")

    def __init__(self, place: tuple[int, ...], at: int, size: int, mask: int) -> None:
        self.place = place
        self.at = at
        self.size = size
        self.mask = mask


def chunks(
    store: Store, where: Layout, shape: tuple[int, ...], most: tuple[int, ...], filtered: bool
) -> Iterator[Chunk]:
    """Every chunk that was written, of a dataset of `shape` that may grow to `most` (-1: without end)."""
    if where.at == store.undefined:
        return
    whole = prod(where.chunk)
    across = tuple(-(-n // c) for n, c in zip(shape, where.chunk, strict=False))
    widest = tuple(-(-n // c) if n >= 0 else -1 for n, c in zip(most, where.chunk, strict=False))
    if where.index == layout.BTREE_1:
        yield from _btree_1(store, where)
    elif where.index == layout.SINGLE:
        size = int.from_bytes(where.parameters[: store.length_width], "little") if where.parameters else whole
        yield Chunk((0,) * len(shape), where.at, size, int.from_bytes(where.parameters[store.length_width :], "little"))
    elif where.index == layout.IMPLICIT:
        if (count := prod(across)) * whole > store.size:
            raise store.short("chunks", where.at, count * whole)
        for place in product(*map(range, across)) if count else ():
            store.spend(1, "chunks")
            yield Chunk(place, where.at + _number(place, widest) * whole, whole, 0)
    elif where.index == layout.BTREE_2:
        yield from _btree_2(store, where, len(shape), whole, filtered)
    else:
        array = fixed_array if where.index == layout.FIXED_ARRAY else extensible_array
        for number, entry in array(store, where.at, filtered):
            at, size, mask = _entry(store, entry, whole)
            if at != store.undefined:
                yield Chunk(_place(number, widest), at, size, mask)


def _number(place: tuple[int, ...], across: tuple[int, ...]) -> int:
    """The number of the chunk at `place`, the last dimension fastest.

    >>> _number((1, 2), (2, 3))
    5
    """
    found = 0
    for here, count in zip(place, across, strict=True):
        found = found * count + here
    return found


def _place(number: int, widest: tuple[int, ...]) -> tuple[int, ...]:
    """Where chunk `number` stands; a dimension that may grow without end (-1) counts slowest.

    >>> _place(5, (2, 3)), _place(5, (2, -1))
    ((1, 2), (1, 2))
    """
    growing = [i for i, count in enumerate(widest) if count < 0]
    order = growing + [i for i in range(len(widest)) if i not in growing]
    found = dict.fromkeys(order, 0)
    for i in reversed(order[1:]):
        number, found[i] = divmod(number, max(widest[i], 1))
    found[order[0]] = number
    return tuple(found[i] for i in range(len(widest)))


def _entry(store: Store, entry: bytes, whole: int) -> tuple[int, int, int]:
    """Address, bytes and filter mask of an array's entry; one that is not filtered has the address alone."""
    width = store.address_width
    (at,) = store.address.unpack_from(entry)
    if len(entry) == width:
        return at, whole, 0
    return at, int.from_bytes(entry[width:-4], "little"), int.from_bytes(entry[-4:], "little")


def _btree_1(store: Store, where: Layout) -> Iterator[Chunk]:
    """The leaves of a version 1 B-tree: before each child stands a key of size, mask and offsets."""
    rank, seen = len(where.chunk), {where.at}
    nodes = [(where.at, -1)]
    form = store.struct(f"II{rank}QA")
    while nodes:
        at, due = nodes.pop()
        mark, kind, level, used = NODE.unpack(store.read(at, NODE.size, "chunk B-tree"))
        if mark != b"TREE" or kind != CHUNK_NODE or due not in (-1, level):
            raise store.bad("chunk B-tree", f"begins {mark!r}, kind {kind}, level {level}", at)
        store.spend(4 + 2 * used, "chunk B-tree")
        data = store.read(at + NODE.size + 2 * store.address_width, used * form.size, "chunk B-tree")
        for size, mask, *offsets, child in form.iter_unpack(data):
            if level:
                if child in seen:
                    raise store.bad("chunk B-tree", f"{child + store.base:,} stands in it twice", at)
                seen.add(child)
                nodes.append((child, level - 1))
            else:
                place = tuple(n // c for n, c in zip(offsets[:-1], where.chunk, strict=False))
                yield Chunk(place, child, size, mask)


def _btree_2(store: Store, where: Layout, rank: int, whole: int, filtered: bool) -> Iterator[Chunk]:
    tree = btree2.Tree(store, where.at)
    size = tree.record - store.address_width - 8 * rank
    due = btree2.FILTERED_CHUNKS if filtered else btree2.CHUNKS
    if tree.kind != due or (size < 5 if filtered else size != 0):
        raise store.bad("B-tree", f"kind {tree.kind} with records of {tree.record} bytes", tree.at)
    form = store.struct(f"{rank}Q")
    for record in tree.records():
        head = record[: -8 * rank]
        yield Chunk(form.unpack(record[len(head) :]), *_entry(store, head, whole))
