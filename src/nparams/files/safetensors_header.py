"""The safetensors header: strict JSON, scanned one entry at a time, every field checked.

A header that a library wrote has one spelling of an entry, and one pattern reads it.  Anything else that JSON allows
(other key order, spaces, escapes) goes through the slow door: one bounded entry at a time to `json`.
"""

from __future__ import annotations

import json
import re

from nparams.dtypes import BLOCKS, SAFETENSORS
from nparams.errors import FormatError, place, shown
from nparams.files.json_text import AFTER, NAME, PAIR, SPACE, text_of
from nparams.files.named import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_TENSORS = 10_000_000
MAX_NAME = 65_536
MAX_DIMENSIONS = 8
MAX_DIMENSION = 1 << 48
MAX_ENTRY = 4_096  # characters of one entry: a dtype, 8 dimensions, 2 offsets
MAX_METADATA = 100_000  # entries
KEPT_METADATA = 1_024  # characters of a value that are worth keeping

USUAL = re.compile(
    r'"([^"\\\x00-\x1f]*+)":\{"dtype":"([A-Z0-9_]+)","shape":\[([0-9, ]*)\],'
    r'"data_offsets":\[(\d{1,18}), ?(\d{1,18})\]\}([,}])'
)
EMPTY = re.compile(rf"\{{{SPACE}\}}")
ENTRY = re.compile(r"\{[^{}]*\}")
FIELDS = {"dtype", "shape", "data_offsets"}


class Header:
    """What a header says: its entries in file order, its metadata, and its length in bytes."""

    __slots__ = ("entries", "length", "metadata")

    def __init__(self, entries: list[Entry], metadata: dict[str, str], length: int) -> None:
        self.entries = entries
        self.metadata = metadata
        self.length = length


def scan(raw: bytes, room: int, file: str) -> Header:
    """Parse and check a header; `room` is how many bytes of data follow it.

    Raises FormatError: not UTF-8, not JSON, a duplicate name, an unknown dtype, a wrong field, data that overlaps,
    leaves a gap or does not fill the file.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{place(file)}: the header is not UTF-8 at byte {8 + error.start}") from None
    scanner = _Scanner(text, room, file)
    scanner.run()
    _check_cover(scanner.entries, room, file)
    return Header(scanner.entries, scanner.metadata, len(raw))


class _Scanner:
    def __init__(self, text: str, room: int, file: str) -> None:
        self.text = text
        self.room = room
        self.file = file
        self.entries: list[Entry] = []
        self.metadata: dict[str, str] = {}
        self.names: set[str] = set()
        self.shapes: dict[str, tuple[tuple[int, ...], int]] = {"": ((), 1)}

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the byte in the file."""
        byte = 8 + len(self.text[:at].encode("utf-8"))
        raise FormatError(f"{place(self.file)}: header, byte {byte:,}: {what}")

    def run(self) -> None:
        """The whole header: an object, then nothing but padding."""
        text = self.text
        if not text.startswith("{"):
            self.fail(0, f"a safetensors header begins with {{, found {shown(text[:1])}")
        if re.fullmatch(rf"\{{{SPACE}\}}{SPACE}", text[:MAX_ENTRY]) and not text[MAX_ENTRY:].strip():
            return
        at, mark = 1, ","
        while mark == ",":
            at, mark = self._usual(at)
            if mark == ",":
                at, mark = self._unusual(at)
        if text[at:].strip(" \t\n\r"):
            self.fail(at, f"found {shown(text[at : at + 20])} after the header's end")

    def _usual(self, at: int) -> tuple[int, str]:
        """As many entries in the common spelling as follow; the place and mark where they end."""
        match_at, add, names, shapes, room = USUAL.match, self.entries.append, self.names, self.shapes, self.room
        text, mark = self.text, ","
        while mark == ",":
            match = match_at(text, at)
            if match is None:
                break
            name, dtype, dims, start, end, mark = match.groups()
            if name in names:
                self.fail(at, f"the name {shown(name)} appears twice")
            if name == "__metadata__":
                self.fail(at, "__metadata__ holds texts, not a tensor")
            names.add(name)
            shape = shapes.get(dims) or self._shape(dims, at)
            add(
                self._checked(
                    name,
                    dtype,
                    shape,
                    int(start) if len(start) < 20 else room + 1,
                    int(end) if len(end) < 20 else room + 1,
                    at,
                )
            )
            at = match.end()
        return at, mark

    def _shape(self, dims: str, at: int) -> tuple[tuple[int, ...], int]:
        """A shape and its product, remembered by its text (a model has few different ones)."""
        if not re.fullmatch(r"(?:0|[1-9]\d{0,17})(?:, ?(?:0|[1-9]\d{0,17}))*", dims):
            self.fail(at, f"the shape [{dims[:60]}] is not a list of whole numbers")
        found = self._product([int(d) for d in dims.split(",")], at)
        if len(self.shapes) < 100_000:
            self.shapes[dims] = found
        return found

    def _product(self, dims: list[int], at: int) -> tuple[tuple[int, ...], int]:
        if len(dims) > MAX_DIMENSIONS:
            self.fail(at, f"a shape of {len(dims)} dimensions; at most {MAX_DIMENSIONS} are read")
        size = 1
        for d in dims:
            if d >= MAX_DIMENSION:
                self.fail(at, f"a dimension of {d:,}; at most 2**48 is read")
            size *= d
        return tuple(dims), size

    def _checked(
        self, name: str, dtype: str, shape: tuple[tuple[int, ...], int], start: int, end: int, at: int
    ) -> Entry:
        known = SAFETENSORS.get(dtype)
        if known is None:
            self.fail(at, f"{shown(name)} has the unknown dtype {shown(dtype)}; known are {', '.join(SAFETENSORS)}")
        if not start <= end <= self.room:
            follow = f"{self.room:,} bytes of data follow the header"
            self.fail(at, f"{shown(name)} says bytes {start:,} to {end:,}, but {follow}. Cut download?")
        dims, size = shape
        per, width = BLOCKS[known]
        if size * width != (end - start) * per:
            needed = f"{_dims(dims)} of {dtype} takes {_exact(size * width, per)} bytes"
            self.fail(at, f"{shown(name)}: {needed}, its offsets hold {end - start:,}")
        if len(self.entries) >= MAX_TENSORS:
            self.fail(at, f"more than {MAX_TENSORS:,} tensors")
        return Entry(name, known, dims, size, start, end)

    # -- the slow door ------------------------------------------------------------------------------------------------

    def _unusual(self, at: int) -> tuple[int, str]:
        """One entry in any spelling that JSON allows."""
        match = NAME.match(self.text, at)
        if match is None:
            self.fail(at, f"expected a name in quotes and a colon, found {shown(self.text[at : at + 20])}")
        name = self._text(match[1], at)
        if name in self.names:
            self.fail(at, f"the name {shown(name)} appears twice")
        self.names.add(name)
        if name == "__metadata__":
            return self._metadata(match.end())
        found = ENTRY.match(self.text, match.end(), match.end() + MAX_ENTRY)
        if found is None:
            self.fail(match.end(), f"{shown(name)} needs an object with dtype, shape and data_offsets")
        self.entries.append(self._entry(name, found[0], match.end()))
        return self._after(found.end())

    def _after(self, at: int) -> tuple[int, str]:
        match = AFTER.match(self.text, at)
        if match is None:
            self.fail(at, f"expected a comma or a closing brace, found {shown(self.text[at : at + 20])}")
        return match.end(), match[1]

    def _text(self, body: str, at: int) -> str:
        if len(body) > MAX_NAME:
            self.fail(at, f"a name of {len(body):,} characters; at most {MAX_NAME:,} are read")
        name = text_of(body)
        if "\\" in body and any("\ud800" <= c <= "\udfff" for c in name):
            self.fail(at, "a name with half a surrogate pair is no text")
        return name

    def _entry(self, name: str, text: str, at: int) -> Entry:
        try:
            fields = json.loads(text, object_pairs_hook=list, parse_float=_Inexact, parse_constant=_Inexact)
        except (ValueError, RecursionError):
            self.fail(at, f"{shown(name)}: {shown(text)} is not JSON")
        held = dict(fields)
        if len(fields) != 3 or held.keys() != FIELDS:
            listed = ", ".join(sorted(shown(str(k), 20) for k, _ in fields[:8]))
            self.fail(at, f"{shown(name)} has the fields {listed}; it needs dtype, shape and data_offsets")
        dims, offsets = held["shape"], held["data_offsets"]
        if not (_whole(dims) and _whole(offsets) and len(offsets) == 2 and isinstance(held["dtype"], str)):
            self.fail(at, f"{shown(name)}: {shown(text)} needs a dtype in quotes and lists of whole numbers")
        return self._checked(name, held["dtype"], self._product(dims, at), offsets[0], offsets[1], at)

    def _metadata(self, at: int) -> tuple[int, str]:
        """__metadata__: texts only; short values are kept."""
        if self.text[at : at + 1] != "{":
            self.fail(at, "__metadata__ must be an object of texts")
        empty = EMPTY.match(self.text, at)
        if empty:
            return self._after(empty.end())
        at, mark = at + 1, ","
        seen: set[str] = set()
        while mark == ",":
            match = PAIR.match(self.text, at)
            if match is None:
                self.fail(at, f"__metadata__ must be an object of texts, found {shown(self.text[at : at + 20])}")
            key = self._text(match[1], at)
            if key in seen:
                self.fail(at, f"__metadata__ has {shown(key)} twice")
            if len(seen) >= MAX_METADATA:
                self.fail(at, f"more than {MAX_METADATA:,} entries of __metadata__")
            seen.add(key)
            if len(match[2]) <= KEPT_METADATA and len(self.metadata) < KEPT_METADATA:
                self.metadata[key] = match[2]
            at, mark = match.end(), match[3]
        return self._after(at)


class _Inexact:
    """Stands for a number that is not whole, so that it is refused rather than rounded."""

    def __init__(self, text: str) -> None:
        self.text = text


def _whole(value: object) -> bool:
    return isinstance(value, list) and all(type(v) is int and v >= 0 for v in value)


def _dims(dims: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, dims))})"


def _exact(amount: int, per: int) -> str:
    return f"{amount // per:,}" if amount % per == 0 else f"{amount:,}/{per}"


def _check_cover(entries: list[Entry], room: int, file: str) -> None:
    """Data in order fills the file: no overlap, no gap, nothing behind."""
    at = 0
    for entry in sorted(entries, key=_place):
        if entry.start != at:
            what = (
                "overlaps the tensor before it"
                if entry.start < at
                else f"leaves a gap of {entry.start - at:,} bytes before it"
            )
            raise FormatError(f"{place(file)}: {shown(entry.name)} at data byte {entry.start:,} {what}")
        at = entry.end
    if at != room:
        raise FormatError(
            f"{place(file)}: the tensors end at data byte {at:,}, but {room:,} bytes of data follow the header"
        )


def _place(entry: Entry) -> tuple[int, int]:
    return entry.start, entry.end
