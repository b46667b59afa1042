"""A folder that finding has come to, with what is held of it until it is decided on."""

from __future__ import annotations

from nparams.files._orbax.items import RECORDS
from nparams.fleet._find.sets import inventory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.files._folder.inventory import Inventory
    from nparams.fleet.units import Entry


class Node:
    """A folder that is being looked at, or was: its files, and its sub-folders that are not decided on yet."""

    __slots__ = (
        "_held", "below", "chunk", "count", "empty", "files", "folders", "loose", "models", "name", "parted", "path",
        "skipped", "wanted",
    )  # fmt: skip

    def __init__(self, path: str, name: str, wanted: bool = True) -> None:
        #: below the root, "" for the root itself
        self.path = path
        self.name = name
        self.files: dict[str, Entry] = {}
        self.below: list[Node] = []
        #: files in it and below it that are held
        self.count = 0
        #: sub-folders that it had, without those that are one array each
        self.folders = 0
        #: whether it surely is no single model: what is complete in it is let go
        self.loose = False
        #: whether models of usual formats were among its files when that was found
        self.models = False
        #: how many files of such a one are held until they are sorted out
        self.chunk = 0
        #: whether some of them were let go already
        self.parted = False
        self.skipped = False
        #: whether all in it is looked at: of others only what --include names
        self.wanted = wanted
        #: whether it was looked through, and no model lies in it or below
        self.empty = False
        self._held: Inventory | None = None

    @property
    def held(self) -> Inventory:
        """Its own files, sorted out by their names."""
        if self._held is None:
            self._held = inventory(self.files, (each.name for each in self.below))
        return self._held

    def forget(self, names: Iterable[str] = ()) -> None:
        """Forget some of its files, and how they were sorted out."""
        for name in names:
            self.files.pop(name, None)
        self._held = None

    def inner(self, name: str) -> str:
        """The path below the root of what lies in it under a bare name."""
        return f"{self.path}/{name}" if self.path else name

    def is_array(self) -> bool:
        """Whether it is one array, as zarr keeps it."""
        return not RECORDS.isdisjoint(self.files)
