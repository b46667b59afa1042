"""Packed weights: the logical shape behind each packing scheme, from the sibling tensors' shapes wherever they tell.

A packed weight is found by its last name or by a sibling's, then asked of the schemes that store one so, in order.
What is recognised and not understood gets no shape, so that the total is unknown rather than wrong.
"""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.stored._packed import books, flattened, in_bytes, rarer, words
from nparams.stored._packed.scheme import WIDTHS, Found, Group, Unknown, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nparams.network import Tensor
    from nparams.stored.named import Data
    from nparams.stored.plain import Folder

    Scheme = Callable[[Group, str], Found | None]

SCALED = (in_bytes.fp4, in_bytes.int4_rows, in_bytes.scaled)
#: last part of the packed tensor's name -> the schemes that store one so, asked in order
BY_LEAF: dict[str, tuple[Scheme, ...]] = {
    "qweight": (
        rarer.svdquant,
        rarer.eetq,
        rarer.fp_quant,
        words.awq_gemv_fast,
        words.awq_gemv,
        words.gptq,
        words.awq,
        words.awq_marlin,
        words.not_understood,
    ),
    "B": (words.marlin,),
    "weight_packed": (in_bytes.fp6_packed, in_bytes.fp4_packed, words.pack_quantized, words.not_understood),
    "weight": (
        in_bytes.bitsandbytes4,
        in_bytes.bitsandbytes8,
        words.mlx,
        rarer.higgs,
        rarer.eetq,
        rarer.bitnet,
        *SCALED,
        in_bytes.not_understood,
    ),
    "W_q": (in_bytes.hqq,),
    "q_weight": (words.exl2,),
    "trellis": (books.exl3,),
    "codes": (books.aqlm,),
    "compressed": (in_bytes.sparse,),
    "blocks": (in_bytes.mxfp4_blocks,),
    "dense_weights": (rarer.spqr,),
    "indices": (rarer.vptq,),
}
#: ending of a packed tensor's name, behind the weight's own -> its schemes
BY_ENDING: dict[str, tuple[Scheme, ...]] = {
    "._data._data": (flattened.quanto_bits,),
    "._data": (flattened.quanto_bytes,),
    "_qdata": (flattened.torchao,),
    "._packed_params._packed_params.weight": (flattened.torch_packed,),
    "._packed_params._packed_weight": (flattened.torch_packed,),
}
ENDINGS = tuple(BY_ENDING)
#: ending of a sibling's name -> the schemes of the tensor whose name is left when the ending is taken away
BY_SIBLING: dict[str, tuple[Scheme, ...]] = {
    ".quant_state.bitsandbytes__nf4": (in_bytes.bitsandbytes4,),
    ".quant_state.bitsandbytes__fp4": (in_bytes.bitsandbytes4,),
    "_weight_scale": (*SCALED, in_bytes.not_understood),  # ModelOpt's stacked experts: gate_up_proj_weight_scale
    "_scale_inv": (*SCALED, in_bytes.not_understood),  # transformers' FP8 stacked experts: gate_up_proj_scale_inv
    "_scale": SCALED,  # transformers' FBGEMM experts: gate_up_proj_scale
    "_scales": (in_bytes.mxfp4_blocks,),  # gpt-oss: gate_up_proj_scales beside gate_up_proj_blocks
}
SIBLINGS = tuple(BY_SIBLING)
#: the densest packing known, AQLM with one byte for 8 weights, with a factor of two: beyond it a header lies
DENSEST = 16
#: scales that stand apart from the weight that they scale (a cache's, an activation's), in a file that is quantised
LOOSE = frozenset(("k_scale", "v_scale", "kv_scale", "q_scale", "prob_scale", "input_scale", "output_scale",
                   "pre_quant_scale", "scaled_fp8"))  # fmt: skip


#: last parts of names that packed weights or their siblings have, and no others
TELLING = frozenset(BY_LEAF) - {"weight"} | in_bytes.MARKS
TELLING_ENDS = tuple(ending.rpartition(".")[2] for ending in (*ENDINGS, *SIBLINGS) if not ending.endswith(".weight"))


def may_hold(leaves: Iterable[str]) -> bool:
    """Whether any of these last parts of names is one that only packed weights or their siblings have.

    >>> may_hold(["weight", "bias", "num_batches_tracked"]), may_hold(["qweight", "scales"])
    (False, True)
    """
    return any(leaf in TELLING or leaf.endswith(TELLING_ENDS) for leaf in leaves)


def unpack(
    tensors: Sequence[Tensor], data: Data, folder: Folder | None, metadata: Mapping[str, str] | None = None
) -> tuple[str | None, list[str]]:
    """(the schemes in words, notes); packed weights and their bookkeeping are corrected in place.

    Raises FormatError for sibling tensors that contradict the packed one.
    """
    names: dict[str, int] = {}
    schemes: dict[str, int] = {}
    notes: dict[str, int] = {}
    unknown, first = 0, ""
    done: set[str] = set()
    for prefix, leaf, asked in _candidates(tensors):
        if prefix + leaf in done:
            continue
        names = names or {t.name: k for k, t in enumerate(tensors)}
        group = Group(prefix, names, tensors, data, folder, metadata)
        found = _first(group, leaf, asked)
        if found is None:
            continue
        schemes[found.scheme] = schemes.get(found.scheme, 0) + 1
        if found.shape is None:
            unknown += 1
            first = first or f"{shown(group.name(leaf))}: {found.scheme}: {found.note}"
        elif found.note:
            notes[found.note] = 1
        _fill(group, leaf, found)
        done.add(prefix + leaf)
    if schemes:
        _set_loose_aside(tensors)
    if unknown:
        many = "1 packed weight has" if unknown == 1 else f"{unknown:,} packed weights have"
        notes[f"{many} no known logical size{':' if unknown == 1 else '; the first:'} {first}"] = 1
    return " and ".join(schemes) or None, list(notes)


def _candidates(tensors: Sequence[Tensor]) -> Iterator[tuple[str, str, tuple[Scheme, ...]]]:
    """(prefix with its dot, last name, schemes) of every tensor that may be packed."""
    from nparams.stored.named import PACKING

    marked = {module for module, leaf in map(_parted, tensors) if leaf in in_bytes.MARKS}
    for t in tensors:
        if t.stored is not None:
            continue  # its reader has told already what it is
        name = t.name
        cut = name.rfind(".") + 1
        asked = BY_LEAF.get(name[cut:]) if not name.endswith("._packed_params.weight") else None
        if asked is not None and (t.dtype in PACKING or name.endswith(("W_q", "compressed"))):
            if name[cut:] != "weight" or name[:cut] in marked:
                yield name[:cut], name[cut:], asked
        elif name.endswith(ENDINGS):
            ending = next(e for e in ENDINGS if name.endswith(e))
            cut = name.rfind(".", 0, len(name) - len(ending)) + 1
            yield name[:cut], name[cut:], BY_ENDING[ending]
        elif name.endswith(SIBLINGS):
            ending = next(e for e in SIBLINGS if name.endswith(e))
            packed = name[: -len(ending)] + ("_blocks" if ending == "_scales" else "")
            cut = packed.rfind(".") + 1
            if packed[cut:] not in BY_LEAF or ending[0] == ".":
                yield packed[:cut], packed[cut:], BY_SIBLING[ending]


def _parted(t: Tensor) -> tuple[str, str]:
    """The module (with its dot) and the last name; what hangs below a weight (weight.absmax) is part of that."""
    at = t.name.find(".weight.")
    cut = (at if at >= 0 else t.name.rfind(".")) + 1
    return t.name[:cut], t.name[cut:]


def _first(group: Group, leaf: str, asked: tuple[Scheme, ...]) -> Found | None:
    if group.get(leaf) is None:
        return None
    for scheme in asked:
        try:
            found = scheme(group, leaf)
        except Unknown as why:
            beside = why.bookkeeping or group.present(*sorted(in_bytes.MARKS))
            return Found(why.scheme, None, None, beside, str(why))
        if found is not None:
            return found
    return None


def _fill(group: Group, leaf: str, found: Found) -> None:
    entry, tensor, shape = group.entry(leaf), group.tensor(leaf), found.shape
    size = None if shape is None else product(shape)
    if size is not None and size > DENSEST * max(1, entry.bytes):
        raise FormatError(f"{shown(entry.name)}: {found.scheme} says {shape}, more than its {entry.bytes:,} bytes hold")
    if shape != entry.shape or found.dtype != entry.dtype:
        tensor.stored = entry.size, entry.bytes
        tensor.note = f"{found.scheme}: {found.note}" if shape is None else f"packed: {found.scheme}"
    tensor.shape, tensor.size, tensor.dtype, tensor.role = shape, size, found.dtype, "weight"
    for other in found.bookkeeping:
        held = group.tensor(other)
        held.role, held.note = "bookkeeping", f"{found.scheme}: {other}"


def _set_loose_aside(tensors: Sequence[Tensor]) -> None:
    zeros = {t.name[: -len("zero_point")] for t in tensors if t.name.endswith(".zero_point") and t.dtype in WIDTHS}
    for t in tensors:
        if t.name.endswith((".scale", ".zero_point")) and t.size == 1 and t.name[: t.name.rfind(".") + 1] in zeros:
            t.role, t.note = "bookkeeping", "a scale of a quantised network"
        if t.role in ("weight", "buffer") and t.name[t.name.rfind(".") + 1 :] in LOOSE:
            t.role, t.note = "bookkeeping", "a scale of a quantised network"
