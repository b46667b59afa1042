"""Weights packed into bytes, and whole ones with scales apart: bitsandbytes, FP4, FP8, INT4, MXFP4, HQQ, sparse.

Each function names the source of its layout.
"""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.stored._packed.scheme import MAX_DIMENSION, Found, Unknown, contradiction, product, round_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.stored._packed.scheme import Group, Shape
    from nparams.stored.named import Entry

BYTES8 = frozenset(("uint8", "int8"))
FLOAT8 = frozenset(("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"))
ONE_BYTE = FLOAT8 | {"uint8", "float8_e8m0fnu"}
FLOATS = frozenset(("float64", "float32", "float16", "bfloat16"))

STATE = ".quant_state.bitsandbytes__"
STATE_PARTS = (".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", f"{STATE}nf4", f"{STATE}fp4",
               "_absmax", "_quant_map", "_nested_absmax", "_nested_quant_map", "_quant_state")  # fmt: skip


def bitsandbytes4(group: Group, leaf: str) -> Found | None:
    """Two weights to a byte in any storage type; the true shape is JSON in X.quant_state.bitsandbytes__nf4 (or fp4).

    bitsandbytes-foundation/bitsandbytes bitsandbytes/functional.py, `QuantState.as_dict(packed=True)`; nested_absmax
    and nested_quant_map are there with double quantisation.  ModelCloud/GPTQModel
    gptqmodel/nn_modules/qlinear/bitsandbytes.py writes the same state as X_quant_state.
    """
    packed = group.entry(leaf)
    rest = group.present(*(leaf + part for part in STATE_PARTS))
    states = [name for name in rest if STATE in name or name.endswith("_quant_state")]
    if not states:
        return None
    if len(states) > 1:
        raise FormatError(f"{shown(packed.name)}: {len(states)} states beside it, where there is one")
    shape, kind = _state(group, states[0])
    if round_up(product(shape), 2) > packed.bytes or packed.bytes > round_up(product(shape), 2) + 7:
        raise contradiction(packed, f"the {kind} state's shape {shape}")
    return Found(f"bitsandbytes {kind}", shape, kind, rest)


def _state(group: Group, leaf: str) -> tuple[Shape, str]:
    """(shape, nf4 or fp4) that the JSON in a state tensor tells; its name tells the kind where it can."""
    from nparams.stored.plain import strict

    try:
        held = strict(group.read(leaf))
        shape, kind = held["shape"], held.get("quant_type")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        shape = kind = None
    if STATE in leaf:
        kind = leaf.rpartition("__")[2]
    if kind not in ("nf4", "fp4"):
        raise FormatError(f"{shown(group.name(leaf))}: no JSON object with a quant_type")
    if not isinstance(shape, list) or not all(type(d) is int and 0 < d < MAX_DIMENSION for d in shape):
        raise FormatError(f"{shown(group.name(leaf))}: no JSON object with a shape")
    if len(shape) > 8:
        raise FormatError(f"{shown(group.name(leaf))}: a shape of {len(shape)} dimensions; at most 8 are read")
    return tuple(shape), kind


def bitsandbytes8(group: Group, leaf: str) -> Found | None:
    """weight int8 (out, in) with SCB (or GPTQModel's weight_scb), its row scales.

    bitsandbytes/nn/modules.py, `Linear8bitLt`.
    """
    packed = group.entry(leaf)
    rest = group.present("SCB", "weight_scb", "weight_format")
    if packed.dtype != "int8" or not rest or rest[0] == "weight_format":
        return None
    return Found("bitsandbytes int8", packed.shape, "int8", rest)


# -- scales beside the weight -----------------------------------------------------------------------------------------

SCALES = ("weight_scale", "weight_scale_inv", "scale", "scale_inv", "scale_weight")
# scale_weight, scale_input: intel/neural-compressor and comfyanonymous/ComfyUI; comfy_quant, weight_scalar: ComfyUI's
SCALE_PARTS = (*SCALES, "weight_scale_2", "weight_global_scale", "weight_zero_point", "weight_g_idx", "weight_shape",
               "input_scale", "input_global_scale", "input_scale_2", "input_scale_ub", "input_zero_point",
               "output_scale", "activation_scale", "zero_point", "pre_quant_scale", "k_scale", "v_scale", "scale_input",
               "comfy_quant", "weight_scalar", "input_activation_scale", "output_activation_scale")  # fmt: skip


def _parts(group: Group, leaf: str) -> tuple[str, ...]:
    """The siblings that may scale a weight: weight_scale beside weight, gate_up_proj_weight_scale beside gate_up_proj.

    NVIDIA/TensorRT-Model-Optimizer modelopt/torch/export/quant_utils.py names the second kind so.
    """
    if leaf not in group.parts:
        before = "" if leaf in ("weight", "weight_packed") else f"{leaf}_"
        group.parts[leaf] = group.present(*(before + part for part in SCALE_PARTS))
    return group.parts[leaf]


def _scale(group: Group, leaf: str) -> Entry | None:
    own = (p for p in _parts(group, leaf) if p in SCALES or p.removeprefix(f"{leaf}_") in SCALES)
    return next((group.get(p) for p in own), None)


def fp4(group: Group, leaf: str) -> Found | None:
    """Two FP4 to a byte, if a one-byte scale stands for each 16 (NVFP4) or 32 (MXFP4) weights along one dimension.

    ModelOpt modelopt/torch/quantization/qtensor/nvfp4_tensor.py and mxfp4_tensor.py (stacked experts may be packed
    along their middle dimension); DeepSeek keeps such experts in int8 with float8_e8m0fnu scales.
    """
    packed, scale = group.entry(leaf), _scale(group, leaf)
    if packed.dtype not in BYTES8 or scale is None or len(scale.shape) != len(packed.shape):
        return None
    if scale.dtype not in ONE_BYTE and leaf != "weight_packed":
        return None
    along = [k for k, (p, s) in enumerate(zip(packed.shape, scale.shape, strict=True)) if p != s]
    if len(along) != 1:
        return _swizzled(group, leaf, packed, scale)
    k = along[0]
    kind = {16: "NVFP4", 32: "MXFP4"}.get(2 * packed.shape[k] // scale.shape[k] if scale.shape[k] else 0)
    if kind is None or 2 * packed.shape[k] % scale.shape[k]:
        return _swizzled(group, leaf, packed, scale)
    shape = (*packed.shape[:k], 2 * packed.shape[k], *packed.shape[k + 1 :])
    return Found(kind, shape, "float4_e2m1fn", _parts(group, leaf))


def _swizzled(group: Group, leaf: str, packed: Entry, scale: Entry) -> Found | None:
    """NVFP4 whose scales are laid out for tensor cores, in tiles of 128 x 4 that are filled up.

    flashinfer-ai/flashinfer flashinfer/fp4_quantization.py, `_pad_scale_factors`; ComfyUI's nvfp4 checkpoints.
    """
    if len(packed.shape) != 2 or scale.dtype != "float8_e4m3fn":
        return None
    (rows, columns), tiles = packed.shape, (128 * round_up(packed.shape[0], 128), 4 * round_up(packed.shape[1], 32))
    return Found("NVFP4", (rows, 2 * columns), "float4_e2m1fn", _parts(group, leaf)) if scale.shape == tiles else None


def fp6_packed(group: Group, leaf: str) -> Found | None:
    """weight_packed uint8 (out, 3·in/4), four E2M3 to three bytes, with weight_scale (out, in/32).

    vllm-project/compressed-tensors src/compressed_tensors/compressors/mxfp6/helpers.py, `pack_fp6_to_uint8`.
    """
    packed, scale = group.entry(leaf), _scale(group, leaf)
    if packed.dtype != "uint8" or scale is None or len(packed.shape) < 2 or scale.shape[:-1] != packed.shape[:-1]:
        return None
    if scale.dtype not in ONE_BYTE or packed.shape[-1] != 24 * scale.shape[-1]:
        return None
    shape = (*packed.shape[:-1], 32 * scale.shape[-1])
    return Found("compressed-tensors MXFP6", shape, "float6_e2m3fn", _parts(group, leaf))


def fp4_packed(group: Group, leaf: str) -> Found | None:
    """weight_packed uint8 (out, in/2) with weight_scale, one for 16 weights (NVFP4) or 32 (MXFP4).

    vllm-project/compressed-tensors src/compressed_tensors/compressors/nvfp4/helpers.py, `pack_fp4_to_uint8`.
    """
    if group.entry(leaf).dtype != "uint8":
        return None
    found = fp4(group, leaf)
    if found is None:
        rest = _parts(group, leaf)
        raise Unknown("compressed-tensors", "bytes without a weight_scale for every 16 or 32 weights", rest)
    return Found(f"compressed-tensors {found.scheme}", found.shape, found.dtype, found.bookkeeping)


def int4_rows(group: Group, leaf: str) -> Found | None:
    """weight uint8 (…, out/2, in), float weight_scale (…, out, in/group): two rows to a byte.

    ModelOpt modelopt/torch/export/quant_utils.py, `pack_int4_in_uint8` (INT4_AWQ, W4A8_AWQ).
    """
    packed, scale = group.entry(leaf), _scale(group, leaf)
    if packed.dtype != "uint8" or scale is None or scale.dtype not in FLOATS or len(packed.shape) < 2:
        return None
    *before, rows, columns = packed.shape
    if len(scale.shape) < 2 or scale.shape[:-1] != (*before, 2 * rows) or not scale.shape[-1]:
        return None
    if columns % scale.shape[-1]:
        return None
    return Found("ModelOpt INT4", (*before, 2 * rows, columns), "int4", _parts(group, leaf))


def scaled(group: Group, leaf: str) -> Found | None:
    """One weight an element, with scales apart: FP8 and int8, by tensor, row or block.

    DeepSeek (deepseek-ai/DeepSeek-V3 inference/fp8_cast_bf16.py: weight_scale_inv, blocks of 128 x 128), ModelOpt,
    compressed-tensors naive_quantized.py.
    """
    packed, rest = group.entry(leaf), _parts(group, leaf)
    if not rest or packed.dtype not in FLOAT8 | {"int8"}:
        return None
    scale = _scale(group, leaf)
    if packed.dtype == "int8" and (scale is None or scale.dtype not in FLOATS):
        return None
    by_16 = (*scale.shape[:-1], 16 * scale.shape[-1]) if scale is not None and scale.shape else None
    if packed.dtype == "int8" and packed.shape == by_16:
        raise Unknown("int8", "a scale for every 16 numbers: FP4 in pairs has that shape too", rest)
    return Found("FP8" if packed.dtype in FLOAT8 else "int8", packed.shape, packed.dtype, rest)


#: siblings of which a packed weight has at least one
MARKS = frozenset((*SCALE_PARTS, "SCB", "weight_scb", "weight_scales", "scales", "biases", "qzeros",
                   *(f"weight{part}" for part in STATE_PARTS)))  # fmt: skip
SUSPICIOUS = ("SCB", "weight_scb", "weight_scales", "scales", "biases", "qzeros", "tables", "tables2")


def not_understood(group: Group, leaf: str) -> Found | None:
    """A weight of whole numbers beside scales, in no layout above."""
    packed = group.entry(leaf)
    if packed.dtype not in BYTES8 | {"int32", "uint32", "int16"}:
        return None
    rest = (*group.present(*(leaf + part for part in STATE_PARTS), *SUSPICIOUS), *_parts(group, leaf))
    if not rest:
        return None
    raise Unknown("scaled weight", f"{packed.dtype} {packed.shape} beside {rest[0]} is no layout that is known", rest)


# -- MXFP4 blocks, HQQ, sparse ----------------------------------------------------------------------------------------


def mxfp4_blocks(group: Group, leaf: str) -> Found | None:
    """X_blocks uint8 (…, in/32, 16), X_scales uint8 (…, in/32); or X.blocks and X.scales.

    openai/gpt-oss gpt_oss/torch/weights.py, `_get_mxfp4_tensor`.
    """
    packed, other = group.entry(leaf), f"{leaf.removesuffix('blocks')}scales"
    scales = group.get(other)
    if packed.dtype != "uint8" or scales is None or packed.shape[-1:] != (16,) or scales.shape != packed.shape[:-1]:
        return None
    return Found("MXFP4", (*packed.shape[:-2], packed.shape[-2] * 32), "float4_e2m1fn", (other,))


HQQ = (
    "scale", "zero", "shape", "nbits", "axis", "group_size", "packing", "unpack_view_dtype", "view_as_float",
    "channel_wise", "compute_dtype", "encoded_state_dict", "offload_meta", "optimize", "quant_scale", "quant_zero",
    "round_zero", "stores_quant_config",
)  # fmt: skip


def hqq(group: Group, leaf: str) -> Found | None:
    """W_q with its true shape in the tensor `shape`, bits in `nbits` (1.58 bits are a float, stored as 2).

    mobiusml/hqq hqq/core/quantize.py (`HQQLinear.state_dict`, `Quantizer.bit_to_packing`) and core/bitpack.py;
    view_as_float stores the same bytes under a float type.
    """
    packed, rest = group.entry(leaf), group.present(*HQQ)
    if "shape" not in rest or "nbits" not in rest:
        if packed.dtype not in BYTES8 | {"int32"} or not (rest or group.present("meta")):
            return None  # many networks call a query matrix W_q
        raise Unknown("HQQ", "there are no shape and nbits beside it", rest)
    shape = group.shape_in("shape")
    bits = [2] if group.entry("nbits").dtype == "float32" else group.integers("nbits")
    if len(bits) != 1 or not 1 <= bits[0] <= 8 or product(shape) * bits[0] > 8 * packed.bytes:
        raise contradiction(packed, f"shape {shape} of {bits} bits")
    return Found("HQQ", shape, f"int{bits[0]}", rest)


def sparse(group: Group, leaf: str) -> Found | None:
    """compressed (non-zero values), bitmask, shape, row_offsets: the dense shape is in the tensor `shape`.

    vllm-project/compressed-tensors src/compressed_tensors/compressors/sparse_compressors/sparse_bitmask.py and
    sparse_24_bitmask.py.
    """
    packed, mask = group.entry(leaf), group.get("bitmask")
    rest = group.present("bitmask", "shape", "row_offsets")
    if mask is None or "shape" not in rest:
        return None
    shape = group.shape_in("shape")
    if product(shape) > 8 * mask.bytes or product(shape) < packed.size:
        raise contradiction(packed, f"the dense shape {shape}")
    return Found("compressed-tensors sparse", shape, packed.dtype, rest)
