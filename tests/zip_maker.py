"""Writes zip archives byte by byte, right or wrong: what the tests and the fuzzers feed the readers."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple


class M(NamedTuple):
    """A member; what is not None contradicts the data: `local_*` in its own header, the others in the directory."""

    name: str
    data: bytes = b""
    deflated: bool = False
    flags: int = 0
    method: int | None = None
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    offset: int | None = None
    extra: bytes = b""
    local_name: str | None = None
    local_size: int | None = None
    local_packed: int | None = None
    local_extra: bytes = b""
    local_mark: bytes = b"PK\x03\x04"


def packed(member: M) -> bytes:
    """The member's data as it lies in the archive."""
    if not member.deflated:
        return member.data
    worker = zlib.compressobj(9, zlib.DEFLATED, -15)
    return worker.compress(member.data) + worker.flush()


def either(given: int | None, real: int) -> int:
    return real if given is None else given


def local(member: M) -> bytes:
    data, name = packed(member), (member.name if member.local_name is None else member.local_name).encode()
    method = either(member.method, 8 * member.deflated)
    size, length = either(member.local_size, len(member.data)), either(member.local_packed, len(data))
    crc = either(member.crc, zlib.crc32(member.data))
    head = struct.pack("<5H3I2H", 20, member.flags, method, 0, 0, crc, length, size, len(name), len(member.local_extra))
    return member.local_mark + head + name + member.local_extra + data


def central(member: M, offset: int) -> bytes:
    data, name = packed(member), member.name.encode()
    method = either(member.method, 8 * member.deflated)
    size, length = either(member.size, len(member.data)), either(member.packed, len(data))
    crc = either(member.crc, zlib.crc32(member.data))
    head = struct.pack(
        "<6H3I5H2I", 20, 20, member.flags, method, 0, 0, crc, length, size, len(name), len(member.extra), 0, 0, 0, 0,
        either(member.offset, offset),
    )  # fmt: skip
    return b"PK\x01\x02" + head + name + member.extra


def archive(
    members: Sequence[M], *, comment: bytes = b"", before: bytes = b"", after: bytes = b"", zip64: bool = False,
    count: int | None = None, offset: int | None = None, length: int | None = None, disk: int = 0,
    hidden: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """A whole archive; the directory knows nothing of `before`, `after` and the `hidden` members."""
    body, listed = b"", b""
    for member in members:
        listed += b"" if member.name in hidden else central(member, len(before + body))
        body += local(member)
    start, number = either(offset, len(before + body)), either(count, len(members) - len(hidden))
    size = either(length, len(listed))
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, size, start)
    wide += struct.pack("<4sIQI", b"PK\x06\x07", 0, len(before + body + listed), 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", disk, disk, number, number, size, start, len(comment)) + comment
    if zip64:
        end = wide + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return before + body + listed + end + after
