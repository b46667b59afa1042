"""Layers of other libraries whose packed weight is a plain tensor, and whose attributes tell what it stands for.

mobiusml/hqq hqq/core/quantize.py (`HQQLinear`, whose `meta` has the shape), huggingface/transformers
src/transformers/integrations/mxfp4.py (`Mxfp4GptOssExperts`), and whatever else calls its sides in_features and
out_features and keeps a weight of whole numbers that has another size.
"""

from __future__ import annotations

from nparams.frameworks._torch.access import look
from nparams.frameworks._torch.packed import book, dtype_of, is_tensor
from nparams.network import Tensor
from nparams.stored._packed.scheme import MAX_DIMENSION, WIDTHS, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.frameworks._torch.held import Held

FLOAT4 = "float4_e2m1fn"
WEIGHTS = ("weight", "W_q", "qweight", "weight_packed", "gate_up_proj", "down_proj")


# -- what stands beside the weight: asked while the modules are walked over --------------------------------------------


def hqq(prefix: str, module: object) -> list[Tensor]:
    """HQQLinear: scales and zero points in a dictionary, themselves packed perhaps, and a bias as a plain attribute."""
    held = look(module, "__dict__")
    meta, bias = held.get("meta"), held.get("bias")
    found = [book(prefix + path, tuple(t.shape), dtype_of(t), f"HQQ: {path}") for path, t in _in_meta(meta)]
    if bias is not None and is_tensor(bias):
        found.insert(0, Tensor(f"{prefix}bias", tuple(bias.shape), dtype_of(bias), "bias", False, None, None, BESIDE))
    return found


BESIDE = "kept beside a packed weight"


def _in_meta(meta: object, before: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(meta, dict):
        for key, value in meta.items():
            if is_tensor(value):
                yield f"{before}{key}", value
            elif isinstance(value, dict) and not before:
                yield from _in_meta(value, f"{key}.")


def mxfp4(prefix: str, module: object) -> list[Tensor]:
    """Mxfp4GptOssExperts once its weights are in the layout of triton's kernels, which are no tensors of torch."""
    held = look(module, "__dict__")
    count, inner, width = (held.get(key) for key in ("num_experts", "intermediate_size", "hidden_size"))
    found = []
    for leaf, shape in (("gate_up_proj", (count, 2 * (inner or 0), width)), ("down_proj", (count, width, inner))):
        if leaf not in look(module, "_parameters") and held.get(leaf) is not None:
            found.append(Tensor(prefix + leaf, shape, FLOAT4, "weight", False, None, None, "packed: MXFP4 of triton"))
    return found


# -- the weight itself: corrected when all names are there -------------------------------------------------------------


def by_class(tensors: Sequence[Tensor], held: Held) -> None:
    """Weights of classes that are known."""
    for t in tensors:
        module, _, leaf = t.name.rpartition(".")
        place = held.places.get(module) if leaf in WEIGHTS and t.dtype in WIDTHS and t.stored is None else None
        if place is None:
            continue
        if place.kind == "HQQLinear" and leaf == "W_q":
            meta = place.held.get("meta")
            _fill(t, meta.get("shape"), meta.get("nbits"), "HQQ") if isinstance(meta, dict) else None
        elif place.kind == "Mxfp4GptOssExperts" and t.dtype == "uint8" and t.shape:
            _fill(t, (*t.shape[:-1], 2 * t.shape[-1]), FLOAT4, "MXFP4")


def by_sides(tensors: Sequence[Tensor], held: Held) -> None:
    """Weights that no scheme has explained, in layers that say how many inputs and outputs they have."""
    for t in tensors:
        module, _, leaf = t.name.rpartition(".")
        place = held.places.get(module) if leaf in WEIGHTS and t.role == "weight" else None
        if place is None or (t.stored is not None and t.shape is not None) or (t.shape and t.dtype not in WIDTHS):
            continue
        sides = [n for key in ("out_features", "in_features") if type(n := place.held.get(key)) is int]
        elements, size = t.stored or _held(t)
        if len(sides) == 2 and size and product(tuple(sides)) != (t.size or 0):
            bits, rest = divmod(8 * size, max(1, product(tuple(sides))))
            t.shape, t.size, t.dtype, t.stored = None, None, None, (elements, size)
            _fill(t, sides, bits if not rest and bits < 8 else None, f"{place.kind}'s own packing")


def _held(t: Tensor) -> tuple[int, int]:
    """(elements, bytes) of a tensor of whole numbers as it stands."""
    size = t.size if isinstance(t.size, int) else 0
    return size, size * WIDTHS.get(t.dtype or "", 0)


def _fill(t: Tensor, shape: Any, bits: int | str | None, scheme: str) -> None:
    """Give a weight its logical shape, if that is one and the packed tensor is large enough for it."""
    if not isinstance(shape, tuple | list) or not shape:
        return
    told = tuple(d for d in shape if type(d) is int and 0 < d < MAX_DIMENSION)
    if len(told) != len(shape):
        return
    elements, held = t.stored or _held(t)
    t.stored, t.note, t.role = (elements, held), f"packed: {scheme}", "weight"
    if isinstance(bits, int) and product(told) * bits > 8 * held:
        t.shape = t.size = t.dtype = None
        t.stored, t.note = (0, 0), f"{scheme}: its shape {told} does not fit in {held:,} bytes"
        return
    t.shape, t.size = told, product(told)
    t.dtype = f"int{bits}" if isinstance(bits, int) else bits
