"""What is kept of a message: tables of fields, and the numbers that every protocol buffer is made of.

Spec: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.files._protobuf.wire import Wire

    Span = tuple[int, int]
    Record = dict[str, Any]
    #: (how, name, the schema of a message inside)
    Field = tuple[int, str, "Schema | None"]

# How a field is kept.
INT = 0  # an integer, signed, the last one wins
TEXT = 1  # UTF-8 text, the last one wins
SPAN = 2  # (offset, length) of bytes that are not read, the last one wins
MESSAGE = 3  # a message inside; said again, its fields are merged
INTS = 4  # every integer, packed or not
TEXTS = 5  # every text
SPANS = 6  # every (offset, length)
MESSAGES = 7  # every message, made into what its schema says
RUN = 8  # integers or floats that are only counted, packed or not

#: wire types
VARINT, I64, LEN, START, END, I32 = range(6)
FIXED = {I64: 8, I32: 4}
#: the wire types that a field may come in
ALLOWED = {
    INT: (VARINT,), TEXT: (LEN,), SPAN: (LEN,), MESSAGE: (LEN,), TEXTS: (LEN,), SPANS: (LEN,), MESSAGES: (LEN,),
    INTS: (VARINT, LEN), RUN: (VARINT, LEN, I64, I32),
}  # fmt: skip


#: numbers of a run that are kept, of those that come one by one
FIRST = 8


class Schema:
    """The fields of one message that are kept, by number, and what is made of it (itself, as a dict, by default)."""

    __slots__ = ("fields", "make", "name")

    def __init__(
        self, name: str, fields: Mapping[int, Field], make: Callable[[Wire, Record, int, int], Any] | None = None
    ) -> None:
        self.name = name
        self.fields = dict(fields)
        #: (wire, the message, its depth, the offset of its start) -> what stands in its place
        self.make = make


class Run:
    """Scalars that are only counted: packed ones by their bytes, the others one by one; the first few are kept."""

    __slots__ = ("first", "loose", "packed", "spans")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.packed = 0
        self.loose = 0
        self.first: list[int] = []

    def add(self, kind: int, value: int, length: int) -> None:
        """One more field of the run, as the wire gives it."""
        if kind == LEN:
            self.spans.append((value, length))
            self.packed += length
        else:
            self.loose += 1
            if len(self.first) < FIRST:
                self.first.append(value)


def varint(data: bytes, i: int) -> tuple[int, int]:
    """The integer at an index, and the index after it; ValueError beyond 64 bits.

    >>> varint(b"\\x96\\x01", 0)
    (150, 2)
    """
    value = data[i]
    i += 1
    if value < 0x80:
        return value, i
    value &= 0x7F
    for shift in range(7, 70, 7):
        byte = data[i]
        i += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise ValueError("an integer of more than 64 bits")
            return value, i
    raise ValueError("an integer of more than 10 bytes")


def signed(value: int) -> int:
    """A 64-bit integer by its two's complement.

    >>> signed((1 << 64) - 1), signed(7)
    (-1, 7)
    """
    return value - (1 << 64) if value >> 63 else value
