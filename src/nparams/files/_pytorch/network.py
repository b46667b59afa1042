"""A checkpoint's model -> Network: packed weights unpacked, the tree of modules where there is one, what to say."""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.network import Network
from nparams.stored._checkpoint.model import plural
from nparams.stored.named import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from nparams.files._pickle import Loaded
    from nparams.files._pytorch.storages import Storage
    from nparams.files.bytesource import Folder
    from nparams.stored._checkpoint.model import Model

    class Payload(Protocol):
        """Where the numbers of storages lie."""

        def read(self, storage: Storage, first: int, length: int) -> bytes:
            """Bytes of a storage."""


WIDTHS = {"int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "float32": 4, "float16": 2, "bfloat16": 2}


def network_of(model: Model, loaded: Loaded, payload: Payload, folder: Folder | None, name: str) -> Network:
    """The network of a checkpoint that was read."""
    tensors = model.tensors
    made = assemble(tensors, lambda k, limit: numbers_of(model, payload, k, limit), folder, model.hints)
    read_as = ", ".join(["PyTorch", plural(len(tensors), "tensor"), *([made.scheme] if made.scheme else [])])
    network = Network(
        tensors=tensors, source=name, form="pytorch", read_as=read_as, routes=made.routes,
        notes=[*model.notes, *_told(model, loaded), *made.notes], also=model.also, flags=loaded.flags,
    )  # fmt: skip
    if model.walk.modules and not made.routes:
        network = _with_kinds(network, model)
    return network


def _told(model: Model, loaded: Loaded) -> list[str]:
    """What was set aside, and what a file of whole modules is."""
    notes = model.told()
    if model.whole:
        classes = f"its classes ({len(loaded.classes):,}) are not loaded"
        notes.append(f"a whole model was saved: {classes}, only what they hold is read")
    if not model.tensors:
        notes.append("no tensors: this file holds something else than a network")
    return notes


def _with_kinds(network: Network, model: Model) -> Network:
    """The same network as a tree, with the kinds of the layers whose classes are torch's."""
    kinds = {name: KINDS[kind] for name, kind in model.kinds().items() if kind in KINDS}
    root = network.root
    stack = [root]
    while stack:
        module = stack.pop()
        module.kind = kinds.get(module.name)
        stack.extend(module.children)
    return Network(
        root, source=network.source, form=network.form, read_as=network.read_as, notes=network.notes, also=network.also,
        flags=network.flags,
    )  # fmt: skip


#: torch.nn's classes -> the textbook's kinds
KINDS = {
    "Linear": "Dense", "Conv1d": "Conv", "Conv2d": "Conv", "Conv3d": "Conv", "ConvTranspose1d": "ConvTranspose",
    "ConvTranspose2d": "ConvTranspose", "ConvTranspose3d": "ConvTranspose", "BatchNorm1d": "BatchNorm",
    "BatchNorm2d": "BatchNorm", "BatchNorm3d": "BatchNorm", "LayerNorm": "LayerNorm", "GroupNorm": "GroupNorm",
    "Embedding": "Embedding", "LSTM": "LSTM", "GRU": "GRU", "RNN": "RNN",
}  # fmt: skip


def numbers_of(model: Model, payload: Payload, k: int, limit: int) -> bytes:
    """The bytes of one small tensor, where they stand in a row."""
    array = model.arrays[k]
    width = WIDTHS.get(array.dtype or "")
    told = f"{model.file}: {shown(model.tensors[k].name)}"
    if array.storage is None or width is None:
        raise FormatError(f"{told}: its numbers do not stand in the file as they are")
    if array.size * width > limit:
        raise FormatError(f"{told} takes {array.size * width:,} bytes where at most {limit:,} make sense")
    first, length = array.offset * width, array.size * width
    storage: Storage = array.storage
    if storage.root.held is not None:
        source, at = storage.root.held
        return source.read(at + storage.start + first, length)
    return payload.read(storage, first, length)
