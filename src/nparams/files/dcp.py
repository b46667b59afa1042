"""Distributed checkpoints of PyTorch (DCP): a folder of pieces (.distcp), and `.metadata`, the list of what they hold.

pytorch torch/distributed/checkpoint/metadata.py, filesystem.py, default_planner.py and _nested_dict.py.  Read is the
list alone, a pickle, as data: each tensor's global shape, number type and the chunks that it was saved in, which must
cover it.  Of the pieces only the names are asked.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._dcp.listed import CALLS, LIST, Checkpoint
from nparams.files._dcp.tree import DcpWalk, nested
from nparams.files._pickle import Record, load
from nparams.files._pytorch.pause import Paused
from nparams.files.bytesource import each
from nparams.network import Network
from nparams.stored._checkpoint.model import Model, plural
from nparams.stored.named import assemble
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nparams.files._pickle import Loaded
    from nparams.files.bytesource import ByteSource, Folder

PROTO = 0x80
#: what stands near the beginning of the pickle: the module of its first class
MODULE = b"torch.distributed.checkpoint.metadata"


def may_be(head: bytes) -> bool:
    """Whether a file begins as the list of a distributed checkpoint does.

    >>> may_be(b"\\x80\\x04\\x95\\0\\0\\0\\0\\0\\0\\0\\0\\x8c\\x25torch.distributed.checkpoint.metadata\\x94")
    True
    """
    return head[:1] == bytes((PROTO,)) and MODULE in head[:512]


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a distributed checkpoint, by its `.metadata`; `folder` is the one that file lies in.

    Raises FormatError for a damaged or hostile list, UnsupportedError for another file.
    """
    with Paused():
        loaded = _loaded(source, limits)
        if not isinstance(loaded.value, Record) or loaded.value.maker.path not in LIST:
            raise UnsupportedError(f"{place(source.name)} is no list of a distributed PyTorch checkpoint")
        held = Checkpoint(loaded.value, source.name)
        walk = DcpWalk(source.name)
        model = Model(source.name, walk, held.describe, "the checkpoint").read(nested(held), True)
        made = assemble(model.tensors, _elsewhere(source.name), None, model.hints)
    what = f"PyTorch distributed checkpoint, {plural(len(model.tensors), 'tensor')}"
    if held.files:
        what += f" in {plural(len(held.files), 'piece')}"
    flags = [*loaded.flags]
    if loaded.end != source.size:
        told = f"{source.size - loaded.end:,} bytes follow the end of the pickle, which nothing reads"
        flags.append({"kind": "trailing", "text": told})
    return Network(
        tensors=model.tensors, source=source.name, form="dcp", routes=made.routes,
        read_as=", ".join([what, *([made.scheme] if made.scheme else [])]),
        notes=[*model.notes, *model.told(), *held.told(), *_missing(held, folder), *made.notes],
        also=model.also, flags=flags,
    )  # fmt: skip


def _loaded(source: ByteSource, limits: bool) -> Loaded:
    """The pickle; other programs keep a .metadata as well (Flutter's projects), which is none."""
    try:
        return load(source, calls=CALLS, limits=limits)
    except FormatError:
        if source.read(0, min(1, source.size)) == bytes((PROTO,)):
            raise
    raise UnsupportedError(f"{place(source.name)} is no list of a distributed PyTorch checkpoint: no pickle")


def _missing(held: Checkpoint, folder: Folder | None) -> list[str]:
    """A note where pieces are not in the folder: the list alone tells every shape."""
    if folder is None or not held.files:
        return []
    there = each(folder, lambda name: has(folder, name), held.files)
    missing = [name for name, found in zip(held.files, there, strict=True) if not found]
    if not missing:
        return []
    return [
        f"{len(missing):,} of {plural(len(held.files), 'piece')} ({shown(missing[0])} ...) do not lie beside the list, "
        "which tells every shape without them"
    ]


class _elsewhere:
    """Asked for the numbers of a tensor, which no reader of the list has."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __call__(self, k: int, limit: int) -> NoReturn:
        raise FormatError(f"{place(self.file)}: a packed weight keeps its shape among the numbers, which are elsewhere")
