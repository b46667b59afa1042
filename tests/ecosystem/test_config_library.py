"""Configurations in memory, and --with-library: the model that transformers makes without numbers, read as it lives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import transformers

import nparams
from nparams.architectures import catalogue
from nparams.errors import NparamsError
from nparams.frameworks.transformers import OFFLINE

LLAMA = json.loads((Path(__file__).parents[1] / "data/architectures/llama.json").read_text())
SMALL = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 500,
}


@pytest.fixture(autouse=True)
def entries() -> Iterator[None]:
    catalogue.use({"llama": LLAMA})
    yield
    catalogue.use(None)


def llama(V: int, h: int, f: int, L: int) -> int:
    return 2 * V * h + L * (4 * h * h + 3 * h * f + 2 * h) + h


CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], **SMALL}
TOTAL = llama(500, 64, 96, 2)


def test_a_configuration_in_memory() -> None:
    config = transformers.LlamaConfig(**SMALL, architectures=["LlamaForCausalLM"], dtype="bfloat16")
    before = config.to_dict()
    network = nparams.read(config)
    assert (network.total, network.form, network.notes) == (TOTAL, "config", [])
    assert network.totals.dtypes == {"bfloat16": TOTAL}
    assert config.to_dict() == before
    assert nparams.count(config, which="LlamaForCausalLM") == TOTAL


#: (what, configuration, options, total, a word of what it is read as)
LIBRARY: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    ("the class that is named", CONFIG, {}, TOTAL, "LlamaForCausalLM as transformers"),
    ("another class", CONFIG, {"which": "LlamaModel"}, TOTAL - 500 * 64, "LlamaModel as"),
    ("no class", {"model_type": "llama", **SMALL}, {}, TOTAL, "LlamaForCausalLM as"),
    (
        "code of its own is left alone",
        {**CONFIG, "auto_map": {"AutoModelForCausalLM": "evil.Evil"}},
        {},
        TOTAL,
        "Llama",
    ),
    ("a packed checkpoint", {**CONFIG, "quantization_config": {"quant_method": "gptq", "bits": 4}}, {}, TOTAL, "Llama"),
]


@pytest.mark.parametrize(("config", "options", "total", "read_as"), [row[1:] for row in LIBRARY], ids=lambda v: None)
def test_with_library(config: dict[str, Any], options: dict[str, Any], total: int, read_as: str) -> None:
    before = {name: os.environ.get(name) for name in OFFLINE}
    network = nparams.read(config, library=True, **options)
    assert network.total == total == sum(row.total for row in network.layers)
    assert network.read_as.startswith(read_as)
    assert any("not by a formula" in note for note in network.notes)
    assert {name: os.environ.get(name) for name in OFFLINE} == before


#: (what, source, options, the message)
REFUSED: list[tuple[str, Any, dict[str, Any], str]] = [
    (
        "an unknown type",
        {"model_type": "zzz", "auto_map": {"a": "b"}},
        {},
        'model_type "zzz" is unknown to transformers',
    ),
    ("an unknown class", {**CONFIG, "architectures": ["Foo"]}, {}, "has no class Foo for llama"),
    ("a function of the library", {**CONFIG, "architectures": ["pipeline"]}, {}, "has no class pipeline for llama"),
    ("another type's class", {**CONFIG, "architectures": ["BertModel"]}, {}, "has no class BertModel for llama"),
    ("what it refuses itself", {**CONFIG, "hidden_size": 65}, {}, "makes no model of it: "),
    ("--set", CONFIG, {"set": {"vocab_size": 3}}, "--set is not for --with-library"),
    ("no configuration", "784-16-10", {}, "--with-library counts what a config.json describes"),
]


@pytest.mark.parametrize(
    ("source", "options", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(source: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(NparamsError) as caught:
        nparams.read(source, library=True, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_of_configurations_is_none() -> None:
    with pytest.raises(NparamsError, match="LlamaConfig is a class, not a configuration"):
        nparams.read(transformers.LlamaConfig)


def test_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    run = subprocess.run(
        [sys.executable, "-m", "nparams", "config.json", "--with-library", "-q"], cwd=tmp_path, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (0, f"{TOTAL}\n"), run.stderr
