"""Writes pickles opcode by opcode, and PyTorch files around them (Lib/pickletools.py; torch/serialization.py)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.zip_maker import M, archive

MARK, TUPLE, REDUCE, STOP, POP, NONE = b"(", b"t", b"R", b".", b"0", b"N"
PROTO = b"\x80\x02"


def word(text: str) -> bytes:
    """BINUNICODE."""
    raw = text.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    """BININT, or LONG1 for what it cannot hold."""
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def group(*items: bytes) -> bytes:
    return MARK + b"".join(items) + TUPLE


def name(module: str, attribute: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{attribute}\n".encode()


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + group(*arguments) + REDUCE


def storage(key: str = "0", numel: int = 6, kind: str = "FloatStorage") -> bytes:
    """BINPERSID of a storage."""
    return group(word("storage"), name("torch", kind), word(key), word("cpu"), number(numel)) + b"Q"


def tensor(
    shape: Sequence[int] = (2, 3), stride: Sequence[int] | None = None, offset: int = 0, held: bytes | None = None
) -> bytes:
    """torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)."""
    hooks = call("collections", "OrderedDict")
    return call(
        "torch._utils", "_rebuild_tensor_v2", held or storage(), number(offset), group(*map(number, shape)),
        group(*map(number, strides(shape) if stride is None else stride)), b"\x89", hooks,
    )  # fmt: skip


def strides(shape: Sequence[int]) -> list[int]:
    """Those of an array without gaps."""
    found, step = [], 1
    for n in reversed(shape):
        found.append(step)
        step *= max(n, 1)
    return found[::-1]


def pairs(**values: bytes) -> bytes:
    """A dictionary."""
    return b"}" + MARK + b"".join(word(key) + value for key, value in values.items()) + b"u"


def pickled(value: bytes) -> bytes:
    return PROTO + value + STOP


def pt(pickle: bytes, *more: M, data: bytes = bytes(24), root: str = "m", **options: object) -> bytes:
    """A file as torch.save writes it, around any pickle."""
    held = [M(f"{root}/data.pkl", pickle), M(f"{root}/byteorder", b"little"), M(f"{root}/data/0", data)]
    return archive([*held, *more, M(f"{root}/version", b"3\n")], **options)  # type: ignore[arg-type]


GOOD = pickled(pairs(weight=tensor()))
