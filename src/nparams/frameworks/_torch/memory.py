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

    __slots__ = ("expanded", "inside", "kinds", "lost", "names", "unsure")

    def __init__(self, names: list[str], kinds: list[Any]) -> None:
        self.names = names
        self.kinds = kinds
        #: place -> numbers of a parameter that are in memory already
        self.lost: dict[int, int] = {}
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
        """One more name of what stands at another place; it has its own shape where it is a view of it."""
        first, kind = self.made(owner), self.kinds[place]
        own = first if kind is None else self.made(place)
        trainable = first.trainable if role in PARAMETER_ROLES else None
        self.lost.pop(place, None)
        self.kinds[place] = Tensor(
            self.names[place], own.shape, own.dtype, role, trainable, first.tied_to or first.name, own.stored, None,
            own.size,
        )  # fmt: skip

    @property
    def away(self) -> int:
        """Parameters counted less the different numbers in memory."""
        return sum(self.lost.values())

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
            self.lost[place] = int(tensor.size) - lies.numbers  # type: ignore[arg-type]
            self.expanded.append(tensor)

    def _settle(self, held: list[Held]) -> None:
        """Tie those that lie in the same bytes of one memory, and measure what else overlaps; parameters own first."""
        first: dict[tuple[object, ...], int] = {}
        lying: list[tuple[Extent, int]] = []
        for place, t in sorted(held, key=lambda each: (self._role(each[0]) not in PARAMETER_ROLES, each[0])):
            if not t.numel():
                continue
            lies = extent(t)
            owner = first.setdefault(lies.key(), place)
            if owner != place:
                self.tie(place, owner, self._role(place))
            else:
                lying.append((lies, place))
        for cluster in _clusters(lying):
            self._overlap(cluster)

    def _overlap(self, cluster: list[tuple[Extent, int]]) -> None:
        """Several tensors whose bytes may be the same in part: each counts, their memory once, parameters first."""
        cluster.sort(key=lambda each: (self._role(each[1]) not in PARAMETER_ROLES, each[1]))
        runs = [lies.runs() for lies, _ in cluster]
        parameters = [place for _, place in cluster if self._role(place) in PARAMETER_ROLES]
        if not all(runs):
            self.unsure = True
        elif not self._share(cluster, runs):
            return
        if len(parameters) > 1:
            self.inside.append([self.names[place] for place in parameters])

    def _share(self, cluster: list[tuple[Extent, int]], runs: list[list[tuple[int, int]]]) -> bool:
        """Give each of them the bytes that none before it has; whether any bytes are of several parameters."""
        before, found, so_far = 0, False, []
        for (lies, place), own in zip(cluster, runs, strict=True):
            so_far += own
            covered = _covered(so_far)
            fresh, before = covered - before, covered
            if fresh == lies.numbers * lies.step:
                continue
            tensor = self.kinds[place] = self.made(place)
            tensor.stored = (tensor.stored[0] if tensor.stored else lies.numbers, fresh)
            if tensor.role in PARAMETER_ROLES:
                self.lost[place] = self.lost.get(place, 0) + lies.numbers - fresh // lies.step
                found = True
        return found

    def _role(self, place: int) -> str:
        kind = self.kinds[place]
        return kind.role if isinstance(kind, Tensor) else kind[2]


def _covered(runs: list[tuple[int, int]]) -> int:
    """The bytes that are in at least one of the runs."""
    covered = end = 0
    for first, last in sorted(runs):
        covered += max(0, last - max(first, end))
        end = max(end, last)
    return covered


def _clusters(lying: list[tuple[Extent, int]]) -> list[list[tuple[Extent, int]]]:
    """Those that may overlap, together."""
    found: list[list[tuple[Extent, int]]] = []
    end = 0
    for lies, place in sorted(lying, key=lambda each: (each[0].first, each[1])):
        if found and lies.first < end:
            found[-1].append((lies, place))
        else:
            found.append([(lies, place)])
        end = max(end, lies.last)
    return [cluster for cluster in found if len(cluster) > 1]
