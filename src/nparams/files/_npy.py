"""The header of one NumPy array: a short Python dict as text, matched and never evaluated.

Format: numpy/lib/_format_impl.py, "Format Version 1.0" to "3.0"; number types: the array interface's typestr.
"""

from __future__ import annotations

import re

from nparams.errors import FormatError, UnsupportedError, shown
from nparams.network import Tensor
from nparams.roles import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAGIC = b"\x93NUMPY"
#: bytes before the text: magic, version, and its length in two bytes (version 1) or four
LEAST, MOST = 10, 12
MAX_HEADER = 65_535 + MOST
MAX_DIMENSIONS = 64  # NPY_MAXDIMS since NumPy 2
MAX_DIMENSION = 1 << 48
#: typestr without its byte order -> canonical name
DTYPES = {
    "b1": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "u2": "uint16",
    "u4": "uint32", "u8": "uint64", "f2": "float16", "f4": "float32", "f8": "float64", "c8": "complex64",
    "c16": "complex128",
}  # fmt: skip
#: letter of a typestr -> what it stands for, where that is no number of a model
STRANGE = {"S": "bytes", "a": "bytes", "U": "text", "M": "dates", "m": "time spans"}

DESCR = re.compile(r"'descr'\s*:\s*(?:'([^'\\]*)'|(\[|\())")
ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)\b")
SHAPE = re.compile(r"'shape'\s*:\s*\(([\d\s,L]*)\)")
WHOLE = re.compile(
    r"\{\s*(?:'(?:descr|fortran_order|shape)'\s*:\s*(?:'[^'\\]*'|True|False|\([\d\s,L]*\))\s*(?:,\s*|(?=\}))){3}\}\s*"
)
TYPE = re.compile(r"[<>|=]?([a-zA-Z])(\d*)(?:\[[^\]]*\])?")


class Header:
    """What the header says: shape, canonical dtype (None: no number of a model), bytes a value, where data begins."""

    __slots__ = ("data", "dtype", "shape", "text", "width")

    def __init__(self, text: str, dtype: str | None, width: int, shape: tuple[int, ...], data: int) -> None:
        #: the type as written: "<f4"
        self.text = text
        self.dtype = dtype
        self.width = width
        self.shape = shape
        self.data = data

    @property
    def size(self) -> int:
        """How many values there are."""
        size = 1
        for d in self.shape:
            size *= d
        return size


def length_of(start: bytes, name: str) -> int:
    """The bytes that the header takes, by its first twelve; `name` is for messages."""
    if len(start) < LEAST or not start.startswith(MAGIC):
        raise FormatError(f"{name}: {start[:6]!r} where a NumPy array begins with {MAGIC!r}. Damaged, or cut short?")
    if start[6] not in (1, 2, 3):
        raise FormatError(f"{name}: version {start[6]}.{start[7]} of the NumPy format (byte 6); 1.0 to 3.0 are known")
    length = (
        LEAST + int.from_bytes(start[8:10], "little") if start[6] == 1 else MOST + int.from_bytes(start[8:12], "little")
    )
    if length > MAX_HEADER:
        raise FormatError(f"{name}: a header of {length:,} bytes (byte 8); at most {MAX_HEADER:,} are read")
    return length


def parse(header: bytes, name: str) -> Header:
    """The header, checked.

    Raises FormatError where it is no header, UnsupportedError for arrays of Python objects or of records.

    >>> text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"
    >>> parse(MAGIC + bytes((1, 0, len(text), 0)) + text, "a.npy").size
    12
    """
    text = header[LEAST if header[6] == 1 else MOST :].decode("utf-8" if header[6] == 3 else "latin-1", "replace")
    descr, order, shape = DESCR.search(text), ORDER.search(text), SHAPE.search(text)
    if descr is not None and descr[1] is None:
        raise UnsupportedError(f"{name}: an array of records (several fields a value), which is no tensor")
    if descr is None or order is None or shape is None or not WHOLE.fullmatch(text):
        raise FormatError(f"{name}: {shown(text)} is no header of a NumPy array ('descr', 'fortran_order', 'shape')")
    dtype, width = _type(descr[1], name)
    return Header(descr[1], dtype, width, _shape(shape[1], name), len(header))


def _type(text: str, name: str) -> tuple[str | None, int]:
    found = TYPE.fullmatch(text)
    if found is None or len(found[2]) > 9:
        _bad(name, f"{shown(text)} is no number type of NumPy")
    letter, digits = found[1], found[2]
    if letter == "O":
        raise UnsupportedError(
            f"{name}: an array of Python objects: a pickle, which is not loaded. Save each array itself with np.savez"
        )
    known = DTYPES.get(letter + digits)
    if known is None and letter not in STRANGE and letter != "V" and not (letter in "fc" and digits):
        _bad(name, f"the unknown number type {shown(text)}; known are {', '.join(DTYPES)}")
    width = int(digits or 0) * (4 if letter == "U" else 1)
    return known, 8 if letter in "Mm" else width


def _shape(text: str, name: str) -> tuple[int, ...]:
    parts = [part.strip().removesuffix("L") for part in text.split(",")]  # Python 2 wrote 10L
    if parts and not parts[-1]:
        parts.pop()
    if len(parts) > MAX_DIMENSIONS or not all(part.isdigit() and len(part) < 20 for part in parts):
        _bad(name, f"the shape ({shown(text)[1:-1]})")
    shape = tuple(map(int, parts))
    if shape and max(shape) >= MAX_DIMENSION:
        _bad(name, f"a dimension of {max(shape):,}; at most 2**48 is read")
    return shape


def _bad(name: str, what: str) -> NoReturn:
    raise FormatError(f"{name}: its header has {what}")


def tensor(name: str, header: Header) -> Tensor:
    """The array as a tensor: text and dates are no numbers of a model; raw values (|V2) have a width and no name."""
    letter = header.text.lstrip("<>|=")[:1]
    size = header.size
    if letter in STRANGE:
        return Tensor(name, header.shape, None, "other", stored=(size, size * header.width), note=STRANGE[letter])
    role, note = role_of(name, header.shape, header.dtype)
    if header.dtype is None:
        told = f"number type {header.text}: {header.width} bytes a value, of a kind that is not written"
        return Tensor(name, header.shape, None, role, stored=(size, size * header.width), note=note or told)
    return Tensor(name, header.shape, header.dtype, role, note=note)
