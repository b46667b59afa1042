"""Which of the models in a text is meant: the one that is asked for, the only one, or a refusal that lists them."""

from __future__ import annotations

import ast

from nparams.errors import NotationError, shown
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import ANY
from nparams.notation._code.objects import Class, Function
from nparams.notation._code.values import MISSING, Thing, Unknown
from nparams.notation._keras.base import is_keras
from nparams.notation._keras.custom import Custom, callee_of, held_in
from nparams.notation._keras.lost import lost_in, told, why_lost
from nparams.notation._keras.makers import from_definitions, is_model, made_of, several
from nparams.notation._keras.models import Joined, Model, Sequence

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine
    from nparams.notation._keras.library import KerasLibrary


def choose(m: Machine, library: KerasLibrary, tree: ast.Module, which: str | None) -> Any:
    """The callee that the text is about; NotationError where there is none, or several and none was named."""
    lost = lost_in(m, tree)
    if which is not None:
        return _named(m, library, which, lost)
    if lost:
        raise told(why_lost(m, library, lost))
    found = _models(library)
    if not found and not (library.made and _layers_outside(m, library)):
        from_definitions(m, library)
        found = _models(library)
    if found:
        return _only(m, found)
    loose = _layers_outside(m, library)
    if loose:
        return _together(m, library, loose)
    if library.elsewhere:
        from nparams.notation._keras.read import elsewhere

        m.line = library.elsewhere[0].line
        raise m.error(elsewhere(library.elsewhere[0].name))
    raise _nothing(m)


def _models(library: KerasLibrary) -> list[Any]:
    """Models with something in them, that no other one holds."""
    models = [made for made in library.made if is_model(made) and (made.parts() or _own(made))]
    inside: set[int] = set()
    for model in models:
        inside |= _within(model)
    free = [model for model in models if id(model) not in inside]
    return free or models


def _own(made: Any) -> bool:
    return isinstance(made, Custom) and bool(made.variables or made.attributes)


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


def _named(m: Machine, library: KerasLibrary, which: str, lost: list[str]) -> Any:
    held: Any = m.module.names.get(which.partition(".")[0], MISSING)
    if held is MISSING:
        for made in library.made:
            if made.name == which:
                return made
        from_definitions(m, library, only=which)
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
