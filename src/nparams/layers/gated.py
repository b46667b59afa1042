"""Layers of a few dense parts: bilinear, maxout, highway, squeeze-and-excitation, capsules.

Source: each kind names its own.
"""

from __future__ import annotations

from nparams.expr import mul, product
from nparams.layers.conv import CHANNELS
from nparams.layers.flow import Flow
from nparams.layers.kind import BIAS, Kind, Param
from nparams.layers.window import SLIDES, Window, covers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.layer import Layer


def _bilinear(l: Layer) -> None:
    l.last_side()
    a, b, n = l.width("n_a", "the first input"), l.size("n_b"), l.size("n_out")
    l.array(
        "weight",
        (n, a, b),
        "n_a*n_b*n_out",
        "Each of its {n_out} outputs has a weight for every pair of one of {n_a} and one of {n_b} values.",
    )
    l.bias((n,), "n_out", "Each output adds a bias.")
    l.sends = l.takes.but(channels=n, spread=False)


def _maxout(l: Layer) -> None:
    n_in, n_out, k = l.width("n_in"), l.size("n_out"), l.size("k")
    l.array(
        "weight",
        (k, n_out, n_in),
        "k*n_in*n_out",
        "It is the largest of {k} dense layers, each with {n_in}·{n_out} weights.",
    )
    l.bias((k, n_out), "k*n_out", "Each of them has a bias for every one of the {n_out} units.")
    l.sends = l.takes.but(channels=n_out, spread=False)


def _highway(l: Layer) -> None:
    n = l.width("n", "the width")
    l.arrays(
        {"transform.weight": (n, n), "gate.weight": (n, n)},
        "2*n*n",
        "Two dense layers of the same width, {n}: one transforms, one decides how much of it passes.",
    )
    if l.flag("bias"):
        l.arrays({"transform.bias": (n,), "gate.bias": (n,)}, "2*n", "Both have a bias for each value.", "bias")


def _squeeze(l: Layer) -> None:
    c, r = l.width("c", "the number of channels"), l.size("r")
    l.divisible(c, r, f"{c} channels cannot be reduced {r} times exactly; choose a divisor")
    m = c // r
    l.args["m"] = m
    l.array(
        "reduce.weight", (m, c), "c*m", "One number for each channel; a dense layer reduces these {c} to {c}/{r} = {m},"
    )
    l.array("expand.weight", (c, m), "m*c", "and another brings them back to {c}, a factor for each channel.")
    if l.flag("bias"):
        l.arrays({"reduce.bias": (m,), "expand.bias": (c,)}, "m + c", "Both have biases.", "bias")
    else:
        l.say("They have no biases.")
    l.sends = l.takes


def _primary(l: Layer) -> None:
    w = Window(l)
    c, n, d = l.width("c_in", "the number of input channels"), l.size("n"), l.size("d_out")
    l.array(
        "weight",
        (mul(n, d), c, *w.kernel),
        f"{w.letters}*c_in*n*d_out",
        f"A convolution with {{n}}·{{d_out}} filters of {covers(w)} over {{c_in}} channels,",
    )
    l.bias((mul(n, d),), "n*d_out", "a bias for each filter;")
    out = w.out(l)
    l.say("what it sends is read as vectors of {d_out} numbers, {n} at each position.")
    l.sends = Flow(None if out is None else (mul(n, product(out)),), d, spread=True)


def _capsule(l: Layer) -> None:
    d_in, n_out, d_out = l.width("d_in", "the size of a capsule below"), l.size("n"), l.size("d_out")
    if l.takes.positions:
        l.setting.positions_matter = True
        n_in = product(l.takes.positions)
    else:
        n_in = l.value("n_in") or l.setting.stand_in("n_in", l.name, "how many capsules come in")
    l.args["n_in"] = n_in
    l.array(
        "weight",
        (n_in, n_out, d_out, d_in),
        "n_in*n*d_in*d_out",
        "A matrix of {d_in}·{d_out} for every pair of one of {n_in} capsules below and one of its {n}. "
        "Routing coefficients are computed, not learned: they are no parameters.",
    )
    l.bias((n_out, d_out), "n*d_out", "Each number of a capsule has a bias.")
    l.sends = Flow((n_out,), d_out, spread=True)


def _graph(l: Layer) -> None:
    n_in, n_out = l.width("n_in", "how many features a node has"), l.size("n_out")
    l.array(
        "weight",
        (n_out, n_in),
        "n_in*n_out",
        "One matrix for all nodes, {n_in} features to {n_out}: neither nodes nor edges play a part.",
    )
    l.bias((n_out,), "n_out", "Each of the {n_out} features has a bias.")
    l.sends = l.takes.but(channels=n_out, spread=False)


OUT = Param("n_out", "units outputs out neurons features", "the number of outputs", noun=True)
NO_BIAS = Param("bias", "bias biases", "whether it has biases", "flag", False)
CAPSULE = Param("d_out", "dim d dimensions size length", "the size of a capsule", noun=True)

KINDS = (
    Kind(
        "Bilinear",
        "bilinear",
        "a weight for every pair of values of two inputs",
        _bilinear,
        params=(
            Param("n_a", "in1 first a", "the first input"),
            Param("n_b", "in2 second with b", "the second input"),
            OUT,
            BIAS,
        ),
        orders=("n_out", "n_b n_out", "n_a n_b n_out"),
        width="n_a",
        example="bilinear 20 30 40",
        source="torch.nn.Bilinear",
        rivals={"torch": "Bilinear"},
        differs=dict.fromkeys(("torch", "keras"), "acting on the last side, not on channels that stand first"),
    ),
    Kind(
        "Maxout",
        "maxout",
        "the largest of several dense layers",
        _maxout,
        params=(
            OUT,
            Param("k", "pieces k of", "how many dense layers", noun=True),
            Param("n_in", "inputs in", "how many values come in", noun=True),
            BIAS,
        ),
        orders=("n_out", "n_out k"),
        example="maxout 7 pieces 3 on 5",
        source="Goodfellow et al. 2013 (arXiv 1302.4389), §2",
    ),
    Kind(
        "Highway",
        "highway highwaylayer",
        "a dense layer and a gate that lets values past it",
        _highway,
        params=(Param("n", "width units n", "the width", noun=True), BIAS),
        orders=("n",),
        width="n",
        example="highway 64",
        source="Srivastava et al. 2015 (arXiv 1505.00387), eq. 2",
    ),
    Kind(
        "SqueezeExcitation",
        "se squeezeexcitation squeezeandexcitation seblock squeezeexcite senet selayer",
        "a factor for each channel, from all channels",
        _squeeze,
        params=(
            Param("c", "channels c", "the number of channels", noun=True),
            Param("r", "ratio reduction r", "the reduction"),
            BIAS,
        ),
        orders=("r",),
        width="c",
        example="se 16 on 64",
        source="Hu et al. 2017 (arXiv 1709.01507), §3.2 (which writes no biases)",
    ),
    Kind(
        "PrimaryCapsule",
        "primarycaps primarycapsule primarycapsules",
        "a convolution read as vectors",
        _primary,
        params=(
            Param("n", "capsules types n channels", "how many at each position", noun=True),
            CAPSULE,
            *SLIDES,
            CHANNELS,
            BIAS,
        ),
        orders=("n d_out", "n d_out k"),
        width="c_in",
        example="primarycaps 32 8 9x9 stride 2 on 256",
        source="Sabour et al. 2017 (arXiv 1710.09829), §4",
    ),
    Kind(
        "Capsule",
        "capsule capsules digitcaps caps capsulelayer",
        "a matrix for every pair of capsules",
        _capsule,
        params=(
            Param("n", "capsules n", "the number of capsules", noun=True),
            CAPSULE,
            Param("d_in", "indim", "the size of a capsule below"),
            Param("n_in", "inputs incapsules", "how many capsules come in"),
            NO_BIAS,
        ),
        orders=("n d_out",),
        width="d_in",
        example="digitcaps 10 16 on 1152x8",
        source="Sabour et al. 2017 (arXiv 1710.09829), §4",
    ),
    Kind(
        "GraphConv",
        "gcn graphconv gcnconv graphconvolution",
        "one dense layer for all nodes of a graph",
        _graph,
        params=(OUT, Param("n_in", "inputs in", "how many features a node has", noun=True), BIAS),
        orders=("n_out", "n_in n_out"),
        example="gcn 16 on 1433",
        source="Kipf and Welling 2016 (arXiv 1609.02907), eq. 2",
    ),
)
