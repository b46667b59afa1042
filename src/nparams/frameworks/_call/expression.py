"""The text after python:, as a module's name and an expression that is worked out node by node: nothing is evaluated.

An expression holds literals, lists, arithmetic, names of the module, what can be imported (torch.nn.ReLU), entries
(CONFIGS["small"]) and calls.  A name that means nothing there, inside the brackets of a call, is a symbol.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings

from nparams.errors import NotationError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

PREFIX = "python:"
EXAMPLE = "python:package.module:Net(hidden=16) or python:path/to/file.py:Net(16)"
#: builtins that arguments are made of
BUILTINS: Mapping[str, object] = {
    kind.__name__: kind for kind in (bool, dict, float, frozenset, int, list, range, set, str, tuple)
}
#: bits of a power of whole numbers, and entries of a list that is repeated: what a slip of the pen makes is no use
MOST_BITS, MOST_ENTRIES = 10_000, 1_000_000


def power(base: Any, exponent: Any) -> Any:
    """A power that takes no time to work out.

    >>> power(2, 10)
    1024
    """
    if type(base) is int and type(exponent) is int and base.bit_length() * exponent > MOST_BITS:
        raise NotationError(f"a power of more than {MOST_BITS:,} bits")
    return base**exponent


def times(left: Any, right: Any) -> Any:
    """A product, or a list that is repeated.

    >>> times(3, 4), times([64], 2)
    (12, [64, 64])
    """
    for held, count in ((left, right), (right, left)):
        if type(count) is int and type(held) in (list, tuple, str, bytes) and len(held) * count > MOST_ENTRIES:
            raise NotationError(f"a {type(held).__name__} of {len(held) * count:,} entries: at most {MOST_ENTRIES:,}")
    return left * right


BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: times, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: power,
}  # fmt: skip
UNARY: Mapping[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}  # fmt: skip
MOST_CHARACTERS, MOST_NESTED = 20_000, 60
#: characters of a call that are printed back
MOST_TOLD = 400
FILE = re.compile(r"(.+?\.py):(.*)", re.DOTALL)


class Asked:
    """What a text asks for: a module, by name or by file, and an expression in it."""

    __slots__ = ("is_file", "module", "node")

    def __init__(self, text: str) -> None:
        rest = text.removeprefix(PREFIX).strip()
        found = FILE.fullmatch(rest)
        self.is_file = found is not None
        module, mark, words = (found[1], ":", found[2]) if found else rest.partition(":")
        self.module = module.strip()
        if not mark or not words.strip() or not self.module:
            raise NotationError(f"{shown(text)}: say the module and what in it makes the model: {EXAMPLE}")
        if not self.is_file and not all(part.isidentifier() for part in self.module.split(".")):
            raise NotationError(f"{shown(self.module)} is not the name of a module: write {EXAMPLE}")
        self.node = parsed(words.strip())

    def told(self, node: ast.expr | None = None) -> str:
        """The canonical text: models.py:Net(hidden=16)."""
        module = self.module.replace("\\", "/").rpartition("/")[2] if self.is_file else self.module
        text = f"{module}:{ast.unparse(self.node if node is None else node)}"
        return text if len(text) <= MOST_TOLD else f"{text[: MOST_TOLD - 50]}…{text[-40:]}"


def parsed(words: str) -> ast.expr:
    """The tree of an expression of the kinds that are worked out; NotationError names what is not."""
    if len(words) > MOST_CHARACTERS:
        raise NotationError(f"{shown(words)}: {len(words):,} characters, at most {MOST_CHARACTERS:,}")
    try:
        with warnings.catch_warnings():  # 1if: what Python says of a text that is refused, or printed back
            warnings.simplefilter("ignore")
            node = ast.parse(words, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        told = problem.msg if isinstance(problem, SyntaxError) else "it cannot be read as Python"
        told = "a number of more than 4,300 digits" if told.startswith("Exceeds the limit") else told
        raise NotationError(f"{shown(words)}: {told}; write {EXAMPLE}") from None
    _check(node, 0)
    return node


KNOWN = (
    ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Subscript, ast.BinOp,
    ast.UnaryOp, ast.keyword,
)  # fmt: skip


def _check(node: ast.AST, depth: int) -> None:
    if depth > MOST_NESTED:
        raise NotationError(f"brackets inside brackets: more than {MOST_NESTED}")
    fits = isinstance(node, KNOWN)
    if isinstance(node, ast.Attribute):
        fits = not node.attr.startswith("__")
    elif isinstance(node, ast.Name):
        fits = not node.id.startswith("__")
    elif isinstance(node, (ast.BinOp, ast.UnaryOp)):
        fits = type(node.op) in BINARY or type(node.op) in UNARY
    elif isinstance(node, ast.keyword):
        fits = node.arg is not None
    if not fits:
        text = ast.unparse(node) if isinstance(node, (ast.expr, ast.keyword)) else type(node).__name__
        raise NotationError(
            f"{shown(text)}: only literals, lists, arithmetic, names, entries and calls are worked out here; put "
            "anything else into a function of the module"
        )
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.operator, ast.unaryop, ast.expr_context)):
            _check(child, depth + 1)


class Names:
    """What the names of an expression mean: entries of the module, values that were set, builtins, other modules."""

    def __init__(self, module: ModuleType, given: Mapping[str, object], load: Callable[[str], ModuleType]) -> None:
        self.module = module
        self.given = dict(given)
        self.load = load

    def knows(self, name: str) -> bool:
        """Whether the name is no symbol."""
        return name in self.given or hasattr(self.module, name) or name in BUILTINS

    def find(self, name: str) -> object:
        """What the name means."""
        if name in self.given:
            return self.given[name]
        if hasattr(self.module, name):
            return getattr(self.module, name)
        if name in BUILTINS:
            return BUILTINS[name]
        return self.load(name)  # the first word of torch.nn.ReLU; symbols were given numbers before


def symbols(node: ast.expr, names: Names) -> list[str]:
    """The names inside brackets that mean nothing, in order: symbols.  A name that is called or has a dot is none."""
    found: dict[str, None] = {}

    def look(part: ast.AST, inside: bool) -> None:
        if isinstance(part, ast.Name):
            if inside and not names.knows(part.id):
                found[part.id] = None
        elif isinstance(part, ast.Call):
            look_at_callee(part.func, inside)
            for child in (*part.args, *part.keywords):
                look(child, True)
        elif isinstance(part, ast.Attribute):
            look_at_callee(part, inside)
        else:
            for child in ast.iter_child_nodes(part):
                look(child, inside)

    def look_at_callee(part: ast.expr, inside: bool) -> None:
        while isinstance(part, ast.Attribute):
            part = part.value
        if not isinstance(part, ast.Name):
            look(part, inside)

    look(node, False)
    return list(found)


def worked_out(node: ast.expr, names: Names) -> Any:
    """The value: calls are made as they are written, from the inside out, left to right."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.find(node.id)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        held = [worked_out(each, names) for each in node.elts]
        return {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)](held)
    if isinstance(node, ast.Dict):
        keys = [worked_out(key, names) for key in node.keys if key is not None]
        return dict(zip(keys, (worked_out(value, names) for value in node.values), strict=True))
    if isinstance(node, ast.Subscript):
        return worked_out(node.value, names)[worked_out(node.slice, names)]
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)](worked_out(node.left, names), worked_out(node.right, names))
    if isinstance(node, ast.UnaryOp):
        return UNARY[type(node.op)](worked_out(node.operand, names))
    if isinstance(node, ast.Attribute):
        return _attribute(worked_out(node.value, names), node.attr, names)
    assert isinstance(node, ast.Call)
    callee = worked_out(node.func, names)
    args = [worked_out(each, names) for each in node.args]
    return callee(*args, **{str(each.arg): worked_out(each.value, names) for each in node.keywords})


def _attribute(held: Any, name: str, names: Names) -> Any:
    """An attribute; of a package also a module in it that is not loaded yet."""
    if type(held) is type(ast) and not hasattr(held, name) and hasattr(held, "__path__"):
        return names.load(f"{held.__name__}.{name}")
    return getattr(held, name)
