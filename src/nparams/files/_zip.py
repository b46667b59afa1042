"""Zip archives: the directory at the end, and windows on members.  Nothing is unpacked to disk.

Specification: PKWARE APPNOTE.TXT 6.3.10, section 4.3 (the records) and 4.5.3 (zip64).  Readers of zip files disagree on
damaged ones, and scanners are deceived by that: here the directory must lie exactly before its end record, cover the
members once, and agree with each member that is opened.
"""

from __future__ import annotations

from struct import Struct

from nparams.errors import FormatError, UnsupportedError, escaped, place, shown
from nparams.files._zip_data import Inflated, Window, inflated
from nparams.files._zip_end import FULL_16, FULL_32, MAX_DIRECTORY, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nparams.files.bytesource import ByteSource

CENTRAL = Struct("<4s6H3I5H2I")  # 4.3.12
LOCAL = Struct("<4s5H3I2H")  # 4.3.7
ENCRYPTED = 0x2041  # bits 0, 6 and 13 of the flags: encrypted, strongly, directory too (4.4.4)
LATER = 0x0008  # bit 3: the sizes follow the data
UTF8 = 0x0800
STORED, DEFLATED = 0, 8
METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}

MOST_EXTRA = 2 * 0xFFFF + 24  # bytes of a name, an extra field and a data descriptor
MAX_MEMBERS = 1_000_000
PIECE = 4_096  # bytes of a deflated member that are read at a time


class Member:
    """One member as the directory lists it."""

    __slots__ = ("crc", "flags", "method", "name", "offset", "packed", "size")

    def __init__(self, name: str, flags: int, method: int, crc: int, packed: int, size: int, offset: int) -> None:
        self.name = name
        self.flags = flags
        #: 0 stored, 8 deflated
        self.method = method
        self.crc = crc
        #: bytes in the archive, and bytes once unpacked
        self.packed = packed
        self.size = size
        #: of its local header
        self.offset = offset


class Archive:
    """The directory of a zip archive, checked.

    Raises FormatError where the directory does not lie just before the end of the file, lists a name twice or members
    that overlap, and UnsupportedError for an archive that is encrypted or in several pieces.

    >>> import io, zipfile
    >>> from nparams.files.bytesource import MemorySource
    >>> held = io.BytesIO()
    >>> with zipfile.ZipFile(held, "w") as made:
    ...     made.writestr("a/data.pkl", b"12345")
    >>> archive = Archive(MemorySource(held.getvalue(), "x.pt"))
    >>> archive.names, archive.member("a/data.pkl").size, archive.open("a/data.pkl").read(1, 3)
    (['a/data.pkl'], 5, b'234')
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._name = place(source.name)
        #: {"kind", "text"}: what is odd about it, and no reason to refuse it
        self.flags: list[dict[str, str]] = []
        count, self._directory, end = locate(source)
        if count > MAX_MEMBERS or end - self._directory > MAX_DIRECTORY:
            self._fail(f"its directory lists {count:,} members; at most {MAX_MEMBERS:,} are read")
        if count * CENTRAL.size > end - self._directory:
            self._fail(f"its directory of {end - self._directory:,} bytes cannot list {count:,} members")
        self._members: dict[str, Member] = {}
        self._parse(source.read(self._directory, end - self._directory), count)
        self._check_places()

    @property
    def names(self) -> list[str]:
        """Every member's name, in the order of the directory."""
        return list(self._members)

    def members(self) -> list[Member]:
        """Every member, in the order of the directory."""
        return list(self._members.values())

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def member(self, name: str) -> Member:
        """The member of that name; FormatError if there is none."""
        found = self._members.get(name)
        if found is None:
            self._fail(f"it has no member {shown(name)}")
        return found

    def open(self, name: str) -> ByteSource:
        """The bytes of a member: a window on the archive, or inflated in memory within the limits."""
        member = self.member(name)
        start = self.data_of(member)
        told = f"{self._source.name}: {escaped(name.rpartition('/')[2])}"
        if member.method == STORED:
            if member.packed != member.size:
                self._fail(f"{shown(name)} is stored, but takes {member.packed:,} bytes for {member.size:,}")
            return Window(self._source, start, member.size, told)
        if member.method != DEFLATED:
            how = METHODS.get(member.method, f"method {member.method}")
            raise UnsupportedError(
                f"{self._name}: {shown(name)} is packed with {how}; zip it again, stored or deflated"
            )
        return Inflated(inflated(self._source, start, member.packed, member.size, self._name, shown(name)), told)

    def whole(self, name: str, most: int) -> bytes:
        """All bytes of a member of at most `most`; a checksum that does not match is a flag (torch may write none)."""
        import zlib

        member = self.member(name)
        if member.size > most:
            self._fail(f"{shown(name)} takes {member.size:,} bytes; at most {most:,} are read")
        data = self.open(name).read(0, member.size)
        if zlib.crc32(data) != member.crc:
            told = f"the checksum of {shown(name)} does not match: damaged, changed, or written without one"
            self.flags.append({"kind": "checksum", "text": told})
        return data

    def start(self, name: str, length: int) -> bytes:
        """The first `length` bytes of a member, however large it is: a deflated one is inflated no further."""
        member = self.member(name)
        if member.method != DEFLATED:
            return self.open(name).read(0, length)
        import zlib

        begin, worker, data, at = self.data_of(member), zlib.decompressobj(-15), b"", 0
        try:
            while len(data) < length and at < member.packed:
                piece = self._source.read(begin + at, min(PIECE, member.packed - at))
                data += worker.decompress(worker.unconsumed_tail + piece, length - len(data))
                at += len(piece)
        except zlib.error as error:
            self._fail(f"{shown(name)} cannot be inflated: {error}")
        if len(data) < length:
            self._fail(f"{shown(name)} does not inflate to the {member.size:,} bytes that the directory says")
        return data

    def data_of(self, member: Member) -> int:
        """Where a member's bytes begin: its local header must say the same as the directory."""
        if member.offset + LOCAL.size > self._directory:
            self._fail(f"{shown(member.name)} begins at byte {member.offset:,}, inside the directory")
        mark, _, flags, method, _, _, _, packed, size, name_length, extra = LOCAL.unpack(
            self._source.read(member.offset, LOCAL.size)
        )
        if mark != b"PK\x03\x04":
            self._fail(f"byte {member.offset:,}: {mark!r} where the header of {shown(member.name)} belongs")
        start: int = member.offset + LOCAL.size + name_length + extra
        if start + member.packed > self._directory:
            self._fail(
                f"{shown(member.name)} takes {member.packed:,} bytes, up to where the directory begins and beyond"
            )
        name = _text(self._source.read(member.offset + LOCAL.size, name_length), flags)
        later = flags & LATER and not packed | size
        sizes = later or FULL_32 in (packed, size) or (packed, size) == (member.packed, member.size)
        if name != member.name or method != member.method or not sizes or flags & ENCRYPTED:
            self._fail(
                f"the directory and the header at byte {member.offset:,} disagree about {shown(member.name)}: readers "
                "would see different files"
            )
        return start

    def _parse(self, raw: bytes, count: int) -> None:
        unpack, at, members = CENTRAL.unpack_from, 0, self._members
        for _ in range(count):
            if at + CENTRAL.size > len(raw):
                self._fail(f"its directory stops in the middle of member {len(members):,} of {count:,}")
            mark, _, _, flags, method, _, _, crc, packed, size, n, m, k, disk, _, _, offset = unpack(raw, at)
            after = at + CENTRAL.size + n
            if mark != b"PK\x01\x02" or after + m + k > len(raw):
                self._fail(f"byte {self._directory + at:,}: no directory entry, where member {len(members):,} belongs")
            name = _text(raw[at + CENTRAL.size : after], flags)
            if flags & ENCRYPTED:
                raise UnsupportedError(f"{self._name}: {shown(name)} is encrypted; decrypt the archive and count that")
            if name in members:
                self._fail(f"two members are called {shown(name)}: readers would see different files")
            if FULL_32 in (packed, size, offset) or disk:
                packed, size, offset = self._wide(raw[after : after + m], packed, size, offset, disk)
            members[name] = Member(name, flags, method, crc, packed, size, offset)
            at = after + m + k
        if at != len(raw):
            self._fail(f"its directory has {len(raw) - at:,} bytes more than its {count:,} members")

    def _wide(self, extra: bytes, packed: int, size: int, offset: int, disk: int) -> tuple[int, int, int]:
        """Sizes beyond 4 GB stand in an extra field (4.5.3), those that are full in this order."""
        values = _zip64(extra)
        found = [
            (int.from_bytes(values.pop(0), "little") if values else -1) if held == FULL_32 else held
            for held in (size, packed, offset)
        ]
        if disk not in (0, FULL_16) or -1 in found:
            self._fail("a member larger than 4 GB has no zip64 sizes, or lies in another piece of the archive")
        return found[1], found[0], found[2]

    def _check_places(self) -> None:
        """No member may begin before the one before it has ended (overlaps make zip bombs and hide data); bytes that no
        member accounts for, beyond what its own header may add, are a flag."""
        reached, before, unlisted = 0, "", 0
        for member in sorted(self._members.values(), key=lambda m: m.offset):
            if member.offset < reached:
                self._fail(f"{shown(member.name)} overlaps {shown(before)}")
            unlisted += _unlisted(member.offset - reached, before)
            reached, before = member.offset + LOCAL.size + member.packed, member.name
        if reached > self._directory:
            self._fail(f"{shown(before)} reaches to byte {reached:,}, but the directory begins at {self._directory:,}")
        unlisted += _unlisted(self._directory - reached, before)
        if unlisted:
            told = f"{unlisted:,} bytes of the archive or more belong to no member that it lists"
            self.flags.append({"kind": "unlisted", "text": told})

    def _fail(self, what: str) -> NoReturn:
        raise FormatError(f"{self._name}: {what}")


def _unlisted(gap: int, before: str) -> int:
    """Bytes of a gap that are not accounted for: the member in front of it has a name, an extra field of any length
    and perhaps its sizes again (4.3.9); in front of the first member there is nothing."""
    return max(0, gap - (MOST_EXTRA if before else 0))


def _zip64(extra: bytes) -> list[bytes]:
    """The eight-byte values of the zip64 extra field."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1:
            held = extra[at + 4 : at + 4 + length]
            return [held[k : k + 8] for k in range(0, len(held) - 7, 8)]
        at += 4 + length
    return []


def _text(raw: bytes, flags: int) -> str:
    """A member's name: UTF-8 where the flag says so, else ASCII, else the IBM code page of the format (appendix D)."""
    try:
        return raw.decode("utf-8" if flags & UTF8 else "ascii")
    except UnicodeDecodeError:
        return raw.decode("cp437")
