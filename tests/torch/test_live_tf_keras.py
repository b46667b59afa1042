"""Live models of Keras 2 (the package tf_keras): every part of the answer, its own summary, and nothing changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("tf_keras", reason="tf_keras (Keras 2, on TensorFlow) is not installed here")

import tensorflow as tf  # noqa: E402

import nparams  # noqa: E402
from tests.live import check  # noqa: E402

L = keras.layers
IN = keras.Input


def line(*layers: Any, shape: tuple[int, ...] = (4,)) -> Any:
    return keras.Sequential([IN(shape), *layers])


class Net(keras.Model):  # type: ignore[misc]
    """Layers in a list and in a dict, bare variables, a metric of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [L.Dense(4), L.Dense(4)]
        self.heads = {"a": L.Dense(1)}
        self.table = tf.Variable(tf.zeros((2, 3)), name="table")
        self.seen = tf.Variable(tf.zeros(2), trainable=False, name="seen")
        self.error = keras.metrics.Mean(name="error")

    def call(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](x)


def called(model: Any) -> Any:
    model(tf.zeros((1, 4)))
    return model


def trained(model: Any) -> Any:
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(tf.zeros((2, 4)), tf.zeros((2, 3)), verbose=0)
    return model


def frozen(model: Any, k: int | None = None) -> Any:
    (model if k is None else model.layers[k]).trainable = False
    return model


def attention() -> Any:
    x = IN((7, 4))
    return keras.Model(x, L.MultiHeadAttention(2, 3)(x, x))


def shared() -> Any:
    dense, x = L.Dense(4), IN((4,))
    return keras.Model(x, L.Concatenate()([dense(x), line(dense, L.Dense(2))(x)]))


def measured() -> Any:
    layer = L.Normalization()
    layer.adapt(tf.zeros((4, 3)))
    return layer


#: what it is, how it is made, what is in it, what its summary prints (None: it has none)
CASES: tuple[tuple[str, Callable[[], Any], dict[str, Any], int | None], ...] = (
    ("two layers", lambda: line(L.Dense(3), L.ReLU(), L.Dense(2)), {"weights": 12 + 6, "biases": 3 + 2}, 23),
    ("one layer", lambda: called(L.Dense(3)), {"weights": 12, "biases": 3}, 15),
    ("statistics", lambda: line(L.Dense(3), L.BatchNormalization()),
     {"weights": 12 + 3, "biases": 6, "buffers": 6, "bytes": 27 * 4}, 27),
    ("mixed", lambda: line(L.Dense(3, dtype="mixed_float16")), {"weights": 12, "biases": 3}, 15),
    ("LSTM both ways", lambda: line(L.Bidirectional(L.LSTM(5)), shape=(7, 4)),
     {"weights": 2 * 20 * 9, "biases": 2 * 20}, 400),
    ("cells", lambda: line(L.RNN([L.GRUCell(3), L.LSTMCell(2)]), shape=(7, 4)),
     {"weights": 9 * (4 + 3) + 8 * (3 + 2), "biases": 2 * 9 + 8}, 129),
    ("every step", lambda: line(L.TimeDistributed(L.Dense(3)), shape=(7, 4)), {"weights": 12, "biases": 3}, 15),
    ("attention", attention, {"weights": 3 * 4 * 6 + 6 * 4, "biases": 3 * 6 + 4}, 118),
    ("shared", shared, {"weights": 16 + 8, "biases": 4 + 2, "listed": 30 + 20}, 30),
    ("nested", lambda: line(line(L.Dense(3)), L.Dense(2)), {"weights": 12 + 6, "biases": 3 + 2}, 23),
    ("own variables and metrics", lambda: called(Net()),
     {"weights": 6 + 16 + 16 + 4, "biases": 4 + 4 + 1, "buffers": 2, "other": 2, "bytes": 51 * 4 + 8}, 51 + 2 + 2),
    ("not built", Net, {"weights": 6, "unknown": 6, "buffers": 2, "other": 2}, None),
    ("trained", lambda: trained(line(L.Dense(3))), {"weights": 12, "biases": 3, "other": 2 * 15 + 1 + 4}, 15),
    ("a frozen layer", lambda: frozen(line(L.Dense(3), L.Dense(2)), 0),
     {"weights": 18, "biases": 5, "trainable": 6 + 2}, 23),
    ("frozen inside", lambda: frozen(line(line(L.Dense(3)), L.Dense(2)), 0),
     {"weights": 18, "biases": 5, "trainable": 6 + 2}, 23),
    ("frozen", lambda: frozen(line(L.Dense(3), L.BatchNormalization())),
     {"weights": 15, "biases": 6, "trainable": 0, "buffers": 6, "bytes": 27 * 4}, 27),
    ("measured", measured, {"buffers": 3 + 3 + 1, "bytes": 6 * 4 + 8}, 7),
    ("words", lambda: L.StringLookup(vocabulary=["a", "b"]), {}, None),
)  # fmt: skip


@pytest.mark.parametrize(("make", "expected", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_live(make: Callable[[], Any], expected: dict[str, Any], shown: int | None) -> None:
    model = make()
    before = [weight.numpy().tobytes() for weight in model.weights] if not expected.get("unknown") else []
    network = nparams.read(model)
    check(network, {**expected, "also": {} if shown is None else {"framework": shown}})
    assert before == ([weight.numpy().tobytes() for weight in model.weights] if before else [])
    if shown is not None and isinstance(model, keras.Model):
        printed: list[str] = []
        model.summary(print_fn=printed.append)
        found = re.search(r"Total params: (\d+)", "\n".join(printed))
        assert found is not None
        assert int(found[1]) == shown


def test_weights_alone() -> None:
    network = nparams.read(line(L.Dense(3), L.BatchNormalization()).weights)
    assert (network.weights, network.biases, network.totals.buffers) == (12 + 3, 3 + 3, 6)
