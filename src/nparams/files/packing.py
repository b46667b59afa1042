"""The packing schemes themselves: sibling tensors in, logical weight out.

Sources: GPTQ and AWQ kernels (AutoGPTQ qlinear, AutoAWQ gemm), bitsandbytes functional.QuantState, vllm
compressed-tensors, openai/gpt-oss, ml-explore/mlx quantize, mobiusml/hqq, turboderp exllamav2/v3, Vahe1994/AQLM.
"""

from __future__ import annotations

import json

from nparams.errors import FormatError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder
    from nparams.files.named import Data, Entry

    Shape = tuple[int, ...]

BYTES8 = frozenset(("uint8", "int8"))
WORDS = frozenset(("int32", "uint32"))
FLOAT8 = frozenset(("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"))
SMALL = 4_096  # bytes that a shape or state tensor may take


class Group:
    """The tensors of one module, by the last part of their names."""

    __slots__ = ("data", "entries", "folder", "prefix")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.entries: dict[str, Entry] = {}
        self.data: Data | None = None
        self.folder: Folder | None = None

    def name(self, leaf: str) -> str:
        """The whole name of one of its tensors."""
        return self.entries[leaf].name

    def get(self, leaf: str) -> Entry | None:
        """The tensor of that last name, if there is one."""
        return self.entries.get(leaf)

    def present(self, *leaves: str) -> tuple[str, ...]:
        """Those of `leaves` that are there."""
        return tuple(leaf for leaf in leaves if leaf in self.entries)

    def read(self, leaf: str) -> bytes:
        """The bytes of a small tensor."""
        assert self.data is not None
        return self.data(self.entries[leaf], SMALL)

    def integers(self, leaf: str) -> list[int]:
        """The values of a small tensor of whole numbers."""
        entry, raw = self.entries[leaf], self.read(leaf)
        width = WIDTHS.get(entry.dtype)
        if width is None:
            raise FormatError(f"{shown(entry.name)}: {entry.dtype} where whole numbers belong")
        signed = entry.dtype.startswith("int")
        return [int.from_bytes(raw[k : k + width], "little", signed=signed) for k in range(0, len(raw), width)]


WIDTHS = {"int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8}


class Found:
    """A packed weight understood: scheme, logical shape and dtype, and which siblings are its bookkeeping."""

    __slots__ = ("bookkeeping", "dtype", "note", "scheme", "shape")

    def __init__(
        self, scheme: str, shape: Shape | None, dtype: str | None, bookkeeping: tuple[str, ...], note: str = ""
    ) -> None:
        self.scheme = scheme
        self.shape = shape
        self.dtype = dtype
        self.bookkeeping = bookkeeping
        self.note = note


class Unknown(Exception):
    """A scheme recognised whose logical size these tensors do not tell; never leaves this room."""

    def __init__(self, scheme: str, why: str, bookkeeping: tuple[str, ...]) -> None:
        super().__init__(why)
        self.scheme = scheme
        self.bookkeeping = bookkeeping


def _whole_bits(amount: int, count: int, allowed: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)) -> int | None:
    """amount / count if that is one of the widths."""
    return amount // count if count and amount % count == 0 and amount // count in allowed else None


# -- 32-bit words: GPTQ, AWQ, compressed-tensors, EXL2, MLX -----------------------------------------

GPTQ_PARTS = ("qzeros", "scales", "g_idx")


def gptq(group: Group, leaf: str) -> Found | None:
    """qweight int32 (in·bits/32, out), scales (groups, out), qzeros (groups, out·bits/32), g_idx (in)."""
    packed, scales, index, zeros = group.entries[leaf], group.get("scales"), group.get("g_idx"), group.get("qzeros")
    if packed.dtype not in WORDS or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    rows, out = packed.shape
    if scales.shape[1] != out:
        return None  # AWQ: the outputs are packed instead
    rest = group.present(*GPTQ_PARTS)
    if index is not None and index.size:
        bits = _whole_bits(rows * 32, index.size)
        if bits is None:
            raise FormatError(f"{shown(packed.name)}: {rows:,} rows of 32 bits cannot hold {index.size:,} inputs")
        return Found("GPTQ", (out, index.size), f"int{bits}", rest)
    bits = _whole_bits(zeros.shape[1] * 32, out) if zeros is not None and len(zeros.shape) == 2 else None
    if bits is None or rows * 32 % bits:
        raise Unknown("GPTQ", "neither g_idx nor qzeros tells how many bits a weight has", rest)
    return Found("GPTQ", (out, rows * 32 // bits), f"int{bits}", rest)


def awq(group: Group, leaf: str) -> Found | None:
    """qweight int32 (in, out·bits/32), scales (groups, out), qzeros (groups, out·bits/32)."""
    packed, scales = group.entries[leaf], group.get("scales")
    rest = group.present(*GPTQ_PARTS)
    if packed.dtype not in WORDS or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    rows, columns = packed.shape
    bits = _whole_bits(columns * 32, scales.shape[1])
    if bits is None:
        raise Unknown("qweight", f"{packed.shape} beside scales {scales.shape} is no layout of GPTQ or AWQ", rest)
    return Found("AWQ", (scales.shape[1], rows), f"int{bits}", rest)


COMPRESSED = (
    "weight_scale",
    "weight_zero_point",
    "weight_g_idx",
    "weight_shape",
    "weight_global_scale",
    "input_global_scale",
    "input_scale",
)


def pack_quantized(group: Group, leaf: str) -> Found | None:
    """compressed-tensors: weight_packed int32 (out, ceil(in·bits/32)) with the true shape in weight_shape."""
    packed, rest = group.entries[leaf], group.present(*COMPRESSED)
    if packed.dtype not in WORDS:
        return None
    if group.get("weight_shape") is None:
        raise Unknown("compressed-tensors", "there is no weight_shape beside it", rest)
    shape = tuple(group.integers("weight_shape"))
    size = shape[0] * shape[1] if len(shape) == 2 else 0
    if size < 1 or min(shape) < 1 or len(packed.shape) != 2 or shape[0] != packed.shape[0]:
        raise FormatError(f"{shown(packed.name)}: weight_shape {shape} does not fit the packed {packed.shape}")
    bits = next(
        (b for b in range(1, 9) if packed.shape[1] in (-(-shape[1] * b // 32), -(-shape[1] // (32 // b)))), None
    )
    if bits is None:
        raise FormatError(f"{shown(packed.name)}: weight_shape {shape} does not fit the packed {packed.shape}")
    return Found("compressed-tensors", shape, f"int{bits}", rest)


EXL2 = ("q_scale", "q_scale_max", "q_groups", "q_invperm", "q_perm", "q_group_map")


def exl2(group: Group, leaf: str) -> Found | None:
    """q_weight int32 (rows, out), q_invperm (in): bits vary by row, the permutation's length is the input size."""
    packed, order = group.entries[leaf], group.get("q_invperm") or group.get("q_perm")
    rest = group.present(*EXL2)
    if packed.dtype not in WORDS or len(packed.shape) != 2:
        return None
    if order is None:
        raise Unknown("EXL2", "there is no q_invperm beside it", rest)
    return Found("EXL2", (packed.shape[1], order.size), "exl2", rest)


def mlx(group: Group, leaf: str) -> Found | None:
    """weight uint32 (…, in·bits/32), scales (…, in/group), and for affine packing biases of the same shape."""
    packed, scales = group.entries[leaf], group.get("scales")
    if packed.dtype != "uint32" or scales is None or not packed.shape or scales.shape[:-1] != packed.shape[:-1]:
        return None
    rest = group.present("scales", "biases")
    ratio = _whole_bits(packed.shape[-1] * 32, scales.shape[-1], tuple(range(1, 4097)))  # group size x bits
    if ratio is None:
        raise Unknown("MLX", f"{packed.shape} beside scales {scales.shape} is no whole number of groups", rest)
    if "biases" not in rest:
        known = {128: ("mxfp4", 4), 64: ("nvfp4", 4), 256: ("mxfp8", 8)}.get(ratio)
        if known is None:
            raise Unknown("MLX", "scales without biases, in groups that are not mxfp4, mxfp8 or nvfp4", rest)
        return _mlx(packed, known[1], known[0], rest)
    bits = _mlx_bits(group, ratio)
    if bits is None:
        raise Unknown("MLX", "its bits or group size stand in config.json, which is not beside it", rest)
    return _mlx(packed, bits, f"int{bits}", rest)


def _mlx(packed: Entry, bits: int, dtype: str, rest: tuple[str, ...]) -> Found:
    if packed.shape[-1] * 32 % bits:
        raise FormatError(f"{shown(packed.name)}: {packed.shape[-1]} words cannot hold whole weights of {bits} bits")
    return Found("MLX", (*packed.shape[:-1], packed.shape[-1] * 32 // bits), dtype, rest)


def _mlx_bits(group: Group, ratio: int) -> int | None:
    from nparams.files.settings import mlx_settings

    settings = mlx_settings(group.folder)
    mine = settings.get(group.prefix)
    for held in (mine, settings):
        if isinstance(held, dict):
            bits, size = held.get("bits"), held.get("group_size")
            if type(bits) is int and 1 <= bits <= 8 and (size is None or bits * size == ratio):
                return bits
            if type(size) is int and size > 0 and ratio % size == 0 and 1 <= ratio // size <= 8:
                return ratio // size
    return None


# -- bytes: bitsandbytes, FP4 and FP8 with scales, MXFP4, HQQ ---------------------------------------

STATE = "weight.quant_state.bitsandbytes__"


def bitsandbytes4(group: Group, leaf: str) -> Found | None:
    """weight uint8 (n, 1), two to a byte; the shape is JSON in quant_state (bitsandbytes functional.QuantState)."""
    states = [name for name in group.entries if name.startswith(STATE)]
    packed = group.entries[leaf]
    if not states and "weight.absmax" not in group.entries:
        return None
    rest = tuple(name for name in group.entries if name.startswith("weight."))
    if not states:
        return Found("bitsandbytes 4-bit", (2 * packed.size,), "int4", rest)
    kind = states[0].removeprefix(STATE)
    shape = _state_shape(group, states[0])
    if -(-_product(shape) // 2) != packed.size or kind not in ("nf4", "fp4"):
        raise FormatError(f"{shown(packed.name)}: its {kind} state says {shape}, but {packed.size:,} bytes are stored")
    return Found(f"bitsandbytes {kind}", shape, kind, rest)


def _state_shape(group: Group, leaf: str) -> Shape:
    try:
        shape = json.loads(group.read(leaf))["shape"]
    except (ValueError, KeyError, TypeError, RecursionError):
        shape = None
    if not isinstance(shape, list) or not all(type(d) is int and 0 < d < 1 << 48 for d in shape) or len(shape) > 8:
        raise FormatError(f"{shown(group.name(leaf))}: no JSON object with a shape")
    return tuple(shape)


def bitsandbytes8(group: Group, leaf: str) -> Found | None:
    """weight int8 (out, in) with SCB, its row scales."""
    packed = group.entries[leaf]
    if packed.dtype != "int8" or "SCB" not in group.entries:
        return None
    return Found("bitsandbytes int8", packed.shape, "int8", group.present("SCB", "weight_format"))


SCALES = ("weight_scale", "weight_scale_inv", "scale", "scale_inv")
SCALE_PARTS = (
    *SCALES,
    "weight_scale_2",
    "input_scale",
    "output_scale",
    "activation_scale",
    "weight_zero_point",
    "k_scale",
    "v_scale",
    "input_scale_2",
)


def nvfp4_packed(group: Group, leaf: str) -> Found | None:
    """compressed-tensors FP4: weight_packed uint8 (out, in/2), weight_scale one for 16 (NVFP4) or 32 (MXFP4)."""
    if group.entries[leaf].dtype != "uint8":
        return None
    found = fp4_in_bytes(group, leaf)
    if found is None:
        raise Unknown(
            "compressed-tensors", "bytes without a weight_scale for every 16 or 32 weights", group.present(*COMPRESSED)
        )
    return Found("compressed-tensors FP4", found.shape, found.dtype, group.present(*COMPRESSED))


def fp4_in_bytes(group: Group, leaf: str) -> Found | None:
    """weight uint8 or int8 (…, in/2): FP4, if a one-byte scale stands for each 16 (NVFP4) or 32 (MXFP4) weights."""
    packed = group.entries[leaf]
    scale = next((group.entries[name] for name in SCALES if name in group.entries), None)
    if (
        packed.dtype not in BYTES8
        or scale is None
        or not packed.shape
        or scale.dtype not in FLOAT8 | {"uint8", "float8_e8m0fnu"}
    ):
        return None
    kind = {16: "nvfp4", 32: "mxfp4"}.get(
        2 * packed.size // scale.size if scale.size and 2 * packed.size % scale.size == 0 else 0
    )
    if kind is None or scale.shape[:-1] != packed.shape[:-1]:
        return None
    return Found(kind.upper(), (*packed.shape[:-1], 2 * packed.shape[-1]), "float4_e2m1fn", group.present(*SCALE_PARTS))


def scaled(group: Group, leaf: str) -> Found | None:
    """One weight an element, with scales apart: FP8 (DeepSeek, ModelOpt, compressed-tensors) and int8."""
    packed, rest = group.entries[leaf], group.present(*SCALE_PARTS)
    if not rest or packed.dtype not in FLOAT8 | {"int8"}:
        return None
    return Found("FP8" if packed.dtype in FLOAT8 else "int8", packed.shape, packed.dtype, rest)


def mxfp4_blocks(group: Group, leaf: str) -> Found | None:
    """gpt-oss: X_blocks uint8 (…, in/32, 16), X_scales uint8 (…, in/32)."""
    packed, other = group.entries[leaf], f"{leaf.removesuffix('_blocks')}_scales"
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
    """W_q with its true shape in the tensor `shape`, bits in `nbits` (mobiusml/hqq core/quantize.py)."""
    packed, rest = group.entries[leaf], group.present(*HQQ)
    if "shape" not in rest or "nbits" not in rest:
        raise Unknown("HQQ", "there are no shape and nbits beside it", rest)
    shape, bits = tuple(group.integers("shape")), group.integers("nbits")
    held = 8 * (packed.end - packed.start)
    if not shape or min(shape) < 1 or len(bits) != 1 or not 1 <= bits[0] <= 8 or _product(shape) * bits[0] > held:
        raise FormatError(f"{shown(packed.name)}: shape {shape} of {bits} bits does not fit its {held // 8:,} bytes")
    return Found("HQQ", shape, f"int{bits[0]}", rest)


# -- codebooks --------------------------------------------------------------------------------------


def exl3(group: Group, leaf: str) -> Found | None:
    """trellis int16 (in/16, out/16, 16·bits), suh (in), svh (out) (turboderp-org/exllamav3)."""
    packed, rest = group.entries[leaf], group.present("suh", "svh", "su", "sv", "mcg", "mul1")
    ins, outs = group.get("suh"), group.get("svh")
    if packed.dtype not in ("int16", "uint16") or len(packed.shape) != 3:
        return None
    if ins is None or outs is None or (ins.size, outs.size) != (packed.shape[0] * 16, packed.shape[1] * 16):
        raise Unknown("EXL3", "suh and svh beside it do not give its size", rest)
    return Found("EXL3", (outs.size, ins.size), "exl3", rest)


def aqlm(group: Group, leaf: str) -> Found | None:
    """codes (out/g_out, in/g_in, K), codebooks (K, size, g_out, g_in), scales (Vahe1994/AQLM src/aq.py)."""
    codes, books, rest = group.entries[leaf], group.get("codebooks"), group.present("codebooks", "scales")
    if books is None:
        return None
    if len(codes.shape) != 3 or len(books.shape) != 4 or codes.shape[2] != books.shape[0]:
        raise Unknown("AQLM", f"codes {codes.shape} do not fit codebooks {books.shape}", rest)
    return Found("AQLM", (codes.shape[0] * books.shape[2], codes.shape[1] * books.shape[3]), "aqlm", rest)


def _product(shape: Shape) -> int:
    size = 1
    for d in shape:
        size *= d
    return size
