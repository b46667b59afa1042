"""Sizes whose expression was lost on the way, found again among the expressions that came up: over several runs."""

from __future__ import annotations

from nparams.errors import ExprError, ReadError
from nparams.expr import Expr, add, evaluate, mul
from nparams.expr.nodes import build
from nparams.frameworks._trace.groups import template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nparams.expr import Size
    from nparams.frameworks._trace.run import Item, Run

    Values = Mapping[str, object]
    Witness = tuple[Run, Values]

#: runs that must agree before an expression is taken for a size
RUNS = 3


class Lost:
    """For each kind of tensor and each of its places, the expressions that gave its size in every run looked at."""

    def __init__(self, witnesses: list[Witness]) -> None:
        self.found: dict[tuple[str, int], list[Size]] = {}
        base = witnesses[0][0] if witnesses else None
        by_name = [({item.name: item for item in run.items}, values) for run, values in witnesses]
        for item in base.items if base is not None else ():
            for place, size in enumerate(item.dims):
                if size is None or (isinstance(size, int) and _varies(item.name, place, by_name)):
                    self._find(item, place, by_name, base)  # type: ignore[arg-type]

    def _find(self, item: Item, place: int, by_name: list[tuple[dict[str, Item], Values]], base: Run) -> None:
        held = self.found.setdefault((template(item.name), place), [])
        numbers = [(named[item.name].shape[place], values) for named, values in by_name if item.name in named]
        if any(_gives(size, numbers) for size in held):
            return
        assert base.journal is not None
        pool = base.journal.pool
        size = _candidate(numbers, pool)
        if size is not None:
            held.append(size)

    def dims(self, run: Run, values: Values) -> dict[str, tuple[Size, ...]]:
        """The symbolic shape of every tensor of a run; ReadError where a size cannot be said."""
        return {item.name: tuple(self._size(item, k, values) for k in range(len(item.shape))) for item in run.items}

    def _size(self, item: Item, place: int, values: Values) -> Size:
        size = item.dims[place]
        if isinstance(size, Expr):
            return size
        number = item.shape[place]
        for candidate in self.found.get((template(item.name), place), ()):
            if _gives(candidate, [(number, values)]):
                return candidate
        if size is not None:
            return size
        raise ReadError(f"{item.name}: its size {number:,} comes from arithmetic that no exact expression follows")


def _varies(name: str, place: int, by_name: list[tuple[dict[str, Item], Values]]) -> bool:
    """Whether a size that seemed to be a number is another one in another run."""
    return len({named[name].shape[place] for named, _ in by_name if name in named}) > 1


def _gives(size: Size, numbers: Iterable[tuple[int, Values]]) -> bool:
    try:
        return all(evaluate(size, values) == number for number, values in numbers)
    except ExprError:
        return False


def _candidate(numbers: list[tuple[int, Values]], pool: Mapping[Expr, int]) -> Size | None:
    """The shortest expression that gives every number; the same number everywhere is a number."""
    if len({number for number, _ in numbers}) == 1:
        return numbers[0][0]
    first = numbers[0][0]
    same = sorted((e for e, value in pool.items() if value == first), key=lambda e: (len(str(e)), str(e)))
    exact = next((e for e in same if _gives(e, numbers)), None)
    return exact if exact is not None else _half(numbers, pool) or _line(numbers, pool)


def _half(numbers: list[tuple[int, Values]], pool: Mapping[Expr, int]) -> Size | None:
    """Half or a quarter of an expression that came up: every other number of a table is taken."""
    first = numbers[0][0]
    halves = [(e, k, op) for e, v in pool.items() for k in (2, 4) for op in ("floordiv", "ceildiv") if v // k == first]
    made = (build(op, (e, k)) for e, k, op in sorted(halves, key=lambda half: (len(str(half[0])), half[1])))
    return next((size for size in made if _gives(size, numbers)), None)


def _line(numbers: list[tuple[int, Values]], pool: Mapping[Expr, int]) -> Size | None:
    """a*e + b for whole a and b and an expression e that came up: a candidate like any other."""
    for e in sorted(pool, key=lambda e: (len(str(e)), str(e)))[:400]:
        try:
            points = [(evaluate(e, values), number) for number, values in numbers]
        except ExprError:
            continue
        (x, y), other = points[0], next((p for p in points if p[0] != points[0][0]), None)
        if other is None or (other[1] - y) % (other[0] - x):
            continue
        slope = (other[1] - y) // (other[0] - x)
        size = add(mul(slope, e), y - slope * x)
        if _gives(size, numbers):
            return size
    return None
