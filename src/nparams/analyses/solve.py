"""Design backwards: which sizes give a wanted number of parameters.

A network in symbols, or a function that makes one for the sizes that may vary, becomes a polynomial; a search over the
stated grids finds the totals nearest to the budget, and each answer that is shown is counted again, in plain numbers.
"""

from __future__ import annotations

from nparams.analyses._solve.conditions import by_symbol, conditions, narrowed
from nparams.analyses._solve.fields import DEPTHS, Fields, symbolic
from nparams.analyses._solve.function import Function, dense_in
from nparams.analyses._solve.grid import Grid
from nparams.analyses._solve.ranges import DEFAULT, ended
from nparams.analyses._solve.roots import Equation
from nparams.analyses._solve.search import Search
from nparams.analyses._solve.shapes import spread
from nparams.analyses._solve.solution import Answer, Solution
from nparams.analyses._solve.symbols import depths_of, leaves_of, nothing_varies
from nparams.analyses._solve.wanted import Wanted, leaf_of
from nparams.analyses._text import short
from nparams.errors import InvariantError, ReadError, UsageError, uncounted
from nparams.expr import evaluate, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from nparams.analyses._solve.fields import Relation
    from nparams.analyses._solve.search import Candidate
    from nparams.expr import Expr, Size
    from nparams.network import Network

    #: makes a network: the fields that stay symbols, and what is set
    Make = Callable[[Collection[str], Mapping[str, object]], Network]

#: sizes that may vary at once
MOST = 12
#: answers that are counted again at most, where some do not exist
TRIED = 100
#: a size that counts copies, where others vary too
DEEPEST = 128


def solve(source: Network | Make, wanted: Wanted) -> Solution:
    """The sizes that bring the total of `source` nearest to the budget; UsageError where nothing can vary.

    `source` is a network in symbols, or a function of (the fields that stay symbols, what is set) that makes one.

    >>> import nparams
    >>> from nparams.analyses._solve.budget import Budget
    >>> print(solve(nparams.read("784-h-h-10"), Wanted(Budget.of(total=13002))).best)
    h=16
    """
    return _Solver(source, wanted).solution()


class _Solver:
    """One question: the network it is about, what varies, and how a candidate is counted again."""

    def __init__(self, source: Network | Make, wanted: Wanted) -> None:
        self.wanted = wanted
        self.make: Make | None = source if callable(source) else None
        self.relations: list[Relation] = []
        self.notes: list[str] = []
        self.fields: Fields | None = None
        #: fields of parts, whose names are written in another way in expressions
        self.known: list[str] = []
        #: what fields go by where nobody says, and the heads that share them
        self.steps: dict[str, int] = {}
        self.shared: dict[str, int] = {}
        #: what is set to a number; the rest are relations
        self.numbers = {name: value for name, value in wanted.given.items() if not symbolic(value)}
        #: totals counted again, by their values
        self.counted: dict[tuple[int, ...], Size | None] = {}
        self.network = self._made(source)

    # -- the network ------------------------------------------------------------------------------------------------

    def _made(self, source: Network | Make) -> Network:
        if not callable(source):
            return source
        probe = source((), self.numbers)
        if not probe.fields:
            given = dict(self.wanted.given)
            if probe.is_numeric:  # names of code, which have values there: they are letters now
                given |= {name: name for name in self.wanted.named if name not in given}
            return probe if len(self.numbers) == len(given) else source((), given)
        return self._of_fields(source, Fields(probe.fields, probe.aliases))

    def _of_fields(self, source: Make, fields: Fields) -> Network:
        wanted = self.wanted
        wanted.ranges = {fields.name(name): value for name, value in wanted.ranges.items()}
        wanted.multiples = {fields.name(name): value for name, value in wanted.multiples.items()}
        given = {fields.aliases.get(name, name) for name in wanted.given}
        wanted.vary = list(dict.fromkeys([fields.name(name) for name in wanted.named])) or fields.chosen(given)
        self.fields, self.known = fields, [name for name in fields.values if "." in name]
        self.relations = fields.asked(wanted.given, wanted.vary)
        self.relations += fields.relations(
            wanted.vary, given | {fields.name(name) for name in wanted.keep}, wanted.multiples
        )
        self.shared = {name: fields.shared_by(name, wanted.vary) for name in wanted.vary}
        self.steps = {n: fields.step(n, self.shared[n]) for n in wanted.vary if n not in wanted.multiples}
        return source(wanted.vary, {**self.numbers, **{each.field: parse(each.expr) for each in self.relations}})

    # -- what varies --------------------------------------------------------------------------------------------------

    def _grids(self, size: Size) -> list[Grid]:
        network, wanted = self.network, self.wanted
        leaves = {str(leaf): leaf for leaf in leaves_of(size)}
        if not leaves:
            raise UsageError(f"{short(network)}: {nothing_varies(network)}")
        named = {name: leaf_of(name) for name in wanted.named}
        for name, leaf in named.items():
            if str(leaf) not in leaves:
                raise UsageError(f"{name} does not change the total of {short(network)}; it depends on {_told(leaves)}")
        typed = {str(leaf): name for name, leaf in named.items()}
        chosen = named if wanted.vary else {typed.get(name, name): leaf for name, leaf in leaves.items()}
        missing = leaves.keys() - {str(leaf) for leaf in chosen.values()}
        if missing:
            raise UsageError(f"{_told(missing)} has no value: give it one with --set, or let it vary too with --vary")
        alone = {str(leaf.label) for leaf in chosen.values() if leaf.op == "sym"}
        for name, leaf in chosen.items():
            if leaf.op == "idx" and leaf.label in alone:
                raise UsageError(f"{leaf.label} stands alone and as {name}: write another letter for one of them")
        if len(chosen) > MOST:
            raise UsageError(
                f"{len(chosen):,} sizes vary: that has more answers than can be gone through; give most of them a "
                "number with --set"
            )
        return [self._grid(name, chosen[name]) for name in chosen]

    def _grid(self, name: str, leaf: Expr) -> Grid:
        first, last = self.wanted.ranges.get(name, (1, None))
        grid = Grid(leaf, first, 1, last)
        step = self.wanted.multiples.get(name) or self.steps.get(name, 1)
        grid = grid.divisible(self.shared.get(name, 1))
        return grid.divisible(step) if step > 1 else grid

    def _capped(self, grids: list[Grid], depths: set[str]) -> list[Grid]:
        """A size that counts copies goes up to a default where others vary too and nobody says how far."""
        if len(grids) < 2:
            return grids
        return [
            grid.until(DEEPEST) if grid.name in depths and grid.last is None and grid.first <= DEEPEST else grid
            for grid in grids
        ]

    # -- the answer ---------------------------------------------------------------------------------------------------

    def solution(self) -> Solution:
        """Search, count the answers again, and say what was done."""
        network, budget = self.network, self.wanted.budget
        if network.total is None:
            raise UsageError(f"{uncounted(network.totals.unknown)}, so there is no total to solve for")
        size = network.total
        asked = self._grids(size)
        named = {str(leaf_of(name)) for name in self.wanted.vary if name.rpartition(".")[2] in DEPTHS}
        depths = depths_of(network) | (named if self.fields is not None else set())
        capped = self._capped(asked, depths)
        grids, checks = narrowed(capped, conditions(network))
        grids, ends = ended(size, grids, budget)
        last = {grid.name: grid.last for grid in grids}
        ends |= {g.name: DEFAULT for a, g in zip(asked, capped, strict=True) if a.last != g.last == last[g.name]}
        order = {grid.name: k for k, grid in enumerate(asked)}
        found = Solution(network, budget, sorted(grids, key=lambda grid: order[grid.name]), size)
        found.steps = {name: step for name, step in self.steps.items() if step > 1}
        found.ends, found.relations = ends, self.relations
        found.notes = [*self.notes, *network.notes]
        found.names = {str(leaf_of(name)): name for name in (*self.wanted.named, *self.known)}
        found.depths = {found.names.get(name, name) for name in depths}
        found.search = Search(Function.of(size, grids), grids, budget, checks).run()
        found.answers = self._answers(found, found.search.best, max(2, self.wanted.top))
        if len(grids) > 1:
            found.shapes = self._answers(found, spread(found.search.front, budget), len(found.search.front))
        else:
            _told_equation(found, grids[0])
        return found

    def _answers(self, found: Solution, candidates: Iterable[Candidate], most: int) -> list[Answer]:
        """The candidates as answers, each counted again in plain numbers; those that do not exist left out."""
        answers: list[Answer] = []
        for tried, candidate in enumerate(candidates):
            if len(answers) == most or tried == TRIED:
                break
            values = {grid.name: candidate.values[grid.name] for grid in found.grids}
            derived = self._derived(found, values)
            total = self._recounted(values, derived)
            if total is None:
                continue
            if not isinstance(total, int) or total != candidate.total:
                raise InvariantError(f"with {values} the formula gives {candidate.total}, the network {total}")
            answers.append(Answer(self._named(values), derived, total, candidate.gap, candidate.fits))
        return answers

    def _derived(self, found: Solution, values: Mapping[str, int]) -> dict[str, int]:
        given = by_symbol({grid.name: grid.leaf for grid in found.grids}, values)
        return {each.field: evaluate(parse(each.expr), given) for each in self.relations}

    def _recounted(self, values: dict[str, int], derived: Mapping[str, int]) -> Size | None:
        """The total counted again; None where the network does not exist: a size is 0, or its source refuses it."""
        key = tuple(values.values())
        if key not in self.counted:
            try:
                self.counted[key] = self._counted(values, derived)
            except (UsageError, ReadError):
                self.counted[key] = None
        return self.counted[key]

    def _counted(self, values: Mapping[str, int], derived: Mapping[str, int]) -> Size | None:
        if self.make is None or self.fields is None:
            return self.network.substitute(values).total
        return self.make((), {**self.numbers, **derived, **self._named(values)}).total

    def _named(self, values: Mapping[str, int]) -> dict[str, int]:
        """The values under the names of the question: text_config.hidden_size, not its symbol."""
        names = {str(leaf_of(name)): name for name in self.wanted.named}
        return {names.get(name, name): value for name, value in values.items()}


def _told(names: Iterable[str]) -> str:
    from nparams.analyses._text import listed

    return listed(sorted(names), most=8)


def _told_equation(found: Solution, grid: Grid) -> None:
    """The polynomial in the one unknown, or in its steps where those alone make it one."""
    coefficients, name = dense_in(found.size, grid.leaf), grid.name
    if coefficients is None and grid.step > 1 and grid.first % grid.step == 0:
        stepped = Grid(grid.leaf, 0, grid.step)
        row = Function.of(found.size, [stepped])
        from nparams.analyses._solve.function import Row

        coefficients, name = Row(row, stepped.inner).coefficients, "t" if grid.name != "t" else "n"
        found.in_steps = grid if coefficients is not None else None
    if coefficients is not None and len(coefficients) > 1:
        found.equation = Equation(coefficients, found.budget.target, name)


__all__ = ["Answer", "Solution", "Wanted", "solve"]
