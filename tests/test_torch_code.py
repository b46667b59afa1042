"""PyTorch code: pastes with the totals that PyTorch 2.13 gives when the code is run, and what is refused, and how."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NotationError, NparamsError, UsageError
from nparams.notation import torch_code

# what is pasted | sum(p.numel() for p in model.parameters()), by PyTorch 2.13
COUNTED = [
    # one layer
    ("nn.Linear(768, 3072)", 2_362_368),
    ("nn.Conv2d(3, 64, 7)", 9_472),
    ("torch.nn.Conv2d(64, 128, kernel_size=(3, 3), groups=4, bias=False)", 18_432),
    ("nn.LSTM(32, 128, 2)", 215_040),
    ("nn.LSTM(20, 50, 3, bias=False)", 54_000),
    ("nn.LSTM(10, 20, proj_size=15)", 2_460),
    ("nn.GRU(input_size=8, hidden_size=16, bidirectional=True)", 2_496),
    ("nn.MultiheadAttention(512, 8)", 1_050_624),
    ("nn.TransformerEncoderLayer(d_model=512, nhead=8)", 3_152_384),
    ("nn.BatchNorm2d(64)", 128),
    ("nn.PReLU()", 1),
    ("nn.Bilinear(20, 30, 40)", 24_040),
    # without the prefix, with names, in a list
    ("Linear(16, 4)", 68),
    ("Conv2d(in_channels=1, out_channels=32, kernel_size=3)", 320),
    ("Sequential(Linear(16, 4), Linear(4, 2))", 78),
    ("nn.Sequential(nn.Linear(16,4), nn.ReLU(), nn.Linear(4,2))", 78),
    ("model = nn.Sequential(OrderedDict([('a', nn.Linear(3, 4)), ('b', nn.Linear(4, 5))]))", 41),
    ("nn.Sequential(nn.Linear(784, 128), nn.Sequential(nn.ReLU(), nn.Linear(128, 10)))", 101_770),
    ("self.fc1 = nn.Linear(784, 128)\nself.fc2 = nn.Linear(128, 10)", 101_770),
    ("fc1 = nn.Linear(784, 128)\nfc2 = nn.Linear(128, 10)", 101_770),
    (">>> m = nn.Linear(20, 30)\n>>> input = torch.randn(128, 20)\n>>> output = m(input)\n>>> print(output)", 630),
    ("```python\nnn.Linear(20, 30)\n```", 630),
    ("        nn.Linear(20, 30),\n", 630),
    ("hidden = 32\nnet = nn.Sequential(nn.Linear(784, hidden), nn.Linear(hidden, 10))", 25_450),
    ("layers = []\nsizes = [784, 16, 16, 10]\nfor a, b in zip(sizes, sizes[1:]):\n"
     "    layers += [nn.Linear(a, b), nn.ReLU()]\nmodel = nn.Sequential(*layers)", 13_002),
    ("model = nn.Sequential()\nmodel.add_module('fc', nn.Linear(3, 4))\nmodel.append(nn.Linear(4, 5))", 41),
    ("model = nn.Linear(10, 10).to('cuda')\noptimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
     "for epoch in range(1000000):\n    loss = criterion(model(x), y)\n    loss.backward()\n    optimizer.step()", 110),
    # half a class
    ("    def __init__(self, n=3):\n        super().__init__()\n        self.a = nn.Linear(n, 4)\n"
     "        self.b = self.more()\n    def more(self):\n        return nn.Linear(4, 5)", 41),
    # lazy layers, which the text calls
    ("net = nn.Sequential(nn.LazyLinear(256), nn.ReLU(), nn.LazyLinear(10))\nX = torch.rand(2, 20)\nnet(X)", 7_946),
    ("class M(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.a = nn.LazyLinear(256)\n"
     "    self.b = nn.LazyLinear(10)\n  def forward(self, x):\n    return self.b(F.relu(self.a(x)))\n"
     "net = M()\nnet(torch.rand(2, 20)).shape", 7_946),
    ("net = nn.Sequential(nn.LazyConv2d(6, 5, padding=2), nn.AvgPool2d(2), nn.LazyConv2d(16, 5), nn.AvgPool2d(2),\n"
     "  nn.Flatten(), nn.LazyLinear(120), nn.LazyLinear(84), nn.LazyLinear(10))\n"
     "X = torch.rand(size=(1, 1, 28, 28))\nfor layer in net:\n  X = layer(X)\n  print(X.shape)", 61_706),
    ("net = nn.Sequential(nn.LazyConv2d(6, 3), nn.LazyBatchNorm2d(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),\n"
     "  nn.LazyLinear(2))\ny = net(torch.zeros(2, 3, 8, 8))", 194),
    # ties, freezing, replacing
    ("class M(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.e = nn.Embedding(100, 8)\n"
     "    self.h = nn.Linear(8, 100, bias=False)\n    self.h.weight = self.e.weight\nm = M()", 800),
    ("class M(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.a = nn.Linear(4, 4)\n"
     "    self.b = self.a\n    self.c = nn.ModuleList([self.a, nn.Linear(4, 4)])\n", 40),
    ("net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))\nnet[1] = nn.Linear(4, 7)\nnet[0].bias = None", 51),
    ("net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(8, 2))\nnet[1] = nn.Linear(net[1].in_features, 5)", 269),
    ("nn.utils.weight_norm(nn.Conv1d(4, 8, 3))", 112),
    ("nn.utils.spectral_norm(nn.Linear(4, 8))", 40),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128), num_layers=3)", 100_416),
    ("nn.ParameterList([nn.Parameter(torch.randn(3, 4)) for _ in range(5)])", 60),
    ("nn.ModuleDict({'a': nn.Linear(2, 3), 'b': nn.Conv1d(1, 2, 3)})", 17),
]  # fmt: skip


@pytest.mark.parametrize(("text", "total"), COUNTED, ids=range(len(COUNTED)))
def test_counted(text: str, total: int) -> None:
    network = nparams.read(text)
    assert network.form == "torch-code"
    assert network.total == total


CLASSES = """
import torch
import torch.nn as nn
from dataclasses import dataclass
from functools import partial

@dataclass
class Config:
    n_embd: int = 32
    n_layer: int = 3
    vocab: int = 100
    bias: bool = True

class Block(nn.Module):
    expansion = 4
    def __init__(self, config, norm_layer=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        self.ln = norm_layer(config.n_embd)
        self.fc = nn.Linear(config.n_embd, self.expansion * config.n_embd, bias=config.bias)
        self.proj = nn.Linear(self.expansion * config.n_embd, config.n_embd, bias=config.bias)

class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.n_embd % 4 == 0
        self.wte = nn.Embedding(config.vocab, config.n_embd)
        self.pos = nn.Parameter(torch.zeros(1, 64, config.n_embd))
        self.h = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.head = nn.Linear(config.n_embd, config.vocab, bias=False)
        self.head.weight = self.wte.weight
        self.register_buffer("mask", torch.tril(torch.ones(64, 64)))
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)

    def forward(self, x):
        return self.head(self.wte(x))
"""
ONE_BLOCK = 2 * 32 + (32 * 128 + 128) + (128 * 32 + 32)
WHOLE = 100 * 32 + 64 * 32 + 3 * ONE_BLOCK


def test_a_file_of_classes_with_settings_of_its_own() -> None:
    network = nparams.read(CLASSES)
    assert network.total == WHOLE
    assert network.totals.buffers == 64 * 64
    assert network.totals.listed == WHOLE + 3200
    assert "config is taken to be Config()" in network.notes
    assert "head.weight is wte.weight itself (tied), and counted once" in network.notes
    names = [t.name for t in network.tensors() if t.role in ("weight", "bias")]
    assert names[:4] == ["pos", "wte.weight", "h.0.ln.weight", "h.0.ln.bias"]


def test_the_closed_form_stands_beside_the_number() -> None:
    note = next(note for note in nparams.read(CLASSES).notes if note.startswith("in the names of the code"))
    assert "n_layer·(2·expansion·n_embd² + expansion·n_embd + 3·n_embd) + n_embd·vocab + 64·n_embd" in note
    assert note.endswith("with n_embd = 32, n_layer = 3, vocab = 100, expansion = 4")


def test_set_gives_names_of_the_code_other_values() -> None:
    assert nparams.read(CLASSES, set={"n_layer": 5}).total == WHOLE + 2 * ONE_BLOCK
    assert nparams.read(CLASSES, set={"bias": "False"}).total == WHOLE - 3 * (128 + 32)
    symbolic = nparams.read(CLASSES, set={"n_layer": "L"})
    assert str(symbolic.total) == f"L*{ONE_BLOCK} + {WHOLE - 3 * ONE_BLOCK}"
    with pytest.raises(UsageError, match='the code has no name "n_layers" without a value'):
        nparams.read(CLASSES, set={"n_layers": 5})


OPEN = """
class MLP(nn.Module):
    def __init__(self, in_dim, hidden, out_dim, n_layers):
        super().__init__()
        layers = [nn.Linear(in_dim, hidden), nn.ReLU()]
        for _ in range(n_layers - 1):
            layers += [nn.Linear(hidden, hidden), nn.ReLU()]
        layers.append(nn.Linear(hidden, out_dim))
        self.net = nn.Sequential(*layers)
"""


def test_arguments_without_a_value_are_symbols_named_as_in_the_code() -> None:
    network = nparams.read(OPEN)
    values = {"in_dim": 784, "hidden": 16, "out_dim": 10, "n_layers": 2}
    assert network.substitute(values).total == 13_002
    assert nparams.read(OPEN, set=values).total == 13_002
    assert network.notes == [
        "in_dim (line 2), hidden (line 2), n_layers (line 2), out_dim (line 2) have no value in the code and stand as "
        "symbols: --set in_dim=... gives one"
    ]


def test_several_models_are_listed() -> None:
    text = "class A(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.f = nn.Linear(1, 2)\n"
    both = text + text.replace("A", "B").replace("2)", "3)")
    with pytest.raises(NotationError) as error:
        nparams.read(both)
    assert str(error.value) == "the code holds several models: A, B; choose one with file.py:A or --which A"
    assert nparams.read(both, which="B").total == 6


def test_a_model_of_a_file_is_named_after_a_colon(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "nets.py"
    path.write_text(CLASSES + OPEN)
    assert nparams.read(f"{path}:GPT").total == WHOLE
    assert nparams.read(f"{path}:MLP").source == f"{path}:MLP"


# what is pasted | the whole answer
REFUSED = [
    ("nn.Linear(768)", "Linear needs out_features; it takes in_features, out_features, bias"),
    ("nn.Conv2d(3, 64, 7, groups=2)", "Conv2d: 2 groups cannot share 3 input channels equally; choose a divisor"),
    ("nn.Linear(3, 4, biass=False)", 'Linear has no parameter "biass"; it has in_features, out_features, bias'),
    ("import torch.nn as nn\nnn.Linear(3, 4", 'line 2: "nn.Linear(3, 4" is not Python: \'(\' was never closed'),
    ("import torch.nn as nn\nx = int(3)", "no layer and no class of torch.nn.Module is made here; paste the class, or "
     "a layer such as nn.Linear(784, 10)"),
    ("class N(nn.Module):\n  def __init__(self, flag):\n    super().__init__()\n    if flag:\n"
     "      self.a = nn.Linear(1, 2)\n",
     "line 4: whether flag holds is not known; --set flag=... gives it a value"),
    ("class N(nn.Module):\n  def __init__(self, d, bias):\n    super().__init__()\n"
     "    self.a = nn.Linear(d, 2, bias=bias)\n",
     "line 4: Linear: whether it has bias (bias) is not known; --set bias=1 or bias=0 says"),
    ("class N(nn.Module):\n  def __init__(self, sizes):\n    super().__init__()\n    for s in sizes:\n"
     "      setattr(self, f'l{s}', nn.Linear(s, s))\n",
     "line 4: how often the loop over sizes runs is not known; --set gives names a value"),
    ("class N(nn.Module):\n  def __init__(self, n):\n    super().__init__()\n    self.c = 3\n"
     "    self.l = nn.ModuleList()\n    for i in range(n):\n"
     "      self.l.append(nn.Linear(self.c, 8))\n      self.c = 8\n",
     "line 8: each turn of the loop changes N.c, so the number of turns must be known; --set n=... gives it a value"),
    ("cfg = {'a': [1, 2], 'b': [3]}\nclass N(nn.Module):\n  def __init__(self, name):\n    super().__init__()\n"
     "    self.l = nn.Linear(*cfg[name])\n", "line 5: name has no value; --set name=... with one of a, b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=range(len(REFUSED)))
def test_refused(text: str, said: str) -> None:
    with pytest.raises(NparamsError) as error:
        nparams.read(text)
    assert str(error.value) == said


def test_layers_in_plain_lists_are_told() -> None:
    head = "class N(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.a = nn.Linear(3, 4)\n    "
    for line, kind in (
        ("self.l = [nn.Linear(4, 4) for _ in range(2)]", "list"),
        ("self.d = {'x': nn.Linear(4, 4), 'y': nn.Linear(4, 4)}", "dict"),
        ("self.l = []\n    for i in range(2):\n      self.l.append(nn.Linear(4, 4))", "list"),
    ):
        network = nparams.read(head + line)
        assert (network.total, network.also["unregistered"]) == (16, 40)
        assert f"is a plain {kind} of Python" in network.notes[-1]
    network = nparams.read(f"{head}self.l = [self.a, nn.ReLU()]\n    self.s = nn.Sequential(*self.l)")
    assert (network.total, network.also) == (16, {})


def test_lazy_layers_that_nobody_calls_are_told() -> None:
    network = nparams.read("nn.Sequential(nn.LazyLinear(256), nn.ReLU(), nn.LazyLinear(10))")
    assert (network.total, network.totals.unknown) == (None, 4)
    assert network.notes[-1].startswith("LazyLinear: sizes are found at the first call; call the network")


def test_what_the_text_does_not_hold_is_named_and_leaves_no_total() -> None:
    text = (
        "from blocks import Attention\nclass N(nn.Module):\n  def __init__(self):\n    super().__init__()\n"
        "    self.attn = Attention(64)\n    self.fc = nn.Linear(64, 10)\n"
    )
    network = nparams.read(text)
    assert network.total is None
    assert network.totals.known == 650
    assert network.notes == [
        "line 5: attn is Attention(64), which the text does not explain; how many parameters it has is not known"
    ]


NOT_TORCH = [
    "784-16-16-10", "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", "Dense(5 => 7)", "model.safetensors",
    "dense_1 (Dense)  (None, 10)  7850", "(5*5*3+1)*100", "[(784, 16), (16,)]", "model.add(Dense(64, input_dim=10))",
    "keras.layers.SimpleRNN(1, input_shape=[None, 1])", "L=12 H=768 A=12", "resnet50", "",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_TORCH)
def test_other_notations_are_not_claimed(text: str) -> None:
    assert not torch_code.may_be(text)


@pytest.mark.parametrize("text", [text for text, _ in COUNTED if "\n" not in text and "=" not in text.split("(")[0]])
def test_what_was_understood_reads_back(text: str) -> None:
    network = nparams.read(text)
    if "norm(" in text or "Encoder(" in text or "List" in text or "Dict" in text or "Sequential(nn.ReLU" in text:
        return  # more than layers one after the other
    assert nparams.read(network.read_as).total == network.total


def test_how_many_layers_it_says() -> None:
    head = (
        "class N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(3, 4)\n"
    )
    assert nparams.read(head).described == "PyTorch, 1 layer, 1 with parameters"
    assert nparams.read(head + "        self.b = nn.ReLU()\n").described == "PyTorch, 2 layers, 1 with parameters"
