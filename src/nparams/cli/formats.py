"""nparams formats: every form that can be read, from the registry's rows."""

from __future__ import annotations

import os

from nparams.cli.main import FINE, say, write
from nparams.errors import UsageError
from nparams.registry import SOURCES

HEAD = ("form", "what", "for example")


def run(words: list[str]) -> int:
    """Print the table of forms; examples go under what they show where the terminal is too narrow for three columns."""
    if words:
        raise UsageError("nparams formats takes no arguments")
    from nparams._foreign import foreign
    from nparams.cli.show import columns, is_terminal

    rows = [HEAD, *((row.form, row.what, row.example) for row in (*SOURCES, *foreign().rows.values()))]
    wide = [max(len(row[k]) for row in rows) for k in range(3)]
    lines = [beside(row, wide) for row in rows]
    if (is_terminal() or "COLUMNS" in os.environ) and max(map(len, lines)) > columns():
        lines = [under(row, wide[0]) for row in rows[1:]]
    write("\n".join(lines))
    for problem in foreign().problems:
        say(f"note: {problem}")
    return FINE


def beside(row: tuple[str, ...], wide: list[int]) -> str:
    """One line of the table."""
    return "  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip()


def under(row: tuple[str, ...], wide: int) -> str:
    """The form and what it is, the example on a line of its own.

    >>> print(under(("sizes", "layer sizes", "784-10"), 6))
    sizes   layer sizes
            784-10
    """
    form, what, example = row
    return f"{form:<{wide}}  {what}\n{'':<{wide}}  {example}"
