"""Tensors whose shape depends on where they stand: channels that double with each level, or grow by a fixed number.

All groups under one name are taken together.  Apart from a few at either end, each size must be a polynomial whose
coefficients are whole-number polynomials in the index and the depths, or a power of 2 or 3 of such, possibly capped.
"""

from __future__ import annotations

from nparams.errors import ExprError, ReadError
from nparams.expr import Expr, add, evaluate, mul, power, substitute
from nparams.expr.poly import Canonical
from nparams.frameworks._trace.cells import Cell, Level, parted
from nparams.frameworks._trace.fitting import fitted
from nparams.frameworks._trace.groups import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.expr.polynomial import Monomial, Poly
    from nparams.frameworks._trace.cells import Counter, Members
    from nparams.frameworks._trace.groups import Indices, Key, Sampled

    Shape = tuple[Size, ...]
    #: values of the atoms, and the shape that was found there
    Observed = tuple[tuple[int, ...], Shape]

#: how many at the start and at the end may be of shapes of their own
ENDS = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2), (2, 2))
#: how the index is called in sizes, until the tree has a letter for it
INDEX = "#"
BASES = (2, 3)


def sequence_cells(keys: list[Key], samples: Sequence[Sampled], counter: Counter) -> list[Cell]:
    """The cells of all groups under one name; ReadError where their shapes follow no rule."""
    shapes = [{i: key.dims for key in keys for i in s.found.get(key, [])} for s in samples]
    members: Members = [(s, sorted(by_index)) for s, by_index in zip(samples, shapes, strict=True)]
    found: list[Cell] = []
    for fixed, held in parted(keys[0], members):
        varying = [k for k in range(keys[0].pattern.count(MARK)) if k not in fixed]
        family = _Family(keys[0], fixed, held, shapes, counter)
        if len(varying) > 1:
            raise ReadError(f"{keys[0].told}: shapes that depend on two indices")
        found += family.row(varying[0]) if varying else [family.alone()]
    return found


class _Family:
    """The members under one name that share their fixed indices."""

    def __init__(
        self, key: Key, fixed: dict[int, int], held: Members, shapes: list[dict[Indices, Shape]], counter: Counter
    ) -> None:
        self.key = key
        self.words: list[int | Level] = [fixed.get(k, 0) for k in range(key.pattern.count(MARK))]
        self.held = held
        self.shapes = shapes
        self.counter = counter

    def alone(self) -> Cell:
        """One tensor, whose shape follows the depths."""
        flags = self.counter.fit([(s, len(m)) for s, m in self.held], f"whether there is a {self.key.told}")
        seen = [
            (self.counter.sample(s), by_index[m[0]])
            for (s, m), by_index in zip(self.held, self.shapes, strict=True)
            if m
        ]
        return Cell(self.key, self.words, flags, self._dims(seen, self.counter.atoms))

    def row(self, place: int) -> list[Cell]:
        """A row of tensors: the first few, those between, the last few."""
        level, flags = self.counter.level(self.held, [], place, self.key.told)
        if level.first is None:
            raise ReadError(f"the numbers in {self.key.told} follow no rule")
        for start, end in ENDS:
            try:
                return self._cut(place, level, flags, start, end)
            except ReadError:
                continue
        raise ReadError(f"the shapes of {self.key.told} follow no rule")

    def _cut(self, place: int, level: Level, flags: Size, start: int, end: int) -> list[Cell]:
        assert level.first is not None
        atoms = [Expr("sym", (), INDEX), *self.counter.atoms]
        cells = [self._one(place, add(level.first, level.step * k), flags, k) for k in range(start)]
        inner: list[Observed] = []
        for (s, m), by_index in zip(self.held, self.shapes, strict=True):
            between = m[start : len(m) - end]
            inner += [((i[place], *self.counter.sample(s)), by_index[i]) for i in between]
        if len({values[0] for values, _ in inner}) < 3:
            raise ReadError("too few to see a rule")
        count = add(level.count, -start - end)
        middle = Level(count, add(level.first, level.step * start), level.step, INDEX)
        cells.append(self._placed(place, middle, flags, self._dims(inner, atoms)))
        last = add(level.first, mul(level.step, add(level.count, -1)))
        cells += [self._one(place, add(last, -level.step * k), flags, -1 - k) for k in reversed(range(end))]
        return cells

    def _one(self, place: int, index: Size, flags: Size, k: int) -> Cell:
        """One at either end: the k-th, counted from the end where k is negative."""
        seen = [
            (self.counter.sample(s), by_index[m[k]])
            for (s, m), by_index in zip(self.held, self.shapes, strict=True)
            if len(m) > abs(k)
        ]
        if not seen:
            raise ReadError("too few to see a rule")
        return self._placed(place, Level(1, index), flags, self._dims(seen, self.counter.atoms))

    def _placed(self, place: int, level: Level, flags: Size, dims: Shape) -> Cell:
        words = list(self.words)
        words[place] = level
        return Cell(self.key, words, flags, dims)

    def _dims(self, seen: list[Observed], atoms: Sequence[Size]) -> Shape:
        if len({len(shape) for _, shape in seen}) != 1:
            raise ReadError("shapes of different lengths")
        return tuple(size_through([(v, shape[k]) for v, shape in seen], atoms) for k in range(len(seen[0][1])))


def size_through(seen: list[tuple[tuple[int, ...], Size]], atoms: Sequence[Size]) -> Size:
    """The size that is each of those seen at its values of the atoms; ReadError where no rule gives them."""
    table = Canonical()
    polys: list[tuple[tuple[int, ...], Poly]] = [(values, table.poly(size)) for values, size in seen]
    monomials: dict[Monomial, None] = {}
    for _, p in polys:
        monomials.update(dict.fromkeys(p))
    terms: list[Size] = []
    for m in monomials:
        coefficient = _coefficient([(values, p.get(m, 0)) for values, p in polys], atoms)
        if coefficient is None:
            raise ReadError("sizes that follow no rule")
        terms.append(mul(coefficient, table.expr({m: 1})))
    return add(*terms) if terms else 0


def _coefficient(samples: list[tuple[tuple[int, ...], int]], atoms: Sequence[Size]) -> Size | None:
    found = fitted(samples, atoms)
    return found if found is not None else _power(samples, atoms) or _capped(samples, atoms)


def _power(samples: list[tuple[tuple[int, ...], int]], atoms: Sequence[Size]) -> Size | None:
    """odd * base**(a polynomial)."""
    for base in BASES:
        split = [_split(c, base) for _, c in samples]
        if len({rest for rest, _ in split}) != 1:
            continue
        exponent = fitted([(values, k) for (values, _), (_, k) in zip(samples, split, strict=True)], atoms)
        if exponent is not None:
            return mul(split[0][0], power(base, exponent))
    return None


def _split(number: int, base: int) -> tuple[int, int]:
    """number as rest * base**k."""
    k = 0
    while number and number % base == 0:
        number, k = number // base, k + 1
    return number, k


def _capped(samples: list[tuple[tuple[int, ...], int]], atoms: Sequence[Size]) -> Size | None:
    """min(a rule, the greatest number seen)."""
    most = max(c for _, c in samples)
    below = [(values, c) for values, c in samples if c < most]
    rule = (_power(below, atoms) or fitted(below, atoms)) if len({c for _, c in below}) > 1 else None
    if rule is None:
        return None
    names = {str(a): a for a in atoms}
    try:
        for values, c in samples:
            point = substitute(rule, _point(list(names.values()), values))
            if min(evaluate(point, {}), most) != c:
                return None
    except ExprError:
        return None
    return Expr("min", (rule, most))


def _point(atoms: Sequence[Size], values: tuple[int, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for atom, value in zip(atoms, values, strict=True):
        assert isinstance(atom, Expr)
        if atom.op == "idx":
            entries = found.setdefault(str(atom.label), {})
            assert isinstance(entries, dict)
            entries[atom.args[0]] = value
        else:
            found[str(atom.label)] = value
    return found
