"""What solve found."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.fields import Relation
    from nparams.analyses._solve.grid import Grid
    from nparams.analyses._solve.roots import Equation
    from nparams.analyses._solve.search import Search
    from nparams.expr import Size
    from nparams.network import Network


class Answer:
    """Sizes, and the network's exact total with them."""

    __slots__ = ("derived", "fits", "gap", "total", "values")

    def __init__(self, values: dict[str, int], derived: dict[str, int], total: int, gap: int, fits: bool) -> None:
        self.values = values
        #: what follows from them: {"intermediate_size": 4096}
        self.derived = derived
        self.total = total
        #: total less the budget
        self.gap = gap
        #: whether it is what was asked for, not only near it
        self.fits = fits

    def __repr__(self) -> str:
        return f"<Answer {self}: {self.total:,}>"

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values.items())


class Solution:
    """What was found: answers with the best first, shapes of about equal totals, and what was searched.

    >>> import nparams
    >>> found = nparams.solve("784-h-h-10", max=10_000)
    >>> found.best.values, found.best.total, found.best.gap
    ({'h': 12}, 9706, -294)
    """

    def __init__(self, network: Network, budget: Budget, grids: Sequence[Grid], size: Size) -> None:
        self.network = network
        self.budget = budget
        #: the sizes that vary, in the order of the question
        self.grids = list(grids)
        self.size = size
        self.answers: list[Answer] = []
        self.shapes: list[Answer] = []
        self.equation: Equation | None = None
        #: what one unknown is in steps of, where the equation is in steps: h = 64·t
        self.in_steps: Grid | None = None
        self.search: Search | None = None
        #: why grids end where nobody asked for it
        self.ends: dict[str, str] = {}
        #: multiples that are tried though nobody asked for them
        self.steps: dict[str, int] = {}
        self.relations: list[Relation] = []
        self.depths: set[str] = set()
        #: how a symbol is written for people: text_config.hidden_size for text_config__hidden_size
        self.names: dict[str, str] = {}
        self.notes: list[str] = []

    @property
    def best(self) -> Answer | None:
        """The answer nearest to the budget, one that fits if there is one."""
        return self.answers[0] if self.answers else None

    @property
    def solved(self) -> bool:
        """Whether an answer fits what was asked; about a number is none that is at the end of everything tried."""
        best = self.best
        if best is None or not best.fits:
            return False
        return not self.budget.about or not ((best.gap > 0 and self.smallest) or (best.gap < 0 and self.largest))

    @property
    def first(self) -> str:
        """The size that was gone through first: shapes are the best of each of its values."""
        name = self.search.grids[0].name if self.search else self.grids[0].name
        return self.names.get(name, name)

    @property
    def smallest(self) -> bool:
        """Whether the best answer has the first value of every grid, and the total rises with each."""
        search, best = self.search, self.best
        if search is None or best is None or not search.rising:
            return False
        return [*best.values.values()] == [grid.first for grid in self.grids]

    @property
    def largest(self) -> bool:
        """Whether the best answer has the last value of every grid, and the total rises with each."""
        search, best = self.search, self.best
        if search is None or best is None or not search.rising:
            return False
        return [*best.values.values()] == [grid.last for grid in self.grids]

    @property
    def candidates(self) -> int:
        """How many combinations the grids have."""
        number = 1
        for grid in self.grids:
            number *= grid.count or 0
        return number

    def __str__(self) -> str:
        from nparams.analyses._solve.text import text

        return text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows: the same text."""
        printer.text(str(self))
