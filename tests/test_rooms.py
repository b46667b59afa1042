"""The import table (tests/rooms.py) holds for every module; and the checker that says so catches what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import Place, arithmetic, violations

SOURCE = Path(__file__).resolve().parent.parent / "src"
TREE = {path.relative_to(SOURCE).as_posix(): path.read_text("utf-8") for path in SOURCE.glob("nparams/**/*.py")}

HOUSE = dict.fromkeys(
    """nparams/__init__.py nparams/registry.py nparams/errors.py nparams/_read.py nparams/expr/parse.py
    nparams/network/__init__.py nparams/network/tree.py nparams/layers/dense.py nparams/cli/main.py
    nparams/views/__init__.py nparams/views/table.py nparams/views/html.py
    nparams/files/__init__.py nparams/files/onnx.py nparams/frameworks/__init__.py
    nparams/frameworks/torch.py nparams/frameworks/keras.py nparams/frameworks/_walk.py""".split(),
    "",
)

FORBIDDEN = [
    (
        "network/tree.py",
        "from nparams.views import table",
        "1 imports nparams.views.table while it is being loaded: only a function of network may",
    ),
    (
        "network/tree.py",
        "from ..views.table import draw",
        "1 imports nparams.views.table while it is being loaded: only a function of network may",
    ),
    (
        "network/tree.py",
        "from .. import views",
        "1 imports nparams.views while it is being loaded: only a function of network may",
    ),
    ("network/__init__.py", "def f():\n    import nparams.cli.main", "2 imports nparams.cli.main: network may"),
    ("network/tree.py", "from nparams import read", "1 imports nparams: network may"),
    (
        "network/tree.py",
        "import importlib\nimportlib.import_module('nparams.files.onnx')",
        "2 imports nparams.files.onnx",
    ),
    ("expr/parse.py", "from nparams.network import Network", "1 imports nparams.network: expr may import"),
    ("layers/dense.py", "if True:\n    from nparams.frameworks import torch", "2 imports nparams.frameworks.torch"),
    ("layers/dense.py", "class A:\n    import numpy", "2 imports numpy: from outside, layers/dense may import the st"),
    ("files/onnx.py", "def f():\n    import onnx", "2 imports onnx: from outside, files/onnx may import the standard"),
    ("files/onnx.py", "try:\n    import numpy\nexcept ImportError:\n    pass", "2 imports numpy"),
    ("files/onnx.py", "import typing\nif typing.TYPE_CHECKING:\n    import numpy as np", "3 imports numpy"),
    ("files/onnx.py", "from nparams.layers.dense import dense", "1 imports nparams.layers.dense: files may import"),
    ("files/onnx.py", "from nparams import views", "1 imports nparams.views: files may import"),
    ("views/table.py", "import rich", "1 imports rich while it is being loaded"),
    ("views/html.py", "def f():\n    from rich.table import Table", "2 imports rich.table.Table: from outside"),
    ("views/html.py", "from nparams.layers import dense", "1 imports nparams.layers.dense: views may import network"),
    ("frameworks/torch.py", "import torch", "1 imports torch while it is being loaded"),
    ("frameworks/torch.py", "def f():\n    import keras", "2 imports keras: from outside"),
    ("frameworks/torch.py", "from nparams.frameworks import keras", "1 imports nparams.frameworks.keras: the modules"),
    ("frameworks/torch.py", "from .keras import count", "1 imports nparams.frameworks.keras: the modules of framew"),
    ("registry.py", "import enum", "1 imports enum: from outside, registry/registry may import nothing"),
    ("registry.py", "from nparams.errors import Unreadable", "1 imports nparams.errors: registry may import no room"),
    ("__init__.py", "from nparams._read import read", "1 imports nparams._read while it is being loaded"),
    ("cli/main.py", "from nparams._read import read", "1 imports nparams._read while it is being loaded"),
    ("cli/main.py", "async def f():\n    import rich", "2 imports rich: from outside"),
    ("_read.py", "def f():\n    from nparams.views import table", "2 imports nparams.views.table: _read may import"),
    (
        "views/html.py",
        "import importlib as i\ni.import_module(f'nparams.{x}')",
        "2 imports a computed name: only __init__",
    ),
    ("expr/parse.py", "import_module(f'nparams.views.{x}')", "1 imports nparams.views: expr may"),
    ("frameworks/_call/running.py", "import_module(name)", "1 imports a computed name: only __init__"),
    ("frameworks/_torch/walk.py", "def f():\n    import keras", "2 imports keras: from outside, frameworks/_torch may"),
    ("helpers.py", "", ": stands in no room of the table"),
]

ALLOWED = [
    ("frameworks/_call/load.py", "import_module(name)"),
    ("frameworks/_torch/walk.py", "def f():\n    import torch"),
    ("network/tree.py", "from nparams.errors import Unreadable\nfrom . import tree\nimport math"),
    ("views/table.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rich.table import Table"),
    ("views/table.py", "def f():\n    from rich.table import Table\nfrom nparams.network import Network"),
    ("frameworks/torch.py", "def f():\n    import torch.nn\nfrom nparams.frameworks._walk import walk"),
    ("frameworks/torch.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
    ("registry.py", "from __future__ import annotations"),
    ("__init__.py", "def __getattr__(name):\n    from nparams._read import read"),
    ("cli/main.py", "import argparse\nfrom nparams.errors import A\ndef f():\n    from nparams import read"),
    ("_claims.py", "from importlib import import_module\ndef f(row):\n    import_module(row.module)"),
    ("expr/parse.py", "import_module(f'nparams.expr.{x}')"),
    ("_read.py", "from nparams.registry import SOURCES\ndef f():\n    from nparams.files import onnx"),
]

COMPUTES = [
    "a * b",
    "a - 1",
    "a + 1",
    "n += 1",
    "n -= m",
    "a / b",
    "a // b",
    "2**n",
    "a % b",
    "sum(rows)",
    "math.prod(s)",
]
PRINTS = ["'a' + b", "rows + more", "'%s' % a", "f'{a}' % b", "text += line", "a | b", "-1", "argv[1:]", "len(a)"]


def house_with(path: str, source: str) -> dict[str, str]:
    return {**HOUSE, f"nparams/{path}": source}


def test_every_import_is_in_the_table() -> None:
    assert TREE, "no source found"
    found = violations(TREE)
    assert not found, "\n".join(["", *found])


def test_the_command_line_does_no_arithmetic() -> None:
    found = [line for path, source in TREE.items() if Place.of(path).room == "cli" for line in arithmetic(path, source)]
    assert not found, "\n".join(["", *found])


def test_an_empty_house_is_in_order() -> None:
    assert violations(HOUSE) == []


@pytest.mark.parametrize(("path", "source", "sentence"), FORBIDDEN)
def test_the_checker_catches(path: str, source: str, sentence: str) -> None:
    (found,) = violations(house_with(path, source))
    assert found.startswith(f"nparams/{path}:")
    assert f"nparams/{path}:{sentence.removeprefix(':')}" in found


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_the_checker_lets_pass(path: str, source: str) -> None:
    assert violations(house_with(path, source)) == []


@pytest.mark.parametrize("code", COMPUTES)
def test_the_checker_sees_arithmetic(code: str) -> None:
    (found,) = arithmetic("nparams/cli/main.py", f"x = 0\nif x:\n    {code}")
    assert found.startswith("nparams/cli/main.py:3 computes")


@pytest.mark.parametrize("code", PRINTS)
def test_the_checker_sees_text_and_lists(code: str) -> None:
    assert arithmetic("nparams/cli/main.py", code) == []
