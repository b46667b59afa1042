"""The closed forms of 25 architectures of transformers, against their own constructors on fresh sizes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

pytest.importorskip("transformers")

import torch
import transformers

from nparams.errors import UsageError
from nparams.frameworks.trace import Formula, formula


class Case(NamedTuple):
    name: str
    make: Callable[..., Any]
    like: dict[str, int | bool]


def made(model: str, config: str, **fixed: object) -> Callable[..., Any]:
    """model(config(...)) of the arguments."""
    model_class, config_class = getattr(transformers, model), getattr(transformers, config)
    return lambda **given: model_class(config_class(**{**fixed, **given}))


def clip(
    text: int, layers: int, heads: int, ffn: int, vision: int, vision_layers: int, vision_heads: int, vision_ffn: int,
    vocabulary: int, positions: int, image: int, patch: int, projection: int,
) -> Any:  # fmt: skip
    words = {
        "hidden_size": text, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": ffn,
        "vocab_size": vocabulary, "max_position_embeddings": positions, "projection_dim": projection,
    }  # fmt: skip
    sight = {
        "hidden_size": vision, "num_hidden_layers": vision_layers, "num_attention_heads": vision_heads,
        "intermediate_size": vision_ffn, "image_size": image, "patch_size": patch, "projection_dim": projection,
    }  # fmt: skip
    config = transformers.CLIPConfig(text_config=words, vision_config=sight, projection_dim=projection)
    return transformers.CLIPModel(config)


PLAIN: dict[str, int | bool] = {
    "vocab_size": 1000,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 112,
}
DECODER = dict(PLAIN, num_key_value_heads=2)
CASES = (
    Case(
        "llama",
        made("LlamaForCausalLM", "LlamaConfig"),
        dict(DECODER, attention_bias=False, mlp_bias=False, tie_word_embeddings=False),
    ),
    Case("mistral", made("MistralForCausalLM", "MistralConfig"), dict(DECODER, tie_word_embeddings=False)),
    Case("qwen2", made("Qwen2ForCausalLM", "Qwen2Config"), dict(DECODER, tie_word_embeddings=False)),
    Case(
        "qwen3",
        made("Qwen3ForCausalLM", "Qwen3Config"),
        dict(DECODER, head_dim=24, tie_word_embeddings=False, attention_bias=False),
    ),
    Case(
        "qwen3_moe",
        made("Qwen3MoeForCausalLM", "Qwen3MoeConfig"),
        dict(DECODER, num_experts=5, num_experts_per_tok=2, moe_intermediate_size=48, tie_word_embeddings=False),
    ),
    Case("gemma", made("GemmaForCausalLM", "GemmaConfig"), dict(DECODER, head_dim=24)),
    Case("gemma2", made("Gemma2ForCausalLM", "Gemma2Config"), dict(DECODER, head_dim=24)),
    Case("gemma3", made("Gemma3ForCausalLM", "Gemma3TextConfig"), dict(DECODER, head_dim=24)),
    Case("phi3", made("Phi3ForCausalLM", "Phi3Config", pad_token_id=0), dict(DECODER, tie_word_embeddings=False)),
    Case(
        "gpt2",
        made("GPT2LMHeadModel", "GPT2Config"),
        {"vocab_size": 1000, "n_positions": 80, "n_embd": 64, "n_layer": 2, "n_head": 4, "add_cross_attention": False},
    ),
    Case("gpt_neox", made("GPTNeoXForCausalLM", "GPTNeoXConfig"), dict(PLAIN, tie_word_embeddings=False)),
    Case(
        "opt",
        made("OPTForCausalLM", "OPTConfig"),
        {
            "vocab_size": 1000,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "ffn_dim": 112,
            "max_position_embeddings": 80,
            "word_embed_proj_dim": 48,
        },
    ),
    Case(
        "bloom",
        made("BloomForCausalLM", "BloomConfig"),
        {"vocab_size": 1000, "hidden_size": 64, "n_layer": 2, "n_head": 4},
    ),
    Case(
        "falcon",
        made("FalconForCausalLM", "FalconConfig"),
        {
            "vocab_size": 1000,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_kv_heads": 2,
            "new_decoder_architecture": True,
            "multi_query": True,
            "parallel_attn": True,
            "bias": False,
            "alibi": False,
        },
    ),
    Case(
        "mixtral",
        made("MixtralForCausalLM", "MixtralConfig"),
        dict(DECODER, num_local_experts=3, num_experts_per_tok=2),
    ),
    Case(
        "deepseek_v3",
        made("DeepseekV3ForCausalLM", "DeepseekV3Config"),
        {
            "vocab_size": 1000,
            "hidden_size": 64,
            "intermediate_size": 112,
            "moe_intermediate_size": 48,
            "num_hidden_layers": 5,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "n_shared_experts": 2,
            "n_routed_experts": 16,
            "kv_lora_rank": 20,
            "q_lora_rank": 28,
            "qk_rope_head_dim": 12,
            "v_head_dim": 14,
            "qk_nope_head_dim": 18,
            "first_k_dense_replace": 2,
        },
    ),
    Case("gpt_oss", made("GptOssForCausalLM", "GptOssConfig"), dict(DECODER, head_dim=24, num_local_experts=5)),
    Case("bert", made("BertModel", "BertConfig"), dict(PLAIN, max_position_embeddings=80, type_vocab_size=3)),
    Case("roberta", made("RobertaModel", "RobertaConfig"), dict(PLAIN, max_position_embeddings=80, type_vocab_size=3)),
    Case(
        "t5",
        made("T5ForConditionalGeneration", "T5Config"),
        {
            "vocab_size": 1000,
            "d_model": 64,
            "d_kv": 12,
            "d_ff": 112,
            "num_layers": 3,
            "num_decoder_layers": 2,
            "num_heads": 4,
            "relative_attention_num_buckets": 32,
        },
    ),
    Case(
        "bart",
        made("BartForCausalLM", "BartConfig"),
        {
            "vocab_size": 1000,
            "max_position_embeddings": 80,
            "encoder_layers": 2,
            "encoder_ffn_dim": 96,
            "encoder_attention_heads": 4,
            "decoder_layers": 3,
            "decoder_ffn_dim": 112,
            "decoder_attention_heads": 4,
            "d_model": 64,
        },
    ),
    Case(
        "vit",
        made("ViTForImageClassification", "ViTConfig"),
        {
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 112,
            "image_size": 96,
            "patch_size": 8,
            "num_channels": 3,
            "num_labels": 7,
            "qkv_bias": True,
        },
    ),
    Case(
        "whisper",
        made("WhisperForConditionalGeneration", "WhisperConfig"),
        {
            "vocab_size": 51900,
            "num_mel_bins": 40,
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_layers": 3,
            "decoder_attention_heads": 4,
            "decoder_ffn_dim": 112,
            "encoder_ffn_dim": 96,
            "d_model": 64,
            "max_source_positions": 150,
            "max_target_positions": 90,
        },
    ),
    Case(
        "mamba",
        made("MambaForCausalLM", "MambaConfig"),
        {
            "vocab_size": 1000,
            "hidden_size": 64,
            "state_size": 12,
            "num_hidden_layers": 2,
            "expand": 2,
            "conv_kernel": 4,
            "time_step_rank": 5,
            "use_bias": False,
            "use_conv_bias": True,
        },
    ),
    Case(
        "clip",
        clip,
        {
            "text": 64,
            "layers": 2,
            "heads": 4,
            "ffn": 112,
            "vision": 96,
            "vision_layers": 3,
            "vision_heads": 6,
            "vision_ffn": 144,
            "vocabulary": 49500,
            "positions": 77,
            "image": 96,
            "patch": 8,
            "projection": 48,
        },
    ),
)

#: fresh sizes that must agree for each
POINTS = 6


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_the_constructor(case: Case) -> None:
    asked = formula(case.make, case.like)
    rng = random.Random(case.name)
    seen: set[int] = set()
    for _ in range(200):
        values = fresh(case.like, rng)
        expected = counted(case.make, values)
        told = answered(asked, values)
        if expected is None or told is None:
            continue
        assert told == expected, values
        seen.add(expected)
        if len(seen) == POINTS:
            break
    assert len(seen) == POINTS


def fresh(like: dict[str, int | bool], rng: random.Random) -> dict[str, int | bool]:
    """Other numbers of the same kind: depths and heads small, widths such that heads may divide them."""
    values: dict[str, int | bool] = {}
    for name, value in like.items():
        if isinstance(value, bool):
            values[name] = rng.random() < 0.5
        elif "layer" in name or "experts" in name or name in ("first_k_dense_replace", "expand", "type_vocab_size"):
            values[name] = rng.randint(1, 6) * (value if "routed" in name else 1)
        elif "head" in name and "dim" not in name:
            values[name] = value * rng.choice((1, 2))
        else:
            values[name] = value * rng.choice((1, 2, 3)) + (0 if value % 4 == 0 else rng.randint(0, 5))
    return values


def counted(make: Callable[..., Any], values: dict[str, int | bool]) -> int | None:
    """The numbers in all distinct parameters of the model itself; None where its constructor refuses the sizes."""
    try:
        with torch.device("meta"):
            model = make(**values)
    except Exception:
        return None
    return sum({id(p): p.numel() for p in model.parameters()}.values())


def answered(asked: Formula, values: dict[str, int | bool]) -> int | None:
    try:
        return asked(**values)
    except UsageError:
        return None
