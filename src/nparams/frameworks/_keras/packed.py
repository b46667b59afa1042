"""The logical size of a kernel that Keras packed: the layer remembers the sides that it had.

keras-team/keras keras/src/layers/core/dense.py, einsum_dense.py, embedding.py and reversible_embedding.py:
`_int4_build` (two numbers to a byte, along the last side; Keras 3.11 to 3.13: along the first), `_gptq_build` and
`_awq_build` (the kernel turned, 4 bits two to a byte).
"""

from __future__ import annotations

from nparams.frameworks._keras.classes import attribute, attributes, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.frameworks._keras.variables import Facts

    Shape = tuple[int, ...]


def logical(layer: Any, leaf: str, facts: Facts) -> tuple[Shape | None, str, str]:
    """(shape, None where the layer does not tell it; number type; what the packing is called)."""
    if facts.dtype == "uint8":
        return _turned(layer, facts)
    if not _four_bits(layer):
        return facts.shape, "int8", "Keras int8"
    shape = _sides(layer, leaf, facts)
    return shape if shape is not None and _fits(shape, facts) else None, "int4", "Keras int4"


def mode(layer: Any) -> str | None:
    """How a layer is quantised, by its policy."""
    policy = attribute(layer, "_dtype_policy")
    held = attributes(policy)
    if "_policy_map" in held:  # one policy for each path
        policies = attributes(held["_policy_map"]) or held["_policy_map"]
        path = str(attributes(layer).get("_path"))
        held = attributes(policies.get(path, held.get("_default_policy"))) if isinstance(policies, dict) else {}
    found = held.get("_quantization_mode")
    return found if isinstance(found, str) else None


def _four_bits(layer: Any) -> bool:
    held = attributes(layer)
    marks = ("_orig_output_dim", "_orig_input_dim", "_int4_unpacked_column_size", "_orig_length_along_pack_axis")
    return any(name in held for name in marks) or mode(layer) == "int4"


def _sides(layer: Any, leaf: str, facts: Facts) -> Shape | None:
    held = attributes(layer)
    if leaf == "kernel":
        if "_orig_input_dim" in held:
            return _whole((held["_orig_input_dim"], held.get("_orig_output_dim", held.get("units"))))
        if "original_kernel_shape" in held:
            return _whole(held["original_kernel_shape"])
        axis, length = held.get("_int4_pack_axis"), held.get("_orig_length_along_pack_axis")
        if isinstance(axis, int) and isinstance(length, int):
            shape = list(facts.shape)
            shape[axis] = length
            return tuple(shape)
        return None
    table = held.get("input_dim"), held.get("output_dim")
    return _whole(table if leaf == "embeddings" else table[::-1])


def _whole(sides: Any) -> Shape | None:
    found = tuple(listed(sides))
    return found if found and all(type(side) is int for side in found) else None


def _fits(shape: Shape, facts: Facts) -> bool:
    """Whether so many numbers can lie in so many bytes, two to one and each row rounded up."""
    size = 1
    for side in shape:
        size *= side
    return facts.size <= size <= 2 * facts.size


def _turned(layer: Any, facts: Facts) -> tuple[Shape | None, str, str]:
    """GPTQ and AWQ: (outputs, inputs), and whether two outputs share a byte."""
    held = attributes(layer)
    shape = _whole(held.get("original_kernel_shape") or held.get("kernel_shape"))
    scheme = "Keras AWQ" if "awq_scales" in held else "Keras GPTQ"
    flat = _whole(held.get("kernel_shape")) or shape
    if shape is None or flat is None or len(facts.shape) != 2:
        return None, "uint8", scheme
    outputs, inputs = flat[-1], facts.shape[1]
    size = 1
    for side in shape:
        size *= side
    if len(flat) != 2:
        outputs = size // inputs if inputs and size % inputs == 0 else 0
    if inputs * outputs != size or facts.shape[0] not in (outputs, (outputs + 1) // 2):
        return None, "uint8", scheme
    return shape, "int4" if facts.shape[0] != outputs or _bits(layer) == 4 else "uint8", scheme


def _bits(layer: Any) -> int | None:
    for name in ("quantization_config", "_dtype_policy"):
        held = attributes(attribute(layer, name)).get("weight_bits")
        if type(held) is int:
            return held
    return 4 if "awq_scales" in attributes(layer) else None
