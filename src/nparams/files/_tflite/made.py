"""Constants and what the operators say of them, made into tensors: roles, shared buffers, unique names."""

from __future__ import annotations

from nparams.dtypes import INTEGERS, bytes_of
from nparams.files._tflite.slots import ACCELERATORS, ELEMENTWISE, OFFSET, ROLES, VENDOR, is_unknown
from nparams.network.tree import PARAMETER_ROLES, Tensor
from nparams.roles import role_of
from nparams.stored.naming import unique

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.files._tflite.constants import Constant, Reading
    from nparams.files._tflite.graph import Graph, Key, Reached

    Roles = Mapping[Key, Reached]


#: names of a single trained number
SINGLE = frozenset(("W", "w", "b", "B", "weight", "bias", "kernel", "gamma", "beta", "alpha", "scale", "logit_scale"))


def tensors_of(reading: Reading, graph: Graph, roles: Roles) -> list[Tensor]:
    """One tensor for each constant, in the file's order."""
    taken: dict[str, int] = {}
    made = []
    for constant in reading.constants:
        role, note = _role(constant, reading, graph, roles)
        name = unique(constant.name or f"tensor_{constant.key[1]}", taken)
        tensor = Tensor(name, constant.shape, constant.dtype, role, note=note, size=constant.size)
        if constant.sparse is not None:
            tensor.stored = constant.size, bytes_of(constant.sparse, constant.dtype or "") or 0
            tensor.note = f"sparse: {constant.sparse:,} numbers are stored, the rest are 0"
        elif constant.what is not None:
            tensor.stored = constant.size, constant.length
        made.append(tensor)
    _tie(reading.constants, made)
    return made


def _role(constant: Constant, reading: Reading, graph: Graph, roles: Roles) -> tuple[str, str | None]:
    """(role, note): what a quantised tensor needs, what stands in a weight slot, and all else that is stored."""
    if constant.what is not None:
        return "buffer", f"holds {constant.what}, no numbers"
    if constant.key in reading.scales:
        return "bookkeeping", "scales or zero points of a quantised tensor"
    reached = roles.get(constant.key)
    if reached is None:
        operator = graph.uses.get(constant.key, "")
        return _no_slot(constant, operator, operator in graph.custom and is_unknown(operator))
    if reached.strength not in ELEMENTWISE:
        return ROLES[reached.strength], None
    return _operand(constant, reached.strength, reached.operator)


def _no_slot(constant: Constant, operator: str, unknown: bool) -> tuple[str, str | None]:
    """A constant in no weight slot: a buffer, unless the operator is not known and only name and shape can tell."""
    if operator in ACCELERATORS:
        return "buffer", f"data of a program for {ACCELERATORS[operator]}"
    if not operator:
        return "buffer", "reaches no weight slot of any operator"
    if not unknown or constant.size <= 1 or _is_argument(constant):
        return "buffer", f"an operand of {operator}, in no weight slot"
    role, note = _by_name(constant)
    return role, note or f"an operand of {operator}, which is not known: by its name and shape"


def _is_variable(name: str) -> bool:
    """Whether a name is that of something trained: a converter calls its own constants add/y or arith.constant3.

    >>> _is_variable("temperature/ReadVariableOp"), _is_variable("W"), _is_variable("model/add/y")
    (True, True, False)
    """
    leaf = name.partition(";")[0].rpartition("/")[2]
    return leaf.startswith(("ReadVariableOp", "Variable")) or leaf in SINGLE


def _is_argument(constant: Constant) -> bool:
    return constant.dtype in INTEGERS and not constant.quantized


def _by_name(constant: Constant) -> tuple[str, str | None]:
    """(role, note) by the name alone: its own, or of what it was made for (stft/hann_window/sub_2)."""
    name = constant.name.partition(";")[0]  # a converter joins the names of what it fused with semicolons
    parent = role_of(name.rpartition("/")[0], constant.shape, None)
    return parent if parent[0] == "buffer" else role_of(name, constant.shape, None)


def _operand(constant: Constant, strength: int, operator: str) -> tuple[str, str]:
    """A constant added or multiplied: learned, unless it is one number, whole numbers, or fixed by its name."""
    # a layer of one channel has shape (1,)
    if constant.size == 1 and len(constant.shape) != 1 and not _is_variable(constant.name):
        return "buffer", f"one number in {operator}: a constant of the graph"
    if _is_argument(constant):
        return "buffer", f"{constant.dtype} in {operator}: not trainable"
    role, note = _by_name(constant)
    if role not in PARAMETER_ROLES and note is not None:
        return role, note
    table = strength == OFFSET and sum(n > 1 for n in constant.shape) > 1  # position embeddings, not a bias
    role = "weight" if table and role != "bias" else ROLES[strength]
    return role, f"a constant operand of {operator.removeprefix(VENDOR)}"


def _tie(constants: Sequence[Constant], made: Sequence[Tensor]) -> None:
    """Tensors of one buffer are one memory: it is the (largest) parameter's, and the others are tied to it."""
    shared: dict[tuple[str, int], list[Tensor]] = {}
    for constant, tensor in zip(constants, made, strict=True):
        shared.setdefault(constant.buffer, []).append(tensor)
    for (store, number), group in shared.items():
        owner = max(group, key=_claim)
        for tensor in group:
            if tensor is not owner:
                tensor.tied_to = owner.name
                shares = f"shares {store} {number}"
                tensor.note = f"{tensor.note}; {shares}" if tensor.note else shares


def _claim(tensor: Tensor) -> tuple[bool, int]:
    """Whose a shared buffer is: a parameter's before others', a larger one's before a smaller one's."""
    return tensor.role in PARAMETER_ROLES, tensor.size if isinstance(tensor.size, int) else 0
