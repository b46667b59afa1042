"""The endings of the formats that can be read, looked up by the last part of a name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Row(Protocol):
        """A row of the registry, as far as it matters here."""

        form: str
        suffixes: tuple[str, ...]


class Endings:
    """The endings of formats, by what follows the last dot of a name, in the order of their rows."""

    __slots__ = ("by_last", "rows", "whole")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.by_last: dict[str, list[tuple[str, str]]] = {}
        #: endings without a dot, which any name may end with
        self.whole: list[tuple[str, str]] = []
        for suffix, form in ((suffix, row.form) for row in rows for suffix in row.suffixes):
            _, dot, last = suffix.rpartition(".")
            (self.by_last.setdefault(last, []) if dot else self.whole).append((suffix, form))


#: those of the rows that were asked for last: all folders are sorted out by the same
_LAST = [Endings(())]


def endings_of(rows: Sequence[Row]) -> Endings:
    """The endings of the formats that can be read."""
    if _LAST[0].rows is not rows:
        _LAST[0] = Endings(rows)
    return _LAST[0]


def ending_of(name: str, endings: Endings) -> str | None:
    """The form of the first row that has an ending of a name."""
    for some in (endings.by_last.get(name.rpartition(".")[2], ()), endings.whole):
        for suffix, form in some:
            if name.endswith(suffix):
                return form
    return None
