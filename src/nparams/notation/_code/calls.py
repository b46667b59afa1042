"""Calls in interpreted code: arguments with * and **, and super()."""

from __future__ import annotations

import ast

from nparams.errors import NparamsError
from nparams.expr import Expr
from nparams.notation._code.machine import MAX_CALLS, described
from nparams.notation._code.objects import Super
from nparams.notation._code.values import MISSING, External, Native, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def call_node(m: Machine, node: ast.Call) -> Any:
    """The value of a call; a refusal in it names the line."""
    from nparams.notation._code.expressions import evaluate

    if isinstance(node.func, ast.Name) and node.func.id == "super":
        return _super(m, node)
    function = evaluate(m, node.func)
    if isinstance(function, Native) and function.name.endswith("numpy.array") and _is_table(m, node):
        return m.unknown("numpy.array(...)")
    args, kwargs = arguments(m, node)
    line = m.line = node.lineno
    m.calls += 1
    if m.calls > MAX_CALLS:
        raise m.error(f"calls inside calls, more than {MAX_CALLS} deep")
    try:
        result = m.call(function, args, kwargs)
    except NparamsError as error:
        raise m.placed(error) from None
    m.calls -= 1
    m.line = line
    if isinstance(result, Unknown) and result.name is None and not result.parts:
        from nparams.notation._code.source import source

        result.text = source(node)[:80]
        if result.called is None and isinstance(function, (Unknown, External)):
            result.called = source(node.func)
    return result


def _is_table(m: Machine, node: ast.Call) -> bool:
    """numpy.array([f(k) for k in ...]) of anything but whole numbers: what is in it plays no part."""
    from nparams.notation._code.comprehensions import first_of

    held = node.args[0] if node.args else None
    return isinstance(held, ast.ListComp) and not isinstance(first_of(m, held), (int, Expr))


def arguments(m: Machine, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
    """Arguments by place and by name."""
    from nparams.notation._code.entries import spread
    from nparams.notation._code.expressions import evaluate

    args: list[Any] = []
    for arg in node.args:
        if isinstance(arg, ast.Starred):
            args += spread(m, evaluate(m, arg.value))
        else:
            args.append(evaluate(m, arg))
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        value = evaluate(m, keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, dict):
            kwargs.update({str(key): held for key, held in value.items()})
        elif not isinstance(value, Unknown):
            raise m.error(f"**{described(value)}: what is in it is not known")
    return args, kwargs


def _super(m: Machine, node: ast.Call) -> Any:
    """super() and super(Net, self)."""
    frame: Any = m.frame
    while frame is not None and frame.cls is None:
        frame = frame.outer
    if frame is None or frame.owner is MISSING:
        raise m.error("super() outside of a method")
    return Super(frame.cls, frame.owner)
