"""Arrays as they are found, made into the tensors of a network: each memory once, the second name for it tied."""

from __future__ import annotations

from nparams.errors import shown
from nparams.frameworks._arrays.leaf import is_key, leaf_of
from nparams.frameworks._arrays.memory import distinct, meeting, region_of
from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from typing import Any

    from nparams.expr import Size
    from nparams.frameworks._arrays.leaf import Leaf
    from nparams.frameworks._arrays.memory import Region

#: what a note says of a second name for the same numbers
ONE = "one array, counted once"
#: names that a note tells
TOLD = 3


class Gather:
    """What was found so far.  `again`: what a note says of a second name for one of the framework's own arrays."""

    def __init__(self, again: str = ONE) -> None:
        self.tensors: list[Tensor] = []
        self.notes: list[str] = []
        self.also: dict[str, Size] = {}
        #: names of layers -> (the framework's class, its settings), for rows
        self.kinds: dict[str, tuple[str, dict[str, Any]]] = {}
        #: Python numbers that were counted
        self.numbers: list[str] = []
        self._again = again
        self._owners: dict[Hashable, str] = {}
        self._tied: list[Tensor] = []
        self._regions: list[tuple[Tensor, Region]] = []
        self._names: dict[str, int] = {}
        self._kept: list[object] = []
        self._away = 0
        #: whether some array that is tied can never be written to: then only its framework can say what a tie means
        self._immutable = False

    def add(
        self, name: str, value: Any, role: str, trainable: bool | None = None, *, note: str | None = None,
        owner: object | None = None,
    ) -> Tensor | None:  # fmt: skip
        """One array (None: it holds no numbers); `owner` is the object that it is known by where not by itself."""
        leaf = leaf_of(value, name)
        if leaf is None:
            self.notes.append(f"{shown(name)} holds no numbers: not counted")
            return None
        role, note = ("other", "the state of a random number generator") if is_key(leaf.dtype) else (role, note)
        tensor = Tensor(self._free(name), leaf.shape, leaf.dtype, role, trainable, None, leaf.stored, note)
        self._settle(tensor, value, leaf, owner)
        self.tensors.append(tensor)
        return tensor

    def number(self, name: str, value: object, role: str) -> None:
        """A number of Python's that stands where an array may: JAX takes it for an array of one number."""
        self.tensors.append(Tensor(self._free(name), (), "float64", role, note=f"a Python {type(value).__name__}"))
        self.numbers.append(name)

    def _free(self, name: str) -> str:
        """The name, numbered where it is taken already."""
        taken = self._names.get(name, 0)
        self._names[name] = taken + 1
        return name if not taken else f"{name}#{taken + 1}"

    def _settle(self, tensor: Tensor, value: Any, leaf: Leaf, owner: object | None) -> None:
        """Whether it is one that was found before; if not, remember it."""
        if not leaf.lasting and owner is None:
            return
        region = region_of(value) if owner is None else None
        known = value if owner is None else owner
        key: Hashable = id(known) if region is None else (*region.key, tensor.size)
        first = self._owners.get(key)
        if first is not None:
            tensor.tied_to = first
            self._tied.append(tensor)
            self._immutable = self._immutable or region is None
            return
        self._kept.append(known)  # so that its id stays its own
        self._owners[key] = tensor.name
        if region is not None and tensor.role in PARAMETER_ROLES:
            self._regions.append((tensor, region))
            if region.distinct != tensor.size:
                tensor.stored = (region.distinct, region.distinct * region.width)
        self._away += _elsewhere(value, tensor)

    # -- what is to be said ---------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Say what is tied, expanded or overlaps, and how many numbers are here where that is not the total."""
        self._say_ties()
        spare = self._say_expanded() + self._say_overlaps()
        if self.numbers:
            self.notes.append(f"{names(self.numbers)}: Python numbers, each counted as an array of one number")
        if spare or self._away:
            self.also["here"] = self.known - spare - self._away
        complex_ = sum(_size(t) for t in self.owners if (t.dtype or "").startswith("complex"))
        if complex_:
            self.also["real"] = self.known + complex_

    @property
    def counted(self) -> str:
        """How many arrays there are, in words."""
        return f"{len(self.tensors):,} {'array' if len(self.tensors) == 1 else 'arrays'}"

    @property
    def owners(self) -> list[Tensor]:
        """The parameters that are counted."""
        return [t for t in self.tensors if t.role in PARAMETER_ROLES and t.tied_to is None]

    @property
    def known(self) -> int:
        """How many numbers they hold."""
        return sum(map(_size, self.owners))

    def _say_ties(self) -> None:
        tied = [t for t in self._tied if t.role in PARAMETER_ROLES]
        if tied:
            first = tied[0]
            more = f" (and {len(tied) - 1:,} more)" if len(tied) > 1 else ""
            again = self._again if self._immutable else ONE
            self.notes.append(f"{shown(first.name)} is {shown(first.tied_to or '')}: {again}{more}")

    def _say_expanded(self) -> int:
        """Numbers that are read many times."""
        found = [(t, region) for t, region in self._regions if region.distinct != t.size]
        for t, region in found[:TOLD]:
            self.notes.append(
                f"{shown(t.name)} is expanded: {_size(t):,} numbers by its shape, {region.distinct:,} in memory"
            )
        return sum(_size(t) - region.distinct for t, region in found)

    def _say_overlaps(self) -> int:
        """Numbers that several arrays hold in common; each of them counts."""
        pairs = meeting([region for _, region in self._regions])
        if not pairs:
            return 0
        spare: int | None = 0
        for places in _clusters(pairs):
            regions = [self._regions[k][1] for k in places]
            once = distinct(regions)
            spare = None if once is None or spare is None else spare + sum(r.distinct for r in regions) - once
        first, second = (self._regions[k][0].name for k in pairs[0])
        more = f" (and {len(pairs) - 1:,} more pairs)" if len(pairs) > 1 else ""
        told = "" if spare is None else f": {spare:,} numbers in common"
        self.notes.append(f"{shown(first)} and {shown(second)} overlap in memory{told}{more}; each counts in full")
        return spare or 0


def names(found: Iterable[str]) -> str:
    """The first few names, for a note.

    >>> names(["a", "b", "c", "d", "e"])
    '"a", "b", "c" and 2 more'
    """
    found = list(found)
    told = ", ".join(shown(name) for name in found[:TOLD])
    return told if len(found) <= TOLD else f"{told} and {len(found) - TOLD:,} more"


def _clusters(pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Places that meet, directly or through others, together."""
    found: list[set[int]] = []
    for pair in pairs:
        joined = set(pair).union(*(held for held in found if not held.isdisjoint(pair)))
        found = [*(held for held in found if held.isdisjoint(pair)), joined]
    return found


def _size(t: Tensor) -> int:
    return t.size if isinstance(t.size, int) else 0


def _elsewhere(value: Any, tensor: Tensor) -> int:
    """Numbers of a sharded JAX array that no device of this process holds."""
    if tensor.role not in PARAMETER_ROLES:
        return 0
    try:
        if value.is_fully_addressable is not False:
            return 0
        spans = {str(span) for span in value.sharding.addressable_devices_indices_map(value.shape).values()}
        one = value.sharding.shard_shape(value.shape)
    except Exception:  # no such array, or one that is being traced, which is nowhere
        return 0
    held = len(spans)
    for side in one:
        held *= side
    return max(0, _size(tensor) - held)
