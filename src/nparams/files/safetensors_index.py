"""A sharded safetensors model: `model.safetensors.index.json` maps each tensor's name to the file that holds it."""

from __future__ import annotations

from nparams.files._shards.together import read_indexed, read_set
from nparams.files.safetensors import data_of, read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._safetensors.spec import Header
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network, Tensor

FORM = "safetensors"


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
    """One shard: its header."""

    __slots__ = ("_folder", "_name", "flags", "header", "held", "hints", "made", "metadata", "tensors")

    def __init__(self, folder: Folder, name: str, limits: bool) -> None:
        self.header: Header = read_header(folder.open(name), limits=limits)
        self.tensors: Sequence[Tensor] = self.header.tensors
        self.hints = self.header.hints
        self.metadata = self.header.metadata
        self.held = max(self.header.ends, default=0)
        self.made = None
        self.flags: tuple[dict[str, str], ...] = ()
        self._folder = folder
        self._name = name

    def data(self, k: int, limit: int) -> bytes:
        """The bytes of one small tensor."""
        return data_of(self._folder.open(self._name), self.header, k, limit)
