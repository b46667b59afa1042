"""Which of the questions that the code asked must be answered the same way for the formula to hold.

Every comparison that a constructor makes of its arguments is a candidate.  Each is put to the test at points where it
does not hold: where the formula is right all the same, the answer made no difference; where the formula is wrong, or
the constructor refuses, it is a condition.
"""

from __future__ import annotations

import random

from nparams.errors import ExprError, ReadError
from nparams.expr import Expr, free_symbols
from nparams.expr.nodes import build
from nparams.expr.poly import Canonical
from nparams.expr.polynomial import constant, plus, scaled
from nparams.frameworks._trace.run import Broken
from nparams.frameworks._trace.sequences import INDEX
from nparams.frameworks._trace.verify import difference, fresh_points, told, true_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nparams.frameworks._trace.arguments import Point, Symbol
    from nparams.frameworks._trace.probes import Study
    from nparams.frameworks._trace.verify import Claim

#: points tried before any question is looked at, points tried for each, and candidates that are looked at
FIRST, EACH, MOST = 14, 2, 120
#: a depth that is tried because the code asks about it
DEEPEST = 100
RIGHT, REFUSED = "right", "refused"


def candidates(study: Study, claim: Claim) -> list[Expr]:
    """What held at every point where the code was traced, and is not always true."""
    lower = {s.key: 1 for s in study.arguments.ints if s not in study.features}
    found: dict[str, Expr] = {}
    base = study.arguments.values(study.base)
    asked = [c for s in study.samples() if s.run.journal is not None for c in s.run.journal.conditions]
    for condition in [*_guards(study, claim), *asked]:
        plain = simplified(condition, lower)
        if plain is not None and str(plain) not in found and true_at(plain, base):
            found[str(plain)] = plain
    return list(found.values())[:MOST]


def _guards(study: Study, claim: Claim) -> Iterator[Expr]:
    """No number of copies is below 0, and every depth is 1 or more (unless 0 proves to be as good)."""
    for s in study.features:
        if not s.flag:
            yield Expr("le", (1, s.expr))
    depths = [s for s in study.features if not s.flag]
    for a in depths:
        yield from (
            Expr("le", (a.expr, b.expr)) for b in depths if study.base[a.key] <= study.base[b.key] and a is not b
        )
    for cell in claim.cells:
        yield from (Expr("le", (0, level.count)) for level in cell.levels)
        for size in cell.dims:
            yield from (Expr("le", (0, exponent)) for exponent in _exponents(size))


def _exponents(size: int | Expr) -> Iterator[Expr]:
    """Exponents that are no numbers, and do not depend on where a tensor stands."""
    stack = [size]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            stack.extend(node.args)
            exponent = node.args[1] if node.op == "pow" else 0
            if isinstance(exponent, Expr) and INDEX not in free_symbols(exponent):
                yield exponent


def simplified(condition: Expr, lower: dict[str, int]) -> Expr | None:
    """A condition as it is best read; None where it holds for all sizes."""
    try:
        table = Canonical(lower)
        value = table.expr(table.poly(condition))
        if isinstance(value, int):
            return None
        left, right = (table.expr(table.poly(side)) for side in condition.args)
    except ExprError:
        return None
    if condition.op in ("lt", "le"):
        return _least(table, condition.op, left, right)
    if condition.op == "ne" and right == 0:  # a quotient that is not 0
        least = _quotient_at_least_one(1, left)
        if least is not None:
            return least
    return _as_remainder(condition.op, left, right) or Expr(condition.op, (left, right))


def _least(table: Canonical, op: str, left: int | Expr, right: int | Expr) -> Expr:
    """depth - 3 >= 0 as 3 <= depth, K - L <= 0 as K <= L: every term on the side where it is positive."""
    difference = plus(table.poly(right), scaled(table.poly(left), -1), constant(-1 if op == "lt" else 0))
    more = {m: c for m, c in difference.items() if c > 0}
    less = {m: -c for m, c in difference.items() if c < 0}
    sides = table.expr(less), table.expr(more)
    return _quotient_at_least_one(*sides) or Expr("le", sides)


def _quotient_at_least_one(least: int | Expr, size: int | Expr) -> Expr | None:
    """(h//a)*a >= 1 is a <= h: every factor is 1 or more, and a size always is."""
    factors = size.args if isinstance(size, Expr) and size.op == "mul" else (size,)
    divided = [f for f in factors if isinstance(f, Expr) and f.op == "floordiv"]
    rest = [f for f in factors if f not in divided and not (isinstance(f, Expr) and f.op in ("sym", "idx", "pow"))]
    if least != 1 or len(divided) != 1 or any(isinstance(f, Expr) for f in rest):
        return None
    return Expr("le", (divided[0].args[1], divided[0].args[0]))


def _as_remainder(op: str, left: int | Expr, right: int | Expr) -> Expr | None:
    """(h//a)*a = h is h % a = 0, however the sides are written."""
    for one, other in ((left, right), (right, left)):
        for part in one.args if isinstance(one, Expr) and one.op == "mul" else ():
            if isinstance(part, Expr) and part.op == "floordiv" and op in ("eq", "ne"):
                over, under = part.args
                table = Canonical()
                again = table.poly(build("mul", (part, under)))
                if over == other and again == table.poly(one):
                    return Expr(op, (Expr("mod", (over, under)), 0))
    if op in ("eq", "ne") and isinstance(left, Expr) and left.op == "add":
        return _written_remainder(op, left, right)
    return None


def _written_remainder(op: str, left: Expr, right: int | Expr) -> Expr | None:
    """h - a*(h//a), which is what h % a becomes when it is multiplied out."""
    for part in _divisions(left):
        over, under = part.args
        table = Canonical()
        if table.poly(Expr("mod", (over, under))) == table.poly(left):
            return Expr(op, (Expr("mod", (over, under)), right))
    return None


def _divisions(root: Expr) -> Iterator[Expr]:
    stack: list[int | Expr] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            if node.op == "floordiv":
                yield node
            stack.extend(node.args)


class Trials:
    """What came of running the real constructor with plain integers, and what the claim said there."""

    def __init__(self, study: Study, claim: Claim) -> None:
        self.study = study
        self.claim = claim
        self.done: dict[tuple[tuple[str, int], ...], str] = {}
        self.points: list[tuple[Point, dict[str, object], str]] = []

    def outcome(self, point: Point) -> str:
        """RIGHT, REFUSED (by the constructor), or what is wrong."""
        key = tuple(point.items())
        if key not in self.done:
            values = self.study.arguments.values(point)
            try:
                run = self.study.runner.plainly(self.study.arguments.at(point, None))
                result = difference(self.claim, run, values) or RIGHT
            except Broken:
                result = REFUSED
            self.done[key] = result
            self.points.append((point, values, result))
        return self.done[key]


def settle(study: Study, claim: Claim) -> list[Expr]:
    """The conditions under which the claim holds; ReadError where it is wrong and no question says when."""
    trials = Trials(study, claim)
    asked = candidates(study, claim)
    depths = {s.key for s in study.features}
    for k, point in enumerate(fresh_points(study.arguments, study.base, depths, seed=5)):
        if k >= FIRST:
            break
        trials.outcome(point)
    for condition in asked:
        _try(condition, asked, trials)
    return _fewest(asked, trials)


def _refuted(condition: Expr, trials: Trials) -> bool:
    """Whether the claim is right somewhere where the condition does not hold."""
    return any(result == RIGHT and not true_at(condition, values) for _, values, result in trials.points)


def _try(condition: Expr, asked: list[Expr], trials: Trials) -> None:
    if _refuted(condition, trials):
        return
    for k, point in enumerate(_violating(condition, asked, trials)):
        if trials.outcome(point) == RIGHT or k + 1 >= EACH:
            return


def _violating(condition: Expr, asked: list[Expr], trials: Trials) -> Iterator[Point]:
    """Points where the condition does not hold, first those where as many as possible of the others do."""
    study = trials.study
    rng = random.Random(str(condition))
    names = free_symbols(condition)
    free = [s for s in study.arguments.symbols if s.base in names]
    found: list[tuple[int, int, Point]] = []
    others = [c for c in asked if c is not condition and not _refuted(c, trials)]
    starts = [study.base, *(p for p, _, result in trials.points if result == RIGHT)][:4]
    for start in starts:
        for s in free:
            for value in _values(s, start, s in study.features, rng, _numbers(condition)):
                point = {**start, s.key: value}
                values = study.arguments.values(point)
                if not true_at(condition, values):
                    broken = sum(not true_at(c, values) for c in others)
                    found.append((broken, len(found), point))
    yield from (point for _, _, point in sorted(found, key=lambda entry: entry[:2])[: EACH * 2])


def _numbers(condition: Expr) -> set[int]:
    """The numbers that stand in a condition: it turns where a size passes one of them."""
    found: set[int] = set()
    stack: list[int | Expr] = [condition]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            stack.extend(node.args)
        elif node > 0:
            found.add(node)
    return found


def _values(s: Symbol, point: Point, depth: bool, rng: random.Random, turns: set[int]) -> Iterable[int]:
    if s.flag:
        return (1 - point[s.key],)
    value = point[s.key]
    near = {1, 2, 3, value + 1, max(1, value - 1), value * 2, rng.randint(1, 300), 8 * rng.randint(1, 40)}
    near |= {n for n in point.values() if n > 0} | {2 * n for n in point.values() if n > 0}
    near |= {n // 2 for n in point.values() if n > 1} | {4 * n for n in point.values() if n > 0}
    near |= {n + k for n in turns for k in (-1, 0, 1, n)} - {0}
    if depth:
        near = {n for n in near if n <= 12 or (n <= DEEPEST and n - 1 in turns)} | {0}
    return sorted(near - {value})


def _fewest(asked: list[Expr], trials: Trials) -> list[Expr]:
    """The conditions that keep out every point where the claim is wrong, or the constructor refuses.

    One under which the claim can be right is taken only where no other keeps out a point where it is wrong: halves are
    rounded up every other time.
    """
    kept: list[Expr] = []
    needed = [c for c in asked if not _refuted(c, trials)]
    bad = [(point, values, result) for point, values, result in trials.points if result != RIGHT]
    bad.sort(key=lambda entry: entry[2] == REFUSED)  # what is wrong first
    for point, values, result in bad:
        if any(not true_at(c, values) for c in kept):
            continue
        broken = [c for c in needed if not true_at(c, values)]
        if not broken and result != REFUSED:
            broken = [c for c in asked if not true_at(c, values)]
        if broken:
            kept.append(min(broken, key=lambda c: (-_keeps_out(c, bad), len(str(c)), str(c))))
        elif result != REFUSED:
            raise ReadError(f"the formula that was found is wrong at {told(point)}: {result}")
    return [c for c in asked if c in kept]


def _keeps_out(condition: Expr, bad: list[tuple[Point, dict[str, object], str]]) -> int:
    return sum(not true_at(condition, values) for _, values, _ in bad)
