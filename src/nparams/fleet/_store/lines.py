"""Parts of a table as JSON Lines, where pyarrow is not installed: one object a line, UTF-8, every column in each."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from nparams.fleet.rows import Column, Row


def write(file: BinaryIO, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Write plain rows; OSError where that fails."""
    for row in rows:
        file.write(_line(row))


def read(path: str, columns: Sequence[Column]) -> Iterator[Row]:
    """The rows of a part with these columns; what a line does not have is None.  ValueError where it is damaged."""
    for row in _rows(path):
        yield {column.name: row.get(column.name) for column in columns}


def copy(path: str, file: BinaryIO, drop: Collection[int], gone: Mapping[int, str | None]) -> None:
    """Write the part again, without the rows at the places `drop` and with other values of `gone`."""
    for i, row in enumerate(_rows(path)):
        if i not in drop:
            file.write(_line({**row, "gone": gone[i]} if i in gone else row))


def _line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _is_odd(text: str) -> bool:
    """Whether it has what no table of ours has: a lone surrogate (plain.py writes it as its escape)."""
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def _rows(path: str) -> Iterator[Row]:
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                raise ValueError(f"line {number:,} has no end")
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict) or not isinstance(row.get("uri"), str) or _is_odd(row["uri"]):
                raise ValueError(f"line {number:,} is no row")
            yield row
