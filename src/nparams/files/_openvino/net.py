"""What is kept of an IR: layers with their ports and edges, nested bodies, and blobs of the versions before 10."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    #: offset in the .bin, bytes, number type (None: the layer's)
    Blob = tuple[int, int, str | None]


class Layer:
    """One layer as the XML says it."""

    __slots__ = (
        "at", "blobs", "bodies", "data", "dims", "inputs", "name", "outputs", "precision", "type", "version",
    )  # fmt: skip

    def __init__(self, kind: str, name: str, version: str, precision: str, at: int) -> None:
        self.type = kind
        self.name = name
        #: the operation set
        self.version = version
        #: the number type of its first result (before IR v10: of the layer)
        self.precision = precision
        #: where it stands in the file
        self.at = at
        #: of a Const only: the attributes of its <data>
        self.data: Mapping[str, str] | None = None
        #: of a Const or a Reshape only: the dimensions of its result
        self.dims: list[str] = []
        #: numbers of ports, in order
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        #: before IR v10: name of a blob -> where it lies
        self.blobs: dict[str, Blob] = {}
        self.bodies: list[Body] = []


class Body:
    """A graph: that of the network, or one inside a TensorIterator, a Loop or an If."""

    __slots__ = ("back", "edges", "kind", "layers", "results", "starts")

    def __init__(self, kind: str) -> None:
        #: body, then_body or else_body; "" for the network's
        self.kind = kind
        #: by id
        self.layers: dict[str, Layer] = {}
        #: (from layer, from port, to layer, to port)
        self.edges: list[tuple[str, str, str, str]] = []
        #: (port of the layer around, layer inside): what goes in, what comes out
        self.starts: list[tuple[str, str]] = []
        self.results: list[tuple[str, str]] = []
        #: (layer inside, layer inside): what goes in again, round by round
        self.back: list[tuple[str, str]] = []


class Net:
    """The whole file."""

    __slots__ = ("body", "name", "version")

    def __init__(self) -> None:
        self.name = ""
        self.version = 0
        self.body = Body("")
