"""Where a layer stands in a network, what it hands on, and the arrays that layers of several types store."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._darknet.cfg import Section

    #: name, role, shape
    Array = tuple[str, str, tuple[int, ...]]


class Sides:
    """What a layer hands on: width, height and channels (0 where it has no such), and how many values that is."""

    __slots__ = ("c", "h", "values", "w")

    def __init__(self, w: int, h: int, c: int, values: int | None = None) -> None:
        self.w = w
        self.h = h
        self.c = c
        self.values = w * h * c if values is None else values


class Place:
    """Where a layer stands: its section, what is handed to it, and what the layers before it hand on."""

    __slots__ = ("before", "section", "takes")

    def __init__(self, section: Section, takes: Sides, before: Sequence[Sides]) -> None:
        self.section = section
        self.takes = takes
        self.before = before

    def image(self) -> Sides:
        """What is handed to it, which must be an image."""
        if not (self.takes.w > 0 and self.takes.h > 0 and self.takes.c > 0):
            raise self.section.bad("what it is given is no image: width, height or channels of [net] or a layer is 0")
        return self.takes

    def layer(self, index: int) -> Sides:
        """What another layer hands on; a number below 0 counts back from here."""
        number = self.section.number + index if index < 0 else index
        if not 0 <= number < len(self.before):
            raise self.section.bad(f"it names layer {index}, and there are {len(self.before)} before it")
        return self.before[number]


# -- arrays -----------------------------------------------------------------------------------------------------------


def normed(outputs: int, normalised: int, before: str = "") -> list[Array]:
    """The arrays of a batch norm: scales, and running statistics."""
    if not normalised:
        return []
    return [(f"{before}scales", "weight", (outputs,)), (f"{before}rolling_mean", "buffer", (outputs,)),
            (f"{before}rolling_variance", "buffer", (outputs,))]  # fmt: skip


def convolution(n: int, c: int, size: int, groups: int, normalised: int, before: str = "") -> list[Array]:
    """The arrays of a convolution: load_convolutional_weights."""
    return [(f"{before}biases", "bias", (n,)), *normed(n, normalised, before),
            (f"{before}weights", "weight", (n, c // groups, size, size))]  # fmt: skip


def dense(inputs: int, outputs: int, normalised: int, before: str = "") -> list[Array]:
    """The arrays of a dense layer: load_connected_weights."""
    return [(f"{before}biases", "bias", (outputs,)), (f"{before}weights", "weight", (outputs, inputs)),
            *normed(outputs, normalised, before)]  # fmt: skip
