"""A tensor as a checkpoint describes it: shape, dtype and place, in plain numbers."""

from __future__ import annotations

from nparams.dtypes import bytes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, Self

    class Memory(Protocol):
        """Bytes that tensors are views on; a part of one has another `root`, and begins at its byte `start`."""

        key: str
        start: int

        @property
        def root(self) -> Self:
            """The whole that this is a part of, or itself."""


MAX_DIMENSIONS = 64
MAX_DIMENSION = 1 << 48
MAX_ELEMENTS = 1 << 62


class Wrong(Exception):
    """A tensor that is described in no possible way; never leaves this room."""


class Array:
    """A tensor as described; `storage` is None where it has none of its own (sparse, meta, a wrapper, numpy)."""

    __slots__ = (
        "buffer", "dtype", "foreign", "kind", "note", "offset", "parameter", "parts", "shape", "size", "storage",
        "stored", "stride", "told", "trainable",
    )  # fmt: skip

    def __init__(self, shape: tuple[int, ...] | None, dtype: str | None, size: int | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.size = size if size is not None and size <= MAX_ELEMENTS else 0 if shape is None else product(shape)
        self.storage: Any = None  # a Memory, of its reader's own kind
        #: first element and steps, in elements of its dtype
        self.offset = 0
        self.stride: tuple[int, ...] = ()
        #: (elements, bytes) where that is not shape x dtype
        self.stored: tuple[int, int] | None = None
        #: registered as a parameter, as a buffer
        self.parameter = False
        self.buffer = False
        self.trainable: bool | None = None
        #: the subclass of torch.Tensor that it is, by its name, and the tensors that it is made of where it wraps some
        self.kind: str | None = None
        self.parts: dict[str, Array] = {}
        #: the number type that the attributes of a wrapper name, where that is not the one of what it wraps
        self.told: str | None = None
        #: whether it is an array of another library
        self.foreign = False
        self.note: str | None = None


def product(shape: tuple[Any, ...]) -> int:
    """The numbers in a shape; Wrong where it is none.

    >>> product((2, 3)), product(())
    (6, 1)
    """
    size = 1
    if len(shape) > MAX_DIMENSIONS:
        raise Wrong(f"has {len(shape):,} dimensions; at most {MAX_DIMENSIONS} are read")
    for d in shape:
        if d.__class__ is not int or not 0 <= d < MAX_DIMENSION:
            raise Wrong("has a dimension that is no whole number from 0 to 2**48")
        size *= d
    if size > MAX_ELEMENTS:
        raise Wrong("has more than 2**62 elements")
    return size


def stored_bytes(made: Array) -> int:
    """Bytes that its numbers take in the file; 0 where that is not known."""
    return made.stored[1] if made.stored else bytes_of(made.size, made.dtype or "") or 0


def expand(made: Array) -> None:
    """Steps of 0: the same numbers again and again, stored once."""
    once = 1
    for d, step in zip(made.shape or (), made.stride, strict=True):
        once *= d if step else 1
    made.stored = once, bytes_of(once, made.dtype or "uint8") or 0
    made.note = f"expanded: {once:,} stored numbers shown as {made.size:,}"
