"""Parameters that lie in one memory: the same one under two names, one in another, one number under many indices."""

from __future__ import annotations

from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    #: place in the list, and the tensor
    Held = tuple[int, Any]

#: runs of numbers that are laid side by side, to see how much of two tensors is the same
MOST_RUNS = 100_000


class Extent:
    """Where in its memory a tensor lies, in bytes: `sides` are (stride, length), the longest stride first.

    Sides that adjoin are one: a matrix and its transposed view have the same extent.
    """

    __slots__ = ("first", "last", "sides", "step")

    def __init__(self, shape: Iterable[int], strides: Iterable[int], offset: int, step: int) -> None:
        sides: list[tuple[int, int]] = []
        for stride, side in sorted(zip(strides, shape, strict=True), reverse=True):
            if side == 1 or stride == 0:
                continue
            if sides and sides[-1][0] == stride * side:
                stride, side = stride, side * sides.pop()[1]
            sides.append((stride, side))
        self.sides = tuple(sides)
        self.step = step
        self.first = offset * step
        self.last = self.first + step * (1 + sum(stride * (side - 1) for stride, side in sides))

    @property
    def numbers(self) -> int:
        """How many different places it has (if none of its own overlap)."""
        size = 1
        for _, side in self.sides:
            size *= side
        return size

    def key(self) -> tuple[object, ...]:
        """Equal for two tensors that lie in the same bytes."""
        dense = self.numbers * self.step == self.last - self.first
        return (self.first, self.last) if dense else (self.first, self.step, self.sides)

    def runs(self) -> list[tuple[int, int]]:
        """[(first byte, byte after the last)] of its unbroken runs; empty where they are too many."""
        inner = self.sides[-1][1] if self.sides and self.sides[-1][0] == 1 else 1
        outer = self.sides[:-1] if inner > 1 else self.sides
        if self.numbers // inner > MOST_RUNS:
            return []
        starts = [self.first]
        for stride, side in outer:
            starts = [start + k * stride * self.step for start in starts for k in range(side)]
        return [(start, start + inner * self.step) for start in starts]


def extent(t: Any) -> Extent:
    """The extent of a tensor."""
    return Extent(t.shape, t.stride(), t.storage_offset(), t.element_size())


class Memory:
    """The memory in which plain tensors lie.  What is found is put into `kinds`, in place of a kind."""

    __slots__ = ("away", "expanded", "inside", "kinds", "names", "unsure")

    def __init__(self, names: list[str], kinds: list[Any]) -> None:
        self.names = names
        self.kinds = kinds
        #: parameters counted less the different numbers in memory
        self.away = 0
        self.expanded: list[Tensor] = []
        #: names of parameters that overlap
        self.inside: list[list[str]] = []
        #: whether some overlap has too many parts to be measured
        self.unsure = False

    def made(self, place: int) -> Tensor:
        """What stands at a place, as a Tensor of its own."""
        kind = self.kinds[place]
        if isinstance(kind, Tensor):
            return kind
        shape, dtype, role, note, size, trainable = kind
        return Tensor(self.names[place], shape, dtype, role, trainable, note=note, size=size)

    def tie(self, place: int, owner: int, role: str) -> None:
        """One more name of what stands at another place."""
        first = self.made(owner)
        self.kinds[place] = Tensor(
            self.names[place], first.shape, first.dtype, role, first.trainable, first.tied_to or first.name,
            first.stored, None, first.size,
        )  # fmt: skip

    def add(self, places: Sequence[int], held: Sequence[Any], storages: Sequence[int], broken: Sequence[int]) -> None:
        """Look at tensors: the memory that each lies in, and those whose numbers do not stand one after the other."""
        if broken:
            at = dict(zip(places, held, strict=True))
            for place in broken:
                self._spread(place, at[place])
        if len(set(storages)) == len(storages):
            return
        groups: dict[int, list[Held]] = {}
        for storage, place, t in zip(storages, places, held, strict=True):
            groups.setdefault(storage, []).append((place, t))
        for group in groups.values():
            if len(group) > 1:
                self._settle(group)

    def _spread(self, place: int, t: Any) -> None:
        """A tensor of which one number stands under many indices (stride 0)?"""
        lies, tensor = extent(t), self.made(place)
        if not tensor.size or tensor.size == lies.numbers:
            return
        tensor.stored = (lies.numbers, lies.numbers * lies.step)
        tensor.note = f"expanded: {lies.numbers:,} numbers in memory"
        self.kinds[place] = tensor
        if tensor.role in PARAMETER_ROLES:
            self.away += tensor.size - lies.numbers  # type: ignore[operator]
            self.expanded.append(tensor)

    def _settle(self, held: list[Held]) -> None:
        """Tie those that lie in the same bytes of one memory, and measure what else overlaps; parameters own first."""
        first: dict[tuple[object, ...], int] = {}
        lying: list[tuple[Extent, str]] = []
        for place, t in sorted(held, key=lambda each: (self._role(each[0]) not in PARAMETER_ROLES, each[0])):
            if not t.numel():
                continue
            lies = extent(t)
            owner = first.setdefault(lies.key(), place)
            if owner != place:
                self.tie(place, owner, self._role(place))
            elif self._role(place) in PARAMETER_ROLES:
                lying.append((lies, self.names[place]))
        for cluster in _clusters(lying):
            self._overlap(cluster)

    def _overlap(self, cluster: list[tuple[Extent, str]]) -> None:
        """Several parameters whose bytes may be the same in part."""
        step = cluster[0][0].step
        runs = [lies.runs() for lies, _ in cluster]
        names = [name for _, name in cluster]
        if not all(runs) or any(lies.step != step for lies, _ in cluster):
            self.unsure = True
            self.inside.append(names)
            return
        whole = sum(lies.numbers for lies, _ in cluster)
        covered = end = 0
        for first, last in sorted(run for each in runs for run in each):
            covered += max(0, last - max(first, end))
            end = max(end, last)
        if covered != whole * step:
            self.away += whole - covered // step
            self.inside.append(names)

    def _role(self, place: int) -> str:
        kind = self.kinds[place]
        return kind.role if isinstance(kind, Tensor) else kind[2]  # type: ignore[no-any-return]


def _clusters(lying: list[tuple[Extent, str]]) -> list[list[tuple[Extent, str]]]:
    """Those that may overlap, together."""
    found: list[list[tuple[Extent, str]]] = []
    end = 0
    for lies, name in sorted(lying, key=lambda each: each[0].first):
        if found and lies.first < end:
            found[-1].append((lies, name))
        else:
            found.append([(lies, name)])
        end = max(end, lies.last)
    return [cluster for cluster in found if len(cluster) > 1]
