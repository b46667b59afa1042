"""What each layer of torch.nn holds, by the rule that signatures.py names for it.

Formula and explanation come from the textbook's kinds; names and layouts of tensors are those of PyTorch 2.13.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, mul, product
from nparams.layers._torch.blocks import attention, decoder, encoder, transformer
from nparams.layers._torch.call import Call
from nparams.layers._torch.recurrent import cell, recurrent
from nparams.layers.catalogue import kind_of
from nparams.layers.dense import dense
from nparams.layers.layer import parsed
from nparams.network import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.expr import Size

#: kinds of FREE that are no kinds of the textbook: what they are called, and what they do
ONLY_HERE = {
    "moves": ("Rearrange", "It only moves numbers"),
    "compares": ("Distance", "It compares two inputs by a fixed rule"),
    "loss": ("Loss", "It compares what comes out with what is wanted"),
    "unflatten": ("Reshape", "It only writes the same numbers in another shape"),
    "zeropad": ("ZeroPad", "It adds positions around"),
}
#: the textbook's letter for what a kind wants to know
WANTS = {"pixelshuffle": ("r", "upscale_factor"), "pixelunshuffle": ("r", "downscale_factor")}


def free(call: Call) -> Module:
    """A layer without parameters."""
    rule = call.cls.rule
    if rule == "dropout":
        call.rate("p")
    if rule in ONLY_HERE:
        kind, sentence = ONLY_HERE[rule]
        return call.module(kind, why=((0, "", f"{sentence}: no weights."),))
    given: dict[str, object] = {"k": (1,)} if rule == "adaptivepool" else {}
    if rule in WANTS:
        letter, parameter = WANTS[rule]
        given[letter] = call.size(parameter)
    return call.layer(rule, **given).module()


# -- layers whose sizes are found at their first call -----------------------------------------------------------------


def _lazy(call: Call, kind: str, weights: tuple[str, ...], buffers: tuple[str, ...] = ()) -> Module:
    """Tensors that are not created yet; a counter of batches is."""
    tensors = [call.tensor(leaf, None, "bias" if leaf == "bias" else "weight") for leaf in weights]
    tensors += [call.tensor(leaf, () if leaf == "num_batches_tracked" else None, "buffer") for leaf in buffers]
    why = "Its sizes are found when it is first called: until then it has no numbers to count."
    return call.module(kind_of(kind).name, tensors=tensors, why=((0, "", why),))


def _is_lazy(call: Call) -> bool:
    return call.cls.name.startswith("Lazy")


# -- dense and convolutional ------------------------------------------------------------------------------------------


def linear(call: Call) -> Module:
    """n_in*n_out weights, and a bias a neuron."""
    n_out, bias = call.size("out_features"), call.flag("bias")
    if _is_lazy(call):
        return _lazy(call, "dense", ("weight", "bias") if bias else ("weight",))
    return call.layer("dense", n_in=call.size("in_features"), n_out=n_out, bias=bias).module()


def bilinear(call: Call) -> Module:
    """A matrix for each output: y = x1 A x2 + b."""
    a, b, out = call.size("in1_features"), call.size("in2_features"), call.size("out_features")
    args = {"n_a": a, "n_b": b, "n_out": out}
    tensors = [call.tensor("weight", (out, a, b))]
    told = "Each of {n_out} outputs has a matrix of {n_a}·{n_b} weights between the two inputs."
    why = [(parsed("n_a*n_b*n_out"), "weight", told)]
    if call.flag("bias"):
        tensors.append(call.tensor("bias", (out,), "bias"))
        why.append((parsed("n_out"), "bias", "Each output also adds one number of its own, its bias."))
    return call.module("Bilinear", args=args, formula=_sum(why), out=(out,), tensors=tensors, why=why)


def _sum(why: list[tuple[Size, str, str]]) -> Size:
    parts = tuple(part for part, _, _ in why)
    return parts[0] if len(parts) == 1 else Expr("add", parts)


def conv(call: Call) -> Module:
    """Filters over all channels of their group."""
    if call.cls.rule == "conv":
        call.one_of("padding", ("same", "valid"))
        if call.given["padding"] == "same" and any(side != 1 for side in call.sides("stride", 0)):
            raise call.refuse("padding", "same goes with stride 1 only, as PyTorch says itself")
    modes = ("zeros", "reflect", "replicate", "circular") if call.cls.rule == "conv" else ("zeros",)
    call.one_of("padding_mode", modes)
    bias, kernel, groups = call.flag("bias"), call.sides("kernel_size"), call.size("groups")
    c_out = call.size("out_channels")
    if _is_lazy(call):
        return _lazy(call, call.cls.rule, ("weight", "bias") if bias else ("weight",))
    given = {"c_in": call.size("in_channels"), "c_out": c_out, "k": kernel, "g": groups, "bias": bias}
    return call.layer(call.cls.rule, rank=call.cls.rank, **given).module()


# -- norms ------------------------------------------------------------------------------------------------------------


def batch(call: Call) -> Module:
    """Scales and shifts of channels, and statistics, each if it was asked for."""
    affine, bias, statistics = (call.flag(which) for which in ("affine", "bias", "track_running_stats"))
    kind = call.cls.rule
    if _is_lazy(call):
        weights = ("weight", "bias") if bias else ("weight",)
        kept = ("running_mean", "running_var", "num_batches_tracked")
        return _lazy(call, kind, weights if affine else (), kept if statistics else ())
    c = call.size("num_features")
    return call.layer(kind, c=c, affine=affine, bias=bias, statistics=statistics).module()


def group(call: Call) -> Module:
    """Scales and shifts of channels; groups must share them equally."""
    g, c = call.size("num_groups"), call.size("num_channels")
    return call.layer("groupnorm", g=g, c=c, affine=call.flag("affine"), bias=call.flag("bias")).module()


def sides_norm(call: Call) -> Module:
    """LayerNorm and RMSNorm: scales, and of the first shifts, over the last sides."""
    shape, affine = call.sizes("normalized_shape"), call.flag("elementwise_affine")
    if not shape:
        raise call.refuse("normalized_shape", "is empty; name the last sides: 768, or [32, 32]")
    more = {"bias": call.flag("bias")} if call.cls.rule == "layernorm" else {}
    return call.layer(call.cls.rule, shape=shape, affine=affine, **more).module()


def prelu(call: Call) -> Module:
    """A slope, or one for each channel."""
    return call.layer("prelu", c=call.size("num_parameters")).module()


# -- tables -----------------------------------------------------------------------------------------------------------


def embedding(call: Call) -> Module:
    """A table of rows, frozen if it was asked for."""
    V, d, pad = call.size("num_embeddings"), call.size("embedding_dim"), call.given["padding_idx"]
    if isinstance(pad, int) and isinstance(V, int) and not -V <= pad < V:
        raise call.refuse("padding_idx", f"is {pad}, but the table has {V:,} rows")
    module = call.layer("embedding", V=V, d=d, bag=call.cls.name == "EmbeddingBag").module()
    if call.given.get("_freeze"):
        module.tensors[0].trainable = False
    return module


# -- losses that learn ------------------------------------------------------------------------------------------------


def softmax_tree(call: Call) -> Module:
    """Grave et al. 2016 (arXiv 1609.04309): a head, and for each rarer cluster two thin matrices.

    The width of a cluster is in_features // div_value**(i + 1), worked out in floats as torch does.
    """
    n, classes, cuts = call.size("in_features"), call.size("n_classes"), call.sizes("cutoffs")
    divisor = call.given["div_value"]
    numbers = [size for size in (n, classes, *cuts) if isinstance(size, int)]
    if len(numbers) < len(cuts) + 2 or not cuts or not isinstance(divisor, (int, float)):
        raise NotationError("in_features, n_classes, div_value and at least one of cutoffs must be numbers")
    edges = numbers[2:]
    if edges != sorted(set(edges)) or edges[-1] > numbers[1] - 1:
        raise call.refuse("cutoffs", f"must rise and lie between 1 and n_classes - 1 = {numbers[1] - 1:,}")
    head = call.part("dense", "head", n_in=n, n_out=edges[0] + len(edges), bias=call.flag("head_bias"))
    ends, tail = [*edges, numbers[1]], []
    for k in range(len(edges)):
        tail.append(_cluster(call, k, numbers[0], _narrowed(numbers[0], divisor, k), ends[k + 1] - ends[k]))
    whole = Module(call.full("tail"), children=tail)
    return call.module("AdaptiveSoftmax", children=[head.module(), whole])


def _narrowed(n: int, divisor: float, k: int) -> int:
    """As torch works it out; it may come to nothing."""
    try:
        width = int(n // divisor ** (k + 1))
    except (OverflowError, ZeroDivisionError, ValueError):
        width = -1
    if width < 0:
        raise NotationError(f"div_value {divisor} gives cluster {k + 1} no width")
    return width


def _cluster(call: Call, k: int, n: int, width: int, classes: int) -> Module:
    name = call.full(f"tail.{k}")
    parts = [dense(f"{name}.0", n, width, bias=False), dense(f"{name}.1", width, classes, bias=False)]
    return Module(name, children=parts)


def linear_loss(call: Call) -> Module:
    """A dense layer inside a loss, with out_features values for each class."""
    n_out = mul(call.size("num_classes"), product(call.sizes("out_features")))
    inner = call.part("dense", "linear", n_in=call.size("in_features"), n_out=n_out, bias=call.flag("bias"))
    return call.module("Loss", children=[inner.module()])


RULES: dict[str, Callable[[Call], Module]] = {
    "linear": linear, "bilinear": bilinear, "conv": conv, "convtranspose": conv, "batchnorm": batch,
    "instancenorm": batch, "groupnorm": group, "layernorm": sides_norm, "rmsnorm": sides_norm, "prelu": prelu,
    "embedding": embedding, "recurrent": recurrent, "cell": cell, "attention": attention, "encoder": encoder,
    "decoder": decoder, "transformer": transformer, "softmaxtree": softmax_tree, "linearloss": linear_loss,
}  # fmt: skip
