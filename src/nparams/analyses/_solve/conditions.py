"""Under which values the network exists: the conditions of its source, and that every size is 1 or more.

A bound or a divisor of one size narrows its grid; every other condition is asked of each candidate.
"""

from __future__ import annotations

from nparams.errors import ExprError, UsageError
from nparams.expr import Expr, evaluate, free_symbols, parse, substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nparams.analyses._solve.grid import Grid
    from nparams.expr import Size
    from nparams.network import Module, Network

#: conditions of one network that are asked, and steps up to which a bound is looked for
MOST, FARTHEST = 10_000, 10**12


def conditions(network: Network) -> list[Expr]:
    """What must be 1: the conditions that the network states, and for each size that it is at least 1."""
    found: dict[Expr, None] = {}
    for text in network.where:
        flag = condition(text)
        if flag == 0:
            raise UsageError(f"this network needs {text}")
        if isinstance(flag, Expr):
            found[flag] = None
    for size in _sizes(network.root):
        if len(found) < MOST:
            found[Expr("le", (1, size))] = None
    return list(found)


def condition(text: str) -> Size:
    """A condition as it stands in `where`, as an expression that is 1 where it holds."""
    try:
        return parse(f"[{text}]")
    except ExprError:
        return parse(text)  # already in brackets, or several together


def _sizes(root: Module) -> Iterable[Expr]:
    """The sizes that depend on a symbol, of arrays and of what flows, but for those that differ from copy to copy."""
    stack: list[tuple[Module, frozenset[str]]] = [(root, frozenset())]
    while stack:
        module, bound = stack.pop()
        if module.over is not None:
            bound |= {module.over.index}
        shapes = [module.takes, module.out, *(tensor.shape for tensor in module.tensors)]
        for size in (each for shape in shapes for each in shape or ()):
            if isinstance(size, Expr) and size.op != "sym" and not free_symbols(size) & bound:
                yield size
        stack.extend((child, bound) for child in module.children)


class Checks:
    """The conditions that a grid cannot express, asked of values."""

    __slots__ = ("_flags", "names")

    def __init__(self, flags: Sequence[tuple[Expr, frozenset[str]]], grids: Sequence[Grid]) -> None:
        self._flags = flags
        self.names = {grid.name: grid.leaf for grid in grids}

    def __bool__(self) -> bool:
        return bool(self._flags)

    def hold(self, values: Mapping[str, int]) -> bool:
        """Whether the network exists with these values, {"h1": 16, "L": 2}."""
        if not self._flags:
            return True
        given = by_symbol(self.names, values)
        try:
            return all(evaluate(flag, given) == 1 for flag, _ in self._flags)
        except ExprError:  # no value: a division by zero, a number too large
            return False

    def possible(self, values: Mapping[str, int]) -> bool:
        """Whether the conditions can hold at all with these values of some sizes; False only where that is proved."""
        from nparams.expr.poly import Canonical

        given = by_symbol(self.names, values)
        try:
            return all(Canonical().poly(substitute(flag, given)) != {} for flag, _ in self._flags)
        except ExprError:
            return True


def by_symbol(names: Mapping[str, Expr], values: Mapping[str, int]) -> dict[str, object]:
    """Values under the names that expressions use: {"h1": 16} is {"h": {1: 16}}."""
    given: dict[str, object] = {}
    for name, value in values.items():
        leaf = names[name]
        if leaf.op == "sym":
            given[str(leaf.label)] = value
        else:
            entries = given.setdefault(str(leaf.label), {})
            assert isinstance(entries, dict)
            entries[leaf.args[0]] = value
    return given


def narrowed(grids: Sequence[Grid], flags: Iterable[Expr]) -> tuple[list[Grid], Checks]:
    """The grids without what a bound or divisor excludes, and the conditions that are left to ask."""
    held = {grid.leaf: grid for grid in grids}
    names = {str(grid.leaf.label) for grid in grids}
    left: list[tuple[Expr, frozenset[str]]] = []
    for flag in _flat(flags):
        if not free_symbols(flag) <= names:
            continue  # it speaks of what has no value and does not change the total
        for rule in (_bound, _divisor, _least):
            if rule(held, flag):
                break
        else:
            if not _always(flag, held):
                left.append((flag, free_symbols(flag)))
    made = [held[grid.leaf] for grid in grids]
    return made, Checks(left, made)


def _flat(flags: Iterable[Expr]) -> Iterable[Expr]:
    """Conditions that must hold together, one by one."""
    for flag in flags:
        if flag.op == "mul" and all(isinstance(a, Expr) for a in flag.args):
            yield from (a for a in flag.args if isinstance(a, Expr))
        else:
            yield flag


def _bound(held: dict[Expr, Grid], flag: Expr) -> bool:
    """c <= x, c < x, x <= c, x < c narrow the grid of x."""
    if flag.op not in ("le", "lt"):
        return False
    low, high = flag.args
    strict = flag.op == "lt"
    if isinstance(low, int) and isinstance(high, Expr) and high in held:
        held[high] = held[high].at_least(low + strict)
        return True
    if isinstance(high, int) and isinstance(low, Expr) and low in held:
        held[low] = held[low].until(high - strict)
        return True
    return False


def _divisor(held: dict[Expr, Grid], flag: Expr) -> bool:
    """x % c == 0 narrows the grid of x to multiples of c."""
    if flag.op != "eq":
        return False
    zero, rest = sorted(flag.args, key=lambda side: not isinstance(side, int))
    if zero != 0 or not isinstance(rest, Expr) or rest.op != "mod":
        return False
    x, by = rest.args
    if not isinstance(x, Expr) or x not in held or not isinstance(by, int) or by < 1:
        return False
    held[x] = held[x].divisible(by)
    return True


def _least(held: dict[Expr, Grid], flag: Expr) -> bool:
    """c <= an expression that only rises, or only falls, with its one size: where that begins, or ends, to hold."""
    from nparams.analyses._solve.function import FALLS, RISES, Function

    low, size = flag.args if flag.op == "le" else (None, None)
    if not isinstance(low, int) or not isinstance(size, Expr):
        return False
    grids = [grid for leaf, grid in held.items() if str(leaf.label) in free_symbols(size)]
    if len(grids) != 1 or len(free_symbols(size)) != 1:
        return False
    (grid,) = grids
    function = Function.of(size, grids)
    way = function.way(grid.inner)
    if way not in (RISES, FALLS):
        return False
    t = _first(lambda t: (function.at({grid.inner: t}) >= low) == (way == RISES))
    if t is not None:
        held[grid.leaf] = grid.at_least(grid.value(t)) if way == RISES else grid.until(grid.value(t) - 1)
    return t is not None


def _first(holds: Callable[[int], bool]) -> int | None:
    """The first step from which on something holds; None where that is very far away."""
    if holds(0):
        return 0
    high = 1
    while not holds(high):
        high *= 2
        if high > FARTHEST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _always(flag: Expr, held: Mapping[Expr, Grid]) -> bool:
    """Whether the condition holds for every value of the grids."""
    from nparams.analyses._solve.function import steps
    from nparams.expr.poly import Canonical

    try:
        return Canonical().poly(substitute(flag, steps(list(held.values())))) == {(): 1}
    except ExprError:
        return False
