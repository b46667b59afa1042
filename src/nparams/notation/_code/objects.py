"""Functions, classes and objects of interpreted code."""

from __future__ import annotations

import ast

from nparams.notation._code.values import MISSING, External, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.notation._code.machine import Machine


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
        from nparams.notation._code.functions import call_function

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

    __slots__ = ("attributes", "bases", "called", "fields", "line", "name", "order", "used")

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
        #: attributes that its own methods call, as forward calls layers; None: not looked for yet
        self.called: frozenset[str] | None = None

    def find(self, name: str) -> Any:
        """What the class or one above it binds to a name, MISSING where none does."""
        for each in self.order:
            if isinstance(each, Class) and name in each.attributes:
                return each.attributes[name]
        return MISSING

    def calls(self, name: str) -> bool:
        """Whether a method calls an attribute: self.encoder(x)."""
        if self.called is None:
            methods = [held.node for held in self.attributes.values() if isinstance(held, Function)]
            funcs = [n.func for node in methods for n in ast.walk(node) if isinstance(n, ast.Call)]
            self.called = frozenset(
                f.attr for f in funcs
                if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == "self"
            )  # fmt: skip
        return name in self.called

    def externals(self) -> list[str]:
        """The dotted names above it that the text does not hold."""
        return [each.path for each in self.order if isinstance(each, External)]

    def get(self, m: Machine, name: str) -> Any:
        """A method or a constant of the class."""
        from nparams.notation._code.classes import class_attribute

        return class_attribute(m, self, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """Net.depth = 3."""
        self.attributes[name] = value

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """An object of it."""
        from nparams.notation._code.classes import instance_of

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
        from nparams.notation._code.classes import instance_attribute

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
        from nparams.notation._code.classes import super_attribute

        return super_attribute(m, self, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """super().__setattr__: on the object itself."""
        m.set_attribute(self.owner, name, value)
