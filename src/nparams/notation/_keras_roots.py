"""Which of the models in a text is meant: the one that is asked for, the only one, or a refusal that lists them."""

from __future__ import annotations

import ast

from nparams.errors import NotationError, shown
from nparams.notation._code_classes import instance_of
from nparams.notation._code_values import MISSING, Class, External, Function, Thing, Unknown, Wrapped
from nparams.notation._keras_custom import Custom, callee_of, held_in, is_keras
from nparams.notation._keras_layer import KerasLayer
from nparams.notation._keras_models import Graph, Joined, Model, Sequence
from nparams.notation._keras_shape import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code_machine import Machine
    from nparams.notation._keras_library import KerasLibrary


def choose(m: Machine, library: KerasLibrary, tree: ast.Module, which: str | None) -> Any:
    """The callee that the text is about; NotationError where there is none, or several and none was named."""
    lost = _lost(m, tree)
    if which is not None:
        return _named(m, library, which, lost)
    if lost:
        raise told(_why(m, library, lost))
    found = _models(library)
    if not found and not (library.made and _layers_outside(m, library)):
        _from_definitions(m, library)
        found = _models(library)
    if found:
        return _only(m, found)
    loose = _layers_outside(m, library)
    if loose:
        return _together(m, library, loose)
    if library.elsewhere:
        from nparams.notation._keras_read import elsewhere

        m.line = library.elsewhere[0].line
        raise m.error(elsewhere(library.elsewhere[0].name))
    raise _nothing(m)


def _why(m: Machine, library: KerasLibrary, lost: list[str]) -> str:
    """The reason that a user can act on: a network from elsewhere that stands before what could not be followed."""
    from nparams.notation._keras_read import elsewhere

    first = next((line for line, text in m.skipped if text == lost[0]), 0)
    if library.elsewhere and library.elsewhere[0].line <= first:
        made = library.elsewhere[0]
        return f"{f'line {made.line}: ' if m.lines else ''}{elsewhere(made.name)}"
    return lost[0]


def told(text: str) -> NotationError:
    """A refusal that names its line already."""
    made = NotationError(text)
    made.placed = True  # type: ignore[attr-defined]
    return made


def _models(library: KerasLibrary) -> list[Any]:
    """Models with something in them, that no other one holds."""
    models = [made for made in library.made if _is_model(made) and (made.parts() or _own(made))]
    inside: set[int] = set()
    for model in models:
        inside |= _within(model)
    free = [model for model in models if id(model) not in inside]
    return free or models


def _own(made: Any) -> bool:
    return isinstance(made, Custom) and bool(made.variables or made.attributes)


def _is_model(made: Any) -> bool:
    return isinstance(made, (Sequence, Graph)) or (isinstance(made, Custom) and made.base != "Layer")


def _within(callee: Any) -> set[int]:
    """All that stands in a callee."""
    found: set[int] = set()
    stack = _inside(callee)
    while stack:
        part = stack.pop()
        if id(part) not in found:
            found.add(id(part))
            stack += _inside(part)
    return found


def _inside(part: Any) -> list[Any]:
    held = list(part.parts()) if hasattr(part, "parts") else []
    if isinstance(part, Joined):
        held.append(part.layer)
    for arg in getattr(part, "args", {}).values():
        if isinstance(arg, Custom) or (hasattr(arg, "call") and not isinstance(arg, Thing)):
            held.append(arg)
        elif isinstance(arg, (list, tuple)):
            held += [each for each in arg if isinstance(each, (KerasLayer, Model, Custom))]
    return held


def _only(m: Machine, found: list[Any]) -> Any:
    """The one model; the one that holds all layers of the others; several differing ones are listed."""
    if len(found) == 1:
        return found[0]
    reach = {id(model): {id(part) for part in _all(model)} for model in found}
    for model in found:
        if all(reach[id(other)] <= reach[id(model)] for other in found):
            names = [_word(m, other) for other in found if other is not model]
            m.note(f"{_word(m, model)} holds all layers of {', '.join(names[:6])}, so it is the one that is counted")
            return model
    named = [model for model in found if _bound(m, model)]
    if len(named) == 1:
        others = [str(model.name) for model in found if model is not named[0]]
        m.note(f"{len(others)} more made under names that do not last ({', '.join(others[:6])}): --which reads one")
        return named[0]
    raise several([_word(m, model) for model in named or found])


def _all(model: Any) -> list[Any]:
    """Layers that are no models."""
    found, stack, seen = [], [model], set()
    while stack:
        part = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        inner = _inside(part)
        if not inner or isinstance(part, KerasLayer):
            found.append(part)
        stack += inner
    return found


def _bound(m: Machine, callee: Any) -> str | None:
    """The variable that holds a callee."""
    for name, value in m.module.names.items():
        if callee_of(value) is callee:
            return name
    return None


def _word(m: Machine, callee: Any) -> str:
    return _bound(m, callee) or str(callee.name)


def several(names: list[str]) -> NotationError:
    """The refusal that lists the models of a text."""
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return NotationError(
        f"the code holds several models: {listed}; choose one with file.py:{names[0]} or --which {names[0]}"
    )


# -- what was asked for -----------------------------------------------------------------------------------------------


def _named(m: Machine, library: KerasLibrary, which: str, lost: list[str]) -> Any:
    held: Any = m.module.names.get(which.partition(".")[0], MISSING)
    if held is MISSING:
        for made in library.made:
            if made.name == which:
                return made
        _from_definitions(m, library, only=which)
        for made in library.made:
            if made.name == which or getattr(getattr(made, "cls", None), "name", None) == which:
                return made
        known = [name for name, value in m.module.names.items() if _may_be_model(value)]
        raise NotationError(f"the code has no {shown(which)}; models: {', '.join(known[:12]) or 'none'}")
    for part in which.split(".")[1:]:
        held = m.attribute(held, part)
    if isinstance(held, Unknown):
        raise told(lost[0]) if lost else NotationError(f"what {which} is cannot be told")
    found = callee_of(made_of(m, held))
    if found is None:
        raise NotationError(f"{which} is no model and no layer of Keras")
    return found


def _may_be_model(value: Any) -> bool:
    return (
        callee_of(value) is not None
        or isinstance(value, Function)
        or (isinstance(value, Class) and is_keras(value) is not None)
    )


def made_of(m: Machine, held: Any) -> Any:
    """An object of a class, or what a function gives, with symbols for what must be handed in."""
    from nparams.notation._torch_roots import _arguments

    m.line = getattr(held, "line", 0) or m.line
    empty = ast.Module(body=[], type_ignores=[])
    if isinstance(held, Class):
        init = held.find("__init__")
        args = _arguments(m, init, skip=1, tree=empty) if isinstance(init, Function) else {}
        return instance_of(m, held, [], args)
    if isinstance(held, Function):
        held = m.call(held, [], _arguments(m, held, skip=0, tree=empty))
    if isinstance(held, (tuple, list)):
        held = next((each for each in held if callee_of(each) is not None), held)
    return held


# -- classes and functions that nobody used ---------------------------------------------------------------------------


def _from_definitions(m: Machine, library: KerasLibrary, only: str | None = None) -> None:
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
        _call_makers(m, library, makers)
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
    makes = {name: f for name, f in functions.items() if _makes(m, f.node, classes)}
    called: set[str] = set()
    for _ in range(4):  # a maker may call another one
        for name, function in functions.items():
            words = {n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(function.node)
                     if isinstance(n, (ast.Name, ast.Attribute))}  # fmt: skip
            used = {other for other in functions if other.rpartition(".")[2] in words and other != name}
            if used & makes.keys():
                makes.setdefault(name, function)
            called |= used
    return {name: f for name, f in makes.items() if name not in called} or makes


def _static(m: Machine) -> dict[str, Function]:
    """Static methods of classes that are no layers: ResnetBuilder.build_resnet_18."""
    return {
        f"{name}.{word}": held.function
        for name, cls in m.module.names.items() if isinstance(cls, Class) and is_keras(cls) is None
        for word, held in cls.attributes.items()
        if isinstance(held, Wrapped) and held.how == "staticmethod" and isinstance(held.function, Function)
    }  # fmt: skip


def _call_makers(m: Machine, library: KerasLibrary, makers: dict[str, Function]) -> None:
    """Call the one that gives a model; where several do, they are listed."""
    giving = {name: f for name, f in makers.items() if _gives(f)} or makers
    if len(giving) > 1:
        models = {name: f for name, f in giving.items() if _makes_model(f)}
        giving = models or giving
    if len(giving) > 1:
        raise several(list(giving))
    name, function = next(iter(giving.items()))
    before = len(library.made)
    held = callee_of(made_of(m, function))
    if held is not None and not _is_model(held) and len(library.made) == before:
        raise NotationError(f"{name}() gives no model")


def _gives(function: Function) -> bool:
    return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function.node))


def _makes_model(function: Function) -> bool:
    words = {_last(n.func) for n in ast.walk(function.node) if isinstance(n, ast.Call)}
    return bool(words & {"Sequential", "Model"})


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


# -- layers that no model holds ---------------------------------------------------------------------------------------


def _layers_outside(m: Machine, library: KerasLibrary) -> list[Any]:
    """Layers, in order, that no wrapper holds; those in a list that ends the text."""
    inside: set[int] = set()
    for made in library.made:
        inside |= _within(made)
    found = [made for made in library.made if id(made) not in inside]
    listed = held_in(m.last) if isinstance(m.last, (list, tuple)) else []
    return [each for each in listed if each in found] if len(listed) > 1 else found


def _together(m: Machine, library: KerasLibrary, layers: list[Any]) -> Any:
    """One layer, layers called on arrays, or layers one after the other."""
    called = [each for each in layers if _called(each)]
    made = Sequence("layers")
    if called:
        uncalled = [each for each in layers if not _called(each)]
        if uncalled and len(called) < len(layers):
            m.note(f"{', '.join(each.name for each in uncalled[:6])}: made and never called, so not counted")
        made.items = called
        made.start = ANY
        if len(called) > 1:
            m.note("no Model(inputs, outputs) is made: all layers that are called are counted")
        return made if len(called) > 1 else called[0]
    if len(layers) == 1:
        return layers[0]
    m.note(f"{len(layers)} layers that no model holds are read one after the other")
    for each in layers:
        made.add(each)
    return made


def _called(each: Any) -> bool:
    if isinstance(each, KerasLayer):
        return each.module is not None
    return isinstance(each, Custom) and each.sent is not None


def _nothing(m: Machine) -> NotationError:
    if m.skipped:
        return told(m.skipped[0][1])
    return told(
        "no layer and no model of Keras is made here; paste the model, or a layer such as Dense(64, input_dim=10)"
    )


# -- statements that could not be followed ----------------------------------------------------------------------------


def _lost(m: Machine, tree: ast.Module) -> list[str]:
    """Why statements could not be followed that may have made or changed a model."""
    why = dict(m.skipped)
    return [why[s.lineno] for s in tree.body if s.lineno in why and _makes(m, s, set())]


def _makes(m: Machine, node: ast.AST, classes: set[str], depth: int = 0) -> bool:
    """Whether a statement calls what makes layers, adds to a model, or sets what is trained."""
    for inner in ast.walk(node):
        m.step()
        if isinstance(inner, ast.Call) and _makes_call(m, inner, classes, depth):
            return True
        targets = inner.targets if isinstance(inner, ast.Assign) else []
        if any(isinstance(t, ast.Attribute) and t.attr == "trainable" for t in targets):
            return True
    return False


def _makes_call(m: Machine, call: ast.Call, classes: set[str], depth: int) -> bool:
    root: ast.expr = call.func
    path: list[str] = []
    while isinstance(root, ast.Attribute):
        path.insert(0, root.attr)
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    if root.id in classes:
        return True
    held = m.module.names.get(root.id, MISSING)
    if held is MISSING:
        held = m.free[root.id] if root.id in m.free else _usual(m, root.id)
    if isinstance(held, External):
        return m.library.makes(".".join([held.path, *path]))
    if isinstance(held, Class) and is_keras(held) is not None:
        return True
    if path and path[-1] in ("add", "pop") and callee_of(held) is not None:
        return True
    if isinstance(held, Function) and depth < 3 and not path:
        return _makes(m, held.node, classes, depth + 1)
    return not path and _unbuilt(callee_of(held))


def _usual(m: Machine, word: str) -> Any:
    library: Any = m.library
    return MISSING if word in library.growing else library.value_of(m, word)


def _unbuilt(callee: Any) -> bool:
    """A layer, or a model that no call has built yet."""
    return isinstance(callee, KerasLayer) or (isinstance(callee, Custom) and callee.sent is None)
