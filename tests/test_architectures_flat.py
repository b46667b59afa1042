"""Modules that two loops put into one list: their number is computed from the round and the place in it."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.architectures.network import network_of
from nparams.architectures.symbolic import symbolic
from tests.architectures import one_by_one, tiny

LENGTH = {"d__len": ["d", "len"]}
ROUNDS = [["i", "d__len"], ["j", "d[i]"], ["k", "1", "sum(t=0..i - 1, d[t]) + j + 1"]]
HELD = tiny(
    [
        {"tensors": [["blocks.0.stem", ["h"], "Stem"]]},
        {"over": ROUNDS, "tensors": [["blocks.{k}.w", ["h", "i + 1"], "Block"]]},
        {"over": ROUNDS, "if": "[0 < i]*[j == 0]", "tensors": [["blocks.{k}.down", ["h", "h"], "Block"]]},
        {"over": [*ROUNDS, ["m", "2"]], "tensors": [["blocks.{k}.heads.{m}.b", ["h"], "Head"]]},
    ],
    fields={"h": 4, "d": [2, 1]},
    tests=LENGTH,
    kinds={"h": "int", "d": "ints"},
)
CONFIGS = st.fixed_dictionaries({"h": st.integers(1, 9), "d": st.lists(st.integers(1, 4), min_size=1, max_size=4)})


@given(CONFIGS)
@settings(max_examples=50, deadline=None)
def test_names_and_counts_are_those_of_two_loops(config: dict[str, Any]) -> None:
    network = network_of(HELD, "Tiny", config)
    told = {t.name: t.size for t in network.tensors()}
    assert told == {name: size for name, size, *_ in one_by_one(HELD, "Tiny", config)}
    firsts = [1 + n for n in accumulate([0, *config["d"]])][: len(config["d"])]
    assert [name for name in told if name.endswith(".down")] == [f"blocks.{n}.down" for n in firsts[1:]]
    assert sum(name.endswith(".w") for name in told) == sum(config["d"])
    assert next(iter(told)) == "blocks.0.stem"
    assert network.total == sum(told.values())


@given(CONFIGS)
@settings(max_examples=50, deadline=None)
def test_symbolic_is_the_counted_one(config: dict[str, Any]) -> None:
    fixed = symbolic(HELD, "Tiny", config, free=())
    assert fixed.total == network_of(HELD, "Tiny", config).total
