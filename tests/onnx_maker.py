"""Writes ONNX byte by byte, right or wrong: what the tests, the fuzzer and the benchmark feed the reader.

Field numbers are those of onnx/onnx onnx/onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

FLOAT, UINT8, INT8, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE, COMPLEX64 = 1, 2, 3, 6, 7, 8, 9, 10, 11, 14
UINT4, INT4, FLOAT4, UINT2 = 21, 22, 23, 25
#: data type -> bits of one number
BITS = {FLOAT: 32, UINT8: 8, INT8: 8, 4: 16, 5: 16, INT32: 32, INT64: 64, BOOL: 8, FLOAT16: 16, DOUBLE: 64, 12: 32,
        13: 64, COMPLEX64: 64, 15: 128, 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, UINT4: 4, INT4: 4, FLOAT4: 4, 24: 8,
        UINT2: 2, 26: 2, 27: 6, 28: 6}  # fmt: skip


# -- the wire ----------------------------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    """An integer; negative ones take ten bytes."""
    value %= 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def fixed(field: int, value: float) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<f", value)


def chunk(field: int, data: bytes | str) -> bytes:
    """A field with a length: text, or a message."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


# -- tensors -----------------------------------------------------------------------------------------------------


def tensor(
    name: str,
    dims: Sequence[int] = (),
    kind: int = FLOAT,
    *,
    raw: bytes | None = None,
    typed: bytes = b"",
    location: Mapping[str, str] | None = None,
) -> bytes:
    """A TensorProto; its numbers are zeros in raw_data unless `raw`, `typed` fields or another file hold them."""
    out = b"".join(number(1, n) for n in dims) + number(2, kind) + typed
    if name:
        out += chunk(8, name)
    if location is not None:
        pairs = (chunk(1, key) + chunk(2, value) for key, value in location.items())
        return out + b"".join(chunk(13, pair) for pair in pairs) + number(14, 1)
    if raw is None and not typed and kind in BITS:
        raw = bytes(-(-prod(dims) * BITS[kind] // 8))
    return out if raw is None else out + chunk(9, raw)


def integers(name: str, *values: int) -> bytes:
    """An int64 vector with those values."""
    return tensor(name, [len(values)], INT64, raw=b"".join(v.to_bytes(8, "little", signed=True) for v in values))


def sparse(name: str, dims: Sequence[int], stored: int, *, places: Sequence[int] | None = None) -> bytes:
    """A SparseTensorProto of `stored` floats."""
    indices = tensor("", [stored] if places is None else places, INT64)
    return chunk(1, tensor(name, [stored])) + chunk(2, indices) + b"".join(number(3, n) for n in dims)


# -- graphs ------------------------------------------------------------------------------------------------------


class Tensor(bytes):
    """A TensorProto as the value of an attribute."""


class Sparse(bytes):
    """A SparseTensorProto as the value of an attribute."""


class Graph(bytes):
    """A GraphProto as the value of an attribute."""


class Ref(str):
    """The attribute of the function around, that gives this one its value."""


def attribute(name: str, value: Any) -> bytes:
    """An AttributeProto: what kind it is, the type of the value says."""
    out = chunk(1, name)
    if isinstance(value, Ref):
        return out + chunk(21, value)
    if isinstance(value, (Tensor, Graph, Sparse)):
        return out + chunk({Tensor: 5, Graph: 6, Sparse: 22}[type(value)], value)
    if isinstance(value, str):
        return out + chunk(4, value)
    if isinstance(value, (float, int)):
        return out + (fixed(2, value) if isinstance(value, float) else number(3, value))
    return out + b"".join(_item(v) for v in value)


def _item(value: Any) -> bytes:
    """One entry of a list."""
    if isinstance(value, float):
        return fixed(7, value)
    if isinstance(value, int):
        return number(8, value)
    return chunk(10 if isinstance(value, Tensor) else 11 if isinstance(value, Graph) else 9, value)


def node(op: str, inputs: str = "", outputs: str = "y", domain: str = "", name: str = "", **attributes: Any) -> bytes:
    """A NodeProto; inputs and outputs as words, `_` for one that is left out."""
    out = b"".join(chunk(1, "" if word == "_" else word) for word in inputs.split())
    out += b"".join(chunk(2, word) for word in outputs.split())
    out += chunk(3, name) if name else b""
    out += chunk(4, op) + b"".join(chunk(5, attribute(key, value)) for key, value in attributes.items())
    return out + (chunk(7, domain) if domain else b"")


def constant(name: str, dims: Sequence[int] = (), kind: int = FLOAT) -> bytes:
    """A Constant node of zeros."""
    return node("Constant", "", name, value=Tensor(tensor("", dims, kind)))


def graph(
    nodes: Sequence[bytes] = (),
    initializers: Sequence[bytes] = (),
    *,
    inputs: str = "x",
    outputs: str = "y",
    sparse: Sequence[bytes] = (),
    extra: bytes = b"",
) -> Graph:
    """A GraphProto."""
    out = b"".join(chunk(1, n) for n in nodes) + chunk(2, "g") + b"".join(chunk(5, t) for t in initializers)
    out += b"".join(chunk(11, chunk(1, word)) for word in inputs.split())
    out += b"".join(chunk(12, chunk(1, word)) for word in outputs.split())
    return Graph(out + b"".join(chunk(15, s) for s in sparse) + extra)


def function(
    name: str, inputs: str, outputs: str, nodes: Sequence[bytes], *, domain: str = "f", extra: bytes = b""
) -> bytes:
    """A FunctionProto."""
    out = chunk(1, name) + b"".join(chunk(4, word) for word in inputs.split())
    out += b"".join(chunk(5, word) for word in outputs.split()) + b"".join(chunk(7, n) for n in nodes)
    return out + chunk(10, domain) + extra


def model(
    nodes: Sequence[bytes] | Graph = (),
    initializers: Sequence[bytes] = (),
    *,
    version: int = 8,
    functions: Sequence[bytes] = (),
    training: Sequence[bytes] = (),
    producer: str = "",
    **more: Any,
) -> bytes:
    """A whole file."""
    inner = nodes if isinstance(nodes, Graph) else graph(nodes, initializers, **more)
    out = number(1, version) + (chunk(2, producer) if producer else b"") + chunk(7, inner)
    out += chunk(8, chunk(1, "") + number(2, 17))
    out += b"".join(chunk(20, chunk(1, t)) for t in training)
    return out + b"".join(chunk(25, f) for f in functions)
