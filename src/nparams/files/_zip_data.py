"""The bytes of a zip archive's members: stored ones where they lie, deflated ones in memory, within limits."""

from __future__ import annotations

from nparams.errors import FormatError
from nparams.files.bytesource import check_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource

#: an inflated member: bytes always allowed, times its packed size beyond that, and bytes ever allowed
FREE_RATIO_BELOW, MAX_RATIO, MAX_INFLATED = 16_000_000, 100, 100_000_000
AT_ONCE = 1 << 16  # bytes


class Window:
    """A run of bytes of another source: a member that is stored as it is."""

    __slots__ = ("_source", "_start", "name", "size")

    def __init__(self, source: ByteSource, start: int, size: int, name: str) -> None:
        self._source = source
        self._start = start
        self.size = size
        self.name = name

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        check_range(self.name, self.size, offset, length)
        return self._source.read(self._start + offset, length)


class Inflated:
    """A member that was inflated; a copy of it as bytes would take the same memory again."""

    __slots__ = ("_data", "name", "size")

    def __init__(self, data: bytearray, name: str) -> None:
        self._data = data
        self.name = name
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        check_range(self.name, self.size, offset, length)
        return bytes(self._data[offset : offset + length])


def inflated(source: ByteSource, start: int, packed: int, size: int, file: str, name: str) -> bytearray:
    """The `size` bytes that the `packed` ones at `start` inflate to, in little more memory than they take.

    Raises FormatError, of the member `name`, for what inflates too far, or to another size.
    """
    import zlib

    _check_sizes(packed, size, f"{file}: {name}")
    worker, data, at, fed, tail = zlib.decompressobj(-15), bytearray(size), 0, 0, b""
    try:
        while not worker.eof and at <= size:
            if not tail:
                tail = source.read(start + fed, min(AT_ONCE, packed - fed))
                fed += len(tail)
            made = worker.decompress(tail, min(AT_ONCE, size - at + 1))
            tail = worker.unconsumed_tail
            data[at : at + len(made)] = made
            at += len(made)
            if not made and not tail and fed == packed:
                break
    except zlib.error as error:
        raise FormatError(f"{file}: {name} cannot be inflated: {error}") from None
    if at != size or not worker.eof or worker.unused_data or fed != packed:
        raise FormatError(f"{file}: {name} does not inflate to the {size:,} bytes that the directory says")
    return data


def _check_sizes(packed: int, size: int, told: str) -> None:
    if size > max(FREE_RATIO_BELOW, MAX_RATIO * packed):
        raise FormatError(f"{told} would inflate from {packed:,} to {size:,} bytes: too large, or a zip bomb")
    if size > MAX_INFLATED:
        raise FormatError(
            f"{told} inflates to {size:,} bytes; at most {MAX_INFLATED:,} are. Zip it again, stored as it is"
        )
