"""GGUF's list of tensors: names, shapes, types and places, each checked before it is believed.

Spec: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (gguf_tensor_info_t); checks in the order of ggml's
src/gguf.cpp.  Two are looser on purpose: gaps between tensors are allowed (writers pad differently), and a type that
ggml does not know is counted all the same, since dimensions are logical whatever the type.
"""

from __future__ import annotations

from math import prod
from struct import Struct

from nparams.dtypes import BLOCKS, GGML
from nparams.errors import shown
from nparams.files._gguf.values import ALL_TEXT_BYTES
from nparams.network.tree import PARAMETER_ROLES, Tensor
from nparams.roles import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._gguf.values import Cursor

DIMENSIONS = 4
DIMENSION_LIMIT = 1 << 48
ELEMENTS_LIMIT = (1 << 63) - 1
TYPE_LIMIT = 1 << 31
# What one entry takes at least: the length and a byte of its name, the number of dimensions, the type, the offset.
LEAST = 8 + 1 + 4 + 4 + 8
# A type of unknown size: no known one holds more values in a byte (q1_0: 7.1), so a header that claims more is false.
DENSEST = 8
UNKNOWN = "ggml_type_"


class Seen:
    """What the files of one set have used so far: tensor names (each with its file), and the text that is left."""

    __slots__ = ("files", "most", "text_left")

    def __init__(self, most: int) -> None:
        #: tensors that the set may have
        self.most = most
        self.files: dict[str, str] = {}
        self.text_left = ALL_TEXT_BYTES


class Listing:
    """One file's tensors, with the place of each: `offsets` from the start of the data, `sizes` in bytes."""

    __slots__ = ("offsets", "sizes", "tensors")

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.offsets: list[int] = []
        self.sizes: list[int] = []


def read_listing(cursor: Cursor, count: int, seen: Seen) -> Listing:
    """Read `count` entries, none of them among those `seen` so far.

    Raises FormatError for a name that is empty or comes twice, an impossible shape, or a row that is not whole blocks.
    """
    listing = Listing()
    forms = [Struct(f"{cursor.order}{rank}QIQ") for rank in range(DIMENSIONS + 1)]
    for number in range(count):
        what = f"tensor {number}"
        name = _new_name(cursor, what, seen.files)
        (rank,) = cursor.fields(cursor.u32, what)
        what = f"{what} {shown(name)}"
        if rank > DIMENSIONS:
            raise cursor.bad(what, f"{rank:,} dimensions, more than {DIMENSIONS}", cursor.position - 4)
        *dims, kind, offset = cursor.fields(forms[rank], what)
        tensor, size = _tensor(cursor, what, name, dims, kind)
        listing.tensors.append(tensor)
        listing.offsets.append(offset)
        listing.sizes.append(size)
    return listing


def _new_name(cursor: Cursor, what: str, files: dict[str, str]) -> str:
    start = cursor.position
    name = cursor.text(what)
    if not name:
        raise cursor.bad(what, "its name is empty", start)
    if name in files:
        where = "comes twice" if files[name] == cursor.name else f"is in {files[name]} too"
        raise cursor.bad(what, f"{shown(name)} {where}", start)
    files[name] = cursor.name
    return name


def _tensor(cursor: Cursor, what: str, name: str, dims: list[int], kind: int) -> tuple[Tensor, int]:
    """The tensor, and its bytes (of an unknown type: the fewest that it can take)."""
    size = prod(dims)
    if size > ELEMENTS_LIMIT or any(n >= DIMENSION_LIMIT for n in dims):
        raise cursor.bad(what, f"impossible shape {dims}: the limits are 2^48 a dimension and 2^63 in all")
    dtype = GGML.get(kind)
    if dtype is None:
        dtype, (block, width) = unknown_type(cursor, what, kind), (1, 0)
    else:
        block, width = BLOCKS[dtype]
    row = dims[0] if dims else 1
    if row % block:
        raise cursor.bad(what, f"rows of {row:,} values of type {dtype}, which come in blocks of {block}")
    # Dimensions are stored fastest first; everyone else writes them slowest first.
    shape = tuple(reversed(dims))
    role, note = role_of(name, shape, dtype)
    return Tensor(name, shape, dtype, role, note=note, size=size), size // block * width or -(-size // DENSEST)


def unknown_type(cursor: Cursor, what: str, kind: int) -> str:
    """The name for a type id that ggml does not have (now); ids are signed, and a negative one is not an id."""
    if kind >= TYPE_LIMIT:
        raise cursor.bad(what, f"impossible type {kind - 2 * TYPE_LIMIT}")
    return f"{UNKNOWN}{kind}"


def check_places(cursor: Cursor, listing: Listing, start: int, alignment: int, end: int) -> None:
    """Raise FormatError unless every tensor lies aligned and apart between `start` and `end`, in bytes of the file."""
    reached = 0
    for number in sorted(range(len(listing.offsets)), key=listing.offsets.__getitem__):
        offset, size = listing.offsets[number], listing.sizes[number]
        problem = None
        if offset % alignment:
            problem = f"offset {offset:,} is not a multiple of {alignment}"
        elif offset < reached:
            problem = f"begins at {start + offset:,}, inside the tensor that ends at {start + reached:,}"
        elif start + offset + size > end:
            problem = f"ends at {start + offset + size:,} but the file stops at {end:,}. {_claim(listing)}"
        if problem:
            what = f"tensor {number} {shown(listing.tensors[number].name)}"
            raise cursor.bad(what, problem, start + offset)
        reached = offset + size


def _claim(listing: Listing) -> str:
    claimed = sum(size for t in listing.tensors if t.role in PARAMETER_ROLES and isinstance(size := t.size, int))
    return f"Header says {claimed:,} parameters; re-download"
