"""Small entries in the schema of the catalogue, written by hand: every feature of config.json files that is read."""

from __future__ import annotations

import json
from typing import Any

MADE = {"transformers": "5.24.0", "torch": "2.13.0", "engine": 1, "source": "0", "date": "2026-11-27"}
VERIFIED = {"configs": 60, "refused": 0, "seed": 1, "distinct": 60}

Cell = dict[str, Any]


def linear(name: str, out: str, ins: str, **more: Any) -> list[Any]:
    return [f"{name}.weight", [out, ins], "Linear", *([more] if more else [])]


def entry(kind: str, fields: dict[str, Any], heads: dict[str, list[Cell]], **more: Any) -> dict[str, Any]:
    held = {name: {"verified": VERIFIED, "base": "model.", "cells": cells} for name, cells in heads.items()}
    return {"schema": 1, "type": kind, "made": MADE, "fields": fields, "heads": held, **more}


def body(before: str) -> list[Cell]:
    """A table, and n layers of one matrix and one bias."""
    return [
        {"tensors": [[f"{before}embed_tokens.weight", ["vocab_size", "hidden_size"], "Embedding"]]},
        {"over": [["i", "n_layer"]], "tensors": [
            linear(f"{before}layers.{{i}}.fc", "hidden_size", "hidden_size"),
            [f"{before}layers.{{i}}.fc.bias", ["hidden_size"], "Linear", {"role": "bias"}],
        ]},
    ]  # fmt: skip


def head(tie: str = "tie_word_embeddings") -> list[Cell]:
    """The output matrix, tied to the table or its own."""
    tied = linear("lm_head", "vocab_size", "hidden_size", tied="model.embed_tokens.weight")
    return [
        {"if": tie, "tensors": [tied]},
        {"if": f"1 - {tie}", "tensors": [linear("lm_head", "vocab_size", "hidden_size")]},
    ]


FIELDS = {"vocab_size": 100, "hidden_size": 8, "n_layer": 2, "num_labels": 2, "tie_word_embeddings": True}
MINI = entry(
    "mini", FIELDS,
    {
        "MiniModel": body(""),
        "MiniForSequenceClassification": [*body("model."), {"tensors": [linear("score", "num_labels", "hidden_size")]}],
        "MiniForCausalLM": [*body("model."), *head()],
    },
    aliases={"n_embd": "hidden_size", "num_hidden_layers": "n_layer"},
)  # fmt: skip

#: the class ties its head whatever the file says, as T5's does in version 5
FORCED = entry(
    "forced", {"vocab_size": 100, "hidden_size": 8, "n_layer": 1, "is_gated": None},
    {"ForcedForConditionalGeneration": [
        *body("model."),
        {"tensors": [["model.encoder.embed_tokens.weight", ["vocab_size", "hidden_size"], "Embedding",
                      {"tied": "model.embed_tokens.weight"}]]},
        {"tensors": [linear("lm_head", "vocab_size", "hidden_size", tied="model.embed_tokens.weight")]},
    ]},
    kinds={"is_gated": "none"}, rules=[["is_gated", [["1", {"value": False}]]]],
)  # fmt: skip

#: routed experts, all in one tensor, a shared one, a router, and a buffer that checkpoints hold
MIX = entry(
    "mix",
    {"vocab_size": 100, "hidden_size": 32, "n_layer": 2, "num_experts": 4, "num_experts_per_tok": 2,
     "moe_intermediate_size": 64},
    {"MixForCausalLM": [
        {"tensors": [["model.embed_tokens.weight", ["vocab_size", "hidden_size"], "Embedding"]]},
        {"over": [["i", "n_layer"]], "tensors": [
            ["model.layers.{i}.mlp.gate.weight", ["num_experts", "hidden_size"], "MixRouter"],
            ["model.layers.{i}.mlp.gate.e_score_correction_bias", ["num_experts"], "MixRouter", {"role": "buffer"}],
            ["model.layers.{i}.mlp.experts.gate_up_proj", ["num_experts", "2*moe_intermediate_size", "hidden_size"],
             "MixExperts"],
            ["model.layers.{i}.mlp.experts.down_proj", ["num_experts", "hidden_size", "moe_intermediate_size"],
             "MixExperts"],
            linear("model.layers.{i}.mlp.shared_expert.up_proj", "moe_intermediate_size", "hidden_size"),
        ]},
        {"tensors": [linear("lm_head", "vocab_size", "hidden_size")]},
    ]},
)  # fmt: skip

#: two parts with configurations of their own
DUO = entry(
    "duo",
    {"text_config.hidden_size": 8, "text_config.vocab_size": 50, "text_config.layer_types": None,
     "vision_config.hidden_size": 4, "vision_config.num_labels": 2, "projection_dim": 16},
    {"DuoModel": [
        {"tensors": [
            ["text_model.embed.weight", ["text_config__vocab_size", "text_config__hidden_size"], "Embedding"],
        ]},
        {"over": [["i", "text_config__layer_types__len"]], "if": "text_config__layer_types__is__full[i]",
         "tensors": [linear("text_model.layers.{i}.q", "text_config__hidden_size", "text_config__hidden_size")]},
        {"tensors": [linear("vision_model.head", "vision_config__num_labels", "vision_config__hidden_size")]},
        {"tensors": [linear("text_projection", "projection_dim", "text_config__hidden_size")]},
    ]},
    kinds={"text_config.layer_types": "strs none"},
    tests={"text_config__layer_types__len": ["text_config.layer_types", "len"],
           "text_config__layer_types__is__full": ["text_config.layer_types", "is", "full_attention"],
           "text_config__layer_types__none": ["text_config.layer_types", "none"]},
    rules=[["text_config.layer_types", [["text_config__layer_types__none", {"value": ["full_attention"]}]]]],
)  # fmt: skip

#: the same with a layer that drafts tokens, of a type whose layout is known
DRAFTING = json.loads(json.dumps({**MIX, "type": "glm_moe_dsa"}).replace("n_layer", "num_hidden_layers"))

#: another name of the width wins where a file has it
WIDE = {
    **MINI, "type": "wide", "fields": {**FIELDS, "n_width": None, "half": None},
    "kinds": {"n_width": "int none", "half": "int none"},
    "tests": {"n_width__none": ["n_width", "none"], "half__none": ["half", "none"]},
    "rules": [["hidden_size", [["(1 - n_width__none)", "n_width"], ["(1 - half__none)", "2*half"]]]],
}  # fmt: skip

#: the class makes a list of the one that is given: the last layer is full whatever the file says, others stay
KEPT = entry(
    "kept", {"hidden_size": 8, "n_layer": 2, "layer_types": None},
    {"KeptModel": [
        {"over": [["i", "n_layer"]], "if": "layer_types__is__full[i]",
         "tensors": [linear("layers.{i}.fc", "2*hidden_size", "hidden_size")]},
        {"over": [["i", "n_layer"]], "if": "1 - layer_types__is__full[i]",
         "tensors": [linear("layers.{i}.fc", "hidden_size", "hidden_size")]},
    ]},
    kinds={"layer_types": "none strs"},
    tests={"layer_types__is__full": ["layer_types", "is", "full_attention"],
           "layer_types__none": ["layer_types", "none"]},
    rules=[["layer_types", [["1", {"each": ["i", "n_layer"], "choose": [
        ["[i + 1 == n_layer]", "full_attention"],
        ["layer_types__none*[i + 1 != n_layer]", "sliding_attention"],
        ["(1 - layer_types__none)*[i + 1 != n_layer]", None],
    ]}]]]],
)  # fmt: skip

ENTRIES = {
    "glm_moe_dsa": DRAFTING,
    "mini": MINI, "forced": FORCED, "mix": MIX, "mistral": {**MINI, "type": "mistral"},
    "duo": {**DUO, "flat": True, "twins": True}, "solo": {**DUO, "type": "solo"},
    "ministral": {**MINI, "type": "ministral", "fields": {**FIELDS, "vocab_size": 7}},
    "bloom": {**MINI, "type": "bloom"}, "wide": WIDE, "kept": KEPT,
}  # fmt: skip
