"""`nparams scan report` over a table of 1,000,000 synthetic models as Parquet: the whole process against its budget.

Beside it stands what the question itself costs: DuckDB started, and one column of the same parts summed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks._measure import Row, megabytes, processes, seconds
from tests.fleet_tables import rows, write_parquet

MODELS, REPEATS = 1_000_000, 5
MOST_SECONDS, MOST_BYTES = 3.0, 500_000_000
OURS = "import sys; from nparams.cli.scan_report import run; sys.exit(run(sys.argv[1:]))"
SUM = "import sys, duckdb; print(duckdb.sql(f\"SELECT sum(total) FROM '{sys.argv[1]}/models/*.parquet'\").fetchall())"


def run() -> list[Row]:
    """The report as text, and how much memory it takes."""
    with tempfile.TemporaryDirectory() as folder:
        write_parquet(Path(folder), rows(MODELS))
        ours, other = processes([[sys.executable, "-c", text, folder] for text in (OURS, SUM)], REPEATS)
    name = f"nparams scan report, {MODELS:,} models as Parquet / DuckDB, one sum"
    ratio = f"{ours.seconds / other.seconds:.1f} x"
    met = ours.seconds < MOST_SECONDS
    return [
        Row(name, seconds(ours.seconds), seconds(other.seconds), ratio, f"< {seconds(MOST_SECONDS)}", met),
        Row(
            "  the same, peak memory", megabytes(ours.peak), megabytes(other.peak), f"{ours.peak / other.peak:.1f} x",
            f"< {megabytes(MOST_BYTES)}", ours.peak < MOST_BYTES,
        ),
    ]  # fmt: skip
