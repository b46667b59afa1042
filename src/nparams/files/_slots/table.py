"""What the operators of a format do with their inputs, as one table.

A row is a text of one letter an input (its last letter holds for every further input if `*` follows it), or {name of
the input: letter}.  Letters:

    w  weight            b  bias                  s  scale, zero point or other bookkeeping of a quantised layer
    m  statistics or a table that belongs to the layer and is not trained (buffer)
    o  operand of an addition                     x  operand of a multiplication
    a  argument (axes, sizes, bounds, masks)      -  data that flows through
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files._slots.records import Node, Place

    Places = tuple[Place, ...] | str
    Row = str | Mapping[str, str]


class Operators:
    """The operators of one format."""

    __slots__ = (
        "adding", "folded", "gathering", "kinds", "moving", "opening", "picking", "products", "scaling", "slots",
        "through", "waves",
    )  # fmt: skip

    def __init__(
        self,
        slots: Mapping[str, Row],
        through: Mapping[str, Places],
        folded: Mapping[str, Places],
        kinds: Mapping[str, str],
        opening: frozenset[str] = frozenset(),
        scaling: frozenset[str] = frozenset(),
        adding: frozenset[str] = frozenset(),
        picking: frozenset[str] = frozenset(),
        moving: frozenset[str] = frozenset(),
        waves: frozenset[str] = frozenset(),
        products: frozenset[str] = frozenset(),
        gathering: frozenset[str] = frozenset(),
    ) -> None:
        self.slots = slots
        #: operators that give on what they are given, changed in form only -> the inputs that they give on ("*": all)
        self.through = through
        #: the same where every input is stored: a computation that could have been done beforehand
        self.folded = folded
        #: textbook kinds of the layers that operators are
        self.kinds = kinds
        #: operators behind which whole numbers may be weights
        self.opening = opening
        #: arithmetic that scales quantised numbers, sums, and look-ups of quantised numbers in a table
        self.scaling = scaling
        self.adding = adding
        self.picking = picking
        #: operators whose result is not fixed though their inputs are (random numbers, states)
        self.moving = moving
        #: sine and cosine, products, and what joins values before a sine is taken
        self.waves = waves
        self.products = products
        self.gathering = gathering

    def letter(self, node: Node, place: Place) -> str:
        """What the table says of an input of a node."""
        key = f"{node.domain}.{node.op}"
        return letter(self.slots[key] if node.domain and key in self.slots else self.slots.get(node.op, ""), place)

    def knows(self, op: str) -> bool:
        """Whether the operator has a row."""
        return op in self.slots or op in self.through or op in self.folded


def letter(row: Row, place: Place) -> str:
    """What a row says of an input; a name that it does not have is that of an argument.

    >>> letter("-wb", 1), letter("o*", 7), letter("-a", 3), letter({"weight": "w"}, "weight"), letter({}, "pad")
    ('w', 'o', '-', 'w', 'a')
    """
    if not isinstance(row, str):
        return row.get(str(place), "a")
    if not isinstance(place, int):
        return "-"
    if row.endswith("*"):
        return row[min(place, len(row) - 2)]
    return row[place] if place < len(row) else "-"
