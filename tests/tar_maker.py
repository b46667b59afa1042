"""Writes tar archives block by block, right or wrong (POSIX pax, "ustar Interchange Format")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BLOCK = 512


class F(NamedTuple):
    """A member; what is not None contradicts the data."""

    name: str
    data: bytes = b""
    kind: bytes = b"0"
    size: bytes | None = None
    checksum: bytes | None = None
    prefix: str = ""
    link: str = ""


def header(file: F) -> bytes:
    size = b"%011o\0" % len(file.data) if file.size is None else file.size.ljust(12, b"\0")
    made = bytearray(
        file.name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0"
        + b" " * 8 + file.kind + file.link.encode().ljust(100, b"\0") + b"ustar\x0000" + bytes(80)
        + file.prefix.encode().ljust(155, b"\0") + bytes(12)
    )  # fmt: skip
    made[148:156] = b"%06o\0 " % sum(made) if file.checksum is None else file.checksum
    return bytes(made)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def tar(files: Sequence[F], end: bytes = bytes(2 * BLOCK)) -> bytes:
    return b"".join(header(file) + padded(file.data) for file in files) + end


def pax(**keys: str) -> bytes:
    """Keys of a pax header: each with its own length in front."""
    found = b""
    for key, value in keys.items():
        rest = f" {key}={value}\n".encode()
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length += 1
        found += str(length).encode() + rest
    return found
