"""A program as JSON (Paddle 3): the parameters that it begins with, and the operators that take them.

PaddlePaddle/Paddle paddle/fluid/pir/serialize_deserialize (`WriteParameterOP`): {"#": "p", "A": [is_distributed,
is_parameter, need_clip, name], "O": the value with its type, "OA": [persistable, stop_gradient, trainable]}.
"""

from __future__ import annotations

from nparams.dtypes import PADDLE_JSON
from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._paddle.program import MAX_DIMENSION, MAX_DIMENSIONS
from nparams.files._paddle.variable import Variable
from nparams.stored.plain import strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import ByteSource

BEGIN = b'{"base_code":{"magic":"pir"'
MAX_BYTES, MOST_BYTES = 64_000_000, 400_000_000
MAX_SIGNS, MOST_SIGNS = 2_000_000, 50_000_000
SIGNS = (b"{", b"[", b",", b":")
#: places of the inputs of a batch norm (paddle/phi/ops/yaml/ops.yaml): x, mean, variance, scale, bias
BATCH_NORM = ("batch_norm", "batch_norm_", "sync_batch_norm_")
INPUTS = ("X", "Mean", "Variance", "Scale", "Bias")


def variables(source: ByteSource, *, limits: bool = True) -> list[Variable]:
    """The parameters of a program, in its order.

    Raises FormatError for a file that is damaged, or describes a parameter in no known way.
    """
    file = place(source.name)
    held = _parsed(source, file, limits)
    try:
        ops = [op for region in held["program"]["regions"] for block in region["blocks"] for op in block["ops"]]
        found = [(op["O"]["%"], _variable(op, file)) for op in ops if op.get("#") == "p" and _is_kept(op)]
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        raise FormatError(f"{file}: its program has parameters that are described in no known way") from None
    by_id: dict[Any, Variable] = {}
    names: set[str] = set()
    for number, variable in found:
        if type(number) is not int or number in by_id or variable.name in names:
            raise FormatError(f"{file}: two parameters are called {shown(variable.name)}, or are one value")
        by_id[number] = variable
        names.add(variable.name)
    for op in ops:
        _taken(op, by_id)
    return [variable for _, variable in found]


def _parsed(source: ByteSource, file: str, limits: bool) -> Any:
    size, signs = (MAX_BYTES, MAX_SIGNS) if limits else (MOST_BYTES, MOST_SIGNS)
    more = "; --limits off reads more" if limits else ""
    if source.size > size:
        raise FormatError(f"{file}: {source.size:,} bytes of JSON; at most {size:,} are read{more}")
    raw = source.read(0, source.size)
    if sum(map(raw.count, SIGNS)) > signs:
        raise FormatError(f"{file}: a program of more than {signs:,} entries{more}")
    try:
        return strict(raw)
    except (ValueError, RecursionError) as problem:
        raise FormatError(f"{file}: its program is no JSON: {problem}") from None


def _is_kept(op: dict[str, Any]) -> bool:
    """Whether a parameter is stored with the program: it is persistable, or nothing says that it is not."""
    return not op.get("OA") or bool(op["OA"][0])


def _variable(op: dict[str, Any], file: str) -> Variable:
    _, parameter, _, name = op["A"]
    kind, dims = op["O"]["TT"]["D"][:2]
    code = kind["#"].rpartition(".")[2]
    if type(name) is not str:
        raise ValueError("a name that is no text")
    if code not in PADDLE_JSON:
        raise UnsupportedError(f"{file}: {shown(name)} has the unknown number type {shown(code)}")
    if len(dims) > MAX_DIMENSIONS or not all(type(d) is int and 0 <= d < MAX_DIMENSION for d in dims):
        raise FormatError(f"{file}: {shown(name)} is stored, and has the shape {shown(str(dims))}")
    trained = bool(op["OA"][2]) if len(op.get("OA", [])) > 2 else None
    return Variable(name, tuple(dims), PADDLE_JSON[code], bool(parameter), trained)


def _taken(op: Any, by_id: dict[Any, Variable]) -> None:
    """Note a batch norm with each parameter that it takes; other operators leave no doubt."""
    kind = op.get("#") if isinstance(op, dict) else None
    if type(kind) is not str or kind.rpartition(".")[2] not in BATCH_NORM or not isinstance(op.get("I"), list):
        return
    for slot, taken in zip(INPUTS, op["I"], strict=False):
        number = taken.get("%") if isinstance(taken, dict) else None
        variable = by_id.get(number) if type(number) is int else None
        if variable is not None:
            variable.slots.append(("batch_norm", slot))
