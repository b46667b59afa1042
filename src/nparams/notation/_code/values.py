"""What the variables of interpreted code hold, besides Python's own numbers, texts, lists and dicts.

Nothing here is the real thing: a class of the text is a Class, an imported name is an External that is never imported,
and what cannot be known is an Unknown, which remembers where it came from and may stand in a formula as a symbol.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.expr import Expr
    from nparams.notation._code.machine import Machine

#: no value, where None is one
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


class Thing:
    """An object that answers for itself; a library derives its own from it.

    Each method gets the machine that runs the code, for messages and for calling back.
    """

    __slots__ = ()

    def get(self, m: Machine, name: str) -> Any:
        """An attribute; MISSING where there is none of that name."""
        return MISSING

    def set(self, m: Machine, name: str, value: Any) -> None:
        """Give an attribute a value."""
        raise m.error(f"{self.told()} takes no attribute {name}")

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What calling it gives."""
        return m.unknown(f"{self.told()}(...)")

    def item(self, m: Machine, key: Any) -> Any:
        """What [key] gives."""
        return m.unknown(f"{self.told()}[...]")

    def set_item(self, m: Machine, key: Any, value: Any) -> None:
        """Let [key] be value."""

    def iterate(self, m: Machine) -> list[Any] | None:
        """Its entries; None where they are not known."""
        return None

    def length(self, m: Machine) -> Any:
        """What len() gives."""
        entries = self.iterate(m)
        return m.unknown(f"len({self.told()})") if entries is None else len(entries)

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """What an operator makes of it and another value; `turned`: the other one stands on the left."""
        return m.unknown(f"{self.told()} {sign} ...")

    def truth(self) -> bool | None:
        """Whether it counts as true; None where that is not known."""
        return True

    def delete(self, m: Machine, key: Any) -> None:
        """del thing[key], del thing.key."""

    #: whether += puts entries into it, as into a list
    adds_in_place = False

    def extend(self, m: Machine, value: Any) -> None:
        """thing += value, where it adds in place."""

    def told(self) -> str:
        """What it is, for a message."""
        return type(self).__name__


class Unknown(Thing):
    """A value that the text does not tell: `text` is the code that gives it, `name` the first name it was bound to."""

    __slots__ = ("called", "entry", "flag", "line", "name", "parts", "text", "told_of")

    def __init__(self, text: str, line: int, name: str | None = None, *, told_of: bool = False) -> None:
        self.text = text if len(text) <= 80 else f"{text[:60]}…{text[-12:]}"
        self.line = line
        self.name = name
        #: whether it stands for a value that whoever runs the code hands in, so that it is not None
        self.told_of = told_of
        #: the code of what was called, where it is what a call gave
        self.called: str | None = None
        #: of a comparison of sizes: what is 1 where it holds
        self.flag: Expr | None = None
        #: (list, place) where it is an entry of one
        self.entry: tuple[Unknown, int] | None = None
        #: attributes and entries that were asked for: the same question gives the same answer
        self.parts: dict[object, Any] = {}

    def get(self, m: Machine, name: str) -> Any:
        """The same unknown for the same attribute."""
        if name not in self.parts:
            self.parts[name] = m.unknown(f"{self.text}.{name}", name)
        return self.parts[name]

    def set(self, m: Machine, name: str, value: Any) -> None:
        """Remember it."""
        self.parts[name] = value
        self._told(m, value)

    def _told(self, m: Machine, value: Any) -> None:
        """What the code puts into something unknown is kept, as long as it is not too much."""
        if isinstance(value, Thing) and len(m.changed) < 10_000:
            m.changed.append((self, value))

    def item(self, m: Machine, key: Any) -> Any:
        """The same unknown for the same entry."""
        if not isinstance(key, (str, int)):
            return m.unknown(f"{self.text}[...]")
        if ("item", key) not in self.parts:
            name = key if isinstance(key, str) and key.isidentifier() else None
            self.parts["item", key] = made = m.unknown(f"{self.text}[{key!r}]", name)
            if isinstance(key, int) and key >= 0 and isinstance(made, Unknown):
                made.entry = (self, key)
        return self.parts["item", key]

    def set_item(self, m: Machine, key: Any, value: Any) -> None:
        """Remember it."""
        if isinstance(key, (str, int)):
            self.parts["item", key] = value
        self._told(m, value)

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Another unknown."""
        return m.unknown(f"{self.text}(...)")

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """A formula where the other side is a size, else another unknown."""
        from nparams.notation._code.operators import unknown_operation

        return unknown_operation(m, sign, self, other, turned=turned)

    def truth(self) -> bool | None:
        """Not known."""
        return None

    def told(self) -> str:
        """The code that gives it."""
        return self.text


class External(Thing):
    """A dotted name that the text imports from elsewhere: torch.nn.Linear.  It is never imported."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def get(self, m: Machine, name: str) -> Any:
        """A constant that is known, or the longer name."""
        return m.external(f"{self.path}.{name}")

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What the library, or the standard library's pure functions, make of the call."""
        return m.call_external(self.path, args, kwargs)

    def item(self, m: Machine, key: Any) -> Any:
        """list[int], Optional[int]: the same name."""
        return self

    def set(self, m: Machine, name: str, value: Any) -> None:
        """np.random.seed = ...: nothing that counts."""

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """int | None: a type."""
        return m.unknown(f"{self.path} {sign} ...")

    def told(self) -> str:
        """Its dotted name."""
        return self.path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, External) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)


class Native(Thing):
    """A function of ours that stands for one of Python's or of a library's: handed the machine and its arguments."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Callable[[Machine, list[Any], dict[str, Any]], Any]) -> None:
        self.name = name
        self.function = function

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run it."""
        return self.function(m, args, kwargs)

    def told(self) -> str:
        """Its name."""
        return self.name
