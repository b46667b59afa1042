"""The data files of a checkpoint: whether they are there, and the one text in them that is read, the graph of objects.

Names: tensorflow/tensorflow tensorflow/core/util/tensor_bundle/naming.h.  Texts: tensor_bundle.cc, WriteStringTensor:
the lengths, a checksum of them, then the texts.
"""

from __future__ import annotations

from nparams.errors import NparamsError, ReadError, escaped
from nparams.files._protobuf.schema import varint
from nparams.files._protobuf.wire import Wire
from nparams.files._tensorflow.bundle import OBJECT_GRAPH, TEXT
from nparams.files._tensorflow.objects import Objects, trackable
from nparams.files.bytesource import MemorySource, NeedBytes
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._tensorflow.bundle import Bundle, Entry
    from nparams.files.bytesource import Folder

ENDING = ".index"
#: bytes of the graph of objects; 10,000 variables take 5 MB
GRAPH_BYTES, MOST_GRAPH_BYTES = 32_000_000, 320_000_000
CHECKSUM = 4


class Beside:
    """What was found beside an index: names of data files, the graph of objects, and what is to be said."""

    __slots__ = ("absent", "objects", "problem", "short")

    def __init__(self) -> None:
        self.objects: Objects | None = None
        #: why there is no graph of objects where there should be one
        self.problem = ""
        #: names of data files that are not there, and of those that end before their last tensor does
        self.absent: list[str] = []
        self.short: list[str] = []


def look(bundle: Bundle, folder: Folder | None, *, limits: bool = True, objects: bool = True) -> Beside:
    """Look at what lies beside the index; nothing of it is needed for a count.

    Without `objects` the graph of objects is not read: a SavedModel has a better one.
    """
    found = Beside()
    graph = next((entry for entry in bundle.entries if entry.key == OBJECT_GRAPH), None)
    ends = _ends(bundle) if folder is not None and not bundle.old else {}
    there = frozenset(name for name in (data_name(bundle, k) for k in ends) if folder is not None and has(folder, name))
    for shard, end in ends.items():
        name = data_name(bundle, shard)
        if name not in there:
            found.absent.append(name)
        elif folder is not None and _size(folder, name) < end:
            found.short.append(name)
    if graph is not None and objects:
        try:
            found.objects = _objects(bundle, graph, folder, there, limits)
        except NeedBytes:
            raise
        except NparamsError as problem:
            found.problem = escaped(str(problem))
    return found


def data_name(bundle: Bundle, shard: int) -> str:
    """The bare name of a data file.

    Its stem is that of the index: model.ckpt-7.index, model.ckpt-7.data-00000-of-00001.
    """
    return f"{bundle.name.removesuffix(ENDING)}.data-{shard:05d}-of-{bundle.shards:05d}"


def _ends(bundle: Bundle) -> dict[int, int]:
    """Where the last tensor in each data file ends."""
    ends: dict[int, int] = {}
    for entry in bundle.entries:
        if entry.bytes:
            ends[entry.shard] = max(ends.get(entry.shard, 0), entry.offset + entry.bytes)
    return dict(sorted(ends.items()))


def _size(folder: Folder, name: str) -> int:
    try:
        with folder.open(name) as source:
            return source.size
    except NeedBytes:
        raise
    except ReadError:
        return 0


def _objects(bundle: Bundle, entry: Entry, folder: Folder | None, there: frozenset[str], limits: bool) -> Objects:
    """The graph of objects, read from its data file; ReadError where it cannot be."""
    name = data_name(bundle, entry.shard)
    if folder is None or name not in there:
        raise ReadError(f"{name} is not beside it")
    most = GRAPH_BYTES if limits else MOST_GRAPH_BYTES
    if entry.kind != TEXT or entry.shape or not CHECKSUM < entry.bytes <= most:
        raise ReadError(f"{OBJECT_GRAPH} is no text of up to {most:,} bytes")
    with folder.open(name) as source:
        data = source.read(entry.offset, entry.bytes)
    try:
        length, at = varint(data, 0)
    except (ValueError, IndexError):
        length, at = -1, 0
    if at + CHECKSUM + length != len(data):
        raise ReadError(f"{name}: {OBJECT_GRAPH} (offset {entry.offset:,}) is not one text of its length")
    return trackable(Wire(MemorySource(data[at + CHECKSUM :], name), limits=limits))
