"""What one run of a constructor leaves behind: the conditions that it met and the expressions that it made."""

from __future__ import annotations

from nparams.errors import ExprError, ReadError
from nparams.expr import Expr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

#: conditions and expressions that one run may leave
MOST = 20_000
NEGATED = {"eq": "ne", "ne": "eq"}


class Journal:
    """The record of one run; once it is closed, tracked integers behave as plain ones."""

    __slots__ = ("conditions", "factors", "latest", "open", "pool")

    def __init__(self, factors: frozenset[float] = frozenset()) -> None:
        self.open = True
        #: floats that stand in the code: 1.3*n gives a plain float where the float stands first
        self.factors = factors
        #: for each number the expression that gave it last
        self.latest: dict[int, Expr] = {}
        #: what held where the code asked, each as an expression that is 1 where it holds; in the order asked
        self.conditions: dict[Expr, None] = {}
        #: every expression that the code made, with its value
        self.pool: dict[Expr, int] = {}

    def condition(self, op: str, left: Size, right: Size, held: bool) -> None:
        """Note that the code asked whether left op right, and what it was told."""
        if isinstance(left, int) and isinstance(right, int):
            return
        if not held:
            op, left, right = (NEGATED[op], left, right) if op in NEGATED else _not_less(op, left, right)
        self.conditions.setdefault(Expr(op, (left, right)))
        if len(self.conditions) > MOST:
            raise ReadError(f"it asks more than {MOST:,} questions about its arguments: too many to follow")

    def made(self, size: Size, value: int) -> None:
        """Note an expression that came up."""
        if isinstance(size, Expr) and len(self.pool) < MOST:
            self.pool.setdefault(size, value)
            self.latest[value] = size


def _not_less(op: str, left: Size, right: Size) -> tuple[str, Size, Size]:
    """not a < b is b <= a; not a <= b is b < a."""
    return ("le" if op == "lt" else "lt"), right, left


def guarded(make: object, *args: object) -> Size | None:
    """make(*args), or None where no expression can say it."""
    try:
        return make(*args)  # type: ignore[operator, no-any-return]
    except ExprError:
        return None
