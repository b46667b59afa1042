"""Mistakes about what comes into the first dense layer: another padding, rounding, a pool left out, a side forgotten.

The sides are worked out again from the layers in front of it, with one thing done differently.
"""

from __future__ import annotations

from math import isqrt

from nparams.analyses._edits import Edit, Mistake
from nparams.analyses._terms import POOLS, Case, Unit
from nparams.expr import mul, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nparams.expr import Size

    Sides = tuple[int, ...]
    #: a layer's sides in -> out
    Step = Callable[[Sides], Sides | None]

WINDOWS = frozenset((*POOLS, "Conv", "DepthwiseConv", "SeparableConv"))
#: layers that are played again one by one, each left out or rounded otherwise
STEPS = 40


def _dense(case: Case) -> Iterator[tuple[int, int]]:
    """(flatten, the dense layer after it) wherever one lays out positions."""
    for k, unit in enumerate(case.units):
        if unit.kind == "Flatten" and unit.takes is not None and len(unit.takes) > 1:
            after = next((i for i in case.held if i > k), None)
            if after is not None and case.units[after].value("n_in") == product(unit.takes):
                yield k, after


def _edit(case: Case, after: int, size: Size, says: str, scope: float) -> Edit | None:
    unit = case.units[after]
    if size == unit.value("n_in"):
        return None
    told = size if isinstance(size, int) else str(size)
    text = f"{says}: {told} values, not {unit.value('n_in')}, come into {unit.called}"
    return Edit(text, (after,), lambda u: u.each(lambda t: t.put("n_in", size)), scope=scope, where=unit.name)


def _parts(case: Case) -> Iterator[Edit]:
    """A factor of the flattened size forgotten."""
    came = case.units[0].takes if case.units else None
    for k, after in _dense(case):
        shape = case.units[k].takes
        assert shape is not None
        channels, sides = (shape[0], shape[1:]) if _channels_first(case, k) else (shape[-1], shape[:-1])
        yield from _factors(case, after, channels, product(sides), sides[0] if len(sides) > 1 else None, came)
    for after, channels, places in _shapeless(case):
        side = isqrt(places)
        yield from _factors(case, after, channels, places, side if side * side == places else None, None)


def _factors(
    case: Case, after: int, channels: Size, places: Size, side: Size | None, came: tuple[Size, ...] | None
) -> Iterator[Edit]:
    wrong: list[tuple[Size, str, float]] = [
        (channels, "You took the channels alone, and left the positions out", 0),
        (places, "You took the positions alone, and left the channels out", 0),
    ]
    if side is not None:
        wrong.append((mul(side, channels), "You took one side of the image, not both", 0.5))
    if came is not None and len(came) > 1:
        wrong.append((product(came), "You took the values of the image itself", 0.8))
    yield from _distinct(case, after, wrong)


def _shapeless(case: Case) -> Iterator[tuple[int, int, int]]:
    """(dense layer, channels, positions) where code says no shapes: the channels before divide it."""
    for k, unit in enumerate(case.units):
        after = next((i for i in case.held if i > k), None) if unit.kind == "Flatten" and unit.takes is None else None
        before = case.before(k)
        if after is None or before is None:
            continue
        channels = before.value("c_out") or before.value("c")
        n_in = case.units[after].value("n_in")
        if isinstance(channels, int) and isinstance(n_in, int) and n_in % channels == 0 and n_in > channels:
            yield after, channels, n_in // channels


def _distinct(case: Case, after: int, wrong: Sequence[tuple[Size, str, float]]) -> Iterator[Edit]:
    """An edit for each size, the most common way to it first; the next one is told beside it."""
    ways: dict[Size, list[tuple[str, float]]] = {}
    for size, says, scope in sorted(wrong, key=lambda way: way[2]):
        ways.setdefault(size, []).append((says, scope))
    for size, found in ways.items():
        says, scope = found[0]
        other = next((told for told, _ in found[1:] if not told.startswith(says)), "")
        told = f"{says}, or {other[0].lower()}{other[1:]}" if other else says
        edit = _edit(case, after, size, told, scope)
        if edit is not None:
            yield edit


def _channels_first(case: Case, k: int) -> bool:
    """Whether the shape before a flatten has its channels in front: the layer that made it knows."""
    shape = case.units[k].takes or ()
    for unit in reversed(case.units[:k]):
        channels = unit.value("c_out")
        if channels is not None:
            return channels == shape[0] and channels != shape[-1]
    return False


def _sides(shape: tuple[Size, ...] | None, first: bool) -> Sides | None:
    sides = (shape[1:] if first else shape[:-1]) if shape is not None and len(shape) > 1 else None
    return sides if sides is not None and all(isinstance(side, int) for side in sides) else None  # type: ignore[return-value]


class _Chain:
    """The windows between the input and a flatten, which can be played again with some of them changed."""

    def __init__(self, case: Case, k: int) -> None:
        self.case = case
        self.first = _channels_first(case, k)
        shape = case.units[k].takes or ()
        self.channels = shape[0] if self.first else shape[-1]
        self.steps: list[Unit] = []
        self.start: Sides | None = None
        end = _sides(shape, self.first)
        for unit in reversed(case.units[:k]):
            if end is None or _sides(unit.out, self.first) != end or unit.takes is None or len(self.steps) == STEPS:
                break
            if unit.kind in WINDOWS:
                self.steps.insert(0, unit)
            end = self.start = _sides(unit.takes, self.first)

    def play(self, altered: Callable[[Unit], str]) -> Sides | None:
        """The sides at the end, `altered` saying what is done differently with each layer."""
        sides = self.start
        for unit in self.steps:
            how = altered(unit)
            if sides is None:
                return None
            if how != "skip":
                sides = _played(unit, sides, how, self.first)
        return sides


def _played(unit: Unit, sides: Sides, how: str, first: bool) -> Sides | None:
    """The sides after one layer: floor((n + padding - span)/stride) + 1, or n/stride rounded up where it is `same`."""
    came = _sides(unit.takes, first)
    said, kernel = unit.arg("span"), unit.value("k")
    stride, padding = unit.arg("stride") or 1, unit.arg("padding") or 0
    if said is None and unit.kind in POOLS:
        said = stride = _window(came, _sides(unit.out, first)) or 1
    if came is None or len(came) != len(sides) or not isinstance(stride, int) or not isinstance(padding, int):
        return None
    stride = 1 if how == "one" else stride
    if how != "valid" and (how == "same" or said is None):  # a layer that keeps its sides says no span
        return tuple(-(-n // stride) for n in sides)
    span = kernel if said is None else said
    return _shrunk(sides, span, stride, 0 if how == "valid" else padding, up=how == "ceil")


def _window(came: Sides | None, out: Sides | None) -> int | None:
    """The window of a pool whose source does not hand it on: its stride, where that gives the sides that go out."""
    if not came or not out or not all(out):
        return None
    window = came[0] // out[0]
    return window if _shrunk(came, window, window, 0) == out else None


def _shrunk(sides: Sides, span: Size | None, stride: Size, padding: Size, *, up: bool = False) -> Sides | None:
    if not (isinstance(span, int) and isinstance(stride, int) and isinstance(padding, int)):
        return None
    rooms = [n + padding - span for n in sides]
    return None if min(rooms) < 0 else tuple((-(-room // stride) if up else room // stride) + 1 for room in rooms)


def _replayed(case: Case) -> Iterator[Edit]:
    for k, after in _dense(case):
        chain = _Chain(case, k)
        if chain.steps and chain.play(lambda _: "") == _sides(case.units[k].takes, chain.first):
            wrong = [(mul(chain.channels, product(sides)), says, scope) for says, scope, sides in _plays(chain)]
            yield from _distinct(case, after, wrong)


def _plays(chain: _Chain) -> Iterator[tuple[str, float, Sides]]:
    """What may have been done differently, the most common first, and the sides that it gives."""
    pools = [unit for unit in chain.steps if unit.kind in POOLS]
    others = [unit for unit in chain.steps if unit.kind not in POOLS]
    for group, how, says, scope in (
        (others, "same", "You let the convolutions keep the size of the image (padding same)", 0),
        (others, "valid", "You let the convolutions have no padding (valid)", 0),
        (pools, "skip", "You forgot that pooling makes the image smaller", 0),
        (pools, "ceil", "You rounded up where pooling rounds down", 0.1),
        (pools, "same", "You rounded up where pooling rounds down", 0.1),
        (chain.steps, "skip", "You took the image as large as it comes in", 0.3),
        (others, "one", "You left the stride of the convolutions out", 0.3),
        (others, "ceil", "You rounded up where the stride rounds down", 0.4),
    ):
        names = {unit.name for unit in group}
        if names:
            yield from _played_all(chain, names, how, says, scope)
        for unit in group if len(group) > 1 and group is not chain.steps else ():
            yield from _played_all(chain, {unit.called}, how, f"{says}, at {unit.called}", scope + 0.6)


def _played_all(
    chain: _Chain, names: set[str], how: str, says: str, scope: float
) -> Iterator[tuple[str, float, Sides]]:
    sides = chain.play(lambda unit: how if unit.name in names else "")
    if sides is not None:
        yield says, scope, sides


def _globally(case: Case) -> Iterator[Edit]:
    """A global pool left out: all positions come into the dense layer."""
    for k, unit in enumerate(case.units):
        after = next((i for i in case.held if i > k), None)
        if unit.kind != "GlobalPool" or unit.takes is None or len(unit.takes) < 2 or after is None:
            continue
        edit = _edit(case, after, product(unit.takes), "You left the global pool out", 0)
        if edit is not None and case.units[after].value("n_in") is not None:
            yield edit


ROWS = (
    Mistake("a factor of the flattened size forgotten", 2.4, _parts),
    Mistake("another image before the dense layer", 2.0, _replayed),
    Mistake("global pool left out", 2.8, _globally),
)
