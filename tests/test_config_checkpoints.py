"""What published checkpoints hold beside the parameters, by the shipped catalogue: packed weights, buffers, drafts.

The figures are those that a hub counts: every number in the file, scales and saved buffers among them
(tests/data/published_configs.json quotes the source of each).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.architectures import catalogue

PUBLISHED = {
    row["name"]: row for row in json.loads((Path(__file__).parent / "data/published_configs.json").read_text())
}
#: the quantization_config of the files as published
MXFP4 = {
    "quant_method": "mxfp4",
    "modules_to_not_convert": [
        "model.layers.*.self_attn",
        "model.layers.*.mlp.router",
        "model.embed_tokens",
        "lm_head",
    ],
}
FP8 = {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128], "activation_scheme": "dynamic"}
#: scales of one layer of DeepSeek-V3 in blocks of 128 x 128: attention, and a mixture of 256 experts and a shared one
ATTENTION = 12 * 56 + 192 * 12 + 5 * 56 + 256 * 4 + 56 * 128
MIXTURE = 257 * (2 * 16 * 56 + 56 * 16)
DENSE = 2 * 144 * 56 + 56 * 144
#: (model, settings of packing, numbers beside the weights, what is not counted here of the published figure)
CASES: list[tuple[str, dict[str, Any], int, int]] = [
    ("openai/gpt-oss-20b", MXFP4, 24 * 32 * (2880 * 5760 + 2880 * 2880) // 32, 0),
    ("openai/gpt-oss-120b", MXFP4, 36 * 128 * (2880 * 5760 + 2880 * 2880) // 32, 0),
    ("deepseek-ai/DeepSeek-R1", FP8, 61 * ATTENTION + 58 * MIXTURE + 3 * DENSE, ATTENTION + MIXTURE),
]


@pytest.mark.parametrize(("name", "settings", "beside", "draft_scales"), CASES, ids=[row[0] for row in CASES])
def test_every_number_of_the_file(name: str, settings: dict[str, Any], beside: int, draft_scales: int) -> None:
    row = PUBLISHED[name]
    if row["model_type"] not in catalogue.types():
        pytest.skip(f"{row['model_type']} is not in the catalogue")
    network = nparams.read({**row["config"], "quantization_config": settings, "torch_dtype": "bfloat16"})
    assert network.total == row["total"]
    assert network.totals.bookkeeping == beside
    held = network.also.get("checkpoint", network.total)
    assert held + beside + draft_scales == row["published"]


GPT_OSS = PUBLISHED["openai/gpt-oss-20b"]["config"]
LLAMA8 = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 4096,
    "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "tie_word_embeddings": False,
}  # fmt: skip
LLAMA70 = {
    **LLAMA8, "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64,
}  # fmt: skip
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm", "zero_point": True}
EIGHT = {"num_bits": 8, "strategy": "channel", "symmetric": True}
FOUR = {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128, "symmetric": True, "actorder": "group"}


def compressed(kind: str, weights: dict[str, Any]) -> dict[str, Any]:
    group = {"targets": ["Linear"], "weights": weights}
    return {"quant_method": "compressed-tensors", "format": kind, "ignore": ["lm_head"], "config_groups": {"g": group}}


#: (what, configuration, number type of the rest, settings, bytes as its index or its headers say)
BYTES: list[tuple[str, dict[str, Any], str, dict[str, Any], int]] = [
    ("gpt-oss-20b: total_size of its index", GPT_OSS, "bfloat16", MXFP4, 13_761_264_768),
    ("Llama 3 70B by AWQ: total_size of its index", LLAMA70, "float16", AWQ, 39_767_785_472),
    ("RedHatAI Llama-3.1-8B FP8-dynamic", LLAMA8, "bfloat16", compressed("float-quantized", {**EIGHT, "type": "float"}),
     9_083_953_152),
    ("Llama 3.1 70B in int8 by row", LLAMA70, "bfloat16", compressed("int-quantized", {**EIGHT, "type": "int"}),
     72_669_806_592),
    ("RedHatAI Llama-3.3-70B w4a16", LLAMA70, "bfloat16", compressed("pack-quantized", FOUR), 39_525_311_232),
]  # fmt: skip


@pytest.mark.parametrize(("config", "dtype", "settings", "held"), [row[1:] for row in BYTES], ids=[r[0] for r in BYTES])
def test_bytes_of_published_checkpoints(
    config: dict[str, Any], dtype: str, settings: dict[str, Any], held: int
) -> None:
    if config["model_type"] not in catalogue.types():
        pytest.skip(f"{config['model_type']} is not in the catalogue")
    assert nparams.read({**config, "quantization_config": settings, "torch_dtype": dtype}).totals.bytes == held
