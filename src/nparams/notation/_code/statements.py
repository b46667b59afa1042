"""Statements of interpreted code: one small function for each kind of node."""

from __future__ import annotations

import ast

from nparams.errors import NotationError
from nparams.notation._code.assign import assign
from nparams.notation._code.expressions import evaluate, open_names
from nparams.notation._code.loops import changed, for_loop, inert, while_loop
from nparams.notation._code.machine import described
from nparams.notation._code.operators import SIGNS, operate, truth
from nparams.notation._code.source import source
from nparams.notation._code.values import MISSING, External, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine

BREAK, CONTINUE = ("break",), ("continue",)


class Raised(NotationError):
    """The code itself raises: `name` is the class of what it raises."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name
        self.placed = True


def block(m: Machine, body: list[ast.stmt]) -> Any:
    """Run statements in order; what ended them early (BREAK, CONTINUE, ("return", value)), or None."""
    for statement in body:
        signal = execute(m, statement)
        if signal is not None:
            return signal
    return None


def execute(m: Machine, node: ast.stmt) -> Any:
    """Run one statement."""
    m.step()
    m.line = node.lineno
    run = EXECUTE.get(type(node))
    if run is None:
        return None
    before = m.library.count()
    try:
        return run(m, node)
    except NotationError:
        m.library.failing(node, before)
        raise


def _expression(m: Machine, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        value = evaluate(m, node.value)
        if m.frame is m.module:
            m.last = value
        elif isinstance(value, Unknown):
            _note_change(m, node.value)


def _note_change(m: Machine, node: ast.expr) -> None:
    """A function that the text does not have may change the list or dict that it is handed."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    for arg in node.args:
        if isinstance(arg, ast.Name) and isinstance(evaluate(m, arg), (dict, list)):
            m.note(f"line {node.lineno}: {node.func.id} is taken to leave {arg.id} as it is")


def _assign(m: Machine, node: ast.Assign) -> None:
    value = evaluate(m, node.value)
    for target in node.targets:
        assign(m, target, _set_from_outside(m, target, value))


def _set_from_outside(m: Machine, target: ast.expr, value: Any) -> Any:
    """--set hidden=32 wins over `hidden = 16` at the top of a text or in the body of a class of settings."""
    top = m.frame is m.module or (m.frame.cls is not None and m.frame.owner is MISSING)
    if top and isinstance(target, ast.Name) and not isinstance(value, Thing):
        return m.offer(target.id, value)
    return value


def _annotated(m: Machine, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(m, node.target, _set_from_outside(m, node.target, evaluate(m, node.value)))
    if isinstance(node.target, ast.Name) and m.frame.cls is not None and m.frame.owner is MISSING:
        fields = m.frame.cls.fields
        m.frame.cls.fields = {**(fields or {}), node.target.id: node}


def _augmented(m: Machine, node: ast.AugAssign) -> None:
    held = evaluate(m, node.target)
    value = evaluate(m, node.value)
    sign = SIGNS[type(node.op)]
    if sign == "+" and isinstance(held, list):
        entries = m.entries(value)
        if entries is None:
            raise m.error(f"what {source(node.value)[:60]} adds is not known")
        m.check_entries(len(held) + len(entries))
        held += [m.repeated(entry, held) for entry in entries]
        return
    if sign == "+" and isinstance(held, Thing) and held.adds_in_place:
        held.extend(m, value)
        return
    assign(m, node.target, operate(m, sign, held, value))


def _if(m: Machine, node: ast.If) -> Any:
    tested = evaluate(m, node.test)
    known = truth(m, tested)
    if known is not None:
        return block(m, node.body if known else node.orelse)
    if _only_refuses(node.body):
        m.needs(tested, holds=False)
        return block(m, node.orelse)
    if _only_refuses(node.orelse) and node.orelse:
        m.needs(tested, holds=True)
        return block(m, node.body)
    if inert(m, [*node.body, *node.orelse], None):
        poison(m, node)
        return None
    m.line = node.lineno
    raise m.error(f"whether {source(node.test)[:80]} holds is not known{open_names(m, node.test)}")


def _only_refuses(body: list[ast.stmt]) -> bool:
    """Whether a branch does nothing but raise or warn: code that is run as it is meant never takes it."""
    return bool(body) and isinstance(body[-1], ast.Raise)


def _with(m: Machine, node: ast.With | ast.AsyncWith) -> Any:
    for each in node.items:
        value = evaluate(m, each.context_expr)
        if each.optional_vars is not None:
            assign(m, each.optional_vars, value)
    return block(m, node.body)


def _try(m: Machine, node: ast.Try) -> Any:
    """The body; where it raises, the handler that catches it."""
    frame, calls = m.frame, m.calls
    try:
        signal = block(m, node.body) or block(m, node.orelse)
    except Raised as raised:
        handler = next((h for h in node.handlers if _catches(h, raised)), None)
        if handler is None:
            raise
        m.frame, m.calls = frame, calls
        m.library.caught()
        if handler.name:
            m.bind(handler.name, m.unknown("an exception"))
        signal = block(m, handler.body)
    return block(m, node.finalbody) or signal


def _catches(handler: ast.ExceptHandler, raised: Raised) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {raised.name, "Exception", "BaseException"})


def _raise(m: Machine, node: ast.Raise) -> None:
    value = None if node.exc is None else evaluate(m, node.exc)
    name = source(node.exc.func if isinstance(node.exc, ast.Call) else node.exc) if node.exc is not None else "an error"
    text = value.text if isinstance(value, Unknown) else described(value)
    m.line = node.lineno
    raise Raised(f"{m.here()}the code itself refuses: {text[:100]}", name)


def _assert(m: Machine, node: ast.Assert) -> None:
    tested = evaluate(m, node.test)
    if truth(m, tested) is False:
        m.line = node.lineno
        raise Raised(f"{m.here()}the code itself refuses: {source(node.test)[:80]} does not hold", "AssertionError")
    m.needs(tested, holds=True)


def _return(m: Machine, node: ast.Return) -> Any:
    return ("return", None if node.value is None else evaluate(m, node.value))


def _delete(m: Machine, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            m.frame.names.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            held, key = evaluate(m, target.value), evaluate(m, target.slice)
            if isinstance(held, (list, dict)):
                try:
                    del held[key]
                except (LookupError, TypeError):
                    raise m.error(f"{described(key)} is not in it") from None
            elif isinstance(held, Thing):
                held.delete(m, key)
        elif isinstance(target, ast.Attribute):
            owner = evaluate(m, target.value)
            if isinstance(owner, Thing):
                owner.delete(m, target.attr)


def _global(m: Machine, node: ast.Global | ast.Nonlocal) -> None:
    for name in node.names:
        frame = m.module if isinstance(node, ast.Global) else m.frame.outer
        while frame is not None and name not in frame.names and frame.outer is not None:
            frame = frame.outer
        m.frame.globals[name] = frame or m.module


def _import(m: Machine, node: ast.Import) -> None:
    for alias in node.names:
        if alias.asname:
            m.bind(alias.asname, m.external(alias.name))
        else:
            root = alias.name.partition(".")[0]
            m.bind(root, External(root))


def _import_from(m: Machine, node: ast.ImportFrom) -> None:
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name == "*":
            continue  # a name that nothing binds is the library's, or unknown
        m.bind(alias.asname or alias.name, m.external(f"{module}.{alias.name}" if module else alias.name))


def _function(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    from nparams.notation._code.functions import decorated, made_function

    m.bind(node.name, decorated(m, node, made_function(m, node.name, node)))


def _class(m: Machine, node: ast.ClassDef) -> None:
    from nparams.notation._code.classes import made_class

    m.bind(node.name, made_class(m, node))


def _match(m: Machine, node: ast.Match) -> Any:
    """match over constants and names."""
    from nparams.notation._code.operators import compare

    subject = evaluate(m, node.subject)
    for case in node.cases:
        pattern = case.pattern
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None:
            if pattern.name:
                m.bind(pattern.name, subject)
            return block(m, case.body)
        values = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
        for each in values:
            if not isinstance(each, ast.MatchValue) or case.guard is not None:
                raise m.error("this match is not followed; write if and elif")
            if compare(m, "==", subject, evaluate(m, each.value)) is True:
                return block(m, case.body)
    return None


EXECUTE: dict[type, Callable[[Machine, Any], Any]] = {
    ast.Expr: _expression, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.If: _if,
    ast.For: for_loop, ast.AsyncFor: for_loop, ast.While: while_loop, ast.With: _with, ast.AsyncWith: _with,
    ast.Try: _try, ast.TryStar: _try, ast.Raise: _raise, ast.Assert: _assert, ast.Return: _return,
    ast.Delete: _delete, ast.Global: _global, ast.Nonlocal: _global, ast.Import: _import,
    ast.ImportFrom: _import_from, ast.FunctionDef: _function, ast.AsyncFunctionDef: _function, ast.ClassDef: _class,
    ast.Break: lambda m, node: BREAK, ast.Continue: lambda m, node: CONTINUE, ast.Match: _match,
}  # fmt: skip


def poison(m: Machine, node: ast.stmt) -> None:
    """Leave every name that a statement would bind unknown; model = model.cuda() is the same model."""
    same = {id(t) for n in ast.walk(node) if isinstance(n, ast.Assign) and _gives_itself(m, n) for t in n.targets}
    for inner in ast.walk(node):
        m.step()
        if id(inner) in same:
            continue
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            m.frame.names[inner.id] = m.unknown(inner.id, inner.id)
        elif isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and inner is node:
            m.frame.names[inner.name] = m.unknown(inner.name)
        elif (word := changed(inner)) is not None and isinstance(m.frame.names.get(word), (list, dict, set)):
            m.frame.names[word] = m.unknown(word, word)


def _gives_itself(m: Machine, node: ast.Assign) -> bool:
    value = node.value
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
        return False
    owner = value.func.value
    names = [t.id for t in node.targets if isinstance(t, ast.Name)]
    return isinstance(owner, ast.Name) and names == [owner.id] and value.func.attr in m.library.harmless
