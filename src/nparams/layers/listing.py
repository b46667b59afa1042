"""The kinds of layers as text: all of them a line each, or one in full."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.kind import Kind

WIDE = 44


def table(found: list[Kind]) -> str:
    """One line a kind: how it is written, and what it is; a long example has a line of its own."""
    lines = []
    for kind in found:
        gap = "\n" + " " * (WIDE + 2) if len(kind.example) > WIDE else " " * (WIDE + 2 - len(kind.example))
        lines.append(f"{kind.example}{gap}{kind.what}")
    return "\n".join(lines)


def described(kind: Kind, counted: str) -> str:
    """A kind in full: names, arguments, what frameworks call it and change, source, what its example comes to."""
    lines = [f"{kind.name}: {kind.what}", f"names      {', '.join([*kind.words, *kind.presets][:12])}"]
    for k, param in enumerate(p for p in kind.params.values() if p.words):
        head = "arguments" if k == 0 else ""
        lines.append(f"{head:<10} {param.words[0]:<14} {param.what}")
    for name, theirs in kind.rivals.items():
        lines.append(f"{name:<10} {', '.join(theirs.split())}")
    lines += [f"{name} differs in {what}" for name, what in kind.differs.items()]
    lines += [f"source     {kind.source}", f"example    {kind.example}: {counted}"]
    return "\n".join(lines)
