"""The text of an index of shards: one JSON object, its weight_map read pair by pair, anything else bounded."""

from __future__ import annotations

import json
import re

from nparams.errors import FormatError, shown
from nparams.files.json_text import AFTER, NAME, PAIR, SPACE, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

MAX_OTHER = 65_536  # characters of anything but the map (metadata, mostly)
EMPTY = re.compile(rf"\{{{SPACE}\}}")


class Index:
    """Reads one index; `run` gives {"weight_map": {...}, "metadata": ...}."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.files: dict[str, str] = {}  # each shard's name once, however many tensors name it

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the character."""
        raise FormatError(f"{self.file}: character {at + 1:,}: {what}")

    def run(self) -> dict[str, Any]:
        """The object; FormatError if it is not JSON, or a key appears twice."""
        found: dict[str, Any] = {}
        start = re.match(rf"{SPACE}\{{", self.text)
        if start is None:
            self.fail(0, f"an index begins with {{, found {shown(self.text[:1])}")
        at, mark = start.end(), ","
        if re.match(rf"{SPACE}\}}", self.text[at : at + 100]):
            return found
        while mark == ",":
            match = NAME.match(self.text, at)
            if match is None:
                self.fail(at, f"expected a key in quotes and a colon, found {shown(self.text[at : at + 20])}")
            key = text_of(match[1])
            if key in found:
                self.fail(at, f"the key {shown(key)} appears twice")
            found[key], at = self._map(match.end()) if key == "weight_map" else self._other(match.end())
            after = AFTER.match(self.text, at)
            if after is None:
                self.fail(at, f"expected a comma or a closing brace, found {shown(self.text[at : at + 20])}")
            at, mark = after.end(), after[1]
        if self.text[at:].strip():
            self.fail(at, f"found {shown(self.text[at : at + 20])} after the index's end")
        return found

    def _map(self, at: int) -> tuple[dict[str, str], int]:
        empty = EMPTY.match(self.text, at)
        if empty is not None:
            return {}, empty.end()
        if self.text[at : at + 1] != "{":
            self.fail(at, "weight_map must be an object of tensor names and files")
        held: dict[str, str] = {}
        files, find, text = self.files, PAIR.match, self.text
        at, mark = at + 1, ","
        while mark == ",":
            match = find(text, at)
            if match is None:
                self.fail(at, f"weight_map: expected a name and a file in quotes, found {shown(text[at : at + 20])}")
            name, file, mark = match.groups()
            if "\\" in name:
                name = text_of(name)
            if name in held:
                self.fail(at, f"the key {shown(name)} appears twice")
            held[name] = files.get(file) or files.setdefault(file, text_of(file))
            at = match.end()
        return held, at

    def _other(self, at: int) -> tuple[Any, int]:
        piece = self.text[at : at + MAX_OTHER]
        try:
            value, length = json.JSONDecoder().raw_decode(piece)
        except (ValueError, RecursionError):
            self.fail(at, f"not JSON, or more than {MAX_OTHER:,} characters of something other than the weight_map")
        return value, at + length
