"""Shapes and values as PyTorch and Keras print them: the counts are the frameworks' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from torch import nn

from nparams.notation import shapes

MODEL = nn.Sequential(
    nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3), nn.LSTM(3, 5, 2, bidirectional=True),
    nn.Embedding(10, 4), nn.LayerNorm(4), nn.MultiheadAttention(8, 2),
)  # fmt: skip
NAMED = list(MODEL.named_parameters())
STATE = MODEL.state_dict()
COUNT = sum(p.numel() for p in MODEL.parameters())

#: how people print a model's parameters
PRINTS = {
    "state_dict": str(STATE),
    "names and sizes": str([(n, p.shape) for n, p in NAMED]),
    "dict of tuples": str({n: tuple(p.shape) for n, p in NAMED}),
    "a line each": "\n".join(f"{n} {t.size()}" for n, t in STATE.items()),
    "tutorial": "\n".join(f"{n} \t {t.size()}" for n, t in STATE.items()),
    "parameters": "\n".join(str(p) for p in MODEL.parameters()),
    "list of parameters": str(list(MODEL.parameters())),
    "names and values": "\n".join(f"{n} {p}" for n, p in NAMED),
    "sizes": str([p.shape for p in MODEL.parameters()]),
    "arrays": str([p.detach().numpy() for p in MODEL.parameters()]),
    "types": "\n".join(f"{n}\t{t.dtype}\t{list(t.shape)}" for n, t in STATE.items()),
    "table": "\n".join(f"{n:40s} {tuple(p.shape)!s:20s} {p.numel():,}" for n, p in NAMED),
}


@pytest.mark.parametrize("how", PRINTS)
def test_torch_prints(how: str) -> None:
    found = shapes.read(PRINTS[how])
    assert found.total == COUNT
    assert shapes.may_be(PRINTS[how])
    if "running_mean" in PRINTS[how]:
        assert found.totals.buffers == sum(b.numel() for b in MODEL.buffers())


def keras_prints() -> tuple[dict[str, str], int, int]:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    )
    prints = {
        "a line each": "\n".join(repr(v) for v in model.variables),
        "list": str(model.weights),
        "paths": "\n".join(f"{v.path} {v.shape}" for v in model.variables),
    }
    return prints, *(
        sum(int(np.prod(v.shape)) for v in group)
        for group in (model.trainable_variables, model.non_trainable_variables)
    )


def test_keras_prints() -> None:
    prints, trained, kept = keras_prints()
    for text in prints.values():
        found = shapes.read(text)
        assert (found.total, found.totals.buffers) == (trained, kept)
        assert shapes.may_be(text)
