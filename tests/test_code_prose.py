"""Code as it stands in questions and notebooks: among prose and outputs, with foreign marks, cut, flattened."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nparams
from nparams.errors import NotationError, NparamsError

NET = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
LAYERS = "        self.a = nn.Linear(6, 8)\n        self.b = nn.Linear(8, 3)\n"
FORWARD = "    def forward(self, x):\n        return self.b(self.a(x))\n"
FLAT = (
    "class Net(nn.Module):\ndef __init__(self):\nsuper().__init__()\nself.a = nn.Linear(6, 8)\n"
    "self.b = nn.Sequential(\nnn.Linear(8, 3),\nnn.ReLU())\ndef forward(self, x):\nfor i in range(3):\nx = F.relu(x)\n"
    "return self.b(self.a(x))\n"
)

# what is pasted | its total | a part of what must be said of it
READ = [
    # prose before, between and behind
    (f"I wrote this network:\n\n{NET}{LAYERS}{FORWARD}\nWhy does it have so many?", 83, 'line 1 ("I wrote this'),
    (f"It's my first try (sorry :( ), please help\n{NET}{LAYERS}", 83, "line 1"),
    ("First layer:\nmodel = nn.Sequential(nn.Linear(6, 8))\nthen\nmodel.append(nn.Linear(8, 3))\nthat's it", 83,
     "line 3"),
    ("Это моя сеть:\nmodel = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))\nСколько параметров?", 83, "line 1"),
    ("我的网络如下:\nmodel = Sequential()\nmodel.add(Dense(8, input_dim=6))\nmodel.add(Dense(3))\n谢谢", 83, "line 5"),
    (f"    {NET}{LAYERS}".replace("\n", "\n    ") + "\nThe count is\n83", 83, ""),
    ("See below\n\n    a = nn.Linear(6, 8)\n\nand then\n\n  b = nn.Linear(8, 3)\n", 83, "line 5"),
    # outputs of the code
    (f"{NET}{LAYERS}net = Net()\nprint(net)\nNet(\n  (a): Linear(in_features=6, out_features=8, bias=True)\n"
     "  (b): Linear(in_features=8, out_features=3, bias=True)\n)\n", 83, ""),
    (f"{NET}{LAYERS}print(Net()(torch.ones(6)))\ntensor([[0.1, 0.2, -0.3],\n  [0.5, 1.0, 0.2]], grad_fn=<Add>)\n"
     "torch.Size([2, 3])", 83, ""),
    (f'{NET}{LAYERS}Net()(torch.ones(2, 5))\nTraceback (last):\n  File "a.py", line 9, in f\n'
     "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x5 and 6x8)", 83, ""),
    ("In [1]: import torch.nn as nn\n\nIn [ ]:\nnet = nn.Linear(6, 8)\nnet\nOut[2]: Linear(in_features=6)\n",
     56, ""),
    # a class whose indentation is lost
    (FLAT, 83, "indentation is lost"),
    (f"{FLAT}net = Net()\nfor p in net.parameters():\nprint(p.shape)", 83, "indentation is lost"),
    ("def make():\nm = Sequential()\nm.add(Dense(8, input_dim=6))\nm.add(Dense(3))\nreturn m\nm = make()", 83, ""),
    ("class Net(nn.Module):\n@staticmethod\ndef block(n, k):\nreturn nn.Linear(n, k)\ndef __init__(self):\n"
     "super().__init__()\nself.a = self.block(6, 8)\nself.b = self.block(8, 3)", 83, "indentation is lost"),
    # a class on one line
    ("python import torch.nn as nn class Net(nn.Module): def __init__(self, n=6): super().__init__() self.a = "
     "nn.Linear(n, 8) # so self.b = nn.Linear(8, out_features=3) def forward(self, x): for i in range(2): x = x + 1 "
     "return self.b(x) net = Net() print(net)", 83, "lines that were joined"),
    ("class Net(nn.Module):def __init__(self):super().__init__()self.a = nn.Linear(6, 8)self.b = nn.Linear(8, 3)", 83,
     "lines that were joined"),
    # cut where nothing is made
    (f"{NET}{LAYERS}    def forward(self, x):\n        x = self.a(x\n        x = torch.relu(", 83, "lines 7 to 8"),
    # bodies that are left out
    (f"{NET}{LAYERS}    def forward(self, x):\n        # and so on\n\nnet = Net()", 83, ""),
    (f"{NET}{LAYERS}    def forward(self, x):\n", 83, ""),
    (f"{NET}{LAYERS}    def forward(self, x):\n        ...\n", 83, ""),
    # foreign marks
    ("nn.Sequential(OrderedDict([(‘a’, nn.Linear(6, 8)), (“b”, nn.Linear(8, 3))]))", 83, ""),
    ("&gt;&gt;&gt; a = nn.Linear(6, 8)\n&gt;&gt;&gt; b = nn.Linear(8, 3 if 1 &lt; 2 else 4)", 83, ""),
    ("nn.Sequential(nn.Linear(6，8)， nn.Linear(8, 3））", 83, ""),
    ("1  import torch.nn as nn\n2  \n3  a = nn.Linear(6, 8)\n4  b = nn.Linear(8, 3)", 83, ""),
    ("1: if True:\n2:     a = nn.Linear(6, 8)\n3: b = nn.Linear(8, 3)", 83, ""),
    ("x = 6 + \\  \n  2\nnn.Linear(x, 3)", 27, ""),
    ("a\u200b = nn.Linear(6,\u00a08)", 56, ""),
    (f"{NET}{LAYERS}{FORWARD}".replace("\n", "\r\n"), 83, ""),
    (f"{NET}{LAYERS}{FORWARD}".replace("    ", "\t"), 83, ""),
    (f"{NET}{LAYERS}".replace("\n", "\n> ").replace("class", "> class", 1), 83, ""),
    ("+" + f"{NET}{LAYERS}".rstrip().replace("\n", "\n+"), 83, ""),
    ("In [None]:\na = nn.Linear(6, 8)\n\nIt prints\n", 56, 'line 4 ("It prints")'),
    # documents
    ("CLASS torch.nn.Linear(in_features, out_features, bias=True)\nUse it so:\nm = nn.Linear(6, 8)", 56, ""),
    # calls in sentences
    ("How many parameters does nn.Linear(20, 30) have?", 630, "only the calls"),
    ("what about `nn.Conv2d(3, 64, kernel_size=3)`?", 1_792, "only the calls"),
    ("Dense(64, input_dim=10) how many params", 704, "only the calls"),
    ("I stack nn.Linear(6, 8) and then nn.Linear(8, 3).", 83, "only the calls"),
    # lists and tables
    ("- nn.Linear(6, 8)\n- nn.Linear(8, 3)", 83, ""),
    ("1. nn.Linear(6, 8)\n2. nn.ReLU()\n3. nn.Linear(8, 3)", 83, ""),
    ("nn.Linear(6, 8) -> nn.ReLU() → nn.Linear(8, 3)", 83, "only the calls"),
    ("| name | layer |\n| --- | --- |\n| a | nn.Linear(6, 8) |\n| b | nn.Linear(8, 3) |", 83, "only the calls"),
    (f"{NET}{LAYERS}".replace("\n", "<br>\n"), 83, ""),
    ("a = nn.Linear(2 × 3, 9 − 1)", 56, ""),
    # parameters and layers of no class
    ("self.w = nn.Parameter(torch.FloatTensor(16, 64))", 1_024, ""),
    ("self.fc = nn.Linear(3, 4)\nself.scale = nn.Parameter(torch.ones(4))", 20, "2 layers that no class"),
    ("w = nn.Parameter(torch.randn(3, 4))\nb = nn.Parameter(torch.zeros(4))", 16, "2 parameters that no class"),
]  # fmt: skip

# what is pasted | what is said
REFUSED = [
    (f"Here it is:\n{NET}        self.a = nn.Linear(6 8)\n{FORWARD}", 'line 5: "self.a = nn.Linear(6 8)" is not'),
    (f"Here it is:\n{NET}        self.a = nn.Linear(6,\n        self.b = nn.Linear(8, 3)\n", "line 5"),
    (f"Here it is:\n{NET}        self.a nn.Linear(6, 8)\n", "line 5"),
    (f"{NET}        self.a = nn.Linearn(6 8\n        self.b = nn.Linear(8, 3)", "line 4"),
    (f"{NET}        self.a = nn.Linearn06 8)\n        self.b = nn.Linear(8, 3)", "line 4"),
    (f"It is\nsize = 6 8\n{NET}        self.b = nn.Linear(size, 3)", "line 2"),
    ("model = Sequential()\nfor i in range(3)\n    model.add(Dense(8, input_dim=8))", "line 2"),
    (f"{NET}        self.a = nn.Linear(6, 8)\n        self.b = nn.Linear(8,", "line 5"),
    (f"{NET}{LAYERS}    def forward(self, x):\n        x = self.a(x\nnet = nn.Sequential(Net(), nn.ReLU())",
     "line 7"),
    ("So:\nnet = nn.Sequential(\n  nn.Linear(3, 4),\n  nn.ReLU()\n  nn.Linear(4, 5)\n)",
     'line 4: "nn.ReLU()" is not Python: invalid syntax. Perhaps you forgot a comma?'),
    # whether the last layer is in the loop cannot be told
    ("model = nn.Sequential()\nfor i in range(3):\nmodel.append(nn.Linear(6, 6))\nmodel.append(nn.Linear(6, 3))",
     "line 3"),
    ("import flax.linen as nn\nclass N(nn.Module):\n  def setup(self):\n    self.a = nn.Dense(3)", "code of Flax"),
    ("class N(nn.Module):\n  @nn.compact\n  def __call__(self, x):\n    return nn.Dense(3)(x)", "code of Flax"),
    ("import paddle.nn as nn\nnn.Sequential(nn.Linear(3, 4), nn.BatchNorm2D(4))", "code of Paddle"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "total", "told"), READ, ids=range(len(READ)))
def test_read(text: str, total: int, told: str) -> None:
    network = nparams.read(text, paths=False)
    assert network.total == total
    assert network.form in ("torch-code", "keras-code")
    assert told in " ".join(str(note) for note in network.notes)


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=range(len(REFUSED)))
def test_refused(text: str, told: str) -> None:
    with pytest.raises(NotationError) as caught:
        nparams.read(text, paths=False)
    assert told in str(caught.value)


def test_a_whole_file_is_read_without_a_word() -> None:
    network = nparams.read(f"import torch.nn as nn\n\n{NET}{LAYERS}{FORWARD}", form="torch-code")
    assert (network.total, network.notes) == (83, [])


def test_a_summary_behind_the_code_is_held_against_it() -> None:
    text = f"{NET}{LAYERS}{FORWARD}summary(Net())\n=====\nLinear-1  [-1, 8]  56\n=====\nTotal params: "
    right, wrong = nparams.read(f"{text}83"), nparams.read(f"{text}1,083")
    assert (right.total, right.also["declared"], wrong.also["declared"]) == (83, 83, 1083)
    assert wrong.notes[-1] == "the summary in the text says 1,083; by the code it is 83"
    assert not any("summary" in note for note in right.notes)


PIECES = [*NET.split("\n"), *LAYERS.split("\n"), *FORWARD.split("\n"), "It's me (again", "'''", '"', "((", "))", "# x",
          "for i in range(2):", "else:", "@x", "tensor([1])", "n = Net()", "  (0): ReLU()", "\\", "a“b"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14), st.sampled_from(["\n", "\n\n", "\n    ", "\r\n", " "]))
def test_only_our_errors_leave(lines: list[str], mark: str) -> None:
    with suppress(NparamsError):
        nparams.read(mark.join(lines) + "\nnn.Linear(3, 4)", form="torch-code")


@pytest.mark.parametrize(
    "text",
    ["(\n" * 60_000, "(a b\n)\n" * 20_000, "don't (see\n" * 15_000, "'''\n" * 40_000, "x (\n" * 30_000 + ")\n" * 30_000,
     "nn.Linear(3, 4) is it right?\n" * 6_000, "a" * 190_000 + " b c", "A(" * 90_000, "class A:\n# x\n" * 12_000,
     "@a\n" * 20_000, "for i in x:\n" * 15_000, "a = 1 2\n" * 20_000,
     "class A: # " * 17_000, "class A: def f(" + "for " * 45_000, "class A: def f(): " * 10_000],
)  # fmt: skip
def test_long_texts_stay_bounded(text: str) -> None:
    start = process_time()
    with suppress(NparamsError):
        nparams.read(f"nn.Linear(3, 4\n{text}", form="torch-code")
    assert process_time() - start < 10
