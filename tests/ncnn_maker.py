"""Writes ncnn models, right or wrong: .param in text and in binary, and the .bin that belongs to it.

LAYERS is a row for each type that holds numbers, as Tencent/ncnn src/layer/*.cpp loads them; tools/fixtures/ncnn.py
has the library itself load what is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from struct import pack
from typing import NamedTuple

from nparams.files._ncnn.types import BY_INDEX

FLOAT32, FLOAT16, INT8, SCALED = 0, 0x01306B47, 0x000D4B38, 0x0002C056
TABLE = 0x01020304  # any other flag
W, B, U, K = "weight", "bias", "buffer", "bookkeeping"


class A(NamedTuple):
    """An array: whether a flag stands before it, and how many bytes it takes where that is not its size."""

    name: str
    role: str
    shape: tuple[int, ...]
    flag: int | None = None
    packed: int | None = None


class L(NamedTuple):
    """A layer: parameters by number, and what it loads."""

    kind: str
    parameters: dict[int, object]
    arrays: Sequence[A] = ()
    inputs: int = 1


def w(*shape: int, name: str = "weight", flag: int = FLOAT32) -> A:
    return A(name, W, shape, flag)


def b(n: int, name: str = "bias") -> A:
    return A(name, B, (n,))


def k(name: str, *shape: int) -> A:
    return A(name, K, shape)


LAYERS = [
    L("Convolution", {0: 4, 1: 3, 5: 1, 6: 108}, [w(4, 3, 3, 3), b(4)]),
    L("Convolution", {0: 4, 1: 3, 11: 1, 6: 36}, [w(4, 3, 1, 3)]),
    L("Convolution", {0: 4, 1: 3, 19: 1}, inputs=2),
    L("Convolution", {0: 4, 1: 1, 5: 1, 6: 12, 8: 2}, [w(4, 3, 1, 1, flag=INT8), b(4), k("weight_scale", 4),
                                                       k("input_scale", 1)]),
    L("Convolution", {0: 4, 1: 1, 6: 12, 8: 102}, [w(4, 3, 1, 1, flag=INT8), k("weight_scale", 4), k("input_scale", 1),
                                                   k("output_scale", 1)]),
    L("ConvolutionDepthWise", {0: 4, 1: 3, 5: 1, 6: 36, 7: 4}, [w(4, 1, 3, 3), b(4)]),
    L("ConvolutionDepthWise", {0: 4, 1: 3, 6: 72, 7: 2}, [w(4, 2, 3, 3)]),
    L("ConvolutionDepthWise", {0: 4, 1: 3, 6: 36, 7: 4, 8: 1}, [w(4, 1, 3, 3, flag=INT8), k("weight_scale", 4),
                                                                k("input_scale", 1)]),
    L("ConvolutionDepthWise", {0: 4, 1: 3, 6: 36, 7: 4, 8: 102}, [w(4, 1, 3, 3, flag=INT8), k("weight_scale", 1),
                                                                  k("input_scale", 1), k("output_scale", 1)]),
    L("Convolution1D", {0: 4, 1: 5, 5: 1, 6: 60}, [w(4, 3, 5), b(4)]),
    L("ConvolutionDepthWise1D", {0: 4, 1: 5, 6: 20, 7: 4}, [w(4, 1, 5)]),
    L("Convolution3D", {0: 4, 1: 2, 11: 3, 21: 1, 6: 72}, [w(4, 3, 1, 3, 2)]),
    L("ConvolutionDepthWise3D", {0: 4, 1: 2, 5: 1, 6: 32, 7: 4}, [w(4, 1, 2, 2, 2), b(4)]),
    L("Deconvolution", {0: 4, 1: 2, 5: 1, 6: 48}, [w(4, 3, 2, 2), b(4)]),
    L("Deconvolution", {0: 4, 1: 2, 28: 1}, inputs=2),
    L("DeconvolutionDepthWise", {0: 4, 1: 2, 6: 16, 7: 4}, [w(4, 1, 2, 2)]),
    L("Deconvolution1D", {0: 4, 1: 2, 6: 24}, [w(4, 3, 2)]),
    L("DeconvolutionDepthWise1D", {0: 4, 1: 2, 6: 8, 7: 4}, [w(4, 1, 2)]),
    L("Deconvolution3D", {0: 4, 1: 2, 6: 96}, [w(4, 3, 2, 2, 2)]),
    L("DeconvolutionDepthWise3D", {0: 4, 1: 2, 6: 32, 7: 4}, [w(4, 1, 2, 2, 2)]),
    L("DeformableConv2D", {0: 4, 1: 3, 5: 1, 6: 108}, [w(4, 3, 3, 3), b(4)], inputs=2),
    L("InnerProduct", {0: 4, 1: 1, 2: 24}, [w(4, 6), b(4)]),
    L("InnerProduct", {0: 4, 2: 24}, [w(4, 6, flag=FLOAT16)]),
    L("InnerProduct", {0: 5, 1: 1, 2: 25, 8: 2}, [w(5, 5, flag=INT8), b(5), k("weight_scale", 5), k("input_scale", 1)]),
    L("Embed", {0: 4, 1: 9, 2: 1, 3: 36}, [w(9, 4), b(4)]),
    L("Embed", {0: 4, 1: 9, 3: 36, 18: 2}, [w(9, 4, flag=INT8), k("weight_scale", 1)]),
    L("BatchNorm", {0: 4}, [A("weight", W, (4,)), A("mean", U, (4,)), A("variance", U, (4,)), b(4)]),
    L("Scale", {0: 4, 1: 1}, [A("weight", W, (4,)), b(4)]),
    L("Scale", {0: 4}, [A("weight", W, (4,))]),
    L("Scale", {0: -233}, inputs=2),
    L("Bias", {0: 4}, [b(4)]),
    L("PReLU", {0: 4}, [A("weight", W, (4,))]),
    L("Normalize", {3: 4}, [A("weight", W, (4,))]),
    L("LayerNorm", {0: 4}, [A("weight", W, (4,)), b(4)]),
    L("LayerNorm", {0: 4, 2: 0}),
    L("RMSNorm", {0: 4}, [A("weight", W, (4,))]),
    L("GroupNorm", {0: 2, 1: 4}, [A("weight", W, (4,)), b(4)]),
    L("GroupNorm", {0: 2, 1: 4, 3: 0}),
    L("InstanceNorm", {0: 4}, [A("weight", W, (4,)), b(4)]),
    L("Padding", {6: 4}, [A("values", U, (4,))]),
    L("Padding", {0: 1, 1: 1}),
    L("LSTM", {0: 4, 1: 48}, [w(16, 3, name="weight_xc"), A("bias_c", B, (4, 4), 0), w(16, 4, name="weight_hc")]),
    L("LSTM", {0: 4, 1: 96, 2: 2}, [w(2, 16, 3, name="weight_xc"), A("bias_c", B, (2, 4, 4), 0),
                                    w(2, 16, 4, name="weight_hc")]),
    L("LSTM", {0: 2, 1: 48, 3: 4}, [w(16, 3, name="weight_xc"), A("bias_c", B, (4, 4), 0), w(16, 2, name="weight_hc"),
                                    w(2, 4, name="weight_hr")]),
    L("LSTM", {0: 4, 1: 48, 8: 2}, [w(16, 3, name="weight_xc", flag=INT8), A("bias_c", B, (4, 4), 0),
                                    w(16, 4, name="weight_hc", flag=INT8), k("weight_xc_scale", 16),
                                    k("weight_hc_scale", 16)]),
    L("GRU", {0: 4, 1: 36}, [w(12, 3, name="weight_xc"), A("bias_c", B, (4, 4), 0), w(12, 4, name="weight_hc")]),
    L("RNN", {0: 4, 1: 24, 2: 2}, [w(2, 4, 3, name="weight_xc"), A("bias_c", B, (2, 1, 4), 0),
                                   w(2, 4, 4, name="weight_hc")]),
    L("Gemm", {5: 1, 8: 5, 9: 6, 3: 1}, [w(5, 6, name="B")]),
    L("Gemm", {5: 1, 6: 1, 8: 5, 9: 6, 10: 4}, [w(6, 5, name="B"), A("C", B, (1, 5), 0)]),
    L("Gemm", {4: 1, 6: 1, 7: 3, 8: 5, 9: 6, 10: 1}, [w(3, 6, name="A"), A("C", B, (3,), 0)]),
    L("Gemm", {4: 1, 2: 1, 6: 1, 7: 3, 8: 5, 9: 6, 10: -1}, [w(6, 3, name="A")]),
    L("Gemm", {5: 1, 3: 1, 8: 5, 9: 6, 18: 2}, [w(5, 6, name="B", flag=INT8), k("B_scale", 1)]),
    L("MultiHeadAttention", {0: 4, 1: 2, 2: 16}, [
        A(f"{s}_{what}", role, shape, flag) for s in ("q", "k", "v", "out")
        for what, role, shape, flag in (("weight", W, (4, 4), 0), ("bias", B, (4,), None))]),
    L("MultiHeadAttention", {0: 4, 1: 2, 2: 24, 3: 5, 4: 3}, [
        w(4, 6, name="q_weight"), b(4, "q_bias"), w(4, 5, name="k_weight"), b(4, "k_bias"), w(4, 3, name="v_weight"),
        b(4, "v_bias"), w(6, 4, name="out_weight"), b(6, "out_bias")], inputs=3),
    L("MultiHeadAttention", {0: 4, 1: 2, 2: 16, 18: 2}, [
        *(A(f"{s}_{what}", role, shape, flag) for s in ("q", "k", "v", "out")
          for what, role, shape, flag in (("weight", W, (4, 4), INT8), ("bias", B, (4,), None))),
        k("q_weight_scale", 4), k("k_weight_scale", 4), k("v_weight_scale", 4), k("out_weight_scale", 1)]),
    L("Quantize", {0: 1}, [k("scale", 1)]),
    L("Quantize", {}, [k("scale", 1)]),
    L("Dequantize", {0: 4, 1: 4}, [k("scale", 4), b(4)]),
    L("Requantize", {0: 4, 1: 4, 2: 4}, [k("scale_in", 4), k("scale_out", 4), b(4)]),
    L("MemoryData", {0: 3, 1: 2}, [A("data", U, (2, 3))], inputs=0),
    L("MemoryData", {0: 3, 1: 2, 2: 5, 11: 4}, [A("data", U, (5, 4, 2, 3))], inputs=0),
    L("MemoryData", {0: 3, 21: 0}, [A("data", U, (3,), FLOAT16)], inputs=0),
]  # fmt: skip
#: those that the library's released wheels do not load (weights in blocks: NCNN_WEIGHT_QUANT)
BLOCKS = [
    L("Gemm", {5: 1, 3: 1, 8: 5, 9: 70, 18: 400}, [A("B", W, (5, 70), INT8, 175), k("B_scale", 5, 3)]),
    L("Gemm", {5: 1, 3: 1, 8: 5, 9: 70, 18: 611}, [A("B", W, (5, 70), INT8, 265), k("B_scale", 5, 2),
                                                   k("B_input_scale", 70)]),
    L("MultiHeadAttention", {0: 4, 1: 2, 2: 24, 18: 412}, [
        A("q_weight", W, (4, 6), INT8, 12), b(4, "q_bias"), A("k_weight", W, (4, 4), INT8, 8), b(4, "k_bias"),
        A("v_weight", W, (4, 4), INT8, 8), b(4, "v_bias"), A("out_weight", W, (6, 4), INT8, 12), b(6, "out_bias"),
        *(k(f"{s}_weight_scale", 4 if s != "out" else 6, 1) for s in ("q", "k", "v", "out")),
        k("q_input_scale", 6), k("k_input_scale", 4), k("v_input_scale", 4), k("out_input_scale", 4)]),
]  # fmt: skip


def array(a: A) -> bytes:
    """An array as it stands in the .bin."""
    size = prod(a.shape) if a.packed is None else a.packed
    if a.flag is None:
        return pack("<f", 0.5) * size
    width = {FLOAT16: 2, INT8: 1}.get(a.flag, 4)
    if a.flag == TABLE:
        return pack("<I", TABLE) + bytes(1024) + bytes(size + -size % 4)
    return pack("<I", a.flag) + bytes(size * width + -(size * width) % 4)


def numbers(layers: Sequence[L]) -> bytes:
    """The .bin."""
    return b"".join(array(a) for layer in layers for a in layer.arrays)


def text(layers: Sequence[L], *, magic: str = "7767517", count: int | None = None, names: Sequence[str] = ()) -> bytes:
    """The .param as text: each layer takes the blobs of the one before it."""
    lines, blobs = ["Input in 0 1 b0"], 1
    for number, layer in enumerate(layers):
        name = names[number] if names else f"l{number}"
        takes = " ".join(f"b{max(0, blobs - 1)}" for _ in range(layer.inputs))
        held = " ".join(f"{key}={value}" for key, value in layer.parameters.items())
        lines.append(f"{layer.kind:<16} {name:<16} {layer.inputs} 1 {takes} b{blobs} {held}".rstrip())
        blobs += 1
    return "\n".join([magic, f"{len(lines) if count is None else count} {blobs}", *lines, ""]).encode()


def binary(layers: Sequence[L], *, magic: int = 7767517, count: int | None = None, end: int = -233) -> bytes:
    """The same as .param.bin."""
    out = pack("<5i", magic, len(layers) + 1 if count is None else count, len(layers) + 1, BY_INDEX.index("Input"), 0)
    out += pack("<3i", 1, 0, end)
    for number, layer in enumerate(layers):
        out += pack("<3i", BY_INDEX.index(layer.kind), layer.inputs, 1) + pack("<i", number) * layer.inputs
        out += pack("<i", number + 1)
        for key, value in layer.parameters.items():
            out += pack("<2i", key, value) if isinstance(value, int) else value  # type: ignore[operator]
        out += pack("<i", end)
    return out
