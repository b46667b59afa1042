"""OpenVINO's IR: a network as XML, its numbers in a .bin beside it.

openvinotoolkit/openvino src/core/xml_util and docs/articles_en/documentation/openvino-ir-format.  Read is the XML
alone; of the .bin only its size is asked.  What a constant is, a weight or the axis of a sum, is told by the operator
that it reaches, through decompression, reshaping and what scales quantised numbers.
"""

from __future__ import annotations

from nparams.errors import bare_name, escaped
from nparams.files._openvino.graph import Graph
from nparams.files._openvino.made import items_of
from nparams.files._openvino.names import layer_of_array, layer_of_node, made_up
from nparams.files._openvino.operators import OPERATORS
from nparams.files._openvino.words import check_bin, flags_of, notes_of, read_as
from nparams.files._openvino.xml import read_net
from nparams.files._slots.tree import tree
from nparams.network import Network
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder

BOM = b"\xef\xbb\xbf"
HEAD = 512
NUMBERS, DESCRIPTION = ".bin", ".xml"


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` is an IR: XML whose first element is <net>.

    >>> may_be(b'<?xml version="1.0"?>\\n<net name="a" version="11">'), may_be(b"<svg>")
    (True, False)
    """
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(b"<?xml"):
        text = text.partition(b"?>")[2].lstrip()
    return text.startswith((b"<net ", b"<net\n", b"<net\r", b"<net\t"))


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in one .xml, or in that beside a .bin; `folder` is asked for the other one.

    Raises FormatError for a file that is damaged or hostile, or whose .bin is too short; without `limits`, ten times as
    many layers are read.

    >>> from nparams.files.bytesource import MemorySource
    >>> read(MemorySource(b'<net name="n" version="11"><layers/></net>', "n.xml")).total
    0
    """
    if folder is not None and not may_be(source.read(0, min(HEAD, source.size))):
        return _of_numbers(source, folder, limits)
    net = read_net(source, limits=limits)
    graph = Graph(net, source.name)
    items = items_of(graph)
    notes = [*notes_of(net, graph, items), *check_bin(source.name, graph, folder)]
    return Network(
        tensors=[item.tensor for item in items],
        tree=lambda _: tree(items, graph.flow, OPERATORS, layer_of_array, layer_of_node, made_up),
        source=source.name, form="openvino", read_as=read_as(net, items), notes=notes, flags=flags_of(items),
    )  # fmt: skip


def _of_numbers(source: ByteSource, folder: Folder, limits: bool) -> Network:
    """The network of a .bin, by the .xml beside it."""
    bare = bare_name(source.name)
    other = bare.removesuffix(NUMBERS) + DESCRIPTION
    if not bare.endswith(NUMBERS) or not has(folder, other):
        return read(source, limits=limits)  # it says what is wrong with it
    with folder.open(other) as described:
        made = read(described, folder, limits=limits)
    made.source = source.name
    made.notes.append(f"read from {escaped(other)} beside it, which says what the numbers are; they are not read")
    return made
