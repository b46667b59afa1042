"""The rows of live PyTorch models: those of the code that made them, and what only the object tells."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

import nparams
from tests.torch import networks_torch
from tests.torch.test_torch_random import ALL, model_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.network.rows import Row


def told(row: Row) -> tuple[Any, ...]:
    """Everything that a table or an explanation shows of a row."""
    sizes = str(row.copies), str(row.formula), str(row.numbers), str(row.takes), str(row.out)
    counts = row.weights, row.biases, row.total, sorted(row.apart.items())
    return row.name, row.kind, sizes, counts, row.notes, str(row.module.why)


def rows(network: nparams.Network) -> list[tuple[Any, ...]]:
    """Sorted: torch names a module's parameters before its buffers, code in the order in which it makes them."""
    return sorted(map(told, network.layers), key=str)


@pytest.mark.parametrize("place", range(len(ALL)))
def test_code_and_model_give_the_same_rows(place: int) -> None:
    live, read = nparams.read(model_of(ALL[place])), nparams.read(ALL[place].text)
    assert rows(live) == rows(read), ALL[place].text
    assert (live.total, live.weights, live.biases) == (read.total, read.weights, read.biases)


WHOLE = {"Unet": networks_torch.Unet, "Classifier": networks_torch.Classifier, "Gpt": networks_torch.Gpt}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_networks_give_the_same_rows(name: str) -> None:
    read = nparams.read(Path(networks_torch.__file__).read_text("utf-8"), which=name)
    assert rows(nparams.read(WHOLE[name]())) == rows(read)


# -- rows that are written out here -----------------------------------------------------------------------------------


class Wider(nn.Linear):
    """A Linear with a gain for every neuron."""

    def __init__(self) -> None:
        super().__init__(3, 4)
        self.gain = nn.Parameter(torch.ones(4))


class OwnRMSNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(6))


class RmsNorm2d(OwnRMSNorm):
    """As timm spells it, for images."""


class LayerNorm2d(OwnRMSNorm):
    """Of Segment Anything: not torch.nn's."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(6))


class T5LayerNorm(OwnRMSNorm):
    """Called a LayerNorm; shifts nothing."""


class Conv1D(nn.Module):
    """Of GPT-2: a dense layer under another name, its weight turned around."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(3, 4)), nn.Parameter(torch.ones(4))


class ColumnParallelLinear(Conv1D):
    """Named as a Linear: its weight has the outputs first."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 3))


class TurnedLinear(Conv1D):
    """Named as a Linear; its bias says that the outputs come last."""


class Table(nn.Module):
    """Arrays beside a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.ones(1, 5))
        self.register_buffer("mask", torch.ones(7))
        self.fc = nn.Linear(5, 2)


class Mixed(nn.Module):
    """A class of arrays only, under its own name."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.table = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(2, 3))


class Double(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


class Basis(nn.Module):
    """A parametrization with a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Parameter(torch.ones(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.turn @ x


class Act(nn.Module):
    """Without parameters."""


def shared() -> nn.Module:
    block = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    return nn.Sequential(block, nn.Linear(1, 2), block)


def tied() -> nn.Module:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 9))
    model[1].weight = model[0].weight
    return model


def cut() -> nn.Module:
    """Pruned as people do it by hand: the array is smaller than the attribute says."""
    layer = nn.Linear(8, 4)
    layer.weight = nn.Parameter(torch.ones(2, 8))
    layer.bias = nn.Parameter(torch.ones(2))
    return nn.Sequential(layer)


def normed(layer: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(nn.utils.weight_norm(layer))


def masked() -> nn.Module:
    return nn.Sequential(prune.l1_unstructured(nn.Conv2d(3, 4, 2), "weight", 0.5))  # type: ignore[no-untyped-call]


def registered(parametrization: nn.Module) -> nn.Module:
    layer = nn.Linear(3, 4)
    parametrize.register_parametrization(layer, "weight", parametrization)
    return nn.Sequential(layer)


DENSE = "n_in*n_out + n_out"
LSTM = "4*(h*(n + h) + 2*h)"
#: name -> (model, rows: name, kind, formula, numbers, weights, biases)
CASES: dict[str, tuple[Callable[[], nn.Module], list[tuple[str, str | None, str | None, str | None, int, int]]]] = {
    "a Linear with more": (
        lambda: nn.Sequential(Wider()),
        [("0", "Dense", None, "3*4 + 4 + 4", 3 * 4 + 4, 4)],
    ),
    "a norm of a library": (
        lambda: nn.Sequential(OwnRMSNorm(), T5LayerNorm()),
        [("0", "RMSNorm", "c", "6", 6, 0), ("1", "T5LayerNorm", None, "6", 6, 0)],
    ),
    "norms by other spellings": (
        lambda: nn.Sequential(RmsNorm2d(), LayerNorm2d()),
        [("0", "RMSNorm", "c", "6", 6, 0), ("1", "LayerNorm", "2*c", "2*6", 6, 6)],
    ),
    "named as a Linear": (
        lambda: nn.Sequential(ColumnParallelLinear(), Conv1D(), TurnedLinear()),
        [
            ("0", "Dense", DENSE, "3*4 + 4", 12, 4),
            ("1", "Conv1D", None, "4*3 + 4", 12, 4),
            ("2", "TurnedLinear", None, "4*3 + 4", 12, 4),
        ],
    ),
    "arrays beside a layer": (
        lambda: nn.Sequential(Table(), Mixed()),
        [
            ("0.token", "Parameter", None, "5*1", 5, 0),
            ("0.mask", "Buffer", None, None, 0, 0),
            ("0.fc", "Dense", DENSE, "5*2 + 2", 10, 2),
            ("1", "Mixed", None, "1 + 3*2", 7, 0),
        ],
    ),
    "arrays of the model itself": (
        Mixed,
        [("scale", "Parameter", None, "1", 1, 0), ("table", "Parameter", None, "3*2", 6, 0)],
    ),
    "nothing to learn": (
        lambda: nn.Sequential(Act(), nn.ReLU(), nn.BatchNorm1d(3, affine=False)),
        [("0", "Act", None, None, 0, 0), ("1", "Activation", None, None, 0, 0), ("2", "BatchNorm", None, None, 0, 0)],
    ),
    "a layer alone": (lambda: nn.Linear(3, 4), [("linear", "Dense", DENSE, "3*4 + 4", 12, 4)]),
    "an LSTM alone": (
        lambda: nn.LSTM(3, 4, 2),
        [
            ("l0", "LSTM", LSTM, "4*(4*(3 + 4) + 2*4)", 4 * 4 * 7, 32),
            ("l1", "LSTM", LSTM, "4*(4*(4 + 4) + 2*4)", 4 * 4 * 8, 32),
        ],
    ),
    "an LSTM with a projection": (
        lambda: nn.Sequential(nn.LSTM(3, 4, proj_size=2, bias=False)),
        [("0", "LSTM", "4*h*n + 4*h*p + p*h", "4*4*3 + 4*4*2 + 2*4", 4 * 4 * 5 + 2 * 4, 0)],
    ),
    "a normed weight": (
        lambda: normed(nn.Linear(3, 4)),
        [("0", "Dense", None, "1*4 + 3*4 + 4", 4 + 12, 4)],
    ),
    "a normed weight, parametrized": (
        lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 4))),
        [("0", "Dense", None, "1*4 + 3*4 + 4", 4 + 12, 4)],
    ),
    "a spectral norm": (
        lambda: nn.Sequential(parametrizations.spectral_norm(nn.Linear(3, 4))),
        [("0", "Dense", DENSE, "3*4 + 4", 12, 4)],
    ),
    "a parametrization": (lambda: registered(Double()), [("0", "Dense", DENSE, "3*4 + 4", 12, 4)]),
    "a parametrization that learns": (
        lambda: registered(Basis()),
        [("0", "Dense", None, "3*4 + 4*4 + 4", 12 + 16, 4)],
    ),
    "pruned by masks": (masked, [("0", "Conv", "k_h*k_w*c_in*c_out + c_out", "2*2*3*4 + 4", 48, 4)]),
    "pruned by hand": (cut, [("0", "Dense", DENSE, "8*2 + 2", 16, 2)]),
    "an encoder": (
        lambda: nn.Sequential(nn.TransformerEncoderLayer(4, 2, 8)),
        [
            ("0.self_attn", "Attention", "4*d**2 + 4*d", "4*4**2 + 4*4", 64, 16),
            ("0.linear1", "Dense", DENSE, "4*8 + 8", 32, 8),
            ("0.dropout", "Dropout", None, None, 0, 0),
            ("0.linear2", "Dense", DENSE, "8*4 + 4", 32, 4),
            ("0.norm1-2", "LayerNorm", "2*c", "2*4", 8, 8),
            ("0.dropout1-2", "Dropout", None, None, 0, 0),
        ],
    ),
    "an adaptive softmax": (
        lambda: nn.Sequential(nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3])),
        [
            ("0.head", "Dense", "n_in*n_out", "8*4", 32, 0),
            ("0.tail.0.0", "Dense", "n_in*n_out", "8*2", 16, 0),
            ("0.tail.0.1", "Dense", "n_in*n_out", "2*7", 14, 0),
        ],
    ),
    "a shared block": (
        shared,
        [
            ("0.0", "Dense", DENSE, "2*2 + 2", 4, 2),
            ("0.1", "Dense", DENSE, "2*1 + 1", 2, 1),
            ("1", "Dense", DENSE, "1*2 + 2", 2, 2),
            ("2", None, None, None, 0, 0),
        ],
    ),
    "a tied head": (
        tied,
        [("0", "Embedding", "V*d", "9*4", 36, 0), ("1", "Dense", None, "9", 0, 9)],
    ),
    "lists": (
        lambda: nn.ModuleList([nn.ParameterList([nn.Parameter(torch.ones(2)) for _ in range(3)]), nn.ModuleDict()]),
        [("0.0-2", "Parameter", None, "2", 6, 0)],
    ),
    "experts": (
        lambda: nn.ModuleDict({"experts": nn.ModuleList([nn.Linear(3, 4) for _ in range(5)])}),
        [("experts.0-4", "Dense", DENSE, "3*4 + 4", 60, 20)],
    ),
}  # fmt: skip


def text(size: object) -> str | None:
    return None if size is None else str(size)


@pytest.mark.parametrize("name", CASES)
def test_rows(name: str) -> None:
    make, expected = CASES[name]
    network = nparams.read(make())
    found = [
        (row.name, row.kind, text(row.formula), text(row.numbers), row.weights, row.biases) for row in network.layers
    ]
    assert found == expected
    assert network.total == sum(weights + biases for *_, weights, biases in expected)


def test_what_is_not_created_yet() -> None:
    network = nparams.read(nn.Sequential(nn.LazyConv2d(3, 5), nn.Linear(3, 1)))
    lazy, dense = network.layers
    assert (lazy.kind, lazy.unknown, lazy.formula) == ("Conv", 2, None)
    assert (dense.total, network.total) == (4, None)
    assert "first called" in network.explain()


SCRIPTED = (
    lambda: nn.Sequential(nn.Conv2d(3, 6, 2, groups=3), nn.ReLU(), nn.GroupNorm(2, 6), nn.BatchNorm2d(6)),
    lambda: nn.LSTM(3, 4, 2),
    lambda: nn.MultiheadAttention(4, 2),
)


@pytest.mark.parametrize("make", SCRIPTED)
def test_a_scripted_model(make: Callable[[], nn.Module]) -> None:
    plain = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(plain)
    held = [told(row) for row in nparams.read(scripted).layers]
    assert held == [told(row) for row in nparams.read(plain).layers]


def test_quantised_layers_are_the_layers_that_they_were() -> None:
    """With the helpers that torch.ao puts into them; sizes as they are unpacked."""
    plain = nn.Sequential(nn.Linear(30, 40), nn.LSTM(30, 40, 2), nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed = torch.ao.quantization.quantize_dynamic(plain)
    shown = [(row.name, row.kind, str(row.formula), str(row.numbers), row.total) for row in nparams.read(packed).layers]
    assert shown == [(r.name, r.kind, str(r.formula), str(r.numbers), r.total) for r in nparams.read(plain).layers]


def test_depth_and_width() -> None:
    """300 modules inside modules, and 2,000 beside each other."""
    deep: nn.Module = nn.Linear(1, 1)
    for _ in range(300):
        deep = nn.Sequential(deep)
    row = nparams.read(deep).layers[-1]
    assert (row.name, row.total) == (".".join("0" * 300), 2)
    wide = nparams.read(nn.ModuleList([nn.Linear(2, 3) for _ in range(2_000)]))
    assert [(row.name, row.total) for row in wide.layers] == [("0-1999", 2_000 * 9)]
