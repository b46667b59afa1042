"""What the README, the docs and the docstrings show is what a user gets (tests/documents.py says how it is run)."""

from __future__ import annotations

import doctest
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import nparams
from tests.documents import (
    LIVE,
    Block,
    Step,
    blocks,
    console_differences,
    difference,
    doctest_failures,
    matches,
    python_failures,
    run,
    steps,
)

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
RUN_HERE = [document for document in DOCUMENTS if document != LIVE]
CONSOLE = [block for document in RUN_HERE for block in blocks(document, "console")]
PYTHON = [
    block
    for document in RUN_HERE
    for block in blocks(document, "python")
    if ">>>" in block.text and not block.needs  # what needs a framework is run by that framework's suite
]
PACKAGE = Path(nparams.__path__[0])


def module_names() -> list[str]:
    """Every module of the installed package, but those that a framework must be there for."""
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in sorted(PACKAGE.glob("**/*.py"))]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not name.startswith("nparams.frameworks") and name != "nparams.__main__"]


def place(value: object) -> str:
    return f"{value.document.name}:{value.line}" if isinstance(value, Block) else str(value)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """A working folder for each document, holding the files of docs/examples."""
    found = {document: tmp_path_factory.mktemp(document.stem) for document in DOCUMENTS}
    for folder in found.values():
        if (ROOT / "docs/examples").is_dir():
            shutil.copytree(ROOT / "docs/examples", folder, dirs_exist_ok=True)
    return found


@pytest.fixture(scope="module")
def names() -> dict[Path, dict[str, Any]]:
    return {document: {"__name__": "__main__"} for document in DOCUMENTS}


def test_the_readme_shows_runs_of_both_kinds() -> None:
    assert {block.language for block in [*CONSOLE, *PYTHON] if block.document.name == "README.md"} == {
        "console",
        "python",
    }


@pytest.mark.parametrize("block", CONSOLE, ids=place)
def test_console_block(block: Block, folders: dict[Path, Path]) -> None:
    said = console_differences(block, folders[block.document])
    assert not said, "\n" + said


@pytest.mark.parametrize("block", PYTHON, ids=place)
def test_python_block(
    block: Block, folders: dict[Path, Path], names: dict[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folders[block.document])
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    said = python_failures(block, names[block.document])
    assert not said, "\n" + said


@pytest.mark.parametrize("name", module_names())
def test_docstrings(name: str) -> None:
    said = doctest_failures(doctest.DocTestFinder().find(import_module(name)))
    assert not said, "\n" + said


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a  \nb", "a\nb   \n", True),
        ("a\nb", "a\nc\n", False),
        ("a", "a\nb\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nd\n", True),
        ("a\n...\nd", "a\nb\n", False),
        ("...", "", True),
        ("a.c", "abc\n", False),
        ("", "", True),
    ],
)
def test_matches(expected: str, got: str, same: bool) -> None:
    assert matches(expected, got) is same


def test_a_console_block_is_read_as_commands_and_their_output() -> None:
    text = "$ cat <<X\n> a b\n> X\na b\n$ echo x\nx\n...\n\n$ echo y\n"
    assert steps(text) == [Step("cat <<X\na b\nX", "a b"), Step("echo x", "x\n...\n"), Step("echo y", "")]


def test_commands_of_a_block_share_a_shell(tmp_path: Path) -> None:
    commands = ["cat <<X\na b\nX", "mkdir sub", "cat nowhere 2>/dev/null", "echo $?", "cd sub", "nparams --version"]
    printed = run(commands, tmp_path)
    assert printed == ["a b\n", "", "", "1\n", "", f"nparams {nparams.__version__}\n"]


def test_a_document_that_lies_is_caught(tmp_path: Path) -> None:
    document = tmp_path / "lie.md"
    document.write_text("text\n\n```console\n$ echo 13,002\n13,003\n```\n\n```python\n>>> 1 + 1\n3\n\n```\n")
    (console,), (python,) = blocks(document, "console"), blocks(document, "python")
    assert "-13,003\n+13,002" in console_differences(console, tmp_path)
    assert "lie.md:4" in console_differences(console, tmp_path)
    assert "Expected:\n    3\nGot:\n    2" in python_failures(python, {})
    assert difference(console, Step("echo", "..."), "any\n") == ""


def headings(document: Path) -> set[str]:
    """The anchors that a document's headings get: small letters, no marks, a - for each space."""
    lines = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CONTRIBUTING.md"], ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.M | re.S)
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if "://" not in link and not (target.exists() and (not anchor or anchor in headings(target))):
            wrong.append(link)
    assert not wrong


def test_examples_stand_in_order() -> None:
    """The steps of the tour are counted in its first line."""
    text = (ROOT / "docs/tour.md").read_text("utf-8")
    steps = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.M)]
    assert steps == list(range(1, 16))
    assert "Fifteen things" in text


def test_a_command_of_several_lines_is_written_back(tmp_path: Path) -> None:
    from tools.refresh_docs import refreshed

    text = "```console\n$ cat <<X\n> a\n> X\nold\n$ printf b\n```\n"
    assert refreshed(text, tmp_path) == "```console\n$ cat <<X\n> a\n> X\na\n$ printf b\nb\n```\n"


def test_the_readme_names_every_form_and_view() -> None:
    """A row of the registry is a promise to users, so the page that they read first has it."""
    from nparams.registry import SOURCES, VIEWS

    text = (ROOT / "README.md").read_text("utf-8")
    missing = [row.example for row in SOURCES if row.example not in text]
    missing += [f"--{view.name}" for view in VIEWS if view.name != "table" and f"--{view.name}" not in text]
    assert not missing
