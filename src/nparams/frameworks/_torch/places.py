"""Modules and tensors of a live model by name: which stands under which, before anything is made of them."""

from __future__ import annotations

from nparams.frameworks._torch.kinds import AGAIN, Known
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.frameworks._torch.kinds import Snapshot
    from nparams.network import Tensor

#: tensors that no registered module holds
LOOSE = Known("", container=True)


class Place:
    """A module: what it is, the tensors that it holds itself, and the modules in it."""

    __slots__ = ("children", "holds", "known", "loose", "name", "taken", "tensors", "values")

    def __init__(self, name: str, known: Known, values: Any) -> None:
        self.name = name
        self.known = known
        self.values = values
        self.tensors: list[Tensor] = []
        self.children: list[Place] = []
        #: whether it or anything in it has a parameter
        self.holds = False
        #: whether a layer above it has taken its tensors for its own
        self.taken = False
        self.loose = known is LOOSE

    @property
    def start(self) -> int:
        """Where the names of its tensors go on after its own."""
        return len(self.name) + 1 if self.name else 0

    def child(self, leaf: str) -> Place | None:
        """The module in it of that name."""
        name = f"{self.name}.{leaf}" if self.name else leaf
        return next((child for child in self.children if child.name == name), None)

    def below(self) -> Iterator[Place]:
        """It, and every module in it, in order."""
        stack = [self]
        while stack:
            place = stack.pop()
            yield place
            stack.extend(reversed(place.children))

    def take(self) -> None:
        """It is part of a layer above."""
        for place in self.below():
            place.taken = True

    def take_split(self) -> None:
        """What torch.nn.utils.parametrize keeps of its parameters stands in `parametrizations`; it is its own."""
        inner = self.child("parametrizations")
        if inner is None or not inner.children or not all(child.known.splits for child in inner.children):
            return
        self._take_all(inner)

    def take_helpers(self) -> None:
        """Modules that no class of torch.nn made and that have no parameters (observers, packed weights)."""
        for child in self.children:
            if not child.taken and not child.holds and all(inner.known.cls is None for inner in child.below()):
                self._take_all(child)

    def _take_all(self, inner: Place) -> None:
        for place in inner.below():
            self.tensors += place.tensors
            place.taken = True


class Places:
    """All of them; `root` is the model itself."""

    def __init__(self, snapshots: Sequence[Snapshot], tensors: Sequence[Tensor]) -> None:
        self.known: dict[str, Place] = {}
        for name, known, values in snapshots:
            self.known[name] = Place(name, known, values)
        self.root = self.known.setdefault("", Place("", LOOSE, None))
        self._names: set[str] | None = None
        self._tensors = tensors
        for name, place in self.known.items():
            if name:
                self._above(name.rpartition(".")[0]).children.append(place)
        for t in tensors:
            self._holder(t).tensors.append(t)
        self._find_holders()

    def _above(self, name: str) -> Place:
        """The module of that name, or the nearest one above it."""
        while (place := self.known.get(name)) is None:
            name = name.rpartition(".")[0]
        return place

    def _holder(self, t: Tensor) -> Place:
        """The module that a tensor stands in."""
        name = t.name.rpartition(".")[0]
        place = self.known.get(name)
        if place is not None:
            return place
        place = self._above(name)
        if place.known is AGAIN or self._is_tensor(t.name, place):
            return place
        made = self.known[name] = Place(name, LOOSE, None)
        place.children.append(made)
        return made

    def _is_tensor(self, name: str, place: Place) -> bool:
        """Whether a name goes on after the name of a tensor of that module: fc.weight.scale."""
        if self._names is None:
            self._names = {t.name for t in self._tensors}
        first = name[place.start :].partition(".")[0]
        return name[: place.start] + first in self._names

    def _find_holders(self) -> None:
        """Whether there are parameters in each, bottom up."""
        order = list(self.root.below())
        for place in reversed(order):
            place.holds = any(child.holds for child in place.children) or any(
                t.role in PARAMETER_ROLES for t in place.tensors
            )
