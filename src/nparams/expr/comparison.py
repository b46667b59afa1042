"""Are two expressions equal?  Three answers: yes (proved), no (with a witness), or agrees wherever it was tried."""

from __future__ import annotations

from nparams.errors import ExprError
from nparams.expr.arithmetic import Work
from nparams.expr.nodes import Expr, add, mul
from nparams.expr.poly import Canonical
from nparams.expr.values import entry_name, evaluate
from nparams.expr.walk import free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EQUAL, DIFFERENT, UNPROVED = "equal", "different", "unproved"
POINTS = 40
#: numbers tried for symbols: small ones first, where branches and divisions differ
PROBES = (1, 2, 3, 0, 5, 4, 7, 8, 16, 6, 11, 13, 64, 9, 10, 100, 31)


class Verdict:
    """What a comparison found: `answer` is "equal", "different" or "unproved".

    `witness` gives, for "different", values for the symbols where the two differ (an indexed symbol: {index: value});
    `points` says at how many points the two agreed when nothing was proved.
    """

    __slots__ = ("answer", "points", "witness")

    def __init__(self, answer: str, witness: dict[str, object] | None = None, points: int = 0) -> None:
        self.answer = answer
        self.witness = witness or {}
        self.points = points

    def __repr__(self) -> str:
        return f"Verdict({self.answer!r}, witness={self.witness}, points={self.points})"


def equal(a: int | Expr, b: int | Expr, lower: Mapping[str, int] | None = None) -> bool:
    """Whether a = b is proved, for sizes of 0 or more (or of at least `lower`).

    >>> from nparams.expr import parse
    >>> equal(parse("(h0 + 1)*h1"), parse("h1 + h0*h1"))
    True
    """
    if a == b:
        return True
    try:
        return not Canonical(lower).canonical(add(a, mul(-1, b)))
    except ExprError:  # too much work, or no value anywhere (a division by zero): nothing is proved
        return False


def compare(a: int | Expr, b: int | Expr, lower: Mapping[str, int] | None = None) -> Verdict:
    """Compare two expressions over all sizes of 0 or more (or of at least `lower`).

    >>> from nparams.expr import parse
    >>> compare(parse("h*h"), parse("h**2")).answer
    'equal'
    >>> compare(parse("h*h"), parse("2*h")).witness
    {'h': 1}
    >>> compare(parse("sum(i=1..n, i)"), parse("n*(n+1)//2")).answer
    'unproved'
    """
    if equal(a, b, lower):
        return Verdict(EQUAL)
    agreed = 0
    for values in _points(lower or {}):
        try:
            work = Work(100_000)
            if evaluate(a, values, work) != evaluate(b, values, work):
                return Verdict(DIFFERENT, witness=values.used(free_symbols(a) | free_symbols(b)))
            agreed += 1
        except ExprError:  # a division by zero, a number too large: no value here, so nothing is learnt here
            continue
    return Verdict(UNPROVED, points=agreed)


class _Point(dict[str, object]):
    """Values made up as they are asked for: an int for a symbol, a _Entries for an indexed one."""

    def __init__(self, seed: int, lower: Mapping[str, int]) -> None:
        super().__init__()
        self.seed = seed
        self.lower = lower

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> int:
        self[name] = value = max(probe(self.seed, name), self.lower.get(name, 0))
        return value

    def get(self, name: str, default: object = None) -> object:
        """The entries of an indexed symbol (the only use of get)."""
        key = name + "[]"
        if not super().__contains__(key):
            self[key] = _Entries(self.seed, name, self.lower)
        return self[key]

    def used(self, names: frozenset[str]) -> dict[str, object]:
        """The values of `names` that were asked for, as plain numbers."""
        asked: dict[str, object] = dict(self)
        entries = {n: dict(held) for n in names if isinstance(held := asked.get(n + "[]"), _Entries)}
        return {n: entries.get(n, asked.get(n)) for n in sorted(names) if n in entries or n in asked}


class _Entries(dict[int, int]):
    def __init__(self, seed: int, name: str, lower: Mapping[str, int]) -> None:
        super().__init__()
        self.seed = seed
        self.name = name
        self.lower = lower

    def __contains__(self, index: object) -> bool:
        return True

    def __missing__(self, index: int) -> int:
        least = self.lower.get(entry_name(self.name, index), 0)
        self[index] = value = max(probe(self.seed, f"{self.name}[{index}]"), least)
        return value


def probe(seed: int, name: str) -> int:
    """A small number that depends on the seed and the name, the same in every process."""
    mixed = seed
    for c in name:
        mixed = (mixed * 31 + ord(c)) % 1_000_003
    if seed < 4:
        return PROBES[seed]
    return PROBES[mixed * (seed + 7) % 1_009 % len(PROBES)]


def _points(lower: Mapping[str, int]) -> Iterator[_Point]:
    return (_Point(seed, lower) for seed in range(POINTS))
