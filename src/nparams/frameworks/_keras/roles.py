"""Which role a variable of a layer plays: how it was made decides, then what quantisation does with it."""

from __future__ import annotations

from nparams.roles import usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from nparams.frameworks._keras.variables import Facts

#: what is added to a sum
ADDED = frozenset(("bias", "beta"))
#: weights that quantisation packs; keras-team/keras keras/src/layers/core/
PACKED = frozenset(("kernel", "embeddings", "reverse_embeddings"))
#: what a quantised layer keeps besides its weights: `_int8_build`, `_int4_build`, `_float8_build`, `_gptq_build` and
#: `_awq_build` in keras/src/layers/core/{dense,einsum_dense,embedding,reversible_embedding}.py
BOOKKEEPING = frozenset((
    "kernel_scale", "kernel_zero", "zero_point", "g_idx", "awq_scales", "inputs_scale", "inputs_amax_history",
    "kernel_amax_history", "outputs_grad_scale", "outputs_grad_amax_history", "embeddings_scale", "embeddings_zero",
    "reverse_embeddings_scale", "reverse_embeddings_zero",
))  # fmt: skip
#: names of the two thin matrices of an adapter (enable_lora in the same files, and in convolutional/base_conv.py)
ADAPTERS = ("lora_kernel_a", "lora_kernel_b", "lora_embeddings_a", "lora_embeddings_b")
MADE = "made as not trainable"


def is_quantised(held: Collection[Facts]) -> bool:
    """Whether a layer's own variables are those of a quantised one."""
    names = {facts.name for facts in held}
    return "kernel_amax_history" in names or any(
        facts.name in PACKED and facts.dtype in ("int8", "uint8") and f"{facts.name}_scale" in names for facts in held
    )


def role_of(facts: Facts, made_trainable: bool, quantised: bool) -> tuple[str, str | None]:
    """(role, note) of one variable."""
    leaf = facts.name.rpartition("/")[2]  # a wrapped module's names have parts
    if quantised and leaf in BOOKKEEPING:
        return "bookkeeping", "what quantisation keeps beside the weights"
    if quantised and leaf in PACKED:
        return "weight", None
    if not made_trainable:
        return "buffer", MADE
    added = leaf in ADDED or usual_role(leaf, (1,), "float32")[0] == "bias"
    return "bias" if added else "weight", None
