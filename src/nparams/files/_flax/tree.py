"""The tree in a file of Flax's msgpack -> its leaves.

google/flax flax/serialization.py: a state dict is maps with texts for keys; an array is an extension of type 1 (3: a
NumPy scalar) that holds (shape, name of its number type, bytes) as msgpack; type 2 is a complex number.  An array of
more than 2**30 bytes is a map of its `shape` and `chunks`, marked `__msgpack_chunked_array__`.
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, NUMPY
from nparams.errors import UnsupportedError, shown
from nparams.files._flax.wire import ARRAY, BYTES, EXTENSION, MAP, NUMBER, TEXT, Wire
from nparams.stored.trees import Leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._flax.wire import Value
    from nparams.files.bytesource import ByteSource

NDARRAY, COMPLEX, SCALAR = 1, 2, 3
MARK = "__msgpack_chunked_array__"
SHAPE, CHUNKS = "shape", "chunks"
#: containers inside each other
DEEPEST = 200
#: arrays and numbers; values of any kind
LEAVES, MOST_LEAVES = 200_000, 10_000_000
VALUES, MOST_VALUES = 700_000, 50_000_000
DIMENSIONS = 64  # NPY_MAXDIMS since NumPy 2
DIMENSION, ELEMENTS = 1 << 48, 1 << 62
#: how NumPy's names of number types begin that hold no numbers -> what they hold
STRANGE = (("str", "text"), ("bytes", "bytes"), ("datetime64", "dates"), ("timedelta64", "time spans"),
           ("void", "records"))  # fmt: skip
NUMBERS = "a number, not an array"


class _Open:
    """A container whose entries are being read."""

    __slots__ = ("first", "keys", "left", "marked", "path", "place")

    def __init__(self, left: int, path: tuple[str, ...], keys: set[str] | None, first: int) -> None:
        #: entries still to come
        self.left = left
        self.path = path
        #: the keys of a map so far; None: a list
        self.keys = keys
        #: how many leaves there were before it
        self.first = first
        #: the number of the next entry of a list
        self.place = 0
        #: whether it says that it is an array in pieces
        self.marked = False


def leaves_of(source: ByteSource, *, limits: bool = True) -> list[Leaf]:
    """Every array and number in the file, in order, each with its path.

    Raises FormatError for what is damaged, hostile or no msgpack, UnsupportedError for values that Flax does not write.
    """
    return _Tree(source, limits).run()


class _Tree:
    """One walk, by a stack of our own."""

    def __init__(self, source: ByteSource, limits: bool) -> None:
        self.wire = Wire(source)
        self.leaves: list[Leaf] = []
        self.numbers: dict[int, int] = {}  # values of whole numbers, by their place among the leaves
        self.most_leaves = LEAVES if limits else MOST_LEAVES
        self.left = VALUES if limits else MOST_VALUES

    def run(self) -> list[Leaf]:
        """Walk the one value that the file is."""
        wire = self.wire
        if not wire.size:
            raise wire.bad(0, "the file is empty")
        stack: list[_Open] = []
        at = self._enter(0, (), stack)
        while stack:
            top = stack[-1]
            if not top.left:
                stack.pop()
                if top.marked:
                    self._join(top, at)
                continue
            top.left -= 1
            if top.keys is None:
                key, top.place = str(top.place), top.place + 1
            else:
                key, at = self._key(at, top)
            at = self._enter(at, (*top.path, key), stack)
        if at != wire.size:
            raise wire.bad(at, f"{wire.size - at:,} bytes follow the end of the tree. Not a file of Flax, or damaged?")
        return self.leaves

    def _key(self, at: int, top: _Open) -> tuple[str, int]:
        value = self.wire.value(at)
        if value.kind == TEXT:
            key = self.wire.text(value)
        elif value.number is not None:
            key = str(value.number)
        else:
            raise self.wire.bad(at, f"a key that is {value.kind}, where a tree of Flax has text")
        assert top.keys is not None
        if key in top.keys:
            raise self.wire.bad(at, f"the key {shown(key)} appears twice")
        top.keys.add(key)
        if key == MARK:
            top.marked = True
        return key, value.end

    def _enter(self, at: int, path: tuple[str, ...], stack: list[_Open]) -> int:
        """Take in the value there; where the next one begins."""
        self.left -= 1
        if self.left < 0:
            raise self.wire.bad(at, "more values than any real file has; --limits off reads more")
        value = self.wire.value(at)
        if value.kind in (MAP, ARRAY):
            if len(stack) >= DEEPEST:
                raise self.wire.bad(at, f"maps inside maps, more than {DEEPEST} deep")
            stack.append(_Open(value.count, path, set() if value.kind == MAP else None, len(self.leaves)))
            return value.at
        if value.kind == EXTENSION:
            self._add(self._extension(value, path, at), at)
        elif value.kind == NUMBER:
            if value.number is not None:
                self.numbers[len(self.leaves)] = value.number
            self._add(Leaf(path, (), None, 1, why=NUMBERS), at)
        return value.end

    def _add(self, leaf: Leaf, at: int) -> None:
        if len(self.leaves) >= self.most_leaves:
            raise self.wire.bad(at, f"more than {self.most_leaves:,} arrays and numbers; --limits off reads more")
        self.leaves.append(leaf)

    def _extension(self, value: Value, path: tuple[str, ...], at: int) -> Leaf:
        if value.code == COMPLEX:
            return Leaf(path, (), None, 1, why=NUMBERS)
        if value.code not in (NDARRAY, SCALAR):
            told = value.code - 256 if value.code > 127 else value.code
            raise UnsupportedError(
                f"{self.wire.name}: byte {at:,}: an extension of type {told}; Flax writes 1, 2 and 3"
            )
        return self._array(value, path)

    # -- one array ----------------------------------------------------------------------------------------------------

    def _array(self, value: Value, path: tuple[str, ...]) -> Leaf:
        wire, told = self.wire, shown(".".join(path) or "array")
        parts = wire.value(value.at)
        if parts.kind != ARRAY or parts.count != 3:
            raise wire.bad(value.at, f"{told} holds {parts.kind} where an array has its shape, number type and bytes")
        shape, at = self._shape(parts.at, told)
        name = wire.value(at)
        if name.kind not in (TEXT, BYTES):
            raise wire.bad(at, f"{told} has {name.kind} for the name of its number type")
        dtype = wire.text(name)
        data = wire.value(name.end)
        if data.kind not in (TEXT, BYTES) or data.end != value.end:
            raise wire.bad(name.end, f"{told}: its numbers end at byte {data.end:,}, and it ends at {value.end:,}")
        size = 1
        for side in shape:
            size *= side
        if size > ELEMENTS:
            raise wire.bad(parts.at, f"{told} has more than 2**62 numbers")
        return self._leaf(path, shape, size, dtype, data, told)

    def _shape(self, at: int, told: str) -> tuple[tuple[int, ...], int]:
        wire, sides = self.wire, []
        held = wire.value(at)
        if held.kind != ARRAY or held.count > DIMENSIONS:
            many = f"{held.count:,} dimensions; at most {DIMENSIONS} are read"
            raise wire.bad(at, f"{told} has {many if held.kind == ARRAY else f'{held.kind} for a shape'}")
        at = held.at
        for _ in range(held.count):
            side = wire.value(at)
            if side.number is None or not 0 <= side.number < DIMENSION:
                raise wire.bad(at, f"{told} has a side that is no whole number from 0 to 2**48")
            sides.append(side.number)
            at = side.end
        return tuple(sides), at

    def _leaf(
        self, path: tuple[str, ...], shape: tuple[int, ...], size: int, dtype: str, data: Value, told: str
    ) -> Leaf:
        known = NUMPY.get(dtype)
        if known is None:
            what = next((what for start, what in STRANGE if dtype.startswith(start)), None)
            if what is None or size > max(data.count, 1):
                raise UnsupportedError(f"{self.wire.name}: {told} has the unknown number type {shown(dtype)}")
            return Leaf(path, shape, None, size, stored=(size, data.count), why=what)
        elements, width = BLOCKS[known]
        width = 1 if elements > 1 else width
        if size * width != data.count:
            takes = f"{dtype} {_sides(shape)} takes {size * width:,} bytes, and {data.count:,} are there"
            raise self.wire.bad(data.at, f"{told}: {takes}")
        return Leaf(path, shape, known, size, stored=(size, size * width) if elements > 1 else None)

    # -- an array in pieces -------------------------------------------------------------------------------------------

    def _join(self, top: _Open, at: int) -> None:
        """Put one array in place of the shape and the pieces of one that was cut."""
        depth, told = len(top.path), shown(".".join(top.path) or "array")
        sides: dict[str, int | None] = {}
        pieces: list[Leaf] = []
        for k in range(top.first, len(self.leaves)):
            leaf, number = self.leaves[k], self.numbers.pop(k, None)
            rest = leaf.path[depth:]
            if rest[0] == SHAPE and len(rest) == 2:
                sides[rest[1]] = number
            elif rest[0] == CHUNKS and len(rest) == 2 and leaf.why is None and len(leaf.shape) == 1:
                pieces.append(leaf)
            elif rest != (MARK,):
                raise self.wire.bad(at, f"{told}, an array in pieces, holds {shown('.'.join(rest))} too")
        shape = tuple(_in_order(sides))
        size = 1
        for side in shape:
            if side is None or not 0 <= side < DIMENSION:
                raise self.wire.bad(at, f"{told}, an array in pieces, has no shape of whole numbers")
            size *= side
        held = sum(piece.size for piece in pieces)
        if len({piece.dtype for piece in pieces}) != 1 or held != size or len(shape) > DIMENSIONS:
            raise self.wire.bad(
                at, f"{told}: its pieces hold {held:,} numbers, and its shape {_sides(shape)} has {size:,}"
            )
        del self.leaves[top.first :]
        stored = (size, sum(piece.stored[1] for piece in pieces if piece.stored)) if pieces[0].stored else None
        self.leaves.append(Leaf(top.path, shape, pieces[0].dtype, size, stored=stored))  # type: ignore[arg-type]


def _sides(shape: Sequence[int | None]) -> str:
    """A shape for a message."""
    return f"[{shown(', '.join(map(str, shape)))[1:-1]}]"


def _in_order(sides: dict[str, int | None]) -> Iterator[int | None]:
    """The sides by their places "0", "1", ...; None where one is missing."""
    return (sides.get(str(k)) for k in range(len(sides)))
