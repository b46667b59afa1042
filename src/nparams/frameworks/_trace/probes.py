"""Which arguments change how many tensors there are, and the runs that tell how."""

from __future__ import annotations

import random
from itertools import combinations

from nparams.errors import ReadError
from nparams.frameworks._trace.groups import Sampled
from nparams.frameworks._trace.journal import Journal
from nparams.frameworks._trace.lost import RUNS, Lost
from nparams.frameworks._trace.run import Broken, Run
from nparams.frameworks._trace.seeds import answered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.frameworks._trace.arguments import Arguments, Point, Symbol
    from nparams.frameworks._trace.lost import Witness
    from nparams.frameworks._trace.run import Runner

#: runs of the constructor that a trace may take
MOST_RUNS = 600
#: other sizes that are tried for a flag that is refused
AGAIN = 6
#: flags that are tried in every combination
FULL = 5
#: a depth above DEEP is lowered, to no less than SHALLOW, where the constructor accepts it
SHALLOW, DEEP = 3, 8


class Study:
    """The runs made so far of one constructor, around one point."""

    def __init__(self, arguments: Arguments, runner: Runner, base: Point) -> None:
        self.arguments = arguments
        self.runner = runner
        self.base = base
        self.lost = Lost([])
        self._runs: dict[tuple[tuple[str, int], ...], Run | None] = {}
        self.sampled: dict[tuple[tuple[str, int], ...], Sampled | None] = {}
        #: arguments that change how many tensors there are
        self.features: list[Symbol] = []

    # -- runs -------------------------------------------------------------------------------------------------------

    def run(self, point: Point) -> Run | None:
        """A tracked run, None where the constructor raises."""
        key = tuple(point.items())
        if key not in self._runs:
            self._runs[key] = self._run(point)
        return self._runs[key]

    def _run(self, point: Point) -> Run | None:
        if self.runner.runs > MOST_RUNS:
            raise ReadError(f"more than {MOST_RUNS} runs of the constructor would be needed")
        journal = Journal(self.runner.floats)
        try:
            return self.runner.tracked(self.arguments.at(point, journal), journal)
        except Broken:
            return None

    def at(self, point: Point) -> Sampled | None:
        """The counts at a point, run once."""
        key = tuple(point.items())
        if key not in self.sampled:
            run = self.run(point)
            dims = None if run is None else self.lost.dims(run, self.arguments.values(point))
            self.sampled[key] = None if run is None or dims is None else Sampled(point, run, dims)
        return self.sampled[key]

    def samples(self) -> list[Sampled]:
        """Every run that the constructor accepted."""
        return [s for s in self.sampled.values() if s is not None]

    def _recover(self, first: Run) -> None:
        """Where sizes were lost, run with other sizes, each changed alone and many at once, and find them again."""
        here = (first, self.arguments.values(self.base))
        names = [item.name for item in first.items]
        alone = [self._witness((2 * self.base[s.key], self.base[s.key] + 1), s, names) for s in self.arguments.ints]
        witnesses = [here, *(w for w in alone if w is not None)]
        lost = Lost(witnesses)
        if not lost.found:
            return
        rng = random.Random(2)
        for _ in range(12):
            wide = {s.key: rng.randint(1, 4) for s in self.arguments.ints if self.base[s.key] >= 8}
            point = {key: value * wide.get(key, 1) for key, value in self.base.items()}
            run = self.run(point)
            if run is not None and [item.name for item in run.items] == names:
                witnesses.append((run, self.arguments.values(point)))
            if len(witnesses) > len(alone) + RUNS:
                break
        self.lost = Lost(witnesses)

    def _witness(self, numbers: Iterable[int], s: Symbol, names: list[str]) -> Witness | None:
        """A run with another number for one argument, which makes the same tensors."""
        for number in numbers:
            point = {**self.base, s.key: number}
            run = self.run(point)
            if run is not None and [item.name for item in run.items] == names:
                return run, self.arguments.values(point)
        return None

    # -- which arguments matter -------------------------------------------------------------------------------------

    def explore(self) -> None:
        """Find the arguments that change the structure, and run what tells how."""
        self.runner.look(self.arguments.at(self.base, None))
        first = self.run(self.base)
        if first is None:  # code that asks whether type(x) is int minds a stand-in for int
            self.runner.places, self._runs = [], {}
            first = self.run(self.base)
        if first is None:
            raise ReadError(
                "its constructor does not do the same twice: it accepted these arguments, then refused them"
            )
        self._recover(first)
        self._lower_depths()
        for s in self.arguments.symbols:
            if self._changes(s, self.base):
                self.features.append(s)
        self._awaken()
        for s in self.features:
            self._more(s)
        self._together()
        self.at(self.base)

    def _lower_depths(self) -> None:
        """A loop bound that was given large is traced small, where that is accepted."""
        for s in self.arguments.ints:
            value = self.base[s.key]
            if value > DEEP and (deeper := self.at({**self.base, s.key: value + 1})) is not None:
                here = self.at(self.base)
                if here is not None and len(deeper.run.items) > len(here.run.items):
                    taken = {self.base[o.key] for o in self.arguments.ints}
                    lower = next(n for n in range(SHALLOW, value + 1) if n not in taken or n == value)
                    if self.at({**self.base, s.key: lower}) is not None:
                        self.base = {**self.base, s.key: lower}
                        self.sampled = {}

    def _moved(self, s: Symbol, point: Point, times: int = 1) -> list[Point]:
        value = point[s.key]
        if s.flag:
            return [{**point, s.key: 1 - value}]
        return [{**point, s.key: value + times}, {**point, s.key: value * (1 + times)}]

    def _changes(self, s: Symbol, point: Point) -> bool:
        here = self.at(point)
        for moved in self._moved(s, point):
            there = self.at(moved)
            if here is not None and there is not None and there.counts() != here.counts():
                return True
        return s.flag and self._changes_elsewhere(s)

    def _changes_elsewhere(self, flag: Symbol) -> bool:
        """A flag that is refused at these sizes may be accepted at others: tied weights want equal widths."""
        rng, point = random.Random(flag.key), self._moved(flag, self.base)[0]
        if self.at(point) is not None:
            return False
        for _ in range(AGAIN):
            journal = Journal(self.runner.floats)
            try:
                self.runner.tracked(self.arguments.at(point, journal), journal)
            except Broken:
                other = answered(self.arguments, point, journal, rng, given=True)
                if other is None:
                    return False
                point = other
                continue
            there, here = self.at(point), self.at({**point, flag.key: self.base[flag.key]})
            return there is not None and here is not None and there.counts() != here.counts()
        return False

    def _awaken(self) -> None:
        """An argument may matter only once a flag is the other way."""
        for flag in [s for s in self.features if s.flag]:
            turned = self._moved(flag, self.base)[0]
            for s in self.arguments.symbols:
                if (
                    s not in self.features
                    and s is not flag
                    and self.at(turned) is not None
                    and self._changes(s, turned)
                ):
                    self.features.append(s)

    def _more(self, s: Symbol) -> None:
        if not s.flag:
            for times in (2, 3):
                self.at({**self.base, s.key: self.base[s.key] + times})

    def _together(self) -> None:
        """Pairs of features, every combination of a few flags, and these with each depth."""
        flags = [s for s in self.features if s.flag]
        depths = [s for s in self.features if not s.flag]
        few = flags[:FULL]
        combos: list[tuple[Symbol, ...]] = list(combinations(self.features, 2))
        combos += [c for size in range(3, len(few) + 1) for c in combinations(few, size)]
        combos += [(*c, d) for size in (1, 2, 3) for c in combinations(few, size) for d in depths[:4]]
        combos += list(combinations(depths, 3))[:20]
        for combo in combos:
            self._at_all(combo)

    def _at_all(self, symbols: Iterable[Symbol]) -> None:
        point = self.base
        for s in symbols:
            point = self._moved(s, point)[0]
        self.at(point)
