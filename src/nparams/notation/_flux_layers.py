"""Flux's layers as modules: a table of constructors, and what holds them.

Sources: FluxML/Flux.jl src/layers/basic.jl (Dense, Scale, Maxout, Bilinear, Embedding, EmbeddingBag), conv.jl
(convfilter: kernel..., in ÷ groups, out), normalise.jl (affine, track_stats; InstanceNorm has neither by default),
attention.jl (four projections, without biases by default), recurrent.jl (one bias a gate).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.expr import add, mul, product, symbol
from nparams.layers.catalogue import kind_of
from nparams.layers.flow import Flow
from nparams.layers.layer import Setting, made
from nparams.network import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.expr import Size
    from nparams.notation._flux_parse import Node, Parser

    Made = Callable[["Builder", Node, str], Module]

MAX_MODULES = 100_000
MAX_COPIES = 10_000
#: layers within layers, names followed; operators within one size
MAX_NESTED = 60
MAX_OPERATIONS = 150
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
NO_BIAS = frozenset(("false", "Zeros", "Flux.Zeros", "nothing"))


class Builder:
    """Makes the modules of one piece of code."""

    def __init__(self, parser: Parser, names: dict[str, Node], *, state: bool) -> None:
        self.parser = parser
        #: what was assigned
        self.names = names
        #: whether recurrent cells learn the state before the first step (Flux up to 0.14)
        self.state = state
        self.setting = Setting("textbook")
        self.notes: list[str] = []
        #: the module that each node became, and nodes that are used again
        self.made: list[tuple[Node, Module]] = []
        self.owners: dict[str, str] = {}
        self.values: dict[str, int] = {}
        self.open: list[str] = []
        self.count = 0
        self.depth = 0
        self.operations = 0
        #: whether a recurrent cell was met
        self.recurrent = False

    # -- sizes --------------------------------------------------------------------------------------------------------

    def size(self, node: Node) -> Size:
        """A whole number or an expression."""
        if node.kind == "number":
            digits = node.value.replace("_", "")
            if not digits.isdecimal() or len(digits) > 300:
                self.parser.fail(node.at, f"{shown(node.value)} is no size: write a whole number")
            return int(digits)
        if node.kind == "name":
            return self._value(node)
        if node.kind == "op" and len(node.args) == 2 and node.value in ("+", "-", "*", "÷", "^"):
            return self._operation(node)
        told = self.parser.text[node.at : node.end]
        raise self.parser.error(node.at, f"{shown(told)} is no size that can be read; write a whole number or a name")

    def _value(self, node: Node) -> Size:
        if node.value in self.values:
            return self.values[node.value]
        if node.value in self.names:
            if node.value in self.open or len(self.open) > 20:
                self.parser.fail(node.at, f"{shown(node.value)} is made of itself")
            self.open.append(node.value)
            found = self.size(self.names[node.value])
            self.open.pop()
            return found
        if not re.fullmatch(r"[^\W\d]\w*", node.value) or not node.value.isidentifier():
            self.parser.fail(node.at, f"{shown(node.value)} is no size; write a whole number or a name")
        return symbol(node.value)

    def _operation(self, node: Node) -> Size:
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            self.parser.fail(node.at, f"a size of more than {MAX_OPERATIONS} operations")
        a, b = self.size(node.args[0]), self.size(node.args[1])
        self.operations -= 1
        if node.value == "^":
            if not isinstance(b, int) or b > 64 or (isinstance(a, int) and a.bit_length() * b > 2000):
                self.parser.fail(node.at, "this power is too large to work out")
            return a**b
        if node.value == "÷":
            if b == 0:
                self.parser.fail(node.at, "a division by zero")
            return a // b
        found = add(a, b) if node.value == "+" else add(a, mul(-1, b)) if node.value == "-" else mul(a, b)
        if isinstance(found, int) and found.bit_length() > 2000:
            self.parser.fail(node.at, "this size is too large")
        return found

    def sizes(self, node: Node) -> tuple[Size, ...]:
        """A tuple of sizes; one number is a tuple of one."""
        return tuple(self.size(arg) for arg in node.args) if node.kind in ("tuple", "vector") else (self.size(node),)

    def pair(self, node: Node, skip: int = 0) -> tuple[Node, Node, list[Node]]:
        """(in, out, the rest) of `in => out` or `in, out`."""
        args = node.args[skip:]
        if args and args[0].kind == "pair":
            return args[0].args[0], args[0].args[1], args[1:]
        if len(args) > 1 and args[0].kind in ("number", "name", "op", "tuple"):
            return args[0], args[1], args[2:]
        raise self.parser.error(node.at, f"{shown(node.value)} takes in => out: {node.value}(5 => 7)")

    def flag(self, node: Node, name: str, default: bool) -> bool:
        """A named argument that is true or false; bias=Flux.Zeros() is false."""
        said = dict(node.named).get(name)
        if said is None:
            return default
        return said.value not in NO_BIAS

    # -- modules ------------------------------------------------------------------------------------------------------

    def build(self, node: Node, name: str) -> Module:
        """The module that a node makes."""
        self.count += 1
        if self.count > MAX_MODULES:
            self.parser.fail(node.at, f"more than {MAX_MODULES:,} layers")
        self.depth += 1
        if self.depth > MAX_NESTED:
            self.parser.fail(node.at, f"layers are nested more than {MAX_NESTED} deep")
        module = self._build(node, name)
        self.depth -= 1
        self.made.append((node, module))
        return module

    def _build(self, node: Node, name: str) -> Module:
        if node.kind == "name":
            return self._reference(node, name)
        if node.kind == "array":
            return self._array(node, name)
        if node.kind in ("vector", "tuple"):
            return _holder(self, node, name)
        if node.kind == "op" and node.value in ("|>", "∘"):
            return self._piped(node, name)
        if node.kind == "function":
            return self._function(node, name)
        if node.kind != "call":
            told = self.parser.text[node.at : max(node.end, node.at + 1)]
            self.parser.fail(node.at, f"{shown(told)} is no layer; layers are Dense(5 => 7), Chain(...)")
        return self._call(node, name)

    def _call(self, node: Node, name: str) -> Module:
        base = node.value.rpartition(".")[2]
        if base in LAYERS:
            try:
                return LAYERS[base](self, node, name)
            except NotationError as error:
                if str(error).startswith("line "):
                    raise
                self.parser.fail(node.at, f"{shown(self.parser.text[node.at : node.end])}: {error}")
        if base in PLAIN or node.value in PLAIN:
            return _plain(name, PLAIN.get(base) or PLAIN[node.value])
        if base[:1].isupper():
            self.parser.fail(node.at, f"{base} is defined elsewhere: paste the layers that it holds")
        if base in self.names:
            self.parser.fail(node.at, f"{base}(...) would have to run; write the layers themselves")
        self._strange(base)
        return _plain(name, "Function")

    def _strange(self, word: str) -> None:
        told = f"{word} is taken as a function without parameters"
        if told not in self.notes and len(self.notes) < 20:
            self.notes.append(told)

    def _reference(self, node: Node, name: str) -> Module:
        """A function, or a layer that was made before: the second time it is the same one."""
        word = node.value
        base = word.rpartition(".")[2]
        if word not in self.names:
            if base not in PLAIN and base[:1].isupper():
                self.parser.fail(node.at, f"{shown(word)} is defined elsewhere: paste the layers that it holds")
            if base not in PLAIN:
                self._strange(base)
            return _plain(name, PLAIN.get(base, "Function"))
        if word in self.open or len(self.open) > 20:
            self.parser.fail(node.at, f"{shown(word)} is made of itself")
        self.open.append(word)
        module = self.build(self.names[word], name)
        self.open.pop()
        if word in self.owners:
            from nparams.notation._stack_modules import shared

            told = f"{word} is used more than once: its parameters are shared and counted once"
            self.notes += [told] * (told not in self.notes)
            return shared(module, name, self.owners[word])
        self.owners[word] = name
        return module

    def _array(self, node: Node, name: str) -> Module:
        """How Flux prints an array of a layer's own: 3×1×1 Array{Float32,...}."""
        shape = tuple(int(n[:300]) for n in re.findall(r"\d+", node.value.partition(" ")[0]))
        return Module(name, "Parameter", tensors=[Tensor(f"{name}.weight", shape)])

    def _piped(self, node: Node, name: str) -> Module:
        """Chain(...) |> gpu."""
        order = node.args if node.value == "|>" else node.args[::-1]
        last = order[1].value.rpartition(".")[2]
        if order[1].kind == "name" and PLAIN.get(last) == "Identity":
            return self.build(order[0], name)
        children = [self.build(part, _inside(name, str(k + 1))) for k, part in enumerate(order)]
        return Module(name, "Chain", children=children)

    def _function(self, node: Node, name: str) -> Module:
        if node.args:
            return self.build(node.args[0], name)
        layers = [word for word, _ in node.named if word.rpartition(".")[2] in LAYERS]
        if layers:
            self.parser.fail(node.at, f"{layers[0]} inside a function x -> ... is made anew each time; name it outside")
        return _plain(name, "Function")

    # -- children -----------------------------------------------------------------------------------------------------

    def children(self, node: Node, name: str, skip: int = 0) -> list[Module]:
        """What a Chain holds, numbered as Julia does, or by name."""
        found: list[Module] = []
        for arg in node.args[skip:]:
            found += self._spread(arg, name, len(found))
        for word, arg in node.named:
            found.append(self.build(arg, _inside(name, word)))
        return found

    def _spread(self, arg: Node, name: str, before: int) -> list[Module]:
        if arg.kind == "each":
            return self._copies(arg, name, before)
        if arg.kind in ("vector", "tuple"):
            found: list[Module] = []
            for inner in arg.args:
                found += self._spread(inner, name, before + len(found))
            return found + [self.build(inner, _inside(name, word)) for word, inner in arg.named]
        return [self.build(arg, _inside(name, str(before + 1)))]

    def _copies(self, node: Node, name: str, before: int) -> list[Module]:
        body, span = node.args
        if span.kind != "op" or span.value != ":":
            self.parser.fail(node.at, "a comprehension runs over a range such as 1:3")
        first, last = self.size(span.args[0]), self.size(span.args[1])
        if not isinstance(first, int) or not isinstance(last, int) or last - first >= MAX_COPIES:
            self.parser.fail(node.at, f"the range of a comprehension must be numbers, at most {MAX_COPIES:,} copies")
        found: list[Module] = []
        kept = self.values.get(node.value)
        for i in range(first, last + 1):
            self.values[node.value] = i
            found.append(self.build(body, _inside(name, str(before + len(found) + 1))))
        if kept is None:
            self.values.pop(node.value, None)
        else:
            self.values[node.value] = kept
        return found

    def layer(self, word: str, name: str, **given: object) -> Module:
        """A layer of the textbook."""
        said = {letter: value for letter, value in given.items() if value is not None}
        return made(kind_of(word), name or word, said, Flow(), self.setting).module()


def _inside(name: str, leaf: str) -> str:
    return f"{name}.{leaf}" if name else leaf


def _plain(name: str, kind: str) -> Module:
    return Module(name, kind, why=((0, "", "It has no parameters."),))


def _holder(b: Builder, node: Node, name: str) -> Module:
    return Module(name, "Chain", children=b.children(node, name))


def _joining(b: Builder, node: Node, name: str) -> Module:
    """Parallel(vcat, a, b): the first argument joins; a layer there (as Flux prints it) counts too."""
    joined = node.args[0] if node.args else None
    children = b.children(node, name, 1)
    if joined is not None and joined.kind == "call":
        children.append(b.build(joined, _inside(name, "connection")))
    return Module(name, node.value.rpartition(".")[2], children=children)


def _skip(b: Builder, node: Node, name: str) -> Module:
    if not node.args:
        b.parser.fail(node.at, "SkipConnection takes layers and how they are joined: SkipConnection(Dense(5 => 5), +)")
    children = [b.build(node.args[0], _inside(name, "layers"))]
    children += [b.build(arg, _inside(name, "connection")) for arg in node.args[1:] if arg.kind == "call"]
    return Module(name, "SkipConnection", children=children)


def _maxout(b: Builder, node: Node, name: str) -> Module:
    """Maxout(() -> Dense(5 => 7), 3), or its layers as Flux prints them."""
    if node.args and node.args[0].kind == "function":
        copies = b.size(node.args[1]) if len(node.args) > 1 else 0
        if not isinstance(copies, int) or not 1 <= copies <= MAX_COPIES:
            b.parser.fail(node.at, "how many? Maxout(() -> Dense(5 => 7), 3)")
        return Module(
            name, "Maxout", children=[b.build(node.args[0], _inside(name, str(k + 1))) for k in range(copies)]
        )
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
    layer = b.build(node.args[0], _inside(name, "layer"))
    if any(arg.kind == "array" for arg in node.args):
        g = next(b.build(arg, _inside(name, "g")) for arg in node.args if arg.kind == "array")
        return Module(name, "WeightNorm", children=[layer, g])
    if node.named or not layer.tensors or layer.kind not in ("Dense", "Conv"):
        b.parser.fail(node.at, "WeightNorm is read around Dense and Conv, with its usual dims")
    weight = layer.tensors[0].shape or ()
    lengths = product(weight[1:]) if layer.kind == "Conv" else weight[0]
    g = Module(_inside(name, "g"), "Parameter", tensors=[Tensor(_inside(name, "g.weight"), (lengths,))])
    return Module(name, "WeightNorm", children=[layer, g])


LAYERS: dict[str, Made] = {
    "Chain": _holder, "Parallel": _joining, "PairwiseFusion": _joining, "SkipConnection": _skip, "Maxout": _maxout,
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

__all__ = ["LAYERS", "Builder"]
