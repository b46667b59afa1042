"""Writes .caffemodel files field by field, right or wrong: what the tests and the fuzzer feed the reader.

BVLC/caffe src/caffe/proto/caffe.proto; the raw numbers are those of NVIDIA/TensorRT parsers/caffe/proto/trtcaffe.proto.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from struct import pack

from tests.strangers_cases import field, varint

V1_CONVOLUTION, V1_INNER_PRODUCT, V1_DATA, V1_PRELU = 4, 14, 5, 99


def packed(number: int, values: Sequence[int]) -> bytes:
    """A packed field of varints."""
    return field(number, b"".join(varint(n) for n in values))


def floats(count: int, number: int = 5) -> bytes:
    """Numbers in a packed field of floats."""
    return field(number, bytes(4 * count))


def loose(count: int, number: int = 5) -> bytes:
    """Numbers one by one, each with its tag."""
    return (varint(number << 3 | 5) + pack("<f", 1)) * count


def blob(*shape: int, count: int | None = None, data: bytes | None = None) -> bytes:
    """A blob with a shape of today; `count` numbers instead of the right ones, or `data` instead of all of them."""
    numbers = floats(prod(shape) if count is None else count) if data is None else data
    return numbers + field(7, packed(1, shape))


def legacy(n: int, c: int, h: int, w: int) -> bytes:
    """A blob with four sides."""
    return field(1, n) + field(2, c) + field(3, h) + field(4, w) + floats(n * c * h * w)


def double(*shape: int) -> bytes:
    """A blob of float64."""
    return blob(*shape, data=field(8, bytes(8 * prod(shape))))


def raw(kind: int, width: int, *shape: int) -> bytes:
    """A blob of NVIDIA's fork."""
    return blob(*shape, data=field(10, kind) + field(12, bytes(width * prod(shape))))


def layer(name: str, kind: str, *blobs: bytes, shared: Sequence[str] = (), group: int = 0, more: bytes = b"") -> bytes:
    """A layer of today."""
    specs = b"".join(field(6, field(1, each)) for each in shared)
    grouped = field(106, field(5, group)) if group else b""
    body = field(1, name) + field(2, kind) + field(3, "x") + field(4, "y") + specs
    return field(100, body + b"".join(field(7, each) for each in blobs) + grouped + more)


def v1(name: str, kind: int, *blobs: bytes, shared: Sequence[str] = ()) -> bytes:
    """A layer of the second age."""
    names = b"".join(field(1001, each) for each in shared)
    return field(2, field(2, "x") + field(4, name) + field(5, kind) + b"".join(field(6, b) for b in blobs) + names)


def v0(name: str, kind: str, *blobs: bytes) -> bytes:
    """A layer of the first age, in one of the second."""
    return field(2, field(1, field(1, name) + field(2, kind) + b"".join(field(50, each) for each in blobs)))


def net(*layers: bytes, name: str = "net") -> bytes:
    """A whole file."""
    return field(1, name) + b"".join(layers)


LENET = net(
    layer("data", "Input"), layer("conv1", "Convolution", blob(4, 1, 5, 5), blob(4)), layer("pool1", "Pooling"),
    layer("bn1", "BatchNorm", blob(4), blob(4), blob(1)), layer("scale1", "Scale", blob(4), blob(4)),
    layer("ip/dense", "InnerProduct", blob(10, 16), blob(10)), name="LeNet",
)  # fmt: skip
