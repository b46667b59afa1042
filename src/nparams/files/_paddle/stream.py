"""A stream of variables (.pdiparams): one behind the other, without names.

PaddlePaddle/Paddle paddle/fluid/framework/lod_tensor.cc and tensor_util.cc (`SerializeToStream`, `TensorToStream`): a
version, levels of detail, a version again, the size of a message that gives number type and sizes, then the numbers.
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, PADDLE
from nparams.errors import FormatError, UnsupportedError, place
from nparams.files._paddle.program import MAX_DIMENSION, MAX_DIMENSIONS, TENSOR_DESC
from nparams.files._protobuf.wire import Wire
from nparams.files.bytesource import MemorySource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nparams.files.bytesource import ByteSource

HEAD = 16  # bytes: version (4), levels of detail (8), version of the tensor (4), without any level
MAX_LEVELS = 16
MAX_DESC = 1_024  # bytes of a message of sizes
WINDOW = 4_096
MAX_VARIABLES = 200_000


class Stream:
    """Reads the variables of one file; small ones that lie beside each other are read together."""

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self.file = place(source.name)
        self.base = 0
        self.data = b""

    def variables(self) -> list[tuple[tuple[int, ...], str]]:
        """(shape, number type) of every variable."""
        found: list[tuple[tuple[int, ...], str]] = []
        at = 0
        while at < self.source.size:
            if len(found) >= MAX_VARIABLES:
                self.fail(at, f"more than {MAX_VARIABLES:,} variables")
            shape, dtype, at = self._one(at, len(found))
            found.append((shape, dtype))
        return found

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the offset."""
        raise FormatError(f"{self.file}: byte {at:,}: {what}")

    def take(self, at: int, length: int) -> bytes:
        """Bytes of the file."""
        if not self.base <= at <= at + length <= self.base + len(self.data):
            if at + length > self.source.size:
                self.fail(at, f"{length:,} bytes of a variable, but {self.source.size - at:,} are left. Cut short?")
            self.data, self.base = self.source.read(at, min(max(WINDOW, length), self.source.size - at)), at
        return self.data[at - self.base : at - self.base + length]

    def number(self, at: int, length: int) -> int:
        """An unsigned number."""
        return int.from_bytes(self.take(at, length), "little")

    def _one(self, at: int, k: int) -> tuple[tuple[int, ...], str, int]:
        """(shape, number type, where the next begins) of the k-th variable."""
        start, levels = at, self.number(at + 4, 8)
        if self.number(at, 4) or levels > MAX_LEVELS:
            self.fail(
                at, f"variable {k:,}: version {self.number(at, 4):,} and {levels:,} levels, where 0 belongs. Damaged?"
            )
        at += 12
        for _ in range(levels):
            at += 8 + self.number(at, 8)
            if at > self.source.size:
                self.fail(start, f"variable {k:,}: levels of detail that end beyond the file. Cut short?")
        version, length = self.number(at, 4), self.number(at + 4, 4)
        if version or not 0 < length <= MAX_DESC:
            self.fail(at, f"variable {k:,}: version {version:,} and {length:,} bytes of sizes. Damaged?")
        shape, dtype, size = self._described(at + 8, length, k)
        at += 8 + length
        if size > self.source.size - at:
            left = self.source.size - at
            self.fail(at, f"variable {k:,} takes {size:,} bytes by its shape, but {left:,} are left. Cut short?")
        return shape, dtype, at + size

    def _described(self, at: int, length: int, k: int) -> tuple[tuple[int, ...], str, int]:
        desc = Wire(MemorySource(self.take(at, length), self.source.name)).message(TENSOR_DESC)
        code, dims = desc.get("data_type", 0), desc.get("dims", [])
        if code not in PADDLE:
            raise UnsupportedError(f"{self.file}: variable {k:,} has the unknown number type {code}")
        if len(dims) > MAX_DIMENSIONS or any(not 0 <= d < MAX_DIMENSION for d in dims):
            self.fail(at, f"variable {k:,} has sizes that are no whole numbers from 0 to 2**48")
        size = BLOCKS[PADDLE[code]][1]
        for d in dims:
            size *= d
        return tuple(dims), PADDLE[code], size
