"""Which role a tensor plays, by its name: one table, shared by every form that has no better knowledge.

The order is DESIGN §2: other, bookkeeping (decided by the packing schemes, which know the siblings), weight or bias,
buffer.  Each row carries an example from a published checkpoint or from the source that writes the name.
"""

from __future__ import annotations

from nparams.dtypes import INTEGERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# -- by the last part of the name -----------------------------------------------------------------------------------

#: last part -> (role, example)
LEAVES = {
    # normalisation statistics: torch/nn/modules/batchnorm.py registers them as buffers; Keras: non-trainable
    "running_mean": ("buffer", "bn1.running_mean"),
    "running_var": ("buffer", "bn1.running_var"),
    "num_batches_tracked": ("buffer", "bn1.num_batches_tracked"),
    "moving_mean": ("buffer", "batch_normalization/moving_mean"),
    "moving_variance": ("buffer", "batch_normalization/moving_variance"),
    "_mean": ("buffer", "bn1._mean"),  # Paddle: created as not trainable (python/paddle/nn/layer/norm.py)
    "_variance": ("buffer", "bn1._variance"),
    "moving_stddev": ("buffer", "batch_normalization/moving_stddev"),  # renormalisation
    "renorm_mean": ("buffer", "batch_normalization/renorm_mean"),
    "renorm_stddev": ("buffer", "batch_normalization/renorm_stddev"),
    "vector_u": ("buffer", "spectral_normalization/vector_u"),
    "sn_u": ("buffer", "spectral_normalization/sn_u"),  # the same in tf.keras
    "idf_weights": ("buffer", "text_vectorization/idf_weights"),
    # position and mask tables: register_buffer in transformers' models
    "inv_freq": ("buffer", "layers.0.self_attn.rotary_emb.inv_freq"),
    "original_inv_freq": ("buffer", "rotary_emb.original_inv_freq"),
    "cos_cached": ("buffer", "self_attn.rotary_emb.cos_cached"),
    "sin_cached": ("buffer", "self_attn.rotary_emb.sin_cached"),
    "freqs_cis": ("buffer", "freqs_cis"),
    "position_ids": ("buffer", "bert.embeddings.position_ids"),
    "token_type_ids": ("buffer", "embeddings.token_type_ids"),
    "masked_bias": ("buffer", "h.0.attn.masked_bias"),
    "attn_mask": ("buffer", "layers.0.blocks.1.attn_mask"),
    "causal_mask": ("buffer", "attn.causal_mask"),
    "mask": ("buffer", "attn.mask"),
    "weight_mask": ("buffer", "conv1.weight_mask"),  # torch.nn.utils.prune; the parameter is weight_orig
    "bias_mask": ("buffer", "conv1.bias_mask"),
    "weight_u": ("buffer", "conv1.weight_u"),  # torch.nn.utils.spectral_norm
    "_u": ("buffer", "conv1.parametrizations.weight.0._u"),  # torch.nn.utils.parametrizations.spectral_norm
    "_v": ("buffer", "conv1.parametrizations.weight.0._v"),
    "relative_position_index": ("buffer", "layers.0.blocks.0.attn.relative_position_index"),
    "relative_coords_table": ("buffer", "layers.0.blocks.0.attn.relative_coords_table"),
    "relative_position_buckets": ("buffer", "relative_position_buckets"),
    "pe": ("buffer", "pos_encoder.pe"),  # PyTorch's own transformer tutorial
    "anchors": ("buffer", "model.24.anchors"),
    "anchor_grid": ("buffer", "model.24.anchor_grid"),
    "anchor_points": ("buffer", "anchor_points"),  # YOLOv8 and later, exported to Core ML
    "dist_project": ("buffer", "dist_project"),
    "fb": ("buffer", "mel_scale.fb"),  # torchaudio MelScale
    "window": ("buffer", "spectrogram.window"),  # torchaudio Spectrogram
    "hann_window": ("buffer", "stft/hann_window"),  # tf.signal
    # diffusion schedules: register_schedule in CompVis/latent-diffusion ldm/models/diffusion/ddpm.py
    "betas": ("buffer", "betas"),
    "alphas_cumprod": ("buffer", "alphas_cumprod"),
    "alphas_cumprod_prev": ("buffer", "alphas_cumprod_prev"),
    "sqrt_alphas_cumprod": ("buffer", "sqrt_alphas_cumprod"),
    "sqrt_one_minus_alphas_cumprod": ("buffer", "sqrt_one_minus_alphas_cumprod"),
    "log_one_minus_alphas_cumprod": ("buffer", "log_one_minus_alphas_cumprod"),
    "sqrt_recip_alphas_cumprod": ("buffer", "sqrt_recip_alphas_cumprod"),
    "sqrt_recipm1_alphas_cumprod": ("buffer", "sqrt_recipm1_alphas_cumprod"),
    "posterior_variance": ("buffer", "posterior_variance"),
    "posterior_log_variance_clipped": ("buffer", "posterior_log_variance_clipped"),
    "posterior_mean_coef1": ("buffer", "posterior_mean_coef1"),
    "posterior_mean_coef2": ("buffer", "posterior_mean_coef2"),
    # what adapters keep beside their parameters: BufferDict in huggingface/peft src/peft/tuners/*/layer.py, model.py
    "vera_A": ("buffer", "base_model.vera_A"),
    "vera_B": ("buffer", "base_model.vera_B"),
    "pvera_A": ("buffer", "base_model.pvera_A"),
    "pvera_B": ("buffer", "base_model.pvera_B"),
    "randlora_A": ("buffer", "base_model.randlora_A"),
    "randlora_B": ("buffer", "base_model.randlora_B"),
    "tinylora_A": ("buffer", "q_proj.tinylora_A"),
    "tinylora_B": ("buffer", "q_proj.tinylora_B"),
    "tinylora_P": ("buffer", "q_proj.tinylora_P"),
    "unilora_scales_A": ("buffer", "q_proj.unilora_scales_A"),
    "unilora_scales_B": ("buffer", "q_proj.unilora_scales_B"),
    "shira_indices": ("buffer", "q_proj.shira_indices"),
    "delora_w_norm": ("buffer", "q_proj.delora_w_norm"),
    # the state of training
    "global_step": ("other", "global_step"),
    "step": ("other", "step"),
    "epoch": ("other", "epoch"),
    "num_updates": ("other", "model_ema.num_updates"),
    "rng_state": ("other", "rng_state"),
    "seed_generator_state": ("other", "dropout/seed_generator_state"),
    # plain parameters
    "weight": ("weight", "fc1.weight"),
    "kernel": ("weight", "dense/kernel"),
    "gamma": ("weight", "bn1/gamma"),
    "bias": ("bias", "fc1.bias"),
    "beta": ("bias", "bn1/beta"),
    "b": ("bias", "linear/b"),  # Haiku
    "offset": ("bias", "batch_norm/offset"),  # Haiku
    "weights": ("weight", "fc1/weights"),  # TensorFlow 1: tf.contrib.layers, slim
    "biases": ("bias", "fc1/biases"),
    "bh": ("bias", "bh"),  # A. Karpathy's min-char-rnn.py, and what was learnt from it: Wxh, Whh, Why, bh, by
    "by": ("bias", "by"),
    "diff_b": ("bias", "lora_unet_conv_in.diff_b"),  # LyCORIS: what is added to a bias
    "b_norm": ("bias", "lora_unet_norm.b_norm"),
}

ENDINGS = (
    # ending of the last part -> (role, example)
    ("_bias", "bias", "attn.in_proj_bias"),
    ("_buffer", "buffer", "stft.forward_basis_buffer"),
    ("_freqs", "buffer", "rope.rope_freqs"),
)
STARTS = (("bias_", "bias", "lstm.bias_ih_l0"),)

# -- by a part anywhere in the name ----------------------------------------------------------------------------------

#: a part that names something else than the model, with an example
OTHER_PARTS = {
    "optimizer": "optimizer.state.0.exp_avg", "optimizers": "optimizers.0.state",
    "optimizer_state": "optimizer_state.0",
    "optimizer_state_dict": "optimizer_state_dict.state.0.exp_avg", "optim": "optim.param_groups.lr",
    "opt_state": "opt_state/0/mu/dense/kernel", "exp_avg": "fc1.weight.exp_avg", "exp_avg_sq": "fc1.weight.exp_avg_sq",
    "momentum_buffer": "fc1.weight.momentum_buffer", "lr_scheduler": "lr_scheduler.last_lr",
    "rng_states": "rng_states.0",
    "OPTIMIZER_SLOT": "fc1/kernel/.OPTIMIZER_SLOT/Adam/m",
}  # fmt: skip

#: a parent whose `weight` is no weight: llama.cpp writes rotary tables so (src/llama-arch.cpp)
BUFFER_PARENTS = {
    "rope_freqs": "rope_freqs.weight",
    "rope_factors_long": "rope_factors_long.weight",
    "rope_factors_short": "rope_factors_short.weight",
    "frod_V": "base_model.frod_V.q_proj",  # huggingface/peft src/peft/tuners/frod/model.py: a BufferDict
}

#: the parts of a name that only the full rules understand: without any of them, the last part decides
UNUSUAL = (*OTHER_PARTS, *BUFFER_PARENTS)
#: a name that holds none of these holds none of the parts above
UNUSUAL_HINTS = ("opt", "exp_avg", "momentum_buffer", "lr_scheduler", "rng_states", "OPTIMIZER_SLOT", "rope_f",
                 "frod_V")  # fmt: skip
#: the same for the names of adapters (stored/adapters.py)
ADAPTER_HINTS = ("lora_", "_lora", "hada_w", "lokr_w", "ia3_l", "oft_", "vera_", "prompt_embeddings", "base_model.",
                 "lycoris_")  # fmt: skip
#: the same for what only a whole list of names can tell (stored/named.py)
HINTS = (*UNUSUAL_HINTS, ".weight_v", "ema", ".experts.", *ADAPTER_HINTS)


def role_of(name: str, shape: tuple[int, ...], dtype: str | None) -> tuple[str, str | None]:
    """(role, note) of a stored tensor by its name and shape; the note says which rule applied where it is not plain.

    >>> role_of("bn1.running_mean", (64,), "float32")
    ('buffer', 'buffer by its name, like bn1.running_mean')
    >>> role_of("fc1.bias", (10,), "float32")
    ('bias', None)
    """
    if any(part in name for part in UNUSUAL):
        for part in name.replace("/", ".").split("."):
            if part in OTHER_PARTS:
                return "other", f"not the model: {part}"
            if part in BUFFER_PARENTS:
                return "buffer", f"buffer by its name, like {BUFFER_PARENTS[part]}"
    return usual_role(name[max(name.rfind("."), name.rfind("/")) + 1 :], shape, dtype)


def usual_role(leaf: str, shape: tuple[int, ...], dtype: str | None) -> tuple[str, str | None]:
    """(role, note) by the last part of a name, its shape and number type alone."""
    known = LEAVES.get(leaf)
    if known is None:
        known = _by_spelling(leaf)
    role, example = known
    if role == "bias" and _is_mask(leaf, shape):
        return "buffer", "a causal mask, like h.0.attn.bias of GPT-2"
    if role in ("weight", "bias"):
        if dtype in INTEGERS and leaf not in LEAVES:
            return "buffer", f"{dtype}: not trainable"
        return role, None
    return role, f"{role} by its name, like {example}"


#: how torch.nn.utils.parametrize calls the parameters under the name of the one that they make
PARAMETRIZED = "original"


def registered_role(name: str) -> str:
    """The role of a tensor that its framework registered as a parameter: never a buffer, whatever it is called.

    The own name of a parameter in a list is the list's, and of one that is computed from others the computed one's.

    >>> registered_role("norm.beta"), registered_role("mask"), registered_role("biases.0")
    ('bias', 'weight', 'bias')
    >>> registered_role("fc.parametrizations.bias.original0")
    'bias'
    """
    parts = name.split(".")
    while len(parts) > 1 and (parts[-1].isdigit() or parts[-1].rstrip("0123456789") == PARAMETRIZED):
        parts.pop()
    return "bias" if usual_role(parts[-1], (1,), None)[0] == "bias" else "weight"


#: names of weights that people write by hand are no longer: W1, W_10, Wxh
SHORT = 4


def says(name: str) -> bool:
    """Whether the last part of a name is a word for a parameter.

    >>> says("dense/kernel"), says("W1"), says("mel_80")
    (True, True, False)
    """
    leaf = name[max(name.rfind("."), name.rfind("/")) + 1 :]
    known = LEAVES.get(leaf)
    if known is not None:
        return known[0] in ("weight", "bias")
    return (leaf[:1] in ("w", "W") and len(leaf) <= SHORT) or leaf.endswith(("_weight", "_kernel", "_bias"))


def _by_spelling(leaf: str) -> tuple[str, str]:
    for ending, role, example in ENDINGS:
        if leaf.endswith(ending):
            return role, example
    for start, role, example in STARTS:
        if leaf.startswith(start):
            return role, example
    if leaf[:1] == "b" and leaf[1:].lstrip("_").isdigit():  # W1, b1, W2, b2: networks written by hand
        return "bias", "b1"
    return "weight", leaf


def _is_mask(leaf: str, shape: tuple[int, ...]) -> bool:
    """GPT-2 keeps its triangular mask as attn.bias, (1, 1, n, n)."""
    return leaf == "bias" and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3] > 1


# -- parts of a model ------------------------------------------------------------------------------------------------

#: (component, pattern at the start of a name or after "model.", example)
COMPONENTS = (
    (
        "adapter",
        r"(?:.*\.)?(?:(?:\w+_)?(?:rand|tiny|uni|vb|gra)?lora_\w+|(?:\w+_)?lora\d?\.(?:up|down)|hada_\w+|lokr_\w+|ia3_l|b?oft_\w+|vera_\w+|dora_scale)\b",
        "q_proj.lora_A.weight",
    ),
    (
        "vision",
        r"(?:(?:base_model|model|thinker|module)\.)*(?:vision_tower|vision_model|vision_backbone|vision_encoder|vision_embed_tokens"
        r"|visual|image_encoder|vpm)\.|v\.(?:blk|sam|msfa|deepstack|patch_embd|position_embd|class_embd|norm_embd|pre_ln"
        r"|post_ln|conv_stem|std_\w+|token_embd|image_newline|view_seperator|boi|eoi)\b",
        "model.vision_backbone.image_vit.patch_embedding.weight",
    ),
    (
        "audio",
        r"(?:(?:base_model|model|thinker|module)\.)*(?:audio_tower|audio_encoder|audio_model|speech_encoder|apm)\.|a\.(?:blk|conv|enc_"
        r"|embd_|pre_|post_|position_embd|input_projection|proj_)",
        "thinker.audio_tower.conv1.weight",
    ),
    (
        "projector",
        r"(?:(?:base_model|model|thinker|module)\.)*(?:multi_modal_projector|multimodal_projector|mm_projector|vision_projection"
        r"|vision_language_adapter|resampler|embed_vision|embed_audio)\.|model\.connector\."
        r"|mm\.(?:\d|a\.|model\.|[a-z_]*(?:norm|embedding|projection|merger)|down|gate|up|image_)",
        "vision_language_adapter.w_in.weight",
    ),
    ("speech", r"(?:talker|token2wav|code2wav)\.", "talker.model.layers.0.self_attn.q_proj.weight"),
    ("draft heads", r"(?:model\.)?(?:mtp|mtp_layers|medusa_head|eagle_module)\.", "mtp.layers.0.mlp.up_proj.weight"),
    (
        "text encoder",
        r"(?:text_encoder|text_encoder_2|cond_stage_model|conditioner|text_encoders)\.",
        "text_encoder.a.weight",
    ),
    ("vae", r"(?:first_stage_model|vae)\.", "first_stage_model.decoder.conv_in.weight"),
)
# patterns as text: only the JSON view and a table of models ask, and `re` is not loaded before
COMPONENT = "|".join(f"(?P<c{k}>{pattern})" for k, (_, pattern, _) in enumerate(COMPONENTS))
#: the same without the first row, an adapter's: that one looks at all of a name, the others at its beginning
BEGINNING = "|".join(f"(?P<c{k}>{pattern})" for k, (_, pattern, _) in enumerate(COMPONENTS) if k)
#: a name that holds none of these, with all its digits made 0, is no adapter's
ADAPTER_WORDS = (b"lora", b"hada_", b"lokr_", b"ia0_l", b"oft_", b"vera_", b"dora_scale")
#: digits that the patterns tell from others, as they stand in a name with all its digits made 0
NUMBERED = (b"text_encoder_0", b"ia0_l", b"token0wav", b"code0wav")
ZEROS = bytes.maketrans(b"123456789", b"000000000")


def component_of(name: str) -> str:
    """The part of the model that a tensor belongs to: "backbone" unless the name says otherwise.

    >>> component_of("vision_tower.blocks.0.attn.qkv.weight"), component_of("model.layers.0.mlp.up_proj.weight")
    ('vision', 'backbone')
    """
    return components_of([name])[0]


def components_of(names: Sequence[str]) -> list[str]:
    """component_of each name.  Names that differ by digits alone are asked about once: a model has few others.

    >>> components_of(["model.layers.0.weight", "model.layers.1.weight", "text_encoder_2.w", "text_encoder_3.w"])
    ['backbone', 'backbone', 'text encoder', 'backbone']
    """
    import re

    text = "\n".join(names).encode("utf-8", "surrogatepass").translate(ZEROS)
    alike: Sequence[bytes | str] = text.split(b"\n")
    few = dict(zip(alike, names, strict=False))
    is_plain = len(alike) == len(names)  # no name has several lines
    told = b"\n".join(few) if is_plain else text  # type: ignore[arg-type]
    if not is_plain or any(map(told.__contains__, NUMBERED)):
        alike, few = names, {name: name for name in names}
    match = re.compile(COMPONENT if any(map(told.__contains__, ADAPTER_WORDS)) else BEGINNING).match
    found: dict[bytes | str, str] = {}
    for key, name in few.items():
        part = match(name)
        found[key] = "backbone" if part is None or part.lastgroup is None else COMPONENTS[int(part.lastgroup[1:])][0]
    return [found[key] for key in alike]


#: lookup tables: token, position and type embeddings, as published models name them
LOOKUP = (
    r"(?:^|[./])(?:embed_tokens|embed_positions|embed_in|wte|wpe|tok_embeddings|token_embd"
    r"|position_embd|token_types|token_embedding|token_embeddings|positional_embedding|position_embedding|pos_embed|pos_embedding"
    r"|(?:word|position|token_type|type|entity|char|token)_?embeddings?|embeddings?|shared|emb|tok_emb|pos_emb)"
    r"(?:\.weight|/embedding|/embeddings)?$"
)
LOOKUP_KINDS = frozenset(("Embedding", "PositionEmbedding"))


def is_lookup(name: str, dimensions: int) -> bool:
    """Whether a parameter of that name is a lookup table (2 dimensions; a learned position table may have 3).

    >>> is_lookup("model.embed_tokens.weight", 2), is_lookup("patch_embed.proj.weight", 4), is_lookup("pos_embed", 3)
    (True, False, True)
    """
    import re

    return dimensions in (2, 3) and re.search(LOOKUP, name) is not None


# -- what a checkpoint keeps beside the model ------------------------------------------------------------------------

#: a word of a key -> example of the key
RUN_WORDS = {
    "opt": "opt_d", "rng": "cuda_rng_state", "scaler": "grad_scaler", "amp": "amp", "hparams": "hparams",
    "losses": "train_losses", "history": "history", "grads": "grads", "gradients": "gradients",
}  # fmt: skip
#: how a word of a key begins: optimizer_state_dict, lr_schedulers, callbacks, metrics, hyper_parameters, loops
RUN_STARTS = ("optim", "sched", "callback", "metric", "hyper", "loop")
#: words of a key that say a second copy of a model -> example
COPY_WORDS = {
    "ema": "state_dict_ema", "swa": "swa_state_dict", "avg": "avg_model", "averaged": "averaged_model",
    "average": "model_average", "shadow": "shadow_params", "best": "best_model_state", "backup": "backup",
    "target": "target_state_dict", "current": "current_model_state", "old": "policy_old",
}  # fmt: skip


def words_of(key: str) -> list[str]:
    """The words that a key is made of.

    >>> words_of("state_dict_EMA"), words_of("optimizerD")
    (['state', 'dict', 'ema'], ['optimizer', 'd'])
    """
    apart = "".join(f" {c}" if c.isupper() and not before.isupper() else c if c.isalnum() else " "
                    for before, c in zip(f" {key}", key, strict=False))  # fmt: skip
    return apart.lower().split()


def run_state(key: str) -> str | None:
    """Why what stands under a key of a checkpoint is the state of a run and not the model; None where it may be.

    >>> run_state("optimizer_states"), run_state("callbacks"), run_state("model_state_dict")
    ("an optimizer's state (optimizer_states)", 'the state of a run (callbacks)', None)
    """
    words = words_of(key[:80])
    if words and words[0].startswith("optim"):
        return f"an optimizer's state ({key[:80]})"
    found = any(word in RUN_WORDS or word.startswith(RUN_STARTS) for word in words)
    return f"the state of a run ({key[:80]})" if found else None


def is_copy(key: str) -> bool:
    """Whether a key of a checkpoint says a second copy of a model.

    >>> is_copy("state_dict_ema"), is_copy("model")
    (True, False)
    """
    return not COPY_WORDS.keys().isdisjoint(words_of(key[:80]))
