"""Names that a config class takes without declaring them: kwargs.pop("full_attention_interval", 4)."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple


class Name(NamedTuple):
    """A name that is taken: what stands for it where it is missing, and the declared field that it is put into."""

    default: Any
    into: str | None


@functools.cache
def popped(kind: type[Any]) -> dict[str, Name]:
    """Every such name of a config class and of those that it is made from."""
    found: dict[str, Name] = {}
    for tree in _trees(kind):
        into = _targets(tree)
        for call in _taken(tree):
            word, default = call.args[0], call.args[1] if len(call.args) > 1 else None
            if isinstance(word, ast.Constant) and isinstance(word.value, str):
                made = default.value if isinstance(default, ast.Constant) else None
                found.setdefault(word.value, Name(made, into.get(call)))
    return found


def is_flat(kind: type[Any]) -> bool:
    """Whether the class gathers the fields of a part from beside it: {key: kwargs.pop(key) for key in ...}."""
    return any(_unnamed(node) for tree in _trees(kind) for node in ast.walk(tree) if isinstance(node, ast.DictComp))


def makes_up_names(kind: type[Any]) -> bool:
    """Whether it takes names that are not written in it, and not to gather a part: which, nobody can read off it."""
    gathered = {
        call for tree in _trees(kind) for node in ast.walk(tree) if isinstance(node, ast.DictComp)
        for call in _unnamed(node)
    }  # fmt: skip
    every = {call for tree in _trees(kind) for call in _taken(tree) if not isinstance(call.args[0], ast.Constant)}
    return bool(every - gathered)


def _unnamed(node: ast.DictComp) -> list[ast.Call]:
    """The calls in a comprehension that take what its own key is called."""
    return [call for call in _taken(node.value) if isinstance(call.args[0], ast.Name)]


@functools.cache
def _trees(kind: type[Any]) -> tuple[ast.AST, ...]:
    """The methods of the library's models in which a config is finished, the class's own first."""
    made = [
        vars(base)[name]
        for base in kind.__mro__
        for name in ("__post_init__", "__init__")
        if base.__module__.startswith("transformers.models.") and name in vars(base)
    ]
    return tuple(tree for method in made for tree in _parsed(method))


def _parsed(method: Any) -> Iterator[ast.AST]:
    try:
        yield ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, TypeError, SyntaxError):  # made by a decorator, which takes no names of its own
        return


def _taken(tree: ast.AST) -> Iterator[ast.Call]:
    """Every kwargs.pop(...) and kwargs.get(...)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            held = node.func.value
            if node.func.attr in ("pop", "get") and isinstance(held, ast.Name) and held.id == "kwargs":
                yield node


def _targets(tree: ast.AST) -> dict[ast.Call, str]:
    """The field that each call is put into: self.hidden_size = kwargs.pop("n_embed", self.hidden_size)."""
    found: dict[ast.Call, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
            found.update(dict.fromkeys(_taken(node.value), node.targets[0].attr))
    return found
