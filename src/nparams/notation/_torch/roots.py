"""Which of the models in a text is meant: the one that is asked for, the only one, or a refusal that lists them."""

from __future__ import annotations

import ast

from nparams.errors import NotationError, shown
from nparams.notation._code.classes import instance_of
from nparams.notation._code.functions import required
from nparams.notation._code.handed import arguments_for
from nparams.notation._code.objects import Class, Function
from nparams.notation._code.values import MISSING, Unknown
from nparams.notation._torch.elsewhere import library_changed, library_made
from nparams.notation._torch.library import TorchLibrary, is_module_class
from nparams.notation._torch.modules import Param, TorchModule, plain_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.notation._code.machine import Machine


def choose(m: Machine, library: TorchLibrary, tree: ast.Module, which: str | None) -> TorchModule:
    """The module that the text is about; NotationError where there is none, or several and none was named."""
    if which is not None:
        for why, names in library.lost:
            if which.partition(".")[0] in names and not _is_class(m, which):
                raise NotationError(why)
        return _named(m, which, tree)
    if library.lost:
        raise NotationError(library.lost[0][0])
    instances = _free_instances(library)
    _refuse_turns(m, instances)
    own = [each for each in instances if each.spec is None and not each.cls.name.islower() and each.cls.line]
    if own:
        return _only(m, own, tree)
    if (classes := _unmade(m, library)) and instances:
        held = [n for n, v in m.module.names.items() if v in instances and not (v.spec is not None and v.spec.free)]
        if held:
            raise several([*held, *classes])
    elif (loose := _loose(m, instances)) is not None:
        return loose
    return _from_classes(m, tree)


def _refuse_turns(m: Machine, instances: list[TorchModule]) -> None:
    """A layer that nothing holds stands for one turn of the loop that made it."""
    turning = [each for each in instances if each.depth and not (each.spec is not None and each.spec.free)]
    if turning:
        m.line = turning[0].line
        raise m.error(
            f"{turning[0].name} is made in a loop, and how many turns it takes is not known; --set gives names a value"
        )


def _is_class(m: Machine, which: str) -> bool:
    return isinstance(m.module.names.get(which), Class)


def _unmade(m: Machine, library: TorchLibrary) -> list[str]:
    """The text's classes of modules, where it makes no object of any."""
    classes = {v.name: v for v in m.module.names.values() if isinstance(v, Class) and is_module_class(v)}
    return [] if any(each.cls in classes.values() for each in library.made) else list(classes)


# -- objects that the code made --------------------------------------------------------------------------------------


def _free_instances(library: TorchLibrary) -> list[TorchModule]:
    """The modules that no other one holds, and that hold something."""
    held: set[int] = set()
    for module in library.made:
        for child in module.children.values():
            inner = child
            while hasattr(inner, "value"):
                inner = inner.value
            held.add(id(inner))
    return [module for module in library.made if id(module) not in held and not module.used_up]


def _only(m: Machine, found: list[TorchModule], tree: ast.Module) -> TorchModule:
    """The one object, or the only one of a class that says something; several differing ones are listed."""
    names = {id(value): name for name, value in reversed(m.module.names.items()) if isinstance(value, TorchModule)}
    holding = [each for each in found if _holds(each)] or found
    named = [each for each in holding if id(each) in names]
    candidates = named or holding
    classes = list(dict.fromkeys(each.cls.name for each in candidates))
    if len(candidates) == 1:
        return candidates[0]
    if (named and len(classes) > 1) or len(named) > 1:
        words = [names[id(each)] for each in named]
        raise several(words)
    if len(classes) == 1:
        return candidates[-1]
    raise several(classes)


def _holds(module: TorchModule) -> bool:
    from nparams.notation._torch.methods import parameters_of

    return bool(parameters_of(module)) or any(not isinstance(c, TorchModule) for c in module.children.values())


def several(names: list[str]) -> NotationError:
    """The refusal that lists the models of a text."""
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return NotationError(
        f"the code holds several models: {listed}; choose one with file.py:{names[0]} or --which {names[0]}"
    )


def _loose(m: Machine, instances: list[TorchModule]) -> TorchModule | None:
    """Layers that no class holds together: one, or several that are counted as one network."""
    if (elsewhere := library_changed(m)) is not None:
        raise elsewhere
    held = m.free.get("self")
    if isinstance(held, Unknown) and any(isinstance(v, (TorchModule, Param)) for v in held.parts.values()):
        return _together(m, {str(k): v for k, v in held.parts.items()})
    instances = [each for each in instances if each.spec is None or not each.spec.free or len(instances) == 1]
    if not instances:
        bare = {name: v for name, v in m.module.names.items() if isinstance(v, Param) and not v.buffer}
        classes = any(isinstance(v, Class) and is_module_class(v) for v in m.module.names.values())
        return _together(m, bare) if bare and not classes else None
    names = {id(value): name for name, value in m.module.names.items() if isinstance(value, TorchModule)}
    if len(instances) == 1:
        return instances[0]
    containers = [each for each in instances if each.container is not None and id(each) in names]
    if len(containers) > 1:
        raise several([names[id(each)] for each in containers])
    if len(containers) == 1 and all(id(each) not in names for each in instances if each is not containers[0]):
        return containers[0]
    return _together(m, {names.get(id(each), str(k)): each for k, each in enumerate(instances)})


def _together(m: Machine, layers: Mapping[str, Any]) -> TorchModule:
    made = TorchModule(plain_class("Layers"), m)
    for name, layer in layers.items():
        made.set(m, name, layer)
    if (count := len(made.children) + len(made.params)) > 1:
        what = "layers" if made.children else "parameters"
        m.note(f"{count} {what} that no class holds together are counted as one network")
    return made


# -- classes and functions of the code -------------------------------------------------------------------------------


def _from_classes(m: Machine, tree: ast.Module) -> TorchModule:
    """The class that no other class uses; the function that makes one, where the class alone cannot be made."""
    classes = {n: v for n, v in m.module.names.items() if isinstance(v, Class) and is_module_class(v) and v.name == n}
    if not classes:
        raise _nothing(m)
    used = _used_names(tree, classes)
    roots = [name for name in classes if name not in used] or list(classes)
    makers = _makers(m, tree, set(classes))
    open_roots = [name for name in roots if _needs(classes[name])]
    if makers and (open_roots or not roots):
        own = [name for name in makers if not any(name in names for names in _calls(tree, makers))] or makers
        if len(makers) == 1:
            return _named(m, makers[0], tree)
        if own:
            raise several([*own, *(name for name in roots if name not in open_roots)])
    if len(roots) > 1:
        raise several(roots)
    return _named(m, roots[0], tree)


def _needs(cls: Class) -> list[str]:
    init = cls.find("__init__")
    return required(init)[1:] if isinstance(init, Function) else []


def _used_names(tree: ast.Module, classes: dict[str, Any]) -> set[str]:
    """Classes that the body of another one names, or a function that it calls."""
    names = {s.name: _names_in(s) for s in tree.body if isinstance(s, (ast.ClassDef, ast.FunctionDef))}
    used: set[str] = set()
    for name in classes:
        seen, left = {name}, list(names.get(name, ()))
        while left:
            other = left.pop()
            if other in seen or other not in names:
                continue
            seen.add(other)
            if other not in classes:  # a function: what it names is used as well
                left += names[other]
        used |= (seen & classes.keys()) - {name}
    return used


def _names_in(statement: ast.stmt) -> set[str]:
    names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return names | {n.value for n in ast.walk(statement) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _makers(m: Machine, tree: ast.Module, classes: set[str]) -> list[str]:
    """Functions that can be called with nothing and give an object of one of the classes."""
    functions = [s for s in tree.body if isinstance(s, ast.FunctionDef)]
    makers: set[str] = set()
    known = set(classes)
    for _ in range(4):  # a maker may call another one
        for function in functions:
            calls = {n.func.id for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
            gives = any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function))
            if gives and calls & known:
                known.add(function.name)
                makers.add(function.name)
    held = m.module.names
    return [
        f.name for f in functions
        if f.name in makers and isinstance(held.get(f.name), Function) and not required(held[f.name])
    ]  # fmt: skip


def _calls(tree: ast.Module, makers: list[str]) -> list[set[str]]:
    return [
        {n.func.id for n in ast.walk(f) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in makers
    ]  # fmt: skip


def _nothing(m: Machine) -> NotationError:
    """No model: what could not be followed is the likely reason."""
    if (elsewhere := library_made(m)) is not None:
        return elsewhere
    if m.skipped:
        return NotationError(m.skipped[0][1])
    return NotationError(
        "no layer and no class of torch.nn.Module is made here; paste the class, or a layer such as nn.Linear(784, 10)"
    )


def _named(m: Machine, which: str, tree: ast.Module) -> TorchModule:
    """The class, function or variable of that name, made into a module."""
    held: Any = m.module.names.get(which.partition(".")[0], MISSING)
    if held is MISSING:
        known = [n for n, v in m.module.names.items() if _is_model(v)]
        raise NotationError(f"the code has no {shown(which)}; models: {', '.join(known[:12]) or 'none'}")
    for part in which.split(".")[1:]:
        held = m.attribute(held, part)
    if isinstance(held, Unknown):
        why = next((text for line, text in m.skipped), f"what {which} is cannot be told")
        raise NotationError(why)
    m.line = getattr(held, "line", 0) or m.line
    if isinstance(held, Class):
        init = held.find("__init__")
        args = arguments_for(m, init, skip=1) if isinstance(init, Function) else {}
        held = instance_of(m, held, [], args)
    elif isinstance(held, Function):
        held = m.call(held, [], arguments_for(m, held, skip=0))
    if isinstance(held, (tuple, list)):
        held = next((each for each in held if isinstance(each, TorchModule)), held)
    if not isinstance(held, TorchModule):
        raise NotationError(f"{which} is no torch.nn.Module")
    return held


def _is_model(value: Any) -> bool:
    return isinstance(value, (TorchModule, Function)) or (isinstance(value, Class) and is_module_class(value))
