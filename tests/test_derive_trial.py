"""The trial's own draws and its comparison, as far as they need no library: kinds, lengths, wrong answers told."""

from __future__ import annotations

import ast
import random
from typing import Any, Literal

import pytest

from tools.derive import vectors
from tools.derive.trial.answer import differences
from tools.derive.trial.draw import Draw, applied
from tools.derive.trial.space import ABSENT, Found, Spot, Words, allowed, ask, compare, spelled


@pytest.mark.parametrize(
    ("annotation", "kinds", "words"),
    [
        (int, {"int"}, set()),
        ("int", {"int"}, set()),
        (int | list[int] | tuple[int, int] | None, {"int", "list", "none"}, set()),
        (float | int, {"float", "int"}, set()),
        (dict | None, {"dict", "none"}, set()),
        (Literal["cls", "mean"] | None, {"str", "none"}, {"cls", "mean"}),
    ],
)
def test_what_an_annotation_allows(annotation: Any, kinds: set[str], words: set[str]) -> None:
    assert allowed(annotation) == (kinds, words)


SOURCE = """
if config.pos == "absolute" or self.pos in ("rotary", None): pass
if config.layer_types[i] != "dense": pass
width = getattr(config, "head_dim", None)
other = getattr(config, "use_bias", False)
third = getattr(module, "depth", 3)
fourth = getattr(config, name, 3)
"""


def test_what_sources_say() -> None:
    said = Words({}, set(), {})
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Compare):
            compare(node, said.compared)
        elif isinstance(node, ast.Call):
            ask(node, said.asked)
    assert said.compared == {"pos": {"absolute", "rotary"}, "layer_types": {"dense"}}
    assert said.asked == {"head_dim": 16, "use_bias": False}
    assert spelled("pos", set(), said) == ("absolute", "rotary")
    assert spelled("pos", {"b", "a"}, said) == ("a", "b")


def spot(name: str, value: Any, kinds: str, words: str = "") -> Spot:
    return Spot((name,), value, frozenset(kinds.split()), tuple(words.split()))


SPOTS = [
    spot("hidden_size", 768, "int"),
    spot("num_hidden_layers", 3, "int"),
    spot("head_dim", None, "int none"),
    spot("tie", False, "bool"),
    spot("mlp_ratio", 4.0, "float int"),
    spot("pos", "absolute", "str", "absolute rotary"),
    spot("layer_types", None, "list none", "dense sparse"),
    spot("depths", [2, 2, 6], "list"),
    spot("widths", [8, 16, 32], "list"),
    spot("extra", ABSENT, "int absent"),
]


def draws(count: int) -> list[dict[str, Any]]:
    drawn = (Draw(random.Random(seed)).config(SPOTS) for seed in range(count))
    return [{path[0]: value for path, value in changes.items()} for changes in drawn]


def test_every_field_takes_other_values_of_the_kinds_it_may_have() -> None:
    seen: dict[str, set[type]] = {}
    for changes in draws(400):
        for name, value in changes.items():
            seen.setdefault(name, set()).add(type(value))
    assert seen == {
        "hidden_size": {int},
        "num_hidden_layers": {int},
        "head_dim": {int},
        "tie": {bool},
        "mlp_ratio": {float, int},
        "pos": {str},
        "layer_types": {list},
        "depths": {list},
        "widths": {list},
        "extra": {int},
        "id2label": {dict},
        "num_labels": {int},
    }


def test_lists_of_one_length_stay_so_and_patterns_are_as_deep_as_the_layers() -> None:
    lengths = set()
    for changes in draws(400):
        if "depths" in changes and "widths" in changes:
            assert len(changes["depths"]) == len(changes["widths"])
            lengths.add(len(changes["depths"]))
        if "layer_types" in changes and "num_hidden_layers" in changes:
            assert len(changes["layer_types"]) == changes["num_hidden_layers"]
            assert set(changes["layer_types"]) <= {"dense", "sparse"}
    assert lengths == {2, 3, 4}


def test_the_same_seed_draws_the_same() -> None:
    assert draws(5) == draws(5)


def test_changes_go_into_parts_with_what_they_need() -> None:
    base = {"a": 1, "b": [1], "vision": {"depth": 2}}
    parts = {("text",): {"model_type": "toy"}}
    changes = {("a",): ABSENT, ("text", "width"): (1, 2), ("vision", "depth"): None}
    assert applied(base, changes, parts) == {
        "b": [1],
        "vision": {"depth": None},
        "text": {"model_type": "toy", "width": [1, 2]},
    }
    assert base == {"a": 1, "b": [1], "vision": {"depth": 2}}


REAL = Found(10, {"w": (2, 2), "b": (6,), "head": (2, 2)}, {"head": "w"}, {"mean": (6,)})


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        (REAL, []),
        (REAL._replace(total=14), ["total: 10 real, 14 told"]),
        (REAL._replace(ties={}), ["ties: head w real, absent told"]),
        (REAL._replace(buffers={}), ["buffers: mean (6,) real, absent told"]),
        (
            REAL._replace(parameters={f"w{i}": () for i in range(2)}),
            [
                "parameters: w (2, 2) real, absent told",
                "parameters: b (6,) real, absent told",
                "parameters: head (2, 2) real, absent told",
                "parameters: 2 more",
            ],
        ),
    ],
)
def test_how_a_wrong_answer_is_told(told: Found, lines: list[str]) -> None:
    assert differences(REAL, told) == lines


def test_a_fingerprint_is_of_the_parameters_that_count() -> None:
    assert vectors.fingerprint(REAL) == vectors.fingerprint(REAL._replace(parameters={"b": (6,), "w": (2, 2)}, ties={}))
    assert vectors.fingerprint(REAL) != vectors.fingerprint(REAL._replace(parameters={"b": (6,), "w": (4,)}, ties={}))
