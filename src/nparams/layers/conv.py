"""Convolutions: plain, transposed, depthwise, separable, and unshared; over 1, 2 or 3 sides.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), §9.1-9.5; Dumoulin and Visin, A guide to convolution
arithmetic (arXiv 1603.07285) for shapes; torch.nn.Conv2d and keras.layers.Conv2D hold the same tensors.
"""

from __future__ import annotations

from nparams.expr import add, mul, product
from nparams.layers.flow import Flow, reach
from nparams.layers.kind import BIAS, Kind, Param
from nparams.layers.window import SLIDES, Window, covers, sent, sides_of, spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer


def _conv(l: Layer) -> None:
    w = Window(l)
    c_in, c_out, g = l.width("c_in", "the number of input channels"), l.size("c_out"), l.value("g")
    l.divisible(c_in, g, f"{g} groups cannot share {c_in} input channels equally; choose a divisor")
    l.divisible(c_out, g, f"{g} groups cannot share {c_out} filters equally; choose a divisor")
    if l.given.get("table") is not None:
        _partial(l, w, c_in, c_out)
    elif g == 1:
        l.array(
            "weight",
            (c_out, c_in, *w.kernel),
            f"{w.letters}*c_in*c_out",
            f"Filters: {{c_out}}. Each covers {covers(w)} positions in every channel that comes in: "
            f"{covers(w)}·{{c_in}} weights.",
        )
    else:
        l.args["g"] = g
        l.array(
            "weight",
            (c_out, c_in // g, *w.kernel),
            f"{w.letters}*(c_in//g)*c_out",
            f"Filters: {{c_out}}, in {{g}} groups. Each covers {covers(w)} positions in only {{c_in}}/{{g}} of the "
            "channels that come in.",
        )
    l.bias((c_out,), "c_out", "Each filter adds one bias, the same at every position.")
    sent(l, w, c_out)


def _partial(l: Layer, w: Window, c_in: Size, c_out: Size) -> None:
    """A partial connection table: (maps, inputs) pairs, as LeCun et al. 1998, table I."""
    table = l.given["table"]
    maps = add(*(count for count, _ in table))
    l.check(maps == c_out, f"its table connects {maps} maps, but it has {c_out} filters")
    for _, seen in table:
        l.check(
            not (isinstance(seen, int) and isinstance(c_in, int)) or seen <= c_in,
            f"its table connects a map to {seen} inputs, but only {c_in} come in",
        )
    links = add(*(mul(count, seen) for count, seen in table))
    l.args["n"] = links
    told = " + ".join(f"{count}·{seen}" for count, seen in table)
    l.array(
        "weight",
        (links, *w.kernel),
        f"{w.letters}*n",
        f"Not every filter sees every channel: its table makes {told} = {{n}} connections, each with "
        f"{covers(w)} weights.",
    )


def _transposed(l: Layer) -> None:
    w = Window(l)
    c_in, c_out, g = l.width("c_in", "the number of input channels"), l.size("c_out"), l.value("g")
    l.divisible(c_in, g, f"{g} groups cannot share {c_in} input channels equally; choose a divisor")
    l.divisible(c_out, g, f"{g} groups cannot share {c_out} filters equally; choose a divisor")
    part = f"{w.letters}*c_in*c_out"
    if g != 1:
        l.args["g"] = g
        part = f"{w.letters}*c_in*(c_out//g)"
    l.array(
        "weight",
        (c_in, c_out // g if g != 1 else c_out, *w.kernel),
        part,
        f"Filters: {{c_out}}. Each has {covers(w)} weights for every channel it reads: as many as the convolution "
        "that it turns around.",
    )
    l.bias((c_out,), "c_out", "Each filter adds one bias, the same at every position.")
    out = None if w.sides is None else tuple(_grown(l, w, i, n) for i, n in enumerate(w.sides))
    l.sends = l.takes.but(positions=out, channels=c_out, spread=False)


def _grown(l: Layer, w: Window, i: int, n: Size) -> Size:
    """A side after a transposed convolution: s·(n-1) + k - 2p + extra.

    Keras (its compute_conv_transpose_output_length) fills gaps up to the stride where no extra is said, and takes the
    padding of `same` as half a kernel where one is.
    """
    span, s = reach(w.kernel[i], w.dilation[i]), w.stride[i]
    said = l.given.get("extra")
    if l.convention == "keras" and isinstance(w.padding, str) and isinstance(span, int) and isinstance(s, int):
        if said is None:
            return mul(n, s) if w.padding == "same" else add(mul(n, s), max(span - s, 0))
        lost = 2 * (span // 2) if w.padding == "same" else 0
        return add(mul(s, add(n, -1)), span - lost, spread(l, said, w.rank, "output padding")[i])
    if w.padding == "same":
        return mul(n, s)
    extra: Size = 0 if said is None else spread(l, said, w.rank, "output padding")[i]
    grown = add(mul(s, add(n, -1)), span, mul(-1, w.padded(i, span)), extra)
    l.check(not isinstance(grown, int) or grown > 0, f"nothing of a side of {n} is left after its padding")
    return grown


def _depthwise(l: Layer) -> None:
    w = Window(l)
    c_in, m = l.width("c_in", "the number of input channels"), l.size("m")
    _per_channel(l, w, c_in, m)
    l.bias((mul(c_in, m),), "c_in*m" if m != 1 else "c_in", "Each filter adds one bias.")
    sent(l, w, mul(c_in, m))


def _per_channel(l: Layer, w: Window, c_in: Size, m: Size, leaf: str = "weight") -> None:
    l.array(
        leaf,
        (mul(c_in, m), 1, *w.kernel),
        f"{w.letters}*c_in*m" if m != 1 else f"{w.letters}*c_in",
        f"Each of the {{c_in}} channels is filtered by itself, with {covers(w)} weights"
        + (" for each of {m} filters." if m != 1 else "."),
    )


def _separable(l: Layer) -> None:
    w = Window(l)
    c_in, m, c_out = l.width("c_in", "the number of input channels"), l.size("m"), l.size("c_out")
    middle = mul(c_in, m)
    _per_channel(l, w, c_in, m, "depthwise.weight")
    if l.convention == "torch" and l.flag("bias"):
        l.array(
            "depthwise.bias",
            (middle,),
            "c_in*m" if m != 1 else "c_in",
            "In PyTorch these are two layers, so the first one has its own biases.",
            "bias",
        )
    l.array(
        "pointwise.weight",
        (c_out, middle, *[1] * w.rank),
        "c_in*m*c_out" if m != 1 else "c_in*c_out",
        "Then a convolution of 1·1 mixes the channels into {c_out}.",
    )
    l.bias((c_out,), "c_out", "Each of the {c_out} channels that go out has a bias.", leaf="pointwise.bias")
    sent(l, w, c_out)


def _unshared(l: Layer) -> None:
    w = Window(l)
    c_in, c_out = l.width("c_in", "the number of input channels"), l.size("c_out")
    out = w.out(l)
    places: Size = l.setting.stand_in("n", l.name, "how many positions go out") if out is None else product(out)
    l.args["n"] = places
    l.setting.positions_matter = True
    l.array(
        "weight",
        (places, c_out, c_in, *w.kernel),
        f"n*{w.letters}*c_in*c_out",
        f"Like a convolution, but with weights of its own at each of {{n}} positions: {covers(w)} for each of {{c_in}} "
        "channels and {c_out} filters.",
    )
    l.bias((places, c_out), "n*c_out", "At each position every filter has its own bias.")
    sent(l, w, c_out, out)


def _patches(l: Layer) -> None:
    p, d = l.size("p"), l.size("d")
    sides = sides_of(l, 2)
    c = l.width("c_in", "the number of input channels")
    l.array(
        "weight",
        (d, c, p, p),
        "p*p*c_in*d",
        "A patch holds {p}·{p}·{c_in} values; one dense layer, the same for all, brings them to {d}.",
    )
    l.bias((d,), "d", "It has a bias for each of the {d}.")
    for n in sides or ():
        l.divisible(n, p, f"a side of {n} cannot be cut into patches of {p}")
    places = None if sides is None else (product([n // p for n in sides]),)
    l.sends = Flow(places, d)


FILTERS = Param(
    "c_out", "filters kernels maps featuremaps outchannels channels features out", "the number of filters", noun=True
)
GROUPS = Param("g", "groups g group", "the number of groups", default=1, noun=True)
CHANNELS = Param("c_in", "inchannels inputchannels", "the number of input channels", noun=True)
MULTIPLIER = Param("m", "multiplier depthmultiplier times", "filters for each channel", default=1)
TABLE = Param("table", "table connections connectiontable", "which inputs each filter sees", "table")
EXTRA = Param("extra", "outputpadding", "added to one end", "shape", counts=False, least=0)

BOOK = "Goodfellow et al. 2016, §9"


def _ranks(*words: str) -> dict[str, dict[str, object]]:
    return {
        name: {"rank": rank} for word in words for rank in (1, 2, 3) for name in (f"{word}{rank}d", f"{rank}d{word}")
    }


KINDS = (
    Kind(
        "Conv",
        "conv convolution convolutional cnn convlayer convolutionlayer convolutionallayer dilatedconv atrousconv "
        "groupedconv",
        "filters that slide along the sides, the same weights at each position",
        _conv,
        params=(FILTERS, *SLIDES, GROUPS, CHANNELS, TABLE, BIAS),
        orders=("c_out", "k", "c_out k"),
        width="c_in",
        presets=_ranks("conv", "convolution", "convolutional"),
        example="conv 32 3x3 on 3",
        source=f"{BOOK}.1; torch.nn.Conv1d-3d; keras.layers.Conv1D-3D; the table: LeCun et al. 1998, table I",
        rivals={"torch": "Conv1d Conv2d Conv3d", "keras": "Conv1D Conv2D Conv3D"},
    ),
    Kind(
        "ConvTranspose",
        "convtranspose deconv deconvolution transposedconv transposeconv upconv convtransposed tconv",
        "a convolution turned around, to make sides longer",
        _transposed,
        params=(FILTERS, *SLIDES, GROUPS, CHANNELS, EXTRA, BIAS),
        orders=("c_out", "k", "c_out k"),
        width="c_in",
        presets={
            **{
                f"{word}{rank}d": {"rank": rank}
                for word in ("convtranspose", "deconv", "transposedconv", "upconv")
                for rank in (1, 2, 3)
            },
            **{f"conv{rank}dtranspose": {"rank": rank} for rank in (1, 2, 3)},
        },
        example="deconv 64 2x2 stride 2 on 128",
        source="Dumoulin and Visin (arXiv 1603.07285), §4; torch.nn.ConvTranspose1d-3d; "
        "keras.layers.Conv1DTranspose-3D",
        rivals={
            "torch": "ConvTranspose1d ConvTranspose2d ConvTranspose3d",
            "keras": "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
        },
    ),
    Kind(
        "DepthwiseConv",
        "depthwiseconv dwconv depthwise dw depthwiseconvolution",
        "a filter for each channel by itself",
        _depthwise,
        params=(*SLIDES, MULTIPLIER, CHANNELS, BIAS),
        orders=("k",),
        width="c_in",
        presets=_ranks("depthwiseconv", "dwconv"),
        example="depthwise conv 3x3 on 32",
        source="Howard et al. 2017 (arXiv 1704.04861), §3.1; keras.layers.DepthwiseConv2D; torch: groups = channels",
        rivals={"torch": "Conv1d Conv2d", "keras": "DepthwiseConv1D DepthwiseConv2D"},
    ),
    Kind(
        "SeparableConv",
        "sepconv separableconv depthwiseseparableconv separable separableconvolution depthwiseseparable "
        "depthwiseseparableconvolution",
        "a filter for each channel, then a 1x1 convolution that mixes them",
        _separable,
        params=(FILTERS, *SLIDES, MULTIPLIER, CHANNELS, BIAS),
        orders=("c_out", "k", "c_out k"),
        width="c_in",
        presets=_ranks("sepconv", "separableconv"),
        example="sepconv 32 3x3 on 16 no bias",
        source="Chollet 2017 (arXiv 1610.02357); keras.layers.SeparableConv2D; torch: two Conv2d",
        rivals={"torch": "Conv1d Conv2d", "keras": "SeparableConv1D SeparableConv2D"},
        differs={"torch": "biases of the depthwise layer, which is a layer of its own there"},
    ),
    Kind(
        "PatchEmbedding",
        "patchembedding patchembed patches patchify patchprojection",
        "an image cut into square patches, each brought to one width",
        _patches,
        params=(
            Param("p", "patch patchsize p", "the side of a patch"),
            Param("d", "dim width d embeddim", "the width", noun=True),
            CHANNELS,
            BIAS,
        ),
        orders=("p", "p d"),
        width="c_in",
        example="patch embedding 16 768 on 224x224x3",
        source="Dosovitskiy et al. 2020 (arXiv 2010.11929), eq. 1",
    ),
    Kind(
        "LocallyConnected",
        "locallyconnected localconv unsharedconv local",
        "like a convolution, with weights of its own at each position",
        _unshared,
        params=(FILTERS, *SLIDES, CHANNELS, BIAS),
        orders=("c_out", "k", "c_out k"),
        width="c_in",
        presets=_ranks("locallyconnected", "localconv"),
        example="locally connected 8 3x3 on 28x28x1",
        source=f"{BOOK}.5 (unshared convolution)",
    ),
)
