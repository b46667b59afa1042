"""A sharded safetensors model: `model.safetensors.index.json` maps each tensor's name to the file that holds it.

The index names files, so it is not trusted: a bare name in the same folder, nothing else.  The shards' own headers are
what is counted; the index must agree with them name by name.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import repeat
from operator import attrgetter, eq

from nparams.errors import FormatError, ReadError, place, shown
from nparams.files._safetensors.index_text import Index
from nparams.files._safetensors.raw_text import bad_utf8
from nparams.files.named import assemble
from nparams.files.safetensors import data_of, read_header, told
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._safetensors.spec import Header
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Tensor

MOST_INDEX, MAX_INDEX = 64_000_000, 400_000_000  # bytes: by default, and with limits off
MOST_MAPPED, MAX_MAPPED = 500_000, 10_000_000  # tensors
MAX_SHARDS = 100_000
MARK = b"\xef\xbb\xbf"
NAME_OF = attrgetter("name")


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The whole network of an index file and the shards beside it.

    Raises FormatError for an index that is not what it should be, or that disagrees with a shard; ReadError for a shard
    that is not there.
    """
    weight_map, metadata = read_index(source, limits=limits)
    if folder is None:
        raise ReadError(f"{place(source.name)}: an index alone holds no shapes; its shards must lie beside it")
    shards = list(dict.fromkeys(weight_map.values()))
    if len(shards) > MAX_SHARDS:
        raise FormatError(f"{place(source.name)}: names {len(shards):,} shards; at most {MAX_SHARDS:,} are read")
    network = read_set(shards, folder, source.name, weight_map, limits=limits)
    total = metadata.get("total_parameters")
    if type(total) is int and total >= 0:
        _compare(network, total)
    return network


def read_index(source: ByteSource, *, limits: bool = True) -> tuple[dict[str, str], dict[str, object]]:
    """(name -> shard, metadata) of an index file, scanned pair by pair so that memory follows the map."""
    name, most = place(source.name), MOST_INDEX if limits else MAX_INDEX
    if source.size > most:
        more = "; --limits off reads more" if limits else ""
        raise FormatError(f"{name}: an index of {source.size:,} bytes; at most {most:,} are read{more}")
    raw = source.read(0, source.size)
    bad = bad_utf8(raw)
    if bad is not None:
        raise FormatError(f"{name}: not UTF-8 at byte {bad:,}, so not an index of shards")
    held = Index(raw.removeprefix(MARK), name, MOST_MAPPED if limits else MAX_MAPPED).run()
    if "weight_map" not in held:
        raise FormatError(f"{name}: no weight_map of tensor names to files, so not an index of shards")
    metadata = held.get("metadata")
    return held["weight_map"], metadata if isinstance(metadata, dict) else {}


class _Set:
    """The shards read so far: their tensors in one list, and which shard each one lies in."""

    def __init__(self, name: str, weight_map: dict[str, str] | None) -> None:
        self.name = name
        self.map = weight_map
        self.tensors: list[Tensor] = []
        self.files: list[tuple[str, Header]] = []
        self.firsts: list[int] = []
        self.outside: dict[str, str] = {}  # tensors that the index does not know, and their shard
        self.hints: frozenset[str] = frozenset()

    def add(self, shard: str, header: Header) -> None:
        """Take in one shard; FormatError where the index says something else of one of its tensors."""
        known = (self.map or {}).get
        if not all(map(eq, map(known, map(NAME_OF, header.tensors)), repeat(shard))):
            self._look_at_each(shard, header.tensors)
        self.firsts.append(len(self.tensors))
        self.files.append((shard, header))
        self.tensors += header.tensors
        self.hints |= header.hints

    def _look_at_each(self, shard: str, tensors: Sequence[Tensor]) -> None:
        where = place(self.name)
        for t in tensors:
            other = (self.map or {}).get(t.name)
            if other == shard:
                continue
            if other is not None:
                raise FormatError(f"{where}: {shown(t.name)} should lie in {shown(other)}, but lies in {shown(shard)}")
            if t.name in self.outside:
                both = f"both {shown(self.outside[t.name])} and {shown(shard)}"
                raise FormatError(f"{where}: {shown(t.name)} lies in {both}")
            self.outside[t.name] = shard

    def check_whole(self) -> None:
        """Every name in the index has been seen: names are in one shard each, so counting them is enough."""
        if self.map is None or len(self.map) == len(self.tensors) - len(self.outside):
            return
        seen = {t.name for t in self.tensors}
        tensor, shard = next((t, s) for t, s in self.map.items() if t not in seen)
        raise FormatError(f"{place(self.name)}: says {shown(tensor)} lies in {shown(shard)}, but it does not")

    def data(self, folder: Folder, k: int, limit: int) -> bytes:
        """The bytes of one small tensor."""
        which = bisect_right(self.firsts, k) - 1
        shard, header = self.files[which]
        return data_of(folder.open(shard), header, k - self.firsts[which], limit)


def read_set(
    shards: Sequence[str], folder: Folder, name: str, weight_map: dict[str, str] | None = None, *, limits: bool = True
) -> Network:
    """The network that lies in several safetensors files."""
    found = _Set(name, weight_map)
    for shard in shards:
        try:
            header = read_header(folder.open(shard), limits=limits)
        except ReadError as error:
            raise type(error)(f"{place(name)}: {error}") from None
        found.add(shard, header)
    found.check_whole()
    made = assemble(found.tensors, lambda k, limit: found.data(folder, k, limit), folder, found.hints)
    notes = [*made.notes]
    if weight_map is not None and found.outside:
        notes.append(f"{len(found.outside):,} tensors lie in a shard but not in the index; they are counted")
    return Network(
        tensors=found.tensors, source=name, form="safetensors", notes=notes, routes=made.routes,
        read_as=told(len(found.tensors), made.scheme, len(shards)),
    )  # fmt: skip


def _compare(network: Network, total: int) -> None:
    network.also["declared"] = total
    if network.total is not None and network.total != total:
        network.notes.append(f"the index declares {total:,} parameters; counted are {network.total:,}")
