"""python:package.module:Net(): what is read, what is refused, and what is left behind.  No framework is needed here.

The models of these tests are networks of our own, which is what a module can make without a framework.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.frameworks._call.expression import Asked, parsed

ROOT = Path(__file__).resolve().parent.parent

PACKAGE = """
import sys
from dataclasses import dataclass
import nparams
from nparams.network import Network, Tensor

print("said while it is imported")

@dataclass
class Config:
    h: int = 4

CONFIGS = {"small": Config(2), "large": Config(100)}

def dense(n=3, *, m=2, name="net"):
    print("said while it is called")
    return Network(tensors=[Tensor("weight", (m, n)), Tensor("bias", (m,), role="bias")], read_as=name)

def sized(sizes): return nparams.read(list(sizes))
def of(config): return dense(config.h)
def pair(): return dense(), 1
def nothing(): pass
def text(): return "784-10"
def number(): return 13
def kind(): return Config
def strange(): return object()
def boom(n): raise ValueError(f"heads must\\ndivide {n}")
def silent(): raise KeyError
def leave(): sys.exit("bye")
def quietly(): raise SystemExit
def deep(n): return deep(n + 1)
def unprintable():
    class Odd(Exception):
        def __str__(self): raise RuntimeError
    raise Odd

model = dense(10)

class Made:
    model = model
    @staticmethod
    def build(): return dense(7)
    @property
    def net(self): return dense(8)

def __getattr__(name):
    if name == "lazy":
        return dense(9)
    raise AttributeError(name)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a package, a file beside it, and modules that cannot be imported."""
    package = tmp_path / "mypkg"
    (package / "deeper").mkdir(parents=True)
    (package / "__init__.py").write_text("from mypkg.models import *\n")
    (package / "models.py").write_text(PACKAGE)
    (package / "deeper/__init__.py").write_text("")
    (package / "deeper/own.py").write_text("from ..models import dense\ndef make(): return dense(5)\n")
    other = tmp_path / "a folder"
    other.mkdir()
    (other / "solo.py").write_text(
        "from helper import SIZE\nfrom mypkg.models import dense\ndef make(): return dense(SIZE)\n"
    )
    (other / "helper.py").write_text("SIZE = 6\n")
    (other / "types.py").write_text("import nparams\ndef make(): return nparams.read('2-2')\nname = __name__\n")
    (other / "my-net.py").write_text(
        "import nparams\nassert __name__ != '__main__'\ndef make(): return nparams.read('2-2')\n"
    )
    (tmp_path / "broken.py").write_text("import nowhere_at_all\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    (tmp_path / "raises.py").write_text("x = 1\n1 / 0\n")
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("mypkg", "solo", "helper", "types_", "my-net", "broken", "wrong", "raises"):
            del sys.modules[name]


# text | total
READ = [
    ("mypkg.models:dense()", 8),  # 2·3 + 2
    ("mypkg.models:dense", 8),
    ("mypkg:dense(5)", 12),
    ("mypkg.models:dense(n=5, m=1)", 6),
    ("mypkg.models:dense(2 * 4 - 1)", 16),
    ("mypkg.models:dense(-(-3))", 8),
    ("mypkg.models:dense(7 // 2, m=2 ** 2)", 16),
    ("mypkg.models:sized([784, 16, 16, 10])", 13002),
    ("mypkg.models:sized((784, 10))", 7850),
    ("mypkg.models:sized(range(2, 5))", 25),  # 2·3 + 3 + 3·4 + 4
    ("mypkg.models:of(Config(h=6))", 14),
    ("mypkg.models:of(CONFIGS['small'])", 6),
    ('mypkg.models:of(config=CONFIGS["large"])', 202),
    ("mypkg.models:model", 22),
    ("mypkg.models:lazy", 20),
    ("mypkg.models:Made.model", 22),
    ("mypkg.models:Made.build()", 16),
    ("mypkg.models:Made.build", 16),
    ("mypkg.models:Made().net", 18),
    ("mypkg:models.dense(4)", 10),
    ("mypkg.deeper.own:make()", 12),
    ("mypkg.models:pair()[0]", 8),
    ("mypkg/models.py:dense(5)", 12),
    ("mypkg/deeper/own.py:make()", 12),
    ("./mypkg/__init__.py:dense(5)", 12),
    ("a folder/solo.py:make()", 14),
    ("a folder/my-net.py:make()", 6),
    ("a folder/types.py:make()", 6),
    ("  mypkg.models : dense( 5 ) ", 12),
]  # fmt: skip


@pytest.mark.parametrize(("text", "total"), [row for row in READ if row[1] is not None])
def test_what_code_makes_is_counted(text: str, total: int, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, written, said = list(sys.path), sys.dont_write_bytecode, sys.stdout
    network = nparams.read(f"python:{text}", run=True)
    assert network.total == total
    assert network.source == f"python:{text}"
    assert network.notes[0].startswith(("ran ", "imported "))
    assert (sys.path, sys.dont_write_bytecode, sys.stdout) == (path, written, said)
    assert capfd.readouterr().out == ""
    assert not list(folder.rglob("*.pyc"))


# text | the line that says what is wrong
REFUSED = [
    ("mypkg.models:Dense()", 'mypkg.models:Dense(): the module has no "Dense"; it has dense'),
    ("mypkg.models:sized", "mypkg.models:sized needs sizes: write sized(sizes=...) with numbers, or with names"),
    ("mypkg.models:sized()", "TypeError: sized() missing 1 required positional argument: 'sizes'"),
    ("mypkg.models:boom(3)", "mypkg.models:boom(3): ValueError: heads must divide 3 (mypkg/models.py:27, in boom)"),
    ("mypkg.models:silent()", "mypkg.models:silent(): KeyError (mypkg/models.py:28, in silent)"),
    ("mypkg.models:leave()", "mypkg.models:leave(): it ended the program: bye (mypkg/models.py:29, in leave)"),
    ("mypkg.models:quietly()", "mypkg.models:quietly(): it ended the program (mypkg/models.py:30"),
    ("mypkg.models:deep(0)", "mypkg.models:deep(0): RecursionError: maximum recursion depth exceeded"),
    ("mypkg.models:unprintable()", "mypkg.models:unprintable(): Odd (mypkg/models.py:35, in unprintable)"),
    ("mypkg.models:nothing()", "mypkg.models:nothing() gives None: let it return the model"),
    ("mypkg.models:text()", "mypkg.models:text() gives a str: let it return the model"),
    ("mypkg.models:number()", "mypkg.models:number() gives a int: let it return the model"),
    ("mypkg.models:kind()", "mypkg.models:kind() gives a class, Config: let it return a model, such as Config(...)"),
    ("mypkg.models:pair()", "mypkg.models:pair() gives a tuple (Network, int): name a function that returns the model"),
    ("mypkg.models:strange()", "cannot count an object of type object"),
    ("mypkg.models:CONFIGS['none']", "KeyError: 'none'"),
    ("mypkg.models:sized([h0, h1])", "h0, h1 mean nothing in the module; the closed form of names needs a model"),
    ("mypkg.models:dense(nn.Linear)", 'there is no module "nn"'),
    ("mypkg.nowhere:make()", 'there is no module "mypkg.nowhere": looked in this directory'),
    ("nowhere:make()", 'there is no module "nowhere": looked in this directory and among the installed packages'),
    ("broken:make()", "broken:make(): ModuleNotFoundError: No module named 'nowhere_at_all' (broken.py:1)"),
    ("wrong:make()", "wrong:make(): SyntaxError: invalid syntax (wrong.py:1)"),
    ("raises:make()", "raises:make(): ZeroDivisionError: division by zero (raises.py:2)"),
    ("raises.py:make()", "raises.py:make(): ZeroDivisionError: division by zero (raises.py:2)"),
    ("nowhere.py:make()", '"nowhere.py": no such file'),
    ("mypkg.models", "say the module and what in it makes the model: python:package.module:Net(hidden=16)"),
    ("", "say the module and what in it makes the model"),
    (":make()", "say the module and what in it makes the model"),
    ("mypkg.models:", "say the module and what in it makes the model"),
    ("my-pkg:make()", '"my-pkg" is not the name of a module'),
    ("mypkg.models:dense(", "'(' was never closed; write python:package.module:Net(hidden=16)"),
    ("mypkg.models:import os", "invalid syntax; write"),
    ("mypkg.models:[x for x in y]", '"[x for x in y]": only literals, lists, arithmetic, names, entries and calls'),
    ("mypkg.models:(lambda: 1)()", '"lambda: 1": only literals'),
    ("mypkg.models:dense(**CONFIGS)", "only literals"),
    ("mypkg.models:dense(*CONFIGS)", "only literals"),
    ("mypkg.models:model.__class__", '"model.__class__": only literals'),
    ("mypkg.models:f'{model}'", "only literals"),
    ("mypkg.models:(x := model)", "only literals"),
    ("mypkg.models:13", "name a class, a function or a model of the module"),
    (f"mypkg.models:{'(' * 3000}", "write python:package"),
    (f"mypkg.models:{'-' * 100}1", "brackets inside brackets: more than 60"),
    (f"mypkg.models:dense({'1' * 30000})", "at most 20,000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_counted_is_one_line(
    text: str, said: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = list(sys.path)
    with pytest.raises(NparamsError) as caught:
        nparams.read(f"python:{text}", run=True)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert sys.path == path
    assert capfd.readouterr().out == ""


# text | set | total, or what is said
VALUES = [
    ("mypkg.models:dense(h)", {"h": "5"}, 12),
    ("mypkg.models:dense(h, m=k)", {"h": 5, "k": "2 "}, 12),
    ("mypkg.models:sized(h)", {"h": ["784", "16", "10"]}, 12730),
    ("mypkg.models:sized([a, 16, b])", {"a": "784", "b": 10}, 12730),
    ("mypkg.models:dense(2 * h)", {"h": "3"}, 14),
    ("mypkg.models:dense(5)", {"h": "3"}, 'has no symbol "h": every argument in it has a value'),
    ("mypkg.models:dense(h)", {"d": "3"}, 'has no symbol "d". Its symbols: h'),
    ("mypkg.models:dense(h)", {"h": "k"}, 'h = "k": give it a value, such as h=784'),
    ("mypkg.models:sized([a, b])", {"a": "3"}, "b mean nothing in the module"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "expected"), VALUES)
def test_values_for_names(text: str, values: dict[str, object], expected: int | str, folder: Path) -> None:
    if isinstance(expected, int):
        network = nparams.read(f"python:{text}", set=values, run=True)
        assert network.total == expected
        assert " with " in network.read_as
        return
    with pytest.raises(NparamsError) as caught:
        nparams.read(f"python:{text}", set=values, run=True)
    assert expected in str(caught.value)


def test_nothing_runs_unless_it_was_asked_for(folder: Path) -> None:
    for options in ({}, {"run": True, "paths": False}):
        with pytest.raises(NparamsError, match="asks to import and run code"):
            nparams.read("python:raises:make()", **options)
    assert "raises" not in sys.modules


def test_an_expression_is_printed_back() -> None:
    asked = Asked("python: a/b.py:Net( [1,2] ,x = 'y')")
    assert (asked.module, asked.is_file, asked.told()) == ("a/b.py", True, "b.py:Net([1, 2], x='y')")
    assert Asked(r"python:C:\nets\b.py:Net()").module == r"C:\nets\b.py"


def test_reading_an_expression_runs_nothing() -> None:
    before = set(sys.modules)
    parsed("raises.x(y.z[0])")
    assert set(sys.modules) == before


def on_the_command_line(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-c", "from nparams.cli.main import main; raise SystemExit(main())", *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


# words | stdout | something on stderr
TYPED = [
    (["python:mypkg.models:dense(5)", "-q"], "12\n", "said while it is called\nnote: ran mypkg.models:dense(5)\n"),
    (["python:mypkg.models:dense(h)", "--set", "h=5", "-q"], "12\n", "note: ran mypkg.models:dense(h)\n"),
    (["check", "python:mypkg.models:dense(5)", "--max", "12"], "python:mypkg.models:dense(5)", "said while"),
    (["why", "784-10", "7840"], "You left out the 10 biases", ""),
    (["python:mypkg.models:boom(3)"], "", "nparams: mypkg.models:boom(3): ValueError: heads must divide 3"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "out", "err"), TYPED, ids=lambda value: str(value)[:50])
def test_on_the_command_line(words: list[str], out: str, err: str, folder: Path) -> None:
    """What the user's code prints never stands in the answer."""
    done = on_the_command_line(folder, *words)
    assert done.stdout == out if out.endswith("\n") else True
    assert err in done.stderr
    assert "said" not in done.stdout
    assert "Traceback" not in done.stderr


def test_json_and_diff_stay_clean(folder: Path) -> None:
    import json

    done = on_the_command_line(folder, "python:mypkg.models:dense(5)", "--json")
    assert json.loads(done.stdout)["total"] == 12
    done = on_the_command_line(folder, "diff", "python:mypkg.models:dense(5)", "python:mypkg.models:dense(4)")
    assert done.returncode == 1
    assert done.stdout.startswith("A")
