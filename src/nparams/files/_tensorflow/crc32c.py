"""CRC-32C (Castagnoli) of a few bytes, and the mask that TensorFlow keeps it under.

Polynomial: RFC 3720 B.4.  Mask: tensorflow/tensorflow tensorflow/core/lib/hash/crc32c.h.
"""

from __future__ import annotations

POLYNOMIAL = 0x82F63B78
DELTA = 0xA282EAD8
ALL = 0xFFFFFFFF
_TABLE: list[int] = []


def crc32c(data: bytes) -> int:
    """The checksum of `data`.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    if not _TABLE:
        _TABLE.extend(map(_entry, range(256)))
    value, table = ALL, _TABLE
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ ALL


def masked(value: int) -> int:
    """The checksum as files store it.

    >>> hex(masked(0xe3069283))
    '0xc78ab0e5'
    """
    return ((value >> 15 | value << 17) + DELTA) & ALL


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
    return value
