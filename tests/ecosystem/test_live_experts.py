"""Mixtures of experts of transformers, made small on the meta device: what a token uses, by arithmetic.

Every model is of width 16, with 2 layers; `idle` is what the experts that a token does not use hold.
"""

from __future__ import annotations

import warnings

import pytest
import torch

import nparams

D, LAYERS = 16, 2
BASE = {"hidden_size": D, "intermediate_size": 24, "num_hidden_layers": LAYERS, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vocab_size": 50,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
LATENT = {"q_lora_rank": 4, "kv_lora_rank": 4, "qk_rope_head_dim": 4, "qk_nope_head_dim": 4, "v_head_dim": 4}
#: gate, up and down of one expert of width 24, and of width 6
WIDE, NARROW = 3 * D * 24, 3 * D * 6

# configuration | its settings | idle
CASES = [
    ("Qwen3MoeConfig", {**BASE, "moe_intermediate_size": 6, "num_experts": 8, "num_experts_per_tok": 2},
     LAYERS * 6 * NARROW),
    # two experts' worth of a shared one beside them is always used
    ("Qwen2MoeConfig", {**BASE, "moe_intermediate_size": 6, "num_experts": 8, "num_experts_per_tok": 2,
                        "shared_expert_intermediate_size": 10}, LAYERS * 6 * NARROW),
    ("MixtralConfig", {**BASE, "num_local_experts": 4, "num_experts_per_tok": 2}, LAYERS * 2 * WIDE),
    ("PhimoeConfig", {**BASE, "num_local_experts": 4, "num_experts_per_tok": 2}, LAYERS * 2 * WIDE),
    ("OlmoeConfig", {**BASE, "num_experts": 8, "num_experts_per_tok": 3}, LAYERS * 5 * WIDE),
    # biases of 2·24 and 16 for each expert
    ("GptOssConfig", {**BASE, "head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 1},
     LAYERS * 3 * (WIDE + 48 + D)),
    ("GraniteMoeConfig", {**BASE, "num_local_experts": 4, "num_experts_per_tok": 2}, LAYERS * 2 * WIDE),
    # the first layer is dense, and one expert is shared
    ("DeepseekV3Config", {**BASE, **LATENT, "moe_intermediate_size": 6, "n_routed_experts": 8,
                          "num_experts_per_tok": 2, "n_group": 2, "topk_group": 1, "first_k_dense_replace": 1,
                          "n_shared_experts": 1}, 6 * NARROW),
    ("Glm4MoeConfig", {**BASE, "moe_intermediate_size": 6, "n_routed_experts": 8, "num_experts_per_tok": 2,
                       "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "head_dim": 8}, 6 * NARROW),
    ("Ernie4_5_MoeConfig", {**BASE, "moe_intermediate_size": 6, "moe_num_experts": 8, "moe_k": 3,
                            "moe_num_shared_experts": 1, "moe_layer_start_index": 1}, 5 * NARROW),
    ("HunYuanMoEV1Config", {**BASE, "head_dim": 8, "num_experts": 4, "moe_topk": 2}, LAYERS * 2 * WIDE),
    ("Llama4TextConfig", {**BASE, "head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 1,
                          "intermediate_size_mlp": 12}, LAYERS * 3 * WIDE),
    # experts in the feed-forward (a gated one of 12) and in the attention (16 x 16, twice)
    ("JetMoeConfig", {"hidden_size": D, "num_hidden_layers": LAYERS, "num_key_value_heads": 2, "kv_channels": 8,
                      "intermediate_size": 12, "num_local_experts": 4, "num_experts_per_tok": 2, "vocab_size": 50,
                      "pad_token_id": 0}, LAYERS * 2 * (3 * D * 12 + 2 * D * D)),
    # the router's class says that it takes one
    ("SwitchTransformersConfig", {"d_model": D, "d_kv": 8, "d_ff": 12, "num_layers": 2, "num_sparse_encoder_layers": 1,
                                  "num_decoder_layers": 2, "num_sparse_decoder_layers": 1, "num_heads": 2,
                                  "num_experts": 4, "vocab_size": 50}, 2 * 3 * 2 * D * 12),
    # experts that are rows of a table: not understood, and so not counted as used or unused
    ("DogeConfig", {**BASE, "is_moe": True, "num_experts": 16, "num_experts_per_tok": 4}, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "idle"), CASES, ids=[row[0] for row in CASES])
def test_what_a_token_uses(kind: str, settings: dict[str, object], idle: int | None) -> None:
    transformers = pytest.importorskip("transformers")
    if not hasattr(transformers, kind):
        pytest.skip(f"{kind}: this version of transformers has none")
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        model = transformers.AutoModel.from_config(getattr(transformers, kind)(**settings))
    network = nparams.read(model)
    total = sum({id(p): p.numel() for p in model.parameters()}.values())
    assert network.total == total
    assert network.totals.active == (None if idle is None else total - idle)
