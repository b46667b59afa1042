"""The table on disk: one row a model, written in parts that are whole or absent, continued by the next scan.

```text
DIR/scan.json                          what this is, of which kind the parts are, what was scanned
DIR/models/part-RRRR-NNNNN.parquet     rows (fleet/rows.py COLUMNS): the run that wrote it, its number in that run
DIR/tensors/part-RRRR-NNNNN.parquet    with --tensors: the tensors of the same models, a row each
DIR/.lock                              one scan writes at a time
```

Parts are Parquet (zstd), or JSON Lines (`.jsonl`) where pyarrow is not installed; a table keeps the kind that it was
begun with.  A part is written under a temporary name (`.tmp`), put on the disk and renamed, its tensors first: the name
in `models` is the commit.  Each uri has one row when a scan has ended, and after a kill when the next one has begun; in
between, a row in a later part counts.

Text is UTF-8: what is none in a file's name is an escape there (`\\udcff`).  Any engine reads the parts in place:

```sql
SELECT uri, total, dtypes['float32'] FROM 'DIR/models/*.parquet' WHERE gone IS NULL;
SELECT uri, flag.kind, flag.text FROM (SELECT uri, unnest(flags) AS flag FROM 'DIR/models/*.parquet');
```
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from nparams.errors import NparamsError
from nparams.fleet._store import files, home
from nparams.fleet._store.disk import Disk
from nparams.fleet._store.known import NEVER, Ledger, mark_of
from nparams.fleet._store.plain import TENSORS, plain, safe, unsafe
from nparams.fleet._store.reading import rows, tensors
from nparams.fleet.rows import COLUMNS, TRANSFER, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from types import TracebackType

    from nparams.fleet.rows import Row
    from nparams.fleet.units import Unit

__all__ = ["Finished", "Table", "rows", "tensors"]

ROWS = 5_000  # rows of a part, at most
SECONDS = 30  # after which rows are committed, however few
TENSOR_ROWS = 100_000  # tensors that are held before a part is committed, but for a model that has more
#: columns that opening reads, and that settling reads
MARKS = tuple(column for column in COLUMNS if column.name in ("uri", "size", "stamp", "reader", "error_kind", "gone"))
PRESENCE = tuple(column for column in COLUMNS if column.name in ("uri", "gone"))


class Finished(NamedTuple):
    """What a scan did to the table."""

    #: models that were read: rows that were added
    read: int
    #: models that were unchanged
    known: int
    #: rows that were marked as vanished
    gone: int


class Table:
    """The table in a folder, for one scan: `with Table(path) as table`, then is_known, add, and finish.

    Entering raises UsageError where the folder holds something else or another scan writes to it, and ReadError where a
    part is damaged.  With `tensors`, rows bring a list of their tensors under that key, and a model whose tensors are
    not in the table is not known.  Nor is one whose error is of a kind in `again`: a later try may succeed.
    Left by an exception, Ctrl-C too, it commits what was added and marks nothing as gone.
    """

    _disk: Disk

    def __init__(
        self,
        path: str,
        tensors: bool = False,
        *,
        again: Collection[str] = (TRANSFER,),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        #: a line for the user, "" where there is none: that this is JSON Lines, and how to get Parquet
        self.note = ""
        self._tensors = tensors
        self._clock = clock
        self._ledger = Ledger(frozenset(again))
        #: what is not committed yet: rows by their uri, with their tensors; how many tensors; when the first row came
        self._rows: dict[str, tuple[Row, list[Row]]] = {}
        self._held = 0
        self._since = 0.0
        self._part = files.Part(1, 1)
        #: whether all was committed, and nothing is left to do but to settle it
        self._done = False

    def __enter__(self) -> Table:
        self._disk = Disk(self.path)
        try:
            self._load()
        except BaseException:
            self._disk.release()
            raise
        if self._disk.home.kind is files.LINES and not home.has_pyarrow():
            self.note = f"pyarrow is not installed: the table is JSON Lines, not Parquet; {home.INSTALL}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._done:
                self.commit()
                self._settle(None)
        except NparamsError:
            if not isinstance(problem, NparamsError):  # else it is the same again: a full disk is still full
                raise
        finally:
            self._disk.release()

    def is_known(self, unit: Unit) -> bool:
        """Whether the table has this model as it is: same uri, size, stamp and reader.  It counts as seen by this scan.

        What could not be listed, or has a file without a stamp, is never known.
        """
        return self._ledger.is_known(safe(unit.uri), lambda: _mark(unit))

    def holds(self, unit: Unit) -> bool:
        """Whether the table has a row of this model, changed or not."""
        return self._ledger.holds(safe(unit.uri))

    def add(self, row: Row) -> None:
        """Take a row (its `tensors` are popped); commit when there are enough, or the first of them has waited long.

        Of a uri that comes twice the last row counts.  Raises UsageError where a part cannot be written.
        """
        found = [plain(tensor, TENSORS) for tensor in row.pop("tensors", None) or () if self._tensors]
        row = plain(row)
        uri = row["uri"]
        old = self._rows.get(uri)
        self._ledger.add(uri, row, old is not None)
        if not self._rows:
            self._since = self._clock()
        self._held += len(found) - (len(old[1]) if old else 0)
        self._rows[uri] = row, found
        self.tick()

    def tick(self) -> None:
        """Commit if it is time to: for a driver that waits long for its next row.  UsageError as `add`."""
        if not self._rows:
            return
        full = len(self._rows) >= ROWS or self._held >= TENSOR_ROWS
        if full or self._clock() - self._since >= SECONDS:
            self.commit()

    def commit(self) -> None:
        """Write the rows that are held as a part: from then on they are in the table.  UsageError as `add`."""
        if not self._rows:
            return
        beside = (tensor for _, found in self._rows.values() for tensor in found) if self._tensors else None
        self._disk.commit(self._part, (row for row, _ in self._rows.values()), beside)
        self._part = self._part._replace(number=self._part.number + 1)
        self._rows = {}
        self._held = 0

    def finish(
        self, complete: bool, roots: Iterable[str], within: Callable[[str], bool] = lambda uri: True
    ) -> Finished:
        """Commit the rest, and leave each uri with one row.

        Where all below `roots` was walked (`complete`), a row from below them that this scan did not meet is marked as
        gone, if this scan would have found it: `within` says so of a uri, where names were chosen.  Roots are as uris
        begin: absolute paths, addresses.  Raises UsageError where the table cannot be written, ReadError where a part
        is damaged.
        """
        self.commit()
        self._done = True
        roots = list(roots)
        is_below = _below(roots)
        gone = self._settle((lambda uri: is_below(uri) and within(uri)) if complete else None)
        done = Finished(self._ledger.read, self._ledger.known, gone)
        what = {"run": self._part.run, "at": now(), "complete": complete, "roots": roots}
        self._disk.home.say(what | done._asdict())
        return done

    def _load(self) -> None:
        """Learn what the table holds; a row that a later part has again, where a scan was killed, is removed."""
        parts = self._disk.parts()
        self._part = files.Part(parts[0].run + 1 if parts else 1, 1)
        for part in parts:
            lacks = self._tensors and not self._disk.has_tensors(part)
            found = enumerate(self._disk.read(part, MARKS))
            self._disk.change(part, {i for i, row in found if not self._ledger.learn(row, lacks)}, {})

    def _settle(self, is_gone: Callable[[str], bool] | None) -> int:
        """Remove the rows that a later part has again, bring back what is back, mark what `is_gone`; how many are."""
        if not self._ledger.is_stale and (is_gone is None or not self._ledger.unseen):
            return 0
        self._ledger.begin()
        marked, time_gone = 0, now()
        for part in self._disk.parts():
            drop: set[int] = set()
            gone: dict[int, str | None] = {}
            for i, row in enumerate(self._disk.read(part, PRESENCE)):
                uri = row["uri"]
                if self._ledger.passes(uri):
                    drop.add(i)
                elif row["gone"] is not None:
                    gone |= {i: None} if self._ledger.is_back(uri) else {}
                elif is_gone is not None and self._ledger.is_unseen(uri) and is_gone(unsafe(uri)):
                    gone[i] = time_gone
                    marked += 1
            self._disk.change(part, drop, gone)
        return marked


def _mark(unit: Unit) -> bytes:
    """The mark of a unit as it was listed."""
    from nparams import __version__

    if unit.problem or not all(entry.stamp for _, entry in unit.entries):
        return NEVER
    return mark_of(unit.size, safe(unit.stamp), __version__)


def _below(roots: Iterable[str]) -> Callable[[str], bool]:
    """Whether a uri is one of the roots or below one; of a million roots as fast as of one.

    >>> is_below = _below(["s3://bucket/a/", "/models"])
    >>> is_below("s3://bucket/a/m.gguf"), is_below("s3://bucket/ab/m.gguf"), is_below("/models")
    (True, False, True)
    """
    held = {_bare(root) for root in roots}

    def is_below(uri: str) -> bool:
        uri = _bare(uri)
        while uri not in held:
            at = max(uri.rfind("/"), uri.rfind(os.sep))
            if at < 0:
                return False
            uri = _bare(uri[:at])
        return True

    return is_below


def _bare(path: str) -> str:
    return path.rstrip("/" + os.sep)
