"""Compressed files: inflated in memory, within limits (joblib joblib/compressor.py: the first bytes tell how).

A file that someone else compressed (gzip.open and pickle.dump) is no different.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place
from nparams.files._zip_data import FREE_RATIO_BELOW, MAX_INFLATED, MAX_RATIO, Inflated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from nparams.files.bytesource import ByteSource

    class Worker(Protocol):
        """What inflates one stream piece by piece."""

        eof: bool
        unused_data: bytes

        def decompress(self, data: bytes, max_length: int = ...) -> bytes:
            """At most so many bytes more."""


#: first bytes -> how the rest is packed; zlib's second byte makes the two a multiple of 31 (RFC 1950)
GZIP, BZIP2, XZ, LZMA, ZLIB = "gzip", "bzip2", "xz", "lzma", "zlib"
STREAMS = (
    (b"\x1f\x8b", GZIP), (b"BZh", BZIP2), (b"\xfd7zXZ\0", XZ), (b"]\0\0", LZMA),
    (b"x\x01", ZLIB), (b"x\x5e", ZLIB), (b"x\x9c", ZLIB), (b"x\xda", ZLIB),
)  # fmt: skip
#: what is known and not inflated here
OTHERS = (
    (b"\x04\x22\x4d\x18", "LZ4"), (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"ZF", "joblib's own way of before 0.9.3"),
)  # fmt: skip
AT_ONCE = 1 << 18  # bytes
MAX_DICTIONARY = 80_000_000  # bytes that xz may keep: its strongest preset takes 68 million
LONGEST = max(len(mark) for mark, _ in STREAMS)


def packing(head: bytes) -> str | None:
    """How a file that begins so is packed; None where it is not.

    >>> packing(b"x\\x9c\\xed"), packing(b"\\x80\\x04\\x95")
    ('zlib', None)
    """
    return next((how for mark, how in STREAMS if head.startswith(mark)), None)


def unpacked(source: ByteSource) -> ByteSource:
    """The bytes of a file that may be compressed.

    Raises UnsupportedError for a packing that is known and not read, FormatError for one that is damaged or a bomb.
    """
    head = source.read(0, min(LONGEST, source.size))
    for mark, what in OTHERS:
        if head.startswith(mark):
            raise UnsupportedError(
                f"{place(source.name)} is compressed with {what}, which is not inflated; where you trust it, load it "
                'and dump it again with joblib.dump(model, "model.joblib", compress=("zlib", 3))'
            )
    how = packing(head)
    return source if how is None else Inflated(_inflated(source, how), source.name)


def _worker(how: str, file: str) -> Any:
    try:
        if how == BZIP2:
            import bz2

            return bz2.BZ2Decompressor()
        if how in (XZ, LZMA):
            import lzma

            return lzma.LZMADecompressor(memlimit=MAX_DICTIONARY)
    except ImportError:
        raise UnsupportedError(f"{file} is compressed with {how}, which this Python lacks") from None
    import zlib

    return _Zlib(zlib.decompressobj(31 if how == GZIP else 15))


class _Zlib:
    """zlib's worker, which keeps what it has not looked at yet, as the others do."""

    def __init__(self, worker: Any) -> None:
        self.worker = worker

    @property
    def eof(self) -> bool:
        return bool(self.worker.eof)

    @property
    def needs_input(self) -> bool:
        return not self.worker.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self.worker.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return bytes(self.worker.decompress(self.worker.unconsumed_tail + data, max_length))


def _inflated(source: ByteSource, how: str) -> bytearray:
    """All that a compressed file holds; several streams after each other are one."""
    file, data, at, worker = place(source.name), bytearray(), 0, None
    most = min(MAX_INFLATED, max(FREE_RATIO_BELOW, MAX_RATIO * source.size))
    tail = b""
    try:
        while at < source.size or tail or (worker is not None and not worker.eof):
            worker = _worker(how, file) if worker is None else worker
            if worker.needs_input and not tail:
                if at == source.size:
                    raise FormatError(f"{file}: its {how} stream ends too early, after {at:,} bytes. Cut short?")
                tail = source.read(at, min(AT_ONCE, source.size - at))
                at += len(tail)
            data += worker.decompress(tail, min(AT_ONCE, most - len(data) + 1))
            tail = b""
            if len(data) > most:
                raise FormatError(
                    f"{file}: it inflates to more than {most:,} bytes: too large, or a bomb; where you trust it, save "
                    "it uncompressed"
                )
            if worker.eof:
                tail, worker = worker.unused_data.lstrip(b"\0"), None
    except (OSError, EOFError, ValueError) as error:
        raise FormatError(f"{file}: it cannot be inflated ({how}): {error}") from None
    except Exception as error:
        if type(error).__module__ not in ("zlib", "lzma", "_lzma"):
            raise
        raise FormatError(f"{file}: it cannot be inflated ({how}): {error}") from None
    return data
