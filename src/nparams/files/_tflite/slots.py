"""Which operand of which operator is a weight, and which a bias; and which operators hand a tensor on.

Operand numbers are those of the kernels: google-ai-edge/LiteRT tflite/kernels/*.cc and lstm_shared.h
(`constexpr int kInputToInputWeightsTensor = 1;` ...).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Numbers = tuple[int, ...]

#: what an operand may be, the surest first: (role, whether the operand stands in an elementwise operator)
WEIGHT, BIAS, FACTOR, OFFSET = range(4)
ROLES = ("weight", "bias", "weight", "bias")
ELEMENTWISE = frozenset((FACTOR, OFFSET))

GATES = tuple(range(1, 12))  # input, recurrent and peephole weights of the gates
LSTM = {WEIGHT: (*GATES, 16, 20, 21, 22, 23), BIAS: (12, 13, 14, 15, 17)}
RNN = {WEIGHT: (1, 2), BIAS: (3,)}
CONV = {WEIGHT: (1,), BIAS: (2,)}
TRANSPOSED = {WEIGHT: (1,), BIAS: (3,)}
#: a product is one whichever side its weights stand on
PRODUCT = {WEIGHT: (0, 1), BIAS: (2,)}
PICK = {WEIGHT: (0,)}

#: operator -> what its operands are, by number
SLOTS: Mapping[str, Mapping[int, Numbers]] = {
    "CONV_2D": CONV, "DEPTHWISE_CONV_2D": CONV, "CONV_3D": CONV, "TRANSPOSE_CONV": TRANSPOSED,
    "CONV_3D_TRANSPOSE": TRANSPOSED, "FULLY_CONNECTED": PRODUCT, "BATCH_MATMUL": {WEIGHT: (0, 1)},
    "EMBEDDING_LOOKUP": {WEIGHT: (1,)}, "EMBEDDING_LOOKUP_SPARSE": {WEIGHT: (4,)}, "HASHTABLE_LOOKUP": {WEIGHT: (2,)},
    "GATHER": PICK, "GATHER_ND": PICK, "PRELU": {WEIGHT: (1,)},
    "LSTM": LSTM, "UNIDIRECTIONAL_SEQUENCE_LSTM": LSTM,
    "BIDIRECTIONAL_SEQUENCE_LSTM": {
        WEIGHT: (*GATES, 16, *(17 + k for k in GATES), 33, *range(40, 48)),
        BIAS: (12, 13, 14, 15, 17, 29, 30, 31, 32, 34),
    },
    "RNN": RNN, "UNIDIRECTIONAL_SEQUENCE_RNN": RNN,
    "BIDIRECTIONAL_SEQUENCE_RNN": {WEIGHT: (1, 2, 5, 6, 10, 11), BIAS: (3, 7)},
    "SVDF": {WEIGHT: (1, 2), BIAS: (3,)},
    "MUL": {FACTOR: (0, 1)}, "DIV": {FACTOR: (0, 1)}, "ADD": {OFFSET: (0, 1)}, "SUB": {OFFSET: (0, 1)},
    "STABLEHLO_CONVOLUTION": PRODUCT, "STABLEHLO_DOT_GENERAL": PRODUCT, "STABLEHLO_GATHER": PICK,
    "STABLEHLO_MULTIPLY": {FACTOR: (0, 1)}, "STABLEHLO_DIVIDE": {FACTOR: (0, 1)},
    "STABLEHLO_ADD": {OFFSET: (0, 1)}, "STABLEHLO_SUBTRACT": {OFFSET: (0, 1)},
    # custom operators: google/mediapipe mediapipe/util/tflite/operations; TensorFlow's own, run through Flex
    "Convolution2DTransposeBias": CONV, "FlexConv2D": CONV, "FlexConv3D": CONV,
    "FlexDepthwiseConv2dNative": CONV, "FlexMatMul": PRODUCT, "FlexBatchMatMul": PRODUCT, "FlexBatchMatMulV2": PRODUCT,
    "FlexEinsum": PRODUCT, "FlexBiasAdd": {BIAS: (1,)}, "FlexGatherV2": PICK, "FlexResourceGather": PICK,
    "FlexMul": {FACTOR: (0, 1)}, "FlexAddV2": {OFFSET: (0, 1)}, "FlexSub": {OFFSET: (0, 1)},
}  # fmt: skip

#: a basic LSTM (tflite/kernels/lstm.cc, namespace lstm::basic) has five operands in another order
BASIC_LSTM = {WEIGHT: (2,), BIAS: (3,)}
BASIC_LSTM_OPERANDS = 5

#: textbook kinds of the layers that operators are
KINDS: Mapping[str, str] = {
    **dict.fromkeys(("CONV_2D", "CONV_3D", "STABLEHLO_CONVOLUTION", "FlexConv2D", "FlexConv3D"), "Conv"),
    **dict.fromkeys(("DEPTHWISE_CONV_2D", "FlexDepthwiseConv2dNative"), "DepthwiseConv"),
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE", "Convolution2DTransposeBias"), "ConvTranspose"),
    **dict.fromkeys(("FULLY_CONNECTED", "BATCH_MATMUL", "STABLEHLO_DOT_GENERAL", "FlexMatMul", "FlexBatchMatMul",
                     "FlexBatchMatMulV2"), "Dense"),
    **dict.fromkeys(("EMBEDDING_LOOKUP", "EMBEDDING_LOOKUP_SPARSE"), "Embedding"),
    **dict.fromkeys(("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM"), "LSTM"),
    **dict.fromkeys(("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN"), "SimpleRNN"),
    "PRELU": "PReLU",
}  # fmt: skip
#: a table that rows are picked from is an embedding where it has two dimensions
PICKS = frozenset(("GATHER", "STABLEHLO_GATHER", "FlexGatherV2", "FlexResourceGather"))

#: operators whose results are their operands' own numbers, reshaped, cast, picked or joined -> those operands
#: (None: every one)
HANDED_ON: Mapping[str, Numbers | None] = {
    "DEQUANTIZE": (0,), "QUANTIZE": (0,), "FAKE_QUANT": (0,), "RESHAPE": (0,), "TRANSPOSE": (0,), "CAST": (0,),
    "EXPAND_DIMS": (0,), "SQUEEZE": (0,), "DENSIFY": (0,), "BITCAST": (0,), "BROADCAST_TO": (0,), "TILE": (0,),
    "SLICE": (0,), "STRIDED_SLICE": (0,), "SPLIT": (1,), "SPLIT_V": (0,), "UNPACK": (0,), "REVERSE_V2": (0,),
    "CONCATENATION": None, "PACK": None, "PAD": (0,), "PADV2": (0,),
    "STABLEHLO_RESHAPE": (0,), "STABLEHLO_TRANSPOSE": (0,), "STABLEHLO_CONVERT": (0,), "STABLEHLO_SLICE": (0,),
    "STABLEHLO_BROADCAST_IN_DIM": (0,), "STABLEHLO_CONCATENATE": None,
}  # fmt: skip

#: operators that run other subgraphs -> (fields of their options that number these, first operand handed in)
CALLS: Mapping[str, tuple[Numbers, int]] = {
    "WHILE": ((0, 1), 0), "STABLEHLO_WHILE": ((0, 1), 0), "IF": ((0, 1), 1), "CALL": ((0,), 0),
    "STABLEHLO_COMPOSITE": ((1,), 0),
}  # fmt: skip
#: those whose results go in again, round by round
LOOPS = frozenset(("WHILE", "STABLEHLO_WHILE"))
#: options that stand in the second union
SECOND_OPTIONS = frozenset(("STABLEHLO_WHILE", "STABLEHLO_COMPOSITE"))

#: a prefix of operators that are builtin ones in a vendor's own form (litert/vendors/mediatek)
VENDOR = "MTKEXT_"
#: custom operators that are programs for an accelerator, their weights inside -> whose
ACCELERATORS: Mapping[str, str] = {
    "DISPATCH_OP": "an NPU (LiteRT)",  # litert/core/build_stamp.h
    "ethos-u": "Arm Ethos-U",  # tflite-micro tensorflow/lite/micro/kernels/ethos_u/ethosu.cc
    "edgetpu-custom-op": "an Edge TPU",  # google-coral/libedgetpu, tflite/edgetpu_custom_op
}


#: custom operators that have no weights: TensorFlow's and tflite-micro's own (tflite/kernels/custom_ops_register.h,
#: tflite-micro signal/tensorflow_core/ops)
WEIGHTLESS = frozenset((
    "TFLite_Detection_PostProcess", "AudioSpectrogram", "Mfcc", "SignalWindow", "SignalFilterBank",
    "SignalFilterBankLog", "SignalFilterBankSpectralSubtraction", "SignalFilterBankSquareRoot", "SignalPCAN",
    "SignalRfft", "SignalIrfft", "SignalFftAutoScale", "SignalFramer", "SignalStacker", "SignalOverlapAdd",
    "SignalEnergy", "SignalDelay", "MaxPoolingWithArgmax2D", "MaxUnpooling2D", "TransformTensorBilinear",
    "TransformLandmarks", "Landmarks2TransformMatrix", "HashTableV2", "LookupTableFindV2",
))  # fmt: skip


def is_unknown(operator: str) -> bool:
    """Whether what the operands of a custom operator mean is not known here.

    >>> is_unknown("MyFusedLayer"), is_unknown("Convolution2DTransposeBias"), is_unknown("ethos-u")
    (True, False, False)
    """
    known = operator.removeprefix(VENDOR) in SLOTS or operator in ACCELERATORS or operator in WEIGHTLESS
    return not known


def slots_of(operator: str, operands: int) -> Mapping[int, Numbers]:
    """What the operands of an operator are; {} where none is a weight.

    >>> slots_of("CONV_2D", 3), slots_of("LSTM", 5), slots_of("RESHAPE", 2)
    ({0: (1,), 1: (2,)}, {0: (2,), 1: (3,)}, {})
    """
    if operator == "LSTM" and operands == BASIC_LSTM_OPERANDS:
        return BASIC_LSTM
    return SLOTS.get(operator.removeprefix(VENDOR), {})
