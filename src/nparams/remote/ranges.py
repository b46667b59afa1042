"""A file elsewhere as a reader sees it: the first 128 KB in one request, then exactly what a reader asks for.

A request costs a journey, whatever its size, so a few rules save journeys and never read much in vain: a header that
fits into the first range needs no second one; what is asked of the last 128 KB brings them all (a zip archive keeps its
directory there); who goes on reading where the last range ended gets twice as much each time.
"""

from __future__ import annotations

from bisect import bisect_right

from nparams.errors import FetchError, FormatError, escaped, shown
from nparams.files.bytesource import check_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Origin(Protocol):
        """Where ranges come from."""

        def fetch(self, offset: int, length: int) -> Part:
            """The bytes at `offset`: `length` of them, fewer only at the file's end; FetchError where none come."""


FIRST = TAIL = 131_072
MOST_AHEAD = 2_097_152  # bytes of one request beyond what was asked for, where a reader goes on and on
LEAST, MOST_SCATTERED = 16_384, 262_144  # bytes of a request to a place of its own: more each time, up to this
MOST_IN_VAIN = 8_388_608  # bytes beyond what was asked for at such places, in all; then the least is read
MOST_HELD = 67_108_864  # bytes that are kept
MOST_ONE = 16_777_216  # bytes of one request: longer reads take several


class Part:
    """A range that was fetched: its bytes (or a view of them), the size of the whole file, the mark of its version."""

    __slots__ = ("data", "tag", "total")

    def __init__(self, data: bytes | memoryview, total: int, tag: str | None = None) -> None:
        self.data = data
        self.total = total
        self.tag = tag


class RemoteFile:
    """One file elsewhere; `requests` and `fetched` (bytes) say what reading it has cost.

    Its origin may raise NeedBytes instead of fetching: then who drives the reader fetches that range, gives it to
    `took`, and starts the reader again.
    """

    __slots__ = (
        "_ahead", "_at", "_data", "_held", "_next", "_scattered", "_tag", "_vain", "fetched", "name", "origin",
        "requests", "size",
    )  # fmt: skip

    def __init__(self, name: str, origin: Origin, first: Part) -> None:
        """A file of which the first range is here; of `first` without data, as it was listed, nothing yet."""
        self.name = name
        self.size = first.total
        self.origin = origin
        self._tag = first.tag
        #: where the ranges begin that are held, in order, and their bytes; none touches another
        self._at = [0] if first.data else []
        self._data = [first.data] if first.data else []
        self._held = self.fetched = len(first.data)
        self.requests = 1 if first.data or not first.total else 0
        self._next = len(first.data)
        self._ahead = 0
        self._scattered = LEAST
        self._vain = 0

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        check_range(self.name, self.size, offset, length)
        start = self._covering(offset)
        if start is not None and offset + length <= self._at[start] + len(self._data[start]):
            begin = offset - self._at[start]
            return bytes(self._data[start][begin : begin + length])
        return self._gathered(offset, length)

    def _covering(self, at: int) -> int | None:
        """Which range holds the byte at a place."""
        k = bisect_right(self._at, at) - 1
        return k if k >= 0 and at < self._at[k] + len(self._data[k]) else None

    def _gathered(self, offset: int, length: int) -> bytes:
        pieces, at, end = [], offset, offset + length
        while at < end:
            k = self._covering(at)
            piece = self._data[k][at - self._at[k] :] if k is not None else self._fetched(at, end)
            pieces.append(piece[: end - at])
            at += len(pieces[-1])
        return b"".join(pieces)

    def _fetched(self, at: int, end: int) -> bytes | memoryview:
        """Bytes from a place that is not held yet, up to `end` if they are few enough for one request."""
        k = bisect_right(self._at, at)
        free = (self._at[k] if k < len(self._at) else self.size) - at  # up to what is held behind
        start, length = self._chosen(at, min(end - at, MOST_ONE, free), free, self._before(k))
        part = self.origin.fetch(start, length)
        self.took(start, length, part)
        return part.data[at - start :]

    def took(self, start: int, length: int, part: Part) -> None:
        """Keep the range that was asked for; FetchError where it is not that, or of another version of the file."""
        self._check(part, start, length)
        self._tag = self._tag or part.tag
        self.requests += 1
        self.fetched += len(part.data)
        self._next = start + len(part.data)
        self._keep(start, part.data)

    def _before(self, k: int) -> int:
        """Where what is held before the k-th range ends."""
        return self._at[k - 1] + len(self._data[k - 1]) if k else 0

    def _chosen(self, at: int, length: int, free: int, floor: int) -> tuple[int, int]:
        """(start, length) of the request for `length` bytes at a place; up to `free` bytes are not held there."""
        if not self.requests:
            return 0, min(FIRST, self.size)
        tail = max(self.size - TAIL, floor)
        if at >= tail and at + free == self.size:
            return tail, self.size - tail
        if self.requests == 1:
            return at, length  # exactly: most formats say where their header ends
        if at == self._next:
            self._ahead = min(2 * self._ahead or FIRST, MOST_AHEAD)
            return at, min(max(length, self._ahead), free)
        self._ahead = 0
        wanted = self._beside(length)
        if at + length + LEAST >= at + free < self.size:  # close before what is held: who reads backwards goes on so
            start = max(floor, min(at, at + free - wanted))
            return start, at + free - start
        return at, min(wanted, free)

    def _beside(self, length: int) -> int:
        """The bytes that a read at a place of its own brings: readers of trees come back beside it."""
        if self._vain >= min(MOST_IN_VAIN, self.size // 2):
            return length
        wanted = max(length, self._scattered)
        self._vain += wanted - length
        self._scattered = min(2 * wanted, MOST_SCATTERED)
        return wanted

    def _check(self, part: Part, start: int, length: int) -> None:
        if part.total != self.size or (part.tag and self._tag and part.tag != self._tag):
            raise FetchError(f"{escaped(self.name)}: the file was changed while it was read; try again", again=True)
        is_whole = not start and len(part.data) == part.total  # of a server that knows no ranges
        if len(part.data) != length and not is_whole:
            what = f"{len(part.data):,} bytes came where {length:,} at {start:,} were asked for"
            raise FetchError(f"{escaped(self.name)}: {what}", again=True)

    def _keep(self, start: int, data: bytes | memoryview) -> None:
        """Hold a range, joined to the one that it goes on from; places near the start go first where it is too much."""
        k = bisect_right(self._at, start)
        if k and self._before(k) == start and len(self._data[k - 1]) <= MOST_AHEAD:
            self._data[k - 1] = b"".join((self._data[k - 1], data))
        else:
            self._at.insert(k, start)
            self._data.insert(k, data)
        self._held += len(data)
        while self._held > MOST_HELD and len(self._at) > 1:
            self._at.pop(1)  # the first range is asked for again and again
            self._held -= len(self._data.pop(1))

    def __enter__(self) -> RemoteFile:
        return self

    def __exit__(self, *_: object) -> None:
        """What was fetched stays with the file: it may be opened again."""


def check_bare(name: str) -> None:
    """Raise FormatError for a name inside a model that is no bare name."""
    from nparams.files.bytesource import is_bare

    if not is_bare(name):
        raise FormatError(f"{shown(name)}: a file named inside a model must lie beside it; paths are not followed")
