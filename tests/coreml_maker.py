"""Writes Core ML models byte by byte, right or wrong: what the tests and the fuzzer feed the reader.

Field numbers are those of apple/coremltools mlmodel/format/*.proto.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import prod

from tests.onnx_maker import chunk, number

BOOL, STRING, FLOAT16, FLOAT32, INT8, INT32, INT4 = 1, 2, 10, 11, 21, 23, 25
UINT8, UINT32, UINT4, UINT2, UINT1, UINT6, UINT3 = 31, 33, 35, 36, 37, 38, 39
BITS = {BOOL: 8, FLOAT16: 16, FLOAT32: 32, INT8: 8, INT32: 32, INT4: 4, UINT8: 8, UINT32: 32, UINT4: 4, UINT2: 2,
        UINT1: 1, UINT6: 6, UINT3: 3}  # fmt: skip
WEIGHTS = "@model_path/weights/weight.bin"
CONVOLUTION, ACTIVATION, INNER, EMBEDDING, BATCHNORM, SCALE, BIAS, CONSTANT = 100, 130, 140, 150, 160, 245, 250, 1070
ADD, MULTIPLY, BRANCH, LOOP, CUSTOM, MATMUL = 880, 900, 605, 615, 500, 1045


# -- MIL --------------------------------------------------------------------------------------------------------------


def tensor_type(kind: int, shape: Sequence[int | None]) -> bytes:
    """A ValueType; a dimension that is None is not fixed."""
    dims = b"".join(chunk(3, chunk(2, b"") if n is None else chunk(1, number(1, n) if n else b"")) for n in shape)
    return chunk(1, number(1, kind) + number(2, len(shape)) + dims)


def value(
    kind: int, shape: Sequence[int], *, at: int | None = None, file: str = WEIGHTS, held: bytes | None = None
) -> bytes:
    """A Value: in the file of weights at an offset, or its zeros here; `held` is a TensorValue of one's own."""
    made = chunk(2, tensor_type(kind, shape))
    if at is not None:
        return made + chunk(5, chunk(1, file) + (number(2, at) if at else b""))
    return made + chunk(3, chunk(1, zeros(kind, prod(shape)) if held is None else held))


def zeros(kind: int, count: int) -> bytes:
    """A TensorValue of so many zeros."""
    if kind == STRING:
        return chunk(4, chunk(1, "text") * count)
    if kind == FLOAT32:
        return chunk(1, chunk(1, bytes(4 * count)))
    if kind in (INT32, BOOL):
        return chunk(2 if kind == INT32 else 3, chunk(1, bytes(count)))
    return chunk(7, chunk(1, bytes(-(-count * BITS[kind] // 8))))


def text(said: str) -> bytes:
    """A Value that is one text."""
    return value(STRING, (), held=chunk(4, chunk(1, said)))


def entry(key: str, held: bytes) -> bytes:
    return chunk(1, key) + chunk(2, held)


def op(
    kind: str, inputs: Mapping[str, str | bytes | Sequence[str]], outputs: Sequence[str | tuple[str, int,
        Sequence[int]]],
    blocks: Sequence[bytes] = (), attributes: Mapping[str, bytes] | None = None,
) -> bytes:  # fmt: skip
    """An Operation: an input is a name, names, or a Value; an output a name, or (name, type, shape)."""
    made = chunk(1, kind)
    for name, given in inputs.items():
        many = given if isinstance(given, (list, tuple)) else [given]
        bound = b"".join(chunk(1, chunk(1, each) if isinstance(each, str) else chunk(2, each)) for each in many)
        made += chunk(2, entry(name, bound))
    for out in outputs:
        name, *rest = (out,) if isinstance(out, str) else out
        made += chunk(3, chunk(1, name) + chunk(2, tensor_type(*rest) if rest else tensor_type(FLOAT32, (None,))))
    made += b"".join(chunk(4, block) for block in blocks)
    held = attributes or {}
    return made + b"".join(chunk(5, entry(name, each)) for name, each in held.items())


def const(name: str, kind: int, shape: Sequence[int], **more: object) -> bytes:
    """A const operation."""
    held = value(kind, shape, **more)  # type: ignore[arg-type]
    return op("const", {}, [(name, kind, shape)], attributes={"name": text(name), "val": held})


def block(operations: Sequence[bytes], outputs: Sequence[str] = (), inputs: Sequence[str] = ()) -> bytes:
    ins = b"".join(chunk(1, chunk(1, name) + chunk(2, tensor_type(FLOAT32, (1,)))) for name in inputs)
    return ins + b"".join(chunk(2, name) for name in outputs) + b"".join(chunk(3, each) for each in operations)


def function(operations: Sequence[bytes], inputs: Sequence[str] = ("x",), opset: str = "CoreML7") -> bytes:
    ins = b"".join(chunk(1, chunk(1, name) + chunk(2, tensor_type(FLOAT32, (1, 4)))) for name in inputs)
    return ins + chunk(2, opset) + chunk(3, entry(opset, block(operations, ["y"])))


def program(functions: Mapping[str, bytes] | Sequence[bytes]) -> bytes:
    """A model that is a program: functions by name, or the operations of the one called main."""
    held = functions if isinstance(functions, Mapping) else {"main": function(functions)}
    made = number(1, 1) + b"".join(chunk(2, entry(name, each)) for name, each in held.items())
    return model(502, made, 7)


# -- neural networks --------------------------------------------------------------------------------------------------


def floats(count: int) -> bytes:
    """WeightParams of float32."""
    return chunk(1, bytes(4 * count))


def halves(count: int) -> bytes:
    """WeightParams of float16."""
    return chunk(2, bytes(2 * count))


def quantised(count: int, bits: int, scales: int = 0, offsets: int = 0, table: int = 0) -> bytes:
    """WeightParams of fewer bits."""
    inner = number(1, bits)
    if table:
        inner += chunk(102, chunk(1, bytes(4 * table)))
    else:
        inner += chunk(101, chunk(1, bytes(4 * scales)) + chunk(2, bytes(4 * offsets)))
    return chunk(30, bytes(-(-count * bits // 8))) + chunk(40, inner)


def layer(
    name: str, kind: int, fields: bytes, inputs: Sequence[str] = ("x",), outputs: Sequence[str] = ("y",)
) -> bytes:
    ins, outs = (b"".join(chunk(number, each) for each in names) for number, names in ((2, inputs), (3, outputs)))
    return chunk(1, name) + ins + outs + chunk(kind, fields)


def inner(rows: int, columns: int, weights: bytes | None = None, bias: bytes | None = None) -> bytes:
    """InnerProductLayerParams."""
    held = floats(rows * columns) if weights is None else weights
    more = b"" if bias is None else chunk(21, bias)
    return number(1, columns) + number(2, rows) + chunk(20, held) + more


def network(*layers: bytes, kind: int = 500, version: int = 4, more: bytes = b"") -> bytes:
    """A model that is a neural network."""
    return model(kind, b"".join(chunk(1, each) for each in layers), version, more)


def model(kind: int, held: bytes, version: int = 4, more: bytes = b"") -> bytes:
    """A Model: version, a description of one input, what it is."""
    feature = chunk(1, "x") + chunk(3, chunk(5, number(1, 4)))
    return number(1, version) + chunk(2, chunk(1, feature)) + more + chunk(kind, held)


def pipeline(models: Mapping[str, bytes], kind: int = 202) -> bytes:
    held = b"".join(chunk(1, each) for each in models.values()) + b"".join(chunk(2, name) for name in models)
    return model(kind, held if kind == 202 else chunk(1, held))


# -- packages ---------------------------------------------------------------------------------------------------------


def manifest(path: object = "com.apple.CoreML/model.mlmodel", root: str = "A-1") -> bytes:
    entries = {"A-1": {"author": "com.apple.CoreML", "name": "model.mlmodel", "path": path}}
    return json.dumps({"fileFormatVersion": "1.0.0", "itemInfoEntries": entries, "rootModelIdentifier": root}).encode()


def dense(rows: int = 3, columns: int = 4, at: int | None = 64) -> bytes:
    """A program of one dense layer."""
    return program([
        const("fc_weight", FLOAT16, (rows, columns), at=at),
        const("fc_bias", FLOAT16, (rows,), at=None if at is None else at + 128),
        op("linear", {"x": "x", "weight": "fc_weight", "bias": "fc_bias"}, ["y"]),
    ])  # fmt: skip
