"""TorchScript archives that PyTorch writes: names, shapes, number types and roles, against what torch.jit.load says."""

from __future__ import annotations

import io
import random

import pytest
import torch
from torch import nn

from nparams.files.bytesource import MemorySource
from nparams.files.torchscript import read

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::torch.jit.TracerWarning"
)


def saved(module: torch.jit.ScriptModule, *, lite: bool = False) -> bytes:
    if lite:
        return module._save_to_buffer_for_lite_interpreter()
    held = io.BytesIO()
    torch.jit.save(module, held)
    return held.getvalue()


def network(data: bytes):
    return read(MemorySource(data, "m.pt"))


class Block(nn.Module):
    """A layer, its norm, a buffer, a parameter of its own, a tensor that is not registered."""

    def __init__(self, rng: random.Random, width: int) -> None:
        super().__init__()
        kept = rng.random() < 0.7
        layers = [nn.Linear(width, width, bias=rng.random() < 0.5), nn.LayerNorm(width), nn.GroupNorm(1, width),
                  nn.BatchNorm1d(width, affine=rng.random() < 0.5, track_running_stats=kept), nn.Dropout(0.1),
                  nn.PReLU(rng.choice((1, width)))]  # fmt: skip
        self.layer = rng.choice(layers[:1] * 3 + layers[1:])
        self.scale = nn.Parameter(torch.randn(width), requires_grad=rng.random() < 0.7)
        self.register_buffer("table", torch.randn(rng.randint(1, 5), width))
        self.loose = torch.ones(rng.randint(1, 9))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) * self.scale + self.table[0] + self.loose.sum()


class Net(nn.Module):
    """Convolutions, blocks in a Sequential and a ModuleList, recurrent layers, an embedding, a tied weight."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        width, self.steps = rng.randint(2, 9), rng.randint(1, 3)
        self.conv = nn.Conv2d(3, width, rng.randint(1, 3), bias=rng.random() < 0.5)
        self.norm = nn.BatchNorm2d(width)
        self.body = nn.Sequential(*(Block(rng, width) for _ in range(rng.randint(1, 3))))
        self.more = nn.ModuleList([nn.Linear(width, width) for _ in range(rng.randint(1, 3))])
        kind = rng.choice((nn.LSTM, nn.GRU))
        self.rnn = kind(width, rng.randint(1, 5), rng.randint(1, 2), bidirectional=rng.random() < 0.5, batch_first=True)
        self.embed = nn.Embedding(rng.randint(2, 20), width)
        self.head = nn.Linear(width, self.embed.num_embeddings, bias=False)
        if rng.random() < 0.5:
            self.head.weight = self.embed.weight
        self.double() if rng.random() < 0.2 else self.float()
        self.train(rng.random() < 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.conv(x)).mean((2, 3))
        y = self.body(y)
        for layer in self.more:
            y = layer(y)
        out, _ = self.rnn(y.unsqueeze(1))
        return self.head(y + self.embed.weight[0]).sum() + out.sum()


def example(net: Net) -> torch.Tensor:
    return torch.randn(2, 3, 5, 5, dtype=net.conv.weight.dtype)


def agrees(data: bytes) -> None:
    """Names, shapes, types, roles and totals are torch's own."""
    module = torch.jit.load(io.BytesIO(data))
    found = network(data)
    registered = {t.name: t for t in found.tensors() if t.role in ("weight", "bias", "buffer")}
    state = module.state_dict()
    assert {n: (t.shape, t.dtype) for n, t in registered.items()} == {
        n: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for n, t in state.items()
    }
    parameters = dict(module.named_parameters(remove_duplicate=False))
    assert {n for n, t in registered.items() if t.role != "buffer"} == set(parameters)
    assert {n: t.trainable for n, t in registered.items() if t.role != "buffer"} == {
        n: p.requires_grad for n, p in parameters.items()
    }
    assert found.total == sum(p.numel() for p in module.parameters())
    assert found.totals.buffers == sum(b.numel() for b in module.buffers())
    assert found.totals.elements == sum(t.numel() for t in state.values())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("how", ["script", "trace", "lite"])
def test_random_networks(seed, how):
    torch.manual_seed(seed)
    net = Net(random.Random(seed))
    if how == "trace":
        agrees(saved(torch.jit.trace(net, example(net), check_trace=False)))
    else:
        agrees(saved(torch.jit.script(net), lite=how == "lite"))


class Frozen(nn.Module):
    """Layers whose weights are all different, so that equal constants do not meet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 3), nn.LayerNorm(6)
        self.line, self.turned = nn.Linear(6, 5), nn.Parameter(torch.randn(4, 5))
        self.embed, self.rnn = nn.Embedding(7, 4), nn.LSTM(4, 3, 2, batch_first=True)
        self.scale, self.shift = nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(4))
        for p in self.parameters():
            nn.init.normal_(p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.line(self.norm(self.conv(x).mean((2, 3))))
        y = (y @ self.turned.t()) * self.scale + self.shift
        y = y + self.embed(x[:, 0, 0, 0].long().clamp(0, 6))
        return self.rnn(y.unsqueeze(1))[0]


def test_a_frozen_module_keeps_its_parameters_as_constants():
    net = Frozen().eval()
    data = saved(torch.jit.freeze(torch.jit.script(net)))
    assert sum(p.numel() for p in torch.jit.load(io.BytesIO(data)).parameters()) == 0
    found = network(data)
    shapes = lambda role: sorted(sorted(t.shape) for t in found.tensors() if t.role == role)  # noqa: E731
    named = {n: sorted(p.shape) for n, p in net.named_parameters()}  # freezing turns what forward turns
    assert found.total == sum(p.numel() for p in net.parameters())
    biases = [shape for n, shape in named.items() if "bias" in n or n == "shift"]
    assert shapes("bias") == sorted(biases)
    assert shapes("weight") == sorted(shape for n, shape in named.items() if "bias" not in n and n != "shift")


def test_a_traced_and_frozen_batch_norm_keeps_its_statistics_as_buffers():
    net = nn.Sequential(nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 4)).eval()
    for t in net.state_dict().values():
        t.normal_() if t.is_floating_point() else t
    found = network(saved(torch.jit.freeze(torch.jit.script(net), optimize_numerics=False)))
    assert (found.total, found.totals.buffers) == (5 + 5 + 20 + 4, 10)


QUANTISED = [engine for engine in torch.backends.quantized.supported_engines if engine != "none"]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.back = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.conv, self.line = nn.Conv2d(3, 6, 3), nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.back(self.line(self.conv(self.quant(x)).mean((2, 3))))


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("engine", QUANTISED)
def test_quantised_modules(engine, frozen, monkeypatch):
    monkeypatch.setattr(torch.backends.quantized, "engine", engine)
    net = Small().eval()
    net.qconfig = torch.ao.quantization.get_default_qconfig(engine)
    torch.ao.quantization.prepare(net, inplace=True)
    net(torch.randn(2, 3, 8, 8))
    torch.ao.quantization.convert(net, inplace=True)
    module = torch.jit.script(net)
    found = network(saved(torch.jit.freeze(module) if frozen else module))
    assert (found.total, found.weights, found.biases) == (6 * 27 + 6 + 30 + 5, 6 * 27 + 30, 11)
    assert {t.dtype for t in found.tensors() if t.role == "weight"} == {"int8"}
    scales = 2 * (6 + 5) if engine != "qnnpack" else 0  # qnnpack: one scale for the weight, no tensor
    assert found.totals.bookkeeping == scales + (11 if frozen else 2)  # a packed convolution's settings, or the input's


@pytest.mark.parametrize("engine", QUANTISED)
def test_dynamically_quantised_modules(engine, monkeypatch):
    monkeypatch.setattr(torch.backends.quantized, "engine", engine)
    plain = nn.Sequential(nn.Linear(6, 5), nn.LSTM(5, 7, 2, bidirectional=True))
    net = torch.ao.quantization.quantize_dynamic(plain, {nn.Linear, nn.LSTM}, dtype=torch.qint8)
    found = network(saved(torch.jit.script(net)))
    assert found.total == sum(p.numel() for p in plain.parameters())


def test_a_quantised_embedding():
    layer = nn.EmbeddingBag(10, 12)
    layer.qconfig = torch.ao.quantization.float_qparams_weight_only_qconfig
    net = nn.Sequential(layer)
    torch.ao.quantization.prepare(net, inplace=True)
    torch.ao.quantization.convert(net, inplace=True)
    found = network(saved(torch.jit.script(net)))
    assert (found.total, found.totals.bookkeeping) == (120, 20)


def test_what_optimize_for_inference_leaves_out_of_the_file_has_no_total():
    module = torch.jit.script(nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU()).eval())
    found = network(saved(torch.jit.optimize_for_inference(module)))
    if any(t.shape is None for t in found.tensors()):
        assert (found.total, found.totals.unknown) == (None, 2)
    else:  # built without MKLDNN
        assert found.total == 168
