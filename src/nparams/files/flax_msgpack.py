"""Flax's msgpack: what flax.serialization.to_bytes writes, and flax_model.msgpack on model hubs -> Network.

google/flax flax/serialization.py; huggingface/transformers src/transformers/modeling_flax_utils.py writes the hub's
files.  Keys, shapes and number types are read; the numbers are stepped over.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError, place
from nparams.files._flax.head import begins_tree
from nparams.files._flax.tree import leaves_of
from nparams.network import Network
from nparams.stored.named import undecided
from nparams.stored.trees import tensors_of, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.stored.trees import Leaf

FORM = "flax-msgpack"


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be one: it has no magic, so its first keys are looked at.

    >>> may_be(b"\\x81\\xa6params\\x81\\xa6kernel\\xc7"), may_be(b"\\x81\\x01\\x02"), may_be(b"GGUF")
    (True, False, False)
    """
    return begins_tree(head)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in one file; `folder` is not looked at.

    Raises FormatError for a file that is damaged, hostile or no msgpack, UnsupportedError for msgpack that is no
    tree of Flax.

    >>> from nparams.files.bytesource import MemorySource
    >>> array = b"\\x93\\x92\\x02\\x03\\xa7float32\\xc4\\x18" + bytes(24)
    >>> read(MemorySource(b"\\x81\\xa6kernel\\xc7" + bytes([len(array), 1]) + array)).total
    6
    """
    return network_of(leaves_of(source, limits=limits), source.name)


def network_of(leaves: Sequence[Leaf], name: str, shards: int = 1) -> Network:
    """The network that these leaves are."""
    arrays = sum(leaf.why is None for leaf in leaves)
    if not arrays:
        raise UnsupportedError(f"{place(name)} is msgpack without arrays of Flax, so no checkpoint of it")
    tensors = tensors_of(leaves)
    said = [
        f"Flax msgpack, {arrays:,} array{'' if arrays == 1 else 's'}",
        *([f"{shards:,} shards"] if shards > 1 else []),
    ]
    notes = told(tensors) + ([] if any(t.trainable for t in tensors) else undecided(tensors))
    return Network(tensors=tensors, source=name, form=FORM, read_as=", ".join(said), notes=notes)
