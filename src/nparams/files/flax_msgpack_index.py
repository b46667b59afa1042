"""A sharded Flax model: `flax_model.msgpack.index.json` maps each array's path to the file that holds it.

huggingface/transformers src/transformers/modeling_flax_utils.py, `flax_shard_checkpoint`: paths are joined by "/", and
each shard is a tree of its own.
"""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.errors import FormatError, ReadError, place
from nparams.files._flax.tree import leaves_of
from nparams.files._shards.index import read_index
from nparams.files._shards.together import MAX_SHARDS, Together
from nparams.files.flax_msgpack import network_of
from nparams.files.said import declared_in, say_bytes, say_total
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network
    from nparams.stored.named import Made
    from nparams.stored.trees import Leaf


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The whole network of an index file and the shards beside it.

    Raises FormatError for an index that is not what it should be, or that disagrees with a shard; ReadError for a shard
    that is not there.
    """
    return with_files(source, folder, limits=limits)[0]


def with_files(source: ByteSource, folder: Folder | None, *, limits: bool = True) -> tuple[Network, list[str]]:
    """(the network, the names of its shards)."""
    where = place(source.name)
    weight_map, metadata = read_index(source, limits=limits)
    if folder is None:
        raise ReadError(f"{where}: an index alone holds no shapes; its shards must lie beside it")
    shards = list(dict.fromkeys(weight_map.values()))
    if len(shards) > MAX_SHARDS:
        raise FormatError(f"{where}: names {len(shards):,} shards; at most {MAX_SHARDS:,} are read")
    network, held = _together(shards, folder, source.name, weight_map, limits)
    say_total(network, declared_in(metadata), "the index")
    say_bytes(network, metadata.get("total_size"), held)
    return network, shards


def without_index(shards: Sequence[str], folder: Folder, *, limits: bool = True) -> Network:
    """The network in the shards of a set that has no index."""
    return _together(shards, folder, folder.name, None, limits)[0]


def _together(
    shards: Sequence[str], folder: Folder, name: str, weight_map: dict[str, str] | None, limits: bool
) -> tuple[Network, int | None]:
    """(the network that lies in several files, the bytes of its arrays)."""
    found, leaves = Together(name, weight_map), []
    for shard in shards:
        try:
            with folder.open(shard) as source:
                held = leaves_of(source, limits=limits)
        except ReadError as error:
            raise type(error)(f"{place(name)}: {error}") from None
        arrays = [leaf for leaf in held if leaf.why is None]
        found.add(shard, _Piece(arrays))
        leaves += held
    found.check_whole()
    network = network_of(leaves, name, len(shards))
    if weight_map is not None and found.outside:
        network.notes.append(f"{len(found.outside):,} arrays lie in a shard but not in the index; they are counted")
    return network, sum(leaf.stored[1] if leaf.stored else _bytes(leaf) for leaf in leaves if leaf.why is None)


def _bytes(leaf: Leaf) -> int:
    return bytes_of(leaf.size, leaf.dtype or "") or 0


class _Piece:
    """One shard: its arrays by the paths that an index has."""

    __slots__ = ("flags", "held", "hints", "made", "metadata", "tensors")

    def __init__(self, arrays: Sequence[Leaf]) -> None:
        self.tensors = [Tensor("/".join(leaf.path), leaf.shape, leaf.dtype, size=leaf.size) for leaf in arrays]
        self.hints: frozenset[str] = frozenset()
        self.flags: Sequence[Mapping[str, str]] = ()
        self.metadata: Mapping[str, str] = {}
        self.held: int | None = None
        self.made: Made | None = None

    def data(self, k: int, limit: int) -> bytes:
        """Nothing here is packed."""
        raise FormatError(f"array {k}: {limit:,} bytes of it were asked for, and none are read")
