"""Expressions compiled once: each becomes a function of a list of slots, with the value that `expr.evaluate` gives.

A slot holds an integer, the entries of a list, or None where its field has no whole number; an operation on None is a
TypeError, which whoever asked turns into a sentence, and a comparison of what has no value is 0.  The first slot counts
the work.  What cannot grow past the limit of `expr` is not measured: numbers in slots have at most FIELD_BITS bits, so
the length of a sum or product of them is known when it is compiled.
"""

from __future__ import annotations

from nparams.architectures.short import short, slot_of
from nparams.errors import ExprError, WorkLimitError
from nparams.expr import Expr
from nparams.expr.arithmetic import work_out
from nparams.expr.nodes import FLAGS, MAX_BITS, bounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from nparams.expr import Size

    Slots = list[Any]
    Code = Callable[[Slots], int]
    Coded = tuple[Code, int]

    class Names(Protocol):
        """Which slot a name has."""

        def slot(self, name: str) -> int:
            """Of a plain name; ExprError where there is none."""

        def entry(self, name: str, index: int) -> int | None:
            """Of a name that ends in this number, if there is one."""

        def fresh(self) -> int:
            """A slot of its own."""

        def inside(self, index: str, slot: int, bits: int = ...) -> Names:
            """The same names and an index of at most so many bits."""

        def width(self, name: str) -> int:
            """How many bits the value of a name has at most."""


#: the slot of what counts the work of one question (expr.arithmetic.Work)
WORK = 0
#: numbers in a configuration have no more bits
FIELD_BITS = 64
#: a trunc adds the longest exponent of a double
DOUBLE_BITS = 1_024


class Entries:
    """The whole numbers of a list: nothing but looking one up can be done with it."""

    __slots__ = ("held",)

    def __init__(self, held: Sequence[int]) -> None:
        self.held = held

    def at(self, index: int) -> int:
        """The one at an index; TypeError where there is none."""
        if 0 <= index < len(self.held):
            return self.held[index]
        raise TypeError


def compiled(size: Size, names: Names) -> Code:
    """The function that works a size out; a product is 0 at its first 0, a comparison of what has no value is 0.

    Raises ExprError for a name that has no slot.
    """
    return _code(size, names)[0]


def guarded(size: Size, names: Names) -> Code:
    """The same for a condition: a flag that has no value is 0, too."""
    return _code(size, names, flags=True)[0]


def _code(size: Size, names: Names, flags: bool = False) -> Coded:
    """A function, and how many bits its value has at most; `flags`: a name without a value is 0."""
    if isinstance(size, int):
        value = bounded(size)
        return (lambda s: value), value.bit_length()
    if size.op in ("sym", "idx"):
        code, bits = _leaf(size, names)
        return (short(size, names, True) or _lenient(code) if flags else code), bits
    if size.op == "sum":
        return _sum(size, names)
    flags = flags and size.op in ("add", "mul")
    parts = [_code(part, names, flags) for part in size.args]
    bits = BITS[size.op]([b for _, b in parts], size) if size.op in BITS else 1
    if bits > MAX_BITS or size.op not in MAKERS:
        return _measured(size, [code for code, _ in parts]), min(bits, MAX_BITS + 1)
    whole = short(size, names, flags)
    if whole is not None:
        return whole, bits
    code = MAKERS[size.op]([code for code, _ in parts], size)
    return (_lenient(code) if size.op in FLAGS else code), bits


def _lenient(code: Code) -> Code:
    """0 where there is no value."""

    def run(s: Slots) -> int:
        try:
            return code(s) or 0  # a flag of nothing is None
        except WorkLimitError:
            raise
        except (TypeError, ExprError):  # nothing is divided by 0
            return 0

    return run


def _measured(size: Expr, parts: list[Code]) -> Code:
    """One operation exactly as expr does it, with its limits."""
    op, label = size.op, size.label
    return lambda s: work_out(op, [_whole(part(s)) for part in parts], label)


def _whole(value: int | None) -> int:
    if value is None:
        raise TypeError
    return value


# -- names ------------------------------------------------------------------------------------------------------------


def _leaf(size: Expr, names: Names) -> Coded:
    slot = slot_of(size, names)
    if slot is not None:
        return (lambda s: s[slot]), names.width(str(size.label)) if size.op == "sym" else FIELD_BITS
    held, (index, _) = names.slot(str(size.label)), _code(size.args[0], names)

    def run(s: Slots) -> int:
        found = s[held]
        if found.__class__ is not Entries:
            raise TypeError
        return found.at(index(s))

    return run, FIELD_BITS


def _sum(size: Expr, names: Names) -> Coded:
    """A sum over an index, which has a slot of its own; every term counts as work."""
    first, first_bits = _code(size.args[0], names)
    last, last_bits = _code(size.args[1], names)
    slot = names.fresh()
    widest = max(FIELD_BITS, first_bits, last_bits)
    body, bits = _code(size.args[2], names.inside(str(size.label), slot, widest))

    def run(s: Slots) -> int:
        total = 0
        for value in s[WORK].span(first(s), last(s)):
            s[slot] = value
            total += body(s)
        return bounded(total)

    return run, min(bits + FIELD_BITS, MAX_BITS + 1)


# -- operations -------------------------------------------------------------------------------------------------------


def _add(parts: list[Code], size: Expr) -> Code:
    if len(parts) == 2:
        a, b = parts
        return lambda s: a(s) + b(s)

    def run(s: Slots) -> int:
        total = 0
        for part in parts:
            total += part(s)
        return total

    return run


def _mul(parts: list[Code], size: Expr) -> Code:
    if len(parts) == 2:
        a, b = parts

        def both(s: Slots) -> int:
            left = a(s)
            return left * b(s) if left != 0 else 0

        return both

    def run(s: Slots) -> int:
        value = 1
        for part in parts:
            value *= part(s)
            if value == 0:
                break
        return value

    return run


def _divided(work: Callable[[int, int], int]) -> Callable[[list[Code], Expr], Code]:
    def make(parts: list[Code], size: Expr) -> Code:
        (a, b), op = parts, size.op

        def run(s: Slots) -> int:
            under = b(s)
            return work(a(s), under) if under > 0 else work_out(op, [a(s), under], None)

        return run

    return make


def _lt(parts: list[Code], size: Expr) -> Code:
    a, b = parts
    return lambda s: 1 if a(s) < b(s) else 0


def _le(parts: list[Code], size: Expr) -> Code:
    a, b = parts
    return lambda s: 1 if a(s) <= b(s) else 0


def _eq(parts: list[Code], size: Expr) -> Code:
    a, b = parts
    return lambda s: 0 if a(s) - b(s) else 1  # the difference: nothing but numbers has one


def _ne(parts: list[Code], size: Expr) -> Code:
    a, b = parts
    return lambda s: 1 if a(s) - b(s) else 0


def _extreme(pick: Callable[..., int]) -> Callable[[list[Code], Expr], Code]:
    def make(parts: list[Code], size: Expr) -> Code:
        return lambda s: pick([part(s) for part in parts])

    return make


MAKERS: dict[str, Callable[[list[Code], Expr], Code]] = {
    "add": _add,
    "mul": _mul,
    "floordiv": _divided(lambda a, b: a // b),
    "mod": _divided(lambda a, b: a % b),
    "ceildiv": _divided(lambda a, b: -(-a // b)),
    "lt": _lt,
    "le": _le,
    "eq": _eq,
    "ne": _ne,
    "max": _extreme(max),
    "min": _extreme(min),
}
#: operation -> how many bits its value has at most, by those of its operands
BITS: dict[str, Callable[[list[int], Expr], int]] = {
    "add": lambda bits, size: max(bits) + len(bits),
    "mul": lambda bits, size: sum(bits),
    "floordiv": lambda bits, size: bits[0] + 1,
    "mod": lambda bits, size: bits[1],
    "ceildiv": lambda bits, size: bits[0] + 1,
    "max": lambda bits, size: max(bits),
    "min": lambda bits, size: max(bits),
    "pow": lambda bits, size: MAX_BITS + 1,
    "trunc": lambda bits, size: bits[0] + DOUBLE_BITS,
}
