"""Where the grids end: by what was asked, where the budget is exceeded, or by a default that is said."""

from __future__ import annotations

from nparams.analyses._solve.function import RISES, STAYS, Function
from nparams.analyses._solve.grid import Grid
from nparams.analyses._text import listed
from nparams.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.analyses._solve.budget import Budget
    from nparams.expr import Size

#: values that are tried of a size which the budget does not bound: where it is the only one, and where others vary too
PLAIN, BESIDE = 4_096, 128
#: rows that are searched without being asked for in so many words; fewer values than this of a size are no search
ROWS, FEWEST = 50_000, 12
#: why a grid ends where it does
BUDGET, DEFAULT = "the budget", "a default"
#: doublings until a size is taken for one that the total does not depend on
DOUBLINGS = 4_000


def ended(size: Size, grids: Sequence[Grid], budget: Budget) -> tuple[list[Grid], dict[str, str]]:
    """The grids, each with an end, those with fewer values first; and why each ends, where nobody asked for it."""
    function = Function.of(size, grids)
    limit = max(budget.target, budget.most or 0)
    made, why = [], {}
    for grid in grids:
        end, reason = _end(function, grid, limit, len(grids) == 1)
        made.append(grid if end is None else Grid(grid.leaf, grid.first, grid.step, end))
        if reason:
            why[grid.name] = reason
        if not made[-1].count:
            raise UsageError(f"no value is left for {grid.name}: the conditions exclude every one")
    order = sorted(range(len(made)), key=lambda k: (made[k].count or 0, k))
    made = [made[k] for k in order]
    return _clipped(made, why)


def _end(function: Function, grid: Grid, limit: int, alone: bool) -> tuple[int | None, str]:
    """The last value that may matter, and why; (None, "") where the asked range is shorter."""
    way = function.way(grid.inner)
    if way == STAYS:
        raise UsageError(f"{grid.name} does not change the total, so no value of it can be found from one")
    if way != RISES:
        if grid.last is not None:
            return None, ""
        return grid.value((PLAIN if alone else BESIDE) - 1), DEFAULT
    t = 1
    for _ in range(DOUBLINGS):
        if grid.count is not None and t >= grid.count:
            return None, ""
        if function.at({grid.inner: t}) > limit:
            break
        t *= 2
    low, high = t // 2, t
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if function.at({grid.inner: middle}) <= limit else (low, middle)
    return (None, "") if grid.last is not None and grid.value(high) >= grid.last else (grid.value(high), BUDGET)


def _clipped(grids: list[Grid], why: dict[str, str]) -> tuple[list[Grid], dict[str, str]]:
    """No more rows than are searched unasked: the outer grids that the budget alone ends are cut to a default."""
    rows = 1
    for grid in grids[:-1]:
        rows *= grid.count or 0
    if rows <= ROWS:
        return grids, why
    open_ended = [grid for grid in grids[:-1] if grid.name in why]
    if not open_ended:
        return grids, why
    fixed = 1
    for grid in grids[:-1]:
        fixed *= 1 if grid.name in why else grid.count or 1
    each = _root(max(1, ROWS // fixed), len(open_ended))
    if each < FEWEST:
        names = listed([grid.name for grid in grids], most=12)
        raise UsageError(
            f"{len(grids)} sizes vary ({names}): that has more answers than can be gone through; give some a number "
            "with --set, or a few values with --range or --multiple"
        )
    made = []
    for grid in grids:
        if grid in open_ended and (grid.count or 0) > each:
            grid = grid.until(grid.value(each - 1))
            why[grid.name] = DEFAULT
        made.append(grid)
    return made, why


def _root(value: int, degree: int) -> int:
    """The whole number whose power `degree` comes nearest from below.

    >>> _root(1_000_000, 2), _root(80, 4)
    (1000, 2)
    """
    low, high = 1, value + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle)
    return low
