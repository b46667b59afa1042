"""One and the same network in every framework: what each of them must be said to have, with what differs itemised.

Frameworks differ in two things here.  What they keep of a batch norm's statistics: a mean and a variance a channel;
PyTorch counts the batches besides, Equinox keeps a flag, Haiku a sum beside each average, and two counters.  And the
LSTM of PyTorch has a second bias vector in each gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Same(NamedTuple):
    """A network and its numbers; `differs`: (network in which framework) -> (further biases, buffers)."""

    weights: int
    biases: int
    buffers: int = 0
    differs: Mapping[str, tuple[int, int]] = {}
    #: words of the note that the other frameworks give
    note: str = ""


#: d, heads and f of the transformer block
D, HEADS, F = 8, 2, 32

NETWORKS = {
    # 8-16-4
    "mlp": Same(8 * 16 + 16 * 4, 16 + 4),
    # a convolution 3 x 3 from 3 channels to 8, a batch norm, one layer from the 8 means to 4 classes
    "cnn": Same(
        3 * 3 * 3 * 8 + 8 + 8 * 4,
        8 + 8 + 4,
        buffers=2 * 8,
        differs={"torch": (0, 2 * 8 + 1), "equinox": (0, 2 * 8 + 1), "haiku": (0, 2 * (8 + 8 + 1))},
    ),
    # 5 inputs, 6 units, 4 gates
    "lstm": Same(4 * 6 * (5 + 6), 4 * 6, differs={"torch": (4 * 6, 0)}, note="would have 24 parameters more"),
    # q, k, v and the output with biases, two norms, two layers: 12 d^2 + 13 d where f = 4 d
    "block": Same(4 * D * D + 2 * D + 2 * D * F, 4 * D + 2 * D + F + D),
}


def expected(network: str, framework: str) -> tuple[int, int, int]:
    """(weights, biases, buffers) of a network in a framework.

    >>> expected("lstm", "torch"), expected("block", "keras")
    ((264, 48, 0), (784, 88, 0))
    """
    same = NETWORKS[network]
    more, buffers = same.differs.get(framework, (0, same.buffers))
    return same.weights, same.biases + more, buffers
