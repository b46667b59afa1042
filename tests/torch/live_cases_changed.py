"""Live PyTorch models whose weights are computed, masked, adapted, routed, complex."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from tests.live import Case


class Symmetric(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.triu() + x.triu(1).transpose(-1, -2)


class Exploding(nn.Module):
    """A parametrization that must not be computed by whoever counts; it has a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.armed = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert not self.armed, "the parametrization was computed"
        return x


class RankOne(nn.Module):
    """A weight made of two tensors: right_inverse gives them."""

    def forward(self, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return torch.outer(u, v)

    def right_inverse(self, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return w[:, 0].clone(), w[0].clone()


def parametrized(layer: nn.Module, how: nn.Module, name: str = "weight") -> nn.Module:
    parametrize.register_parametrization(layer, name, how)
    return layer


def armed() -> nn.Module:
    how = Exploding()
    layer = parametrized(nn.Linear(4, 5), how)
    how.armed = True
    return layer


def both_parametrized() -> nn.Module:
    """Weight and bias of one layer, the weight through two steps."""
    layer = parametrized(parametrized(nn.Linear(6, 6), Symmetric()), nn.Identity())
    return parametrized(layer, nn.Identity(), "bias")


def pruned(layer: nn.Module, amount: int, name: str = "weight") -> nn.Module:
    prune.l1_unstructured(layer, name, amount=amount)
    return layer


def pruned_by_rows() -> nn.Module:
    layer = nn.Linear(8, 4)
    prune.ln_structured(layer, "weight", amount=1, n=2, dim=0)
    return layer


def pruned_globally() -> nn.Module:
    net = nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 3))
    prune.global_unstructured([(layer, "weight") for layer in net], prune.L1Unstructured, amount=11)
    return net


def pruned_recurrent() -> nn.Module:
    """An LSTM, which keeps lists of its weights beside them."""
    return pruned(nn.LSTM(3, 4), 5, "weight_hh_l0")


def pruned_for_good() -> nn.Module:
    """The mask is gone, and the zeros are in the weight: an ordinary layer."""
    layer = pruned(nn.Linear(8, 4), 16)
    prune.remove(layer, "weight")
    return layer


def pruned_twice() -> nn.Module:
    """A bias and a weight masked, and the weight a second time (the masks are combined)."""
    layer = pruned(pruned(nn.Linear(8, 4), 16), 2, "bias")
    prune.l1_unstructured(layer, "weight", amount=8)
    return layer


class LoRA(nn.Module):
    """As people write it by hand."""

    def __init__(self, base: nn.Linear, rank: int, magnitude: bool = False) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Parameter(torch.zeros(rank, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank))
        if magnitude:  # DoRA
            self.lora_magnitude_vector = nn.Parameter(torch.ones(base.out_features))


def with_lora(magnitude: bool = False) -> nn.Module:
    return nn.ModuleDict({"q_proj": LoRA(nn.Linear(16, 12), 4, magnitude), "head": nn.Linear(12, 3)})


class Expert(nn.Module):
    def __init__(self, d: int, f: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(d, f, bias=False), nn.Linear(f, d, bias=False)


class MoE(nn.Module):
    """Four experts of which a token uses two; a router that every token uses."""

    def __init__(self, shared: bool = False) -> None:
        super().__init__()
        self.num_experts, self.top_k = 4, 2
        self.gate = nn.Linear(8, 4, bias=False)
        self.experts = nn.ModuleList([Expert(8, 16) for _ in range(4)])
        if shared:
            self.shared_expert = Expert(8, 32)


class BareMoE(nn.Module):
    """Stacked for four experts, in its class's name alone."""

    def __init__(self) -> None:
        super().__init__()
        self.num_experts, self.top_k = 4, 1
        self.gate = nn.Linear(8, 4, bias=False)
        self.w1, self.w2 = nn.Parameter(torch.ones(4, 8, 16)), nn.Parameter(torch.ones(4, 16, 8))


class Unsaid(nn.Module):
    """Experts, and nothing that says how many a token uses."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(8, 4, bias=False)
        self.experts = nn.ModuleList([Expert(8, 16) for _ in range(4)])


class FusedExperts(nn.Module):
    """All experts in one array each, as transformers keeps them since 4.57 (models/mixtral/modeling_mixtral.py)."""

    def __init__(self) -> None:
        super().__init__()
        self.num_experts = 4
        self.gate_up_proj = nn.Parameter(torch.zeros(4, 2 * 16, 8))
        self.down_proj = nn.Parameter(torch.zeros(4, 8, 16))


class FusedMoE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.top_k, self.num_experts = 1, 4
        self.gate = nn.Linear(8, 4, bias=False)
        self.experts = FusedExperts()


class Complex(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3, dtype=torch.complex64)
        self.phase = nn.Parameter(torch.zeros(5))


class Masked(nn.Module):
    """A mask of one's own, that PyTorch knows nothing of: a buffer, and no pruning."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("mask", torch.ones(4, 4))


W = 8 * 4
CHANGED = (
    # the parameters are what is registered: a magnitude for each output, and the direction
    Case("weight_norm of old", lambda: nn.utils.weight_norm(nn.Linear(5, 6)), {"weights": 6 + 5 * 6, "biases": 6}),
    Case("weight_norm", lambda: parametrizations.weight_norm(nn.Conv1d(5, 6, 3)),
         {"weights": 6 + 5 * 6 * 3, "biases": 6}),
    Case("spectral_norm of old", lambda: nn.utils.spectral_norm(nn.Linear(5, 6)),
         {"weights": 5 * 6, "biases": 6, "buffers": 5 + 6, "bytes": 4 * (36 + 11)}),
    Case("spectral_norm", lambda: parametrizations.spectral_norm(nn.Linear(5, 6)),
         {"weights": 5 * 6, "biases": 6, "buffers": 5 + 6, "bytes": 4 * (36 + 11)}),
    # the base of the orthogonal matrix is kept as a buffer beside the parameter (torch/nn/utils/parametrizations.py)
    Case("orthogonal", lambda: parametrizations.orthogonal(nn.Linear(4, 4)),
         {"weights": 16, "biases": 4, "buffers": 16, "bytes": 4 * (20 + 16)}),
    Case("a parametrization of one's own", lambda: parametrized(nn.Linear(5, 5), Symmetric()),
         {"weights": 25, "biases": 5}),
    Case("a parametrization that would explode", armed, {"weights": 4 * 5 + 3, "biases": 5}),
    Case("weight and bias parametrized", both_parametrized, {"weights": 36, "biases": 6}),
    Case("one weight out of two tensors", lambda: parametrized(nn.Linear(7, 4), RankOne()),
         {"weights": 4 + 7, "biases": 4}),
    Case("half pruned", lambda: pruned(nn.Linear(8, 4), 16),
         {"weights": W, "biases": 4, "buffers": W, "bytes": 4 * (36 + 32), "also": {"nonzero": 16 + 4}},
         (("pruned", "mask"),)),
    Case("a row pruned", pruned_by_rows,
         {"weights": W, "biases": 4, "buffers": W, "bytes": 4 * (36 + 32), "also": {"nonzero": 24 + 4}}),
    Case("pruned over all layers", pruned_globally,
         {"weights": W + 12, "biases": 4 + 3, "buffers": W + 12, "bytes": 4 * (51 + 44),
          "also": {"nonzero": 44 - 11 + 7}}),
    Case("a pruned LSTM", pruned_recurrent,
         {"weights": 4 * 4 * (3 + 4), "biases": 2 * 4 * 4, "buffers": 4 * 4 * 4, "bytes": 4 * (112 + 32 + 64),
          "also": {"nonzero": 144 - 5}}),
    Case("an LSTM with weight_norm", lambda: nn.utils.weight_norm(nn.LSTM(3, 4), "weight_hh_l0"),
         {"weights": 4 * 4 * (3 + 4) + 4 * 4, "biases": 2 * 4 * 4}),
    Case("pruned for good", pruned_for_good, {"weights": W, "biases": 4}),
    Case("weight and bias pruned", pruned_twice,
         {"weights": W, "biases": 4, "buffers": W + 4, "bytes": 4 * (36 + 36), "also": {"nonzero": 8 + 2}}),
    Case("a mask of one's own", Masked, {"weights": 16, "biases": 4, "buffers": 16, "bytes": 4 * 36}),
    Case("LoRA by hand", with_lora,
         {"weights": 16 * 12 + 4 * 16 + 12 * 4 + 12 * 3, "biases": 12 + 3, "frozen": 16 * 12 + 12,
          "components": {"backbone": 16 * 12 + 12 + 36 + 3, "adapter": 4 * 16 + 12 * 4}}, ("LoRA",)),
    Case("DoRA by hand", lambda: with_lora(True),
         {"weights": 16 * 12 + 4 * 16 + 12 * 4 + 12 + 12 * 3, "biases": 12 + 3, "frozen": 16 * 12 + 12,
          "components": {"backbone": 16 * 12 + 12 + 36 + 3, "adapter": 4 * 16 + 12 * 4 + 12}}),
    Case("experts in a list", MoE, {"weights": 8 * 4 + 4 * 256, "active": 8 * 4 + 2 * 256}),
    Case("experts and a shared one", lambda: nn.Sequential(MoE(shared=True)),
         {"weights": 8 * 4 + 4 * 256 + 512, "active": 8 * 4 + 2 * 256 + 512}),
    # nothing says k: active is null, never a guess (DESIGN §3)
    Case("experts, k not said", Unsaid, {"weights": 8 * 4 + 4 * 256, "active": None}, ("expert",)),
    Case("fused experts", FusedMoE, {"weights": 8 * 4 + 4 * 2 * 16 * 8 + 4 * 8 * 16, "active": 32 + 256 + 128}),
    Case("experts in the name of a class", BareMoE, {"weights": 8 * 4 + 2 * 4 * 8 * 16, "active": None}, ("expert",)),
    Case("complex", Complex,
         {"weights": 12 + 5, "biases": 3, "dtypes": {"complex64": 15, "float32": 5}, "parameter_bytes": 8 * 15 + 4 * 5,
          "also": {"real": 2 * 15 + 5}}),
)  # fmt: skip
