"""How many parameters are wanted: --total, --max and --min as they are written, and how they are read.

A number in full (13002) means that total and no other.  One with a letter (1.3B) is rounded, so it means about that
many: the nearest total will do, however near that is.  As a bound (--max, --min) either is exact.
"""

from __future__ import annotations

from nparams.analyses.check import POWERS, multiple
from nparams.errors import UsageError
from nparams.expr import whole_number


class Budget:
    """What the total should be near (`target`), and the totals that will do (`least` to `most`; None: no bound).

    >>> Budget.of(total="1.3B").says, Budget.of(total="13_002").says, Budget.of(most="10k").says
    ('about 1,300,000,000', 'exactly 13,002', 'at most 10,000')
    """

    __slots__ = ("about", "least", "most", "says", "target")

    def __init__(self, target: int, least: int | None, most: int | None, says: str, about: bool = False) -> None:
        self.target = target
        self.least = least
        self.most = most
        #: whether the target was written rounded, so that near is good enough
        #: whether the target was written rounded, so that near is good enough
        self.about = about
        #: the wish in words
        self.says = says

    @classmethod
    def of(cls, total: object = None, most: object = None, least: object = None) -> Budget:
        """The budget as it was written, in texts or numbers; UsageError where it says nothing or contradicts itself."""
        if total is None and most is None and least is None:
            raise UsageError("how many parameters should it have? Give --total N, --max N or --min N")
        top, floor = (
            None if each is None else _number(each, name) for each, name in ((most, "--max"), (least, "--min"))
        )
        if top is not None and floor is not None and floor > top:
            raise UsageError(f"--min {floor:,} is more than --max {top:,}: no total can be both")
        if total is None:
            return cls._bounded(top, floor)
        target = _number(total, "--total")
        about = isinstance(total, str) and total.strip()[-1:].upper() in POWERS
        if (top is not None and top < target) or (floor is not None and floor > target):
            raise UsageError(f"--total {target:,} is not between --min and --max")
        bounds = _bounds_say(top, floor)
        says = f"{'about' if about else 'exactly'} {target:,}{f', {bounds}' if bounds else ''}"
        return cls(target, *((floor, top) if about else (target, target)), says, about)

    @classmethod
    def _bounded(cls, top: int | None, floor: int | None) -> Budget:
        target = top if top is not None else floor
        assert target is not None
        return cls(target, floor, top, _bounds_say(top, floor))

    def fits(self, total: int) -> bool:
        """Whether a total will do."""
        return (self.least is None or total >= self.least) and (self.most is None or total <= self.most)

    @property
    def exact(self) -> bool:
        """Whether one total alone will do."""
        return self.least is not None and self.least == self.most


def _number(value: object, option: str) -> int:
    if isinstance(value, str):
        return multiple(value, option)
    number = whole_number(value)
    if number is None or number < 0:
        raise UsageError(f"{option} {value!r} is not a whole number: write 13002, or a text such as '1.3B'")
    return number


def _bounds_say(top: int | None, floor: int | None) -> str:
    parts = [f"at least {floor:,}"] if floor is not None else []
    parts += [f"at most {top:,}"] if top is not None else []
    return " and ".join(parts)
