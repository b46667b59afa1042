"""Fractal heaps: where the links of a large group and the attributes of an object with many lie.

HDF5 File Format Specification version 3.0, III.G (Disk Format: Level 1G - Fractal Heap); the widths in heap ids by
H5HF__hdr_finish_init in HDFGroup/hdf5 src/H5HFhdr.c.
"""

from __future__ import annotations

from nparams.files._hdf5.btree2 import HUGE, Tree
from nparams.files._hdf5.checksum import lookup3
from nparams.files._hdf5.store import LARGEST, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: what a heap id leads to, bits 4 and 5 of its first byte
MANAGED, HUGE_OBJECT, TINY = range(3)
#: bit of the heap's flags: direct blocks have a checksum
CHECKED = 2
#: blocks kept
KEPT = 8
#: indirect blocks inside one another
DEPTH = 32


class FractalHeap:
    """One heap: objects by their heap ids."""

    __slots__ = (
        "_blocks", "_checked", "_direct_rows", "_huge", "_huge_tree", "_id_bytes", "_length_bytes", "_most",
        "_offset_bytes", "_root", "_rows", "_start", "_tables", "_width", "at", "store",
    )  # fmt: skip

    def __init__(self, store: Store, at: int) -> None:
        self.store = store
        self.at = at
        form = store.struct("4sBHHBILALALLLLLLLLHLLHHAH")
        filters = store.read(at, form.size, "fractal heap")
        if filters[7:9] != b"\0\0":
            raise store.refused("a group's links are compressed; count a copy made by h5repack")
        data = store.block(at, form.size + 4, b"FRHP", "fractal heap")
        _, version, self._id_bytes, _, flags, largest, _, self._huge_tree, *rest = form.unpack(data)
        self._width, self._start, self._most, bits, _, self._root, self._rows = rest[-7:]
        if version or not 2 <= self._id_bytes <= 4096:
            raise store.bad("fractal heap", f"version {version}, ids of {self._id_bytes} bytes", at)
        self._check_table(bits)
        self._checked = bool(flags & CHECKED)
        self._offset_bytes: int = -(-bits // 8)
        most = -(-(self._most.bit_length() - 1) // 8)
        self._length_bytes = min(most, (largest.bit_length() + 7) // 8 or 1)
        self._direct_rows = self._most.bit_length() - self._start.bit_length() + 2
        self._blocks: dict[int, bytes] = {}
        self._tables: dict[int, tuple[int, ...]] = {}
        self._huge: dict[int, tuple[int, int]] | None = None

    def _check_table(self, bits: int) -> None:
        """The table's sizes are powers of two, each block twice as large as those two rows above."""
        start, width, most = self._start, self._width, self._most
        powers = all(n and not n & (n - 1) for n in (start, width, most))
        if not powers or not start <= most <= LARGEST or not 0 < bits <= 64 or self._rows > 64:
            problem = f"blocks of {start:,} to {most:,} bytes, {width} in a row, {self._rows} rows, {bits} bits"
            raise self.store.bad("fractal heap", problem, self.at)

    def ordered(self, identities: Iterable[bytes]) -> list[bytes]:
        """Ids in the order in which their objects lie, so that each block is read once."""
        return sorted(identities, key=lambda i: int.from_bytes(i[1 : 1 + self._offset_bytes], "little"))

    def get(self, identity: bytes) -> tuple[bytes, int]:
        """The object of that id, and where it lies (as near as can be told)."""
        self.store.spend(4, "fractal heap")
        kind = identity[0] >> 4 & 3
        if identity[0] >> 6 or kind > TINY or len(identity) < self._id_bytes:
            raise self.store.bad("fractal heap", f"an id that begins {identity[0]:#04x}", self.at)
        if kind == TINY:
            return self._tiny(identity), self.at
        return self._large(identity) if kind == HUGE_OBJECT else self._managed(identity)

    def _tiny(self, identity: bytes) -> bytes:
        """An object in the id itself."""
        wide = self._id_bytes > 17
        length = ((identity[0] & 15) << 8 | identity[1] if wide else identity[0] & 15) + 1
        found = identity[1 + wide : 1 + wide + length]
        if len(found) < length:
            raise self.store.bad("fractal heap", f"a tiny object of {length} bytes in an id of fewer", self.at)
        return found

    def _large(self, identity: bytes) -> tuple[bytes, int]:
        """An object that lies on its own: the id has its place, or its number in a B-tree."""
        form = self.store.struct("AL")
        if self._id_bytes > form.size:
            at, length = form.unpack_from(identity, 1)
        else:
            if self._huge is None:
                self._huge = self._huge_objects()
            number = int.from_bytes(identity[1 : 1 + min(self.store.length_width, self._id_bytes - 1)], "little")
            if number not in self._huge:
                raise self.store.bad("fractal heap", f"there is no huge object {number}", self.at)
            at, length = self._huge[number]
        return self.store.read(at, length, "fractal heap object"), at

    def _huge_objects(self) -> dict[int, tuple[int, int]]:
        tree, form = Tree(self.store, self._huge_tree), self.store.struct("ALL")
        if tree.kind != HUGE or tree.record != form.size:
            raise self.store.bad("B-tree", f"kind {tree.kind}, where {HUGE} is due", tree.at)
        return {number: (at, length) for at, length, number in map(form.unpack, tree.records())}

    def _managed(self, identity: bytes) -> tuple[bytes, int]:
        """An object in a block of the heap."""
        middle = 1 + self._offset_bytes
        offset = int.from_bytes(identity[1:middle], "little")
        length = int.from_bytes(identity[middle : middle + self._length_bytes], "little")
        at, begin, size = self._block_of(offset)
        block = self._blocks.get(at)
        if block is None:
            if len(self._blocks) >= KEPT:
                del self._blocks[next(iter(self._blocks))]
            block = self._blocks[at] = self._direct(at, begin, size)
        place = offset - begin
        if place < self._head_bytes or place + length > size:
            problem = f"an object of {length:,} bytes at {place:,} of a block of {size:,}"
            raise self.store.bad("fractal heap", problem, at)
        return block[place : place + length], at + place

    @property
    def _head_bytes(self) -> int:
        return 5 + self.store.address_width + self._offset_bytes + (4 if self._checked else 0)

    def _direct(self, at: int, begin: int, size: int) -> bytes:
        """A direct block."""
        store = self.store
        data = store.read(at, size, "fractal heap block")
        self._check_head(data, b"FHDB", begin, at)
        if self._checked:
            self._check_sum(data, at)
        return data

    def _check_sum(self, data: bytes, at: int) -> None:
        """The checksum of a direct block is that of itself with zeros in the checksum's place."""
        self.store.spend(len(data) // 6, "fractal heap block")
        place = self._head_bytes - 4
        found = int.from_bytes(data[place : place + 4], "little")
        due = lookup3(b"".join((data[:place], bytes(4), data[place + 4 :])))
        if found != due:
            problem = f"its checksum is {found:#010x}, where {due:#010x} is due. Damaged?"
            raise self.store.bad("fractal heap block", problem, at)

    def _check_head(self, data: bytes, mark: bytes, begin: int, at: int) -> None:
        """A block begins with a mark, version 0, the heap's address and its own offset."""
        width = self.store.address_width
        due = b"".join(
            (mark, b"\0", self.at.to_bytes(width, "little"), begin.to_bytes(self._offset_bytes + 1, "little"))
        )[:-1]
        if data[: len(due)] != due:
            raise self.store.bad("fractal heap block", f"begins {data[:5]!r}, or belongs elsewhere", at)

    def _block_of(self, offset: int) -> tuple[int, int, int]:
        """The direct block that holds `offset` of the heap: address, its first offset, bytes."""
        if not self._rows:
            return self._root, 0, self._start
        at, begin, rows = self._root, 0, self._rows
        for _ in range(DEPTH):
            row, column, size = self._cell(offset - begin)
            if row >= rows:
                raise self.store.bad("fractal heap", f"offset {offset:,} is beyond its blocks", self.at)
            table = self._table(at, begin, rows)
            begin += (self._start * self._width << row - 1 if row else 0) + column * size
            at = table[row * self._width + column]
            if at == self.store.undefined:
                raise self.store.bad("fractal heap", f"there is no block at offset {offset:,}", self.at)
            if row < self._direct_rows:
                return at, begin, size
            rows = size.bit_length() - (self._start * self._width).bit_length() + 1
        raise self.store.bad("fractal heap", f"blocks nested more than {DEPTH} deep", self.at)

    def _cell(self, offset: int) -> tuple[int, int, int]:
        """Row, column and block size of an offset in a doubling table: rows 0 and 1 alike, then twice as large each."""
        row = (offset // (self._start * self._width)).bit_length()
        size = self._start << max(row - 1, 0)
        first = self._start * self._width << row - 1 if row else 0
        return row, (offset - first) // size, size

    def _table(self, at: int, begin: int, rows: int) -> tuple[int, ...]:
        """The children of an indirect block, by rows."""
        if at not in self._tables:
            form = self.store.struct(f"4sBA{self._offset_bytes}s{rows * self._width}A")
            data = self.store.block(at, form.size + 4, b"FHIB", "fractal heap block")
            self._check_head(data, b"FHIB", begin, at)
            if len(self._tables) >= KEPT:
                del self._tables[next(iter(self._tables))]
            self._tables[at] = form.unpack(data)[4:]
        return self._tables[at]
