"""Configs whose numbers remember which field they are, and the built-in functions that keep loops in view.

A number of field `text_config.hidden_size` carries the symbol `text_config__hidden_size`; an entry of a list carries
`depths[2]`; a number that counts the rounds of a loop carries the loop and the round, as a symbol `@loop:round`.
"""

from __future__ import annotations

import builtins
import copy
import math
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nparams.expr import Expr, add, indexed, mul, symbol
from nparams.expr.nodes import build, total_of
from nparams.frameworks._trace.journal import Journal
from nparams.frameworks._trace.numbers import Fraction, Tracked, plain, size_of
from nparams.frameworks._trace.shadow import RUNNING, SHADOWS
from tools.derive.logarithms import log2

#: rounds of one loop that are followed one by one
MOST_ROUNDS = 10_000
#: what follows a field's name where a symbol is computed from the field
LENGTH, MEMBER, OVER, UNDER = "__len", "__has", "__num", "__den"


def name_of(path: str) -> str:
    """The symbol of a field.

    >>> name_of("text_config.hidden_size")
    'text_config__hidden_size'
    """
    return re.sub(r"\W", "_", path.replace(".", "__"))


#: how many entries each list has that is a field, by its symbol
LENGTHS: dict[str, int] = {}
#: the letter of sums over the entries of a list
ENTRY = "t"


class Sequence(list):  # type: ignore[type-arg]
    """A list that is a field, so that its length is one too, and whether a number stands in it is a question."""

    field = ""

    def __contains__(self, value: object) -> bool:
        held = list.__contains__(self, value)
        if isinstance(value, Tracked) and value.journal.open and self.field and value.expr.op == "sym":
            value.journal.conditions.setdefault(Expr("idx", (value.expr,), self.field + MEMBER))
        return held


def tracked_value(value: Any, path: str, journal: Journal) -> Any:
    """`value` of a field, its numbers tracked; what is no number, and no list or dict of them, stays as it is."""
    name = name_of(path)
    if type(value) is int:
        return Tracked(value, symbol(name), journal)
    if type(value) is float:
        return _fraction(value, name, journal)
    if type(value) in (list, tuple):
        return _entries(value, name, journal)
    if isinstance(value, dict):
        return {k: tracked_value(v, f"{path}.{k}", journal) if isinstance(k, str) else v for k, v in value.items()}
    return copy.copy(value)


def _fraction(value: float, name: str, journal: Journal) -> float:
    """A float that is a short binary fraction is two integers; another one is no symbol."""
    if value != value or abs(value) > 1e6 or value < 0:
        return value
    _, under = value.as_integer_ratio()
    if under > 1024:
        return value
    if under == 1:
        return Fraction(value, symbol(name + OVER), 1, journal)
    return Fraction(value, symbol(name + OVER), symbol(name + UNDER), journal)


def _entries(value: Any, name: str, journal: Journal) -> Any:
    if not all(type(v) is int for v in value):
        if type(value) is list and value and all(type(v) in (str, list, tuple) for v in value):
            made = Sequence(_entry(v, name, k, journal) for k, v in enumerate(value))
            made.field = name
            return made
        return copy.copy(value)
    LENGTHS[name] = len(value)
    entries = [Tracked(v, indexed(name, k), journal) for k, v in enumerate(value)]
    if type(value) is tuple:
        return tuple(entries)
    made = Sequence(entries)
    made.field = name
    return made


def _entry(value: Any, name: str, k: int, journal: Journal) -> Any:
    return _entries(value, f"{name}__{k}_", journal) if isinstance(value, (list, tuple)) else value


def tracked_fields(raw: Mapping[str, Any], journal: Journal) -> dict[str, Any]:
    """The whole of a raw config, tracked; model_type and the like are words and stay."""
    return {key: tracked_value(value, key, journal) for key, value in raw.items()}


# -- loops -------------------------------------------------------------------------------------------------------------

#: a loop's symbol, with its round
ROUND = re.compile(r"@(\d+):(\d+)")
#: the place of a loop in the code -> its number
LOOPS: dict[tuple[str, int], int] = {}


def round_symbol(loop: int, number: int) -> Expr:
    """The symbol of a round."""
    return Expr("sym", (), f"@{loop}:{number}")


def _loop(depth: int = 2) -> int:
    frame = sys._getframe(depth)
    return LOOPS.setdefault((frame.f_code.co_filename, frame.f_lineno), len(LOOPS))


def _rounds(values: Any, loop: int, journal: Journal) -> list[int]:
    return [Tracked(v, round_symbol(loop, v), journal) if v >= 0 else v for v in values]


def _steps(values: range, start: Any, stop: Any, step: Any, loop: int, journal: Journal) -> list[int]:
    """The numbers of a range with a step: its start and so many steps."""
    count = build("ceildiv", (add(stop, mul(-1, start)), step))
    if isinstance(count, Expr):
        journal.made(count, len(values))
    return [Tracked(v, add(start, mul(step, round_symbol(loop, k))), journal) for k, v in builtins.enumerate(values)]


def _enumerate(values: Any, start: int = 0) -> Iterator[tuple[int, Any]]:
    if not RUNNING or not RUNNING[-1].open:
        return builtins.enumerate(values, start)
    return _counted(values, plain(start), _loop(), RUNNING[-1])


def _counted(values: Any, start: int, loop: int, journal: Journal) -> Iterator[tuple[int, Any]]:
    for k, value in builtins.enumerate(values, start):
        yield Tracked(k, round_symbol(loop, k), journal) if journal.open else k, value


def _len(value: Any) -> int:
    if RUNNING and RUNNING[-1].open and isinstance(value, (list, tuple)):
        field = value.field if isinstance(value, Sequence) else _field_in(value)
        if field:
            return Tracked(len(value), symbol(field + LENGTH), RUNNING[-1])
    return len(value)


def _field_in(value: Any) -> str:
    """The field that a list is a copy of, "" where it is none."""
    first = value[0].expr if value and isinstance(value[0], Tracked) else None
    name = str(first.label) if first is not None and first.op == "idx" else ""
    whole = LENGTHS.get(name) == len(value)
    same = whole and all(isinstance(v, Tracked) and v.expr == indexed(name, k) for k, v in enumerate(value))
    return name if same else ""


def _sum(values: Any, start: Any = 0) -> Any:
    held = list(values)
    total = builtins.sum(held, start)
    if not isinstance(total, Tracked) or not total.journal.open or not all(isinstance(v, Tracked) for v in held):
        return total
    bodies = {_at_entry(v.expr, k) for k, v in enumerate(held)}
    lists = {name for body in bodies for name in _lists_in(body)}
    if len(bodies) != 1 or start != 0 or not lists or any(LENGTHS.get(name) != len(held) for name in lists):
        return total
    last = add(symbol(min(lists) + LENGTH), -1)
    return Tracked(plain(total), total_of(ENTRY, 0, last, bodies.pop()), total.journal)


def _at_entry(e: Any, k: int) -> Any:
    """An expression of the k-th entries of lists, as one of the entries at a letter."""
    if not isinstance(e, Expr):
        return e
    if e.op == "idx" and e.args[0] == k:
        return Expr("idx", (symbol(ENTRY),), e.label)
    return build(e.op, tuple(_at_entry(a, k) for a in e.args), e.label)


def _lists_in(e: Any) -> Iterator[str]:
    """The lists that an expression has entries of at the letter."""
    if isinstance(e, Expr):
        if e.op == "idx" and e.args[0] == symbol(ENTRY):
            yield str(e.label)
        for a in e.args:
            yield from _lists_in(a)


def _prod(values: Any, *, start: Any = 1) -> Any:
    held = list(values)
    if not RUNNING or not any(isinstance(v, Tracked) for v in held):
        return _PROD(held, start=start)
    for value in held:
        start = start * value
    return start


_PROD = math.prod


@contextmanager
def products() -> Iterator[None]:
    """math.prod multiplying numbers that are followed as the code does itself, and math.log2 followed too."""
    before = math.log2
    math.prod, math.log2 = _prod, log2
    try:
        yield
    finally:
        math.prod, math.log2 = _PROD, before


class _Range(type):
    """`range` as a name: a class to isinstance, a function to call."""

    def __instancecheck__(cls, other: object) -> bool:
        return isinstance(other, range)

    def __call__(cls, *args: Any) -> Any:
        real = range(*(plain(a) if isinstance(a, int) else a for a in args))
        if not RUNNING or not RUNNING[-1].open or len(real) > MOST_ROUNDS:
            return real
        if len(args) == 3 and len(real) and plain(args[2]) > 0:
            return _steps(real, *(size_of(a) for a in args), _loop(), RUNNING[-1])
        return _rounds(real, _loop(), RUNNING[-1])


class _RangeStands(metaclass=_Range):
    pass


STAND_INS: dict[str, Any] = {**SHADOWS, "range": _RangeStands, "enumerate": _enumerate, "len": _len, "sum": _sum}
