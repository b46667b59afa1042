"""The XML of an IR, event by event: nothing of it is kept but layers, ports and edges.

openvinotoolkit/openvino src/core/xml_util (xml_serialize_util.cpp, xml_deserialize_util.cpp) writes and reads it.  No
document type, entity or other encoding than UTF-8 is read; a tag is as long, and elements are as deep and as many, as
the limits say.
"""

from __future__ import annotations

from xml.parsers import expat

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._openvino.net import Body, Layer, Net

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource

    Attributes = dict[str, str]

# Limits several times above the largest real files (a language model of 80 layers: 10 MB, 15,000 layers).
XML_BYTES = 128_000_000
MOST_XML_BYTES = 1_280_000_000
ELEMENTS, LAYERS, EDGES = 600_000, 30_000, 100_000
DEPTH = 60
TAG = 1 << 20
MORE = 10  # how much further than its usual limits a file is read without them
PIECE = 1 << 16  # bytes that the parser is given at once
FIRST_READ, LARGEST_READ = 1 << 16, 1 << 22  # bytes asked of the source at once

SKIPPED = frozenset(("rt_info", "meta_data", "quantization_parameters"))
BODIES = ("body", "then_body", "else_body")
MAPS = {"port_map": "body", "then_port_map": "then_body", "else_port_map": "else_body"}
BLOBS = frozenset(("weights", "biases", "custom"))
#: layers whose result's shape is kept
SHAPED = ("Const", "Reshape")
OLDEST, NEWEST = 2, 11


def read_net(source: ByteSource, *, limits: bool = True) -> Net:
    """The network that an XML file describes.

    Raises FormatError for XML that is damaged, hostile or no network, UnsupportedError for a version that is not read.
    """
    most = XML_BYTES if limits else MOST_XML_BYTES
    if source.size > most:
        raise FormatError(f"{place(source.name)}: {source.size:,} bytes of XML, where up to {most:,} are read")
    events = Events(source.name, 1 if limits else MORE)
    offset, length = 0, FIRST_READ
    while offset < source.size:
        data = source.read(offset, min(length, source.size - offset))
        for k in range(0, len(data), PIECE):
            events.feed(data[k : k + PIECE], offset + k)
        offset, length = offset + len(data), min(2 * length, LARGEST_READ)
    return events.end()


class Events:
    """The parser's events, made into a network."""

    __slots__ = (
        "_bodies", "_dim", "_edges", "_elements", "_fed", "_layer", "_layers", "_more", "_opened", "_parser",
        "_pending", "_skip", "_stack", "_texts", "name", "net",
    )  # fmt: skip

    def __init__(self, name: str, more: int) -> None:
        self.name = place(name)
        self.net = Net()
        self._more = more
        self._stack: list[str] = []
        #: bodies that are open, the layer that is open in each, and how deep those inside layers stand
        self._bodies = [self.net.body]
        self._layer: list[Layer | None] = [None]
        self._opened: list[int] = []
        #: of each layer that is open: its bodies by kind, some of them not yet met
        self._pending: list[dict[str, Body]] = []
        self._skip = self._elements = self._layers = self._edges = self._fed = 0
        self._dim: list[str] | None = None
        #: equal short texts are one object
        self._texts: dict[str, str] = {}
        self._parser = self._made_parser()

    def _made_parser(self) -> expat.XMLParserType:
        """A parser that takes UTF-8 only, whatever the file says, and refuses what XML can do beyond elements."""
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._stop
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.buffer_text = True
        return parser

    def feed(self, data: bytes, offset: int) -> None:
        """Parse some more of the file."""
        self._fed = offset + len(data)
        self._parse(data, False)
        if self._fed - self._parser.CurrentByteIndex > TAG * self._more + PIECE:
            raise self.bad(f"a tag of more than {TAG * self._more:,} bytes")

    def end(self) -> Net:
        """The network, once all is parsed."""
        self._parse(b"", True)
        if not self.net.version:
            raise FormatError(f"{self.name}: no <net> in it, so it is no OpenVINO model")
        return self.net

    def _parse(self, data: bytes, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as problem:
            said = expat.errors.messages.get(problem.code, "not XML")
            raise FormatError(
                f"{self.name}: line {problem.lineno:,} (offset {self._parser.ErrorByteIndex:,}): {said}. Cut short, or "
                "damaged?"
            ) from None

    def bad(self, problem: str) -> FormatError:
        """The error for what is wrong at the place that is being read."""
        line, offset = self._parser.CurrentLineNumber, self._parser.CurrentByteIndex
        return FormatError(f"{self.name}: line {line:,} (offset {offset:,}): {problem}")

    def _doctype(self, *_: object) -> None:
        raise self.bad("a document type (DTD), which no OpenVINO model has: nothing of it is read")

    def _entity(self, *_: object) -> None:
        raise self.bad("an entity is declared, which no OpenVINO model does: nothing of it is read")

    # -- elements -----------------------------------------------------------------------------------------------------

    def _start(self, tag: str, attributes: Attributes) -> None:
        self._elements += 1
        if self._elements > ELEMENTS * self._more:
            raise self.bad(f"more than {ELEMENTS * self._more:,} elements, more than any real file has")
        stack = self._stack
        parent = stack[-1] if stack else ""
        stack.append(tag)
        if len(stack) > DEPTH:
            raise self.bad(f"elements inside elements, more than {DEPTH} deep")
        if self._skip:
            return
        if tag in SKIPPED:
            self._skip = len(stack)
        elif tag == "port" or tag == "dim":
            self._port(tag, parent, attributes)
        elif tag == "edge":
            self._edge(parent, attributes)
        elif tag == "layer" and parent == "layers":
            self._begin_layer(attributes)
        else:
            self._other(tag, parent, attributes)

    def _stop(self, tag: str) -> None:
        stack = self._stack
        stack.pop()
        if self._skip:
            if len(stack) < self._skip:
                self._skip = 0
        elif tag == "dim":
            self._end_dim()
        elif tag == "layer" and stack and stack[-1] == "layers":
            self._end_layer()
        elif self._opened and len(stack) < self._opened[-1]:
            self._opened.pop()
            self._bodies.pop()
            self._layer.pop()

    def _other(self, tag: str, parent: str, attributes: Attributes) -> None:
        layer = self._layer[-1]
        if not parent:
            self._root(tag, attributes)
        elif tag == "data" and parent == "layer" and layer is not None:
            if layer.type == "Const":
                layer.data = attributes
        elif tag in BODIES and parent == "layer" and layer is not None:
            self._bodies.append(self._body(tag))
            self._layer.append(None)
            self._opened.append(len(self._stack))
        elif parent in MAPS and tag in ("input", "output"):
            self._mapped(tag, MAPS[parent], attributes)
        elif tag in BLOBS and parent in ("blobs", "layer") and layer is not None:
            self._blob(layer, tag, attributes)

    def _root(self, tag: str, attributes: Attributes) -> None:
        if tag != "net":
            raise UnsupportedError(f"{self.name}: its root is <{shown(tag)[1:-1]}>, where an OpenVINO model has <net>")
        version = attributes.get("version", "")
        if not (version.isascii() and version.isdigit() and len(version) < 4):
            raise self.bad(f"<net> has version {shown(version)}, no number")
        if not OLDEST <= int(version) <= NEWEST:
            raise UnsupportedError(f"{self.name}: IR version {int(version)}; versions {OLDEST} to {NEWEST} are read")
        self.net.version = int(version)
        self.net.name = attributes.get("name", "")

    def _begin_layer(self, attributes: Attributes) -> None:
        self._layers += 1
        if self._layers > LAYERS * self._more:
            raise self.bad(f"more than {LAYERS * self._more:,} layers, more than any real file has")
        body, number = self._bodies[-1], self._one(attributes.get("id", ""))
        kind, name = self._one(attributes.get("type", "")), attributes.get("name", "")
        if not number or not kind:
            raise self.bad(f"layer {shown(name)} has no {'id' if not number else 'type'}")
        if number in body.layers:
            raise self.bad(f"layer id {shown(number)} comes twice in one graph")
        precision = self._one(attributes.get("precision", ""))
        layer = Layer(kind, name, self._one(attributes.get("version", "")), precision, self._parser.CurrentByteIndex)
        body.layers[number] = self._layer[-1] = layer
        self._pending.append({})

    def _end_layer(self) -> None:
        layer, bodies = self._layer[-1], self._pending.pop()
        if layer is not None:
            layer.bodies = list(bodies.values())
        self._layer[-1] = None

    def _body(self, kind: str) -> Body:
        """A body of the layer that is open; its maps may come before it."""
        return self._pending[-1].setdefault(kind, Body(kind))

    def _port(self, tag: str, parent: str, attributes: Attributes) -> None:
        layer = self._layer[-1]
        if layer is None:
            return
        if tag == "port":
            ports = layer.inputs if parent == "input" else layer.outputs
            ports.append(self._one(attributes.get("id", str(len(ports)))))
            if parent == "output" and len(ports) == 1:
                layer.precision = self._one(attributes.get("precision", "")) or layer.precision
        elif layer.type in SHAPED and len(layer.outputs) == 1 and len(self._stack) > 2 and self._stack[-3] == "output":
            self._dim = []
            self._parser.CharacterDataHandler = self._dim.append

    def _end_dim(self) -> None:
        layer, self._parser.CharacterDataHandler = self._layer[-1], None
        if layer is not None and self._dim is not None:
            layer.dims.append("".join(self._dim).strip())
        self._dim = None

    def _edge(self, parent: str, attributes: Attributes) -> None:
        self._edges += 1
        if self._edges > EDGES * self._more:
            raise self.bad(f"more than {EDGES * self._more:,} edges, more than any real file has")
        start, end = self._one(attributes.get("from-layer", "")), self._one(attributes.get("to-layer", ""))
        if parent == "back_edges":
            if self._pending:
                self._body("body").back.append((start, end))
        elif parent == "edges":
            ports = self._one(attributes.get("from-port", "")), self._one(attributes.get("to-port", ""))
            self._bodies[-1].edges.append((start, ports[0], end, ports[1]))

    def _mapped(self, tag: str, kind: str, attributes: Attributes) -> None:
        """How a port of a TensorIterator, Loop or If is joined with a layer in its body."""
        self._edges += 1
        if self._edges > EDGES * self._more:
            raise self.bad(f"more than {EDGES * self._more:,} edges, more than any real file has")
        outside = self._one(attributes.get("external_port_id", ""))
        if self._pending and outside != "-1":
            body = self._body(kind)
            inside = self._one(attributes.get("internal_layer_id", ""))
            (body.starts if tag == "input" else body.results).append((outside, inside))

    def _blob(self, layer: Layer, tag: str, attributes: Attributes) -> None:
        if tag in layer.blobs:
            raise self.bad(f"layer {shown(layer.name)} has its {tag} twice")
        offset, size = (self.number(attributes.get(key, ""), f"{tag} {key}") for key in ("offset", "size"))
        layer.blobs[tag] = offset, size, self._one(attributes.get("precision", "")) or None

    def number(self, text: str, what: str) -> int:
        """A whole number, as an attribute says it."""
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise self.bad(f"{what} is {shown(text)}, no number")
        return int(text)

    def _one(self, text: str) -> str:
        return self._texts.setdefault(text, text) if len(text) < 64 else text
