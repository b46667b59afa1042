"""What a worker does with a batch, and whether it is the nparams that was meant."""

from __future__ import annotations

import os
import pickle
from pkgutil import resolve_name

from nparams.errors import FetchError, InvariantError, UsageError, escaped, place, shown
from nparams.fleet.batch import count_batch
from nparams.fleet.rows import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.fleet.rows import Row
    from nparams.fleet.units import Unit

    Batch = list[Unit]


class Call:
    """A pickle of it is a task: `pickle.loads`, on the worker, returns what `counted` gives for these arguments.

    So a scheduler, which unpickles the graph but not the bytes in it, needs no nparams; a worker without it fails in
    the task, not before; and Dask looks for keys of its own neither in the units nor in the rows.
    """

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return counted, self._arguments


def counted(units: Batch, concurrency: int, tensors: bool) -> bytes:
    """On a worker: the rows of some units by `count_batch`, pickled."""
    here = [unit for unit in units if unit.is_remote or unit.problem or os.path.lexists(unit.uri)]
    rows = count_batch(here, concurrency=concurrency, tensors=tensors)
    if len(here) < len(units):
        found = {unit.uri for unit in here}
        rows += [refused(unit, _not_here(unit)) for unit in units if unit.uri not in found]
    return pickle.dumps(rows)


def _not_here(unit: Unit) -> FetchError:
    """The next scan may find the disk where it was lacking."""
    from socket import gethostname

    return FetchError(
        f"{place(unit.uri)}: the worker on {escaped(gethostname())} finds nothing there: local paths need a disk that "
        f"all workers see at the same place, or has it gone since it was listed?",
        again=True,
    )


def checked(rows: list[Row], units: Batch) -> list[Row]:
    """The rows, where they are those of the units, read by this version."""
    from nparams import __version__

    if sorted(row["uri"] for row in rows) != sorted(unit.uri for unit in units):
        raise InvariantError(f"a worker gave {len(rows):,} rows for {len(units):,} models, or rows of others")
    check_versions({LATER: next((row["reader"] for row in rows if row["reader"] != __version__), __version__)})
    return rows


#: asked of each worker: of the standard library, so that one without nparams answers too
VERSION = (resolve_name, "nparams:__version__")
#: a worker that was not there yet when all were asked
LATER = "that came later"


def check_versions(found: Mapping[str, object]) -> None:
    """UsageError unless every worker (its address -> version, or why there is none) has this nparams."""
    from nparams import __version__

    wrong = {at: version for at, version in found.items() if version != __version__ and not _is_gone(version)}
    for at, version in wrong.items():
        held = f"nparams {shown(version)}" if isinstance(version, str) else f"no nparams ({shown(str(version))})"
        raise UsageError(
            f"{len(wrong):,} of {len(found):,} workers have another nparams: the worker {escaped(at)} has {held}, and "
            f"this is {__version__}: pip install 'nparams[remote]=={__version__}' there, and start the workers again"
        )


def _is_gone(answer: object) -> bool:
    """Whether a worker was lost while it was asked."""
    return isinstance(answer, OSError)
