"""Tar archives: the list of members, and windows on them.  Nothing is unpacked, no link is followed.

POSIX.1-2017 pax ("ustar Interchange Format", "pax Header Block"), and GNU's long names and large sizes (GNU tar manual,
"Basic Tar Format"): blocks of 512 bytes, a header before each member, which says how long it is.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._zip_data import Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nparams.files.bytesource import ByteSource

BLOCK = 512
MAX_MEMBERS = 100_000
DIGITS = 20  # of a size in decimal
MAX_EXTRA = 1 << 16  # bytes of a long name, or of a pax header
FILE = frozenset((b"0", b"\0", b"7"))
LINKS, FOLDER, LONG_NAME, LONG_LINK, PAX, PAX_ALL = frozenset((b"1", b"2")), b"5", b"L", b"K", b"x", b"g"


class Member:
    """A regular file in the archive (or a link, which is only known by its name)."""

    __slots__ = ("link", "size", "start")

    def __init__(self, start: int, size: int, link: bool) -> None:
        self.start = start
        self.size = size
        self.link = link


class Tar:
    """The members of an archive by their names, without a leading "./".

    Raises FormatError where a header does not hold, a member reaches beyond the end or a name is there twice.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._file = place(source.name)
        self.members: dict[str, Member] = {}
        self._walk()

    def open(self, name: str) -> ByteSource:
        """The bytes of a member, where they lie."""
        found = self.members.get(name)
        if found is None:
            raise FormatError(f"{self._file}: it has no member {shown(name)}")
        if found.link:
            raise UnsupportedError(f"{self._file}: {shown(name)} is a link, which is not followed")
        return Window(self._source, found.start, found.size, f"{self._source.name}: {name.rpartition('/')[2]}")

    def _walk(self) -> None:
        at, size, told = 0, self._source.size, {"path": "", "size": ""}
        while at + BLOCK <= size:
            head = self._source.read(at, BLOCK)
            if not head.strip(b"\0"):
                return
            self._check(head, at)
            kind, start = head[156:157], at + BLOCK
            if len(told["size"]) > DIGITS:
                self._fail(at, f"a size of {len(told['size']):,} digits")
            length = int(told["size"]) if told["size"].isdecimal() else _number(head[124:136])
            if length is None or start + length > size:
                self._fail(at, f"a member that ends beyond the file, which has {size:,} bytes. Cut short?")
            if kind in (LONG_NAME, LONG_LINK, PAX, PAX_ALL):
                self._extra(kind, at, start, length, told)
            else:
                self._add(told["path"] or _name(head), kind, at, start, length)
                told = {"path": "", "size": ""}
            at = start + -(-length // BLOCK) * BLOCK
        if not self.members:
            self._fail(at, "no member of a tar archive")

    def _check(self, head: bytes, at: int) -> None:
        """The sum of a header's bytes, its own field taken for blanks."""
        told = _number(head[148:156])
        if told != sum(head) - sum(head[148:156]) + 8 * 0x20:
            self._fail(at, "the checksum of a member's header does not hold. Damaged, or no tar archive?")

    def _extra(self, kind: bytes, at: int, start: int, length: int, told: dict[str, str]) -> None:
        """What stands before a member because its header has no room for it."""
        if length > MAX_EXTRA:
            self._fail(at, f"{length:,} bytes of a name or of keys; at most {MAX_EXTRA:,} are read")
        raw = self._source.read(start, length)
        if kind == LONG_NAME:
            told["path"] = raw.rstrip(b"\0").decode("utf-8", "backslashreplace")
        elif kind == PAX:
            for key, value in self._keys(raw, at):
                if key in told:
                    told[key] = value

    def _keys(self, raw: bytes, at: int) -> list[tuple[str, str]]:
        """The keys of a pax header: "length key=value", each with its end of line."""
        found, k = [], 0
        while k < len(raw):
            digits = raw[k : k + 8].partition(b" ")[0]
            length = int(digits) if digits.isdigit() else 0
            key, mark, value = raw[k + len(digits) + 1 : k + length].partition(b"=")
            if length <= len(digits) or k + length > len(raw) or not mark:
                self._fail(at, "keys of a pax header that do not hold. Damaged?")
            found.append((key.decode("utf-8", "replace"), value.rstrip(b"\n").decode("utf-8", "backslashreplace")))
            k += length
        return found

    def _add(self, name: str, kind: bytes, at: int, start: int, length: int) -> None:
        name = name.removeprefix("./")
        if kind == FOLDER or name.endswith("/") or not name:
            return
        if kind not in FILE and kind not in LINKS:
            self._fail(at, f"{shown(name)} is of the kind {kind!r}: neither a file nor a folder")
        if name in self.members:
            self._fail(at, f"two members are called {shown(name)}: readers would see different files")
        if len(self.members) >= MAX_MEMBERS:
            self._fail(at, f"more than {MAX_MEMBERS:,} members")
        self.members[name] = Member(start, length, kind in LINKS)

    def _fail(self, at: int, what: str) -> NoReturn:
        raise FormatError(f"{self._file}: byte {at:,}: {what}")


def _name(head: bytes) -> str:
    """The name in a header: ustar splits a long one in two."""
    front = head[345:500].partition(b"\0")[0] if head[257:263] == b"ustar\0" else b""
    raw = head[:100].partition(b"\0")[0]
    return (front + b"/" + raw if front else raw).decode("utf-8", "backslashreplace")


def _number(raw: bytes) -> int | None:
    """A number in octal digits; of a first byte 0x80 in the bytes behind it.  None where it is none.

    >>> _number(b"00000000644\\0"), _number(b"\\x80" + bytes(10) + b"\\x07"), _number(b"12x")
    (420, 7, None)
    """
    if raw[:1] == b"\x80":
        return int.from_bytes(raw[1:], "big")
    digits = raw.strip(b"\0 ")
    if not digits:
        return 0
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else None
