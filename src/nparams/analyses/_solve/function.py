"""The total as a polynomial in what varies, evaluated piece by piece: one size after the other is put in, so that the
last one costs a few multiplications a value."""

from __future__ import annotations

from nparams.analyses._solve.columns import column
from nparams.analyses._solve.direction import FALLS, RISES, STAYS, UNKNOWN, direction, together
from nparams.expr import Expr, evaluate, substitute
from nparams.expr.poly import Canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.analyses._solve.grid import Grid
    from nparams.expr import Size
    from nparams.expr.poly import Monomial, Poly

#: values and columns of atoms that are kept for the next rows
KEPT, COLUMNS = 500_000, 64
#: degree up to which a polynomial is evaluated by Horner's rule
DENSE = 64


def steps(grids: Sequence[Grid]) -> dict[str, object]:
    """What to put in for each varied size: its value in terms of its steps."""
    found: dict[str, object] = {}
    for grid in grids:
        base = str(grid.leaf.label)
        if grid.leaf.op == "sym":
            found[base] = grid.expr
            continue
        entries = found.setdefault(base, {})
        assert isinstance(entries, dict)
        entries[grid.leaf.args[0]] = grid.expr
    return found


class Function:
    """A polynomial over one table of atoms; what is put in leaves a polynomial in the rest."""

    __slots__ = ("poly", "table", "values", "ways")

    def __init__(self, table: Canonical, poly: Poly, values: dict[tuple[str, int], int], ways: dict[str, int]) -> None:
        self.table = table
        self.poly = poly
        #: atoms worked out before, and how they go as their one symbol grows: kept across rows
        self.values = values
        self.ways = ways

    @classmethod
    def of(cls, size: Size, grids: Sequence[Grid]) -> Function:
        """`size` in terms of the steps of what varies."""
        table = Canonical()
        return cls(table, table.poly(substitute(size, steps(grids))), {}, {})

    def put(self, name: str, t: int) -> Function:
        """The function of the rest, with `t` in place of `name`."""
        poly: Poly = {}
        mixed: list[tuple[Poly, list[tuple[str, int]]]] = []
        for monomial, coefficient in self.poly.items():
            rest: list[tuple[str, int]] = []
            apart: list[tuple[str, int]] = []
            for key, exponent in monomial:
                free = self.table.atoms[key].free
                if name not in free:
                    rest.append((key, exponent))
                elif len(free) == 1:
                    coefficient *= self.value(key, name, t) ** exponent
                else:
                    apart.append((key, exponent))
            if apart:
                mixed.append(({tuple(rest): coefficient}, apart))
            elif coefficient:
                poly[tuple(rest)] = poly.get(tuple(rest), 0) + coefficient
        table = self.table if not mixed else _beside(self.table)
        for outside, inside in mixed:
            for monomial, coefficient in table.times(outside, self._opened(table, inside, name, t)).items():
                poly[monomial] = poly.get(monomial, 0) + coefficient
        return Function(table, poly, self.values, self.ways)

    def _opened(self, table: Canonical, factors: Sequence[tuple[str, int]], name: str, t: int) -> Poly:
        """Atoms that depend on other sizes too, as polynomials in those alone."""
        result: Poly = {(): 1}
        for key, exponent in factors:
            inside = table.poly(substitute(self.table.atoms[key].expr, {name: t}))
            result = table.times(result, table.raised(inside, exponent))
        return result

    def value(self, key: str, name: str, t: int) -> int:
        """The value of an atom that depends on `name` alone."""
        if key == name:
            return t
        found = self.values.get((key, t))
        if found is None:
            if len(self.values) > KEPT:
                self.values.clear()
            found = self.values[key, t] = evaluate(self.table.atoms[key].expr, {name: t})
        return found

    def at(self, point: Mapping[str, int]) -> int:
        """The value at a point; sizes that it does not name are at their first."""
        function = self
        for name in self.free:
            function = function.put(name, point.get(name, 0))
        return function.poly.get((), 0)

    @property
    def free(self) -> list[str]:
        """The names that it still depends on."""
        return sorted(frozenset().union(*(self.table.atoms[key].free for m in self.poly for key, _ in m)))

    def way(self, name: str) -> int:
        """Whether it can only rise, or only fall, as `name` grows."""
        return together([self._term_way(m, c, name) for m, c in self.poly.items()])

    def _term_way(self, monomial: Monomial, coefficient: int, name: str) -> int:
        if not coefficient or all(name not in self.table.atoms[key].free for key, _ in monomial):
            return STAYS
        if not all(self.table.atoms[key].nonnegative for key, _ in monomial):
            return UNKNOWN
        way = together([self._atom_way(key, name) for key, _ in monomial])
        return way if coefficient > 0 or way == UNKNOWN else -way

    def _atom_way(self, key: str, name: str) -> int:
        if key == name:
            return RISES
        known = self.ways.get(f"{key} {name}")
        if known is None:
            known = self.ways[f"{key} {name}"] = direction(self.table.atoms[key].expr, name)
        return known


def _beside(table: Canonical) -> Canonical:
    """A table of its own work and atoms, which knows those of `table`."""
    made = Canonical()
    made.atoms = dict(table.atoms)
    return made


class Row:
    """A function of the last size alone: a few multiplications a value."""

    __slots__ = ("coefficients", "function", "name", "way")

    def __init__(self, function: Function, name: str) -> None:
        self.function = function
        self.name = name
        self.way = function.way(name)
        #: of a plain polynomial, the highest power first (Horner); None where it has other atoms
        self.coefficients = _dense(function.poly, name)

    def at(self, t: int) -> int:
        """The total after t steps."""
        if self.coefficients is not None:
            result = 0
            for coefficient in self.coefficients:
                result = result * t + coefficient
            return result
        value, total = self.function.value, 0
        for monomial, coefficient in self.function.poly.items():
            for key, exponent in monomial:
                coefficient *= value(key, self.name, t) ** exponent
            total += coefficient
        return total

    def column(self, columns: dict[object, list[int]], count: int) -> list[int]:
        """The totals after 0 .. count - 1 steps; `columns` keeps the products of atoms for the next row."""
        poly = self.function.poly
        total = [poly.get((), 0)] * count
        for monomial, coefficient in poly.items():
            if monomial:
                factors = columns.get(monomial)
                if factors is None:
                    factors = self._product(monomial, count)
                    if len(columns) < COLUMNS:
                        columns[monomial] = factors
                total = [a + coefficient * b for a, b in zip(total, factors, strict=True)]
        return total

    def _product(self, monomial: Monomial, count: int) -> list[int]:
        result = [1] * count
        for key, exponent in monomial:
            factors = column(self.function.table.atoms[key].expr, self.name, count)
            result = [a * b**exponent for a, b in zip(result, factors, strict=True)]
        return result


def _dense(poly: Poly, name: str) -> list[int] | None:
    """The coefficients of a polynomial in the one symbol `name`, highest power first."""
    powers: dict[int, int] = {}
    for monomial, coefficient in poly.items():
        if monomial and (len(monomial) > 1 or monomial[0][0] != name):
            return None
        powers[monomial[0][1] if monomial else 0] = coefficient
    top = max(powers, default=0)
    return None if top > DENSE else [powers.get(k, 0) for k in range(top, -1, -1)]


def dense_in(size: Size, leaf: Expr) -> list[int] | None:
    """The coefficients of `size` as a polynomial in one symbol or entry; None where it is none."""
    table = Canonical()
    poly = table.poly(size)
    (((key, _),),) = table.atom(leaf)
    return _dense(poly, key)


__all__ = ["FALLS", "RISES", "STAYS", "UNKNOWN", "Function", "Row", "dense_in", "steps"]
