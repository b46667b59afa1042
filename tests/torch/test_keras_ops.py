"""Functions on arrays in Keras code: the shape that each sends is that of Keras, told by a dense layer after it."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

import nparams  # noqa: E402

#: with x and y of (None, 6, 4) and v of (None, 4)
EXPRESSIONS = """
x + y
x * 2 - 1
x - keras.ops.expand_dims(v, 1)
x[:, 0]
x[:, -1, :]
x[:, 1:4]
x[..., 0]
x[:, ::2, 1:]
x[:, None]
keras.ops.relu(x)
keras.ops.exp(x) / (1 + keras.ops.abs(y))
keras.ops.mean(x, axis=1)
keras.ops.sum(x, axis=-1, keepdims=True)
keras.ops.max(x, axis=[1, 2], keepdims=True)
keras.ops.reshape(x, (-1, 24))
keras.ops.reshape(x, (-1, 2, 3, 4))
keras.ops.reshape(x, (-1, 3, 8))
keras.ops.transpose(x, (0, 2, 1))
keras.ops.expand_dims(x, -1)
keras.ops.expand_dims(x, axis=1)
keras.ops.squeeze(keras.ops.expand_dims(x, 1), 1)
keras.ops.concatenate([x, y], axis=1)
keras.ops.concatenate([x, y], -1)
keras.ops.stack([x, y], axis=1)
keras.ops.split(x, 2, axis=-1)[0]
keras.ops.split(x, 3, axis=1)[1]
keras.ops.matmul(x, keras.ops.transpose(y, (0, 2, 1)))
x @ keras.ops.transpose(y, (0, 2, 1))
keras.ops.einsum("bij,bkj->bik", x, y)
keras.ops.repeat(x, 3, axis=1)
keras.ops.tile(x, (1, 2, 1))
keras.ops.pad(x, ((0, 0), (1, 2), (0, 0)))
keras.ops.flip(x, axis=1)
keras.ops.maximum(x, y)
keras.ops.where(x > 0, x, y)
keras.ops.softmax(x, axis=1)
keras.ops.cast(x, "float32")
keras.ops.zeros_like(x) + x
keras.ops.argmax(x, axis=-1)
keras.ops.cumsum(x, axis=1)
keras.ops.clip(x, 0, 1)
keras.ops.norm(x, axis=-1, keepdims=True)
keras.activations.gelu(x)
layers.Lambda(lambda t: t[:, 0] * 2)(x)
layers.Lambda(lambda t: keras.ops.mean(t, axis=1))(x)
keras.ops.reshape(x, (-1, x.shape[1] * x.shape[2]))
layers.Reshape((x.shape[-1], -1))(x)
layers.Dense(x.shape[-1] // 2)(x)
layers.add([x, y])
layers.dot([x, y], axes=2)
layers.concatenate([x, layers.RepeatVector(6)(v)])
"""

HEAD = """
import keras
from keras import layers
x, y, v = keras.Input((6, 4)), keras.Input((6, 4)), keras.Input((4,))
z = {expression}
"""
TAIL = """
model = keras.Model([x, y, v], layers.Dense(1)(layers.Flatten()(z)))
"""


@pytest.mark.parametrize("expression", [line for line in EXPRESSIONS.splitlines() if line])
def test_shape(expression: str) -> None:
    code = HEAD.format(expression=expression) + TAIL
    space: dict[str, Any] = {}
    exec(compile(code, "model", "exec"), space)  # code of this test's own making
    network = nparams.read(code, form="keras-code")
    assert network.total == space["model"].count_params(), network.notes
