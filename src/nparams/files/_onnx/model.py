"""What is kept of an ONNX file: graphs, nodes, stored tensors and local functions, in plain records."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.files._protobuf.schema import Run

    #: (offset, length) of raw bytes, or a run of typed numbers
    Payload = tuple[int, int] | Run

NONE: dict[str, Any] = {}


class Stored:
    """One array as the file stores it: an initializer, the value of a Constant, or a constant attribute.

    `how` is "initializer", "sparse", "constant", "filled" (made by ConstantOfShape) or "attribute".
    """

    __slots__ = (
        "bytes",
        "dims",
        "dtype",
        "elements",
        "external",
        "how",
        "name",
        "note",
        "offset",
        "payload",
        "size",
        "text",
    )

    def __init__(self, name: str, dims: tuple[int, ...], dtype: str | None, size: int, offset: int = 0) -> None:
        self.name = name
        self.dims = dims
        self.dtype = dtype
        #: whether it holds texts, not numbers
        self.text = False
        #: numbers in its logical shape
        self.size = size
        #: numbers and bytes that the file holds for it, where that is not the shape's (sparse, filled)
        self.elements: int | None = None
        self.bytes: int | None = None
        self.how = "initializer"
        self.external: dict[str, str] | None = None
        self.payload: Payload | None = None
        self.note: str | None = None
        #: where it stands in the file
        self.offset = offset


class Node:
    """One operator: what goes in and out, and of its attributes only what a count needs."""

    __slots__ = (
        "domain",
        "graphs",
        "inputs",
        "name",
        "numbers",
        "op",
        "outputs",
        "overload",
        "refers",
        "scope",
        "tensors",
    )

    def __init__(self, op: str, domain: str, name: str, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self.op = op
        self.domain = domain
        self.overload = ""
        self.name = name
        #: the module that its exporter says it comes from
        self.scope = ""
        self.inputs = inputs
        self.outputs = outputs
        #: attribute -> graph, in the order of the file
        self.graphs: Mapping[str, Graph] = NONE
        #: attribute -> tensor
        self.tensors: Mapping[str, Stored] = NONE
        #: attribute -> integer or text, of the few operators that are packed
        self.numbers: Mapping[str, int | str] = NONE
        #: attribute -> the attribute of the function around it that gives its value
        self.refers: Mapping[str, str] = NONE

    def give(self, kind: str, name: str, value: object) -> None:
        """Put an attribute into one of the tables; most nodes have nothing in any of them, and share an empty one."""
        held = getattr(self, kind)
        if held is NONE:
            setattr(self, kind, {name: value})
        else:
            held[name] = value


class Graph:
    """A graph, or the body of a function."""

    __slots__ = ("annotated", "initializers", "inputs", "name", "nodes", "outputs")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.nodes: Sequence[Node] = ()
        self.initializers: list[Stored] = []
        self.inputs: Sequence[str] = ()
        self.outputs: Sequence[str] = ()
        #: names of tensors that hold scales and zero points
        self.annotated: list[str] = []


class Function:
    """A local function: a name that nodes may have as their operator."""

    __slots__ = ("body", "defaults", "domain", "name", "overload")

    def __init__(self, name: str, domain: str, overload: str, body: Graph) -> None:
        self.name = name
        self.domain = domain
        self.overload = overload
        self.body = body
        #: attribute -> tensor, where a call does not give one
        self.defaults: Mapping[str, Stored] = NONE


class Model:
    """The whole file."""

    __slots__ = ("functions", "graph", "opsets", "producer", "training", "version")

    def __init__(self) -> None:
        self.version = 0
        self.producer = ""
        self.opsets: dict[str, int] = {}
        self.graph = Graph()
        self.functions: list[Function] = []
        self.training: list[Graph] = []
