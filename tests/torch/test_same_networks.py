"""The networks of tests/same_networks.py in PyTorch and Keras: the same totals, differences told."""

from __future__ import annotations

from collections.abc import Callable

import keras
import pytest
from keras import layers
from torch import nn

import nparams
from tests.same_networks import HEADS, D, F, expected


def keras_block() -> keras.Model:
    x = keras.Input((3, D))
    y = layers.LayerNormalization()(x + layers.MultiHeadAttention(HEADS, D // HEADS)(x, x))
    return keras.Model(x, layers.LayerNormalization()(y + layers.Dense(D)(layers.Dense(F)(y))))


MADE: dict[tuple[str, str], Callable[[], object]] = {
    ("mlp", "torch"): lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)),
    ("cnn", "torch"): lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    ),
    ("lstm", "torch"): lambda: nn.LSTM(5, 6),
    ("block", "torch"): lambda: nn.TransformerEncoderLayer(D, HEADS, F),
    ("mlp", "keras"): lambda: keras.Sequential([keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(4)]),
    ("cnn", "keras"): lambda: keras.Sequential([
        keras.Input((9, 9, 3)), layers.Conv2D(8, 3), layers.BatchNormalization(), layers.GlobalAveragePooling2D(),
        layers.Dense(4),
    ]),
    ("lstm", "keras"): lambda: keras.Sequential([keras.Input((3, 5)), layers.LSTM(6)]),
    ("block", "keras"): keras_block,
}  # fmt: skip


@pytest.mark.parametrize(("network", "framework"), MADE, ids=[" in ".join(each) for each in MADE])
def test_the_same_network_has_the_same_totals(network: str, framework: str) -> None:
    read = nparams.read(MADE[network, framework]())
    totals = read.totals
    weights, biases, buffers = expected(network, framework)
    assert (totals.weights, totals.biases, totals.buffers) == (weights, biases, buffers)
    assert totals.total == weights + biases
    assert sum(row["total"] for row in read.rows()) == totals.total
    if framework == "keras":
        assert read.also["framework"] == weights + biases + buffers
    if buffers and framework == "keras":
        assert any(f"it counts {buffers} numbers too" in note for note in read.notes)
