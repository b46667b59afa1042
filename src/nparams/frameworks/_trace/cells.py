"""Groups of tensors as cells: their shape, and how often and under which indices they stand, as expressions."""

from __future__ import annotations

from itertools import pairwise

from nparams.errors import ReadError
from nparams.expr import Expr, add, evaluate, free_symbols, mul, substitute
from nparams.expr.poly import Canonical
from nparams.expr.rules import exact_quotient
from nparams.frameworks._trace.fitting import fitted
from nparams.frameworks._trace.groups import MARK, Key, canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.frameworks._trace.groups import Indices, Sampled
    from nparams.frameworks._trace.probes import Study

    Values = dict[str, object]
    #: each run, and the indices of the members of a group in it
    Members = list[tuple[Sampled, list[Indices]]]


class Level:
    """One index of a name that varies: how many values it takes, the first (None: no rule), and from one to the next.

    `mark` is the name under which sizes may speak of the index.
    """

    __slots__ = ("count", "first", "mark", "step")

    def __init__(self, count: Size, first: Size | None, step: int = 1, mark: str = "") -> None:
        self.count = count
        self.first = first
        self.step = step
        self.mark = mark


class Cell:
    """Tensors that differ only by indices: `words` are the indices of the name, a number or a Level each."""

    __slots__ = ("dims", "flags", "key", "words")

    def __init__(self, key: Key, words: list[int | Level], flags: Size, dims: tuple[Size, ...] | None = None) -> None:
        self.key = key
        self.words = words
        #: 0 or 1: whether they are there at all
        self.flags = flags
        self.dims = key.dims if dims is None else dims

    @property
    def levels(self) -> list[Level]:
        """The indices that vary."""
        return [word for word in self.words if isinstance(word, Level)]

    def elements_at(self, values: Values) -> int | None:
        """The numbers in all of them at a point, None where there would be fewer than none."""
        counts = [evaluate(self.flags, values), *(evaluate(level.count, values) for level in self.levels)]
        if min(counts) < 0:
            return None
        copies = 1
        for count in counts:
            copies *= count
        if not copies:
            return 0
        told = next((level for level in self.levels if level.mark), None)
        if told is None:
            return copies * self._size(values)
        count, first = evaluate(told.count, values), evaluate(told.first or 0, values)
        whole = sum(self._size({**values, told.mark: first + told.step * t}) for t in range(count))
        return copies // count * whole

    def _size(self, values: Values) -> int:
        result = 1
        for size in self.dims:
            result *= evaluate(size, values)
        return result


class Counter:
    """Fits counts to the features of a study."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.atoms: list[Size] = [s.expr for s in study.features]
        self.flags = [s.expr for s in study.features if s.flag]

    def sample(self, sampled: Sampled) -> tuple[int, ...]:
        """The features at a run."""
        return tuple(sampled.point[f.key] for f in self.study.features)

    def fit(self, counts: Sequence[tuple[Sampled, int]], what: str) -> Size:
        """The polynomial through the counts; ReadError where there is none."""
        for kept in (counts, [(s, n) for s, n in counts if ordered(s, self.study)]):
            samples = [(self.sample(s), n) for s, n in kept]
            size = fitted(samples, self.atoms) if samples else None
            if size is not None:
                return size
        names = ", ".join(f.key for f in self.study.features)
        raise ReadError(
            f"{what} {'follows' if names else 'changes, and follows'} no rule that was found"
            f"{' in ' if names else ''}{names}"
        )

    def level(self, held: Members, outer: list[int], place: int, what: str) -> tuple[Level, Size]:
        """One index as a level, and the flags that say whether it is there at all (outermost levels only)."""
        found = [(s, _range(i, [*outer, place])) for s, i in held]
        if any(r is None for _, r in found):
            raise ReadError(f"the copies of {what} differ from each other")
        ranges = [(s, r) for s, r in found if r is not None and (not outer or r[0])]
        count, flags = self.fit([(s, r[0]) for s, r in ranges], f"the number of {what}"), 1
        if not outer:
            flags, count = split_flags(count, self.flags, self._depths_in(count))  # type: ignore[assignment]
        there = [(s, r) for s, r in ranges if r[0]]
        steps = {r[2] for _, r in there if r[0] > 1}
        if len(steps) > 1 or None in steps:
            return Level(count, None), flags
        try:
            first = self.fit([(s, r[1]) for s, r in there], "")
        except ReadError:
            return Level(count, None), flags
        return Level(count, first, steps.pop() if steps else 1), flags  # type: ignore[arg-type]

    def _depths_in(self, count: Size) -> list[Expr]:
        names = free_symbols(count) if isinstance(count, Expr) else frozenset()
        return [f.expr for f in self.study.features if not f.flag and str(f.expr.label) in names]


def cells_of(study: Study) -> tuple[list[Cell], list[str]]:
    """Every group of every run as cells, in the order of the model; ReadError where they follow no rule.

    Buffers that follow none are left out: the second list names them.
    """
    from nparams.frameworks._trace.sequences import sequence_cells

    samples = study.samples()
    families: dict[tuple[object, ...], dict[Key, None]] = {}
    for sampled in samples:
        for key in sampled.found:
            families.setdefault(key.family, {}).setdefault(key)
    counter = Counter(study)
    found: list[Cell] = []
    left_out: list[str] = []
    for keys in families.values():
        try:
            found += [cell for key in keys for cell in _cells(key, samples, counter)]
            continue
        except ReadError as problem:
            why = problem
        try:
            found += sequence_cells(list(keys), samples, counter)
        except ReadError:
            one = next(iter(keys))
            if one.role != "buffer":
                raise why from None
            left_out.append(one.told)
    return found, left_out


def _cells(key: Key, samples: list[Sampled], counter: Counter) -> list[Cell]:
    members = [(s, s.found.get(key, [])) for s in samples]
    return [_cell(key, fixed, held, counter) for fixed, held in parted(key, members)]


def parted(key: Key, members: Members) -> list[tuple[dict[int, int], Members]]:
    """The members by those indices that take the same values in every run where there are any."""
    there = [m for _, m in members if m]
    places = range(key.pattern.count(MARK))
    fixed = [k for k in places if len({frozenset(i[k] for i in held) for held in there}) == 1]
    starts = sorted({tuple(i[k] for k in fixed) for _, held in members for i in held})
    return [
        (
            dict(zip(fixed, start, strict=True)),
            [(s, [i for i in held if tuple(i[k] for k in fixed) == start]) for s, held in members],
        )
        for start in starts
    ]


def _cell(key: Key, fixed: dict[int, int], held: Members, counter: Counter) -> Cell:
    varying = [k for k in range(key.pattern.count(MARK)) if k not in fixed]
    words: list[int | Level] = [fixed.get(k, 0) for k in range(key.pattern.count(MARK))]
    if not varying:
        return Cell(key, words, counter.fit([(s, len(m)) for s, m in held], f"whether there is a {key.told}"))
    flags: Size = 1
    for depth, k in enumerate(varying):
        words[k], optional = counter.level(held, varying[:depth], k, key.told)
        flags = mul(flags, optional)
    return Cell(key, words, flags)


def ordered(sampled: Sampled, study: Study) -> bool:
    """Whether depths are in the same order as at the base: a count may be min(a, b)."""
    ints = [f.key for f in study.features if not f.flag]
    here, base = sampled.point, study.base
    return all((here[a] < here[b]) <= (base[a] <= base[b]) for a in ints for b in ints)


def _range(members: list[Indices], places: list[int]) -> tuple[int, int, int | None] | None:
    """(how many values the last place takes, the first, and from one to the next, None where that varies); None where
    that is not the same for all values of the places before."""
    by_outer: dict[Indices, set[int]] = {}
    for i in members:
        by_outer.setdefault(tuple(i[k] for k in places[:-1]), set()).add(i[places[-1]])
    shapes = set()
    for values in by_outer.values():
        inorder = sorted(values)
        steps = {b - a for a, b in pairwise(inorder)} or {1}
        shapes.add((len(inorder), inorder[0], steps.pop() if len(steps) == 1 else None))
    if not shapes:
        return 0, 0, 1
    return next(iter(shapes)) if len(shapes) == 1 else None


def split_flags(count: Size, flags: list[Expr], depths: list[Expr]) -> tuple[Size, Size]:
    """(how often it is there because of flags, the rest): L*ab is ab times L."""
    factor: Size = 1
    for flag in flags:
        if isinstance(count, int):
            break
        off, on = (_at(count, flag, n) for n in (0, 1))
        if off == 0 and on != 0:
            factor, count = mul(factor, flag), on
        elif on == 0 and off != 0:
            factor, count = mul(factor, add(1, mul(-1, flag))), off
    names = {str(f.label) for f in flags}
    if isinstance(count, Expr) and depths and free_symbols(count) & names:
        table = Canonical()
        quotient = exact_quotient(table.poly(count), table.poly(mul(*depths)))
        rest = 0 if quotient is None else table.expr(quotient)
        if isinstance(rest, Expr) and free_symbols(rest) <= names:
            return mul(factor, rest), mul(*depths)
    return factor, count


def _at(size: Size, flag: Expr, value: int) -> Size:
    values = {str(flag.label): {flag.args[0]: value} if flag.op == "idx" else value}
    put = substitute(size, values)
    return canonical(put) if isinstance(put, Expr) else put
