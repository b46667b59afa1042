"""Two networks reconciled: the difference of their totals as named items that sum to it.

Layers are matched whatever their source calls them (_matching.py); what agrees in size is no difference.  Every other
layer becomes an item, equal items of repeated layers one row; the items are checked to sum to the difference.
"""

from __future__ import annotations

from nparams.analyses._buffers import apart, items
from nparams.analyses._items import Item, items_of, squeezed
from nparams.analyses._matching import Matching
from nparams.analyses._pieces import Piece, both
from nparams.analyses._text import Style, listed, short
from nparams.errors import InvariantError, UsageError, uncounted
from nparams.expr import add, compare, mul
from nparams.network.closed import tidy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.network import Network


class Diff:
    """Two networks, and what makes their totals differ.

    >>> import nparams
    >>> found = nparams.diff("784-16-10", "784-32-10")
    >>> found.difference, [(item.layer, item.difference) for item in found.items]
    (12720, [('fc1', 12560), ('fc2', 160)])
    """

    __slots__ = ("a", "b", "fused", "items", "matched", "renamed", "style")

    def __init__(self, a: Network, b: Network, style: Style) -> None:
        self.a = a
        self.b = b
        self.style = style
        self.items: list[Item] = []
        #: layers that agree, those of other names among them, and groups that are one layer in the other network
        self.matched = 0
        self.renamed = 0
        self.fused: list[tuple[str, str]] = []

    @property
    def difference(self) -> Size:
        """The total of the second network less that of the first."""
        apart = add(self.b.totals.known, mul(-1, self.a.totals.known))
        return apart if isinstance(apart, int) else tidy(apart)

    @property
    def equal(self) -> bool:
        """Whether the totals are equal and no layer differs."""
        return not self.items

    def __str__(self) -> str:
        from nparams.analyses._diff_text import text

        return text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows: the same text."""
        printer.text(str(self))


def diff(a: Network, b: Network, *, unicode: bool = True) -> Diff:
    """The difference of two networks as items that sum to it; UsageError where one of them has no total."""
    for network in (a, b):
        if network.total is None:
            raise UsageError(f"{short(network)}: {uncounted(network.totals.unknown)}, so there is no total")
    found = Diff(a, b, Style(unicode))
    buffers = apart(a, b)
    matching = Matching(*both(a, b, {t.name for t, _ in buffers}))
    for one, other in matching.pairs:
        if one.sizes == other.sizes and one.copies == other.copies:
            found.matched += 1
            found.renamed += one.name != other.name
    found.fused = _told_fused(matching.fused)
    found.items = [*items_of(matching, found.style), *items(buffers, found.style)]
    _check(found)
    return found


def _told_fused(fused: list[tuple[list[Piece], list[Piece]]]) -> list[tuple[str, str]]:
    """The names on both sides; blocks that differ by a number are told once."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for a, b in fused:
        if add(*(p.size for p in a)) == add(*(p.size for p in b)):
            pair = _listed(a), _listed(b)
            found.setdefault((squeezed(pair[0]), squeezed(pair[1])), []).append(pair)
    return [
        group[0] if len(group) == 1 else (group[0][0], f"{group[0][1]} (and so in {len(group) - 1:,} more)")
        for group in found.values()
    ]


#: the block that experts stand in
EXPERTS = ".experts"


def _listed(pieces: list[Piece]) -> str:
    """Their names; experts by what they stand in."""
    names = [p.name for p in pieces]
    blocks = {before for name in names for before, mark, _ in [name.partition(f"{EXPERTS}.")] if mark}
    if len(blocks) == 1 and len(names) > 1 and all(f"{EXPERTS}." in name for name in names):
        return f"{len(names):,} layers of {blocks.pop()}{EXPERTS}"
    return listed(names)


def _check(found: Diff) -> None:
    """The items sum to the difference, or nothing is shown."""
    total = add(*(item.difference for item in found.items))
    apart = found.difference
    if isinstance(total, int) and isinstance(apart, int):
        holds = total == apart
    else:
        holds = compare(total, apart).answer != "different"
    if not holds:
        raise InvariantError(f"the items sum to {total}, the totals differ by {apart}")


def as_json(found: Diff) -> str:
    """The difference as one JSON object."""
    from json import dumps

    from nparams.network.rows import plain

    ends = {side: {"source": n.source, "read_as": n.read_as, "form": n.form, "total": plain(n.total)}
            for side, n in (("a", found.a), ("b", found.b))}  # fmt: skip
    items = [
        {"what": i.what, "layer": i.layer, "in_a": i.in_a or None, "in_b": i.in_b or None, "each": plain(i.each),
         "copies": i.copies, "difference": plain(i.difference)}
        for i in found.items
    ]  # fmt: skip
    held = {"schema": 1, **ends, "difference": plain(found.difference), "equal": found.equal, "items": items,
            "matched": found.matched, "renamed": found.renamed, "fused": [list(pair) for pair in found.fused],
            "notes": [*found.a.notes, *found.b.notes]}  # fmt: skip
    return dumps(held, indent=2, ensure_ascii=False)


__all__ = ["Diff", "Item", "as_json", "diff"]
