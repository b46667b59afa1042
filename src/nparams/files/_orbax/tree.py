"""`_METADATA`: the paths of a checkpoint's leaves, and what each of them was, scanned entry by entry.

google/orbax checkpoint/orbax/checkpoint/_src/metadata/tree.py, `InternalTreeMetadata`: {"tree_metadata": {"('params',
'w')": {"key_metadata": [{"key": "params", "key_type": 2}, ...], "value_metadata": {"value_type": "jax.Array", ...}}}}.
The shape that it may hold ("write_shape") is the one of a device's piece, not of the array.
"""

from __future__ import annotations

import re

from nparams.errors import FormatError, place, shown
from nparams.files.json_text import AFTER, EMPTY, NAME, SPACE, text_of
from nparams.stored.plain import decoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nparams.files.bytesource import ByteSource

METADATA = "_METADATA"
MAX_TREE, MOST_TREE = 100_000_000, 1_000_000_000  # bytes
MAX_ENTRY = 65_536  # bytes of one leaf's entry
MAX_OTHER = 1_000_000  # bytes of anything that is no leaf
LEAVES, MOST_LEAVES = 100_000, 10_000_000
DEEPEST = 200  # keys of a path
KEYS = 100  # of the whole
TREE = "tree_metadata"
BEGIN, END = re.compile(SPACE + rb"\{"), re.compile(SPACE + rb"\}")


class Node:
    """One leaf: its path, and the name of the type that it had."""

    __slots__ = ("kind", "path")

    def __init__(self, path: tuple[str, ...], kind: str | None) -> None:
        self.path = path
        self.kind = kind


def read_tree(source: ByteSource, *, limits: bool = True) -> list[Node]:
    """Every leaf that the file lists, in its order.

    Raises FormatError where it is not what Orbax writes, or names a leaf twice.
    """
    name, most = place(source.name), MAX_TREE if limits else MOST_TREE
    if source.size > most:
        more = "; --limits off reads more" if limits else ""
        raise FormatError(f"{name}: {source.size:,} bytes; at most {most:,} are read{more}")
    return _Scan(source.read(0, source.size), name, LEAVES if limits else MOST_LEAVES).run()


class _Scan:
    """One walk over the text."""

    def __init__(self, raw: bytes, name: str, most: int) -> None:
        self.raw = raw
        self.name = name
        self.most = most
        self.nodes: list[Node] = []
        self.paths: set[tuple[str, ...]] = set()
        self.decode = decoder().raw_decode

    def fail(self, at: int, what: str) -> NoReturn:
        """Refuse, with the byte."""
        raise FormatError(f"{self.name}: byte {at:,}: {what}")

    def run(self) -> list[Node]:
        """The whole object."""
        seen: set[str] = set()
        at = self._entries(self._begin(0), seen, KEYS, self._top)
        if self.raw[at:].strip(b" \t\n\r"):
            self.fail(at, "more follows the end of the tree")
        if TREE not in seen:
            self.fail(0, f"no {TREE}, so not the tree of an Orbax checkpoint")
        return self.nodes

    def _begin(self, at: int) -> int:
        start = BEGIN.match(self.raw, at)
        if start is None:
            self.fail(at, f"expected {{, found {shown(self.raw[at : at + 12].decode('utf-8', 'replace'))}")
        return start.end()

    def _entries(self, at: int, seen: set[str], most: int, take: Any) -> int:
        """Every key with its value, which `take(key, at)` reads; where the object ends."""
        end = END.match(self.raw, at)
        mark = b"}" if end else b","
        at = end.end() if end else at
        while mark == b",":
            match = NAME.match(self.raw, at)
            if match is None:
                self.fail(at, "expected a key in quotes and a colon")
            if len(match[1]) > MAX_ENTRY:
                self.fail(at, f"a key of {len(match[1]):,} bytes")
            key = self._text(match[1], at)
            if key in seen or len(seen) >= most:
                self.fail(at, f"the key {shown(key)} appears twice" if key in seen else f"more than {most:,} keys")
            seen.add(key)
            at = take(key, match.end())
            after = AFTER.match(self.raw, at)
            if after is None:
                self.fail(at, "expected a comma or a closing brace")
            at, mark = after.end(), after[1]
        return at

    def _text(self, body: bytes, at: int) -> str:
        try:
            return text_of(body)
        except ValueError:
            self.fail(at, "a key that is no UTF-8")

    def _top(self, key: str, at: int) -> int:
        if key != TREE:
            return self._value(at, MAX_OTHER)[1]
        empty = EMPTY.match(self.raw, at)
        return empty.end() if empty else self._entries(self._begin(at), set(), self.most, self._leaf)

    def _value(self, at: int, most: int) -> tuple[Any, int]:
        """Any value of JSON, and where it ends."""
        piece = self.raw[at : at + most].decode("utf-8", "surrogateescape")
        try:
            value, length = self.decode(piece)
        except (ValueError, RecursionError):
            self.fail(at, f"not JSON, or more than {most:,} bytes")
        return value, at + len(piece[:length].encode("utf-8", "surrogateescape"))

    def _leaf(self, key: str, at: int) -> int:
        held, end = self._value(at, MAX_ENTRY)
        path = _path(held.get("key_metadata") if isinstance(held, dict) else None)
        if path is None:
            self.fail(at, f"{shown(key)} has no path of keys (key_metadata)")
        if path in self.paths:
            self.fail(at, f"the path {shown('.'.join(path))} appears twice")
        self.paths.add(path)
        told = held.get("value_metadata")
        kind = told.get("value_type") if isinstance(told, dict) else None
        self.nodes.append(Node(path, kind if isinstance(kind, str) else None))
        return end


def _path(keys: object) -> tuple[str, ...] | None:
    """The keys of a path; None where they are none."""
    if not isinstance(keys, list) or len(keys) > DEEPEST or not all(isinstance(key, dict) for key in keys):
        return None
    path = tuple(key.get("key") for key in keys)
    return path if all(isinstance(key, str) for key in path) else None
