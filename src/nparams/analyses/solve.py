"""Design backwards: which sizes give a wanted number of parameters.

A network in symbols, or a function that makes one for the sizes that may vary, becomes a polynomial; a search over the
stated grids finds the totals nearest to the budget, and each answer that is shown is counted again, in plain numbers.
"""

from __future__ import annotations

from nparams.analyses._solve.conditions import by_symbol, conditions, narrowed
from nparams.analyses._solve.fields import Fields
from nparams.analyses._solve.function import Function, dense_in
from nparams.analyses._solve.grid import Grid
from nparams.analyses._solve.ranges import ended
from nparams.analyses._solve.roots import Equation
from nparams.analyses._solve.search import Search
from nparams.analyses._solve.shapes import spread
from nparams.analyses._solve.wanted import Wanted, leaf_of
from nparams.analyses._text import short
from nparams.errors import InvariantError, ReadError, UsageError, uncounted
from nparams.expr import Expr, evaluate, free_symbols, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.fields import Relation
    from nparams.analyses._solve.search import Candidate
    from nparams.expr import Size
    from nparams.network import Network

    #: makes a network: the fields that stay symbols, and what is set
    Make = Callable[[Collection[str], Mapping[str, object]], Network]

#: answers that are counted again at most, where some do not exist
TRIED = 100
#: a size that counts copies, where others vary too
DEEPEST = 128


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
        self.relations: list[Relation] = []
        self.depths: set[str] = set()
        self.notes: list[str] = []

    @property
    def best(self) -> Answer | None:
        """The answer nearest to the budget, one that fits if there is one."""
        return self.answers[0] if self.answers else None

    @property
    def solved(self) -> bool:
        """Whether an answer fits what was asked."""
        return bool(self.answers) and self.answers[0].fits

    @property
    def first(self) -> str:
        """The size that was gone through first: shapes are the best of each of its values."""
        return self.search.grids[0].name if self.search else self.grids[0].name

    @property
    def smallest(self) -> bool:
        """Whether the best answer has the first value of every grid, and the total rises with each."""
        search, best = self.search, self.best
        if search is None or best is None or not search.rising:
            return False
        return [*best.values.values()] == [grid.first for grid in self.grids]

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
        self.steps: dict[str, int] = {}
        self.network = self._made(source)

    # -- the network ------------------------------------------------------------------------------------------------

    def _made(self, source: Network | Make) -> Network:
        if not callable(source):
            return source
        numbers = {name: value for name, value in self.wanted.given.items() if not _symbolic(value)}
        probe = source((), self.wanted.given)
        values = getattr(probe, "fields", None)
        if not values or isinstance(probe.total, Expr):
            return probe
        self.fields = Fields(values, getattr(probe, "aliases", {}))
        return self._of_fields(source, self.fields, numbers)

    def _of_fields(self, source: Make, fields: Fields, numbers: Mapping[str, object]) -> Network:
        wanted = self.wanted
        wanted.ranges = {fields.name(name): value for name, value in wanted.ranges.items()}
        wanted.multiples = {fields.name(name): value for name, value in wanted.multiples.items()}
        given = {fields.name(name) for name in wanted.given}
        varied = [fields.name(name) for name in wanted.named] or fields.chosen(given)
        wanted.vary = list(dict.fromkeys(varied))
        fixed = given | {fields.name(name) for name in wanted.keep}
        self.relations = fields.relations(wanted.vary, fixed, wanted.multiples)
        self.steps = {name: fields.step(name) for name in wanted.vary if name not in wanted.multiples}
        return source(wanted.vary, {**wanted.given, **{each.field: each.expr for each in self.relations}})

    # -- what varies --------------------------------------------------------------------------------------------------

    def _grids(self, size: Size) -> list[Grid]:
        network, wanted = self.network, self.wanted
        leaves = {str(leaf): leaf for leaf in _leaves(size)}
        if not leaves:
            what = short(network)
            raise UsageError(
                f"{what}: every size is a number, so nothing can vary; write a letter for one, such as 784-h-h-10"
            )
        named = {name: leaf_of(name) for name in wanted.named}
        for name, leaf in named.items():
            if str(leaf) not in leaves:
                raise UsageError(f"{name} does not change the total of {short(network)}; it depends on {_told(leaves)}")
        chosen = {name: named[name] for name in wanted.vary} if wanted.vary else leaves
        missing = [name for name in leaves if name not in {str(leaf) for leaf in (*chosen.values(), *named.values())}]
        if missing:
            raise UsageError(f"{_told(missing)} has no value: give it one with --set, or let it vary too with --vary")
        chosen = {**chosen, **{name: leaf for name, leaf in named.items() if str(leaf) not in map(str, chosen.values())}}
        return [self._grid(name, leaf) for name, leaf in chosen.items()]

    def _grid(self, name: str, leaf: Expr) -> Grid:
        first, last = self.wanted.ranges.get(name, (1, None))
        grid = Grid(leaf, first, 1, last)
        step = self.wanted.multiples.get(name) or self.steps.get(name, 1)
        for relation in self.relations:
            if str(leaf) in map(str, free_symbols(parse(relation.expr))) and step % relation.divides:
                grid = grid.divisible(relation.divides)
        return grid.divisible(step) if step > 1 else grid

    def _capped(self, grids: list[Grid], depths: set[str]) -> list[Grid]:
        """A size that counts copies goes up to a default where others vary too and nobody says how far."""
        if len(grids) < 2:
            return grids
        return [
            grid.until(DEEPEST) if grid.name in depths and grid.last is None and grid.first <= DEEPEST else grid
            for grid in grids
        ]

    # -- the answer -----------------------------------------------------------------------------------------------------

    def solution(self) -> Solution:
        """Search, count the answers again, and say what was done."""
        network, budget = self.network, self.wanted.budget
        if network.total is None:
            raise UsageError(f"{uncounted(network.totals.unknown)}, so there is no total to solve for")
        size = network.total
        asked = self._grids(size)
        depths = depths_of(network)
        capped = self._capped(asked, depths)
        grids, checks = narrowed(capped, conditions(network))
        grids, ends = ended(size, grids, budget)
        ends |= {g.name: "a default" for a, g in zip(asked, capped, strict=True) if a.last != g.last}
        order = {grid.name: k for k, grid in enumerate(asked)}
        found = Solution(network, budget, sorted(grids, key=lambda grid: order[grid.name]), size)
        found.ends, found.relations, found.depths = ends, self.relations, depths
        found.notes = [*self.notes, *network.notes]
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
            try:
                total = self._counted(values, derived)
            except (UsageError, ReadError):
                continue  # this network does not exist: a size would be 0, or its source refuses it
            if total != candidate.total:
                raise InvariantError(f"with {values} the formula gives {candidate.total}, the network {total}")
            answers.append(Answer(self._named(values), derived, total, candidate.gap, candidate.fits))
        return answers

    def _derived(self, found: Solution, values: Mapping[str, int]) -> dict[str, int]:
        given = by_symbol({grid.name: grid.leaf for grid in found.grids}, values)
        return {each.field: evaluate(parse(each.expr), given) for each in self.relations}

    def _counted(self, values: Mapping[str, int], derived: Mapping[str, int]) -> Size | None:
        if self.make is None or self.fields is None:
            return self.network.substitute(values).total
        numbers = {name: value for name, value in self.wanted.given.items() if not _symbolic(value)}
        return self.make((), {**numbers, **derived, **self._named(values)}).total

    def _named(self, values: Mapping[str, int]) -> dict[str, int]:
        """The values under the names of the question: text_config.hidden_size, not its symbol."""
        names = {str(leaf_of(name)): name for name in self.wanted.named}
        return {names.get(name, name): value for name, value in values.items()}


def _symbolic(value: object) -> bool:
    """Whether what was set is an expression, not a plain number or list."""
    if isinstance(value, str):
        return not value.strip().replace("_", "").replace(",", "").isdigit()
    return isinstance(value, Expr)


def _leaves(size: Size) -> list[Expr]:
    """The symbols and numbered entries that a total depends on, in order of their names; UsageError for lists."""
    from nparams.expr.poly import Canonical, natural

    table = Canonical()
    table.poly(size)
    found: dict[Expr, None] = {}
    inside: list[Size] = [atom.expr for atom in table.atoms.values()]
    while inside:
        node = inside.pop()
        if isinstance(node, int):
            continue
        if node.op == "sum" or (node.op == "idx" and not isinstance(node.args[0], int)):
            for name in sorted(free_symbols(node)):
                if _is_list(node, name):
                    raise UsageError(
                        f"{name} is a list of sizes without an end: give the number of layers and the sizes that are "
                        f"known, such as --set l=3 --set {name}0=784 --set {name}3=10"
                    )
                found[Expr("sym", (), name)] = None
            continue
        if node.op in ("sym", "idx"):
            found[node] = None
        else:
            inside.extend(node.args)
    return sorted(found, key=natural)


def _is_list(size: Expr, name: str) -> bool:
    """Whether `name` stands with an index in `size`."""
    stack: list[Size] = [size]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            if node.op == "idx" and node.label == name:
                return True
            stack.extend(node.args)
    return False


def depths_of(network: Network) -> set[str]:
    """The symbols that say how many copies of a module there are."""
    found: set[str] = set()
    stack = [network.root]
    while stack:
        module = stack.pop()
        if module.over is not None:
            found |= {str(leaf) for end in (module.over.first, module.over.last) for leaf in _symbols(end)}
        stack.extend(module.children)
    return found


def _symbols(size: Size) -> frozenset[str]:
    return free_symbols(size)


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


__all__ = ["Answer", "Solution", "Wanted", "depths_of", "solve"]
