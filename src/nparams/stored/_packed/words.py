"""Weights packed into words of 32 bits: GPTQ, AWQ, Marlin, compressed-tensors, EXL2, MLX.

Each function names the source of its layout.  Letters: in and out are a layer's inputs and outputs, group the inputs
that share a scale.
"""

from __future__ import annotations

from nparams.stored._packed.scheme import WIDTHS, Found, Unknown, contradiction, round_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.stored._packed.scheme import Group, Shape
    from nparams.stored.named import Entry

WORDS = frozenset(("int32", "uint32"))
# theta, pairs, channel_scales: ParoQuant's rotations (GPTQModel gptqmodel/nn_modules/qlinear/paroquant.py); act_scales
# and the one behind it: intel/auto-round auto_round/export/export_to_autoround/qlinear_triton_act.py
GPTQ_PARTS = ("qzeros", "scales", "g_idx", "theta", "pairs", "channel_scales", "act_scales", "w_bf16_to_fp8_scale",
              "scaled_zeros")  # fmt: skip
GPTQ_BITS = (2, 3, 4, 5, 6, 7, 8)


def gptq(group: Group, leaf: str) -> Found | None:
    """qweight (ceil(in·bits/word), out), scales (groups, out), qzeros (groups, ceil(out·bits/word)), g_idx (in).

    AutoGPTQ auto_gptq/nn_modules/qlinear/qlinear_cuda_old.py (words of 32 bits); ModelCloud/GPTQModel
    gptqmodel/nn_modules/qlinear/__init__.py, `_register_gptq_buffers` (words of 8 to 64, and sizes rounded up).
    desc_act reorders g_idx, gptq_v2 changes the zeros' offset: neither changes a shape.
    """
    packed, scales, index, zeros = group.entry(leaf), group.get("scales"), group.get("g_idx"), group.get("qzeros")
    word = 8 * WIDTHS.get(packed.dtype, 0)
    if not word or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    rows, out = packed.shape
    if scales.shape[1] != out:
        return None  # AWQ: the outputs are packed instead
    rest = group.present(*GPTQ_PARTS)
    told = [b for b in GPTQ_BITS if zeros is None or zeros.shape[1:] == (round_up(out * b, word),)]
    if index is not None and index.size:
        told = [b for b in told if round_up(index.size * b, word) == rows]
        if len(told) != 1:
            raise Unknown("GPTQ", f"{rows:,} rows of {word} bits for {index.size:,} inputs and these zeros", rest)
        return Found("GPTQ", (out, index.size), f"int{told[0]}", rest)
    if zeros is None or len(told) != 1 or rows * word % told[0]:
        raise Unknown("GPTQ", "neither g_idx nor qzeros tells how many bits a weight has", rest)
    if rows * word // told[0] % 32:
        raise Unknown("GPTQ", "there is no g_idx to tell inputs that are no multiple of 32", rest)
    return Found("GPTQ", (out, rows * word // told[0]), f"int{told[0]}", rest)


def awq(group: Group, leaf: str) -> Found | None:
    """qweight int32 (in, ceil(out·bits/32)), scales (groups, out), qzeros (groups, ceil(out·bits/32)).

    casper-hansen/AutoAWQ awq/modules/linear/gemm.py; ModelCloud/GPTQModel gptqmodel/nn_modules/qlinear/torch_awq.py (2
    to 8 bits) and paroquant.py (sizes rounded up).
    """
    packed, scales, zeros = group.entry(leaf), group.get("scales"), group.get("qzeros")
    if packed.dtype not in WORDS or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    (rows, columns), out = packed.shape, scales.shape[1]
    bits = [b for b in GPTQ_BITS if columns == round_up(out * b, 32)]
    if not bits or (zeros is not None and zeros.shape != (scales.shape[0], columns)):
        return None
    return Found("AWQ", (out, rows), f"int{bits[0]}" if len(bits) == 1 else None, group.present(*GPTQ_PARTS))


def awq_marlin(group: Group, leaf: str) -> Found | None:
    """qweight int32 (in/16, 2·out), scales (groups, out) and no zeros: 4 bits in tiles of 16.

    casper-hansen/AutoAWQ awq/modules/linear/marlin.py.
    """
    packed, scales = group.entry(leaf), group.get("scales")
    if packed.dtype not in WORDS or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    ins, out = 16 * packed.shape[0], scales.shape[1]
    if group.present("qzeros", "g_idx") or packed.shape[1] != 2 * out or not scales.shape[0] or ins % scales.shape[0]:
        return None
    return Found("AWQ", (out, ins), "int4", group.present(*GPTQ_PARTS))


def awq_gemv(group: Group, leaf: str) -> Found | None:
    """qweight int32 (out, in/8), qzeros (out, z), scales (out, 8·z), z the groups rounded up.

    casper-hansen/AutoAWQ awq/modules/linear/gemv.py.
    """
    packed, scales, zeros = group.entry(leaf), group.get("scales"), group.get("qzeros")
    if packed.dtype not in WORDS or len(packed.shape) != 2 or scales is None or zeros is None:
        return None
    out, columns = packed.shape
    if zeros.shape[:1] != (out,) or len(zeros.shape) != 2 or scales.shape != (out, 8 * zeros.shape[1]):
        return None
    return Found("AWQ", (out, columns * 8), "int4", group.present(*GPTQ_PARTS))


def awq_gemv_fast(group: Group, leaf: str) -> Found | None:
    """qweight int16 (out/4, in), scales and qzeros float (groups rounded up, out).

    casper-hansen/AutoAWQ awq/modules/linear/gemv_fast.py: four rows of weights are interleaved.
    """
    packed, scales, zeros = group.entry(leaf), group.get("scales"), group.get("qzeros")
    if packed.dtype != "int16" or len(packed.shape) != 2 or scales is None or zeros is None:
        return None
    if scales.shape != zeros.shape or scales.dtype != zeros.dtype or scales.shape[1:] != (4 * packed.shape[0],):
        return None
    from nparams.stored.settings import quantisation

    told, rest = quantisation(group.folder), group.present(*GPTQ_PARTS)
    if told is not None and told.bits not in (
        None,
        4,
    ):  # such a layer can be made, and not be packed
        raise Unknown("AWQ", f"this layout packs 4 bits, and {told.where} says {told.bits}", rest)
    return Found("AWQ", (4 * packed.shape[0], packed.shape[1]), "int4", rest)


def marlin(group: Group, leaf: str) -> Found | None:
    """B int32 (in/16, 2·out), s (groups, out): 4 bits in tiles of 16.

    AutoGPTQ auto_gptq/nn_modules/qlinear/qlinear_marlin.py; s_channel and s_group are QQQ's (ModelCloud/GPTQModel
    gptqmodel/nn_modules/qlinear/qqq.py).
    """
    packed, scales = group.entry(leaf), group.get("s") or group.get("s_channel")
    if packed.dtype not in WORDS or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    rest = group.present("s", "s_channel", "s_group", "workspace")
    if packed.shape[1] != 2 * scales.shape[1]:
        raise Unknown("Marlin", f"{packed.shape} beside scales {scales.shape}", rest)
    return Found("Marlin", (scales.shape[1], packed.shape[0] * 16), "int4", rest)


COMPRESSED = ("weight_scale", "weight_zero_point", "weight_g_idx", "weight_shape", "weight_global_scale",
              "input_global_scale", "input_scale", "input_zero_point", "scale_packed", "meta")  # fmt: skip


def pack_quantized(group: Group, leaf: str) -> Found | None:
    """weight_packed int32 (…, out, words), each row padded on its own, and the true shape in weight_shape.

    vllm-project/compressed-tensors src/compressed_tensors/compressors/pack_quantized/helpers.py, `pack_to_int32`: rows
    of ceil(in·bits/32) words; before version 0.12 whole weights in a word, ceil(in / (32//bits)), so 3 bits came ten
    to a word.
    """
    packed, rest = group.entry(leaf), group.present(*COMPRESSED)
    if packed.dtype not in WORDS:
        return None
    if "weight_shape" not in rest:
        raise Unknown("compressed-tensors", "there is no weight_shape beside it", rest)
    shape = group.shape_in("weight_shape")
    if len(shape) != len(packed.shape) or shape[:-1] != packed.shape[:-1]:
        raise contradiction(packed, f"weight_shape {shape}")
    columns = packed.shape[-1]
    bits = [b for b in range(1, 9) if columns in (round_up(shape[-1] * b, 32), round_up(shape[-1], 32 // b))]
    if not bits:
        raise contradiction(packed, f"weight_shape {shape}")
    return Found("compressed-tensors", shape, _width(group, bits), rest)


def _width(group: Group, bits: list[int]) -> str | None:
    """The number type, if the packed size (or config.json) leaves one; 7 and 8 bits both come four to a word."""
    from nparams.stored.settings import config_bits

    told = [b for b in bits if b in config_bits(group.folder)]
    usual = [b for b in bits if b in (4, 8)]  # the presets of quantization/quant_scheme.py
    for held in (bits, told, usual):
        if len(held) == 1:
            return f"int{held[0]}"
    return None


EXL2 = ("q_scale", "q_scale_max", "q_groups", "q_invperm", "q_perm", "q_group_map")
PADDED = "EXL2 rounds a layer's outputs up to a multiple of 32, and counts here are of the rounded layers"


def exl2(group: Group, leaf: str) -> Found | None:
    """q_weight int32 (rows, out), q_invperm (in): bits vary by row, the permutation's length is the input size.

    turboderp-org/exllamav2 exllamav2/conversion/adaptivegptq.py, `pack`: out is padded to a multiple of 32; a bias, and
    config.json for the output head, tell the true one.
    """
    packed, order = group.entry(leaf), group.get("q_invperm") or group.get("q_perm")
    rest = group.present(*EXL2)
    if packed.dtype not in WORDS or len(packed.shape) != 2 or not rest:
        return None
    if order is None:
        raise Unknown("EXL2", "there is no q_invperm beside it", rest)
    scale = group.get("q_scale")
    most = 8 * order.size + 32 * (scale.shape[0] if scale is not None and scale.shape else order.size)
    if not 2 * order.size <= 32 * packed.shape[0] <= most:  # 2 to 8 bits, each group of rows rounded up to words
        raise contradiction(packed, f"an order of {order.size:,} inputs")
    columns, bias = packed.shape[1], group.get("bias")
    out = bias.size if bias is not None else _head_size(group, columns)
    if out is not None and round_up(out, 32) * 32 != columns:
        out = None
    return Found("EXL2", (out or columns, order.size), "exl2", rest, "" if out else PADDED)


def _head_size(group: Group, columns: int) -> int | None:
    """The vocabulary in config.json, where it is what this output head was padded from."""
    from nparams.stored.settings import config

    if not group.prefix.endswith("lm_head."):
        return None
    size = config(group.folder).get("vocab_size")
    return size if type(size) is int and 0 <= columns - size < 32 else None


#: mode -> (group, bits) of MLX's packings without biases
MLX_MODES = {128: ("mxfp4", 4), 64: ("nvfp4", 4), 256: ("mxfp8", 8)}


def mlx(group: Group, leaf: str) -> Found | None:
    """weight uint32 (…, in·bits/32), scales (…, in/group), and for affine packing biases of the same shape.

    ml-explore/mlx mlx/ops.cpp, `affine_quantize` and `fp_quantize`; groups of the modes without biases are fixed
    (mlx/ops.cpp `quantization_params_from_mode`).  Bits and groups of the affine mode stand in config.json only.
    """
    packed, scales, biases = group.entry(leaf), group.get("scales"), group.get("biases") or group.get("qbiases")
    if packed.dtype != "uint32" or scales is None or not packed.shape or scales.shape[:-1] != packed.shape[:-1]:
        return None
    rest, columns = group.present("scales", "biases", "qbiases"), scales.shape[-1] if scales.shape else 0
    if not columns or packed.shape[-1] * 32 % columns:
        raise Unknown("MLX", f"{packed.shape} beside scales {scales.shape} is no whole number of groups", rest)
    ratio = packed.shape[-1] * 32 // columns  # group x bits
    if biases is None:
        if ratio not in MLX_MODES or scales.dtype != "uint8":
            raise Unknown("MLX", "scales without biases, in groups that are not mxfp4, mxfp8 or nvfp4", rest)
        mode, bits = MLX_MODES[ratio]
        return Found("MLX", _mlx_shape(packed, bits), MLX_DTYPES[mode], rest)
    found = _mlx_bits(group, ratio)
    if found is None or biases.shape != scales.shape:
        raise Unknown("MLX", "its bits or group size stand in config.json, which is not beside it", rest)
    return Found("MLX", _mlx_shape(packed, found), f"int{found}", rest)


MLX_DTYPES = {"mxfp4": "float4_e2m1fn", "nvfp4": "float4_e2m1fn", "mxfp8": "float8_e4m3fn"}
MLX_GROUPS, MLX_WIDTHS = (16, 32, 64, 128), (2, 3, 4, 5, 6, 8)


def _mlx_shape(packed: Entry, bits: int) -> Shape:
    if packed.shape[-1] * 32 % bits:
        raise contradiction(packed, f"a packing of {bits} bits")
    return (*packed.shape[:-1], packed.shape[-1] * 32 // bits)


def _mlx_bits(group: Group, ratio: int) -> int | None:
    """The bits of one layer: its own entry in `quantization`, else the whole model's, if they fit the shapes."""
    from nparams.stored.settings import mlx_settings

    settings = mlx_settings(group.folder)
    for held in (settings.get(group.prefix[:-1]), settings):
        if isinstance(held, dict):
            bits, size = held.get("bits"), held.get("group_size")
            if type(bits) is int and bits in MLX_WIDTHS and size in MLX_GROUPS and bits * size == ratio:
                return bits
    return None


def not_understood(group: Group, leaf: str) -> Found | None:
    """Whole numbers under a name that only packed weights have."""
    packed = group.entry(leaf)
    if packed.dtype not in WIDTHS:
        return None
    rest = group.present(*GPTQ_PARTS, *COMPRESSED)
    raise Unknown(leaf, f"{packed.dtype} {packed.shape} is no layout that is known", rest)
