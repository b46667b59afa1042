"""What each operator does with its inputs: one letter an input, and which operators a weight is reached through.

Inputs: onnx/onnx docs/Operators.md, and microsoft/onnxruntime docs/ContribOperators.md (rows that begin with `ms.` hold
for its domains only, where a name means something else there).  Letters:

    w  weight            b  bias                  s  scale, zero point or other bookkeeping of a quantised layer
    m  statistics or a table that belongs to the layer and is not trained (buffer)
    o  operand of an addition                     x  operand of a multiplication
    a  argument (axes, sizes, bounds, masks)      d  a stored, quantised array that is given its scale here
    -  data that flows through

W, B, O, X: the same where the numbers may be integers of any width.  The last letter holds for every further input if
`*` follows it.
"""

from __future__ import annotations

CONV = "-wb"
NORM = "-wb"
SLOTS = {
    # layers
    "Conv": CONV, "ConvTranspose": CONV, "DeformConv": "-w-b-", "CausalConvWithState": "-wba",
    "Gemm": "wwb", "MatMul": "ww", "Einsum": "w*", "Gather": "wa", "GatherElements": "wa", "GatherND": "wa",
    "LSTM": "-wwbaaaw", "GRU": "-wwbaa", "RNN": "-wwbaa",
    "BatchNormalization": "-wbmm", "LayerNormalization": NORM, "InstanceNormalization": NORM,
    "GroupNormalization": NORM, "RMSNormalization": "-w", "PRelu": "-w", "RotaryEmbedding": "-mma",
    # quantised layers
    "QLinearConv": "-ssWssssB", "QLinearMatMul": "-ssWssss", "ConvInteger": "-Wss", "MatMulInteger": "-Wss",
    "QuantizeLinear": "-ss", "DequantizeLinear": "dss",
    # arithmetic with a stored operand
    "Add": "oo", "Sub": "oo", "Sum": "o*", "Mul": "xx", "Div": "xx",
    # arguments: what is stored here says how, not what
    "Reshape": "-a", "Expand": "-a", "Tile": "-a", "Slice": "-aaaa", "Split": "-a", "Squeeze": "-a", "Unsqueeze": "-a",
    "Pad": "-aaa", "Clip": "-aa", "Resize": "-aaa", "Upsample": "-a", "TopK": "-a", "OneHot": "-aa", "Range": "aaa",
    "Pow": "-a", "Mod": "-a", "Dropout": "-aa", "CumSum": "-a", "Trilu": "-a", "ConstantOfShape": "a",
    "ReduceSum": "-a", "ReduceMean": "-a", "ReduceMax": "-a", "ReduceMin": "-a", "ReduceProd": "-a", "ReduceL1": "-a",
    "ReduceL2": "-a", "ReduceSumSquare": "-a", "ReduceLogSum": "-a", "ReduceLogSumExp": "-a",
    "Equal": "aa", "Less": "aa", "Greater": "aa", "LessOrEqual": "aa", "GreaterOrEqual": "aa", "Max": "a*", "Min": "a*",
    "NonMaxSuppression": "--aaa", "RoiAlign": "--a", "GridSample": "-a", "STFT": "-aaa", "DFT": "-aa",
    "MelWeightMatrix": "aaaaa", "ScatterND": "aaa", "ScatterElements": "aaa", "Scatter": "aaa", "CastLike": "-a",
    "MaxUnpool": "--a", "Col2Im": "-aa", "CenterCropPad": "-a", "AffineGrid": "-a", "Attention": "---aaaa",
    "EyeLike": "a", "RandomNormalLike": "a", "RandomUniformLike": "a", "Bernoulli": "a", "SequenceAt": "-a",
    # com.microsoft and its internal domains
    "ms.Attention": "-wbaaaa", "QAttention": "-WBssassa", "MultiHeadAttention": "---baaaaaa",
    "PackedAttention": "-wbaaa", "PackedMultiHeadAttention": "---baaa", "DecoderAttention": "--wwba",
    "DecoderMaskedSelfAttention": "-wbaaaaaa",
    "DecoderMaskedMultiHeadAttention": "---aaaaaaab", "LongformerAttention": "-wbawba",
    "GroupQueryAttention": "-----aammaawssww", "PagedAttention": "-----aaammawwwssa",
    "SparseAttention": "-----aaaamm", "ms.RotaryEmbedding": "-amm", "MRotaryEmbedding": "-amm",
    "EmbedLayerNormalization": "aawwwwbaa", "QEmbedLayerNormalization": "aaWWWWBassssssssss",
    "SkipLayerNormalization": "--wbb", "SkipSimplifiedLayerNormalization": "--wb",
    "SimplifiedLayerNormalization": "-w", "GroupNorm": NORM, "SkipGroupNorm": "-wb-b", "GatedRMSNorm": "-w-",
    "FusedMatMul": "ww", "FusedMatMulActivation": "ww", "TransposeMatMul": "ww", "SparseToDenseMatMul": "ww",
    "FusedGemm": "wwb", "GemmFastGelu": "-wb", "GemmFloat8": "wwbsss", "FusedConv": "-wb-", "NhwcConv": CONV,
    "NhwcFusedConv": "-wb-", "ConvTransposeWithDynamicPads": "-wab", "QLinearConvTranspose": "-ssWssssB",
    "BiasAdd": "-b-", "BiasGelu": "-b", "FastGelu": "-b", "BiasSplitGelu": "-b", "BiasDropout": "-b-aa",
    "BitmaskBiasDropout": "-b-aa", "BiasSoftmax": "-a", "TorchEmbedding": "waaa", "WordConvEmbedding": "-wbw",
    "RelativePositionBias": "waa", "GatedRelativePositionBias": "-b-wbwa", "LinearAttentionGate": "-bw-",
    "GatedDeltaNet": "---a--awb", "MoE": "--wbwbwb", "GatedAdd": "---w",
    "MatMulNBits": "-Wsssb", "MatMulBnb4": "-Ws", "MatMulFpQ4": "-Wa", "GatherBlockQuantized": "Wass",
    "MatMulNBitsMlp": "--wWsbWsb", "MatMulNBitsQkv": "--wWsbWsbWsb", "MatMulNBitsQLoRA": "-WsWsWs",
    "MatMulBlockQuantizedFp4Weight": "-Wsssb", "MatMulBlockQuantizedFp8Weight": "-Wssb",
    "QMoE": "--WsbWsbWsbsss-ssssss", "DynamicQuantizeMatMul": "-Wssb", "MatMulIntegerToFloat": "-Wssssb",
    "MatMulInteger16": "-W", "QGemm": "-ssWssBss", "QLinearAdd": "OssOssss", "QLinearMul": "XssXssss",
    "QLinearSigmoid": "-ssss", "QLinearLeakyRelu": "-ssss", "QLinearSoftmax": "-ssss", "QLinearReduceMean": "-ssss",
    "QLinearAveragePool": "-ssss", "QLinearGlobalAveragePool": "-ssss", "QLinearWhere": "--ss-ssss",
    "QLinearConcat": "ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss-ss", "DynamicQuantizeLSTM": "-WWbaaaassss",
    "DequantizeWithOrder": "ds", "QuantizeWithOrder": "-s", "QOrderedMatMul": "-sWssb-s",
    "QOrderedAttention": "-ssssWWWsssbbbsssaa-", "QOrderedLayerNormalization": "-swbs", "QOrderedGelu": "-ss",
    "MulInteger": "-s-s",
    # open-mmlab/mmdeploy csrc/mmdeploy/backend_ops
    "MMCVModulatedDeformConv2d": "---wb",
}  # fmt: skip

#: operators that give on what they are given, changed in form only -> the inputs that they give on
THROUGH = {
    **dict.fromkeys((
        "Identity", "Cast", "CastLike", "BitCast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand",
        "Tile", "Slice", "Split", "Pad", "Trilu", "Dropout", "DepthToSpace", "SpaceToDepth", "Gather",
        "DequantizeLinear", "QuantizeLinear", "DequantizeWithOrder", "QuantizeWithOrder", "ReorderInput",
        "ReorderOutput", "Optional", "OptionalGetElement", "SplitToSequence", "SequenceAt", "ConcatFromSequence",
    ), (0,)),
}  # fmt: skip
#: the same where every input is stored, or made of what is stored: a computation that could have been done beforehand
FIXED = {
    **dict.fromkeys(("Concat", "SequenceConstruct", "Max", "Min", "Sum", "Add", "Sub", "Mul", "Div", "MatMul"), "*"),
    **dict.fromkeys(("Neg", "Abs", "Exp", "Log", "Sqrt", "Reciprocal", "Clip", "Round", "Softplus", "Sign", "Tanh",
                     "Sigmoid", "Pow", "ScatterND", "ScatterElements"), "0"),
    "Where": "12",
}  # fmt: skip
#: operators that give a quantised array its numbers: integers behind them may be weights
DEQUANTISING = frozenset(("DequantizeLinear", "DequantizeWithOrder", "Cast"))

#: textbook kinds of the layers that operators are
KINDS = {
    **dict.fromkeys(("Conv", "FusedConv", "NhwcConv", "NhwcFusedConv", "QLinearConv", "ConvInteger",
                     "DeformConv"), "Conv"),
    **dict.fromkeys(("ConvTranspose", "QLinearConvTranspose", "ConvTransposeWithDynamicPads"), "ConvTranspose"),
    **dict.fromkeys(("Gemm", "MatMul", "FusedMatMul", "FusedGemm", "TransposeMatMul", "GemmFastGelu", "GemmFloat8",
                     "QLinearMatMul", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QGemm",
                     "MatMulNBits", "MatMulBnb4", "MatMulFpQ4", "QOrderedMatMul", "FusedMatMulActivation",
                     "MatMulBlockQuantizedFp4Weight", "MatMulBlockQuantizedFp8Weight", "LinearRegressor",
                     "LinearClassifier"), "Dense"),
    **dict.fromkeys(("Gather", "GatherBlockQuantized", "TorchEmbedding"), "Embedding"),
    "LSTM": "LSTM", "GRU": "GRU", "RNN": "SimpleRNN", "DynamicQuantizeLSTM": "LSTM", "PRelu": "PReLU",
    "BatchNormalization": "BatchNorm", "InstanceNormalization": "InstanceNorm",
    **dict.fromkeys(("LayerNormalization", "SkipLayerNormalization", "QOrderedLayerNormalization"), "LayerNorm"),
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization",
                     "SkipSimplifiedLayerNormalization"), "RMSNorm"),
    **dict.fromkeys(("GroupNormalization", "GroupNorm", "SkipGroupNorm"), "GroupNorm"),
    **dict.fromkeys(("ms.Attention", "QAttention", "MultiHeadAttention", "PackedAttention", "LongformerAttention",
                     "GroupQueryAttention", "DecoderMaskedSelfAttention", "DecoderAttention"), "Attention"),
    **dict.fromkeys(("MoE", "QMoE"), "MixtureOfExperts"),
}  # fmt: skip

FOREIGN = ("com.microsoft", "com.ms.internal")


def key_of(op: str, domain: str) -> str:
    """The row of an operator in these tables.

    >>> key_of("Attention", "com.microsoft"), key_of("Attention", "")
    ('ms.Attention', 'Attention')
    """
    other = f"ms.{op}"
    return other if other in SLOTS and domain.startswith(FOREIGN) else op


def letter(row: str, place: int) -> str:
    """What a row says of an input.

    >>> letter("-wb", 1), letter("o*", 7), letter("-a", 3)
    ('w', 'o', '-')
    """
    if row.endswith("*"):
        return row[min(place, len(row) - 2)]
    return row[place] if place < len(row) else "-"
