"""MessagePack, one value at a time; payloads are stepped over.

Spec: msgpack/msgpack spec.md.  A first byte says what follows and how long its length is; every length is compared with
the bytes that are left before anything is made of it.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource

NIL, NUMBER, TEXT, BYTES, EXTENSION, ARRAY, MAP = "nil", "a number", "text", "bytes", "an extension", "a list", "a map"
#: first byte -> (what it begins, bytes of its length); a number's length is its width
HEADS = {
    0xC0: (NIL, 0), 0xC2: (NUMBER, 0), 0xC3: (NUMBER, 0), 0xC4: (BYTES, 1), 0xC5: (BYTES, 2), 0xC6: (BYTES, 4),
    0xC7: (EXTENSION, 1), 0xC8: (EXTENSION, 2), 0xC9: (EXTENSION, 4), 0xCA: (NUMBER, 4), 0xCB: (NUMBER, 8),
    0xCC: (NUMBER, 1), 0xCD: (NUMBER, 2), 0xCE: (NUMBER, 4), 0xCF: (NUMBER, 8), 0xD0: (NUMBER, 1), 0xD1: (NUMBER, 2),
    0xD2: (NUMBER, 4), 0xD3: (NUMBER, 8), 0xD9: (TEXT, 1), 0xDA: (TEXT, 2), 0xDB: (TEXT, 4), 0xDC: (ARRAY, 2),
    0xDD: (ARRAY, 4), 0xDE: (MAP, 2), 0xDF: (MAP, 4),
}  # fmt: skip
#: first byte -> bytes of an extension whose length it says itself
FIXED = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
SIGNED, FLOATS = range(0xD0, 0xD4), (0xCA, 0xCB)
#: bytes read at once: after a step over a payload, and at most in a long run of small values
SMALL, LARGEST = 1 << 10, 1 << 16
MAX_TEXT = 65_535  # of a key, or of a number type's name


class Value:
    """The head of one value: what it is, how many bytes or entries follow, and where they begin."""

    __slots__ = ("at", "code", "count", "kind", "number")

    def __init__(self, kind: str, count: int, at: int, code: int = 0, number: int | None = None) -> None:
        self.kind = kind
        #: bytes of a payload, entries of a container
        self.count = count
        #: where the payload or the first entry begins
        self.at = at
        #: the type of an extension
        self.code = code
        #: a whole number's value
        self.number = number

    @property
    def end(self) -> int:
        """Where the next value begins, of what is no container."""
        return self.at + self.count


class Wire:
    """The values in a source.

    >>> from nparams.files.bytesource import MemorySource
    >>> wire = Wire(MemorySource(b"\\x81\\xa1w\\x05"))
    >>> wire.value(0).count, wire.text(wire.value(1)), wire.value(3).number
    (1, 'w', 5)
    """

    __slots__ = ("_base", "_buffer", "_source", "_step", "name", "size")

    def __init__(self, source: ByteSource) -> None:
        self.name = place(source.name)
        self.size = source.size
        self._source = source
        self._base = 0
        self._buffer = b""
        self._step = 2 * SMALL

    def bad(self, at: int, problem: str) -> FormatError:
        """The error for something at an offset."""
        return FormatError(f"{self.name}: byte {at:,}: {problem}")

    def bytes_at(self, at: int, length: int) -> bytes:
        """The bytes there, which are few; FormatError where the file ends before."""
        start = at - self._base
        if start < 0 or start + length > len(self._buffer):
            if at + length > self.size:
                raise self.bad(at, f"wants {length:,} bytes, but the file has {self.size - at:,} left. Cut short?")
            near = 0 <= start <= len(self._buffer)
            self._step = min(2 * self._step, LARGEST) if near else SMALL
            self._buffer = self._source.read(at, min(max(self._step, length), self.size - at))
            self._base, start = at, 0
        return self._buffer[start : start + length]

    def value(self, at: int) -> Value:
        """The head of the value there; what it announces is there, or can be."""
        first = self.bytes_at(at, 1)[0]
        if first < 0x80 or first >= 0xE0:
            return Value(NUMBER, 0, at + 1, number=first if first < 0x80 else first - 256)
        if first < 0xC0:
            kind, count = (
                (MAP, first & 15) if first < 0x90 else (ARRAY, first & 15) if first < 0xA0 else (TEXT, first & 31)
            )
            return self._checked(Value(kind, count, at + 1), at)
        if first in FIXED:
            return self._checked(Value(EXTENSION, FIXED[first], at + 2, self.bytes_at(at + 1, 1)[0]), at)
        if first not in HEADS:
            raise self.bad(at, f"begins with {first:#x}, which no value does. Not msgpack, or damaged?")
        kind, width = HEADS[first]
        told = self.bytes_at(at + 1, width)
        if kind == NUMBER:
            return Value(NUMBER, width, at + 1, number=self._number(first, told))
        length, after = int.from_bytes(told, "big"), at + 1 + width
        if kind == EXTENSION:
            return self._checked(Value(kind, length, after + 1, self.bytes_at(after, 1)[0]), at)
        return self._checked(Value(kind, length, after), at)

    def _number(self, first: int, told: bytes) -> int | None:
        """A whole number's value; None of a fraction, a truth value."""
        if first in FLOATS or not told:
            return None
        return int.from_bytes(told, "big", signed=first in SIGNED)

    def _checked(self, value: Value, at: int) -> Value:
        """A value whose entries or bytes fit into what is left."""
        least = value.count * (2 if value.kind == MAP else 1)
        left = self.size - value.at
        if least > left:
            what = "entries" if value.kind in (MAP, ARRAY) else "bytes"
            raise self.bad(
                at, f"{value.kind} of {value.count:,} {what}, but the file has {left:,} bytes left. Cut short?"
            )
        return value

    def text(self, value: Value) -> str:
        """The text of a key or a name."""
        if value.count > MAX_TEXT:
            raise self.bad(value.at, f"{value.count:,} bytes of text; at most {MAX_TEXT:,} are read")
        data = self.bytes_at(value.at, value.count)
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise self.bad(value.at, f"{shown(data.decode(errors='replace'))} is no UTF-8") from None
