"""What the questions ask of a network: its rows, those that a sheet shows, and what is true of it."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.views._exercises.texts import ADAPTING, BOUND, FILTERS, ORDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.network.rows import Row

#: rows of the table of layers, and arrays of a layer that is asked about
MOST_ROWS, MOST_TENSORS = 24, 12


class Facts:
    """The network, its rows, and which of them the sheet shows."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.rows = network.layers
        self.shown = _chosen(self.rows)
        self.holding = [row for row in self.shown if row.total != 0]
        self.kinds = {row.kind for row in self.rows}
        #: whether there is a total, and it is a number
        self.numeric = network.is_numeric and network.totals.total is not None
        self.whole = isinstance(network.totals.known, int) and network.totals.total is not None

    def first(self, *kinds: str) -> Row | None:
        """The first row shown of these kinds."""
        return next((row for row in self.shown if row.kind in kinds), None)

    @property
    def total(self) -> int:
        """The total of a network of numbers."""
        known = self.network.totals.known
        assert isinstance(known, int)
        return known

    @property
    def inputs(self) -> int | None:
        """The nodes that hand numbers in, where the first layer is a dense one and is the first of all."""
        row = self.rows[0] if self.rows else None
        if row is None or row.kind != "Dense" or row.takes is None or len(row.takes) != 1:
            return None
        return row.takes[0] if isinstance(row.takes[0], int) and row.biases != 0 else None

    @property
    def flatten(self) -> Row | None:
        """The layer that lays positions in one row, if there is one."""
        return next((r for r in self.rows if r.kind == "Flatten" and r.takes and _sides(r) > 1), None)

    @property
    def sized(self) -> bool | None:
        """Whether the count depends on the size of what comes in; None where that is not plain."""
        if not all(self.kinds) or self.kinds & BOUND or self.network.is_flat:
            return None
        if self.flatten is None:
            return False
        return None if self.kinds & ADAPTING or not self.kinds & FILTERS else True


def _sides(row: Row) -> int:
    return sum(size != 1 for size in row.takes or ())


def _chosen(rows: list[Row]) -> list[Row]:
    """The rows, or of many the first of each kind and then the largest, in the order of the network."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    firsts: dict[str | None, Row] = {}
    for row in rows:
        if row.total != 0 or row.kind in ORDER:
            firsts.setdefault(row.kind, row)
    by_size = sorted(rows, key=lambda row: -row.total if isinstance(row.total, int) else 0)
    picked = {id(row) for row in [*list(firsts.values())[: MOST_ROWS // 2], *by_size][:MOST_ROWS]}
    return [row for row in rows if id(row) in picked]


def value(size: object) -> int | None:
    """A number, or None for what is symbolic."""
    return None if isinstance(size, Expr) or not isinstance(size, int) else size
