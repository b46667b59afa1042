"""One unit -> its row, by the readers that every other question uses; whatever goes wrong in it is its row."""

from __future__ import annotations

import os

from nparams.errors import ReadError, UsageError, telling
from nparams.files._folder.inventory import INDEX
from nparams.files.bytesource import FileSource, NeedBytes
from nparams.fleet import rows
from nparams.fleet._passing import NotNow, passing
from nparams.fleet.folder import ListedFolder
from nparams.fleet.units import SHARDS
from nparams.stored.settings import CONFIG, PLACES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import OpenSource
    from nparams.fleet.folder import Opener
    from nparams.fleet.rows import Row
    from nparams.fleet.units import Listing, Unit
    from nparams.network import Network

#: files that shards without an index are read with
BESIDE = frozenset((CONFIG, "adapter_config.json", *(file for file, _, _ in PLACES)))


def row_of(unit: Unit, opener: Opener, *, tensors: bool = False) -> Row:
    """The row of a unit; with `tensors` also a list of them, under that name.

    Raises NeedBytes where `opener` gives files whose bytes are not here yet, and nothing else.
    """
    if unit.problem:
        return rows.refused(unit, ReadError(unit.problem))
    try:
        folder = ListedFolder(unit.listing, opener, "", {*unit.names, *BESIDE} if unit.kind == SHARDS else None)
        network = network_of(unit, folder)
        with telling(network.flags):
            row = rows.counted(unit, network, folder)
            if tensors:
                row["tensors"] = _listed(unit, network, row)
        return row
    except NeedBytes:
        raise
    except Exception as problem:  # one bad file is one row: a bug of ours in it must not stop a million others
        return rows.refused(unit, problem)


def _listed(unit: Unit, network: Network, row: Row) -> list[Row]:
    """A row for each tensor; where they are too many none, and a note in the model's row, which is counted anyway."""
    try:
        return rows.tensor_rows(unit, network)
    except UsageError as problem:
        row["notes"] = [*row["notes"], str(problem)][-rows.MOST_TEXTS :]
        return []


def network_of(unit: Unit, folder: ListedFolder) -> Network:
    """The network of a unit, as `nparams` with its address would read it."""
    from nparams._read import Request

    request = Request(None, {}, limits=True, paths=True)
    if not unit.names or (unit.kind == SHARDS and INDEX.fullmatch(unit.names[0]) is None):
        return request.folder(folder)
    with folder.open(unit.names[0]) as source:
        return request.bytes(source, folder)


def local_opener(listing: Listing) -> Opener:
    """What opens the files of a listing of this machine."""

    def opened(path: str) -> OpenSource:
        try:
            return FileSource(os.path.join(listing.place, path))
        except ReadError as problem:
            if passing(problem) is None:
                raise
            raise NotNow from problem

    return opened
