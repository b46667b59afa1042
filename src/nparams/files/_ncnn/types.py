"""Types of layers in ncnn: those that hold no numbers, in the order of their index, and what else is known of them.

Tencent/ncnn src/CMakeLists.txt (ncnn_add_layer): the place in that list is the index in a binary .param.bin.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: every type, by its index (src/layer_type_enum.h is made of this list)
BY_INDEX = tuple(
    """
AbsVal ArgMax BatchNorm Bias BNLL Concat Convolution Crop Deconvolution Dropout Eltwise ELU Embed Exp Flatten
InnerProduct Input Log LRN MemoryData MVN Pooling Power PReLU Proposal Reduction ReLU Reshape ROIPooling Scale Sigmoid
Slice Softmax Split SPP TanH Threshold Tile RNN LSTM BinaryOp UnaryOp ConvolutionDepthWise Padding Squeeze ExpandDims
Normalize Permute PriorBox DetectionOutput Interp DeconvolutionDepthWise ShuffleChannel InstanceNorm Clip Reorg
YoloDetectionOutput Quantize Dequantize Yolov3DetectionOutput PSROIPooling ROIAlign Packing Requantize Cast HardSigmoid
SELU HardSwish Noop PixelShuffle DeepCopy Mish StatisticsPooling Swish Gemm GroupNorm LayerNorm Softplus GRU
MultiHeadAttention GELU Convolution1D Pooling1D ConvolutionDepthWise1D Convolution3D ConvolutionDepthWise3D Pooling3D
MatMul Deconvolution1D DeconvolutionDepthWise1D Deconvolution3D DeconvolutionDepthWise3D Einsum DeformableConv2D GLU
Fold Unfold GridSample CumulativeSum CopyTo Erf Diag CELU Shrink RMSNorm Spectrogram InverseSpectrogram Flip SDPA
RotaryEmbed
""".split()
)
#: set in the index of a layer that the program has registered itself (src/layer_type.h, CustomBit)
CUSTOM_BIT = 1 << 8

#: textbook kinds of the layers that types are
KINDS: Mapping[str, str] = {
    **dict.fromkeys(("Convolution", "Convolution1D", "Convolution3D", "DeformableConv2D"), "Conv"),
    **dict.fromkeys(("ConvolutionDepthWise", "ConvolutionDepthWise1D", "ConvolutionDepthWise3D"), "DepthwiseConv"),
    **dict.fromkeys(("Deconvolution", "Deconvolution1D", "Deconvolution3D", "DeconvolutionDepthWise",
                     "DeconvolutionDepthWise1D", "DeconvolutionDepthWise3D"), "ConvTranspose"),
    "InnerProduct": "Dense", "Gemm": "Dense", "Embed": "Embedding", "BatchNorm": "BatchNorm", "PReLU": "PReLU",
    "LayerNorm": "LayerNorm", "GroupNorm": "GroupNorm", "InstanceNorm": "InstanceNorm", "RMSNorm": "RMSNorm",
    "LSTM": "LSTM", "GRU": "GRU", "RNN": "SimpleRNN", "MultiHeadAttention": "MultiHeadAttention",
}  # fmt: skip

#: layers whose results are the numbers they are given, reshaped, picked or joined
HANDED_ON = frozenset((
    "Split", "Reshape", "Permute", "Squeeze", "ExpandDims", "Flatten", "Slice", "Crop", "Concat", "Tile", "Cast",
    "Packing", "Noop", "DeepCopy", "Dropout", "Padding",
))  # fmt: skip
#: layers that an array which is handed in is a weight of
OPERATORS = frozenset((
    "BinaryOp", "Eltwise", "MatMul", "Gemm", "Einsum", "SDPA", "MultiHeadAttention", "InnerProduct", "Scale",
    *(kind for kind in KINDS if "onvolution" in kind or kind.startswith("Deformable")),
))  # fmt: skip
#: parameter 0 of BinaryOp (src/layer/binaryop.h, OperationType) that adds: ADD, SUB, RSUB
ADDS = frozenset((0, 1, 7))
