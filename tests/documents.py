"""Examples in Markdown: what a reader sees in a fenced block, and what running it gives.

```console   every line `$ command` is run, in one shell for each block; the lines after it are its output, stdout and
             stderr together; a line `...` stands for any run of lines, also none; `> ` continues a command
```python    with `>>>`: a doctest; the blocks of one document share their names
other        is not run: an installation goes into a `sh` block

A document whose blocks need a framework (live.md) is run by that framework's suite; a word after the language, such as
`python keras`, says whose block it is.
"""

from __future__ import annotations

import difflib
import doctest
import os
import re
import subprocess
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```\s*$", re.MULTILINE | re.DOTALL)
LIVE = Path(__file__).resolve().parent.parent / "docs/live.md"  # needs the frameworks
RUNNABLE = ("nparams", "echo", "printf", "cat", "cd", "cp", "mkdir")
FLAGS = doctest.ELLIPSIS
# The status of a command is kept for a following `echo $?`, although a mark is printed between the two.
MARK = "status=$?; printf '\\0'; (exit $status)"


class Block(NamedTuple):
    document: Path
    line: int
    language: str
    text: str
    needs: str = ""


class Step(NamedTuple):
    command: str
    expected: str


def blocks(document: Path, language: str) -> Iterator[Block]:
    text = document.read_text("utf-8")
    for found in FENCE.finditer(text):
        if found[2] == language:
            line = text.count("\n", 0, found.start(4)) + 1
            yield Block(document, line, language, textwrap.dedent(found[4]), found[3].strip())


def steps(text: str) -> list[Step]:
    """The commands of a console block, each with the output that the document shows."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        more = next((i for i, line in enumerate(lines[1:]) if not line.startswith("> ")), len(lines) - 1)
        command = "\n".join([lines[0], *(line[2:] for line in lines[1 : more + 1])])
        found.append(Step(command, "\n".join(lines[more + 1 :])))
    return found


def run(commands: list[str], folder: Path) -> list[str]:
    """What each command prints, run in one shell where `nparams` is the installed entry point."""
    scripts = Path(sysconfig.get_path("scripts"))
    assert (scripts / "nparams").exists(), "the nparams entry point is not installed in this environment"
    for command in commands:
        assert command.split()[0] in RUNNABLE, f"not run in a console block, use ```sh: {command}"
    done = subprocess.run(
        ["sh", "-c", "\n".join(f"{command}\n{MARK}" for command in commands)],
        cwd=folder,
        env=environment(scripts),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout.decode("utf-8").split("\0")[: len(commands)]


def environment(scripts: Path) -> dict[str, str]:
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("NPARAMS", "PYTHON", "FORCE_COLOR"))
    }
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", os.defpath)])
    return {**ours, "PATH": path, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def matches(expected: str, got: str) -> bool:
    """Is it the same text, where a line `...` stands for any lines and spaces at the end of a line do not count?"""
    lines = [r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in tidy(expected)]
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in tidy(got))) is not None


def tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def difference(block: Block, step: Step, got: str) -> str:
    """Empty where the document tells the truth, else what it shows against what is printed."""
    if matches(step.expected, got):
        return ""
    place = f"{block.document.name}:{block.line}"
    lines = difflib.unified_diff(tidy(step.expected), tidy(got), f"{place} shows", "is printed", lineterm="", n=99)
    return "\n".join([f"$ {step.command}", *lines, ""])


def console_differences(block: Block, folder: Path) -> str:
    script = steps(block.text)
    assert script, f"{block.document.name}:{block.line} is a console block without a `$ ` line"
    printed = run([step.command for step in script], folder)
    return "".join(difference(block, step, got) for step, got in zip(script, printed, strict=True))


def doctest_failures(tests: list[doctest.DocTest], names: dict[str, Any] | None = None) -> str:
    """What the doctests print when they fail; names, where given, are shared and kept."""
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    for test in tests:
        if names is not None:
            test.globs = names
        runner.run(test, out=said.append, clear_globs=False)
    return "".join(said)


def python_failures(block: Block, names: dict[str, Any]) -> str:
    name = f"{block.document.name}:{block.line}"
    return doctest_failures(
        [doctest.DocTestParser().get_doctest(block.text, {}, name, str(block.document), block.line)], names
    )
