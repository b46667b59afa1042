"""Shapes of TensorFlow: tensorflow/tensorflow tensorflow/core/framework/tensor_shape.proto."""

from __future__ import annotations

from nparams.files._protobuf.schema import INT, MESSAGES, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._protobuf.schema import Record

DIMENSIONS, DIMENSION_LIMIT, ELEMENTS_LIMIT = 8, 1 << 48, 1 << 63
#: number types that hold no numbers -> what they hold (tensorflow/core/framework/types.proto)
NO_NUMBERS = {7: "text", 20: "a handle", 21: "a variant"}

SHAPE = Schema("TensorShapeProto", {
    2: (MESSAGES, "dim", Schema("Dim", {1: (INT, "size", None)}, lambda _, held, __, ___: held.get("size", 0))),
    3: (INT, "unknown_rank", None),
})  # fmt: skip


def known(shape: Record, more: int = 1) -> tuple[int, ...] | None:
    """The dimensions that a shape says; None where it is not known, or cannot be.

    >>> known({"dim": [2, 3]}), known({"dim": [-1, 3]}), known({"unknown_rank": 1})
    ((2, 3), None, None)
    """
    dims = tuple(shape.get("dim", ()))
    if shape.get("unknown_rank") or len(dims) > DIMENSIONS * more or any(not 0 <= n < DIMENSION_LIMIT for n in dims):
        return None
    return dims
