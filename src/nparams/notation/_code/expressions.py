"""Expressions of interpreted code: one small function for each kind of node."""

from __future__ import annotations

import ast

from nparams.expr import Expr
from nparams.notation._code.calls import call_node
from nparams.notation._code.comprehensions import comprehension
from nparams.notation._code.entries import as_set, item, put, slice_of, spread
from nparams.notation._code.machine import described
from nparams.notation._code.objects import Instance
from nparams.notation._code.operators import SIGNS, compare, negative, operate, same_value, truth
from nparams.notation._code.source import source
from nparams.notation._code.values import MISSING, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine


def evaluate(m: Machine, node: ast.expr) -> Any:
    """The value of an expression; NotationError where it makes no sense."""
    m.step()
    m.line = node.lineno
    return EVALUATE.get(type(node), _other)(m, node)


def _other(m: Machine, node: Any) -> Any:
    return m.unknown(source(node))


def _constant(m: Machine, node: ast.Constant) -> Any:
    return m.unknown("...") if node.value is Ellipsis else node.value


def _name(m: Machine, node: ast.Name) -> Any:
    return m.lookup(node.id)


def _attribute(m: Machine, node: ast.Attribute) -> Any:
    owner = evaluate(m, node.value)
    m.line = node.lineno
    return m.attribute(owner, node.attr)


def _subscript(m: Machine, node: ast.Subscript) -> Any:
    held = evaluate(m, node.value)
    key = slice_of(m, node.slice) if isinstance(node.slice, ast.Slice) else evaluate(m, node.slice)
    m.line = node.lineno
    return item(m, held, key)


def _sequence(m: Machine, node: ast.List | ast.Tuple | ast.Set) -> Any:
    found: list[Any] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            found += spread(m, evaluate(m, element.value))
        else:
            found.append(evaluate(m, element))
    m.check_entries(len(found))
    if isinstance(node, ast.Tuple):
        return tuple(found)
    return m.fresh(found) if isinstance(node, ast.List) else as_set(m, found)


def _dict(m: Machine, node: ast.Dict) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        held = evaluate(m, value)
        if key is None:
            if not isinstance(held, dict):
                if isinstance(held, Unknown):
                    continue
                raise m.error(f"**{described(held)}: what is in it is not known")
            found.update(held)
        else:
            put(m, found, evaluate(m, key), held)
    return m.fresh(found)


def _binary(m: Machine, node: ast.BinOp) -> Any:
    operands: list[tuple[str, ast.expr]] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):  # a + b + c + ... leans to the left: no recursion for each
        operands.append((SIGNS[type(left.op)], left.right))
        left = left.left
    value = evaluate(m, left)
    for sign, right in reversed(operands):
        value = operate(m, sign, value, evaluate(m, right))
    return value


def _unary(m: Machine, node: ast.UnaryOp) -> Any:
    value = evaluate(m, node.operand)
    if isinstance(node.op, ast.Not):
        known = truth(m, value)
        return m.unknown(source(node)) if known is None else not known
    if isinstance(node.op, ast.USub):
        return negative(m, value)
    if isinstance(node.op, ast.Invert):
        return ~value if isinstance(value, int) else m.unknown(source(node))
    return value


def _boolean(m: Machine, node: ast.BoolOp) -> Any:
    decided = isinstance(node.op, ast.Or)  # what ends it at once: or at something true, and at something false
    value: Any = None
    open_at: Any = MISSING
    for operand in node.values:
        value = evaluate(m, operand)
        known = truth(m, value)
        if known is None:
            open_at = m.unknown(source(node)) if open_at is MISSING else open_at
        elif known is decided:
            return value if open_at is MISSING else _undecided(m, node, value, open_at)
    return value if open_at is MISSING else _last_open(node, value, open_at)


def _undecided(m: Machine, node: ast.BoolOp, value: Any, open_at: Any) -> Any:
    """unknown or True is true, unknown and False is false, whatever the unknown is; other values depend on it."""
    return value if isinstance(value, bool) else open_at


def _last_open(node: ast.BoolOp, value: Any, open_at: Any) -> Any:
    return value if isinstance(value, Unknown) and len(node.values) == 1 else open_at


def _compare(m: Machine, node: ast.Compare) -> Any:
    left = evaluate(m, node.left)
    result: Any = True
    for sign, right_node in zip(node.ops, node.comparators, strict=True):
        right = evaluate(m, right_node)
        found = compare(m, COMPARISONS[type(sign)], left, right)
        if found is False:
            return False
        if found is not True:
            result = _told(found, node)
        left = right
    return result


def _told(found: Any, node: ast.expr) -> Any:
    if isinstance(found, Unknown):
        found.text = source(node)
    return found


COMPARISONS: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def _choice(m: Machine, node: ast.IfExp) -> Any:
    known = truth(m, evaluate(m, node.test))
    if known is not None:
        return evaluate(m, node.body if known else node.orelse)
    one, other = evaluate(m, node.body), evaluate(m, node.orelse)
    if m.library.alike(m, one, other):
        return one
    if any(isinstance(each, Instance) for each in (one, other)):
        m.line = node.lineno
        raise m.error(f"whether {source(node.test)[:80]} holds is not known{open_names(m, node.test)}")
    if same_value(m, one, other) is True:
        return one
    return m.unknown(source(node))


def open_names(m: Machine, test: ast.expr) -> str:
    """--set for the first name in a condition that has no value."""
    from re import findall

    words = [
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(test)
        if isinstance(node, (ast.Name, ast.Attribute))
    ]
    held = [m.peek(word) for word in words]
    texts = " ".join(value.text for value in held if isinstance(value, Unknown) and value.name != value.text)
    for word in [*findall(r"[^\W\d]\w*", texts), *words]:
        value = m.peek(word)
        if word in m.symbols or (isinstance(value, Unknown) and value.told_of):
            return f"; --set {word}=... gives it a value"
    attributes = [node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)]
    return f"; --set {attributes[-1]}=... gives it a value" if attributes else ""


def _lambda(m: Machine, node: ast.Lambda) -> Any:
    from nparams.notation._code.functions import made_function

    return made_function(m, "<lambda>", node)


def _walrus(m: Machine, node: ast.NamedExpr) -> Any:
    value = evaluate(m, node.value)
    m.bind(node.target.id, value)
    return value


def _formatted(m: Machine, node: ast.JoinedStr) -> Any:
    parts: list[str] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)
        text = _one_formatted(m, part)
        if text is None:
            return m.unknown(source(node))
        parts.append(text)
        m.check_characters(sum(map(len, parts)))
    return "".join(parts)


def _one_formatted(m: Machine, part: ast.FormattedValue) -> str | None:
    """{value:spec} for plain values and short specifications."""
    value = evaluate(m, part.value)
    spec = "" if part.format_spec is None else evaluate(m, part.format_spec)
    if isinstance(value, Expr) and m.repeats and not spec:
        return f"[{value}]"
    if not isinstance(value, (int, str, float)) or not isinstance(spec, str) or len(spec) > 6:
        return None
    if any(int(digits) > 1000 for digits in _digits(spec)):
        return None
    try:
        return format(repr(value) if part.conversion == ord("r") else value, spec)
    except (ValueError, OverflowError):
        return None


def _digits(spec: str) -> list[str]:
    from re import findall

    return findall(r"\d+", spec)


def _yield(m: Machine, node: ast.Yield | ast.YieldFrom) -> Any:
    value = None if node.value is None else evaluate(m, node.value)
    if m.frame.yields is not None:
        m.frame.yields += spread(m, value) if isinstance(node, ast.YieldFrom) else [value]
        m.check_entries(len(m.frame.yields))
    return None


def _starred(m: Machine, node: ast.Starred) -> Any:
    return evaluate(m, node.value)


EVALUATE: dict[type, Callable[[Machine, Any], Any]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.List: _sequence, ast.Tuple: _sequence, ast.Set: _sequence, ast.Dict: _dict, ast.BinOp: _binary,
    ast.UnaryOp: _unary, ast.BoolOp: _boolean, ast.Compare: _compare, ast.IfExp: _choice, ast.Lambda: _lambda,
    ast.Call: call_node, ast.NamedExpr: _walrus, ast.JoinedStr: _formatted, ast.ListComp: comprehension,
    ast.SetComp: comprehension, ast.GeneratorExp: comprehension, ast.DictComp: comprehension, ast.Yield: _yield,
    ast.YieldFrom: _yield, ast.Starred: _starred,
}  # fmt: skip
