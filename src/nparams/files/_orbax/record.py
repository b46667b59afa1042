"""One record of an OCDBT database: a mark, its length, a body that may be compressed, a checksum.

google/tensorstore tensorstore/kvstore/ocdbt/index.rst, "Storage format", and format/codec_util.cc.
"""

from __future__ import annotations

from nparams.errors import FormatError
from nparams.files._orbax.checksum import crc32c
from nparams.files._zstd.frame import decompress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._zstd.bits import Work

MANIFEST, VERSION_NODE, NODE = b"\x0c\xdb\x3a\x2a", b"\x0c\xdb\x12\x34", b"\x0c\xdb\x20\xde"
LEAST = 18  # mark, length, version, compression, checksum
PLAIN, ZSTD = 0, 1
WIDEST = 10  # bytes of a number


class Cursor:
    """A place in the body of a record, from which its fields are taken one after the other."""

    __slots__ = ("at", "body", "what")

    def __init__(self, body: bytes, what: str) -> None:
        self.body = body
        self.at = 0
        #: what it is and where it stands, for messages
        self.what = what

    def bad(self, problem: str) -> FormatError:
        """The error for something in this record."""
        return FormatError(f"{self.what}: {problem} (byte {self.at:,} of its body). Damaged?")

    @property
    def left(self) -> int:
        """Bytes that were not taken yet."""
        return len(self.body) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.left:
            raise self.bad(f"wants {count:,} bytes where {self.left:,} are left")
        found = self.body[self.at : self.at + count]
        self.at += count
        return found

    def byte(self) -> int:
        """The next byte, as a number."""
        return self.take(1)[0]

    def number(self) -> int:
        """The next number: seven bits a byte, the lowest first."""
        body, at, value, shift = self.body, self.at, 0, 0
        while at < len(body) and shift < 7 * WIDEST:
            byte = body[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.at = at
                return value
            shift += 7
        raise self.bad("a number that does not end")

    def numbers(self, count: int) -> list[int]:
        """The next numbers; each takes a byte at least."""
        if count > self.left:
            raise self.bad(f"announces {count:,} numbers where {self.left:,} bytes are left")
        body, at, found = self.body, self.at, []
        for _ in range(count):
            if at < len(body) and body[at] < 0x80:
                found.append(body[at])
                at += 1
            else:
                self.at = at
                found.append(self.number())
                at = self.at
        self.at = at
        return found

    def end(self) -> None:
        """Refuse what follows the last field."""
        if self.left:
            raise self.bad(f"{self.left:,} bytes follow its last field")


def opened(raw: bytes, mark: bytes, what: str, most: int, work: Work | None = None, more: str = "") -> Cursor:
    """The body of the record that `raw` is; at most `most` bytes are decompressed, with no more than that work.

    `more` follows in a message where it would be too much.

    Raises FormatError for a record that is cut, damaged or of another kind.
    """
    if len(raw) < LEAST or raw[:4] != mark:
        raise FormatError(f"{what}: begins {raw[:4]!r} where OCDBT has {mark!r}. Damaged, or cut short?")
    length = int.from_bytes(raw[4:12], "little")
    if length != len(raw):
        raise FormatError(f"{what}: says that it has {length:,} bytes, and has {len(raw):,}. Cut short?")
    told, made = int.from_bytes(raw[-4:], "little"), crc32c(raw[:-4])
    if told != made:
        raise FormatError(f"{what}: its checksum is {made:08x} and should be {told:08x}. Damaged?")
    head = Cursor(raw[12:-4], what)
    version, packed = head.number(), head.number()
    if version or packed not in (PLAIN, ZSTD):
        raise FormatError(f"{what}: version {version:,}, compression {packed:,}; known are 0, and 0 and 1")
    body = head.body[head.at :]
    return Cursor(body if packed == PLAIN else decompress(body, what, most, work, more), what)
