"""zarr's record of one array: `.zarray` (version 2) and `zarr.json` (version 3).

zarr-developers/zarr-specs docs/v2/v2.0.rst, "Metadata"; docs/v3/core/index.rst, "Array metadata".  tensorstore adds
number types of ml_dtypes (google/tensorstore tensorstore/driver/zarr/dtype.cc, driver/zarr3/metadata.cc).
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, NUMPY
from nparams.errors import FormatError, UnsupportedError, escaped, shown
from nparams.stored.plain import strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECOND, THIRD = ".zarray", "zarr.json"
DIMENSIONS = 32  # tensorstore's most
DIMENSION, ELEMENTS = 1 << 48, 1 << 62
#: typestr of NumPy's array interface without its byte order -> canonical name
TYPES = {
    "b1": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "u2": "uint16",
    "u4": "uint32", "u8": "uint64", "f2": "float16", "f4": "float32", "f8": "float64", "c8": "complex64",
    "c16": "complex128",
}  # fmt: skip
#: letter of a typestr -> what it stands for, where that is no number of a model
STRANGE = {"S": "bytes", "U": "text", "V": "raw bytes", "M": "dates", "m": "time spans"}


class Zarr:
    """What a record says of an array."""

    __slots__ = ("dtype", "shape", "size", "stored", "why")

    def __init__(self, shape: tuple[int, ...], dtype: str | None, size: int, why: str | None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.size = size
        #: what it holds, where that is no numbers
        self.why = why
        #: (elements, bytes) of number types that are kept in more than they take
        self.stored = (size, size) if dtype is not None and BLOCKS[dtype][0] > 1 else None


def record(data: bytes, what: str) -> Zarr | None:
    """The array that a record describes; None of a group (version 3), which is no array.

    Raises FormatError for what is no record, UnsupportedError for a number type that is not known.

    >>> record(b'{"zarr_format":2,"shape":[2,3],"dtype":"<f4"}', "w/.zarray").size
    6
    """
    try:
        held = strict(data)
    except (ValueError, RecursionError) as problem:
        twice = str(problem) if "appears twice" in str(problem) else "not JSON"
        raise FormatError(f"{what}: {escaped(twice[:200])}. Damaged?") from None
    if not isinstance(held, dict) or held.get("zarr_format") not in (2, 3):
        raise FormatError(f"{what}: no record of zarr 2 or 3")
    if held["zarr_format"] == 3 and held.get("node_type") != "array":
        return None
    shape = held.get("shape")
    size = 1
    if type(shape) is not list or len(shape) > DIMENSIONS:
        raise FormatError(f"{what}: no shape of at most {DIMENSIONS} sides")
    for side in shape:
        if type(side) is not int or not 0 <= side < DIMENSION:
            raise FormatError(f"{what}: a side that is no whole number from 0 to 2**48")
        size *= side
    if size > ELEMENTS:
        raise FormatError(f"{what}: more than 2**62 numbers")
    dtype, why = _type(held.get("dtype" if held["zarr_format"] == 2 else "data_type"), what)
    return Zarr(tuple(shape), dtype, size, why)


def _type(told: Any, what: str) -> tuple[str | None, str | None]:
    """(canonical name, None), or (None, what it holds instead of numbers)."""
    if isinstance(told, list):
        return None, "records"
    text = told if isinstance(told, str) else ""
    bare = text.lstrip("<>|=")
    known = NUMPY.get(text) or (TYPES.get(bare) if text != bare or bare in TYPES else None)
    if known is None and text != bare and bare[:1] in STRANGE:
        return None, STRANGE[bare[0]]
    if known is None:
        raise UnsupportedError(f"{what}: the unknown number type {shown(text) if text else 'of no name'}")
    return known, None
