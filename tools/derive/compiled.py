"""Expressions as Python functions, for the many evaluations of learning.  (The package itself never runs text.)"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from nparams.expr import Expr

Env = Mapping[str, Any]


class Undefined(Exception):
    """The expression has no value there."""


def _entry(values: Any, index: int) -> int:
    if not isinstance(values, (list, tuple)) or not 0 <= index < len(values):
        raise Undefined
    found = values[index]
    if type(found) is not int:
        raise Undefined
    return found


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise Undefined
    return value


def _divisor(value: int) -> int:
    if value < 1:
        raise Undefined
    return value


def _power(base: int, exponent: int) -> int:
    if not 0 <= exponent <= 64:
        raise Undefined
    return int(base**exponent)


NAMES = {"entry": _entry, "whole": _whole, "divisor": _divisor, "power": _power, "__builtins__": {}}
NAMES |= {"max": max, "min": min, "int": int, "sum": sum, "range": range}
INFIX = {"add": "+", "mul": "*"}
COMPARED = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}


def _source(e: int | Expr) -> str:
    if isinstance(e, int):
        return f"({e})"
    if e.op == "sym":
        return f"whole(E.get({str(e.label)!r}))"
    if e.op == "idx":
        index = e.args[0]
        if isinstance(index, int):  # a field `dim1` parses as the entry 1 of `dim`
            return f"(E[{e.label + str(index)!r}] if type(E.get({str(e.label) + str(index)!r})) is int else entry(E.get({str(e.label)!r}), {index}))"
        return f"entry(E.get({str(e.label)!r}), {_source(index)})"
    parts = [_source(a) for a in e.args]
    if e.op in INFIX:
        return f"({INFIX[e.op].join(parts)})"
    if e.op in COMPARED:
        return f"int({parts[0]} {COMPARED[e.op]} {parts[1]})"
    if e.op in ("floordiv", "mod"):
        return f"({parts[0]} {'//' if e.op == 'floordiv' else '%'} divisor({parts[1]}))"
    if e.op == "ceildiv":
        return f"(-(-{parts[0]} // divisor({parts[1]})))"
    if e.op == "pow":
        return f"power({parts[0]}, {parts[1]})"
    if e.op in ("max", "min"):
        return f"{e.op}({', '.join(parts)})"
    if e.op == "trunc":
        return f"int({float(str(e.label))!r} * {parts[0]})"
    raise ValueError(e.op)


@functools.lru_cache(maxsize=100_000)
def function(e: Expr) -> Callable[[Env], int]:
    """The expression as a function of an environment."""
    return eval(f"lambda E: {_source(e)}", dict(NAMES))  # type: ignore[no-any-return]


def value(e: int | Expr, env: Env) -> int | None:
    """The number that it has there, None where it has none."""
    if isinstance(e, int):
        return e
    try:
        return function(e)(env)
    except (Undefined, OverflowError, RecursionError, MemoryError, SyntaxError):
        return None
