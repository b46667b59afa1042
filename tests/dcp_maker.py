"""Writes lists of distributed checkpoints (.metadata), as torch/distributed/checkpoint/metadata.py pickles them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.pickle_maker import G, R, pickled

METADATA = "torch.distributed.checkpoint.metadata"
SHARDED = "torch.distributed._shard.sharded_tensor.metadata"
BYTES = R(G(METADATA, "BytesStorageMetadata"), (), {}, new=True)
STRIDED = R(G("torch.serialization", "_get_layout"), ("torch.strided",))

FLOAT = G("torch", "float32")
#: (offsets, sizes)
Chunk = tuple[Sequence[Any], Sequence[Any]]


def torch_size(shape: Sequence[Any]) -> R:
    return R(G("torch", "Size"), (tuple(shape),))


def chunk(offsets: Sequence[Any], sizes: Sequence[Any]) -> R:
    told = {"offsets": torch_size(offsets), "sizes": torch_size(sizes)}
    return R(G(METADATA, "ChunkStorageMetadata"), (), told, new=True)


def entry(shape: Sequence[Any], *chunks: Chunk, dtype: G = FLOAT, grad: bool = False, old: bool = False) -> R:
    """TensorStorageMetadata; without chunks, of one that is all of it."""
    module, encoding = (SHARDED, "MEM_FORMAT_ENCODING") if old else (METADATA, "_MEM_FORMAT_ENCODING")
    of = R(G(module, "TensorProperties"), (), (dtype, STRIDED, grad, R(G(module, encoding), (0,)), False), new=True)
    held = [chunk(*each) for each in chunks or (([0] * len(shape), shape),)]
    return R(G(METADATA, "TensorStorageMetadata"), (), {"properties": of, "size": torch_size(shape), "chunks": held},
        new=True)  # fmt: skip


def where(name: str, piece: str, offset: int = 0) -> tuple[R, R]:
    """(index, where it lies)."""
    index = R(G(METADATA, "MetadataIndex"), (), {"fqn": name, "offset": torch_size((0,)), "index": 0}, new=True)
    info = R(G("torch.distributed.checkpoint.filesystem", "_StorageInfo"), (),
             {"relative_path": piece, "offset": offset, "length": 1_000}, new=True)  # fmt: skip
    return index, info


def dcp(
    entries: Mapping[Any, Any],
    paths: Any = None,
    pieces: Sequence[str] = ("__0_0.distcp",),
    protocol: int = 4,
    **more: Any,
) -> bytes:
    """The list; `paths`: the keys that each name was joined of."""
    stored = R(G("collections", "OrderedDict"), (), pairs=dict(where(n, pieces[k % len(pieces)]) for k,
        n in enumerate(entries))) if pieces else None  # fmt: skip
    root = R(G("pathlib", "PosixPath"), ("a", "b"))
    meta = R(G(METADATA, "StorageMeta"), (), {"checkpoint_id": root, "save_id": "x", "load_id": None, "modules": []},
        new=True)  # fmt: skip
    state = {"state_dict_metadata": dict(entries), "planner_data": paths, "storage_data": stored, "storage_meta": meta,
        **more}  # fmt: skip
    return pickled(R(G(METADATA, "Metadata"), (), state, new=True), protocol)
