"""A table of sorted keys, as LevelDB lays it out: TensorFlow's checkpoints are such tables.

Layout: google/leveldb doc/table_format.md, and tensorflow/tensorflow tensorflow/core/lib/io/{format,table,block}.cc,
which is the same.  The footer is at the end: two handles (offset and size of a block), filled up to 40 bytes, then a
magic number.  A block is a run of entries (how much of the key before is kept, lengths, the rest of the key, the
value), the offsets of restarts, their count; behind it stand a byte that says how it is compressed and a checksum.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place
from nparams.files._protobuf.schema import varint
from nparams.files._tensorflow.crc32c import crc32c, masked
from nparams.files._tensorflow.snappy import undone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files.bytesource import ByteSource

    #: offset and size of a block
    Handle = tuple[int, int]

FOOTER, TRAILER = 48, 5
MAGIC = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
PLAIN, SNAPPY = 0, 1
#: bytes of all blocks, as stored or undone; of one key; of all keys, which are stored without what they share
MOST, FURTHER = 64_000_000, 400_000_000
LONGEST_KEY = 65_536
ALL_KEYS = 1 << 25
MORE = 10  # how many times as much is read without limits
WINDOW = 1 << 18  # bytes read at once
CHECKED = 1 << 20  # bytes whose checksum is looked at: a byte takes as long as ten of the entries' own


class Block:
    """One block, undone: its bytes, and where it lies in the file."""

    __slots__ = ("data", "end", "offset")

    def __init__(self, data: bytes, end: int, offset: int) -> None:
        self.data = data
        #: where its entries end and the restarts begin
        self.end = end
        self.offset = offset


class Table:
    """The blocks of a table in a source, each checked before it is used.

    Raises FormatError for what is no table, or a damaged one.
    """

    __slots__ = ("_base", "_buffer", "_checked", "_keys_left", "_left", "_source", "damaged", "name", "size")

    def __init__(self, source: ByteSource, *, limits: bool = True) -> None:
        self._source = source
        self.name = place(source.name)
        self.size = source.size
        self._left = MOST if limits else FURTHER
        self._keys_left = ALL_KEYS * (1 if limits else MORE)
        self._checked = CHECKED
        self._base, self._buffer = 0, b""
        #: offsets of blocks whose checksum is another's
        self.damaged: list[int] = []

    def handles(self) -> list[Handle]:
        """The data blocks, in the order of their keys; none overlaps another."""
        if self.size < FOOTER:
            raise FormatError(f"{self.name}: {self.size:,} bytes are too few for a table of TensorFlow. Cut short?")
        footer = self._source.read(self.size - FOOTER, FOOTER)
        if footer[-len(MAGIC) :] != MAGIC:
            raise FormatError(
                f"{self.name}: no table of TensorFlow ends with {footer[-len(MAGIC) :]!r}. Cut short, or another kind "
                "of file with that ending?"
            )
        _, at = self._handle(footer, 0, self.size - FOOTER, "the footer's first handle")
        index, _ = self._handle(footer, at, self.size - FOOTER, "the footer's handle of the index")
        found: list[Handle] = []
        end = 0
        block = self.block(index)
        for key, start, length in self.entries(block):
            handle, _ = self._handle(block.data[start : start + length], 0, block.offset, f"the handle of {key[:40]!r}")
            if handle[0] < end:
                raise self.bad(block.offset, f"blocks that overlap: one ends at {end:,}, one begins at {handle[0]:,}")
            end = sum(handle) + TRAILER
            found.append(handle)
        return found

    def bad(self, offset: int, problem: str) -> FormatError:
        """The error for a block at an offset."""
        return FormatError(f"{self.name}: block (offset {offset:,}): {problem}")

    def _handle(self, data: bytes, at: int, end: int, what: str) -> tuple[Handle, int]:
        """(a handle, the place after it); its block and trailer end before `end`."""
        try:
            offset, at = varint(data, at)
            size, at = varint(data, at)
        except (ValueError, IndexError):
            raise FormatError(f"{self.name}: {what} is no pair of numbers. Damaged?") from None
        if offset + size + TRAILER > end:
            problem = f"{what} says bytes {offset:,} to {offset + size:,}, which end beyond {end:,}. Cut short?"
            raise FormatError(f"{self.name}: {problem}")
        return (offset, size), at

    def block(self, handle: Handle) -> Block:
        """The block there, undone where it is compressed."""
        offset, size = handle
        self._use(offset, size)
        stored = self._read(offset, size + TRAILER)
        data, kind = stored[:size], stored[size]
        self._check(offset, stored)
        if kind == SNAPPY:
            try:
                data = undone(data, self._left)
            except ValueError as problem:
                raise self.bad(offset, f"snappy: {problem}") from None
            self._use(offset, len(data))
        elif kind != PLAIN:
            raise UnsupportedError(f"{self.name}: block (offset {offset:,}): compression {kind}, where 0 and 1 exist")
        if len(data) < 4 or (restarts := 4 * int.from_bytes(data[-4:], "little") + 4) > len(data):
            raise self.bad(offset, f"{len(data):,} bytes without the offsets of its restarts. Damaged?")
        return Block(data, len(data) - restarts, offset)

    def entries(self, block: Block) -> Iterator[tuple[bytes, int, int]]:
        """(key, offset of its value in the block, length of that), in rising order of keys."""
        data, at, key, first = block.data, 0, b"", True
        while at < block.end:
            try:
                shared, at = varint(data, at)
                own, at = varint(data, at)
                length, at = varint(data, at)
            except (ValueError, IndexError):
                raise self.bad(block.offset, f"an entry at {at:,} without its lengths. Damaged?") from None
            if shared > len(key) or at + own + length > block.end or shared + own > LONGEST_KEY:
                raise self.bad(block.offset, f"an entry at {at:,} that reaches beyond what is there. Damaged?")
            found = key[:shared] + data[at : at + own]
            if found <= key and not first:
                raise self.bad(block.offset, f"keys that do not rise, or come twice, at {at:,}")
            self._keys_left -= len(found)
            if self._keys_left < 0:
                raise self.bad(block.offset, f"keys of more than {ALL_KEYS:,} bytes, more than any real table has")
            key, first = found, False
            yield key, at + own, length
            at += own + length

    def _use(self, offset: int, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise self.bad(offset, f"more than {MOST:,} bytes of entries, more than any real checkpoint's index has")

    def _check(self, offset: int, stored: bytes) -> None:
        """Note a checksum of other bytes, as long as the work is small."""
        self._checked -= len(stored)
        if self._checked >= 0 and masked(crc32c(stored[:-4])) != int.from_bytes(stored[-4:], "little"):
            self.damaged.append(offset)

    def _read(self, offset: int, length: int) -> bytes:
        at = offset - self._base
        if at < 0 or at + length > len(self._buffer):
            self._buffer = self._source.read(offset, min(max(length, WINDOW), self.size - offset))
            self._base, at = offset, 0
        return self._buffer[at : at + length]
