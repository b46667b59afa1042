"""Expressions as Python functions, for the many evaluations of learning.  (The package itself never runs text.)"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
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


#: terms of a sum over a list
MOST_TERMS = 100_000
COMPARED = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}


class _Writer:
    """Writes one expression in Python.  A product stops at its first 0; a comparison without a value is 0; so is, in
    a condition, a flag without one."""

    def __init__(self) -> None:
        self.made = 0

    def text(self, e: int | Expr, top: bool = False) -> str:
        """The Python of an expression; `top`: it is a factor of a condition."""
        if isinstance(e, int):
            return f"({e})"
        if e.op in ("sym", "idx"):
            return f"flag(lambda: {self._leaf(e)})" if top else self._leaf(e)
        if e.op == "sum":
            first, last, body = (self.text(a) for a in e.args)
            return f"total(E, {str(e.label)!r}, {first}, {last}, lambda E: {body})"
        if e.op == "mul":
            return self._product([self.text(a, top) for a in e.args])
        if e.op == "add":
            return f"({'+'.join(self.text(a, top) for a in e.args)})"
        return self._operation(e, [self.text(a) for a in e.args])

    def _leaf(self, e: Expr) -> str:
        label = str(e.label)
        if e.op == "sym":
            return f"whole(E.get({label!r}))"
        index = e.args[0]
        if isinstance(index, int):  # a field `dim1` parses as the entry 1 of `dim`
            named = label + str(index)
            return f"(E[{named!r}] if type(E.get({named!r})) is int else entry(E.get({label!r}), {index}))"
        return f"entry(E.get({label!r}), {self.text(index)})"

    def _product(self, parts: list[str]) -> str:
        first, *rest = parts
        if not rest:
            return first
        self.made += 1
        name = f"v{self.made}"
        return f"(({name} := {first}) and {name} * {self._product(rest)})"

    def _operation(self, e: Expr, parts: list[str]) -> str:
        if e.op in COMPARED:
            return f"flag(lambda: int({parts[0]} {COMPARED[e.op]} {parts[1]}))"
        if e.op in ("floordiv", "mod"):
            return f"({parts[0]} {'//' if e.op == 'floordiv' else '%'} divisor({parts[1]}))"
        if e.op == "ceildiv":
            return f"(-(-{parts[0]} // divisor({parts[1]})))"
        if e.op == "pow":
            return f"power({parts[0]}, {parts[1]})"
        if e.op in ("max", "min"):
            return f"{e.op}(({', '.join(parts)},))"  # of one number too
        if e.op == "trunc":
            return f"int({float(str(e.label))!r} * {parts[0]})"
        raise ValueError(e.op)


def _flag(answer: Callable[[], int]) -> int:
    try:
        return answer()
    except Undefined:
        return 0


def _total(env: Env, letter: str, first: int, last: int, body: Callable[[Env], int]) -> int:
    if last - first > MOST_TERMS:
        raise Undefined
    return sum(body({**env, letter: n}) for n in range(first, last + 1))


NAMES: dict[str, Any] = {"entry": _entry, "whole": _whole, "divisor": _divisor, "power": _power, "__builtins__": {}}
NAMES |= {"max": max, "min": min, "int": int, "type": type, "flag": _flag, "total": _total}


@functools.lru_cache(maxsize=100_000)
def function(e: int | Expr, condition: bool = False) -> Callable[[Env], int]:
    """The expression as a function of an environment."""
    if isinstance(e, int):
        return lambda env: e
    return eval(f"lambda E: {_Writer().text(e, condition)}", dict(NAMES))  # type: ignore[no-any-return]


def value(e: int | Expr, env: Env, condition: bool = False) -> int | None:
    """The number that it has there, None where it has none."""
    if isinstance(e, int):
        return e
    return column(e, (env,), condition)[0]


def column(e: int | Expr, envs: Iterable[Env], condition: bool = False) -> list[int | None]:
    """Its number in each environment."""
    if isinstance(e, int):
        return [e for _ in envs]
    try:
        asked = function(e, condition)
    except (RecursionError, MemoryError, SyntaxError):
        return [None for _ in envs]
    return [answer(asked, env) for env in envs]


def answer(asked: Callable[[Env], int], env: Env) -> int | None:
    """The number that a function gives there, None where it has none."""
    try:
        return asked(env)
    except (Undefined, OverflowError):
        return None


def bits(found: Iterable[bool]) -> int:
    """The set of rows in which it is true, a bit for each."""
    return int("0" + "".join("1" if f else "0" for f in found)[::-1], 2)
