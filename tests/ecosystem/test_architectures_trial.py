"""Answers for config.json beside the real constructors: names, shapes, ties and buffers, at a base and at random.

Nothing of how the answers were derived is used: tools/derive/trial draws the configs from the library's annotations.
"""

from __future__ import annotations

import random
import time
import warnings
from typing import Any

import pytest

from nparams.architectures import catalogue

pytestmark = pytest.mark.filterwarnings("ignore")

#: well-known architectures: every class at the base, and one random config
NAMED = (
    "albert bart beit bert bigbird_pegasus blip-2 bloom camembert clip codegen cohere convnext deberta-v2 deepseek_v3 "
    "deit detr dinov2 distilbert electra falcon gemma gemma2 gemma3 gpt2 gpt_neox gpt_oss gptj granite llama llava "
    "longformer mamba marian mistral mixtral mpnet mpt olmo2 opt pegasus phi phi3 qwen2 qwen3 qwen3_moe resnet roberta "
    "segformer siglip stablelm starcoder2 swin t5 vit wav2vec2 whisper xlm-roberta"
).split()
DRAWN, CONFIGS, SEED = 25, 4, 7
SECONDS = 120.0
#: what this environment lacks, and derivation has
OPTIONAL = ("requires the scipy library", "timm", "torchvision", "pillow", "PIL")


def drawn() -> list[str]:
    """Other verified types, by a seed."""
    others = sorted(set(catalogue.types()) - set(NAMED))
    return random.Random(SEED).sample(others, min(DRAWN, len(others)))


def tried(model_type: str, configs: int, base: bool) -> dict[str, Any]:
    """The trial of one type; skips where it has no entry yet, or its classes need a library that is not here."""
    if model_type not in catalogue.types():
        pytest.skip(f"{model_type} has no entry in the catalogue yet")
    from tools.derive.trial.judge import judge

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = judge(model_type, SEED, configs, time.monotonic() + SECONDS, base=base)
    if any(word in result.get("untried", "") for word in OPTIONAL):
        pytest.skip(result["untried"])
    return result


@pytest.mark.parametrize("model_type", NAMED)
def test_well_known_architectures(model_type: str) -> None:
    result = tried(model_type, 1, base=True)
    assert result["wrong"] == []
    assert result["right"] >= sum(result["refused"].values())


@pytest.mark.parametrize("model_type", drawn())
def test_random_configs_of_drawn_types(model_type: str) -> None:
    assert tried(model_type, CONFIGS, base=False)["wrong"] == []


def test_enough_architectures_are_compared() -> None:
    assert len({*NAMED, *drawn()} & set(catalogue.types())) >= 50
