"""The blocks of docs/live.md and the README that need PyTorch, Keras or the command line (see tests/documents.py)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.documents import LIVE, Block, blocks, console_differences, python_failures

CONSOLE = list(blocks(LIVE, "console"))
PYTHON = [block for block in blocks(LIVE, "python") if block.needs in ("", "keras")]
README = [block for block in blocks(LIVE.parent.parent / "README.md", "python") if block.needs == "torch"]
NAMES: dict[str, Any] = {"__name__": "__main__"}


def place(block: Block) -> str:
    return f"{block.document.name}:{block.line}"


def test_every_block_is_run_somewhere() -> None:
    assert {block.needs for block in blocks(LIVE, "python")} == {"", "keras", "ecosystem", "jax"}


@pytest.mark.filterwarnings("ignore")  # what torch says of its own quantisation and compiler
@pytest.mark.parametrize("block", [*PYTHON, *README], ids=place)
def test_python_block(block: Block) -> None:
    said = python_failures(block, NAMES)
    assert not said, "\n" + said


@pytest.mark.parametrize("block", CONSOLE, ids=place)
def test_console_block(block: Block, tmp_path: Path) -> None:
    shutil.copytree(LIVE.parent / "examples", tmp_path, dirs_exist_ok=True)
    said = console_differences(block, tmp_path)
    assert not said, "\n" + said
