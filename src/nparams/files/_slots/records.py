"""What a graph of operators is made of: nodes, what is stored, and the marks that uses leave on it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    #: the name or the number of an input
    Place = int | str

#: number types that are a weight's only behind an operator that gives them their scale
NARROW = frozenset((
    "int8", "uint8", "int4", "uint4", "uint6", "uint3", "int2", "uint2", "uint1", "nf4", "float8_e4m3fn",
    "float8_e5m2", "float4_e2m1fn",
))  # fmt: skip


class Node:
    """One operator; values are numbers, `places` says which input each of `inputs` is."""

    __slots__ = ("domain", "inputs", "name", "op", "outputs", "places", "scope", "shape")

    def __init__(
        self, op: str, name: str, inputs: Sequence[int | None], outputs: Sequence[int], places: Sequence[Place] | None
    ) -> None:
        self.op = op
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.places: Sequence[Place] = range(len(inputs)) if places is None else places
        #: the module that a name says that it comes from, if any
        self.scope = ""
        self.domain = ""
        #: the shape of its result, where that may be the logical one of what it unpacks
        self.shape: tuple[int, ...] | None = None


class Const:
    """One stored array: its name, shape, number type, and the value that it is in the graph."""

    __slots__ = ("dtype", "elements", "length", "memory", "name", "shape", "size", "text", "value")

    def __init__(
        self, name: str, shape: tuple[int, ...], dtype: str | None, size: int, value: int, text: bool = False
    ) -> None:
        self.name = name
        self.shape = shape
        #: None: text, or a number type that is not known
        self.dtype = dtype
        self.size = size
        self.value = value
        self.text = text
        #: what its bytes are known by: arrays of one memory are one
        self.memory: object = None
        #: bytes that are stored for it, where that is known and not its shape's
        self.length: int | None = None
        #: numbers that are stored, where that is not its size
        self.elements: int | None = None


class Mark:
    """One use: the letter of the slot, the node, which of its inputs, and what lies between."""

    __slots__ = ("letter", "made", "node", "open", "place", "through")

    def __init__(
        self, letter: str, node: Node, place: Place, opened: bool = False, through: str = "", made: Node | None = None
    ) -> None:
        self.letter = letter
        self.node = node
        self.place = place
        #: whether whole numbers may stand there: something gives them their scale on the way
        self.open = opened
        #: the operator next to what is stored, where it is not the node itself
        self.through = through
        #: the operator nearest to the layer that says the logical shape of what it unpacks
        self.made = made
