"""The entries that were derived and verified: one file of data beside this module, one compressed piece for each type.

::

    b"nparams catalogue 1\\n"
    length of the index, 4 bytes; the index: zlib of a JSON list of [type, offset, length]
    length of the dictionary, 4 bytes; the dictionary that all pieces were compressed with
    the pieces, each the zlib of an entry's JSON; offsets begin here
"""

from __future__ import annotations

import zlib

from nparams.architectures.entry import Entry
from nparams.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAGIC = b"nparams catalogue 1\n"
FILE = "catalogue.bin"
#: an entry, or the index, may not unpack to more
MAX_BYTES = 16_000_000
#: type, offset, length
ROW = [str, int, int]


class Catalogue:
    """The packed entries, each unpacked when it is asked for.

    >>> len(Catalogue(packed({"tiny": b'{"schema": 1, "type": "tiny", "fields": {}, "heads": {}}'})).types())
    1
    """

    __slots__ = ("_data", "_dictionary", "_entries", "_pieces")

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise damaged("it does not begin as one")
        index, place = _counted(data, len(MAGIC))
        self._dictionary, place = _counted(data, place)
        self._data = data
        self._pieces: dict[str, tuple[int, int]] = {}
        for name, offset, length in _rows(_parsed(_unpacked(index, b""))):
            if not (0 <= offset <= len(data) - place and 0 <= length <= len(data) - place - offset):
                raise damaged("its index points outside it")
            self._pieces[name] = (place + offset, length)
        self._entries: dict[str, Entry] = {}

    def types(self) -> tuple[str, ...]:
        """Every type that has an entry."""
        return tuple(sorted(self._pieces))

    def entry(self, model_type: str) -> Entry | None:
        """The entry of a type, None where there is none."""
        if model_type not in self._pieces:
            return None
        if model_type not in self._entries:
            held = _parsed(self.text(model_type))
            if not isinstance(held, dict) or held.get("type") != model_type:
                raise damaged(f"the piece of {model_type} holds another")
            self._entries[model_type] = Entry.of(held)
        return self._entries[model_type]

    def text(self, model_type: str) -> bytes:
        """The JSON of an entry as it was packed."""
        start, length = self._pieces[model_type]
        return _unpacked(self._data[start : start + length], self._dictionary)


def _rows(index: object) -> list[tuple[str, int, int]]:
    """The index, if it is one."""
    if not isinstance(index, list) or not all(isinstance(row, list) and list(map(type, row)) == ROW for row in index):
        raise damaged("its index is none")
    return [(row[0], row[1], row[2]) for row in index]


def _counted(data: bytes, place: int) -> tuple[bytes, int]:
    """The bytes after a length of 4 bytes, and where they end."""
    start = place + 4
    end = start + int.from_bytes(data[place:start], "big")
    if end > len(data):
        raise damaged("it is cut short")
    return data[start:end], end


def _unpacked(piece: bytes, dictionary: bytes) -> bytes:
    """What a piece was made of; FormatError where it is damaged."""
    machine = zlib.decompressobj(zdict=dictionary) if dictionary else zlib.decompressobj()
    try:
        made = machine.decompress(piece, MAX_BYTES)
    except zlib.error as error:
        raise damaged(str(error)) from None
    if not machine.eof or machine.unconsumed_tail:
        raise damaged("a piece of it is cut short")
    return made


def _parsed(text: bytes) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise damaged("a piece of it is no JSON") from None


def damaged(what: str) -> FormatError:
    """The error that the file which came with this package is not what was packed."""
    return FormatError(f"the catalogue of architectures ({FILE}) is damaged: {what}. Install nparams again")


def packed(entries: Mapping[str, bytes], dictionary: bytes = b"") -> bytes:
    """The file that holds these entries (type -> JSON)."""
    import json

    index, pieces, offset = [], [], 0
    for name, text in sorted(entries.items()):
        machine = zlib.compressobj(9, zdict=dictionary) if dictionary else zlib.compressobj(9)
        pieces.append(machine.compress(text) + machine.flush())
        index.append([name, offset, len(pieces[-1])])
        offset += len(pieces[-1])
    listed = zlib.compress(json.dumps(index, separators=(",", ":")).encode(), 9)
    return b"".join([MAGIC, _sized(listed), _sized(dictionary), *pieces])


def _sized(held: bytes) -> bytes:
    return len(held).to_bytes(4, "big") + held


# -- the one that came with this package ------------------------------------------------------------------------------

_SHIPPED: Catalogue | None = None
#: entries in place of those: see use()
_USED: dict[str, Entry] | None = None


def types() -> tuple[str, ...]:
    """Every model type that can be counted, in order."""
    return _shipped().types() if _USED is None else tuple(sorted(_USED))


def entry(model_type: str) -> Entry | None:
    """The entry of a model type, None where there is none; FormatError where the file is damaged."""
    return _shipped().entry(model_type) if _USED is None else _USED.get(model_type)


def use(entries: Mapping[str, Mapping[str, Any]] | None) -> None:
    """Take these entries (type -> JSON object) in place of those that came with the package; None: those again."""
    global _USED
    _USED = None if entries is None else {name: Entry.of(held) for name, held in entries.items()}


def _shipped() -> Catalogue:
    global _SHIPPED
    if _SHIPPED is None:
        loader: Any = globals()["__loader__"]
        path = __file__.rpartition("catalogue.")[0] + FILE
        try:
            data = loader.get_data(path)  # also out of a zip archive
        except OSError:
            raise damaged("it is missing") from None
        _SHIPPED = Catalogue(data)
    return _SHIPPED
