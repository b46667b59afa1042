"""Flux (Julia) layers: `Dense(5 => 7)`, `Chain(Conv((5,5), 1 => 6, relu), Flux.flatten, ...)`, and what Flux prints.

Code is cut into words and read into a tree (_flux/parse), which becomes modules (_flux/build) by a table of layers
(_flux/layers); counts that Flux printed beside a layer are held against it (_flux/counts).  Nothing is run.

Sources: FluxML/Flux.jl, src/layers/basic.jl, conv.jl, normalise.jl, attention.jl, recurrent.jl and show.jl (0.16); for
the trained state of recurrent cells src/layers/recurrent.jl up to 0.14 (`state0`).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

MAX_TEXT = 1_000_000
CHOICES = ("textbook", "torch", "keras", "all")

# Patterns as text, so that a list of sizes that is asked about compiles none of them.
LAYERS = (
    r"(?:Dense|Conv|ConvTranspose|DepthwiseConv|CrossCor|RNN|LSTM|GRU|GRUv3|RNNCell|LSTMCell|GRUCell|GRUv3Cell|Embedding"
    r"|EmbeddingBag|Bilinear|MultiHeadAttention)"
)
#: in => out, which only Julia writes so
PAIR = rf"\b{LAYERS}\([^\n=]{{0,200}}=>"
#: what holds layers, with a layer of Flux somewhere
HOLDER = r"\b(?:Chain|SkipConnection|Parallel|Maxout|PairwiseFusion|Recur|Recurrence)\("
OWN = (
    r"\b(?:Dense|BatchNorm|LayerNorm|GroupNorm|InstanceNorm|Dropout|MaxPool|MeanPool|GlobalMeanPool|Scale|Conv|RNN|LSTM|GRU"
    r"|Embedding)\(|=>|Flux\.|\bGlobal(?:Max|Mean)Pool\b"
)
#: layers by themselves with arguments that only Flux takes so
ALONE = (
    r"^\s*(?:Dense\(\s*\d+\s*,\s*\d+\s*[,)]|BatchNorm\(\s*\d+\s*[,;)]|(?:Scale|InstanceNorm)\(\s*\d+\s*[,;)]"
    r"|MultiHeadAttention\(\s*\d+\s*[,;]\s*nheads)"
)
PREFIX = r"\bFlux\.(?:Scale|Bilinear|flatten|Recur|Dense|GRUCell|LSTMCell|RNNCell)\b|^[ \t]*using Flux\b"


def may_be(text: str) -> bool:
    """Whether `text` is of Flux.

    >>> may_be("Dense(5 => 7)"), may_be("Chain(Dense(784, 32, relu), Dense(32, 10))"), may_be("nn.Linear(5, 7)")
    (True, True, False)
    """
    head = text[:50_000]
    if (
        len(text) > MAX_TEXT
        or "(" not in head
        or re.search(r"\bnn\.|\bkeras\b|\bimport |\bdef |->\s*\w+\(|lambda ", head)
    ):
        return "(" in head and len(text) <= MAX_TEXT and re.search(PAIR, head) is not None and "nn." not in head
    if re.search(PAIR, head) or re.search(PREFIX, head, re.MULTILINE) or re.match(ALONE, head):
        return True
    return re.search(HOLDER, head) is not None and re.search(OWN, head) is not None


def read(text: str, *, convention: str | None = None) -> Network:
    """The network that the Flux code or print in `text` describes; Flux's own definitions hold, whatever `convention`.

    Raises NotationError with the line of what is not understood.

    >>> read("Chain(Dense(784 => 32, relu), Dense(32 => 10))").total, read("Maxout(() -> Dense(5 => 7), 3)").total
    (25450, 126)
    >>> gru = read("GRU(3 => 5)")
    >>> gru.total, gru.also
    (140, {'without initial state': 135})
    """
    if convention not in (None, *CHOICES):
        raise UsageError(f"convention {shown(str(convention))}: choose one of {', '.join(CHOICES)}")
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of code: at most {MAX_TEXT:,} are read")
    from nparams.notation._flux.counts import counted
    from nparams.notation._question import asked

    network = counted(asked(text))
    network.source = text
    return network


__all__ = ["may_be", "read"]
