"""What OpenVINO's operators do with their inputs.

openvinotoolkit/openvino docs/articles_en/documentation/openvino-ir-format/operation-sets/operation-specs (one page an
operator, its inputs in order).  The letters are those of _slots/table.py; a row that begins with an operation set holds
for that one only.
"""

from __future__ import annotations

from nparams.files._slots.table import Operators

ARITHMETIC = ("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr",
              "LogicalXor", "Mod", "FloorMod", "Maximum", "Minimum", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
              "BitwiseLeftShift", "BitwiseRightShift", "SearchSorted", "SquaredDifference")  # fmt: skip
REDUCING = ("ReduceL1", "ReduceL2", "ReduceLogicalAnd", "ReduceLogicalOr", "ReduceMax", "ReduceMean", "ReduceMin",
            "ReduceProd", "ReduceSum")  # fmt: skip
ONE = ("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Tile", "Split", "TopK", "Power", "CumSum", "ReadValue", "Swish",
       "LRN", "ConvertLike", "AdaptiveAvgPool", "AdaptiveMaxPool", "GridSample", "ReverseSequence", "Multinomial",
       "Bucketize", "MVN", "NormalizeL2", "Unique", "Reverse", "PSROIPooling", "ROIPooling", "RDFT")  # fmt: skip
MANY = ("Broadcast", "Slice", "StridedSlice", "Pad", "Interpolate", "OneHot", "VariadicSplit", "HardSigmoid", "Selu",
        "Roll", "DFT", "IDFT", "IRDFT", "STFT", "ISTFT", "SpaceToBatch", "BatchToSpace", "Col2Im", "ROIAlign",
        "ROIAlignRotated", "CTCGreedyDecoder", "CTCGreedyDecoderSeqLen", "GatherTree", "Eye")  # fmt: skip
ALL = ("Range", "Select", "ScatterUpdate", "ScatterElementsUpdate", "ScatterNDUpdate", "SliceScatter", "RandomUniform",
       "StringTensorPack", "SegmentMax", "SparseFillEmptyRows", "PriorBox", "PriorBoxClustered",
       "MatrixNms", "MulticlassNms")  # fmt: skip

SLOTS = {
    "Convolution": "-wb", "FullyConnected": "-wb", "Deconvolution": "-wb",  # biases: before IR v10 only
    "GroupConvolution": "-w", "ConvolutionBackpropData": "-wa", "GroupConvolutionBackpropData": "-wa",
    "BinaryConvolution": "-w", "DeformableConvolution": "--w-",
    "MatMul": "ww", "Einsum": "w*", "Gather": "waa", "GatherElements": "wa", "GatherND": "wa",
    "EmbeddingBagOffsets": "waaaa", "EmbeddingBagOffsetsSum": "waaaa", "EmbeddingBagPacked": "waa",
    "EmbeddingBagPackedSum": "waa", "EmbeddingSegmentsSum": "waaaaa",
    "LSTMCell": "-aawwbw", "LSTMSequence": "-aaawwbw", "GRUCell": "-awwb", "GRUSequence": "-aawwb", "RNNCell": "-awwb",
    "RNNSequence": "-aawwb", "AUGRUCell": "-awwb-", "AUGRUSequence": "-aawwb-",
    "BatchNormInference": "-wbmm", "opset1.BatchNormInference": "wb-mm", "GroupNormalization": "-wb", "PReLU": "-w",
    "ScaledDotProductAttention": "---aaw",
    "Add": "oo", "Subtract": "oo", "Multiply": "xx", "Divide": "xx",
    "FakeQuantize": "-ssss", "FakeConvert": "-ss",
    "NonMaxSuppression": "--aaaa", "DetectionOutput": "--a--", "Proposal": "--a",
    **dict.fromkeys(ARITHMETIC, "aa"), **dict.fromkeys(REDUCING, "-a"), **dict.fromkeys(ONE, "-a"),
    **dict.fromkeys(MANY, "-a*"), **dict.fromkeys(ALL, "a*"), "ReadValue": "a", "Concat": "-*", "Result": "-",
    "ShapeOf": "-", "Relu": "-", "Sigmoid": "-", "Tanh": "-", "Softmax": "-", "Clamp": "-", "Gelu": "-", "Assign": "-",
}  # fmt: skip

#: operators that give on what they are given, changed in form only
THROUGH = dict.fromkeys((
    "Convert", "ConvertLike", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Broadcast", "Tile", "StridedSlice",
    "Slice", "Split", "VariadicSplit", "Pad", "FakeQuantize", "FakeConvert", "Gather", "Reverse", "ShuffleChannels",
    "DepthToSpace", "SpaceToDepth", "Identity",
), (0,))  # fmt: skip
#: the same where every input is stored
FOLDED: dict[str, tuple[int, ...] | str] = {
    **dict.fromkeys(("Concat", "Add", "Maximum", "Minimum", "MatMul"), "*"),
    **dict.fromkeys(("Negative", "Abs", "Exp", "Log", "Sqrt", "Clamp", "Round", "SoftPlus", "Sign", "Tanh", "Sigmoid",
                     "Power", "NormalizeL2", "ScatterNDUpdate", "ScatterUpdate", "ScatterElementsUpdate"), (0,)),
    "Select": (1, 2),
}  # fmt: skip

KINDS = {
    **dict.fromkeys(("Convolution", "GroupConvolution", "BinaryConvolution", "DeformableConvolution"), "Conv"),
    **dict.fromkeys(("ConvolutionBackpropData", "GroupConvolutionBackpropData"), "ConvTranspose"),
    **dict.fromkeys(("Gather", "EmbeddingBagOffsets", "EmbeddingBagOffsetsSum", "EmbeddingBagPacked",
                     "EmbeddingBagPackedSum", "EmbeddingSegmentsSum"), "Embedding"),
    "MatMul": "Dense", "FullyConnected": "Dense", "LSTMCell": "LSTM", "LSTMSequence": "LSTM", "GRUCell": "GRU",
    "GRUSequence": "GRU", "RNNCell": "SimpleRNN", "RNNSequence": "SimpleRNN", "BatchNormInference": "BatchNorm",
    "GroupNormalization": "GroupNorm", "PReLU": "PReLU",
    # before IR v10
    "Deconvolution": "ConvTranspose", "BatchNormalization": "BatchNorm",
}  # fmt: skip

OPERATORS = Operators(
    SLOTS, THROUGH, FOLDED, KINDS,
    opening=frozenset(("Convert", "ConvertLike")),
    scaling=frozenset(("Multiply", "Subtract", "Divide")),
    adding=frozenset(("Add",)),
    picking=frozenset(("Gather",)),
    moving=frozenset(("RandomUniform", "Multinomial", "ReadValue", "TensorIterator", "Loop", "If")),
    waves=frozenset(("Sin", "Cos")),
    products=frozenset(("MatMul", "Multiply", "Einsum")),
    gathering=frozenset(("Concat",)),
)  # fmt: skip
