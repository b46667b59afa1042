"""Writes safetensors byte by byte, right or wrong: what the tests, the fuzzer and the benchmarks feed the reader."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: bits of one number (safetensors/src/tensor.rs, `Dtype::bitsize`)
BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64,
        "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64}  # fmt: skip


class T(NamedTuple):
    """A tensor: `data` None is zeros of the right length, or the bytes that lie there."""

    name: str
    shape: Sequence[int]
    dtype: str = "F32"
    data: bytes | None = None


def length(tensor: T) -> int:
    """Bytes of its data."""
    bits = BITS[tensor.dtype]
    for n in tensor.shape:
        bits *= n
    return len(tensor.data) if tensor.data is not None else bits // 8


def entries(tensors: Sequence[T]) -> dict[str, dict[str, Any]]:
    """The header's object, data laid out in order."""
    held, at = {}, 0
    for t in tensors:
        end = at + length(t)
        held[t.name] = {"dtype": t.dtype, "shape": list(t.shape), "data_offsets": [at, end]}
        at = end
    return held


def header_of(tensors: Sequence[T], metadata: Mapping[str, str] | None = None) -> bytes:
    """The header as the Rust library spells it: no spaces, metadata first, padded with spaces to eight bytes."""
    held: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    text = json.dumps({**held, **entries(tensors)}, separators=(",", ":"), ensure_ascii=False).encode()
    return text + b" " * (-len(text) % 8)


def file_of(header: bytes | str, data: bytes | int = b"", size: int | None = None) -> bytes:
    """A file around any header, right or wrong; `size` is the length that it claims."""
    raw = header.encode() if isinstance(header, str) else header
    after = bytes(data) if isinstance(data, int) else data
    return (len(raw) if size is None else size).to_bytes(8, "little") + raw + after


def safetensors(tensors: Sequence[T], metadata: Mapping[str, str] | None = None) -> bytes:
    """A whole file."""
    return file_of(
        header_of(tensors, metadata), b"".join(bytes(length(t)) if t.data is None else t.data for t in tensors)
    )


def index_of(weight_map: Mapping[str, str], metadata: Mapping[str, Any] | None = None) -> bytes:
    """The index of a sharded model, as transformers writes it."""
    return json.dumps({"metadata": dict(metadata or {}), "weight_map": dict(weight_map)}, indent=2).encode() + b"\n"


def shards(sets: Sequence[Sequence[T]], metadata: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """A sharded model with its index: name -> bytes."""
    names = [f"model-{i:05}-of-{len(sets):05}.safetensors" for i in range(1, len(sets) + 1)]
    files = {name: safetensors(tensors) for name, tensors in zip(names, sets, strict=True)}
    where = {t.name: name for name, tensors in zip(names, sets, strict=True) for t in tensors}
    return {**files, "model.safetensors.index.json": index_of(where, metadata)}
