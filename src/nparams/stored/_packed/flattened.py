"""Tensors of tensors, laid flat: what a quantised tensor object leaves in a state dictionary.

Each function names the source of its layout.
"""

from __future__ import annotations

from nparams.errors import shown
from nparams.stored._packed.in_bytes import FLOAT8
from nparams.stored._packed.scheme import MAX_DIMENSION, Found, Unknown, contradiction, product, round_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.stored._packed.scheme import Group, Shape
    from nparams.stored.named import Entry

# -- optimum-quanto ---------------------------------------------------------------------------------------------------

QUANTO = ("_scale", "_shift")


def quanto_bytes(group: Group, leaf: str) -> Found | None:
    """X._data int8 or float8 of the weight's own shape, X._scale.

    huggingface/optimum-quanto optimum/quanto/tensor/qtensor.py, `save_to_state_dict`.
    """
    packed, rest = group.entry(leaf), _around(group, leaf, ("_data",))
    if not rest or packed.dtype not in FLOAT8 | {"int8"}:
        return None
    return Found("quanto", packed.shape, packed.dtype, rest)


def quanto_bits(group: Group, leaf: str) -> Found | None:
    """X._data._data uint8: four or two numbers to a byte along the first dimension, rounded up; X._scale, X._shift
    (rows, 1, …) with one scale a row.

    huggingface/optimum-quanto optimum/quanto/tensor/packed.py, `pack_weights`, and tensor/grouped.py: a weight in
    groups is stored as rows of one group each, so that only a bias tells the layer's outputs.
    """
    packed, rest = group.entry(leaf), _around(group, leaf, ("_data", "_data"))
    scale = group.get(rest[0]) if rest else None
    if packed.dtype != "uint8" or not packed.shape or scale is None or not scale.shape:
        return None
    rows = scale.shape[0]
    bits = [b for b in (4, 2) if round_up(rows, 8 // b) == packed.shape[0]]
    if not bits or scale.size != rows:
        raise Unknown("quanto", f"{packed.shape} beside scales {scale.shape} is not packed by rows", rest)
    shape = _ungrouped(group, leaf, (rows, *packed.shape[1:]))
    return Found("quanto", shape, f"int{bits[0]}" if len(bits) == 1 else None, rest)


def _around(group: Group, leaf: str, below: tuple[str, ...]) -> tuple[str, ...]:
    """The scales beside a weight's data: weight._scale beside weight._data._data."""
    whole = leaf.removesuffix("." + ".".join(below))
    return group.present(*(f"{whole}.{part}" for part in QUANTO)) if whole != leaf else ()


def _ungrouped(group: Group, leaf: str, shape: Shape) -> Shape:
    bias = group.get(leaf.partition(".")[0].removesuffix("weight") + "bias")
    size = product(shape)
    if len(shape) != 2 or bias is None or bias.size == shape[0] or not bias.size or size % bias.size:
        return shape
    return bias.size, size // bias.size


# -- PyTorch's own ----------------------------------------------------------------------------------------------------


def torch_packed(group: Group, leaf: str) -> Found | None:
    """_packed_params._packed_params of a quantised layer: its weight, with the scale of what it puts out beside it.

    pytorch torch/ao/nn/quantized/modules/linear.py, `LinearPackedParams._save_to_state_dict`; the weight's own scales
    are part of its tensor.
    """
    packed = group.entry(leaf)
    return Found("PyTorch's own quantisation", packed.shape, packed.dtype, group.present("scale", "zero_point"))


# -- torchao ----------------------------------------------------------------------------------------------------------

TORCHAO = ("scale", "zero_point", "scale_and_zero", "act_pre_scale", "act_quant_scale", "act_quant_zero_point",
           "per_tensor_scale", "act_per_tensor_scale")  # fmt: skip
#: class -> bits of a number in qdata; None: one number an element, whatever its type
CLASSES = {
    "Float8Tensor": None, "Int8Tensor": None, "IntxUnpackedToInt8Tensor": None, "Int4Tensor": 4,
    "Int4TilePackedTo4dTensor": 4, "Int4PlainInt32Tensor": 4, "NVFP4Tensor": 4, "MXTensor": None,
}  # fmt: skip


def torchao(group: Group, leaf: str) -> Found | None:
    """_X_qdata, _X_scale …, and the object's fields as JSON in the file's metadata under X.

    pytorch/ao torchao/prototype/safetensors/safetensors_support.py, `flatten_tensor_state_dict`, and the classes in
    torchao/quantization/quantize_/workflows and torchao/prototype/mx_formats.
    """
    packed = group.entry(leaf)
    name = leaf[1:].removesuffix("_qdata")
    rest = group.present(*(f"_{name}_{part}" for part in TORCHAO))
    if not leaf.startswith("_") or not rest:
        return None
    told = _told(group, name)
    kind = told.get("_type")
    if kind not in CLASSES:
        return _untold(packed, rest)
    fields = told.get("_data")
    fields = fields if isinstance(fields, dict) else {}
    shape, dtype = _shape(packed, str(kind), fields), _dtype(packed, str(kind), fields)
    return Found(f"torchao {kind}", shape, dtype, rest)


def _told(group: Group, name: str) -> dict[str, Any]:
    from nparams.stored.plain import strict

    try:
        held = strict(group.metadata.get(group.name(name), "").encode())
    except (ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def _untold(packed: Entry, rest: tuple[str, ...]) -> Found:
    """Without its metadata only whole elements are sure."""
    if packed.dtype in FLOAT8 | {"int8"}:
        return Found("torchao", packed.shape, packed.dtype, rest)
    raise Unknown("torchao", "the file's metadata does not say what it is", rest)


def _shape(packed: Entry, kind: str, fields: dict[str, Any]) -> Shape:
    shape = fields.get("shape")
    if shape is None:
        double = kind == "NVFP4Tensor" or (kind == "MXTensor" and packed.dtype == "uint8")
        return (*packed.shape[:-1], 2 * packed.shape[-1]) if double and packed.shape else packed.shape
    if not isinstance(shape, list) or not all(type(d) is int and 0 < d < MAX_DIMENSION for d in shape):
        raise contradiction(packed, f"the shape {shown(str(shape))} of its metadata")
    if not 1 <= len(shape) <= 8 or not _fits(packed, kind, shape):
        raise contradiction(packed, f"the shape {tuple(shape)} of its metadata")
    return tuple(shape)


def _fits(packed: Entry, kind: str, shape: list[int]) -> bool:
    """Whether the numbers fill the packed tensor; tiles round inputs up to 1,024 and outputs up to 8 or 16."""
    if kind != "Int4TilePackedTo4dTensor":
        return product(tuple(shape)) * (CLASSES[kind] or 8) == 8 * packed.bytes
    if len(packed.shape) != 4 or len(shape) != 2:
        return False
    over = 8 * packed.shape[0] - shape[0]
    return 0 <= over < 16 and 1024 * round_up(shape[1], 1024) == 128 * packed.shape[1]


def _dtype(packed: Entry, kind: str, fields: dict[str, Any]) -> str | None:
    """The type of one number: the object's own where it names one (int4 kept in int8), else the class's."""
    target = fields.get("target_dtype") or fields.get("elem_dtype")
    named = target.get("_data") if isinstance(target, dict) else None
    if named in ("int1", "int2", "int3", "int4", "int5", "int6", "int7", "int8"):
        return str(named)
    if kind in ("NVFP4Tensor", "MXTensor") and packed.dtype == "uint8":
        return "float4_e2m1fn"
    return "int4" if CLASSES[kind] == 4 else packed.dtype
