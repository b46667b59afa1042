"""Numbers to begin with, where none are given: such that the constructor accepts them, and no two are alike."""

from __future__ import annotations

import random
import re

from nparams.errors import ReadError
from nparams.expr import Expr, free_symbols
from nparams.frameworks._trace.journal import Journal
from nparams.frameworks._trace.run import Broken, Runner
from nparams.frameworks._trace.verify import true_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.frameworks._trace.arguments import Arguments, Point, Symbol

#: how often a constructor is tried
ATTEMPTS = 80
#: how often numbers are changed for what the constructor asked last, and drawn to answer it the other way
GUIDED, SAMPLES = 16, 200
#: sixteen times a prime: heads and groups divide them, and no two are equal, or one twice the other
WIDE = tuple(16 * p for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73))
LITTLE = (3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14, 17, 16, 19, 18, 21, 20)
TWOS = (64, 32, 128, 16, 256, 8, 512, 4)
#: what a name suggests: only where to begin, never what a symbol means
HEADS = re.compile(r"head|groups?$", re.I)
KERNEL = re.compile(r"kernel|patch|^k$|^p$|stride", re.I)
FEW = re.compile(r"layer|depth|block|stage|level|repeat|expert|^[nlmkELNMK]$|^(n|num)_?[a-z]$|^top", re.I)


def find(arguments: Arguments, runner: Runner) -> Point:
    """The first point that the constructor accepts; ReadError where none was found."""
    rng = random.Random(0)
    tried: list[tuple[Point, str]] = []
    given = all(s.seed is not None or s.flag for s in arguments.symbols)
    for start in _starts(arguments):
        point: Point | None = start
        for _ in range(GUIDED):
            if point is None or len(tried) > ATTEMPTS:
                break
            journal = Journal()
            try:
                runner.tracked(arguments.at(point, journal), journal)
                return point
            except Broken as error:
                tried.append((point, str(error)))
            point = answered(arguments, point, journal, rng)
        if given or len(tried) > ATTEMPTS:
            break
    raise ReadError(
        f"the constructor does not accept {_told(tried[0][0])}: {tried[0][1]}; "
        "like={...} gives it numbers to start from"
    )


def _told(point: Point) -> str:
    return ", ".join(f"{key} = {value}" for key, value in point.items()) or "no arguments"


def _starts(arguments: Arguments) -> Iterator[Point]:
    rng = random.Random(1)
    yield _from(arguments, _hinted)
    yield _from(arguments, lambda s, k: WIDE[k % len(WIDE)])
    yield _from(arguments, lambda s, k: LITTLE[k % len(LITTLE)])
    yield _from(arguments, lambda s, k: TWOS[k % len(TWOS)])
    for _ in range(ATTEMPTS):
        yield _from(arguments, lambda s, k: rng.choice((WIDE, LITTLE, TWOS))[k % 8])


def _from(arguments: Arguments, choose: object) -> Point:
    point: Point = {}
    for k, s in enumerate(arguments.symbols):
        chosen = int(s.flag) if s.flag else choose(s, k)  # type: ignore[operator]
        point[s.key] = s.seed if s.seed is not None else chosen
    return point


def _hinted(s: Symbol, k: int) -> int:
    if HEADS.search(s.argument):
        return 2 if "k" in s.argument.partition("head")[0] else 4
    if KERNEL.search(s.argument):
        return 3 if "kernel" in s.argument or s.argument in "kp" else 4
    return LITTLE[k % len(LITTLE)] if FEW.search(s.argument) else WIDE[k % len(WIDE)]


def answered(
    arguments: Arguments, point: Point, journal: Journal, rng: random.Random, *, given: bool = False
) -> Point | None:
    """The point with other numbers, so that what was asked last, before the constructor gave up, is answered no.

    `given`: numbers that the caller gave may change too.
    """
    last = next((c for c in reversed(journal.conditions) if _keys(arguments, c)), None)
    if last is None:
        return None
    keys = _keys(arguments, last)
    free = [s for s in arguments.symbols if s.key in keys and (given or s.seed is None) and not s.flag]
    kinds = (WIDE[:8], LITTLE[:8], TWOS, tuple(n for n in point.values() if n))
    for _ in range(SAMPLES if free else 0):
        changed = {**point, **{s.key: rng.choice(rng.choice(kinds)) for s in free}}
        if not true_at(last, arguments.values(changed)):
            return changed
    return None


def _keys(arguments: Arguments, condition: Expr) -> set[str]:
    names = free_symbols(condition)
    return {s.key for s in arguments.symbols if s.base in names}
