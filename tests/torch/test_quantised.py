"""Quantised checkpoints as the libraries themselves write them: the logical counts, whatever the packing.

Libraries that are not in this environment are passed over by name; requirements/torch.in says which ones are.
"""

from __future__ import annotations

import io
import json
import random

import pytest
import torch
from torch import nn

import nparams
from nparams.files.bytesource import MemorySource
from nparams.files.pytorch import read

pytestmark = pytest.mark.filterwarnings("ignore")


def saved(state: object):
    held = io.BytesIO()
    torch.save(state, held)
    return read(MemorySource(held.getvalue(), "m.pt"))


def counted(network, plain: nn.Module) -> None:
    """As many parameters as before, split alike, and something kept apart as bookkeeping."""
    biases = sum(p.numel() for n, p in plain.named_parameters() if "bias" in n)
    total = sum(p.numel() for p in plain.parameters())
    assert (network.total, network.biases) == (total, biases)


def network_of(seed: int) -> nn.Sequential:
    rng = random.Random(seed)
    ins, middle, out = 32 * rng.randint(1, 4), rng.randint(3, 70), rng.randint(3, 70)
    return nn.Sequential(nn.Linear(ins, middle, bias=seed % 2 == 0), nn.ReLU(), nn.LayerNorm(middle),
                         nn.Linear(middle, out))  # fmt: skip


# -- PyTorch's own ----------------------------------------------------------------------------------------------------

ENGINES = [engine for engine in torch.backends.quantized.supported_engines if engine != "none"]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.back = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.conv, self.line = nn.Conv2d(3, 6, 3), nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.back(self.line(self.conv(self.quant(x)).mean((2, 3))))


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_static_quantisation(engine, whole, monkeypatch):
    monkeypatch.setattr(torch.backends.quantized, "engine", engine)
    net = Small().eval()
    net.qconfig = torch.ao.quantization.get_default_qconfig(engine)
    torch.ao.quantization.prepare(net, inplace=True)
    net(torch.randn(2, 3, 8, 8))
    torch.ao.quantization.convert(net, inplace=True)
    found = saved(net if whole else net.state_dict())
    assert (found.total, found.weights, found.biases) == (6 * 27 + 6 + 30 + 5, 6 * 27 + 30, 11)
    assert {t.dtype for t in found.tensors() if t.role == "weight"} == {"int8"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_dynamic_quantisation(engine, kind, monkeypatch):
    monkeypatch.setattr(torch.backends.quantized, "engine", engine)
    plain = nn.Sequential(nn.Linear(6, 5), kind(5, 7, 2, bidirectional=True))
    net = torch.ao.quantization.quantize_dynamic(plain, {nn.Linear, kind}, dtype=torch.qint8)
    counted(saved(net.state_dict()), plain)


def test_a_quantised_embedding():
    layer = nn.EmbeddingBag(10, 12)
    layer.qconfig = torch.ao.quantization.float_qparams_weight_only_qconfig
    net = nn.Sequential(layer)
    torch.ao.quantization.prepare(net, inplace=True)
    torch.ao.quantization.convert(net, inplace=True)
    assert saved(net.state_dict()).total == 120


# -- torchao ----------------------------------------------------------------------------------------------------------


def torchao_settings() -> list[object]:
    torchao = pytest.importorskip("torchao.quantization")
    return [
        torchao.Int8WeightOnlyConfig(), torchao.Int8DynamicActivationInt8WeightConfig(),
        torchao.Float8WeightOnlyConfig(), torchao.IntxWeightOnlyConfig(weight_dtype=torch.int3),
        torchao.IntxWeightOnlyConfig(weight_dtype=torch.int4),
    ]  # fmt: skip


@pytest.mark.parametrize("k", range(5))
def test_torchao(k, tmp_path):
    setting = torchao_settings()[k]
    plain = network_of(k)
    net = network_of(k)
    import torchao

    torchao.quantization.quantize_(net, setting)
    found = saved(net.state_dict())
    counted(found, plain)
    assert found.totals.bookkeeping > 0
    safetensors = pytest.importorskip("safetensors.torch")
    from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict

    state = {n: t.data if type(t) is nn.Parameter else t for n, t in net.state_dict().items()}
    tensors, metadata = flatten_tensor_state_dict(state)
    safetensors.save_file(tensors, tmp_path / "m.safetensors", metadata=metadata)
    flat = nparams.read(tmp_path / "m.safetensors")
    counted(flat, plain)
    assert flat.totals.bookkeeping == found.totals.bookkeeping


# -- others -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_bitsandbytes(seed, tmp_path):
    bnb = pytest.importorskip("bitsandbytes")
    safetensors = pytest.importorskip("safetensors.torch")
    rng = random.Random(seed)
    ins, out = rng.randint(3, 60), 2 * rng.randint(2, 30)
    plain = nn.Sequential(nn.Linear(ins, out, bias=seed % 2 == 0))
    if seed < 4:
        layer = bnb.nn.Linear4bit(ins, out, bias=seed % 2 == 0, quant_type=rng.choice(("nf4", "fp4")),
                                  compress_statistics=seed > 1)  # fmt: skip
    else:
        layer = bnb.nn.Linear8bitLt(ins, out, bias=seed % 2 == 0, has_fp16_weights=False)
    net = nn.Sequential(layer)
    net[0].load_state_dict(plain[0].state_dict())
    net = net.to("cpu")
    if getattr(net[0].weight, "bnb_quantized", True) is False:
        net[0].weight = net[0].weight._quantize("cpu")
    counted(saved(net.state_dict()), plain)
    safetensors.save_file({n: t.contiguous() for n, t in net.state_dict().items()}, tmp_path / "m.safetensors")
    counted(nparams.read(tmp_path / "m.safetensors"), plain)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("kind", ["qint8", "qint4", "qint2", "qfloat8"])
def test_quanto(kind, whole):
    quanto = pytest.importorskip("optimum.quanto")
    for seed in range(3):
        plain, net = network_of(seed), network_of(seed)
        quanto.quantize(net, weights=getattr(quanto, kind))
        quanto.freeze(net)
        counted(saved(net if whole else net.state_dict()), plain)


@pytest.mark.parametrize("bits", [8, 6, 5, 4, 3, 2, 1])
def test_hqq(bits):
    hqq = pytest.importorskip("hqq.core.quantize")
    plain = nn.Sequential(nn.Linear(64, 48))
    setting = hqq.BaseQuantizeConfig(nbits=bits, group_size=16)
    layer = hqq.HQQLinear(plain[0], setting, compute_dtype=torch.float32, device="cpu", del_orig=False)
    counted(saved(nn.Sequential(layer).state_dict()), plain)


@pytest.mark.parametrize("bits", range(1, 9))
def test_compressed_tensors(bits, tmp_path):
    library = pytest.importorskip("compressed_tensors")
    safetensors = pytest.importorskip("safetensors.torch")
    from compressed_tensors.compressors import BaseCompressor

    out, ins = 3 + 5 * bits, 70 - 3 * bits
    setting = library.quantization.QuantizationScheme(
        targets=["Linear"], weights=library.quantization.QuantizationArgs(num_bits=bits, strategy="channel")
    )
    packed = BaseCompressor.get_value_from_registry("pack-quantized").compress(
        {"weight": torch.randn(out, ins), "weight_scale": torch.rand(out, 1) + 0.1,
         "weight_zero_point": torch.zeros(out, 1, dtype=torch.int8)}, setting)  # fmt: skip
    safetensors.save_file({f"a.{n}": t.contiguous() for n, t in packed.items()}, tmp_path / "m.safetensors")
    found = nparams.read(tmp_path / "m.safetensors")
    assert (found.total, next(t.shape for t in found.tensors() if t.role == "weight")) == (out * ins, (out, ins))


@pytest.mark.parametrize("mode", ["affine", "mxfp4", "mxfp8"])
def test_mlx(mode, tmp_path):
    mlx = pytest.importorskip("mlx.nn")
    for bits, size in [(2, 64), (3, 32), (4, 64), (5, 32), (6, 128), (8, 32)] if mode == "affine" else [(0, 32)]:
        bits = bits or {"mxfp4": 4, "mxfp8": 8}[mode]
        layer = mlx.Sequential(mlx.Linear(2 * size, 37))
        mlx.quantize(layer, group_size=size, bits=bits, mode=mode)
        layer.save_weights(str(tmp_path / "model.safetensors"))
        told = {"quantization": {"group_size": size, "bits": bits, "mode": mode}}
        (tmp_path / "config.json").write_text(json.dumps(told))
        found = nparams.read(tmp_path / "model.safetensors")
        assert (found.total, found.biases) == (2 * size * 37 + 37, 37)
