"""Hyper-parameters of a transformer: `L=12 H=768 A=12 V=30522`, `n_layer: 12`, `GPT_CONFIG = {"emb_dim": 768, ...}`.

A name says a size; the names together, and a title, say whose family it is (BERT, GPT-2, LLaMA, ViT, torch.nn.
Transformer).  What that family has and the text does not say is assumed, and each assumption is a note with its effect
on the count.  A size that is needed and not given stays a symbol.
"""

from __future__ import annotations

import re

from nparams.notation._question import asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.network import Network

#: a value after a name, or a number before one
SIGN = re.compile(
    r"[A-Za-z\"'][ \t]*[=:]|--[A-Za-z]|\d[ -]?(?:layer|hidden|head)|\b(?:n_?layers?|d_?model|"
    r"n_?embd)[ \t]+\d",
    re.IGNORECASE,
)
#: code, which other notations read
CODE = re.compile(
    r"\b(?:nn|layers|keras|torch|tf)\.[A-Z]|^[ \t]*(?:import|from)\s|\bdef\s|\blambda\b|->|"
    r"=>",
    re.MULTILINE,
)
MAX_TEXT = 100_000


def claims(text: str) -> bool:
    """Never before the file system was asked."""
    return False


def may_be(text: str) -> bool:
    """Whether every piece of `text` is a name with its value, and the names are those of a transformer."""
    if len(text) > MAX_TEXT or SIGN.search(text) is None:
        return False
    from nparams.notation._hyper.block import block_of
    from nparams.notation._hyper.read import claims_to_be

    return (CODE.search(text) is None and claims_to_be(asked(text))) or block_of(text) is not None


def read(text: str, *, set: Mapping[str, object] | None = None) -> Network:
    """The transformer that hyper-parameters describe; `set` gives values for what stayed a symbol.

    Raises NotationError with the place of what is not understood, of a value that is no size, or of two names that
    contradict each other.

    >>> read("L=12 H=768 A=12 V=30522 n_ctx=512").total
    109482240
    >>> read("n_layer=96 d_model=12288 n_vocab=50257", set={"n_ctx": 2048}).total
    174604259328
    """
    from nparams.errors import NotationError, shown
    from nparams.notation._hyper.notes import network_of

    code = CODE.search(text[:MAX_TEXT]) is not None
    block = _block(text, code)
    if code and block is None:
        raise NotationError(f"{shown(text)} is code, not hyper-parameters: --from torch-code or keras-code reads it")
    network = network_of(asked(text) if block is None else block)
    network.source = text
    if block is not None:
        network.notes.append(f"only {shown(block)} is read of the text")
    return network.substitute(set) if set else network


def _block(text: str, code: bool) -> str | None:
    """The part of the text that holds the hyper-parameters, where that is not all of it."""
    from nparams.notation._hyper.block import block_of
    from nparams.notation._hyper.read import claims_to_be

    if len(text) > MAX_TEXT or (not code and claims_to_be(asked(text))):
        return None
    return block_of(text)


__all__ = ["claims", "may_be", "read"]
