"""The blocks of docs/live.md that need JAX, Flax, Equinox or scikit-learn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.documents import LIVE, Block, blocks, python_failures

PYTHON = [block for block in blocks(LIVE, "python") if block.needs == "jax"]
NAMES: dict[str, Any] = {"__name__": "__main__"}


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: f"{block.document.name}:{block.line}")
def test_python_block(block: Block) -> None:
    said = python_failures(block, NAMES)
    assert not said, "\n" + said
