"""Packed weights: the logical shape behind each packing scheme, from the sibling tensors' shapes wherever they tell.

One function a scheme, each fed the tensors of one module by their last names.  It returns the logical weight, and which
siblings are bookkeeping; or None if the tensors are not its own.  Layouts: FORMATS §2, and the sources named below.
"""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.files import packing
from nparams.files.packing import Group, Unknown
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder
    from nparams.files.named import Data, Entry
    from nparams.files.packing import Found

#: last part of the packed tensor's name -> the schemes that store one so, asked in order
SCHEMES = {
    "qweight": (packing.gptq, packing.awq),
    "weight_packed": (packing.nvfp4_packed, packing.pack_quantized),
    "weight": (packing.bitsandbytes4, packing.bitsandbytes8, packing.mlx, packing.fp4_in_bytes, packing.scaled),
    "W_q": (packing.hqq,),
    "q_weight": (packing.exl2,),
    "trellis": (packing.exl3,),
    "codes": (packing.aqlm,),
}
BLOCKS_ENDING = "_blocks"  # gpt-oss: mlp.experts.gate_up_proj_blocks beside ..._scales


def unpack(entries: list[Entry], data: Data, folder: Folder | None) -> tuple[dict[str, Tensor], str | None, list[str]]:
    """(tensors by stored name, the schemes in words, notes) for every packed weight and its bookkeeping.

    A packed weight whose logical shape cannot be known has shape None, so that the total is unknown rather than wrong.
    """
    groups = _groups(entries)
    made: dict[str, Tensor] = {}
    schemes: dict[str, int] = {}
    unknown: list[str] = []
    for group in groups.values():
        group.data, group.folder = data, folder
        for leaf in list(group.entries):
            found = _first(group, leaf)
            if found is None:
                continue
            schemes[found.scheme] = schemes.get(found.scheme, 0) + 1
            if found.shape is None:
                unknown.append(f"{group.name(leaf)}: {found.note}")
            _fill(made, group, leaf, found)
    notes = [f"{len(unknown):,} packed weights have no known logical size; the first: {unknown[0]}"] if unknown else []
    return made, " and ".join(schemes) or None, notes


def _groups(entries: list[Entry]) -> dict[str, Group]:
    """The tensors of each module by their last names; what hangs below a weight (weight.absmax) belongs to it."""
    groups: dict[str, Group] = {}
    for entry in entries:
        head, mark, tail = entry.name.partition(".weight.")
        if not mark:
            head, _, leaf = entry.name.rpartition(".")
        else:
            leaf = f"weight.{tail}"
        group = groups.get(head) or groups.setdefault(head, Group(head))
        group.entries[leaf] = entry
    return groups


def _first(group: Group, leaf: str) -> Found | None:
    schemes = (packing.mxfp4_blocks,) if leaf.endswith(BLOCKS_ENDING) else SCHEMES.get(leaf, ())
    for scheme in schemes:
        try:
            found = scheme(group, leaf)
        except Unknown as why:
            return packing.Found(why.scheme, None, None, why.bookkeeping, str(why))
        if found is not None:
            return found
    return None


def _fill(made: dict[str, Tensor], group: Group, leaf: str, found: Found) -> None:
    entry = group.entries[leaf]
    stored = (entry.size, entry.end - entry.start)
    shape = found.shape
    if shape is not None and _size(shape) > 8 * max(1, stored[1]) * 2:
        raise FormatError(
            f"{shown(entry.name)}: {found.scheme} says {shape}, more than its {stored[1]:,} bytes can hold"
        )
    note = f"{found.scheme}: {found.note}" if shape is None else f"packed: {found.scheme}"
    plain = shape == entry.shape and found.dtype == entry.dtype
    made[entry.name] = Tensor(
        entry.name, shape, found.dtype, "weight", stored=None if plain else stored, note=None if plain else note
    )
    for other in found.bookkeeping:
        held = group.entries[other]
        made[held.name] = Tensor(
            held.name, held.shape, held.dtype, "bookkeeping", size=held.size, note=f"{found.scheme}: {other}"
        )


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for d in shape:
        size *= d
    return size
