"""Writes msgpack byte by byte, right or wrong, and arrays as Flax puts them into it (flax/serialization.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import pack as packed

WIDTHS = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int32": 4, "int64": 8, "uint32": 4, "uint8": 1,
          "bool": 1, "int4": 1, "complex64": 8}  # fmt: skip


class Raw(bytes):
    """Bytes that stand in the file as they are."""


def head(kind: int, small: tuple[int, int], count: int) -> bytes:
    """The head of a text, list or map: `small` is (first byte, most entries) of the short form, `kind` its 16 bits."""
    first, most = small
    if count <= most:
        return bytes((first + count,))
    return bytes((kind,)) + count.to_bytes(2, "big") if count < 65536 else bytes((kind + 1,)) + count.to_bytes(4, "big")


def pack(value: object) -> bytes:
    """Any value as msgpack."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return bytes((value & 0xFF,)) if -32 <= value < 128 else b"\xd3" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, float):
        return b"\xcb" + packed(">d", value)
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape")
        return head(0xDA, (0xA0, 31), len(text)) + text
    if isinstance(value, bytes):
        return b"\xc6" + len(value).to_bytes(4, "big") + value
    if isinstance(value, Mapping):
        return head(0xDE, (0x80, 15), len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())
    assert isinstance(value, Sequence)
    return head(0xDC, (0x90, 15), len(value)) + b"".join(map(pack, value))


def extension(code: int, data: bytes, length: int | None = None) -> Raw:
    """An extension of a type; `length` is what it says that it holds."""
    return Raw(b"\xc9" + (len(data) if length is None else length).to_bytes(4, "big") + bytes((code,)) + data)


def array(shape: Sequence[object], dtype: object = "float32", data: bytes | None = None, code: int = 1) -> Raw:
    """An array as Flax writes it; without data, as many zeros as it takes."""
    if data is None:
        size = WIDTHS[str(dtype)]
        for side in shape:
            assert isinstance(side, int)
            size *= side
        data = bytes(size)
    return extension(code, pack([list(shape), dtype, data]))


def chunked(shape: Sequence[object], pieces: Sequence[object], **more: object) -> dict[str, object]:
    """An array in pieces."""
    numbered = {str(k): side for k, side in enumerate(shape)}
    return {"__msgpack_chunked_array__": True, "shape": numbered,
            "chunks": {str(k): piece for k, piece in enumerate(pieces)}, **more}  # fmt: skip
