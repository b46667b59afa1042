"""Counting configurations by entries: fields and rules, blocks and indices, ties, experts, hostile sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.architectures.closures import WORK, Entries, compiled
from nparams.architectures.entry import Entry
from nparams.architectures.network import network_of
from nparams.architectures.slots import Table
from nparams.errors import ExprError, ReadError, UnsupportedError, UsageError
from nparams.expr import Expr
from nparams.expr.arithmetic import Work
from tests.architectures import HEADS, entry, one_by_one, tiny
from tests.expressions import NAMES, trees, value_of

LLAMA3 = {"vocab_size": 128256, "intermediate_size": 14336, "num_key_value_heads": 8}

# -- totals by plain arithmetic ---------------------------------------------------------------------------------------


def llama(V: int, h: int, f: int, L: int, a: int, k: int, d: int, ab: int = 0, mb: int = 0, tie: int = 0) -> int:
    """The formula of ../shared/FORMULAS.md."""
    layer = 2 * a * d * h + 2 * k * d * h + 3 * f * h + 2 * h + ab * (a * d + 2 * k * d + h) + mb * (2 * f + h)
    return L * layer + V * h * (2 - tie) + h


TOTALS: list[tuple[str, dict[str, Any], int]] = [
    ("llama", {}, 6_738_415_616),  # Touvron et al. 2023, table 2: 6.7B; the published checkpoint holds this number
    ("llama", LLAMA3, 8_030_261_248),
    ("llama", {"tie_word_embeddings": True}, llama(32000, 4096, 11008, 32, 32, 32, 128, tie=1)),
    ("llama", {"attention_bias": True, "mlp_bias": True}, llama(32000, 4096, 11008, 32, 32, 32, 128, 1, 1)),
    ("llama", {"head_dim": 64, "num_key_value_heads": 4}, llama(32000, 4096, 11008, 32, 32, 4, 64)),
    ("llama", {"num_hidden_layers": 0}, 2 * 32000 * 4096 + 4096),
    ("llama", {"num_hidden_layers": 10**9}, llama(32000, 4096, 11008, 10**9, 32, 32, 128)),
    ("llama", {"rope_theta": float("nan"), "unknown": {"nested": [1]}}, 6_738_415_616),
    ("stages", {"depths": [1], "num_stages": 1, "embed_dim": 10, "qkv_bias": False, "mlp_ratio": 2.5},
     10 + 10 * 3 * 16 + 10 + (20 + 300 + 250)),
    ("stages", {"depths": [1, 2], "num_stages": 2, "embed_dim": 10, "mlp_ratio": 4},
     10 + 490 + (20 + 330 + 400) + 2 * (40 + 60 * 21 + 80 * 20) + 200),
    ("moe", {"num_hidden_layers": 0, "layer_types": [], "first_k_dense_replace": 0}, 64_000 + 512 * 64 + 480),
]  # fmt: skip


@pytest.mark.parametrize(("name", "config", "total"), TOTALS)
def test_totals(name: str, config: dict[str, Any], total: int) -> None:
    assert network_of(entry(name), HEADS[name], config).total == total


# -- against one tensor at a time -------------------------------------------------------------------------------------

SMALL = st.integers(1, 9)
CONFIGS = {
    "llama": st.fixed_dictionaries(
        {},
        optional={
            "vocab_size": SMALL, "hidden_size": st.sampled_from([32, 64, 96]), "intermediate_size": SMALL,
            "num_hidden_layers": st.integers(0, 4), "num_key_value_heads": st.none() | SMALL,
            "head_dim": st.none() | SMALL, "attention_bias": st.booleans(), "mlp_bias": st.booleans(),
            "tie_word_embeddings": st.booleans(),
        },
    ),
    "stages": st.lists(st.integers(0, 3), min_size=1, max_size=5).flatmap(
        lambda depths: st.fixed_dictionaries(
            {
                "depths": st.just(depths), "num_stages": st.just(len(depths)), "embed_dim": SMALL,
                "mlp_ratio": st.sampled_from([1.0, 2.5, 0.5, 4.0]), "qkv_bias": st.booleans(), "dim1": SMALL,
            }
        )
    ),
    "moe": st.integers(0, 5).flatmap(
        lambda layers: st.fixed_dictionaries(
            {"num_hidden_layers": st.just(layers), "first_k_dense_replace": st.integers(0, layers)},
            optional={
                "hidden_size": SMALL, "num_experts": st.sampled_from([4, 8]), "moe_intermediate_size": SMALL,
                "q_lora_rank": st.none() | SMALL, "sliding_window_pattern": st.integers(1, 4),
                "pos": st.sampled_from(["learned", "rotary"]), "tie_word_embeddings": st.booleans(),
                "layer_types": st.lists(
                    st.sampled_from(["full_attention", "sliding_attention"]), min_size=layers, max_size=layers
                ),
                "text_config": st.fixed_dictionaries({}, optional={"hidden_size": SMALL}),
            },
        )
    ),
}  # fmt: skip
ENTRIES = {name: entry(name) for name in CONFIGS}
ANY = st.sampled_from(sorted(CONFIGS)).flatmap(lambda name: st.tuples(st.just(name), CONFIGS[name]))


@given(ANY)
@settings(max_examples=150, deadline=None)
def test_counts_names_and_ties_are_those_of_every_tensor_by_itself(drawn: tuple[str, dict[str, Any]]) -> None:
    name, config = drawn
    network = network_of(ENTRIES[name], HEADS[name], config)
    expected = sorted(one_by_one(ENTRIES[name], HEADS[name], config))
    counted = {
        role: sum(size for _, size, r, tied in expected if r == role and not tied)
        for role in ("weight", "bias", "buffer")
    }
    totals = network.totals
    assert (totals.weights, totals.biases, totals.buffers) == (counted["weight"], counted["bias"], counted["buffer"])
    assert totals.listed == sum(size for _, size, role, _ in expected if role != "buffer")
    assert sorted((t.name, t.size, t.role, t.tied_to) for t in network.tensors()) == expected
    assert sum(row.total for row in network.layers) == network.total  # type: ignore[misc]
    again = network_of(ENTRIES[name], HEADS[name], config)
    list(again.tensors())  # counted from the tensors themselves
    assert again.total == network.total


def test_names_stand_in_the_order_of_registration() -> None:
    names = [t.name for t in network_of(ENTRIES["llama"], HEADS["llama"], {"num_hidden_layers": 11}).tensors()]
    assert names[0] == "model.embed_tokens.weight"
    assert names[-2:] == ["model.norm.weight", "lm_head.weight"]
    layers = [name.split(".")[2] for name in names if ".layers." in name]
    assert layers == [str(k) for k in range(11) for _ in range(9)]


def test_what_only_later_layers_have_stands_where_its_module_stands() -> None:
    cells = [(f"mlp.{name}", condition) for name, condition in (("a", "[i < k]"), ("b", "[k <= i]"))]
    held = tiny(
        [
            {"over": [["i", "n"]], "if": condition, "tensors": [[f"layers.{{i}}.{name}.weight", ["2"], "Linear"]]}
            for name, condition in (cells[0], ("norm", 1), cells[1])
        ],
        fields={"n": 3, "k": 1},
    )
    names = [t.name.removesuffix(".weight") for t in network_of(held, "Tiny", {}).tensors()]
    assert names == ["layers.0.mlp.a", "layers.0.norm", *(f"layers.{k}.{n}" for k in (1, 2) for n in ("mlp.b", "norm"))]


def test_experts_that_a_token_does_not_use_are_taken_off_without_names() -> None:
    network = network_of(
        ENTRIES["moe"], HEADS["moe"], {}, route=lambda name, sides: (2, sides[0]) if ".experts." in name else None
    )
    experts = 3 * 8 * 3 * 32 * 64  # three layers of eight experts with three matrices each
    assert network.total is not None
    assert network.totals.active == network.total - experts * 6 // 8
    unknown = network_of(
        ENTRIES["moe"], HEADS["moe"], {}, route=lambda name, _: (None, 8) if "experts" in name else None
    )
    assert unknown.totals.active is None


def test_number_types_and_components() -> None:
    network = network_of(ENTRIES["moe"], HEADS["moe"], {}, dtype="bfloat16", parts={"model.projector.": "projector"})
    assert network.totals.dtypes == {"bfloat16": network.total}
    assert network.totals.bytes == 2 * network.total + 3 * 8 * 4  # type: ignore[operator]
    assert '"projector": 480' in network.to_json()


# -- refusals ---------------------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("llama", {"hidden_size": None}, "hidden_size = null was not verified for llama (verified: a whole number)"),
    ("llama", {"hidden_size": 4096.0}, "hidden_size = 4096.0 was not verified for llama"),
    ("llama", {"hidden_size": True}, "hidden_size = true was not verified for llama"),
    ("llama", {"hidden_size": "4096"}, 'hidden_size = "4096" was not verified for llama'),
    ("llama", {"hidden_size": [4096]}, "hidden_size = [4096] was not verified for llama"),
    ("llama", {"hidden_size": {"a": 1}}, "hidden_size = an object (dict) was not verified for llama"),
    ("llama", {"hidden_size": 10**30}, "hidden_size = a number of 31 digits was not verified"),
    ("llama", {"hidden_size": 10**9999}, "hidden_size = a number of very many digits was not verified"),
    ("llama", {"attention_bias": 1}, "attention_bias = 1 was not verified for llama (verified: true or false)"),
    ("llama", {"num_hidden_layers": -1}, "num_hidden_layers = -1 was not verified for llama (verified: at least 0)"),
    ("llama", {"num_attention_heads": 0}, "num_attention_heads = 0: head_dim of llama has no value (division by zero)"),
    ("llama", {"hidden_size": 4097}, "hidden_size = 4097, num_attention_heads = 32: llama was verified where"),
    ("llama", {"hidden_size": -32}, "gives no size for llama"),
    ("moe", {"decoder_sparse_step": 2}, "decoder_sparse_step = 2 was not verified for moe (verified: 1); --with"),
    ("moe", {"layer_types": ["full_attention", 1]}, 'layer_types = ["full_attention", 1] was not verified'),
    ("moe", {"layer_types": ["full_attention"]}, "layer_types = ["),
    ("moe", {"num_hidden_layers": 10**9}, "layer_types of moe has no value (a list of so many entries"),
    ("moe", {"hidden_size": 64, "n_embd": 65}, "n_embd and hidden_size are one setting of moe, and differ here"),
    ("moe", {"text_config": 5}, "text_config = 5 was not verified for moe (verified: an object)"),
    ("moe", {"first_k_dense_replace": 5}, "first_k_dense_replace"),
    ("stages", {"mlp_ratio": 0.1}, "mlp_ratio = 0.1"),
    ("stages", {"mlp_ratio": float("nan")}, "mlp_ratio = nan"),
    ("stages", {"mlp_ratio": float("inf")}, "mlp_ratio = inf"),
    ("stages", {"depths": 4}, "depths = 4 was not verified for stages (verified: a list of whole numbers)"),
    ("stages", {"depths": [2, 2, 6, -2]}, "gives no size for stages"),
    ("stages", {"depths": [2, 2, 6, True]}, "depths = [2, 2, 6, ...] was not verified"),
    ("stages", {"depths": [2, 2, 6, 2, 2]}, "stages was verified where"),
    ("stages", {"num_stages": 20_000, "depths": [1] * 20_000}, "stages"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "config", "text"), REFUSED)
def test_what_was_not_verified_is_refused_in_one_line(name: str, config: dict[str, Any], text: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        network_of(ENTRIES[name], HEADS[name], config).total  # noqa: B018
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_an_unknown_class_is_refused_by_name() -> None:
    with pytest.raises(
        UnsupportedError, match=r'"LlamaForBananas" was not verified for llama \(verified: LlamaForCausalLM\)'
    ):
        network_of(ENTRIES["llama"], "LlamaForBananas", {})


def test_very_many_equal_layers_are_counted_and_not_listed() -> None:
    network = network_of(ENTRIES["llama"], HEADS["llama"], {"num_hidden_layers": 10**12})
    assert network.total == llama(32000, 4096, 11008, 10**12, 32, 32, 128)
    with pytest.raises(UsageError, match="too many to list one by one"):
        list(network.tensors())


HOSTILE = tiny(
    [{"over": [["i", "n"]], "if": "[i*i < 7]", "tensors": [["w.{i}", ["n**n + 1"], "Linear"]]}], fields={"n": 3}
)


#: condition, how many of the indices 0..n-1 and 0..i it is true for, for n = 10**9 and k = 3
LIMITS: list[tuple[str, int]] = [
    ("[i < k]", 3), ("[i <= k]", 4), ("[k <= i]", 10**9 - 3), ("[k < i]", 10**9 - 4), ("[i == k]", 1),
    ("[k == i]", 1), ("[i < k]*[1 <= i]", 2), ("[i < 2*k - 6]", 0), ("[n <= i]", 0), ("[i == n]", 0), ("[i < 0]", 0),
    ("[i < -5]", 0), ("[-5 <= i]", 10**9), ("flag*[i < k]", 3), ("(1 - flag)*[i < k]", 0), ("[i < void]", 0),
    ("[void <= i]", 0), ("[i < n//(k - 3)]", 0), ("[i < k]*[k <= i]", 0),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "there"), LIMITS)
def test_a_comparison_with_an_index_limits_it_without_a_look_at_each(condition: str, there: int) -> None:
    held = tiny(
        [{"over": [["i", "n"]], "if": condition, "tensors": [["w.{i}", ["2"], "Linear"]]}],
        fields={"n": 10**9, "k": 3, "void": None, "flag": True},
    )
    assert network_of(held, "Tiny", {}).total == 2 * there


#: a condition on two indices, i of 4 and j of i + 2, and where it holds
PAIRS: list[tuple[str, Callable[[int, int], bool]]] = [
    ("[j < i]", lambda i, j: j < i), ("[i < j]", lambda i, j: i < j),
    ("[j == 1]*[2 <= i]", lambda i, j: j == 1 and i >= 2),
    ("[i <= 1]*[i*j < 2]", lambda i, j: i <= 1 and i * j < 2), ("[i == j]", lambda i, j: i == j),
    ("[j < 2*i]*[i < 3]", lambda i, j: j < 2 * i and i < 3),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "holds"), PAIRS)
def test_indices_limit_each_other(condition: str, holds: Callable[[int, int], bool]) -> None:
    tensors = [["w.{i}.{j}", ["2"], "Linear"], ["v.{i}.{j}", ["i + 1"], "Linear"]]
    held = tiny([{"over": [["i", "4"], ["j", "i + 2"]], "if": condition, "tensors": tensors}])
    expected = {(i, j) for i in range(4) for j in range(i + 2) if holds(i, j)}
    network = network_of(held, "Tiny", {})
    assert network.total == sum(2 + i + 1 for i, _ in expected)
    assert {t.name for t in network.tensors() if t.name[0] == "w"} == {f"w.{i}.{j}" for i, j in expected}


@pytest.mark.parametrize("n", [10**9, 2**62, 300_000])
def test_layers_that_may_differ_are_gone_through_within_a_limit(n: int) -> None:
    with pytest.raises(UnsupportedError, match="more layers that may differ than are looked at one by one"):
        network_of(HOSTILE, "Tiny", {"n": n})


def test_powers_within_a_limit() -> None:
    assert network_of(HOSTILE, "Tiny", {"n": 4}).total == 3 * 257
    with pytest.raises(UnsupportedError, match="too large to work out"):
        network_of(HOSTILE, "Tiny", {"n": 100_000})


FLAWED: list[tuple[list[dict[str, Any]], str]] = [
    ([{"if": "n", "tensors": [["w", ["1"], "Linear"]]}], "a condition of 3"),
    ([{"over": [["i", "n"]], "if": "i", "tensors": [["w.{i}", ["1"], "Linear"]]}], "a condition of 2"),
    ([{"over": [["i", "2 - n"]], "tensors": [["w.{i}", ["1"], "Linear"]]}], "-1 of them"),
    ([{"tensors": [["w", ["2 - n", "2 - n"], "Linear"]]}], "a side of -1"),
    ([{"tensors": [["w", ["n//(n - 3)"], "Linear"]]}], "division by zero"),
    ([{"tensors": [["w", ["void"], "Linear"]]}], "void = null"),
    ([{"tensors": [["w", ["word"], "Linear"]]}], "word = "),
    ([{"tensors": [["w", ["many"], "Linear"]]}], "many = [1, 2]"),
    ([{"tensors": [["w", ["many[n]"], "Linear"]]}], "many = [1, 2]"),
    ([{"tensors": [["w", ["3*word"], "Linear"]]}], "word = "),
]


@pytest.mark.parametrize(("cells", "text"), FLAWED)
def test_what_has_no_size_is_refused(cells: list[dict[str, Any]], text: str) -> None:
    held = tiny(cells, fields={"n": 3, "void": None, "word": "a", "many": [1, 2]})
    with pytest.raises(UnsupportedError) as caught:
        network_of(held, "Tiny", {})
    assert text in str(caught.value)


#: what has no value makes a comparison, or a flag, 0
ABSENT: list[tuple[str, int]] = [
    ("(1 - void__none)*[n < void]", 0), ("[n < void]", 0), ("1 - [n < void]", 1), ("void", 0), ("1 - void", 1),
    ("flags[n]", 0), ("flags[1]", 1), ("[many[1] == 2]", 1), ("[many[7] == 2]", 0), ("nested__1_[0]", 1),
    ("[nested__0_[1] == 5]", 1), ("[nested__9_[1] == 5]", 0), ("[half__num == 5]*[half__den == 2]", 1),
    ("flag", 1), ("many__list", 1), ("half__list", 0), ("[0*void == 0]", 1), ("[void*0 == 0]", 0),
    ("word__is__a", 1), ("word__is__b", 0), ("many__none", 0), ("[many__len == 2]", 1),
    ("[5 < n//(n - 3)]", 0), ("1 - [5 < n%(2 - n)]", 1), ("[0 <= ceildiv(n, 0)]", 0), ("[1 < n//2]", 0),
    ("[n//(n - 3) != 7]", 0), ("many__has[1]", 1), ("many__has[n - 3]", 0), ("many__has[n]", 0),
    ("1 - many__has[9]", 1),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "there"), ABSENT)
def test_conditions(condition: str, there: int) -> None:
    held = tiny(
        [{"if": condition, "tensors": [["w", ["5"], "Linear"]]}],
        fields={
            "n": 3, "void": None, "word": "a", "many": [1, 2], "flags": [False, True], "nested": [[4, 5], [1]],
            "half": 2.5, "flag": True,
        },
        tests={
            "void__none": ["void", "none"], "many__none": ["many", "none"], "many__len": ["many", "len"],
            "word__is__a": ["word", "is", "a"], "word__is__b": ["word", "is", "b"], "half__num": ["half", "num"],
            "half__den": ["half", "den"],
            "many__list": ["many", "list"], "many__has": ["many", "has"],
            "half__list": ["half", "list"],
        },
    )  # fmt: skip
    assert network_of(held, "Tiny", {}).total == 5 * there


# -- fields -----------------------------------------------------------------------------------------------------------

RESOLVED: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "layer_types", ["sliding_attention", "full_attention"] * 2),
    ({"layer_types": ["full_attention"] * 4}, "layer_types", ["full_attention"] * 4),
    ({"sliding_window_pattern": 4}, "layer_types", ["sliding_attention"] * 3 + ["full_attention"]),
    ({"n_embd": 7}, "hidden_size", 7),
    ({"text_config": {"hidden_size": 5}}, "text_config.hidden_size", 5),
    ({"text_config": None}, "text_config.hidden_size", 24),
    ({"text_config": {}}, "text_config.hidden_size", 24),
    ({"llm_config": {"hidden_size": 6}}, "text_config.hidden_size", 6),
    ({"q_lora_rank": None}, "q_lora_rank", None),
]


@pytest.mark.parametrize(("config", "field", "value"), RESOLVED)
def test_fields(config: dict[str, Any], field: str, value: object) -> None:
    before = repr(config)
    assert ENTRIES["moe"].resolve(config)[field] == value
    assert repr(config) == before


def test_a_rule_makes_numbers_and_lists_of_numbers() -> None:
    held = tiny(
        [],
        fields={"n": 3, "a": None, "b": None, "c": None},
        kinds={"a": "int none", "b": "ints none"},
        tests={"a__none": ["a", "none"], "b__none": ["b", "none"]},
        rules=[
            ["a", [["a__none", "2*n"]]],
            ["b", [["b__none", {"each": ["i", "n"], "of": "2**i"}]]],
            ["c", [["0", "1"], ["[n == 3]", {"value": "three"}]]],
        ],
    )
    resolved = held.resolve({})
    assert (resolved["a"], resolved["b"], resolved["c"]) == (6, [1, 2, 4], "three")
    assert held.resolve({"a": 5})["a"] == 5
    assert resolved.numbers() == {"n": 3, "a": 6}


#: what the class makes of lists and texts: config -> what becomes of `kinds`
WORDS: list[tuple[dict[str, Any], list[str] | None]] = [
    ({"kinds": None}, None),
    ({"kinds": "P2C | c2p"}, ["p2c", "c2p"]),
    ({"kinds": ["a", "a", "a"]}, ["a", "a", "full"]),  # its last entry is replaced
    ({"pattern": "M*M"}, ["mamba", "attention", "mamba"]),
    ({"pattern": ""}, []),
]
RULES = [
    ["kinds", [
        ["(1 - pattern__none)", {"letters": {"M": "mamba", "*": "attention"}, "from": "pattern"}],
        ["kinds__list", {"each": ["i", "kinds__len"], "choose": [["[i == kinds__len - 1]", "full"], ["1", None]]}],
        ["(1 - kinds__none)", {"split": "|"}],
    ]],
]  # fmt: skip


def wordy() -> Entry:
    return tiny(
        [{"if": "kinds__in__c2p", "tensors": [["w", ["5"], "Linear"]]}],
        fields={"kinds": None, "pattern": None},
        kinds={"kinds": "none str strs", "pattern": "none str"},
        tests={
            "pattern__none": ["pattern", "none"], "kinds__none": ["kinds", "none"], "kinds__list": ["kinds", "list"],
            "kinds__len": ["kinds", "len"], "kinds__in__c2p": ["kinds", "in", "c2p"],
        },
        rules=RULES,
    )  # fmt: skip


@pytest.mark.parametrize(("config", "words"), WORDS)
def test_a_rule_makes_words(config: dict[str, Any], words: list[str] | None) -> None:
    assert wordy().resolve(config)["kinds"] == words
    assert network_of(wordy(), "Tiny", config).total == 5 * ("c2p" in (words or []))


def test_a_letter_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="kinds"):
        wordy().resolve({"pattern": "MX"})


#: a part is missing, given, and given in part
PARTS: list[tuple[dict[str, Any], int]] = [
    ({}, 24), ({"vision_config": None}, 24), ({"vision_config": {}}, 12), ({"vision_config": {"layers": 5}}, 5),
    ({"vision_config": {"width": 7}}, 12),
]  # fmt: skip


@pytest.mark.parametrize(("config", "layers"), PARTS)
def test_a_part_that_is_missing_altogether_has_values_of_its_own(config: dict[str, Any], layers: int) -> None:
    held = tiny(
        [{"over": [["i", "vision_config__layers"]], "tensors": [["w.{i}", ["vision_config__twice"], "Linear"]]}],
        fields={"vision_config.layers": 12, "vision_config.width": 3, "vision_config.twice": None},
        kinds={"vision_config.twice": "int none"},
        rules=[["vision_config.twice", [["1", "2*vision_config__layers"]]]],
        absent={"vision_config": {"vision_config.layers": 24}},
    )
    assert network_of(held, "Tiny", config).total == layers * 2 * layers
    assert held.value(config, "vision_config.layers") == layers


#: mlp_ratio, hidden_size -> int(mlp_ratio*hidden_size) as doubles have it; None: refused
TIMES: list[tuple[Any, int, int | None]] = [
    (4.363636363636363, 1408, 6144),  # facebook/vjepa2-vitg-fpc64-256: 48/11 is no double, and the product is whole
    (4.0, 768, 3072), (4, 768, 3072), (0.29, 100, 28), (2.7, 10, 27), (1.1, 10, 11), (0.0, 5, 0),
    (2**53 + 2.0, 3, 3 * (2**53 + 2) + 2), (float("nan"), 5, None), (float("inf"), 5, None), (-1.5, 4, None),
    (1e300, 10, None), (2.0**62, 4, None),
]  # fmt: skip


@pytest.mark.parametrize(("ratio", "width", "product"), TIMES)
def test_a_width_made_with_a_fraction_is_what_doubles_give(ratio: object, width: int, product: int | None) -> None:
    held = tiny(
        [{"tensors": [["w", ["mlp_ratio__times__h"], "Linear"], ["v", ["filled"], "Linear"]]}],
        fields={"mlp_ratio": 2.5, "h": None, "filled": None},
        kinds={"h": "int none", "filled": "int none"},
        tests={"mlp_ratio__times__h": ["mlp_ratio", "times", "h"], "h__none": ["h", "none"]},
        rules=[["filled", [["[h == 10]", "3*mlp_ratio__times__h"]]], ["h", [["h__none", "8"]]]],
    )
    assert network_of(held, "Tiny", {"filled": 1}).total == 20 + 1  # the rule has filled in h
    assert network_of(held, "Tiny", {"h": 10}).total == 25 + 75  # rules see what the file has
    config = {"mlp_ratio": ratio, "h": width, "filled": 0}
    if product is None:
        with pytest.raises(UnsupportedError, match="mlp_ratio = "):
            network_of(held, "Tiny", config)
    elif width != 10:
        assert network_of(held, "Tiny", config).total == product


def test_what_stands_under_another_name_is_set_after_the_rules() -> None:
    """T5Config: num_decoder_layers is num_layers where it is null; num_hidden_layers is set later."""
    held = tiny(
        [],
        fields={"num_layers": 6, "num_decoder_layers": None},
        kinds={"num_decoder_layers": "int none"},
        tests={"num_decoder_layers__none": ["num_decoder_layers", "none"]},
        rules=[["num_decoder_layers", [["num_decoder_layers__none", "num_layers"]]]],
        aliases={"num_hidden_layers": "num_layers"},
    )
    resolved = held.resolve({"num_hidden_layers": 3})
    assert (resolved["num_layers"], resolved["num_decoder_layers"]) == (3, 6)
    resolved = held.resolve({"num_layers": 3})
    assert (resolved["num_layers"], resolved["num_decoder_layers"]) == (3, 3)
    with pytest.raises(UnsupportedError, match="num_layers = true was not verified"):
        held.resolve({"num_hidden_layers": True})


def test_entries_of_another_schema_are_refused() -> None:
    with pytest.raises(ReadError, match="schema 2"):
        Entry.of({"schema": 2})


# -- expressions compiled ---------------------------------------------------------------------------------------------


@given(trees, st.integers(0, 10**6), st.booleans())
@settings(max_examples=400, deadline=None)
def test_compiled_expressions_have_the_value_of_evaluate(size: int | Expr, seed: int, large: bool) -> None:
    values = {name: (seed * (k + 3) // (k + 1)) % (2**63 if large else 9) for k, name in enumerate(NAMES)}
    entries = [(seed + k) % 7 for k in range(40)]
    expected = value_of(size, {**values, "h": entries})
    table = Table()
    slots = {table.add(name): value for name, value in values.items()} | {table.add("h"): Entries(entries)}
    code = compiled(size, table)
    held = [slots.get(k) for k in range(table.size)]
    held[WORK] = Work(20_000)  # type: ignore[call-overload]
    try:
        found = code(held)
    except (TypeError, ExprError):
        found = None
    assert expected is None or found == expected


# -- whatever is in the file ------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(st.sampled_from(sorted(CONFIGS)), st.data())
@settings(max_examples=200, deadline=None)
def test_any_value_gives_a_number_or_one_line(name: str, data: st.DataObject) -> None:
    held = ENTRIES[name]
    fields = st.sampled_from([*held.fields, "text_config", "n_embd", "llm_config"])
    config = data.draw(st.dictionaries(fields, JSON, max_size=4))
    try:
        total = network_of(held, HEADS[name], config).total
    except ReadError as problem:
        told = str(problem)
    else:
        told = ""
        assert type(total) is int
        assert total >= 0
    assert "\n" not in told
