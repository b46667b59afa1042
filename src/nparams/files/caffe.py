"""Caffe: a protobuf of layers and their blobs (.caffemodel) -> Network.

Schema: BVLC/caffe src/caffe/proto/caffe.proto (NetParameter), of all three ages: `layer`, V1 `layers`, and V0 inside
them.  Shapes and lengths are read, the numbers are stepped over.  What a blob is, a weight or a running mean, follows
from the type of its layer.
"""

from __future__ import annotations

from nparams.errors import FormatError, escaped, place, shown
from nparams.files._caffe.net import Net
from nparams.files._caffe.schema import NET
from nparams.files._protobuf.wire import Wire
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._protobuf.schema import Record
    from nparams.files.bytesource import ByteSource, Folder

#: bytes of the name of a network that the print-back shows
SHOWN = 60


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be a NetParameter: a name, then layers.

    >>> may_be(b"\\x0a\\x03net\\xa2\\x06\\x0d\\x0a\\x04data\\x12\\x05Input"), may_be(b"\\x0a\\x04name")
    (True, False)
    """
    from nparams.files._strangers.protobufs import begins_caffe

    return begins_caffe(head)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a .caffemodel; `folder` is not looked at.

    Without `limits`, ten times as many layers are read.  Raises FormatError for a file that is damaged, cut short or
    hostile.

    >>> from nparams.files.bytesource import MemorySource
    >>> blob = b"\\x2a\\x18" + bytes(24) + b"\\x3a\\x04\\x0a\\x02\\x02\\x03"
    >>> layer = b"\\x0a\\x02ip\\x12\\x0cInnerProduct\\x3a" + bytes([len(blob)]) + blob
    >>> read(MemorySource(b"\\xa2\\x06" + bytes([len(layer)]) + layer, "n.caffemodel")).total
    6
    """
    found = Wire(source, limits=limits).message(NET)
    if "layer" not in found and "layers" not in found:
        raise FormatError(f"{place(source.name)}: no layers in it. Not a Caffe model, or a cut download")
    net = Net(source.name)
    net.read(found)
    return Network(
        net.root, source=source.name, form="caffe", read_as=_read_as(found, net), notes=list(_notes(found, net)),
    )  # fmt: skip


def _read_as(found: Record, net: Net) -> str:
    age = "" if "layers" not in found else " V0" if "layer" in found["layers"][0] else " V1"
    name = found.get("name", "")
    said = [f"Caffe{age}{f' {escaped(name[:SHOWN])}' if name else ''}"]
    return ", ".join([*said, f"{net.seen:,} layer{'' if net.seen == 1 else 's'}", f"{len(net.tensors):,} blobs"])


def _notes(found: Record, net: Net) -> Iterator[str]:
    """Everything that a user must see."""
    if "layer" in found and "layers" in found:
        yield "layers of two ages: as Caffe does, those of V1 are read and the others are not"
    if not net.tensors:
        yield "no layer holds numbers: a description of a network alone"
    if net.unknown:
        names = ", ".join(shown(name)[1:-1] for name in list(net.unknown)[:5])
        size = sum(net.unknown.values())
        yield f"layers whose blobs are not known ({names}): {size:,} numbers go by their shapes"
    if net.copies:
        which = shown(net.copies[0]) + (f" and {len(net.copies) - 1:,} more" if len(net.copies) > 1 else "")
        yield f"{which}: a second layer of this name, which Caffe takes for the same one: counted once"
    if net.shared:
        them = "1 blob is" if net.shared == 1 else f"{net.shared:,} blobs are"
        yield f"{them} shared with an earlier layer: counted once, there"
    if net.differentials:
        yield f"{net.differentials:,} gradients (diff) beside the numbers are not counted"
