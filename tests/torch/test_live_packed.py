"""Packed weights of live PyTorch models beyond the usual ones (tests/torch/live_cases_packed.py has those), and what is
recognised and not understood: no number rather than a wrong one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import nparams

pytestmark = pytest.mark.filterwarnings("ignore")
ao = torch.ao.quantization
I, O = 64, 32


def with_weight(weight: torch.Tensor) -> nn.Module:
    line = nn.Linear(I, O)
    line.weight = nn.Parameter(weight, requires_grad=False)
    return nn.Sequential(line)


def mx(kind: object) -> nn.Module:
    from torchao.prototype.mx_formats.mx_tensor import MXTensor

    return with_weight(MXTensor.to_mx(torch.ones(O, I, dtype=torch.bfloat16), kind))


def nvfp4() -> nn.Module:
    from torchao.prototype.mx_formats.nvfp4_tensor import NVFP4Tensor

    return with_weight(NVFP4Tensor.to_nvfp4(torch.ones(O, I, dtype=torch.bfloat16)))


def nf4() -> nn.Module:
    from torchao.quantization.quantize_.workflows.nf4.nf4_tensor import to_nf4

    return with_weight(to_nf4(torch.ones(O, I, dtype=torch.bfloat16), 32, 16))


def int4_packed() -> nn.Module:
    """Two to a byte, as the kernels of GPUs have it (torchao's Int4Tensor: qdata (out, in/2), scales by group)."""
    from torchao.quantization.quantize_.workflows.int4.int4_tensor import Int4Tensor

    made = Int4Tensor(torch.zeros(O, I // 2, dtype=torch.int8), torch.ones(2, O), torch.ones(2, O), [1, 32],
                      torch.Size((O, I)), None)  # fmt: skip
    return with_weight(made)


def dynamic(layer: nn.Module, dtype: torch.dtype) -> nn.Module:
    return ao.quantize_dynamic(nn.Sequential(layer), {type(layer)}, dtype)


def table(width: int) -> nn.Module:
    bag = nn.EmbeddingBag(10, width)
    bag.qconfig = ao.float_qparams_weight_only_qconfig_4bit
    net = nn.Sequential(bag)
    ao.prepare(net, inplace=True)
    return ao.convert(net, inplace=True)


class Functional(nn.Module):
    """A weight that is used by a function, which the graph keeps packed as an attribute of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.weight = nn.Conv2d(2, 4, 3, bias=False), nn.Parameter(torch.ones(5, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(self.conv(x).flatten(1), self.weight)


def graph() -> nn.Module:
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    example = torch.ones(1, 2, 4, 4)
    net = prepare_fx(Functional().eval(), ao.get_default_qconfig_mapping("qnnpack"), (example,))
    net(example)
    return convert_fx(net)


class HQQLinear(nn.Module):
    """What mobiusml/hqq keeps of a layer (hqq/core/quantize.py): `meta` is a plain dictionary."""

    def __init__(self, bits: int, packed: torch.Tensor) -> None:
        super().__init__()
        self.W_q = nn.Parameter(packed, requires_grad=False)
        self.meta = {"nbits": bits, "shape": torch.Size((O, I)), "scale": torch.ones(32, 1), "zero": torch.ones(32, 1)}
        self.__dict__["bias"] = torch.ones(O)


class Foreign(nn.Module):
    """A layer that says its sides, and packs its weight in a way of its own."""

    def __init__(self, packed: torch.Tensor) -> None:
        super().__init__()
        self.in_features, self.out_features = I, O
        self.register_buffer("weight", packed)
        self.register_buffer("scales", torch.ones(O))


class Shaped(nn.Module):
    """compressed-tensors: the shape is two numbers that lie beside the packed weight."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.weight_packed = nn.Parameter(torch.zeros(O, I // 8, dtype=torch.int32, device=device), requires_grad=False)
        self.weight_scale = nn.Parameter(torch.ones(O, 2, device=device), requires_grad=False)
        self.weight_shape = nn.Parameter(torch.tensor([O, I], device=device), requires_grad=False)


class Fp8(nn.Linear):
    """transformers' finegrained FP8: one scale for each block of the weight (src/transformers/integrations)."""

    def __init__(self) -> None:
        super().__init__(I, O)
        self.weight = nn.Parameter(torch.zeros(O, I).to(torch.float8_e4m3fn), requires_grad=False)
        self.weight_scale_inv = nn.Parameter(torch.ones(2, 4), requires_grad=False)


W, UINT8 = I * O, torch.uint8
FOUR = {"float4_e2m1fn": W, "float32": O}
# what it shows | the model | what is expected, by hand
CASES: list[tuple[str, Callable[[], nn.Module], dict[str, object]]] = [
    ("MXFP8", lambda: mx(torch.float8_e4m3fn),
     {"total": W + O, "dtypes": {"float8_e4m3fn": W, "float32": O}, "bookkeeping": W // 32,
      "parameter_bytes": W + 4 * O}),
    ("MXFP4", lambda: mx(torch.float4_e2m1fn_x2),
     {"total": W + O, "dtypes": FOUR, "bookkeeping": W // 32, "parameter_bytes": W // 2 + 4 * O}),
    # six bits, kept in a byte each
    ("MXFP6", lambda: mx("fp6_e2m3"),
     {"total": W + O, "dtypes": {"float6_e2m3fn": W, "float32": O}, "parameter_bytes": W + 4 * O}),
    ("NVFP4", nvfp4, {"total": W + O, "dtypes": FOUR, "bookkeeping": W // 16, "parameter_bytes": W // 2 + 4 * O}),
    # scales of 32 numbers in int8, one more for each 16 of those, their mean, and the 16 numbers of the type
    ("NF4 of torchao", nf4, {"total": W + O, "dtypes": {"nf4": W, "float32": O}, "bookkeeping": 64 + 4 + 1 + 16}),
    ("int4 in pairs", int4_packed, {"total": W + O, "dtypes": {"int4": W, "float32": O}, "bookkeeping": 4 * O,
                                    "parameter_bytes": W // 2 + 4 * O}),
    ("half precision", lambda: dynamic(nn.Linear(I, O), torch.float16),
     {"total": W + O, "trainable": 0, "dtypes": {"float16": W, "float32": O}, "parameter_bytes": 2 * W + 4 * O}),
    ("a cell", lambda: dynamic(nn.GRUCell(6, 5), torch.qint8),
     {"weights": 15 * 6 + 15 * 5, "biases": 15 + 15, "trainable": 0, "other": 0,
      "dtypes": {"int8": 165, "float32": 30}}),
    ("two layers of a GRU", lambda: dynamic(nn.GRU(6, 5, 2), torch.qint8),
     {"weights": 15 * (6 + 5) + 15 * (5 + 5), "biases": 2 * 30, "trainable": 0}),
    ("scripted", lambda: torch.jit.script(dynamic(nn.Linear(I, O), torch.qint8)),
     {"total": W + O, "biases": O, "trainable": 0, "dtypes": {"int8": W, "float32": O}}),
    ("a scripted LSTM", lambda: torch.jit.script(dynamic(nn.LSTM(6, 5), torch.qint8)[0]),
     {"weights": 20 * (6 + 5), "biases": 40, "dtypes": {"int8": 220, "float32": 40}}),
    ("a table of half bytes", lambda: table(6), {"total": 60, "dtypes": {"uint4": 60}, "parameter_bytes": 30,
                                                 "bookkeeping": 20}),
    ("whose rows are padded", lambda: table(7), {"total": 70, "dtypes": {"uint4": 70}, "parameter_bytes": 40}),
    # scales of three tensors: what goes in, what the convolution gives, what the line gives
    ("a graph", graph, {"total": 72 + 80, "biases": 0, "buffers": 0, "trainable": 0, "dtypes": {"int8": 152},
                        "bookkeeping": 3 * 2}),
    ("HQQ", lambda: nn.Sequential(HQQLinear(4, torch.zeros(16, I, dtype=UINT8))),
     {"total": W + O, "biases": O, "trainable": 0, "dtypes": {"int4": W, "float32": O}, "bookkeeping": 64}),
    # 52 rows of ten to an int32
    ("HQQ of three bits", lambda: nn.Sequential(HQQLinear(3, torch.zeros(13, 16, dtype=torch.int32))),
     {"total": W + O, "dtypes": {"int3": W, "float32": O}, "parameter_bytes": 4 * 13 * 16 + 4 * O}),
    ("compressed-tensors", lambda: nn.Sequential(Shaped("cpu")),
     {"total": W, "trainable": 0, "dtypes": {"int4": W}, "bookkeeping": 2 * O + 2}),
    ("FP8 in blocks", lambda: nn.Sequential(Fp8()),
     {"total": W + O, "dtypes": {"float8_e4m3fn": W, "float32": O}, "bookkeeping": 8, "trainable": O}),
    ("a layer that says its sides", lambda: nn.Sequential(Foreign(torch.zeros(O, I // 2, dtype=UINT8))),
     {"total": W, "trainable": 0, "dtypes": {"int4": W}, "bookkeeping": O, "parameter_bytes": W // 2}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_packed(make: Callable[[], nn.Module], expected: dict[str, object]) -> None:
    try:
        model = make()
    except ImportError as missing:
        pytest.skip(f"this version of torchao has it elsewhere: {missing}")
    network = nparams.read(model)
    assert {key: getattr(network.totals, key) for key in expected} == expected
    assert network.notes


class Wrapped(torch.Tensor):
    """A wrapper that says more than what it wraps can hold."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor, shape: tuple[int, ...]) -> Wrapped:
        made = torch.Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float32)
        made.inner = inner
        return made

    def __tensor_flatten__(self) -> tuple[list[str], object]:
        raise AssertionError("code of the user's is not run")

    @classmethod
    def __torch_dispatch__(cls, func: object, types: object, args: tuple = (), kwargs: object = None) -> object:
        return args[0] if args else None


# what it shows | the model | known | what is said
UNKNOWN: list[tuple[str, Callable[[], nn.Module], int, str]] = [
    ("more than it holds", lambda: with_weight(Wrapped(torch.ones(3), (O, I))), O,
     '1 packed weight has no known logical size: "0.weight": Wrapped: what it wraps does not tell how its numbers are '
     "stored"),
    ("a shape on the meta device", lambda: nn.Sequential(Shaped("meta")), 0,
     '1 packed weight has no known logical size: "0.weight_packed": unread: 0.weight_shape tells its shape, and '
     "cannot be read here"),
    ("HQQ that cannot be", lambda: nn.Sequential(HQQLinear(8, torch.zeros(4, 4, dtype=UINT8))), O,
     "its shape (32, 64) does not fit in 16 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "known", "said"), [row[1:] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_packed_and_not_understood(make: Callable[[], nn.Module], known: int, said: str) -> None:
    network = nparams.read(make())
    assert (network.total, network.totals.known, network.totals.unknown) == (None, known, 1)
    assert any(said in note for note in network.notes), network.notes
