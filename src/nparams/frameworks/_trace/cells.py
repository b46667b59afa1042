"""Groups of tensors as cells: their shape, and how often and under which indices they stand, as expressions."""

from __future__ import annotations

from nparams.errors import ReadError
from nparams.expr import Expr, add, evaluate, free_symbols, mul, substitute
from nparams.expr.poly import Canonical
from nparams.expr.rules import exact_quotient
from nparams.frameworks._trace.fitting import fitted
from nparams.frameworks._trace.groups import MARK, Key, canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.frameworks._trace.groups import Indices, Sampled
    from nparams.frameworks._trace.probes import Study

    Values = dict[str, object]


class Level:
    """One index of a name that varies: how many values it takes, and the first, where they follow each other."""

    __slots__ = ("count", "first")

    def __init__(self, count: Size, first: Size | None) -> None:
        self.count = count
        self.first = first


class Cell:
    """Tensors that differ only by indices: `words` are the indices of the name, a number or a Level each."""

    __slots__ = ("flags", "key", "words")

    def __init__(self, key: Key, words: list[int | Level], flags: Size) -> None:
        self.key = key
        self.words = words
        #: 0 or 1: whether they are there at all
        self.flags = flags

    @property
    def levels(self) -> list[Level]:
        """The indices that vary."""
        return [word for word in self.words if isinstance(word, Level)]

    @property
    def copies(self) -> Size:
        """How many tensors there are."""
        return mul(self.flags, *(level.count for level in self.levels))

    def copies_at(self, values: Values) -> int:
        """That at a point."""
        return evaluate(self.copies, values)

    def size_at(self, values: Values) -> int:
        """The numbers in one of them, at a point."""
        result = 1
        for size in self.key.dims:
            result *= evaluate(size, values)
        return result


def cells_of(study: Study) -> list[Cell]:
    """Every group of every run as cells, in the order of the model; ReadError where counts follow no rule."""
    samples = study.samples()
    order: dict[Key, None] = {}
    for sampled in samples:
        order.update(dict.fromkeys(sampled.found))
    found: list[Cell] = []
    for key in order:
        found += _cells(key, samples, study)
    return found


def _cells(key: Key, samples: list[Sampled], study: Study) -> list[Cell]:
    members = [(s, s.found.get(key, [])) for s in samples]
    fixed = _fixed_places(key, [m for _, m in members if m])
    parts: dict[tuple[int, ...], list[tuple[Sampled, list[Indices]]]] = {}
    starts = {tuple(i[k] for k in fixed) for _, held in members for i in held}
    for start in sorted(starts):
        parts[start] = [(s, [i for i in held if tuple(i[k] for k in fixed) == start]) for s, held in members]
    return [_cell(key, fixed, start, held, study) for start, held in parts.items()]


def _fixed_places(key: Key, members: list[list[Indices]]) -> list[int]:
    """The indices that take the same values in every run where the group is there at all."""
    places = range(key.pattern.count(MARK))
    return [k for k in places if len({frozenset(i[k] for i in held) for held in members}) == 1]


def _cell(
    key: Key, fixed: list[int], start: tuple[int, ...], members: list[tuple[Sampled, list[Indices]]], study: Study
) -> Cell:
    atoms = [s.expr for s in study.features]

    def fit(counts: list[tuple[Sampled, int]], what: str) -> Size:
        for kept in (counts, [(s, n) for s, n in counts if _ordered(s, study)]):
            samples = [(tuple(s.point[f.key] for f in study.features), n) for s, n in kept]
            size = fitted(samples, atoms) if samples else None
            if size is not None:
                return size
        raise ReadError(
            f"{what} {key.pattern.replace(MARK, '*')} follows no rule that was found in "
            f"{', '.join(f.key for f in study.features)}"
        )

    varying = [k for k in range(key.pattern.count(MARK)) if k not in fixed]
    words: list[int | Level] = [start[fixed.index(k)] if k in fixed else 0 for k in range(key.pattern.count(MARK))]
    flags: Size = 1
    if not varying:
        return Cell(key, words, fit([(s, len(held)) for s, held in members], "whether there is a"))
    for depth, k in enumerate(varying):
        counts = [(s, _ranges([i for i in held], varying[: depth + 1])) for s, held in members]
        if any(c is None for _, c in counts):
            raise ReadError(f"the copies of {key.pattern.replace(MARK, '*')} differ from each other")
        there = [(s, c) for s, c in counts if c is not None and (depth == 0 or c[0])]
        count = fit([(s, c[0]) for s, c in there], "the number of")
        if depth == 0:
            used = [f.expr for f in study.features if not f.flag and str(f.expr.label) in _names(count)]
            flags, count = split_flags(count, [f.expr for f in study.features if f.flag], used)
        firsts = [(s, c[1]) for s, c in there if c[0]]
        first = None
        if all(n is not None for _, n in firsts):
            try:
                first = fit([(s, n) for s, n in firsts], "")  # type: ignore[misc]
            except ReadError:
                first = None
        words[k] = Level(count, first)
    return Cell(key, words, flags)


def _ordered(sampled: Sampled, study: Study) -> bool:
    """Whether depths are in the same order as at the base: a count may be min(a, b)."""
    ints = [f.key for f in study.features if not f.flag]
    here, base = sampled.point, study.base
    return all((here[a] < here[b]) <= (base[a] <= base[b]) for a in ints for b in ints)


def _ranges(members: list[Indices], places: list[int]) -> tuple[int, int | None] | None:
    """(how many values the last place takes, the first or None where they do not follow each other); None where that
    is not the same for all values of the places before."""
    by_outer: dict[Indices, set[int]] = {}
    for i in members:
        by_outer.setdefault(tuple(i[k] for k in places[:-1]), set()).add(i[places[-1]])
    shapes = {(len(v), min(v) if max(v) - min(v) + 1 == len(v) else None) for v in by_outer.values()}
    if not shapes:
        return 0, 0
    return next(iter(shapes)) if len(shapes) == 1 else None


def split_flags(count: Size, flags: list[Expr], depths: list[Expr]) -> tuple[Size, Size]:
    """(a product of flags, the rest): L*ab is ab times L."""
    factor: Size = 1
    for flag in flags:
        if isinstance(count, int):
            break
        off, on = (canonical_at(count, flag, n) for n in (0, 1))
        if off == 0 and on != 0:
            factor, count = mul(factor, flag), on
        elif on == 0 and off != 0:
            factor, count = mul(factor, add(1, mul(-1, flag))), off
    if isinstance(count, Expr) and depths and free_symbols(count) & {str(f.label) for f in flags}:
        table = Canonical()
        by = mul(*depths)
        quotient = exact_quotient(table.poly(count), table.poly(by))
        if quotient is not None and not isinstance(rest := table.expr(quotient), int):
            if free_symbols(rest) <= {str(f.label) for f in flags}:
                return mul(factor, rest), by
    return factor, count


def _names(size: Size) -> frozenset[str]:
    return free_symbols(size) if isinstance(size, Expr) else frozenset()


def canonical_at(size: Size, flag: Expr, value: int) -> Size:
    """A size with a number for one symbol."""
    values = {str(flag.label): {flag.args[0]: value} if flag.op == "idx" else value}
    put = substitute(size, values)
    return canonical(put) if isinstance(put, Expr) else put
