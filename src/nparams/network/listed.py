"""A long flat list of plain tensors, each made when it is first looked at: a total needs none of them."""

from __future__ import annotations

from nparams.network.tree import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nparams.expr import Size

    #: shape, dtype, role, note, size and trainable: what a model has few of, whatever the number of its tensors
    Kind = tuple[tuple[int, ...], str, str, str | None, int, bool | None]
    #: (role, dtype, size, trainable) -> how many
    Alike = dict[tuple[str, str | None, Size | None, bool | None], int]
    #: (role, size) -> how many of them are another tensor
    Linked = dict[tuple[str, int], int]
    #: shape and size
    Measures = tuple[tuple[Size, ...] | None, Size | None]
    #: name, role, shape and size
    Look = tuple[str, str, tuple[Size, ...] | None, Size | None]
    Base = Sequence[Tensor]
else:
    Base = object  # collections.abc would cost more to load than a header takes to read


class Listed(Base):
    """Tensors by name and kind; reads like a list of Tensor.

    One that no kind describes (tied, packed, not created yet) is put in as it is.

    >>> found = Listed()
    >>> found.add("a.weight", ((2, 3), "float32", "weight", None, 6, True))
    >>> found.put(Tensor("b.weight", (2, 3), tied_to="a.weight"))
    >>> found.alike(), found.special, found[0].size
    ({('weight', 'float32', 6, True): 1}, [Tensor('b.weight', (2, 3), None, weight)], 6)
    """

    __slots__ = ("_made", "kinds", "names", "special")

    #: ((k, E), size of one, how many): tensors of experts of which a token uses k (None: not said) of E, where the list
    #: itself knows (see families.py)
    routed: Sequence[tuple[tuple[Size | None, Size], int, int]] = ()

    def __init__(self) -> None:
        self.names: list[str] = []
        #: in place of a kind, the tensor that none describes
        self.kinds: list[Kind | Tensor] = []
        self.special: list[Tensor] = []
        self._made: list[Tensor] | None = None

    def add(self, name: str, kind: Kind) -> None:
        """One more tensor (before any is looked at)."""
        self.names.append(name)
        self.kinds.append(kind)

    def put(self, tensor: Tensor) -> None:
        """One more that no kind describes."""
        self.names.append(tensor.name)
        self.kinds.append(tensor)
        self.special.append(tensor)

    def extend(self, tensors: Sequence[Tensor]) -> None:
        """All of another list; of one that is not made yet none is made.

        >>> first, more = Listed(), Listed()
        >>> more.add("a.weight", ((2, 3), "float32", "weight", None, 6, True))
        >>> first.extend(more)
        >>> first.extend([Tensor("b.weight", (2,))])
        >>> first.names, more.is_made
        (['a.weight', 'b.weight'], False)
        """
        if isinstance(tensors, Listed) and not tensors.is_made:
            self.names += tensors.names
            self.kinds += tensors.kinds
            self.special += tensors.special
        else:
            for tensor in tensors:
                self.put(tensor)

    @property
    def is_made(self) -> bool:
        """Whether any was looked at, so that all may have changed."""
        return self._made is not None

    def tensors(self) -> list[Tensor]:
        """All of them, made once: what is changed in one stays changed."""
        if self._made is None:
            self._made = [
                kind if isinstance(kind, Tensor) else _made(name, kind)
                for name, kind in zip(self.names, self.kinds, strict=True)
            ]
        return self._made

    def alike(self) -> Alike | None:
        """{(role, dtype, size, trainable): how many}, those in `special` apart; None once all of them are made, and may
        have changed."""
        if self._made is not None:
            return None
        kinds = self._unlike()
        counts = dict.fromkeys(kinds, 0)
        for key in map(id, self.kinds):
            counts[key] += 1
        found: Alike = {}
        for key, kind in kinds.items():
            if not isinstance(kind, Tensor):
                _, dtype, role, _, size, trainable = kind
                same = role, dtype, size, trainable
                found[same] = found.get(same, 0) + counts[key]
        return found

    def apart(self) -> tuple[Sequence[Tensor], Linked]:
        """Those that `alike` leaves out: tensors, and tied ones that are only counted."""
        return self.special, {}

    def parameters(self) -> tuple[Sequence[str], Sequence[Measures]]:
        """The names of all parameters that are not another one, in order, and the shape and size of each; none is made.

        >>> found = Listed()
        >>> found.add("a.weight", ((2, 3), "float32", "weight", None, 6, True))
        >>> found.parameters()
        (['a.weight'], [((2, 3), 6)])
        """
        if self._made is not None:
            return parameters_in(self._made)
        counted = {key: _counted(kind) for key, kind in self._unlike().items()}
        measures = [counted[key] for key in map(id, self.kinds)]
        if None not in counted.values():
            return self.names, measures  # type: ignore[return-value]
        names = [name for name, held in zip(self.names, measures, strict=True) if held is not None]
        return names, [held for held in measures if held is not None]

    def looks(self) -> list[Look]:
        """The name, role, shape and size of each; none is made for that.

        >>> found = Listed()
        >>> found.add("a.weight", ((2, 3), "float32", "weight", None, 6, True))
        >>> found.looks(), found.is_made
        ([('a.weight', 'weight', (2, 3), 6)], False)
        """
        if self._made is not None:
            return looks_of(self._made)
        looks = {key: _look(kind) for key, kind in self._unlike().items()}
        return [(name, *looks[id(kind)]) for name, kind in zip(self.names, self.kinds, strict=True)]

    def dtypes(self) -> set[str | None]:
        """The number types among them."""
        return {kind.dtype if isinstance(kind, Tensor) else kind[1] for kind in self._unlike().values()}

    def _unlike(self) -> dict[int, Kind | Tensor]:
        """The different kinds by their identity: few, whatever the number of tensors."""
        return dict(zip(map(id, self.kinds), self.kinds, strict=True))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.tensors())

    def __getitem__(self, k: int) -> Tensor:  # type: ignore[override]
        return self.tensors()[k]


def looks_of(tensors: Iterable[Tensor]) -> list[Look]:
    """The same of tensors that are made."""
    return [(t.name, t.role, t.shape, t.size) for t in tensors]


def _look(kind: Kind | Tensor) -> tuple[str, tuple[Size, ...] | None, Size | None]:
    if isinstance(kind, Tensor):
        return kind.role, kind.shape, kind.size
    shape, _, role, _, size, _ = kind
    return role, shape, size


def parameters_in(tensors: Iterable[Tensor]) -> tuple[list[str], list[Measures]]:
    """The same of tensors that are made."""
    held = [t for t in tensors if t.role in PARAMETER_ROLES and t.tied_to is None]
    return [t.name for t in held], [(t.shape, t.size) for t in held]


def _counted(kind: Kind | Tensor) -> Measures | None:
    """Shape and size of a parameter that is not another one; None of anything else."""
    if isinstance(kind, Tensor):
        return (kind.shape, kind.size) if kind.role in PARAMETER_ROLES and kind.tied_to is None else None
    shape, _, role, _, size, _ = kind
    return (shape, size) if role in PARAMETER_ROLES else None


def _made(name: str, kind: Kind) -> Tensor:
    shape, dtype, role, note, size, trainable = kind
    return Tensor(name, shape, dtype, role, trainable, None, None, note, size)
