"""Whether a network's total is the expected one, and within bounds: one line either way."""

from __future__ import annotations

from nparams.analyses._text import short
from nparams.errors import UsageError, escaped, shown, uncounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

#: what a letter after a number multiplies it by, as a power of ten
POWERS = {"K": 3, "M": 6, "B": 9, "T": 12}
MAX_DIGITS = 1_000


class Bounds:
    """What the total must be: exactly, at most, at least; None where nothing is asked."""

    __slots__ = ("exact", "least", "most")

    def __init__(self, exact: int | None, most: int | None, least: int | None) -> None:
        self.exact = exact
        self.most = most
        self.least = least


class Check:
    """What was found: whether every bound holds, and one line that says so."""

    __slots__ = ("holds", "line")

    def __init__(self, holds: bool, line: str) -> None:
        self.holds = holds
        self.line = escaped(line)


def bounds(exact: str | None, most: str | None, least: str | None) -> Bounds:
    """The bounds as they were written; UsageError where one is no exact number, or where none is given."""
    if exact is None and most is None and least is None:
        raise UsageError("nothing to check: give --expect N, --max N or --min N")
    found = Bounds(
        None if exact is None else whole(exact, "--expect"),
        None if most is None else multiple(most, "--max"),
        None if least is None else multiple(least, "--min"),
    )
    if found.most is not None and found.least is not None and found.least > found.most:
        raise UsageError(f"--min {found.least:,} is more than --max {found.most:,}: no total can be both")
    return found


def whole(text: str, option: str) -> int:
    """A whole number, with , or _ between its digits if the user likes.

    >>> whole("13,002", "--expect")
    13002
    """
    digits = text.strip().replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        raise UsageError(f"{option} {shown(text)} is not a whole number: write 13002, 13,002 or 13_002")
    return int(digits)


def multiple(text: str, option: str) -> int:
    """A whole number, or an exact multiple of a power of a thousand.

    >>> multiple("1.5M", "--max"), multiple("20_000", "--max")
    (1500000, 20000)
    """
    bare = text.strip().upper()
    power = POWERS.get(bare[-1:], 0)
    if not power:
        return whole(text, option)
    front, _, behind = bare[:-1].strip().partition(".")
    behind = behind.rstrip("0")
    if len(behind) > power:
        raise UsageError(f"{option} {shown(text)} is not a whole number of parameters")
    digits = front.replace(",", "").replace("_", "")
    if not (digits + behind).isascii() or not digits.isdigit() or (behind and not behind.isdigit()):
        raise UsageError(f"{option} {shown(text)} is not a number: write 13,002, 500K, 1.5M or 7B")
    return whole(digits + behind + "0" * (power - len(behind)), option)


def check(network: Network, wanted: Bounds) -> Check:
    """Whether the total of a network keeps the bounds; UsageError where it has no total in plain numbers.

    >>> import nparams
    >>> check(nparams.read("784-16-16-10"), bounds(None, "10K", None)).line
    'too many: 784-16-16-10 has 13,002 parameters, 3,002 more than the 10,000 allowed'
    """
    name, total = short(network), network.total
    if total is None:
        raise UsageError(f"{uncounted(network.totals.unknown)}, so there is no total to check")
    if not isinstance(total, int):
        raise UsageError(f"the total of {name} is {total}: give its symbols numbers with --set NAME=VALUE")
    has = f"{name} has {total:,} parameters"
    if wanted.exact is not None and total != wanted.exact:
        apart = f"{abs(total - wanted.exact):,} {'more' if total > wanted.exact else 'less'}"
        return Check(False, f"not as expected: {has}, {apart} than the {wanted.exact:,} expected")
    if wanted.most is not None and total > wanted.most:
        return Check(False, f"too many: {has}, {total - wanted.most:,} more than the {wanted.most:,} allowed")
    if wanted.least is not None and total < wanted.least:
        return Check(False, f"too few: {has}, {wanted.least - total:,} less than the {wanted.least:,} needed")
    return Check(True, f"ok: {has}{_told(wanted)}")


def _told(wanted: Bounds) -> str:
    told = ["as expected"] if wanted.exact is not None else []
    told += [f"at most {wanted.most:,}"] if wanted.most is not None else []
    told += [f"at least {wanted.least:,}"] if wanted.least is not None else []
    return f" ({', '.join(told)})"
