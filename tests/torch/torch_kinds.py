"""Random layers as PyTorch source text: one function for each kind, which writes a call of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Call(NamedTuple):
    """`callee(arguments)`, inside `wrap`; `before` is what the file must say above it."""

    callee: str
    arguments: tuple[str, ...]
    wrap: str = "{}"
    before: str = ""

    def __str__(self) -> str:
        return self.wrap.format(f"{self.callee}({', '.join(self.arguments)})")


class Pen:
    """Draws arguments and writes them; how a number is written is the business of the form around it."""

    def __init__(self, rng: random.Random, written: Callable[[int], str] = str) -> None:
        self.rng = rng
        self.written = written

    def size(self, least: int = 1, most: int = 6) -> str:
        return self.written(self.rng.randint(least, most))

    def flag(self) -> str | None:
        return self.rng.choice((None, None, "True", "False"))

    def sides(self, rank: int, most: int = 3) -> str:
        """One number, or one for each side."""
        if self.rng.random() < 0.6:
            return self.size(1, most)
        return f"({', '.join(self.size(1, most) for _ in range(rank))}{',' if rank == 1 else ''})"

    def maybe(self, written: str | None, chance: float = 0.4) -> str | None:
        return written if self.rng.random() < chance else None

    def call(self, callee: str, names: str, *values: str | None, **named: str | None) -> Call:
        """Arguments in their order, from some one on by name; those that are None are not said."""
        words, arguments = names.split(), []
        by_name = self.rng.choice((0, len(words), len(words), len(words)))
        for place, (name, value) in enumerate(zip(words, values, strict=True)):
            if value is None:
                by_name = 0
            else:
                arguments.append(value if place < by_name else f"{name}={value}")
        return Call(callee, (*arguments, *(f"{name}={value}" for name, value in named.items() if value is not None)))


#: kind -> what draws it
KINDS: dict[str, Callable[[Pen], Call]] = {}


def kind(name: str) -> Callable[[Callable[[Pen], Call]], Callable[[Pen], Call]]:
    def put(draw: Callable[[Pen], Call]) -> Callable[[Pen], Call]:
        KINDS[name] = draw
        return draw

    return put


@kind("Linear")
def linear(p: Pen) -> Call:
    return p.call("nn.Linear", "in_features out_features bias", p.size(), p.size(), p.flag())


@kind("Bilinear")
def bilinear(p: Pen) -> Call:
    return p.call("nn.Bilinear", "in1_features in2_features out_features bias", p.size(), p.size(), p.size(), p.flag())


def _convolution(rank: int, transposed: bool) -> Callable[[Pen], Call]:
    def draw(p: Pen) -> Call:
        groups = p.rng.choice((1, 1, 2, 3))
        inside, outside = groups * p.rng.randint(1, 3), groups * p.rng.randint(1, 3)
        made = p.call(
            f"nn.Conv{'Transpose' if transposed else ''}{rank}d",
            "in_channels out_channels kernel_size stride padding",
            p.written(inside), p.written(outside), p.sides(rank), p.maybe(p.sides(rank)), p.maybe(p.size(0, 2)),
            groups=None if groups == 1 else p.written(groups), bias=p.flag(),
        )  # fmt: skip
        extra = p.maybe("dilation=2", 0.2)
        return made._replace(arguments=(*made.arguments, extra)) if extra else made

    return draw


for _rank in (1, 2, 3):
    KINDS[f"Conv{_rank}d"] = _convolution(_rank, False)
    KINDS[f"ConvTranspose{_rank}d"] = _convolution(_rank, True)


@kind("BatchNorm")
def batch_norm(p: Pen) -> Call:
    name = f"nn.BatchNorm{p.rng.randint(1, 3)}d"
    return p.call(name, "num_features", p.size(), affine=p.flag(), track_running_stats=p.flag())


@kind("InstanceNorm")
def instance_norm(p: Pen) -> Call:
    return p.call(f"nn.InstanceNorm{p.rng.randint(1, 3)}d", "num_features", p.size(), affine=p.flag())


@kind("LayerNorm")
def layer_norm(p: Pen) -> Call:
    shape = p.rng.choice((p.size(), f"[{p.size()}, {p.size()}]", f"({p.size()},)"))
    return p.call("nn.LayerNorm", "normalized_shape", shape, elementwise_affine=p.flag(), bias=p.flag())


@kind("RMSNorm")
def rms_norm(p: Pen) -> Call:
    return p.call("nn.RMSNorm", "normalized_shape", p.size(), elementwise_affine=p.flag())


@kind("GroupNorm")
def group_norm(p: Pen) -> Call:
    groups = p.rng.randint(1, 3)
    channels = groups * p.rng.randint(1, 3)
    return p.call("nn.GroupNorm", "num_groups num_channels", p.written(groups), p.written(channels), affine=p.flag())


@kind("Embedding")
def embedding(p: Pen) -> Call:
    rows = p.rng.randint(2, 9)
    return p.call(
        "nn.Embedding", "num_embeddings embedding_dim", p.written(rows), p.size(), padding_idx=p.maybe("0", 0.2)
    )


@kind("EmbeddingBag")
def embedding_bag(p: Pen) -> Call:
    return p.call("nn.EmbeddingBag", "num_embeddings embedding_dim", p.size(), p.size(), mode=p.maybe('"sum"'))


def _recurrent(name: str) -> Callable[[Pen], Call]:
    def draw(p: Pen) -> Call:
        hidden = p.rng.randint(2, 6)
        return p.call(
            f"nn.{name}", "input_size hidden_size num_layers", p.size(), p.written(hidden), p.maybe(p.size(1, 3)),
            bias=p.flag(), bidirectional=p.flag(), batch_first=p.flag(),
            proj_size=p.maybe(p.written(p.rng.randint(1, hidden - 1))) if name == "LSTM" else None,
        )  # fmt: skip

    return draw


for _name in ("LSTM", "GRU", "RNN"):
    KINDS[_name] = _recurrent(_name)


@kind("cell")
def cell(p: Pen) -> Call:
    name = p.rng.choice(("LSTMCell", "GRUCell", "RNNCell"))
    return p.call(f"nn.{name}", "input_size hidden_size bias", p.size(), p.size(), p.flag())


@kind("MultiheadAttention")
def attention(p: Pen) -> Call:
    heads = p.rng.randint(1, 3)
    return p.call(
        "nn.MultiheadAttention", "embed_dim num_heads", p.written(heads * p.rng.randint(1, 3)), p.written(heads),
        bias=p.flag(), batch_first=p.flag(), kdim=p.maybe(p.size(), 0.2), vdim=p.maybe(p.size(), 0.2),
        add_bias_kv=p.maybe("True", 0.2),
    )  # fmt: skip


def _layer(p: Pen, name: str) -> Call:
    heads = p.rng.randint(1, 2)
    return p.call(
        f"nn.{name}", "d_model nhead dim_feedforward", p.written(heads * p.rng.randint(1, 2)), p.written(heads),
        p.size(), batch_first=p.flag(), norm_first=p.flag(), bias=p.maybe("False", 0.2),
    )  # fmt: skip


@kind("TransformerEncoderLayer")
def encoder_layer(p: Pen) -> Call:
    return _layer(p, "TransformerEncoderLayer")


@kind("TransformerDecoderLayer")
def decoder_layer(p: Pen) -> Call:
    return _layer(p, "TransformerDecoderLayer")


@kind("TransformerEncoder")
def encoder(p: Pen) -> Call:
    norm = p.maybe(f"nn.LayerNorm({p.size()})")
    inner = str(_layer(p, "TransformerEncoderLayer"))
    return p.call("nn.TransformerEncoder", "encoder_layer num_layers norm", inner, p.size(1, 3), norm)


@kind("TransformerDecoder")
def decoder(p: Pen) -> Call:
    inner = str(_layer(p, "TransformerDecoderLayer"))
    return p.call("nn.TransformerDecoder", "decoder_layer num_layers", inner, p.size(1, 3))


@kind("Transformer")
def transformer(p: Pen) -> Call:
    return p.call(
        "nn.Transformer", "d_model nhead num_encoder_layers num_decoder_layers dim_feedforward",
        p.written(4), p.written(2), p.size(1, 2), p.size(1, 2), p.size(),
    )  # fmt: skip


@kind("PReLU")
def prelu(p: Pen) -> Call:
    return p.call("nn.PReLU", "num_parameters", p.maybe(p.size()))


@kind("without parameters")
def bare(p: Pen) -> Call:
    return p.rng.choice((
        Call("nn.ReLU", ("inplace=True",)), Call("nn.Dropout", ("0.1",)), Call("nn.MaxPool2d", ("2", "2")),
        Call("nn.Flatten", ()), Call("nn.Identity", ()), Call("nn.Softmax", ("dim=1",)), Call("nn.GELU", ()),
        Call("nn.Upsample", ("scale_factor=2",)), Call("nn.AdaptiveAvgPool2d", ("(1, 1)",)),
        Call("nn.PixelShuffle", ("2",)), Call("nn.ZeroPad2d", ("1",)), Call("nn.LeakyReLU", ("0.2",)),
    ))  # fmt: skip


# -- what is not one layer of torch: a small class, or a wrapper ------------------------------------------------------

FILLED = ("torch.zeros", "torch.ones", "torch.empty", "torch.randn", "torch.rand", "torch.Tensor", "torch.full")


def _small(name: str, arguments: str, *body: str) -> str:
    lines = [f"class {name}(nn.Module):", f"    def __init__(self, {arguments}):", "        super().__init__()"]
    return "\n".join([*lines, *(f"        {line}" for line in body)]) + "\n"


@kind("raw Parameter")
def parameter(p: Pen) -> Call:
    shape = p.rng.choice(("a, b", "(a, b)", "1, a, b", "a", "(a,)", "a * b", "[a, b + 1]", "2 * a, b // 1"))
    maker = p.rng.choice(FILLED)
    if maker == "torch.full":
        shape, maker = f"({shape.strip('()[],')},), 0.5", "torch.full"
    held = f"{maker}({shape})"
    if p.rng.random() < 0.3:
        held = p.rng.choice((f"{held} * 0.02", f"torch.zeros_like({held})", f"1e-6 * {held}", f"{held}.clone()"))
    said = p.rng.choice(("", "", ", requires_grad=False"))
    body = p.rng.choice((
        (f"self.weight = nn.Parameter({held}{said})",),
        (f"self.weight = torch.nn.Parameter({held}{said})", "nn.init.uniform_(self.weight)"),
        (f'self.register_parameter("weight", nn.Parameter({held}{said}))',),
        (f"self.weight = nn.Parameter({held}{said})", 'self.register_parameter("bias", None)'),
        (f"w = {held}", f"self.weight = nn.Parameter(w{said})", "self.b = nn.Parameter(torch.tensor(1.0))"),
    ))  # fmt: skip
    name = f"Scale{p.rng.randrange(10**6)}"
    return p.call(name, "a b", p.size(), p.size())._replace(before=_small(name, "a, b", *body))


@kind("buffer")
def buffer(p: Pen) -> Call:
    name = f"Fixed{p.rng.randrange(10**6)}"
    body = p.rng.choice((
        ('self.register_buffer("mask", torch.tril(torch.ones(a, a)).view(1, 1, a, a))', "self.fc = nn.Linear(a, b)"),
        ('self.register_buffer("scale", torch.zeros(a, b), persistent=False)', "self.fc = nn.Linear(a, b)"),
        ("self.table = nn.Parameter(torch.zeros(b, a))", 'self.register_buffer("steps", torch.arange(a))'),
        ("self.held = torch.zeros(a, b)", "self.norm = nn.LayerNorm(a)"),
    ))  # fmt: skip
    return p.call(name, "a b", p.size(), p.size())._replace(before=_small(name, "a, b", *body))


@kind("tied weights")
def tied(p: Pen) -> Call:
    name = f"Tied{p.rng.randrange(10**6)}"
    body = p.rng.choice((
        ("self.emb = nn.Embedding(a, b)", "self.head = nn.Linear(b, a, bias=False)",
         "self.head.weight = self.emb.weight"),
        ("self.head = nn.Linear(b, a)", "self.emb = nn.Embedding(a, b)", "self.emb.weight = self.head.weight"),
        ("self.one = nn.Linear(a, b)", "self.two = nn.Linear(a, b)", "self.two.weight = self.one.weight",
         "self.two.bias = self.one.bias"),
        ("self.one = nn.Linear(a, b)", "self.again = self.one", "self.last = nn.Linear(b, a)"),
        ("self.emb = nn.ModuleDict(dict(wte=nn.Embedding(a, b)))", "self.head = nn.Linear(b, a, bias=False)",
         "self.emb.wte.weight = self.head.weight"),
        ("shared = nn.Linear(a, a)", "self.layers = nn.ModuleList([shared] * 3)", "self.out = nn.Linear(a, b)"),
    ))  # fmt: skip
    return p.call(name, "a b", p.size(), p.size())._replace(before=_small(name, "a, b", *body))


@kind("ParameterList")
def parameter_list(p: Pen) -> Call:
    name = f"Listed{p.rng.randrange(10**6)}"
    body = p.rng.choice((
        ("self.ws = nn.ParameterList([nn.Parameter(torch.zeros(a, b)) for _ in range(3)])",),
        ('self.ws = nn.ParameterDict({"left": nn.Parameter(torch.zeros(a)), "r": nn.Parameter(torch.ones(b, a))})',),
        ("self.ws = nn.ParameterList()", "for i in range(a):",
         "    self.ws.append(nn.Parameter(torch.empty(i + 1, b)))"),
    ))  # fmt: skip
    return p.call(name, "a b", p.size(), p.size())._replace(before=_small(name, "a, b", *body))


@kind("weight_norm")
def weight_norm(p: Pen) -> Call:
    drawn = p.rng.choice((linear, KINDS["Conv1d"], KINDS["Conv2d"]))(p)
    wrap = p.rng.choice((
        "nn.utils.weight_norm({})", "torch.nn.utils.parametrizations.weight_norm({})",
        "nn.utils.weight_norm({}, dim=None)", "nn.utils.parametrizations.weight_norm({}, dim=1)",
        "nn.utils.weight_norm({}, dim=-1)",
    ))  # fmt: skip
    return drawn._replace(wrap=wrap)


@kind("spectral_norm")
def spectral_norm(p: Pen) -> Call:
    drawn = p.rng.choice((linear, KINDS["Conv2d"]))(p)
    wrap = p.rng.choice(("nn.utils.spectral_norm({})", "nn.utils.parametrizations.spectral_norm({})"))
    return drawn._replace(wrap=wrap)
