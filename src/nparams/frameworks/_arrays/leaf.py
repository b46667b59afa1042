"""One array in memory: its shape and number type, read from what it says of itself; its numbers stay where they are."""

from __future__ import annotations

from operator import index

from nparams.dtypes import BLOCKS
from nparams.errors import ReadError, UnsupportedError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: packages whose objects with a shape and a dtype are arrays, or stand for one (jax.ShapeDtypeStruct)
PACKAGES = frozenset(
    ("numpy", "jax", "jaxlib", "mlx", "cupy", "tensorflow", "torch", "tensorstore", "dask", "h5py", "zarr", "orbax")
)
#: kinds of NumPy number types (numpy.dtype.kind) that hold no numbers of a network, each with a word for it
NO_NUMBERS = {"S": "text", "U": "text", "T": "text", "M": "dates", "m": "times"}

#: classes of plain arrays, whose shape is a tuple of whole numbers: those of NumPy, and others (of JAX)
NUMPY, OTHER = 1, 2
PLAIN = {("numpy", "ndarray"): NUMPY, ("jaxlib", "ArrayImpl"): OTHER, ("jax", "ArrayImpl"): OTHER}

_ARRAYS: dict[type, bool] = {}
_SORTS: dict[type, int] = {}
#: number types that were named before: naming one takes NumPy longer than all else here
_TYPES: dict[object, tuple[str, int | None]] = {}


class Leaf:
    """What is read of one array.

    `shape` is None where a side is not known yet; `stored` is (elements, bytes) where the number type is one that the
    table of dtypes does not know, or whose array keeps a byte for less; `lasting`: whether it is memory of its own, so
    that a second name for it is the same array.
    """

    __slots__ = ("dtype", "lasting", "shape", "stored")

    def __init__(
        self, shape: tuple[int, ...] | None, dtype: str | None, stored: tuple[int, int] | None, lasting: bool
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.stored = stored
        self.lasting = lasting


def is_array(value: object) -> bool:
    """Whether a value is an array of a package that is known, or its shape and number type alone.

    >>> is_array([1.0, 2.0]), is_array("784")
    (False, False)
    """
    return is_array_type(type(value))


def is_array_type(kind: type) -> bool:
    """The same by the class alone.

    >>> is_array_type(list)
    False
    """
    known = _ARRAYS.get(kind)
    if known is None:
        known = _ARRAYS[kind] = any(
            base.__module__.partition(".")[0] in PACKAGES and hasattr(base, "shape") and hasattr(base, "dtype")
            for base in kind.__mro__
        )
    return known


def sort_of(value: object) -> int:
    """NUMPY or OTHER for plain arrays, 0 for all else.

    >>> sort_of([1.0])
    0
    """
    cls = type(value)
    sort = _SORTS.get(cls)
    if sort is None:
        sort = _SORTS[cls] = PLAIN.get((cls.__module__.partition(".")[0], cls.__name__), 0)
    return sort


def leaf_of(value: Any, name: str) -> Leaf | None:
    """What an array says of itself; None where it holds no numbers (text, dates).

    Raises UnsupportedError for Python objects and records, ReadError for a side that is no whole number.
    """
    dtype, width = _TYPES.get(value.dtype) or _number_type(value.dtype, name)
    if dtype in NO_NUMBERS.values():
        return None
    shape = _shape(value.shape, name)
    stored = None
    if shape is not None and width is not None:
        size = 1
        for side in shape:
            size *= side
        stored = (size, size * width)
    return Leaf(shape, dtype, stored, _lasts(value))


def type_of(value: Any, name: str) -> str:
    """The name of its number type."""
    return (_TYPES.get(value.dtype) or _number_type(value.dtype, name))[0]


def _number_type(dtype: Any, name: str) -> tuple[str, int | None]:
    """Its canonical name, and how many bytes each number takes where the table of dtypes cannot tell."""
    told = getattr(dtype, "name", None)
    told = told if isinstance(told, str) else str(dtype).rpartition(".")[2].strip("'<>")
    width = getattr(dtype, "itemsize", None)
    if told in BLOCKS:
        found = told, width if BLOCKS[told][0] > 1 and isinstance(width, int) else None
        return _TYPES.setdefault(dtype, found)
    kind = getattr(dtype, "kind", "")
    if kind == "O":
        raise UnsupportedError(
            f"{shown(name)} is an array of Python objects, whose sizes it does not say; give its entries as a list"
        )
    if getattr(dtype, "names", None):
        raise UnsupportedError(f"{shown(name)} is an array of records; give each field as an array of its own")
    return NO_NUMBERS.get(kind, told), width if isinstance(width, int) else None


def _shape(sides: Any, name: str) -> tuple[int, ...] | None:
    try:
        given = tuple(sides)
    except (TypeError, ValueError):  # tensorflow.TensorShape(None)
        return None
    if any(side is None for side in given):
        return None
    try:
        return tuple(index(side) for side in given)
    except TypeError:
        raise ReadError(
            f"{shown(name)} has the shape {escaped_shape(given)}: not whole numbers; give it with numbers for them"
        ) from None


def escaped_shape(sides: tuple[object, ...]) -> str:
    """A shape for a one-line message."""
    return shown(", ".join(str(side)[:20] for side in sides[:8]))


def _lasts(value: object) -> bool:
    """A ShapeDtypeStruct stands for any array of its kind, and a NumPy scalar is a number: neither is memory."""
    kind = type(value)
    return kind.__name__ != "ShapeDtypeStruct" and not any(base.__name__ == "generic" for base in kind.__mro__)


def is_inexact(dtype: str | None) -> bool:
    """Whether a number type is one that gradients pass through, as jax.numpy.inexact has it.

    >>> is_inexact("bfloat16"), is_inexact("complex64"), is_inexact("int32"), is_inexact("key<fry>")
    (True, True, False, False)
    """
    return dtype is not None and (dtype.startswith(("float", "bfloat", "complex", "bcomplex")) or dtype == "longdouble")


def is_key(dtype: str | None) -> bool:
    """Whether it is the state of a generator of random numbers (jax.random.key).

    >>> is_key("key<fry>"), is_key("uint32")
    (True, False)
    """
    return dtype is not None and dtype.startswith("key<")
