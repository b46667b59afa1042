"""Comprehensions of interpreted code, also over symbolic ranges."""

from __future__ import annotations

import ast

from nparams.notation._code.assign import assign
from nparams.notation._code.entries import as_set, put
from nparams.notation._code.operators import truth
from nparams.notation._code.sizes import Copies, SymbolicRange
from nparams.notation._code.source import source
from nparams.notation._code.values import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def comprehension(m: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Any:
    """What a comprehension collects; unknown where how often it runs is not known."""
    from nparams.notation._code.library import Frame

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
        for each in found:
            put(m, made, *_pair(each))
        return made
    return as_set(m, found) if isinstance(node, ast.SetComp) else m.fresh(found)


def _pair(found: Any) -> tuple[Any, Any]:
    """A name and a value; what a symbolic loop gives stands under one name for all of its turns."""
    if not isinstance(found, Copies):
        return found[0], found[1]
    key, value = _pair(found.value)
    return key, Copies(value, found.index, found.first, found.last)


def first_of(m: Machine, node: ast.ListComp) -> Any:
    """The first value of a list comprehension with one loop; MISSING where there is none."""
    from nparams.notation._code.expressions import evaluate

    loop = node.generators[0]
    entries = m.entries(evaluate(m, loop.iter)) if len(node.generators) == 1 and not loop.ifs else None
    if not entries:
        return MISSING
    assign(m, loop.target, entries[0])
    return evaluate(m, node.elt)


def _generate(m: Machine, node: Any, level: int, found: list[Any]) -> bool:
    """The loops of a comprehension from one level inwards; False where how often they run is not known."""
    from nparams.notation._code.expressions import evaluate

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
    from nparams.notation._code.loops import index_for

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
