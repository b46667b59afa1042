"""Writes GGUF byte by byte, right or wrong: what the tests, the fuzzer and the benchmark feed the reader."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

# docs/gguf.md, gguf_metadata_value_type
CODES = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f", "bool": "B",
         "u64": "Q", "i64": "q", "f64": "d"}  # fmt: skip
KINDS = {"u8": 0, "i8": 1, "u16": 2, "i16": 3, "u32": 4, "i32": 5, "f32": 6, "bool": 7, "str": 8, "arr": 9,
         "u64": 10, "i64": 11, "f64": 12}  # fmt: skip
F32, F16, Q4_0, Q8_0, Q4_K = 0, 1, 2, 8, 12
# (values, bytes) of a block, for the few types that tests lay out themselves
WIDTHS = {F32: (1, 4), F16: (1, 2), Q4_0: (32, 18), Q8_0: (32, 34), Q4_K: (256, 144)}


class T(NamedTuple):
    """A tensor as the file stores it: `dims` fastest first; `offset` None lays it after the one before."""

    name: str | bytes
    dims: Sequence[int]
    kind: int = F32
    offset: int | None = None
    rank: int | None = None


def text(value: str | bytes, order: str = "<") -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(order + "Q", len(data)) + data


def value(kind: str, content: Any, order: str = "<") -> bytes:
    """A value without its type; an array is ("u32", [1, 2]), nested ("arr", [("u8", [1])])."""
    if kind == "str":
        return text(content, order)
    if kind == "arr":
        inner, items = content
        return struct.pack(order + "IQ", KINDS[inner], len(items)) + b"".join(value(inner, i, order) for i in items)
    return struct.pack(order + CODES[kind], content)


def pair(key: str | bytes, kind: str, content: Any, order: str = "<") -> bytes:
    return text(key, order) + struct.pack(order + "I", KINDS[kind]) + value(kind, content, order)


def size_of(tensor: T) -> int:
    """Bytes of its data."""
    elements = 1
    for n in tensor.dims:
        elements *= n
    block, width = WIDTHS.get(tensor.kind, (1, 0))
    return elements // block * width


def entries(tensors: Iterable[T], order: str = "<", alignment: int = 32) -> tuple[bytes, int]:
    """The list of tensors, and the bytes that their data takes."""
    out, end = [], 0
    for t in tensors:
        offset = end if t.offset is None else t.offset
        rank = len(t.dims) if t.rank is None else t.rank
        dims = struct.pack(f"{order}{len(t.dims)}Q", *t.dims)
        out.append(
            text(t.name, order) + struct.pack(order + "I", rank) + dims + struct.pack(order + "IQ", t.kind, offset)
        )
        end = max(end, offset + -(-size_of(t) // alignment) * alignment)
    return b"".join(out), end


def gguf(
    pairs: Sequence[tuple[str | bytes, str, Any] | bytes] = (),
    tensors: Sequence[T] = (),
    *,
    version: int = 3,
    order: str = "<",
    alignment: int = 32,
    magic: bytes = b"GGUF",
    tensor_count: int | None = None,
    pair_count: int | None = None,
    data: int | None = None,
) -> bytes:
    """A whole file; counts and the bytes of data are the true ones unless given."""
    counts = len(tensors) if tensor_count is None else tensor_count, len(pairs) if pair_count is None else pair_count
    head = magic + struct.pack(order + "IQQ", version, *counts)
    head += b"".join(p if isinstance(p, bytes) else pair(*p, order) for p in pairs)
    listed, size = entries(tensors, order, alignment)
    head += listed
    if not tensors:
        return head
    return head + bytes(-len(head) % alignment + (size if data is None else data))


def shards(
    stem: str, sets: Sequence[Sequence[T]], pairs: Sequence[tuple[str, str, Any]] = (), order: str = "<"
) -> dict[str, bytes]:
    """A split set as gguf-split writes it: name -> bytes; `pairs` stand in the first file."""
    total = sum(len(tensors) for tensors in sets)
    files = {}
    for i, tensors in enumerate(sets):
        split = [("split.no", "u16", i), ("split.count", "u16", len(sets)), ("split.tensors.count", "i32", total)]
        name = f"{stem}-{i + 1:05d}-of-{len(sets):05d}.gguf"
        files[name] = gguf([*(pairs if i == 0 else ()), *split], tensors, order=order)
    return files
