"""Gives files to the guarded process, and starts it again behind one that killed it."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.attacks._attack import Attack

HERE = Path(__file__).resolve().parent


def tables() -> dict[str, list[Attack]]:
    """Every table of attacks by its module's name."""
    names = [m.name for m in pkgutil.iter_modules([str(HERE)]) if not m.name.startswith(("_", "test_"))]
    return {name: import_module(f"tests.attacks.{name}").ATTACKS for name in sorted(names)}


def answers(jobs: Sequence[dict[str, Any]], *program: str) -> list[dict[str, Any]]:
    """What came of each job; {"outcome": "killed"} where its process did not live to tell."""
    found: list[dict[str, Any]] = []
    while len(found) < len(jobs):
        run = subprocess.run(
            [sys.executable, *(program or ("-m", "tests.attacks._guard"))],
            input=json.dumps(jobs[len(found) :]), capture_output=True, text=True, check=False,
            cwd=HERE.parents[1], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
        told = [json.loads(line) for line in run.stdout.splitlines() if line.endswith("}")]
        found += told
        if len(found) < len(jobs):
            # one that does not even start must not be started again for every file
            assert told or "in preload" not in run.stderr, run.stderr[-2000:]
            end = f"exit {run.returncode} {run.stderr[-600:]}"
            found.append({"outcome": "killed", "says": end, "told": [], "seconds": 0})
    return found
