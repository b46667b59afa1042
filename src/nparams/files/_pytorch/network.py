"""A checkpoint's model -> Network: packed weights unpacked, the tree of modules where there is one, what to say."""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.files.named import assemble
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from nparams.files._pickle import Loaded
    from nparams.files._pytorch.model import Model
    from nparams.files._pytorch.storages import Storage
    from nparams.files.bytesource import Folder

    class Payload(Protocol):
        """Where the numbers of storages lie."""

        def read(self, storage: Storage, first: int, length: int) -> bytes:
            """Bytes of a storage."""


WIDTHS = {"int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "float32": 4, "float16": 2, "bfloat16": 2}


def network_of(model: Model, loaded: Loaded, payload: Payload, folder: Folder | None, name: str) -> Network:
    """The network of a checkpoint that was read."""
    tensors = model.tensors
    made = assemble(tensors, lambda k, limit: _bytes(model, payload, k, limit), folder)
    return Network(
        tensors=tensors, source=name, form="pytorch", read_as=f"PyTorch, {_count(len(tensors))}", routes=made.routes,
        notes=[*model.notes, *made.notes], also=model.also, flags=loaded.flags,
    )  # fmt: skip


def _count(tensors: int) -> str:
    return f"{tensors:,} tensor{'' if tensors == 1 else 's'}"


def _bytes(model: Model, payload: Payload, k: int, limit: int) -> bytes:
    """The bytes of one small tensor, where they stand in a row."""
    array = model.arrays[k]
    width = WIDTHS.get(array.dtype or "")
    told = f"{model.file}: {shown(model.tensors[k].name)}"
    if array.storage is None or width is None:
        raise FormatError(f"{told}: its numbers do not stand in the file as they are")
    if array.size * width > limit:
        raise FormatError(f"{told} takes {array.size * width:,} bytes where at most {limit:,} make sense")
    return payload.read(array.storage, array.offset * width, array.size * width)
