"""A table read back, a part at a time: its rows, and the tensors of their models."""

from __future__ import annotations

import os

from nparams.fleet._store import files, home
from nparams.fleet._store.known import NEVER, OLD, Index, key_of
from nparams.fleet._store.plain import TENSORS, whole
from nparams.fleet.rows import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.fleet._store.home import Home
    from nparams.fleet.rows import Row


def rows(path: str) -> Iterator[Row]:
    """The rows of the table in a folder, gone ones too, those of the newest part first; one for each uri.

    Texts are as they stand in the table.  Raises ReadError where the folder holds no table or a part is damaged, and
    UsageError where pyarrow is lacking.
    """
    for _, found in _by_part(home.opened(path)):
        yield from found


def tensors(path: str) -> Iterator[Row]:
    """The tensors of the models in the table, a row each, as far as scans read them; errors as `rows`."""
    where = home.opened(path)
    for name, found in _by_part(where):
        uris = {row["uri"] for row in found}
        beside = os.path.join(where.folder(home.TENSORS), name)
        if os.path.exists(beside):
            yield from (row for row in files.read(where.kind, beside, TENSORS) if row["uri"] in uris)


def _by_part(where: Home) -> Iterator[tuple[str, Iterator[Row]]]:
    """The name of each part, and its rows that no later part has."""
    met = Index()
    for part in files.parts(where.folder(home.MODELS), where.kind):
        name = part.name(where.kind.ending)
        yield name, _unmet(where, name, met)


def _unmet(where: Home, name: str, met: Index) -> Iterator[Row]:
    for row in files.read(where.kind, os.path.join(where.folder(home.MODELS), name), COLUMNS):
        key = key_of(row["uri"])
        if not met.state(key):
            met.put(key, NEVER, OLD)
            yield whole(row)
