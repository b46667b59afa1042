"""The arguments of a callable as symbols: which are sizes, which are 0 or 1, and which stay as they are."""

from __future__ import annotations

import inspect

from nparams.errors import UsageError, shown
from nparams.expr import indexed, symbol
from nparams.frameworks._trace.numbers import Tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.frameworks._trace.journal import Journal

    #: key of a symbol -> its number (a flag: 0 or 1)
    Point = dict[str, int]


class Symbol:
    """One argument, or one entry of a list, that is varied: a size, or a flag that is 0 or 1."""

    __slots__ = ("argument", "base", "expr", "flag", "key", "place", "seed")

    def __init__(self, argument: str, place: tuple[int, ...], flag: bool, seed: int | None) -> None:
        self.argument = argument
        #: where in a list it stands; () for the argument itself
        self.place = place
        self.flag = flag
        #: the number to start from, None where none is given
        self.seed = seed
        self.expr = symbol(argument) if not place else indexed(argument, place[0])
        self.key = str(self.expr)
        #: the name that stands in expressions: h of h[0]
        self.base = str(self.expr.label)


class Arguments:
    """What a callable is to be given: symbols, and what stays fixed."""

    def __init__(self, make: Callable[..., Any], like: Mapping[str, Any]) -> None:
        self.symbols: list[Symbol] = []
        #: arguments that stay as they are
        self.fixed: dict[str, Any] = {}
        #: argument -> the type of its list, and what stands in it (symbols by their key)
        self.lists: dict[str, tuple[type, list[Any]]] = {}
        required, flags, anything = _asked(make)
        for name in required:
            if name in like:
                self._like(name, like[name])
            else:
                self.symbols.append(Symbol(name, (), name in flags, None))
        for name, value in like.items():
            if name not in required:
                if anything is not None and name not in anything:
                    raise UsageError(
                        f"like has {shown(name)}, which is no argument of it: {', '.join(anything) or 'none'}"
                    )
                self._like(name, value)
        keys = [s.key for s in self.symbols]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise UsageError(f"two arguments would be called {twice[0]}: rename one of them")

    def _like(self, name: str, value: Any) -> None:
        if isinstance(value, int) and value >= 0:
            self.symbols.append(Symbol(name, (), isinstance(value, bool), int(value)))
        elif isinstance(value, (list, tuple)) and value and all(type(v) in (int, bool) for v in value):
            made = [Symbol(name, (k,), isinstance(v, bool), int(v)) for k, v in enumerate(value)]
            self.symbols += made
            self.lists[name] = (type(value), [s.key for s in made])
        else:
            self.fixed[name] = value

    @property
    def ints(self) -> list[Symbol]:
        """The sizes."""
        return [s for s in self.symbols if not s.flag]

    @property
    def flags(self) -> list[Symbol]:
        """What is 0 or 1."""
        return [s for s in self.symbols if s.flag]

    def at(self, point: Point, journal: Journal | None) -> dict[str, Any]:
        """The arguments with numbers for symbols; tracked ones where there is a journal."""
        held: dict[str, Any] = {}
        for s in self.symbols:
            value = point[s.key]
            held[s.key] = bool(value) if s.flag else Tracked(value, s.expr, journal) if journal is not None else value
        given = dict(self.fixed)
        for s in self.symbols:
            if not s.place:
                given[s.argument] = held[s.key]
        for name, (kind, keys) in self.lists.items():
            given[name] = kind(held[key] for key in keys)
        return given

    def values(self, point: Point) -> dict[str, object]:
        """The point as expressions are evaluated: {"h": {0: 784}, "d": 3}."""
        found: dict[str, Any] = {}
        for s in self.symbols:
            if s.expr.op == "idx":
                found.setdefault(s.base, {})[s.expr.args[0]] = point[s.key]
            else:
                found[s.base] = point[s.key]
        return found


def _asked(make: Callable[..., Any]) -> tuple[list[str], set[str], list[str] | None]:
    """(required arguments, those said to be bools, every argument or None where any name is taken)."""
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):
        raise UsageError(
            f"the arguments of {shown(getattr(make, '__name__', repr(make)))} cannot be told: wrap it in "
            "a lambda that names them, such as lambda h, n: Net(h, n)"
        ) from None
    required, flags, every, anything = [], set(), [], False
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            anything = True
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise UsageError(f"{name} can only be given by its place: wrap it in a lambda, such as lambda {name}: ...")
        every.append(name)
        if parameter.default is parameter.empty:
            required.append(name)
        if parameter.annotation in (bool, "bool"):
            flags.add(name)
    return required, flags, None if anything else every
