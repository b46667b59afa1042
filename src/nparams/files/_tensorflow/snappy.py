"""Snappy, as blocks of a table are compressed with it: undone in memory, within the length that it begins with.

Spec: google/snappy format_description.txt.
"""

from __future__ import annotations

from nparams.files._protobuf.schema import varint

LITERAL = 0  # the low two bits of a tag; 1 to 3 are copies whose distance takes 1, 2 and 4 bytes
LONGEST_SHORT = 60  # a literal's length stands in its tag up to here, in 1 to 4 bytes behind it beyond
DENSEST = 32  # bytes that one byte can stand for (a copy of 64 takes three), with room to spare


def undone(data: bytes, most: int) -> bytes:
    """What was compressed; ValueError where it is not snappy's, or more than `most` bytes.

    >>> undone(b"\\x05\\x04ab\\x05\\x02", 99)
    Traceback (most recent call last):
      ...
    ValueError: it gives 7 bytes, where 5 are declared
    >>> undone(b"\\x06\\x04ab\\x01\\x02", 99)
    b'ababab'
    """
    try:
        length, at = varint(data, 0)
        if length > most or length > DENSEST * len(data):
            raise ValueError(f"it declares {length:,} bytes, more than it can hold or than is read")
        out = bytearray()
        while at < len(data):
            at = _element(data, at, out, length)
    except IndexError:
        raise ValueError("it ends in the middle of an element") from None
    if len(out) != length:
        raise ValueError(f"it gives {len(out):,} bytes, where {length:,} are declared")
    return bytes(out)


def _element(data: bytes, at: int, out: bytearray, most: int) -> int:
    """Add one element to `out`; where the next begins."""
    tag, at = data[at], at + 1
    if tag & 3 == LITERAL:
        size = tag >> 2
        if size >= LONGEST_SHORT:
            width = size - LONGEST_SHORT + 1
            size, at = _little(data, at, width), at + width
        size += 1
        if at + size > len(data):
            raise ValueError("a literal that reaches beyond the end")
        out += data[at : at + size]
        return _checked(out, most, at + size)
    if tag & 3 == 1:
        size, distance, at = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at], at + 1
    else:
        width = 2 if tag & 3 == 2 else 4
        size, distance, at = (tag >> 2) + 1, _little(data, at, width), at + width
    if not 0 < distance <= len(out):
        raise ValueError(f"a copy from {distance:,} bytes back, where {len(out):,} are there")
    piece = bytes(out[-distance:][:size])
    out += (piece * -(-size // len(piece)))[:size]
    return _checked(out, most, at)


def _little(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise ValueError("it ends in the middle of an element")
    return int.from_bytes(data[at : at + width], "little")


def _checked(out: bytearray, most: int, at: int) -> int:
    if len(out) > most:
        raise ValueError(f"it gives {len(out):,} bytes, where {most:,} are declared")
    return at
