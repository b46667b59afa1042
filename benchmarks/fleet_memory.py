"""A fleet's table: the memory of a scan over 1,000,000 rows beside one over 1,000, whole processes.

pyarrow lives in an environment of its own (`make test-fleet` builds it); without it the parts are JSON Lines.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks._measure import Ran, Row, below, process, seconds

FLEET = Path(sys.prefix).parent / "fleet" / "bin" / "python"
FEW, MANY = 1_000, 1_000_000
LIMIT = 500_000_000
SCANS = {
    "new": "all read for the first time",
    "same": "all unchanged",
    "changed": "all changed, old rows removed",
    "fewer": "every second one gone",
}


def run() -> list[Row]:
    """A row for each scan of the same table in turn."""
    python = str(FLEET if FLEET.exists() else sys.executable)
    with tempfile.TemporaryDirectory(prefix="nparams-table-") as folder:
        found = {n: scans(python, f"{folder}/{n}", n) for n in (FEW, MANY)}
    pairs = zip(SCANS.values(), found[MANY], found[FEW], strict=True)
    return [
        below(f"table of {MANY:,} rows beside {FEW:,}: {name} ({seconds(many.seconds)})", many.peak, few.peak, LIMIT)
        for name, many, few in pairs
    ]


def scans(python: str, path: str, n: int) -> list[Ran]:
    """The scans of one table, in their order."""
    script = [python, "-m", "benchmarks._fleet_memory"]
    return [process([*script, how, path, str(n)], 1) for how in SCANS]
