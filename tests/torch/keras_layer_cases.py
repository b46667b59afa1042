"""Random arguments and shapes for every class of keras.layers that is read."""

from __future__ import annotations

from random import Random
from typing import Any

Case = tuple[tuple[Any, ...], dict[str, Any], list[tuple[Any, ...]]]


def some(r: Random, **choices: Any) -> dict[str, Any]:
    """A few of the arguments, each one of its choices."""
    return {name: r.choice(held) for name, held in choices.items() if r.random() < 0.6}


YES = (True, False)
LAYOUTS = ("channels_last", "channels_first", None)


def image(r: Random, rank: int, named: dict[str, Any], channels: int | None = None, low: int = 7) -> tuple[Any, ...]:
    sides = tuple(r.choice((low, low + 3, low + 6, None)) for _ in range(rank))
    channels = channels or r.choice((1, 2, 4, 6))
    return (None, channels, *sides) if named.get("data_format") == "channels_first" else (None, *sides, channels)


def known(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return (None, *(8 if side is None else side for side in shape[1:]))


def sides(r: Random, rank: int, low: int, high: int) -> Any:
    return r.randint(low, high) if r.random() < 0.5 else tuple(r.randint(low, high) for _ in range(rank))


def slides(r: Random, rank: int) -> dict[str, Any]:
    named = some(r, padding=("valid", "same"), data_format=LAYOUTS, use_bias=YES, activation=("relu", None))
    if r.random() < 0.4:
        named["dilation_rate"] = r.randint(1, 2)
    elif r.random() < 0.6:
        named["strides"] = r.choice((1, 2, (r.randint(1, 3),) * rank))
    return named


def conv(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = slides(r, rank)
        if rank == 1 and r.random() < 0.2:
            named.update(padding="causal", data_format="channels_last")
        if r.random() < 0.3:
            named["groups"] = 2
        shape = image(r, rank, named, r.choice((2, 4, 6)))
        return (2 * r.randint(1, 4), sides(r, rank, 1, 3)), named, [shape]

    return case


def transposed(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, padding=("valid", "same"), data_format=LAYOUTS, use_bias=YES)
        named["strides"] = r.randint(1, 3)
        return (r.randint(1, 5), sides(r, rank, 1, 4)), named, [image(r, rank, named)]

    return case


def depthwise(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = slides(r, rank)
        named.pop("dilation_rate", None)
        if isinstance(named.get("strides"), tuple):
            named["strides"] = named["strides"][0]
        return (sides(r, rank, 1, 3),), named | some(r, depth_multiplier=(1, 2, 3)), [image(r, rank, named)]

    return case


def separable(rank: int) -> Any:
    def case(r: Random) -> Case:
        args, named, shapes = depthwise(rank)(r)
        return (r.randint(1, 6), *args), named, shapes

    return case


def pool(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, padding=("valid", "same"), data_format=LAYOUTS, strides=(1, 2, 3))
        return (sides(r, rank, 1, 3),), named, [image(r, rank, named)]

    return case


def whole(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, data_format=LAYOUTS, keepdims=YES)
        return (), named, [image(r, rank, named)]

    return case


def adaptive(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, data_format=LAYOUTS)
        return (sides(r, rank, 1, 4),), named, [known(image(r, rank, named))]

    return case


def upsample(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, data_format=LAYOUTS) if rank > 1 else {}
        return (sides(r, rank, 1, 3) if rank > 1 else r.randint(1, 3),), named, [image(r, rank, named)]

    return case


def edges(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, data_format=LAYOUTS) if rank > 1 else {}
        held = r.choice((
            r.randint(0, 2), tuple(r.randint(0, 2) for _ in range(rank if rank > 1 else 2)),
            tuple((r.randint(0, 2), r.randint(0, 2)) for _ in range(rank)) if rank > 1 else (0, 2),
        ))  # fmt: skip
        return (held,), named, [image(r, rank, named)]

    return case


def sequence(r: Random) -> tuple[Any, ...]:
    return (None, r.choice((None, 4, 7)), r.randint(1, 6))


def recurrent(r: Random, **more: Any) -> Case:
    named = some(r, use_bias=YES, return_sequences=YES, return_state=YES, **more)
    return (r.randint(1, 6),), named, [sequence(r)]


def convlstm(rank: int) -> Any:
    def case(r: Random) -> Case:
        named = some(r, padding=("valid", "same"), data_format=LAYOUTS, use_bias=YES, return_sequences=YES,
                     strides=(1, 2))  # fmt: skip
        shape = known(image(r, rank, named, low=7))
        return (r.randint(1, 4), sides(r, rank, 1, 3)), named, [(None, 3, *shape[1:])]

    return case


def shape_of(r: Random, low: int = 1, high: int = 4) -> tuple[Any, ...]:
    return (None, *(r.randint(1, 6) for _ in range(r.randint(low, high))))


def norm(r: Random) -> Case:
    shape = shape_of(r)
    named = some(r, center=YES, scale=YES)
    if r.random() < 0.4:
        named["axis"] = r.randint(1, len(shape) - 1)
    return (), named, [shape]


def layer_norm(r: Random) -> Case:
    args, named, shapes = norm(r)
    if len(shapes[0]) > 2 and r.random() < 0.4:
        named["axis"] = [-2, -1]
    return args, named, shapes


def group_norm(r: Random) -> Case:
    shape = (*shape_of(r, 1, 3), 6)
    return (), {"groups": r.choice((1, 2, 3, 6, -1)), **some(r, center=YES, scale=YES)}, [shape]


def rms(r: Random) -> Case:
    shape = shape_of(r)
    return (), {"axis": r.randint(1, len(shape) - 1)} if r.random() < 0.5 else {}, [shape]


def normalization(r: Random) -> Case:
    shape = shape_of(r)
    return (), {"axis": r.choice((-1, None, 1))}, [shape]


def prelu(r: Random) -> Case:
    shape = shape_of(r, 2, 4)
    return (), {"shared_axes": [r.randint(1, len(shape) - 1)]} if r.random() < 0.6 else {}, [shape]


def heads(r: Random) -> Case:
    named = some(r, value_dim=(2, 5), use_bias=YES, output_shape=(3, (2, 4)), use_gate=YES)
    shapes = [(None, 5, 4), (None, r.choice((5, None, 7)), r.randint(3, 6))]
    return (r.randint(1, 3), r.randint(1, 4)), named, shapes + [(*shapes[1][:2], 7)] * r.randint(0, 1)


def grouped(r: Random) -> Case:
    named = some(r, use_bias=YES, use_gate=YES)
    shapes = [(None, 5, 4), (None, r.choice((5, 7)), 4)]
    return (r.randint(1, 4), 4, r.choice((1, 2, 4))), named, shapes


def dots(r: Random) -> Case:
    d = r.randint(2, 5)
    return (), some(r, use_scale=YES, score_mode=("dot", "concat")), [(None, 4, d), (None, 6, d)]


def additive(r: Random) -> Case:
    d = r.randint(2, 5)
    return (), some(r, use_scale=YES), [(None, 4, d), (None, 6, d)]


EINSUMS = (
    ("ab,bc->ac", (None, 6), 7, "c"), ("abc,cd->abd", (None, 5, 6), (None, 7), "d"),
    ("abc,cde->abde", (None, 5, 6), (None, 2, 3), "de"), ("abcd,cde->abe", (None, 5, 2, 3), (None, 4), "e"),
    ("...x,xy->...y", (None, 5, 6), 4, "y"), ("abc,cde->abde", (None, 5, 6), (None, 2, 3), "d"),
    ("ab...,bc->ac...", (None, 5, 6), 4, "c"), ("abc,bd->adc", (None, 5, 6), (4, 6), "d"),
)  # fmt: skip


def einsum(r: Random) -> Case:
    equation, shape, out, bias = r.choice(EINSUMS)
    return (equation, out), {"bias_axes": r.choice((None, bias))}, [shape]


def any_shape(*args: Any, **named: Any) -> Any:
    return lambda r: (args, named, [shape_of(r, 1, 3)])


def fixed(args: Any, *shapes: Any, **named: Any) -> Any:
    return lambda r: (args, named, list(shapes))


def alike(r: Random) -> Case:
    shape = shape_of(r, 1, 3)
    other = tuple(1 if i and r.random() < 0.3 else n for i, n in enumerate(shape))
    return (), {}, [shape, r.choice((shape, other)), *[shape] * r.randint(0, 1)]


def two(r: Random) -> Case:
    shape = shape_of(r, 1, 3)
    return (), {}, [shape, shape]


def joined(r: Random) -> Case:
    shape = shape_of(r, 1, 3)
    axis = r.choice((-1, r.randint(1, len(shape) - 1)))
    at = axis % len(shape)
    others = [(*shape[:at], r.randint(1, 6), *shape[at + 1 :]) for _ in range(r.randint(1, 2))]
    return (), {"axis": axis} if axis != -1 or r.random() < 0.5 else {}, [shape, *others]


def dot(r: Random) -> Case:
    axes, a, b = r.choice(((1, (None, 5), (None, 5)), (2, (None, 3, 5), (None, 4, 5)), (-1, (None, 3, 5), (None, 4, 5)),
                           ((1, 2), (None, 5, 3), (None, 4, 5))))  # fmt: skip
    return (), {"axes": axes}, [a, b]


def reshape(r: Random) -> Case:
    a, b, c = (r.randint(1, 5) for _ in range(3))
    target = r.choice(((a * b, c), (-1, c), (a, -1), (a * b * c,), (c, a, b)))
    return (target,), {}, [(None, a, b, c)]


def permute(r: Random) -> Case:
    dims = [1, 2, 3]
    r.shuffle(dims)
    return (tuple(dims),), {}, [(None, 3, 4, 5)]


def rgb(r: Random) -> Case:
    return (8, 6), {}, [(None, 12, 12, 3)]


def dense(r: Random) -> Case:
    return (r.randint(1, 9),), some(r, use_bias=YES, activation=("relu",), lora_rank=(2,)), [shape_of(r)]


def embedding(r: Random) -> Case:
    return (r.randint(1, 9), r.randint(1, 9)), some(r, mask_zero=YES), [(None, *[None, 7][: r.randint(1, 2)])]


MAKERS: dict[str, Any] = {
    "Dense": dense, "Embedding": embedding, "EinsumDense": einsum,
    "ReversibleEmbedding": lambda r: ((5, 3), some(r, tie_weights=YES), [(None, 7)]),
    **{f"Conv{n}D": conv(n) for n in (1, 2, 3)}, **{f"Conv{n}DTranspose": transposed(n) for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": depthwise(n) for n in (1, 2)}, **{f"SeparableConv{n}D": separable(n) for n in (1, 2)},
    **{f"{w}Pooling{n}D": pool(n) for w in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{w}Pooling{n}D": whole(n) for w in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Adaptive{w}Pooling{n}D": adaptive(n) for w in ("Max", "Average") for n in (1, 2, 3)},
    **{f"UpSampling{n}D": upsample(n) for n in (1, 2, 3)},
    **{f"{w}{n}D": edges(n) for w in ("ZeroPadding", "Cropping") for n in (1, 2, 3)},
    "SimpleRNN": recurrent, "LSTM": recurrent, "GRU": lambda r: recurrent(r, reset_after=YES),
    **{f"ConvLSTM{n}D": convlstm(n) for n in (1, 2, 3)},
    "BatchNormalization": norm, "LayerNormalization": layer_norm, "GroupNormalization": group_norm,
    "RMSNormalization": rms, "Normalization": normalization, "PReLU": prelu, "UnitNormalization": any_shape(),
    "MultiHeadAttention": heads, "GroupQueryAttention": grouped, "Attention": dots, "AdditiveAttention": additive,
    **dict.fromkeys(("Add", "Multiply", "Average", "Maximum", "Minimum"), alike), "Subtract": two,
    "Concatenate": joined, "Dot": dot, "Flatten": any_shape(), "Reshape": reshape, "Permute": permute,
    "RepeatVector": fixed((3,), (None, 5)),
    **{name: any_shape() for name in ("ReLU", "LeakyReLU", "ELU", "Softmax", "Identity", "ActivityRegularization")},
    "Activation": any_shape("relu"), "Masking": fixed((), (None, 4, 5)), "Rescaling": any_shape(0.5),
    **{name: any_shape(0.2) for name in ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise")},
    **{f"SpatialDropout{n}D": fixed((0.2,), (None, *[4] * n, 3)) for n in (1, 2, 3)},
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), rgb),
    "STFTSpectrogram": lambda r: (
        (), {"frame_length": 16, "frame_step": 4, "window": None, **some(r, padding=("same", "valid"), expand_dims=YES,
             mode=("log", "real", "imag"))}, [(None, 64, 2)],
    ),
    "MelSpectrogram": fixed((), (None, 16000), window=None),
    "Lambda": None, "RNN": None, "SimpleRNNCell": None, "LSTMCell": None, "GRUCell": None, "StackedRNNCells": None,
    "Bidirectional": None, "TimeDistributed": None, "SpectralNormalization": None,
}  # fmt: skip
