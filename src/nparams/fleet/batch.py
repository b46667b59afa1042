"""The unit of work of a fleet: some models -> their rows.  One function, whatever runs it: a loop, Dask, Ray, a job."""

from __future__ import annotations

from nparams.errors import UsageError
from nparams.fleet.reading import local_opener, row_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.fleet.rows import Row
    from nparams.fleet.units import Unit

CONCURRENCY = 64  # requests that are under way at once
SELDOM = 20_000  # objects more than before, until young garbage is looked through: those of some rows


def count_batch(units: Iterable[Unit], *, concurrency: int = CONCURRENCY, tensors: bool = False) -> list[Row]:
    """The rows of some units, those of this machine first; a bad one is a row with `error_kind`, and none is left out.

    Local files are read in this process, those elsewhere with `concurrency` requests under way at a time.  What it
    takes and what it gives can be pickled, so that it runs anywhere.  Raises UsageError for a concurrency below one.
    """
    check_one("concurrency", concurrency)
    here: list[Unit] = []
    elsewhere: list[Unit] = []
    for unit in units:
        (elsewhere if unit.is_remote else here).append(unit)
    made = [row_of(unit, local_opener(unit.listing), tensors=tensors) for unit in here]
    if elsewhere:
        from nparams.fleet.elsewhere import rows_of

        made += rows_of(elsewhere, concurrency=concurrency, tensors=tensors)
    return made


def check_one(name: str, value: int | None) -> None:
    """Raise UsageError for a number of requests or processes below one."""
    if value is not None and value < 1:
        raise UsageError(f"{name} is {value}: it takes one at least")


def prepare() -> None:
    """Set up a process that does nothing but count: Python looks for cycles of garbage now and then.

    Of what a row leaves behind little is in a cycle, and what was loaded before stays; yet without any search a
    million rows would fill the memory.
    """
    import gc

    gc.enable()
    gc.freeze()
    gc.set_threshold(SELDOM)
