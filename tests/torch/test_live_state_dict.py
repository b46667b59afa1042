"""State dicts and checkpoints in memory: the same answer as the file that torch.save writes of them."""

from __future__ import annotations

import collections
from collections.abc import Callable

import numpy
import pytest
import torch
from torch import nn

import nparams

#: PyTorch says so of torch.ao and of typed storages, which checkpoints still hold
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
ALL = ("total", "known", "unknown", "weights", "biases", "trainable", "frozen", "listed", "buffers", "bookkeeping",
       "other", "elements", "parameter_bytes", "bookkeeping_bytes", "bytes", "dtypes", "active")  # fmt: skip


def net() -> nn.Module:
    """12·5 + 5 and 5 + 5 parameters; 5 + 5 + 1 numbers of statistics; 5·3 + 3 parameters: 93."""
    return nn.Sequential(nn.Linear(12, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))


def trained() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 12)).sum().backward()
    optimizer.step()
    return model, optimizer


def checkpoint() -> object:
    model, optimizer = trained()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": torch.tensor(1.5)}


def lightning() -> object:
    model, optimizer = trained()
    return {
        "epoch": 1, "global_step": 10, "state_dict": model.state_dict(), "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [], "callbacks": {"best": torch.tensor(0.5)}, "hyper_parameters": {"width": 12},
    }  # fmt: skip


def tied() -> object:
    head = torch.ones(7, 4)
    return {"emb.weight": head, "head.weight": head, "proj.weight": head.t(), "bias": torch.ones(7)}


def averaged() -> object:
    model = net()
    return {"model": model.state_dict(), "model_ema": {k: v.clone() for k, v in model.state_dict().items()}}


def bitsandbytes() -> object:
    """What Linear4bit(64, 32) keeps (bitsandbytes/functional.py, `QuantState.as_dict(packed=True)`)."""
    state = b'{"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [32, 64]}'
    return {
        "fc.weight": torch.zeros(1024, 1, dtype=torch.uint8), "fc.weight.absmax": torch.ones(32),
        "fc.weight.quant_map": torch.ones(16),
        "fc.weight.quant_state.bitsandbytes__nf4": torch.tensor(list(state), dtype=torch.uint8),
    }  # fmt: skip


def gptq() -> object:
    return {
        "fc.qweight": torch.zeros(8, 32, dtype=torch.int32), "fc.qzeros": torch.zeros(4, 4, dtype=torch.int32),
        "fc.scales": torch.zeros(4, 32, dtype=torch.float16), "fc.g_idx": torch.zeros(64, dtype=torch.int32),
        "fc.bias": torch.zeros(32, dtype=torch.float16),
    }  # fmt: skip


def quantised() -> object:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quant, self.conv, self.line = torch.ao.quantization.QuantStub(), nn.Conv2d(3, 6, 3), nn.Linear(6, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.line(self.conv(self.quant(x)).mean((2, 3)))

    model = Small().eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig(torch.backends.quantized.engine)
    torch.ao.quantization.prepare(model, inplace=True)
    model(torch.ones(1, 3, 8, 8))
    return torch.ao.quantization.convert(model, inplace=True).state_dict()


def torchao(setting: str, **options: object) -> object:
    import torchao.quantization as library

    model = nn.Sequential(nn.Linear(64, 32))
    library.quantize_(model, getattr(library, setting)(**options))
    return model.state_dict()


def whole() -> object:
    model, optimizer = trained()
    return {"net": model, "optimizer": optimizer.state_dict()}


# what it shows | the object | what is expected of it, by hand
CASES: list[tuple[str, Callable[[], object], dict[str, object]]] = [
    ("plain", lambda: net().state_dict(), {"total": 93, "biases": 5 + 5 + 3, "buffers": 11, "trainable": None}),
    # Adam keeps two numbers for each parameter, and a step for each of the 6 tensors; the loss is another
    ("a checkpoint", checkpoint, {"total": 93, "buffers": 11, "other": 2 * 93 + 6 + 1}),
    ("Lightning", lightning, {"total": 93, "buffers": 11, "other": 2 * 93 + 6 + 1}),
    ("a tie and its transpose", tied, {"total": 28 + 7, "listed": 3 * 28 + 7, "biases": 7}),
    ("an averaged copy", averaged, {"total": 93, "buffers": 11, "other": 93 + 11}),
    ("named parameters", lambda: dict(net().named_parameters()), {"total": 93, "trainable": 93, "frozen": 0}),
    ("parts side by side", lambda: {"encoder": net().state_dict(), "decoder": net().state_dict()}, {"total": 2 * 93}),
    ("bitsandbytes", bitsandbytes, {"total": 2048, "dtypes": {"nf4": 2048}, "parameter_bytes": 1024}),
    ("GPTQ", gptq, {"total": 2048 + 32, "dtypes": {"int4": 2048, "float16": 32}, "bookkeeping": 16 + 128 + 64}),
    # a scale and a zero point for each of 6 and 5 channels; those of the two layers and of the input for a whole tensor
    ("torch.ao", quantised, {"total": 162 + 6 + 30 + 5, "bookkeeping": 2 * 11 + 6}),
    ("torchao int4", lambda: torchao("IntxWeightOnlyConfig", weight_dtype=torch.int4),
     {"total": 2048 + 32, "dtypes": {"int4": 2048, "float32": 32}, "bookkeeping": 64}),
    ("torchao float8", lambda: torchao("Float8WeightOnlyConfig"),
     {"total": 2048 + 32, "dtypes": {"float8_e4m3fn": 2048, "float32": 32}, "bookkeeping": 32}),
    ("a whole module", whole, {"total": 93, "trainable": 93, "buffers": 11, "other": 2 * 93 + 6}),
    ("expanded", lambda: {"w": torch.ones(3, 1).expand(3, 50), "b": torch.ones(4)},
     {"total": 150 + 4, "elements": 3 + 4}),
    ("a part of another", lambda: (lambda w: {"w": w, "part": w[2:]})(torch.ones(5, 4)), {"total": 20 + 12}),
    ("numpy beside it", lambda: {"w": torch.ones(3, 2), "stats": numpy.ones(7)}, {"total": 6, "other": 7}),
    ("in the way of DDP", lambda: collections.OrderedDict((f"module.{k}", v) for k, v in net().state_dict().items()),
     {"total": 93, "buffers": 11}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_checkpoint_in_memory(make, expected, tmp_path) -> None:
    held = make()
    live = nparams.read(held)
    assert {key: getattr(live.totals, key) for key in expected} == expected
    torch.save(held, tmp_path / "file.pt")
    file = nparams.read(tmp_path / "file.pt")
    assert {key: getattr(live.totals, key) for key in ALL} == {key: getattr(file.totals, key) for key in ALL}
    assert [(t.name, t.shape, t.role, t.tied_to) for t in live.tensors()] == [
        (t.name, t.shape, t.role, t.tied_to) for t in file.tensors()
    ]
    assert live.also == file.also
    assert live.form == "torch"


def test_numbers_are_not_changed() -> None:
    held = checkpoint()
    before = {k: v.clone() for k, v in held["model"].items()}
    keys = list(held)
    nparams.read(held)
    assert list(held) == keys
    assert all(torch.equal(v, before[k]) for k, v in held["model"].items())


def test_a_dictionary_without_tensors_is_not_claimed() -> None:
    with pytest.raises(nparams.errors.NparamsError, match="cannot count an object of type dict"):
        nparams.read({"a": 1, "b": [2, 3]})
