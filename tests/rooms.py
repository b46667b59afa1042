"""The import table of the house as data, and the checker that reads imports from the source text.

An import counts wherever it stands: in a function, in a `try`, under `TYPE_CHECKING`, or as `import_module("literal")`.
An `import_module(name)` that is not a literal cannot be checked, so only the rooms that read the registry may have one,
unless it begins as `f"nparams.room.`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

PACKAGE = "nparams"


class Room(NamedTuple):
    """What the modules of one room may import."""

    ours: str  # rooms, at any time
    lazily: str = ""  # rooms, inside functions or under TYPE_CHECKING only
    outside: Mapping[str, str] = {}  # module ("*": every one) -> third-party packages, never while it is being loaded
    inner: str = "*"  # modules of its own room that all of its modules may import
    standard: bool = True  # may it import the standard library?


BELOW = "expr dtypes errors"
CORE = f"network {BELOW}"
SOURCES = "notation files frameworks architectures"
BY_COMPUTED_NAME = "__init__ _claims cli page"  # they load what a row of the registry names
COMPUTED = "a computed name"
USERS_CODE = "nparams/frameworks/_call/load.py"  # the one place that imports what the user names: python:package.module
TERMINAL_VIEWS = {"table": "rich", "tree": "rich", "terminal": "rich"}
OWN_FRAMEWORK = {
    "torch": "torch",
    "keras": "keras tf_keras",
    "flax": "flax jax",
    "equinox": "equinox jax",
    "arrays": "jax numpy",
    "sklearn": "sklearn numpy",
    "trace": "torch",
    "call": "torch",
    "transformers": "transformers torch",
}
OWN_FRAMEWORK |= {f"_{name}": outside for name, outside in OWN_FRAMEWORK.items()}  # what stands behind each of them

TABLE: Mapping[str, Room] = {
    "expr": Room(BELOW, outside={"sympy": "sympy"}),
    "dtypes": Room(BELOW),
    "errors": Room(BELOW),
    # a Network can be asked for a view by name (str(n), n.explain()); it knows the name, nothing of the view
    "network": Room(f"roles {BELOW}", lazily="views"),
    "roles": Room(BELOW),
    # what arrays mean as they are stored: for whoever finds arrays, in a file or in a program
    "stored": Room(f"roles {CORE}"),
    "layers": Room(CORE),
    "notation": Room(f"layers roles {CORE}"),
    "architectures": Room(f"stored layers {CORE}"),
    "files": Room(f"stored roles {CORE}"),
    "frameworks": Room(f"stored layers roles {CORE}", outside=OWN_FRAMEWORK, inner="_*"),
    "views": Room(CORE, outside=TERMINAL_VIEWS),
    "analyses": Room(f"layers {CORE}"),
    "registry": Room("", standard=False),
    "_objects": Room(BELOW),
    "_refusals": Room(BELOW),
    # it loads what other packages offer, through importlib.metadata
    "_foreign": Room(f"registry {BELOW}", lazily="network"),
    "_claims": Room("registry errors", lazily=f"_foreign remote {SOURCES} {CORE}"),
    "_read": Room(f"_claims registry {CORE}", lazily=f"_objects _refusals _foreign remote roles layers {SOURCES}"),
    # files that lie elsewhere, as sources of bytes: a reader does not know where its bytes come from
    "remote": Room(f"files stored {BELOW}", lazily="__init__", outside={"*": "obstore"}),
    "fleet": Room(
        f"_read _claims files stored remote roles registry {CORE}",
        lazily="__init__",
        outside={"*": "obstore pyarrow duckdb dask distributed"},
    ),
    "cli": Room(
        "errors registry",
        lazily=f"__init__ _read _foreign dtypes expr roles layers network views analyses fleet {SOURCES}",
    ),
    "page": Room(f"registry views files {CORE}", lazily="__init__ _read analyses"),
    "__init__": Room("", lazily=f"_read registry roles layers views analyses fleet {SOURCES} {CORE}"),
    "__main__": Room("cli"),
}


class Import(NamedTuple):
    line: int
    target: str  # dotted name of the module
    lazy: bool


class Place(NamedTuple):
    """A module of ours: its path below src/, and the room it stands in."""

    path: str
    room: str
    stem: str

    @classmethod
    def of(cls, path: str) -> Place:
        parts = PurePosixPath(path).with_suffix("").parts[1:]
        inside = len(parts) > 2 and parts[0] == "frameworks"  # frameworks/_torch/walk.py may what frameworks/_torch may
        return cls(path, parts[0], parts[1] if inside else parts[-1])


def violations(tree: Mapping[str, str]) -> list[str]:
    """A sentence for each import that the table forbids; `tree` maps nparams/….py to source text."""
    found: list[str] = []
    for path, source in sorted(tree.items()):
        place = Place.of(path)
        if place.room not in TABLE:
            found.append(f"{path}: stands in no room of the table in tests/rooms.py")
            continue
        reasons = ((each, reason_against(place, each)) for each in imports(path, source, tree))
        found += [f"{path}:{each.line} imports {each.target}{reason}" for each, reason in reasons if reason]
    return found


def reason_against(place: Place, found: Import) -> str:
    """Why this import is not allowed, as the end of a sentence; empty where it is."""
    room = TABLE[place.room]
    root = found.target.partition(".")[0]
    if root == COMPUTED:
        may = place.room in BY_COMPUTED_NAME.split() or place.path == USERS_CODE
        return "" if may else f": only {BY_COMPUTED_NAME} may"
    if root == PACKAGE:
        return against_ours(place, found)
    if root == "__future__" or (root in sys.stdlib_module_names and room.standard):
        return ""
    outside = f"{room.outside.get('*', '')} {room.outside.get(place.stem, '')}".split()
    if root not in outside:
        may = f"the standard library{''.join(f' and {name}' for name in outside)}" if room.standard else "nothing"
        return f": from outside, {place.room}/{place.stem} may import {may}"
    return "" if found.lazy else f" while it is being loaded: only a function of {place.room}/{place.stem} may"


def against_ours(place: Place, found: Import) -> str:
    room = TABLE[place.room]
    parts = found.target.split(".")
    target = parts[1] if len(parts) > 1 else "__init__"
    if target == place.room:
        inner_wanted = parts[2] if len(parts) > 2 else "_"
        allowed = room.inner == "*" or inner_wanted.startswith("_") or inner_wanted == place.stem
        return "" if allowed else f": the modules of {place.room} do not know each other"
    if target in room.ours.split() or (found.lazy and target in room.lazily.split()):
        return ""
    if target in room.lazily.split():
        return f" while it is being loaded: only a function of {place.room} may"
    return f": {place.room} may import {f'{room.ours} {room.lazily}'.strip() or 'no room'}"


def imports(path: str, source: str, tree: Mapping[str, str]) -> Iterator[Import]:
    """Every import of a module, with the modules that `from package import module` means."""
    modules = {module_name(each) for each in tree}
    for node, lazy in walk(ast.parse(source, path), lazy=False):
        for target in targets(node, path):
            yield Import(node.lineno, settle(target, modules), lazy)


def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[ast.expr | ast.stmt, bool]]:
    """All statements and expressions, with whether they wait until something is called."""
    for child in ast.iter_child_nodes(node):
        later = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            later = True
        if isinstance(child, ast.expr | ast.stmt):
            yield child, lazy
        yield from walk(child, later)


def targets(node: ast.AST, path: str) -> list[str]:
    """The dotted names that one statement or call imports: candidates, to be settled."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = absolute(node, path)
        return [f"{base}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        return [named_by(node.args[0]) if node.args else COMPUTED]
    return []


def named_by(word: ast.expr) -> str:
    """The module, or the room where `f"nparams.room.{name}"` leaves no doubt of it."""
    if isinstance(word, ast.Constant):
        return str(word.value)
    start = word.values[0] if isinstance(word, ast.JoinedStr) else word
    room, dot, _ = str(start.value).rpartition(".") if isinstance(start, ast.Constant) else ("", "", "")
    return room if dot and room.startswith(f"{PACKAGE}.") else COMPUTED


def absolute(node: ast.ImportFrom, path: str) -> str:
    if not node.level:
        return node.module or ""
    package = PurePosixPath(path).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def settle(target: str, modules: set[str]) -> str:
    """Drop the last word where it is a name inside a module of ours, not a module."""
    base, _, name = target.rpartition(".")
    is_module = target in modules or (base == PACKAGE and name in TABLE)
    return base if base.startswith(PACKAGE) and base in modules and not is_module else target


def module_name(path: str) -> str:
    return ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")


def arithmetic(path: str, source: str) -> list[str]:
    """A sentence for each sum, product or the like in a module that may only parse, call and print."""
    nodes = [node for node in ast.walk(ast.parse(source, path)) if computes(node)]
    return [
        f"{path}:{node.lineno} computes {ast.unparse(node)!r}: cli parses, calls one function and prints"
        for node in nodes
    ]


def computes(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in ("sum", "divmod", "pow", "round") or ast.unparse(node.func).startswith("math.")
    if isinstance(node, ast.AugAssign):
        return is_arithmetic(node.op, node.target, node.value)
    return isinstance(node, ast.BinOp) and is_arithmetic(node.op, node.left, node.right)


def is_arithmetic(operator: ast.operator, left: ast.expr, right: ast.expr) -> bool:
    """Joining text or lists with + and formatting with % are no arithmetic."""
    if isinstance(operator, ast.Add):
        return any(isinstance(side, ast.Constant) and isinstance(side.value, int | float) for side in (left, right))
    if isinstance(operator, ast.Mod):
        return not (isinstance(left, ast.JoinedStr) or (isinstance(left, ast.Constant) and isinstance(left.value, str)))
    return isinstance(operator, ast.Mult | ast.Div | ast.FloorDiv | ast.Sub | ast.Pow)
