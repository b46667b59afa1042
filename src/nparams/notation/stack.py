"""Lists of layers as people write them: `input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10`.

Text is cut at `;` `,` `->` and new lines (_stack/text), each element becomes a call of a kind of layer (_stack/words),
and calls become modules while shapes flow from one to the next (_stack/build, _stack/read).  The kinds are the
textbook's (layers/).  Nothing is guessed: a size that is not said stays a symbol, and a note says which.
"""

from __future__ import annotations

from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

BIASES = ("all", "hidden", "none")
CHOICES = ("textbook", "torch", "keras", "all")


def may_be(text: str) -> bool:
    """Whether some element of `text` names a layer or an input."""
    from nparams.notation._stack.claim import is_list

    return is_list(text)


def read(text: str, *, bias: str = "all", convention: str | None = None) -> Network:
    """The network that the list of layers in `text` describes.

    `convention`: whose layer definitions hold: "textbook" (the default), "torch" or "keras"; with "all" the network is
    the textbook's and `also` holds the others' totals, as it does whenever they differ.  `bias`: "none" leaves all
    biases out that are not asked for, "hidden" those of the last layer.  Raises NotationError with the place of what is
    not understood and what to write instead; UsageError for another option.

    >>> read("input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10").total
    54410
    """
    if bias not in BIASES:
        raise UsageError(f"bias {shown(bias)}: choose one of {', '.join(BIASES)}")
    if convention not in (None, *CHOICES):
        raise UsageError(f"convention {shown(str(convention))}: choose one of {', '.join(CHOICES)}")
    from nparams.notation._stack.read import network_of

    return network_of(text, bias, convention)


__all__ = ["may_be", "read"]
