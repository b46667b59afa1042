"""GGUF's wire: fixed-size fields, strings and key-value pairs, read forward through one buffer.

Spec: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; the checks and their order follow ggml's src/gguf.cpp.
Strings in arrays (a vocabulary, its merges) are stepped over, never built, and few keys are kept, so memory does not
depend on what a file declares.
"""

from __future__ import annotations

from itertools import repeat
from operator import length_hint
from struct import Struct, calcsize, error

from nparams.errors import FormatError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files.bytesource import ByteSource

    Value = int | str

MAGIC = b"GGUF"
HEADER_BYTES = 24
ALIGNMENT = "general.alignment"
DEFAULT_ALIGNMENT = 32

# Limits far above any real file (a 1,000-billion-parameter model: 1,500 tensors, 60 keys, 20 MB of vocabulary), and
# low enough that the worst file fits in 256 MB of memory.
METADATA_BYTES = 1 << 30
PAIRS = 100_000
TEXT_BYTES = (1 << 16) - 1
ALL_TEXT_BYTES = 1 << 23
NESTING = 4

# docs/gguf.md, gguf_metadata_value_type: id -> (name, struct code of a fixed-size value)
STRING, ARRAY, UINT32 = 8, 9, 4
KINDS: Mapping[int, tuple[str, str]] = {
    0: ("u8", "B"), 1: ("i8", "b"), 2: ("u16", "H"), 3: ("i16", "h"), 4: ("u32", "I"), 5: ("i32", "i"), 6: ("f32", "f"),
    7: ("bool", "B"), 8: ("str", ""), 9: ("arr", ""), 10: ("u64", "Q"), 11: ("i64", "q"), 12: ("f64", "d"),
}  # fmt: skip
FIXED = {kind: calcsize("<" + code) for kind, (_, code) in KINDS.items() if code}
# The fewest bytes that one item can take: a string is at least its length, an array its type and length.
LEAST = {**FIXED, STRING: 8, ARRAY: 12}
PAIR_LEAST = 8 + 1 + 4 + 1

# What a count needs to know; of other keys only the name is looked at.
KEPT = frozenset((
    "general.architecture", "general.type", ALIGNMENT,
    "split.no", "split.count", "split.tensors.count",
))  # fmt: skip
KEPT_ENDINGS = (".expert_count", ".expert_used_count", ".pooling_type", ".parameter_count")

FIRST_CHUNK, LARGEST_CHUNK = 1 << 16, 1 << 20


class Cursor:
    """A place in a source, moving forward; every declared length is checked against the bytes left before it is used.

    `order` is struct's sign for the byte order: "<" little-endian, ">" big-endian.
    """

    __slots__ = ("_at", "_base", "_buffer", "_chunk", "_end", "_source", "name", "order", "text_left", "u32", "u64")

    def __init__(self, source: ByteSource, start: int, order: str) -> None:
        self.name = escaped(source.name)
        self.order = order
        self.u32 = Struct(order + "I")
        self.u64 = Struct(order + "Q")
        self._source = source
        self._base = start
        self._at = 0
        self._buffer = b""
        self._chunk = FIRST_CHUNK
        self._end = min(source.size, METADATA_BYTES)
        #: bytes that the keys, names and kept values yet to come may take
        self.text_left = ALL_TEXT_BYTES

    @property
    def position(self) -> int:
        """Bytes from the start of the file."""
        return self._base + self._at

    @property
    def left(self) -> int:
        """Bytes from here to the end of the file (or to the most that metadata may take)."""
        return self._end - self._base - self._at

    def bad(self, what: str, problem: str, offset: int | None = None) -> FormatError:
        """The error for `what` at `offset` (default: here)."""
        return FormatError(f"{self.name}: {what} (offset {self.position if offset is None else offset:,}): {problem}")

    def short(self, what: str, wanted: int) -> FormatError:
        """The error for `what`, which needs `wanted` bytes from here on, more than are left."""
        if self._end < self._source.size:
            return self.bad(what, f"metadata reaches beyond {self._end:,} bytes, more than any real file has")
        return self.bad(what, f"needs {wanted:,} bytes, but the file has {max(self.left, 0):,} left. Cut short?")

    def _fill(self, length: int, what: str) -> None:
        """Have at least `length` bytes in the buffer from here on."""
        left = self.left
        if length > left:
            raise self.short(what, length)
        self._buffer, self._base = self._source.read(self.position, min(max(self._chunk, length), left)), self.position
        self._at = 0
        self._chunk = min(4 * self._chunk, LARGEST_CHUNK)

    def fields(self, form: Struct, what: str) -> tuple[int, ...]:
        """The values of `form` here."""
        if self._at + form.size > len(self._buffer):
            self._fill(form.size, what)
        values = form.unpack_from(self._buffer, self._at)
        self._at += form.size
        return values

    def text(self, what: str) -> str:
        """The string here, UTF-8, not empty, at most 64 KB; NULs at its end are a C writer's and dropped."""
        (length,) = self.fields(self.u64, what)
        if length > self.left:
            raise self.short(what, length)
        self.text_left -= length
        if length > TEXT_BYTES or self.text_left < 0:
            raise self.bad(what, f"{length:,} bytes of text, more than any real file has")
        if self._at + length > len(self._buffer):
            self._fill(length, what)
        data = self._buffer[self._at : self._at + length]
        self._at += length
        try:
            return data.decode().rstrip("\0")
        except UnicodeDecodeError as problem:
            raise self.bad(what, f"not UTF-8 at byte {problem.start} of its text", self.position - length) from None

    def skip(self, length: int, what: str) -> None:
        """Step over `length` bytes."""
        if length > self.left:
            raise self.short(what, length)
        self._at += length

    def skip_strings(self, count: int, what: str) -> None:
        """Step over `count` strings; `count` is at most an eighth of the bytes left."""
        buffer, at, unpack = self._buffer, self._at, self.u64.unpack_from
        start, declared = self.position, count
        while count:
            ahead = repeat(None, count)
            try:
                # unpack_from refuses to read beyond the buffer: its own bounds check is the only one needed.
                for _ in ahead:
                    (length,) = unpack(buffer, at)
                    at += length + 8
                count = 0
            except (error, OverflowError):
                count = length_hint(ahead) + 1
                self._move(at, f"{what} string {declared - count - 1:,}", start)
                self._fill(8, what)
                buffer, at = self._buffer, 0
        self._move(at, f"{what} string {declared - 1:,}", start)

    def _move(self, at: int, what: str, start: int) -> None:
        """Go on from `at` in the buffer, unless the string that was stepped over ends beyond the file."""
        if self._base + at > self._end:
            if self._end < self._source.size:
                raise self.short(what, 0)
            problem = f"ends at {self._base + at:,} but the file stops at {self._end:,}. Cut short?"
            raise self.bad(what, problem, start)
        self._at = at

    def skip_array(self, what: str, depth: int = 1) -> None:
        """Step over an array: its item type, its length, its items."""
        (kind,), (count,) = self.fields(self.u32, what), self.fields(self.u64, what)
        least = LEAST.get(kind)
        if least is None:
            raise self.bad(what, f"array of unknown type {kind}", self.position - 12)
        if count * least > self.left:
            raise self.short(f"{what}, {count:,} items", count * least)
        if kind in FIXED:
            self._at += count * least
        elif kind == STRING:
            self.skip_strings(count, what)
        elif depth == NESTING:
            raise self.bad(what, f"arrays nested more than {NESTING} deep")
        else:
            for _ in repeat(None, count):
                self.skip_array(what, depth + 1)


def pairs(cursor: Cursor, count: int) -> dict[str, Value]:
    """Read `count` key-value pairs; return the integers and strings among the kept keys.

    Raises FormatError for an empty or repeated key, an unknown type, or a length beyond the end of the file.
    """
    if count > PAIRS:
        raise cursor.bad("key count", f"{count:,} keys, more than any real file has", 16)
    seen: set[str] = set()
    kept: dict[str, Value] = {}
    for number in range(count):
        key = cursor.text(f"key {number}")
        if not key or key in seen:
            raise cursor.bad(f"key {number}", f"{shown(key)} comes twice" if key else "its name is empty")
        seen.add(key)
        value = _value(cursor, key)
        if value is not None:
            kept[key] = value
    architecture = kept.get("general.architecture")
    ours = {*KEPT, *(f"{whose}{ending}" for whose in ("general", architecture) for ending in KEPT_ENDINGS)}
    return {key: value for key, value in kept.items() if key in ours}


def _value(cursor: Cursor, key: str) -> Value | None:
    """The value of `key` where it is kept, an integer or a string; the cursor moves past it in any case."""
    what = f"key {shown(key)}"
    (kind,) = cursor.fields(cursor.u32, what)
    if kind not in KINDS:
        raise cursor.bad(what, f"unknown type {kind}", cursor.position - 4)
    if key == ALIGNMENT and kind != UINT32:
        raise cursor.bad(what, f"must be of type u32, and is {KINDS[kind][0]}", cursor.position - 4)
    if kind == ARRAY:
        cursor.skip_array(what)
    elif kind == STRING and key in KEPT:
        return cursor.text(what)
    elif kind == STRING:
        cursor.skip_strings(1, what)
    elif KINDS[kind][1] in "BbHhIiQq" and (key in KEPT or key.endswith(KEPT_ENDINGS)):
        return cursor.fields(Struct(cursor.order + KINDS[kind][1]), what)[0]
    else:
        cursor.skip(FIXED[kind], what)
    return None


def alignment(cursor: Cursor, values: Mapping[str, Value]) -> int:
    """Bytes that tensor data is aligned to: a power of two, 32 where the file does not say."""
    found = values.get(ALIGNMENT, DEFAULT_ALIGNMENT)
    if not isinstance(found, int) or found <= 0 or found & (found - 1):
        raise FormatError(f"{cursor.name}: key {shown(ALIGNMENT)}: {found} is not a power of two")
    return found
