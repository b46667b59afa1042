"""Protocol buffers on the wire: a walk over tags that steps over payloads, driven by tables of fields.

Spec: https://protobuf.dev/programming-guides/encoding/.  A message is a run of (field number, wire type, value); only
lengths tell where it ends, so every length is checked against what is left of the message around it before it is used.
Nothing is read that is only counted: a payload of 500 MB costs as much as its length.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._protobuf.schema import (
    ALLOWED,
    END,
    FIXED,
    I32,
    INT,
    INTS,
    LEN,
    MESSAGE,
    MESSAGES,
    SPAN,
    SPANS,
    START,
    TEXT,
    TEXTS,
    VARINT,
    Run,
    signed,
    varint,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._protobuf.schema import Field, Record, Schema
    from nparams.files.bytesource import ByteSource

DEPTH = 100  # messages inside messages: what the reference readers allow
LARGEST_NUMBER = (1 << 29) - 1
TEXT_BYTES = (1 << 16) - 1
# Limits far above any real file and low enough for 256 MB of memory and seconds of work.
FIELDS = 2_000_000
TEXTS_KEPT = 400_000
MADE = 400_000
ALL_TEXT_BYTES = 1 << 25
INTS_KEPT = 1 << 14

SMALL, LARGEST = 1 << 10, 1 << 16  # bytes read at once: after a step over a payload, and in a long run of small fields
PAD = bytes(24)  # two varints fit into what is looked at without asking where the file ends


class Wire:
    """The messages in a source.

    >>> from nparams.files.bytesource import MemorySource
    >>> from nparams.files._protobuf.schema import Schema
    >>> person = Schema("Person", {1: (TEXT, "name", None), 2: (INTS, "scores", None)})
    >>> Wire(MemorySource(b"\\x0a\\x02ab\\x10\\x05\\x12\\x02\\x06\\x07")).message(person)
    {'name': 'ab', 'scores': [5, 6, 7]}
    """

    __slots__ = (
        "_base",
        "_buffer",
        "_fields_left",
        "_made_left",
        "_source",
        "_text_left",
        "_texts",
        "_window",
        "most",
        "name",
    )

    def __init__(self, source: ByteSource, *, limits: bool = True) -> None:
        self.name = place(source.name)
        self._source = source
        self._base = 0
        self._buffer = b""
        self._window = 4 * SMALL
        #: how much more than by default is allowed
        self.most = 1 if limits else 10
        self._fields_left = FIELDS * self.most
        self._made_left = MADE * self.most
        self._text_left = ALL_TEXT_BYTES * self.most
        self._texts: dict[bytes, str] = {}

    def message(self, schema: Schema) -> Record:
        """The whole source as one message."""
        out: Record = {}
        self.decode(schema, 0, self._source.size, out, 1)
        return out

    def decode(self, schema: Schema, start: int, end: int, out: Record, depth: int) -> None:
        """Add the fields between two offsets to `out`; those that the schema does not know are stepped over."""
        if depth > DEPTH:
            raise self.bad(schema, start, f"messages inside messages, more than {DEPTH} deep")
        fields, at = schema.fields, start
        while at < end:
            number, kind, value, length, after = self._field(schema, at, end)
            field = fields.get(number)
            if field is not None:
                self._keep(schema, field, kind, value, length, at, out, depth)
            elif kind == START:
                after = self._after_group(schema, number, at, after, end)
            elif kind == END:
                raise self.bad(schema, at, f"the end of a group {number} that did not begin")
            at = after

    def bad(self, schema: Schema, offset: int, problem: str) -> FormatError:
        """The error for something in a message at an offset."""
        return FormatError(f"{self.name}: {schema.name} (offset {offset:,}): {problem}")

    # -- one field ----------------------------------------------------------------------------------------------------

    def _field(self, schema: Schema, at: int, end: int) -> tuple[int, int, int, int, int]:
        """(number, wire type, value or offset of the payload, its length, where the next field begins)."""
        i = at - self._base
        if i < 0 or i + len(PAD) > len(self._buffer):
            i = self._move(at)
        self._fields_left -= 1
        if self._fields_left < 0:
            raise self.bad(schema, at, f"more than {FIELDS * self.most:,} fields, more than any real file has")
        buffer = self._buffer
        tag, value = buffer[i], 0
        i += 1
        try:
            if tag > 0x7F:
                tag, i = varint(buffer, i - 1)
            number, kind = tag >> 3, tag & 7
            if kind & 5 == 0:  # VARINT or LEN
                value = buffer[i]
                i += 1
                if value > 0x7F:
                    value, i = varint(buffer, i - 1)
        except ValueError as problem:
            raise self.bad(schema, at, str(problem)) from None
        if not 0 < number <= LARGEST_NUMBER or kind > I32:
            raise self.bad(
                schema, at, f"no field has number {number:,} and wire type {kind}. Damaged, or another format"
            )
        length = value if kind == LEN else FIXED.get(kind, 0)
        if kind != VARINT:
            value = self._base + i
        after = self._base + i + length
        if after > end:
            raise self._short(schema, number, length, at, end)
        return number, kind, value, length, after

    def _short(self, schema: Schema, number: int, length: int, at: int, end: int) -> FormatError:
        whose = "the file" if end == self._source.size else "the message around it"
        size = f" of {length:,} bytes" if length else ""
        problem = f"field {number}{size} ends beyond {whose}, at {end:,}. Cut short?"
        return self.bad(schema, at, problem)

    def _move(self, at: int, least: int = 0) -> int:
        """Have the bytes from `at` on in the buffer; their index there."""
        self._window = min(2 * self._window, LARGEST) if 0 <= at - self._base <= len(self._buffer) else SMALL
        left = self._source.size - at
        length = min(max(self._window, least), left)
        data = self._source.read(at, length)
        self._buffer, self._base = data + PAD if length == left else data, at
        return 0

    def _after_group(self, schema: Schema, number: int, at: int, after: int, end: int) -> int:
        """Where the field after a group begins; groups are old, and nothing here keeps one."""
        start, opened = at, [number]
        while opened:
            if after >= end or len(opened) > DEPTH:
                raise self.bad(schema, start, f"a group that {'nests too deep' if after < end else 'does not end'}")
            at = after
            number, kind, _, _, after = self._field(schema, at, end)
            if kind == START:
                opened.append(number)
            elif kind == END and opened.pop() != number:
                raise self.bad(schema, at, f"the end of a group {number} that did not begin")
        return after

    # -- what is kept of it -------------------------------------------------------------------------------------------

    def _keep(
        self, schema: Schema, field: Field, kind: int, value: int, length: int, at: int, out: Record, depth: int
    ) -> None:
        how, name, inner = field
        if kind not in ALLOWED[how]:
            raise self.bad(schema, at, f"{name} has wire type {kind}, which it never has. Damaged, or not this format")
        if how == INT:
            out[name] = signed(value)
        elif how == TEXT:
            out[name] = self.text(schema, value, length)
        elif how == TEXTS:
            out.setdefault(name, []).append(self.text(schema, value, length))
        elif how == SPAN:
            out[name] = value, length
        elif how == SPANS:
            out.setdefault(name, []).append((value, length))
        elif how == MESSAGE:
            assert inner is not None
            self.decode(inner, value, value + length, out.setdefault(name, {}), depth + 1)
        elif how == MESSAGES:
            assert inner is not None
            out.setdefault(name, []).append(self.made(inner, value, length, depth + 1))
        elif how == INTS:
            held = out.setdefault(name, [])
            held += [signed(value)] if kind == VARINT else self.packed(schema, value, length)
            if len(held) > INTS_KEPT:
                raise self.bad(schema, at, f"{name} has more than {INTS_KEPT:,} entries, more than in any real file")
        else:
            out.setdefault(name, Run()).add(kind, value, length)

    def made(self, schema: Schema, offset: int, length: int, depth: int) -> Any:
        """The message there, as its schema makes it."""
        self._made_left -= 1
        if self._made_left < 0:
            raise self.bad(schema, offset, f"more than {MADE * self.most:,} messages, more than any real file has")
        inner: Record = {}
        self.decode(schema, offset, offset + length, inner, depth)
        return inner if schema.make is None else schema.make(self, inner, depth, offset)

    def bytes_at(self, offset: int, length: int) -> bytes:
        """The bytes there, which are few and in a field that was found."""
        i = offset - self._base
        if i < 0 or i + length > len(self._buffer):
            i = self._move(offset, length)
        return self._buffer[i : i + length]

    def text(self, schema: Schema, offset: int, length: int) -> str:
        """The UTF-8 text there; equal texts are one object."""
        if length > TEXT_BYTES:
            raise self.bad(schema, offset, f"{length:,} bytes of text, more than any real file has")
        data = self.bytes_at(offset, length)
        found = self._texts.get(data)
        if found is None:
            self._text_left -= length
            if self._text_left < 0 or len(self._texts) >= TEXTS_KEPT * self.most:
                raise self.bad(schema, offset, f"more than {len(self._texts):,} names, more than any real file has")
            found = self._texts[data] = self._decoded(schema, offset, data)
        return found

    def _decoded(self, schema: Schema, offset: int, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as problem:
            text = shown(data.decode(errors="replace"))
            raise self.bad(schema, offset, f"{text}: not UTF-8 at byte {problem.start} of its text") from None

    def packed(self, schema: Schema, offset: int, length: int) -> list[int]:
        """The integers packed there."""
        if length > INTS_KEPT:
            raise self.bad(schema, offset, f"{length:,} bytes of integers, more than any real file has")
        data, found, i = self.bytes_at(offset, length) + PAD, [], 0
        while i < length:
            try:
                value, i = varint(data, i)
            except ValueError as problem:
                raise self.bad(schema, offset, str(problem)) from None
            found.append(signed(value))
        if i > length:
            raise self.bad(schema, offset, "packed integers that reach beyond their end")
        return found
