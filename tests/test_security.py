"""SECURITY.md tells the truth: its limits are those of the code, its kinds of flags those that readers raise."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

import nparams
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "SECURITY.md").read_text()
PACKAGE = Path(nparams.__path__[0])
#: how much further than usual some files are read without limits
FACTORS = {
    "_tflite.constants.TENSORS": 50, "tflite.SUBGRAPHS": 50, "_tensorflow.table.ALL_KEYS": 10,
    **dict.fromkeys((f"_openvino.xml.{name}" for name in ("ELEMENTS", "LAYERS", "EDGES", "TAG")), 10),
    **dict.fromkeys(("_coreml.wire.LAYERS", "_coreml.wire.OPERATIONS"), 10),
}  # fmt: skip
LIMITS = re.findall(r"^\| ([^|]+) \| ([\d,]+) \| ([\d,]*) \| `([^|]+)` \|$", TEXT, re.MULTILINE)
KINDS = re.findall(r"^\| `([\w-]+)` \| [^|]+ \|$", TEXT, re.MULTILINE)


def constant(path: str) -> int:
    """The constant of that name; of a module in files/, unless it begins with another room."""
    parts = path.split(".")
    names = [part for part in parts if part.isupper()]  # USUAL.size: the part of a constant
    first = parts.index(names[0])
    found = import_module(
        ".".join(["nparams", *([] if parts[0] in ("cli", "fleet", "remote", "stored") else ["files"]), *parts[:first]])
    )
    for part in parts[first:]:
        found = getattr(found, part)
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize(("what", "usual", "most", "where"), LIMITS, ids=[row[0] for row in LIMITS])
def test_limits(what: str, usual: str, most: str, where: str) -> None:
    first, _, last = where.partition(", ")
    assert f"{constant(first):,}" == usual, what
    if last or most:
        assert f"{constant(last) if last else constant(first) * FACTORS[first]:,}" == most, what


def test_the_table_of_limits_was_read() -> None:
    assert len(LIMITS) == TEXT.partition("## Limits")[2].partition("## How it is tested")[0].count("\n| ") - 1 > 30


def raised() -> set[str]:
    """Every kind of flag that stands in the readers: {"kind": ...}, flag(kind, ...), and rows of (kind, text)."""
    found = set()
    for path in (PACKAGE / "files").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict):
                found |= {v for k, v in zip(node.keys, node.values, strict=True) if of(k) == "kind" for v in [of(v)]}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "flag":
                found.add(of(node.args[0]))
            elif isinstance(node, ast.Tuple) and path.name == "danger.py" and isinstance(node.elts[-1], ast.JoinedStr):
                found.add(of(node.elts[0]))
    return found - {None}


def of(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def test_kinds_of_flags() -> None:
    assert raised() == set(KINDS)
    assert sorted(KINDS) == KINDS
