"""What transformers are built of: feed-forward, encoder and decoder layers, whole stacks, mixtures of experts.

Source: Vaswani et al. 2017 (arXiv 1706.03762), §3.1 and §3.3; Shazeer 2020 (2002.05202) for gated feed-forward layers,
which have no biases there; Xiong et al. 2020 (2002.04745) for norms before or after (the count is the same); Shazeer
et al. 2017 (1701.06538) and Jiang et al. 2024 (2401.04088), §2.1 for mixtures of experts; torch.nn.Transformer.
"""

from __future__ import annotations

from nparams.layers.attention import HEADS, OPTIONS, WIDTH
from nparams.layers.attention import KINDS as ATTENTIONS
from nparams.layers.kind import BIAS, Kind, Param
from nparams.layers.linear import KINDS as DENSES
from nparams.layers.norm import KINDS as NORMS
from nparams.network import Module, Over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer

ATTENTION, DENSE = ATTENTIONS[0], DENSES[0]
LAYER_NORM = next(kind for kind in NORMS if kind.name == "LayerNorm")
RMS_NORM = next(kind for kind in NORMS if kind.name == "RMSNorm")


def _feed_forward(l: Layer) -> None:
    d, f = l.width("d", "the width"), l.size("f")
    gated = l.flag("gated")
    if gated and "bias" not in l.given:
        l.given = {**l.given, "bias": False}
    if gated:
        l.arrays(
            {"gate.weight": (f, d), "up.weight": (f, d)},
            "2*d*f",
            "Two matrices, a gate and its partner, bring {d} numbers up to {f},",
        )
    else:
        l.array("up.weight", (f, d), "d*f", "A first dense layer brings {d} numbers up to {f},")
    l.array("down.weight", (d, f), "f*d", "and one brings them down to {d} again.")
    _feed_forward_biases(l, d, f, gated)
    l.formula = f"{3 if gated else 2}*d*f" + ("" if not l.flag("bias") else " + 2*f + d" if gated else " + f + d")
    l.sends = l.takes.but(channels=d, spread=False)


def _feed_forward_biases(l: Layer, d: Size, f: Size, gated: bool) -> None:
    if not l.flag("bias"):
        l.say("It has no biases.")
        return
    shapes = {"gate.bias": (f,)} if gated else {}
    l.arrays(
        {**shapes, "up.bias": (f,), "down.bias": (d,)},
        "2*f + d" if gated else "f + d",
        "Each neuron of them has a bias.",
        "bias",
    )


# -- encoder and decoder layers ---------------------------------------------------------------------------------------


def _norm(l: Layer, leaf: str) -> None:
    if l.flag("rms"):
        l.part(RMS_NORM, leaf)
    elif l.flag("norm"):
        l.part(LAYER_NORM, leaf, bias=None if l.flag("bias") else False)


def _attend(l: Layer, leaf: str, memory: Size | None = None) -> None:
    given = {letter: l.given.get(letter) for letter in ("kv", "d_h", "d_v", "qk_norm", "qkv_bias", "o_bias")}
    if not l.flag("bias") or not l.flag("attention_bias"):
        given = {**given, "qkv_bias": given["qkv_bias"] or False, "o_bias": given["o_bias"] or False}
    l.part(ATTENTION, leaf, h=l.given.get("h"), d_c=memory, **given)


def _block(l: Layer, *, cross: bool) -> None:
    """Attention, for a decoder attention to what the encoder sent, and a feed-forward layer; a norm for each."""
    d = l.width("d", "the width")
    _attend(l, "attention")
    _norm(l, "norm1")
    if cross:
        _attend(l, "cross_attention", l.given.get("memory"))
        _norm(l, "norm2")
    feed = {"f": l.value("f"), "bias": None if l.flag("bias") else False, "gated": l.given.get("gated")}
    if feed["f"] is None:
        feed["f"] = l.setting.stand_in("f", l.name, "the width inside its feed-forward layer")
    if l.given.get("E") is not None:
        l.part(MOE, "moe", k=l.value("top"), E=l.given["E"], S=l.given.get("S"), **feed)
    else:
        l.part(FEED_FORWARD, "ffn", **feed)
    _norm(l, "norm3" if cross else "norm2")
    l.args.clear()
    l.sends = l.takes.but(channels=d, spread=False)


def _encoder(l: Layer) -> None:
    _layers(l, ENCODER, cross=False)


def _decoder(l: Layer) -> None:
    _layers(l, DECODER, cross=True)


def _layers(l: Layer, kind: Kind, *, cross: bool) -> None:
    """One layer, or as many as were said, and a last norm if that was said."""
    layers = l.value("L")
    if layers == 1 and not l.flag("final"):
        return _block(l, cross=cross)
    given = {letter: held for letter, held in l.given.items() if letter not in ("L", "final", "d")}
    l.width("d", "the width")
    if "f" not in given:
        given["f"] = l.setting.stand_in("f", l.name, "the width inside its feed-forward layers")
    l.part(kind, f"layer[{l.setting.index}]", over=Over(l.setting.index, 1, layers), **given)
    if l.flag("final"):
        _norm(l, "norm")
    l.args.clear()
    l.sends = l.takes.but(spread=False)
    return None


def _transformer(l: Layer) -> None:
    """torch.nn.Transformer: encoder and decoder layers, each stack with a last norm."""
    l.width("d", "the width")
    given = {letter: l.given.get(letter) for letter in ("h", "f", "bias", "rms", "gated", "norm", "attention_bias")}
    if given["f"] is None:
        given["f"] = l.setting.stand_in("f", l.name, "the width inside its feed-forward layers")
    for kind, leaf, letter in ((ENCODER, "encoder", "N"), (DECODER, "decoder", "M")):
        layers = l.given.get("L") if l.given.get(letter) is None and l.given.get("L") is not None else l.size(letter)
        l.part(kind, leaf, L=layers, final=l.flag("final"), **given)
    l.args.clear()
    l.sends = l.takes.but(spread=False)


# -- mixture of experts -----------------------------------------------------------------------------------------------


def _experts(l: Layer) -> None:
    d, E, k = l.width("d", "the width"), l.size("E"), l.value("k")
    if isinstance(k, int) and isinstance(E, int):
        l.check(0 < k <= E, f"a token cannot use {k} of {E} experts")
    f = l.value("f")
    if f is None:
        f = l.setting.stand_in("f", l.name, "the width inside an expert")
    feed = {"f": f, "bias": l.given.get("bias"), "gated": l.given.get("gated")}
    l.part(DENSE, "router", n_out=E, bias=l.flag("router_bias"))
    l.part(FEED_FORWARD, f"experts.expert[{l.setting.index}]", over=Over(l.setting.index, 1, E), **feed)
    l.children[-1].args.update({"E": E, **({} if k is None else {"k_used": k})})
    used = (
        ""
        if k is None
        else "A token uses {k_used} of these {E} experts, which the router chooses; all {E} are counted."
    )
    l.children[-1].why += ((0, "", used),) if used else ()
    l.children[-1] = Module(f"{l.name}.experts", routed=(k, E), children=[l.children[-1]])
    if l.given.get("S") is not None:
        l.part(
            FEED_FORWARD,
            f"shared[{l.setting.index}]",
            over=Over(l.setting.index, 1, l.given["S"]),
            **{**feed, "f": l.given.get("f_s") or f},
        )
    if k is None:
        l.setting.note(f"{l.name}: how many experts a token uses is not said, so what is active is not known")
    l.args.clear()
    l.sends = l.takes.but(channels=d, spread=False)


WIDE = Param(
    "f",
    "ff ffn dff inner feedforward intermediate hidden dimfeedforward mlp intermediatesize mlpdim",
    "the width inside",
    noun=True,
)
GATED = Param("gated", "gated swiglu glu geglu reglu", "has a gate beside its first matrix", "flag", False)
BLOCK = (
    Param("d", "width dim d dmodel model embeddim hiddensize", "the width", noun=True),
    HEADS,
    WIDE,
    GATED,
    Param("L", "layers numlayers blocks depth", "the number of layers", default=1, noun=True),
    Param("final", "finalnorm lastnorm", "a last norm after all layers", "flag", False),
    Param("rms", "rmsnorm rms", "its norms only scale (RMSNorm)", "flag", False),
    Param("norm", "norm norms layernorm", "whether it has norms", "flag", True),
    Param("pre", "prenorm normfirst preln", "norms come first (the count is the same)", "flag", False, counts=False),
    Param("post", "postnorm postln", "norms come last (the count is the same)", "flag", False, counts=False),
    Param("attention_bias", "attentionbias", "whether attention has biases", "flag", True),
    *(param for param in OPTIONS if param.letter in ("kv", "d_h", "d_v", "qk_norm", "qkv_bias", "o_bias")),
    BIAS,
    Param("E", "experts moe numexperts", "the number of experts", noun=True),
    Param("top", "top topk active", "how many experts a token uses"),
    Param("S", "shared sharedexperts", "experts that every token uses", noun=True),
)
ORDERS = ("d", "d h", "d h f")

FEED_FORWARD = Kind(
    "FeedForward",
    "ffn feedforward mlp feedforwardnetwork positionwisefeedforward mlpblock ff feedforwardlayer",
    "two dense layers, up and down again",
    _feed_forward,
    params=(WIDTH, WIDE, GATED, BIAS),
    orders=("f", "d f"),
    width="d",
    presets={
        "gatedffn": {"gated": True},
        "gatedmlp": {"gated": True},
        "swiglu": {"gated": True},
        "geglu": {"gated": True},
    },
    example="ffn 3072 on 768",
    source="Vaswani et al. 2017 (arXiv 1706.03762), §3.3; gated: Shazeer 2020 (2002.05202), without biases",
)
ENCODER = Kind(
    "Encoder",
    "encoder encoderlayer transformerencoder transformerencoderlayer transformerblock gptblock bertlayer "
    "transformerlayer "
    "encoderblock decoderonly",
    "self-attention and a feed-forward layer, each with a norm",
    _encoder,
    params=BLOCK,
    orders=ORDERS,
    width="d",
    example="encoder 768 heads 12 ff 3072",
    source="Vaswani et al. 2017 (arXiv 1706.03762), §3.1; torch.nn.TransformerEncoder",
    rivals={"torch": "TransformerEncoderLayer TransformerEncoder"},
)
DECODER = Kind(
    "Decoder",
    "decoder decoderlayer transformerdecoder transformerdecoderlayer decoderblock",
    "self-attention, attention to the encoder, and a feed-forward layer, each with a norm",
    _decoder,
    params=(*BLOCK, Param("memory", "memory", "the width of what the encoder sends")),
    orders=ORDERS,
    width="d",
    example="decoder 512 heads 8 ff 2048",
    source="Vaswani et al. 2017 (arXiv 1706.03762), §3.1; torch.nn.TransformerDecoder",
    rivals={"torch": "TransformerDecoderLayer TransformerDecoder"},
)
TRANSFORMER = Kind(
    "Transformer",
    "transformer encoderdecoder seq2seqtransformer",
    "encoder and decoder stacks",
    _transformer,
    params=(
        WIDTH,
        HEADS,
        WIDE,
        GATED,
        Param("N", "encoderlayers numencoderlayers", "the number of encoder layers", noun=True),
        Param("M", "decoderlayers numdecoderlayers", "the number of decoder layers", noun=True),
        Param("L", "layers numlayers blocks", "the number of layers of each stack", noun=True),
        Param("final", "finalnorm lastnorm", "a last norm after each stack", "flag", True),
        Param("rms", "rmsnorm rms", "its norms only scale (RMSNorm)", "flag", False),
        Param("norm", "norm norms", "whether it has norms", "flag", True),
        Param("attention_bias", "attentionbias", "whether attention has biases", "flag", True),
        BIAS,
    ),
    orders=("d", "d h", "d h N", "d h N M", "d h N M f"),
    width="d",
    example="transformer 512 8 6 6 2048",
    source="Vaswani et al. 2017 (arXiv 1706.03762); torch.nn.Transformer, which ends each stack with a norm",
    rivals={"torch": "Transformer"},
)
MOE = Kind(
    "MixtureOfExperts",
    "moe mixtureofexperts experts sparsemoe moelayer",
    "feed-forward layers of which each token uses a few",
    _experts,
    params=(
        WIDTH,
        WIDE,
        GATED,
        Param("E", "experts numexperts", "the number of experts", noun=True),
        Param("k", "top topk active used", "how many experts a token uses", noun=True),
        Param("S", "shared sharedexperts", "experts that every token uses", noun=True),
        Param("f_s", "sharedff sharedffn", "the width inside a shared expert"),
        Param("router_bias", "routerbias", "whether the router has biases", "flag", False),
        BIAS,
    ),
    orders=("E", "E k"),
    width="d",
    example="moe 8 experts top 2 ff 14336 swiglu on 4096",
    source="Shazeer et al. 2017 (arXiv 1701.06538), §2; Jiang et al. 2024 (2401.04088), §2.1",
)

KINDS = (FEED_FORWARD, ENCODER, DECODER, TRANSFORMER, MOE)
