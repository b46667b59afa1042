"""The only place that adds up: every sum of the JSON contract, from tensors, a tied tensor once."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.expr import Expr, add, mul
from nparams.network.listed import Listed
from nparams.network.tree import PARAMETER_ROLES, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.network.active import Route
    from nparams.network.listed import Alike
    from nparams.network.tree import Module, Tensor

    Apart = tuple[str, str | None, int, bool | None, int | None, int]

#: what is worked out when it is first asked for
LATER = ("active", "parameter_bytes", "bookkeeping_bytes", "bytes", "dtypes")
KEPT_ROLES = ("weight", "bias", "buffer", "bookkeeping")


class Totals:
    """The sums.  Sizes are integers, or closed forms where the network is symbolic; None is "cannot be known".

    `known` is the sum of the parameters whose shape is known, `unknown` the number of parameters without one, and
    `total` is `known` unless something is unknown.  See DESIGN's JSON contract for each name.
    """

    __slots__ = (
        "_more", "active", "biases", "bookkeeping", "bookkeeping_bytes", "buffers", "bytes", "dtypes", "elements",
        "frozen", "known", "listed", "other", "parameter_bytes", "total", "trainable", "unknown", "weights",
    )  # fmt: skip

    def __init__(self) -> None:
        zero: Size = 0
        self.weights = self.biases = self.known = self.listed = self.elements = zero
        self.buffers = self.bookkeeping = self.other = zero
        self.unknown = 0
        self.total: Size | None = None
        self.trainable: Size | None = None
        self.frozen: Size | None = None
        self._more: Callable[[Totals], None] | None = None
        self.active: Size | None
        self.parameter_bytes: Size | None
        self.bookkeeping_bytes: Size | None
        self.bytes: Size | None
        self.dtypes: dict[str, Size] | None

    def later(self, more: Callable[[Totals], None]) -> None:
        """Leave the sums that a total does not need to `more`, which is called when one of them is asked for."""
        self._more = more

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """A sum that nobody has asked for yet; None where nothing makes it."""
            if name not in LATER:
                raise AttributeError(f"Totals have no {name}")
            if self._more is None:
                return None
            self._more(self)
            self._more = None
            return getattr(self, name)

    @property
    def bits_per_parameter(self) -> float | None:
        """8 x (bytes of parameters and bookkeeping) / total, to four decimals; None where any of it is unknown."""
        held = (self.parameter_bytes, self.bookkeeping_bytes)
        if not isinstance(self.total, int) or not self.total or not all(isinstance(b, int) for b in held):
            return None
        return (80_000 * sum(held) // self.total) / 10_000  # type: ignore[arg-type]


def add_up(
    flat: Sequence[Tensor] | None,
    root: Module | None,
    routes: Mapping[str, Route],
    lower: Mapping[str, int] | None = None,
) -> Totals:
    """Every sum over a flat list of tensors, or over a tree with its repeats."""
    if flat is not None:
        return _numeric(((flat, 1),), _idle(flat, routes))
    assert root is not None
    groups = list(groups_of(root))
    plain = all(isinstance(copies, int) for _, copies in groups) and all(_is_plain(tensors) for tensors, _ in groups)
    if plain and not any(isinstance(size, Expr) for module, _ in routed(root) for size in module.routed or ()):
        return _numeric(groups, _tree_idle(root))  # type: ignore[arg-type]
    from nparams.network.symbolic import in_symbols

    return in_symbols(root, lower)


def _is_plain(tensors: Iterable[Tensor]) -> bool:
    return not any(isinstance(t.size, Expr) for t in tensors)


def groups_of(root: Module) -> Iterator[tuple[Sequence[Tensor], Size]]:
    """Each module's own tensors, and how many copies of the module there are."""
    stack: list[tuple[Module, Size]] = [(root, 1)]
    while stack:
        module, copies = stack.pop()
        if module.over is not None:
            copies = mul(copies, add(module.over.last, mul(-1, module.over.first), 1))
        if module.tensors:
            yield module.tensors, copies
        stack.extend((child, copies) for child in module.children)


def routed(root: Module) -> Iterator[tuple[Module, Size]]:
    """Each outermost routed module and how many copies there are."""
    stack: list[tuple[Module, Size]] = [(root, 1)]
    while stack:
        module, copies = stack.pop()
        if module.over is not None:
            copies = mul(copies, add(module.over.last, mul(-1, module.over.first), 1))
        if module.routed is not None:
            yield module, copies
        else:
            stack.extend((child, copies) for child in module.children)


# -- plain numbers: one pass ----------------------------------------------------------------------------------------


class _Counter:
    """Tensors in plain numbers, those that are alike together: a model has few different ones."""

    def __init__(self) -> None:
        #: those that are stored as their shapes say; how many there are
        self.alike: Alike = {}
        #: those that are stored in another way: role, number type, size, trainable, bytes (None: unknown), how many
        self.apart: list[Apart] = []
        self.tied = self.stored = self.unknown = 0

    def add(self, tensors: Sequence[Tensor], copies: int) -> None:
        """Take in the tensors of one module that stands there `copies` times."""
        alike: Alike | None = None
        if isinstance(tensors, Listed) and (alike := tensors.alike()) is not None:
            tensors, linked = tensors.apart()
            self._take(alike, copies)
            for (role, size), count in linked.items():
                self._tie(role, size * count * copies)
        alike = self.alike
        for t in tensors:
            if t.tied_to is not None or t.stored is not None:
                self._one(t, copies)
            elif t.size is None:
                self.unknown += t.role in PARAMETER_ROLES
            else:
                key = (t.role, t.dtype, t.size, t.trainable)
                alike[key] = alike.get(key, 0) + copies

    def _take(self, alike: Alike, copies: int) -> None:
        """Take in those of a list that are alike."""
        if not self.alike and copies == 1:
            self.alike = alike
            return
        for key, count in alike.items():
            self.alike[key] = self.alike.get(key, 0) + count * copies

    def _one(self, t: Tensor, copies: int) -> None:
        """A tensor that is tied, or stored in another way than its shape says."""
        elements, width = t.stored if t.stored else (t.size or 0, None)
        self.stored += elements * copies if t.role != "other" else 0  # type: ignore[assignment]
        if t.tied_to is not None:
            self.tied += (t.size or 0) * copies if t.role in PARAMETER_ROLES else 0  # type: ignore[assignment]
        elif t.size is None:
            self.unknown += t.role in PARAMETER_ROLES
        else:
            self.apart.append((t.role, t.dtype, t.size, t.trainable, width, copies))  # type: ignore[arg-type]

    def _tie(self, role: str, elements: int) -> None:
        """Elements of tensors that are others, and stored again as their shapes say."""
        self.stored += elements if role != "other" else 0
        self.tied += elements if role in PARAMETER_ROLES else 0

    def fill(self, totals: Totals) -> None:
        """The sums of elements."""
        held: dict[str, Size] = dict.fromkeys(ROLES, 0)
        trained: dict[bool | None, int] = {True: 0, False: 0, None: 0}
        stored: Size = self.stored
        for (role, _, size, trainable), count in self.alike.items():
            if size is None:
                self.unknown += count if role in PARAMETER_ROLES else 0
                continue
            elements: int = size * count  # type: ignore[assignment]
            held[role] += elements
            stored += elements if role != "other" else 0
            if role in PARAMETER_ROLES:
                trained[trainable] += elements
        for role, _, size, trainable, _, count in self.apart:
            held[role] += size * count
            if role in PARAMETER_ROLES:
                trained[trainable] += size * count
        totals.unknown = self.unknown
        fill(totals, held, self.tied, stored)
        if not totals.unknown and not trained[None]:
            totals.trainable, totals.frozen = trained[True], trained[False]

    def tallies(self) -> dict[tuple[str, str | None], _Tally]:
        """Elements and bytes for each role and number type."""
        made: dict[tuple[str, str | None], _Tally] = {}
        plain = (
            (role, dtype, size, trainable, None if dtype is None else bytes_of(size, dtype), n)  # type: ignore[arg-type]
            for (role, dtype, size, trainable), n in self.alike.items() if size is not None
        )  # fmt: skip
        apart: Any = self.apart
        for role, dtype, size, _, width, n in (*plain, *apart):
            tally = made.get((role, dtype)) or made.setdefault((role, dtype), _Tally())
            tally.elements += size * n
            tally.bytes = None if width is None or tally.bytes is None else tally.bytes + width * n
        return made


class _Tally:
    """What is collected for one role and number type."""

    __slots__ = ("bytes", "elements")

    def __init__(self) -> None:
        self.elements = 0
        self.bytes: int | None = 0


def _numeric(groups: Iterable[tuple[Sequence[Tensor], int]], idle: Callable[[], int | None]) -> Totals:
    counter = _Counter()
    for tensors, copies in groups:
        counter.add(tensors, copies)
    totals = Totals()
    counter.fill(totals)
    totals.later(lambda made: _fill_more(made, counter, idle))
    return totals


def fill(totals: Totals, by_role: Mapping[str, Size], listed: Size, stored: Size) -> None:
    totals.weights, totals.biases = by_role["weight"], by_role["bias"]
    totals.buffers, totals.bookkeeping, totals.other = by_role["buffer"], by_role["bookkeeping"], by_role["other"]
    totals.known = totals.weights + totals.biases
    totals.listed = totals.known + listed
    totals.elements = stored
    totals.total = None if totals.unknown else totals.known


def _fill_more(totals: Totals, counter: _Counter, idle: Callable[[], int | None]) -> None:
    unused = None if totals.unknown else idle()
    totals.dtypes = None
    totals.active = None if unused is None else add(totals.known, -unused)
    _fill_bytes(totals, counter.tallies())


def _fill_bytes(totals: Totals, tallies: Mapping[tuple[str, str | None], _Tally]) -> None:
    def held(roles: Sequence[str]) -> int | None:
        parts = [y.bytes for (role, _), y in tallies.items() if role in roles]
        return None if totals.unknown else total_or_none(parts)

    totals.parameter_bytes, totals.bookkeeping_bytes = held(("weight", "bias")), held(("bookkeeping",))
    totals.bytes = held(KEPT_ROLES)
    named: dict[str, int] = {}
    for (role, dtype), tally in tallies.items():
        if role in PARAMETER_ROLES:
            if dtype is None:
                return
            named[dtype] = named.get(dtype, 0) + tally.elements
    totals.dtypes = dict(sorted(named.items(), key=lambda pair: (-pair[1], pair[0])))  # the most used first


def total_or_none(parts: Iterable[int | None]) -> int | None:
    """The sum, or None if any part is unknown."""
    held = list(parts)
    return None if None in held else sum(p for p in held if p is not None)


def _idle(flat: Sequence[Tensor], routes: Mapping[str, Route]) -> Callable[[], int | None]:
    """What a token does not use: found at once where tensors tell it, for they may be changed once they are there."""
    found = _flat_idle(flat, routes) if routes else None
    return lambda: found if routes else _flat_idle(flat, {})


def _flat_idle(flat: Sequence[Tensor], routes: Mapping[str, Route]) -> int | None:
    if not (routes or (isinstance(flat, Listed) and flat.routed)):
        return 0
    from nparams.network.active import flat_idle

    return flat_idle(flat, routes)


def _tree_idle(root: Module) -> Callable[[], int | None]:
    """The same of a tree."""
    if not any(routed(root)):
        return lambda: 0
    from nparams.network.active import tree_idle

    found = tree_idle(root)
    return lambda: found
