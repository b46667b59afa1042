"""Expressions of interpreted code: one small function for each kind of node."""

from __future__ import annotations

import ast

from nparams.expr import Expr
from nparams.notation._code_calls import call_node
from nparams.notation._code_machine import described
from nparams.notation._code_operators import SIGNS, compare, negative, operate, same_value, truth
from nparams.notation._code_values import MISSING, Copies, Function, Instance, SymbolicRange, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code_machine import Machine


def evaluate(m: Machine, node: ast.expr) -> Any:
    """The value of an expression; NotationError where it makes no sense."""
    m.step()
    m.line = node.lineno
    return EVALUATE.get(type(node), _other)(m, node)


def _other(m: Machine, node: Any) -> Any:
    return m.unknown(source(node))


def source(node: ast.AST) -> str:
    """The code of a node, short."""
    try:
        return ast.unparse(node)[:200]
    except (RecursionError, ValueError):
        return "an expression"


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
    key = _slice(m, node.slice) if isinstance(node.slice, ast.Slice) else evaluate(m, node.slice)
    m.line = node.lineno
    return item(m, held, key)


def _slice(m: Machine, node: ast.Slice) -> Any:
    parts = [None if part is None else evaluate(m, part) for part in (node.lower, node.upper, node.step)]
    if all(part is None or type(part) is int for part in parts):
        return slice(*parts)
    return m.unknown(source(node))


def item(m: Machine, held: Any, key: Any) -> Any:
    """held[key]."""
    if isinstance(held, Thing):
        return held.item(m, key)
    if isinstance(key, (Thing, Expr)):
        return _symbolic_item(m, held, key)
    if isinstance(held, (list, tuple, str, dict, range)):
        if not is_key(key):
            raise m.error(f"{described(key)} cannot be a key")
        try:
            return held[key]
        except (LookupError, TypeError, ValueError):
            raise m.error(
                f"[{described(key) if not isinstance(key, str) else repr(key)}] is not in {_shown(held)}"
            ) from None
    return m.unknown(f"{described(held)}[...]")


def _symbolic_item(m: Machine, held: Any, key: Any) -> Any:
    """An entry that is not known which: any of a list of equal ones."""
    if isinstance(held, (list, tuple)) and held and all(same_value(m, entry, held[0]) is True for entry in held[1:]):
        return held[0]
    if isinstance(held, dict) and isinstance(key, Thing) and not isinstance(key, Unknown) and key in held:
        return held[key]
    if isinstance(held, dict) and isinstance(key, Unknown) and key.name and all(isinstance(k, str) for k in held):
        raise m.error(f"{key.name} has no value; --set {key.name}=... with one of {', '.join(held)}"[:300])
    return m.unknown(f"{described(held)}[{described(key)}]")


def _shown(held: Any) -> str:
    if isinstance(held, dict):
        return f"a dict with {', '.join(map(repr, list(held)[:6]))[:100] or 'nothing in it'}"
    return f"a {type(held).__name__} of {len(held)}"


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


def as_set(m: Machine, entries: list[Any]) -> Any:
    """A set, where its entries can stand in one."""
    try:
        return set(entries) if all(map(is_key, entries)) else m.unknown("a set")
    except TypeError:
        return m.unknown("a set")


def is_key(value: Any, depth: int = 0) -> bool:
    """Whether a value may be the key of a dict: texts, numbers, objects, and short tuples of them."""
    if isinstance(value, tuple):
        return depth < 3 and len(value) <= 20 and all(is_key(entry, depth + 1) for entry in value)
    return not isinstance(value, (list, dict, set))


def spread(m: Machine, value: Any) -> list[Any]:
    """What *value puts into a list or a call."""
    entries = m.entries(value)
    if entries is None:
        raise m.error(f"how many entries {described(value)} has is not known")
    return entries


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


def put(m: Machine, held: dict[Any, Any], key: Any, value: Any) -> None:
    """held[key] = value, for keys that can be one."""
    try:
        if not is_key(key):
            raise TypeError
        if m.repeats:
            m.check_turn(held, f"[{described(key)}]", held.get(key, MISSING), value)
            value = m.repeated(value, held)
        held[key] = value
    except TypeError:
        raise m.error(f"{described(key)} cannot be a key") from None


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
    from nparams.notation._code_functions import made_function

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


def _comprehension(m: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Any:
    from nparams.notation._code_machine import Frame

    outer = m.frame
    m.frame = Frame(outer)
    m.frame.cls, m.frame.owner = outer.cls, outer.owner
    try:
        found: list[Any] = []
        if not _generate(m, node, 0, found):
            return m.unknown(source(node))
    finally:
        m.frame = outer
    if isinstance(node, ast.DictComp):
        made: dict[Any, Any] = {}
        for key, value in found:
            put(m, made, key, value)
        return made
    return as_set(m, found) if isinstance(node, ast.SetComp) else m.fresh(found)


def first_of(m: Machine, node: ast.ListComp) -> Any:
    """The first value of a list comprehension with one loop; MISSING where there is none."""
    loop = node.generators[0]
    entries = m.entries(evaluate(m, loop.iter)) if len(node.generators) == 1 and not loop.ifs else None
    if not entries:
        return MISSING
    assign(m, loop.target, entries[0])
    return evaluate(m, node.elt)


def _generate(m: Machine, node: Any, level: int, found: list[Any]) -> bool:
    """The loops of a comprehension from one level inwards; False where how often they run is not known."""
    if level == len(node.generators):
        value = (
            (evaluate(m, node.key), evaluate(m, node.value))
            if isinstance(node, ast.DictComp)
            else evaluate(m, node.elt)
        )
        found.append(value)
        m.check_entries(len(found))
        return True
    loop = node.generators[level]
    over = evaluate(m, loop.iter)
    if isinstance(over, SymbolicRange):
        return _symbolic(m, node, level, over, found)
    entries = m.entries(over)
    if entries is None:
        return False
    for entry in entries:
        assign(m, loop.target, entry)
        passed = [truth(m, evaluate(m, test)) for test in loop.ifs]
        if None in passed:
            return False
        if all(passed) and not _generate(m, node, level + 1, found):
            return False
    return True


def _symbolic(m: Machine, node: Any, level: int, over: SymbolicRange, found: list[Any]) -> bool:
    """[Block(d) for i in range(n)]: one copy over an index."""
    from nparams.notation._code_loops import index_for

    loop = node.generators[level]
    if loop.ifs:
        return False
    index, symbol = index_for(m)
    assign(m, loop.target, symbol)
    m.repeats.append((index, over.first, over.last))
    inner: list[Any] = []
    known = _generate(m, node, level + 1, inner)
    m.repeats.pop()
    found += [Copies(value, index, over.first, over.last) for value in inner]
    return known


def assign(m: Machine, target: ast.expr, value: Any) -> None:
    """target = value, for every kind of target."""
    if isinstance(target, ast.Name):
        m.bind(target.id, value)
    elif isinstance(target, ast.Attribute):
        owner = evaluate(m, target.value)
        m.set_attribute(owner, target.attr, value)
    elif isinstance(target, ast.Subscript):
        _assign_item(m, target, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(m, target.elts, value)
    elif isinstance(target, ast.Starred):
        assign(m, target.value, value)


def _assign_item(m: Machine, target: ast.Subscript, value: Any) -> None:
    held = evaluate(m, target.value)
    key = _slice(m, target.slice) if isinstance(target.slice, ast.Slice) else evaluate(m, target.slice)
    if isinstance(held, Thing):
        held.set_item(m, key, value)
    elif isinstance(held, dict):
        put(m, held, key, value)
    elif isinstance(held, list) and isinstance(key, (int, slice)):
        m.check_turn(held, "an entry of a list", None, value)
        try:
            held[key] = value
        except (IndexError, TypeError, ValueError):
            raise m.error(f"[{key}] is not in a list of {len(held)}") from None
        m.check_entries(len(held))


def _unpack(m: Machine, targets: list[ast.expr], value: Any) -> None:
    entries = None if isinstance(value, Unknown) else m.entries(value)
    starred = [k for k, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if entries is None:
        for k, target in enumerate(targets):
            assign(m, target, item(m, value, k) if isinstance(value, Unknown) else m.unknown("an entry"))
        return
    if len(entries) != len(targets) and not (starred and len(entries) >= len(targets) - 1):
        raise m.error(f"{len(entries)} values for {len(targets)} names")
    if starred:
        at, extra = starred[0], len(entries) - len(targets) + 1
        entries = [*entries[:at], entries[at : at + extra], *entries[at + extra :]]
    for target, entry in zip(targets, entries, strict=True):
        assign(m, target, entry)


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
    ast.Call: call_node, ast.NamedExpr: _walrus, ast.JoinedStr: _formatted, ast.ListComp: _comprehension,
    ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension, ast.DictComp: _comprehension, ast.Yield: _yield,
    ast.YieldFrom: _yield, ast.Starred: _starred,
}  # fmt: skip

__all__ = ["Function", "assign", "evaluate", "item", "spread"]
