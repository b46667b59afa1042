"""What a row looks like in a table: the columns of both tables, and every value in a form that all of them take."""

from __future__ import annotations

import re

from nparams.fleet.rows import COLUMNS, NAMES, Column, empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from nparams.fleet.rows import Row

#: one tensor: keys of the JSON contract, see network/written.py
TENSORS = tuple(Column(*row) for row in (
    ("uri", "text", "the model that it is of"),
    ("name", "text", "its name"),
    ("shape", "ints", "logical, of the whole network; null while it is not created"),
    ("dtype", "text", "the logical number type"),
    ("role", "text", "weight, bias, buffer, bookkeeping or other"),
    ("trainable", "flag", "by the source's own rule; null where it has none"),
    ("tied_to", "text", "the tensor that this one is"),
    ("stored", "ints", "elements and bytes, where they are not those of the shape"),
    ("note", "text", "which rule applied, where it is not plain"),
    ("count", "int", "its numbers"),
    ("adds", "int", "what it adds to the total"),
))  # fmt: skip

#: what UTF-8 cannot hold (bytes of a file's name that are none, as os.fsdecode gives them), and what reads like one
ODD = re.compile(r"[\ud800-\udfff]|\\ud[89a-f][0-9a-f]{2}")
ESCAPE = re.compile(r"\\(\\|ud[89a-f][0-9a-f]{2})")


def safe(text: str) -> str:
    """`text` as it stands in a table: a lone surrogate is written as its escape, every other text as it is.

    Two texts never become one: where a text has such an escape already, its backslashes are doubled.

    >>> safe("m\\udcff.gguf"), safe("m.gguf"), safe(r"C:\\models\\ud.gguf")
    ('m\\\\udcff.gguf', 'm.gguf', 'C:\\\\models\\\\ud.gguf')
    """
    if text.isascii() and "\\ud" not in text:
        return text
    if not ODD.search(text):
        return text
    return text.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")


def unsafe(text: str) -> str:
    """The text that `safe` was given.

    >>> unsafe(safe("m\\udcff.gguf")) == "m\\udcff.gguf"
    True
    """
    if "\\ud" not in text or not ODD.search(text):
        return text
    return ESCAPE.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), text)


def plain(row: Mapping[str, Any], columns: Iterable[Column] = COLUMNS) -> Row:
    """A row with every column of a table and no other key, all its texts such that UTF-8 holds them."""
    return {
        column.name: None if (value := row.get(column.name)) is None else AS_PLAIN[column.kind](value)
        for column in columns
    }


def whole(row: Mapping[str, Any]) -> Row:
    """A row with every column: what an older table did not have, or left empty, is as in a row without it."""
    known = {name: row[name] for name in NAMES if row.get(name) is not None}
    return empty() | known


def _map(value: Mapping[str, int]) -> dict[str, int]:
    return {safe(key): n for key, n in value.items()}


def _flags(value: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"kind": safe(flag["kind"]), "text": safe(flag["text"])} for flag in value]


AS_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "text": safe,
    "int": lambda value: value,
    "decimal": float,
    "flag": bool,
    "map": _map,
    "flags": _flags,
    "texts": lambda value: [safe(text) for text in value],
    "ints": list,
}
