"""A head in the names of its fields: with numbers put in it is the counted one, and its letters are apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.architectures.letters import letters
from nparams.architectures.network import network_of
from nparams.architectures.symbolic import symbolic
from nparams.errors import UnsupportedError
from nparams.expr import evaluate, parse
from tests.architectures import HEADS, entry, tiny
from tests.test_architectures import ANY, CONFIGS, ENTRIES

LLAMA = (
    "num_hidden_layers*(attention_bias*(head_dim*num_attention_heads + 2*head_dim*num_key_value_heads + hidden_size)"
    " + mlp_bias*(hidden_size + 2*intermediate_size) + 2*head_dim*hidden_size*num_attention_heads"
    " + 2*head_dim*hidden_size*num_key_value_heads + 3*hidden_size*intermediate_size + 2*hidden_size)"
    " + (1 - tie_word_embeddings)*(hidden_size*vocab_size) + hidden_size*vocab_size + hidden_size"
)


def test_the_formula_of_llama() -> None:
    network = symbolic(ENTRIES["llama"], HEADS["llama"])
    assert str(network.total) == LLAMA
    assert network.formula() == LLAMA
    assert network.where == ("hidden_size%num_attention_heads==0",)
    assert network.notes == [
        "where it is null: head_dim = hidden_size//num_attention_heads, num_key_value_heads = num_attention_heads"
    ]
    assert network.fields["head_dim"] == 128


@given(ANY)
@settings(max_examples=100, deadline=None)
def test_with_every_field_fixed_it_is_the_counted_one(drawn: tuple[str, dict[str, Any]]) -> None:
    name, config = drawn
    held, head = ENTRIES[name], HEADS[name]
    made = symbolic(held, head, config, free=())
    counted = network_of(held, head, config)
    assert (made.total, made.totals.buffers, made.totals.listed) == (
        counted.total, counted.totals.buffers, counted.totals.listed,
    )  # fmt: skip


@given(ANY, st.data())
@settings(max_examples=100, deadline=None)
def test_with_numbers_for_its_symbols_it_is_the_counted_one(drawn: tuple[str, dict[str, Any]], data: Any) -> None:
    """The symbols are any of the fields that the configuration has as plain numbers and flags."""
    name, config = drawn
    held, head = ENTRIES[name], HEADS[name]
    plain = [field for field, value in config.items() if isinstance(value, int)]
    free = data.draw(st.lists(st.sampled_from(plain), unique=True) if plain else st.just([]))
    try:
        made = symbolic(held, head, config, free=free)
    except UnsupportedError:
        assert name == "moe" or "num_stages" in free  # a list in the file of a length that is left open
        return
    total = made.total if isinstance(made.total, int) else evaluate(made.total, {f: int(config[f]) for f in free})  # type: ignore[arg-type]
    assert total == network_of(held, head, config).total
    for condition in made.where:
        assert evaluate(parse(f"[{condition}]"), {f: int(config[f]) for f in free}) == 1


SUBSTITUTED: list[tuple[str, dict[str, Any]]] = [
    ("llama", {"hidden_size": 64, "attention_bias": True, "num_key_value_heads": 4, "head_dim": 5}),
    ("llama", {"hidden_size": 64, "tie_word_embeddings": True, "num_key_value_heads": 4, "head_dim": 5}),
    ("stages", {"embed_dim": 7, "qkv_bias": False, "dim1": 3}),
    ("moe", {"first_k_dense_replace": 2, "num_hidden_layers": 5, "sliding_window_pattern": 3}),
]


@pytest.mark.parametrize(("name", "config"), SUBSTITUTED)
def test_the_network_itself_takes_numbers(name: str, config: dict[str, Any]) -> None:
    made = symbolic(ENTRIES[name], HEADS[name], free=tuple(config))
    numbers = made.substitute({field: int(value) for field, value in config.items()})
    counted = network_of(ENTRIES[name], HEADS[name], config)
    assert numbers.total == counted.total
    assert sum(row.total for row in numbers.layers) == counted.total  # type: ignore[misc]


def test_a_field_that_is_left_open_is_a_symbol_and_all_others_are_fixed() -> None:
    made = symbolic(ENTRIES["moe"], HEADS["moe"], {"hidden_size": 8}, free=["text_config.hidden_size"])
    assert made.total is not None
    assert evaluate(made.total, {"text_config__hidden_size": 3}) == (
        network_of(ENTRIES["moe"], HEADS["moe"], {"hidden_size": 8, "text_config": {"hidden_size": 3}}).total
    )


def test_what_only_the_first_layer_has_is_one_tensor() -> None:
    over = [["i", "n"]]
    held = tiny(
        [
            {"over": over, "tensors": [["layers.{i}.w", ["h", "h"], "Linear"]]},
            {"over": over, "if": "bias*[i == 0]", "tensors": [["layers.{i}.table", ["h"], "Embedding"]]},
        ],
        fields={"h": 5, "n": 3, "bias": True},
    )
    made = symbolic(held, "Tiny")
    assert [t.name for t in made.tensors()] == ["layers.[i].w", "layers.0.table"]
    assert evaluate(made.total, {"h": 5, "n": 3, "bias": 1}) == 80  # type: ignore[arg-type]
    assert evaluate(made.total, {"h": 5, "n": 0, "bias": 1}) == 0  # type: ignore[arg-type]
    assert symbolic(held, "Tiny", {"n": 3}, free=["h"]).formula() == "3*h**2 + h"


#: config, fields that stay open -> the total
FACTORS: list[tuple[dict[str, Any], tuple[str, ...] | None, str]] = [
    ({}, None, "trunc(2.5*h)"), ({"mlp_ratio": 4.363636363636363}, None, "trunc(4.363636363636363*h)"),
    ({"mlp_ratio": 4.363636363636363, "h": 1408}, (), "6144"), ({"mlp_ratio": 4, "h": 7}, ("h",), "trunc(4.0*h)"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "free", "total"), FACTORS)
def test_a_width_made_with_a_fraction(config: dict[str, Any], free: tuple[str, ...] | None, total: str) -> None:
    held = tiny(
        [{"tensors": [["w", ["mlp_ratio__times__h"], "Linear"]]}],
        fields={"mlp_ratio": 2.5, "h": 10}, tests={"mlp_ratio__times__h": ["mlp_ratio", "times", "h"]},
    )  # fmt: skip
    made = symbolic(held, "Tiny", config, free)
    assert str(made.total) == total
    values = {"h": 1408, **config}
    assert evaluate(parse(total), {"h": values["h"]}) == network_of(held, "Tiny", values).total


def test_a_list_of_a_length_that_is_left_open_is_refused() -> None:
    config = {"layer_types": ["full_attention"] * 4}
    with pytest.raises(
        UnsupportedError, match="layer_types is a list of 4, and how many layers there are is left open"
    ):
        symbolic(ENTRIES["moe"], HEADS["moe"], config, free=["num_hidden_layers"])


def test_routed_experts_are_active_in_part() -> None:
    made = symbolic(
        ENTRIES["moe"], HEADS["moe"], {}, ["num_experts_per_tok", "num_experts", "moe_intermediate_size"],
        route=lambda name, _: (parse("num_experts_per_tok"), parse("num_experts")) if ".experts." in name else None,
    )  # fmt: skip
    values = {"num_experts_per_tok": 2, "num_experts": 8, "moe_intermediate_size": 32}
    assert evaluate(made.totals.active, values) == 156_256  # type: ignore[arg-type]


LETTERS = {
    "vocab_size": "V", "hidden_size": "h", "num_hidden_layers": "L", "num_attention_heads": "a",
    "num_key_value_heads": "k", "head_dim": "d", "intermediate_size": "f", "attention_bias": "ab", "mlp_bias": "mb",
    "tie_word_embeddings": "tie",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_letters_are_apart_and_name_every_symbol(name: str) -> None:
    found = letters(entry(name), HEADS[name])
    assert len(set(found.values())) == len(found)
    assert all(letter.isidentifier() and not letter[-1].isdigit() for letter in found.values())


def test_letters_of_llama_are_those_of_papers() -> None:
    found = letters(entry("llama"), HEADS["llama"])
    assert {field: found[field] for field in LETTERS} == LETTERS
    assert letters(entry("moe"), HEADS["moe"])["vision_config__hidden_size"] == "h_v"
