"""The closed form held against the real constructor, run with plain integers, on fresh random sizes."""

from __future__ import annotations

import random

from nparams.errors import ExprError, ReadError
from nparams.expr import Expr, evaluate
from nparams.frameworks._trace.groups import template
from nparams.frameworks._trace.run import Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nparams.expr import Size
    from nparams.frameworks._trace.arguments import Arguments, Point
    from nparams.frameworks._trace.cells import Cell
    from nparams.frameworks._trace.run import Run, Runner

    Counts = dict[tuple[str, str, bool], int]

#: fresh points that must agree, points tried at most, and what a fresh size is at most where seeds are small
AGREE, TRIED = 8, 120
#: numbers of tensors that a fresh model may have: deeper ones are drawn again
SEARCH = 400
#: points at numbers that stand in the code, and sizes that tables are often made for
MARKED, COMMON = 32, (64, 128, 256, 512, 768, 1024, 2048, 4096)


class Claim:
    """What is claimed: cells, their sum, and the conditions under which that holds."""

    def __init__(
        self,
        arguments: Arguments,
        cells: Sequence[Cell],
        total: Size,
        left_out: Sequence[str] = (),
        where: Sequence[Expr] = (),
    ) -> None:
        self.arguments = arguments
        self.cells = cells
        self.total = total
        #: buffers of which nothing is claimed
        self.left_out = set(left_out)
        self.where = list(where)

    def holds_at(self, values: Mapping[str, object]) -> bool:
        """Whether every condition holds at a point."""
        return all(true_at(condition, values) for condition in self.where)

    def expected(self, values: dict[str, object]) -> Counts | None:
        """{(template, role, tied): elements} at a point; None where a count would be negative or has no value."""
        found: Counts = {}
        try:
            for cell in self.cells:
                elements = cell.elements_at(values)
                if elements is None:
                    return None
                key = (cell.key.pattern, cell.key.role, cell.key.tied is not None)
                if elements:
                    found[key] = found.get(key, 0) + elements
        except ExprError:
            return None
        return found


def counted(run: Run) -> Counts:
    """{(template, role, tied): elements} of a real run."""
    found: Counts = {}
    for item in run.items:
        key = (template(item.name), item.role, item.tied_to is not None)
        found[key] = found.get(key, 0) + item.size
    return found


def true_at(condition: Expr, values: Mapping[str, object]) -> bool:
    """Whether a condition holds at a point (one that has no value there does not)."""
    try:
        return evaluate(condition, values) != 0
    except ExprError:
        return False


def difference(claim: Claim, run: Run, values: dict[str, object]) -> str | None:
    """What the claim gets wrong at a point, None where it is right in every part (a buffer is then left out of it)."""
    expected, real = claim.expected(values), counted(run)
    if expected is None:
        return "a number of copies would be negative"
    for key in real.keys() | expected.keys():
        name = key[0].replace("#", "*")
        if real.get(key, 0) != expected.get(key, 0) and key[1] == "buffer":
            claim.left_out.add(name)
        elif real.get(key, 0) != expected.get(key, 0):
            return f"{name} has {real.get(key, 0):,} there, not {expected.get(key, 0):,}"
    total = sum(n for (_, role, tied), n in real.items() if role in ("weight", "bias") and not tied)
    claimed = evaluate(claim.total, values)
    return None if claimed == total else f"it has {total:,} parameters there, not {claimed:,}"


def fresh_points(arguments: Arguments, base: Point, depths: set[str], seed: int) -> Iterator[Point]:
    """Random points: every size another than at the base, flags drawn at random."""
    rng = random.Random(seed)
    for attempt in range(SEARCH * 50):
        point: Point = {}
        bold = attempt % 3
        for s in arguments.symbols:
            value = base[s.key]
            if s.flag:
                point[s.key] = rng.randint(0, 1)
            elif s.key in depths:
                point[s.key] = rng.randint(1, 7 + attempt // 16)
            elif bold == 0:
                point[s.key] = value * rng.choice((2, 3, 4, 5, 6, 7))
            elif bold == 1 and value >= 8:
                point[s.key] = rng.choice((value * rng.randint(2, 5), 8 * rng.randint(1, 60), rng.randint(1, 200)))
            else:
                point[s.key] = rng.choice((rng.randint(1, 9), value * rng.randint(2, 4), value + rng.randint(1, 9)))
        yield point


def marked_points(arguments: Arguments, base: Point, depths: set[str], numbers: Sequence[int]) -> Iterator[Point]:
    """One size at a time as a number by which the code may know it: what looks it up in a table asks nothing."""
    sizes = [s.key for s in arguments.ints if s.key not in depths]
    for number in dict.fromkeys([*numbers[:MARKED], *COMMON, *(n + 1 for n in numbers[:MARKED])]):
        yield from ({**base, key: number} for key in sizes if base[key] != number)


class Check:
    """Points at which the claim is held against the constructor."""

    def __init__(self, claim: Claim, runner: Runner, traced: Iterable[Point]) -> None:
        self.claim = claim
        self.runner = runner
        #: points that were looked at, or that the claim was made from
        self.seen = {tuple(p.items()) for p in traced}
        self.tried = 0
        self.agreed: list[Point] = []

    def at(self, point: Point) -> None:
        """ReadError where the claim is wrong; nothing where the constructor refuses, or the point was seen before."""
        key = tuple(point.items())
        values = self.claim.arguments.values(point)
        if key in self.seen or not self.claim.holds_at(values):
            return
        self.seen.add(key)
        self.tried += 1
        try:
            run = self.runner.plainly(self.claim.arguments.at(point, None))
        except Broken:
            return
        wrong = difference(self.claim, run, values)
        if wrong is not None:
            raise ReadError(f"the formula that was found is wrong at {told(point)}: {wrong}")
        self.agreed.append(point)


def checked(claim: Claim, runner: Runner, base: Point, depths: set[str], traced: Iterable[Point] = ()) -> list[Point]:
    """The fresh points at which the claim was right in every part; ReadError where it was not, or there are too few."""
    flags_only = not claim.arguments.ints
    check = Check(claim, runner, () if flags_only else traced)
    for looked, point in enumerate(fresh_points(claim.arguments, base, depths, seed=11)):
        if check.tried >= TRIED or len(check.agreed) >= AGREE or (flags_only and looked > SEARCH):
            break
        check.at(point)
    if len(check.agreed) < (1 if flags_only else AGREE):
        raise ReadError(
            f"only {len(check.agreed)} fresh sizes were accepted by the constructor, of {check.tried} tried: too few "
            "to verify the formula"
        )
    most = check.tried + MARKED
    for point in marked_points(claim.arguments, base, depths, runner.numbers):
        if check.tried > most:
            break
        check.at(point)
    return check.agreed


def told(point: Point) -> str:
    """A point for a message."""
    return ", ".join(f"{key} = {value}" for key, value in point.items())
