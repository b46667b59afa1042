"""Models that nobody made: the class that no other one uses, the function that makes one."""

from __future__ import annotations

import ast

from nparams.errors import NotationError
from nparams.notation._code.classes import instance_of
from nparams.notation._code.handed import arguments_for
from nparams.notation._code.objects import Class, Function, Wrapped
from nparams.notation._keras.base import is_keras
from nparams.notation._keras.custom import Custom, callee_of
from nparams.notation._keras.lost import makes
from nparams.notation._keras.models import Graph, Sequence

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine
    from nparams.notation._keras.library import KerasLibrary


def several(names: list[str]) -> NotationError:
    """The refusal that lists the models of a text."""
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    made = NotationError(
        f"the code holds several models: {listed}; choose one with file.py:{names[0]} or --which {names[0]}"
    )
    made.placed = True  # type: ignore[attr-defined]
    return made


def made_of(m: Machine, held: Any) -> Any:
    """An object of a class, or what a function gives, with symbols for what must be handed in."""
    m.line = getattr(held, "line", 0) or m.line
    if isinstance(held, Class):
        init = held.find("__init__")
        args = arguments_for(m, init, skip=1) if isinstance(init, Function) else {}
        return instance_of(m, held, [], args)
    if isinstance(held, Function):
        held = m.call(held, [], arguments_for(m, held, skip=0))
    if isinstance(held, (tuple, list)):
        held = next((each for each in held if callee_of(each) is not None), held)
    return held


def from_definitions(m: Machine, library: KerasLibrary, only: str | None = None) -> None:
    """Make an object of the class that no other one uses, or call the function that makes a model."""
    names = m.module.names
    classes = {n: v for n, v in names.items() if isinstance(v, Class) and is_keras(v) and v.name == n}
    models = {n: v for n, v in classes.items() if is_keras(v) != "Layer"} or classes
    unused = {n: v for n, v in models.items() if not v.used} or models
    if len(unused) > 1:
        used = _named_elsewhere(unused)
        unused = {n: v for n, v in unused.items() if n not in used} or unused
    functions = {n: v for n, v in names.items() if isinstance(v, Function) and isinstance(v.node, ast.FunctionDef)}
    makers = _makers(m, functions, set(classes))
    if len(unused) > 1 and not makers:
        raise several(list(unused))
    if makers:
        _call_makers(m, library, makers, functions | _static(m))
    elif unused:
        made_of(m, next(iter(unused.values())))


def _named_elsewhere(classes: dict[str, Class]) -> set[str]:
    found: set[str] = set()
    for name, cls in classes.items():
        for held in cls.attributes.values():
            if isinstance(held, Function):
                found |= {n.id for n in ast.walk(held.node) if isinstance(n, ast.Name) and n.id != name}
    return found


def _makers(m: Machine, functions: dict[str, Function], classes: set[str]) -> dict[str, Function]:
    """Functions that make layers and that no other such function calls."""
    functions = functions | _static(m)
    making = {name: f for name, f in functions.items() if makes(m, f.node, classes)}
    called: set[str] = set()
    for _ in range(4):  # a maker may call another one
        for name, function in functions.items():
            words = {n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(function.node)
                     if isinstance(n, (ast.Name, ast.Attribute))}  # fmt: skip
            used = {other for other in functions if other.rpartition(".")[2] in words and other != name}
            if used & making.keys():
                making.setdefault(name, function)
            called |= used
    return {name: f for name, f in making.items() if name not in called} or making


def _static(m: Machine) -> dict[str, Function]:
    """Static methods of classes that are no layers: ResnetBuilder.build_resnet_18."""
    return {
        f"{name}.{word}": held.function
        for name, cls in m.module.names.items() if isinstance(cls, Class) and is_keras(cls) is None
        for word, held in cls.attributes.items()
        if isinstance(held, Wrapped) and held.how == "staticmethod" and isinstance(held.function, Function)
    }  # fmt: skip


def _call_makers(
    m: Machine, library: KerasLibrary, makers: dict[str, Function], functions: dict[str, Function]
) -> None:
    """Call the one that gives a model; where several do, they are listed."""
    giving = {name: f for name, f in makers.items() if _gives(f)} or makers
    if len(giving) > 1:
        made = _make_models(functions)
        models = {name: f for name, f in giving.items() if name in made}
        giving = models or giving
    if len(giving) > 1:
        raise several(list(giving))
    name, function = next(iter(giving.items()))
    before = len(library.made)
    held = callee_of(made_of(m, function))
    if held is not None and not is_model(held) and len(library.made) == before:
        raise NotationError(f"{name}() gives no model")


def _gives(function: Function) -> bool:
    return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function.node))


def _make_models(functions: dict[str, Function]) -> set[str]:
    """The functions that call Sequential or Model, or another one that does."""
    calls = {
        name: {_last(n.func) for n in ast.walk(f.node) if isinstance(n, ast.Call)} for name, f in functions.items()
    }  # fmt: skip
    known = {"Sequential", "Model", "Functional"}
    for _ in range(4):
        known |= {name.rpartition(".")[2] for name, words in calls.items() if words & known}
    return {name for name in functions if name.rpartition(".")[2] in known}


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def is_model(made: Any) -> bool:
    return isinstance(made, (Sequence, Graph)) or (isinstance(made, Custom) and made.base != "Layer")
