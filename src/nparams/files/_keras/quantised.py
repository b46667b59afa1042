"""Keras's own quantisation: what size a packed kernel has, by the scales beside it or the configuration.

keras-team/keras keras/src/layers/core/dense.py, einsum_dense.py and embedding.py (`_int4_build`, `_gptq_build`,
`_awq_build`) and keras/src/quantizers/quantizers.py (`pack_int4`): two numbers to a byte along one side, rounded up.
Keras 3.11 to 3.13 pack a Dense kernel along its input, 3.14 and later along its output.
"""

from __future__ import annotations

from math import prod

from nparams.errors import FormatError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files._keras.config import Layer
    from nparams.network import Tensor

    Shape = tuple[int, ...]

#: weight -> its scales, and what tells how long its rows are
WEIGHTS = {
    "kernel": ("kernel_scale", "g_idx"),
    "embeddings": ("embeddings_scale", "g_idx"),
    "reverse_embeddings": ("reverse_embeddings_scale", "g_idx"),
}
UNKNOWN = "packed two to a byte, and neither the scales nor the configuration tell whether the last half byte is used"


def unpack(held: Mapping[str, Tensor], layer: Layer | None, mode: str | None) -> str | None:
    """Give the packed weights of one layer their logical shape and type; what the packing is called, if there is one.

    `held` are the layer's tensors by the names that Keras uses inside it.
    """
    scheme = None
    for name, (scale, index) in WEIGHTS.items():
        weight, scales = held.get(name), held.get(scale)
        if weight is None or scales is None or weight.dtype not in ("int8", "uint8"):
            continue
        shape, bits, scheme = _logical(name, weight, scales, held.get(index), layer, mode)
        if bits == 8 and shape == weight.shape:
            continue
        _fill(weight, shape, bits, scheme)
    return scheme


def _logical(
    name: str, weight: Tensor, scales: Tensor, index: Tensor | None, layer: Layer | None, mode: str | None
) -> tuple[Shape | None, int, str]:
    """(shape, or None where it cannot be known; bits; the scheme in words)."""
    packed: Shape = weight.shape  # type: ignore[assignment]
    by: Shape = scales.shape  # type: ignore[assignment]
    rows: Shape = () if index is None else index.shape  # type: ignore[assignment]
    if weight.dtype == "uint8":
        return (*_turned(weight, packed, by, rows), f"Keras {mode}" if mode in ("gptq", "awq") else "Keras GPTQ or AWQ")
    if mode != "int4":
        return packed, 8, "Keras int8"
    if name == "embeddings":
        return _table(weight, packed, by, rows, layer), 4, "Keras int4"
    if name == "reverse_embeddings":
        return _across(packed, rows[:1] or _setting(layer, "output_dim")), 4, "Keras int4"
    return _kernel(packed, by, rows, layer), 4, "Keras int4"


def _turned(weight: Tensor, packed: Shape, scales: Shape, rows: Shape) -> tuple[Shape, int]:
    """GPTQ and AWQ keep the kernel turned, (outputs, inputs), in groups of inputs: scale (outputs, groups)."""
    if len(packed) != 2 or len(scales) != 2 or (rows and rows != packed[1:]):
        raise _contradiction(weight, packed, scales)
    outputs, inputs = scales[0], packed[1]
    if packed[0] == outputs > 1:
        return (inputs, outputs), 8  # 2, 3 or 8 bits: a byte each
    if packed[0] != (outputs + 1) // 2:
        raise _contradiction(weight, packed, scales)
    return (inputs, outputs), 4


def _table(weight: Tensor, packed: Shape, scales: Shape, rows: Shape, layer: Layer | None) -> Shape | None:
    if len(packed) != 2 or scales[:1] != packed[:1]:
        raise _contradiction(weight, packed, scales)
    return _along(packed, rows[:1] or _setting(layer, "output_dim"))


def _kernel(packed: Shape, scales: Shape, rows: Shape, layer: Layer | None) -> Shape | None:
    """A kernel of Dense or EinsumDense, packed along its last side (3.14) or along its inputs (before)."""
    outputs = scales[-1:] or (1,)
    inputs = _inputs(layer)
    later = len(packed) == 2 and packed[1] == (outputs[0] + 1) // 2 and len(scales) <= 2
    earlier = packed[-1:] == outputs
    if rows or (later and not earlier):
        return _along(packed, outputs) if later and rows in ((), packed[:1]) else None
    if len(packed) != 2 or not inputs:
        return None
    if later and inputs[0] == packed[0]:  # one output: both ways look alike
        return _along(packed, outputs)
    return _across(packed, inputs)


def _along(packed: Shape, length: Shape) -> Shape | None:
    """Two numbers to a byte along the last side."""
    return (*packed[:-1], *length) if length and packed[-1] == (length[0] + 1) // 2 else None


def _across(packed: Shape, length: Shape) -> Shape | None:
    """Two numbers to a byte along the first side."""
    return (*length, *packed[1:]) if length and packed[0] == (length[0] + 1) // 2 else None


def _setting(layer: Layer | None, key: str) -> Shape:
    value = None if layer is None else layer.settings.get(key)
    return (value,) if type(value) is int and value > 0 else ()


def _inputs(layer: Layer | None) -> Shape:
    """How long the last side of the input is that a layer was built for."""
    shape = None if layer is None else layer.shape
    last = shape[-1] if isinstance(shape, list) and shape else None
    return (last,) if type(last) is int and last > 0 else ()


def _fill(weight: Tensor, shape: Shape | None, bits: int, scheme: str) -> None:
    if shape != weight.shape or bits != 8:
        held: int = weight.size  # type: ignore[assignment]
        weight.stored = held, held
    weight.note = f"packed: {scheme}" if shape is not None else UNKNOWN
    weight.shape, weight.size = shape, None if shape is None else prod(shape)
    weight.dtype = "int4" if bits == 4 else weight.dtype


def _contradiction(weight: Tensor, packed: Shape, scales: Shape) -> FormatError:
    return FormatError(f"{shown(weight.name)}: {list(packed)} does not fit the scales {list(scales)} beside it")
