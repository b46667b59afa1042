"""PyTorch checkpoints against torch: what torch.save writes of random content, torch.load and ours read alike."""

from __future__ import annotations

import io
import pickle
import random
import warnings
from collections import OrderedDict, defaultdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import nparams
from nparams.dtypes import TORCH
from nparams.network import Network, Tensor

# every dtype that a plain tensor can be saved with (torch.float4_e2m1fn_x2 has a test of its own)
UNSAVED = {f"{sign}int{bits}" for sign in ("", "u") for bits in range(1, 8)} | {"bit", "float4_e2m1fn_x2"}
DTYPES = [
    dtype
    for name, dtype in vars(torch).items()
    if isinstance(dtype, torch.dtype) and not str(dtype).startswith(("torch.q",)) and name not in UNSAVED
]
FORMATS: list[dict[str, object]] = [{}, {"_use_new_zipfile_serialization": False}]
PROTOCOLS = (2, 3, 4, 5)


def saved(held: object, **options: object) -> bytes:
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # quantised and nested tensors are called a prototype
        torch.save(held, data, **options)  # type: ignore[arg-type]
    return data.getvalue()


def ours(data: bytes) -> Network:
    network = nparams.read(data)
    assert network.flags == []
    return network


#: torch saves these in the old form and cannot load them from it (UntypedStorage has no number type there)
NEW = torch.storage._new_dtypes()


def row(t: Tensor) -> tuple[object, ...]:
    return t.name, t.shape, t.dtype


def torch_row(name: str, t: torch.Tensor) -> tuple[object, ...]:
    return name, tuple(t.shape), TORCH[str(t.dtype).removeprefix("torch.")]


def flat(held: object, front: str = "") -> list[tuple[str, torch.Tensor]]:
    """Every tensor of what torch.load gives, with its keys joined by dots."""
    if isinstance(held, (torch.Tensor, np.ndarray)):
        return [(front[:-1] or "tensor", torch.as_tensor(held))]
    entries = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, (list, tuple)) else ()
    return [found for key, value in entries for found in flat(value, f"{front}{key}.")]


def test_every_dtype_is_known() -> None:
    assert len(set(DTYPES)) >= 26


@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
@pytest.mark.filterwarnings("ignore:ComplexHalf")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype(dtype: torch.dtype, options: dict[str, object]) -> None:
    held = {"a": torch.empty(3, 4, dtype=dtype), "b": torch.empty((), dtype=dtype), "c": torch.empty(0, 5, dtype=dtype)}
    network = ours(saved(held, **options))
    assert [row(t) for t in network.tensors()] == [torch_row(name, t) for name, t in held.items()]
    assert network.totals.elements == 13
    assert all(t.stored is None for t in network.tensors())


def random_tensor(rng: random.Random, pool: list[torch.Tensor], old: bool) -> torch.Tensor:
    """A tensor: fresh, a view on one that was there before, expanded, turned, or the same again."""
    dtype = rng.choice([dtype for dtype in DTYPES if dtype not in NEW] if old else DTYPES)
    shape = [rng.choice((0, 1, 2, 3, 7)) for _ in range(rng.randrange(5))]
    fresh = torch.empty(shape, dtype=dtype)
    how = rng.randrange(8) if pool else 0
    base = rng.choice(pool) if pool else fresh
    if how == 1:
        return base
    if how == 2 and base.dim() >= 2:
        return base.transpose(0, 1)
    if how == 3 and base.dim() and base.shape[0] > 1:
        return base[1:]
    if how == 4 and base.dim() and base.shape[0] > 1:
        return base[::2]
    if how == 5:
        return base.unsqueeze(0).expand(3, *base.shape)
    if how == 6:
        return base.detach().reshape(-1)
    pool.append(fresh)
    return fresh


def random_value(rng: random.Random, pool: list[torch.Tensor], old: bool, depth: int = 0) -> object:
    kind = rng.randrange(12) if depth < 3 else 0
    if kind < 6:
        return random_tensor(rng, pool, old)
    if kind == 6:
        return OrderedDict((f"k{k}", random_value(rng, pool, old, depth + 1)) for k in range(rng.randrange(4)))
    if kind == 7:
        return [random_value(rng, pool, old, depth + 1) for _ in range(rng.randrange(3))]
    if kind == 8:
        return (random_value(rng, pool, old, depth + 1), 3, "text", None, 1.5, True, b"bytes", {1, 2}, 2**80)
    if kind == 9:
        return np.zeros((rng.randrange(4), 2), rng.choice(("f4", "i8", "u1")))
    if kind == 10:
        return {k: random_value(rng, pool, old, depth + 1) for k in rng.sample(range(300), 2)}
    return defaultdict(int, {"n": rng.randrange(9), "t": torch.Size((2, 3)), "d": torch.device("cpu"), "f": torch.half})


@pytest.mark.filterwarnings("ignore:ComplexHalf")
@pytest.mark.parametrize("seed", range(60))
def test_random_content(seed: int) -> None:
    """In name, shape and dtype, whatever the containers, the views, the form and the protocol."""
    rng = random.Random(seed)
    pool: list[torch.Tensor] = []
    options: dict[str, object] = {**rng.choice(FORMATS), "pickle_protocol": rng.choice(PROTOCOLS)}
    held = {f"t{k}": random_value(rng, pool, len(options) > 1) for k in range(rng.randrange(1, 9))}
    data = saved(held, **options)
    theirs = flat(torch.load(io.BytesIO(data), weights_only=False))
    found = list(ours(data).tensors())
    assert sorted(map(row, found)) == sorted(torch_row(name, t) for name, t in theirs)
    by_name = dict(theirs)
    for t in found:
        if t.tied_to is not None:
            one, other = by_name[t.name], by_name[t.tied_to]
            assert one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
            assert one.numel() == other.numel()


# -- views ------------------------------------------------------------------------------------------------------------

BASE = torch.arange(24.0).reshape(4, 6)
FLAT = torch.zeros(100)
# what it shows | the tensors | total | name -> tied to | elements | here
VIEWS = [
    ("the same tensor again", {"a": BASE, "b": BASE}, 24, {"b": "a"}, 48, None),
    ("an alias with its own object", {"a": BASE, "b": BASE.detach()}, 24, {"b": "a"}, 48, None),
    ("turned", {"a": BASE, "b": BASE.t()}, 24, {"b": "a"}, 48, None),
    ("another shape of the same numbers", {"a": BASE, "b": BASE.reshape(2, 12)}, 24, {"b": "a"}, 48, None),
    ("slices that meet nowhere", {"a": FLAT[:60], "b": FLAT[60:]}, 100, {}, 100, None),
    ("a slice of another", {"a": BASE, "b": BASE[1:]}, 42, {}, 42, 24),
    ("a flat buffer and its parts", {"f": FLAT, "a": FLAT[:60].view(6, 10), "b.weight": FLAT[60:]}, 200, {}, 200, 100),
    ("expanded", {"a": torch.zeros(5, 1).expand(5, 7)}, 35, {}, 5, None),
    ("every second", {"a": FLAT[::2], "b": FLAT[1::2]}, 100, {}, 100, None),
    ("one storage, nothing in common", {"a": BASE[:2], "b": BASE[2:], "c": BASE[:2]}, 24, {"c": "a"}, 36, None),
]  # fmt: skip


@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("held", "total", "tied", "elements", "here"), [c[1:] for c in VIEWS], ids=[c[0] for c in VIEWS]
)
def test_views(held, total, tied, elements, here, options) -> None:
    network = ours(saved(held, **options))
    assert network.total == total
    assert {t.name: t.tied_to for t in network.tensors() if t.tied_to} == tied
    assert network.totals.elements == elements
    assert network.also.get("here") == here


# -- tensors that are no plain view ------------------------------------------------------------------------------------


def sparse_cases() -> list[tuple[str, torch.Tensor, int]]:
    dense = torch.zeros(6, 8)
    dense[1, 2], dense[5, 0], dense[3, 3] = 1, 2, 3
    return [
        ("coo", dense.to_sparse(), 3), ("csr", dense.to_sparse_csr(), 3), ("csc", dense.to_sparse_csc(), 3),
        ("bsr", dense.to_sparse_bsr((2, 2)), 12), ("bsc", dense.to_sparse_bsc((2, 2)), 12),
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", ["coo", "csr", "csc", "bsr", "bsc"])
def test_sparse_counts_what_it_stands_for(layout: str) -> None:
    tensor, stored = next((t, n) for name, t, n in sparse_cases() if name == layout)
    (t,) = ours(saved({"w": tensor})).tensors()
    assert (t.shape, t.dtype, t.stored) == ((6, 8), "float32", (stored, 4 * stored))


def quantised() -> list[tuple[torch.Tensor, str, tuple[int, int] | None]]:
    x, scales, zeros = torch.randn(4, 7), torch.rand(4), torch.zeros(4)
    return [
        (torch.quantize_per_tensor(x, 0.1, 0, torch.qint8), "int8", None),
        (torch.quantize_per_tensor(x, 0.1, 0, torch.quint8), "uint8", None),
        (torch.quantize_per_tensor(x, 0.1, 0, torch.qint32), "int32", None),
        (torch.quantize_per_channel(x, scales, zeros.long(), 0, torch.qint8), "int8", None),
        (torch.quantize_per_channel(x, scales, zeros, 0, torch.quint4x2), "uint4", None),
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
def test_quantised(options: dict[str, object]) -> None:
    for tensor, dtype, stored in quantised():
        network = ours(saved({"fc.weight": tensor}, **options))
        t, *beside = network.tensors()
        assert (t.shape, t.dtype, t.role, t.stored, network.total) == ((4, 7), dtype, "weight", stored, 28)
        scales = ["fc.weight.scales", "fc.weight.zero_points"] if "channel" in str(tensor.qscheme()) else []
        assert [(t.name, t.shape, t.role) for t in beside] == [(name, (4,), "bookkeeping") for name in scales]


def test_two_numbers_in_a_byte() -> None:
    (t,) = ours(saved({"w": torch.empty(4, 6, dtype=torch.float4_e2m1fn_x2)})).tensors()
    assert (t.shape, t.dtype, t.size, t.stored) == ((4, 12), "float4_e2m1fn", 48, (24, 24))


def test_meta_and_lazy_and_nested() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        held = {
            "m": torch.empty(3, 4, device="meta"),
            "n": torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
            "lazy": nn.LazyLinear(3).weight,
        }
    network = ours(saved(held))
    found = {t.name: (t.shape, t.size, t.stored) for t in network.tensors()}
    assert found == {"m": ((3, 4), 12, (0, 0)), "n": ((5,), 5, None), "lazy": (None, None, None)}
    assert (network.total, network.totals.known, network.totals.unknown) == (None, 17, 1)


def test_parameters_and_buffers_say_so() -> None:
    frozen = nn.Parameter(torch.zeros(3), requires_grad=False)
    named = nn.Parameter(torch.zeros(4))
    named.told = "state of its own"  # type: ignore[attr-defined]
    held = {"mask": nn.Parameter(torch.zeros(2)), "f": frozen, "n": named, "w": nn.Buffer(torch.zeros(5)),
            "grad": torch.zeros(6, requires_grad=True), "plain": torch.zeros(7)}  # fmt: skip
    found = {t.name: (t.role, t.trainable) for t in ours(saved(held)).tensors()}
    assert found == {"mask": ("weight", True), "f": ("weight", False), "n": ("weight", True), "w": ("buffer", None),
                     "grad": ("weight", True), "plain": ("weight", None)}  # fmt: skip


# -- whole modules --------------------------------------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2)
        self.act = torch.relu
        self.register_buffer("mask", torch.ones(width, width).tril(), persistent=False)


class Whole(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.blocks = nn.ModuleList(Block(8) for _ in range(2))
        self.conv = nn.Sequential(nn.Conv2d(3, 8, 3, groups=1), nn.BatchNorm2d(8), nn.SiLU())
        self.rnn = nn.LSTM(8, 5, num_layers=2, bidirectional=True)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)
        self.register_parameter("absent", None)
        self.settings = SimpleNamespace(width=8, path="x")
        self.cache = torch.zeros(9)
        self.shapes = [torch.Size((2, 3))]
        self.method = self.conv.forward


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
@pytest.mark.parametrize("wrap", [False, True], ids=["bare", "in a checkpoint"])
def test_whole_modules(options: dict[str, object], protocol: int, wrap: bool) -> None:
    model = Whole()
    held = {"epoch": 3, "model": model, "ema": None} if wrap else model
    network = ours(saved(held, pickle_protocol=protocol, **options))
    found = {t.name: t for t in network.tensors()}
    parameters = dict(model.named_parameters(remove_duplicate=False))
    buffers = dict(model.named_buffers())
    assert {n for n, t in found.items() if t.role in ("weight", "bias")} == set(parameters)
    assert {n for n, t in found.items() if t.role == "buffer"} == set(buffers)
    assert {n for n, t in found.items() if t.role == "other"} == {"cache"}
    for name, p in {**parameters, **buffers}.items():
        assert row(found[name]) == torch_row(name, p)
    assert all(found[n].trainable == p.requires_grad for n, p in parameters.items())
    assert network.total == sum(p.numel() for p in model.parameters())
    assert network.totals.trainable == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert network.biases == sum(p.numel() for n, p in model.named_parameters() if "bias" in n)
    kinds = {row.name: row.kind for row in network.layers}
    assert (kinds["conv.0"], kinds["conv.1"], kinds["embed"], kinds["rnn"]) == (
        "Conv",
        "BatchNorm",
        "Embedding",
        "LSTM",
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("whole", [False, True])
def test_plain_pickles(protocol: int, whole: bool) -> None:
    """pickle.dump of tensors: each storage is the bytes of an old torch.save inside the pickle."""
    model = Whole()
    state = dict(model.state_dict()) | {"large": torch.zeros(300, 400)}
    held = model if whole else state
    network = ours(pickle.dumps(held, protocol))
    assert network.form == "pickle"
    assert network.total == sum(p.numel() for p in model.parameters()) + (0 if whole else 120_000)
    if not whole:
        assert [row(t) for t in network.tensors()] == [torch_row(name, t) for name, t in state.items()]


# -- what is the model ----------------------------------------------------------------------------------------------


def trained() -> tuple[nn.Module, torch.optim.Optimizer, object]:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(2, 4)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    return model, optimizer, scheduler


MODEL, OPTIMIZER, SCHEDULER = trained()
STATE = MODEL.state_dict()
COPY = {name: t.clone() for name, t in STATE.items()}
OTHER = nn.Linear(2, 2).state_dict()
N, ALL = 21, 28  # parameters, and with the statistics
# what it shows | what is saved | total | elements | first name
CHECKPOINTS = [
    ("a state dict", STATE, N, ALL, "0.weight"),
    ("under a key", {"state_dict": STATE, "epoch": 3}, N, ALL, "0.weight"),
    ("as Lightning saves it", {"state_dict": {f"net.{k}": v for k, v in STATE.items()},
     "optimizer_states": [OPTIMIZER.state_dict()], "lr_schedulers": [SCHEDULER.state_dict()],
     "pytorch-lightning_version": "2.1", "callbacks": {"x": torch.zeros(3)},
     "hyper_parameters": {"lr": 1e-3}, "loops": {}}, N, ALL, "net.0.weight"),
    ("DataParallel", {"state_dict": {f"module.{k}": v for k, v in STATE.items()}}, N, ALL, "0.weight"),
    ("torch.compile on top", {f"_orig_mod.module.{k}": v for k, v in STATE.items()}, N, ALL, "0.weight"),
    ("with an optimizer", {"model": STATE, "optimizer": OPTIMIZER.state_dict(), "lr_scheduler": SCHEDULER.state_dict(),
     "loss": torch.tensor(1.5), "best_acc1": torch.tensor([3.0]), "rng": torch.get_rng_state()}, N, ALL, "0.weight"),
    ("an optimizer under a strange key", {"model": STATE, "xyz": OPTIMIZER.state_dict()}, N, ALL, "0.weight"),
    ("an optimizer alone", OPTIMIZER.state_dict(), 0, 0, "state.0.step"),
    ("an optimizer object", {"net": STATE, "o": OPTIMIZER}, N, ALL, "0.weight"),
    ("an average beside the model", {"model": STATE, "ema": COPY}, N, ALL, "0.weight"),
    ("an average by another key", {"state_dict": STATE, "state_dict_ema": COPY}, N, ALL, "0.weight"),
    ("an average first", {"ema_model": COPY, "model": STATE}, N, ALL, "ema_model.0.weight"),
    ("an average alone is the model", {"ema": COPY, "epoch": 3}, N, ALL, "0.weight"),
    ("the target network of an agent", {"net": STATE, "target_net": COPY}, N, ALL, "0.weight"),
    ("what an average was taken of", {"state_dict": STATE, "current_model_state": COPY}, N, ALL, "0.weight"),
    ("a learner and its last loss", SimpleNamespace(model=MODEL, last=torch.zeros(()), l=[torch.zeros(3)]), N, ALL,
     "last"),
    ("a trained number of an agent", SimpleNamespace(q=MODEL, log=torch.zeros(1, requires_grad=True)), N + 1, ALL + 1,
     "log"),
    ("a module among the settings", {"state_dict": STATE, "hyper_parameters": {"act": nn.ReLU()}}, N, ALL, "0.weight"),
    ("an average of another model is a model", {"D": OTHER, "G_ema": COPY}, N + 6, ALL + 6, "D.weight"),
    ("two models", {"generator": STATE, "discriminator": OTHER}, N + 6, ALL + 6, "generator.0.weight"),
    ("the same dictionary twice", {"model": STATE, "state_dict": STATE}, N, ALL, "0.weight"),
    ("a list of tensors", [torch.zeros(3), torch.zeros(4)], 7, 7, "0"),
    ("one tensor", torch.zeros(3), 3, 3, "tensor"),
    ("one parameter", nn.Parameter(torch.zeros(3)), 3, 3, "tensor"),
    ("a storage", torch.zeros(3).untyped_storage(), 0, 12, "tensor"),
    ("nothing", {"epoch": 3}, 0, 0, None),
    ("a whole model beside its average", {"model": MODEL, "ema": Whole()}, None, None, "model.0.weight"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("held", "total", "elements", "first"), [c[1:] for c in CHECKPOINTS], ids=[c[0] for c in CHECKPOINTS]
)
def test_what_is_the_model(held, total, elements, first, options) -> None:
    network = ours(saved(held, **options))
    names = [t.name for t in network.tensors()]
    assert (names[0] if names else None) == first
    if total is not None:
        assert (network.total, network.totals.elements) == (total, elements)
