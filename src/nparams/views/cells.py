"""The table that the plain, rich, Markdown and CSV views all draw: columns, cells and the sum line."""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.expr import Expr, render
from nparams.views.look import counted, shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.expr import Size
    from nparams.network import Network
    from nparams.network.by_kind import Group
    from nparams.network.rows import Row
    from nparams.views.look import Look


class Column:
    """A heading, whether its cells are numbers (set to the right), and how dear it is when space is short."""

    __slots__ = ("cell", "cells", "foot", "name", "numeric", "rank", "short", "width")

    def __init__(self, name: str, cell: Callable[[Row, Look], str], *, numeric: bool = False, rank: int = 0) -> None:
        self.name = name
        self.cell = cell
        self.numeric = numeric
        #: 0 is always shown; the highest goes first
        self.rank = rank
        self.cells: list[str] = []
        #: what stands in its cells where space is short; empty: the same
        self.short: list[str] = []
        self.foot = ""
        #: columns of text that it takes, once it is filled
        self.width = 0


#: characters of a name that a table shows: the first and the last of a longer one (--tensors, --csv, --json: all)
LONGEST, FIRST, LAST = 80, 46, 32
#: rows of arrays that are no parameters, and of layers that hold nothing, that a table shows one by one
FEW, MANY = 2, 8
#: columns of text that the longest bar takes
BAR = 20
#: headings over numbers in a table by kind
NUMERIC = ("layers", "weights", "biases", "total", "share")


def _name(row: Row, look: Look) -> str:
    copies = "" if row.copies == 1 else f"  {look.times()}{look.number(row.copies)}"
    return cut(look.name(row.name or "(root)"), look) + copies


def cut(name: str, look: Look) -> str:
    """A name that fits into a table: converters chain the names of all operations that they fuse."""
    return name if len(name) <= LONGEST else f"{name[:FIRST]}{'…' if look.unicode else '...'}{name[-LAST:]}"


def shown_rows(network: Network, depth: int | None = None) -> list[Row]:
    """The rows of a table: what holds no parameter is one row where it is much.

    That is what holds only shapes, masks or the state of training, and of many layers of a program those that hold
    nothing and of which no size is known.

    >>> import nparams
    >>> len(shown_rows(nparams.read("784-16-16-10")))
    3
    """
    rows = network.layers_to(depth)
    bare = {id(row) for row in rows if not row.holds and (row.apart or row.module.tensors)}
    idle = {id(row) for row in rows if not row.holds and row.takes is None} - bare
    left = (bare if len(bare) > FEW else set()) | (idle if len(idle) > MANY else set())
    if not left or len(left) == len(rows):
        return rows
    from nparams.network.rows import without_parameters

    rest = without_parameters([row for row in rows if id(row) in left])
    return [*(row for row in rows if id(row) not in left), rest]


def _ends(row: Row, look: Look) -> str:
    if row.takes is None and row.out is None:
        return ""
    return f"{shape(row.takes, look) or '?'} {look.arrow()} {shape(row.out, look) or '?'}"


def _numbers(row: Row, look: Look) -> str:
    """The layer's arithmetic, unless it is symbolic: then weights and biases show it already."""
    return "" if not row.numbers or isinstance(row.total, Expr) else look.math(row.numbers)


def _known(size: Size, row: Row | Group, look: Look) -> str:
    """A count, or ? where the row holds a tensor that is not created yet."""
    return "?" if row.unknown else look.number(size)


def _share(row: Row | Group, look: Look) -> str:
    return "" if row.share is None else f"{row.share:.1%}"


def _apart(row: Row, look: Look) -> str:
    return ", ".join(counted(size, role, look) for role, size in row.apart.items())


def _note(row: Row, look: Look) -> str:
    return cut(look.name("; ".join(row.notes)), look) if len(row.notes) > 2 else look.name("; ".join(row.notes))


def columns(network: Network, look: Look) -> list[Column]:
    """The columns that this network has something to show in, filled."""
    if look.by == "kind":
        return _kinds(network, look)
    rows = shown_rows(network, look.depth)
    made: list[Column] = [
        Column("layer", _name),
        Column("kind", lambda row, look: look.name(row.kind or ""), rank=6),
        Column(f"in {look.arrow()} out", _ends, rank=2),
        Column("formula", lambda row, look: look.math(row.formula) if row.formula else "", rank=7),
        Column("numbers", _numbers, rank=4),
        Column("weights", lambda row, look: _known(row.weights, row, look), numeric=True),
        Column("biases", lambda row, look: _known(row.biases, row, look), numeric=True),
        Column(
            "textbook" if network.conventions else "total",
            lambda row, look: _known(row.total, row, look),
            numeric=True,
            rank=0 if network.is_numeric else 8,
        ),
        *_side_by_side(network),
        Column("share", _share, numeric=True, rank=3),
        Column("not parameters", _apart, rank=5),
        Column("note", _note, rank=1),
    ]
    for column in made:
        column.cells = [column.cell(row, look) for row in rows]
    made[-1].short = ["tied" if row.notes else "" for row in rows]
    if network.is_numeric:
        _fill_foot(made, network, look)
    _measure(made)
    kinds = {row.kind for row in rows}
    return [c for c in made if c.rank == 0 or (any(c.cells) and not (c.name == "kind" and len(kinds) == 1))]


def _measure(made: list[Column]) -> None:
    for column in made:
        column.width = max(map(len, (column.name, column.foot, *column.cells)))


def _kinds(network: Network, look: Look) -> list[Column]:
    """The columns of a table by kind of layer, filled; of symbols no share."""
    from nparams.network.by_kind import groups_of

    groups = groups_of(network)
    apart = [", ".join(counted(size, role, look) for role, size in g.apart.items()) for g in groups]
    held: list[tuple[str, list[str], int]] = [
        ("kind", [look.name(g.kind or "(not named)") for g in groups], 0),
        ("layers", [look.number(g.layers) for g in groups], 0),
        ("weights", [_known(g.weights, g, look) for g in groups], 2),
        ("biases", [_known(g.biases, g, look) for g in groups], 2),
        ("total", [_known(g.total, g, look) for g in groups], 0),
        ("share", [_share(g, look) for g in groups], 1),
        ("", ["" if g.share is None else (look.bar() * round(g.share * BAR)) for g in groups], 3),
        ("not parameters", apart, 4),
    ]
    made = [Column(name, _name, numeric=name in NUMERIC, rank=rank) for name, _, rank in held]
    for column, (_, cells, _) in zip(made, held, strict=True):
        column.cells = cells
    if network.is_numeric:
        _fill_foot(made, network, look)
    _measure(made)
    return [c for c in made if c.rank == 0 or any(c.cells)]


def _side_by_side(network: Network) -> list[Column]:
    """A column of totals for each convention, where they are asked for."""
    return [_totals_of(name, other) for name, other in network.conventions.items() if other is not network]


def _totals_of(name: str, other: Network) -> Column:
    held = {row.module.name: row for row in other.layers}

    def cell(row: Row, look: Look) -> str:
        found = held.get(row.module.name)
        return "" if found is None else _known(found.total, found, look)

    return Column(name, cell, numeric=True, rank=0)


def _fill_foot(made: list[Column], network: Network, look: Look) -> None:
    totals = network.totals
    feet = {
        **dict.fromkeys(("layer", "kind"), "sum" if totals.total is not None else "known"),
        "weights": totals.weights,
        "biases": totals.biases,
        "total": totals.known,
        **{name: other.totals.known for name, other in network.conventions.items()},
    }
    for column in made:
        value = "" if column.name == "kind" and column is not made[0] else feet.get(column.name, "")
        column.foot = value if isinstance(value, str) else look.number(value)
    _check(network)


def _check(network: Network) -> None:
    """The line that closes the table is the sum of its rows, or nothing is shown."""
    for pick, want in (("weights", network.totals.weights), ("biases", network.totals.biases)):
        held = [getattr(row, pick) for row in network.layers]
        if not isinstance(want, Expr) and sum(held) != want:
            raise InvariantError(f"the {pick} of the rows sum to {sum(held):,}, not to {want:,}")


def fitted(made: list[Column], width: int | None, gap: int = 2) -> list[Column]:
    """The columns that fit into `width`, long notes shortened and then the least needed left out first."""
    kept = list(made)
    if width is not None and _total_width(kept, gap) > width:
        for column in kept:
            column.cells = column.short or column.cells
        _measure(kept)
    while width is not None and _total_width(kept, gap) > width and any(c.rank for c in kept):
        kept.remove(max(kept, key=lambda c: c.rank))
    return kept


def _total_width(made: list[Column], gap: int) -> int:
    return sum(column.width + gap for column in made) - gap


def contract_cell(value: object) -> str:
    """A value of Row.to_dict() as a field of CSV."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "x".join(map(str, value))
    return render(value) if isinstance(value, Expr) else str(value)
