"""Fixed and extensible arrays: indexes of a dataset's chunks.

HDF5 File Format Specification version 3.0, appendix C (Types of Indexes for Dataset Chunks); HDFGroup/hdf5
src/H5FAcache.c, src/H5EAcache.c and src/H5EAhdr.c.
"""

from __future__ import annotations

from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: bits of a count that no real array comes near
MOST_BITS = 40


class _Array:
    """What both kinds have: who uses it, the bytes of an entry, the entries of a page."""

    __slots__ = ("at", "client", "entry", "page", "store")

    def __init__(self, store: Store, at: int, client: int, entry: int, page_bits: int, filtered: bool) -> None:
        width = store.address_width
        if client != filtered or (entry <= width + 4 if filtered else entry != width) or page_bits > MOST_BITS:
            problem = f"client {client}, entries of {entry} bytes, pages of 2^{page_bits}"
            raise store.bad("chunk index", problem, at)
        self.store = store
        self.at = at
        self.client = client
        self.entry = entry
        self.page = 1 << page_bits

    def head(self, mark: bytes) -> bytes:
        """What every block begins with: mark, version 0, client, the header's address."""
        return b"".join((mark, bytes((0, self.client)), self.at.to_bytes(self.store.address_width, "little")))

    def block(self, at: int, mark: bytes, length: int) -> bytes:
        """The body of a block of `length` bytes between its head and its checksum."""
        head = self.head(mark)
        data = self.store.block(at, len(head) + length + 4, mark, "chunk index")
        if data[: len(head)] != head:
            raise self.store.bad("chunk index", "a block that belongs elsewhere", at)
        return data[len(head) :]

    def entries(self, data: bytes, number: int) -> Iterator[tuple[int, bytes]]:
        """The entries in `data`, numbered from `number` on."""
        self.store.spend(len(data) // self.entry, "chunk index")
        for start in range(0, len(data), self.entry):
            yield number, data[start : start + self.entry]
            number += 1

    def pages(self, at: int, count: int, number: int, used: bytes, first: int = 0) -> Iterator[tuple[int, bytes]]:
        """The entries of the pages that begin at `at`; `used` has a bit for each from `first` on, the highest first.

        (Pages that were never written have no checksum.)
        """
        size = self.page * self.entry + 4
        for page in range(-(-count // self.page)):
            self.store.spend(1, "chunk index")
            here = min(self.page, count - page * self.page)
            bit = first + page
            if used[bit // 8] & 0x80 >> bit % 8:
                data = self.store.read(at + page * size, here * self.entry + 4, "chunk index")
                data = self.store.checked(data, "chunk index", at + page * size)
                yield from self.entries(data, number + page * self.page)


def fixed_array(store: Store, at: int, filtered: bool) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each entry of a fixed array."""
    form = store.struct("4sBBBBLA")
    data = store.block(at, form.size + 4, b"FAHD", "chunk index")
    _, version, client, entry, page_bits, count, block = form.unpack(data)
    array = _Array(store, at, client, entry, page_bits, filtered)
    if version or count * entry > store.size * 8 + array.page:
        raise store.bad("chunk index", f"version {version}, {count:,} entries", at)
    if block == store.undefined:
        return
    if count <= array.page:
        yield from array.entries(array.block(block, b"FADB", count * entry), 0)
        return
    bits = (-(-count // array.page) + 7) // 8
    used = array.block(block, b"FADB", bits)
    yield from array.pages(block + len(array.head(b"FADB")) + bits + 4, count, 0, used)


class _Extensible(_Array):
    """An extensible array: an index block, then data blocks, then super blocks of data blocks."""

    __slots__ = ("first", "index", "least", "most_bits", "offset", "pointers")

    def __init__(self, store: Store, at: int, filtered: bool) -> None:
        form = store.struct("4s8BLLLLLLA")
        data = store.block(at, form.size + 4, b"EAHD", "chunk index")
        _, version, client, entry, bits, first, least, pointers, page_bits, *_, index = form.unpack(data)
        super().__init__(store, at, client, entry, page_bits, filtered)
        powers = all(n and not n & (n - 1) for n in (least, pointers))
        if version or not powers or not first or not least.bit_length() <= bits <= 64:
            problem = f"version {version}, {bits} bits, {first}, {least}, {pointers}"
            raise store.bad("chunk index", problem, at)
        #: bits of an entry's number; entries in the index block; of the smallest data block; pointers of a super block
        self.most_bits, self.first, self.least, self.pointers = bits, first, least, pointers
        self.index = index
        #: bytes of a block's offset
        self.offset = -(-bits // 8)

    def sizes(self, level: int) -> tuple[int, int]:
        """Data blocks of super block `level`, and the entries of each."""
        return 1 << level // 2, self.least << (level + 1) // 2


def extensible_array(store: Store, at: int, filtered: bool) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each entry of an extensible array."""
    array = _Extensible(store, at, filtered)
    if array.index == store.undefined:
        return
    # The data blocks of the first super blocks hang on the index block itself.
    own = 2 * (array.pointers.bit_length() - 1)
    levels = 1 + array.most_bits - (array.least.bit_length() - 1)
    blocks, supers = 2 * (array.pointers - 1), max(levels - own, 0)
    body = array.block(array.index, b"EAIB", array.first * array.entry + (blocks + supers) * store.address_width)
    yield from array.entries(body[: array.first * array.entry], 0)
    addresses = iter(store.struct(f"{blocks + supers}A").unpack(body[array.first * array.entry :]))
    number = array.first
    for level in range(levels):
        count, entries = array.sizes(level)
        if level < own:
            for _ in range(count):
                yield from _data_block(array, next(addresses), number, entries, None)
                number += entries
        else:
            yield from _super_block(array, next(addresses), number, level)
            number += count * entries


def _super_block(array: _Extensible, at: int, number: int, level: int) -> Iterator[tuple[int, bytes]]:
    store = array.store
    if at == store.undefined:
        return
    count, entries = array.sizes(level)
    pages = entries // array.page if entries > array.page else 0
    bits = -(-pages // 8)
    if count * (bits + store.address_width) > store.size:
        raise store.bad("chunk index", f"a super block of {count:,} blocks", at)
    body = array.block(at, b"EASB", array.offset + count * (bits + store.address_width))
    start = array.offset + count * bits
    used = body[array.offset : start]
    for i, block in enumerate(store.struct(f"{count}A").unpack(body[start:])):
        yield from _data_block(array, block, number + i * entries, entries, (used, i * pages) if pages else None)


def _data_block(
    array: _Extensible, at: int, number: int, entries: int, used: tuple[bytes, int] | None
) -> Iterator[tuple[int, bytes]]:
    """The entries of a data block; `used` tells which of its pages were written, by the bits of all blocks in a row."""
    if at == array.store.undefined:
        return
    if used is None:
        body = array.block(at, b"EADB", array.offset + entries * array.entry)
        yield from array.entries(body[array.offset :], number)
        return
    array.block(at, b"EADB", array.offset)
    start = at + len(array.head(b"EADB")) + array.offset + 4
    yield from array.pages(start, entries, number, *used)
