"""docs/examples/live.ipynb: its cells run one after the other as plain Python, and show what the page says of them."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs/examples/live.ipynb"


def cells() -> list[str]:
    """The code of each cell."""
    held = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in held if cell["cell_type"] == "code"]


def ran(code: str, names: dict[str, Any]) -> Any:
    """What the last line of a cell gives, which a notebook shows; None where it is no expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def test_the_cells_run_and_show_what_is_said(capsys: Any) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = [ran(code, names) for code in cells()]
    # a block: 4·(64² + 64) of attention, 64·256 + 256, 256·64 + 64, two norms of 2·64; embedding 1000·64, norm 2·64
    block = 4 * (64 * 64 + 64) + 64 * 256 + 256 + 256 * 64 + 64 + 2 * 2 * 64
    total = 1000 * 64 + 4 * block + 2 * 64
    assert f"<b>{total:,}</b>" in shown[0]._repr_html_()
    assert "×4 of" in shown[0]._repr_html_()
    assert shown[1][0] == shown[1][1] + shown[1][2] == total
    assert shown[1][3] == total + 1000 * 64
    assert shown[2] == (total - 64000, 64000)
    assert str(shown[3]) == "layers·(12·width² + 13·width) + vocabulary·width + 2·width"
    assert shown[4] == 12 * (12 * 768**2 + 13 * 768) + 50257 * 768 + 2 * 768
    assert "vocabulary" in shown[5]._repr_html_()
    said = capsys.readouterr().out
    assert f"+{block:,}" in said
    assert "1. embed (Embedding)" in said


def test_the_notebook_is_kept_without_outputs() -> None:
    held = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert [cell["outputs"] for cell in held if cell["cell_type"] == "code"] == [[]] * len(cells())
