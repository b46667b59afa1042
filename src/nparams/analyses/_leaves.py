"""The letters of each array's sides, by the kind of layer and the name that its source gives the array.

The same arrays have other names, orders and packings elsewhere: torch.nn.MultiheadAttention packs three matrices into
in_proj_weight, Keras writes kernels with what comes in first, an LSTM of several layers is one module of torch.nn.
"""

from __future__ import annotations

from nparams.expr import mul, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Module

    Pairs = list[tuple[str, Size]]

NORMS = frozenset(("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm"))
RECURRENT = frozenset(("SimpleRNN", "LSTM", "GRU"))
#: gates of recurrent kinds, as layers/recurrent.py has them
GATES = {"LSTM": 4, "GRU": 3, "ConvLSTM": 4}

_DENSE = {"weight": "n_out n_in", "bias": "n_out", "kernel": "n_in n_out", "lora_A": "r n_in", "lora_B": "n_out r",
          "magnitude": "n_out"}  # fmt: skip
_NORM = {"weight": "c", "bias": "c", "gamma": "c", "beta": "c"}
_CELL = {"weight_ih": "gh n", "weight_hh": "gh back", "weight_hr": "p h", "bias_ih": "gh", "bias_hh": "gh",
         "bias": "gh", "kernel": "n gh", "recurrent_kernel": "back gh"}  # fmt: skip
#: kind -> array -> the letters of its sides.  k*: as many as are left; q+: two sides that are one in texts; 1*: sides
#: that only fill the shape; gh: the rows of all gates; 3q: three arrays in one
LETTERS: dict[str, dict[str, str]] = {
    "Dense": _DENSE,
    "LoRA": _DENSE,
    "Conv": {"weight": "c_out c_in k*", "bias": "c_out", "kernel": "k* c_in c_out"},
    "ConvTranspose": {"weight": "c_in c_out k*", "bias": "c_out", "kernel": "k* c_out c_in"},
    "DepthwiseConv": {"weight": "c_in 1 k*", "bias": "c_in", "kernel": "k* c_in m"},
    "SeparableConv": {
        "depthwise.weight": "c_in 1 k*", "depthwise.bias": "c_in", "pointwise.weight": "c_out c_in 1*",
        "pointwise.bias": "c_out", "depthwise_kernel": "k* c_in m", "pointwise_kernel": "1* c_in c_out",
        "bias": "c_out",
    },
    "PatchEmbedding": {"weight": "d c_in k*", "bias": "d"},
    **dict.fromkeys(NORMS, _NORM),
    **dict.fromkeys(RECURRENT, _CELL),
    "ConvLSTM": {"weight_ih": "gh c_in k*", "weight_hh": "gh back k*", "bias": "gh", "kernel": "k* c_in gh",
                 "recurrent_kernel": "k* back gh"},
    "Embedding": {"weight": "V d", "embeddings": "V d"},
    "PositionEmbedding": {"weight": "n d"},
    "Attention": {
        "q.weight": "q d", "k.weight": "kv d", "v.weight": "kv d", "o.weight": "d o", "q.bias": "q", "k.bias": "kv",
        "v.bias": "kv", "o.bias": "d", "in_proj_weight": "3q d", "in_proj_bias": "3q", "q_proj_weight": "q d",
        "k_proj_weight": "kv d", "v_proj_weight": "kv d", "out_proj.weight": "d o", "out_proj.bias": "d",
        "query.kernel": "d q+", "key.kernel": "d kv+", "value.kernel": "d kv+", "query.bias": "q+", "key.bias": "kv+",
        "value.bias": "kv+", "attention_output.kernel": "o+ d", "attention_output.bias": "d",
    },
    "FeedForward": {"gate.weight": "f d", "up.weight": "f d", "down.weight": "d f", "gate.bias": "f", "up.bias": "f",
                    "down.bias": "d"},
}  # fmt: skip
#: other names of the same arrays: kind -> name -> the one that mistakes go by
SAME: dict[str, dict[str, str]] = {
    **{kind: {"kernel": "weight_ih", "recurrent_kernel": "weight_hh"} for kind in RECURRENT},
    **{kind: {"kernel": "weight"} for kind in ("Dense", "Conv", "ConvTranspose", "DepthwiseConv")},
    **{kind: {"gamma": "weight", "beta": "bias"} for kind in NORMS},
    "SeparableConv": {"depthwise_kernel": "depthwise.weight", "pointwise_kernel": "pointwise.weight",
                      "bias": "pointwise.bias"},
    "Embedding": {"embeddings": "weight"},
    "Attention": {
        "q_proj_weight": "q.weight", "k_proj_weight": "k.weight", "v_proj_weight": "v.weight",
        "out_proj.weight": "o.weight", "out_proj.bias": "o.bias", "query.kernel": "q.weight",
        "key.kernel": "k.weight", "value.kernel": "v.weight", "query.bias": "q.bias", "key.bias": "k.bias",
        "value.bias": "v.bias", "attention_output.kernel": "o.weight", "attention_output.bias": "o.bias",
    },
}  # fmt: skip


def arrays(module: Module, leaf: str, role: str, shape: Sequence[Size]) -> list[tuple[str, Pairs]]:
    """(name, sides with their letters) of an array; several where the source packs them into one.

    >>> from nparams.network import Module
    >>> arrays(Module(kind="Attention"), "in_proj_bias", "bias", (24,))
    [('q.bias', [('q', 8)]), ('k.bias', [('kv', 8)]), ('v.bias', [('kv', 8)])]
    """
    kind = module.kind or ""
    bare, way, layer = _plain(leaf) if kind in RECURRENT else (leaf, "", 0)
    spec = _letters(module, bare, role, shape)
    name = SAME.get(kind, {}).get(bare, bare)
    if spec.startswith("3q"):
        return _packed(name, spec, shape)
    if kind in RECURRENT and bare == "bias" and len(shape) == 2 and shape[0] == 2:  # Keras, reset_after
        return [(f"{leaf}{way}", _pairs(module, "gh", shape[1:])) for leaf in ("bias_ih", "bias_hh")]
    pairs = _pairs(module, spec, shape)
    if layer:
        name, pairs = f"{name}_l{layer}", [("below" if letter == "n" else letter, size) for letter, size in pairs]
    return [(name + way, pairs)]


def _plain(leaf: str) -> tuple[str, str, int]:
    """(name, direction, layer): weight_ih_l1_reverse is weight_ih of the layer 1, backward."""
    way = "_reverse" if leaf.endswith("_reverse") or leaf.startswith("backward_") else ""
    bare = leaf.removesuffix("_reverse").removeprefix("backward_").removeprefix("forward_")
    front, mark, number = bare.rpartition("_l")
    if mark and number.isascii() and number.isdigit() and len(number) < 9:
        return front, way, int(number)
    return bare, way, 0


def _letters(module: Module, leaf: str, role: str, shape: Sequence[Size]) -> str:
    if module.kind == "Conv" and leaf == "weight" and "n" in module.args:  # a table of connections, LeNet-5's C3
        return "n k*"
    if module.kind is not None:
        return LETTERS.get(module.kind, {}).get(leaf, "")
    return _by_shape(module, role, shape)


def _by_shape(module: Module, role: str, shape: Sequence[Size]) -> str:
    """An array of a file, whose kind nobody says: a matrix is a dense layer's, three sides or more a convolution's."""
    if role == "bias":
        return "n_out" if len(shape) == 1 else ""
    if len(shape) == 1:
        return "c"
    ends = [t.shape[0] for t in module.tensors if t.role == "bias" and t.shape is not None and len(t.shape) == 1]
    turned = bool(ends) and shape[-1] in ends and shape[0] not in ends  # what goes out stands last, as Keras writes it
    if len(shape) == 2:
        return "n_in n_out" if turned else "n_out n_in"
    return ("k* c_in c_out" if turned else "c_out c_in k*") if len(shape) < 6 else ""


def _packed(name: str, spec: str, shape: Sequence[Size]) -> list[tuple[str, Pairs]]:
    """Queries, keys and values in one array."""
    leaf = "bias" if name.endswith("bias") else "weight"
    third, rest = shape[0] // 3, [("d", size) for size in shape[1:]]
    return [(f"{part}.{leaf}", [*rest, ("q" if part == "q" else "kv", third)]) for part in "qkv"]


def _pairs(module: Module, spec: str, shape: Sequence[Size]) -> Pairs:
    """The sides with their letters, in the order of texts; without letters where the table does not fit."""
    tokens = spec.split()
    fixed = sum(1 + token.endswith("+") for token in tokens if not token.endswith("*"))
    left = len(shape) - fixed
    if not tokens or left < 0 or (left and not any(token.endswith("*") for token in tokens)):
        return [("", size) for size in shape]
    found: Pairs = []
    at = 0
    for token in tokens:
        count = left if token.endswith("*") else 2 if token.endswith("+") else 1
        found += _side(module, token.rstrip("*+"), shape[at : at + count], joint=token.endswith("+"))
        at += count
    return sorted(found, key=lambda pair: ORDER.index(pair[0]) if pair[0] in ORDER else len(ORDER))


#: how texts order the sides of an array: gates, kernel, what comes in, what goes out
ORDER = ("g", "k", "", "V", "n", "below", "n_in", "c_in", "d")


def _side(module: Module, letter: str, sizes: Sequence[Size], *, joint: bool) -> Pairs:
    if letter == "1" or letter == "m":
        return [("m", size) for size in sizes if size != 1]
    if letter == "gh":
        gates, h = GATES.get(module.kind or "", 1), module.args.get("h")
        if h is None or mul(gates, h) != sizes[0]:
            return [("", sizes[0])]
        return [("g", gates), ("h", h)] if gates != 1 else [("h", h)]
    return [(letter, product(sizes))] if joint else [(letter, size) for size in sizes]
