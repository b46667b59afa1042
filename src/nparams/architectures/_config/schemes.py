"""How the schemes of quantization_config store one matrix: bytes, the number type they stand for, what lies beside it.

Each function is given the matrix (out, in), how many such matrices stand in one tensor, the settings and the number
type of the rest; it returns None where the settings leave the layout open.  The layouts are those that stored/_packed
reads from files, turned round; their sources stand there.
"""

from __future__ import annotations

from nparams.dtypes import bytes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    #: (last name, shape, number type) of what lies beside a packed weight
    Beside = tuple[str, tuple[int, ...], str]
    #: (number type, elements stored, bytes stored, what lies beside it)
    Packed = tuple[str, int, int, list[Beside]]
    Rule = Callable[[int, int, int, Mapping[str, Any], "str | None"], "Packed | None"]


def up(amount: int, per: int) -> int:
    """How many of `per` hold `amount`.

    >>> up(33, 32)
    2
    """
    return -(-amount // per)


def whole(settings: Mapping[str, Any], *names: str) -> int | None:
    """The first of those settings that is a whole number."""
    return next((n for name in names if type(n := settings.get(name)) is int), None)


def groups(columns: int, settings: Mapping[str, Any]) -> int | None:
    """How many groups the inputs of a matrix are in; -1: one group."""
    size = whole(settings, "group_size", "q_group_size")
    if size is None or size == -1:
        return None if size is None else 1
    return up(columns, size) if size > 0 else None


def gptq(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """qweight int32 (in·bits/32, out), scales float16 and qzeros int32 by group, g_idx int32 (in).

    Files of AutoGPTQ hold a bias of zeros for every layer besides, those of GPTQModel none: only the latter are told.
    """
    tool = settings.get("meta", {}).get("quantizer") if isinstance(settings.get("meta"), dict) else None
    if "gptqmodel" not in str(tool) or dtype != "float16":
        return None
    bits, count = whole(settings, "bits", "w_bit"), groups(ins, settings)
    if bits not in (2, 3, 4, 8) or count is None or ins * bits % 32 or out * bits % 32:
        return None
    if settings.get("checkpoint_format", settings.get("format", "gptq")) not in ("gptq", "gptq_v2"):
        return None
    beside: list[Beside] = [("qzeros", (count, out * bits // 32), "int32"), ("scales", (count, out), "float16"),
                            ("g_idx", (ins,), "int32")]  # fmt: skip
    words = ins * bits // 32 * out
    return f"int{bits}", n * words, n * words * 4, beside


def awq(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """qweight int32 (in, out/8), qzeros int32 (groups, out/8), scales float16 (groups, out)."""
    count = groups(ins, settings)
    version = settings.get("version", settings.get("format", "gemm"))
    if whole(settings, "bits", "w_bit") != 4 or count is None or out % 8:
        return None
    if not isinstance(version, str) or version.lower() != "gemm" or settings.get("zero_point") is False:
        return None
    if dtype != "float16":
        return None
    beside: list[Beside] = [("qzeros", (count, out // 8), "int32"), ("scales", (count, out), "float16")]
    return "int4", n * ins * out // 8, n * ins * out // 8 * 4, beside


#: numbers that share one absmax, and absmaxes that share one of their own (bitsandbytes functional.py)
BLOCK, NESTED = 64, 256


def bitsandbytes4(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """Two numbers a byte; absmax float32 for each 64, or uint8 with a float32 for each 256 of those (double quant)."""
    kind = settings.get("bnb_4bit_quant_type", "fp4")
    storage = settings.get("bnb_4bit_quant_storage", "uint8")
    if kind not in ("nf4", "fp4") or storage not in ("uint8", "torch.uint8"):
        return None
    blocks = up(out * ins, BLOCK)
    beside: list[Beside] = [("weight.quant_map", (16,), "float32")]
    if settings.get("bnb_4bit_use_double_quant") is True:
        beside += [("weight.absmax", (blocks,), "uint8"), ("weight.nested_absmax", (up(blocks, NESTED),), "float32"),
                   ("weight.nested_quant_map", (256,), "float32")]  # fmt: skip
    else:
        beside.append(("weight.absmax", (blocks,), "float32"))
    held = up(out * ins, 2)
    return kind, n * held, n * held, beside


def bitsandbytes8(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """int8 with a float32 for each row."""
    return "int8", n * out * ins, n * out * ins, [("SCB", (out,), "float32")]


def fp8(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """float8 with a scale for each block (DeepSeek-V3: 128 x 128)."""
    block: Any = settings.get("weight_block_size")
    if not _is_block(block) or settings.get("expert_dtype", "fp8") != "fp8":
        return None
    kind = {"e4m3": "float8_e4m3fn", "float8_e4m3fn": "float8_e4m3fn"}.get(settings.get("fmt", "e4m3"))
    scale = {"float": "float32", "ue8m0": "float8_e8m0fnu"}.get(settings.get("scale_fmt", "float"))
    if kind is None or scale is None:
        return None
    beside: list[Beside] = [("weight_scale_inv", (up(out, block[0]), up(ins, block[1])), scale)]
    return kind, n * out * ins, n * out * ins, beside


def _is_block(block: object) -> bool:
    return isinstance(block, list | tuple) and len(block) == 2 and all(type(n) is int and n > 0 for n in block)


def mxfp4(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """Blocks of 32 numbers in 16 bytes, and a byte for the scale of each."""
    size = out * ins
    if size % 32:
        return None
    return "float4_e2m1fn", n * size // 2, n * size // 2, [("scales", (size // 32,), "uint8")]


def mlx(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """weight uint32 (out, in·bits/32), scales and biases by group in the model's own number type."""
    bits, size = whole(settings, "bits"), whole(settings, "group_size")
    if settings.get("mode", "affine") != "affine" or bits not in (2, 3, 4, 5, 6, 8) or not size or dtype is None:
        return None
    if size < 1 or ins % size or ins * bits % 32:
        return None
    words = out * ins * bits // 32
    beside: list[Beside] = [("scales", (out, ins // size), dtype), ("biases", (out, ins // size), dtype)]
    return f"int{bits}", n * words, n * words * 4, beside


def compressed(out: int, ins: int, n: int, settings: Mapping[str, Any], dtype: str | None) -> Packed | None:
    """compressed-tensors: one group of settings for all layers, in one of three formats."""
    weights = _only_group(settings)
    if weights is None or dtype is None:
        return None
    kind = settings.get("format")
    if kind == "pack-quantized":
        return _packed_words(out, ins, n, weights, dtype)
    if kind in ("float-quantized", "int-quantized", "naive-quantized"):
        return _one_each(out, ins, n, weights, dtype)
    return None


def _only_group(settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    held = settings.get("config_groups")
    if not isinstance(held, dict) or len(held) != 1:
        return None
    group = next(iter(held.values()))
    if not isinstance(group, dict) or group.get("targets") != ["Linear"] or settings.get("sparsity_config"):
        return None
    if settings.get("kv_cache_scheme") or (group.get("input_activations") or {}).get("dynamic", True) is False:
        return None
    weights = group.get("weights")
    return weights if isinstance(weights, dict) else None


def _scales(out: int, ins: int, weights: Mapping[str, Any]) -> tuple[int, ...] | None:
    strategy, size = weights.get("strategy"), whole(weights, "group_size")
    block: Any = weights.get("block_structure")
    if strategy == "group" and size is not None and size > 0 and ins % size == 0:
        return out, ins // size
    if strategy == "block" and _is_block(block):
        return up(out, block[0]), up(ins, block[1])
    return {"channel": (out, 1), "tensor": (1,)}.get(str(strategy))


def _packed_words(out: int, ins: int, n: int, weights: Mapping[str, Any], dtype: str) -> Packed | None:
    bits, scales = whole(weights, "num_bits"), _scales(out, ins, weights)
    if bits not in (4, 8) or scales is None or weights.get("type", "int") != "int":
        return None
    beside: list[Beside] = [("weight_scale", scales, dtype), ("weight_shape", (2,), "int64")]
    if weights.get("symmetric", True) is not True:
        beside.append(("weight_zero_point", (up(out * bits, 32), *scales[1:]), "int32"))
    order = weights.get("actorder")
    if order not in (None, False, "weight", "static", "group", "dynamic", True):
        return None
    if order in ("group", "dynamic", True):
        beside.append(("weight_g_idx", (ins,), "int32"))
    words = out * up(ins * bits, 32)
    return f"int{bits}", n * words, n * words * 4, beside


def _one_each(out: int, ins: int, n: int, weights: Mapping[str, Any], dtype: str) -> Packed | None:
    scales = _scales(out, ins, weights)
    kind = {"float": "float8_e4m3fn", "int": "int8"}.get(str(weights.get("type")))
    if scales is None or kind is None or whole(weights, "num_bits") != 8 or weights.get("symmetric", True) is not True:
        return None
    return kind, n * out * ins, n * out * ins, [("weight_scale", scales, dtype)]


#: method as quantization_config names it -> (its name in words, rule, whether embeddings are packed too, only experts)
RULES: dict[str, tuple[str, Rule]] = {
    "gptq": ("GPTQ", gptq),
    "awq": ("AWQ", awq),
    "bitsandbytes_4bit": ("bitsandbytes 4-bit", bitsandbytes4),
    "bitsandbytes_8bit": ("bitsandbytes 8-bit", bitsandbytes8),
    "fp8": ("FP8", fp8),
    "mxfp4": ("MXFP4", mxfp4),
    "compressed-tensors": ("compressed-tensors", compressed),
    "mlx": ("MLX", mlx),
}
#: settings that make exceptions for single modules, which are not followed: method -> keys
EXCEPTIONS: dict[str, tuple[str, ...]] = {
    # ModelCloud/GPTQModel gptqmodel/quantization/config.py; optimum's GPTQQuantizer
    "gptq": ("dynamic", "lm_head", "modules_in_block_to_quantize", "block_name_to_quantize", "adapter"),
    "fp8": ("modules_to_convert",),
    "bitsandbytes_8bit": ("llm_int8_has_fp16_weight",),
}
#: keys of MLX's settings; any other is a module's name with settings of its own
OWN = frozenset(("quant_method", "group_size", "bits", "mode"))
#: methods whose tools pack the layers of a text model, and leave other parts without saying so
TEXT_ONLY = ("gptq", "awq")
#: methods that pack lookup tables as they pack matrices
TABLES = ("mlx",)
#: methods that pack nothing but experts
EXPERTS = ("mxfp4",)


def bytes_beside(beside: list[Beside], n: int) -> int:
    """What lies beside `n` matrices takes.

    >>> bytes_beside([("SCB", (8,), "float32")], 2)
    64
    """
    total = 0
    for _, shape, dtype in beside:
        size = 1
        for d in shape:
            size *= d
        total += bytes_of(size, dtype) or 0
    return n * total
