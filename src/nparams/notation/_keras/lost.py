"""Statements of Keras code that could not be followed: whether they may have made or changed a model, and why."""

from __future__ import annotations

import ast

from nparams.errors import NotationError
from nparams.layers._keras.layer import KerasLayer
from nparams.notation._code.objects import Class, Function
from nparams.notation._code.values import MISSING, External
from nparams.notation._keras.base import is_keras
from nparams.notation._keras.custom import Custom, callee_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine
    from nparams.notation._keras.library import KerasLibrary


def why_lost(m: Machine, library: KerasLibrary, lost: list[str]) -> str:
    """The reason that a user can act on: a network from elsewhere that stands before what could not be followed."""
    from nparams.notation._keras.read import elsewhere

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


def lost_in(m: Machine, tree: ast.Module) -> list[str]:
    """Why statements could not be followed that may have made or changed a model."""
    why = dict(m.skipped)
    return [
        why[s.lineno] for s in tree.body
        if s.lineno in why and makes(m, s, set(), calls=not isinstance(s, (ast.For, ast.While, ast.AsyncFor)))
    ]  # fmt: skip


def makes(m: Machine, node: ast.AST, classes: set[str], depth: int = 0, *, calls: bool = True) -> bool:
    """Whether a statement calls what makes layers, adds to a model, or sets what is trained.

    `calls`: whether a call of a model that is not built yet is one of these; in a training loop it is not.
    """
    for inner in ast.walk(node):
        m.step()
        if isinstance(inner, ast.Call) and _makes_call(m, inner, classes, depth, calls):
            return True
        targets = inner.targets if isinstance(inner, ast.Assign) else []
        if any(isinstance(t, ast.Attribute) and t.attr == "trainable" for t in targets):
            return True
    return False


def _makes_call(m: Machine, call: ast.Call, classes: set[str], depth: int, calls: bool) -> bool:
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
        return makes(m, held.node, classes, depth + 1, calls=calls)
    return calls and not path and _unbuilt(callee_of(held))


def _usual(m: Machine, word: str) -> Any:
    library: Any = m.library
    return MISSING if word in library.growing else library.value_of(m, word)


def _unbuilt(callee: Any) -> bool:
    """A layer, or a model that no call has built yet."""
    return isinstance(callee, KerasLayer) or (isinstance(callee, Custom) and callee.sent is None)
