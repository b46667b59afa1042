"""Version 2 B-trees: indexes of a large group's names, of many attributes, of a heap's huge objects, of chunks.

HDF5 File Format Specification version 3.0, III.A.2 (Disk Format: Level 1A2 - Version 2 B-trees); the widths of counts
by H5B2__hdr_init in HDFGroup/hdf5 src/H5B2hdr.c.
"""

from __future__ import annotations

from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: kinds of record
HUGE, HUGE_FILTERED, HUGE_DIRECT, HUGE_DIRECT_FILTERED, LINK_NAMES, LINK_ORDER = range(1, 7)
ATTRIBUTE_NAMES, ATTRIBUTE_ORDER, CHUNKS, FILTERED_CHUNKS = 8, 9, 10, 11
#: mark, version, kind, checksum of a node
NODE_BYTES = 10
#: levels: with two records a node, more than any file can hold
DEPTH = 40


class Tree:
    """The header of a tree: the kind and the bytes of its records, and how to walk them."""

    __slots__ = ("_counts", "_depth", "_first", "_node", "_root", "at", "kind", "record", "store", "total")

    def __init__(self, store: Store, at: int) -> None:
        self.store = store
        self.at = at
        form = store.struct("4sBBIHHBBAHL")
        data = store.block(at, form.size + 4, b"BTHD", "B-tree")
        _, version, self.kind, self._node, self.record, self._depth, *_, self._root, self._first, self.total = (
            form.unpack(data)
        )
        if version or self._depth > DEPTH or not self.record or self._node < NODE_BYTES + self.record:
            problem = f"version {version}, depth {self._depth}, records of {self.record} bytes in {self._node:,}"
            raise store.bad("B-tree", problem, at)
        if self.total * self.record > store.size:
            raise store.bad("B-tree", f"{self.total:,} records in a file of {store.size:,} bytes", at)
        self._counts = self._widths()

    def _widths(self) -> list[tuple[int, int]]:
        """For children at each level from 0 up: bytes of their number of records, and of all below them."""
        most = (self._node - NODE_BYTES) // self.record
        width, all_below = _width(most), most
        found = [(width, 0)]
        for level in range(1, self._depth):
            pointer = self.store.address_width + sum(found[level - 1])
            here = max(0, self._node - NODE_BYTES - pointer) // (self.record + pointer)
            all_below = (here + 1) * all_below + here
            found.append((width, _width(all_below)))
        return found

    def records(self) -> Iterator[bytes]:
        """Every record, in no order that matters here."""
        store, seen, count = self.store, {self._root}, 0
        nodes = [(self._root, self._first, self._depth)] if self.total else []
        while nodes:
            at, records, level = nodes.pop()
            body, children = self._read(at, records, level)
            for child in children:
                if child[0] in seen:
                    raise store.bad("B-tree", "a node stands in it twice", child[0])
                seen.add(child[0])
            nodes += children
            count += records
            store.spend(records, "B-tree")
            for start in range(0, len(body), self.record):
                yield body[start : start + self.record]
        if count != self.total:
            raise store.bad("B-tree", f"{count:,} records, where {self.total:,} are said to be", self.at)

    def _read(self, at: int, records: int, level: int) -> tuple[bytes, list[tuple[int, int, int]]]:
        """The records of a node, and its children: address, number of records, level."""
        store, start, end = self.store, 6, 6 + records * self.record
        counts = self._counts[level - 1] if level else (0, 0)
        pointer = store.address_width + sum(counts) if level else 0
        length = end + (records + 1) * pointer + 4
        if length > self._node:
            raise store.bad("B-tree", f"a node with {records:,} records, more than fit in {self._node:,} bytes", at)
        data = store.block(at, length, b"BTIN" if level else b"BTLF", "B-tree node")
        if data[4] or data[5] != self.kind:
            raise store.bad("B-tree node", f"version {data[4]}, kind {data[5]}, where 0, {self.kind} is due", at)
        children = []
        for place in range(end, len(data), pointer or 1):
            middle = place + store.address_width
            number = int.from_bytes(data[middle : middle + counts[0]], "little")
            children.append((store.address.unpack_from(data, place)[0], number, level - 1))
        return data[start:end], children


def _width(count: int) -> int:
    """Bytes that a count of at most `count` is stored in.

    >>> _width(255), _width(256)
    (1, 2)
    """
    return (count.bit_length() + 7) // 8 or 1
