"""The built-in functions that would lose an expression, shadowed in the modules whose code runs, and put back.

`int(x)`, `float(x)`, `max` and `min` are looked up in the globals of the code that calls them; a name that a module
defines itself is left alone.
"""

from __future__ import annotations

import builtins
import sys
from contextlib import contextmanager

from nparams.expr.nodes import build
from nparams.frameworks._trace.journal import guarded
from nparams.frameworks._trace.numbers import Fraction, Tracked, fraction_operation, journal_of, plain, size_of, tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import Any

    from nparams.frameworks._trace.journal import Journal

#: packages whose own code computes no size that matters, and may test `type(x) is int`
LEFT_ALONE = frozenset((*sys.stdlib_module_names, "torch", "numpy", "nparams", "typing_extensions"))

#: numbers in code from which on none is a size, and keys of a table that are looked at
GREAT, MOST_KEYS = 1 << 20, 50

#: the journals of the runs that are going on, innermost last
RUNNING: list[Journal] = []


class _Stands(type):
    """A class that passes for a built-in one wherever it is asked about."""

    real: Any

    def __instancecheck__(cls, other: object) -> bool:
        return isinstance(other, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.real

    def __hash__(cls) -> int:
        return hash(cls.real)

    def __or__(cls, other: Any) -> Any:
        return cls.real | other

    def __ror__(cls, other: Any) -> Any:
        return other | cls.real

    def __getattr__(cls, name: str) -> Any:
        return getattr(type.__getattribute__(cls, "real"), name)


class _Int(metaclass=_Stands):
    real = int

    def __new__(cls, value: Any = 0, *rest: Any, **named: Any) -> Any:
        if isinstance(value, Tracked) and not rest and not named:
            return value
        if isinstance(value, float) and type(value) is not float and not rest and not named:
            return value.__trunc__()  # a Fraction, or another float that knows what it comes from
        if type(value) is float and RUNNING:
            return _recognised(value, RUNNING[-1])
        return int(value, *rest, **named)


def _recognised(value: float, journal: Journal) -> int:
    """int(1.3*n), where 1.3 stands in the code: Python multiplies as floats what begins with one."""
    for factor in sorted(journal.factors, key=abs, reverse=True):
        number = round(value / factor)
        if factor * number == value and number in journal.latest:
            made: int = fraction_operation("mul", Tracked(number, journal.latest[number], journal), factor).__trunc__()
            return made
    return int(value)


class _Float(metaclass=_Stands):
    real = float

    def __new__(cls, value: Any = 0.0) -> Any:
        if isinstance(value, Tracked) and value.journal.open:
            return Fraction(float(plain(value)), value.expr, 1, value.journal)
        return value if isinstance(value, Fraction) else float(value)


def _extreme(name: str) -> Callable[..., Any]:
    real = getattr(builtins, name)

    def shadowed(*args: Any, **named: Any) -> Any:
        values = list(args[0]) if len(args) == 1 and not named else list(args)
        journal = journal_of(*values)
        if named or journal is None or not all(isinstance(v, int) for v in values):
            return real(values, **named) if len(args) == 1 and not named else real(*args, **named)
        value = real(plain(v) for v in values)
        return tracked(value, guarded(build, name, tuple(size_of(v) for v in values)), journal)

    return shadowed


SHADOWS: dict[str, Any] = {"int": _Int, "float": _Float, "max": _extreme("max"), "min": _extreme("min")}


class Seen:
    """The globals of every function that was called, and the numbers in its code, as a profile hook."""

    def __init__(self) -> None:
        self.globals: dict[int, dict[str, Any]] = {}
        self.floats: set[float] = set()
        self.ints: set[int] = set()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """One event of the interpreter."""
        if event == "call":
            self.globals.setdefault(id(frame.f_globals), frame.f_globals)
            if _may_shadow(frame.f_globals):
                held = (*frame.f_code.co_consts, *frame.f_locals.values())
                self.floats.update(x for x in held if type(x) is float and 0 < x < float("inf"))
                self.ints.update(x for x in frame.f_code.co_consts if type(x) is int and 2 < x < GREAT)

    def ours(self) -> list[dict[str, Any]]:
        """Those in which names may be shadowed."""
        return [g for g in self.globals.values() if _may_shadow(g)]

    def numbers(self) -> list[int]:
        """Integers that the code may know a size by: those that stand in it, and the keys of its tables."""
        tables = [held for g in self.ours() for held in _held(g) if type(held) is dict]
        keys = {key for table in tables for key in list(table)[:MOST_KEYS] if type(key) is int and 2 < key < GREAT}
        return sorted(keys) + sorted(self.ints - keys)


def _held(names: dict[str, Any]) -> Iterator[Any]:
    """What stands in a module, and in its classes."""
    for held in list(names.values()):
        yield held
        if isinstance(held, type) and held.__module__ == names.get("__name__"):
            yield from list(vars(held).values())


def _may_shadow(names: dict[str, Any]) -> bool:
    return str(names.get("__name__", "")).partition(".")[0] not in LEFT_ALONE


@contextmanager
def watched(seen: Seen) -> Iterator[None]:
    """Note which modules' code runs."""
    before: Any = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield
    finally:
        sys.setprofile(before if callable(before) else None)
        if before is not None and not callable(before):  # cProfile, which Python code cannot set
            before.enable()


@contextmanager
def shadowed(places: list[dict[str, Any]], journal: Journal, stand_ins: Mapping[str, Any] = SHADOWS) -> Iterator[None]:
    """The built-in functions shadowed in these globals, and every one put back whatever happens."""
    put: list[tuple[dict[str, Any], str, Any]] = []
    RUNNING.append(journal)
    try:
        for place in places:
            for name, stand_in in stand_ins.items():
                if name not in place:
                    put.append((place, name, stand_in))
                    place[name] = stand_in
        yield
    finally:
        RUNNING.pop()
        for place, name, stand_in in put:
            if place.get(name) is stand_in:
                del place[name]
