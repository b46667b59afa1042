"""What a safetensors header comes to: its tensors, their places, and the checks that every spelling shares.

Nothing here needs a pattern or a JSON parser, so that a header in the library's own spelling is read without loading
either.
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, SAFETENSORS
from nparams.errors import FormatError, place, shown
from nparams.network import Listed
from nparams.roles import HINTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from nparams.network.listed import Kind

    #: canonical dtype, shape, its product, bytes, and the kinds of last names seen with them
    Spec = tuple[str, tuple[int, ...], int, int, dict[str, Kind]]

MAX_TENSORS = 10_000_000
MAX_NAME = 65_536
MAX_DIMENSIONS = 8
MAX_DIMENSION = 1 << 48


def spec_of(dtype: str, dims: list[int]) -> Spec | str:
    """What a dtype and a shape come to, or what is wrong with them."""
    known = SAFETENSORS.get(dtype)
    if known is None:
        return f"has the unknown dtype {shown(dtype)}; known are {', '.join(SAFETENSORS)}"
    if len(dims) > MAX_DIMENSIONS:
        return f"has {len(dims)} dimensions; at most {MAX_DIMENSIONS} are read"
    size = 1
    for d in dims:
        if d >= MAX_DIMENSION:
            return f"has a dimension of {d:,}; at most 2**48 is read"
        size *= d
    per, width = BLOCKS[known]
    if size * width % per:
        return f"of shape {shape_text(dims)} and dtype {dtype} is no whole number of bytes"
    return known, tuple(dims), size, size * width // per, {}


class Header:
    """What a header says: its tensors in order, where each one's data lies, its metadata, and its length in bytes."""

    __slots__ = ("ends", "hints", "length", "metadata", "starts", "tensors")

    def __init__(self, length: int) -> None:
        self.tensors = Listed()
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.metadata: dict[str, str] = {}
        self.length = length
        #: those of roles.HINTS that occur in the header
        self.hints: frozenset[str] = frozenset()

    def copy(self) -> Header:
        """The same, with a list of tensors of its own: what is changed in one is not in the other."""
        made = Header(self.length)
        made.tensors.extend(self.tensors)
        made.starts, made.ends = self.starts, self.ends  # nobody changes them once they are read
        made.metadata = dict(self.metadata)
        made.hints = self.hints
        return made


class Reading:
    """A header as far as it is read; `most` is how many tensors one file may have."""

    def __init__(self, raw: bytes, room: int, file: str, most: int) -> None:
        self.raw = raw
        self.room = room
        self.file = file
        self.most = most
        self.header = Header(len(raw))
        self.reached = 0
        self.in_order = True
        self.has_metadata = False

    def note_hints(self, names: str) -> None:
        """Remember which of roles.HINTS occur in `names`."""
        self.header.hints |= {hint for hint in HINTS if hint in names}

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the byte in the file."""
        raise FormatError(f"{place(self.file)}: header, byte {8 + at:,}: {what}")

    def too_many(self, at: int) -> NoReturn:
        """Refuse a file with more tensors than are read."""
        more = "; --limits off reads more" if self.most < MAX_TENSORS else ""
        self.fail(at, f"more than {self.most:,} tensors in one file{more}")


def shape_text(dims: Sequence[int]) -> str:
    """A shape for a message."""
    return f"({', '.join(map(str, dims))})"
