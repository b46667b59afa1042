"""Printed summaries: Keras, torchinfo, torchsummary, Lightning, Flax, Haiku, YOLO logs, plain tables of counts.

A reader for each form finds the rows (_summary/keras, _summary/torch, _summary/lightning, _summary/flax, _summary/yolo,
_summary/plain).  Each row's count is then checked against the layer that it names (_summary/explain): what a layer
holds is the textbook's (layers/), and what was not printed is solved for in whole numbers (_summary/solve).  The rows
are summed and held against the printed totals (_summary/build, _summary/notes).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

#: one of these is in every summary, and in few other texts
HINTS = ("aram", "None", ") ", "] ", "─", "│", "┃", "|", " -1 ", "\n")


def claims(text: str) -> bool:
    """Never before the file system was asked."""
    return False


def may_be(text: str) -> bool:
    """Whether the text has rows or totals as summaries print them, and is no code that quotes some.

    >>> may_be("conv2d_7 (Conv2D) (None, 26, 26, 64) 640"), may_be("conv 32 3x3; dense 10"), may_be("w [2048, 64]")
    (True, False, False)
    """
    if not any(hint in text for hint in HINTS):
        return False
    from nparams.notation._summary.signs import is_summary

    return is_summary(text)


def read(text: str, *, which: str | None = None) -> Network:
    """The network that a printed summary tells of; `which` names one of several by its title.

    Rows are checked against their layers, and their sum against the printed total; notes say what was inferred and what
    does not fit.  Raises NotationError where no row is found, or where only rounded counts are printed.

    >>> read("dense_1 (Dense)  (None, 10)  7850").total
    7850
    >>> network = read("conv2d_7 (Conv2D) (None, 26, 26, 64) 640")
    >>> network.weights, network.biases
    (576, 64)
    """
    from nparams.notation._summary.build import network_of

    return network_of(text, which)


__all__ = ["claims", "may_be", "read"]
