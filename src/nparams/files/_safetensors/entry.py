"""One entry of a safetensors header at a time: any spelling of it that JSON allows."""

from __future__ import annotations

import json
import re

from nparams.errors import shown
from nparams.files._safetensors.raw_text import excerpt
from nparams.files._safetensors.spec import MAX_NAME, shape_text, spec_of
from nparams.files.json_text import AFTER, EMPTY, NAME, PAIR, text_of
from nparams.roles import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nparams.files._safetensors.spec import Reading

MAX_ENTRY = 4_096  # bytes of one entry: a dtype, 8 dimensions, 2 offsets
MAX_METADATA = 100_000  # entries
KEPT_METADATA = 20_000  # values that are worth keeping: torchao writes one for each tensor
KEPT_VALUE = 1_024  # bytes of one

ENTRY = re.compile(rb"\{[^{}]*\}")
FIELDS = {"dtype", "shape", "data_offsets"}


class Entries:
    """The slow door: entries of a reading, one at a time, in any spelling that JSON allows."""

    __slots__ = ("reading",)

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the byte in the file."""
        self.reading.fail(at, what)

    def any_spelling(self, at: int) -> tuple[int, bytes]:
        """One entry in any spelling that JSON allows."""
        match = NAME.match(self.reading.raw, at)
        if match is None:
            self.fail(at, f"expected a name in quotes and a colon, found {shown(excerpt(self.reading.raw, at))}")
        name = self._text(match[1], at)
        if name == "__metadata__":
            return self._metadata(match.end())
        found = ENTRY.match(self.reading.raw, match.end(), match.end() + MAX_ENTRY)
        if found is None:
            self.fail(match.end(), f"{shown(name)} needs an object with dtype, shape and data_offsets")
        self._entry(name, found[0], match.end())
        return self._after(found.end())

    def _after(self, at: int) -> tuple[int, bytes]:
        match = AFTER.match(self.reading.raw, at)
        if match is None:
            self.fail(at, f"expected a comma or a closing brace, found {shown(excerpt(self.reading.raw, at))}")
        return match.end(), match[1]

    def _text(self, body: bytes, at: int) -> str:
        if len(body) > MAX_NAME:
            self.fail(at, f"a name of {len(body):,} bytes; at most {MAX_NAME:,} are read")
        name = text_of(body)
        if b"\\" in body and any("\ud800" <= c <= "\udfff" for c in name):
            self.fail(at, "a name with half a surrogate pair is no text")
        self.reading.note_hints(name)
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
        if not start <= end <= self.reading.room:
            follow = f"{self.reading.room:,} bytes of data follow the header"
            self.fail(at, f"{shown(name)} says bytes {start:,} to {end:,}, but {follow}. Cut download?")
        if end - start != length:
            needed = f"{shape_text(dims)} of {held['dtype']} takes {length:,} bytes"
            self.fail(at, f"{shown(name)}: {needed}, its offsets hold {end - start:,}")
        header = self.reading.header
        if len(header.tensors) >= self.reading.most:
            self.reading.too_many(at)
        role, note = role_of(name, shape, dtype)
        header.tensors.add(name, (shape, dtype, role, note, size, None))
        header.starts.append(start)
        header.ends.append(end)
        reading = self.reading
        reading.in_order = reading.in_order and start == reading.reached
        reading.reached = end

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

    def _metadata(self, at: int) -> tuple[int, bytes]:
        """__metadata__: texts only; short values are kept.  null is none, as MLX writes it and the library reads it."""
        raw = self.reading.raw
        if self.reading.has_metadata:
            self.fail(at, 'the name "__metadata__" appears twice')
        self.reading.has_metadata = True
        empty = EMPTY.match(raw, at)
        if empty or raw.startswith(b"null", at):
            return self._after(empty.end() if empty else at + 4)
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
        if match.end(2) - match.start(2) <= KEPT_VALUE and len(self.reading.header.metadata) < KEPT_METADATA:
            self.reading.header.metadata[key] = text_of(match[2])


class _Inexact:
    """Stands for a number that is not whole, so that it is refused rather than rounded."""

    def __init__(self, text: str) -> None:
        self.text = text


def _whole(value: object) -> bool:
    return isinstance(value, list) and all(type(v) is int for v in value)


DECODER = json.JSONDecoder(object_pairs_hook=list, parse_float=_Inexact, parse_constant=_Inexact)
