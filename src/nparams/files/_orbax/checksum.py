"""CRC-32C (Castagnoli), the checksum of every record of OCDBT (RFC 3720, appendix B.4)."""

from __future__ import annotations

POLYNOMIAL = 0x82F63B78  # bits in reverse


def _table() -> list[int]:
    made = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        made.append(value)
    return made


_TABLE: list[int] = []


def crc32c(data: bytes) -> int:
    """The checksum of some bytes.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    if not _TABLE:
        _TABLE.extend(_table())
    table, value = _TABLE, 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF
