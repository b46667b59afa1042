"""Loaded by the workers of tests/fleet/dask_cluster.py: what is read is written down, and some names do harm.

MARKS names the folder where it is written; the name of a file says what its reading does: `killer` ends the process,
`raises.KeyError.pt` breaks the whole batch so, `waits` goes on when the folder has a file `go`.  WORKER_HAS, where it
is set, is the version of nparams that this worker seems to have; "" is none.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MARKS = Path(os.environ["MARKS"])
HAS = os.environ.get("WORKER_HAS")

if HAS:
    import nparams

    nparams.__version__ = HAS
if HAS == "":
    sys.modules["nparams"] = None  # type: ignore[assignment]
else:
    from nparams.fleet._dask import task
    from nparams.fleet.batch import count_batch
    from nparams.fleet.units import Unit

    def marked(units: Iterable[Unit], **options: Any) -> list[dict[str, Any]]:
        units = list(units)
        names = [unit.uri.rpartition("/")[2] for unit in units]
        with open(MARKS / "read", "a", errors="surrogateescape") as file:
            file.write("".join(f"{os.getpid()} {name}\n" for name in names))
        if any(name.startswith("killer") for name in names):
            os.kill(os.getpid(), signal.SIGKILL)
        for name in names:
            if name.startswith("raises"):
                raise getattr(builtins, name.split(".")[1])("a batch that breaks")
        if any(name.startswith("waits") for name in names):
            while not (MARKS / "go").exists():
                time.sleep(0.01)
        return count_batch(units, **options)

    task.count_batch = marked  # type: ignore[assignment]
