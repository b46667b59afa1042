"""nparams layers: every kind of layer that a list may name, or one of them in full."""

from __future__ import annotations

from nparams.cli.main import FINE, write
from nparams.errors import UsageError, shown


def run(words: list[str]) -> int:
    """Print the table of kinds; with a name, that kind's arguments, formula and source."""
    from nparams._read import read
    from nparams.layers.catalogue import kinds
    from nparams.layers.catalogue import words as names
    from nparams.layers.listing import described, table

    if not words:
        write(table(list(kinds().values())))
        return FINE
    name = "".join(c for c in "".join(words).lower() if c.isalnum())
    found = names().get(name) or kinds().get("".join(words))
    if found is None:
        raise UsageError(f"no layer is called {shown(' '.join(words))}; nparams layers lists them")
    network = read(found.example, form="stack")
    write(described(found, f"{network.formula('unicode')} = {network.total:,}"))
    return FINE
