"""Settings beside a checkpoint: wherever they sit, one answer; and totals that files declare of themselves."""

from __future__ import annotations

import json

import pytest

import nparams
from nparams.files.bytesource import LocalFolder
from nparams.stored.settings import PLACES, config_bits, mlx_settings, quantisation
from tests.safetensors_maker import T, index_of, safetensors


def folder(path, **files: object) -> LocalFolder:
    """JSON files in a folder, each by its name without ending."""
    for name, held in files.items():
        (path / f"{name}.json").write_text(held if isinstance(held, str) else json.dumps(held))
    return LocalFolder(str(path))


GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": True}
# the files | where, method, bits, group
FOUND = [
    ("transformers", {"config": {"model_type": "llama", "quantization_config": GPTQ}},
     ("config.json quantization_config", "gptq", 4, 128)),
    ("in the text part", {"config": {"text_config": {"quantization_config": GPTQ}, "vision_config": {}}},
     ("config.json text_config.quantization_config", "gptq", 4, 128)),
    ("in another part", {"config": {"llm_config": {"quantization_config": GPTQ}}},
     ("config.json llm_config.quantization_config", "gptq", 4, 128)),
    ("two deep", {"config": {"thinker_config": {"text_config": {"quantization_config": GPTQ}}}},
     ("config.json thinker_config.text_config.quantization_config", "gptq", 4, 128)),
    ("AutoGPTQ", {"config": {"model_type": "llama"}, "quantize_config": {"bits": 3, "group_size": -1}},
     ("quantize_config.json", None, 3, None)),
    ("AWQ", {"quant_config": {"zero_point": True, "q_group_size": 128, "w_bit": 4, "version": "GEMM"}},
     ("quant_config.json", None, 4, 128)),
    ("ModelOpt", {"hf_quant_config": {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4",
     "group_size": 16, "exclude_modules": ["lm_head"]}}}, ("hf_quant_config.json quantization", "NVFP4", 4, 16)),
    ("MLX", {"config": {"quantization": {"group_size": 64, "bits": 4}}}, ("config.json quantization", None, 4, 64)),
    ("compressed-tensors, early", {"config": {"compression_config": {"quant_method": "sparseml"}}},
     ("config.json compression_config", "sparseml", None, None)),
    ("bitsandbytes", {"config": {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}},
     ("config.json quantization_config", "bitsandbytes", 4, None)),
    ("bitsandbytes, 8 bits", {"config": {"quantization_config": {"_load_in_8bit": True, "load_in_4bit": False}}},
     ("config.json quantization_config", None, 8, None)),
    ("the first of several", {"config": {"quantization_config": GPTQ}, "quantize_config": {"bits": 8}},
     ("config.json quantization_config", "gptq", 4, 128)),
    ("numbers that are none", {"config": {"quantization_config": {"bits": True, "group_size": "1", "quant_method": 7}}},
     ("config.json quantization_config", None, None, None)),
]  # fmt: skip


@pytest.mark.parametrize("case", FOUND, ids=[c[0] for c in FOUND])
def test_one_answer_wherever_it_sits(tmp_path, case):
    _, files, expected = case
    found = quantisation(folder(tmp_path, **files))
    assert found is not None
    assert (found.where, found.method, found.bits, found.group) == expected


def test_every_place_is_looked_at(tmp_path):
    seen = {expected[0] for _, _, expected in FOUND}
    assert {f"{file} {key}".rstrip() for file, key, _ in PLACES} <= seen


NONE = [
    {}, {"config": {"model_type": "llama"}}, {"config": []}, {"config": "{"}, {"config": '{"a": 1, "a": 2}'},
    {"config": {"quantization_config": None}}, {"config": {"quantization_config": []}}, {"config": "[" * 100_000},
    {"quantize_config": "not JSON"}, {"config": {"quantization_config": {}}},
]  # fmt: skip


@pytest.mark.parametrize("files", NONE)
def test_no_settings(tmp_path, files):
    assert quantisation(folder(tmp_path, **files)) is None
    assert mlx_settings(folder(tmp_path, **files)) == {}
    assert quantisation(None) is None


def test_the_widths_of_groups_wherever_they_sit(tmp_path):
    groups = {"config_groups": {"a": {"weights": {"num_bits": 4}}, "b": {"weights": None}, "c": 1}}
    assert config_bits(folder(tmp_path, config={"text_config": {"quantization_config": groups}})) == {4}


MLX = (T("q.weight", [8, 8], "U32"), T("q.scales", [8, 1], "F16"), T("q.biases", [8, 1], "F16"))


@pytest.mark.parametrize("held", [
    {"quantization": {"group_size": 64, "bits": 4}}, {"text_config": {"quantization": {"group_size": 64, "bits": 4}}},
    {"quantization": {"group_size": 32, "bits": 8, "q": {"group_size": 64, "bits": 4}}},
])  # fmt: skip
def test_a_packed_weight_that_only_settings_explain(tmp_path, held):
    folder(tmp_path, config=held)
    (tmp_path / "model.safetensors").write_bytes(safetensors(MLX))
    assert nparams.read(tmp_path).total == 8 * 64


# -- totals that files declare ----------------------------------------------------------------------------------------

ONE = (T("a.weight", [4]),)
#: metadata of the header | metadata of the index or None | config.json | also | notes before the last
DECLARED = [
    ({"total_parameters": "4"}, None, {}, 4, []),
    ({"total_parameters": "7"}, None, {}, 7, ["the file declares 7 parameters; its tensors hold 4"]),
    ({"num_parameters": "7"}, None, {}, 7, ["the file declares 7 parameters; its tensors hold 4"]),
    ({"total_parameters": "7B"}, None, {}, None, []),
    ({}, None, {"num_parameters": 7}, 7, ["config.json declares 7 parameters; its tensors hold 4"]),
    ({"total_parameters": "4"}, None, {"num_parameters": 7}, 4, []),
    ({}, {"total_parameters": 333_312, "total_size": 16}, {}, 333_312,
     ["the index declares 333,312 parameters; its tensors hold 4"]),
    ({}, {"total_size": 20}, {}, None, ["the index declares 20 bytes of tensors; the shards hold 16"]),
    ({}, {"total_size": 16.0}, {}, None, []),
    ({}, {"total_size": "16", "total_parameters": -1}, {}, None, []),
    ({}, {"total_size": None, "total_parameters": True}, {"num_parameters": [1]}, None, []),
]  # fmt: skip


@pytest.mark.parametrize(("header", "index", "held", "also", "notes"), DECLARED)
def test_declared_totals(tmp_path, header, index, held, also, notes):
    folder(tmp_path, config=held)
    (tmp_path / "model.safetensors").write_bytes(safetensors(ONE, header))
    if index is not None:
        where = index_of({"a.weight": "model.safetensors"}, index)
        (tmp_path / "model.safetensors.index.json").write_bytes(where)
    found = nparams.read(tmp_path)
    assert (found.total, found.also.get("declared"), found.notes[:-1]) == (4, also, notes)
