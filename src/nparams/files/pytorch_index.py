"""A sharded PyTorch model: `pytorch_model.bin.index.json` maps each tensor's name to the file that holds it.

huggingface/transformers src/transformers/modeling_utils.py (`shard_checkpoint`): a tensor that shares its numbers with
another lies in the same file, and counts once in `metadata.total_size`.
"""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.files._shards.together import read_indexed, read_set
from nparams.stored.named import Made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network, Tensor

FORM = "pytorch"


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The whole network of an index file and the shards beside it.

    Raises FormatError for an index that is not what it should be, or that disagrees with a shard; ReadError for a shard
    that is not there.
    """
    return with_files(source, folder, limits=limits)[0]


def with_files(source: ByteSource, folder: Folder | None, *, limits: bool = True) -> tuple[Network, list[str]]:
    """(the network, the names of its shards)."""
    return read_indexed(source, folder, FORM, _Piece, limits=limits)


def without_index(shards: Sequence[str], folder: Folder, *, limits: bool = True) -> Network:
    """The network in the shards of a set that has no index."""
    return read_set(shards, folder, folder.name, FORM, _Piece, limits=limits)[0]


class _Piece:
    """One shard as its own reader understands it."""

    __slots__ = ("flags", "held", "hints", "made", "metadata", "tensors")

    def __init__(self, folder: Folder, name: str, limits: bool) -> None:
        network = _read_one(folder, name, limits)
        self.tensors: Sequence[Tensor] = list(network.tensors())
        self.hints: frozenset[str] = frozenset()
        self.metadata: dict[str, str] = {}
        self.flags = network.flags
        self.made = Made()
        self.made.notes = network.notes
        self.made.routes = dict(network.routes)  # type: ignore[arg-type]
        size = network.totals.bytes
        self.held = size if isinstance(size, int) else None

    def data(self, k: int, limit: int) -> bytes:
        """Never asked: the shard has been understood by itself."""
        raise InvariantError("the numbers of a shard were asked for, which its own reader has understood")


def _read_one(folder: Folder, name: str, limits: bool) -> Network:
    """One shard: a zip archive since PyTorch 1.6, a run of pickles before."""
    from nparams.files import pytorch, pytorch_legacy

    with folder.open(name) as source:
        zipped = source.read(0, min(2, source.size)) == b"PK"
        if zipped:
            return pytorch.read(source, folder, limits=limits)
        return pytorch_legacy.read(source, folder, limits=limits)
