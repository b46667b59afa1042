"""Every kind of layer that torch or Keras has too holds the same arrays and sends the same shape as theirs does."""

from __future__ import annotations

import inspect
import re
from typing import Any

import keras
import pytest
import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from nparams.layers.catalogue import kinds, words
from nparams.layers.kind import Kind
from tests.torch import attention_cases, conv_cases, dense_cases, norm_cases, recurrent_cases, shape_cases  # noqa: F401
from tests.torch.cases import CASES, Draw
from tests.torch.compare import assert_alike

FRAMEWORKS = {"torch": torch.nn, "keras": keras.layers}
RIVALS = [
    (kind.name, framework, name)
    for kind in kinds().values()
    for framework in FRAMEWORKS
    for name in kind.rivals.get(framework, "").split()
]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")
@pytest.mark.filterwarnings("ignore:.*You are using a softmax over axis:UserWarning")
@pytest.mark.parametrize(("kind", "framework", "name"), sorted(CASES))
@given(data=st.data())
def test_it_is_what_the_framework_makes(kind: str, framework: str, name: str, data: st.DataObject) -> None:
    row = CASES[kind, framework, name]
    case = row.make(Draw(data.draw), name)
    note(f"{kind} {case.given} of {case.flow} as {framework} {name}")
    assert_alike(kind, framework, row, case)


# -- the table of kinds and frameworks --------------------------------------------------------------------------------


def test_a_kind_with_a_rival_has_a_test() -> None:
    assert set(RIVALS) - set(CASES) == set()


def test_the_table_has_no_empty_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """Each cell says how many classes are tested, or `none` where the kind names none."""
    table = {kind.name: [_cell(kind, framework) for framework in FRAMEWORKS] for kind in kinds().values()}
    with capsys.disabled():
        print("\n".join(["", _line("kind", list(FRAMEWORKS)), *(_line(*row) for row in table.items())]))
    assert not [name for name, cells in table.items() if not all(cells)]


def _cell(kind: Kind, framework: str) -> str:
    tested = {name for held, where, name in CASES if (held, where) == (kind.name, framework)}
    rivals = set(kind.rivals.get(framework, "").split())
    if not rivals:
        return "none" if framework not in kind.rivals else ""
    return str(len(tested)) if rivals <= tested else ""


def _line(name: str, cells: list[str]) -> str:
    return f"{name:18}" + "".join(f"{cell:>7}" for cell in cells)


# -- what may have been forgotten -------------------------------------------------------------------------------------

#: classes that bear a kind's name and are something else
NAMESAKES = {
    ("Dense", "keras", "Layer"): "what every layer of Keras derives from",
    ("Attention", "keras", "Attention"): "attention without a single weight",
    ("LayerNorm", "keras", "Normalization"): "three statistics of a data set, none of them trained",
    ("SimpleRNN", "keras", "RNN"): "runs a cell that is handed in",
}
#: classes that stand for a kind under another name: the kind's own name is what people write
OTHERWISE = {
    ("DepthwiseConv", "torch"), ("SeparableConv", "torch"), ("GlobalPool", "torch"),
    ("InstanceNorm", "keras"), ("Parameter", "keras"), ("Buffer", "keras"),
}  # fmt: skip


def plain(name: str) -> str:
    """A name as people write it: without sides, and with the short form of its words."""
    name = re.sub(r"[123]d", "", name.lower())
    for long, short in (("pooling", "pool"), ("average", "avg"), ("normalization", "norm"), ("convolution", "conv")):
        name = name.replace(long, short)
    return name


def named_for(kind: Kind, framework: str) -> list[str]:
    """The classes of a framework that bear one of a kind's names."""
    names = {plain(word) for word in (kind.name, *kind.words, *kind.presets)}
    classes = {name for name, held in vars(FRAMEWORKS[framework]).items() if inspect.isclass(held)}
    return sorted(name for name in classes if plain(name) in names and (kind.name, framework, name) not in NAMESAKES)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_kind_without_a_rival_has_none(framework: str) -> None:
    without = [kind for kind in kinds().values() if framework not in kind.rivals]
    assert {kind.name: found for kind in without if (found := named_for(kind, framework))} == {}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_class_that_bears_the_name_of_a_kind_is_tested(framework: str) -> None:
    """Itself, or under its other name (keras.layers.Convolution2D is Conv2D)."""
    untested = []
    for kind in kinds().values():
        tested = [_class(where, name) for held, where, name in CASES if (held, where) == (kind.name, framework)]
        untested += [name for name in named_for(kind, framework) if _class(framework, name) not in tested]
    assert untested == []


def _class(framework: str, name: str) -> Any:
    """keras.Variable is no layer."""
    return getattr(FRAMEWORKS[framework], name, None) or getattr(keras, name)


def test_a_class_goes_by_its_own_name() -> None:
    names = {(kind, name) for kind, framework, name in CASES if (kind, framework) not in OTHERWISE}
    assert {name for kind, name in names if words().get(name.lower()) is not kinds()[kind]} == set()
