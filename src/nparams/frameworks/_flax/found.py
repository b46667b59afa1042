"""What a reader of Flax hands over."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.frameworks._arrays.gather import Gather


class Found:
    """The arrays, and how they are to be introduced; `framework` is the grand total of Flax's own tabulate."""

    __slots__ = ("described", "framework", "gathered", "read_as")

    def __init__(self, gathered: Gather, read_as: str, described: str, framework: int) -> None:
        self.gathered = gathered
        self.read_as = read_as
        self.described = described
        self.framework = framework
