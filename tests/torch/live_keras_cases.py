"""Live models of Keras 3 with what is in them, by plain arithmetic; they run on any backend."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

import numpy as np  # noqa: E402

from tests.live import Case  # noqa: E402

L = keras.layers
IN, FLAT = keras.Input, (4,)
CASES: list[Case] = []
#: quantised kernels: bytes of a scale
F = 4


def case(name: str, *notes: str | tuple[str, ...], **expected: object) -> Callable[[Callable[[], Any]], None]:
    """A row of the table; what Keras's own summary prints is `framework`, the sum of all that is kept if not said."""

    def put(make: Callable[[], Any]) -> None:
        held = dict(expected)
        also: dict[str, object] = dict(held.pop("also", {}))  # type: ignore[call-overload]
        shown = held.pop("framework", sum(int(held.get(k, 0)) for k in ("weights", "biases", "buffers", "bookkeeping")))  # type: ignore[call-overload]
        if shown is not None:
            also["framework"] = shown
        CASES.append(Case(name, make, {**held, "also": also}, notes))

    return put


def line(*layers: Any, shape: tuple[int | None, ...] = FLAT, dtype: str | None = None) -> Any:
    return keras.Sequential([IN(shape, dtype=dtype), *layers])


def built(layer: Any, *shape: int | None) -> Any:
    layer.build(shape)
    return layer


def changed(model: Any, change: Callable[[Any], object]) -> Any:
    change(model)
    return model


# -- plain ------------------------------------------------------------------------------------------------------------

case("a model of two layers", weights=4 * 3 + 3 * 2, biases=3 + 2)(lambda: line(L.Dense(3), L.ReLU(), L.Dense(2)))
case("one layer", weights=4 * 3, biases=3)(lambda: built(L.Dense(3), None, 4))
case("no biases", weights=4 * 3)(lambda: line(L.Dense(3, use_bias=False)))
case("a convolution, a separable one, a transposed one", weights=3 * 3 * 3 * 8 + (3 * 3 * 8 + 8 * 4) + 5 * 5 * 2 * 4,
     biases=8 + 4 + 2)(
    lambda: line(L.Conv2D(8, 3), L.SeparableConv2D(4, 3), L.Conv2DTranspose(2, 5), shape=(28, 28, 3))
)  # fmt: skip
case("depthwise, and groups", weights=3 * 6 * 2 + 1 * 6 * 4, biases=12 + 4)(
    lambda: line(L.DepthwiseConv1D(3, depth_multiplier=2), L.Conv1D(4, 1, groups=2), shape=(9, 6))
)
case(
    "batch statistics are buffers", "moving statistics", weights=4 * 3 + 3, biases=3 + 3, buffers=6, bytes=21 * 4 + 24
)(lambda: line(L.Dense(3), L.BatchNormalization()))
case("normalisation without beta, RMS", weights=4 + 4, biases=4)(
    lambda: line(L.LayerNormalization(), L.RMSNormalization())
)
case("a slope for each value", weights=4 * 3 + 3, biases=3)(lambda: line(L.Dense(3), L.PReLU()))
case("an embedding", weights=10 * 4)(lambda: line(L.Embedding(10, 4), shape=(6,), dtype="int32"))
case("seed generators are other", weights=12, biases=3, other=2)(lambda: line(L.Dropout(0.5), L.Dense(3)))
case("bfloat16 and mixed", weights=12 + 6, biases=3 + 2, dtypes={"bfloat16": 15, "float32": 8})(
    lambda: line(L.Dense(3, dtype="bfloat16"), L.Dense(2, dtype="mixed_float16"))
)
case("an einsum", weights=4 * 2 * 5, biases=2 * 5)(
    lambda: line(L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 5), bias_axes="de"), shape=(6, 4))
)

# -- recurrent, attention, wrappers ---------------------------------------------------------------------------------

case("LSTM", weights=4 * 5 * (4 + 5), biases=4 * 5, other=2)(lambda: line(L.LSTM(5), shape=(7, 4)))
case("GRU has two biases", weights=3 * 5 * (4 + 5), biases=2 * 3 * 5, other=2)(lambda: line(L.GRU(5), shape=(7, 4)))
case("a convolution in time", weights=4 * 3 * (3 * 3 * 2 + 3 * 3 * 3), biases=4 * 3, other=2)(
    lambda: line(L.ConvLSTM2D(3, 3), shape=(5, 8, 8, 2))
)
case("both directions", weights=2 * 4 * 5 * (4 + 5), biases=2 * 4 * 5, other=4)(
    lambda: line(L.Bidirectional(L.LSTM(5)), shape=(7, 4))
)
case("two different directions", weights=4 * 3 * (4 + 3) + 3 * 3 * (4 + 3), biases=4 * 3 + 2 * 3 * 3, other=4)(
    lambda: line(
        L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(3, go_backwards=True)), shape=(7, 4)
    )
)  # fmt: skip
case("cells in a stack", weights=3 * 3 * (4 + 3) + 4 * 2 * (3 + 2), biases=2 * 9 + 8, other=4)(
    lambda: line(L.RNN([L.GRUCell(3), L.LSTMCell(2)]), shape=(7, 4))
)
case("the same at every step", weights=4 * 3, biases=3)(lambda: line(L.TimeDistributed(L.Dense(3)), shape=(7, 4)))
case("spectral normalisation", "tied", weights=4 * 3, biases=3, buffers=3, listed=27, elements=30, bytes=60 + 12,
     framework=18)(lambda: line(L.SpectralNormalization(L.Dense(3))))  # fmt: skip


@case("attention", weights=4 * 2 * 3 * 3 + 2 * 3 * 4, biases=3 * 6 + 4, other=0)
def _attention() -> Any:
    x = IN((7, 4))
    return keras.Model(x, L.MultiHeadAttention(2, 3)(x, x))


@case("grouped attention", weights=8 * 4 * 2 + 2 * 8 * 2 * 2 + 4 * 2 * 8, biases=8 + 4 + 4 + 8)
def _grouped() -> Any:
    x = IN((7, 8))
    return keras.Model(x, L.GroupQueryAttention(2, 4, 2)(x, x))


# -- shared, tied, nested -------------------------------------------------------------------------------------------


@case("a layer called twice", weights=16, biases=4)
def _twice() -> Any:
    x, dense = IN(FLAT), L.Dense(4)
    return keras.Model(x, dense(dense(x)))


@case("a layer in two models", "again (shared)", weights=16 + 8, biases=4 + 2, listed=24 + 6 + 20, framework=30)
def _between() -> Any:
    dense, x = L.Dense(4), IN(FLAT)
    inner = line(dense, L.Dense(2))
    return keras.Model(x, L.Concatenate()([dense(x), inner(x)]))


@case("models in models", weights=12 + 6 + 2, biases=3 + 2 + 1)
def _nested() -> Any:
    return line(keras.Sequential([L.Dense(3), keras.Sequential([L.Dense(2)])]), L.Dense(1))


class Twice(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.a = L.Dense(4)
        self.b = self.a
        self.more = [self.a, {"c": self.a}]

    def call(self, x: Any) -> Any:
        return self.b(self.a(x))


case("a layer under several attributes", weights=16, biases=4)(lambda: called(Twice(), 4))


def called(model: Any, *shape: int, dtype: str = "float32") -> Any:
    model(np.zeros((1, *shape), dtype=dtype))
    return model


class Head(L.Layer):  # type: ignore[misc]
    """Words from vectors, by the table that made vectors of words."""

    def __init__(self, table: Any) -> None:
        super().__init__()
        self.table = table

    def build(self, shape: Any) -> None:
        self.bias = self.add_weight(shape=(10,), name="bias")

    def call(self, x: Any) -> Any:
        return keras.ops.matmul(x, keras.ops.transpose(self.table.embeddings)) + self.bias


class Words(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.table = L.Embedding(10, 4)
        self.head = Head(self.table)

    def call(self, x: Any) -> Any:
        return self.head(self.table(x))


case("a head tied to the embedding", "again (shared)", weights=40, biases=10, listed=90, framework=50)(
    lambda: called(Words(), 3, dtype="int32")
)
case("an embedding that is its own head", weights=40)(lambda: built(L.ReversibleEmbedding(10, 4), None, 3))
case("the same untied", weights=80)(lambda: built(L.ReversibleEmbedding(10, 4, tie_weights=False), None, 3))


class Sharing(keras.Model):  # type: ignore[misc]
    """Two layers over one variable."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Own("one"), Own("two")
        self.two.k = self.one.k = keras.Variable(np.zeros((4, 4), dtype="float32"), name="k")

    def call(self, x: Any) -> Any:
        return self.two(self.one(x))


class Own(L.Layer):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        super().__init__(name=name)

    def call(self, x: Any) -> Any:
        return keras.ops.matmul(x, self.k)


case("a variable of two layers", "two/k is one/k itself (tied)", weights=16, listed=32, framework=16)(
    lambda: called(Sharing(), 4)
)


class Parent(keras.Model):  # type: ignore[misc]
    """Layers inside, and no build() of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = L.Dense(3)

    def call(self, x: Any) -> Any:
        return self.inner(x)


class Bare(keras.Model):  # type: ignore[misc]
    """Variables as bare attributes, in a list and in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = self.add_weight(shape=(4,), name="scale")
        self.offsets = [keras.Variable(np.zeros(4, dtype="float32"), name="bias")]
        self.seen = {"count": keras.Variable(np.zeros((), dtype="int32"), trainable=False, name="count")}

    def call(self, x: Any) -> Any:
        return x * self.scale + self.offsets[0]


case("variables of a model's own", weights=4, biases=4, buffers=1, bytes=32 + 4)(lambda: called(Bare(), 4))

# -- frozen ---------------------------------------------------------------------------------------------------------


def frozen(model: Any, *layers: int) -> Any:
    for part in [model.layers[k] for k in layers] or [model]:
        part.trainable = False
    return model


case("a frozen layer", weights=12 + 6, biases=3 + 2, trainable=6 + 2)(lambda: frozen(line(L.Dense(3), L.Dense(2)), 0))
case("a frozen layer, as it was made", weights=12 + 6, biases=3 + 2, trainable=6 + 2)(
    lambda: line(L.Dense(3, trainable=False), L.Dense(2))
)
case("a frozen model: gamma and beta are parameters still", weights=12 + 3, biases=6, trainable=0, buffers=6,
     bytes=27 * 4)(lambda: frozen(line(L.Dense(3), L.BatchNormalization())))  # fmt: skip
case("a frozen model inside", weights=12 + 6, biases=3 + 2, trainable=6 + 2)(
    lambda: frozen(line(line(L.Dense(3)), L.Dense(2)), 0)
)

# -- training ---------------------------------------------------------------------------------------------------------


def trained(optimizer: Any, *, fit: bool = True) -> Any:
    model = line(L.Dense(3))
    model.compile(optimizer, "mse", metrics=["mae"])
    if fit:
        model.fit(np.zeros((2, 4), dtype="float32"), np.zeros((2, 3), dtype="float32"), verbose=0)
    return model


# 15 parameters: Adam keeps two numbers for each, the step and the rate; loss and error are each a sum and a count
case("trained with Adam", "the optimizer's 32", weights=12, biases=3, other=2 * 15 + 2 + 2 * 2, framework=15 + 32)(
    lambda: trained("adam")
)
case("compiled only: the optimizer is not built, its step and rate are there", weights=12, biases=3, other=2 + 2)(
    lambda: trained("adam", fit=False)
)
case("trained with a scaled loss", "optimizer's 21", weights=12, biases=3, other=15 + 2 + 4 + 2 * 2, framework=15 + 21)(
    lambda: trained(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(momentum=0.9)))
)

# -- not built ------------------------------------------------------------------------------------------------------

case("not built", "Dense 'first', Dense 'second' are not built yet", unknown=4, framework=0, dtypes={})(
    lambda: keras.Sequential([L.Dense(3, name="first"), L.ReLU(), L.Dense(2, use_bias=True, name="second")])
)
case("partly built", "not built yet", weights=12, biases=3, unknown=1, framework=15)(
    lambda: keras.Sequential([built(L.Dense(3), None, 4), L.Dense(2, use_bias=False)])
)
case("LSTM not built", "LSTM 'memory' is not built yet", unknown=3, other=2, framework=None, dtypes={})(
    lambda: L.LSTM(3, name="memory")
)
case("attention not built", unknown=8, framework=None, dtypes={})(lambda: L.MultiHeadAttention(2, 3))
case("a class of one's own, not built", "not built yet", unknown=1, framework=None, dtypes={})(lambda: Head(None))
case("a model of one's own, not built", unknown=2, framework=0, dtypes={})(lambda: Parent())
case("nothing to build", framework=0)(keras.Sequential)
case("nothing to learn", framework=None)(L.Flatten)

# -- quantised and adapted ------------------------------------------------------------------------------------------


def quantised(mode: Any, **config: Any) -> Any:
    layer = built(L.Dense(7), None, 5)
    layer.quantize(mode, **config)
    return layer


case("int8", "int8", weights=35, biases=7, trainable=7, bookkeeping=7, dtypes={"int8": 35, "float32": 7},
     bytes=35 + 7 * 4 + 7 * F)(lambda: quantised("int8"))  # fmt: skip
# 7 columns two to a byte: 4 bytes a row; by default one scale and one zero point a column, and an index for each row
case("int4", "int4", weights=35, biases=7, trainable=7, bookkeeping=7 + 7 + 5, elements=5 * 4 + 7 + 19,
     dtypes={"int4": 35, "float32": 7}, parameter_bytes=5 * 4 + 7 * 4, bytes=48 + 7 * 4 + 7 + 5 * 4,
     framework=20 + 7 + 19)(lambda: quantised("int4"))  # fmt: skip
case("int4 embeddings", "int4", weights=11 * 5, trainable=0, bookkeeping=11 + 11 + 5, elements=11 * 3 + 27,
     dtypes={"int4": 55}, parameter_bytes=33, bytes=33 + 11 * 4 + 11 + 5 * 4, framework=33 + 27)(
    lambda: changed(built(L.Embedding(11, 5), None, 6), lambda e: e.quantize("int4"))
)  # fmt: skip
case("int4 einsum", "int4", weights=5 * 7, biases=7, trainable=7, bookkeeping=7 + 7 + 5, elements=5 * 4 + 7 + 19,
     dtypes={"int4": 35, "float32": 7}, parameter_bytes=20 + 28, bytes=48 + 28 + 7 + 20, framework=20 + 7 + 19)(
    lambda: changed(
        built(L.EinsumDense("abc,cd->abd", output_shape=(6, 7), bias_axes="d"), None, 6, 5),
        lambda e: e.quantize("int4"),
    )
)  # fmt: skip


def packed(mode: str, layer: Any, calibrated: bool, bits: int = 4) -> Any:
    """GPTQ or AWQ; calibration, which takes long, fills the packed kernel and lets the whole one go."""
    which = {"gptq": "GPTQConfig", "awq": "AWQConfig"}[mode]
    more = {"weight_bits": bits} if mode == "gptq" else {}
    layer.quantize(mode, config=getattr(keras.quantizers, which)(dataset=None, tokenizer=None, group_size=5, **more))
    if calibrated:
        del layer._kernel
    return layer


# 10 inputs in 2 groups, 7 outputs two to a byte: 4 rows of 10; a scale and a zero point for each output and group
GROUPS = 2 * 7 + 2 * 7 + 10
case("GPTQ before it is calibrated", weights=70, biases=7, trainable=77, bookkeeping=40 + GROUPS,
     bytes=77 * 4 + 40 + 14 * 4 + 14 + 10 * 4)(lambda: packed("gptq", built(L.Dense(7), None, 10), False))  # fmt: skip
case("GPTQ", "GPTQ", weights=70, biases=7, trainable=7, bookkeeping=GROUPS, elements=40 + 7 + GROUPS,
     dtypes={"int4": 70, "float32": 7}, parameter_bytes=40 + 28, bytes=68 + 14 * 4 + 14 + 10 * 4,
     framework=40 + 7 + GROUPS)(lambda: packed("gptq", built(L.Dense(7), None, 10), True))  # fmt: skip
case("GPTQ in 8 bits", "GPTQ", weights=70, biases=7, trainable=7, bookkeeping=GROUPS,
     dtypes={"uint8": 70, "float32": 7}, bytes=70 + 28 + 14 * 4 + 14 + 10 * 4)(
    lambda: packed("gptq", built(L.Dense(7), None, 10), True, 8)
)  # fmt: skip
case("AWQ", "AWQ", weights=70, biases=7, trainable=7, bookkeeping=GROUPS + 10, elements=40 + 7 + GROUPS + 10,
     dtypes={"int4": 70, "float32": 7}, parameter_bytes=40 + 28, bytes=68 + 14 * 4 + 14 + 2 * 10 * 4,
     framework=40 + 7 + GROUPS + 10)(lambda: packed("awq", built(L.Dense(7), None, 10), True))  # fmt: skip
# three scales and three histories of 1,024 entries
case("float8", weights=35, biases=7, bookkeeping=3 + 3 * 1024, bytes=42 * 4 + 3075 * 4)(lambda: quantised("float8"))
case("LoRA", "LoRA adapters of rank 2 on 1 layer", weights=12 + 4 * 2 + 2 * 3, biases=3, trainable=3 + 14,
     components={"backbone": 15, "adapter": 14})(
    lambda: changed(line(L.Dense(3)), lambda m: m.layers[0].enable_lora(2))
)  # fmt: skip
case("LoRA on a convolution", weights=108 + 3 * 3 * 3 * 2 + 2 * 4, biases=4, trainable=4 + 62,
     components={"backbone": 112, "adapter": 62})(
    lambda: changed(line(L.Conv2D(4, 3), shape=(8, 8, 3)), lambda m: m.layers[0].enable_lora(2))
)  # fmt: skip
case("LoRA on a table", weights=40 + 10 * 2 + 2 * 4, trainable=28, components={"backbone": 40, "adapter": 28})(
    lambda: changed(built(L.Embedding(10, 4), None, 6), lambda e: e.enable_lora(2))
)
case("LoRA on int8", "int8", "LoRA", weights=35 + 5 * 2 + 2 * 7, biases=7, trainable=7 + 24, bookkeeping=7,
     dtypes={"int8": 35, "float32": 31}, bytes=35 + 31 * 4 + 28, components={"backbone": 42, "adapter": 24})(
    lambda: changed(quantised("int8"), lambda d: d.enable_lora(2))
)  # fmt: skip

# -- preparing data, and what is hidden -----------------------------------------------------------------------------


# how often it measured is a wide number on TensorFlow
@case("measured statistics", buffers=3 + 3 + 1, framework=7,
      bytes=6 * 4 + (8 if keras.backend.backend() == "tensorflow" else 4))  # fmt: skip
def _measured() -> Any:
    layer = L.Normalization()
    layer.adapt(np.zeros((4, 3), dtype="float32"))
    return layer


case("bins", framework=0)(lambda: called(L.Discretization(bin_boundaries=[0.0, 1.0]), 3))


@case(
    "a layer in a Lambda", "does not register", weights=10, biases=2, other=25, also={"unregistered": 25}, framework=12
)
def _hidden() -> Any:
    dense, x = built(L.Dense(5), None, 4), IN(FLAT)
    return keras.Model(x, L.Dense(2)(L.Lambda(lambda t: dense(t), output_shape=(5,))(x)))
