"""Flux's layers as modules: a table of constructors, and what holds them.

Sources: FluxML/Flux.jl src/layers/basic.jl (Dense, Scale, Maxout, Bilinear, Embedding, EmbeddingBag), conv.jl
(convfilter: kernel..., in ÷ groups, out), normalise.jl (affine, track_stats; InstanceNorm has neither by default),
attention.jl (four projections, without biases by default), recurrent.jl (one bias a gate).
"""

from __future__ import annotations

from nparams.expr import product
from nparams.network import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.expr import Size
    from nparams.notation._flux.build import Builder
    from nparams.notation._flux.parse import Node

    Made = Callable[[Builder, Node, str], Module]

MAX_COPIES = 10_000
#: functions without parameters, and what a row calls them
PLAIN = {
    **dict.fromkeys(
        """relu relu6 leakyrelu rrelu elu selu celu gelu gelu_tanh gelu_erf gelu_sigmoid swish hardswish lisht mish
        sigmoid σ sigmoid_fast hardsigmoid hardσ logsigmoid logσ tanh tanh_fast hardtanh softplus softsign
        softshrink tanhshrink trelu softmax logsoftmax normalise abs abs2 exp sin cos""".split(),
        "Activation",
    ),
    **dict.fromkeys("identity gpu cpu f32 f64 f16 device dropout NoOpLayer Identity".split(), "Identity"),
    **dict.fromkeys("flatten vec MLUtils.flatten FlattenLayer".split(), "Flatten"),
    **dict.fromkeys("Dropout AlphaDropout".split(), "Dropout"),
    **dict.fromkeys("MaxPool".split(), "MaxPool"),
    **dict.fromkeys("MeanPool".split(), "AvgPool"),
    **dict.fromkeys("GlobalMaxPool GlobalMeanPool".split(), "GlobalPool"),
    **dict.fromkeys("AdaptiveMaxPool AdaptiveMeanPool".split(), "AdaptivePool"),
    "Upsample": "Upsample", "PixelShuffle": "PixelShuffle",
    **dict.fromkeys("vcat hcat cat + * .+ .* - / ÷ Join reshape permutedims dropdims sum mean".split(), "Join"),
    **dict.fromkeys("only getindex first last".split(), "Join"),
}  # fmt: skip


#: what a dense layer's values pass through as many as they were
UNCHANGED = frozenset(("Activation", "Dropout", "BatchNorm", "LayerNorm", "Identity"))


def inside(name: str, leaf: str) -> str:
    """A name under another; at the top there is none."""
    return f"{name}.{leaf}" if name else leaf


def plain(name: str, kind: str) -> Module:
    """A row that holds nothing."""
    return Module(name, kind, why=((0, "", "It has no parameters."),))


def holder(b: Builder, node: Node, name: str) -> Module:
    """Chain(...); a dense layer that cannot take what the one before it sends is told."""
    children = b.children(node, name)
    before: Module | None = None
    for child in children:
        if child.kind == "Dense" and before is not None and before.out and child.takes and len(b.notes) < 20:
            sent, taken = before.out[-1], child.takes[-1]
            if isinstance(sent, int) and isinstance(taken, int) and sent != taken:
                b.notes.append(f"{child.name} takes {taken:,} values, but {sent:,} come from {before.name}")
        before = child if child.kind == "Dense" else before if child.kind in UNCHANGED else None
    return Module(name, "Chain", children=children)


def _joining(b: Builder, node: Node, name: str) -> Module:
    """Parallel(vcat, a, b): the first argument joins; a layer there (as Flux prints it) counts too."""
    joined = node.args[0] if node.args else None
    children = b.children(node, name, 1)
    if joined is not None and joined.kind == "call":
        children.append(b.build(joined, inside(name, "connection")))
    return Module(name, node.value.rpartition(".")[2], children=children)


def _skip(b: Builder, node: Node, name: str) -> Module:
    if not node.args:
        b.parser.fail(node.at, "SkipConnection takes layers and how they are joined: SkipConnection(Dense(5 => 5), +)")
    children = [b.build(node.args[0], inside(name, "layers"))]
    children += [b.build(arg, inside(name, "connection")) for arg in node.args[1:] if arg.kind == "call"]
    return Module(name, "SkipConnection", children=children)


def _maxout(b: Builder, node: Node, name: str) -> Module:
    """Maxout(() -> Dense(5 => 7), 3), or its layers as Flux prints them."""
    if node.args and node.args[0].kind == "function":
        copies = b.size(node.args[1]) if len(node.args) > 1 else 0
        if not isinstance(copies, int) or not 1 <= copies <= MAX_COPIES:
            b.parser.fail(node.at, "how many? Maxout(() -> Dense(5 => 7), 3)")
        return Module(name, "Maxout", children=[b.build(node.args[0], inside(name, str(k + 1))) for k in range(copies)])
    return Module(name, "Maxout", children=b.children(node, name))


def _dense(b: Builder, node: Node, name: str) -> Module:
    n_in, n_out, _ = b.pair(node)
    return b.layer("dense", name, n_in=b.size(n_in), n_out=b.size(n_out), bias=b.flag(node, "bias", True))


def _conv(word: str) -> Made:
    def make(b: Builder, node: Node, name: str) -> Module:
        if not node.args or node.args[0].kind != "tuple":
            b.parser.fail(node.at, f"{node.value} takes a kernel and channels: {node.value}((5, 5), 3 => 7)")
        kernel = b.sizes(node.args[0])
        c_in, c_out, _ = b.pair(node, 1)
        ins = b.size(c_in)
        groups = dict(node.named).get("groups")
        g: Size | None = b.size(groups) if groups is not None else None
        g = ins if node.value.endswith("DepthwiseConv") else g
        if not 1 <= len(kernel) <= 3:
            b.parser.fail(node.at, f"a kernel of {len(kernel)} sides: 1 to 3 are read")
        if g == 0:
            b.parser.fail(node.at, "0 groups: write 1 or more")
        return b.layer(
            word, name, c_in=ins, c_out=b.size(c_out), k=kernel, rank=len(kernel), g=g, bias=b.flag(node, "bias", True)
        )

    return make


def _recurrent(word: str) -> Made:
    def make(b: Builder, node: Node, name: str) -> Module:
        n, h, _ = b.pair(node)
        b.recurrent = True
        learned = True if b.state else None
        return b.layer(word, name, n=b.size(n), h=b.size(h), bias=b.flag(node, "bias", True), learned=learned)

    return make


def _wrapped(b: Builder, node: Node, name: str) -> Module:
    """Recur(RNNCell(3 => 5)), Recurrence(...)."""
    if not node.args:
        b.parser.fail(node.at, f"{node.value} holds a cell: {node.value}(GRUCell(3 => 5))")
    return b.build(node.args[0], name)


def _norm(word: str, affine: bool, statistics: bool | None) -> Made:
    def make(b: Builder, node: Node, name: str) -> Module:
        if not node.args:
            b.parser.fail(node.at, f"{node.value} takes the number of channels: {node.value}(64)")
        given: dict[str, object] = {"affine": b.flag(node, "affine", affine)}
        if word == "layernorm":
            shape = b.sizes(node.args[0])
            shape += tuple(b.size(arg) for arg in node.args[1:] if arg.kind == "number")
            given["shape"] = shape
        else:
            given["c"] = b.size(node.args[0])
        if statistics is not None:
            given["statistics"] = b.flag(node, "track_stats", statistics)
        if word == "groupnorm" and len(node.args) > 1:
            given["g"] = b.size(node.args[1])
        return b.layer(word, name, **given)

    return make


def _embedding(b: Builder, node: Node, name: str) -> Module:
    rows, width, _ = b.pair(node)
    return b.layer("embedding", name, V=b.size(rows), d=b.size(width))


def _bilinear(b: Builder, node: Node, name: str) -> Module:
    """Bilinear((5, 7) => 3), Bilinear(5 => 3) for two equal inputs, Bilinear(5, 7, 3)."""
    if len(node.args) > 2 and node.args[0].kind != "pair" and node.args[2].kind == "number":
        ins, out = (b.size(node.args[0]), b.size(node.args[1])), b.size(node.args[2])
    else:
        pair = b.pair(node)
        both = b.sizes(pair[0])
        ins, out = (both * 2 if len(both) == 1 else both)[:2], b.size(pair[1])  # type: ignore[assignment]
    return b.layer("bilinear", name, n_a=ins[0], n_b=ins[1], n_out=out, bias=b.flag(node, "bias", True))


def _scale(b: Builder, node: Node, name: str) -> Module:
    """A factor and a shift for each value: basic.jl, Scale."""
    shape = tuple(size for arg in node.args if arg.kind in ("number", "tuple", "op") for size in b.sizes(arg))
    if not shape:
        shape = tuple(b.size(arg) for arg in node.args[:1])
    name = name or "scale"
    tensors = [Tensor(f"{name}.scale", shape)]
    if b.flag(node, "bias", True):
        tensors.append(Tensor(f"{name}.bias", shape, role="bias"))
    return Module(name, "Scale", tensors=tensors)


def _attention(b: Builder, node: Node, name: str) -> Module:
    """MultiHeadAttention(64), (64 => 64 => 64), ((q, k, v) => (qk, v) => out): attention.jl, normalize_mha_dims."""
    dims = node.args[0] if node.args else b.parser.fail(node.at, "MultiHeadAttention takes its width: (64; nheads=8)")
    if dims.kind == "pair":
        inner = dims.args[1]
        if inner.kind != "pair":
            b.parser.fail(node.at, "MultiHeadAttention takes in => inside => out: (64 => 128 => 64)")
        ins, inside, out = b.sizes(dims.args[0]), b.sizes(inner.args[0]), b.size(inner.args[1])
    else:
        ins = inside = (b.size(dims),)
        out = ins[0]
    q, k, v = ins if len(ins) == 3 else (ins[0],) * 3
    qk, wide = inside if len(inside) == 2 else (inside[0],) * 2
    heads = dict(node.named).get("nheads")
    h: Size = b.size(heads) if heads is not None else 8
    for size in (qk, wide):
        if isinstance(size, int) and isinstance(h, int) and (h == 0 or size % h):
            b.parser.fail(node.at, f"{size} cannot be divided among {h} heads")
    bias = b.flag(node, "bias", False)
    name = name or "attention"
    parts = (("q_proj", q, qk), ("k_proj", k, qk), ("v_proj", v, wide), ("out_proj", wide, out))
    children = [b.layer("dense", f"{name}.{leaf}", n_in=i, n_out=o, bias=bias) for leaf, i, o in parts]
    return Module(name, "MultiHeadAttention", children=children)


def _weight_norm(b: Builder, node: Node, name: str) -> Module:
    """WeightNorm(layer, :weight): lengths along the last side of the weight, (out, in) or (k..., in, out) in Julia."""
    if not node.args:
        b.parser.fail(node.at, "WeightNorm takes a layer: WeightNorm(Dense(5 => 7), :weight)")
    layer = b.build(node.args[0], inside(name, "layer"))
    if any(arg.kind == "array" for arg in node.args):
        g = next(b.build(arg, inside(name, "g")) for arg in node.args if arg.kind == "array")
        return Module(name, "WeightNorm", children=[layer, g])
    if node.named or not layer.tensors or layer.kind not in ("Dense", "Conv"):
        b.parser.fail(node.at, "WeightNorm is read around Dense and Conv, with its usual dims")
    weight = layer.tensors[0].shape or ()
    lengths = product(weight[1:]) if layer.kind == "Conv" else weight[0]
    g = Module(inside(name, "g"), "Parameter", tensors=[Tensor(inside(name, "g.weight"), (lengths,))])
    return Module(name, "WeightNorm", children=[layer, g])


LAYERS: dict[str, Made] = {
    "Chain": holder, "Parallel": _joining, "PairwiseFusion": _joining, "SkipConnection": _skip, "Maxout": _maxout,
    "Dense": _dense, "Conv": _conv("conv"), "CrossCor": _conv("conv"), "DepthwiseConv": _conv("conv"),
    "ConvTranspose": _conv("convtranspose"),
    **{f"{word}{end}": _recurrent(kind) for end in ("", "Cell")
       for word, kind in (("RNN", "rnn"), ("LSTM", "lstm"), ("GRU", "gru"), ("GRUv3", "gru"))},
    "Recur": _wrapped, "Recurrence": _wrapped,
    "BatchNorm": _norm("batchnorm", True, True), "InstanceNorm": _norm("instancenorm", False, False),
    "GroupNorm": _norm("groupnorm", True, None), "LayerNorm": _norm("layernorm", True, None),
    "Embedding": _embedding, "EmbeddingBag": _embedding, "Bilinear": _bilinear, "Scale": _scale,
    "MultiHeadAttention": _attention, "WeightNorm": _weight_norm,
}  # fmt: skip

__all__ = ["LAYERS", "MAX_COPIES", "PLAIN", "holder", "inside", "plain"]
