"""Live PyTorch models of ordinary parts, put together in ways that other counters stumble over.

Every expectation is arithmetic in the numbers of the constructor, never a sum over the model.
"""

from __future__ import annotations

import torch
from torch import nn

from tests.live import Case


def bn(c: int) -> dict[str, int]:
    """A batch normalisation of c channels: scale and offset, two statistics, a counter of 8 bytes (DESIGN §2)."""
    return {"weights": c, "biases": c, "buffers": 2 * c + 1, "bytes": 4 * 2 * c + 4 * 2 * c + 8}


class Bare(nn.Module):
    """Parameters of the root's own, without a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3, 5))
        self.bias = nn.Parameter(torch.zeros(5))


class Lists(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.list = nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4))])
        self.dict = nn.ParameterDict({"w": nn.Parameter(torch.zeros(5, 6)), "bias": nn.Parameter(torch.zeros(6))})


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(3, 4), nn.Linear(10, 11)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x)


class Twice(nn.Module):
    """One layer, called twice: one name."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(self.layer(x))


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 1))

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return self.body(a) - self.body(b)


class OddNames(nn.Module):
    """Names that PyTorch allows: no word of a role, spaces, letters that are not Latin, a bias called so."""

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("my weight", nn.Parameter(torch.zeros(2, 2)))
        self.register_parameter("größe", nn.Parameter(torch.zeros(3)))
        self.register_parameter("running_mean", nn.Parameter(torch.zeros(4)))
        self.add_module("schicht ä/1", nn.Linear(5, 6))
        self.add_module("[b]", nn.Linear(6, 7, bias=False))


class OnlyNone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("weight", None)
        self.register_buffer("cache", None)
        self.layer = None
        self.add_module("absent", None)
        self.kept = nn.Linear(2, 3)


class Scalars(nn.Module):
    """A number without dimensions, one of none at all, a counter without dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(1.0))
        self.nothing = nn.Parameter(torch.zeros(0, 7))
        self.register_buffer("steps", torch.tensor(0))


class Integers(nn.Module):
    """Parameters of integers: registered as parameters, never trained (DESIGN §2, role 3: trained or frozen)."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(3, 4, dtype=torch.int64), requires_grad=False)
        self.flags = nn.Parameter(torch.zeros(5, dtype=torch.bool), requires_grad=False)


class Buffers(nn.Module):
    """Kept and not kept with the model: all of them are buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("mask", torch.ones(4, 4, dtype=torch.bool))
        self.register_buffer("position_ids", torch.arange(10), persistent=False)
        self.weight_like = nn.Buffer(torch.zeros(2, 2))
        self.cache = torch.zeros(100)  # an attribute: not kept with the model


class Mixed(nn.Module):
    """Bare parameters of several number types, which a summary by layers forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.zeros(10, dtype=torch.float64))
        self.q = nn.Parameter(torch.zeros(3, 3, dtype=torch.bfloat16))
        self.r = nn.Parameter(torch.zeros(7, dtype=torch.float8_e4m3fn), requires_grad=False)
        self.s = nn.Parameter(torch.zeros(5, dtype=torch.float16))
        self.fc = nn.Linear(4, 5)


def deep(depth: int) -> nn.Module:
    held: nn.Module = nn.Linear(2, 2)
    for _ in range(depth):
        held = nn.Sequential(held)
    return held


def frozen_backbone() -> nn.Module:
    net = nn.Sequential(nn.Linear(8, 9), nn.Linear(9, 10))
    net[0].requires_grad_(False)
    return net


def frozen_biases() -> nn.Module:
    net = nn.Sequential(nn.Linear(8, 9), nn.Linear(9, 10))
    for layer in net:
        layer.bias.requires_grad_(False)
    return net


def in_eval() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.BatchNorm1d(4)).eval()
    net[0].train()  # modes of modules need not agree
    return net


def with_grads() -> nn.Module:
    net = nn.Linear(3, 4)
    net(torch.ones(2, 3)).sum().backward()
    return net


def with_hooks() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5))
    for layer in (net, *net):
        layer.register_forward_hook(explode)
        layer.register_forward_pre_hook(explode)
        layer.register_full_backward_hook(explode)
        layer.register_state_dict_pre_hook(explode)
        layer._register_state_dict_hook(explode)
    return net


def explode(*args: object) -> None:
    raise AssertionError("the model's own code was run")


def nested() -> nn.Module:
    return nn.ModuleDict({
        "enc": nn.ModuleList([nn.Sequential(nn.Linear(4, 8), nn.GELU()), nn.ModuleDict({"x": nn.Linear(8, 2)})]),
        "empty": nn.ModuleList(), "none": nn.Sequential(), "act": nn.Identity(),
        "prelu": nn.PReLU(3),
    })  # fmt: skip


def many() -> nn.Module:
    return nn.ModuleList([nn.Linear(4, 4) for _ in range(5_000)])


H, E = 12, 2  # width and heads of the attention below
ENCODER = {"weights": 3 * H * H + H * H + H * 32 + 32 * H + 2 * H, "biases": 3 * H + H + 32 + H + 2 * H}

PLAIN = (
    Case("Linear", lambda: nn.Linear(784, 10), {"weights": 784 * 10, "biases": 10}),
    Case("Linear without bias", lambda: nn.Linear(7, 5, bias=False), {"weights": 7 * 5}),
    Case("no parameters", nn.ReLU, {}),
    Case("an empty Sequential", nn.Sequential, {}),
    Case("the digit network", lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.Sigmoid(), nn.Linear(16, 16),
                                                    nn.Sigmoid(), nn.Linear(16, 10)),
         {"weights": 784 * 16 + 16 * 16 + 16 * 10, "biases": 16 + 16 + 10}),
    Case("convolutions", lambda: nn.Sequential(nn.Conv2d(3, 8, 5), nn.Conv2d(8, 16, 3, groups=4, bias=False),
                                               nn.ConvTranspose2d(16, 4, 2, groups=2), nn.Conv1d(4, 4, 3, groups=4)),
         {"weights": 3 * 8 * 25 + 8 * 16 // 4 * 9 + 16 * 4 // 2 * 4 + 4 * 3, "biases": 8 + 4 + 4}),
    Case("BatchNorm", lambda: nn.BatchNorm2d(11), bn(11)),
    Case("BatchNorm without statistics", lambda: nn.BatchNorm2d(11, track_running_stats=False),
         {"weights": 11, "biases": 11}),
    Case("BatchNorm without scale", lambda: nn.BatchNorm2d(11, affine=False), {"buffers": 23, "bytes": 22 * 4 + 8}),
    Case("norms", lambda: nn.Sequential(nn.LayerNorm((3, 4)), nn.GroupNorm(2, 6), nn.RMSNorm(5),
                                        nn.LayerNorm(7, bias=False)),
         {"weights": 3 * 4 + 6 + 5 + 7, "biases": 3 * 4 + 6}),
    Case("Embedding", lambda: nn.Embedding(100, 16, padding_idx=0),
         {"weights": 100 * 16, "embedding": 1600, "non_embedding": 0}),
    Case("EmbeddingBag", lambda: nn.Sequential(nn.EmbeddingBag(10, 12), nn.Linear(12, 2)),
         {"weights": 10 * 12 + 12 * 2, "biases": 2, "embedding": 120}),
    Case("LSTM", lambda: nn.LSTM(5, 7, num_layers=2, bidirectional=True),
         {"weights": 2 * 4 * (7 * 5 + 7 * 7) + 2 * 4 * (7 * 14 + 7 * 7), "biases": 2 * 2 * 2 * 4 * 7}),
    Case("LSTM with projections", lambda: nn.LSTM(5, 7, proj_size=3),
         {"weights": 4 * 7 * 5 + 4 * 7 * 3 + 3 * 7, "biases": 2 * 4 * 7}),
    Case("GRU without biases", lambda: nn.GRU(5, 7, bias=False), {"weights": 3 * (7 * 5 + 7 * 7)}),
    Case("recurrent cells", lambda: nn.ModuleList([nn.LSTMCell(3, 4), nn.GRUCell(3, 4), nn.RNNCell(3, 4)]),
         {"weights": (4 + 3 + 1) * (3 * 4 + 4 * 4), "biases": (4 + 3 + 1) * 2 * 4}),
    Case("attention", lambda: nn.MultiheadAttention(16, 4), {"weights": 3 * 16 * 16 + 16 * 16, "biases": 3 * 16 + 16}),
    Case("attention of other keys and values", lambda: nn.MultiheadAttention(16, 4, kdim=8, vdim=6),
         {"weights": 16 * 16 + 16 * 8 + 16 * 6 + 16 * 16, "biases": 3 * 16 + 16}),
    # bias_k and bias_v are appended to keys and values, not added; their names say bias, and bias they are
    Case("attention with bias_k and bias_v", lambda: nn.MultiheadAttention(16, 4, add_bias_kv=True),
         {"weights": 4 * 16 * 16, "biases": 4 * 16 + 2 * 16}),
    Case("attention without biases", lambda: nn.MultiheadAttention(16, 4, bias=False), {"weights": 4 * 16 * 16}),
    Case("TransformerEncoderLayer", lambda: nn.TransformerEncoderLayer(H, E, 32), ENCODER),
    Case("TransformerEncoder of three",
         lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(H, E, 32), 3, enable_nested_tensor=False),
         {role: 3 * n for role, n in ENCODER.items()}),
    Case("Transformer", lambda: nn.Transformer(H, E, 1, 1, 32),
         {"weights": 12 * H * H + 2 * 2 * H * 32 + (2 + 3 + 2) * H,
          "biases": 3 * 4 * H + 2 * (32 + H) + (2 + 3 + 2) * H}),
    Case("Bilinear", lambda: nn.Bilinear(3, 4, 5), {"weights": 3 * 4 * 5, "biases": 5}),
    Case("bare parameters", Bare, {"weights": 3 * 5, "biases": 5}),
    # entries of a ParameterList have numbers for names: no word says bias, so they are weights (DESIGN §2, role 3)
    Case("ParameterList and ParameterDict", Lists, {"weights": 2 * 3 + 4 + 5 * 6, "biases": 6}),
    Case("a layer that forward does not use", Unused, {"weights": 3 * 4 + 10 * 11, "biases": 4 + 11}),
    Case("a layer called twice", Twice, {"weights": 6 * 6, "biases": 6}),
    Case("siamese", Siamese, {"weights": 10 * 20 + 20 * 1, "biases": 20 + 1}),
    Case("odd names", OddNames, {"weights": 2 * 2 + 3 + 4 + 5 * 6 + 6 * 7, "biases": 6}),
    Case("None in every place", OnlyNone, {"weights": 2 * 3, "biases": 3}),
    Case("scalars and empty tensors", Scalars, {"weights": 1 + 0 * 7, "buffers": 1, "bytes": 4 + 8}),
    Case("parameters of integers", Integers,
         {"weights": 3 * 4 + 5, "frozen": 17, "dtypes": {"int64": 12, "bool": 5}}),
    Case("buffers kept and not kept", Buffers,
         {"weights": 4 * 4, "biases": 4, "buffers": 16 + 10 + 4, "bytes": 4 * 20 + 16 * 1 + 10 * 8 + 4 * 4}),
    Case("mixed number types", Mixed,
         {"weights": 10 + 3 * 3 + 7 + 5 + 4 * 5, "biases": 5, "frozen": 7, "trainable": 49,
          "dtypes": {"float32": 25, "float64": 10, "bfloat16": 9, "float8_e4m3fn": 7, "float16": 5},
          "parameter_bytes": 25 * 4 + 10 * 8 + 9 * 2 + 7 + 5 * 2}),
    Case("half precision", lambda: nn.Linear(3, 4).bfloat16(),
         {"weights": 12, "biases": 4, "dtypes": {"bfloat16": 16}, "bits_per_parameter": 16}),
    Case("depth 300", lambda: deep(300), {"weights": 2 * 2, "biases": 2}),
    Case("10,000 tensors", many, {"weights": 5_000 * 4 * 4, "biases": 5_000 * 4}),
    Case("a frozen backbone", frozen_backbone,
         {"weights": 8 * 9 + 9 * 10, "biases": 9 + 10, "frozen": 8 * 9 + 9, "trainable": 9 * 10 + 10}),
    Case("frozen biases", frozen_biases, {"weights": 8 * 9 + 9 * 10, "biases": 19, "frozen": 19}),
    Case("modes that do not agree", in_eval, {**bn(4), "weights": 3 * 4 + 4, "biases": 4 + 4,
                                              "bytes": 4 * (12 + 4 + 8) + 4 * 8 + 8}),
    Case("gradients at hand", with_grads, {"weights": 12, "biases": 4}),
    Case("hooks that would explode", with_hooks, {"weights": 12 + 20, "biases": 4 + 5}),
    Case("nested containers", nested, {"weights": 4 * 8 + 8 * 2 + 3, "biases": 8 + 2}),
)  # fmt: skip
