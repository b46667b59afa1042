"""nparams diff config.json model.safetensors: what a file of weights has otherwise than its configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import nparams
from nparams.architectures import catalogue
from tests.config_entries import ENTRIES
from tests.safetensors_maker import T, safetensors


@pytest.fixture(autouse=True)
def entries() -> Iterator[None]:
    catalogue.use(ENTRIES)
    yield
    catalogue.use(None)


CAUSAL = {"model_type": "mini", "architectures": ["MiniForCausalLM"]}
TABLE, HEAD = T("model.embed_tokens.weight", (100, 8)), T("lm_head.weight", (100, 8))
LAYERS = [t for i in (0, 1) for t in (T(f"model.layers.{i}.fc.weight", (8, 8)), T(f"model.layers.{i}.fc.bias", (8,)))]
MIX = {"model_type": "mix", "architectures": ["MixForCausalLM"]}
SPLIT = [T("model.embed_tokens.weight", (100, 32)), T("lm_head.weight", (100, 32))] + [
    T(f"model.layers.{i}.mlp.{name}", shape)
    for i in (0, 1)
    for name, shape in (
        ("gate.weight", (4, 32)),
        ("gate.e_score_correction_bias", (4,)),
        ("shared_expert.up_proj.weight", (64, 32)),
        *((f"experts.{e}.{part}_proj.weight", (64, 32)) for e in range(4) for part in ("gate", "up")),
        *((f"experts.{e}.down_proj.weight", (32, 64)) for e in range(4)),
    )
]
DRAFT = [T("model.layers.2.eh_proj.weight", (32, 64)), T("model.layers.2.enorm.weight", (32,))]

#: (what, the configuration, the file's tensors, items as (what, layer, difference))
CASES: list[tuple[str, dict[str, Any], Sequence[T], list[tuple[str, str, int]]]] = [
    ("the same", CAUSAL, [TABLE, *LAYERS], []),
    ("without a tie", {**CAUSAL, "tie_word_embeddings": False}, [TABLE, *LAYERS, HEAD], []),
    ("a head that the configuration ties", CAUSAL, [TABLE, *LAYERS, HEAD], [("shared in A", "lm_head", 800)]),
    ("a layer less, and one that is not the model's", CAUSAL, [TABLE, *LAYERS[:2], T("extra.weight", (3, 3))],
     [("only in A", "model.layers.1.fc", -72), ("only in B", "extra", 9)]),
    ("a padded table", CAUSAL, [T("model.embed_tokens.weight", (104, 8)), *LAYERS],
     [("other size", "model.embed_tokens", 32)]),
    ("the base model's names", CAUSAL, [T(t.name.removeprefix("model."), t.shape) for t in (TABLE, *LAYERS)], []),
    ("experts one by one, and a buffer", MIX, SPLIT,
     [("a buffer in A", "model.layers.0-1.mlp.gate.e_score_correction_bias", 8)]),
    ("a draft layer", MIX, [*SPLIT, *DRAFT],
     [("only in B", "model.layers.2", 2080),
      ("a buffer in A", "model.layers.0-1.mlp.gate.e_score_correction_bias", 8)]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "tensors", "items"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_items(config: dict[str, Any], tensors: Sequence[T], items: list[tuple[str, str, int]]) -> None:
    weights = safetensors(tensors)
    found = nparams.diff(config, weights)
    assert [(item.what, item.layer, item.difference) for item in found.items] == items
    assert found.difference == nparams.count(weights) - nparams.count(config) == sum(each for _, _, each in items)
    back = nparams.diff(weights, config)
    assert back.difference == -found.difference
    assert sorted(item.difference for item in back.items) == sorted(-each for _, _, each in items)


def test_joined_experts_are_told_in_words() -> None:
    text = str(nparams.diff(MIX, safetensors(SPLIT)))
    assert "model.layers.0.mlp.experts in A: the same numbers as 12 layers of model.layers.0.mlp.experts" in text
    assert "transformers 5 joins those of a file" in text
