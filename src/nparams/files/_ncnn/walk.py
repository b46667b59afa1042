"""The .bin of an ncnn model: one array after the other, each with a flag or without, walked by the layers' list.

Tencent/ncnn src/modelbin.cpp, ModelBinFromDataReader::load.  Only the flags are read; the file must end where the last
array does.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._ncnn.loads import Load
    from nparams.files.bytesource import ByteSource

FLAG = 4
#: flag -> (number type, bytes of one)
FLAGS = {0: ("float32", 4), 0x01306B47: ("float16", 2), 0x000D4B38: ("int8", 1), 0x0002C056: ("float32", 4)}
#: any other flag: a table of 256 float32, and an index of one byte into it for each number
TABLE, TABLE_BYTES = 256, 1024
WINDOW = 4096  # bytes that are read at once: the flags of small layers lie close together


class Bin:
    """Where the next array lies."""

    __slots__ = ("_buffer", "_source", "_start", "at")

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._start = 0
        self._buffer = b""
        self.at = 0

    def array(self, load: Load, layer: str) -> tuple[str, int, bool]:
        """(number type, bytes, whether a table stands in front) of the next array, stepped over."""
        if not load.flagged:
            dtype, length, table = "float32", 4 * load.size, False
        else:
            dtype, length, table = self._flagged(load, layer)
        self.at += length
        if self.at > self._source.size:
            raise FormatError(
                f"{place(self._source.name)}: {load.name} of layer {shown(layer)} (offset {self.at - length:,}) takes "
                f"{length:,} bytes, up to {self.at:,}, but the file has {self._source.size:,}. Cut short, or not the "
                ".bin of this .param?"
            )
        return dtype, length, table

    def _flagged(self, load: Load, layer: str) -> tuple[str, int, bool]:
        if self.at + FLAG > self._source.size:
            raise FormatError(
                f"{place(self._source.name)}: it ends at {self._source.size:,}, before {load.name} of layer "
                f"{shown(layer)}. Cut short, or not the .bin of this .param?"
            )
        flag = int.from_bytes(self._read(self.at, FLAG), "little")
        self.at += FLAG
        known = FLAGS.get(flag)
        if known is None:
            return "uint8", TABLE_BYTES + _aligned(load.size), True
        return known[0], _aligned(load.size * known[1]), False

    def _read(self, offset: int, length: int) -> bytes:
        if not (self._start <= offset and offset + length <= self._start + len(self._buffer)):
            self._start = offset
            self._buffer = self._source.read(offset, min(WINDOW, self._source.size - offset))
        return self._buffer[offset - self._start : offset - self._start + length]

    def check_end(self, param: str) -> None:
        """Raise FormatError unless the last array was the end of the file."""
        if self.at != self._source.size:
            raise FormatError(
                f"{place(self._source.name)} has {self._source.size:,} bytes, and the layers of {place(param)} take "
                f"{self.at:,}: they do not belong together"
            )


def _aligned(length: int) -> int:
    """Arrays of small numbers are filled up to four bytes."""
    return -(-length // 4) * 4
