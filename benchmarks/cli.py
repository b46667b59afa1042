"""DESIGN §9, row 1: start-up.  `nparams 784-16-16-10` as whole processes beside a bare `python -c pass`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks._measure import Row, not_slower, processes

REPEATS = 25
QUESTION = "784-16-16-10"


def run() -> list[Row]:
    """The bare number, and the table as a terminal gets it (drawn by rich, in colour)."""
    bare = [sys.executable, "-c", "pass"]
    ours = [str(Path(sys.executable).with_name("nparams")), QUESTION]
    os.environ["FORCE_COLOR"] = "1"  # the table is drawn as for a terminal
    try:
        quiet, table, floor = processes([[*ours, "-q"], ours, bare], REPEATS)
    finally:
        del os.environ["FORCE_COLOR"]
    return [
        not_slower(f"nparams {QUESTION} -q / python -c pass", quiet.seconds, floor.seconds, 3),
        not_slower(f"nparams {QUESTION} on a terminal / python -c pass", table.seconds, floor.seconds, 7),
    ]
