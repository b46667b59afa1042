"""PyTorch checkpoints from before 1.6: five pickles after each other, then the numbers of each storage.

pytorch torch/serialization.py (`_legacy_save`, `_legacy_load`): a magic number, the protocol, what machine wrote it,
the object, the keys of its storages; then for each key a count in eight bytes and the numbers, which are never read.
"""

from __future__ import annotations

from nparams.errors import FormatError, place
from nparams.files._pickle import Dict, load
from nparams.files._pytorch.model import read_model
from nparams.files._pytorch.nested import Nested
from nparams.files._pytorch.network import network_of
from nparams.files._pytorch.pause import Paused
from nparams.files._pytorch.storages import Storages
from nparams.files.bytesource import MemorySource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._pytorch.storages import Storage
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
HEAD = 4_096  # bytes that the first three pickles take at most, 200 in files of torch
COUNT = 8  # bytes before the numbers of each storage


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a checkpoint of the old form; see pytorch.py.

    Raises FormatError for a damaged or hostile file.
    """
    with Paused():
        return _read(source, folder, limits)


def _read(source: ByteSource, folder: Folder | None, limits: bool) -> Network:
    file = place(source.name)
    head, at = MemorySource(source.read(0, min(HEAD, source.size)), source.name), 0
    for what, wanted in (("magic number", MAGIC), ("protocol", PROTOCOL)):
        met = load(head, at, calls={}, limits=limits)
        if met.value.__class__ is not int or met.value != wanted:
            raise FormatError(f"{file}: its {what} (offset {at}) is not PyTorch's. Damaged?")
        at = met.end
    told = load(head, at, calls={}, limits=limits)
    storages = Storages()
    loaded = load(source, told.end, calls=Nested(source).calls, persistent=storages, limits=limits)
    keys = load(source, loaded.end, calls={}, limits=limits)
    payload = Rows(source, file, storages, keys.value, keys.end)
    model = read_model(source.name, loaded.value)
    network = network_of(model, loaded, payload, folder, source.name)
    network.form = "pytorch-legacy"
    network.flags += payload.flags
    if isinstance(told.value, Dict) and told.value.get("little_endian") is False:
        network.notes.append("written on a big-endian machine")
    return network


class Rows:
    """The numbers of every storage, one behind the other."""

    def __init__(self, source: ByteSource, file: str, storages: Storages, keys: Any, at: int) -> None:
        self.source = source
        self.starts: dict[str, int] = {}
        self.flags: list[dict[str, str]] = []
        if keys.__class__ is not list or not all(key.__class__ in (str, int) for key in keys):
            raise FormatError(f"{file}: the keys of its storages (before offset {at:,}) are no list of texts")
        for key in map(str, keys):
            storage = storages.by_key.get(key)
            if storage is None or key in self.starts:
                raise FormatError(f"{file}: the keys of its storages do not fit the tensors that view them. Damaged?")
            self.starts[key] = at + COUNT
            at += COUNT + storage.bytes
        missing = [s for key, s in storages.by_key.items() if key not in self.starts and s.bytes]
        if missing:
            raise FormatError(f"{file}: {len(missing):,} storages are viewed and not stored. Damaged?")
        if at > source.size:
            raise FormatError(f"{file}: its numbers end at {at:,} but the file stops at {source.size:,}. Cut short?")
        if at < source.size:
            text = f"{source.size - at:,} bytes follow the last storage, which nothing reads"
            self.flags.append({"kind": "trailing", "text": text})

    def read(self, storage: Storage, first: int, length: int) -> bytes:
        """Bytes of a storage."""
        return self.source.read(self.starts[storage.root.key] + storage.start + first, length)
