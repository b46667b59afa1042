"""Hyper-parameters in the middle of other text: CONFIG = {...}, GPTConfig(...) or a class of settings among notes."""

from __future__ import annotations

import re

TYPE_CHECKING = False

#: a name that only transformers' settings have
WORDS = re.compile(r"\b(?:n_?layers?|num_(?:hidden_)?layers|n_?embd|emb_dim|d_model|hidden_size|embed_dim)\b")
#: code that makes layers
LAYERS = re.compile(
    r"\bnn\.[A-Z]|\bkeras\b|\blayers\.[A-Z]"
    r"|^[ \t]*class\s+\w+\s*\([\w.]*(?:Module|Model|Layer)\)",
    re.M,
)
OPENS = re.compile(r"^[ \t>*-]*(?:[A-Za-z_][\w.]*[ \t]*=[ \t]*)?(?:[A-Za-z_][\w.]*[ \t]*)?[({]", re.M)
CLASS = re.compile(
    r"^([ \t]*)(?:@[^\n]*\n[ \t]*)*class[ \t]+\w+[ \t]*(?:\([^()\n]*\))?:[^\n]*\n(?:\1[ \t]+[^\n]*\n?|[ \t]*\n)+", re.M
)
MAX_BLOCKS = 40
MAX_LONG = 8_000


def blocks_of(text: str) -> list[tuple[int, int]]:
    """Where settings may stand: from the name before a bracket to where it closes, and whole classes."""
    found = [m.span() for _, m in zip(range(MAX_BLOCKS), CLASS.finditer(text), strict=False)]
    for _, m in zip(range(MAX_BLOCKS), OPENS.finditer(text), strict=False):
        end = _closed(text, m.end() - 1)
        inside = any(start <= m.start() < stop for start, stop in found)
        if end is not None and not inside and re.search(r"[=:]", text[m.end() : end]):
            found.append((m.start(), end))
    return found


def _closed(text: str, at: int) -> int | None:
    """Where the bracket closes that opens at a place."""
    depth = 0
    for m in re.compile(r"[()\[\]{}]").finditer(text, at, at + MAX_LONG):
        depth += 1 if m[0] in "([{" else -1
        if depth == 0:
            return m.end()
    return None


def block_of(text: str) -> str | None:
    """The only settings of a transformer that a text of other things holds.

    >>> block_of("we use\\nCFG = {'n_layers': 2, 'emb_dim': 8}\\nand it works")
    "CFG = {'n_layers': 2, 'emb_dim': 8}"
    """
    if WORDS.search(text) is None or LAYERS.search(text) is not None:
        return None
    from nparams.notation._hyper.read import claims_to_be

    found = [text[start:end].strip() for start, end in blocks_of(text)]
    held = [block for block in found if WORDS.search(block) and claims_to_be(block)]
    return held[0] if len(held) == 1 else None
