"""What only all names of a live model together tell: weights packed in buffers, adapters, experts, scales apart."""

from __future__ import annotations

import re

from nparams.errors import FormatError, shown
from nparams.frameworks._torch import packed_layers
from nparams.frameworks._torch.held import Held
from nparams.network import Listed
from nparams.roles import ADAPTER_HINTS
from nparams.stored.named import PACKING, Made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nparams.network import Tensor

#: how the notes on packed weights begin (packed.py, packed_modules.py)
PACKED, QUANTISED = "packed: ", "quantised: "
UNKNOWN = "no known logical size"
TORCH = "PyTorch's own quantisation"
#: a scale or zero point of one number that a quantised network of torch.ao keeps as a buffer
SCALE = re.compile(r"(?:^|[._])(?:scale|zero_point)(?:_\d+)?$")


def finish(tensors: Sequence[Tensor], model: object, classes: Iterable[str] = ()) -> Made:
    """Correct, in place, what one tensor alone does not tell; what should be said of it, and routes and parts.

    `classes` are the names of the modules' classes.
    """
    made = Made()
    names = tensors.names if isinstance(tensors, Listed) else [t.name for t in tensors]
    held = Held(model)
    if _may_be_packed(tensors, names):
        packed_layers.by_class(tensors, held)
        _unpack(made, tensors, held)
        packed_layers.by_sides(tensors, held)
        _set_scheme_aside(tensors, held)
    _say_packed(made, tensors)
    text = "\n".join(names)
    if any(hint in text for hint in ADAPTER_HINTS) or "prompt_encoder." in text or ".modules_to_save." in text:
        from nparams.frameworks._torch.adapters import describe

        describe(made, tensors, held)
    lower = "\n".join((text, *classes)).lower()
    if any(hint in lower for hint in EXPERTS):
        from nparams.frameworks._torch.experts import route

        route(made, tensors, held)
    return made


#: without any of these in a name, of a tensor or a class, there is no mixture of experts
EXPERTS = ("expert", "moe", "router")

# -- packed weights ---------------------------------------------------------------------------------------------------


def _may_be_packed(tensors: Sequence[Tensor], names: Sequence[str]) -> bool:
    """Whether any name and any number type are those of a weight that is packed in plain tensors."""
    dtypes = tensors.dtypes() if isinstance(tensors, Listed) else {t.dtype for t in tensors}
    if PACKING.isdisjoint(dtypes):
        return False
    from nparams.stored._packed.unpack import may_hold

    if may_hold({name[name.rfind(".") + 1 :] for name in names}):
        return True
    kinds = tensors.kinds if isinstance(tensors, Listed) else tensors
    return any(
        (kind[1] if isinstance(kind, tuple) else kind.dtype) in PACKING
        for name, kind in zip(names, kinds, strict=True)
        if name.endswith(packed_layers.WEIGHTS)
    )


def _unpack(made: Made, tensors: Sequence[Tensor], held: Held) -> None:
    """Packed by the schemes of checkpoints; a weight or bias that is kept in a buffer is one that is not trained."""
    from nparams.stored._packed.unpack import unpack

    buffers = {t.name for t in tensors if t.role == "buffer"}
    try:
        made.scheme, notes = unpack(tensors, held.reader(tensors), held)
    except FormatError as error:
        made.notes.append(f"packed weights that contradict themselves are counted as they stand: {error}")
        return
    made.notes += [note for note in notes if UNKNOWN not in note]  # attributes of the layer may tell it yet
    weights = [t for t in tensors if t.role == "weight" and t.name in buffers]
    modules = {t.name.rpartition(".")[0] for t in weights}
    for t in weights:
        t.trainable = False
    for t in tensors:
        module, _, leaf = t.name.rpartition(".")
        if t.role == "buffer" and leaf == "bias" and module in modules:
            t.role, t.trainable, t.note = "bias", False, "kept beside a packed weight"


def _say_packed(made: Made, tensors: Sequence[Tensor]) -> None:
    """One sentence for all packed weights, and one for those whose size nothing tells."""
    apart = tensors.special if isinstance(tensors, Listed) and not tensors.is_made else tensors
    kinds: dict[str, int] = {}
    unknown: list[Tensor] = []
    for t in apart:
        if t.role != "weight" or not t.note or t.tied_to is not None:
            continue
        if t.shape is None and t.stored is not None:
            unknown.append(t)
        elif t.note.startswith(PACKED):
            kinds[t.note[len(PACKED) :]] = kinds.get(t.note[len(PACKED) :], 0) + 1
        elif t.note.startswith(QUANTISED):
            kinds[TORCH] = kinds.get(TORCH, 0) + 1
    if any(kind.startswith("PyTorch's own") for kind in kinds):
        _set_scales_aside(tensors)
    if kinds:
        _set_loose_aside(tensors)
    if kinds:
        made.scheme = " and ".join(kinds)
        count = sum(kinds.values())
        many = "1 packed weight is" if count == 1 else f"{count:,} packed weights are"
        made.notes.append(f"{many} counted unpacked ({made.scheme}); scales and the like are bookkeeping")
    elif made.scheme:
        made.notes.append(f"quantised ({made.scheme}); scales and the like are bookkeeping")
    if unknown:
        many = "1 packed weight has" if len(unknown) == 1 else f"{len(unknown):,} packed weights have"
        which = ":" if len(unknown) == 1 else "; the first:"
        made.notes.append(f"{many} {UNKNOWN}{which} {shown(unknown[0].name)}: {unknown[0].note}")


def _set_scales_aside(tensors: Sequence[Tensor]) -> None:
    """What a quantised network of torch.ao rescales by, where nothing but a buffer says so."""
    for t in tensors:
        if t.role == "buffer" and t.size == 1 and SCALE.search(t.name):
            t.role, t.note = "bookkeeping", "a scale of a quantised network"


def _set_loose_aside(tensors: Sequence[Tensor]) -> None:
    """Scales of what goes in and out of a quantised layer, kept in buffers (optimum-quanto's input_scale)."""
    from nparams.stored._packed.unpack import LOOSE

    for t in tensors:
        if t.role == "buffer" and t.name[t.name.rfind(".") + 1 :] in LOOSE:
            t.role, t.note = "bookkeeping", "a scale of a quantised network"


def _set_scheme_aside(tensors: Sequence[Tensor], held: Held) -> None:
    """Scales beside a weight that is not packed yet (vllm-project/compressed-tensors sets `quantization_scheme`)."""
    from nparams.stored._packed.in_bytes import SCALE_PARTS

    for t in tensors:
        module, _, leaf = t.name.rpartition(".")
        if leaf in SCALE_PARTS and t.role != "bookkeeping":
            place = held.places.get(module)
            if place is not None and place.held.get("quantization_scheme") is not None:
                t.role, t.note = "bookkeeping", "a scale of a weight that is not packed yet"
