"""The folder of a table while a scan writes to it: parts are committed, changed and read under their numbers."""

from __future__ import annotations

import os
from contextlib import suppress

from nparams.fleet._store import files, home
from nparams.fleet._store.lock import Lock
from nparams.fleet._store.plain import TENSORS
from nparams.fleet.rows import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from nparams.fleet._store.files import Part
    from nparams.fleet.rows import Column, Row

URI = COLUMNS[:1]


class Disk:
    """A table's folder, locked and clean; UsageError and ReadError as `Table`.  `release` lets go of it."""

    __slots__ = ("_lock", "home")

    def __init__(self, path: str) -> None:
        home.prepare(path)
        self._lock = Lock(os.path.join(path, home.LOCK))
        try:
            self.home = home.made(path)
            self._clean()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others write here."""
        self._lock.release()

    def parts(self) -> list[Part]:
        """The parts, the newest first."""
        return files.parts(self.home.folder(home.MODELS), self.home.kind)

    def has_tensors(self, part: Part) -> bool:
        """Whether the tensors of a part's models were written."""
        return os.path.exists(self._paths(part)[1])

    def read(self, part: Part, columns: Sequence[Column]) -> Iterator[Row]:
        """The rows of a part; ReadError where it is damaged."""
        return files.read(self.home.kind, self._paths(part)[0], columns)

    def commit(self, part: Part, rows: Iterable[Row], tensors: Iterable[Row] | None) -> None:
        """Write a part: its tensors, if any are to be told, and then its rows; both or none.  UsageError."""
        path, beside = self._paths(part)
        try:
            if tensors is not None:
                self._write(beside, TENSORS, tensors)
            self._write(path, COLUMNS, rows)
        except BaseException:
            if not os.path.exists(path):
                with suppress(OSError):
                    os.unlink(beside)
            raise

    def change(self, part: Part, drop: Collection[int], gone: Mapping[int, str | None]) -> None:
        """Leave out the rows at the places `drop`, and their models' tensors; put the values `gone` in that column.

        Tensors go first, so that a kill in between leaves rows that the next scan leaves out again.
        """
        path, beside = self._paths(part)
        uris = [row["uri"] for row in self.read(part, URI)] if drop else []
        if drop and len(uris) == len(drop):
            files.remove(beside)
            files.remove(path)
        elif drop or gone:
            if drop and os.path.exists(beside):
                self._without(beside, {uris[i] for i in drop})
            files.copy(self.home.kind, path, drop, gone)

    def _without(self, beside: str, uris: Collection[str]) -> None:
        kind = self.home.kind
        drop = {i for i, row in enumerate(files.read(kind, beside, URI)) if row["uri"] in uris}
        files.copy(kind, beside, drop, {})

    def _paths(self, part: Part) -> tuple[str, str]:
        """Where a part's rows are, and the tensors of their models."""
        name = part.name(self.home.kind.ending)
        return os.path.join(self.home.folder(home.MODELS), name), os.path.join(self.home.folder(home.TENSORS), name)

    def _write(self, path: str, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        files.write(path, lambda file: self.home.kind.write(file, columns, rows))

    def _clean(self) -> None:
        """Remove what a killed scan left: temporary files, and tensors whose rows were not committed."""
        for folder in (self.home.path, self.home.folder(home.MODELS), self.home.folder(home.TENSORS)):
            files.clean(folder)
        held = set(self.parts())
        for part in files.parts(self.home.folder(home.TENSORS), self.home.kind):
            if part not in held:
                files.remove(self._paths(part)[1])
