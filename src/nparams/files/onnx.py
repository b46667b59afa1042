"""ONNX: a protobuf of graphs -> Network.

Spec: onnx/onnx onnx/onnx.proto, docs/IR.md, docs/ExternalData.md.  Read are the tags, names and shapes; the numbers are
stepped over, wherever they are: in initializers (dense, sparse, or with numbers in another file), in Constant nodes, in
graphs inside nodes at any depth, in local functions.  What an array is, a weight or the axis of a sum, is told by the
operator that it reaches.
"""

from __future__ import annotations

from nparams.errors import FormatError, place
from nparams.files._onnx.head import begins_model
from nparams.files._onnx.inventory import Inventory
from nparams.files._onnx.layers import Layered
from nparams.files._onnx.learned import foreign, refusal
from nparams.files._onnx.schema import read_model
from nparams.files._onnx.words import describe, read_as
from nparams.files._protobuf.wire import Wire
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._onnx.model import Model
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network


#: bytes that tell whether a file begins as a model
HEAD = 512


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be ONNX: it has no magic, so its first fields are looked at.

    >>> may_be(b"\\x08\\x08\\x12\\x07pytorch\\x1a\\x032.1"), may_be(b"\\x0a\\x04name")
    (True, False)
    """
    return begins_model(head)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in one ONNX file; `folder` is asked only whether files of external data are there.

    Raises FormatError for a file that is damaged, cut short or hostile, UnsupportedError for a forest of decision trees
    or a support vector machine; without `limits`, ten times as many nodes and names are read.

    >>> from nparams.files.bytesource import MemorySource
    >>> tensor = b"\\x08\\x02\\x08\\x03\\x10\\x01\\x42\\x01w\\x4a\\x18" + bytes(24)
    >>> node = b"\\x0a\\x01x\\x0a\\x01w\\x12\\x01y\\x22\\x06MatMul"
    >>> graph = b"\\x0a" + bytes([len(node)]) + node + b"\\x2a" + bytes([len(tensor)]) + tensor
    >>> read(MemorySource(b"\\x08\\x08\\x3a" + bytes([len(graph)]) + graph)).total
    6
    """
    wire = Wire(source, limits=limits)
    model = _model(wire, source)
    inventory = Inventory(model, wire)
    tensors = [item.tensor for item in inventory.items]
    if not any(t.role in PARAMETER_ROLES for t in tensors):
        for what in foreign(inventory.nodes()):
            raise refusal(source.name, what)
    words = describe(model, inventory, folder)
    return Layered(
        inventory.items, source=source.name, form="onnx", read_as=read_as(model, inventory),
        notes=words.notes, flags=words.flags, also=words.also, routes=inventory.routes,
    )  # fmt: skip


def _model(wire: Wire, source: ByteSource) -> Model:
    """What the file holds; a file that does not even begin as a model is called by that."""
    try:
        model, has_graph = read_model(wire)
        if has_graph:
            return model
        problem = FormatError(f"{place(source.name)}: no graph in it. Not an ONNX model, or a cut download")
    except FormatError as found:
        problem = found
    head = source.read(0, min(source.size, HEAD))
    if head and not begins_model(head):
        begins = f"it begins {head[:12]!r}, as no ONNX model does"
        problem = FormatError(f"{place(source.name)}: {begins}. Damaged, or wrongly named?")
    raise problem from None
