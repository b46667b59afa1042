"""A graph of TensorFlow (GraphDef): the constants in it, which in a frozen graph are the network's weights.

Spec: tensorflow/tensorflow tensorflow/core/framework/{graph,node_def,tensor,function}.proto.  Read are nodes, their
inputs and the shapes of constants; numbers are stepped over.  What a constant is,
    a weight or the shape that something is given,
the operators that it reaches say.  Variables of a graph that is not frozen are counted by the shapes that are said
here.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place
from nparams.files._onnx.head import begins_model
from nparams.files._onnx.layers import Layered
from nparams.files._protobuf.wire import Wire
from nparams.files._strangers.protobufs import is_graph, is_saved_model, protobuf_stranger
from nparams.files._tensorflow.constants import items_of, kind_of
from nparams.files._tensorflow.graph import GRAPH, Graph
from nparams.files._tensorflow.unfrozen import variable_items
from nparams.files._tensorflow.words_graph import flags_of, notes_of, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

HEAD = 512


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be a graph: nodes come first, each with a name and an operator.

    >>> may_be(b"\\x0a\\x10\\x0a\\x01x\\x12\\x0bPlaceholder"), may_be(b"\\x08\\x08\\x12\\x07pytorch")
    (True, False)
    """
    return is_graph(head)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a graph; a file of that ending that is a SavedModel or ONNX is read as that.

    Raises FormatError for a file that is damaged, cut short or hostile, UnsupportedError for another kind of file.
    """
    head = source.read(0, min(HEAD, source.size))
    if begins_model(head):
        from nparams.files import onnx

        return onnx.read(source, folder, limits=limits)
    if is_saved_model(head):
        from nparams.files import saved_model

        return saved_model.read(source, folder, limits=limits)
    what = protobuf_stranger(head, source.name)
    if what is not None:
        raise UnsupportedError(f"{place(source.name)} is {what}")
    if not is_graph(head):
        raise FormatError(f"{place(source.name)}: it begins {head[:12]!r}, as no TensorFlow graph does. Wrongly named?")
    wire = Wire(source, limits=limits)
    graph = Graph(wire, wire.message(GRAPH))
    items = [*items_of(graph), *variable_items(graph)]
    return Layered(
        items, kind_of, source=source.name, form="graphdef", read_as=told(graph, items),
        notes=notes_of(graph, items), flags=flags_of(graph),
    )  # fmt: skip
