"""The bytes of an HDF5 file as its structures see them: addresses from the base, sizes as wide as the file says.

A page layer stands between: thousands of small reads become a few hundred of a page each.  All work is counted, and a
file that asks for more than any real one does is refused.
"""

from __future__ import annotations

from struct import Struct

from nparams.errors import FormatError, UnsupportedError, place
from nparams.files._hdf5.checksum import lookup3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._hdf5.datatype import Datatype
    from nparams.files._hdf5.header import Message
    from nparams.files.bytesource import ByteSource

PAGE_BITS = 14
PAGE = 1 << PAGE_BITS
IN_PAGE = PAGE - 1
#: pages held at a time: 4 MB.  Names come in another order than their objects lie, so pages are asked for again.
PAGES = 256
#: bytes of the largest single piece of metadata: a hundred times what real files have
LARGEST = 32_000_000
#: work allowed, in microseconds of a slow machine: 5 s; and with limits off
WORK, MOST_WORK = 4_000_000, 200_000_000
#: groups and datasets opened
OBJECTS, MOST_OBJECTS = 200_000, 10_000_000
#: version 2 headers, types and shapes kept, so that what is met again is not read again
HEADERS, TYPES, SHAPES = 256, 1000, 1000
#: flags of one kind
FLAGS = 5
#: layouts of so many letters are kept
STRUCT = 40
#: struct's letter for an offset or a length of so many bytes
LETTERS = {2: "H", 4: "I", 8: "Q"}


class Store:
    """A file: its bytes, its widths, what it has cost so far and what is known of it so far."""

    __slots__ = (
        "_checked", "_claims", "_flags", "_limited", "_more", "_pages", "_source", "_structs", "_unclaimed",
        "_work_left", "address", "address_width", "base", "headers", "length", "length_width", "name", "objects_left",
        "objects_most", "shapes", "shared", "size", "types", "undefined",
    )  # fmt: skip

    def __init__(self, source: ByteSource, limits: bool) -> None:
        self._source = source
        self._pages: dict[int, bytes] = {}
        #: bytes of the blocks whose checksums were right, by address
        self._checked: dict[int, int] = {}
        self._limited = limits
        self._work_left = WORK if limits else MOST_WORK
        #: datasets whose bytes were counted, and how many bytes are left for others
        self._claims: set[int] = set()
        self._unclaimed = source.size
        self.objects_left = self.objects_most = OBJECTS if limits else MOST_OBJECTS
        self.name = place(source.name)
        self.size = source.size
        #: the file offset that addresses count from
        self.base = 0
        self._flags: dict[str, list[str]] = {}
        self._more: dict[str, int] = {}
        #: the messages of objects met lately, by address
        self.headers: dict[int, list[Message]] = {}
        #: dataspace messages seen so far
        self.shapes: dict[bytes, tuple[int, ...] | None] = {}
        #: datatype messages seen so far
        self.types: dict[bytes, Datatype] = {}
        #: where messages are shared, by kind: address of the heap
        self.shared: dict[int, int] = {}
        self.set_widths(8, 8)

    def set_widths(self, address: int, length: int) -> None:
        """Addresses and lengths take so many bytes each."""
        self.address_width = address
        self.length_width = length
        self._structs: dict[str, Struct] = {}
        self.undefined = (1 << 8 * address) - 1
        self.address = Struct("<" + LETTERS[address])
        self.length = Struct("<" + LETTERS[length])

    def struct(self, form: str) -> Struct:
        """A layout in which A is an address and L a length."""
        made = self._structs.get(form)
        if made is None:
            letters = form.replace("A", LETTERS[self.address_width]).replace("L", LETTERS[self.length_width])
            made = Struct("<" + letters)
            if len(form) < STRUCT:
                self._structs[form] = made
        return made

    def flag(self, kind: str, text: str) -> None:
        """Note a deviation; of many of one kind the first few are kept, and how many there are."""
        texts = self._flags.setdefault(kind, [])
        if len(texts) < FLAGS and text not in texts:
            texts.append(text)
        elif len(texts) == FLAGS:
            self._more[kind] = self._more.get(kind, 0) + 1

    @property
    def flags(self) -> list[dict[str, str]]:
        """Deviations that do not stand in the way of counting: rows of kind and text."""
        rows = [{"kind": kind, "text": text} for kind, texts in self._flags.items() for text in texts]
        return rows + [{"kind": kind, "text": f"... and {n:,} more like these"} for kind, n in self._more.items()]

    # what goes wrong

    def bad(self, what: str, problem: str, at: int) -> FormatError:
        """The error for a field at `at` that is not as the format promises."""
        return FormatError(f"{self.name}: {what} (offset {at + self.base:,}): {problem}")

    def short(self, what: str, at: int, length: int) -> FormatError:
        """The error for something that reaches beyond the end of the file."""
        return self.bad(what, f"needs {length:,} bytes, but the file stops at {self.size:,}. Cut short?", at)

    def refused(self, problem: str) -> UnsupportedError:
        """The error for what is recognised and not counted."""
        return UnsupportedError(f"{self.name}: {problem}")

    def spend(self, work: int, what: str) -> None:
        """Count work; `what` is being read."""
        self._work_left -= work
        if self._work_left < 0:
            more = "; --limits off reads more" if self._limited else ""
            raise FormatError(f"{self.name}: {what}: by here there is more metadata than any real file has{more}")

    def too_many(self) -> FormatError:
        """The error for one more group or dataset than are opened."""
        more = "; --limits off reads more" if self._limited else ""
        return FormatError(
            f"{self.name}: more than {self.objects_most:,} groups and datasets, more than any real file has{more}"
        )

    def claim(self, address: int, size: int, at: int) -> None:
        """Count the bytes of the dataset at `address`, once: all together have no more than the file."""
        if address not in self._claims:
            self._claims.add(address)
            self._unclaimed -= size
            if self._unclaimed < 0:
                raise self.bad(
                    "data layout", "by here the datasets take more bytes than the file has: they overlap", at
                )

    # bytes

    def read(self, at: int, length: int, what: str) -> bytes:
        """Exactly `length` bytes at address `at`."""
        offset = at + self.base
        page, start = self._pages.get(offset >> PAGE_BITS), offset & IN_PAGE
        if page is not None and start + length <= len(page):
            return page[start : start + length]
        if offset + length > self.size:
            raise self.short(what, at, length)
        if length > LARGEST:
            raise self.bad(what, f"{length:,} bytes, more than any real file has", at)
        if length > PAGE:
            return self._source.read(offset, length)
        found = self._page(offset >> PAGE_BITS)[start : start + length]
        if len(found) < length:
            found += self._page((offset >> PAGE_BITS) + 1)[: length - len(found)]
        return found

    def peek(self, at: int, length: int, what: str) -> bytes:
        """At least one byte and at most `length` at `at`: what the file has there."""
        offset = at + self.base
        page, start = self._pages.get(offset >> PAGE_BITS), offset & IN_PAGE
        if page is not None and start + length <= len(page):
            return page[start : start + length]
        left = self.size - offset
        if left <= 0:
            raise self.short(what, at, 1)
        return self.read(at, min(length, left), what)

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) >= PAGES:
                del self._pages[next(iter(self._pages))]
            start = number << PAGE_BITS
            page = self._pages[number] = self._source.read(start, min(PAGE, self.size - start))
        return page

    def raw(self, at: int, length: int, what: str) -> bytes:
        """`length` bytes of data, not of metadata: they pass by the pages."""
        if at + self.base + length > self.size:
            raise self.short(what, at, length)
        return self._source.read(at + self.base, length)

    def block(self, at: int, length: int, mark: bytes, what: str) -> bytes:
        """A block that begins with `mark` and ends with its checksum, both looked at; without the checksum."""
        data = self.read(at, length, what)
        if data[:4] != mark:
            raise self.bad(what, f"begins {data[:4]!r}, where {mark!r} is due", at)
        return self.checked(data, what, at)

    def checked(self, data: bytes, what: str, at: int) -> bytes:
        """`data` without the checksum that ends it, once that is right."""
        if self._checked.get(at) == len(data):
            return data[:-4]
        self.spend(8 + len(data) // 6, what)
        found, due = int.from_bytes(data[-4:], "little"), lookup3(data[:-4])
        if found != due:
            raise self.bad(what, f"its checksum is {found:#010x}, where {due:#010x} is due. Damaged?", at)
        self._checked[at] = len(data)
        return data[:-4]
