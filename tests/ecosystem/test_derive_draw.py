"""What the derivation draws from: classes, small bases, fields and random configs of transformers' model types."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

pytest.importorskip("transformers")

import torch

from tools.derive import bases, classes, depths, draw, fields, source
from tools.derive.changes import ABSENT, accepted, changed, get
from tools.derive.errors import Refused, Unbuildable

# The main class of a type: transformers/models/auto/modeling_auto.py and what the class is for.
MAIN = (
    ("llama", "LlamaForCausalLM"),
    ("gpt2", "GPT2LMHeadModel"),
    ("bert", "BertForMaskedLM"),  # BertLMHeadModel is a decoder by request only
    ("bart", "BartForConditionalGeneration"),  # BartForCausalLM is its decoder
    ("t5", "T5ForConditionalGeneration"),
    ("whisper", "WhisperForConditionalGeneration"),
    ("vit", "ViTForImageClassification"),
    ("clip", "CLIPModel"),
    ("clip_vision_model", "CLIPVisionModel"),
    ("wav2vec2", "Wav2Vec2ForCTC"),
    ("llava", "LlavaForConditionalGeneration"),
)
# Classes that stand in no table, or must not stand in a type's list: those of a part.
AMONG = (("bert", "BertLMHeadModel", True), ("t5", "T5EncoderModel", True), ("clip", "CLIPVisionModel", False))
# Small types, some with tied embeddings, persistent buffers, experts, stages, parts.
SMALL = ("bert", "t5", "gpt2", "swin", "resnet", "albert", "convnext", "mamba", "wav2vec2", "clip", "electra")


@pytest.mark.parametrize(("model_type", "name"), MAIN)
def test_main_class(model_type: str, name: str) -> None:
    assert classes.heads(model_type)[0] == name


@pytest.mark.parametrize(("model_type", "name", "there"), AMONG)
def test_classes_of_a_type(model_type: str, name: str, there: bool) -> None:
    assert (name in classes.heads(model_type)) is there


def test_every_type_has_a_class_or_none() -> None:
    with_class, without = set(classes.types()), set(classes.without_class())
    assert with_class | without == set(classes.CONFIG_MAPPING_NAMES)
    assert not with_class & without


def test_unknown_type_is_unbuildable() -> None:
    with pytest.raises(Unbuildable, match="'no-such-type' is no model type"):
        classes.config_class("no-such-type")


def signature(model: torch.nn.Module) -> list[tuple[Any, ...]]:
    """Names, shapes, dtypes and ties of the parameters, then the persistent buffers."""
    owners: dict[int, str] = {}
    rows: list[tuple[Any, ...]] = []
    for name, parameter in model.named_parameters(remove_duplicate=False):
        owner = owners.setdefault(id(parameter), name)
        rows.append((name, tuple(parameter.shape), parameter.dtype, parameter.requires_grad, owner))
    for name, module in model.named_modules(remove_duplicate=False):
        for key, buffer in module.named_buffers(recurse=False):
            if key not in module._non_persistent_buffers_set:
                rows.append((name, key, tuple(buffer.shape), buffer.dtype))
    return rows


@pytest.mark.parametrize("model_type", SMALL)
def test_built_as_plainly(model_type: str) -> None:
    head = classes.heads(model_type)[0]
    narrow = {"vocab_size": 1100}  # above every special token of these types but electra's none
    raw = {**bases.base(model_type), **(narrow if "vocab_size" in bases.base(model_type) else {})}
    quick = bases.build(model_type, head, raw)
    plain = classes.model_class(head)(bases.build_config(model_type, raw))
    assert any(parameter.is_meta for parameter in quick.parameters())  # torch.Tensor(n) does not ask where
    assert signature(quick) == signature(plain)


def test_initialisers_are_put_back() -> None:
    before = torch.nn.init.normal_
    bases.build("bert", "BertModel", bases.base("bert"))
    assert torch.nn.init.normal_ is before


def test_base_is_small_and_spelled_out() -> None:
    base = bases.base("llama")
    assert base["model_type"] == "llama"
    assert 2 <= base["num_hidden_layers"] <= 4
    assert base["hidden_size"] == 4096  # the class's default: widths are left
    assert base["head_dim"] is None
    assert bases.base("llava")["text_config"]["model_type"] == "llama"


def test_base_is_a_copy() -> None:
    bases.base("llama")["num_hidden_layers"] = 77
    assert bases.base("llama")["num_hidden_layers"] != 77


def test_what_a_missing_part_implies() -> None:
    """LlavaConfig gives its vision part 24 layers where it is missing, the part's own class has 12."""
    assert bases.implied("llava")["vision_config"]["num_hidden_layers"] == 24
    assert bases.defaults("llava")["vision_config"]["num_hidden_layers"] == 12


@pytest.mark.parametrize("model_type", ["esm", "lfm2_moe", "wav2vec2-bert", "ministral"])
def test_what_defaults_lack_is_filled_in(model_type: str) -> None:
    """EsmConfig has no vocab_size, Lfm2MoeConfig no layer_types, MinistralConfig no head_dim by default."""
    head = classes.heads(model_type)[0]
    assert not draw.valid(model_type, head, bases.defaults(model_type))
    assert draw.valid(model_type, head, bases.base(model_type))


def test_refusals_are_one_line() -> None:
    raw = changed(bases.base("llama"), [{"num_attention_heads": 7}])
    with pytest.raises(Refused, match="hidden size") as caught:
        bases.build("llama", "LlamaForCausalLM", raw)
    assert "\n" not in str(caught.value)


def test_fields() -> None:
    found = {field.path: field for field in fields.fields("llama")}
    assert found["hidden_size"] == fields.Field("hidden_size", 4096, frozenset({"int"}), ())
    assert found["head_dim"].kinds == {"int", "none"}
    assert found["num_labels"].default == 2
    assert not {"eos_token_id", "attention_dropout", "rms_norm_eps", "use_cache"} & set(found)


def test_fields_of_parts_and_words() -> None:
    found = {field.path: field for field in fields.fields("gemma3")}
    assert set(found["text_config.layer_types"].choices) == {"full_attention", "sliding_attention"}
    assert "vision_config.patch_size" in found
    assert "prelu" in found["vision_config.hidden_act"].choices  # it has a parameter: torch.nn.PReLU


def test_fields_that_only_some_configs_read() -> None:
    """The width of a dense layer is read where one stands: mlp_only_layers is empty by default."""
    paths = {field.path for field in fields.fields("qwen2_moe")}
    assert {"intermediate_size", "moe_intermediate_size", "num_experts", "decoder_sparse_step"} <= paths


def test_kinds_of_annotations() -> None:
    assert fields.kinds_of(int | None) == ({"int", "none"}, ())
    assert fields.kinds_of(list[int] | tuple[int, ...]) == ({"ints"}, ())
    assert fields.kinds_of(float | int)[0] == {"float", "int"}
    assert fields.kinds_of("int | list[int] | None")[0] == {"int", "ints", "none"}


def test_words_of_a_field() -> None:
    """T5Config splits "gated-gelu" and compares it; "relu" is its default."""
    assert "gated-gelu" in source.strings("t5")["feed_forward_proj"]
    found = {field.path: field for field in fields.fields("t5")}
    assert {"relu", "gated-gelu"} <= set(found["feed_forward_proj"].choices)


@pytest.mark.parametrize("model_type", ["llama", "qwen3_moe", "swin", "gemma3", "lfm2_moe"])
def test_draws(model_type: str) -> None:
    head, base = classes.heads(model_type)[0], bases.base(model_type)
    found = [raw for raw, _ in draw.draws(model_type, head, random.Random(3), 12)]
    assert len(found) == 12
    assert len({repr(raw) for raw in found}) == 12
    assert all(draw.valid(model_type, head, raw) for raw in found)
    for field in fields.fields(model_type):  # none stays as it is in all of them
        values = {repr(get(raw, field.path, field.default)) for raw in found}
        assert values != {repr(get(base, field.path, field.default))} or field.kinds == {"dict"}, field.path


def test_draws_are_those_of_the_seed() -> None:
    first, second = (
        [raw for raw, _ in draw.draws("bert", "BertForMaskedLM", random.Random(9), 6)] for _ in range(2)
    )  # fmt: skip
    assert first == second


def test_frozen_fields_stay() -> None:
    few = draw.draws("llama", "LlamaForCausalLM", random.Random(1), 8, frozen=("hidden_size", "num_hidden_layers"))
    assert {(raw["hidden_size"], raw["num_hidden_layers"]) for raw, _ in few} == {
        (bases.base("llama")["hidden_size"], bases.base("llama")["num_hidden_layers"])
    }


def test_draws_end_where_nothing_is_new() -> None:
    only = [field for field in fields.fields("llama") if field.path == "tie_word_embeddings"]
    drawn = draw.draws("llama", "LlamaForCausalLM", random.Random(1), 50, fields=only)
    assert len(list(itertools.islice(drawn, 50))) == 2


def test_changes_that_are_accepted_together() -> None:
    """Of a, b, c only a and c together with b = 0 are refused by the rule "b is not 1"."""

    def build(raw: dict[str, int]) -> None:
        if raw["b"] == 1:
            raise Refused("b is 1")

    made, refused = accepted({"a": 0, "b": 0, "c": 0}, [{"a": 1}, {"b": 1}, {"c": 1}], build, limit=9)
    assert (made, refused) == ({"a": 1, "b": 0, "c": 1}, [{"b": 1}])


def test_absent_takes_out() -> None:
    assert changed({"a": 1, "b": 2}, [{"a": ABSENT}]) == {"b": 2}


def test_cut_goes_deeper_where_few_layers_are_refused() -> None:
    def build(raw: dict[str, Any]) -> None:
        if raw["num_layers"] < 10 or len(raw["kinds"]) != raw["num_layers"]:
            raise Refused("too shallow")

    raw = {"num_layers": 40, "kinds": ["a", "b"] * 20}
    assert depths.cut(raw, build) == {"num_layers": 12, "kinds": ["a", "b"] * 6}
