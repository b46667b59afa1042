"""python:... under attack: odd texts are refused in a line, and nothing runs that the user did not spell out."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import nparams
from nparams.errors import NotationError, NparamsError, UsageError
from nparams.frameworks._call.expression import MOST_TOLD, parsed

NET = "import nparams\ndef net(n=3): return nparams.read([n, 2])\n"
#: what a file holds besides the model, and what is said of the call, or the total
FILES: dict[str, tuple[str | bytes, int | str]] = {
    "ends": ("import sys\nsys.exit('bye\\nnow\\x1b[31m')\n", r"it ended the program: bye\nnow\x1b[31m (ends.py:2)"),
    "ends_in_words": (
        "class E(Exception):\n def __str__(self): raise SystemExit(7)\nraise E()\n",
        "(ends_in_words.py:3)",
    ),
    "generator": ("raise GeneratorExit\n", "GeneratorExit (generator.py:1)"),
    "own": ("class Mine(BaseException): pass\nraise Mine('x\\ny')\n", "Mine: x y (own.py:2)"),
    "syntax": ("x = 1\ndef net(:\n pass\n", "SyntaxError: invalid syntax (syntax.py:2)"),
    "binary": (b"\xff\xfe\x00", "SyntaxError"),
    "relative": ("from . import other\n", "ImportError: attempted relative import"),
    "circle": ("from circle_too import x\n", "ImportError: cannot import name"),
    "circle_too": ("from circle import y\nx = 1\n", "ImportError: cannot import name"),
    "long": ("def net(): raise ValueError('a' * 100_000)\n", "aaa…"),
    "no_streams": (f"import sys\n{NET}sys.stdout = None\n", 3 * 2 + 2),
    "closed": (f"import os, sys\n{NET}sys.stdout = open(os.devnull, 'w')\nsys.stdout.close()\n", 3 * 2 + 2),
    "hooks": (f"import sys\n{NET}sys.excepthook = sys.displayhook = None\n", 3 * 2 + 2),
    "größe": (NET, 3 * 2 + 2),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, (text, _) in FILES.items():
        (tmp_path / f"{name}.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "evil.py").write_text(f"open('ran', 'w').close()\n{NET}")
    monkeypatch.chdir(tmp_path)
    for name in (*FILES, "evil"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.mark.parametrize("how", ["python:{}:net()", "python:{}.py:net()", "python:./{}.py:net()"])
@pytest.mark.parametrize("name", FILES)
def test_modules_that_misbehave(name: str, how: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, streams = FILES[name][1], (sys.stdout, sys.stderr, sys.excepthook, sys.displayhook, list(sys.path))
    try:
        if isinstance(expected, int):
            assert nparams.read(how.format(name), run=True).total == expected
        else:
            with pytest.raises(NparamsError) as refused:
                nparams.read(how.format(name), run=True)
            said = str(refused.value)
            assert expected in said
            assert "\n" not in said
            assert "\x1b" not in said
            assert len(said) < 600
        assert (sys.stdout, list(sys.path)) == (streams[0], streams[4])
    finally:
        sys.stdout, sys.stderr, sys.excepthook, sys.displayhook = streams[:4]
        for held in FILES:
            sys.modules.pop(held, None)


#: texts that are refused, and a word of the refusal
TEXTS = (
    ("python:", "say the module"), ("python::", "say the module"), ("python::net()", "say the module"),
    ("python:m:", "say the module"), ("python:..:x", "not the name of a module"), ("python:.m:x", "not the name"),
    ("python:größe:net().__class__", "only literals"), ("python:größe:net.__subclasses__()", "only literals"),
    ("python:größe:__import__('os')", "only literals"), ("python:größe:__builtins__['eval']('1')", "only literals"),
    ("python:größe:net(lambda: 1)", "only literals"), ("python:größe:[net() for x in [1]]", "only literals"),
    ("python:größe:net(f'{1}')", "only literals"), ("python:größe:(x := 1)", "only literals"),
    ("python:größe:net(*[1])", "only literals"), ("python:größe:net(**{'n': 1})", "only literals"),
    ("python:größe:net(10**10**10)", "more than 10,000 bits"), ("python:größe:net((-2)**99999)", "10,000 bits"),
    ("python:größe:net([0] * 10**12)", "at most 1,000,000"), ("python:größe:net(10**9 * 'ab')", "at most 1,000,000"),
    (f"python:größe:{'(' * 1000}{')' * 1000}", "too many nested"), (f"python:größe:{'-' * 200}1", "brackets"),
    (f"python:größe:net({'9' * 19_000})", "more than 4,300 digits"), (f"python:größe:{'a' * 10**6}", "at most 20,000"),
    (f"python:größe:{'a' * 15_000}()", "has no"), ("python:größe:net(\x00)", "null"),
    (r"python:C:\nets\no.py:net()", "no such file"), ("python:../no.py:net()", "no such file"),
    ("python:größe:\x1b[31m", r"\x1b"), ("python:größe:net(0if 1else 2)", "only literals"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "said"), TEXTS, ids=[text[:40] for text, _ in TEXTS])
@pytest.mark.filterwarnings("error")
def test_texts_that_are_refused(text: str, said: str, folder: Path) -> None:
    with pytest.raises(NparamsError) as refused:
        nparams.read(text, run=True)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < MOST_TOLD + 400


PIECES = (
    "net", "(", ")", "3", "D", "[", "]", "'a'", ".", "__class__", "x=", "**", "*", "lambda:0", "{", "}", ",", "f'{1}'",
    "-",    " ", "\n", "#", "\\", "'", '"', "1e400", "10**10", "\x00", "\ud800", "é", "None", "...", "1j", "b'x'",
    "if", "else",
    "(yield)", "await x", ":=", "9" * 5000, "~", "==", ".mro", "_x", "python:", "/", "\r", "\u202e", "@", "1if",
)  # fmt: skip


def test_random_texts() -> None:
    """Each is read to a tree without anything that runs by itself, or refused in a line."""
    chance = random.Random(6)
    for _ in range(4_000):
        text = "".join(chance.choices(PIECES, k=chance.randrange(1, 9)))
        try:
            parsed(text)
        except NotationError as refused:
            assert not {"\n", "\u202e"}.intersection(str(refused))  # noqa: PT017


# -- nothing runs that was not asked for ------------------------------------------------------------------------------

CALL = "python:evil:net()"


def test_nothing_runs_without_being_asked(folder: Path) -> None:
    (folder / "list.txt").write_text(CALL)
    (folder / "models").mkdir()
    (folder / "models" / CALL).write_text("784-10")
    for source in (CALL, "list.txt", folder / "list.txt", "models", CALL.encode(), [CALL], {"a": CALL}, [CALL, CALL]):
        with pytest.raises(NparamsError):
            nparams.read(source)
    with pytest.raises(UsageError):
        nparams.read(CALL, run=True, paths=False)  # standard input
    with pytest.raises(NparamsError):
        nparams.read(CALL, form="sizes", run=True)
    for source in ("list.txt", "models", [CALL], CALL.encode()):  # asked for, but what stands elsewhere is no request
        with pytest.raises(NparamsError):
            nparams.read(source, run=True)
    assert not (folder / "ran").exists()


def test_a_file_of_that_name_is_a_file(folder: Path) -> None:
    (folder / CALL).write_text("784-10")
    assert nparams.read(CALL).total == 784 * 10 + 10
    assert nparams.read(CALL, run=True).total == 784 * 10 + 10
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    "words",
    [["-"], ["list.txt"], ["check", "-", "--max", "9"], ["check", "list.txt", "--max", "9"], ["diff", "-", "3-2"],
     ["why", "list.txt", "8"], ["models"], ["--from", "sizes", CALL]],
    ids=" ".join,
)  # fmt: skip
def test_nothing_runs_on_the_command_line(words: list[str], folder: Path) -> None:
    (folder / "list.txt").write_text(CALL)
    (folder / "models").mkdir()
    (folder / "models" / CALL).write_text("")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-m", "nparams", *words],
        input=CALL,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert not (folder / "ran").exists()
