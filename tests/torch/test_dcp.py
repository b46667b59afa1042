"""Distributed checkpoints against torch: what it saves, its own reader and ours list alike, tensor by tensor."""

from __future__ import annotations

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict import get_state_dict

import nparams
from nparams.dtypes import TORCH

pytestmark = pytest.mark.filterwarnings("ignore")


def model() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 10))


def trained(made: nn.Module) -> torch.optim.Optimizer:
    optimizer = torch.optim.Adam(made.parameters())
    made(torch.rand(3, 1, 4, 4)).sum().backward()
    optimizer.step()
    return optimizer


def listing(where) -> dict[str, tuple[object, ...]]:
    """What torch's own reader says."""
    held = FileSystemReader(where).read_metadata().state_dict_metadata
    return {
        name: (tuple(entry.size), TORCH[str(entry.properties.dtype).removeprefix("torch.")])
        for name, entry in held.items()
        if isinstance(entry, TensorStorageMetadata)
    }


@pytest.mark.parametrize("key", ["model", "state_dict", "net", None])
def test_tensor_by_tensor(key, tmp_path):
    made = model()
    optimizer = trained(made)
    states, moments = get_state_dict(made, optimizer)
    held = states if key is None else {key: states, "optim": moments, "step": 7, "settings": {"lr": [0.1, None]}}
    dcp.save(held, checkpoint_id=tmp_path / "d")
    network = nparams.read(tmp_path / "d")
    front = "" if key is None else f"{key}."
    found = {(t.name if t.role == "other" else front + t.name): (t.shape, t.dtype) for t in network.tensors()}
    assert found == listing(tmp_path / "d")
    assert network.total == sum(p.numel() for p in made.parameters())
    assert network.totals.buffers == sum(b.numel() for b in made.buffers())
    held_by_adam = sum(v.numel() for s in optimizer.state_dict()["state"].values() for v in s.values())
    assert network.totals.other == (0 if key is None else held_by_adam)
    assert network.flags == []
    assert [t.name for t in network.tensors() if t.role != "other"] == list(made.state_dict())


def test_the_list_alone_says_the_same(tmp_path):
    dcp.save(model().state_dict(), checkpoint_id=tmp_path / "d")
    whole = nparams.read(tmp_path / "d")
    for piece in (tmp_path / "d").glob("*.distcp"):
        piece.unlink()
    network = nparams.read(tmp_path / "d" / ".metadata")
    assert network.total == whole.total
    assert any("do not lie beside the list" in note for note in network.notes)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int8, torch.bool, torch.complex64]
)
def test_number_types(dtype, tmp_path):
    dcp.save(
        {"w.weight": torch.zeros(3, 4, dtype=dtype), "s": torch.zeros((), dtype=dtype)}, checkpoint_id=tmp_path / "d"
    )
    assert {t.name: (t.shape, t.dtype) for t in nparams.read(tmp_path / "d").tensors()} == listing(tmp_path / "d")


def sharded(rank: int, ranks: int, where: str, port: int) -> None:
    """One process of several, each with its rows."""
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=ranks)
    mesh = init_device_mesh("cpu", (ranks,))
    held = {
        "model": {
            "rows.weight": distribute_tensor(torch.zeros(7, 4), mesh, [Shard(0)]),  # 4 and 3 of them
            "columns.weight": distribute_tensor(torch.zeros(3, 6), mesh, [Shard(1)]),
            "few.weight": distribute_tensor(torch.zeros(1, 5), mesh, [Shard(0)]),  # none on the second
            "rows.bias": distribute_tensor(torch.zeros(7), mesh, [Replicate()]),
        },
        "optim": {"state": {"rows.weight": {"exp_avg": distribute_tensor(torch.zeros(7, 4), mesh, [Shard(0)])}}},
    }
    dcp.save(held, checkpoint_id=where)
    dist.destroy_process_group()


def test_shards_of_several_processes(tmp_path):
    """Sizes are those of whole tensors, whatever each process held."""
    import socket

    import torch.multiprocessing as mp

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(sharded, (2, str(tmp_path / "d"), port), nprocs=2)
    network = nparams.read(tmp_path / "d")
    assert {t.name: t.shape for t in network.tensors() if t.role != "other"} == {
        "rows.weight": (7, 4), "columns.weight": (3, 6), "few.weight": (1, 5), "rows.bias": (7,),
    }  # fmt: skip
    assert (network.total, network.totals.other) == (28 + 18 + 5 + 7, 28)
    assert network.read_as == "PyTorch distributed checkpoint, 5 tensors in 2 pieces"
