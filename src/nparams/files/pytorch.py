"""PyTorch checkpoints as torch.save writes them since 1.6: a zip archive of a pickle and a member for each storage.

pytorch torch/serialization.py (`_save`, `_load`) and caffe2/serialize/inline_container.h.  Read are the archive's
directory and `data.pkl`, as data: nothing that the pickle names is imported, made or called.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown, telling
from nparams.files._pickle import load
from nparams.files._pytorch.model import read_model
from nparams.files._pytorch.nested import Nested
from nparams.files._pytorch.network import network_of
from nparams.files._pytorch.pause import Paused
from nparams.files._pytorch.storages import Storages
from nparams.files._zip import Archive
from nparams.files.bytesource import MemorySource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._pytorch.storages import Storage
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

PICKLE = "data.pkl"
#: what torch.save writes beside the storages (torch/serialization.py `_save`, caffe2/serialize/inline_container.cc)
KNOWN = (PICKLE, "version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id")
CHECKED = 16_000_000  # bytes of a pickle whose checksum is compared


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a checkpoint; what else a checkpoint keeps (optimizers, averages) is listed as `other`.

    Raises FormatError for a damaged or hostile file.
    """
    archive = Archive(source)
    with Paused(), telling(archive.flags):
        return _read(archive, source, folder, limits)


def _read(archive: Archive, source: ByteSource, folder: Folder | None, limits: bool) -> Network:
    root = root_of(archive, source.name)
    storages = Storages()
    member = pickle_of(archive, root + PICKLE, source.name)
    loaded = load(member, calls=Nested(member).calls, persistent=storages, limits=limits)
    model = read_model(source.name, loaded.value)
    payload = Zipped(archive, root)
    unread = payload.check(storages, source.name)
    network = network_of(model, loaded, payload, folder, source.name)
    network.form, network.flags = "pytorch", [*archive.flags, *network.flags, *strangers(unread)]
    if loaded.end != member.size:
        text = f"{member.size - loaded.end:,} bytes follow the end of the pickle, which nothing reads"
        network.flags.append({"kind": "trailing", "text": text})
    return network


def root_of(archive: Archive, file: str) -> str:
    """The folder in the archive that holds the pickle, with its slash."""
    found = [name for name in archive.names if name == PICKLE or name.endswith("/" + PICKLE)]
    if len(found) != 1:
        what = f"{len(found):,} members called {PICKLE}, where one belongs" if found else f"no member called {PICKLE}"
        raise FormatError(f"{place(file)}: the archive has {what}")
    return found[0].removesuffix(PICKLE)


def pickle_of(archive: Archive, name: str, file: str) -> ByteSource:
    """The pickle; one of usual size is read whole, and its checksum compared."""
    if archive.member(name).size > CHECKED:
        return archive.open(name)
    return MemorySource(archive.whole(name, CHECKED), f"{place(file)}: {PICKLE}")


def strangers(unread: list[str]) -> list[dict[str, str]]:
    """A flag where the archive holds what torch.save does not write, or storages that no tensor views."""
    if not unread:
        return []
    more = f" and {len(unread) - 1:,} more" if len(unread) > 1 else ""
    return [{"kind": "unread", "text": f"{shown(unread[0])}{more}: members that no tensor uses, which nothing reads"}]


class Zipped:
    """The storages of an archive: data/<key>, each a member."""

    def __init__(self, archive: Archive, root: str) -> None:
        self.archive = archive
        self.root = root

    def check(self, storages: Storages, file: str) -> list[str]:
        """Each member must hold what the pickle says; the names of members that nothing reads."""
        front = f"{self.root}data/"
        sizes = {member.name: member.size for member in self.archive.members()}
        for key, storage in storages.by_key.items():
            held = sizes.pop(front + key, 0)
            if held < storage.bytes and storage.location != "meta":
                raise FormatError(
                    f"{place(file)}: storage {shown(key)} has {storage.bytes:,} bytes by the pickle, "
                    f"but its member has {held:,}. Cut short, or changed"
                )
        return [name for name in sizes if name.removeprefix(self.root) not in KNOWN and name[-1:] != "/"]

    def read(self, storage: Storage, first: int, length: int) -> bytes:
        """Bytes of a storage."""
        return self.archive.open(f"{self.root}data/{storage.root.key}").read(storage.start + first, length)
