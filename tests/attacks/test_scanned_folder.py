"""A scan from within a folder of strangers: no Python code that lies in it runs, however many processes read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nparams
from tests.planted_code import planted
from tests.safetensors_maker import T, safetensors

SCAN = "import sys; from nparams.cli.main import main; sys.exit(main())"
MODELS = 230
#: how a scan starts with several processes: by itself where there are many models, or as it is told
WAYS: list[tuple[str, ...]] = [(), ("--processes", "2")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Many models, one file that no reader of ours knows, and code in every place where Python may look."""
    made = tmp_path / "models"
    made.mkdir()
    for k in range(MODELS - 1):
        (made / f"m{k}.safetensors").write_bytes(safetensors([T("w", [k + 1])]))
    (made / "odd.bin").write_bytes(b"\x07nobody knows\n" * 50)
    planted(made, tmp_path / "ran")
    return made


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_no_code_of_the_folder_runs(folder: Path, tmp_path: Path, way: tuple[str, ...]) -> None:
    """As the installed command is started: by a script that lies elsewhere."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/nparams"
    script.write_text(SCAN)
    own = os.path.dirname(nparams.__path__[0])
    run = subprocess.run(
        [sys.executable, str(script), "scan", ".", *way], capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": own},
    )  # fmt: skip
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert (run.returncode, len(rows)) == (0, MODELS), run.stderr
    assert sum(row["total"] or 0 for row in rows) == MODELS * (MODELS - 1) // 2
