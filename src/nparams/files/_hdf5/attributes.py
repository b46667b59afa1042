"""Attributes: small named values beside a group or a dataset.

HDF5 File Format Specification version 3.0, IV.A.2.m (The Attribute Message), versions 1 to 3.
"""

from __future__ import annotations

from math import prod
from struct import Struct

from nparams.errors import shown
from nparams.files._hdf5 import btree2, dataspace, datatype, header, new_groups, shared
from nparams.files._hdf5.datatype import Datatype
from nparams.files._hdf5.fractal_heap import FractalHeap
from nparams.files._hdf5.global_heap import GlobalHeap
from nparams.files._hdf5.links import text
from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from nparams.files._hdf5.header import Message

    Value: TypeAlias = "int | float | str | list[Value] | None"

#: version, flags, bytes of name, datatype and dataspace
HEAD = Struct("<BBHHH")
#: version 1 fills its parts up to a multiple of 8; version 3 has the names' encoding after the head
SHARED_TYPE, SHARED_SPACE = 1, 2
#: of one object
ATTRIBUTES = 50_000
#: bytes of the strings of one value
TEXT_BYTES = 32_000_000
#: of the index by name: heap id, flags; then order and hash
RECORD = Struct("<8sB8x")
NUL_ENDED, NUL_PADDED, SPACE_PADDED = range(3)


class Attribute:
    """A name with a value; the value is made of the bytes when it is asked for."""

    __slots__ = ("_at", "_data", "_heap", "_store", "_type", "name", "shape")

    def __init__(
        self, heap: GlobalHeap, name: str, kind: Datatype, shape: tuple[int, ...] | None, data: bytes, at: int
    ) -> None:
        self._store = heap.store
        self._heap = heap
        self.name = name
        self._type = kind
        #: () is one value, None is none at all
        self.shape = shape
        self._data = data
        self._at = at

    @property
    def dtype(self) -> str | None:
        """The canonical name of a number type; None for text and all else."""
        return self._type.dtype

    @property
    def dtype_text(self) -> str:
        """The type in words."""
        return self._type.text

    def value(self) -> Value:
        """A number or text; for an array a list, of lists where it has several dimensions; None for what is neither.

        An array of no values is [], whatever its shape.

        Text is UTF-8, with an escape for each byte that is not.  Raises FormatError for text that is not in the file.
        """
        if self.shape is None:
            return None
        base = self._type
        shape = self.shape
        if base.kind == datatype.ARRAY and base.base is not None:
            shape, base = shape + base.shape, base.base
        count = prod(shape)
        self._store.spend(count // (1 if base.dtype is None else 16), "attribute")
        values = self._values(base, count)
        if values is None:
            return None
        if not values:
            return []
        return _nested(iter(values), shape)

    def _values(self, base: Datatype, count: int) -> list[Value] | None:
        if base.kind == datatype.SEQUENCE and base.variable:
            return self._variable(base, count)
        if base.kind == datatype.STRING and base.size:
            return [_ended(self._data[i * base.size : (i + 1) * base.size], base.padding) for i in range(count)]
        if base.dtype == "bool":
            return [bool(n) for n in self._data[:count]]
        if base.dtype == "bfloat16":
            halves = Struct(f"{base.order}{count}H").unpack_from(self._data)
            return list(Struct(f"<{count}f").unpack(Struct(f"<{count}I").pack(*(half << 16 for half in halves))))
        letter = datatype.READ.get(base.dtype or "")
        return None if letter is None else list(Struct(f"{base.order}{count}{letter}").unpack_from(self._data))

    def _variable(self, base: Datatype, count: int) -> list[Value]:
        """Strings out of the global heap: length, collection, index."""
        form = self._store.struct("IAI")
        what = f"attribute {shown(self.name)}"
        if base.size != form.size:
            raise self._store.bad(what, f"{base.size} bytes for a string, where {form.size} are due", self._at)
        found: list[Value] = []
        left = TEXT_BYTES
        for length, at, index in form.iter_unpack(self._data[: count * form.size]):
            left -= length
            if left < 0:
                raise self._store.bad(what, f"more than {TEXT_BYTES:,} bytes of text", self._at)
            found.append(_ended(self._text(what, length, at, index), base.padding))
        return found

    def _text(self, what: str, length: int, at: int, index: int) -> bytes:
        if length == 0 or at in (0, self._store.undefined):
            return b""
        start, size = self._heap.place(at, index)
        if length > size:
            raise self._store.bad(what, f"text of {length:,} bytes, where {size:,} are stored", start)
        self._store.spend(length // 1024, what)
        return self._store.read(start, length, what)


def _ended(data: bytes, padding: int) -> str:
    """A string without what fills it up."""
    if padding == SPACE_PADDED:
        return text(data.rstrip(b" "))
    return text(data.rstrip(b"\0") if padding == NUL_PADDED else data.partition(b"\0")[0])


def _nested(values: Iterator[Value], shape: tuple[int, ...]) -> Value:
    """The values by the last dimension first."""
    if not shape:
        return next(values)
    if len(shape) == 1:
        return list(values)
    return [_nested(_taken(values, prod(shape[1:])), shape[1:]) for _ in range(shape[0])]


def _taken(values: Iterator[Value], count: int) -> Iterator[Value]:
    return iter([next(values) for _ in range(count)])


def bodies(store: Store, messages: Sequence[Message]) -> Iterator[tuple[bytes, int]]:
    """The attribute messages of an object, and where they lie: in its header, or in a heap where they are many."""
    for message in messages:
        if message.kind == header.ATTRIBUTE:
            yield shared.body(store, message), message.at
        elif message.kind == header.ATTRIBUTE_INFO:
            _, heap, tree = new_groups.info(store, message, 2)
            if heap != store.undefined:
                yield from _dense(store, heap, tree)


def _dense(store: Store, heap_at: int, tree_at: int) -> Iterator[tuple[bytes, int]]:
    heap, tree = FractalHeap(store, heap_at), btree2.Tree(store, tree_at)
    if tree.kind != btree2.ATTRIBUTE_NAMES or tree.record != RECORD.size:
        raise store.bad("B-tree", f"kind {tree.kind}, where {btree2.ATTRIBUTE_NAMES} is due", tree_at)
    if tree.total > ATTRIBUTES:
        raise store.bad("B-tree", f"{tree.total:,} attributes, more than any real object has", tree_at)
    shared_ones = {identity: flags & header.IS_SHARED for identity, flags in map(RECORD.unpack, tree.records())}
    for identity in heap.ordered(shared_ones):
        yield shared.in_heap(store, header.ATTRIBUTE, identity) if shared_ones[identity] else heap.get(identity)


def read(heap: GlobalHeap, body: bytes, at: int) -> Attribute:
    """The attribute in a message."""
    store = heap.store
    store.spend(10, "attribute")
    if len(body) < HEAD.size:
        raise store.bad("attribute", f"{len(body)} bytes, where {HEAD.size} are the least", at)
    version, flags, *sizes = HEAD.unpack_from(body)
    if not 1 <= version <= 3:
        raise store.bad("attribute version", f"{version}, where 1 to 3 are known", at)
    if version == 1:
        flags = 0
    parts, place = [], HEAD.size + (version == 3)
    for size in sizes:
        parts.append((place, size))
        place += -(-size // 8) * 8 if version == 1 else size
    if place > len(body):
        raise store.bad("attribute", f"its parts take {place:,} bytes, and there are {len(body):,}", at)
    key = body[parts[0][0] : parts[0][0] + sizes[0]].partition(b"\0")[0]
    kind = datatype.read(
        store, _part(store, header.DATATYPE, body, parts[1], flags & SHARED_TYPE, at), at + parts[1][0]
    )
    space = _part(store, header.DATASPACE, body, parts[2], flags & SHARED_SPACE, at)
    shape = dataspace.read(store, space, at + parts[2][0])
    needed = 0 if shape is None else prod(shape) * kind.size
    if needed > len(body) - place:
        problem = f"{shown(text(key))}: its value takes {needed:,} bytes, and {len(body) - place:,} are left"
        raise store.bad("attribute", problem, at)
    return Attribute(heap, text(key), kind, shape, body[place : place + needed], at + place)


def _part(store: Store, kind: int, body: bytes, part: tuple[int, int], is_shared: int, at: int) -> bytes:
    start, size = part
    data = body[start : start + size]
    return shared.resolve(store, kind, data, at + start) if is_shared else data
