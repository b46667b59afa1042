"""What the source of a type's modules says of a config field: the strings it is compared with, the names it is read by.

Read with `ast`, run by nobody. All of it is a hint for drawing: whether a value is accepted is tried.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import transformers
from transformers.activations import ACT2FN

from tools.derive import classes

# Which field a local variable stands for: `for layer_type in config.layer_types`.
_PLURAL = "s"


@functools.cache
def trees(model_type: str) -> tuple[tuple[ModuleType, ast.Module], ...]:
    """The parsed modules of a type."""
    return tuple((module, ast.parse(inspect.getsource(module))) for module in classes.modules(model_type))


@functools.cache
def strings(model_type: str) -> dict[str, tuple[str, ...]]:
    """Field -> the strings that code compares it with, looks up by it or makes of it, in the order of the source."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for module, tree in trees(model_type):
        lists = _lists(tree)
        for node in ast.walk(tree):
            for name, words in _said(node, module, lists):
                found[name].update(dict.fromkeys(words))
    return {name: tuple(words) for name, words in found.items()}


def _lists(tree: ast.Module) -> dict[str, list[str]]:
    """The lists of words that have a name: layer_types = ["basic", "bottleneck"]."""
    found = {}
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(targets[0], ast.Name) and (words := _words(getattr(node, "value", None))):
            found[targets[0].id] = words
    return found


def _said(node: ast.AST, module: ModuleType, lists: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """What one node says of fields: (name, strings)."""
    if isinstance(node, ast.Compare):
        return _compared(node, lists)
    if isinstance(node, ast.Subscript) and (name := _name(node.slice)):
        table = getattr(module, node.value.id, None) if isinstance(node.value, ast.Name) else None
        named = isinstance(table, dict) and table is not ACT2FN
        keys = [key for key in table if isinstance(key, str)] if named else []
        return [(name, keys)]
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        name = _name(node.targets[0])
        return [(name, _made(node.value))] if name and isinstance(node.targets[0], ast.Attribute) else []
    return []


def _compared(node: ast.Compare, lists: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """The strings of a comparison, those of a named list included, and the names they are compared with."""
    sides = [node.left, *node.comparators]
    names = [name for side in sides if (name := _name(side))]
    words = [word for side in sides for word in _words(side)]
    words += [word for name in names for word in lists.get(name, ())]
    return [(name, words) for name in names] + [(name + _PLURAL, words) for name in names] if words else []


def _name(node: ast.AST) -> str | None:
    """The name of the field that an expression reads: config.x, self.x, x, x[i], x.upper(), getattr(config, "x")."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
        return node.args[1].value if isinstance(node.args[1], ast.Constant) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("upper", "lower"):
        return _name(node.func.value)
    return None


def _words(node: ast.AST | None) -> list[str]:
    """The strings of a constant or of a list of constants."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [word for item in node.elts for word in _words(item)]
    return []


def _made(node: ast.AST) -> list[str]:
    """The strings in what a field is set to: ["sliding_attention" if ... else "full_attention" for i in ...]."""
    inner = [item for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    formatted = {id(part) for item in ast.walk(node) if isinstance(item, ast.JoinedStr) for part in item.values}
    return [item.value for item in inner if id(item) not in formatted and re.fullmatch(r"[\w-]+", item.value)]


@functools.cache
def letters(model_type: str) -> tuple[str, ...]:
    """The letters that code reads layers from, one each: {"M": "mamba", "*": "attention"}."""
    tables = [
        tuple(str(key.value) for key in node.keys if isinstance(key, ast.Constant))
        for _, tree in trees(model_type) for node in ast.walk(tree) if isinstance(node, ast.Dict)
    ]  # fmt: skip
    return next((keys for keys in tables if len(keys) > 1 and all(len(key) == 1 for key in keys)), ())


@functools.cache
def asked(model_type: str) -> dict[str, Any]:
    """Names that code asks a config for without being sure of them, with the value it takes instead:
    getattr(config, "head_dim", None), kwargs.pop("width", 64)."""
    found: dict[str, Any] = {}
    for _, tree in trees(model_type):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (pair := _asks(node)):
                found.setdefault(*pair)
    return found


def _asks(node: ast.Call) -> tuple[str, Any] | None:
    """The name and the value instead that one call asks a config with."""
    words = [item.value if isinstance(item, ast.Constant) else None for item in node.args]
    function = node.func
    if isinstance(function, ast.Name) and function.id in ("getattr", "hasattr") and len(words) > 1:
        of_config = "config" in ast.unparse(node.args[0]) or ast.unparse(node.args[0]) == "self"
        return (str(words[1]), words[2] if len(words) > 2 else None) if of_config and words[1] else None
    if isinstance(function, ast.Attribute) and function.attr in ("pop", "get") and words and words[0]:
        of_rest = ast.unparse(function.value) == "kwargs"
        return (str(words[0]), words[1] if len(words) > 1 else None) if of_rest else None
    return None


@functools.cache
def annotations() -> dict[str, tuple[str, ...]]:
    """Field -> how the library's own config classes annotate it, the commonest first: what an undeclared field of
    that name may hold."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    declared = re.compile(r"^    (\w+): ([^=\n]+) =", re.MULTILINE)
    for path in sorted(Path(transformers.__file__).parent.glob("models/*/configuration_*.py")):
        for name, annotation in declared.findall(path.read_text(encoding="utf-8")):
            counts[name][annotation.strip()] += 1
    return {name: tuple(sorted(seen, key=lambda word: (-seen[word], word))) for name, seen in counts.items()}


@functools.cache
def _declared() -> dict[str, dict[str, int]]:
    """Field -> the defaults that the library's config classes declare for it, as they are written, and how often."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    declared = re.compile(r"^    (\w+): [^=\n]+ = ([^#\n]+)$", re.MULTILINE)
    for path in sorted(Path(transformers.__file__).parent.glob("models/*/configuration_*.py")):
        for name, value in declared.findall(path.read_text(encoding="utf-8")):
            counts[name][value.strip()] += 1
    return counts


def usual(name: str) -> list[Any]:
    """The numbers and words that fields of a name have by default elsewhere in the library, the commonest first."""
    seen = _declared().get(name, {})
    found = []
    for text in sorted(seen, key=lambda text: (-seen[text], text)):
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            continue
        if value is not None and isinstance(value, (bool, int, float, str)):
            found.append(value)
    return found[:3]


def documented(kind: type[Any], name: str) -> list[Any]:
    """The examples of values that the docstring of a config class gives for a field: e.g. `"1/4"`."""
    described = re.search(rf"^ *{name} \(.*?(?=^ *\w+ \(`|\Z)", kind.__doc__ or "", re.MULTILINE | re.DOTALL)
    found = []
    for text in re.findall(r"e\.g\. `([^`]+)`", described.group() if described else ""):
        try:
            found.append(ast.literal_eval(text))
        except (ValueError, SyntaxError):
            continue
    return found
