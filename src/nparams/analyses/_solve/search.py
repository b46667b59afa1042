"""The search: every combination of the outer sizes, and for each of them the last size by bisection where the total
only rises with it, else value by value.  What is left out is proved to be no better than what was found."""

from __future__ import annotations

from nparams.analyses._solve.function import RISES, STAYS, Function, Row
from nparams.errors import ExprError, UsageError
from nparams.expr.arithmetic import brief

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.conditions import Checks
    from nparams.analyses._solve.grid import Grid

#: rows (combinations of all sizes but the last) and single values that one search may take
MAX_ROWS, MAX_VALUES = 100_000, 6_000_000
#: how many times as many rows may be begun with where the budget cuts most of them off
PRUNED = 10
#: candidates that are kept besides the best of each row's first size
KEPT = 200
#: values with one and the same total that are looked at beside each other, and those passed over for a condition: in
#: all, and in one row before it is asked whether any can hold
ALIKE, PASSED, DOUBTED = 50, 100_000, 8


def _too_many(number: int) -> UsageError:
    return UsageError(
        f"{brief(number)} combinations or more to go through one by one: narrow them with --range, --multiple or --set"
    )


class Candidate:
    """Values of what varies, and the exact total that they give."""

    __slots__ = ("fits", "gap", "rank", "total", "values")

    def __init__(self, values: dict[str, int], total: int, budget: Budget) -> None:
        self.values = values
        self.total = total
        self.gap = total - budget.target
        self.fits = budget.fits(total)
        #: what fits first, then the smallest gap, then below before above, then sizes near each other
        self.rank = (not self.fits, abs(self.gap), self.gap > 0, max(values.values()), *values.values())

    def __repr__(self) -> str:
        return f"Candidate({self.values}, {self.total})"


class Search:
    """One search over grids, the last of which is searched row by row."""

    def __init__(self, function: Function, grids: Sequence[Grid], budget: Budget, checks: Checks) -> None:
        self.function = function
        self.grids = grids
        self.budget = budget
        self.checks = checks
        self.best: list[Candidate] = []
        #: the best of each value of the first size
        self.front: dict[int, Candidate] = {}
        #: candidates that hit the target
        self.exact = 0
        #: whether there are more of equal total beside each other than are looked at
        self.more = False
        self.rows = self.evaluated = self.passed = 0
        #: rows whose last size was found by bisection, and whether the total rises with everything
        self.bisected = 0
        self.rising = all(function.way(grid.inner) == RISES for grid in grids)
        self._worst: tuple[object, ...] | None = None
        self._columns: dict[object, list[int]] = {}

    def run(self) -> Search:
        """Search everything; UsageError where that is too much."""
        rows = 1
        for grid in self.grids[:-1]:
            rows *= grid.count or 0
        if rows > MAX_ROWS * (PRUNED if self.rising else 1):
            raise _too_many(rows)
        self._outer(self.function, 0, {})
        self.best.sort(key=lambda candidate: candidate.rank)
        return self

    def _outer(self, function: Function, level: int, values: dict[str, int]) -> None:
        grid = self.grids[level]
        if level == len(self.grids) - 1:
            self._row(function, grid, values)
            return
        for t in range(grid.count or 0):
            rest = function.put(grid.inner, t)
            if self._beyond(rest):
                return
            self._outer(rest, level + 1, {**values, grid.name: grid.value(t)})

    def _beyond(self, rest: Function) -> bool:
        """Whether even the smallest total here is above everything that may be asked, as are all that follow."""
        if not self.rising or not self.best or not self.best[0].fits:
            return False
        least = rest.at({})
        return not self.budget.fits(least) and least > self.budget.target

    # -- one row ------------------------------------------------------------------------------------------------------

    def _row(self, function: Function, grid: Grid, values: dict[str, int]) -> None:
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise _too_many(self.rows)
        row, count = Row(function, grid.inner), grid.count or 0
        if not count:
            return
        if row.way in (RISES, STAYS):
            self.bisected += 1
            self._rising(row, grid, count, values)
        else:
            self._column(row, grid, count, values)

    def _rising(self, row: Row, grid: Grid, count: int, values: dict[str, int]) -> None:
        """The nearest at or below the target, and the nearest above it."""
        below, above = -1, count
        while above - below > 1:
            middle = (below + above) // 2
            self.evaluated += 1
            below, above = (middle, above) if row.at(middle) <= self.budget.target else (below, middle)
        self._walk(row, grid, below, -1, -1, values)
        self._walk(row, grid, above, count, 1, values)

    def _walk(self, row: Row, grid: Grid, t: int, end: int, step: int, values: dict[str, int]) -> None:
        """From `t` on, the first value that the conditions allow, and those of the same total behind it."""
        first: int | None = None
        alike = failed = 0
        while t != end and alike < ALIKE:
            if failed == DOUBTED and not self.checks.possible(values):
                return
            total = row.at(t)
            self.evaluated += 1
            if first is not None and total != first:
                return
            if self._taken(grid, t, total, values):
                first, alike = total, alike + 1
            else:
                failed += 1
            t += step
        self.more |= t != end

    def _taken(self, grid: Grid, t: int, total: int, values: dict[str, int]) -> bool:
        """Keep a candidate, if its conditions hold and it is better than something that is kept.

        False where the next one is to be looked at: conditions are only asked where the answer matters.
        """
        given = {**values, grid.name: grid.value(t)}
        candidate = Candidate(given, total, self.budget)
        if not self._matters(candidate):
            return True
        if self.checks.hold(given):
            self._keep(candidate)
            return True
        self.passed += 1
        if self.passed > PASSED:
            raise UsageError(
                "the conditions of this network exclude nearly everything: narrow it with --range or --multiple"
            )
        return False

    def _matters(self, candidate: Candidate) -> bool:
        """Whether a candidate would be among the best, or the best of its first size."""
        if not candidate.gap or self._worst is None or candidate.rank < self._worst:
            return True
        held = self.front.get(next(iter(candidate.values.values())))
        return held is None or candidate.rank < held.rank

    def _column(self, row: Row, grid: Grid, count: int, values: dict[str, int]) -> None:
        """Every value of the row; the nearest on both sides of the target are kept."""
        self.evaluated += count
        if self.evaluated > MAX_VALUES:
            raise _too_many(self.evaluated)
        totals, target = _totals(row, self._columns, count), self.budget.target
        for side in (_downwards(totals, target), _upwards(totals, target)):
            for tried, total in enumerate(side):
                if tried == DOUBTED and not self.checks.possible(values):
                    return
                places = [t for t, held in enumerate(totals) if held == total]
                self.more |= len(places) > ALIKE
                if [t for t in places[:ALIKE] if self._taken(grid, t, total, values)]:
                    break

    def _keep(self, candidate: Candidate) -> None:
        self.exact += not candidate.gap
        self.best.append(candidate)
        if len(self.best) > 4 * KEPT:
            self.best.sort(key=lambda each: each.rank)
            del self.best[KEPT:]
            self._worst = self.best[-1].rank
        elif candidate.rank < self.best[0].rank:
            self.best[0], self.best[-1] = candidate, self.best[0]
        first = next(iter(candidate.values.values()))
        held = self.front.get(first)
        if held is None or candidate.rank < held.rank:
            self.front[first] = candidate


def _totals(row: Row, columns: dict[object, list[int]], count: int) -> list[int]:
    """The totals of a row; -1 where there is none (a division by zero, a number too large)."""
    try:
        return row.column(columns, count)
    except ExprError:
        return [_total(row, t) for t in range(count)]


def _total(row: Row, t: int) -> int:
    try:
        return row.at(t)
    except ExprError:
        return -1


def _downwards(totals: list[int], target: int) -> Iterator[int]:
    """The totals up to the target, the largest first; mostly only that one is asked for."""
    first = max((total for total in totals if 0 <= total <= target), default=None)
    if first is not None:
        yield first
        yield from sorted({total for total in totals if 0 <= total < first}, reverse=True)


def _upwards(totals: list[int], target: int) -> Iterator[int]:
    """The totals above the target, the smallest first."""
    first = min((total for total in totals if total > target), default=None)
    if first is not None:
        yield first
        yield from sorted({total for total in totals if total > first})
