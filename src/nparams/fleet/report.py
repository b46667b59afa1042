"""What a table of models says: `nparams scan report DIR`.  DuckDB asks it, as anyone can; see docs/fleet-report.md."""

from __future__ import annotations

from nparams.fleet._report.alike import compare, copies, families
from nparams.fleet._report.questions import (
    ERRORS,
    FLAGS,
    disagreements,
    everything,
    groups,
    kinds,
    sizes,
    treemap,
)
from nparams.fleet._report.table import Table
from nparams.network.many import Report

#: entries of a section
TOP = 10


def report(folder: str, top: int = TOP) -> Report:
    """The report of the table in a folder that a scan wrote, with `top` entries in each of its sections.

    Raises UsageError where DuckDB is not installed or the folder holds no table, ReadError for a damaged part.
    """
    with Table(folder) as table:
        models, without, refused, flagged, parameters, size, unsized, first, last, readers, gone = everything(table)
        compare(table, top)
        return Report(
            folder, models, without, refused, flagged, gone, parameters, size, unsized, first, last, readers,
            groups(table, "architecture", top), groups(table, "dtypes", top), groups(table, "format", top),
            groups(table, "quantisation", top), sizes(table), treemap(table, parameters), disagreements(table, top),
            copies(table, top), families(table, top), kinds(table, FLAGS, top), kinds(table, ERRORS, top),
        )  # fmt: skip
