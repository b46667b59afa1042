"""FlatBuffers, read in place: tables, vtables, vectors, strings and unions, each bounded before it is believed.

Spec: google/flatbuffers docs/source/internals.md ("FlatBuffer Internals"); the checks are those of its verifier
(include/flatbuffers/verifier.h), alignment apart, which readers on other machines than C++ need not ask for.  A
schema has no meaning here: callers name fields by their number.  Nothing recurses: how deep a file is walked is what
its reader's schema says, and what is walked in all is bounded by the file's own size, so objects that are referred to
many times cost no more than objects that are stored many times.
"""

from __future__ import annotations

from struct import Struct

from nparams.errors import FormatError, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files.bytesource import ByteSource

U16, U16X2, U32, I32 = Struct("<H"), Struct("<HH"), Struct("<I"), Struct("<i")
#: struct's letter of a number -> how it is read
NUMBERS = {code: Struct(f"<{code}") for code in "bBhHiIqQ"}

PAGE_BITS = 12
PAGE = 1 << PAGE_BITS
MOST_AHEAD = 16  # pages read at once where the file is walked forward
MOST_PAGES = MOST_VTABLES = 4096
FIELDS = 24  # of a vtable that are looked at: no table read here has more
PIECE = 16_384  # offsets of a vector read at once
TEXT_BYTES = (1 << 16) - 1
ALL_TEXT_BYTES = 1 << 25
# How often a byte of the file may be walked again: real writers share vtables and equal strings, little else.
SHARING = 8
SPARE = 1 << 16


class Flatbuffer:
    """The bytes of a buffer, in pages; `name` stands before every message.

    >>> from nparams.files.bytesource import MemorySource
    >>> vtable, table = b"\\x06\\0\\x08\\0\\x04\\0", b"\\x06\\0\\0\\0\\x2a\\0\\0\\0"
    >>> Flatbuffer(MemorySource(b"\\x0e\\0\\0\\0TEST" + vtable + table)).root("root").number(0, "i")
    42
    """

    __slots__ = ("_ahead", "_left", "_next", "_pages", "_source", "_vtables", "name", "size", "text_left")

    def __init__(self, source: ByteSource) -> None:
        self.name = place(source.name)
        self.size = source.size
        self._source = source
        self._pages: dict[int, bytes] = {}
        self._vtables: dict[int, tuple[int, bytes]] = {}
        self._next = -1
        self._ahead = 1
        self._left = SHARING * source.size + SPARE
        #: bytes that the strings yet to come may take
        self.text_left = ALL_TEXT_BYTES

    def root(self, what: str) -> Table:
        """The table that the buffer begins with a reference to."""
        return Table(self, self.follow(0, what), what)

    def bad(self, what: str, at: int, problem: str) -> FormatError:
        """The error for `what` at byte `at`."""
        return FormatError(f"{self.name}: {what} (offset {at:,}): {problem}")

    def piece(self, at: int, length: int, what: str) -> bytes:
        """`length` bytes at `at`."""
        data = self._pages.get(at >> PAGE_BITS)
        inside = at & (PAGE - 1)
        if data is not None and inside + length <= len(data):
            return data[inside : inside + length]
        return self._fetch(at, length, what)

    def _fetch(self, at: int, length: int, what: str) -> bytes:
        """The same, of what no page at hand holds whole."""
        if at < 0 or length > self.size - at:
            raise self.bad(what, at, f"needs {length:,} bytes, but the file has {self.size:,} in all. Cut short?")
        page, inside = at >> PAGE_BITS, at & (PAGE - 1)
        data = self._pages.get(page) or self._load(page)
        if inside + length <= len(data):
            return data[inside : inside + length]
        return self._source.read(at, length)

    def vtable(self, at: int, what: str) -> tuple[int, bytes]:
        """(bytes that its tables take, the places of their fields) of the vtable at `at`; tables share them."""
        known = self._vtables.get(at)
        if known is not None:
            return known
        length, taken = U16X2.unpack(self.piece(at, 4, what))
        if length < 4 or length % 2 or length > self.size - at:
            raise self.bad(what, at, f"a vtable of {length} bytes")
        if len(self._vtables) >= MOST_VTABLES:
            self._vtables.clear()
        self._vtables[at] = found = taken, self.piece(at + 4, min(length - 4, 2 * FIELDS), what)
        return found

    def _load(self, page: int) -> bytes:
        """Read a page, and more of those after it the longer the file is walked forward."""
        self._ahead = min(2 * self._ahead, MOST_AHEAD) if page == self._next else 1
        if len(self._pages) >= MOST_PAGES:
            self._pages.clear()
        start = page * PAGE
        data = self._source.read(start, min(self._ahead * PAGE, self.size - start))
        for k in range(0, len(data), PAGE):
            self._pages[page + k // PAGE] = data[k : k + PAGE]
        self._next = page + self._ahead
        return self._pages[page]

    def spend(self, length: int, what: str, at: int) -> None:
        """Count bytes that are walked; FormatError once it is more than the file's own size can explain."""
        self._left -= length
        if self._left < 0:
            raise self.bad(what, at, f"more is referred to than a file of {self.size:,} bytes can hold")

    def follow(self, at: int, what: str) -> int:
        """Where the offset at `at` leads: forward, and never to itself."""
        offset: int = U32.unpack(self.piece(at, 4, what))[0]
        if not 4 <= offset <= self.size - at - 4:
            raise self.bad(what, at, f"refers to {offset:,} bytes further on, in a file of {self.size:,}")
        return at + offset

    def vector(self, at: int, width: int, what: str) -> tuple[int, int]:
        """(place of the first item, how many) of the vector at `at`, whose items take `width` bytes each."""
        count: int = U32.unpack(self.piece(at, 4, what))[0]
        if count * width > self.size - at - 4:
            left = self.size - at - 4
            raise self.bad(what, at, f"{count:,} items of {width} bytes, but the file has {left:,} left. Cut short?")
        return at + 4, count


class Table:
    """One table: its fields by number, as the schema counts them; `what` names it in messages."""

    __slots__ = ("_fields", "_size", "at", "buffer", "what")

    def __init__(self, buffer: Flatbuffer, at: int, what: str) -> None:
        buffer.spend(8, what, at)
        self.buffer = buffer
        self.at = at
        self.what = what
        vtable = at - I32.unpack(buffer.piece(at, 4, what))[0]
        self._size, self._fields = buffer.vtable(vtable, what)
        if self._size < 4 or self._size > buffer.size - at:
            raise buffer.bad(what, at, f"a table of {self._size} bytes")

    def __contains__(self, field: int) -> bool:
        return self._place(field, 1) is not None

    def _place(self, field: int, width: int) -> int | None:
        """Where a field of `width` bytes stands; None where the table leaves it out."""
        raw = self._fields[2 * field : 2 * field + 2]
        inside = U16.unpack(raw)[0] if raw else 0
        if not inside:
            return None
        if inside < 4 or inside + width > self._size:
            raise self.buffer.bad(self.what, self.at, f"field {field} lies outside its table of {self._size} bytes")
        return int(self.at + inside)

    def number(self, field: int, code: str, default: int = 0) -> int:
        """A whole number (of struct's letter `code`), `default` where it is left out."""
        form = NUMBERS[code]
        at = self._place(field, form.size)
        if at is None:
            return default
        value: int = form.unpack(self.buffer.piece(at, form.size, self.what))[0]
        return value

    def follow(self, field: int) -> int | None:
        """Where a field that is a reference leads; None where it is left out."""
        at = self._place(field, 4)
        return None if at is None else self.buffer.follow(at, self.what)

    def table(self, field: int, what: str) -> Table | None:
        """The table that a field refers to (of a union too)."""
        at = self.follow(field)
        return None if at is None else Table(self.buffer, at, what)

    def length(self, field: int, width: int) -> int:
        """How many items of `width` bytes a vector has; 0 where it is left out.  The items are not read."""
        at = self.follow(field)
        return 0 if at is None else self.buffer.vector(at, width, self.what)[1]

    def text(self, field: int) -> str:
        """A string, at most 64 KB; empty where it is left out.  What is not UTF-8 stays visible as escapes."""
        at = self.follow(field)
        if at is None:
            return ""
        start, length = self.buffer.vector(at, 1, self.what)
        self.buffer.spend(length, self.what, at)
        self.buffer.text_left -= length
        if length > TEXT_BYTES or self.buffer.text_left < 0:
            raise self.buffer.bad(self.what, at, f"{length:,} bytes of text, more than any real file has")
        return self.buffer.piece(start, length, self.what).decode("utf-8", "backslashreplace")

    def numbers(self, field: int, code: str, most: int) -> tuple[int, ...]:
        """A vector of numbers, at most `most`; empty where it is left out."""
        at = self.follow(field)
        if at is None:
            return ()
        width = NUMBERS[code].size
        start, count = self.buffer.vector(at, width, self.what)
        if count > most:
            raise self.buffer.bad(self.what, at, f"{count:,} numbers in field {field}, more than any real file has")
        self.buffer.spend(count * width, self.what, at)
        return Struct(f"<{count}{code}").unpack(self.buffer.piece(start, count * width, self.what))

    def entry(self, field: int, k: int, what: str) -> Table | None:
        """One entry of a vector of tables; None where the vector has no such entry."""
        at = self.follow(field)
        if at is None:
            return None
        start, count = self.buffer.vector(at, 4, self.what)
        return Table(self.buffer, self.buffer.follow(start + 4 * k, what), what) if 0 <= k < count else None

    def tables(self, field: int, what: str, most: int) -> Iterator[Table]:
        """A vector of tables, at most `most`, each called `what` and its number."""
        at = self.follow(field)
        if at is None:
            return
        start, count = self.buffer.vector(at, 4, self.what)
        if count > most:
            raise self.buffer.bad(self.what, at, f"{count:,} entries ({what}), more than any real file has")
        for first in range(0, count, PIECE):
            base, piece = start + 4 * first, min(PIECE, count - first)
            offsets = self.buffer.piece(base, 4 * piece, what)
            for k, (offset,) in enumerate(U32.iter_unpack(offsets)):
                if not 4 <= offset <= self.buffer.size - base - 4 * k - 4:
                    raise self.buffer.bad(f"{what} {first + k}", base + 4 * k, f"refers to {offset:,} bytes further on")
                yield Table(self.buffer, base + 4 * k + offset, f"{what} {first + k}")
