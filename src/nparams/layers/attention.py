"""Attention: multi-head with any number of key and value heads, and latent attention.

The heads share the width: h heads of d/h numbers each, so their number plays no part in the count, unless keys and
values have fewer heads, or the size of a head is said.  Texts differ about biases (Vaswani et al. write none, BERT,
GPT-2, torch and Keras have them all): they are counted unless `no bias` is said.
Source: Vaswani et al. 2017 (arXiv 1706.03762), §3.2.2; Shazeer 2019 (1911.02150) and Ainslie et al. 2023 (2305.13245)
for fewer key and value heads; DeepSeek-V2 (2405.04434), §2.1 for latent attention; torch.nn.MultiheadAttention.
"""

from __future__ import annotations

from nparams.expr import add, mul
from nparams.layers.kind import BIAS, Kind, Param

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer

#: the formula as texts write it, by the tensors that there are
MATRICES = ".q.weight.k.weight.v.weight.o.weight"
USUAL = {MATRICES: "4*d**2", f"{MATRICES}.q.bias.k.bias.v.bias.o.bias": "4*d**2 + 4*d"}
#: sizes that, once said, make heads matter
HEADED = ("kv", "d_h", "d_v")
TARGETS = {"q": "query", "k": "key", "v": "value", "o": "output"}


def _attention(l: Layer) -> None:
    d = l.width("d", "the width")
    if any(l.given.get(letter) is not None for letter in HEADED) or l.flag("qk_norm"):
        sizes = _headed(l, d)
    else:
        heads = l.given.get("h")
        if heads is not None:
            l.divisible(
                d, heads, f"{heads} heads cannot share a width of {d} equally; say how large one is: head dim 64"
            )
            if heads != 1:
                l.say("Its {h} heads share the width, {d}/{h} each: how many there are plays no part.", h=heads)
        sizes = _Sizes(d, d, d, d, "d", "d", "d", "d")
    _projections(l, d, sizes)
    if l.given.get("r") is not None:
        _adapters(l, d, sizes)
    l.formula = (
        USUAL.get("".join(t.name[len(l.name) :] for t in l.tensors))
        if sizes.in_q == "d" and not {"d_k", "d_m", "d_c"} & l.args.keys()
        else None
    )
    l.sends = l.takes.but(channels=d, spread=False)


class _Sizes:
    """How wide queries, keys, values and what is put together from the heads are; and the same in letters."""

    def __init__(self, q: Size, k: Size, v: Size, o: Size, in_q: str, in_k: str, in_v: str, in_o: str) -> None:
        self.q, self.k, self.v, self.o = q, k, v, o
        self.in_q, self.in_k, self.in_v, self.in_o = in_q, in_k, in_v, in_o


def _headed(l: Layer, d: Size) -> _Sizes:
    """Sizes where heads differ: the size of a head is d/h unless it is said."""
    h = l.size("h")
    d_h = l.given.get("d_h")
    if d_h is None:
        l.divisible(d, h, f"{h} heads cannot share a width of {d} equally; say how large a head is: head dim 64")
        d_h = d // h
    l.args["d_h"] = d_h
    kv, kv_letter = (h, "h") if l.given.get("kv") is None else (l.size("kv"), "kv")
    l.divisible(h, kv, f"{h} heads cannot share {kv} key and value heads equally; choose a divisor")
    d_v, v_letter = (d_h, "d_h") if l.given.get("d_v") is None else (l.size("d_v"), "d_v")
    if kv_letter == "kv":
        l.say("Its {h} query heads of {d_h} numbers share {kv} key and value heads.")
    return _Sizes(
        mul(h, d_h),
        mul(kv, d_h),
        mul(kv, d_v),
        mul(h, d_v),
        "h*d_h",
        f"{kv_letter}*d_h",
        f"{kv_letter}*{v_letter}",
        f"h*{v_letter}",
    )


def _projections(l: Layer, d: Size, s: _Sizes) -> None:
    """Queries, keys, values and the output: matrices, biases, and norms of queries and keys."""
    l.frozen = l.given.get("r") is not None
    both, letter = (d, "d") if l.given.get("d_c") is None else (l.size("d_c"), "d_c")
    from_k, letter_k = (both, letter) if l.given.get("d_k") is None else (l.size("d_k"), "d_k")
    from_v, letter_v = (both, letter) if l.given.get("d_m") is None else (l.size("d_m"), "d_m")
    if letter_k == letter_v == "d" and s.in_q == s.in_k == s.in_v:
        l.arrays(
            {"q.weight": (s.q, d), "k.weight": (s.k, d), "v.weight": (s.v, d)},
            f"3*d*{s.in_q}",
            "Three matrices make queries, keys and values of the {d} numbers at each place.",
        )
    else:
        l.array("q.weight", (s.q, d), f"d*{s.in_q}", "A matrix makes queries of the {d} numbers at each place.")
        _keys_and_values(l, s, (from_k, letter_k), (from_v, letter_v))
    if l.flag("out"):
        l.array(
            "o.weight",
            (d, s.o),
            f"{s.in_o}*d",
            "A fourth brings what the heads found together to {d} again."
            if s.in_q == s.in_k
            else "A last one brings what the heads found back to {d}.",
        )
    _attention_biases(l, d, s)
    if l.flag("qk_norm"):
        d_h = l.args["d_h"]
        l.arrays(
            {"q_norm.weight": (d_h,), "k_norm.weight": (d_h,)},
            "2*d_h",
            "Queries and keys are normalised: a scale for each of {d_h} numbers of a head.",
        )


def _keys_and_values(l: Layer, s: _Sizes, k: tuple[Size, str], v: tuple[Size, str]) -> None:
    if k[1] == v[1] and s.in_k == s.in_v:
        l.arrays(
            {"k.weight": (s.k, k[0]), "v.weight": (s.v, v[0])},
            f"2*{k[1]}*{s.in_k}",
            f"Two make keys and values of the {{{k[1]}}} numbers they read.",
        )
        return
    l.array("k.weight", (s.k, k[0]), f"{k[1]}*{s.in_k}", f"One makes keys of {{{k[1]}}} numbers,")
    l.array("v.weight", (s.v, v[0]), f"{v[1]}*{s.in_v}", f"one makes values of {{{v[1]}}}.")


def _attention_biases(l: Layer, d: Size, s: _Sizes) -> None:
    qkv, out = (l.flag("bias") if l.given.get(which) is None else l.flag(which) for which in ("qkv_bias", "o_bias"))
    if qkv:
        one = s.in_q == s.in_k == s.in_v
        part = (
            f"3*{s.in_q}"
            if one
            else f"{s.in_q} + 2*{s.in_k}"
            if s.in_k == s.in_v
            else f"{s.in_q} + {s.in_k} + {s.in_v}"
        )
        l.arrays(
            {"q.bias": (s.q,), "k.bias": (s.k,), "v.bias": (s.v,)},
            part,
            "Each number of a query, key or value has a bias.",
            "bias",
        )
    if out and l.flag("out"):
        l.array("o.bias", (d,), "d", "Each of the {d} numbers that go out has one too.", "bias")
    if not qkv and not out:
        l.say("It has no biases.")
    if l.flag("kv_bias"):
        l.arrays(
            {"bias_k": (1, 1, s.k), "bias_v": (1, 1, s.v)},
            f"{s.in_k} + {s.in_v}",
            "One learned key and one learned value are added to every sequence.",
            "bias",
        )


def _adapters(l: Layer, d: Size, s: _Sizes) -> None:
    """LoRA on the projections that were named, all four unless some were."""
    r, chosen = l.size("r"), l.value("targets")
    l.check(set(chosen) <= set(TARGETS), f"adapters go on {', '.join(TARGETS)}, not {chosen}: targets qv")
    l.frozen = False
    l.say("The weights above are frozen; what is trained are adapters of rank {r} beside them, B·A.")
    widths = {"q": (d, s.q, s.in_q), "k": (d, s.k, s.in_k), "v": (d, s.v, s.in_v), "o": (s.o, d, s.in_o)}
    for target in chosen:
        n_in, n_out, letter = widths[target]
        l.arrays(
            {f"{target}.lora_A": (r, n_in), f"{target}.lora_B": (n_out, r)},
            f"r*(d + {letter})",
            f"The {TARGETS[target]} matrix gets one:",
        )
    for t in l.tensors:
        t.trainable = t.trainable is None


def _latent(l: Layer) -> None:
    d, h, c = l.width("d", "the width"), l.size("h"), l.size("c_kv")
    nope, rope, v = l.size("d_h"), l.size("d_r"), l.size("d_v")
    head = add(nope, rope)
    if l.given.get("c_q") is not None:
        q = l.size("c_q")
        l.array("q_a.weight", (q, d), "d*c_q", "Queries go through a latent of {c_q} numbers,")
        l.array("q_norm.weight", (q,), "c_q", "which is normalised (a scale each),")
        l.array("q_b.weight", (mul(h, head), q), "c_q*h*(d_h + d_r)", "to {h} heads of {d_h} + {d_r} numbers.")
    else:
        l.array("q.weight", (mul(h, head), d), "d*h*(d_h + d_r)", "Queries: {h} heads of {d_h} + {d_r} numbers.")
    l.array(
        "kv_a.weight",
        (add(c, rope), d),
        "d*(c_kv + d_r)",
        "Keys and values go through one latent of {c_kv} numbers, with {d_r} for the position beside it.",
    )
    l.array("kv_norm.weight", (c,), "c_kv", "The latent is normalised: a scale each.")
    l.array(
        "kv_b.weight",
        (mul(h, add(nope, v)), c),
        "c_kv*h*(d_h + d_v)",
        "From it come {h} keys of {d_h} and values of {d_v}.",
    )
    l.array("o.weight", (d, mul(h, v)), "h*d_v*d", "The last matrix brings the heads back to {d}.")
    l.say("It has no biases.")
    l.sends = l.takes.but(channels=d, spread=False)


WIDTH = Param("d", "width dim d dmodel model hidden embeddim embed hiddensize", "the width", noun=True)
HEADS = Param("h", "heads h numheads nhead attentionheads", "the number of heads", noun=True)
OPTIONS = (
    Param("kv", "kv kvheads keyvalueheads numkvheads groups", "the number of key and value heads", noun=True),
    Param("d_h", "headdim headsize keydim", "the size of a head", noun=True),
    Param("d_v", "valuedim valuesize", "the size of a value", noun=True),
    Param("d_k", "keys kdim keysize", "how many numbers keys are made of"),
    Param("d_m", "values vdim", "how many numbers values are made of"),
    Param("d_c", "memory context", "how many numbers keys and values are made of"),
    Param("qk_norm", "qknorm", "queries and keys are normalised", "flag", False),
    Param("qkv_bias", "qkvbias", "whether queries, keys and values have biases", "flag", True),
    Param("o_bias", "outbias obias projbias outputbias", "whether the output has biases", "flag", True),
    Param("kv_bias", "biaskv addbiaskv", "adds a learned key and value", "flag", False),
    Param("out", "out outputprojection outproj", "whether the heads are brought together by a matrix", "flag", True),
)
LORA = (
    Param("r", "lora rank", "the rank of the adapters"),
    Param("targets", "targets adapts", "which projections have an adapter", "size", "qkvo"),
)
LATENT = (
    Param("c_kv", "kvrank kvlora kvlorarank latent", "the size of the latent of keys and values"),
    Param("c_q", "qrank qlora qlorarank", "the size of the latent of queries"),
    Param("d_h", "nope headdim qknope nopedim qknopeheaddim", "the part of a key without position"),
    Param("d_r", "rope ropedim qkrope qkropeheaddim", "the part of a key with position"),
    Param("d_v", "valuedim value vheaddim", "the size of a value"),
)

KINDS = (
    Kind(
        "Attention",
        "attention multiheadattention mha selfattention multiheadselfattention mhsa causalattention crossattention "
        "groupedqueryattention groupqueryattention gqa "
        "attentionlayer causalselfattention maskedattention maskedselfattention "
        "encoderdecoderattention",
        "heads that weigh every place by every other",
        _attention,
        params=(WIDTH, HEADS, *OPTIONS, *LORA, BIAS),
        orders=("d", "d h"),
        width="d",
        presets={"mqa": {"kv": 1}, "multiqueryattention": {"kv": 1}},
        example="attention 512 heads 8",
        source="Vaswani et al. 2017 (arXiv 1706.03762), §3.2.2; torch.nn.MultiheadAttention; "
        "keras.layers.MultiHeadAttention",
        rivals={"torch": "MultiheadAttention", "keras": "MultiHeadAttention GroupQueryAttention"},
    ),
    Kind(
        "LatentAttention",
        "mla latentattention multiheadlatentattention",
        "attention through a small latent",
        _latent,
        params=(WIDTH, HEADS, *LATENT),
        orders=("d", "d h"),
        width="d",
        example="mla 5120 heads 128 kv rank 512 q rank 1536 nope 128 rope 64 value dim 128",
        source="DeepSeek-V2 (arXiv 2405.04434), §2.1",
    ),
)
