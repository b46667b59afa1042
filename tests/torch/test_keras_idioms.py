"""Ways in which people write models with Keras: each is run by Keras and read from its text, and the counts agree."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

import nparams  # noqa: E402

HEAD = """
import keras
import numpy as np
from keras import layers, ops, Model, Sequential
from keras.layers import *
base = Sequential([Input((8, 8, 3)), Conv2D(4, 3, name="stem"), BatchNormalization(), Flatten(), Dense(5, name="fc1"),
                   Dense(2)])
"""

IDIOMS = {
    "frozen base": """
base.trainable = False
x = Input((8, 8, 3))
model = Model(x, Dense(3)(base(x, training=False)))
""",
    "frozen layers": """
for layer in base.layers[:3]:
    layer.trainable = False
model = Sequential([base, Dense(3)])
""",
    "a layer's output": """
model = Model(base.inputs, Dense(7)(base.layers[-2].output))
""",
    "a layer by name": """
features = Model(inputs=base.inputs, outputs=base.get_layer("fc1").output)
x = Input((8, 8, 3))
model = Model(x, Dense(3)(features(x)))
""",
    "layers taken over": """
model = Sequential()
for layer in base.layers[:-1]:
    model.add(layer)
model.add(Dense(9))
model.build((None, 8, 8, 3))
""",
    "layers in a list": """
model = Sequential([*base.layers[:2], GlobalAveragePooling2D(), Dense(9)])
model.build((None, 8, 8, 3))
""",
    "residual blocks": """
def block(x, filters, stride=1):
    y = Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = BatchNormalization()(y)
    if stride != 1 or x.shape[-1] != filters:
        x = Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.add([x, y]))

inputs = x = Input((16, 16, 3))
for i, filters in enumerate([4, 8, 16]):
    for j in range(2):
        x = block(x, filters, stride=2 if j == 0 and i > 0 else 1)
model = Model(inputs, Dense(10)(GlobalAveragePooling2D()(x)), name=f"resnet{3 * 2 * 2}")
""",
    "dense blocks": """
inputs = x = Input((8, 8, 4))
for _ in range(3):
    x = Concatenate()([x, Conv2D(6, 3, padding="same")(BatchNormalization()(x))])
model = Model(inputs=inputs, outputs=[GlobalMaxPooling2D()(x), Dense(2)(Flatten()(x))])
""",
    "states handed on": """
enc_in = Input((None, 7))
enc_out, h, c = LSTM(16, return_state=True)(enc_in)
dec_in = Input((None, 9))
dec = LSTM(16, return_sequences=True, return_state=True)
dec_out, _, _ = dec(dec_in, initial_state=[h, c])
model = Model([enc_in, dec_in], Dense(9, activation="softmax")(dec_out))
""",
    "five outputs": """
x = Input((5, 3))
out, fh, fc, bh, bc = Bidirectional(LSTM(4, return_state=True))(x)
model = Model(x, Dense(2)(Concatenate()([out, fh, bh])))
""",
    "a transformer block": """
class Block(layers.Layer):
    def __init__(self, d, heads, ff, rate=0.1):
        super().__init__()
        self.att = MultiHeadAttention(num_heads=heads, key_dim=d)
        self.ffn = Sequential([Dense(ff, activation="relu"), Dense(d)])
        self.layernorm1 = LayerNormalization(epsilon=1e-6)
        self.layernorm2 = LayerNormalization(epsilon=1e-6)
        self.dropout1 = Dropout(rate)

    def call(self, inputs):
        attn = self.dropout1(self.att(inputs, inputs))
        out1 = self.layernorm1(inputs + attn)
        return self.layernorm2(out1 + self.ffn(out1))


class Embed(layers.Layer):
    def __init__(self, maxlen, vocab_size, d):
        super().__init__()
        self.token_emb = Embedding(input_dim=vocab_size, output_dim=d)
        self.pos_emb = Embedding(input_dim=maxlen, output_dim=d)

    def call(self, x):
        maxlen = ops.shape(x)[-1]
        positions = self.pos_emb(ops.arange(start=0, stop=maxlen, step=1))
        return self.token_emb(x) + positions


inputs = Input((20,))
x = Embed(20, 100, 8)(inputs)
for _ in range(2):
    x = Block(8, 2, 16)(x)
model = Model(inputs, Dense(2)(GlobalAveragePooling1D()(x)))
""",
    "weights of one's own": """
class Scale(layers.Layer):
    def build(self, input_shape):
        self.gamma = self.add_weight(shape=input_shape[-1:], initializer="ones", name="gamma")
        self.shift = self.add_weight(shape=(input_shape[-1],), trainable=False, name="shift")
        super().build(input_shape)

    def call(self, x):
        return x * self.gamma + self.shift

model = Sequential([Input((6,)), Scale(), Dense(3), Scale()])
""",
    "a list of layers": """
class Net(Model):
    def __init__(self, sizes, n_out):
        super().__init__()
        self.hidden = [Dense(n, activation="relu") for n in sizes]
        self.heads = {name: Dense(n_out) for name in ("a", "b")}

    def call(self, inputs, training=None):
        x = inputs
        for layer in self.hidden:
            x = layer(x)
        return self.heads["a"](x) + self.heads["b"](x)

model = Net([4, 5], 2)
model(Input((3,)))
""",
    "models in a model": """
class VAE(Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.decoder(self.encoder(x))

i = Input((6,))
e = Model(i, Dense(2)(i))
j = Input((2,))
d = Model(j, Dense(6)(j))
model = VAE(e, d)
model.build((None, 6))
""",
    "a siamese pair": """
def tower():
    return Sequential([Input((8,)), Dense(4), Dense(4)])

net = tower()
a, b = Input((8,)), Input((8,))
distance = ops.abs(net(a) - net(b))
model = Model([a, b], Dense(1)(distance))
""",
    "settings in a dict": """
config = {"units": [8, 4], "dropout": 0.5, "out": 3}
x = inputs = Input(shape=(10,))
for i, units in enumerate(config["units"], start=1):
    x = Dense(units, name=f"hidden_{i}")(x)
    if config["dropout"] > 0:
        x = Dropout(config["dropout"])(x)
model = Model(inputs, Dense(config.get("out", 1))(x))
""",
    "inputs by name": """
a, b = Input((3,), name="a"), Input((4,), name="b")
model = Model(inputs={"a": a, "b": b}, outputs=Dense(2)(concatenate([a, b])))
""",
    "a u-net": """
def down(x, n):
    x = Conv2D(n, 3, padding="same", activation="relu")(x)
    return x, MaxPooling2D(2)(x)

def up(x, skip, n):
    x = Conv2DTranspose(n, 2, strides=2, padding="same")(x)
    return Conv2D(n, 3, padding="same")(concatenate([x, skip], axis=-1))

inputs = Input((16, 16, 1))
s1, x = down(inputs, 4)
s2, x = down(x, 8)
x = Conv2D(16, 3, padding="same")(x)
x = up(x, s2, 8)
x = up(x, s1, 4)
model = Model(inputs, Conv2D(1, 1, activation="sigmoid")(x))
""",
    "channels first": """
model = Sequential([Input((3, 12, 10)), Conv2D(4, 3, data_format="channels_first"),
                    MaxPooling2D(2, data_format="channels_first"), BatchNormalization(axis=1), Flatten(), Dense(2)])
""",
    "steps and layers": """
model = Sequential([Input((5, 8, 8, 3)), TimeDistributed(Conv2D(4, 3)), TimeDistributed(MaxPooling2D()),
                    TimeDistributed(Flatten()), Bidirectional(GRU(6)), Dense(2)])
""",
    "functional parts": """
from functools import partial
Conv = partial(Conv2D, kernel_size=3, padding="same", activation="relu")
model = Sequential([Input((8, 8, 1)), Conv(filters=4), MaxPooling2D(2), Conv(filters=8), Flatten(), Dense(2)])
""",
    "a builder that is called": """
def build(hp=None, units=7, *, layers_=2, **kwargs):
    model = Sequential(name="built")
    model.add(Input(shape=(4,)))
    [model.add(Dense(units)) for _ in range(layers_)]
    model.compile(optimizer="adam", loss="mse")
    return model

model = build(units=3, layers_=3)
""",
    "slices and reductions": """
x = Input((6, 8))
first, rest = x[:, 0], x[:, 1:]
y = ops.concatenate([first, ops.mean(rest, axis=1)], axis=-1)
model = Model(x, Dense(3)(y))
""",
    "a gate with a lambda": """
x = Input((6,))
gate = Dense(6, activation="sigmoid")(x)
y = Lambda(lambda t: t[0] * t[1])([x, gate])
model = Model(x, Dense(2)(Multiply()([y, gate])))
""",
}  # fmt: skip


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    code = HEAD + IDIOMS[name]
    space: dict[str, Any] = {}
    exec(compile(code, "model", "exec"), space)  # code of this test's own making
    model = space["model"]
    network = nparams.read(code, form="keras-code", which="model")
    assert network.also.get("framework", network.total) == model.count_params()
    trained = sum(int(keras.ops.size(weight)) for weight in model.trainable_weights)
    assert network.totals.trainable == trained
