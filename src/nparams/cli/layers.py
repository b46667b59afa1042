"""nparams layers: every kind of layer that a list may name, or one of them in full."""

from __future__ import annotations

from nparams.cli.main import FINE, write
from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.kind import Kind


def run(words: list[str]) -> int:
    """Print the table of kinds; with a name, that kind's arguments, formula and source."""
    from nparams.layers.catalogue import kinds
    from nparams.layers.catalogue import words as names

    if not words:
        write(table(list(kinds().values())))
        return FINE
    name = "".join(c for c in "".join(words).lower() if c.isalnum())
    found = names().get(name) or kinds().get("".join(words))
    if found is None:
        raise UsageError(f"no layer is called {shown(' '.join(words))}; nparams layers lists them")
    write(described(found))
    return FINE


def table(found: list[Kind]) -> str:
    """One line a kind: how it is written, and what it is; a long example has a line of its own."""
    wide = 44
    lines = []
    for kind in found:
        gap = "\n" + " " * (wide + 2) if len(kind.example) > wide else " " * (wide + 2 - len(kind.example))
        lines.append(f"{kind.example}{gap}{kind.what}")
    return "\n".join(lines)


def described(kind: Kind) -> str:
    """A kind in full: names, arguments, what the frameworks call it and do differently, source, an example counted."""
    from nparams._read import read

    lines = [f"{kind.name}: {kind.what}", f"names      {', '.join([*kind.words, *kind.presets][:12])}"]
    for k, param in enumerate(p for p in kind.params.values() if p.words):
        head = "arguments" if k == 0 else ""
        lines.append(f"{head:<10} {param.words[0]:<14} {param.what}")
    for name, theirs in kind.rivals.items():
        lines.append(f"{name:<10} {', '.join(theirs.split())}")
    lines += [f"{name} differs in {what}" for name, what in kind.differs.items()]
    network = read(kind.example, form="stack")
    lines += [
        f"source     {kind.source}",
        f"example    {kind.example}: {network.formula('unicode')} = {network.total:,}",
    ]
    return "\n".join(lines)
