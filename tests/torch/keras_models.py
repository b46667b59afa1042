"""Random models of Keras as source text, over a table of layers and of ways to write a model."""

from __future__ import annotations

from random import Random
from typing import Any

from .keras_layer_cases import MAKERS, known

#: layers that take several arrays
SEVERAL = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Concatenate", "Dot", "Attention", "AdditiveAttention")
HEADS = ("MultiHeadAttention", "GroupQueryAttention")
WRAPPED = {
    "Bidirectional(LSTM)": lambda r: (
        f"layers.Bidirectional(layers.LSTM({r.randint(1, 5)}, return_sequences={r.random() < 0.5}))"
    ),
    "Bidirectional(GRU)": lambda r: (
        f"layers.Bidirectional(layers.GRU({r.randint(1, 5)}), merge_mode={r.choice(['sum', 'concat'])!r})"
    ),
    "TimeDistributed(Dense)": lambda r: f"layers.TimeDistributed(layers.Dense({r.randint(1, 5)}))",
    "RNN(cells)": lambda r: f"layers.RNN([layers.LSTMCell({r.randint(1, 4)}), layers.GRUCell({r.randint(1, 4)})])",
    "SpectralNormalization": lambda r: f"layers.SpectralNormalization(layers.Dense({r.randint(1, 5)}))",
}
KINDS = (
    "Dense", "EinsumDense", "Embedding", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
    "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "MaxPooling2D", "AveragePooling1D",
    "GlobalAveragePooling2D", "GlobalMaxPooling1D", "UpSampling2D", "ZeroPadding2D", "Cropping2D", "SimpleRNN", "LSTM",
    "GRU", "ConvLSTM2D", "BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization",
    "UnitNormalization", "Normalization", "PReLU", "LeakyReLU", "Activation", "Dropout", "Reshape", "Permute",
    "RepeatVector", "Flatten", *SEVERAL[:1], "Multiply", "Concatenate", "Dot", "Attention", "AdditiveAttention", *HEADS,
    *WRAPPED,
)  # fmt: skip
#: where not all that a layer may be told can be laid in one row, or be run by this backend
FIXED: dict[str, Any] = {
    "Dot": [((), {"axes": -1}, [(None, 4)]), ((), {"axes": 2}, [(None, 3, 4)])],
    "EinsumDense": [(("ab,bc->ac", 7), {"bias_axes": "c"}, [(None, 6)]),
                    (("abc,cd->abd", (5, 7)), {"bias_axes": "d"}, [(None, 5, 6)]),
                    (("abc,cde->abde", (5, 2, 3)), {}, [(None, 5, 6)])],
    "Embedding": [((9, 4), {}, [(None, 7)]), ((3, 8), {}, [(None, 2)])],
    "RMSNormalization": [((), {}, [(None, 3, 4)]), ((), {"epsilon": 0.1}, [(None, 5)])],
}  # fmt: skip
ENDS = ("inputs, outputs", "inputs=inputs, outputs=outputs", "[inputs], [outputs]")
FORMS = ("list", "add", "functional", "shared", "nested", "subclass")


def layer_text(r: Random, kind: str) -> tuple[str, tuple[Any, ...]]:
    """A layer as code, and a shape that it takes."""
    if kind in WRAPPED:
        return WRAPPED[kind](r), (r.randint(2, 4), r.randint(1, 4))
    args, named, shapes = MAKERS[kind](r)
    named = {name: held for name, held in named.items() if name not in ("return_state", "name")}
    if kind in FIXED:
        args, named, shapes = r.choice(FIXED[kind])
    text = ", ".join([*map(repr, args), *(f"{name}={held!r}" for name, held in named.items())])
    return f"layers.{kind}({text})", known(shapes[0])[1:]


def on(kind: str, layer: str, x: str) -> str:
    """The call of a layer on an array."""
    return f"{layer}([{x}, {x}])" if kind in SEVERAL else f"{layer}({x}, {x})" if kind in HEADS else f"{layer}({x})"


def source(r: Random, kind: str, form: str) -> str:
    """A whole model; it is called `model`."""
    layer, shape = layer_text(r, kind)
    kept = f"keras.Input({shape!r}{', dtype=' + repr('int32') if kind == 'Embedding' else ''})"
    before = "" if kind == "Embedding" else r.choice(("", "layers.Dropout(0.1)", "layers.BatchNormalization()"))
    lines = WRITERS[form](r, kind, layer, kept, before)
    return "\n".join(["import keras", "from keras import layers", "", *lines, ""])


def _alone(kind: str, layer: str, kept: str) -> tuple[list[str], str]:
    """A layer that can stand in a list; one of several arrays goes into a model of its own."""
    if kind not in (*SEVERAL, *HEADS):
        return [], layer
    return [f"start = {kept}", f"block = keras.Model(start, {on(kind, layer, 'start')})"], "block"


def _list(r: Random, kind: str, layer: str, kept: str, before: str) -> list[str]:
    lines, one = _alone(kind, layer, kept)
    parts = [kept, before, one, "layers.Flatten()", *_tail(r)]
    return [*lines, "model = keras.Sequential([", *(f"    {part}," for part in parts if part), "])"]


def _add(r: Random, kind: str, layer: str, kept: str, before: str) -> list[str]:
    lines, one = _alone(kind, layer, kept)
    parts = [kept, before, one, "layers.Flatten()", *_tail(r)]
    lines += ["model = keras.Sequential()", *(f"model.add({part})" for part in parts if part)]
    return [*lines, f"for units in {tuple(r.randint(1, 6) for _ in range(2))}:", "    model.add(layers.Dense(units))"]


def _functional(r: Random, kind: str, layer: str, kept: str, before: str) -> list[str]:
    lines = [f"inputs = {kept}", f"x = {before}(inputs)" if before else "x = inputs"]
    width = r.randint(1, 6)
    return [
        *lines,
        f"x = layers.Flatten()({on(kind, layer, 'x')})",
        f"left = layers.Dense({width}, activation='relu')(x)",
        f"right = layers.Dense({width}, use_bias={r.random() < 0.5})(x)",
        f"x = {r.choice(('layers.add([left, right])', 'layers.Concatenate()([left, right, x])', 'left + right * 2'))}",
        f"outputs = layers.Dense({r.randint(1, 6)})(x)",
        f"model = keras.Model({r.choice(ENDS)})",
    ]


def _shared(r: Random, kind: str, layer: str, kept: str, before: str) -> list[str]:
    return [
        f"first, second = {kept}, {kept}",
        f"layer = {layer}",
        "flat = layers.Flatten()",
        f"both = layers.concatenate([flat({on(kind, 'layer', 'first')}), flat({on(kind, 'layer', 'second')})])",
        f"model = keras.Model([first, second], layers.Dense({r.randint(1, 6)})(both))",
    ]


def _nested(r: Random, kind: str, layer: str, kept: str, before: str) -> list[str]:
    lines, one = _alone(kind, layer, kept)
    parts = ", ".join(part for part in (kept, before, one, "layers.Flatten()") if part)
    return [
        *lines,
        f"encoder = keras.Sequential([{parts}], name='encoder')",
        f"inputs = {kept}",
        f"outputs = layers.Dense({r.randint(1, 6)})(encoder(inputs))",
        "model = keras.Model(inputs, outputs)",
    ]


def _subclass(r: Random, kind: str, layer: str, kept: str, before: str) -> list[str]:
    return [
        "class Net(keras.Model):",
        f"    def __init__(self, units={r.randint(1, 6)}, depth={r.randint(1, 3)}):",
        "        super().__init__()",
        *([f"        self.before = {before}"] if before else []),
        f"        self.first = {layer}",
        "        self.flat = layers.Flatten()",
        "        self.blocks = [layers.Dense(units) for _ in range(depth)]",
        "        self.head = layers.Dense(2)",
        "",
        "    def call(self, x):",
        *(["        x = self.before(x)"] if before else []),
        f"        x = self.flat({on(kind, 'self.first', 'x')})",
        "        for block in self.blocks:",
        "            x = block(x)",
        "        return self.head(x)",
        "",
        "model = Net()",
        f"model({kept})",
    ]


def _tail(r: Random) -> list[str]:
    return [f"layers.Dense({r.randint(1, 9)}, activation='relu')", *r.choice(([], ["layers.BatchNormalization()"])),
            f"layers.Dense({r.randint(1, 4)})"]  # fmt: skip


WRITERS = {
    "list": _list, "add": _add, "functional": _functional, "shared": _shared, "nested": _nested,
    "subclass": _subclass,
}  # fmt: skip
