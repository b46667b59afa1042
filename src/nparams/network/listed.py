"""A long flat list of plain tensors, each made when it is first looked at: a total needs none of them."""

from __future__ import annotations

from nparams.network.tree import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.expr import Size

    #: shape, dtype, role, note and size: what a model has few of, whatever the number of its tensors
    Kind = tuple[tuple[int, ...], str, str, str | None, int]
    #: (role, dtype, size, trainable) -> how many
    Alike = dict[tuple[str, str | None, Size | None, bool | None], int]
    Base = Sequence[Tensor]
else:
    Base = object  # collections.abc would cost more to load than a header takes to read


class Listed(Base):
    """Tensors by name and kind; reads like a list of Tensor.

    >>> found = Listed()
    >>> found.add("a.weight", ((2, 3), "float32", "weight", None, 6))
    >>> found.alike(), found[0].size
    ({('weight', 'float32', 6, None): 1}, 6)
    """

    __slots__ = ("_made", "kinds", "names")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[Kind] = []
        self._made: list[Tensor] | None = None

    def add(self, name: str, kind: Kind) -> None:
        """One more tensor (before any is looked at)."""
        self.names.append(name)
        self.kinds.append(kind)

    def tensors(self) -> list[Tensor]:
        """All of them, made once: what is changed in one stays changed."""
        if self._made is None:
            self._made = [
                Tensor(name, shape, dtype, role, None, None, None, note, size)
                for name, (shape, dtype, role, note, size) in zip(self.names, self.kinds, strict=True)
            ]
        return self._made

    def alike(self) -> Alike | None:
        """{(role, dtype, size, trainable): how many}; None once the tensors are made, and may have changed."""
        if self._made is not None:
            return None
        kinds = dict(zip(map(id, self.kinds), self.kinds, strict=True))
        counts = dict.fromkeys(kinds, 0)
        for key in map(id, self.kinds):
            counts[key] += 1
        found: Alike = {}
        for key, (_, dtype, role, _, size) in kinds.items():
            found[role, dtype, size, None] = found.get((role, dtype, size, None), 0) + counts[key]
        return found

    def dtypes(self) -> set[str]:
        """The number types among them."""
        return {kind[1] for kind in self.kinds}

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.tensors())

    def __getitem__(self, k: int) -> Tensor:  # type: ignore[override]
        return self.tensors()[k]
