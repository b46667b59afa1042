"""Lookup tables and lone arrays: embeddings, learned positions, class tokens, raw parameters, relative positions.

Source: Mikolov et al. 2013 (arXiv 1301.3781) for embeddings; Devlin et al. 2018 (1810.04805), §3.2 for learned
positions; Dosovitskiy et al. 2020 (2010.11929), eq. 1 for the class token; Raffel et al. 2019 (1910.10683), §2.1,
Liu et al. 2021 (2103.14030), §3.2 and Shaw et al. 2018 (1803.02155), §3.2 for relative positions.
"""

from __future__ import annotations

from nparams.expr import add, mul, power
from nparams.layers.flow import Flow
from nparams.layers.kind import Kind, Param
from nparams.layers.linear import DORA, RANK, adapter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.layer import Layer


def _embedding(l: Layer) -> None:
    V, d = l.size("V"), l.size("d")
    l.frozen = l.given.get("r") is not None
    l.array("weight", (V, d), "V*d", "A table with a row for each of the {V} entries: {d} numbers a row.")
    l.say("It is looked up, not multiplied, and has no bias; how many words a text has plays no part.")
    if l.given.get("r") is not None:
        adapter(l, V, d)
    sides = l.takes.positions
    tokens = None if sides is None else (*sides, *(() if l.takes.channels is None else (l.takes.channels,)))
    l.sends = Flow(() if l.flag("bag") else tokens, d)


def _positions(l: Layer) -> None:
    d = l.width("d", "the width")
    if l.given.get("n") is None and l.takes.positions:
        l.given = {**l.given, "n": l.takes.positions[0]}
        l.setting.positions_matter = True
    l.size("n")
    l.array("weight", (l.args["n"], d), "n*d", "A learned vector of {d} numbers for each of {n} positions.")


def _token(l: Layer) -> None:
    d = l.width("d", "the width")
    l.array("weight", (1, d), "d", "One learned vector of {d} numbers, put before the sequence.")
    sides = l.takes.positions
    if sides is not None and len(sides) == 1:
        l.sends = l.takes.but(positions=(add(sides[0], 1),))


def _raw(l: Layer) -> None:
    shape = l.value("shape")
    if shape is None:
        shape = (l.setting.stand_in("n", l.name, "its shape"),)
    letters = ["n"] if len(shape) == 1 else [f"n_{chr(97 + k)}" for k in range(len(shape))]
    l.args.update(zip(letters, shape, strict=True))
    if l.kind.name == "Buffer":
        l.say("Numbers that are kept and not trained: no parameters.")
        return l.buffer("data", shape)
    return l.array("data", shape, "*".join(letters), "A bare parameter: one number for each entry of its shape.")


def _relative(l: Layer) -> None:
    buckets, window, distance = l.given.get("b"), l.given.get("w"), l.given.get("k")
    if window is not None:
        w, h = l.size("w"), l.size("h")
        side = add(mul(2, w), -1)
        l.array(
            "weight",
            (power(side, 2), h),
            "(2*w - 1)**2*h",
            "In a window of {w}·{w}, two places can lie 2·{w} - 1 steps apart each way; each of {h} heads has a number "
            "for every case.",
        )
    elif distance is not None:
        k, d = l.size("k"), l.width("d", "the width of a head")
        l.array(
            "weight",
            (add(mul(2, k), 1), d),
            "(2*k + 1)*d",
            "A vector of {d} numbers for each distance from -{k} to {k}.",
        )
    else:
        b, h = (l.size("b") if buckets is None else buckets), l.size("h")
        l.args["b"] = b
        l.array("weight", (b, h), "b*h", "Distances fall into {b} buckets; each of {h} heads has a number for each.")


VOCABULARY = Param(
    "V",
    "vocabulary vocab vocabsize tokens words entries inputdim numembeddings rows",
    "the size of the vocabulary",
    noun=True,
)
WIDTH = Param("d", "dim width d dmodel embeddingdim outputdim dimensions size embdim", "the width of a row", noun=True)

BAG = Param("bag", "bag summed mean", "sends one row, the sum or mean of all", "flag", False, counts=False)

KINDS = (
    Kind(
        "Embedding",
        "embedding embed emb wordembedding tokenembedding embeddinglayer lookup embeddings "
        "wte tokenembeddings segmentembedding typeembedding",
        "a table with a row for each entry of a vocabulary",
        _embedding,
        params=(VOCABULARY, WIDTH, RANK, DORA, BAG),
        presets={"embeddingbag": {"bag": True}},
        orders=("V", "V d"),
        width="",
        example="embedding 50257 768",
        source="Mikolov et al. 2013 (arXiv 1301.3781); torch.nn.Embedding; keras.layers.Embedding",
        rivals={"torch": "Embedding EmbeddingBag", "keras": "Embedding"},
    ),
    Kind(
        "PositionEmbedding",
        "positionembedding positionalembedding posembedding posemb learnedpositions positions "
        "learnedpositionalembedding "
        "learnedpositionembedding positionembeddings wpe",
        "a learned vector for each position",
        _positions,
        params=(Param("n", "length positions n maxlength", "the number of positions", noun=True), WIDTH),
        orders=("n", "n d"),
        width="d",
        example="positions 1024 on 768",
        source="Devlin et al. 2018 (arXiv 1810.04805), §3.2",
    ),
    Kind(
        "ClassToken",
        "classtoken clstoken cls distillationtoken registertoken",
        "one learned vector before the sequence",
        _token,
        params=(WIDTH,),
        orders=("d",),
        width="d",
        example="class token on 768",
        source="Dosovitskiy et al. 2020 (arXiv 2010.11929), eq. 1",
    ),
    Kind(
        "Parameter",
        "param parameter rawparameter rawparam nnparameter parameters",
        "a bare array",
        _raw,
        params=(Param("shape", "shape size of", "its shape", "shape"),),
        orders=("shape",),
        width="",
        presets={"scalar": {"shape": (1,)}},
        example="param 3x4",
        source="torch.nn.Parameter; keras: add_weight",
        rivals={"torch": "Parameter", "keras": "Variable"},
    ),
    Kind(
        "Buffer",
        "buffer constant",
        "numbers that are kept and not trained",
        _raw,
        params=(Param("shape", "shape size of", "its shape", "shape"),),
        orders=("shape",),
        width="",
        example="buffer 3x4",
        source="torch.nn.Module.register_buffer; keras: add_weight(trainable=False)",
        rivals={"torch": "Buffer", "keras": "Variable"},
    ),
    Kind(
        "RelativePositions",
        "relpos relativepositions relativebias relativepositionbias relativeattentionbias relpositions",
        "a number for each distance between two places",
        _relative,
        params=(
            Param("b", "buckets b", "the number of buckets", noun=True),
            Param("h", "heads h", "the number of heads", noun=True),
            Param("w", "window w windowsize", "the side of the window"),
            Param("k", "distance maxdistance k", "the largest distance"),
            WIDTH,
        ),
        orders=("b", "b h"),
        width="d",
        example="relpos buckets 32 heads 12",
        source="Raffel et al. 2019 (arXiv 1910.10683), §2.1; Liu et al. 2021 (2103.14030), §3.2; Shaw et al. "
        "2018 (1803.02155), §3.2",
    ),
)
