"""A stored tensor of ONNX: dimensions, number type, and what holds its numbers, each checked against the others.

onnx/onnx onnx/onnx.proto (TensorProto, SparseTensorProto) and docs/ExternalData.md.  Numbers are never read; the bytes
that hold them must be as many as the dimensions say.
"""

from __future__ import annotations

from math import prod

from nparams.dtypes import ONNX, held_bytes
from nparams.errors import shown
from nparams.files._onnx.model import Stored
from nparams.files._protobuf.schema import Run, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.errors import FormatError
    from nparams.files._protobuf.schema import Record
    from nparams.files._protobuf.wire import Wire

DIMENSIONS, DIMENSION_LIMIT = 8, 1 << 48
EXTERNAL = 1
DENSEST = 8  # numbers in a byte or an entry, whatever the type: what claims more is false
STRING = 8
COUNTED_BYTES = 1 << 12  # packed integers up to here are counted one by one

#: field of typed numbers -> (bytes of one, 0 for varints; data types that stand in it), onnx.proto's comments on each
TYPED = {
    "float_data": (4, (1, 14)), "int32_data": (0, (2, 3, 4, 5, 6, 9, 10, *range(16, 29))),
    "int64_data": (0, (7,)), "double_data": (8, (11, 15)), "uint64_data": (0, (12, 13)),
}  # fmt: skip
#: entries that one number takes, where it is not one
COMPLEX = {14: 2, 15: 2}
#: numbers in one entry of int32_data, where it is not one
PACKED = {21: 2, 22: 2, 23: 2, 25: 4, 26: 4}
TENSOR = Schema("tensor", {})


def stored(wire: Wire, held: Record, at: int) -> Stored:
    """The tensor that a TensorProto says, checked; `at` is where the message begins in the file.

    Raises FormatError for impossible dimensions, a number type that is not told, or numbers that are too few or many.
    """
    name, kind = held.get("name", ""), held.get("data_type", 0)
    what = shown(name) if name else "a tensor without a name"
    if kind == 0:
        raise wire.bad(TENSOR, at, f"{what} has no data type")
    dims = _dims(wire, held, what, at)
    made = Stored(name, dims, ONNX.get(kind), prod(dims), at)
    if kind not in ONNX and kind != STRING:
        made.note = f"data type {kind} is not known: bytes unknown"
    if held.get("data_location") == EXTERNAL:
        _check_external(wire, made, held, what)
    else:
        _check_inline(wire, made, held, kind, what)
    return made


def _dims(wire: Wire, held: Record, what: str, at: int) -> tuple[int, ...]:
    dims = tuple(held.get("dims", ()))
    if len(dims) > DIMENSIONS * wire.most or any(not 0 <= n < DIMENSION_LIMIT for n in dims):
        said = shown(str(list(dims)))
        limits = f"{DIMENSIONS * wire.most} dimensions, each from 0 to 2^48"
        raise wire.bad(TENSOR, at, f"{what} has the impossible shape {said}: the limits are {limits}")
    return dims


def _check_inline(wire: Wire, made: Stored, held: Record, kind: int, what: str) -> None:
    """The payload; its bytes, or its numbers, must be as many as the dimensions say."""
    if kind == STRING:
        _check_strings(wire, made, held, what)
    elif "raw_data" in held:
        made.payload = held["raw_data"]
        length = held["raw_data"][1]
        wanted = None if made.dtype is None else held_bytes(made.size, made.dtype)
        if wanted is not None and length != wanted:
            raise _differs(wire, made, what, f"its raw data has {length:,} bytes", f"{wanted:,}")
        if made.size > DENSEST * length:
            raise _differs(wire, made, what, f"its raw data has {length:,} bytes", "more")
    else:
        _check_typed(wire, made, held, kind, what)


def _check_strings(wire: Wire, made: Stored, held: Record, what: str) -> None:
    count, made.text = len(held.get("string_data", ())), True
    if count != made.size:
        raise _differs(wire, made, what, f"it holds {count:,} strings", f"{made.size:,}")
    made.note, made.bytes = "text", sum(length for _, length in held.get("string_data", ()))


def _check_typed(wire: Wire, made: Stored, held: Record, kind: int, what: str) -> None:
    runs = [(field, held[field]) for field in TYPED if field in held]
    if not runs:
        if made.size:
            made.note = "the file holds no numbers for it"
        return
    if len(runs) > 1 or (made.dtype is not None and kind not in TYPED[runs[0][0]][1]):
        fields = " and ".join(field for field, _ in runs)
        raise wire.bad(TENSOR, made.offset, f"{what} of data type {kind} keeps its numbers in {fields}")
    field, run = runs[0]
    made.payload = run
    wanted = -(-made.size // PACKED.get(kind, 1)) * COMPLEX.get(kind, 1)
    fewest, most = entries(wire, run, TYPED[field][0])
    if made.size > DENSEST * most:
        raise _differs(wire, made, what, f"its {field} has {most:,} entries", "more")
    if made.dtype is not None and not fewest <= wanted <= most:
        has = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
        raise _differs(wire, made, what, f"its {field} has {has} entries", f"{wanted:,}")


def entries(wire: Wire, run: Run, width: int) -> tuple[int, int]:
    """The fewest and the most numbers that a run can hold; packed varints are counted where they are few."""
    if width:
        return run.loose + run.packed // width, run.loose + run.packed // width
    if run.packed > COUNTED_BYTES:
        return run.loose + -(-run.packed // 10), run.loose + run.packed
    last = sum(byte < 0x80 for offset, length in run.spans for byte in wire.bytes_at(offset, length))
    return run.loose + last, run.loose + last


def _differs(wire: Wire, made: Stored, what: str, has: str, wanted: str) -> FormatError:
    shape = f"{list(made.dims)} of {made.dtype or ('strings' if made.text else 'an unknown type')}"
    return wire.bad(TENSOR, made.offset, f"{what}: {has}, where its shape {shape} takes {wanted}")


def _check_external(wire: Wire, made: Stored, held: Record, what: str) -> None:
    """Numbers in another file: nothing is opened, but what is said of them must agree with the dimensions."""
    made.external = {pair.get("key", ""): pair.get("value", "") for pair in held.get("external_data", ())}
    wanted = None if made.dtype is None else held_bytes(made.size, made.dtype)
    for key in ("offset", "length"):
        text = made.external.get(key, "0")
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise wire.bad(TENSOR, made.offset, f"{what}: the {key} of its external data is {shown(text)}, no number")
    if "length" in made.external and wanted is not None and int(made.external["length"]) < wanted:
        has = f"its external data has {int(made.external['length']):,} bytes"
        raise _differs(wire, made, what, has, f"{wanted:,}")


def sparse(wire: Wire, held: Record, at: int) -> Stored:
    """The tensor that a SparseTensorProto says: its shape is the dense one, stored are its values and their places."""
    values = stored(wire, held.get("values", {}), at)
    indices = stored(wire, held["indices"], at) if "indices" in held else Stored("", (0,), "int64", 0)
    what = shown(values.name)
    dims = _dims(wire, held, what, at)
    made = Stored(values.name, dims, values.dtype, prod(dims), at)
    if len(values.dims) != 1 or values.size > made.size or indices.dims not in _places(values.size, len(dims)):
        said = f"{list(values.dims)} values at {list(indices.dims)} places"
        raise wire.bad(TENSOR, at, f"{what}: {said} do not fit its dense shape {shown(str(list(dims)))}")
    made.how, made.elements = "sparse", values.size
    width = 0 if made.dtype is None else held_bytes(values.size, made.dtype)
    made.bytes = width + held_bytes(indices.size, "int64")
    made.external = values.external
    return made


def _places(count: int, rank: int) -> tuple[tuple[int, ...], ...]:
    """The shapes that the places of `count` values in `rank` dimensions may have."""
    return ((count,), (count, rank))


#: value attributes of Constant (onnx/defs/generator/defs.cc): number type, field of AttributeProto, whether a list
VALUES = {
    "value_float": ("float32", "f", False), "value_floats": ("float32", "floats", True),
    "value_int": ("int64", "i", False), "value_ints": ("int64", "ints", True),
    "value_string": (None, "s", False), "value_strings": (None, "strings", True),
}  # fmt: skip


def typed(wire: Wire, held: Record, name: str, at: int) -> Stored | None:
    """The tensor that a plain attribute of a Constant says: one number, or a list of them."""
    if name not in VALUES or VALUES[name][1] not in held:
        return None
    dtype, field, many = VALUES[name]
    value, size = held[field], 1
    if many:
        size = entries(wire, value, 4 if dtype == "float32" else 0)[0] if isinstance(value, Run) else len(value)
    made = Stored("", (size,) if many else (), dtype, size, at)
    made.payload = value if isinstance(value, Run) else None
    made.text = dtype is None
    return made
