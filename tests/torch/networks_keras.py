"""Whole networks of Keras, each beside the list of layers that describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable


def cnn() -> keras.Model:
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(2), layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(3, 2),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


CNN = """input 28x28x1; conv 32 3x3 relu; batchnorm; maxpool 2; conv 64 3x3 same relu; maxpool 3 stride 2
flatten; dropout 0.5; dense 10 softmax"""


def xception() -> keras.Model:
    """Separable convolutions with norms, and a convolution on the short way."""
    start = keras.Input((16, 16, 3))
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(start))
    y = layers.BatchNormalization()(layers.SeparableConv2D(12, 3, padding="same", use_bias=False)(x))
    y = layers.BatchNormalization()(layers.SeparableConv2D(12, 3, padding="same", depth_multiplier=2)(y))
    short = layers.BatchNormalization()(layers.Conv2D(12, 1)(x))
    z = layers.GlobalAveragePooling2D()(layers.PReLU()(layers.Add()([y, short])))
    return keras.Model(start, layers.Dense(5)(z))


XCEPTION = """input 16x16x3; conv 8 3x3 no bias; bn
residual (sepconv 12 3x3 same no bias; bn; sepconv 12 3x3 same multiplier 2; bn | conv 12 1x1; bn)
prelu; gap; dense 5"""


def unet() -> keras.Model:
    start = keras.Input((16, 16, 3))
    one = layers.Conv2D(8, 3, padding="same")(start)
    two = layers.Conv2D(16, 3, padding="same")(layers.MaxPooling2D(2)(one))
    up = layers.UpSampling2D(2)(layers.LayerNormalization()(two))
    beside = layers.Concatenate()([up, one])
    return keras.Model(start, layers.Conv2D(1, 1)(layers.Conv2D(8, 3, padding="same")(beside)))


UNET = """input 16x16x3; conv 8 3x3 same as one; maxpool 2; conv 16 3x3 same; layernorm; upsample 2
concat one; conv 8 3x3 same; conv 1 1x1"""


def tagger() -> keras.Model:
    return keras.Sequential([
        keras.Input((20,), dtype="int32"), layers.Embedding(200, 16),
        layers.Bidirectional(layers.LSTM(12, return_sequences=True)), layers.TimeDistributed(layers.Dense(7)),
    ])  # fmt: skip


TAGGER = "input 20 tokens; embedding 200 16; bidirectional lstm 12 seq; timedistributed dense 7"


def recurrent() -> keras.Model:
    return keras.Sequential([
        keras.Input((30, 6)), layers.LSTM(16, return_sequences=True), layers.GRU(8, return_sequences=True),
        layers.SimpleRNN(4), layers.Dense(1),
    ])  # fmt: skip


RECURRENT = "input 30x6; lstm 16 seq; gru 8 seq; simple rnn 4; dense 1"


def generator() -> keras.Model:
    """What makes images of noise: dense, reshaped, and turned convolutions."""
    return keras.Sequential([
        keras.Input((10,)), layers.Dense(7 * 7 * 16, use_bias=False), layers.BatchNormalization(),
        layers.LeakyReLU(), layers.Reshape((7, 7, 16)),
        layers.Conv2DTranspose(8, 5, strides=2, padding="same", use_bias=False), layers.BatchNormalization(scale=False),
        layers.Conv2DTranspose(1, 5, strides=2, activation="tanh"), layers.Flatten(), layers.Dense(1),
    ])  # fmt: skip


GENERATOR = """input 10; dense 784 no bias; bn; leaky relu; reshape 7x7x16; deconv 8 5x5 stride 2 same no bias
bn no scale; deconv 1 5x5 stride 2 tanh; flatten; dense 1"""


def attention() -> keras.Model:
    """Attention with heads of a size that is said, a norm, and a feed-forward layer at each step."""
    start = keras.Input((12, 20))
    x = layers.MultiHeadAttention(3, 8)(start, start)
    x = layers.LayerNormalization()(layers.Add()([start, x]))
    y = layers.Dense(20)(layers.Dense(40, activation="gelu")(x))
    z = layers.GlobalAveragePooling1D()(layers.RMSNormalization()(layers.Add()([x, y])))
    return keras.Model(start, layers.Dense(2)(z))


ATTENTION = """input 12x20; residual (attention heads 3 head dim 8); layernorm; residual (dense 40 gelu; dense 20)
rmsnorm; gap; dense 2"""

#: name -> (list of layers, the network)
NETWORKS: dict[str, tuple[str, Callable[[], keras.Model]]] = {
    "cnn": (CNN, cnn),
    "xception": (XCEPTION, xception),
    "unet": (UNET, unet),
    "tagger": (TAGGER, tagger),
    "recurrent": (RECURRENT, recurrent),
    "generator": (GENERATOR, generator),
    "attention": (ATTENTION, attention),
}
