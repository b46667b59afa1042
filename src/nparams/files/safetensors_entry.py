"""One entry of a safetensors header at a time: what it may say, and any spelling of it that JSON allows."""

from __future__ import annotations

import json
import re
from array import array

from nparams.dtypes import BLOCKS, SAFETENSORS
from nparams.errors import FormatError, place, shown
from nparams.files.json_text import AFTER, EMPTY, NAME, PAIR, excerpt, text_of
from nparams.network import Tensor
from nparams.roles import HINTS, role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Role = tuple[str, str | None]
    #: canonical dtype, shape, its product, bytes, and the roles of last names seen with them
    Spec = tuple[str, tuple[int, ...], int, int, dict[str, Role]]

MAX_TENSORS = 10_000_000
MAX_NAME = 65_536
MAX_DIMENSIONS = 8
MAX_DIMENSION = 1 << 48
MAX_ENTRY = 4_096  # bytes of one entry: a dtype, 8 dimensions, 2 offsets
MAX_METADATA = 100_000  # entries
KEPT_METADATA = 1_024  # bytes of a value that are worth keeping

ENTRY = re.compile(rb"\{[^{}]*\}")
FIELDS = {"dtype", "shape", "data_offsets"}


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
        return f"of shape {_dims(dims)} and dtype {dtype} is no whole number of bytes"
    return known, tuple(dims), size, size * width // per, {}


class Header:
    """What a header says: its tensors in order, where each one's data lies, its metadata, and its length in bytes."""

    __slots__ = ("ends", "hints", "length", "metadata", "starts", "tensors")

    def __init__(self, length: int) -> None:
        self.tensors: list[Tensor] = []
        self.starts = array("q")
        self.ends = array("q")
        self.metadata: dict[str, str] = {}
        self.length = length
        #: those of roles.HINTS that occur in the header
        self.hints: frozenset[str] = frozenset()


class Entries:
    """The entries read so far, and the checks of each; `most` is how many one file may have."""

    def __init__(self, raw: bytes, room: int, file: str, most: int) -> None:
        self.raw = raw
        self.room = room
        self.file = file
        self.most = most
        self.header = Header(len(raw))
        self.header.hints = frozenset(hint for hint in HINTS if hint.encode() in raw)
        self.reached = 0
        self.in_order = True
        self.has_metadata = False

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the byte in the file."""
        raise FormatError(f"{place(self.file)}: header, byte {8 + at:,}: {what}")

    # -- the slow door ------------------------------------------------------------------------------------------------

    def any_spelling(self, at: int) -> tuple[int, bytes]:
        """One entry in any spelling that JSON allows."""
        match = NAME.match(self.raw, at)
        if match is None:
            self.fail(at, f"expected a name in quotes and a colon, found {shown(excerpt(self.raw, at))}")
        name = self._text(match[1], at)
        if name == "__metadata__":
            return self._metadata(match.end())
        found = ENTRY.match(self.raw, match.end(), match.end() + MAX_ENTRY)
        if found is None:
            self.fail(match.end(), f"{shown(name)} needs an object with dtype, shape and data_offsets")
        self._entry(name, found[0], match.end())
        return self._after(found.end())

    def _after(self, at: int) -> tuple[int, bytes]:
        match = AFTER.match(self.raw, at)
        if match is None:
            self.fail(at, f"expected a comma or a closing brace, found {shown(excerpt(self.raw, at))}")
        return match.end(), match[1]

    def _text(self, body: bytes, at: int) -> str:
        if len(body) > MAX_NAME:
            self.fail(at, f"a name of {len(body):,} bytes; at most {MAX_NAME:,} are read")
        name = text_of(body)
        if b"\\" in body:
            if any("\ud800" <= c <= "\udfff" for c in name):
                self.fail(at, "a name with half a surrogate pair is no text")
            self.header.hints |= frozenset(hint for hint in HINTS if hint in name)  # the escape has hidden them
        return name

    def _entry(self, name: str, text: bytes, at: int) -> None:
        held = self._fields(name, text, at)
        dims, offsets = held["shape"], held["data_offsets"]
        is_whole = b"-" not in text and _whole(dims) and _whole(offsets) and len(offsets) == 2
        if not is_whole or not isinstance(held["dtype"], str):
            self.fail(at, f"{shown(name)}: {shown(text.decode())} needs a dtype in quotes and lists of whole numbers")
        spec = spec_of(held["dtype"], dims)
        if isinstance(spec, str):
            self.fail(at, f"{shown(name)} {spec}")
        dtype, shape, size, length, _ = spec
        start, end = offsets
        if not start <= end <= self.room:
            follow = f"{self.room:,} bytes of data follow the header"
            self.fail(at, f"{shown(name)} says bytes {start:,} to {end:,}, but {follow}. Cut download?")
        if end - start != length:
            needed = f"{_dims(dims)} of {held['dtype']} takes {length:,} bytes"
            self.fail(at, f"{shown(name)}: {needed}, its offsets hold {end - start:,}")
        header = self.header
        if len(header.tensors) >= self.most:
            self.too_many(at)
        role, note = role_of(name, shape, dtype)
        header.tensors.append(Tensor(name, shape, dtype, role, note=note, size=size))
        header.starts.append(start)
        header.ends.append(end)
        self.in_order = self.in_order and start == self.reached
        self.reached = end

    def _fields(self, name: str, text: bytes, at: int) -> dict[str, Any]:
        try:
            fields = DECODER.decode(text.decode())
        except (ValueError, RecursionError):
            self.fail(at, f"{shown(name)}: {shown(text.decode())} is not JSON")
        held = dict(fields)
        if len(fields) != 3 or held.keys() != FIELDS:
            listed = ", ".join(shown(str(k), 20) for k, _ in fields[:8]) or "nothing"
            self.fail(at, f"{shown(name)} has the fields {listed}; it needs dtype, shape and data_offsets")
        return held

    def too_many(self, at: int) -> NoReturn:
        """Refuse a file with more tensors than are read."""
        more = "; --limits off reads more" if self.most < MAX_TENSORS else ""
        self.fail(at, f"more than {self.most:,} tensors in one file{more}")

    def _metadata(self, at: int) -> tuple[int, bytes]:
        """__metadata__: texts only; short values are kept."""
        raw = self.raw
        if self.has_metadata:
            self.fail(at, 'the name "__metadata__" appears twice')
        self.has_metadata = True
        empty = EMPTY.match(raw, at)
        if empty:
            return self._after(empty.end())
        if raw[at : at + 1] != b"{":
            self.fail(at, f"__metadata__ must be an object of texts, found {shown(excerpt(raw, at))}")
        at, mark = at + 1, b","
        seen: set[str] = set()
        while mark == b",":
            match = PAIR.match(raw, at)
            if match is None:
                self.fail(at, f"__metadata__ must be an object of texts, found {shown(excerpt(raw, at))}")
            self._keep(match, seen, at)
            at, mark = match.end(), match[3]
        return self._after(at)

    def _keep(self, match: re.Match[bytes], seen: set[str], at: int) -> None:
        key = self._text(match[1], at)
        if key in seen:
            self.fail(at, f"__metadata__ has {shown(key)} twice")
        if len(seen) >= MAX_METADATA:
            self.fail(at, f"more than {MAX_METADATA:,} entries of __metadata__")
        seen.add(key)
        if match.end(2) - match.start(2) <= KEPT_METADATA and len(self.header.metadata) < KEPT_METADATA:
            self.header.metadata[key] = text_of(match[2])


class _Inexact:
    """Stands for a number that is not whole, so that it is refused rather than rounded."""

    def __init__(self, text: str) -> None:
        self.text = text


def _whole(value: object) -> bool:
    return isinstance(value, list) and all(type(v) is int for v in value)


def _dims(dims: list[int]) -> str:
    return f"({', '.join(map(str, dims))})"


DECODER = json.JSONDecoder(object_pairs_hook=list, parse_float=_Inexact, parse_constant=_Inexact)
