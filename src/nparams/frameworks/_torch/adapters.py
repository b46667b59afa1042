"""Adapters in a live model: which parameters are theirs, on how many layers, and what is there twice because of them.

The names are those of stored/adapters.py; huggingface/peft src/peft/utils/other.py (`ModulesToSaveWrapper`) keeps the
original of a module that is trained whole beside the copy.
"""

from __future__ import annotations

from nparams.errors import escaped, shown
from nparams.frameworks._torch.held import ADAPTER
from nparams.network import PARAMETER_ROLES
from nparams.roles import component_of
from nparams.stored.adapters import PARTS, PATTERN, Found, kinds_in, ranks_in
from nparams.stored.settings import held_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from nparams.frameworks._torch.held import Held
    from nparams.network import Tensor
    from nparams.stored.named import Made

#: kinds whose names a model of another kind may have too
COMMON = frozenset(("GLoRA", "LyCORIS", "PEFT", "prompt"))
#: soft prompts, which stand beside the model (huggingface/peft src/peft/peft_model.py, `PeftModel.add_adapter`)
PROMPTS = "prompt_encoder."
SAVED, ORIGINAL = ".modules_to_save.", ".original_module."
#: what follows an adapter's part where no name of an adapter does
LEAVES = ("weight", "bias", "")


def describe(made: Made, tensors: Sequence[Tensor], held: Held) -> None:
    """Say what the adapters of a model are, and whose parameters are there twice."""
    settings = held_in(held, ADAPTER)
    found, names = Found(), dict[str, None]()
    for t in tensors:
        match = PATTERN.search(t.name)
        if match is None or match.lastgroup is None or t.role not in PARAMETER_ROLES:
            continue
        if settings or PARTS[int(match.lastgroup[1:])][1] not in COMMON:
            found.add((t.name, t.role, t.shape, t.size))
            after = t.name[match.end() :].split(".")
            names.update(dict.fromkeys(after[1:2] if after[1:2] and after[1] not in LEAVES else ()))
    found.modules.discard("base_model.")  # what all layers share (VB-LoRA's bank of vectors)
    prompts = [t for t in tensors if t.name.startswith(PROMPTS)] if settings else []
    if prompts:
        made.parts[PROMPTS] = "adapter"
        made.notes.append(f"soft prompts stand before the model's input: {_share(prompts, tensors)}")
    if found.members:
        members = [t for t in tensors if t.name in found.members]
        made.parts.update({t.name: "adapter" for t in members if component_of(t.name) != "adapter"})
        told = f"{_told(found, list(names), settings)}{ranks_in(found)} on {_layers(found)}"
        made.notes.append(f"{told} are counted with the model they change: {_share(members, tensors)}")
        _say_merged(made, held)
    _say_saved(made, tensors)


def _told(found: Found, names: list[str], settings: Mapping[str, Any]) -> str:
    """What kind they are, and their names where there are several."""
    kind = kinds_in(found)
    if kind == "PEFT":
        kind = str(settings.get("peft_type", kind))[:40]
    more = next((more for part, more in FINER if any(part in name for name in found.members)), "LoRA")
    kind = escaped(kind.replace("LoRA", more) if kind in ("LoRA", "PEFT") else kind)
    if len(names) < 2:
        return f"{kind} adapters"
    return f"{len(names):,} sets of {kind} adapters ({', '.join(escaped(name[:40]) for name in names[:4])})"


#: parts that only some kinds of LoRA have (huggingface/peft src/peft/tuners/lora/dora.py, adalora/layer.py)
FINER = ((".lora_magnitude_vector.", "DoRA"), (".lora_E.", "AdaLoRA"))


def _layers(found: Found) -> str:
    return "1 layer" if len(found.modules) == 1 else f"{len(found.modules):,} layers"


def _share(members: Iterable[Tensor], tensors: Iterable[Tensor]) -> str:
    """How many parameters those are, and what part of all of them, in hundredths of a percent."""
    size, whole = _size(members), _size(tensors)
    told = f"{size:,} parameter{'' if size == 1 else 's'}"
    part = (20_000 * size + whole) // (2 * whole) if whole else 0
    return f"{told}, {part // 100}.{part % 100:02d}% of {whole:,}"


def _size(tensors: Iterable[Tensor]) -> int:
    return sum(t.size for t in tensors if t.role in PARAMETER_ROLES and t.tied_to is None and isinstance(t.size, int))


def _say_merged(made: Made, held: Held) -> None:
    """Layers whose weights have an adapter added into them already (peft BaseTunerLayer.merged_adapters)."""
    merged = sum(1 for place in held.places.values() if place.held.get("merged_adapters"))
    if merged:
        layers = "1 layer" if merged == 1 else f"{merged:,} layers"
        made.notes.append(f"adapters are merged into the weights of {layers}; their own parameters are still counted")


def _say_saved(made: Made, tensors: Sequence[Tensor]) -> None:
    """Modules of which a copy is trained whole, beside the original."""
    saved = [t for t in tensors if SAVED in t.name and t.role in PARAMETER_ROLES]
    if not saved:
        return
    modules = dict.fromkeys(t.name.partition(SAVED)[0] for t in saved)
    made.parts.update({f"{module}{SAVED}": "adapter" for module in modules})
    originals = [t for t in tensors if ORIGINAL in t.name and t.name.partition(ORIGINAL)[0] in modules]
    first = shown(next(iter(modules)))
    more = f" (and {len(modules) - 1:,} more)" if len(modules) > 1 else ""
    made.notes.append(
        f"{first}{more} is there twice, and both are counted: the original, {_size(originals):,} parameters, and the "
        f"copy that is trained (modules_to_save), {_size(saved):,}"
    )
