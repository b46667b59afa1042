"""A constant of a graph: number type, shape, and what holds its numbers, each checked against the others.

tensorflow/tensorflow tensorflow/core/framework/tensor.proto and tensor.cc, Tensor::FromProto: numbers stand in one run
of bytes, or one by one in a field of their type; where these are fewer than the shape says, the last is repeated.
"""

from __future__ import annotations

from math import prod

from nparams.dtypes import TENSORFLOW
from nparams.errors import shown
from nparams.files._onnx.model import Stored
from nparams.files._onnx.stored import entries
from nparams.files._protobuf.schema import Schema
from nparams.files._tensorflow.bundle import held_bytes
from nparams.files._tensorflow.shapes import DIMENSIONS, ELEMENTS_LIMIT, NO_NUMBERS, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.errors import FormatError
    from nparams.files._protobuf.schema import Record
    from nparams.files._protobuf.wire import Wire

WHAT = Schema("TensorProto", {})
#: field -> (bytes of one, 0 for varints; data types that stand in it; entries that one number takes)
TYPED = {
    "float_val": (4, (1,), 1), "double_val": (8, (2,), 1), "int_val": (0, (3, 4, 5, 6, 11, 12, 13, 15, 16, 17, 29, 30,
                                                                          31, 32), 1),
    "scomplex_val": (4, (8,), 2), "int64_val": (0, (9,), 1), "bool_val": (0, (10,), 1), "dcomplex_val": (8, (18,), 2),
    "half_val": (0, (14, 19), 1), "uint32_val": (0, (22,), 1), "uint64_val": (0, (23,), 1),
}  # fmt: skip
TEXTS = ("string_val", "resource_handle_val", "variant_val")
FLOAT8 = range(24, 29)
#: how a constant is stored
WHOLE, REPEATED = "constant", "repeated"


def stored(wire: Wire, held: Record, name: str, at: int) -> Stored:
    """The tensor that a TensorProto says, checked; `at` is where its node begins in the file.

    Raises FormatError for an impossible shape, a number type that is not known, or more numbers than the shape has.
    """
    kind = held.get("dtype", 0)
    shape = held.get("shape", {})
    dims = known(shape, wire.most)
    if dims is None:
        limits = f"up to {DIMENSIONS * wire.most} dimensions, each from 0 to 2^48"
        said = shown(str(list(shape.get("dim", ()))))
        raise wire.bad(WHAT, at, f"{shown(name)} has the impossible shape {said}; {limits}")
    made = Stored(name, dims, TENSORFLOW.get(kind), prod(dims), at)
    made.how = WHOLE
    if made.size >= ELEMENTS_LIMIT:
        raise wire.bad(WHAT, at, f"{shown(name)} has the impossible shape {list(dims)}")
    if made.dtype is None:
        _text(wire, made, held, kind)
    elif "tensor_content" in held or kind in FLOAT8:
        _content(wire, made, held)
    else:
        _typed(wire, made, held, kind)
    return made


def _text(wire: Wire, made: Stored, held: Record, kind: int) -> None:
    """Texts and handles: no numbers."""
    if kind not in NO_NUMBERS:
        raise wire.bad(WHAT, made.offset, f"{shown(made.name)}: number type {kind} is not known (DataType)")
    made.text, made.note = True, f"holds {NO_NUMBERS[kind]}, no numbers"
    spans = [span for field in TEXTS for span in held.get(field, ())]
    if len(spans) > made.size:
        raise _more(wire, made, f"{len(spans):,} entries")
    made.elements, made.bytes = len(spans), sum(length for _, length in spans)


def _content(wire: Wire, made: Stored, held: Record) -> None:
    """All the numbers as bytes (float8 may have fewer, in a field of its own)."""
    _, length = held["tensor_content"] if "tensor_content" in held else held.get("float8_val", (0, 0))
    wanted = held_bytes(made.size, made.dtype or "")
    if "tensor_content" not in held and length < wanted[0]:
        made.how, made.bytes = REPEATED, length
    elif length not in wanted:
        raise _more(wire, made, f"{length:,} bytes", f", which takes {wanted[0]:,}")


def _typed(wire: Wire, made: Stored, held: Record, kind: int) -> None:
    """Numbers one by one, the last of them repeated; none at all means zeros."""
    runs = [(field, held[field]) for field in TYPED if field in held]
    if not runs:
        made.how, made.bytes = (REPEATED, 0) if made.size > 1 else (WHOLE, None)
        return
    field, run = runs[0]
    width, kinds, each = TYPED[field]
    if len(runs) > 1 or kind not in kinds:
        fields = " and ".join(field for field, _ in runs)
        raise wire.bad(WHAT, made.offset, f"{shown(made.name)} of {made.dtype} keeps its numbers in {fields}")
    fewest, most = entries(wire, run, width)
    if fewest > made.size * each:
        raise _more(wire, made, f"{fewest:,} entries")
    if most < made.size * each and made.size > 1:
        made.how, made.bytes = REPEATED, run.packed + run.loose * (width or 1)


def _more(wire: Wire, made: Stored, has: str, takes: str = "") -> FormatError:
    shape = f"{list(made.dims)} of {made.dtype or 'texts'}"
    return wire.bad(WHAT, made.offset, f"{shown(made.name)} has {has}, where its shape is {shape}{takes}")
