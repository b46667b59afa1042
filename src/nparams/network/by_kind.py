"""The rows summed by kind of layer: how much of a network is dense, how much convolution."""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.expr import Expr, add
from nparams.network.closed import tidy
from nparams.network.rows import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network.network import Network
    from nparams.network.rows import Row


class Group:
    """All layers of one kind (None: their source does not name it), each copy counted as a layer."""

    __slots__ = ("apart", "biases", "kind", "layers", "share", "total", "unknown", "weights")

    def __init__(self, kind: str | None) -> None:
        self.kind = kind
        self.layers: Size = 0
        self.weights: Size = 0
        self.biases: Size = 0
        self.total: Size = 0
        self.unknown = 0
        self.apart: dict[str, Size] = {}
        self.share: float | None = None

    def take(self, row: Row) -> None:
        """One more row."""
        self.layers = _sum(self.layers, row.copies)
        self.weights = _sum(self.weights, row.weights)
        self.biases = _sum(self.biases, row.biases)
        self.total = _sum(self.total, row.total)
        self.unknown += row.unknown
        for role, size in row.apart.items():
            self.apart[role] = _sum(self.apart.get(role, 0), size)

    def to_dict(self) -> dict[str, object]:
        """The group under the names of the JSON contract's rows."""
        return {
            "kind": self.kind, "layers": plain(self.layers), "weights": plain(self.weights),
            "biases": plain(self.biases), "total": plain(self.total), "share": self.share, "unknown": self.unknown,
        }  # fmt: skip


def _sum(a: Size, b: Size) -> Size:
    both = add(a, b)
    return both if isinstance(both, int) else tidy(both)


def groups_of(network: Network) -> list[Group]:
    """One group a kind, the largest first (symbols: in order of appearance), checked to sum to the total.

    >>> import nparams
    >>> [(g.kind, g.layers, g.total) for g in groups_of(nparams.read("input 9; dense 4; relu; dense 2"))]
    [('Dense', 2, 50), ('Activation', 1, 0)]
    """
    found: dict[str | None, Group] = {}
    for row in network.layers:
        found.setdefault(row.kind, Group(row.kind)).take(row)
    groups = list(found.values())
    known = network.totals.known
    if isinstance(known, Expr) or not network.is_numeric:
        return groups
    sizes = {id(group): group.total for group in groups if isinstance(group.total, int)}
    if sum(sizes.values()) != known:
        raise InvariantError(f"the kinds sum to {sum(sizes.values()):,}, the network to {known:,}")
    for group in groups:
        group.share = round(sizes[id(group)] / known, 6) if known and not network.totals.unknown else None
    return sorted(groups, key=lambda group: -sizes[id(group)])
