"""python:module:Net() with PyTorch: made on the meta device where that goes, traced where names are left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError

MODELS = '''
import torch
from torch import nn

class MLP(nn.Module):
    def __init__(self, sizes, act=nn.ReLU, bias=True):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b, bias) for a, b in zip(sizes, sizes[1:]))
        self.act = act()

class Net(nn.Module):
    def __init__(self, h=16, n=1):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(h, h) for _ in range(n))

class Huge(nn.Module):
    """400 billion parameters, which no machine of ours holds."""
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(200_000, 100_000, bias=False) for _ in range(20))

class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(10, 4), nn.Linear(4, 10, bias=False)
        self.head.weight = self.table.weight
        self.register_buffer("mask", torch.ones(3, 3).tril())

class Rates(nn.Module):
    """What many models do: rates worked out with tensors, which takes numbers."""
    def __init__(self, depth=3):
        super().__init__()
        self.rates = [x.item() for x in torch.linspace(0, 0.1, depth)]
        self.fc = nn.Linear(3, 4)

class OnCpu(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4, device="cpu")
        self.out = nn.Linear(4, 2)

class Moved(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4).to("cpu")

class FromNumpy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.start = self.fc.weight.detach().numpy().sum()

def odd(h):
    if h % 7:
        raise ValueError("h must be a multiple of 7")
    return nn.Linear(h, h)

def pair():
    return Net(), torch.optim.SGD
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mymodels.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "mymodels", raising=False)
    return tmp_path


# call | total | buffers | how it was made
MADE = [
    ("MLP([784, 16, 16, 10])", 13002, 0, "on the meta device"),
    ("MLP([784, 16, 16, 10], act=nn.Tanh, bias=False)", 12960, 0, "on the meta device"),
    ("MLP(act=torch.nn.GELU, sizes=(2, 2))", 6, 0, "on the meta device"),
    ("Net", 272, 0, "on the meta device"),  # 16·16 + 16
    ("Net(h=4, n=3)", 60, 0, "on the meta device"),  # 3·(4·4 + 4)
    ("nn.Linear(784, 10)", 7850, 0, "on the meta device"),
    ("Huge()", 400 * 10**9, 0, "on the meta device"),
    ("Tied()", 40, 9, "on the meta device"),
    ("OnCpu()", 26, 0, "on the meta device"),  # 3·4 + 4 + 4·2 + 2
    ("Rates()", 16, 0, "in memory: on the meta device it stops with RuntimeError"),
    ("Moved()", 16, 0, "in memory: on the meta device it stops with NotImplementedError"),
    ("FromNumpy()", 16, 0, "in memory: on the meta device it stops with"),
    ("pair()[0]", 272, 0, "on the meta device"),
]


@pytest.mark.parametrize("form", ["mymodels", "mymodels.py"])
@pytest.mark.parametrize(("call", "total", "buffers", "how"), MADE)
def test_models_are_made_and_counted(
    form: str, call: str, total: int, buffers: int, how: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)  # another test may have imported it: then no meta device
    network = nparams.read(f"python:{form}:{call}", run=True)
    assert (network.total, network.totals.buffers) == (total, buffers)
    assert how in network.notes[0]
    assert network.read_as == f"{form}:{call}" or call == "Net"


# call | set | total
SYMBOLS = [
    ("MLP([h0, h1, h2])", None, "h0*h1 + h1*h2 + h1 + h2"),
    ("MLP([h0, h1, h2])", {"h0": "784", "h1": "16", "h2": "10"}, "12730"),
    ("MLP([h0, 16, 10])", None, "16*h0 + 186"),
    ("MLP([h0, h1, 10])", {"h0": "784"}, "795*h1 + 10"),
    ("Net(d, L)", None, "L*(d**2 + d)"),
    ("Net(2 * d)", None, "4*d**2 + 2*d"),
]


@pytest.mark.parametrize(("call", "values", "total"), SYMBOLS)
def test_names_that_are_left_are_symbols(call: str, values: dict[str, object] | None, total: str, folder: Path) -> None:
    network = nparams.read(f"python:mymodels:{call}", set=values, run=True)
    assert str(network.total) == total
    assert network.notes[0].startswith(f"ran mymodels:{call}")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("MLP", "mymodels:MLP needs sizes: write MLP(sizes=...) with numbers"),
        ("MLP(784)", "mymodels:MLP(784): TypeError: 'int' object is not subscriptable (mymodels.py:8, in __init__)"),
        ("pair()", "gives a tuple (Net, type)"),
        ("odd(3)", "ValueError: h must be a multiple of 7 (mymodels.py:"),
        ("nn.Linear", "needs in_features, out_features"),
        ("nn.Linear(-1, 3)", "RuntimeError: Trying to create tensor with negative dimension -1"),
    ],
)
def test_what_fails_is_one_line(call: str, said: str, folder: Path) -> None:
    with pytest.raises(NparamsError) as caught:
        nparams.read(f"python:mymodels:{call}", run=True)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak memory is read from /proc")
def test_a_model_of_400_billion_parameters_needs_no_memory(folder: Path) -> None:
    """The peak of a whole process is below 1 GB, which is what importing PyTorch takes and some more."""
    code = (
        "import sys\nfrom nparams.cli.main import main\nstatus = main(['python:mymodels:Huge()', '-q'])\n"
        "held = dict(line.split(':') for line in open('/proc/self/status'))\n"
        "print(int(held['VmHWM'].split()[0]) * 1024, file=sys.stderr)\n"  # ru_maxrss would have its parent's peak in it
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "400000000000\n"
    assert int(done.stderr.split()[-1]) < 10**9


def test_a_checkpoint_is_compared_with_the_code(folder: Path) -> None:
    import torch

    namespace: dict[str, object] = {}
    exec(MODELS, namespace)
    torch.save(namespace["Net"](4, 3).state_dict(), folder / "net.pt")  # type: ignore[operator]
    made = nparams.read("python:mymodels:Net(4, 3)", run=True)
    assert nparams.diff(made, "net.pt").equal
    assert [
        item.difference for item in nparams.diff(made, nparams.read("python:mymodels:Net(4, 2)", run=True)).items
    ] == [-20]
