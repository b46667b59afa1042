"""HDF5 datatypes: which of them are plain numbers, and how wide every one is.

HDF5 File Format Specification version 3.0, IV.A.2.d (The Datatype Message), version 4.0 for class 11.  What h5py makes
of them (docs.h5py.org, "HDF5 Type Compatibility"): an enumeration {FALSE, TRUE} of int8 is NumPy's bool, and a compound
{r, i} of two equal floats its complex.  The names of numbers are those of dtypes.py.
"""

from __future__ import annotations

from math import prod
from struct import Struct

from nparams.errors import shown
from nparams.files._hdf5.store import TYPES, Store

FIXED, FLOAT, TIME, STRING, BITS, OPAQUE, COMPOUND, REFERENCE, ENUM, SEQUENCE, ARRAY, COMPLEX = range(12)
NAMES = ("integer", "float", "time", "string", "bit field", "opaque", "compound", "reference", "enumeration",
         "variable-length", "array", "complex")  # fmt: skip
HEAD = Struct("<B3sI")
PAIR = Struct("<HH")
#: bit offset, precision, place and width of the exponent, place and width of the mantissa, bias
REAL = Struct("<HHBBBBI")
#: types nested in types
DEPTH = 16
#: of an array datatype, and of a dataspace
DIMENSIONS = 32
MEMBERS = 65_535

#: (bytes, bit of the sign, exponent's bit and width, mantissa's bit and width, bias) -> name.  IEEE 754; OCP 8-bit
#: and microscaling formats and bfloat16 as H5T__init_native_float_types and ml_dtypes define them.
FLOATS = {
    (2, 15, 10, 5, 0, 10, 15): "float16",
    (2, 15, 7, 8, 0, 7, 127): "bfloat16",
    (4, 31, 23, 8, 0, 23, 127): "float32",
    (8, 63, 52, 11, 0, 52, 1023): "float64",
    (1, 7, 3, 4, 0, 3, 7): "float8_e4m3fn",
    (1, 7, 3, 4, 0, 3, 8): "float8_e4m3fnuz",
    (1, 7, 2, 5, 0, 2, 15): "float8_e5m2",
    (1, 7, 2, 5, 0, 2, 16): "float8_e5m2fnuz",
}
#: struct's letters for numbers that Python can read
READ = {"float16": "e", "float32": "f", "float64": "d", "int8": "b", "int16": "h", "int32": "i", "int64": "q",
        "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q"}  # fmt: skip


class Datatype:
    """One type: what kind, how many bytes, and the canonical name where it is a plain number (else None)."""

    __slots__ = ("base", "dtype", "kind", "order", "padding", "shape", "size", "text", "variable")

    def __init__(self, kind: int, size: int, text: str, dtype: str | None = None) -> None:
        self.kind = kind
        #: bytes that one value takes
        self.size = size
        #: for people
        self.text = text
        self.dtype = dtype
        #: of an array, enumeration or variable-length type: what it is made of
        self.base: Datatype | None = None
        #: of an array
        self.shape: tuple[int, ...] = ()
        #: struct's letter for the byte order
        self.order = "<"
        #: how a string ends: 0 at a NUL, 1 padded with NULs, 2 padded with spaces
        self.padding = 0
        #: whether it is a string of variable length
        self.variable = False


def read(store: Store, data: bytes, at: int) -> Datatype:
    """The type in a message; `at` is where the message lies.  The same bytes are read once."""
    known = store.types.get(data)
    if known is None:
        reader = _Reader(store, data, at)
        known, _ = reader.read(0, 0)
        if len(store.types) < TYPES and len(data) < 1000:
            store.types[data] = known
    return known


class _Reader:
    """Reads one message, from its start."""

    __slots__ = ("at", "data", "store")

    def __init__(self, store: Store, data: bytes, at: int) -> None:
        self.store = store
        self.data = data
        self.at = at

    def part(self, start: int, length: int) -> bytes:
        if start + length > len(self.data):
            raise self.store.bad("datatype", f"its message of {len(self.data)} bytes ends in the middle", self.at)
        return self.data[start : start + length]

    def read(self, start: int, depth: int) -> tuple[Datatype, int]:
        """The type at `start` of the message, and where it ends."""
        if depth > DEPTH:
            raise self.store.bad("datatype", f"types nested more than {DEPTH} deep", self.at)
        self.store.spend(4, "datatype")
        first, bits, size = HEAD.unpack(self.part(start, HEAD.size))
        version, kind = first >> 4, first & 15
        if not 1 <= version <= 5 or kind >= len(NAMES):
            raise self.store.bad("datatype", f"class {kind} of version {version} is not known", self.at + start)
        if size == 0 and kind != STRING:
            raise self.store.bad("datatype", f"{NAMES[kind]} of 0 bytes", self.at + start)
        head = _Head(version, kind, int.from_bytes(bits, "little"), size, depth)
        return READERS[kind](self, head, start + HEAD.size)

    def fixed(self, head: _Head, at: int) -> tuple[Datatype, int]:
        offset, precision = PAIR.unpack(self.part(at, 4))
        if not precision or offset + precision > 8 * head.size:
            raise self.store.bad("datatype", f"an integer of {precision} bits in {head.size} bytes", self.at)
        kind = "int" if head.bits & 8 else "uint"
        whole = f"{kind}{8 * head.size}"
        dtype = whole if whole in READ and offset == 0 else None
        text = whole if precision == 8 * head.size else f"{kind}{precision} in {_bytes(head.size)}"
        found = Datatype(FIXED, head.size, text, dtype)
        found.order = ">" if head.bits & 1 else "<"
        return found, at + 4

    def float(self, head: _Head, at: int) -> tuple[Datatype, int]:
        offset, precision, *exponent, bias = REAL.unpack(self.part(at, REAL.size))
        if not precision or offset + precision > 8 * head.size:
            raise self.store.bad("datatype", f"a float of {precision} bits in {head.size} bytes", self.at)
        sign, mixed = head.bits >> 8 & 255, head.bits & 0x40
        dtype = None if mixed else FLOATS.get((head.size, sign, *exponent, bias))
        found = Datatype(FLOAT, head.size, dtype or f"float of {precision} bits in {_bytes(head.size)}", dtype)
        found.order = ">" if head.bits & 1 else "<"
        return found, at + REAL.size

    def time(self, head: _Head, at: int) -> tuple[Datatype, int]:
        self.part(at, 2)
        return Datatype(TIME, head.size, f"time of {_bytes(head.size)}"), at + 2

    def string(self, head: _Head, at: int) -> tuple[Datatype, int]:
        found = Datatype(STRING, head.size, f"string of {_bytes(head.size)}")
        found.padding = head.bits & 15
        return found, at

    def bit_field(self, head: _Head, at: int) -> tuple[Datatype, int]:
        self.part(at, 4)
        return Datatype(BITS, head.size, f"bit field of {_bytes(head.size)}"), at + 4

    def opaque(self, head: _Head, at: int) -> tuple[Datatype, int]:
        tag = self.part(at, head.bits & 255).rstrip(b"\0").decode("utf-8", "backslashreplace")
        text = f"opaque {shown(tag)}" if tag else "opaque"
        return Datatype(OPAQUE, head.size, f"{text} of {_bytes(head.size)}"), at + (head.bits & 255)

    def reference(self, head: _Head, at: int) -> tuple[Datatype, int]:
        return Datatype(REFERENCE, head.size, f"reference of {_bytes(head.size)}"), at

    def sequence(self, head: _Head, at: int) -> tuple[Datatype, int]:
        base, end = self.read(at, head.depth + 1)
        variable = head.bits & 15 == 1
        text = "string of variable length" if variable else f"variable-length {base.text}"
        found = Datatype(SEQUENCE, head.size, text)
        found.base, found.variable, found.padding = base, variable, head.bits >> 4 & 15
        return found, end

    def enumeration(self, head: _Head, at: int) -> tuple[Datatype, int]:
        base, end = self.read(at, head.depth + 1)
        if base.kind != FIXED or base.size != head.size:
            raise self.store.bad("datatype", f"an enumeration of {head.size} bytes of {base.text}", self.at)
        names, count = [], head.bits & 0xFFFF
        for _ in range(count):
            name, end = self.name(end, head.version)
            names.append(name)
        values = self.part(end, count * base.size)
        boolean = base.dtype == "int8" and names == [b"FALSE", b"TRUE"] and values == b"\0\1"
        text = "bool" if boolean else f"enumeration of {base.text}"
        found = Datatype(ENUM, head.size, text, "bool" if boolean else base.dtype)
        found.base, found.order = base, base.order
        return found, end + len(values)

    def name(self, at: int, version: int) -> tuple[bytes, int]:
        """A name that ends at a NUL; before version 3 filled up to a multiple of 8 bytes."""
        self.store.spend(1, "datatype")
        end = self.data.find(b"\0", at)
        if end < 0:
            raise self.store.bad("datatype", "a member's name has no end", self.at + at)
        length = end + 1 - at
        return self.data[at:end], at + (length if version >= 3 else -(-length // 8) * 8)

    def compound(self, head: _Head, at: int) -> tuple[Datatype, int]:
        members, width = [], max(1, -(-(head.size.bit_length()) // 8))
        for _ in range(head.bits & 0xFFFF):
            name, at = self.name(at, head.version)
            offset = int.from_bytes(self.part(at, 4 if head.version < 3 else width), "little")
            at += 4 if head.version < 3 else width
            shape: tuple[int, ...] = ()
            if head.version == 1:
                # dimensions, reserved, permutation, reserved, four sizes: before there were array types
                rank, *dims = Struct("<B3x4x4x4I").unpack(self.part(at, 28))
                shape, at = tuple(dims[: min(rank, 4)]), at + 28
            base, at = self.read(at, head.depth + 1)
            if offset + base.size * prod(shape) > head.size:
                raise self.store.bad("datatype", f"member {name!r} ends beyond its compound", self.at)
            members.append((name, offset, base, shape))
        return Datatype(COMPOUND, head.size, *_compound(members, head.size)), at

    def array(self, head: _Head, at: int) -> tuple[Datatype, int]:
        (rank,) = self.part(at, 1)
        if not 0 < rank <= DIMENSIONS:
            raise self.store.bad("datatype", f"an array of {rank} dimensions", self.at)
        # version 2 has 3 reserved bytes, and a permutation of the dimensions after them
        at += 4 if head.version < 3 else 1
        shape = Struct(f"<{rank}I").unpack(self.part(at, 4 * rank))
        base, end = self.read(at + (8 if head.version < 3 else 4) * rank, head.depth + 1)
        if prod(shape) * base.size != head.size:
            problem = f"an array {list(shape)} of {base.text} in {head.size:,} bytes"
            raise self.store.bad("datatype", problem, self.at)
        found = Datatype(ARRAY, head.size, f"array {list(shape)} of {base.text}")
        found.base, found.shape = base, shape
        return found, end

    def complex(self, head: _Head, at: int) -> tuple[Datatype, int]:
        base, end = self.read(at, head.depth + 1)
        if base.kind != FLOAT or 2 * base.size != head.size:
            raise self.store.bad("datatype", f"complex of {head.size} bytes of {base.text}", self.at)
        return Datatype(COMPLEX, head.size, *_complex(base)), end


class _Head:
    """The common head of a type."""

    __slots__ = ("bits", "depth", "kind", "size", "version")

    def __init__(self, version: int, kind: int, bits: int, size: int, depth: int) -> None:
        self.version = version
        self.kind = kind
        self.bits = bits
        self.size = size
        self.depth = depth


READERS = (
    _Reader.fixed, _Reader.float, _Reader.time, _Reader.string, _Reader.bit_field, _Reader.opaque, _Reader.compound,
    _Reader.reference, _Reader.enumeration, _Reader.sequence, _Reader.array, _Reader.complex,
)  # fmt: skip


def _bytes(count: int) -> str:
    return f"{count:,} byte{'' if count == 1 else 's'}"


COMPLEXES = {"float32": "complex64", "float64": "complex128"}


def _complex(base: Datatype) -> tuple[str, str | None]:
    name = COMPLEXES.get(base.dtype or "")
    return name or f"complex of {base.text}", name


def _compound(members: list[tuple[bytes, int, Datatype, tuple[int, ...]]], size: int) -> tuple[str, str | None]:
    """How to call a compound, and its dtype: complex where h5py has it so."""
    if len(members) == 2:
        (first, zero, base, none), (second, half, other, nothing) = members
        alike = base.kind == other.kind == FLOAT and base.dtype == other.dtype is not None and base.order == other.order
        if alike and (first, second) == (b"r", b"i") and (zero, 2 * half) == (0, size) and not none and not nothing:
            return _complex(base)
    names = ", ".join(name.decode("utf-8", "backslashreplace") for name, *_ in members[:4])
    return f"compound {{{shown(names)[1:-1]}{', ...' if len(members) > 4 else ''}}}", None
