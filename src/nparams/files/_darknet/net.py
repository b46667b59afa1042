"""The layers of a .cfg with their arrays, as a tree."""

from __future__ import annotations

from nparams.errors import UnsupportedError, place, shown
from nparams.files._darknet.layers import MAKERS, size_of
from nparams.files._darknet.parts import Place, Sides
from nparams.network.tree import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._darknet.cfg import Section
    from nparams.files._darknet.parts import Array

#: numbers of one layer, far above what a file can hold
MOST_NUMBERS = 1 << 48
#: sides of what a layer hands on
LARGEST_SIDE = 1 << 31


class Layer:
    """One layer: its number and type, and the arrays that it stores."""

    __slots__ = ("arrays", "kind", "name", "shares", "size")

    def __init__(self, section: Section, arrays: list[Array], kind: str | None) -> None:
        self.name = f"{section.kind}_{section.number}"
        self.kind = kind
        self.arrays = arrays
        self.size = size_of(arrays)
        #: whether another layer holds its weights
        self.shares = "share_index" in section.options


def layers_of(file: str, sections: Sequence[Section]) -> list[Layer]:
    """Every layer, its channels worked out from those before it."""
    net = sections[0]
    w, h, c = net.number_of("width", 0), net.number_of("height", 0), net.number_of("channels", 0)
    takes, before = Sides(w, h, c, net.number_of("inputs", w * h * c)), list[Sides]()
    layers: list[Layer] = []
    for section in sections[1:]:
        make = MAKERS.get(section.kind)
        if make is None:
            raise UnsupportedError(
                f"{place(file)}: layer {section.number} is a [{shown(section.kind)[1:-1]}] (line {section.line}), "
                "which Darknet does not have; count the model in the form of the program that it was made for"
            )
        arrays, takes, kind = make(Place(section, takes, before))
        before.append(takes)
        layers.append(Layer(section, arrays, kind))
        if max(takes.w, takes.h, takes.c) >= LARGEST_SIDE or layers[-1].size >= MOST_NUMBERS:
            raise section.bad("it is larger than any file could hold")
    return layers


def tree(layers: Sequence[Layer], dtype: str | None) -> Module:
    """The tree of layers that store something."""
    return Module("", children=[
        Module(layer.name, layer.kind, tensors=[
            Tensor(f"{layer.name}.{name}", shape, dtype, role) for name, role, shape in layer.arrays
        ])
        for layer in layers if layer.arrays
    ])  # fmt: skip
