"""What is handed to a function that the text itself never calls: values of --set, settings of the text, symbols."""

from __future__ import annotations

import ast

from nparams.errors import NotationError
from nparams.notation._code.classes import all_fields, instance_of
from nparams.notation._code.functions import default_of, parameters, required
from nparams.notation._code.objects import Class, Function, Instance
from nparams.notation._code.values import Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine

#: parameters that hold settings
SETTINGS = frozenset(
    "config cfg args conf hparams params opt configs cfgs options opts hps hyperparams model_args".split()
)


def arguments_for(m: Machine, function: Function, *, skip: int) -> dict[str, Any]:
    """Values for a function's parameters: those that --set gives, settings of the text, and symbols for the rest."""
    needed = required(function)[skip:] if skip else required(function)
    found: dict[str, Any] = {}
    for name in parameters(function)[skip:]:
        if name in m.given:
            found[name] = m.take(name)
        elif name in needed:
            found[name] = _settings(m, function, name)
        else:
            m.offer(name, default_of(function, name))
    if function.node.args.kwarg is not None:  # what it hands on to the class that it makes
        open_names = {name for cls in module_classes(m) for name in arguments_of(cls)}
        found |= {name: m.take(name) for name in m.given if name in open_names and name not in found}
    return found


def module_classes(m: Machine) -> list[Class]:
    """The classes of the text whose objects are modules."""
    return [v for v in m.module.names.values() if isinstance(v, Class) and m.library.is_module(v)]


def arguments_of(cls: Class) -> list[str]:
    """What a class's own constructor takes."""
    init = cls.attributes.get("__init__")
    return parameters(init)[1:] if isinstance(init, Function) else []


def _settings(m: Machine, function: Function, name: str) -> Any:
    """The settings that a parameter surely means, with a note; an unknown otherwise."""
    annotation = _annotation(function, name)
    own = m.module.names.get(annotation or "")
    classes = [v for v in m.module.names.values() if isinstance(v, Class) and is_settings_class(m, v)]
    fitting = [c for c in classes if annotation is not None and c.name == annotation]
    if not fitting and name.lower() in SETTINGS:
        fitting = classes
    plain = name.lower() in SETTINGS and not (isinstance(own, Class) and is_settings_class(m, own))
    held = {n: v for n, v in m.module.names.items() if _is_settings(m, v)} if plain else {}
    if len(held) == 1:
        word, value = next(iter(held.items()))
        m.note(f"{name} is taken to be {word}")
        return value
    if len(held) > 1:
        raise NotationError(f"{name} may be any of {', '.join(held)}; --set {name}={next(iter(held))} chooses")
    if len(fitting) == 1:
        made = instance_of(m, fitting[0], [], {n: m.take(n) for n in all_fields(fitting[0]) if n in m.given})
        m.note(f"{name} is taken to be {fitting[0].name}()")
        return made
    return Unknown(name, m.line, name, told_of=True)


def _annotation(function: Function, name: str) -> str | None:
    spec = function.node.args
    for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        if arg.arg == name and arg.annotation is not None:
            node = arg.annotation
            return (
                node.id if isinstance(node, ast.Name) else str(node.value) if isinstance(node, ast.Constant) else None
            )
    return None


def is_settings_class(m: Machine, cls: Class) -> bool:
    """A dataclass, or a class that is no module and whose name says that it holds settings."""
    if m.library.is_module(cls):
        return False
    word = cls.name.lower()
    return cls.fields is not None or any(
        end in word for end in ("config", "args", "cfg", "settings", "hparams", "params")
    )


def _is_settings(m: Machine, value: Any) -> bool:
    if isinstance(value, dict):
        named = bool(value) and all(isinstance(key, str) for key in value)
        return named and not all(isinstance(held, (dict, Instance)) for held in value.values())
    return isinstance(value, Instance) and is_settings_class(m, value.cls)
