"""solve inverts what is known: sizes of the shared cases made letters, and fields of a config, come back."""

from __future__ import annotations

import json
import re

import pytest

import nparams
from nparams.analyses._solve.budget import Budget
from nparams.analyses._solve.direction import FALLS, RISES, STAYS, UNKNOWN, direction
from nparams.analyses._solve.fields import Fields
from nparams.analyses._solve.grid import Grid
from nparams.analyses._solve.ranges import PLAIN
from nparams.analyses._solve.roots import Equation
from nparams.analyses._solve.text import decimal
from nparams.analyses._solve.wanted import Wanted
from nparams.analyses.solve import Solution, solve
from nparams.errors import ExprError, NparamsError, UsageError
from nparams.expr import Expr, parse, symbol
from tests.conftest import shared
from tests.small_config import Maker
from tests.test_answered_cases import asked, rows

NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
LETTERS = ("q", "z")


def with_letters(text: str, places: list[re.Match[str]]) -> str:
    """The text with letters in place of some of its numbers."""
    for letter, place in sorted(zip(LETTERS, places, strict=False), key=lambda pair: -pair[1].start()):
        text = f"{text[: place.start()]}{letter}{text[place.end() :]}"
    return text


def inverted(row: dict[str, str], places: list[re.Match[str]]) -> bool:
    """Whether the sizes that were made letters are found again; False where the text cannot be read or solved so."""
    text, _, options = row["typed"].partition(" :: ")
    total = asked(row).total
    wanted = {letter: int(place[0]) for letter, place in zip(LETTERS, places, strict=False)}
    ranges = {letter: (1, max(PLAIN if len(wanted) == 1 else 64, value + 9)) for letter, value in wanted.items()}
    try:
        network = asked({**row, "typed": f"{with_letters(text, places)} :: {options}"})
        found = solve(network, Wanted(Budget.of(total=total), wanted, ranges, top=200))
    except NparamsError:
        return False
    assert found.solved, (row["id"], text, wanted)
    exact = [answer.values for answer in found.answers if answer.gap == 0]
    assert len(exact) == 200 or wanted in exact, (row["id"], text, wanted, exact)
    return True


def test_one_size_of_each_case_is_found_again() -> None:
    tried = [inverted(row, [place]) for row in rows() for place in NUMBER.finditer(row["typed"].partition(" :: ")[0])]
    assert sum(tried) > 80, (sum(tried), len(tried))


def test_two_sizes_are_found_again() -> None:
    done = 0
    for row in rows():
        places = list(NUMBER.finditer(row["typed"].partition(" :: ")[0]))
        done += len(places) > 2 and max(int(place[0]) for place in places[-2:]) < 300 and inverted(row, places[-2:])
    assert done > 15, done


# -- a config ---------------------------------------------------------------------------------------------------------

LLAMA_2_7B = 6_738_415_616  # huggingface.co/meta-llama/Llama-2-7b-hf, model.safetensors.index.json: 13,476,831,232 / 2
LLAMA_3_8B = 8_030_261_248  # huggingface.co/meta-llama/Meta-Llama-3-8B, its safetensors: 16,060,522,496 bytes / 2
EIGHT_B = {"vocab_size": 128_256, "intermediate_size": 14_336, "num_key_value_heads": 8}


def fields(total: int | str, vary: str = "", config: dict[str, int] | None = None, **asked_for: object) -> Solution:
    make = Maker(**(config or {}))
    return solve(make, Wanted(Budget.of(total=total), vary.split(","), **asked_for))  # type: ignore[arg-type]


def llama(h: int, f: int, layers: int, vocabulary: int = 32_000, kv: int = 32, heads: int = 32) -> int:
    """Llama by plain arithmetic: q and o, k and v, three matrices, two norms; embedding, head, last norm."""
    head = h // heads
    return layers * (2 * heads * head * h + 2 * kv * head * h + 3 * f * h + 2 * h) + 2 * vocabulary * h + h


def test_the_arithmetic_gives_published_totals() -> None:
    assert llama(4096, 11_008, 32) == LLAMA_2_7B
    assert llama(4096, 14_336, 32, 128_256, kv=8) == LLAMA_3_8B


@pytest.mark.parametrize("vary", ["hidden_size", "num_hidden_layers", "hidden_size,num_hidden_layers", "n_embd"])
def test_fields_are_found_again(vary: str) -> None:
    for total, config in ((LLAMA_2_7B, {}), (LLAMA_3_8B, EIGHT_B)):
        best = fields(total, vary, config).best
        assert best is not None
        assert best.gap == 0
        known = {"hidden_size": 4096, "num_hidden_layers": 32}
        assert best.values == {name: known[name] for name in vary.replace("n_embd", "hidden_size").split(",")}


def test_a_design_brief() -> None:
    """About 350 M, a vocabulary of 32k, depth 24: the width in multiples of 64, the ratios of the config kept."""
    found = fields("350M", given={"vocab_size": "32000", "num_hidden_layers": "24"})
    every = {h: llama(h, h * 43 // 16, 24) for h in range(64, 4096, 64)}
    best = found.best
    assert best is not None
    assert found.solved
    assert best.total == every[best.values["hidden_size"]]
    assert abs(best.gap) == min(abs(v - 350_000_000) for v in every.values())
    assert best.derived == {"intermediate_size": 2752, "head_dim": 32}  # 43/16 and 1/32 of 1,024
    assert [each.says for each in found.relations] == [
        "intermediate_size = 43/16*hidden_size",
        "head_dim = hidden_size/32, num_attention_heads staying",
    ]


def test_what_is_kept_and_what_is_set() -> None:
    best = fields("350M", "hidden_size", keep=["intermediate_size"], given={"num_hidden_layers": "24"}).best
    assert best is not None
    assert best.total == llama(best.values["hidden_size"], 11_008, 24)
    rule = {"intermediate_size": "256*ceildiv(8*hidden_size, 768)", "num_hidden_layers": "24"}
    best = fields("350M", "hidden_size", given=rule).best
    assert best is not None
    h = best.values["hidden_size"]
    assert best.derived["intermediate_size"] == 256 * -(-8 * h // 768)
    assert best.total == llama(h, best.derived["intermediate_size"], 24)


def test_heads_divide_the_width() -> None:
    found = fields("1B", "hidden_size", {"num_attention_heads": 20, "num_key_value_heads": 20, "hidden_size": 5120,
                                         "head_dim": 256}, multiples={"hidden_size": 8})  # fmt: skip
    assert {answer.values["hidden_size"] % 40 for answer in found.answers} == {0}
    assert Fields({"hidden_size": 768, "num_attention_heads": 12}, {}).shared_by("hidden_size", []) == 12
    assert Fields({"hidden_size": 768, "num_attention_heads": 12}, {}).step("hidden_size", 12) == 48
    apart = {"hidden_size": 1024, "num_attention_heads": 16, "head_dim": 128}  # as Qwen3-0.6B: 16*128 = 2,048
    assert Fields(apart, {}).shared_by("hidden_size", []) == 1
    assert Fields(apart, {}).relations(["hidden_size"], set(), {}) == []


def test_a_decoder_stays_as_deep_as_its_encoder() -> None:
    held = Fields({"num_layers": 12, "num_decoder_layers": 12, "d_model": 512}, {})
    assert [(r.field, r.expr) for r in held.relations(["num_layers"], set(), {})] == [
        ("num_decoder_layers", "num_layers")
    ]
    assert Fields({"num_layers": 12, "num_decoder_layers": 6}, {}).relations(["num_layers"], set(), {}) == []


def test_a_ratio_that_steps_do_not_divide_is_rounded() -> None:
    """18944/3584 = 37/7: the field is rounded down to a multiple of 256, and has its own value at its own width."""
    held = Fields({"hidden_size": 3584, "intermediate_size": 18_944}, {})
    (relation,) = held.relations(["hidden_size"], set(), {})
    assert relation.says == "intermediate_size = 37/7*hidden_size, rounded down to a multiple of 256"
    assert [value(relation.expr, h) for h in (3584, 4096)] == [18_944, 21_504]


def value(text: str, width: int) -> int:
    from nparams.expr import evaluate

    return evaluate(parse(text), {"hidden_size": width})


def test_unclear_fields() -> None:
    with pytest.raises(UsageError, match='this config has no size "width"; it has head_dim'):
        fields("1B", "width")
    with pytest.raises(UsageError, match="stands in several places: write one of a"):
        Fields({"a.hidden_size": 1, "b.hidden_size": 2}, {}).name("hidden_size")
    with pytest.raises(UsageError, match="which sizes may vary"):
        Fields({"seed": 1}, {}).chosen(set())
    parts = {"text_config.hidden_size": 1, "text_config.n_layer": 2, "vision_config.hidden_size": 3}
    assert Fields(parts, {}).chosen(set()) == ["text_config.hidden_size", "text_config.n_layer"]
    assert Fields(parts, {}).chosen({"text_config.n_layer"}) == ["text_config.hidden_size"]
    assert Fields({"hidden_size": 8, **parts}, {}).chosen(set()) == ["hidden_size"]
    with pytest.raises(UsageError, match="which sizes may vary"):
        Fields({"a.hidden_size": 1, "b.hidden_size": 2}, {}).chosen(set())


def test_each_answer_is_counted_again_in_numbers() -> None:
    make = Maker()
    found = solve(make, Wanted(Budget.of(total="1.3B"), ["hidden_size", "num_hidden_layers"]))
    shown = {str(answer) for answer in (*found.answers, *found.shapes)}
    assert make.calls == 2 + len(shown)  # the config, its symbols, each answer


def sizes_of(config: dict[str, object]) -> dict[str, int]:
    """The width and the depth of a config that can be counted and has them."""
    try:
        held = Fields(nparams.read(config).fields, {})
        return {name: held.values[name] for name in held.chosen(set()) if held.values[name]}
    except NparamsError:
        return {}


def test_published_configs_are_found_again() -> None:
    """Width, depth, or both, of every shared config whose type has a formula: its own values are an exact answer."""
    done = 0
    for entry in json.loads(shared("cases/real_configs.json").read_text()):
        sizes = sizes_of(entry["config"])
        for vary in {tuple(sizes), *((name,) for name in sizes)} - {()}:
            found = nparams.solve(entry["config"], total=entry["expected_total"], vary=vary, top=50)
            exact = [answer.values for answer in found.answers if answer.gap == 0]
            assert {name: sizes[name] for name in vary} in exact, (entry["name"], vary, found.answers)
            done += 1
    assert done > 5


# -- the parts --------------------------------------------------------------------------------------------------------

DIRECTIONS = [
    ("d", RISES), ("h", STAYS), ("5 - d", FALLS), ("d*d + 3*d", RISES), ("d*d - 3*d", UNKNOWN), ("d//3", RISES),
    ("7//(d + 1)", FALLS), ("d % 4", UNKNOWN), ("max(d, 5)*h", RISES), ("[d < 5]", FALLS), ("[5 <= d]", RISES),
    ("[d == 5]", UNKNOWN), ("ceildiv(8*d, 3)", RISES), ("trunc(2.5*d)", RISES), ("trunc(-2.5*d)", UNKNOWN),
    ("sum(i=0..d-1, i + 1)", RISES), ("sum(i=0..d-1, i - 4)", UNKNOWN), ("sum(i=0..4, i*d)", RISES), ("-2*d", FALLS),
    ("(d - 3)*(d - 3)", UNKNOWN), ("2**d", UNKNOWN), ("d**3", RISES), ("(2 - d)*h", UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("text", "way"), DIRECTIONS)
def test_direction(text: str, way: int) -> None:
    assert direction(parse(text), "d") == way


def test_direction_is_never_wrong() -> None:
    """Where it says that a value rises or falls, it does, at every step tried."""
    from nparams.expr import evaluate

    for text, way in DIRECTIONS:
        got = [evaluate(parse(text), {"d": d, "h": 3}) for d in range(40)]
        assert way != RISES or got == sorted(got)
        assert way != FALLS or got == sorted(got, reverse=True)


# coefficients, highest power first | target | root
ROOTS = [
    ([1, 796, 10], 10_000, "12.358"), ([1, 796, 10], 13_002, "16"), ([785, 10], 7_860, "10"), ([3, 0], 10, "3.333"),
    ([1, 0, 0], 2, "1.414"), ([1, 0, 0, 0], 27, "3"), ([1, 0, 0, 0], 2, "1.259"), ([1, 0, 5], 4, None),
    ([1, -4, 0], 5, None), ([1, 0, 0], 10**40, "100,000,000,000,000,000,000"),
]  # fmt: skip


@pytest.mark.parametrize(("coefficients", "target", "root"), ROOTS)
def test_roots(coefficients: list[int], target: int, root: str | None) -> None:
    assert Equation(coefficients, target, "h").root == root


def test_columns_are_values() -> None:
    from nparams.analyses._solve.columns import column
    from nparams.expr import evaluate

    for text, _ in DIRECTIONS:
        expected = [evaluate(parse(text), {"d": d, "h": 3}) for d in range(30)]
        assert column(substituted(text), "d", 30) == expected, text
    with pytest.raises(ExprError):
        column(parse("7//d"), "d", 3)


def substituted(text: str) -> int | Expr:
    from nparams.expr import substitute

    return substitute(parse(text), {"h": 3})


def test_grids() -> None:
    h = symbol("h")
    assert isinstance(h, Expr)
    assert [Grid(h, 3, 5, 20).value(t) for t in range(Grid(h, 3, 5, 20).count or 0)] == [3, 8, 13, 18]
    assert (Grid(h, 1, 1, 50).divisible(12).first, Grid(h, 1, 1, 50).divisible(12).last) == (12, 48)
    assert (Grid(h, 64, 64, 4096).divisible(96).first, Grid(h, 64, 64, 4096).divisible(96).step) == (192, 192)
    assert Grid(h, 3, 5, 50).divisible(4).first == 8
    assert Grid(h, 10, 10, None).at_least(25).first == 30
    assert Grid(h, 5, 1, 4).count == 0
    with pytest.raises(UsageError):
        Grid(h, 3, 4, 50).divisible(2)


def test_decimals_are_worked_out_in_whole_numbers() -> None:
    assert decimal(10**30 + 1, 3, 2) == "333,333,333,333,333,333,333,333,333,333.67"
    assert decimal(1, 0) == "-"
