"""A program as a protocol buffer (.pdmodel): the variables that are kept, and the operators that take them.

PaddlePaddle/Paddle paddle/fluid/framework/framework.proto (ProgramDesc).
"""

from __future__ import annotations

from nparams.dtypes import PADDLE
from nparams.errors import FormatError, UnsupportedError, shown
from nparams.files._paddle.variable import Variable
from nparams.files._protobuf.schema import INT, INTS, MESSAGE, MESSAGES, TEXT, TEXTS, Schema
from nparams.files._protobuf.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import ByteSource

MAX_DIMENSIONS, MAX_DIMENSION = 64, 1 << 48
#: VarType.Type of what holds numbers: DENSE_TENSOR (once LOD_TENSOR), SELECTED_ROWS
TENSOR, ROWS = 7, 8

TENSOR_DESC = Schema("TensorDesc", {1: (INT, "data_type", None), 2: (INTS, "dims", None)})
DENSE = Schema("DenseTensorDesc", {1: (MESSAGE, "tensor", TENSOR_DESC)})
VAR_TYPE = Schema("VarType", {1: (INT, "type", None), 2: (MESSAGE, "rows", TENSOR_DESC), 3: (MESSAGE, "dense", DENSE)})
VAR = Schema(
    "VarDesc",
    {
        1: (TEXT, "name", None), 2: (MESSAGE, "type", VAR_TYPE), 3: (INT, "persistable", None),
        5: (INT, "is_parameter", None), 6: (INT, "stop_gradient", None),
    },
)  # fmt: skip
OP_VAR = Schema("OpDesc.Var", {1: (TEXT, "parameter", None), 2: (TEXTS, "arguments", None)})
OP = Schema("OpDesc", {1: (MESSAGES, "inputs", OP_VAR), 3: (TEXT, "type", None)})
BLOCK = Schema("BlockDesc", {3: (MESSAGES, "vars", VAR), 4: (MESSAGES, "ops", OP)})
PROGRAM = Schema("ProgramDesc", {1: (MESSAGES, "blocks", BLOCK)})


def variables(source: ByteSource, *, limits: bool = True) -> list[Variable]:
    """The stored variables of a program, in its order.

    Raises FormatError for a damaged file, or one that is no program.
    """
    wire = Wire(source, limits=limits)
    blocks: list[dict[str, Any]] = wire.message(PROGRAM).get("blocks", [])
    if not any(block.get("vars") for block in blocks):
        raise FormatError(
            f"{wire.name}: no program of Paddle: no block with variables in it. Damaged, or another file?"
        )
    told = [var for block in blocks for var in block.get("vars", []) if var.get("persistable")]
    knows = any(var.get("is_parameter") for var in told)  # programs from before 2.1 do not say
    found: dict[str, Variable] = {}
    for var in told:
        made = _variable(var, wire.name, knows)
        if made is not None and found.setdefault(made.name, made) is not made:
            raise FormatError(f"{wire.name}: two variables are called {shown(made.name)}")
    for block in blocks:
        for op in block.get("ops", []):
            _taken(op, found)
    return list(found.values())


def _variable(var: dict[str, Any], file: str, knows: bool) -> Variable | None:
    """A stored variable; None for what holds no numbers (the lists that feed and fetch)."""
    kind, name = var.get("type", {}), var.get("name", "")
    if kind.get("type") not in (TENSOR, ROWS):
        return None
    desc = kind.get("dense", {}).get("tensor", {}) if kind["type"] == TENSOR else kind.get("rows", {})
    code, dims = desc.get("data_type", 0), desc.get("dims", [])
    if code not in PADDLE:
        raise UnsupportedError(f"{file}: {shown(name)} has the unknown number type {code}")
    if len(dims) > MAX_DIMENSIONS or any(not 0 <= d < MAX_DIMENSION for d in dims):
        raise FormatError(f"{file}: {shown(name)} is stored, and has the shape {shown(str(dims))}")
    return Variable(name, tuple(dims), PADDLE[code], bool(var.get("is_parameter")) if knows else None)


def _taken(op: dict[str, Any], found: dict[str, Variable]) -> None:
    """Note the operator with each stored variable that it takes."""
    kind = op.get("type", "")
    for taken in op.get("inputs", []):
        for name in taken.get("arguments", []):
            if name in found and len(found[name].slots) < 8:
                found[name].slots.append((kind, taken.get("parameter", "")))
