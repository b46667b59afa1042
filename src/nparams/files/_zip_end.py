"""The end of a zip archive: where its directory lies.  Specification: PKWARE APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16."""

from __future__ import annotations

from struct import Struct

from nparams.errors import FormatError, UnsupportedError, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource

END = Struct("<4s4H2IH")  # 4.3.16
END_64 = Struct("<4sQ2H2I4Q")  # 4.3.14
LOCATOR_64 = Struct("<4sIQI")  # 4.3.15
LONGEST_COMMENT = 0xFFFF
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF
MAX_DIRECTORY = 256_000_000


def locate(source: ByteSource) -> tuple[int, int, int]:
    """(members, where the directory begins, where it ends) by the record at the very end of the file.

    Raises FormatError when there is none (a cut download) or when it leaves room for anything unlisted.
    """
    name, size = place(source.name), source.size
    start, tail = _end(source)
    _, disk, first_disk, here, count, length, offset, _ = END.unpack_from(tail)
    end = start
    wide = _end_64(source, start, FULL_16 in (disk, here, count) or FULL_32 in (length, offset))
    if wide is not None:
        end, disk, first_disk, here, count, length, offset = wide
    if disk or first_disk or here != count:
        raise UnsupportedError(f"{name}: one piece of a zip archive in several; join the pieces first")
    if offset + length != end or (not count and length):
        raise FormatError(
            f"{name}: its directory is said to lie at bytes {offset:,} to {offset + length:,}, but ends at {end:,} of "
            f"{size:,}: something was put before it, after it, or cut away"
        )
    return count, offset, end


def has_end(source: ByteSource) -> bool:
    """Whether a file ends as a zip archive does, whatever stands before that."""
    try:
        return _end(source)[0] >= 0
    except FormatError:
        return False


def _end(source: ByteSource) -> tuple[int, bytes]:
    """Where the end record begins, and its bytes: its comment must reach exactly to the end of the file."""
    size = source.size
    if size >= END.size:
        tail = source.read(size - END.size, END.size)
        if tail.startswith(b"PK\x05\x06") and tail.endswith(b"\0\0"):
            return size - END.size, tail
        length = min(size, END.size + LONGEST_COMMENT)
        tail = source.read(size - length, length)
        at = tail.rfind(b"PK\x05\x06", 0, length - END.size + 4)
        if at >= 0 and at + END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == length:
            return size - length + at, tail[at:]
    raise FormatError(f"{place(source.name)}: a zip archive without its directory at the end. Cut short?")


def _end_64(source: ByteSource, end: int, needed: bool) -> tuple[int, int, int, int, int, int, int] | None:
    """What the zip64 end record says (torch writes one into small files too); None without one, and without need."""
    name, start = place(source.name), end - LOCATOR_64.size
    mark, _, offset, disks = LOCATOR_64.unpack(source.read(start, LOCATOR_64.size)) if start >= 0 else (b"", 0, 0, 0)
    if mark != b"PK\x06\x07" and not needed:
        return None
    if mark != b"PK\x06\x07" or disks > 1 or offset + END_64.size > start:
        raise FormatError(f"{name}: no zip64 end record before byte {end:,}, though its sizes need one")
    mark, length, _, _, disk, first_disk, here, count, size, at = END_64.unpack(source.read(offset, END_64.size))
    if mark != b"PK\x06\x06" or offset + 12 + length != start:
        raise FormatError(f"{name}: byte {offset:,}: {mark!r} where the zip64 end record belongs")
    return offset, disk, first_disk, here, count, size, at


def listing(source: ByteSource) -> bytes:
    """The directory as it stands in the file: enough to see what kind of archive this is."""
    _, start, end = locate(source)
    return source.read(start, min(end - start, MAX_DIRECTORY))
