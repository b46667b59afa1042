"""What is asked of solve: the budget, what may vary and where, and how many answers are shown."""

from __future__ import annotations

from nparams.analyses._solve.budget import Budget
from nparams.errors import ExprError, UsageError, shown
from nparams.expr import Expr, symbol, whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: the largest number that a range or a multiple may have
LARGEST = 10**15


class Wanted:
    """One question to solve, from Python values or from the texts of a command line."""

    __slots__ = ("budget", "given", "keep", "multiples", "ranges", "top", "vary")

    def __init__(
        self,
        budget: Budget,
        vary: Iterable[str] = (),
        ranges: Mapping[str, object] | None = None,
        multiples: Mapping[str, object] | None = None,
        given: Mapping[str, object] | None = None,
        keep: Iterable[str] = (),
        top: int = 5,
    ) -> None:
        self.budget = budget
        self.vary = [name.strip() for name in vary if name.strip()]
        self.ranges = {name: _range(name, value) for name, value in (ranges or {}).items()}
        self.multiples = {name: _multiple(name, value) for name, value in (multiples or {}).items()}
        #: what has been set: numbers and relations
        self.given = dict(given or {})
        #: fields of a config that stay as they are, where they would follow a width
        self.keep = [name.strip() for name in keep if name.strip()]
        self.top = top
        if top < 1:
            raise UsageError(f"--top {top}: show one answer at least")

    @property
    def named(self) -> list[str]:
        """Every size that the question says something of, in the order of the question."""
        return list(dict.fromkeys([*self.vary, *self.ranges, *self.multiples]))


def leaf_of(name: str) -> Expr:
    """The symbol that a name means: h, h1, text_config.hidden_size."""
    try:
        return symbol(name.replace(".", "__"))
    except ExprError:
        raise UsageError(f"{shown(name)} is not the name of a size") from None


def _range(name: str, value: object) -> tuple[int, int | None]:
    """(first, last or None) of 2..48, 2.., 7, (2, 48) or range(2, 49)."""
    if isinstance(value, str):
        first, dots, last = value.partition("..")
        if dots:
            return _ordered(name, _whole(name, first), _whole(name, last) if last.strip() else None)
        return _ordered(name, _whole(name, value), _whole(name, value))
    if isinstance(value, range) and value:
        return _ordered(name, min(value), max(value))
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return _ordered(name, _whole(name, value[0]), None if value[1] is None else _whole(name, value[1]))
    raise UsageError(f"--range {name}={shown(str(value))}: write {name}=2..48")


def _ordered(name: str, first: int, last: int | None) -> tuple[int, int | None]:
    if last is not None and last < first:
        raise UsageError(f"--range {name}={first}..{last} holds no value: the smaller number goes first")
    return first, last


def _multiple(name: str, value: object) -> int:
    number = _whole(name, value)
    if number < 1:
        raise UsageError(f"--multiple {name}={number}: a multiple of 1 or more")
    return number


def _whole(name: str, value: object) -> int:
    text = value.strip().replace(",", "").replace("_", "") if isinstance(value, str) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else whole_number(value)
    if number is None or not 0 <= number <= LARGEST:
        raise UsageError(f"{name}: {shown(str(value))} is not a whole number up to {LARGEST:,}")
    return number
