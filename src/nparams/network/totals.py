"""The only place that adds up: every sum of the JSON contract, from tensors, a tied tensor once."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.errors import InvariantError
from nparams.expr import Expr, add, mul
from nparams.network.listed import Listed
from nparams.network.tree import PARAMETER_ROLES, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nparams.expr import Size
    from nparams.network.listed import Alike
    from nparams.network.tree import Module, Tensor

    Route = tuple[Size | None, Size]

KEPT_ROLES = ("weight", "bias", "buffer", "bookkeeping")


class Totals:
    """The sums.  Sizes are integers, or closed forms where the network is symbolic; None is "cannot be known".

    `known` is the sum of the parameters whose shape is known, `unknown` the number of parameters without one, and
    `total` is `known` unless something is unknown.  See DESIGN's JSON contract for each name.
    """

    __slots__ = (
        "active", "biases", "bookkeeping", "bookkeeping_bytes", "buffers", "bytes", "dtypes", "elements", "frozen",
        "known", "listed", "other", "parameter_bytes", "total", "trainable", "unknown", "weights",
    )  # fmt: skip

    def __init__(self) -> None:
        zero: Size = 0
        self.weights = self.biases = self.known = self.listed = self.elements = zero
        self.buffers = self.bookkeeping = self.other = zero
        self.unknown = 0
        self.total: Size | None = None
        self.trainable: Size | None = None
        self.frozen: Size | None = None
        self.active: Size | None = None
        self.parameter_bytes: Size | None = None
        self.bookkeeping_bytes: Size | None = None
        self.bytes: Size | None = None
        self.dtypes: dict[str, Size] | None = None

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
        return _numeric(((flat, 1),), _flat_idle(flat, routes))
    assert root is not None
    groups = list(_groups(root))
    plain = all(isinstance(copies, int) for _, copies in groups) and all(_plain(tensors) for tensors, _ in groups)
    if plain and not any(isinstance(size, Expr) for module, _ in _routed(root) for size in module.routed or ()):
        return _numeric(groups, _tree_idle(root))  # type: ignore[arg-type]
    return _symbolic(root, lower)


def _plain(tensors: Iterable[Tensor]) -> bool:
    return not any(isinstance(t.size, Expr) for t in tensors)


def _groups(root: Module) -> Iterator[tuple[Sequence[Tensor], Size]]:
    """Each module's own tensors, and how many copies of the module there are."""
    stack: list[tuple[Module, Size]] = [(root, 1)]
    while stack:
        module, copies = stack.pop()
        if module.over is not None:
            copies = mul(copies, add(module.over.last, mul(-1, module.over.first), 1))
        if module.tensors:
            yield module.tensors, copies
        stack.extend((child, copies) for child in module.children)


# -- plain numbers: one pass ----------------------------------------------------------------------------------------


class _Tally:
    """What is collected for one role and number type."""

    __slots__ = ("bytes", "elements")

    def __init__(self) -> None:
        self.elements = 0
        self.bytes: int | None = 0


class _Counter:
    """One pass over tensors in plain numbers."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str | None], _Tally] = {}
        self.trained: dict[bool | None, int] = {True: 0, False: 0, None: 0}
        self.tied = self.stored = self.unknown = 0

    def add(self, tensors: Iterable[Tensor], copies: int) -> None:
        """Count the tensors of one module that stands there `copies` times."""
        counted = tensors.alike() if isinstance(tensors, Listed) else None
        alike: Alike = counted or {}
        apart = tensors if counted is None or not isinstance(tensors, Listed) else tensors.special
        for t in apart:  # a model has few different tensors: they are counted together
            if t.stored is None and t.tied_to is None:
                key = (t.role, t.dtype, t.size, t.trainable)
                alike[key] = alike.get(key, 0) + 1
            else:
                self._one(t, copies)
        for (role, dtype, size, trainable), count in alike.items():
            if size is None:
                self.unknown += count if role in PARAMETER_ROLES else 0
            else:
                width = None if dtype is None else bytes_of(size, dtype)  # type: ignore[arg-type]
                self.stored += size * count * copies if role != "other" else 0  # type: ignore[assignment]
                self._held(role, dtype, trainable, size, width, count * copies)  # type: ignore[arg-type]

    def _one(self, t: Tensor, copies: int) -> None:
        """A tensor that is tied, or stored in another way than its shape says."""
        elements, width = t.stored if t.stored else (t.size or 0, None)
        self.stored += elements * copies if t.role != "other" else 0  # type: ignore[assignment]
        if t.tied_to is not None:
            self.tied += (t.size or 0) * copies if t.role in PARAMETER_ROLES else 0  # type: ignore[assignment]
        elif t.size is None:
            self.unknown += t.role in PARAMETER_ROLES
        else:
            self._held(t.role, t.dtype, t.trainable, t.size, width, copies)  # type: ignore[arg-type]

    def _held(self, role: str, dtype: str | None, trainable: bool | None, size: int, width: int | None, n: int) -> None:
        """`n` tensors of `size` elements and `width` bytes each (None: unknown)."""
        tally = self.tallies.get((role, dtype)) or self.tallies.setdefault((role, dtype), _Tally())
        tally.elements += size * n
        tally.bytes = None if width is None or tally.bytes is None else tally.bytes + width * n
        if role in PARAMETER_ROLES:
            self.trained[trainable] += size * n


def _numeric(groups: Iterable[tuple[Sequence[Tensor], int]], idle: int | None) -> Totals:
    counter = _Counter()
    for tensors, copies in groups:
        counter.add(tensors, copies)
    totals = Totals()
    totals.unknown = counter.unknown
    by_role: dict[str, Size] = dict.fromkeys(ROLES, 0)
    for (role, _), tally in counter.tallies.items():
        by_role[role] += tally.elements
    _fill(totals, by_role, counter.tied, counter.stored)
    if not totals.unknown and not counter.trained[None]:
        totals.trainable, totals.frozen = counter.trained[True], counter.trained[False]
    if not totals.unknown and idle is not None:
        totals.active = add(totals.known, -idle)
    _fill_bytes(totals, counter.tallies)
    return totals


def _fill(totals: Totals, by_role: Mapping[str, Size], listed: Size, stored: Size) -> None:
    totals.weights, totals.biases = by_role["weight"], by_role["bias"]
    totals.buffers, totals.bookkeeping, totals.other = by_role["buffer"], by_role["bookkeeping"], by_role["other"]
    totals.known = add(totals.weights, totals.biases)
    totals.listed = add(totals.known, listed)
    totals.elements = stored
    totals.total = None if totals.unknown else totals.known


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


def _flat_idle(flat: Sequence[Tensor], routes: Mapping[str, Route]) -> int | None:
    """Parameters that a token does not use; None if an expert layer does not say how many are used."""
    told = flat.routed if isinstance(flat, Listed) else ()
    if any(used is None for used, _ in routes.values()) or any(route[0] is None for route, _, _ in told):
        return None
    held: dict[Route, int] = {}  # one tensor of one expert need not be divisible by their number: all together are
    for shared, size, count in told:
        held[shared] = held.get(shared, 0) + size * count
    for t in flat if routes else ():
        route = routes.get(t.name)
        if route is None or t.size is None or t.role not in PARAMETER_ROLES or t.tied_to is not None:
            continue
        held[route] = held.get(route, 0) + t.size  # type: ignore[assignment]
    return sum(_unused(size, *route) for route, size in held.items())  # type: ignore[arg-type, misc]


def _unused(size: int, used: int, experts: int) -> int:
    if experts < 1 or used > experts or size % experts:
        raise InvariantError(f"{used} of {experts} experts cannot share {size:,} parameters equally")
    return size - size // experts * used


def _tree_idle(root: Module) -> int | None:
    """The same over a tree in plain numbers: a routed module's subtree is used by k/E."""
    idle = 0
    for module, copies in _routed(root):
        assert module.routed is not None
        used, experts = module.routed
        if used is None:
            return None
        inside = add_up(None, _bare(module), {}).known
        idle += copies * _unused(inside, used, experts)  # type: ignore[operator, arg-type]
    return idle


def _routed(root: Module) -> Iterator[tuple[Module, Size]]:
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


def _bare(module: Module) -> Module:
    from nparams.network.tree import Module as Made

    return Made(tensors=module.tensors, children=module.children)


# -- symbols: closed forms ------------------------------------------------------------------------------------------


def _symbolic(root: Module, lower: Mapping[str, int] | None) -> Totals:
    from nparams.network.closed import closed_form, tidy

    totals = Totals()
    missing = [t for ts, _ in _groups(root) for t in ts if t.size is None and t.tied_to is None]
    totals.unknown = sum(t.role in PARAMETER_ROLES for t in missing)
    by_role = {role: closed_form(root, _own(role), lower) for role in ROLES}
    listed = closed_form(root, lambda t: t.size if t.role in PARAMETER_ROLES and t.tied_to else None)
    stored = closed_form(root, lambda t: None if t.role == "other" else t.stored[0] if t.stored else t.size)
    _fill(totals, by_role, listed, stored)
    totals.known = closed_form(root, lower=lower)
    totals.listed = totals.known if listed == 0 else tidy(add(totals.known, listed))
    totals.total = None if totals.unknown else totals.known
    totals.active = _symbolic_active(root) if any(_routed(root)) else totals.total
    return totals


def _own(role: str) -> Callable[[Tensor], Size | None]:
    return lambda t: t.size if t.role == role and t.tied_to is None else None


def _symbolic_active(root: Module) -> Size:
    """The total with each routed subtree scaled by k/E (exactly: its closed form is divided, never rounded)."""
    from nparams.network.closed import closed_form, tidy
    from nparams.network.tree import Module as Made
    from nparams.network.tree import Tensor as MadeTensor

    def scaled(module: Module) -> Module:
        children = [scaled(child) for child in module.children]
        tensors = module.tensors
        if module.routed is not None:
            used, experts = module.routed
            inside = closed_form(Made(tensors=tensors, children=module.children))
            size = tidy(mul(used, inside // experts)) if used is not None else inside
            tensors, children = [MadeTensor(module.name, (size,))], []
        return Made(tensors=tensors, children=children, over=module.over)

    return closed_form(scaled(root))
