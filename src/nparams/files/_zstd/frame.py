"""One Zstandard frame -> its bytes.

Spec: RFC 8878, "Zstandard Compression and the 'application/zstd' Media Type", section 3.1.1.  Everything that a frame
announces is compared with a limit before it is made; offsets lead back into what was made so far and nowhere else.
"""

from __future__ import annotations

from nparams.errors import FormatError
from nparams.files._zstd.bits import Damaged, TooMuch, Work
from nparams.files._zstd.literals import Literals
from nparams.files._zstd.sequences import Sequences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAGIC = b"\x28\xb5\x2f\xfd"
#: what a decompressor may be asked to keep (RFC 8878, 3.1.1.1.2); the reference refuses more by default too
MAX_WINDOW = 1 << 27
MAX_BLOCK = 1 << 17
RAW, RLE, COMPRESSED = 0, 1, 2
#: bytes of the content's size, and of the dictionary's number, by the two bits that tell
SIZES, DICTIONARIES = (0, 2, 4, 8), (0, 1, 2, 4)


def decompress(data: bytes, name: str, most: int, work: Work | None = None, more: str = "") -> bytes:
    """The bytes in the one frame that `data` is; at most `most` are made, and no more is done than `work` allows.

    `name` is for messages, and so is `more`, which follows where it would be too much.  Raises FormatError for anything
    else.  The checksum of the content, where there is one, is not looked at: what is read here lies in records that
    have one of their own.

    >>> decompress(MAGIC + bytes([0x20, 5, 0x29, 0, 0]) + b"hello", "a.zst", 100)
    b'hello'
    """
    try:
        return bytes(_Frame(data, most, work or Work(most)).read())
    except TooMuch as problem:
        raise FormatError(f"{name}: compressed by Zstandard, and {problem}{more}") from None
    except Damaged as problem:
        raise FormatError(f"{name}: compressed by Zstandard, and {problem}. Damaged, or cut short?") from None


class _Frame:
    """One frame: where its blocks begin, how much they may make."""

    def __init__(self, data: bytes, most: int, work: Work) -> None:
        self.data = data
        self.most = most
        self.out = bytearray()
        #: how much the header says that it holds; None where it does not say
        self.size: int | None = None
        #: the most that one block may hold
        self.block = MAX_BLOCK
        self.literals = Literals(work)
        self.sequences = Sequences(work)

    def read(self) -> bytearray:
        """Every block, one after the other."""
        at, summed = self._header()
        last = False
        while not last:
            if at + 3 > len(self.data):
                bad("it ends where a block should begin")
            head = int.from_bytes(self.data[at : at + 3], "little")
            last, kind, length = bool(head & 1), head >> 1 & 3, head >> 3
            at = self._block(kind, length, at + 3)
        if at + (4 if summed else 0) != len(self.data):
            bad(f"the frame ends at byte {at:,} of {len(self.data):,}")
        if self.size is not None and self.size != len(self.out):
            bad(f"it announces {self.size:,} bytes and holds {len(self.out):,}")
        return self.out

    def _header(self) -> tuple[int, bool]:
        """(where the first block begins, whether a checksum stands at the end)."""
        data = self.data
        if not data.startswith(MAGIC) or len(data) < 6:
            bad(f"it begins {data[:4]!r} where a frame begins {MAGIC!r}")
        told = data[4]
        single, at = bool(told & 0x20), 5
        if told & 8:
            bad("a reserved bit is set in its header")
        window = 0
        if not single:
            exponent, mantissa = data[at] >> 3, data[at] & 7
            window = (1 << (10 + exponent)) // 8 * (8 + mantissa)
            at += 1
        number = data[at : at + DICTIONARIES[told & 3]]
        if any(number):
            bad("it needs a dictionary, which is not here")
        at += DICTIONARIES[told & 3]
        width = SIZES[told >> 6] or (1 if single else 0)
        if at + width > len(data):
            bad("it ends in its header")
        if width:
            self.size = int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0)
            if self.size > self.most:
                raise TooMuch(f"it announces {self.size:,} bytes, where at most {self.most:,} are made")
        if single:
            window = self.size or 0
        if window > MAX_WINDOW:
            bad(f"it asks for a window of {window:,} bytes, where {MAX_WINDOW:,} is the most")
        self.block = min(MAX_BLOCK, window)
        return at + width, bool(told & 4)

    def _block(self, kind: int, length: int, at: int) -> int:
        """Make what one block holds; where the next one begins."""
        if kind > COMPRESSED:
            bad("a block is of the reserved kind")
        if length > self.block:
            bad(f"a block of {length:,} bytes, where {self.block:,} is the most")
        stored = 1 if kind == RLE else length
        if at + stored > len(self.data):
            bad(f"it ends in a block of {length:,} bytes")
        piece = self.data[at : at + stored]
        made = len(self.out)
        if kind != COMPRESSED:
            self._check(made + length)
            self.out += piece if kind == RAW else piece * length
        else:
            literals, after = self.literals.read(piece, self.block)
            self.sequences.run(piece, after, literals, self.out, made + self.block)
            self._check(len(self.out))
        return at + stored

    def _check(self, made: int) -> None:
        if made > self.most:
            raise TooMuch(f"it makes more than {self.most:,} bytes")


def bad(problem: str) -> NoReturn:
    """Refuse the frame."""
    raise Damaged(problem)
