"""Programs in MIL as tables of fields, and the records that are made of them.

Fields: apple/coremltools mlmodel/format/MIL.proto.  Of values only types, shapes and lengths are kept; numbers are
stepped over, in the message and in the file of weights.
"""

from __future__ import annotations

from math import prod

from nparams.dtypes import COREML, held_bytes
from nparams.errors import shown
from nparams.files._coreml.wire import ModelWire
from nparams.files._onnx.stored import entries
from nparams.files._protobuf.schema import INT, MESSAGE, MESSAGES, RUN, SPAN, SPANS, TEXT, TEXTS, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.files._protobuf.schema import Record
    from nparams.files._protobuf.wire import Wire

    #: what an operator is given for one of its inputs: the name of a value, or a value
    Given = "str | Value"

STRING = 2
DIMENSIONS, DIMENSION_LIMIT = 8, 1 << 48
CONST, CONSTEXPR = "const", "constexpr_"

DIMENSION = Schema(
    "Dimension", {1: (MESSAGE, "constant", Schema("ConstantDimension", {1: (INT, "size", None)}))},
    lambda _, held, __, ___: held["constant"].get("size", 0) if "constant" in held else -1,
)  # fmt: skip
TENSOR_TYPE = Schema("TensorType", {
    1: (INT, "dataType", None), 2: (INT, "rank", None), 3: (MESSAGES, "dimensions", DIMENSION),
})  # fmt: skip
VALUE_TYPE = Schema("ValueType", {1: (MESSAGE, "tensorType", TENSOR_TYPE)})
RUNS = {1: "floats", 2: "ints", 3: "bools", 5: "longInts", 6: "doubles"}
TENSOR_VALUE = Schema("TensorValue", {
    **{number: (MESSAGE, name, Schema(name, {1: (RUN, "values", None)})) for number, name in RUNS.items()},
    4: (MESSAGE, "strings", Schema("strings", {1: (SPANS, "values", None)})),
    7: (MESSAGE, "bytes", Schema("bytes", {1: (SPAN, "values", None)})),
})  # fmt: skip
IMMEDIATE = Schema("ImmediateValue", {1: (MESSAGE, "tensor", TENSOR_VALUE)})
BLOB = Schema("BlobFileValue", {1: (TEXT, "fileName", None), 2: (INT, "offset", None)})
VALUE = Schema("Value", {
    2: (MESSAGE, "type", VALUE_TYPE), 3: (MESSAGE, "immediateValue", IMMEDIATE), 5: (MESSAGE, "blobFileValue", BLOB),
})  # fmt: skip
BINDING = Schema("Binding", {1: (TEXT, "name", None), 2: (SPAN, "value", None)})
ARGUMENT = Schema("Argument", {1: (SPANS, "arguments", None)})
ENTRY = Schema("entry of a map", {1: (TEXT, "key", None), 2: (SPAN, "value", None)})
NAMED = Schema("NamedValueType", {1: (TEXT, "name", None), 2: (SPAN, "type", None)})
#: bytes that one number takes in a field of an immediate value (0: as many as it needs)
WIDTHS = {"floats": 4, "doubles": 8, "ints": 0, "bools": 0, "longInts": 0}


class Value:
    """A value of a tensor type: number type (None: text, or no tensor), shape, and where its numbers lie."""

    __slots__ = ("at", "dtype", "file", "offset", "shape", "size", "text")

    def __init__(self, dtype: str | None, shape: tuple[int, ...], at: int) -> None:
        self.dtype = dtype
        self.shape = shape
        self.size = prod(shape)
        self.text = False
        #: the file of weights and the place of its record there; "" where the numbers are in the model itself
        self.file = ""
        self.offset = 0
        self.at = at


class Op:
    """One operation: inputs by parameter, outputs with the shape of each (None: not one that is known)."""

    __slots__ = ("at", "blocks", "inputs", "outputs", "type", "value")

    def __init__(self, kind: str, at: int) -> None:
        self.type = kind
        self.at = at
        self.inputs: list[tuple[str, list[Any]]] = []
        self.outputs: list[tuple[str, tuple[int, ...] | None]] = []
        self.blocks: Sequence[Block] = ()
        #: of a const
        self.value: Value | None = None


class Block:
    """A list of operations with named inputs and outputs."""

    __slots__ = ("inputs", "operations", "outputs")

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str], operations: Sequence[Op]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.operations = operations


# -- values -----------------------------------------------------------------------------------------------------------


def value_at(wire: Wire, span: tuple[int, int], depth: int) -> Value | None:
    """The tensor value there, checked; None for a list, a tuple or a dictionary.

    Raises FormatError for an unknown number type, an impossible shape, or numbers that are too few or many.
    """
    held: Record = {}
    at, length = span
    wire.decode(VALUE, at, at + length, held, depth)
    tensor = held.get("type", {}).get("tensorType")
    if tensor is None:
        return None
    kind = tensor.get("dataType", 0)
    if kind not in COREML and kind != STRING:
        raise wire.bad(VALUE, at, f"data type {kind} is not known")
    shape = shape_of(wire, tensor, at)
    if shape is None:
        raise wire.bad(VALUE, at, "a constant whose shape is not fixed")
    made = Value(COREML.get(kind), shape, at)
    made.text = kind == STRING
    if "blobFileValue" in held:
        made.file, made.offset = held["blobFileValue"].get("fileName", ""), held["blobFileValue"].get("offset", 0)
        if made.offset < 0 or not made.file:
            raise wire.bad(VALUE, at, f"weights in file {shown(made.file)} at {made.offset:,}, which is no place")
    else:
        _check(wire, made, held.get("immediateValue", {}).get("tensor", {}))
    return made


def shape_of(wire: Wire, tensor: Record, at: int) -> tuple[int, ...] | None:
    """The dimensions of a tensor type, None where one of them is not fixed."""
    dims = tensor.get("dimensions", ())
    if len(dims) > DIMENSIONS or any(n >= DIMENSION_LIMIT for n in dims):
        raise wire.bad(TENSOR_TYPE, at, f"impossible shape {shown(str(list(dims)))} of a tensor")
    return None if any(n < 0 for n in dims) else tuple(dims)


def _check(wire: Wire, made: Value, held: Record) -> None:
    """Whether the numbers in the model are as many as the shape says."""
    wanted = made.size
    for name, inner in held.items():
        run = inner.get("values")
        if name == "bytes":
            least = most = run[1] if run else 0
            wanted = held_bytes(made.size, made.dtype) if made.dtype is not None else least
        elif name == "strings":
            least = most = len(run or ())
        else:
            least, most = entries(wire, run, WIDTHS[name]) if run is not None else (0, 0)
        if not least <= wanted <= most:
            has = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            what = f"{has} {name}, where its shape {list(made.shape)} of {made.dtype or 'text'} takes {wanted:,}"
            raise wire.bad(VALUE, made.at, what)
    if not held and made.size and not made.text:
        raise wire.bad(VALUE, made.at, f"no numbers, where its shape {list(made.shape)} takes {made.size:,}")


# -- operations -------------------------------------------------------------------------------------------------------


def _made_op(wire: Wire, held: Record, depth: int, at: int) -> Op:
    if isinstance(wire, ModelWire):
        wire.one_operation(OPERATION, at)
    op = Op(held.get("type", ""), at)
    op.blocks = held.get("blocks", ())
    for offset, length in held.get("inputs", ()):
        key, span = _entry(wire, offset, length, depth)
        op.inputs.append((key, _arguments(wire, span, depth)))
    unpacks = op.type.startswith(CONSTEXPR)
    for name, span in held.get("outputs", ()):
        op.outputs.append((name, _typed(wire, span, depth) if unpacks and span else None))
    for offset, length in held.get("attributes", ()) if unpacks or op.type == CONST else ():
        key, span = _entry(wire, offset, length, depth)
        if op.type == CONST and key == "val":
            op.value = value_at(wire, span, depth + 1)
        elif unpacks and key != "name":
            op.inputs.append((key, [value_at(wire, span, depth + 1)]))
    return op


def _entry(wire: Wire, offset: int, length: int, depth: int) -> tuple[str, tuple[int, int]]:
    held: Record = {}
    wire.decode(ENTRY, offset, offset + length, held, depth + 1)
    return held.get("key", ""), held.get("value", (offset + length, 0))


def _arguments(wire: Wire, span: tuple[int, int], depth: int) -> list[Any]:
    """What is given for one input: names, and values that stand there themselves."""
    held: Record = {}
    wire.decode(ARGUMENT, span[0], sum(span), held, depth + 2)
    found: list[Any] = []
    for offset, length in held.get("arguments", ()):
        bound: Record = {}
        wire.decode(BINDING, offset, offset + length, bound, depth + 3)
        if "name" in bound:
            found.append(bound["name"])
        elif "value" in bound:
            found.append(value_at(wire, bound["value"], depth + 4))
    return found


def _typed(wire: Wire, span: tuple[int, int], depth: int) -> tuple[int, ...] | None:
    held: Record = {}
    wire.decode(VALUE_TYPE, span[0], sum(span), held, depth + 1)
    return shape_of(wire, held.get("tensorType", {}), span[0])


def _made_named(wire: Wire, held: Record, depth: int, at: int) -> tuple[str, tuple[int, int] | None]:
    return held.get("name", ""), held.get("type")


def _made_block(wire: Wire, held: Record, depth: int, at: int) -> Block:
    inputs = [name for name, _ in held.get("inputs", ())]
    return Block(inputs, held.get("outputs", ()), held.get("operations", ()))


OUTPUT = Schema("NamedValueType", NAMED.fields, _made_named)
BLOCK = Schema("Block", {1: (MESSAGES, "inputs", OUTPUT), 2: (TEXTS, "outputs", None)}, _made_block)
OPERATION = Schema("Operation", {
    1: (TEXT, "type", None), 2: (SPANS, "inputs", None), 3: (MESSAGES, "outputs", OUTPUT),
    4: (MESSAGES, "blocks", BLOCK), 5: (SPANS, "attributes", None),
}, _made_op)  # fmt: skip
BLOCK.fields[3] = (MESSAGES, "operations", OPERATION)
FUNCTION = Schema("Function", {
    1: (MESSAGES, "inputs", OUTPUT), 2: (TEXT, "opset", None),
    3: (MESSAGES, "blocks", Schema("block_specializations", {1: (TEXT, "key", None), 2: (MESSAGES, "value", BLOCK)})),
})  # fmt: skip
PROGRAM = Schema("Program", {
    1: (INT, "version", None),
    2: (MESSAGES, "functions", Schema("functions", {1: (TEXT, "key", None), 2: (MESSAGE, "value", FUNCTION)})),
})  # fmt: skip
