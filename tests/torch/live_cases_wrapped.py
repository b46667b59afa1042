"""Live PyTorch models in wrappers, on the meta device, not created yet, and spread over processes.

A process group of four that exists in name only (torch's own test double) stands in for a cluster; this process is
rank 0.  Shapes are those of the whole network (DESIGN §2); what lies in this process is `also.here`.
"""

from __future__ import annotations

import atexit
from collections import OrderedDict

import torch
import torch.distributed as dist
from torch import nn

from tests.live import Case

RANKS = 4


def mesh() -> object:
    """A mesh of four processes of which only this one exists."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.testing._internal.distributed.fake_pg import FakeStore

    if not dist.is_initialized():
        dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=RANKS)
        atexit.register(dist.destroy_process_group)
    return init_device_mesh("cpu", (RANKS,))


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 12), nn.BatchNorm1d(12), nn.Linear(12, 5))


#: weights 96 + 12 + 60, biases 12 + 12 + 5, buffers 12 + 12 + 1
SMALL = {
    "weights": 8 * 12 + 12 + 12 * 5, "biases": 12 + 12 + 5, "buffers": 25,
    "bytes": 4 * (168 + 29) + 4 * 24 + 8,
}  # fmt: skip


def compiled() -> nn.Module:
    net = small()
    net[0] = torch.compile(net[0])
    return torch.compile(net)


def compiled_in_place() -> nn.Module:
    net = small()
    net.compile()
    return net


def data_parallel() -> nn.Module:
    return nn.DataParallel(small())


def distributed() -> nn.Module:
    mesh()
    return nn.parallel.DistributedDataParallel(small())


def sharded(original: bool) -> nn.Module:
    """FSDP 1: one flat parameter, cut into four."""
    from torch.distributed.fsdp import FullyShardedDataParallel

    mesh()
    return FullyShardedDataParallel(two(), device_id=torch.device("cpu"), use_orig_params=original)


def two() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 12), nn.Linear(12, 5))


def fully_sharded() -> nn.Module:
    """FSDP 2: every parameter is a DTensor, cut along its first dimension."""
    from torch.distributed.fsdp import fully_shard

    net = two()
    fully_shard(net, mesh=mesh())
    return net


def tensor_parallel() -> nn.Module:
    """A column-wise weight and a row-wise one, the rest whole in every process."""
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    net = two()
    for layer, place in ((net[0], Shard(0)), (net[1], Shard(1))):
        layer.weight = nn.Parameter(distribute_tensor(layer.weight.detach(), mesh(), [place]))
    net[1].bias = nn.Parameter(distribute_tensor(net[1].bias.detach(), mesh(), [Replicate()]))
    return net


def zero_3() -> nn.Module:
    """What DeepSpeed's ZeRO-3 leaves: placeholders that know the shape (deepspeed/runtime/zero/partition_parameters.py,
    _convert_to_deepspeed_param and partition)."""
    net = two()
    for k, p in enumerate(net.parameters()):
        p.ds_shape, p.ds_numel, p.ds_id = p.shape, p.numel(), k
        p.ds_persist = False
        p.ds_status = "NOT_AVAILABLE"
        p.ds_tensor = torch.zeros(-(-p.numel() // RANKS))
        p.ds_tensor.ds_numel = p.ds_tensor.numel()
        p.data = torch.empty(0)
    return net


class Lazy(nn.Module):
    """Known 22, and two tensors without a shape (PEERS.md)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(10, 2), nn.LazyLinear(10)


LAZY = [nn.LazyConv1d, nn.LazyConv2d, nn.LazyConv3d, nn.LazyConvTranspose1d, nn.LazyConvTranspose2d,
        nn.LazyConvTranspose3d]  # fmt: skip
LAZY_NORMS = [nn.LazyBatchNorm1d, nn.LazyBatchNorm2d, nn.LazyBatchNorm3d]
LAZY_INSTANCE = [nn.LazyInstanceNorm1d, nn.LazyInstanceNorm2d, nn.LazyInstanceNorm3d]


def made_lazy() -> nn.Module:
    """A lazy layer that has met its input is an ordinary one."""
    net = nn.LazyLinear(10)
    net(torch.zeros(1, 7))
    return net


def lazy_tied() -> nn.Module:
    """Two names of one layer that is not created yet."""
    layer = nn.LazyLinear(10)
    return nn.ModuleDict({"a": layer, "b": layer, "c": nn.Linear(2, 3)})


class Step(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * self.scale


def on_meta() -> nn.Module:
    with torch.device("meta"):
        return nn.TransformerEncoderLayer(16_384, 128, 65_536)


def meta_tied() -> nn.Module:
    """On the meta device nothing has an address: only the same object is the same."""
    with torch.device("meta"):
        layers = {"emb": nn.Embedding(9, 4), "head": nn.Linear(4, 9, bias=False), "other": nn.Linear(4, 9)}
        net = nn.Sequential(OrderedDict(layers))
    net.head.weight = net.emb.weight
    return net


def averaged() -> nn.Module:
    """torch.optim.swa_utils: the copy is the model here, and a counter."""
    from torch.optim.swa_utils import AveragedModel

    return AveragedModel(two())


def with_optimizer() -> nn.Module:
    """An optimizer kept in the model is no part of it."""
    net = two()
    net.optimizer = torch.optim.Adam(net.parameters())
    net(torch.zeros(1, 8)).sum().backward()
    net.optimizer.step()
    return net


TWO = {"weights": 8 * 12 + 12 * 5, "biases": 12 + 5}
D, F = 16_384, 65_536

WRAPPED = (
    Case("compiled, one inside another", compiled, SMALL),
    Case("compiled in place", compiled_in_place, SMALL),
    Case("scripted", lambda: torch.jit.script(small()), SMALL),
    Case("a scripted part", lambda: nn.ModuleList([torch.jit.script(Step()), nn.Linear(2, 3)]),
         {"weights": 3 * 4 + 4 + 6, "biases": 4 + 3}),
    Case("traced", lambda: torch.jit.trace(small().eval(), torch.zeros(1, 8)), SMALL),
    Case("DataParallel", data_parallel, SMALL),
    Case("DistributedDataParallel", distributed, SMALL),
    # rank 0 holds ceil(173 / 4) numbers of the flat parameter
    Case("FSDP 1, one flat parameter", lambda: sharded(False), {**TWO, "also": {"here": 44}}),
    Case("FSDP 1, original parameters", lambda: sharded(True), {**TWO, "also": {"here": 44}}),
    # rows of 12, 12, 5 and 5: 3, 3, 2 and 2 of them here
    Case("FSDP 2", fully_sharded, {**TWO, "also": {"here": 3 * 8 + 3 + 2 * 12 + 2}}),
    Case("tensor parallel", tensor_parallel, {**TWO, "also": {"here": 3 * 8 + 12 + 5 * 3 + 5}}),
    # what PyTorch itself would sum is 0 (DESIGN §3 `elements`); the bytes are those of the whole network
    Case("ZeRO-3 placeholders", zero_3, {**TWO, "elements": 0, "also": {"here": 24 + 3 + 15 + 2}}),
    Case("meta device", on_meta, {"weights": 4 * D * D + 2 * D * F + 2 * D, "biases": 4 * D + F + D + 2 * D}),
    Case("meta device, tied", meta_tied, {"weights": 9 * 4 + 4 * 9, "biases": 9, "listed": 2 * 36 + 45,
                                          "embedding": 36}, ("head.weight",)),
    Case("lazy beside ordinary", Lazy, {"weights": 20, "biases": 2, "unknown": 2}, (("not created", "lazy"),)),
    *(Case(cls.__name__, lambda cls=cls: nn.Sequential(cls(8, 3)), {"unknown": 2}) for cls in LAZY),
    Case("LazyConv2d without bias", lambda: nn.LazyConv2d(8, 3, bias=False), {"unknown": 1}),
    # its counter of batches exists already; its statistics do not, and have no numbers yet
    *(Case(cls.__name__, lambda cls=cls: nn.Sequential(cls()), {"unknown": 2, "buffers": 1})
      for cls in LAZY_NORMS),
    *(Case(cls.__name__, lambda cls=cls: nn.Sequential(cls(affine=True)), {"unknown": 2, "buffers": 1})
      for cls in LAZY_INSTANCE),
    Case("lazy, made by its first input", made_lazy, {"weights": 7 * 10, "biases": 10}),
    Case("lazy under two names", lazy_tied, {"weights": 6, "biases": 3, "unknown": 2}),
    Case("an average of models", averaged, {**TWO, "buffers": 1, "bytes": 4 * 173 + 8}),
    Case("an optimizer inside", with_optimizer, TWO),
)  # fmt: skip
