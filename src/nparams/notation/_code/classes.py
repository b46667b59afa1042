"""Classes of interpreted code: bodies, bases, objects, attributes, super(), dataclasses and enumerations."""

from __future__ import annotations

import ast

from nparams.notation._code.library import Frame
from nparams.notation._code.objects import Class, Function, Instance, Method, Super, Wrapped
from nparams.notation._code.values import MISSING, External, Native, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine

#: bases and decorators that make fields of the annotated names: dataclasses, attrs, NamedTuple, pydantic
FIELDS = frozenset(
    ("dataclass", "NamedTuple", "BaseModel", "attrs", "define", "frozen", "s", "TypedDict", "BaseSettings")
)
MAX_BASES = 100
ENUMERATIONS = frozenset(("Enum", "IntEnum", "StrEnum"))


def made_class(m: Machine, node: ast.ClassDef) -> Class:
    """A class statement: its body runs in a frame of its own."""
    from nparams.notation._code.expressions import evaluate
    from nparams.notation._code.statements import block

    bases = [evaluate(m, base) for base in node.bases if not isinstance(base, ast.Starred)]
    made = Class(node.name, bases, node.lineno)
    made.order = linear(m, made, bases)
    outer = m.frame
    frame = Frame(outer)
    frame.cls, frame.owner = made, MISSING
    m.frame = frame
    try:
        block(m, node.body)
    finally:
        m.frame = outer
    made.attributes = frame.names
    words = [_last_word(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list]
    words += [path.rpartition(".")[2] for path in made.externals()]
    if not FIELDS & set(words) and not any(isinstance(b, Class) and b.fields is not None for b in made.order[1:]):
        made.fields = None
    elif made.fields is None:
        made.fields = {}
    return made


def _last_word(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def linear(m: Machine, cls: Class, bases: list[Any]) -> list[Any]:
    """The order in which names are looked up (C3, as Python's own)."""
    if len(bases) == 1:
        above = bases[0].order if isinstance(bases[0], Class) else bases
        if len(above) > MAX_BASES:
            raise m.error(f"{cls.name} stands below more than {MAX_BASES} classes")
        return [cls, *above]
    rows = [[*base.order] if isinstance(base, Class) else [base] for base in bases]
    rows.append(list(bases))
    found: list[Any] = [cls]
    while rows := [row for row in rows if row]:
        m.step(len(rows))
        head = next((r[0] for r in rows if not any(_among(r[0], other[1:]) for other in rows)), rows[0][0])
        found.append(head)
        rows = [[each for each in row if not _is(each, head)] for row in rows]
    return found


def _is(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, External) and one == other)


def _among(what: Any, row: list[Any]) -> bool:
    return any(_is(what, each) for each in row)


# -- objects ----------------------------------------------------------------------------------------------------------


def instance_of(m: Machine, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Make an object: the library's kind where the class has its bases, then __init__."""
    m.step(20)
    cls.used = True
    made = m.library.instance(m, cls) or Instance(cls)
    made.depth = len(m.repeats)
    init = cls.find("__init__")
    if init is not MISSING:
        m.call(init, [made, *args], kwargs)
    elif cls.fields is not None:
        _fill(m, cls, made, args, kwargs)
    elif cls.externals():
        m.library.start(m, made, cls.externals()[0], args, kwargs)
    return made


def all_fields(cls: Class) -> dict[str, Any]:
    """The fields of a dataclass, those of its bases first."""
    found: dict[str, Any] = {}
    for each in reversed(cls.order):
        if isinstance(each, Class) and each.fields:
            found.update(each.fields)
    return found


def _fill(m: Machine, cls: Class, made: Instance, args: list[Any], kwargs: dict[str, Any]) -> None:
    """What a dataclass's own __init__ does."""
    fields = list(all_fields(cls))
    if len(args) > len(fields):
        raise m.error(f"{cls.name}() takes {len(fields)} arguments, {len(args)} are given")
    given = dict(zip(fields, args, strict=False)) | kwargs
    for name in given:
        if name not in fields:
            raise m.error(f"{cls.name} has no field {name}")
    for name in fields:
        value = given.get(name, MISSING)
        value = _default(m, cls.find(name)) if value is MISSING else value
        if value is MISSING:
            value = m.unknown(f"{cls.name}.{name}", name)
            if isinstance(value, Unknown):
                value.told_of = True
        made.set(m, name, value)
    after = cls.find("__post_init__")
    if after is not MISSING:
        m.call(after, [made], {})


def _default(m: Machine, held: Any) -> Any:
    """The default of a field; field(default_factory=list) makes a new one each time."""
    if isinstance(held, Field):
        return m.call(held.factory, [], {}) if held.factory is not None else held.default
    return held


class Field(Thing):
    """dataclasses.field(default=..., default_factory=...)."""

    __slots__ = ("default", "factory")

    def __init__(self, default: Any, factory: Any) -> None:
        self.default = default
        self.factory = factory


# -- attributes -------------------------------------------------------------------------------------------------------


def class_attribute(m: Machine, cls: Class, name: str) -> Any:
    """Net.name."""
    if name in ("__name__", "__qualname__"):
        return cls.name
    found = cls.find(name)
    if found is MISSING:
        return _from_above(m, cls, name)
    if isinstance(found, Wrapped):
        return Method(found.function, cls) if found.how == "classmethod" else found.function
    return Member(cls, name, found) if _is_enumeration(cls) and not isinstance(found, Function) else found


def _is_enumeration(cls: Class) -> bool:
    return any(path.rpartition(".")[2] in ENUMERATIONS for path in cls.externals())


class Member(Thing):
    """An entry of an enumeration."""

    __slots__ = ("cls", "name", "value")

    def __init__(self, cls: Class, name: str, value: Any) -> None:
        self.cls = cls
        self.name = name
        self.value = value

    def get(self, m: Machine, name: str) -> Any:
        """Its name or its value."""
        return {"name": self.name, "value": self.value}.get(name, MISSING)

    def told(self) -> str:
        """As it is written."""
        return f"{self.cls.name}.{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Member) and (other.cls, other.name) == (self.cls, self.name)

    def __hash__(self) -> int:
        return hash(self.name)


def _from_above(m: Machine, cls: Class, name: str) -> Any:
    """What a class has from a base that the text does not hold."""
    for path in cls.externals():
        return m.external(f"{path}.{name}")
    return MISSING


def instance_attribute(m: Machine, owner: Instance, name: str) -> Any:
    """owner.name: its own, its class's, or what a base of the library gives."""
    if name in owner.attributes:
        return owner.attributes[name]
    if name == "__class__":
        return owner.cls
    if name == "__dict__":
        return owner.attributes
    found = owner.cls.find(name)
    if found is not MISSING:
        return bound_to(m, owner, found)
    return _inherited(m, owner, name, owner.cls.order)


def bound_to(m: Machine, owner: Any, found: Any) -> Any:
    """A class's attribute as its object sees it: functions become methods, properties are worked out."""
    if isinstance(found, Wrapped):
        if found.how == "property":
            return m.call(found.function, [owner], {})
        return Method(found.function, owner.cls) if found.how == "classmethod" else found.function
    if isinstance(found, (Function, Native)):
        return Method(found, owner)
    return _default(m, found)


def _inherited(m: Machine, owner: Instance, name: str, order: list[Any]) -> Any:
    externals = [each for each in order if isinstance(each, External)]
    for each in externals:
        found = m.library.inherited(m, owner, each.path, name)
        if found is not MISSING:
            return found
    getter = owner.cls.find("__getattr__")
    if getter is not MISSING:
        return m.call(getter, [owner, name], {})
    if owner.cls.fields is not None or not externals:
        if name.startswith("__"):
            return Native(name, lambda m, args, kwargs: None)
        return MISSING
    owner.attributes[name] = made = m.unknown(f"{owner.cls.name}.{name}", name)
    return made


def super_attribute(m: Machine, parent: Super, name: str) -> Any:
    """super().name: the next class after the one that asks."""
    owner = parent.owner
    cls = owner.cls if isinstance(owner, Instance) else owner
    if not isinstance(cls, Class):
        return m.unknown(f"super().{name}")
    order = cls.order
    at = next((k for k, each in enumerate(order) if each is parent.after), 0)
    for each in order[at + 1 :]:
        if isinstance(each, Class) and name in each.attributes:
            return bound_to(m, owner, each.attributes[name])
        if isinstance(each, Class) and name == "__init__" and each.fields is not None:
            return Native(name, lambda m, args, kwargs, each=each: _fill(m, each, owner, args, kwargs))  # type: ignore[misc]
        if isinstance(each, External):
            return _super_external(m, owner, each.path, name)
    return Native(name, lambda m, args, kwargs: None)


def _super_external(m: Machine, owner: Any, path: str, name: str) -> Any:
    if name == "__init__":
        return Native(name, lambda m, args, kwargs: m.library.start(m, owner, path, args, kwargs))
    found = m.library.inherited(m, owner, path, name) if isinstance(owner, Instance) else MISSING
    if found is not MISSING:
        return found
    return Native(name, lambda m, args, kwargs: m.unknown(f"super().{name}(...)"))
