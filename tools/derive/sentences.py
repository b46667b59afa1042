"""Learnt cells as an entry writes them, and which fields their expressions need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nparams.expr import Expr, free_symbols, parse
from tools.derive.indices import LETTERS
from tools.derive.templates import MARK
from tools.derive.tensors import Cell
from tools.derive.tracking import name_of


def written(cell: Cell) -> dict[str, Any]:
    """A cell as the entry has it."""
    made: dict[str, Any] = {}
    if cell.over:
        made["over"] = [list(o) for o in cell.over]
    if cell.condition != "1":
        made["if"] = cell.condition
    return {**made, "tensors": [_tensor(cell)]}


def _tensor(cell: Cell) -> list[Any]:
    parts = cell.template.split(MARK)
    name = parts[0] + "".join(f"{{{LETTERS[k]}}}{rest}" for k, rest in enumerate(parts[1:]))
    form = cell.form
    extra: dict[str, Any] = {}
    if form.role != "weight":
        extra["role"] = form.role
    if form.tied is not None:
        extra["tied"] = form.tied
    if form.dtype != "float32":
        extra["dtype"] = form.dtype
    if form.frozen:
        extra["frozen"] = True
    return [name, [str(d) for d in form.dims], form.owner, *([extra] if extra else [])]


def texts_of(cell: Mapping[str, Any]) -> Iterator[str]:
    yield from (size for _, *sizes in cell.get("over", ()) for size in sizes)
    if "if" in cell:
        yield cell["if"]
    for tensor in cell["tensors"]:
        yield from tensor[1]


def texts_of_rule(rule: Any) -> Iterator[str]:
    for when, what in rule:
        yield when
        if isinstance(what, str):
            yield what
        elif "each" in what:
            yield what["each"][1]
            yield from [what["of"]] if "of" in what else [w for w, _ in what["choose"]]


def used_in(texts: Sequence[str]) -> set[str]:
    """The symbols that stand in expressions."""
    found: set[str] = set()
    for text in set(texts):
        made = parse(text)
        if isinstance(made, Expr):
            found |= set(free_symbols(made))
            found |= set(_entries(made))
    return found


def with_products(used: set[str], table: Mapping[str, list[str]]) -> set[str]:
    """What is multiplied with a float field is used too."""
    return used.union(*(used_in([table[n][2]]) for n in used if n in table and table[n][1] == "times"))


def _entries(e: Expr) -> Iterator[str]:
    """dim1 parses as the entry 1 of dim: the field's own name."""
    stack = [e]
    while stack:
        node = stack.pop()
        if node.op == "idx" and isinstance(node.args[0], int):
            yield f"{node.label}{node.args[0]}"
        stack += [a for a in node.args if isinstance(a, Expr)]


def entries_named(texts: Sequence[str]) -> set[str]:
    """The lists of which expressions name an entry by its number: patch_size[1]."""
    found: set[str] = set()
    stack: list[Any] = [parse(text) for text in set(texts)]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            found |= {str(node.label)} if node.op == "idx" and isinstance(node.args[0], int) else set()
            stack += node.args
    return found


def paths_of(*held: Any) -> dict[str, str]:
    """Symbol -> the path of its field."""
    return {name_of(p): p for values in held for each in values for p in each}


def fields_of(used: set[str], table: Mapping[str, list[str]], paths: Mapping[str, str]) -> set[str]:
    found = {table[n][0] for n in used if n in table} | {paths[n] for n in used if n in paths}
    return found - set(LETTERS)
