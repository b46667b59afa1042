"""Weights packed by the rarer libraries: HIGGS, EETQ, FP-Quant, BitNet, SVDQuant, SpQR, VPTQ.

Each function names the source of its layout.  Letters: in and out are a layer's inputs and outputs.
"""

from __future__ import annotations

from nparams.stored._packed.in_bytes import ONE_BYTE
from nparams.stored._packed.scheme import Found, Unknown, product, round_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.stored._packed.scheme import Group


def higgs(group: Group, leaf: str) -> Found | None:
    """weight int16 (out·bits/16, in), scales (out, in/group), tables (2^bits), tables2 (2^bits, 2^bits, 2).

    huggingface/transformers src/transformers/integrations/higgs.py, `HiggsLinear`.
    """
    packed, scales, table = group.entry(leaf), group.get("scales"), group.get("tables")
    if packed.dtype != "int16" or len(packed.shape) != 2 or scales is None or table is None:
        return None
    rest, bits = group.present("scales", "tables", "tables2"), table.size.bit_length() - 1
    rows, columns = packed.shape
    if bits < 1 or len(scales.shape) != 2 or table.size != 1 << bits or scales.shape[0] * bits != 16 * rows:
        raise Unknown("HIGGS", f"{packed.shape} beside scales {scales.shape} and a table of {table.size:,}", rest)
    return Found("HIGGS", (scales.shape[0], columns), f"int{bits}" if bits <= 8 else None, rest)


def eetq(group: Group, leaf: str) -> Found | None:
    """weight (or qweight) int8 (in, out), weight_scales (out).

    NetEase-FuXi/EETQ python/eetq/modules/qlinear.py, `W8A16Linear`; huggingface/transformers
    src/transformers/integrations/eetq.py.
    """
    packed, scales = group.entry(leaf), group.get("weight_scales")
    if packed.dtype != "int8" or len(packed.shape) != 2 or scales is None or scales.size != packed.shape[1]:
        return None
    return Found("EETQ", (packed.shape[1], packed.shape[0]), "int8", group.present("weight_scales"))


def fp_quant(group: Group, leaf: str) -> Found | None:
    """qweight uint8 (out, in/2), scales (out, in/32) or (out, in/16) of one byte: two FP4 to a byte.

    IST-DASLab/FP-Quant inference_lib/src/fp_quant/module/linear.py, `FPQuantLinear`.
    """
    packed, scales, rest = group.entry(leaf), group.get("scales"), group.present(*ROTATED)
    if packed.dtype != "uint8" or len(packed.shape) != 2 or scales is None or len(scales.shape) != 2:
        return None
    ins, groups = 2 * packed.shape[1], scales.shape[1]
    kind = {16: "NVFP4", 32: "MXFP4"}.get(ins // groups) if groups and ins % groups == 0 else None
    if kind is None or scales.shape[0] != packed.shape[0] or scales.dtype not in ONE_BYTE:
        return None
    return Found(f"FP-Quant {kind}", (packed.shape[0], ins), "float4_e2m1fn", rest)


ROTATED = ("scales", "weight_global_scale", "act_global_scale", "forward_hadamard_matrix", "backward_hadamard_matrix")


def bitnet(group: Group, leaf: str) -> Found | None:
    """weight uint8 (out/4, in), weight_scale (1): four ternary numbers to a byte.

    huggingface/transformers src/transformers/integrations/bitnet.py, `pack_weights` and `BitLinear`.  Its shapes alone
    are those of other packings too, so a bias or config.json must tell.
    """
    packed, scale, bias = group.entry(leaf), group.get("weight_scale"), group.get("bias")
    if packed.dtype != "uint8" or len(packed.shape) != 2 or scale is None or scale.size != 1:
        return None
    out = 4 * packed.shape[0]
    if (bias is None or bias.size != out) and _method(group) != "bitnet":
        return None
    return Found("BitNet", (out, packed.shape[1]), "int2", group.present("weight_scale"))


def _method(group: Group) -> str | None:
    """What the settings beside it call the quantisation."""
    from nparams.stored.settings import quantisation

    told = quantisation(group.folder)
    return None if told is None else told.method


def _settings(group: Group) -> Mapping[str, Any]:
    from nparams.stored.settings import quantisation

    told = quantisation(group.folder)
    return {} if told is None else told.settings


LOW_RANK = ("wscales", "wzeros", "wcscales", "wtscale", "smooth", "smooth_orig", "smooth_factor", "smooth_factor_orig",
            "proj_down", "proj_up", "lora_down", "lora_up")  # fmt: skip


def svdquant(group: Group, leaf: str) -> Found | None:
    """qweight int8 (out, in/2), wscales (in/group, out), and the low-rank part of the same weight beside it; or
    qweight int32 (out/4, in/2) with wscales and wzeros.

    nunchaku-tech/nunchaku nunchaku/models/linear.py, `SVDQW4A4Linear` and `AWQW4A16Linear`.
    """
    packed, scales, rest = group.entry(leaf), group.get("wscales"), group.present(*LOW_RANK)
    if scales is None or len(packed.shape) != 2 or len(scales.shape) != 2:
        return None
    rows, columns = packed.shape
    out, ins = {"int8": (rows, 2 * columns), "int32": (4 * rows, 2 * columns)}.get(packed.dtype, (0, 0))
    if scales.shape[1] != out or not scales.shape[0] or ins % scales.shape[0]:
        raise Unknown("SVDQuant", f"{packed.dtype} {packed.shape} beside wscales {scales.shape}", rest)
    kind = "float4_e2m1fn" if scales.dtype == "float8_e4m3fn" else "int4"
    return Found("AWQ" if "wzeros" in rest else "SVDQuant", (out, ins), kind, rest)


SPQR_TILE = 16


def spqr(group: Group, leaf: str) -> Found | None:
    """dense_weights int64: one number for each row of each tile of 16 x 16; row_offsets (out + 1); in_perm (in/2).

    Vahe1994/SpQR inference_lib/src/spqr_quant/inference.py, `QuantizedLinear`: without in_perm, and with offsets that
    are not plain CSR, the shape stands in the library's own settings only.
    """
    packed, offsets, order = group.entry(leaf), group.get("row_offsets"), group.get("in_perm")
    rest = group.present("row_offsets", "col_vals", "in_perm")
    if packed.dtype != "int64" or offsets is None or "col_vals" not in rest:
        return None
    shape = offsets.size - 1, 2 * order.size if order is not None else 0
    tiles = product(tuple(round_up(d, SPQR_TILE) for d in shape))
    if min(shape) < 1 or packed.size != tiles * SPQR_TILE:
        raise Unknown("SpQR", "its row_offsets and in_perm do not give its size", rest)
    return Found("SpQR", shape, "int3", rest)


VPTQ = ("centroids.weight", "res_centroids.weight", "outlier_centroids.weight", "res_indices", "outlier_indices",
        "perm", "weight_scale", "weight_bias")  # fmt: skip


def vptq(group: Group, leaf: str) -> Found | None:
    """indices (codebooks, ceil(out/vector), words), centroids.weight (codebooks, entries·vector), perm and
    weight_scale (in).

    microsoft/VPTQ vptq/layers/vqlinear.py, `VQuantLinear`: out is rounded up to whole vectors, so that a bias or
    config.json must tell it.
    """
    packed, books, rest = group.entry(leaf), group.get("centroids.weight"), group.present(*VPTQ)
    if books is None or len(packed.shape) != 3 or len(books.shape) != 2:
        return None
    ins = next((e.size for e in map(group.get, ("perm", "weight_scale", "weight_bias")) if e is not None), None)
    bias, told = group.get("bias"), _settings(group).get("config_for_layers")
    told = told.get(group.prefix[:-1]) if isinstance(told, dict) else None
    told = told if isinstance(told, dict) else {}
    out = bias.size if bias is not None else told.get("out_features")
    ins = ins if ins is not None else told.get("in_features")
    if type(out) is not int or type(ins) is not int or not _vectors(out, packed.shape[1], books.shape[1]):
        raise Unknown("VPTQ", "neither a bias nor config.json tells its size", rest)
    return Found("VPTQ", (out, ins), "vptq", rest)


def _vectors(out: int, count: int, length: int) -> bool:
    """Whether `count` vectors hold `out` numbers, for some vector of which `length` holds a power of two."""
    while length > 0 and out > 0:
        if round_up(out, length) == count:
            return True
        if length % 2:
            return False
        length //= 2
    return False
