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


def test_bytes_of_a_published_checkpoint() -> None:
    """model.safetensors.index.json of openai/gpt-oss-20b: its total_size is 13,761,264,768."""
    if "gpt_oss" not in catalogue.types():
        pytest.skip("gpt_oss is not in the catalogue")
    config = {**PUBLISHED["openai/gpt-oss-20b"]["config"], "quantization_config": MXFP4, "torch_dtype": "bfloat16"}
    assert nparams.read(config).totals.bytes == 13_761_264_768
