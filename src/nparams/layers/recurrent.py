"""Recurrent layers: simple, LSTM, GRU, and the convolutional LSTM.

At every step a cell weighs the n values that come in and the h outputs of the step before, once for each gate.  The
same weights serve at all steps.  Frameworks differ in biases: torch keeps two vectors a gate (b_ih and b_hh, as cuDNN
does), Keras one for LSTM and the simple layer and, by default (reset_after), two for GRU; texts have one.
Source: Elman 1990; Hochreiter and Schmidhuber 1997, Gers et al. 2000; Cho et al. 2014 (arXiv 1406.1078), eq. 5-8; Gers
and Schmidhuber 2000 for peepholes; Sak et al. 2014 (1402.1128), §2 for projections;
Shi et al. 2015 (1506.04214), eq. 3.
"""

from __future__ import annotations

from nparams.expr import add, mul, product
from nparams.layers.kind import BIAS, Kind, Param
from nparams.layers.window import SLIDES, Window, covers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer

#: gates of each kind, and their names for a sentence
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3, "ConvLSTM": 4}
GATE_NAMES = {
    "LSTM": "input, forget, cell and output",
    "GRU": "reset, update and new",
    "ConvLSTM": "input, forget, cell and output",
}
#: stacked layers that are written out one by one; more, or a symbol, are one module over an index
WRITTEN = 64


def _recurrent(l: Layer) -> None:
    sides = l.takes.positions or ()
    l.check(len(sides) < 2, "it reads a sequence (steps x features); put flatten, reshape or a global pool before it")
    layers = l.value("L")
    n, h = l.width("n", "how many values come in at each step"), l.size("h")
    _check_projection(l, h)
    if layers == 1:
        _cell(l, n, h)
    else:
        l.args.clear()
        _stacked(l, n, h, layers)
    whole = l.flag("seq") or l.convention == "torch"
    l.sends = l.takes.but(positions=l.takes.positions if whole or not sides else (), channels=_sent(l, h), spread=False)


def _check_projection(l: Layer, h: Size) -> None:
    p = l.value("p") if "p" in l.kind.params else None
    if l.convention == "torch" and isinstance(p, int) and isinstance(h, int):
        l.check(p < h, f"torch wants a projection that is smaller than the {h} cells, not {p}")


def _sent(l: Layer, h: Size) -> Size:
    """How many values go out at each step: those of both directions, projected where there is a projection."""
    ways = 2 if l.flag("bidirectional") and not l.flag("summed") else 1
    out = l.value("p") if "p" in l.kind.params and l.value("p") is not None else h
    return mul(ways, out)


def _stacked(l: Layer, n: Size, h: Size, layers: Size) -> None:
    """Layers on top of each other: from the second on, what comes in is what the layer below sends."""
    from nparams.network import Over

    given = {k: v for k, v in l.given.items() if k not in ("L", "n")} | {"h": h}
    flow = l.takes.but(channels=n)
    l.part(l.kind, "l0", flow, **given)
    above = flow.but(channels=_sent(l, h))
    if isinstance(layers, int) and layers <= WRITTEN:
        l.check(layers > 0, "it has at least 1 layer")
        for k in range(1, layers):
            l.part(l.kind, f"l{k}", above, **given)
    else:
        l.part(l.kind, f"l[{l.setting.index}]", above, Over(l.setting.index, 1, add(layers, -1)), **given)


def _cell(l: Layer, n: Size, h: Size) -> None:
    """One layer, in one direction or both."""
    g = GATES[l.kind.name]
    p = l.value("p") if "p" in l.kind.params else None
    if p is not None:
        l.args["p"] = p
    ways = ("", "_reverse") if l.flag("bidirectional") else ("",)
    twice = "2*" if len(ways) == 2 else ""
    gates = f"{g}*" if g > 1 else ""
    back, back_letter = (h, "h") if p is None else (p, "p")
    if len(ways) == 2:
        l.say("Two directions: one reads from the start, one from the end, each with weights of its own.")
    if g > 1:
        l.say(
            f"A cell has {g} gates ({GATE_NAMES[l.kind.name]}), each with weights of its own. "
            "The number of steps plays no part: every step uses the same weights."
        )
    else:
        l.say("The number of steps plays no part: every step uses the same weights.")
    each = "Cells: {h}. In each gate a cell" if g > 1 else "Cells: {h}. Each"
    l.arrays(
        {f"weight_ih{way}": (mul(g, h), n) for way in ways},
        f"{twice}{gates}h*n",
        f"{each} weighs the {{n}} values that come in,",
    )
    l.arrays(
        {f"weight_hh{way}": (mul(g, h), back) for way in ways},
        f"{twice}{gates}h*{back_letter}",
        f"and the {{{back_letter}}} outputs of the step before.",
    )
    vectors = _biases(l, ways, twice, gates, g, h)
    _extras(l, ways, twice, h, p)
    if p is None and not l.has("peephole") and not l.has("learned"):
        l.formula = _formula(twice, g, vectors)


def _formula(twice: str, g: int, vectors: int) -> str:
    """As the textbook writes it: 4*(h*(n + h) + h)."""
    bias = "" if vectors == 0 else " + h" if vectors == 1 else " + 2*h"
    inner = f"h*(n + h){bias}"
    front = (2 if twice else 1) * g
    return inner if front == 1 else f"{twice}{g}*({inner})" if g > 1 else f"2*({inner})"


def vectors_of(l: Layer) -> int:
    """How many bias vectors each gate has."""
    said = l.given.get("vectors")
    if not l.flag("bias"):
        return 0
    if said is not None:
        l.check(said in (1, 2), f"a gate has 1 or 2 bias vectors, not {said}")
        return int(said)
    after = l.has("reset_after")
    if l.kind.name == "GRU" and l.given.get("reset_after") is not None and l.convention != "torch":
        return 2 if after else 1
    return {"torch": 2, "keras": 2 if l.kind.name == "GRU" else 1}.get(l.convention, 1)


def _biases(l: Layer, ways: tuple[str, ...], twice: str, gates: str, g: int, h: Size) -> int:
    vectors = vectors_of(l)
    if vectors == 0:
        l.say("It has no bias.")
    if vectors == 1:
        l.arrays(
            {f"bias{way}": (mul(g, h),) for way in ways},
            f"{twice}{gates}h",
            "Every cell has one bias in each gate." if g > 1 else "Every cell has one bias.",
            "bias",
        )
    if vectors == 2:
        l.arrays(
            {f"{leaf}{way}": (mul(g, h),) for way in ways for leaf in ("bias_ih", "bias_hh")},
            f"{twice}{gates}2*h",
            "Here every cell keeps two biases in each gate, one for what comes in and one for the step before.",
            "bias",
        )
    return vectors


def _extras(l: Layer, ways: tuple[str, ...], twice: str, h: Size, p: Size | None) -> None:
    if p is not None:
        l.arrays(
            {f"weight_hr{way}": (p, h) for way in ways},
            f"{twice}p*h",
            "A projection brings the {h} outputs down to {p}; it has no bias.",
        )
    if l.has("peephole"):
        l.arrays(
            {f"weight_c{gate}{way}": (h,) for gate in "ifo" for way in ways},
            f"{twice}3*h",
            "Peepholes: three gates also see the cell's own state, one weight each.",
        )
    if l.has("learned"):
        states = ("h0", "c0") if l.kind.name == "LSTM" else ("h0",)
        size = h if p is None else p
        l.arrays(
            {f"h0{way}": (size,) for way in ways},
            f"{twice}{'h' if p is None else 'p'}",
            "The state before the first step is learned too.",
        )
        if len(states) == 2:
            l.arrays({f"c0{way}": (h,) for way in ways}, f"{twice}h", "So is the cell state before the first step.")


def _convlstm(l: Layer) -> None:
    if l.takes.positions and len(l.takes.positions) > 1:
        steps, inner = l.takes.positions[:1], l.takes.but(positions=l.takes.positions[1:])
    else:
        steps, inner = (), l.takes
    l.takes = inner
    w = Window(l)
    c, h = l.width("c_in", "the number of input channels"), l.size("h")
    one = w.letters
    l.say(
        f"A convolutional cell has 4 gates ({GATE_NAMES['ConvLSTM']}), each with filters of {covers(w)}. Neither image "
        "size nor steps play a part."
    )
    l.array(
        "weight_ih",
        (mul(4, h), c, *w.kernel),
        f"4*{one}*c_in*h",
        "In each gate, {h} filters over the {c_in} channels that come in,",
    )
    l.array(
        "weight_hh",
        (mul(4, h), h, *w.kernel),
        f"4*{one}*h*h",
        "and {h} filters over the {h} channels of the step before.",
    )
    l.bias((mul(4, h),), "4*h", "Every filter has one bias.")
    out = w.out(l)
    if l.flag("peephole"):
        l.setting.positions_matter = True
        places = l.takes.size if out is None else product(out)
        places = l.setting.stand_in("m", l.name, "the size of the image") if places is None else places
        l.args["m"] = places
        l.array(
            "peepholes",
            (3, h, places),
            "3*h*m",
            "Peepholes: three gates weigh the cell's own state at each of {m} positions.",
        )
    sides = None if out is None else ((*steps, *out) if l.flag("seq") else out)
    l.sends = l.takes.but(positions=sides, channels=h, spread=False)
    l.takes = l.takes.but(positions=None if w.sides is None else (*steps, *w.sides))


CELLS = Param(
    "h", "units hidden h cells neurons hiddensize size numunits nodes hiddenunits", "the number of cells", noun=True
)
INPUTS = Param("n", "inputs features inputsize inputdim", "how many values come in at each step", noun=True)
LAYERS = Param("L", "layers numlayers", "the number of layers on top of each other", default=1, noun=True)
BOTH = Param("bidirectional", "bidirectional bi bidir bidi", "reads in both directions", "flag", False)
SEQUENCE = Param(
    "seq",
    "seq returnsequences sequences sequence whole",
    "sends all steps, not only the last",
    "flag",
    False,
    counts=False,
)
LEARNED = Param(
    "learned",
    "learnedstate learnedinitialstate learnedh0 trainablestate",
    "learns the state before the first step",
    "flag",
    False,
)
SUMMED = Param("summed", "summed mergesum", "adds the two directions up, instead of joining them", "flag", False)
VECTORS = Param("vectors", "biasvectors biasespergate", "how many bias vectors a gate has")
COMMON = (CELLS, INPUTS, LAYERS, BOTH, SEQUENCE, LEARNED, SUMMED, VECTORS, BIAS)
ORDERS = ("h", "n h", "n h L")
PEEPHOLE = Param("peephole", "peephole peepholes usepeepholes", "gates see the cell state", "flag", False)

KINDS = (
    Kind(
        "SimpleRNN",
        "rnn simplernn vanillarnn elman elmanrnn recurrent rnncell simplernncell",
        "a recurrent layer without gates",
        _recurrent,
        params=COMMON,
        orders=ORDERS,
        width="n",
        presets={"birnn": {"bidirectional": True}},
        example="rnn 64 on 32",
        source="Elman 1990; Goodfellow et al. 2016, §10.2; torch.nn.RNN; keras.layers.SimpleRNN",
        rivals={"torch": "RNN", "keras": "SimpleRNN"},
        differs={"torch": "a second bias vector (b_hh)"},
    ),
    Kind(
        "LSTM",
        "lstm lstmcell lstmlayer longshorttermmemory",
        "a recurrent layer with four gates",
        _recurrent,
        params=(*COMMON, Param("p", "projection proj projsize projected", "the size after the projection"), PEEPHOLE),
        orders=ORDERS,
        width="n",
        presets={"bilstm": {"bidirectional": True}, "cudnnlstm": {"vectors": 2}},
        example="lstm 128 on 64",
        source="Gers et al. 2000; Goodfellow et al. 2016, §10.10.1; torch.nn.LSTM; keras.layers.LSTM",
        rivals={"torch": "LSTM", "keras": "LSTM"},
        differs={"torch": "a second bias vector in each gate (b_hh)"},
    ),
    Kind(
        "GRU",
        "gru grucell grulayer gatedrecurrentunit",
        "a recurrent layer with three gates",
        _recurrent,
        params=(
            *COMMON,
            Param("reset_after", "resetafter", "resets after the product, which takes a second bias", "flag", False),
        ),
        orders=ORDERS,
        width="n",
        presets={"bigru": {"bidirectional": True}, "cudnngru": {"vectors": 2}},
        example="gru 32 on 32",
        source="Cho et al. 2014 (arXiv 1406.1078), eq. 5-8; torch.nn.GRU; keras.layers.GRU",
        rivals={"torch": "GRU", "keras": "GRU"},
        differs={
            "torch": "a second bias vector in each gate (b_hn is needed where the reset comes after the product)",
            "keras": "a second bias vector in each gate (reset_after, its default since TensorFlow 2)",
        },
    ),
    Kind(
        "ConvLSTM",
        "convlstm convolutionallstm",
        "an LSTM whose products are convolutions",
        _convlstm,
        params=(
            Param("h", "filters channels units", "the number of filters", noun=True),
            *SLIDES,
            Param("c_in", "inchannels", "the number of input channels"),
            SEQUENCE,
            PEEPHOLE,
            BIAS,
        ),
        orders=("h", "h k"),
        width="c_in",
        presets={f"convlstm{rank}d": {"rank": rank} for rank in (1, 2, 3)},
        example="convlstm 64 3x3 on 3",
        source="Shi et al. 2015 (arXiv 1506.04214), eq. 3; keras.layers.ConvLSTM2D",
        rivals={"keras": "ConvLSTM1D ConvLSTM2D ConvLSTM3D"},
    ),
)
