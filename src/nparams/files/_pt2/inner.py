"""Files of torch.save inside the archive: state dicts of older layouts, and weights of a subclass of torch.Tensor."""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._pickle import load
from nparams.files._pytorch.nested import Nested
from nparams.files._pytorch.storages import Storage, Storages
from nparams.files._zip import Archive
from nparams.files.pytorch import PICKLE, Zipped, pickle_of, root_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BYTE = 1


class Numbers:
    """Where the numbers of every storage lie: as a member of the archive, or in a file of torch.save that is one."""

    def __init__(self, archive: Archive, file: str, limits: bool) -> None:
        self.archive = archive
        self.file = file
        self.limits = limits
        self.flags: list[dict[str, str]] = []
        self.raw: dict[str, Storage] = {}
        self.pickled: dict[str, Any] = {}
        self._places: dict[int, tuple[Archive, str]] = {}

    def storage(self, member: str) -> Storage:
        """A member as a run of bytes, the same for each name that shows some of it."""
        made = self.raw.get(member)
        if made is None:
            made = self.raw[member] = Storage(member, None, BYTE, self.archive.member(member).size, "cpu")
            self._places[id(made)] = self.archive, member
        return made

    def value(self, member: str) -> Any:
        """What a file of torch.save describes, with its storages checked."""
        if member not in self.pickled:
            self.pickled[member] = self._load(member)
        return self.pickled[member]

    def _load(self, member: str) -> Any:
        if not self.archive.member(member).size:
            raise FormatError(f"{place(self.file)}: {shown(member)} is empty, where a file of torch.save belongs")
        source = self.archive.open(member)
        inside = Archive(source)
        payload = Zipped(inside, root_of(inside, source.name))
        storages, pickle = Storages(), pickle_of(inside, payload.root + PICKLE, source.name)
        loaded = load(pickle, calls=Nested(pickle).calls, persistent=storages, limits=self.limits)
        payload.check(storages, source.name)
        for key, storage in storages.by_key.items():
            self._places[id(storage)] = inside, f"{payload.root}data/{key}"
        self.flags += [*inside.flags, *loaded.flags]
        return loaded.value

    def read(self, storage: Storage, first: int, length: int) -> bytes:
        """Bytes of a storage."""
        archive, member = self._places[id(storage.root)]
        return archive.open(member).read(storage.start + first, length)
