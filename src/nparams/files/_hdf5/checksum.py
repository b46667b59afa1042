"""The two checksums of HDF5: lookup3 over metadata, Fletcher's over filtered chunks.

Bob Jenkins's lookup3 (burtleburtle.net/bob/c/lookup3.c, public domain), as H5_checksum_lookup3 in HDFGroup/hdf5
src/H5checksum.c uses it: hashlittle with an initial value of 0.
"""

from __future__ import annotations

from struct import Struct

WORDS, HALF = Struct("<3I"), Struct(">H")
MASK = 0xFFFFFFFF


def lookup3(data: bytes) -> int:
    """The 32-bit checksum that ends every block of HDF5's newer metadata.

    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a = b = c = 0xDEADBEEF + len(data) & MASK
    if not data:
        return c
    padded = data + bytes(-len(data) % 12)
    # Only what is shifted right has to be cut to 32 bits; the rest may run over until then.
    for x, y, z in WORDS.iter_unpack(memoryview(padded)[:-12]):
        b += y
        c = c + z & MASK
        a = (a + x - c ^ (c << 4 | c >> 28)) & MASK
        c += b
        b = (b - a ^ (a << 6 | a >> 26)) & MASK
        a += c
        c = (c - b ^ (b << 8 | b >> 24)) & MASK
        b += a
        a = (a - c ^ (c << 16 | c >> 16)) & MASK
        c += b
        b = (b - a ^ (a << 19 | a >> 13)) & MASK
        a += c
        c = (c - b ^ (b << 4 | b >> 28)) & MASK
        b += a
    x, y, z = WORDS.unpack(padded[-12:])
    return _final(a + x & MASK, b + y & MASK, c + z & MASK)


def _final(a: int, b: int, c: int) -> int:
    """lookup3's last mixing of three words."""
    c = ((c ^ b) - (b << 14 | b >> 18)) & MASK
    a = ((a ^ c) - (c << 11 | c >> 21)) & MASK
    b = ((b ^ a) - (a << 25 | a >> 7)) & MASK
    c = ((c ^ b) - (b << 16 | b >> 16)) & MASK
    a = ((a ^ c) - (c << 4 | c >> 28)) & MASK
    b = ((b ^ a) - (a << 14 | a >> 18)) & MASK
    return ((c ^ b) - (b << 24 | b >> 8)) & MASK


def fletcher32(data: bytes) -> int:
    """Fletcher's checksum over big-endian 16-bit words (H5_checksum_fletcher32).

    >>> hex(fletcher32(b"abcd"))
    '0x2629c4c6'
    """
    low = high = 0
    for (word,) in HALF.iter_unpack(data + bytes(len(data) % 2)):
        low += word
        high += low
    return _folded(high) << 16 | _folded(low)


def _folded(total: int) -> int:
    """A sum modulo 65,535 as Fletcher's algorithm leaves it: 65,535 rather than 0 unless nothing was added."""
    return total % 0xFFFF or (0xFFFF if total else 0)
