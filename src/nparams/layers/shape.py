"""Layers without parameters: pooling, flatten, dropout, activations, and whatever else only changes shapes.

Source for shapes: Dumoulin and Visin, A guide to convolution arithmetic (arXiv 1603.07285), §3; torch.nn.MaxPool2d for
rounding up; keras.layers for `same`.
"""

from __future__ import annotations

from nparams.expr import add, mul, product
from nparams.layers.flow import flow_of
from nparams.layers.kind import Kind, Param
from nparams.layers.window import rank_of, shape_text, sides_of, spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.flow import Sides
    from nparams.layers.layer import Layer


def _flatten(l: Layer) -> None:
    flow = l.takes
    if flow.size is None:
        l.say("It lays everything in one row: no weights.")
        l.sends = flow.but(positions=(), channels=None, spread=True)
        return
    letters = {f"side_{chr(97 + k)}": size for k, size in enumerate(flow.shape or ())}
    told = "·".join(f"{{{letter}}}" for letter in letters)
    l.say(f"It lays the {told} = {{n}} values in one row: no weights.", **letters, n=flow.size)
    l.sends = flow.but(positions=(), channels=flow.size, spread=flow.spread or bool(flow.positions))


def _same(l: Layer) -> None:
    l.say(l.kind.what[0].upper() + l.kind.what[1:] + ": no weights.")


def _reshape(l: Layer) -> None:
    l.say("It only writes the same numbers in another shape: no weights.")
    target = l.value("to")
    l.check(target is not None, "into which shape? Write reshape 7x7x256")
    size, came = product(target), l.takes.size
    if isinstance(size, int) and isinstance(came, int):
        l.check(size == came, f"{shape_text(l)} holds {came:,} values, {'x'.join(map(str, target))} holds {size:,}")
    flow = flow_of(target, first=l.takes.first if l.takes.positions else None)
    l.sends = flow.but(spread=l.takes.spread or bool(l.takes.positions))


def _upsample(l: Layer) -> None:
    l.say("It repeats or interpolates positions: no weights.")
    sides = l.takes.positions
    if sides is not None:
        by = spread(l, l.value("k"), len(sides), "factor")
        l.sends = l.takes.but(positions=tuple(mul(n, f) for n, f in zip(sides, by, strict=True)))


def _shuffle(l: Layer) -> None:
    l.say("It moves channels into positions: no weights.")
    r, channels = l.size("r"), l.takes.channels
    l.args.clear()
    sides = l.takes.positions
    rank = 2 if sides is None else len(sides)
    block = product([r] * rank)
    if channels is not None:
        l.divisible(channels, block, f"{channels} channels cannot be spread over blocks of {block}")
        channels = channels // block
    grown = None if sides is None else tuple(mul(n, r) for n in sides)
    l.sends = l.takes.but(positions=grown, channels=channels)


def _unshuffle(l: Layer) -> None:
    l.say("It moves positions into channels: no weights.")
    r, sides = l.size("r"), l.takes.positions
    l.args.clear()
    if sides is None:
        return
    for n in sides:
        l.divisible(n, r, f"a side of {n} cannot be cut into blocks of {r}")
    channels = None if l.takes.channels is None else mul(l.takes.channels, product([r] * len(sides)))
    l.sends = l.takes.but(positions=tuple(n // r for n in sides), channels=channels)


def _pad(l: Layer) -> None:
    l.say("It puts zeros around: no weights.")
    _grow(l, 2)


def _crop(l: Layer) -> None:
    l.say("It cuts the edges off: no weights.")
    _grow(l, -2)


def _grow(l: Layer, by: int) -> None:
    if l.takes.positions is None:
        return
    l.check(l.value("k") is not None, f"by how much? Write {l.kind.example}")
    rank = rank_of(l, l.value("k"))
    sides = sides_of(l, rank) or ()
    out: Sides = tuple(add(n, mul(by, k)) for n, k in zip(sides, spread(l, l.value("k"), rank, "width"), strict=True))
    for n in out:
        l.check(not isinstance(n, int) or n > 0, f"nothing of {shape_text(l)} is left")
    l.sends = l.takes.but(positions=out)


def _repeat(l: Layer) -> None:
    l.say("It hands the same vector to each step: no weights.")
    n = l.size("n")
    l.args.clear()
    l.sends = l.takes.but(positions=(n,))


def _transpose(l: Layer) -> None:
    l.say("It exchanges positions and channels: no weights.")
    sides = l.takes.positions
    l.check(sides is None or len(sides) < 2, f"which of {shape_text(l)} go where? Write reshape and the shape")
    if sides is not None and len(sides) == 1:
        l.sends = l.takes.but(
            positions=None if l.takes.channels is None else (l.takes.channels,), channels=sides[0], spread=True
        )


FACTOR = Param("k", "factor scale size k scalefactor", "the factor", "shape", (2,), counts=False)
AROUND = Param("k", "padding pad size k cropping", "how much at each end", "shape", counts=False, least=0)
RATE = Param("rate", "rate p probability prob keep", "the rate", "rate", counts=False)
TO = Param("to", "to shape size targetshape", "the shape", "shape", counts=False)
FOLD = Param("r", "factor scale r upscalefactor blocksize", "the factor", counts=False)

GUIDE = "Dumoulin and Visin (arXiv 1603.07285), §3"


def _shapeless(name: str, words: str, what: str, source: str, torch: str, keras: str, *, rate: bool = False) -> Kind:
    return Kind(
        name,
        words,
        what,
        _same,
        params=(RATE,) if rate else (),
        orders=("rate",) if rate else (),
        example=words.split()[0],
        source=source,
        rivals={"torch": torch, "keras": keras},
    )


KINDS = (
    Kind(
        "Flatten",
        "flatten flat flattening flattenlayer",
        "everything in one row",
        _flatten,
        example="flatten",
        source="keras.layers.Flatten; torch.nn.Flatten",
        rivals={"torch": "Flatten", "keras": "Flatten"},
    ),
    _shapeless(
        "Dropout",
        "dropout spatialdropout alphadropout gaussiandropout droppath stochasticdepth dropoutlayer dropout1d "
        "dropout2d dropout3d spatialdropout1d spatialdropout2d "
        "spatialdropout3d gaussiannoise",
        "leaves values out at random while training",
        "Srivastava et al. 2014",
        "Dropout",
        "Dropout",
        rate=True,
    ),
    _shapeless(
        "Activation",
        "relu sigmoid tanh softmax gelu silu swish elu selu celu softplus softsign mish hardswish hardsigmoid hardtanh "
        "leakyrelu relu6 logsoftmax activation act logistic softmin quickgelu hswish hsigmoid nonlinearity "
        "relulayer softmaxlayer softmax2d",
        "a fixed function of each value",
        f"{GUIDE}; torch.nn.ReLU; keras.layers.Activation",
        "ReLU",
        "Activation",
        rate=True,
    ),
    _shapeless(
        "Identity",
        "identity lrn localresponsenorm localresponsenormalization l2norm rescaling "
        "rescale sinusoidal sinusoidalpositions positionalencoding sinusoidalencoding rope rotary masking pixelnorm",
        "a fixed computation",
        "torch.nn.Identity; keras.layers.Identity; Vaswani et al. 2017, §3.5 for sinusoids",
        "Identity",
        "Identity",
        rate=True,
    ),
    Kind(
        "Reshape",
        "reshape view unflatten",
        "the same numbers in another shape",
        _reshape,
        params=(TO,),
        orders=("to",),
        example="reshape 7x7x256",
        source="keras.layers.Reshape; torch.nn.Unflatten",
        rivals={"torch": "Unflatten", "keras": "Reshape"},
    ),
    Kind(
        "Upsample",
        "upsample upsampling unpool unpooling interpolate resize",
        "more positions by repeating",
        _upsample,
        params=(FACTOR,),
        orders=("k",),
        presets={f"upsampling{rank}d": {} for rank in (1, 2, 3)},
        example="upsample 2",
        source="keras.layers.UpSampling2D; torch.nn.Upsample",
        rivals={"torch": "Upsample", "keras": "UpSampling1D UpSampling2D UpSampling3D"},
    ),
    Kind(
        "PixelShuffle",
        "pixelshuffle depthtospace subpixel",
        "channels moved into positions",
        _shuffle,
        params=(FOLD,),
        orders=("r",),
        example="pixelshuffle 2",
        source="Shi et al. 2016 (arXiv 1609.05158); torch.nn.PixelShuffle",
        rivals={"torch": "PixelShuffle"},
    ),
    Kind(
        "PixelUnshuffle",
        "pixelunshuffle spacetodepth",
        "positions moved into channels",
        _unshuffle,
        params=(FOLD,),
        orders=("r",),
        example="pixel unshuffle 2",
        source="torch.nn.PixelUnshuffle",
        rivals={"torch": "PixelUnshuffle"},
    ),
    Kind(
        "ZeroPad",
        "zeropad zeropadding padding pad reflectionpad replicationpad",
        "more positions around",
        _pad,
        params=(AROUND,),
        orders=("k",),
        presets={
            f"{word}{rank}d": {"rank": rank}
            for word in ("zeropad", "zeropadding", "reflectionpad", "replicationpad")
            for rank in (1, 2, 3)
        },
        example="zeropad 1",
        source="keras.layers.ZeroPadding2D; torch.nn.ZeroPad2d",
        rivals={"torch": "ZeroPad1d ZeroPad2d ZeroPad3d", "keras": "ZeroPadding1D ZeroPadding2D ZeroPadding3D"},
    ),
    Kind(
        "Crop",
        "crop cropping",
        "the edges cut off",
        _crop,
        params=(AROUND,),
        orders=("k",),
        presets={f"cropping{rank}d": {"rank": rank} for rank in (1, 2, 3)},
        example="crop 2",
        source="keras.layers.Cropping2D",
        rivals={"keras": "Cropping1D Cropping2D Cropping3D"},
    ),
    Kind(
        "Repeat",
        "repeatvector repeat",
        "one vector for each step",
        _repeat,
        params=(Param("n", "times n steps", "the number of steps", noun=True, counts=False),),
        orders=("n",),
        example="repeatvector 10",
        source="keras.layers.RepeatVector",
        rivals={"keras": "RepeatVector"},
    ),
    Kind(
        "Transpose",
        "transpose permute swap",
        "positions and channels exchanged",
        _transpose,
        example="transpose",
        source="keras.layers.Permute",
        rivals={"keras": "Permute"},
    ),
)
