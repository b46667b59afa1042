"""nparams formats: every form that can be read, from the registry's rows."""

from __future__ import annotations

from nparams.cli.main import FINE, write
from nparams.errors import UsageError
from nparams.registry import SOURCES


def run(words: list[str]) -> int:
    """Print the table of forms."""
    if words:
        raise UsageError("nparams formats takes no arguments")
    rows = [("form", "what", "for example"), *((row.form, row.what, row.example) for row in SOURCES)]
    wide = [max(len(row[k]) for row in rows) for k in range(3)]
    write("\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip() for row in rows))
    return FINE
