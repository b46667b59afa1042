"""The text of an index of shards: one JSON object, its weight_map read pair by pair, anything else bounded."""

from __future__ import annotations

import re

from nparams.errors import FormatError, shown
from nparams.files._safetensors.raw_text import excerpt
from nparams.files.json_text import AFTER, EMPTY, NAME, PAIR, SPACE, text_of
from nparams.stored.plain import decoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

MAX_OTHER = 65_536  # bytes of anything but the map (metadata, mostly)
MAX_NAME = 65_536
MAX_KEYS = 100  # an index has two
BEGIN = re.compile(SPACE + rb"\{")
END = re.compile(SPACE + rb"\}")


class Index:
    """Reads one index; `run` gives {"weight_map": {...}, "metadata": ...}."""

    def __init__(self, raw: bytes, file: str, most: int) -> None:
        self.raw = raw
        self.file = file
        self.most = most
        self.files: dict[bytes, str] = {}  # each shard's name once, however many tensors name it

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the byte."""
        raise FormatError(f"{self.file}: byte {at:,}: {what}")

    def run(self) -> dict[str, Any]:
        """The object; FormatError if it is not JSON, or a key appears twice."""
        found: dict[str, Any] = {}
        raw = self.raw
        start = BEGIN.match(raw)
        if start is None:
            self.fail(0, f"an index begins with {{, found {shown(excerpt(raw, 0)[:1])}")
        at, mark = start.end(), b","
        if END.match(raw, at):
            return found
        while mark == b",":
            match = NAME.match(raw, at)
            if match is None:
                self.fail(at, f"expected a key in quotes and a colon, found {shown(excerpt(raw, at))}")
            if len(match[1]) > MAX_NAME:
                self.fail(at, f"a key of {len(match[1]):,} bytes; at most {MAX_NAME:,} are read")
            key = text_of(match[1])
            if key in found:
                self.fail(at, f"the key {shown(key)} appears twice")
            if len(found) >= MAX_KEYS:
                self.fail(at, f"more than {MAX_KEYS} keys; an index has metadata and weight_map")
            found[key], at = self._map(match.end()) if key == "weight_map" else self._other(match.end())
            after = AFTER.match(raw, at)
            if after is None:
                self.fail(at, f"expected a comma or a closing brace, found {shown(excerpt(raw, at))}")
            at, mark = after.end(), after[1]
        if raw[at:].strip(b" \t\n\r"):
            self.fail(at, f"found {shown(excerpt(raw, at))} after the index's end")
        return found

    def _map(self, at: int) -> tuple[dict[str, str], int]:
        raw = self.raw
        empty = EMPTY.match(raw, at)
        if empty is not None:
            return {}, empty.end()
        if raw[at : at + 1] != b"{":
            self.fail(at, "weight_map must be an object of tensor names and files")
        held: dict[str, str] = {}
        files, find, most, mark = self.files, PAIR.match, self.most, b","
        at += 1
        while mark == b",":
            match = find(raw, at)
            if match is None:
                self.fail(at, f"weight_map: expected a name and a file in quotes, found {shown(excerpt(raw, at))}")
            name_bytes, file, mark = match.groups()
            name = text_of(name_bytes) if b"\\" in name_bytes else name_bytes.decode()
            if name in held or len(held) >= most:
                self._refuse(name, name in held, at)
            held[name] = files.get(file) or self._file(file, at)
            at = match.end()
        return held, at

    def _refuse(self, name: str, twice: bool, at: int) -> NoReturn:
        if twice:
            self.fail(at, f"the key {shown(name)} appears twice")
        self.fail(at, f"more than {self.most:,} tensors in weight_map")

    def _file(self, body: bytes, at: int) -> str:
        if len(body) > MAX_NAME:
            self.fail(at, f"a file name of {len(body):,} bytes; at most {MAX_NAME:,} are read")
        return self.files.setdefault(body, text_of(body))

    def _other(self, at: int) -> tuple[Any, int]:
        piece = self.raw[at : at + MAX_OTHER].decode("utf-8", "surrogateescape")
        try:
            value, length = decoder().raw_decode(piece)
        except (ValueError, RecursionError):
            self.fail(at, f"not JSON, or more than {MAX_OTHER:,} bytes of something other than the weight_map")
        return value, at + len(piece[:length].encode("utf-8", "surrogateescape"))
