"""A mistake as a deterministic edit of a network, and where it may have been made.

A row of the table (Mistake) names a mistake, says how common it is, and finds the edits that it can be in one network:
in all layers that it fits, in those of one kind, in one.
"""

from __future__ import annotations

from nparams.analyses._terms import Case, Unit
from nparams.expr import add, mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nparams.expr import Size

    Change = Callable[[Unit], Unit | None]

#: units that a mistake is tried in one by one
ALONE = 400
PLURALS = {"Dense": "dense layers", "Conv": "convolutions", "ConvTranspose": "transposed convolutions",
           "DepthwiseConv": "depthwise convolutions", "SeparableConv": "separable convolutions",
           "BatchNorm": "batch norms", "LayerNorm": "layer norms", "RMSNorm": "RMS norms", "Embedding": "embeddings",
           "LSTM": "LSTMs", "GRU": "GRUs", "SimpleRNN": "RNNs", "Attention": "attention layers",
           "FeedForward": "feed-forward layers"}  # fmt: skip


class Mistake:
    """A row of the table: a name, how common it is (1: most), and the edits that it can be in a network."""

    __slots__ = ("find", "name", "rank")

    def __init__(self, name: str, rank: float, find: Callable[[Case], Iterable[Edit]]) -> None:
        self.name = name
        self.rank = rank
        self.find = find


class Edit:
    """A mistake made somewhere: the units that it changes, how, and a sentence with {n} for the difference.

    `total` stands for the whole where the mistake is another total (the trainable parameters, bytes).  `scope` orders
    what is equally common: everywhere before one kind before one layer.
    """

    __slots__ = ("at", "change", "mistake", "says", "scope", "stem", "total", "where")

    def __init__(
        self, says: str, at: Iterable[int] = (), change: Change | None = None, *, scope: float = 0, where: str = "",
        total: Size | None = None, stem: str = "",
    ) -> None:  # fmt: skip
        self.says = says
        #: the sentence with {where} or {of} still in it, so that the same mistake in several layers is told once
        self.stem = stem
        self.at = tuple(at)
        self.change = change
        self.scope = scope
        #: the layer's name, where it is one
        self.where = where
        self.total = total
        self.mistake = ""

    def units(self, case: Case, made: dict[int, Unit] | None = None) -> dict[int, Unit]:
        """The units that it changes, on top of those changed already."""
        changed = dict(made or {})
        for i in self.at:
            before = changed.get(i, case.units[i])
            after = self.change(before) if self.change is not None else None
            if after is not None:
                changed[i] = after
        return changed


def reached(case: Case, changed: dict[int, Unit]) -> Size:
    """The total with some units changed."""
    difference = [add(unit.size, mul(-1, case.units[i].size)) for i, unit in changed.items()]
    return add(case.total, *difference)


def fits(case: Case, change: Change, among: Iterable[int] | None = None) -> list[int]:
    """The units that a change changes the count of."""
    found = []
    for i in case.held if among is None else among:
        after = change(case.units[i])
        if after is not None and after.size != case.units[i].size:
            found.append(i)
    return found


def everywhere(
    case: Case, says: str, change: Change, among: Iterable[int] | None = None, *, alone: bool = True,
    ends: bool = False,
) -> Iterator[Edit]:  # fmt: skip
    """The edits of one change: in all units that it fits, in each kind, in each one; with `ends` in all but one end."""
    at = fits(case, change, among)
    if not at:
        return
    units = [case.units[i] for i in at]
    if len(at) > 1:
        yield Edit(placed(says, ""), at, change)
        yield from _in_parts(says, at, units, change, ends) if alone else ()
    for i, unit in list(zip(at, units, strict=True))[: ALONE if alone else 1]:
        scope = 0 if len(at) == 1 else 0.4 if i in (at[0], at[-1]) else 0.6
        if alone or len(at) == 1:
            yield Edit(placed(says, unit.called), (i,), change, scope=scope, where=unit.name, stem=says)


def _in_parts(says: str, at: list[int], units: list[Unit], change: Change, ends: bool) -> Iterator[Edit]:
    """In all layers of one kind; in all but the first or the last."""
    kinds: dict[str, list[int]] = {}
    for i, unit in zip(at, units, strict=True):
        kinds.setdefault(unit.kind or "", []).append(i)
    for kind, members in kinds.items() if len(kinds) > 1 else ():
        if len(members) > 1 and kind:
            yield Edit(placed(says, f"the {PLURALS.get(kind, kind + ' layers')}"), members, change, scope=0.3)
    if len(at) > 2 and ends:
        yield Edit(placed(says, f"all layers but {units[-1].called}"), at[:-1], change, scope=0.5)
        yield Edit(placed(says, f"all layers but {units[0].called}"), at[1:], change, scope=0.5)


def placed(says: str, where: str) -> str:
    """The sentence with its place: {where} is "in fc2", {of} is "of fc2"; nothing where it is made everywhere."""
    return says.replace("{where}", f" in {where}" if where else "").replace("{of}", f" of {where}" if where else "")


def gone(unit: Unit) -> Unit | None:
    """A layer left out."""
    return unit.but(()) if unit.terms else None
