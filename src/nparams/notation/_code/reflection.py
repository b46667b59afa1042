"""What interpreted code asks of its objects: isinstance, getattr, setattr, type and the like."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr
from nparams.notation._code.machine import described
from nparams.notation._code.objects import Class, Function, Instance, Partial
from nparams.notation._code.values import External, Native, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]


PLAIN_TYPES: dict[str, Any] = {
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict, "set": set,
}  # fmt: skip


def exactly(m: Machine, name: str, args: Args, count: int) -> Args:
    """The arguments, if there are as many as there should be."""
    if len(args) != count:
        raise m.error(f"{name}() takes {count} argument{'s' if count > 1 else ''}, {len(args)} are given")
    return args


def is_a(m: Machine, value: Any, kind: Any) -> bool | None:
    """isinstance(value, kind); None where that is not known."""
    if isinstance(kind, (tuple, list)):
        found = [is_a(m, value, each) for each in kind]
        return True if True in found else None if None in found else False
    if isinstance(value, Unknown) or isinstance(kind, Unknown):
        return None
    if isinstance(kind, Native) and kind.name in PLAIN_TYPES:
        if isinstance(value, Expr):
            return kind.name in ("int", "float") and (kind.name == "int")
        return isinstance(value, PLAIN_TYPES[kind.name])
    if isinstance(kind, Class):
        return isinstance(value, Instance) and any(each is kind for each in value.cls.order)
    if isinstance(kind, External):
        return _is_external(m, value, kind.path)
    return None


def _is_external(m: Machine, value: Any, path: str) -> bool | None:
    word = path.rpartition(".")[2]
    if word in ("Iterable", "Sequence", "Container", "Collection", "Mapping"):
        return isinstance(value, dict if word == "Mapping" else (list, tuple, range, dict, str, set))
    if word in ("Number", "Integral", "Real"):
        return isinstance(value, (int, float, Expr))
    if path == "builtins.object":
        return True
    return m.library.is_a(m, value, path)


def _isinstance(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    found = is_a(m, *exactly(m, "isinstance", args, 2))
    return m.unknown("isinstance(...)") if found is None else found


def _issubclass(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    cls, of = exactly(m, "issubclass", args, 2)
    if isinstance(cls, Class):
        kinds = of if isinstance(of, (tuple, list)) else (of,)
        return any(each == kind for each in cls.order for kind in kinds)
    return m.unknown("issubclass(...)")


def _type(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.builtins import BUILTINS

    if len(args) == 1 and isinstance(args[0], Instance):
        return args[0].cls
    if len(args) == 1 and type(args[0]).__name__ in PLAIN_TYPES:
        return Native(type(args[0]).__name__, BUILTINS[type(args[0]).__name__])
    return m.unknown("type(...)")


def _getattr(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    if len(args) not in (2, 3):
        raise m.error("getattr() takes an object, a name, and a value that stands in where there is none")
    owner, name = args[:2]
    if not isinstance(name, str):
        return m.unknown("getattr(...)")
    try:
        return m.attribute(owner, name)
    except NotationError:
        if len(args) == 3:
            return args[2]
        raise


def _hasattr(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    owner, name = exactly(m, "hasattr", args, 2)
    if isinstance(owner, External) and m.library.has(owner.path):
        return True  # the newest version has it
    if isinstance(owner, (Unknown, External)) or not isinstance(name, str):
        return m.unknown(f"hasattr({described(owner)}, {name!r})" if isinstance(name, str) else "hasattr(...)")
    try:
        m.attribute(owner, name)
    except NotationError:
        return False
    return True


def _setattr(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    owner, name, value = exactly(m, "setattr", args, 3)
    if not isinstance(name, str):
        raise m.error("setattr() with a name that is not known")
    m.set_attribute(owner, name, value)


def _delattr(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    owner, name = exactly(m, "delattr", args, 2)
    if isinstance(owner, Thing):
        owner.delete(m, name)


def _callable(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else None
    if isinstance(held, Unknown):
        return m.unknown("callable(...)")
    return isinstance(held, (Class, Function, Native, Partial, External, Instance))


def _locals(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return dict(m.frame.names)


def _globals(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return dict(m.module.names)


def _vars(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else None
    return dict(held.attributes) if isinstance(held, Instance) else m.unknown("vars(...)")


REFLECTION: dict[str, Callable[[Machine, Args, Kwargs], Any]] = {
    "isinstance": _isinstance, "issubclass": _issubclass, "type": _type, "getattr": _getattr, "hasattr": _hasattr,
    "setattr": _setattr, "delattr": _delattr, "callable": _callable, "locals": _locals, "globals": _globals,
    "vars": _vars,
}  # fmt: skip
