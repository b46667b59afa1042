"""The pieces of a sharded model as one network: what the index says of each name is checked against the pieces.

The index names files, so it is not trusted: a bare name in the same folder, nothing else.  The pieces themselves are
what is counted; the index must agree with them name by name.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import repeat
from operator import eq

from nparams.errors import FormatError, ReadError, place, shown
from nparams.files._shards.index import read_index
from nparams.files.bytesource import each
from nparams.files.said import declared_in, say_bytes, say_total, told
from nparams.network import Listed, Network
from nparams.stored.named import Made, assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Tensor

    class Piece(Protocol):
        """One shard as read: what a format gives of it."""

        @property
        def tensors(self) -> Sequence[Tensor]:
            """Its tensors, as stored or (where `made` is given) as understood."""

        @property
        def hints(self) -> frozenset[str]:
            """Those of roles.HINTS that occur in its names."""

        @property
        def flags(self) -> Sequence[Mapping[str, str]]:
            """What is suspicious in it."""

        @property
        def metadata(self) -> Mapping[str, str]:
            """What it says of itself, by key."""

        @property
        def held(self) -> int | None:
            """The bytes of its tensors, where the format tells."""

        @property
        def made(self) -> Made | None:
            """What should be said of its tensors, where the format has understood them already."""

        def data(self, k: int, limit: int) -> bytes:
            """The bytes of one small tensor."""

    #: (the folder, a bare name in it, limits) -> what lies there
    Opener = Callable[[Folder, str, bool], Piece]

MAX_SHARDS = 100_000


class Together:
    """The shards read so far: their tensors in one list, and which shard each one lies in."""

    def __init__(self, name: str, weight_map: dict[str, str] | None) -> None:
        self.name = name
        self.map = weight_map
        self.tensors = Listed()
        self.pieces: list[Piece] = []
        self.firsts: list[int] = []
        self.outside: dict[str, str] = {}  # tensors that the index does not know, and their shard

    def add(self, shard: str, piece: Piece) -> None:
        """Take in one shard; FormatError where the index says something else of one of its tensors."""
        first = len(self.tensors)
        self.tensors.extend(piece.tensors)
        names = self.tensors.names[first:]
        if not all(map(eq, map((self.map or {}).get, names), repeat(shard))):
            self._look_at_each(shard, names)
        self.firsts.append(first)
        self.pieces.append(piece)

    def _look_at_each(self, shard: str, names: Sequence[str]) -> None:
        where = place(self.name)
        for name in names:
            other = (self.map or {}).get(name)
            if other == shard:
                continue
            if other is not None:
                raise FormatError(f"{where}: {shown(name)} should lie in {shown(other)}, but lies in {shown(shard)}")
            if name in self.outside:
                both = f"both {shown(self.outside[name])} and {shown(shard)}"
                raise FormatError(f"{where}: {shown(name)} lies in {both}")
            self.outside[name] = shard

    def check_whole(self) -> None:
        """Every name in the index has been seen: names are in one shard each, so counting them is enough."""
        if self.map is None or len(self.map) == len(self.tensors) - len(self.outside):
            return
        seen = set(self.tensors.names)
        tensor, shard = next((t, s) for t, s in self.map.items() if t not in seen)
        raise FormatError(f"{place(self.name)}: says {shown(tensor)} lies in {shown(shard)}, but it does not")

    def data(self, k: int, limit: int) -> bytes:
        """The bytes of one small tensor."""
        which = bisect_right(self.firsts, k) - 1
        return self.pieces[which].data(k - self.firsts[which], limit)

    def made(self, folder: Folder) -> Made:
        """The tensors understood together; or, where each piece was, what was said of them."""
        told = [piece.made for piece in self.pieces if piece.made is not None]
        if not told:
            hints = frozenset().union(*(piece.hints for piece in self.pieces))
            metadata = {k: v for piece in self.pieces for k, v in getattr(piece, "metadata", {}).items()}
            return assemble(self.tensors, self.data, folder, hints, metadata)
        whole = Made()
        whole.notes = list(dict.fromkeys(note for made in told for note in made.notes))
        whole.scheme = " and ".join(dict.fromkeys(made.scheme for made in told if made.scheme)) or None
        for piece in told:
            whole.routes |= piece.routes
        return whole


def read_indexed(
    source: ByteSource, folder: Folder | None, form: str, opener: Opener, *, limits: bool = True
) -> tuple[Network, list[str]]:
    """(the network of an index and the shards beside it, the shards' names).

    Raises FormatError for an index that is not what it should be, or that disagrees with a shard; ReadError for a shard
    that is not there.
    """
    weight_map, metadata = read_index(source, limits=limits)
    if folder is None:
        raise ReadError(f"{place(source.name)}: an index alone holds no shapes; its shards must lie beside it")
    shards = list(dict.fromkeys(weight_map.values()))
    if len(shards) > MAX_SHARDS:
        raise FormatError(f"{place(source.name)}: names {len(shards):,} shards; at most {MAX_SHARDS:,} are read")
    network, held = read_set(shards, folder, source.name, form, opener, weight_map, limits=limits)
    say_total(network, declared_in(metadata), "the index")
    say_bytes(network, metadata.get("total_size"), held)
    return network, shards


def read_set(
    shards: Sequence[str], folder: Folder, name: str, form: str, opener: Opener,
    weight_map: dict[str, str] | None = None, *, limits: bool = True,
) -> tuple[Network, int | None]:  # fmt: skip
    """(the network that lies in several files, the bytes of its tensors where the format tells)."""
    found = Together(name, weight_map)

    def opened(shard: str) -> Piece:
        try:
            return opener(folder, shard, limits)
        except ReadError as error:
            error.args = (f"{place(name)}: {error}",)
            raise

    for shard, piece in zip(shards, each(folder, opened, shards), strict=True):
        found.add(shard, piece)
    found.check_whole()
    sizes = [piece.held for piece in found.pieces]
    made = found.made(folder)
    notes = [*made.notes]
    if weight_map is not None and found.outside:
        notes.append(f"{len(found.outside):,} tensors lie in a shard but not in the index; they are counted")
    network = Network(
        tensors=found.tensors, source=name, form=form, notes=notes, routes=made.routes,
        read_as=told(form, len(found.tensors), made.scheme, len(shards)),
        parts=made.parts, flags=[flag for piece in found.pieces for flag in piece.flags],
    )  # fmt: skip
    return network, None if None in sizes else sum(size for size in sizes if size is not None)
