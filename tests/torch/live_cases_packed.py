"""Live PyTorch models whose weights are packed: the logical counts, and what a packing keeps beside them apart.

`bookkeeping` is every array of scales, zero points and indices (DESIGN §2, role 2); a scale for a whole tensor is a
number of Python's, no array.  Weights that torch.ao or GPTQ has packed are no parameters to PyTorch: no optimizer sees
them, so they are frozen (DESIGN §2 `trainable`: by the source's own rule).
"""

from __future__ import annotations

import torch
from torch import nn

from tests.live import Case

ao = torch.ao.quantization
I, O, G = 64, 32, 16  # inputs, outputs, inputs in a group


class GPTQ(nn.Module):
    """The buffers that auto_gptq and gptqmodel register for a layer of 4 bits
    (ModelCloud/GPTQModel gptqmodel/nn_modules/qlinear/__init__.py, register_buffer)."""

    def __init__(self) -> None:
        super().__init__()
        self.bits, self.group_size, self.in_features, self.out_features = 4, G, I, O
        self.register_buffer("qweight", torch.zeros(I // 8, O, dtype=torch.int32))
        self.register_buffer("qzeros", torch.zeros(I // G, O // 8, dtype=torch.int32))
        self.register_buffer("scales", torch.zeros(I // G, O, dtype=torch.float16))
        self.register_buffer("g_idx", torch.tensor([i // G for i in range(I)], dtype=torch.int32))
        self.register_buffer("bias", torch.zeros(O, dtype=torch.float16))


class AWQ(nn.Module):
    """casper-hansen/AutoAWQ awq/modules/linear/gemm.py, WQLinear_GEMM."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("qweight", torch.zeros(I, O // 8, dtype=torch.int32))
        self.register_buffer("qzeros", torch.zeros(I // G, O // 8, dtype=torch.int32))
        self.register_buffer("scales", torch.zeros(I // G, O, dtype=torch.float16))


def torchao(setting: str, **options: object) -> nn.Module:
    import torchao.quantization as library

    net = nn.Sequential(nn.Linear(I, O), nn.ReLU(), nn.LayerNorm(O))
    library.quantize_(net, getattr(library, setting)(**options))
    return net


def dynamic() -> nn.Module:
    return ao.quantize_dynamic(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)), {nn.Linear}, torch.qint8)


def dynamic_lstm() -> nn.Module:
    return ao.quantize_dynamic(nn.Sequential(nn.LSTM(6, 5, bidirectional=True)), {nn.LSTM}, torch.qint8)


class Static(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.back = ao.QuantStub(), ao.DeQuantStub()
        self.conv, self.line = nn.Conv2d(3, 6, 3), nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.back(self.line(self.conv(self.quant(x)).mean((2, 3))))


def static() -> nn.Module:
    """Convolution and line quantised after one batch, in the engine that is chosen here."""
    net = Static().eval()
    net.qconfig = ao.get_default_qconfig(torch.backends.quantized.engine)
    ao.prepare(net, inplace=True)
    net(torch.ones(2, 3, 8, 8))
    return ao.convert(net, inplace=True)


def quantised_table() -> nn.Module:
    table = nn.EmbeddingBag(10, 12)
    table.qconfig = ao.float_qparams_weight_only_qconfig
    net = nn.Sequential(table)
    ao.prepare(net, inplace=True)
    return ao.convert(net, inplace=True)


def observed() -> nn.Module:
    """Prepared for training with simulated rounding: the observers' ranges are buffers."""
    net = nn.Sequential(nn.Linear(3, 4))
    net.qconfig = ao.QConfig(activation=nn.Identity, weight=ao.FakeQuantize.with_args(
        observer=ao.MinMaxObserver, dtype=torch.qint8, quant_min=-128, quant_max=127))  # fmt: skip
    return ao.prepare_qat(net.train(), inplace=False)


#: weight of I x O at 8 bits, a LayerNorm of O beside it
PLAIN = {"weights": I * O + O, "biases": O + O}
PACKED = (
    # a GPTQ layer has no Parameter at all, so an optimizer sees nothing
    Case("GPTQ", lambda: nn.Sequential(GPTQ()),
         {"weights": I * O, "biases": O, "trainable": 0, "bookkeeping": I // G * O // 8 + I // G * O + I,
          "elements": I // 8 * O + 16 + 128 + 64 + O, "dtypes": {"int4": I * O, "float16": O},
          "parameter_bytes": I * O // 2 + 2 * O, "bytes": 1024 + 64 + 4 * 16 + 2 * 128 + 4 * 64}),
    Case("AWQ", lambda: nn.Sequential(AWQ()),
         {"weights": I * O, "trainable": 0, "bookkeeping": 16 + 128, "elements": I * O // 8 + 144,
          "dtypes": {"int4": I * O}, "parameter_bytes": I * O // 2, "bytes": 1024 + 4 * 16 + 2 * 128}),
    Case("torchao int8", lambda: torchao("Int8WeightOnlyConfig"),
         {**PLAIN, "frozen": I * O, "bookkeeping": O + O, "dtypes": {"int8": I * O, "float32": 3 * O},
          "bytes": I * O + 4 * 3 * O + 4 * O + O}),
    # four bits each, kept in a byte each
    Case("torchao int4", lambda: torchao("IntxWeightOnlyConfig", weight_dtype=torch.int4),
         {**PLAIN, "frozen": I * O, "bookkeeping": O + O, "dtypes": {"int4": I * O, "float32": 3 * O},
          "parameter_bytes": I * O + 4 * 3 * O, "bytes": I * O + 4 * 3 * O + 4 * O + O}),
    Case("torchao float8", lambda: torchao("Float8WeightOnlyConfig"),
         {**PLAIN, "frozen": I * O, "bookkeeping": O, "dtypes": {"float8_e4m3fn": I * O, "float32": 3 * O},
          "bytes": I * O + 4 * 3 * O + 4 * O}),
    Case("torch.ao dynamic lines", dynamic,
         {"weights": 30 + 20, "biases": 5 + 4, "trainable": 0, "dtypes": {"int8": 50, "float32": 9}}),
    Case("torch.ao dynamic LSTM", dynamic_lstm,
         {"weights": 2 * 4 * 5 * (6 + 5), "biases": 2 * 2 * 4 * 5, "trainable": 0,
          "dtypes": {"int8": 440, "float32": 80}}),
    # a scale and a zero point for each channel, and those of the input, which are a float32 and an int64
    Case("torch.ao static convolution and line", static,
         {"weights": 6 * 27 + 30, "biases": 6 + 5, "trainable": 0, "bookkeeping": 2 * 6 + 2 * 5 + 2,
          "dtypes": {"int8": 192, "float32": 11}, "bytes": 192 + 44 + 22 * 8 + 4 + 8}),
    Case("torch.ao quantised table", quantised_table,
         {"weights": 120, "trainable": 0, "bookkeeping": 10 + 10, "dtypes": {"uint8": 120}, "bytes": 120 + 4 * 20}),
    # scale, zero point, min and max, whether to observe, whether to round, eps: all of them registered buffers
    Case("torch.ao, simulated rounding", observed,
         {"weights": 12, "biases": 4, "buffers": 7, "bytes": 64 + 4 + 4 + 2 * 4 + 1 + 1 + 4}),
)  # fmt: skip
