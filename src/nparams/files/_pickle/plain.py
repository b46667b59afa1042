"""The opcodes that make plain values: numbers and texts.  As in opcodes.py: (machine, window, place) -> place behind.

CPython Lib/pickletools.py gives the operands, Lib/pickle.py what is done.
"""

from __future__ import annotations

from struct import Struct

from nparams.files._pickle.values import Cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._pickle.machine import Machine

UINT4 = Struct("<I").unpack_from
UINT8 = Struct("<Q").unpack_from
FLOAT8 = Struct(">d").unpack_from
LONGEST = 1 << 16  # bytes of a text that is read; a longer one is left where it is
DIGITS = 4_300  # of a whole number in text: what Python itself reads


# -- plain values -----------------------------------------------------------------------------------------------------


def line(data: bytes, pos: int) -> tuple[bytes, int]:
    """A text up to the end of its line, and the place behind that."""
    end = data.find(b"\n", pos, pos + LONGEST)
    if end < 0:
        raise Cut("a line without an end")
    return data[pos:end], end + 1


def whole(text: bytes) -> int:
    """A whole number in decimal digits."""
    if len(text) > DIGITS or not text.lstrip(b"-").isdigit():
        raise ValueError("not a whole number")
    return int(text)


def int_(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    m.stack.append(text == b"01" if text in (b"00", b"01") else whole(text))
    return pos


def long_(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    m.stack.append(whole(text.removesuffix(b"L")))
    return pos


def _little(m: Machine, data: bytes, pos: int, length: int) -> int:
    piece = data[pos : pos + length]
    if length > DIGITS:
        raise ValueError("a number of too many digits")
    if len(piece) != length:
        raise Cut("a number that is cut short")
    m.made += length >> 4
    m.stack.append(int.from_bytes(piece, "little", signed=True))
    return pos + length


def long1(m: Machine, data: bytes, pos: int) -> int:
    return _little(m, data, pos + 1, data[pos])


def long4(m: Machine, data: bytes, pos: int) -> int:
    return _little(m, data, pos + 4, UINT4(data, pos)[0])


def float_(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    m.stack.append(float(text))
    return pos


def binfloat(m: Machine, data: bytes, pos: int) -> int:
    m.stack.append(FLOAT8(data, pos)[0])
    return pos + 8


def newtrue(m: Machine, data: bytes, pos: int) -> int:
    m.stack.append(True)
    return pos


# -- texts ------------------------------------------------------------------------------------------------------------


def _text(m: Machine, kind: str, data: bytes, pos: int, length: int) -> int:
    if length > LONGEST:
        m.stack.append(m.long(kind, pos, length))
        return pos + length
    piece = data[pos : pos + length]
    if len(piece) != length:
        raise Cut("a text that is cut short")
    m.made += 1 + (length >> 4)
    m.stack.append(piece if kind == "bytes" else piece.decode("utf-8", "backslashreplace"))
    return pos + length


def binstring(m: Machine, data: bytes, pos: int) -> int:
    return _text(m, "str", data, pos + 4, UINT4(data, pos)[0])


def short_binstring(m: Machine, data: bytes, pos: int) -> int:
    return _text(m, "str", data, pos + 1, data[pos])


def binunicode8(m: Machine, data: bytes, pos: int) -> int:
    return _text(m, "str", data, pos + 8, UINT8(data, pos)[0])


def binbytes(m: Machine, data: bytes, pos: int) -> int:
    return _text(m, "bytes", data, pos + 4, UINT4(data, pos)[0])


def short_binbytes(m: Machine, data: bytes, pos: int) -> int:
    return _text(m, "bytes", data, pos + 1, data[pos])


def binbytes8(m: Machine, data: bytes, pos: int) -> int:
    return _text(m, "bytes", data, pos + 8, UINT8(data, pos)[0])


def string(m: Machine, data: bytes, pos: int) -> int:
    """STRING: as Python 2's repr wrote it, in quotes."""
    from codecs import escape_decode

    text, pos = line(data, pos)
    if len(text) < 2 or text[:1] not in (b"'", b'"') or text[-1:] != text[:1]:
        raise ValueError("a text without its quotes")
    m.made += 1 + (len(text) >> 4)
    m.stack.append(bytes(escape_decode(text[1:-1])[0]).decode("utf-8", "backslashreplace"))
    return pos


def unicode_(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    m.made += 1 + (len(text) >> 4)
    m.stack.append(printable(text.decode("raw-unicode-escape")))
    return pos


def printable(text: str) -> str:
    """Halves of surrogate pairs, which no text has, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
