"""Expressions of plain names, which most are, as one function each: none of their parts has to be called."""

from __future__ import annotations

from nparams.expr import Expr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.architectures.closures import Code, Names, Slots
    from nparams.expr import Size


def short(size: Expr, names: Names, flags: bool) -> Code | None:
    """The function of an expression if it is short; `flags`: a name without a value is 0."""
    if flags:
        return _condition(size, names)
    slots = [slot_of(arg, names) for arg in size.args]
    if None not in slots:
        maker = OF_NAMES.get((size.op, len(slots)))
        return None if maker is None else maker(*slots)
    if size.op == "mul" and len(slots) == 2 and isinstance(size.args[0], int) and size.args[0] and slots[1] is not None:
        return _times(size.args[0], slots[1])
    return None


def slot_of(size: Size, names: Names) -> int | None:
    """The slot of a plain name, also of one that ends in a number; None for anything else."""
    if not isinstance(size, Expr):
        return None
    if size.op == "sym":
        return names.slot(str(size.label))
    index = size.args[0] if size.op == "idx" else None
    return names.entry(str(size.label), index) if isinstance(index, int) else None


def _condition(size: Expr, names: Names) -> Code | None:
    """A flag, or 1 less one."""
    slot = slot_of(size, names)
    if slot is not None:
        return lambda s: s[slot] or 0
    if size.op == "add" and len(size.args) == 2 and size.args[0] == 1:
        negative = size.args[1]
        if isinstance(negative, Expr) and negative.op == "mul" and negative.args[0] == -1 and len(negative.args) == 2:
            return _unless(slot_of(negative.args[1], names))
    return None


def _unless(slot: int | None) -> Code | None:
    return None if slot is None else lambda s: 1 - (s[slot] or 0)


def _times(factor: int, slot: int) -> Code:
    return lambda s: factor * s[slot]


def _sum(a: int, b: int) -> Code:
    return lambda s: s[a] + s[b]


def _pair(a: int, b: int) -> Code:
    def run(s: Slots) -> int:
        first: int = s[a]
        return first * s[b] if first != 0 else 0

    return run


def _triple(a: int, b: int, c: int) -> Code:
    def run(s: Slots) -> int:
        first: int = s[a]
        return first * s[b] * s[c] if first != 0 else 0

    return run


#: operation and number of its operands, all of them plain names -> the function of their slots
OF_NAMES: dict[tuple[str, int], Callable[..., Code]] = {("add", 2): _sum, ("mul", 2): _pair, ("mul", 3): _triple}
