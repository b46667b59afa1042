"""How many parameters are wanted: --total, --max and --min as they are written, and how they are read.

A number in full (13002) means itself.  One with a letter (1.3B) is rounded, so every total that rounds to it will do:
1.3B is 1,250,000,000 to 1,349,999,999.  As a bound (--max, --min) it means itself.
"""

from __future__ import annotations

from nparams.analyses.check import POWERS, multiple
from nparams.errors import UsageError
from nparams.expr import whole_number


class Budget:
    """What the total should be near (`target`), and the totals that will do (`least` to `most`; None: no bound).

    >>> asked = Budget.of(total="1.3B")
    >>> asked.target, asked.least, asked.most
    (1300000000, 1250000000, 1349999999)
    >>> asked.says, asked.read
    ('about 1,300,000,000', '1.3B, which 1,250,000,000 to 1,349,999,999 round to')
    """

    __slots__ = ("least", "most", "read", "rounded", "says", "target")

    def __init__(self, target: int, least: int | None, most: int | None, says: str, read: str = "") -> None:
        self.target = target
        self.least = least
        self.most = most
        #: whether the target was written rounded, so that near is good enough
        self.rounded = bool(read)
        #: the wish in words, and how a rounded number was read
        self.says = says
        self.read = read

    @classmethod
    def of(cls, total: object = None, most: object = None, least: object = None) -> Budget:
        """The budget as it was written, texts or whole numbers; UsageError where it says nothing or contradicts itself."""
        if total is None and most is None and least is None:
            raise UsageError("how many parameters should it have? Give --total N, --max N or --min N")
        top, floor = (None if each is None else _number(each, name) for each, name in ((most, "--max"), (least, "--min")))
        if top is not None and floor is not None and floor > top:
            raise UsageError(f"--min {floor:,} is more than --max {top:,}: no total can be both")
        if total is None:
            return cls._bounded(top, floor)
        target = _number(total, "--total")
        low, high = _rounding(total, target)
        if (top is not None and top < low) or (floor is not None and floor > high):
            raise UsageError(f"--total {target:,} is not between --min and --max")
        bounds = _bounds_say(top, floor)
        says = f"{'exactly' if low == high else 'about'} {target:,}{f', {bounds}' if bounds else ''}"
        read = "" if low == high else f"{str(total).strip()}, which {low:,} to {high:,} round to"
        least = low if floor is None else max(low, floor)
        return cls(target, least, high if top is None else min(high, top), says, read)

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


def _rounding(written: object, value: int) -> tuple[int, int]:
    """The totals that round to what is written: half a unit of its last digit around it."""
    unit = _unit(written)
    return (value, value) if unit == 1 else (value - unit // 2, value + unit // 2 - 1)


def _unit(written: object) -> int:
    """What one more in the last written digit adds: 100,000,000 for 1.3B."""
    text = written.strip().upper() if isinstance(written, str) else ""
    power = POWERS.get(text[-1:], 0)
    digits = text[:-1].partition(".")[2]
    return 10 ** max(0, power - len(digits.strip()))


def _bounds_say(top: int | None, floor: int | None) -> str:
    parts = [f"at least {floor:,}"] if floor is not None else []
    parts += [f"at most {top:,}"] if top is not None else []
    return " and ".join(parts)
