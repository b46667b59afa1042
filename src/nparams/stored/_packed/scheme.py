"""What every packing scheme is given and gives back: the tensors of one module in, the logical weight out."""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.stored.named import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.network import Tensor
    from nparams.stored.named import Data
    from nparams.stored.plain import Folder

    Shape = tuple[int, ...]

SMALL = 4_096  # bytes that a shape or state tensor may take
WIDTHS = {"int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8}
MAX_DIMENSION = 1 << 48


class Group:
    """The tensors of one module, by what follows its prefix (which ends in a dot, or is empty)."""

    __slots__ = ("_data", "_entries", "_names", "_tensors", "folder", "metadata", "parts", "prefix")

    def __init__(
        self, prefix: str, names: Mapping[str, int], tensors: Sequence[Tensor], data: Data, folder: Folder | None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.prefix = prefix
        self._names = names
        self._tensors = tensors
        self._data = data
        self._entries: dict[str, Entry | None] = {}
        self.folder = folder
        #: what the file says of itself, by key
        self.metadata: Mapping[str, str] = metadata or {}
        #: what siblings a scheme has found for a packed weight, remembered for the schemes asked after it
        self.parts: dict[str, tuple[str, ...]] = {}

    def name(self, leaf: str) -> str:
        """The whole name of one of its tensors."""
        return self.prefix + leaf

    def tensor(self, leaf: str) -> Tensor:
        """The tensor of that last name; it must be there."""
        return self._tensors[self._names[self.prefix + leaf]]

    def get(self, leaf: str) -> Entry | None:
        """The tensor of that last name as stored, if there is one."""
        if leaf not in self._entries:
            k = self._names.get(self.prefix + leaf)
            t = None if k is None else self._tensors[k]
            known = t is not None and t.shape is not None and t.dtype is not None
            self._entries[leaf] = Entry(t.name, t.dtype, t.shape, t.size) if known else None  # type: ignore[union-attr,arg-type]
        return self._entries[leaf]

    def entry(self, leaf: str) -> Entry:
        """The tensor of that last name as stored; it must be there."""
        found = self.get(leaf)
        assert found is not None
        return found

    def present(self, *leaves: str) -> tuple[str, ...]:
        """Those of `leaves` that are there."""
        return tuple(leaf for leaf in leaves if self.prefix + leaf in self._names)

    def read(self, leaf: str) -> bytes:
        """The bytes of a small tensor."""
        return self._data(self._names[self.prefix + leaf], SMALL)

    def integers(self, leaf: str) -> list[int]:
        """The values of a small tensor of whole numbers."""
        entry = self.entry(leaf)
        width = WIDTHS.get(entry.dtype)
        if width is None:
            raise FormatError(f"{shown(entry.name)}: {entry.dtype} where whole numbers belong")
        raw, signed = self.read(leaf), entry.dtype.startswith("int")
        return [int.from_bytes(raw[k : k + width], "little", signed=signed) for k in range(0, len(raw), width)]

    def shape_in(self, leaf: str) -> Shape:
        """A shape kept as a tensor's values; FormatError if it cannot be one."""
        shape = tuple(self.integers(leaf))
        if not 1 <= len(shape) <= 8 or min(shape) < 1 or max(shape) >= MAX_DIMENSION:
            raise FormatError(f"{shown(self.name(leaf))}: {shown(str(list(shape)))} is no shape")
        return shape


class Found:
    """A packed weight understood: scheme, logical shape and dtype, and which siblings are its bookkeeping."""

    __slots__ = ("bookkeeping", "dtype", "note", "scheme", "shape")

    def __init__(
        self, scheme: str, shape: Shape | None, dtype: str | None, bookkeeping: tuple[str, ...], note: str = ""
    ) -> None:
        self.scheme = scheme
        self.shape = shape
        self.dtype = dtype
        self.bookkeeping = bookkeeping
        self.note = note


class Unknown(Exception):
    """A scheme recognised whose logical size these tensors do not tell; never leaves this room."""

    def __init__(self, scheme: str, why: str, bookkeeping: tuple[str, ...]) -> None:
        super().__init__(why)
        self.scheme = scheme
        self.bookkeeping = bookkeeping


def contradiction(entry: Entry, what: str) -> FormatError:
    """Tensors of one module that cannot belong together."""
    return FormatError(f"{shown(entry.name)}: {what} does not fit its shape {entry.shape}")


def product(shape: Shape) -> int:
    """The numbers in a shape.

    >>> product((2, 3)), product(())
    (6, 1)
    """
    size = 1
    for d in shape:
        size *= d
    return size


def round_up(amount: int, per: int) -> int:
    """How many of `per` hold `amount`.

    >>> round_up(33, 32)
    2
    """
    return -(-amount // per)
