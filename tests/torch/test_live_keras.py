"""Live models of Keras 3: every part of the answer, Keras's own summary, the rows of its code, and nothing changed.

The cases run on any backend: KERAS_BACKEND=jax python -m pytest --noconftest tests/torch/test_live_keras.py
"""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pytest

import nparams
from tests.live import Case, Untouched, check
from tests.torch.live_keras_cases import CASES, keras

SOURCES = (
    "keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.1)])",
    "keras.Sequential([keras.Input((28, 28, 3)), layers.Conv2D(8, 3), layers.MaxPooling2D(), layers.Flatten(), "
    "layers.Dense(10)])",
    "keras.Sequential([keras.Input((7, 4)), layers.Bidirectional(layers.LSTM(5, return_sequences=True)), "
    "layers.GRU(3)])",
    "keras.Sequential([keras.Input((7, 4)), layers.TimeDistributed(layers.Dense(3)), "
    "layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)])])",
    "keras.Sequential([keras.Input((6,)), layers.Embedding(10, 4), layers.LayerNormalization(), "
    "layers.EinsumDense('abc,cd->abd', output_shape=(6, 5), bias_axes='d')])",
    "keras.Sequential([keras.Input((9, 6)), layers.SeparableConv1D(4, 3), layers.GroupNormalization(2), "
    "layers.PReLU(), layers.GlobalAveragePooling1D(), layers.UnitNormalization()])",
    "keras.Sequential([keras.Input((4,)), keras.Sequential([layers.Dense(3), layers.Dense(2)]), layers.Dense(1)])",
)
SAME = ("kind", "in", "out", "formula", "numbers", "weights", "biases", "total")


def made(case: Case) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.make()


def test_there_are_enough_cases_and_no_name_twice() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_live(case: Case) -> None:
    model = made(case)
    with Untouched(model):
        network = nparams.read(model)
        text = network.to_json(tensors=True)
        str(network)
    check(text, case.expected, case.notes)
    names = [t["name"] for t in json.loads(text)["tensors"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_summary(case: Case) -> None:
    """also.framework is what summary() prints for a model, what count_params() says of one layer."""
    model = made(case)
    said = nparams.read(model).also.get("framework")
    if isinstance(model, keras.Model):
        printed: list[str] = []
        model.summary(print_fn=printed.append)
        found = re.search(r"Total params: ([\d,]+)", "\n".join(printed))
        assert found is not None
        assert said == int(found[1].replace(",", ""))
    elif said is not None:
        assert said == model.count_params()


@pytest.mark.parametrize("source", SOURCES)
def test_rows_of_the_code(source: str) -> None:
    """A live model and the code that made it: the same totals, the same rows."""
    live = nparams.read(eval(source, {"keras": keras, "layers": keras.layers}))
    code = nparams.read(source, form="keras-code")
    for part in ("total", "weights", "biases", "listed", "buffers", "elements"):
        assert getattr(live.totals, part) == getattr(code.totals, part), part
    rows = [[{key: row[key] for key in SAME} for row in network.rows()] for network in (live, code)]
    assert rows[0] == rows[1]


def test_lists_of_variables() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
    network = nparams.read(model.weights)
    assert (network.weights, network.biases, network.totals.buffers) == (4 * 3 + 3, 3 + 3, 6)
    assert nparams.read({"kernel": model.weights[0]}).total == 12
    assert nparams.read(model.weights[1]).biases == 3


def test_depth_and_length() -> None:
    """Models in models 60 deep; two thousand layers."""
    model = keras.layers.Dense(4)
    for _ in range(60):
        model = keras.Sequential([model])
    model.build((None, 4))
    assert nparams.read(model).total == 4 * 4 + 4
    long = keras.Sequential([keras.layers.Dense(2, use_bias=False) for _ in range(2000)])
    for layer in long.layers:
        layer.build((None, 2))
    network = nparams.read(long)
    assert (network.total, len(network.layers)) == (2000 * 4, 1)


def test_what_is_no_model_is_refused() -> None:
    """On torch a layer is a module too, and a list of layers would be read as modules without parameters."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    for thing, says in (
        (model.layers, "a list of layers of Keras is no model: read the model that they are of, or each layer"),
        (keras.optimizers.Adam(), "Adam is an optimizer, not a model: read the model that it trains"),
        (keras.layers.Dense, "Dense is a class, not a model: make one, as in Dense(...)"),
    ):
        with pytest.raises(nparams.errors.UnsupportedError) as caught:
            nparams.read(thing)
        assert str(caught.value) == says


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="layers are modules of PyTorch on torch only")
def test_a_layer_in_a_module_of_torch() -> None:
    import torch

    layer = keras.layers.Dense(4)
    layer.build((None, 3))
    network = nparams.read(torch.nn.Sequential(layer, torch.nn.Linear(4, 2)))
    assert (network.weights, network.biases) == (3 * 4 + 4 * 2, 4 + 2)


def test_unknown_objects_are_not_claimed() -> None:
    from nparams.frameworks.keras import claims

    assert not any(map(claims, (3, "Dense", [], {}, [1], keras, keras.layers.Dense, object())))
