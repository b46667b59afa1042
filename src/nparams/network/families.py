"""A flat list of tensors told by families: how many of each kind there are; names only when one is looked at."""

from __future__ import annotations

from nparams.network.listed import Listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nparams.expr import Size
    from nparams.network.listed import Alike, Kind, Linked
    from nparams.network.tree import Tensor

    #: ((k, E), size of one, how many): tensors of experts, of which a token uses k (None: not said) of E
    Routed = tuple[tuple[Size | None, Size], int, int]
    Spelt = tuple[list[str], list[Kind | Tensor]]


class Families(Listed):
    """Tensors that are counted without being named.

    `spell` makes all names in order, with a kind for each (or one of the tensors in `special`); `tied` makes those,
    which are another tensor each, and `linked` counts them; `experts` says what of it is routed.

    >>> kind = ((2, 3), "float32", "weight", None, 6, True)
    >>> found = Families({("weight", "float32", 6, True): 2}, lambda: 2, lambda: (["a.0", "a.1"], [kind, kind]))
    >>> len(found), found.alike(), [t.name for t in found]
    (2, {('weight', 'float32', 6, True): 2}, ['a.0', 'a.1'])
    """

    __slots__ = ("_alike", "_count", "_experts", "_linked", "_routed", "_spell", "_spelt", "_tied", "_ties")

    def __init__(
        self,
        alike: Alike,
        count: Callable[[], int],
        spell: Callable[[], Spelt],
        tied: Callable[[], list[Tensor]] | None = None,
        linked: Callable[[], Linked] | None = None,
        experts: Callable[[], Sequence[Routed]] | None = None,
    ) -> None:
        self._alike = alike
        self._count = count
        self._spell = spell
        self._spelt: Spelt | None = None
        self._ties = tied
        self._linked = linked
        self._tied: list[Tensor] | None = None if tied is not None else []
        self._made = None
        self._experts = experts
        self._routed: Sequence[Routed] | None = None if experts is not None else ()

    @property
    def names(self) -> list[str]:  # type: ignore[override]
        """All names, in order."""
        return self._all()[0]

    @property
    def kinds(self) -> list[Kind | Tensor]:  # type: ignore[override]
        """What each is."""
        return self._all()[1]

    @property
    def routed(self) -> Sequence[Routed]:  # type: ignore[override]
        """Those that experts have."""
        if self._routed is None:
            assert self._experts is not None
            self._routed = self._experts()
        return self._routed

    @property
    def special(self) -> list[Tensor]:  # type: ignore[override]
        """Those that no kind describes."""
        if self._tied is None:
            assert self._ties is not None
            self._tied = self._ties()
        return self._tied

    def _all(self) -> Spelt:
        if self._spelt is None:
            self._spelt = self._spell()
        return self._spelt

    def alike(self) -> Alike | None:
        """{(role, dtype, size, trainable): how many} without those in `special`; None once any was looked at."""
        return None if self._made is not None else dict(self._alike)

    def apart(self) -> tuple[Sequence[Tensor], Linked]:
        """The tied ones: counted as what they are, without being made."""
        return (self.special, {}) if self._linked is None else ((), self._linked())

    def dtypes(self) -> set[str | None]:
        """The number types among them."""
        return {dtype for _, dtype, _, _ in self._alike} | {t.dtype for t in self.special}

    def __len__(self) -> int:
        return self._count()
