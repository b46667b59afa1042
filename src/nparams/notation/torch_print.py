"""What print(model) shows of a PyTorch model."""

from __future__ import annotations

from nparams.errors import NotationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network


def may_be(text: str) -> bool:
    """Whether `text` can be read so."""
    return False


def read(text: str) -> Network:
    """The network that `text` describes."""
    raise NotationError("this form is not read yet")
