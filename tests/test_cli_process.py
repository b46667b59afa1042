"""The command as a process: pipes, terminals, encodings, and shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from nparams.registry import VIEWS

SIZES = "784-16-16-10"
GENERAL = ["h0..hl"]
PLAIN = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ} | {"LC_ALL": "C.UTF-8"}
EVERY_VIEW = [f"--{view.name}" for view in VIEWS] + ["--tensors", "-q"]


def nparams(words: Sequence[str], stdin: bytes = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
    """One run of the command, with nothing in its environment but `settings`."""
    line = [sys.executable, "-m", "nparams", *words]
    return subprocess.run(line, input=stdin, capture_output=True, env=PLAIN | settings, timeout=120, check=False)


def shell(script: str) -> subprocess.CompletedProcess[bytes]:
    """A shell line in which `nparams` is the command."""
    head = f'nparams() {{ "{sys.executable}" -m nparams "$@"; }}; set -o pipefail; '
    return subprocess.run(["bash", "-c", head + script], capture_output=True, env=PLAIN, timeout=120, check=False)


def test_as_a_module() -> None:
    ran = nparams([SIZES, "-q"])
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"13002\n", b"")


# what it shows | settings | is colour shown | is every byte ASCII
ENVIRONMENTS = [
    ("a pipe", {}, False, False),
    ("an ASCII pipe", {"PYTHONIOENCODING": "ascii"}, False, True),
    ("Latin-1", {"PYTHONIOENCODING": "latin-1"}, False, True),
    ("the C locale", {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, False, True),
    ("no colour", {"NO_COLOR": "1"}, False, False),
    ("no colour though it is forced", {"NO_COLOR": "1", "FORCE_COLOR": "1", "COLUMNS": "100"}, False, False),
    ("forced colour", {"FORCE_COLOR": "1", "COLUMNS": "100"}, True, False),
    ("forced colour in ASCII", {"FORCE_COLOR": "1", "PYTHONIOENCODING": "ascii", "COLUMNS": "100"}, None, True),
    ("a dumb terminal", {"TERM": "dumb"}, False, False),
    ("a narrow terminal", {"COLUMNS": "20"}, False, False),
    ("nonsense columns", {"COLUMNS": "wide"}, False, False),
]  # fmt: skip


@pytest.mark.parametrize("case", ENVIRONMENTS, ids=[row[0] for row in ENVIRONMENTS])
def test_environments(case: tuple[str, dict[str, str], bool | None, bool]) -> None:
    _, settings, colour, ascii_only = case
    for words in ([SIZES], GENERAL):
        ran = nparams(words, **settings)
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert colour is None or (b"\x1b[" in ran.stdout) == colour
        assert not ascii_only or ran.stdout.isascii()
        assert b"\\u" not in ran.stdout, "what cannot be shown is written in other words, not as an escape"


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_ascii_only(view: str) -> None:
    for words in ([SIZES], GENERAL):
        ran = nparams([*words, view], PYTHONIOENCODING="ascii")
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert ran.stdout.isascii()
        assert b"\\u" not in ran.stdout


# a shell line | its status | its output
SHELL = [
    (f"nparams {SIZES} --explain | head -1 >/dev/null", 0, b""),
    ("nparams h0..h300 --tensors | head -1 | wc -l", 0, b"1\n"),
    ("echo 784-16-16-10 | nparams - -q", 0, b"13002\n"),
    ("nparams 784 16 16 10 -q", 0, b"13002\n"),
    ("nparams 784, 16, 16, 10 -q", 0, b"13002\n"),
    ("nparams - -q <&-", 2, b""),
    ("nparams 5-3 -q >&-", 2, b""),
    ("nparams 5-3 >&-", 2, b""),
    ("nparams 5-3 --table >/dev/full", 2, b""),
    ("nparams nothing 2>&-", 2, b""),
    ("head -c 100000 /dev/zero | nparams -", 2, b""),
    ("nparams $'\\xff\\xfe-5'", 2, b""),
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(("line", "status", "out"), SHELL, ids=[row[0] for row in SHELL])
def test_in_a_shell(line: str, status: int, out: bytes) -> None:
    ran = shell(line)
    assert b"Traceback" not in ran.stderr, ran.stderr
    assert (ran.returncode, ran.stdout) == (status, out)
    assert ran.stderr.count(b"\n") == (1 if status and "2>&-" not in line else 0)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_its_shell(name: str, tmp_path: Path) -> None:
    ran = nparams(["completion", name])
    assert (ran.returncode, ran.stderr) == (0, b"")
    for word in ("--explain" if name != "fish" else "-l explain", "formats", "safetensors", "hidden"):
        assert word.encode() in ran.stdout
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here")
    script = tmp_path / "script"
    script.write_bytes(ran.stdout)
    checked = subprocess.run([name, "-n", str(script)], capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes(tmp_path: Path) -> None:
    (tmp_path / "script").write_bytes(nparams(["completion", "bash"]).stdout)
    line = f'. {tmp_path}/script; COMP_WORDS=(nparams --ex); COMP_CWORD=1; _nparams; echo "${{COMPREPLY[@]}}"'
    ran = subprocess.run(["bash", "-c", line], capture_output=True, env=PLAIN, timeout=60, check=False)
    assert (ran.stdout.split(), ran.stderr) == ([b"--explain", b"--exercises", b"--expect"], b"")
