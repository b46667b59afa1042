"""Adapters: a few small arrays that change a base model which is not in the file.

Recognised by their names: huggingface/peft src/peft/tuners/*/layer.py (`adapter_layer_names`) and
utils/save_and_load.py; kohya-ss/sd-scripts networks/lora.py; KohakuBlueleaf/LyCORIS lycoris/modules/*.py
(`weight_list`); huggingface/diffusers src/diffusers/loaders/lora_conversion_utils.py; ml-explore/mlx-lm
mlx_lm/tuner/lora.py.  An adapter's total is its own parameters, and never its base model's size.
"""

from __future__ import annotations

import re

from nparams.errors import escaped, shown
from nparams.network.listed import Listed, looks_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from nparams.network import Tensor
    from nparams.network.listed import Look
    from nparams.stored.named import Made
    from nparams.stored.plain import Folder

    #: kind, axis of the rank; how many pieces of the name stand before it, and what of its own piece does
    Part = tuple[str, int | None, int, str]

#: (part of a name, kind of adapter, axis that has the rank's length or None, example)
PARTS = (
    (r"lora_A|lora_embedding_A", "LoRA", 0, "q_proj.lora_A.weight"),
    (r"lora_B|lora_embedding_B", "LoRA", 1, "q_proj.lora_B.weight"),
    (r"lora_down|(?:\w+_)?lora(?:\d|_linear_layer)?\.down", "LoRA", 0, "lora_unet_mid_proj.lora_down.weight"),
    (r"lora_up|(?:\w+_)?lora(?:\d|_linear_layer)?\.up", "LoRA", 1, "attn1.processor.to_q_lora.up.weight"),
    (r"lora_a\.weight", "LoRA", 0, "layers.0.attn.q_proj.lora_a.weight"),  # torchtune
    (r"lora_b\.weight", "LoRA", 1, "layers.0.attn.q_proj.lora_b.weight"),
    (r"lora_a$", "LoRA", 1, "model.layers.0.self_attn.q_proj.lora_a"),  # MLX multiplies from the left
    (r"lora_b$", "LoRA", 0, "model.layers.0.self_attn.q_proj.lora_b"),
    (r"lora_(?:mid|E|diag|magnitude_vector|ranknum)", "LoRA", None, "q_proj.lora_magnitude_vector"),
    (r"ranknum", "LoRA", None, "q_proj.ranknum.default"),  # AdaLoRA's rank, a frozen parameter of one number
    (r"dora_scale", "DoRA", None, "lora_unet_mid_proj.dora_scale"),
    (r"hada_w[12]_b", "LoHa", 0, "lora_unet_mid_proj.hada_w1_b"),
    (r"hada_(?:w[12]_a|t[12])", "LoHa", None, "lora_unet_mid_proj.hada_w1_a"),
    (r"lokr_w[12]_b", "LoKr", 0, "lora_unet_mid_proj.lokr_w2_b"),
    (r"lokr_(?:w[12]|w[12]_a|t2)", "LoKr", None, "lora_unet_mid_proj.lokr_w1"),
    (r"ia3_l", "IA3", None, "mlp.down_proj.ia3_l"),
    (r"on_input", "IA3", None, "lora_unet_mid_proj.on_input"),
    (r"oft_(?:r|R|blocks|diag|embedding_R)", "OFT", None, "q_proj.oft_R.weight"),
    (r"boft_[RsP]", "BOFT", None, "q_proj.boft_R"),
    (r"p?vera_(?:lambda_[bd]|A|B)", "VeRA", None, "q_proj.vera_lambda_d"),
    (r"(?:w|b)_norm|diff_b|diff|rescale|scalar", "LyCORIS", None, "lora_unet_norm.w_norm"),
    (r"[ab]2\.weight", "GLoRA", 0, "lycoris_mid_proj.a2.weight"),
    (r"[ab]1\.weight", "GLoRA", 1, "lycoris_mid_proj.a1.weight"),
    (r"prompt_embeddings", "prompt", None, "prompt_embeddings"),
    (r"adaption_(?:prompt|gate)", "LLaMA-Adapter", None, "self_attn.adaption_gate"),
    (r"ln_tuning_layers", "LayerNorm tuning", None, "norm.ln_tuning_layers.weight"),
    (r"trainable_tokens_delta", "trainable tokens", None, "embed_tokens.token_adapter.trainable_tokens_delta"),
    (
        r"(?:adamss|beft|c3a|deft|delora|fourierft|frod|glora|gralora|hira|hra|lily|miss|osf|peanut|poly|psoft|randlora"
        r"|road|shira|supertuning|tinylora|unilora|vblora|waveft)_\w+",
        "PEFT", None, "q_proj.fourierft_spectrum",
    ),
)  # fmt: skip
#: what the arrays beside a kohya or LyCORIS layer are that are registered as buffers
CONSTANTS = ("alpha", "on_input")
#: a base weight beside an adapter's parts: then the file holds a model with adapters inside, not an adapter alone
BASES = ("weight", "base_layer.weight", "linear.weight", "linear_layer.weight", "qweight", "base_layer.qweight")
#: how the names of whole files of adapters begin: PEFT, kohya, LyCORIS
PREFIXES = ("base_model.", "lora_unet_", "lora_te", "lycoris_")
#: those of them under which no base model's weight ever stands
ALONE = PREFIXES[1:]
CONFIG = "adapter_config.json"


class Found:
    """The adapters in a list of tensors: their modules' prefixes, kinds and ranks."""

    __slots__ = ("_alike", "kinds", "members", "modules", "ranks")

    def __init__(self) -> None:
        self.kinds: dict[str, int] = {}
        self.ranks: dict[int, int] = {}
        #: prefix of a module, with its dot
        self.modules: set[str] = set()
        #: names of the tensors that are an adapter's parts
        self.members: set[str] = set()
        self._alike: dict[str, Part | None] = {}

    def add(self, look: Look) -> None:
        """Take in one tensor, if it is an adapter's part."""
        name, role, shape, _ = look
        pieces = name.split(".")
        part = self._part(pieces)
        if part is None or role == "bookkeeping":
            return  # a packed weight may keep a part of itself as lora_down and lora_up (SVDQuant)
        kind, axis, before, rest = part
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.members.add(name)
        self.modules.add(".".join([*pieces[:before], rest]))
        if axis is not None and shape is not None and len(shape) > axis and isinstance(shape[axis], int):
            rank = shape[axis]
            self.ranks[rank] = self.ranks.get(rank, 0) + 1  # type: ignore[index, arg-type]

    def _part(self, pieces: Sequence[str]) -> Part | None:
        """What part of an adapter a name is, in pieces: names that differ by the numbers of layers are asked once."""
        alike = ".".join(["0" if piece.isdecimal() else piece for piece in pieces])
        if alike not in self._alike:
            match = PATTERN.search(alike)
            if match is None or match.lastgroup is None:
                self._alike[alike] = None
            else:
                _, kind, axis, _ = PARTS[int(match.lastgroup[1:])]
                prefix = alike[: match.start(match.lastgroup)]
                self._alike[alike] = kind, axis, prefix.count("."), prefix.rpartition(".")[2]
        return self._alike[alike]


#: the patterns know no piece that is a number
PATTERN = re.compile(
    r"(?:^|[./])(?:" + "|".join(f"(?P<k{k}>{part})" for k, (part, *_) in enumerate(PARTS)) + r")(?=\.|$)"
)


def describe(
    made: Made, tensors: Sequence[Tensor], folder: Folder | None, metadata: Mapping[str, str] | None = None
) -> None:
    """Say what an adapter is, and set its constants aside; nothing where the tensors are a model's own.

    >>> from nparams.stored.named import Made
    >>> from nparams.network import Tensor
    >>> made, shapes = Made(), (("q.lora_A.weight", (16, 64)), ("q.lora_B.weight", (64, 16)))
    >>> describe(made, [Tensor(name, shape, "float32") for name, shape in shapes], None)
    >>> made.notes
    ['a LoRA adapter of rank 16; the base model is not counted']
    """
    found, looks = Found(), _looks(tensors)
    for look in looks:
        found.add(look)
    if not _is_adapter(found, looks):
        return
    if any(look[0].endswith(CONSTANTS) for look in looks):
        _set_constants_aside(tensors, found)
        looks = _looks(tensors)
    config = _config(folder)
    if _is_inside(found, looks, config):
        told = f"{kinds_in(found)} adapters{ranks_in(found)} on {len(found.modules):,} layers"
        made.notes.append(f"{told} are counted with the model they change")
        return
    made.parts = {"": "adapter"}
    kind = kinds_in(found) if set(found.kinds) - {"PEFT"} else str(config.get("peft_type", "PEFT"))
    told = f"{_article(escaped(kind[:40]))} adapter{ranks_in(found)}"
    made.notes.append(f"{told}{_base(config, metadata)}; {NOT_COUNTED}")
    _compare(made, found, config, metadata)
    _say_whole(made, looks, found)


def _looks(tensors: Sequence[Tensor]) -> list[Look]:
    """What is to be known of each; of a long list that is not made yet, without making it."""
    return tensors.looks() if isinstance(tensors, Listed) else looks_of(tensors)


def _is_adapter(found: Found, looks: Sequence[Look]) -> bool:
    """Whether there are adapters among the tensors: names that only they have, or common ones under their prefix."""
    if not found.members:
        return False
    if set(found.kinds) - WEAK or (set(found.kinds) == {"prompt"} and len(found.members) == len(looks)):
        return True
    return all(name.startswith(PREFIXES) for name, *_ in looks)


def _is_inside(found: Found, looks: Sequence[Look], config: Mapping[str, Any]) -> bool:
    """Whether the model that the adapters change is in the file too."""
    names = {look[0] for look in looks}
    if all(name.startswith(ALONE) for name in names):
        return False
    if any(module + base in names for module in found.modules for base in BASES):
        return len(names) > len(found.members)
    known = bool(config) or all(name.startswith(PREFIXES) for name in names)
    return not known and 2 * len(found.members) < sum(look[1] in ("weight", "bias") for look in looks)


NOT_COUNTED = "the base model is not counted"
#: kinds whose names alone are too common to tell an adapter by
WEAK = frozenset(("DoRA", "GLoRA", "LyCORIS", "PEFT", "prompt"))
#: those of them that say nothing beside another kind
COMMON = frozenset(("LyCORIS", "PEFT", "prompt"))


def kinds_in(found: Found) -> str:
    """Their kinds in words, those that say nothing beside others left out."""
    kinds = [kind for kind in found.kinds if kind not in COMMON] or list(found.kinds)
    return " and ".join(kinds)


def _article(kind: str) -> str:
    return f"{'an' if kind[:1] in 'AEIO' else 'a'} {kind}"


def ranks_in(found: Found) -> str:
    """Its rank or ranks, by the shapes.

    >>> found = Found()
    >>> found.ranks = {4: 2, 64: 1}
    >>> ranks_in(found)
    ' of ranks 4 to 64'
    """
    ranks = sorted(found.ranks)
    if len(ranks) == 1:
        return f" of rank {ranks[0]:,}"
    return f" of ranks {ranks[0]:,} to {ranks[-1]:,}" if ranks else ""


def _set_constants_aside(tensors: Iterable[Tensor], found: Found) -> None:
    """`alpha` beside a layer's parts is a constant: register_buffer("alpha", ...) in kohya's and LyCORIS's modules."""
    for t in tensors:
        prefix, _, leaf = t.name.rpartition(".")
        if leaf in CONSTANTS and f"{prefix}." in found.modules and t.size == 1:
            t.role, t.note = "buffer", f"{leaf}, a constant of the adapter (a buffer in its source)"


# -- what is said beside it -------------------------------------------------------------------------------------------


def _config(folder: Folder | None) -> dict[str, Any]:
    from nparams.stored.settings import held_in

    return held_in(folder, CONFIG)


def _base(config: Mapping[str, Any], metadata: Mapping[str, str] | None) -> str:
    """The base model's name as the adapter's settings give it: text, never a path to follow."""
    told = (config.get("base_model_name_or_path"), config.get("model"), (metadata or {}).get("ss_sd_model_name"))
    name = next((text for text in told if isinstance(text, str) and text), None)
    return "" if name is None else f" for {shown(name, 80)[1:-1]}"


def _compare(made: Made, found: Found, config: Mapping[str, Any], metadata: Mapping[str, str] | None) -> None:
    """A note where the settings name another rank than the shapes have."""
    from nparams.stored.plain import whole_number

    inner = config.get("lora_parameters")
    told = (
        config.get("init_r"),  # AdaLoRA's
        config.get("r"),
        inner.get("rank") if isinstance(inner, dict) else None,
        (metadata or {}).get("ss_network_dim"),
    )
    rank = next((n for n in map(whole_number, told) if n), None)
    patterns = config.get("rank_pattern")
    others = map(whole_number, patterns.values()) if isinstance(patterns, dict) else ()
    if rank is None or not found.ranks or set(found.ranks) <= {rank, *others}:
        return
    made.notes.append(f"its settings say rank {rank:,}; the tensors are{ranks_in(found)}")


def _say_whole(made: Made, looks: Sequence[Look], found: Found) -> None:
    """Modules that are trained and saved whole beside the adapter (PEFT's modules_to_save), and counted with it."""
    # MLX calls DoRA's magnitude m, LyCORIS the factors of IA3 weight
    leaves = ("m", "weight") if all(name.startswith(ALONE) for name, *_ in looks) else ("m",)
    kept = found.members | {module + leaf for module in found.modules for leaf in leaves}
    whole = [(name, size) for name, role, _, size in looks if name not in kept and role in ("weight", "bias")]
    if whole:
        size = sum(size for _, size in whole if isinstance(size, int))
        more = f" and {len(whole) - 1:,} more" if len(whole) > 1 else ""
        made.notes.append(f"{size:,} of its parameters are of modules saved whole: {shown(whole[0][0])[1:-1]}{more}")
