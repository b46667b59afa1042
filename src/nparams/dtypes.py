"""One table of number types: canonical name, exact storage, and the name that each format gives it.

Storage is (elements, bytes) of one block, never a fraction: 32 values of ggml's `q4_0` take 18 bytes, one `float32`
takes 4, and two `int4` take 1.  Nothing here has a default: an unknown name is an error at the reader.

Sources: safetensors `Dtype` (safetensors/src/tensor.rs), ggml `enum ggml_type` (include/ggml.h) with the block
structs' static_asserts (src/ggml-common.h).  gguf-py's table gives 40 bytes for q8_1; ggml's struct has 36.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# canonical name -> (elements, bytes) of one block
BLOCKS: Mapping[str, tuple[int, int]] = {
    "float64": (1, 8), "float32": (1, 4), "float16": (1, 2), "bfloat16": (1, 2),
    "float8_e5m2": (1, 1), "float8_e4m3fn": (1, 1), "float8_e8m0fnu": (1, 1),
    "float8_e4m3fnuz": (1, 1), "float8_e5m2fnuz": (1, 1),
    "float8_e3m4": (1, 1), "float8_e4m3": (1, 1), "float8_e4m3b11fnuz": (1, 1),
    "float6_e2m3fn": (4, 3), "float6_e3m2fn": (4, 3), "float4_e2m1fn": (2, 1),
    "int64": (1, 8), "int32": (1, 4), "int16": (1, 2), "int8": (1, 1),
    "uint64": (1, 8), "uint32": (1, 4), "uint16": (1, 2), "uint8": (1, 1),
    "bool": (1, 1), "complex32": (1, 4), "complex64": (1, 8), "complex128": (1, 16),
    # bytes without a meaning of their own (torch/csrc/utils/tensor_dtypes.cpp)
    "bits8": (1, 1), "bits16": (1, 2), "bits1x8": (1, 1), "bits2x4": (1, 1), "bits4x2": (1, 1),
    # logical types of packed weights; their scales are counted apart, as bookkeeping
    "int1": (8, 1), "uint1": (8, 1), "int2": (4, 1), "uint2": (4, 1), "int3": (8, 3), "uint3": (8, 3),
    "int4": (2, 1), "uint4": (2, 1),
    "int5": (8, 5), "uint5": (8, 5), "int6": (4, 3), "uint6": (4, 3), "int7": (8, 7), "uint7": (8, 7),
    "nf4": (2, 1), "fp4": (2, 1),
    # block types, the scales inside the block (where a format keeps them apart, the tensor says what is `stored`)
    "q4_0": (32, 18), "q4_1": (32, 20), "q5_0": (32, 22), "q5_1": (32, 24), "q8_0": (32, 34), "q8_1": (32, 36),
    "q2_k": (256, 84), "q3_k": (256, 110), "q4_k": (256, 144), "q5_k": (256, 176), "q6_k": (256, 210),
    "q8_k": (256, 292), "iq2_xxs": (256, 66), "iq2_xs": (256, 74), "iq3_xxs": (256, 98), "iq1_s": (256, 50),
    "iq4_nl": (32, 18), "iq3_s": (256, 110), "iq2_s": (256, 82), "iq4_xs": (256, 136), "iq1_m": (256, 56),
    "tq1_0": (256, 54), "tq2_0": (256, 66), "mxfp4": (32, 17), "nvfp4": (64, 36),
    "q1_0": (128, 18), "q2_0": (64, 18),
}  # fmt: skip

SAFETENSORS: Mapping[str, str] = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F6_E2M3": "float6_e2m3fn", "F6_E3M2": "float6_e3m2fn", "F4": "float4_e2m1fn",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool", "C64": "complex64",
}  # fmt: skip

# torch.<name> (torch/csrc/utils/tensor_dtypes.cpp); q types hold numbers with a scale.  float4_e2m1fn_x2, two numbers
# in one element, has no row: its reader doubles the shape.
TORCH: Mapping[str, str] = {
    "float64": "float64", "double": "float64", "float32": "float32", "float": "float32", "float16": "float16",
    "half": "float16", "bfloat16": "bfloat16", "float8_e5m2": "float8_e5m2", "float8_e4m3fn": "float8_e4m3fn",
    "float8_e5m2fnuz": "float8_e5m2fnuz", "float8_e4m3fnuz": "float8_e4m3fnuz", "float8_e8m0fnu": "float8_e8m0fnu",
    "int64": "int64", "long": "int64", "int32": "int32", "int": "int32", "int16": "int16", "short": "int16",
    "int8": "int8", "uint64": "uint64", "uint32": "uint32", "uint16": "uint16", "uint8": "uint8", "bool": "bool",
    "complex32": "complex32", "chalf": "complex32", "complex64": "complex64", "cfloat": "complex64",
    "complex128": "complex128", "cdouble": "complex128",
    "qint8": "int8", "quint8": "uint8", "qint32": "int32", "quint4x2": "uint4", "quint2x4": "uint2",
    "bits8": "bits8", "bits16": "bits16", "bits1x8": "bits1x8", "bits2x4": "bits2x4", "bits4x2": "bits4x2",
}  # fmt: skip
# numbers of torch._export.serde.schema.ScalarType
TORCH_EXPORT: Mapping[int, str] = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 29: "float8_e4m3fn",
    30: "float8_e5m2", 31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz", 33: "float8_e8m0fnu", 34: "uint32", 35: "uint64",
}  # fmt: skip
# torch.<name>Storage (torch/storage.py, _dtype_to_storage_type_map)
TORCH_STORAGES: Mapping[str, str] = {
    "Double": "float64", "Float": "float32", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64", "Int": "int32",
    "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool", "ComplexDouble": "complex128",
    "ComplexFloat": "complex64", "QInt8": "int8", "QUInt8": "uint8", "QInt32": "int32", "QUInt4x2": "uint4",
    "QUInt2x4": "uint2",
}  # fmt: skip

GGML: Mapping[int, str] = {
    0: "float32", 1: "float16", 2: "q4_0", 3: "q4_1", 6: "q5_0", 7: "q5_1", 8: "q8_0", 9: "q8_1", 10: "q2_k",
    11: "q3_k", 12: "q4_k", 13: "q5_k", 14: "q6_k", 15: "q8_k", 16: "iq2_xxs", 17: "iq2_xs", 18: "iq3_xxs",
    19: "iq1_s", 20: "iq4_nl", 21: "iq3_s", 22: "iq2_s", 23: "iq4_xs", 24: "int8", 25: "int16", 26: "int32",
    27: "int64", 28: "float64", 29: "iq1_m", 30: "bfloat16", 34: "tq1_0", 35: "tq2_0", 39: "mxfp4",
    40: "nvfp4", 41: "q1_0", 42: "q2_0",
}  # fmt: skip

# onnx/onnx onnx/onnx.proto, TensorProto.DataType (8 is text, which has no size)
ONNX: Mapping[int, str] = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8_e4m3fn",
    18: "float8_e4m3fnuz", 19: "float8_e5m2", 20: "float8_e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4_e2m1fn",
    24: "float8_e8m0fnu", 25: "uint2", 26: "int2", 27: "float6_e2m3fn",
    28: "float6_e3m2fn",
}  # fmt: skip

# tensorflow/tensorflow tensorflow/core/framework/types.proto, DataType; q types hold numbers with a scale elsewhere
# (7 is text, 20 a handle, 21 a variant: none of them is a number)
TENSORFLOW: Mapping[int, str] = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 8: "complex64", 9: "int64", 10: "bool",
    11: "int8", 12: "uint8", 13: "int32", 14: "bfloat16", 15: "int16", 16: "uint16", 17: "uint16", 18: "complex128",
    19: "float16", 22: "uint32", 23: "uint64", 24: "float8_e5m2", 25: "float8_e4m3fn", 26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz", 28: "float8_e5m2fnuz", 29: "int4", 30: "uint4", 31: "int2", 32: "uint2",
    33: "float4_e2m1fn",
}  # fmt: skip

# PaddlePaddle/Paddle paddle/fluid/framework/framework.proto, VarType.Type
PADDLE: Mapping[int, str] = {
    0: "bool", 1: "int16", 2: "int32", 3: "int64", 4: "float16", 5: "float32", 6: "float64", 19: "uint64", 20: "uint8",
    21: "int8", 22: "bfloat16", 23: "complex64", 24: "complex128", 32: "float8_e4m3fn", 33: "float8_e5m2", 36: "uint16",
    37: "uint32", 38: "uint64",
}  # fmt: skip
# the same in a program as JSON (paddle/fluid/pir/serialize_deserialize/include/schema.h)
PADDLE_JSON: Mapping[str, str] = {
    "t_bool": "bool", "t_i8": "int8", "t_ui8": "uint8", "t_i16": "int16", "t_i32": "int32", "t_i64": "int64",
    "t_f16": "float16", "t_bf16": "bfloat16", "t_f32": "float32", "t_f64": "float64", "t_c64": "complex64",
    "t_c128": "complex128", "t_f8e4m3fn": "float8_e4m3fn", "t_f8e5m2": "float8_e5m2",
}  # fmt: skip

# NVIDIA/TensorRT parsers/caffe/proto/trtcaffe.proto, Type: name, bytes
CAFFE: Mapping[int, tuple[str, int]] = {
    0: ("float64", 8), 1: ("float32", 4), 2: ("float16", 2), 3: ("int32", 4), 4: ("uint32", 4),
}  # fmt: skip

# Tencent/ncnn tools/pnnx/src/ir.cpp, type_to_string
PNNX: Mapping[str, str] = {
    "f32": "float32", "f64": "float64", "f16": "float16", "bf16": "bfloat16", "i8": "int8", "i16": "int16",
    "i32": "int32", "i64": "int64", "u8": "uint8", "bool": "bool", "c32": "complex32", "c64": "complex64",
    "c128": "complex128",
}  # fmt: skip

# openvinotoolkit/openvino src/core/src/type/element_type.cpp: types_info; of ports and of IR v2 to v7, `legacy`
OPENVINO: Mapping[str, str] = {
    "f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16", "f8e4m3": "float8_e4m3fn",
    "f8e5m2": "float8_e5m2", "f8e8m0": "float8_e8m0fnu", "f4e2m1": "float4_e2m1fn", "nf4": "nf4",
    "i64": "int64", "i32": "int32", "i16": "int16", "i8": "int8", "i4": "int4",
    "u64": "uint64", "u32": "uint32", "u16": "uint16", "u8": "uint8", "u6": "uint6", "u4": "uint4", "u3": "uint3",
    "u2": "uint2", "u1": "uint1", "boolean": "bool",
    "FP64": "float64", "FP32": "float32", "FP16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "I4": "int4", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8",
    "U4": "uint4", "BIN": "uint1", "BOOL": "bool",
}  # fmt: skip

# apple/coremltools mlmodel/format/MIL.proto, DataType (2 is text, which has no size)
COREML: Mapping[int, str] = {
    1: "bool", 10: "float16", 11: "float32", 12: "float64", 13: "bfloat16", 21: "int8", 22: "int16", 23: "int32",
    24: "int64", 25: "int4", 31: "uint8", 32: "uint16", 33: "uint32", 34: "uint64", 35: "uint4", 36: "uint2",
    37: "uint1", 38: "uint6", 39: "uint3", 40: "float8_e4m3fn", 41: "float8_e5m2",
}  # fmt: skip

# Ids that once had a meaning; ggml.h: "support has been removed".
GGML_REMOVED = frozenset((4, 5, 31, 32, 33, 36, 37, 38))

# numpy.dtype.name, with the types that ml_dtypes adds (jax-ml/ml_dtypes ml_dtypes/__init__.py); those that take less
# than a byte are kept in one
NUMPY: Mapping[str, str] = {
    name: name
    for name in (
        "float64", "float32", "float16", "bfloat16", "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz",
        "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float6_e2m3fn",
        "float6_e3m2fn", "float4_e2m1fn", "int64", "int32", "int16", "int8", "int4", "int2", "int1", "uint64", "uint32",
        "uint16", "uint8", "uint4", "uint2", "uint1", "bool", "complex64", "complex128",
    )
}  # fmt: skip

INTEGERS = frozenset(
    ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"),
)


def held_bytes(elements: int, dtype: str) -> int:
    """The bytes that so many values in a row take, where only the last byte is filled up.

    >>> held_bytes(5, "float6_e2m3fn"), held_bytes(5, "int4"), held_bytes(5, "float32")
    (4, 3, 20)
    """
    block, width = BLOCKS[dtype]
    return -(-elements * width // block)


#: those whose elements take whole bytes each, so that tensors need not be told apart; None: no one knows
WHOLE: frozenset[str | None] = frozenset((None, *(name for name, (elements, _) in BLOCKS.items() if elements == 1)))


def bytes_of(elements: int, dtype: str) -> int | None:
    """Bytes that `elements` values of `dtype` take, rounded up to a whole block; None for an unknown dtype.

    >>> bytes_of(4096, "q4_0"), bytes_of(3, "int4"), bytes_of(10, "posit8")
    (2304, 2, None)
    """
    block = BLOCKS.get(dtype)
    return None if block is None else -(-elements // block[0]) * block[1]
