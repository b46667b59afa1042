"""Files as the library saves them today: what a class made of its fields stands there in their place."""

from __future__ import annotations

from typing import Any

import pytest

import nparams
from nparams.errors import UnsupportedError

LAYERS = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
GEMMA: dict[str, Any] = {
    "model_type": "gemma4_text", "architectures": ["Gemma4ForCausalLM"], "num_hidden_layers": 4, "hidden_size": 64,
    "head_dim": 16, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "intermediate_size": 128,
    "vocab_size_per_layer_input": 100, "hidden_size_per_layer_input": 8, "layer_types": LAYERS,
}  # fmt: skip
GATED = {**GEMMA, "attention_k_eq_v": True}


def by_layer(**settings: int) -> dict[str, Any]:
    """Settings of the layers of full attention."""
    return {"per_layer_config": {"1": settings, "3": settings}}


@pytest.mark.parametrize(
    ("saved", "written"),
    [
        ({**GEMMA, **by_layer(head_dim=32)}, {**GEMMA, "global_head_dim": 32}),
        ({**GATED, **by_layer(head_dim=32, num_key_value_heads=1)},
         {**GATED, "global_head_dim": 32, "num_global_key_value_heads": 1}),
        ({**GATED, **by_layer(num_key_value_heads=1)},
         {**GATED, "global_head_dim": 16, "num_global_key_value_heads": 1}),
        ({**GEMMA, "per_layer_config": {}}, {**GEMMA, "global_head_dim": 16}),
        ({**GEMMA, "per_layer_config": None}, {**GEMMA, "global_head_dim": 16}),
    ],
    ids=["head_dim", "both", "heads", "none", "null"],
)  # fmt: skip
def test_settings_of_single_layers_are_the_fields_they_were_made_of(
    saved: dict[str, Any], written: dict[str, Any]
) -> None:
    assert shapes(saved) == shapes(written)


def shapes(config: dict[str, Any]) -> dict[str, Any]:
    """Every tensor of a config with its shape."""
    return {tensor.name: tensor.shape for tensor in nparams.read(config).tensors()}


def test_a_wider_head_in_full_attention_is_counted() -> None:
    narrow, wide = (nparams.count({**GEMMA, **by_layer(head_dim=d)}) for d in (16, 32))
    # q and o have 4 heads, k and v 2; two norms of a head each; in two layers
    assert wide - narrow == 2 * (16 * 64 * (2 * 4 + 2 * 2) + 2 * 16)


@pytest.mark.parametrize(
    "single",
    [
        {"0": {"head_dim": 32}}, {"1": {"head_dim": 32}}, {"1": {"head_dim": 32}, "3": {"head_dim": 64}},
        {"1": {"hidden_size": 32}, "3": {"hidden_size": 32}}, {"1": 3, "3": 3}, "x", [1],
        {"1": {"num_key_value_heads": 1}, "3": {"num_key_value_heads": 1}},
    ],
    ids=["another layer", "one of two", "two widths", "another field", "numbers", "a text", "a list", "no gate"],
)  # fmt: skip
def test_other_settings_of_single_layers_are_refused(single: Any) -> None:
    with pytest.raises(UnsupportedError, match=r"^per_layer_config gives single layers settings of their own"):
        nparams.read({**GEMMA, "per_layer_config": single})


def test_settings_in_a_part_are_seen() -> None:
    config = {"model_type": "llava", "text_config": {"model_type": "llama", "per_layer_config": {"0": {"head_dim": 3}}}}
    with pytest.raises(UnsupportedError, match=r"^text_config\.per_layer_config gives single layers"):
        nparams.read(config)
    deeper = {
        "model_type": "sam3",
        "text_config": {},
        "vision_config": {"backbone_config": {"per_layer_config": {"0": {"hidden_size": 3}}}},
    }
    with pytest.raises(
        UnsupportedError, match=r"^vision_config\.backbone_config\.per_layer_config gives single layers"
    ):
        nparams.read(deeper)


def test_labels_by_their_number_where_the_class_declares_it() -> None:
    pvt = {"model_type": "pvt", "architectures": ["PvtForImageClassification"]}
    names = {"id2label": {str(k): f"LABEL_{k}" for k in range(10)}}
    assert nparams.count({**pvt, **names}) == nparams.count(pvt)
    assert nparams.count(pvt) - nparams.count({**pvt, **names, "num_labels": 10}) == 990 * (512 + 1)
