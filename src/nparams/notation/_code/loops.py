"""Loops of interpreted code: over known entries, over symbolic ranges, and those that train and change no network."""

from __future__ import annotations

import ast

from nparams.expr import Expr, symbol
from nparams.notation._code.builtins import builtin
from nparams.notation._code.objects import Instance
from nparams.notation._code.sizes import SymbolicRange
from nparams.notation._code.values import MISSING, External, Native, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine

#: letters that number the copies that a symbolic range makes
INDICES = "ijkmnpqrstuvw"
#: methods that put something into what lies outside of a loop
CHANGING = frozenset(
    "append add extend insert add_module register_module register_parameter register_buffer setattr update pop "
    "setdefault remove appendleft clear".split()
)


def index_for(m: Machine) -> tuple[str, Expr]:
    """A letter for the copies of a loop that no other loop around it uses, and its symbol."""
    used = {index for index, _, _ in m.repeats} | set(m.symbols)
    index = next((letter for letter in INDICES if letter not in used), f"{INDICES[0]}_{len(m.repeats)}")
    made = symbol(index)
    assert isinstance(made, Expr)
    return index, made


def for_loop(m: Machine, node: ast.For | ast.AsyncFor) -> Any:
    """Run the body for each entry; what a signal (break, return) says."""
    from nparams.notation._code.expressions import evaluate

    over = evaluate(m, node.iter)
    if isinstance(over, SymbolicRange):
        return _symbolic_loop(m, node, over)
    entries = None if isinstance(over, Unknown) else m.entries(over)
    if entries is None:
        return _unknown_loop(m, node, over)
    if inert(m, node.body, node.target) and not m.library.waits(over):
        return _skip(m, node)
    return _run(m, node, entries)


def _run(m: Machine, node: ast.For | ast.AsyncFor, entries: list[Any]) -> Any:
    from nparams.notation._code.assign import assign
    from nparams.notation._code.statements import BREAK, CONTINUE, block

    for entry in entries:
        m.step()
        assign(m, node.target, entry)
        signal = block(m, node.body)
        if signal is BREAK:
            return None
        if signal is not None and signal is not CONTINUE:
            return signal
    return block(m, node.orelse)


def while_loop(m: Machine, node: ast.While) -> Any:
    """Run the body while its condition holds; the limit on steps ends what does not end."""
    from nparams.notation._code.expressions import evaluate
    from nparams.notation._code.operators import truth
    from nparams.notation._code.statements import BREAK, CONTINUE, block

    while True:
        m.step()
        known = truth(m, evaluate(m, node.test))
        if known is None or (known and m.frame is m.module and inert(m, node.body, None)):
            return _skip(m, node) if inert(m, node.body, None) else _refuse(m, node)
        if not known:
            return block(m, node.orelse)
        signal = block(m, node.body)
        if signal is BREAK:
            return None
        if signal is not None and signal is not CONTINUE:
            return signal


def _unknown_loop(m: Machine, node: ast.For | ast.AsyncFor, over: Any) -> Any:
    return _skip(m, node) if inert(m, node.body, node.target) else _refuse(m, node)


def _refuse(m: Machine, node: ast.For | ast.AsyncFor | ast.While) -> Any:
    from nparams.notation._code.source import source

    m.line = node.lineno
    what = source(node.iter if isinstance(node, (ast.For, ast.AsyncFor)) else node.test)
    raise m.error(f"how often the loop over {what[:60]} runs is not known; --set gives names a value")


def _skip(m: Machine, node: ast.stmt) -> None:
    """Leave what a loop would bind unknown."""
    from nparams.notation._code.statements import poison

    poison(m, node)


def inert(m: Machine, body: list[ast.stmt], target: ast.expr | None) -> bool:
    """Whether a body can make or change no network: it calls nothing that does and sets no attribute of an object."""
    for node in (inner for statement in body for inner in ast.walk(statement)):
        m.step()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom, ast.FunctionDef, ast.ClassDef, ast.Global)):
            return False
        if isinstance(node, ast.Call) and not _harmless_call(m, node):
            return False
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr)) and not _harmless_target(
            m, node
        ):
            return False
    return True


def _harmless_call(m: Machine, node: ast.Call) -> bool:
    """A call on what is unknown or comes from elsewhere can change nothing here, nor can a builtin."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else None
    root: ast.expr = node.func
    path: list[str] = []
    while isinstance(root, (ast.Attribute, ast.Subscript)):
        path.insert(0, root.attr if isinstance(root, ast.Attribute) else "[]")
        root = root.value
    if isinstance(root, ast.Call):  # a call on what a call gives: that one is looked at by itself
        return name is not None and name not in CHANGING and not m.library.calls_make
    if not isinstance(root, ast.Name):
        return True
    held = m.peek(root.id)
    if isinstance(held, Unknown):
        return True
    if isinstance(held, External):
        return not m.library.makes(".".join([held.path, *path]))
    if isinstance(held, Native) or (held is MISSING and builtin(root.id) is not MISSING):
        return root.id not in CHANGING
    if held is MISSING:
        return m.library.name(m, root.id) is MISSING
    if not isinstance(held, Thing):
        return name not in CHANGING
    return name in m.library.harmless or (not path and isinstance(held, Instance) and not m.library.calls_make)


def _harmless_target(m: Machine, node: Any) -> bool:
    """Names, and parts of unknowns; of a list or a dict only where nothing else could see it."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(t, ast.Name) or _into_unknown(m, t) for t in targets)


def _into_unknown(m: Machine, target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(isinstance(t, ast.Name) or _into_unknown(m, t) for t in target.elts)
    root = target
    while isinstance(root, (ast.Attribute, ast.Subscript, ast.Starred)):
        root = root.value
    return isinstance(root, ast.Name) and isinstance(m.peek(root.id), Unknown)


# -- symbolic ranges --------------------------------------------------------------------------------------------------


def _symbolic_loop(m: Machine, node: ast.For | ast.AsyncFor, over: SymbolicRange) -> Any:
    """One turn stands for all; nothing that a turn finds may differ from what it leaves."""
    from nparams.notation._code.assign import assign
    from nparams.notation._code.operators import same_value
    from nparams.notation._code.statements import block

    index, letter = index_for(m)
    assign(m, node.target, letter)
    before = dict(m.frame.names)
    m.repeats.append((index, over.first, over.last))
    signal = block(m, node.body)
    turns = m.turns()
    m.repeats.pop()
    if signal is not None:
        _refuse(m, node)
    names = {t.id for t in ast.walk(node.target) if isinstance(t, ast.Name)}
    for name, value in before.items():
        if name not in names and same_value(m, m.frame.names[name], value) is not True:
            m.line = node.lineno
            raise m.error(f"each turn of the loop changes {name}, so the number of turns must be known{turns}")
    return None


def changed(node: ast.AST) -> str | None:
    """The name that a piece of code puts something into: xs.append(1), d[k] = v."""
    held: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        held = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        held = node.value
    while isinstance(held, (ast.Attribute, ast.Subscript)):
        held = held.value
    return held.id if isinstance(held, ast.Name) else None
