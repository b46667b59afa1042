"""config.json as a source: what is read, by which class, in which version's words, and what is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.architectures import catalogue
from nparams.errors import NparamsError
from tests.config_entries import ENTRIES
from tests.safetensors_maker import T, safetensors


@pytest.fixture(autouse=True)
def entries() -> Iterator[None]:
    catalogue.use(ENTRIES)
    yield
    catalogue.use(None)


# -- totals ------------------------------------------------------------------------------------------------------------

BODY = 100 * 8 + 2 * (64 + 8)  # a table, two layers
CAUSAL = {"model_type": "mini", "architectures": ["MiniForCausalLM"]}
SCORE = {"model_type": "mini", "architectures": ["MiniForSequenceClassification"]}
FORCED = {"model_type": "forced", "architectures": ["ForcedForConditionalGeneration"]}
FORCED_BODY = 800 + 72
MIX = {"model_type": "mix", "architectures": ["MixForCausalLM"]}
EXPERTS = 2 * 4 * (2 * 64 * 32 + 32 * 64)
MIX_REST = 2 * 100 * 32 + 2 * (4 * 32 + 64 * 32)
DUO = {"model_type": "duo", "architectures": ["DuoModel"]}
KEPT = {"model_type": "kept", "architectures": ["KeptModel"]}
LABELS = {str(k): f"LABEL_{k}" for k in range(5)}

#: (what, the file, options, total, a word of a note or "")
TOTALS: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    ("the class that is named", CAUSAL, {}, BODY, ""),
    ("no tie", {**CAUSAL, "tie_word_embeddings": False}, {}, BODY + 800, ""),
    ("another class", CAUSAL, {"which": "MiniModel"}, BODY, ""),
    ("no class: the usual one", {"model_type": "mini"}, {}, BODY, "no class is named (architectures): MiniForCausalLM"),
    ("an empty list of classes", {"model_type": "mini", "architectures": []}, {}, BODY, "no class is named"),
    ("several classes", {"model_type": "mini", "architectures": ["MiniForSequenceClassification", "MiniModel"]}, {},
     BODY + 16, "several classes: MiniForSequenceClassification is counted, and not MiniModel"),
    ("a class of TensorFlow", {"model_type": "mini", "architectures": ["TFMiniModel"]}, {}, BODY,
     "counted as MiniModel"),
    ("another spelling", {"model_type": "mini", "architectures": ["MINIForCausalLM"]}, {}, BODY,
     "counted as MiniForCausalLM"),
    ("code of its own", {**CAUSAL, "auto_map": {"AutoModel": "x.Y"}}, {}, BODY, "which is not run: MiniForCausalLM is"),
    ("an alias", {**CAUSAL, "n_embd": 4}, {}, 100 * 4 + 2 * 20, ""),
    ("--set", CAUSAL, {"set": {"n_layer": "3"}}, 800 + 3 * 72, ""),
    ("--set by an alias, in place of the field", {**CAUSAL, "n_layer": 5}, {"set": {"num_hidden_layers": 3}},
     800 + 3 * 72, ""),
    ("--set in place of an alias", {**CAUSAL, "num_hidden_layers": 5}, {"set": {"n_layer": 3}}, 800 + 3 * 72, ""),
    ("another name that wins", {**CAUSAL, "model_type": "wide", "n_width": 4}, {}, 100 * 4 + 2 * 20, ""),
    ("--set in place of a name that wins", {**CAUSAL, "model_type": "wide", "n_width": 4}, {"set": {"hidden_size": 3}},
     100 * 3 + 2 * 12, ""),
    ("labels by their names", {**SCORE, "id2label": LABELS}, {}, BODY + 5 * 8, ""),
    ("names win over the number", {**SCORE, "id2label": LABELS, "num_labels": 3}, {}, BODY + 5 * 8, ""),
    ("labels by their number", {**SCORE, "num_labels": 3}, {}, BODY + 3 * 8, ""),
    ("no labels: the class's own number", SCORE, {}, BODY + 2 * 8, ""),
    ("labels of a part", {**DUO, "vision_config": {"id2label": LABELS}}, {}, 400 + 64 + 5 * 4 + 128, ""),
    ("a forced tie that the file does not speak of", FORCED, {}, FORCED_BODY, ""),
    ("a forced tie that the file does not have", {**FORCED, "tie_word_embeddings": False}, {}, FORCED_BODY + 800,
     f"lm_head.weight is counted as a matrix of its own; this version of the library ties it to "
     f"model.embed_tokens.weight all the same, and would count {FORCED_BODY:,}"),
    ("a field that the class makes of others", {**FORCED, "is_gated": True}, {}, FORCED_BODY, ""),
    ("experts", MIX, {}, EXPERTS + MIX_REST, "a token uses 2 of 4"),
    ("draft layers", {**MIX, "num_nextn_predict_layers": 1}, {}, EXPERTS + MIX_REST,
     "a checkpoint may hold 1 draft layer as well (num_nextn_predict_layers), which MixForCausalLM has not"),
    ("parts that are missing", DUO, {}, 400 + 64 + 8 + 128, ""),
    ("a part", {**DUO, "text_config": {"vocab_size": 10}}, {}, 80 + 64 + 8 + 128, ""),
    ("a part that is null", {**DUO, "text_config": None}, {}, 400 + 64 + 8 + 128, ""),
    ("a part under its older name",
     {**DUO, "text_config": {"vocab_size": 9}, "text_config_dict": {"vocab_size": 10}}, {},
     80 + 64 + 8 + 128, ""),
    ("a part laid flat", {**DUO, "vocab_size": 10, "hidden_size": 2}, {}, 20 + 4 + 8 + 32,
     "its text_config is missing: 2 of its fields stand beside it"),
    ("an older name that the class does not read",
     {**DUO, "model_type": "solo", "text_config": {"vocab_size": 9}, "text_config_dict": {"vocab_size": 10}}, {},
     72 + 64 + 8 + 128, ""),
    ("older words for layers", {**DUO, "text_config": {"layer_types": ["attention", "mamba", "full_attention"]}}, {},
     400 + 2 * 64 + 8 + 128, ""),
    ("a type that is another today", {"model_type": "mistral", "layer_types": [], "architectures": ["MiniModel"]}, {},
     56 + 144, ""),
    ("the same type otherwise", {"model_type": "mistral", "architectures": ["MiniModel"]}, {}, BODY, ""),
    ("a name of older files",
     {"model_type": "bloom", "n_embed": 4, "hidden_size": 4, "architectures": ["MiniModel"]}, {},
     100 * 4 + 2 * 20, ""),
    ("a list that the class makes of nothing", {**KEPT, "n_layer": 3}, {}, (1 + 1 + 2) * 64, ""),
    ("a list that the class makes of the one in the file",
     {**KEPT, "n_layer": 3, "layer_types": ["full_attention"] + 2 * ["sliding_attention"]}, {},
     (2 + 1 + 2) * 64, ""),
    ("what plays no part", {**CAUSAL, "rope_theta": float("nan"), "x": {"y": [1]}}, {}, BODY, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "options", "total", "note"), [row[1:] for row in TOTALS], ids=[r[0] for r in TOTALS]
)
def test_totals(config: dict[str, Any], options: dict[str, Any], total: int, note: str) -> None:
    network = nparams.read(config, **options)
    assert network.total == total == sum(row.total for row in network.layers)
    assert note in "\n".join(network.notes)
    assert note or not [n for n in network.notes if not n.startswith(("a mixture", "a checkpoint"))], network.notes
    if not options:
        assert nparams.read(json.dumps(config)).total == total  # the same as text


def test_the_other_counts() -> None:
    assert nparams.read({"model_type": "mini"}).also == {"MiniModel": BODY}
    assert nparams.read({**FORCED, "tie_word_embeddings": False}).also == {"library": FORCED_BODY}
    mix = nparams.read(MIX)
    assert mix.totals.active == EXPERTS // 2 + MIX_REST
    assert mix.also == {"checkpoint": EXPERTS + MIX_REST + 8}
    assert "8 numbers in buffers" in "".join(mix.notes)


def test_draft_layers_of_a_type_whose_layout_is_known() -> None:
    """One more layer as the last is with its buffer, a matrix that joins two states, three norms."""
    network = nparams.read({**MIX, "model_type": "glm_moe_dsa", "num_nextn_predict_layers": 1})
    layer = (EXPERTS + MIX_REST - 2 * 100 * 32) // 2 + 4
    drafted = layer + 2 * 32 * 32 + 3 * 32
    assert network.total == EXPERTS + MIX_REST
    assert network.also == {"checkpoint": EXPERTS + MIX_REST + 8 + drafted}
    assert f"8 numbers in buffers and 1 draft layer of {drafted:,} (num_nextn_predict_layers)" in network.notes[-1]


def test_names_are_the_library_s() -> None:
    rows = [(t.name, t.shape, t.role, t.tied_to) for t in nparams.read({**CAUSAL, "n_layer": 1}).tensors()]
    assert rows == [
        ("model.embed_tokens.weight", (100, 8), "weight", None),
        ("model.layers.0.fc.weight", (8, 8), "weight", None),
        ("model.layers.0.fc.bias", (8,), "bias", None),
        ("lm_head.weight", (100, 8), "weight", "model.embed_tokens.weight"),
    ]


# -- refused -----------------------------------------------------------------------------------------------------------

MANY = '{"model_type": "mini", "a": ' + "[" * 100_000
#: (what, the file as text or dict, options, what the message begins with)
REFUSED: list[tuple[str, Any, dict[str, Any], str]] = [
    ("--set of what is made of others", {**CAUSAL, "model_type": "wide", "half": 4}, {"set": {"hidden_size": 3}},
     "--set hidden_size: wide makes it 8 of other fields; set those"),
    ("a part laid flat that the class does not gather", {**DUO, "model_type": "solo", "vocab_size": 10}, {},
     'its text_config is missing, and "vocab_size" stands beside where that should be: what the library makes of it '
     "was not verified for solo; --with-library counts it where transformers is installed"),
    ("an unknown type", {"model_type": "llama5"}, {},
     'model_type "llama5" has no formula here, and none is taken from another type: count its weights instead'),
    ("code of its own", {"model_type": "chatglm", "auto_map": {"AutoModel": "modeling_chatglm.ChatGLM"}}, {},
     'model_type "chatglm" is code of the repository\'s own (auto_map), which is never run'),
    ("a class that the type lacks", {"model_type": "mini", "architectures": ["MiniForCTC"]}, {},
     "architectures names MiniForCTC; of mini there are formulas here for MiniModel, MiniForSequenceClassification and "
     "MiniForCausalLM"),
    ("the same with code of its own", {**CAUSAL, "architectures": ["Odd"], "auto_map": {"a": "b"}}, {},
     "architectures names Odd, and the repository brings code of its own (auto_map), which is not run"),
    ("a class that is asked for and is none", CAUSAL, {"which": "MiniForCTC"},
     "--which MiniForCTC: mini has no such class here, but MiniModel, "),
    ("architectures of numbers", {**CAUSAL, "architectures": [1]}, {}, "architectures: a list of names of classes"),
    ("no type", {"architectures": ["BertModel"], "hidden_size": 8}, {},
     'this config.json has no "model_type", only a class (BertModel): add the line'),
    ("no type, and a class that is known", {"architectures": ["MiniForCausalLM"]}, {},
     'this config.json has no "model_type", only a class (MiniForCausalLM): add the line "model_type": "mini", as '
     "files today have it"),
    ("diffusers", {"_class_name": "UNet2DConditionModel", "sample_size": 64}, {},
     "this is a configuration of diffusers (UNet2DConditionModel), whose models are in no catalogue here: count its"),
    ("an adapter", {"peft_type": "LORA", "r": 8}, {}, "this is the settings of an adapter (LORA), which do not say"),
    ("timm", {"architecture": "resnet50", "pretrained_cfg": {"tag": "a1"}}, {},
     "this is a configuration of timm, whose"),
    ("sentence-transformers", '[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]', {},
     "this is modules.json of sentence-transformers"),
    ("a list", '["model_type"]', {}, "this JSON is no configuration: a config.json is one object"),
    ("a value of another kind", {**CAUSAL, "hidden_size": "8"}, {}, 'hidden_size = "8" was not verified for mini'),
    ("a negative size", {**CAUSAL, "hidden_size": -8}, {}, "hidden_size = -8: hidden_size gives no size for mini"),
    ("labels that are none", {**SCORE, "id2label": [1, 2]}, {}, 'id2label is "[1, 2]": an object with a name for each'),
    ("settings by layer", {**CAUSAL, "per_layer_config": {"0": {"hidden_size": 4}}}, {},
     "per_layer_config gives single layers settings of their own, which no formula was verified for"),
    ("heads cut out", {**CAUSAL, "pruned_heads": {"0": [1]}}, {}, "pruned_heads names heads that were cut out"),
    ("--set of no field", CAUSAL, {"set": {"n_positions": 5}}, "--set n_positions: no field of this config.json"),
    ("another option", CAUSAL, {"inputs": 3}, "inputs are for a Flax module"),
    ("broken JSON", '{"model_type": "mini" 3}', {}, "a config.json is JSON, and this is none at line 1, column 23: "),
    ("a key twice", '{"model_type": "mini", "n_layer": 1, "n_layer": 2}', {},
     'the key "n_layer" stands there twice, with different values'),
    ("a key twice below", '{"model_type": "mini", "x": {"a": 1, "a": 2}}', {}, 'the key "a" stands there twice'),
    ("nesting", MANY, {}, "a config.json nested too deep to be one"),
    ("a long number", '{"model_type": "mini", "n_layer": ' + "9" * 50 + "}", {}, "a number of 50 digits; up to 40"),
    ("a very long number", '{"model_type": "mini", "n_layer": ' + "9" * 9_000 + "}", {}, "a number of 9,000 digits"),
    ("NaN for a size", '{"model_type": "mini", "n_layer": NaN}', {}, "n_layer = nan was not verified for mini"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "options", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(source: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(NparamsError) as caught:
        nparams.read(source, **options)
    assert str(caught.value).startswith(message), str(caught.value)
    assert "\n" not in str(caught.value)


READ_ALL_THE_SAME: list[tuple[str, str, int]] = [
    ("a byte order mark", "\ufeff" + json.dumps(CAUSAL), BODY),
    ("a key twice, with one value", '{"model_type": "mini", "n_layer": 2, "n_layer": 2}', BODY),
    ("Infinity", '{"model_type": "mini", "time_step_limit": [0.0, Infinity]}', BODY),
    ("many layers", '{"model_type": "mini", "architectures": ["MiniModel"], "n_layer": 1000000000}', 800 + 72 * 10**9),
]


@pytest.mark.parametrize(
    ("text", "total"), [row[1:] for row in READ_ALL_THE_SAME], ids=[r[0] for r in READ_ALL_THE_SAME]
)
def test_read_all_the_same(text: str, total: int) -> None:
    assert nparams.read(text).total == total


# -- where it comes from -----------------------------------------------------------------------------------------------


def test_a_file_and_a_directory(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CAUSAL))
    assert nparams.read(tmp_path / "config.json").total == BODY
    assert nparams.read(str(tmp_path / "config.json"), form="config").total == BODY
    network = nparams.read(tmp_path)
    assert (network.total, network.source) == (BODY, str(tmp_path))
    assert network.notes[-1] == "read from config.json: there are no weights that can be read here"
    assert nparams.read(tmp_path, which="MiniForSequenceClassification").total == BODY + 16


def test_weights_come_first(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CAUSAL))
    (tmp_path / "model.safetensors").write_bytes(safetensors([T("w", (3, 4))]))
    assert nparams.read(tmp_path).total == 12
    with pytest.raises(NparamsError, match="--which chooses one of several models in code"):
        nparams.read(tmp_path, which="MiniModel")


def test_a_large_file(tmp_path: Path) -> None:
    with open(tmp_path / "config.json", "wb") as file:
        file.write(b'{"model_type": "mini", "x": "')
        file.truncate(100_000_000)
    with pytest.raises(NparamsError, match=r"^config\.json: 100,000,000 bytes"):
        nparams.read(tmp_path / "config.json")


@pytest.mark.parametrize(
    "source",
    ['{"vocab_size": 50257, "n_layer": 12, "n_embd": 768}', '{"n_layer": 12, "n_embd": 768, "n_head": 12}'],
)
def test_hyper_parameters_stay_what_they_are(source: str) -> None:
    assert nparams.read(source).form == "hyper"


@pytest.mark.parametrize(
    "source",
    [{"model_type": "mini", "model": {"w": [[1.0]]}, "x": object()}, {"model_type": "mini", "w": {"a": object()}}],
)
def test_what_a_program_holds_is_no_configuration(source: dict[str, object]) -> None:
    with pytest.raises(NparamsError, match="cannot count an object of type dict"):
        nparams.read(source)


# -- number types and packed checkpoints -------------------------------------------------------------------------------

#: (what the file says, number type, a word of a note)
DTYPES: list[tuple[dict[str, Any], str | None, str]] = [
    ({"torch_dtype": "bfloat16"}, "bfloat16", ""),
    ({"dtype": "float16"}, "float16", ""),
    ({"dtype": "float16", "torch_dtype": "float32"}, "float16", ""),
    ({"dtype": None, "torch_dtype": "torch.float32"}, "float32", ""),
    ({"text_config": {"torch_dtype": "bfloat16"}}, "bfloat16", ""),
    ({}, None, ""),
    ({"dtype": "auto"}, None, 'dtype "auto" is no number type, so bytes are unknown'),
    ({"dtype": 16}, None, 'dtype "16" is no number type'),
]


@pytest.mark.parametrize(("said", "dtype", "note"), DTYPES)
def test_number_types(said: dict[str, Any], dtype: str | None, note: str) -> None:
    network = nparams.read({**CAUSAL, **said})
    assert network.totals.dtypes == (None if dtype is None else {dtype: BODY})
    assert note in "".join(network.notes)
    width = {"bfloat16": 2, "float16": 2, "float32": 4, None: None}[dtype]
    assert network.totals.bytes == (None if width is None else width * BODY)


def untied(**quantised: Any) -> dict[str, Any]:
    return {**CAUSAL, "hidden_size": 256, "n_layer": 1, "tie_word_embeddings": False, "dtype": "float16",
            "quantization_config": quantised}  # fmt: skip


OTHERS = (2 * 100 * 256 + 256) * 2  # the tables and the bias in float16
WORDS4 = 256 * 256 // 2
GROUP = {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 64,
                                            "symmetric": True}}  # fmt: skip
EIGHT = {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float", "strategy": "channel", "symmetric": True}}
#: (what, the settings, bytes of the packed matrix of 256 x 256, its number type, bytes of what lies beside it)
MODEL = {"quantizer": ["gptqmodel:1.4.0"]}
PACKED: list[tuple[str, dict[str, Any], int, str, int]] = [
    ("GPTQ", {"quant_method": "gptq", "bits": 4, "group_size": 128, "meta": MODEL}, WORDS4, "int4",
     2 * 256 // 2 + 2 * 256 * 2 + 256 * 4),
    ("GPTQ in one group", {"quant_method": "gptq", "bits": 8, "group_size": -1, "meta": MODEL}, 2 * WORDS4, "int8",
     256 + 256 * 2 + 256 * 4),
    ("AWQ", {"quant_method": "awq", "bits": 4, "group_size": 64, "version": "gemm"}, WORDS4, "int4",
     4 * 256 // 2 + 4 * 256 * 2),
    ("bitsandbytes 4-bit", {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, WORDS4,
     "nf4", 16 * 4 + 1024 * 4),
    ("the same, doubly", {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4",
                          "bnb_4bit_use_double_quant": True}, WORDS4, "nf4", 16 * 4 + 1024 + 4 * 4 + 256 * 4),
    ("bitsandbytes 8-bit", {"quant_method": "bitsandbytes", "load_in_8bit": True}, 2 * WORDS4, "int8", 256 * 4),
    ("FP8 in blocks", {"quant_method": "fp8", "weight_block_size": [128, 128]}, 2 * WORDS4, "float8_e4m3fn", 4 * 4),
    ("FP8 in blocks that do not fit", {"quant_method": "fp8", "weight_block_size": [100, 100]}, 2 * WORDS4,
     "float8_e4m3fn", 9 * 4),
    ("compressed-tensors", {"quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": ["lm_head"],
                            "config_groups": {"group_0": GROUP}}, WORDS4, "int4", 256 * 4 * 2 + 16),
    ("compressed-tensors FP8", {"quant_method": "compressed-tensors", "format": "float-quantized",
                                "ignore": ["re:.*lm_head"], "config_groups": {"group_0": EIGHT}},
     2 * WORDS4, "float8_e4m3fn", 256 * 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "held", "dtype", "beside"), [row[1:] for row in PACKED], ids=[row[0] for row in PACKED]
)
def test_packed(said: dict[str, Any], held: int, dtype: str, beside: int) -> None:
    network = nparams.read(untied(**said))
    plain = nparams.read({key: value for key, value in untied().items() if key != "quantization_config"})
    assert network.total == plain.total == 2 * 100 * 256 + 256 * 256 + 256
    assert network.totals.parameter_bytes == OTHERS + held
    assert network.totals.bookkeeping_bytes == beside
    assert network.totals.dtypes == {dtype: 65_536, "float16": 51_456}


#: (what, the settings, why bytes are unknown)
UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("a scheme", {"quant_method": "aqlm"}, 'how "aqlm" stores weights is not known here'),
    ("no scheme", {"bits": "x"}, "how"),
    ("no group size", {"quant_method": "gptq", "bits": 4}, "its settings leave open how GPTQ stores"),
    ("odd bits", {"quant_method": "awq", "bits": 3, "group_size": 128}, "leave open how AWQ stores"),
    ("FP8 by tensor", {"quant_method": "fp8", "weight_block_size": None}, "leave open how FP8 stores"),
    ("a pattern", {"quant_method": "fp8", "weight_block_size": [8, 8], "ignored_layers": ["re:(a|b)+$"]},
     'the pattern "re:(a|b)+$" is not followed'),
    ("GPTQ by a tool that is not named", {"quant_method": "gptq", "bits": 4, "group_size": 128},
     "its settings leave open how GPTQ stores"),
    ("exceptions", {"quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic": {"-:.*fc": {}}},
     'its "dynamic" makes exceptions for single modules'),
    ("MLX's exceptions", {"group_size": 64, "bits": 4, "model.layers.0.fc": False}, 'its "model.layers.0.fc" makes'),
    ("nothing is packed", {"quant_method": "mxfp4"}, "it names no matrix that is packed"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "why"), [row[1:] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_packed_in_an_unknown_way(said: dict[str, Any], why: str) -> None:
    network = nparams.read(untied(**said))
    assert network.total == 2 * 100 * 256 + 256 * 256 + 256
    assert (network.totals.bytes, network.totals.dtypes) == (None, None)
    assert any(note.startswith("bytes are unknown: ") and why in note for note in network.notes), network.notes


def test_packed_experts() -> None:
    said = {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head", "model.layers.*.mlp.gate"]}
    network = nparams.read({**MIX, "dtype": "bfloat16", "quantization_config": said})
    assert network.totals.active == EXPERTS // 2 + MIX_REST
    assert network.totals.parameter_bytes == EXPERTS // 2 + MIX_REST * 2
    assert network.totals.bookkeeping_bytes == EXPERTS // 32
