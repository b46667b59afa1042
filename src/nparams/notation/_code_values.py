"""What the variables of interpreted code hold, besides Python's own numbers, texts, lists and dicts.

Nothing here is the real thing: a class of the text is a Class, an imported name is an External that is never imported,
and what cannot be known is an Unknown, which remembers where it came from and may stand in a formula as a symbol.
"""

from __future__ import annotations

from nparams.expr import Expr

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from nparams.notation._code_machine import Machine

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

    __slots__ = ("called", "entry", "line", "name", "parts", "text", "told_of")

    def __init__(self, text: str, line: int, name: str | None = None, *, told_of: bool = False) -> None:
        self.text = text if len(text) <= 80 else f"{text[:60]}…{text[-12:]}"
        self.line = line
        self.name = name
        #: whether it stands for a value that whoever runs the code hands in, so that it is not None
        self.told_of = told_of
        #: the code of what was called, where it is what a call gave
        self.called: str | None = None
        #: (name of a list, place) where it is an entry of one
        self.entry: tuple[str, int] | None = None
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

    def item(self, m: Machine, key: Any) -> Any:
        """The same unknown for the same entry."""
        if not isinstance(key, (str, int)):
            return m.unknown(f"{self.text}[...]")
        if ("item", key) not in self.parts:
            name = key if isinstance(key, str) and key.isidentifier() else None
            self.parts["item", key] = made = m.unknown(f"{self.text}[{key!r}]", name)
            if self.name is not None and isinstance(key, int) and key >= 0:
                made.entry = (self.name, key)
        return self.parts["item", key]

    def set_item(self, m: Machine, key: Any, value: Any) -> None:
        """Remember it."""
        if isinstance(key, (str, int)):
            self.parts["item", key] = value

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Another unknown."""
        return m.unknown(f"{self.text}(...)")

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """A formula where the other side is a size, else another unknown."""
        from nparams.notation._code_operators import unknown_operation

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


class Function(Thing):
    """A def or a lambda of the text, with the frame that it was made in."""

    __slots__ = ("defaults", "frame", "kw_defaults", "name", "node", "of")

    def __init__(self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Any) -> None:
        self.name = name
        self.node = node
        self.frame = frame
        self.defaults: list[Any] = []
        self.kw_defaults: list[Any] = []
        #: the class whose body it stands in
        self.of: Class | None = None

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run its body."""
        from nparams.notation._code_functions import call_function

        return call_function(m, self, args, kwargs)

    def get(self, m: Machine, name: str) -> Any:
        """Its name; attributes that code hangs on functions are not followed."""
        return self.name if name in ("__name__", "__qualname__") else MISSING

    def set(self, m: Machine, name: str, value: Any) -> None:
        """forward.__doc__ = ...: nothing that counts."""

    def told(self) -> str:
        """Its name."""
        return self.name


class Wrapped(Thing):
    """A function under @staticmethod, @classmethod or @property."""

    __slots__ = ("function", "how")

    def __init__(self, how: str, function: Any) -> None:
        self.how = how
        self.function = function

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call what is wrapped."""
        return m.call(self.function, args, kwargs)


class Method(Thing):
    """A function bound to what it is a method of."""

    __slots__ = ("function", "owner")

    def __init__(self, function: Any, owner: Any) -> None:
        self.function = function
        self.owner = owner

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call it with its owner first."""
        return m.call(self.function, [self.owner, *args], kwargs)

    def told(self) -> str:
        """The function's name."""
        return str(self.function.told()) if isinstance(self.function, Thing) else "a method"


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


class Partial(Thing):
    """functools.partial(function, ...)."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.function = function
        self.args = list(args)
        self.kwargs = dict(kwargs)

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call with both lots of arguments."""
        return m.call(self.function, [*self.args, *args], {**self.kwargs, **kwargs})

    def get(self, m: Machine, name: str) -> Any:
        """The function, under its own name."""
        return self.function if name == "func" else MISSING

    def told(self) -> str:
        """What it calls."""
        return self.function.told() if isinstance(self.function, Thing) else "a partial"


class Class(Thing):
    """A class of the text: what its body bound, and its bases (Classes and Externals)."""

    __slots__ = ("attributes", "bases", "fields", "line", "name", "order", "used")

    def __init__(self, name: str, bases: list[Any], line: int) -> None:
        self.name = name
        self.bases = bases
        self.line = line
        self.attributes: dict[str, Any] = {}
        #: names with a type in the body, in order: the fields of a dataclass
        self.fields: dict[str, Any] | None = None
        #: itself and everything above it, in the order in which names are looked up
        self.order: list[Any] = [self]
        #: whether an object of it was made
        self.used = False

    def find(self, name: str) -> Any:
        """What the class or one above it binds to a name, MISSING where none does."""
        for each in self.order:
            if isinstance(each, Class) and name in each.attributes:
                return each.attributes[name]
        return MISSING

    def externals(self) -> list[str]:
        """The dotted names above it that the text does not hold."""
        return [each.path for each in self.order if isinstance(each, External)]

    def get(self, m: Machine, name: str) -> Any:
        """A method or a constant of the class."""
        from nparams.notation._code_classes import class_attribute

        return class_attribute(m, self, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """Net.depth = 3."""
        self.attributes[name] = value

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """An object of it."""
        from nparams.notation._code_classes import instance_of

        return instance_of(m, self, args, kwargs)

    def item(self, m: Machine, key: Any) -> Any:
        """Generic[int], or an entry of an enumeration."""
        return self.attributes.get(key, self) if isinstance(key, str) else self

    def told(self) -> str:
        """Its name."""
        return self.name


class Instance(Thing):
    """An object of a class of the text."""

    __slots__ = ("attributes", "cls", "depth")

    def __init__(self, cls: Class) -> None:
        self.cls = cls
        self.attributes: dict[str, Any] = {}
        #: loops over symbolic ranges that were open when it was made
        self.depth = 0

    def get(self, m: Machine, name: str) -> Any:
        """An attribute of its own, or of its class."""
        from nparams.notation._code_classes import instance_attribute

        return instance_attribute(m, self, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """self.x = value."""
        self.attributes[name] = value

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Its __call__."""
        method = self.cls.find("__call__")
        return m.unknown(f"{self.told()}(...)") if method is MISSING else m.call(method, [self, *args], kwargs)

    def item(self, m: Machine, key: Any) -> Any:
        """Its __getitem__; a field of that name where it has none."""
        method = self.cls.find("__getitem__")
        if method is not MISSING:
            return m.call(method, [self, key], {})
        return self.get(m, key) if isinstance(key, str) else m.unknown(f"{self.told()}[...]")

    def set_item(self, m: Machine, key: Any, value: Any) -> None:
        """Its __setitem__."""
        method = self.cls.find("__setitem__")
        if method is not MISSING:
            m.call(method, [self, key, value], {})

    def iterate(self, m: Machine) -> list[Any] | None:
        """What its __iter__ gives."""
        method = self.cls.find("__iter__")
        return None if method is MISSING else m.entries(m.call(method, [self], {}))

    def length(self, m: Machine) -> Any:
        """Its __len__."""
        method = self.cls.find("__len__")
        return m.unknown(f"len({self.told()})") if method is MISSING else m.call(method, [self], {})

    def told(self) -> str:
        """Its class's name."""
        return self.cls.name


class Super(Thing):
    """super(): what the classes after one say of an object."""

    __slots__ = ("after", "owner")

    def __init__(self, after: Class, owner: Any) -> None:
        self.after = after
        self.owner = owner

    def get(self, m: Machine, name: str) -> Any:
        """The next class's attribute, bound to the object."""
        from nparams.notation._code_classes import super_attribute

        return super_attribute(m, self, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """super().__setattr__: on the object itself."""
        m.set_attribute(self.owner, name, value)


class Scaled(Thing):
    """A float times a symbolic size, not yet rounded: int(4.0 * d) is trunc(4.0*d)."""

    __slots__ = ("factor", "size")

    def __init__(self, factor: float, size: Expr) -> None:
        self.factor = factor
        self.size = size

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """More factors; anything else is not followed."""
        if sign == "*" and isinstance(other, (int, float)) and not isinstance(other, bool):
            return Scaled(self.factor * other, self.size)
        return m.unknown(f"{self.told()} {sign} ...")

    def told(self) -> str:
        """As it is written."""
        return f"{self.factor}*{self.size}"

    def truth(self) -> bool | None:
        """Not known."""
        return None


class Ratio(Thing):
    """A quotient of sizes, not yet rounded: int(d / h) is d // h."""

    __slots__ = ("over", "under")

    def __init__(self, over: int | Expr, under: int | Expr) -> None:
        self.over = over
        self.under = under

    def told(self) -> str:
        """As it is written."""
        return f"{self.over} / {self.under}"

    def truth(self) -> bool | None:
        """Not known."""
        return None


class Copies(Thing):
    """Equal copies of a value, one for each index from first to last, made by a loop over a symbolic range."""

    __slots__ = ("first", "index", "last", "value")

    def __init__(self, value: Any, index: str, first: int | Expr, last: int | Expr) -> None:
        self.value = value
        self.index = index
        self.first = first
        self.last = last

    def get(self, m: Machine, name: str) -> Any:
        """What each copy answers."""
        return m.attribute(self.value, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """What each copy is given."""
        m.set_attribute(self.value, name, value)


class SymbolicRange(Thing):
    """range(n) with n a symbol."""

    __slots__ = ("first", "last")

    def __init__(self, first: int | Expr, last: int | Expr) -> None:
        self.first = first
        self.last = last

    def length(self, m: Machine) -> Any:
        """last - first + 1."""
        from nparams.expr import add, mul

        return add(self.last, mul(-1, self.first), 1)

    def truth(self) -> bool | None:
        """Not known."""
        return None

    def told(self) -> str:
        """As it is written."""
        return f"{self.first}..{self.last}"
