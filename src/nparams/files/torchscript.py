"""TorchScript archives, as torch.jit.save writes them: objects as a pickle, their classes as code, constants apart.

pytorch torch/csrc/jit/docs/serialization.md, torch/csrc/jit/serialization/export_module.cpp and pickler.cpp.  Read are
the archive's directory, `data.pkl` and `constants.pkl` (as data: nothing is made or called) and the text of `code/`, of
which only the lines are understood that say what a class registers and what a constant is an argument of.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown, telling
from nparams.files._pickle import Record, load
from nparams.files._pytorch.storages import Storages
from nparams.files._torchscript.classes import classes_in
from nparams.files._torchscript.model import Model
from nparams.files._torchscript.objects import OWN, Calls
from nparams.files._torchscript.uses import Uses
from nparams.files._zip import Archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._pytorch.storages import Storage
    from nparams.files._torchscript.classes import Registered
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

OBJECTS, CONSTANTS, OLD = "data.pkl", "constants.pkl", "model.json"
MAX_CODE = 64_000_000  # characters of all code together
MAX_FILE = 16_000_000  # bytes of one file of it


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a TorchScript archive: parameters and buffers as its classes register them, and constants that
    stand in a layer's place, as in a frozen module.

    Raises FormatError for a damaged or hostile file.
    """
    archive = Archive(source)
    root = root_of(archive, source.name)
    model = Model(source.name)
    with telling(archive.flags), telling(model.flags):
        if root + OBJECTS in archive:
            _objects(archive, root, model, limits)
        else:
            from nparams.files._torchscript.old import read_old

            read_old(archive, root, model)
        return model.network(source.name, folder, archive.flags)


def _objects(archive: Archive, root: str, model: Model, limits: bool) -> None:
    """Archives since 1.4."""
    classes, uses = _code(archive, root, model.file)
    pickled = _load(archive, root, OBJECTS, "data", model, limits)
    if not isinstance(pickled, Record) or not pickled.maker.path.startswith(OWN):
        raise FormatError(f"{model.file}: {OBJECTS} holds no module of TorchScript")
    constants = _load(archive, root, CONSTANTS, "constants", model, limits) if root + CONSTANTS in archive else ()
    model.take(pickled, classes)
    model.take_constants(constants, uses)


def _code(archive: Archive, root: str, file: str) -> tuple[dict[str, Registered], Uses]:
    classes: dict[str, Registered] = {}
    uses, room = Uses(), MAX_CODE
    for name in archive.names:
        if name.startswith(f"{root}code/") and name.endswith(".py"):
            room -= archive.member(name).size
            if room < 0:
                raise FormatError(f"{file}: more than {MAX_CODE:,} bytes of code")
            text = archive.whole(name, MAX_FILE).decode("utf-8", "replace")
            classes |= classes_in(name.removeprefix(f"{root}code/"), text)
            uses.read(text)
    return classes, uses


def _load(archive: Archive, root: str, pickle: str, folder: str, model: Model, limits: bool) -> Any:
    """The value of one pickle, its storages checked."""
    storages = Storages()
    member = archive.open(root + pickle)
    loaded = load(member, calls=Calls(), persistent=storages, limits=limits)
    for storage in storages.by_key.values():
        _check(archive, f"{root}{folder}/{storage.key}", storage, model.file)
    model.places |= {id(storage): f"{root}{folder}/{storage.key}" for storage in storages.by_key.values()}
    model.archive = archive
    model.flags += loaded.flags
    if loaded.end != member.size:
        text = f"{member.size - loaded.end:,} bytes follow the end of {pickle}, which nothing reads"
        model.flags.append({"kind": "trailing", "text": text})
    return loaded.value


def _check(archive: Archive, name: str, storage: Storage, file: str) -> None:
    """The member must hold what the pickle says."""
    held = archive.member(name).size if name in archive else 0
    if held < storage.bytes:
        raise FormatError(
            f"{file}: storage {shown(storage.key)} has {storage.bytes:,} bytes by the pickle, "
            f"but its member has {held:,}. Cut short, or changed"
        )


def root_of(archive: Archive, file: str) -> str:
    """The folder that the archive puts everything in, with its slash."""
    roots = {name.removesuffix(OBJECTS) for name in archive.names if name.endswith("/" + OBJECTS)}
    roots |= {name.removesuffix(OLD) for name in archive.names if name.endswith("/" + OLD)}
    roots = {root for root in roots if root.count("/") == 1}
    if len(roots) != 1:
        what = f"{len(roots):,} folders with a {OBJECTS}, where one belongs" if roots else f"no {OBJECTS}"
        raise FormatError(f"{place(file)}: the archive has {what}")
    return roots.pop()
