"""The blocks of docs/live.md that need transformers, PEFT or Lightning (see tests/documents.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.documents import LIVE, Block, blocks, python_failures

PYTHON = [block for block in blocks(LIVE, "python") if block.needs == "ecosystem"]
NAMES: dict[str, Any] = {"__name__": "__main__"}


@pytest.mark.filterwarnings("ignore")  # Lightning's advice: more workers, no checkpoint folder
@pytest.mark.parametrize("block", PYTHON, ids=lambda block: f"{block.document.name}:{block.line}")
def test_python_block(block: Block, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert os.listdir() == []
    said = python_failures(block, NAMES)
    assert not said, "\n" + said
