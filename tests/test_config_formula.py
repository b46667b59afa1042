"""nparams formula: the closed form of a type or a config.json in letters, its legend, and where it is known from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.architectures import catalogue
from nparams.architectures.formula import of_config, of_type
from nparams.cli.main import main
from nparams.expr import substitute
from tests.config_entries import ENTRIES


@pytest.fixture(autouse=True)
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    catalogue.use(ENTRIES)
    yield
    catalogue.use(None)


CAUSAL = {"model_type": "mini", "architectures": ["MiniForCausalLM"]}
VERIFIED = "compared with 60 models that transformers 5.24.0 made of random configurations, 2026-11-27"
#: (words, what is printed)
PRINTED: list[tuple[list[str], str]] = [
    (["mini"], f"""\
MiniForCausalLM (mini, transformers 5.24.0)

total = L·(h² + h) + (1 - tie)·(h·V) + h·V

  V    vocab_size
  h    hidden_size
  L    n_layer
  tie  tie_word_embeddings  0 or 1

{VERIFIED}"""),
    (["mini", "--which", "MiniModel", "--set", "vocab_size=10"], f"""\
MiniModel (mini, transformers 5.24.0)

total = L·(h² + h) + 10·h

  h  hidden_size
  L  n_layer

{VERIFIED}"""),
    (["config.json"], f"""\
MiniForCausalLM (mini, transformers 5.24.0)

total = L·(h² + h) + h·V
      = 944

  V  vocab_size   100
  h  hidden_size  8
  L  n_layer      2

{VERIFIED}"""),
    (["784-10"], """\
784-10  fully connected: 784 inputs, no hidden layer, 10 outputs

weights  784·10       = 7,840
biases   10
total    784·10 + 10  = 7,850"""),
    (["mini", "--latex", "--which", "MiniModel"], r"""% MiniModel (mini, transformers 5.24.0)
%  V  vocab_size
%  h  hidden_size
%  L  n_layer
\begin{align*}
\text{total} &= L \cdot \left(h^{2} + h\right) + h \cdot V
\end{align*}"""),
    ([], "bloom duo forced glm_moe_dsa kept mini ministral mistral mix solo wide"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "printed"), PRINTED, ids=[" ".join(words) for words, _ in PRINTED])
def test_printed(words: list[str], printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.json").write_text(json.dumps(CAUSAL))
    assert main(["formula", *words]) == 0
    assert capsys.readouterr().out.rstrip() == printed


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.json").write_text(json.dumps(CAUSAL))
    assert main(["formula", "config.json", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["total"] == 944
    assert said["letters"] == {"V": "vocab_size", "h": "hidden_size", "L": "n_layer"}
    assert said["values"] == {"vocab_size": 100, "hidden_size": 8, "n_layer": 2}
    assert said["verified"]["configs"] == 60
    assert nparams.read("1-1").total == 2  # nothing is left behind


def test_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        (["mini", "--which", "Nope"], "nparams: --which Nope: mini has no such class here, but MiniModel,"),
        (["mini", "--set", "x=3"], "nparams: --set x: no field of this config.json that matters; those are vocab_size"),
        (["llama5"], "nparams: "),
    ):
        assert main(["formula", *words]) == 2
        said = capsys.readouterr().err
        assert said.startswith(message)
        assert said.count("\n") == 1


#: (what, the file)
SAME: list[tuple[str, dict[str, Any]]] = [
    ("a tie", CAUSAL),
    ("no tie", {**CAUSAL, "tie_word_embeddings": False, "n_layer": 7}),
    ("a tie that the library forces", {"model_type": "forced", "tie_word_embeddings": False, "vocab_size": 77}),
    ("experts", {"model_type": "mix", "num_experts": 6, "hidden_size": 20}),
    ("labels", {"model_type": "mini", "architectures": ["MiniForSequenceClassification"], "id2label": {"0": "a"}}),
    ("parts", {"model_type": "duo", "text_config": {"layer_types": ["full_attention", "mamba"], "hidden_size": 3}}),
]


@pytest.mark.parametrize("config", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_the_formula_has_the_total(config: dict[str, Any]) -> None:
    found = of_config(config)
    values = {row.letter: row.value for row in found.legend if row.value is not None}
    assert substitute(found.total, values) == found.number == nparams.count(config)


def test_active_parameters() -> None:
    config = {"model_type": "mix", "num_experts": 6, "num_experts_per_tok": 2}
    found = of_config(config)
    assert found.active is not None
    values = {row.letter: row.value for row in found.legend if row.value is not None}
    assert substitute(found.active, values) == nparams.read(config).totals.active
    assert of_type("mix").active is not None


def test_fields_left_open() -> None:
    """What solve asks for: some fields stay symbols, others are expressions in them."""
    network = nparams.read(CAUSAL, free=("hidden_size",), set={"vocab_size": "10*hidden_size", "n_layer": 3})
    assert str(network.total) == "3*(hidden_size**2 + hidden_size) + 10*hidden_size**2"
    assert network.fields["n_layer"] == 3
    assert network.aliases["n_embd"] == "hidden_size"
    by_alias = nparams.read(CAUSAL, free=("n_embd",))
    assert str(by_alias.total) == "2*(hidden_size**2 + hidden_size) + 100*hidden_size"


def test_a_long_sum_has_a_term_on_each_line() -> None:
    from nparams.cli.formula import LONG, sum_of
    from nparams.expr import parse

    width = "w" * (LONG // 2)
    assert sum_of("total", parse(f"{width}*a + {width}*b - c"), "text", "  (all)") == [
        "total =  (all)", f"    {width}*a", f"  + {width}*b", "  - c",
    ]  # fmt: skip
    assert len(sum_of("total", parse(f"{width}*a*{width}"), "text")) == 1
