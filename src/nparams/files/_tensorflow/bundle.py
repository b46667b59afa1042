"""What the index of a checkpoint says of each tensor: number type, shape, and where its numbers lie.

tensorflow/tensorflow tensorflow/core/protobuf/tensor_bundle.proto and tensorflow/core/util/tensor_bundle/
tensor_bundle.h.  The first key is empty: its value is the header.  A key that begins with a NUL is a piece of a
variable that was saved in slices; the variable's own entry has the full shape and says which slices there are.
"""

from __future__ import annotations

from math import prod

from nparams.dtypes import TENSORFLOW, bytes_of
from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._protobuf.schema import INT, MESSAGE, MESSAGES, SPAN, Schema
from nparams.files._protobuf.wire import Wire
from nparams.files._tensorflow.shapes import DIMENSIONS, ELEMENTS_LIMIT, NO_NUMBERS, SHAPE, known
from nparams.files._tensorflow.table import Table
from nparams.files.bytesource import MemorySource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._protobuf.schema import Record
    from nparams.files.bytesource import ByteSource

ENTRIES, MOST_ENTRIES = 60_000, 1_000_000
SHARDS = 100_000
TEXT = 7
SLICE = b"\0"  # how the key of a slice begins
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"

EXTENT = Schema("Extent", {1: (INT, "start", None), 2: (INT, "length", None)})
PART = Schema("TensorSliceProto", {1: (MESSAGES, "extent", EXTENT)})
ENTRY = Schema("BundleEntryProto", {
    1: (INT, "dtype", None), 2: (MESSAGE, "shape", SHAPE), 3: (INT, "shard_id", None), 4: (INT, "offset", None),
    5: (INT, "size", None), 7: (MESSAGES, "slices", PART),
})  # fmt: skip
HEADER = Schema("BundleHeaderProto", {1: (INT, "num_shards", None), 2: (INT, "endianness", None)})
#: the table of a checkpoint before TensorFlow 0.12 (tensorflow/core/util/saved_tensor_slice.proto)
OLD = Schema("SavedTensorSlices", {1: (MESSAGE, "meta", Schema("SavedTensorSliceMeta", {
    1: (MESSAGES, "tensor", Schema("SavedSliceMeta", {
        1: (SPAN, "name", None), 2: (MESSAGE, "shape", SHAPE), 3: (INT, "type", None), 4: (MESSAGES, "slice", PART),
    })),
}))})  # fmt: skip
#: how the header begins: a number of shards, or the message of an old table
BEGINS_OLD = b"\x0a"


class Entry:
    """One tensor of a checkpoint: its key, number type, full shape, and where its numbers lie."""

    __slots__ = ("bytes", "dtype", "key", "kind", "offset", "partial", "shape", "shard", "size", "slices")

    def __init__(self, key: str, kind: int, shape: tuple[int, ...]) -> None:
        self.key = key
        #: the number of its type, and our name for it; None where it holds no numbers
        self.kind = kind
        self.dtype = TENSORFLOW.get(kind)
        self.shape = shape
        self.size = prod(shape)
        self.shard = 0
        self.offset = 0
        self.bytes = 0
        #: into how many slices it was cut; 0 for one that is whole
        self.slices = 0
        #: whether slices are missing
        self.partial = False


class Bundle:
    """The entries of one checkpoint, checked against one another."""

    __slots__ = ("damaged", "entries", "name", "old", "shards")

    def __init__(self, source: ByteSource, *, limits: bool = True) -> None:
        self.name = place(source.name)
        self.entries: list[Entry] = []
        #: how many data files there are
        self.shards = 1
        #: whether it is a table of before TensorFlow 0.12, which holds numbers too
        self.old = False
        table = Table(source, limits=limits)
        self._read(table, ENTRIES if limits else MOST_ENTRIES, limits)
        self.damaged = table.damaged

    def _read(self, table: Table, most: int, limits: bool) -> None:
        held: list[Entry] = []
        last = None
        for handle in table.handles():
            block = table.block(handle)
            wire = Wire(MemorySource(block.data, f"{self.name}"), limits=limits)
            for key, start, length in table.entries(block):
                if last is None:
                    if self._is_old(block.data, key, start, wire, start + length):
                        return
                elif key <= last:
                    raise table.bad(block.offset, "keys that do not rise, or come twice, from block to block")
                else:
                    held.append(self._entry(wire, key, start, start + length))
                last = key
                if len(held) > most:
                    raise table.bad(block.offset, f"more than {most:,} tensors, more than any real checkpoint has")
        if last is None:
            raise FormatError(f"{self.name}: a table without entries, where a checkpoint has at least a header")
        self._check_places(held)
        self.entries += [entry for entry in held if not entry.key.startswith("\0")]

    # -- the header ---------------------------------------------------------------------------------------------------

    def _is_old(self, data: bytes, key: bytes, start: int, wire: Wire, end: int) -> bool:
        """Read the header; whether it is one of before TensorFlow 0.12, which lists all tensors itself."""
        if key:
            raise FormatError(
                f"{self.name}: a table whose first key is {shown(key.decode(errors='replace'))}, where a checkpoint "
                "has a header; not a checkpoint of TensorFlow"
            )
        held: Record = {}
        if data[start : start + 1] == BEGINS_OLD:
            wire.decode(OLD, start, end, held, 1)
            self.old = True
            self.entries += self._old_entries(wire, held.get("meta", {}).get("tensor", ()))
            return True
        wire.decode(HEADER, start, end, held, 1)
        self.shards = held.get("num_shards", 0)
        if not 0 < self.shards <= SHARDS:
            raise FormatError(f"{self.name}: header: {self.shards:,} data files, where 1 to {SHARDS:,} can be")
        if held.get("endianness", 0) not in (0, 1):
            raise FormatError(f"{self.name}: header: byte order {held['endianness']}, where 0 and 1 exist")
        return False

    def _old_entries(self, wire: Wire, tensors: list[Record]) -> Iterator[Entry]:
        names: set[str] = set()
        for tensor in tensors:
            name = wire.text(OLD, *tensor.get("name", (0, 0)))
            if name in names:
                raise FormatError(f"{self.name}: {shown(name)} comes twice")
            names.add(name)
            entry = self._made(name, tensor.get("type", 0), tensor.get("shape", {}))
            self._slice(entry, tensor.get("slice", ()))
            yield entry

    # -- one entry ----------------------------------------------------------------------------------------------------

    def _entry(self, wire: Wire, key: bytes, start: int, end: int) -> Entry:
        held: Record = {}
        wire.decode(ENTRY, start, end, held, 1)
        entry = self._made(self._name(key), held.get("dtype", 0), held.get("shape", {}))
        entry.shard, entry.offset, entry.bytes = (held.get(name, 0) for name in ("shard_id", "offset", "size"))
        if not 0 <= entry.shard < self.shards or entry.offset < 0 or entry.bytes < 0:
            problem = f"bytes {entry.offset:,} to {entry.offset + entry.bytes:,} of data file {entry.shard:,}"
            raise self._bad(entry, f"{problem}, which cannot be: there are {self.shards:,}")
        if "slices" in held:
            self._slice(entry, held["slices"])
        elif entry.dtype is not None and entry.bytes not in held_bytes(entry.size, entry.dtype):
            takes = bytes_of(entry.size, entry.dtype)
            raise self._bad(entry, f"{entry.dtype} {list(entry.shape)} takes {takes:,} bytes, it has {entry.bytes:,}")
        return entry

    def _name(self, key: bytes) -> str:
        if key.startswith(SLICE):
            return key.decode("latin-1")
        try:
            return key.decode()
        except UnicodeDecodeError:
            raise FormatError(f"{self.name}: the key {shown(key.decode(errors='replace'))} is no UTF-8") from None

    def _made(self, name: str, kind: int, shape: Record) -> Entry:
        dims = known(shape)
        if dims is None:
            said = shown(str(list(shape.get("dim", ()))))
            limits = f"up to {DIMENSIONS} dimensions, each from 0 to 2^48"
            raise FormatError(f"{self.name}: {shown(name)}: impossible shape {said}; {limits}")
        if kind not in TENSORFLOW and kind not in NO_NUMBERS:
            raise UnsupportedError(f"{self.name}: {shown(name)}: number type {kind} is not known (DataType)")
        entry = Entry(name, kind, dims)
        if entry.size >= ELEMENTS_LIMIT:
            raise self._bad(entry, f"impossible shape {list(dims)}")
        return entry

    def _slice(self, entry: Entry, slices: list[Record]) -> None:
        """Note into how many slices a variable is cut; each lies within its shape, and together they fill it."""
        entry.slices = len(slices)
        held = 0
        for part in slices:
            extents = part.get("extent", ())
            if len(extents) != len(entry.shape):
                raise self._bad(entry, f"a slice of {len(extents)} dimensions of its {len(entry.shape)}")
            size = 1
            for whole, extent in zip(entry.shape, extents, strict=True):
                first, length = extent.get("start", 0), extent.get("length")
                length = whole - first if length is None else length
                if first < 0 or length < 0 or first + length > whole:
                    raise self._bad(entry, f"a slice from {first:,} to {first + length:,} of {whole:,}")
                size *= length
            held += size
        if held > entry.size:
            raise self._bad(entry, f"slices of {held:,} numbers, where its shape holds {entry.size:,}")
        entry.partial = held < entry.size

    # -- all of them --------------------------------------------------------------------------------------------------

    def _check_places(self, entries: list[Entry]) -> None:
        """No two tensors share bytes of a data file."""
        last: Entry | None = None
        for entry in sorted((e for e in entries if e.bytes), key=lambda each: (each.shard, each.offset)):
            if last is not None and last.shard == entry.shard and last.offset + last.bytes > entry.offset:
                raise self._bad(entry, f"its bytes are also those of {shown(last.key)}: tensors that overlap")
            last = entry

    def _bad(self, entry: Entry, problem: str) -> FormatError:
        return FormatError(f"{self.name}: {shown(entry.key)}: {problem}")


def held_bytes(size: int, dtype: str) -> tuple[int, ...]:
    """The bytes that so many numbers may take in a data file: types of less than a byte take a whole one there.

    >>> held_bytes(5, "float32"), held_bytes(5, "int4")
    ((20,), (3, 5))
    """
    usual = bytes_of(size, dtype) or 0
    return (usual,) if usual >= size else (usual, size)
