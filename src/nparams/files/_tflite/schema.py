"""TensorFlow Lite's schema, as numbers: the fields that are read, number types and operators.

Source: google-ai-edge/LiteRT tflite/converter/schema/schema.fbs.  A field's number is its place in its table; a union
takes two, the kind and then the reference.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTIFIER = b"TFL3"


class Model:
    """Fields of the root table."""

    VERSION, CODES, SUBGRAPHS, BUFFERS, EXTERNAL = 0, 1, 2, 4, 9


class SubGraph:
    """Fields of a subgraph."""

    TENSORS, INPUTS, OUTPUTS, OPERATORS, NAME = 0, 1, 2, 3, 4


class TensorField:
    """Fields of a tensor."""

    SHAPE, TYPE, BUFFER, NAME, QUANTIZATION, VARIABLE, SPARSITY, EXTERNAL = 0, 1, 2, 3, 4, 5, 6, 10


class Buffer:
    """Fields of a buffer; `OFFSET` and `SIZE` place it behind the flatbuffer, in files of more than 2 GB."""

    DATA, OFFSET, SIZE = 0, 1, 2


class External:
    """Fields of a buffer in another file."""

    ID, LENGTH = 0, 3


class Code:
    """Fields of an operator code: the first number is a byte, and holds PLACEHOLDER where the code needs more."""

    OLD, CUSTOM, BUILTIN = 0, 1, 3


class Operator:
    """Fields of an operator."""

    CODE, INPUTS, OUTPUTS, OPTIONS, CUSTOM_OPTIONS, OPTIONS_2 = 0, 1, 2, 4, 5, 12


class Quantization:
    """Fields of a tensor's quantisation; DETAILS_TYPE 2 is blockwise, 3 over several axes."""

    SCALE, DETAILS_TYPE, DETAILS = 2, 4, 5
    SCALES, ZERO_POINTS = 0, 1  # of the details: tensors of the same subgraph
    IN_TENSORS = (2, 3)


class Sparsity:
    """Fields of a sparse tensor's layout, and of each of its dimensions (FORMAT 1 is compressed sparse rows)."""

    DIMENSIONS = 2
    FORMAT, DENSE_SIZE, SEGMENTS_TYPE, SEGMENTS, INDICES_TYPE, INDICES = 0, 1, 2, 3, 4, 5


#: the kinds of an index vector of a sparse dimension -> bytes of one index
INDEX_BYTES: Mapping[int, int] = {1: 4, 2: 2, 3: 1}
#: enum TensorType -> canonical name
TYPES: Mapping[int, str] = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 8: "complex64", 9: "int8",
    10: "float64", 11: "complex128", 12: "uint64", 15: "uint32", 16: "uint16", 17: "int4", 18: "bfloat16", 19: "int2",
    20: "uint4", 21: "float8_e4m3fn", 22: "float8_e5m2",
}  # fmt: skip
#: types that hold no numbers
NO_NUMBERS: Mapping[int, str] = {5: "text", 13: "a resource", 14: "a variant"}

CUSTOM = 32
#: enum BuiltinOperator -> name, for the operators that matter to a count or to its notes
OPERATORS: Mapping[int, str] = {
    0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE",
    7: "EMBEDDING_LOOKUP", 9: "FULLY_CONNECTED", 10: "HASHTABLE_LOOKUP", 15: "LSH_PROJECTION", 16: "LSTM", 18: "MUL",
    22: "RESHAPE", 23: "RESIZE_BILINEAR", 24: "RNN", 27: "SVDF", 31: "CALL", 32: "CUSTOM",
    33: "EMBEDDING_LOOKUP_SPARSE", 34: "PAD", 35: "UNIDIRECTIONAL_SEQUENCE_RNN", 36: "GATHER", 37: "BATCH_TO_SPACE_ND",
    38: "SPACE_TO_BATCH_ND", 39: "TRANSPOSE", 40: "MEAN", 41: "SUB", 42: "DIV", 43: "SQUEEZE",
    44: "UNIDIRECTIONAL_SEQUENCE_LSTM", 45: "STRIDED_SLICE", 46: "BIDIRECTIONAL_SEQUENCE_RNN", 48: "TOPK_V2",
    49: "SPLIT", 52: "BIDIRECTIONAL_SEQUENCE_LSTM", 53: "CAST", 54: "PRELU", 55: "MAXIMUM", 56: "ARG_MAX",
    57: "MINIMUM", 60: "PADV2", 64: "SELECT", 65: "SLICE", 67: "TRANSPOSE_CONV", 68: "SPARSE_TO_DENSE", 69: "TILE",
    70: "EXPAND_DIMS", 71: "EQUAL", 74: "SUM", 78: "POW", 80: "FAKE_QUANT", 82: "REDUCE_MAX", 83: "PACK", 85: "ONE_HOT",
    88: "UNPACK", 89: "REDUCE_MIN", 94: "FILL", 96: "RANGE", 97: "RESIZE_NEAREST_NEIGHBOR", 99: "SQUARED_DIFFERENCE",
    100: "MIRROR_PAD", 102: "SPLIT_V", 105: "REVERSE_V2", 106: "ADD_N", 107: "GATHER_ND", 114: "QUANTIZE", 118: "IF",
    119: "WHILE", 122: "SCATTER_ND", 123: "SELECT_V2", 124: "DENSIFY", 126: "BATCH_MATMUL", 128: "CUMSUM",
    129: "CALL_ONCE", 130: "BROADCAST_TO", 131: "RFFT2D", 132: "CONV_3D", 141: "CONV_3D_TRANSPOSE", 142: "VAR_HANDLE",
    143: "READ_VARIABLE", 144: "ASSIGN_VARIABLE", 151: "DYNAMIC_UPDATE_SLICE", 159: "BITCAST", 163: "STABLEHLO_ADD",
    164: "STABLEHLO_DIVIDE", 165: "STABLEHLO_MULTIPLY", 167: "STABLEHLO_RESHAPE", 169: "STABLEHLO_CONCATENATE",
    170: "STABLEHLO_BROADCAST_IN_DIM", 171: "STABLEHLO_CONVOLUTION", 172: "STABLEHLO_SLICE",
    188: "STABLEHLO_SUBTRACT", 192: "STABLEHLO_CONVERT", 197: "STABLEHLO_DOT_GENERAL",
    200: "STABLEHLO_WHILE", 201: "STABLEHLO_GATHER", 202: "STABLEHLO_TRANSPOSE", 206: "STABLEHLO_COMPOSITE",
}  # fmt: skip
