"""The blocks of docs/live.md that need PyTorch, Keras or the command line (see tests/documents.py)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.documents import LIVE, Block, blocks, console_differences, python_failures

CONSOLE = list(blocks(LIVE, "console"))
PYTHON = [block for block in blocks(LIVE, "python") if block.needs in ("", "keras")]
NAMES: dict[str, Any] = {"__name__": "__main__"}


def place(block: Block) -> str:
    return f"{block.document.name}:{block.line}"


def test_every_block_is_run_somewhere() -> None:
    assert {block.needs for block in blocks(LIVE, "python")} == {"", "keras", "lightning", "jax"}


@pytest.mark.parametrize("block", PYTHON, ids=place)
def test_python_block(block: Block) -> None:
    said = python_failures(block, NAMES)
    assert not said, "\n" + said


@pytest.mark.parametrize("block", CONSOLE, ids=place)
def test_console_block(block: Block, tmp_path: Path) -> None:
    shutil.copytree(LIVE.parent / "examples", tmp_path, dirs_exist_ok=True)
    said = console_differences(block, tmp_path)
    assert not said, "\n" + said


def test_the_keras_callback_tells_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The callback of the page, in a training of one step."""
    import keras
    import numpy

    names: dict[str, Any] = {}
    for block in PYTHON:
        assert not python_failures(block, names)
    model = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(numpy.zeros((4, 3)), numpy.zeros((4, 2)), verbose=0, callbacks=[names["CountParameters"]()])
    # 3 + 3 and 3·2 + 2; with 6 statistics and the optimizer's 2 counters in the summary's own count
    assert capsys.readouterr().out.splitlines()[-1].startswith("14 parameters; the summary says 2")
