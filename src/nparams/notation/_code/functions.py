"""Functions of interpreted code: how arguments meet parameters, closures, decorators."""

from __future__ import annotations

import ast

from nparams.notation._code.library import Frame
from nparams.notation._code.objects import Function, Wrapped
from nparams.notation._code.values import MISSING, External

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def made_function(m: Machine, name: str, node: Any) -> Function:
    """A def or a lambda where it stands: its defaults are worked out now."""
    from nparams.notation._code.expressions import evaluate

    frame = m.frame
    inside_class = frame.cls is not None and frame.owner is MISSING
    made = Function(name, node, frame.outer if inside_class else frame)
    made.of = frame.cls if inside_class else None
    made.defaults = [evaluate(m, default) for default in node.args.defaults]
    made.kw_defaults = [MISSING if d is None else evaluate(m, d) for d in node.args.kw_defaults]
    return made


def call_function(m: Machine, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Run a function of the text in a frame of its own; a generator's values come as a list."""
    from nparams.notation._code.expressions import evaluate
    from nparams.notation._code.statements import block

    m.step(8)
    outer, line = m.frame, m.line
    frame = Frame(function.frame)
    frame.names = bound(m, function, args, kwargs)
    if function.of is not None:
        frame.cls, frame.owner = function.of, args[0] if args else MISSING
    m.frame = frame
    m.calls += 1
    node = function.node
    try:
        if isinstance(node, ast.Lambda):
            return evaluate(m, node.body)
        if _is_generator(node):
            frame.yields = []
        signal = block(m, node.body)
        if frame.yields is not None:
            return frame.yields
        return signal[1] if signal is not None and len(signal) == 2 else None
    finally:
        m.frame, m.line = outer, line
        m.calls -= 1


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a yield stands in its body and not in a function inside it."""
    stack: list[ast.AST] = list(node.body)
    while stack:
        inner = stack.pop()
        if isinstance(inner, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(inner))
    return False


def bound(m: Machine, function: Function, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The parameters with their values, by Python's rules; NotationError where they do not fit."""
    spec = function.node.args
    places = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    names: dict[str, Any] = dict(zip(places, args, strict=False))
    extra = args[len(places) :]
    if extra and spec.vararg is None:
        raise m.error(f"{function.name}() takes {len(places)} arguments, {len(args)} are given")
    known = {*places, *(arg.arg for arg in spec.kwonlyargs)}
    rest = {name: value for name, value in kwargs.items() if name not in known}
    if rest and spec.kwarg is None:
        raise m.error(f"{function.name}() has no parameter {next(iter(rest))}")
    for name, value in kwargs.items():
        if name in known:
            if name in names:
                raise m.error(f"{function.name}() is given {name} twice")
            names[name] = value
    _defaults(m, function, places, names)
    if spec.vararg is not None:
        names[spec.vararg.arg] = tuple(extra)
    if spec.kwarg is not None:
        names[spec.kwarg.arg] = rest
    return names


def _defaults(m: Machine, function: Function, places: list[str], names: dict[str, Any]) -> None:
    spec = function.node.args
    with_default = dict(zip(places[len(places) - len(function.defaults) :], function.defaults, strict=True))
    with_default |= {
        arg.arg: value for arg, value in zip(spec.kwonlyargs, function.kw_defaults, strict=True) if value is not MISSING
    }
    for name in (*places, *(arg.arg for arg in spec.kwonlyargs)):
        if name in names:
            continue
        if name not in with_default:
            raise m.error(f"{function.name}() needs {name}, which is not given")
        names[name] = with_default[name]


def default_of(function: Function, name: str) -> Any:
    """The default of a parameter, MISSING where it has none."""
    spec = function.node.args
    places = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    held = dict(zip(places[len(places) - len(function.defaults) :], function.defaults, strict=True))
    held |= {arg.arg: value for arg, value in zip(spec.kwonlyargs, function.kw_defaults, strict=True)}
    return held.get(name, MISSING)


def required(function: Function) -> list[str]:
    """The parameters that have no default."""
    spec = function.node.args
    places = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    found = places[: len(places) - len(function.defaults)]
    return [
        *found, *(a.arg for a, value in zip(spec.kwonlyargs, function.kw_defaults, strict=True) if value is MISSING),
    ]  # fmt: skip


def parameters(function: Function) -> list[str]:
    """The names of all its parameters, but for * and **."""
    spec = function.node.args
    return [arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


#: decorators that change what a name means
WRAPPING = ("staticmethod", "classmethod", "property", "cached_property", "abstractproperty")


def decorated(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, function: Any) -> Any:
    """The function under its decorators; one that comes from elsewhere is taken to leave it as it is."""
    from nparams.notation._code.expressions import evaluate

    for decorator in reversed(node.decorator_list):
        word = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
        if word in WRAPPING:
            function = Wrapped("property" if "property" in word else word, function)
            continue
        if word in ("setter", "deleter", "getter"):
            return m.frame.names.get(node.name, function)
        value = evaluate(m, decorator)
        if isinstance(value, Function):
            made = m.call(value, [function], {})
            function = made if isinstance(made, (Function, Wrapped)) else function
        elif not isinstance(value, External):
            continue
    return function
