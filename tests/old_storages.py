"""Writes storages as plain pickles keep them: the bytes of torch.save, in its old form, of one storage.

pytorch torch/storage.py (`__reduce__`), torch/serialization.py (`_legacy_save`).
"""

from __future__ import annotations

import pickle
import struct
from typing import Any

from tests.pickle_maker import G, P, R, ordered, pickled, strides

UTILS = "torch._utils"
LOAD = G("torch.storage", "_load_from_bytes")
#: the magic number, the protocol, what machine wrote it
MAGIC = b"".join(pickle.dumps(told, 2) for told in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))


def text(
    size: int, key: str = "9000", of: str = "Float", width: int = 4, view: Any = None, front: bytes = MAGIC
) -> bytes:
    """What torch.save writes of a storage alone, in its old form."""
    told = pickled(P(("storage", G("torch", f"{of}Storage"), key, "cpu", size, view)))
    return front + told + pickle.dumps([key], 2) + struct.pack("<Q", size) + bytes(size * width)


def tensor(shape: tuple[int, ...], held: Any, offset: int = 0) -> R:
    return R(G(UTILS, "_rebuild_tensor_v2"), (held, offset, shape, strides(shape), False, ordered()))


def call(held: Any) -> R:
    return R(LOAD, (held,))
