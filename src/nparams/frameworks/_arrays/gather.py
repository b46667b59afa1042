"""Arrays as they are found, made into the tensors of a network: each memory once, the second name for it tied."""

from __future__ import annotations

import sys

from nparams.errors import shown
from nparams.frameworks._arrays.leaf import NUMPY, is_key, leaf_of, sort_of
from nparams.frameworks._arrays.memory import distinct, is_whole, meeting, region_of
from nparams.network import PARAMETER_ROLES, Listed, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from typing import Any

    from nparams.expr import Size
    from nparams.frameworks._arrays.leaf import Leaf
    from nparams.frameworks._arrays.memory import Region
    from nparams.frameworks._arrays.walk import Path
    from nparams.network.listed import Kind

#: what a note says of a second name for the same numbers
ONE = "one array, counted once"
#: names that a note tells
TOLD = 3


class Gather:
    """What was found so far.  `again`: what a note says of a second name for one of the framework's own arrays."""

    def __init__(self, again: str = ONE) -> None:
        self.tensors = Listed()
        self.notes: list[str] = []
        self.also: dict[str, Size] = {}
        #: names of layers -> (the framework's class, its settings), for rows
        self.kinds: dict[str, tuple[str, dict[str, Any]]] = {}
        #: Python numbers that were counted
        self.numbers: list[str] = []
        #: how many numbers stand under all names, and under names of what was found before
        self.elements = self.repeated = 0
        self._again = again
        self._owners: dict[Hashable, str] = {}
        self._tied: list[Tensor] = []
        #: (name, numbers by its shape, memory) of NumPy's parameters
        self._regions: list[tuple[str, int, Region]] = []
        self._names: dict[str, int] = {}
        self._kept: list[object] = []
        self._away = 0
        self._spread = is_spread()
        #: whether some array that is tied can never be written to: then only its framework can say what a tie means
        self._immutable = False
        self._alike: dict[tuple[Any, ...], Kind] = {}
        #: NumPy's arrays with memory of their own, up to the first that shows another's: only then does memory matter
        self._whole: list[tuple[str, Any, str]] | None = []

    def add(
        self, name: str, value: Any, role: str, trainable: bool | None = None, *, note: str | None = None,
        owner: object | None = None,
    ) -> tuple[int, bool] | None:  # fmt: skip
        """One array; `owner` is the object that it is known by where not by itself.

        How many numbers it has, and whether it is met for the first time; None where it holds no numbers.
        """
        sort = sort_of(value)
        kind = self._alike.get((value.shape, value.dtype, role, trainable, note)) if sort else None
        key = id(value if owner is None else owner)
        if kind is None or key in self._owners or self._spread:
            return self._one(name, value, role, trainable, note, owner)
        if sort == NUMPY and owner is None and not self._alone(name, value, role):
            return self._one(name, value, role, trainable, note, owner)
        name = self._free(name)
        self._owners[key] = name
        self._kept.append(value if owner is None else owner)  # so that its id stays its own
        self.tensors.add(name, kind)
        self.elements += kind[4]
        return kind[4], True

    def add_all(
        self, held: Iterable[tuple[Path, Any]], single: Callable[[Path, Any], None], keep: Callable[[Path], bool],
        prefix: str = "",
    ) -> None:  # fmt: skip
        """Many arrays: `single` adds one that is not like an earlier one of the same last name, shape and number type.

        `keep`: whether its last name alone says what an array of such a path is.  The loop is written out for speed.
        """
        kinds: dict[tuple[Any, ...], Kind] = {}
        names, owners, put = self._names, self._owners, self.tensors.add
        for path, value in held:
            sort = sort_of(value) if path else 0
            key = (path[-1], value.shape, value.dtype) if sort else None
            kind = kinds.get(key) if key else None
            name = prefix + ".".join(path)
            if (
                kind is None
                or id(value) in owners
                or name in names
                or (sort == NUMPY and not self._alone(name, value, kind[2]))
            ):
                before = len(self.tensors)
                single(path, value)
                last = self.tensors.kinds[-1] if len(self.tensors) > before else None
                if key and last is not None and not isinstance(last, Tensor) and keep(path) and not self._spread:
                    kinds[key] = last
                continue
            names[name] = 1
            owners[id(value)] = name
            put(name, kind)
            self._kept.append(value)
            self.elements += kind[4]

    def _one(
        self, name: str, value: Any, role: str, trainable: bool | None, note: str | None, owner: object | None
    ) -> tuple[int, bool] | None:
        """The same for the first of its kind, and for what is not plain."""
        leaf = leaf_of(value, name)
        if leaf is None:
            self.notes.append(f"{shown(name)} holds no numbers: not counted")
            return None
        key = (value.shape, value.dtype, role, trainable, note) if sort_of(value) else None
        role, note = ("other", "the state of a random number generator") if is_key(leaf.dtype) else (role, note)
        tensor = Tensor(self._free(name), leaf.shape, leaf.dtype, role, trainable, None, leaf.stored, note)
        self._settle(tensor, value, leaf, owner)
        size = _size(tensor)
        self.elements += size
        self.repeated += size if tensor.tied_to is not None else 0
        if key is None or tensor.tied_to is not None or tensor.stored is not None or tensor.dtype is None:
            self.tensors.put(tensor)
        else:
            kind = self._alike.setdefault(key, (value.shape, tensor.dtype, role, note, size, trainable))
            self.tensors.add(tensor.name, kind)
        return size, tensor.tied_to is None

    def _alone(self, name: str, value: Any, role: str) -> bool:
        """Whether an array of NumPy has memory of its own, and none that was found shows another's."""
        if self._whole is None or not is_whole(value):
            return False
        self._whole.append((name, value, role))
        return True

    def put(self, tensor: Tensor) -> None:
        """A tensor that was made elsewhere."""
        self.tensors.put(tensor)
        self.elements += _size(tensor)

    def number(self, name: str, value: object, role: str) -> None:
        """A number of Python's that stands where an array may: JAX takes it for an array of one number."""
        self.put(Tensor(self._free(name), (), "float64", role, note=f"a Python {type(value).__name__}"))
        self.numbers.append(name)

    def sort(self, place: Callable[[str], int]) -> None:
        """Order what was found by the places of names; those of one place stay as they are."""
        order = sorted(range(len(self.tensors)), key=lambda k: place(self.tensors.names[k]))
        self.tensors.names = [self.tensors.names[k] for k in order]
        self.tensors.kinds = [self.tensors.kinds[k] for k in order]

    def _free(self, name: str) -> str:
        """The name, numbered where it is taken already."""
        taken = self._names.get(name, 0)
        self._names[name] = taken + 1
        return name if not taken else f"{name}#{taken + 1}"

    def _settle(self, tensor: Tensor, value: Any, leaf: Leaf, owner: object | None) -> None:
        """Whether it is one that was found before; if not, remember it."""
        if not leaf.lasting and owner is None:
            return
        region = self._region(tensor, value) if owner is None else None
        known = value if owner is None else owner
        key: Hashable = id(known) if region is None else (*region.key, tensor.size)
        first = self._owners.get(key)
        if first is not None:
            tensor.tied_to = first
            self._tied.append(tensor)
            self._immutable = self._immutable or sort_of(known) != NUMPY
            return
        self._kept.append(known)
        self._owners[key] = tensor.name
        if region is not None and tensor.role in PARAMETER_ROLES:
            self._regions.append((tensor.name, _size(tensor), region))
            if region.distinct != tensor.size:
                tensor.stored = (region.distinct, region.distinct * region.width)
        self._away += _elsewhere(value, tensor) if self._spread else 0

    def _region(self, tensor: Tensor, value: Any) -> Region | None:
        """Where an array of NumPy lies, once there is one that shows the memory of another."""
        region = region_of(value)
        if region is None or self._whole is None:
            return region
        if sort_of(value) == NUMPY and is_whole(value):
            if id(value) not in self._owners:
                self._whole.append((tensor.name, value, tensor.role))
            return None
        whole, self._whole = self._whole, None
        for name, held, role in whole:
            self._remember(name, held, role)
        return region

    def _remember(self, name: str, value: Any, role: str) -> None:
        """The memory of an array that was known by itself alone."""
        region = region_of(value)
        if region is not None:
            self._owners[(*region.key, value.size)] = name
            if role in PARAMETER_ROLES:
                self._regions.append((name, value.size, region))

    # -- what is to be said ---------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Say what is tied, expanded or overlaps, and how many numbers are here where that is not the total."""
        self._say_ties()
        spare = self._say_expanded() + self._say_overlaps()
        if self.numbers:
            self.notes.append(f"{names(self.numbers)}: Python numbers, each counted as an array of one number")
        known, complex_ = self._sums()
        if spare or self._away:
            self.also["here"] = known - spare - self._away
        if complex_:
            self.also["real"] = known + complex_

    @property
    def counted(self) -> str:
        """How many arrays there are, in words."""
        return f"{len(self.tensors):,} {'array' if len(self.tensors) == 1 else 'arrays'}"

    @property
    def known(self) -> int:
        """How many numbers the parameters hold."""
        return self._sums()[0]

    def _sums(self) -> tuple[int, int]:
        """(numbers in parameters, those of them that are complex), each tensor once."""
        known = complex_ = 0
        for (role, dtype, size, _), times in (self.tensors.alike() or {}).items():
            if role in PARAMETER_ROLES and isinstance(size, int):
                known += size * times
                complex_ += size * times if (dtype or "").startswith("complex") else 0
        for t in self.tensors.special:
            if t.role in PARAMETER_ROLES and t.tied_to is None:
                known += _size(t)
                complex_ += _size(t) if (t.dtype or "").startswith("complex") else 0
        return known, complex_

    def _say_ties(self) -> None:
        tied = [t for t in self._tied if t.role in PARAMETER_ROLES]
        if tied:
            first = tied[0]
            more = f" (and {len(tied) - 1:,} more)" if len(tied) > 1 else ""
            again = self._again if self._immutable else ONE
            self.notes.append(f"{shown(first.name)} is {shown(first.tied_to or '')}: {again}{more}")

    def _say_expanded(self) -> int:
        """Numbers that are read many times."""
        found = [(name, size, region.distinct) for name, size, region in self._regions if region.distinct != size]
        for name, size, distinct_ in found[:TOLD]:
            self.notes.append(f"{shown(name)} is expanded: {size:,} numbers by its shape, {distinct_:,} in memory")
        return sum(size - distinct_ for _, size, distinct_ in found)

    def _say_overlaps(self) -> int:
        """Numbers that several arrays hold in common; each of them counts."""
        pairs = meeting([region for _, _, region in self._regions])
        if not pairs:
            return 0
        spare: int | None = 0
        for places in _clusters(pairs):
            regions = [self._regions[k][2] for k in places]
            once = distinct(regions)
            spare = None if once is None or spare is None else spare + sum(r.distinct for r in regions) - once
        first, second = (self._regions[k][0] for k in pairs[0])
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


def is_spread() -> bool:
    """Whether several processes share JAX's arrays: only then may some of their numbers be elsewhere.

    The number of processes is not asked of a JAX that has no devices yet: that would set them up.
    """
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is None or not getattr(bridge, "_backends", True):
        return False
    try:
        return bool(bridge.process_count() > 1)
    except Exception:  # a version that is made otherwise: ask each array
        return True


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
