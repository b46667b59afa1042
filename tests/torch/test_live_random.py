"""Random trees of modules against a counter that enumerates memory addresses, one number at a time.

Sharing of every kind is drawn: modules, parameters and buffers under several names, views of one storage (the same,
turned, reshaped, sliced, every second, expanded), next to freezing, number types, None, empty tensors, hidden layers.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import nparams
from tests.live import Untouched, check

DTYPES = [torch.float32] * 6 + [torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.int64]
#: names of parameters, and of buffers that a state dict tells by their names alone
WEIGHTS, BIASES, BUFFERS = ["w1", "scale", "weight", "größe"], ["bias", "in_proj_bias"], ["mask", "position_ids", "pe"]


class Box(nn.Module):
    """Holds what it is given."""


class Builder:
    """Draws one model; keeps what was drawn, so that later parts can share it."""

    def __init__(self, rng: random.Random, odd: bool, integers: bool) -> None:
        self.rng = rng
        self.odd = odd  # views that overlap in part, expanded tensors
        self.dtypes = DTYPES if integers else DTYPES[:-1]
        self.modules: list[nn.Module] = []
        self.parameters: list[nn.Parameter] = []
        self.buffers: list[torch.Tensor] = []

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def module(self, depth: int) -> nn.Module:
        if self.modules and self.chance(12):
            return self.rng.choice(self.modules)
        make = self.rng.choice([self.layer, self.layer, self.box, self.container] if depth else [self.layer])
        made = make(depth)
        self.modules.append(made)
        if self.chance(10):
            made.requires_grad_(False) if not any(p.dtype == torch.int64 for p in made.parameters()) else None
        return made

    def layer(self, depth: int) -> nn.Module:
        a, b = self.rng.randrange(1, 5), self.rng.randrange(1, 5)
        made = self.rng.choice([
            lambda: nn.Linear(a, b, bias=self.chance(70)), lambda: nn.Conv1d(a, b, 3), lambda: nn.BatchNorm1d(a),
            lambda: nn.LayerNorm(a), lambda: nn.Embedding(a, b), lambda: nn.ReLU(), lambda: nn.GRU(a, b),
        ])()  # fmt: skip
        for name, p in list(made._parameters.items()):
            if p is not None and self.chance(15):
                self.tie(made, name, p)
            if p is not None:
                self.parameters.append(made._parameters[name])
        return made

    def tie(self, layer: nn.Module, name: str, p: nn.Parameter) -> None:
        """Put a parameter of the same shape, or a view with that shape, in a layer's place (not of an RNN's: it keeps
        lists of its own)."""
        same = [q for q in self.parameters if q.shape == p.shape]
        turned = [q for q in self.parameters if q.dim() == 2 and q.t().shape == p.shape and q.dtype != torch.int64]
        if isinstance(layer, nn.GRU):
            return
        if same:
            layer._parameters[name] = self.rng.choice(same)
        elif turned:
            layer._parameters[name] = nn.Parameter(self.rng.choice(turned).detach().t())

    def container(self, depth: int) -> nn.Module:
        inner = [self.module(depth - 1) for _ in range(self.rng.randrange(4))]
        kind = self.rng.choice([nn.Sequential, nn.ModuleList, nn.ModuleDict])
        return kind({f"k{i} ü": m for i, m in enumerate(inner)}) if kind is nn.ModuleDict else (
            kind(*inner) if kind is nn.Sequential else kind(inner))  # fmt: skip

    def box(self, depth: int) -> nn.Module:
        made = Box()
        for name in self.rng.sample(WEIGHTS + BIASES, self.rng.randrange(4)):
            held = None if self.chance(8) else self.parameter()
            made.register_parameter(name, held)
        for name in self.rng.sample(BUFFERS, self.rng.randrange(3)):
            made.register_buffer(name, None if self.chance(8) else self.buffer(), persistent=self.chance(70))
        for i in range(self.rng.randrange(3)):
            setattr(made, f"part{i}", self.module(depth - 1))
        if self.chance(12):
            made.hidden = [nn.Linear(2, self.rng.randrange(1, 4))]
        return made

    def parameter(self) -> nn.Parameter:
        if self.parameters and self.chance(45):
            drawn = self.rng.choice(self.parameters)
            made = drawn if self.chance(40) else nn.Parameter(self.view(drawn.detach()), self.trained(drawn))
        else:
            shape = [self.rng.choice((0, 1, 2, 3, 4)) if self.chance(15) else self.rng.randrange(1, 5)
                     for _ in range(self.rng.randrange(4))]  # fmt: skip
            drawn = torch.zeros(shape, dtype=self.rng.choice(self.dtypes))
            made = nn.Parameter(drawn, self.trained(drawn))
        self.parameters.append(made)
        return made

    def trained(self, t: torch.Tensor) -> bool:
        return t.dtype != torch.int64 and self.chance(85)

    def view(self, t: torch.Tensor) -> torch.Tensor:
        """The same numbers, or some of them."""
        ways = [lambda: t, lambda: t.reshape(-1) if t.is_contiguous() else t, lambda: t.t() if t.dim() == 2 else t]
        if self.odd and t.numel() and t.dim():
            ways += [lambda: t[1:], lambda: t[::2], lambda: t[:-1], lambda: t[:1].expand(3, *t.shape[1:]),
                     lambda: t.unsqueeze(0).expand(2, *t.shape)]  # fmt: skip
        return self.rng.choice(ways)()

    def buffer(self) -> torch.Tensor:
        if self.buffers and self.chance(35):
            drawn = self.rng.choice(self.buffers)
            return drawn if self.chance(50) else self.view(drawn)
        if self.odd and self.parameters and self.chance(15):
            return self.view(self.rng.choice(self.parameters).detach())
        made = torch.zeros(self.rng.randrange(1, 4), self.rng.randrange(1, 4), dtype=self.rng.choice(self.dtypes))
        self.buffers.append(made)
        return made


# -- the other counter ------------------------------------------------------------------------------------------------


def addresses(t: torch.Tensor) -> frozenset[int]:
    """Where each number lies."""
    start = t.untyped_storage().data_ptr() + t.storage_offset() * t.itemsize
    places = (sum(i * s for i, s in zip(at, t.stride(), strict=True)) for at in itertools.product(*map(range, t.shape)))
    return frozenset(start + place * t.itemsize for place in places)


def names(model: nn.Module, path: str = "") -> Iterator[tuple[str, str, torch.Tensor]]:
    """(kind, name, tensor), each as often as it has names, in the order of registration."""
    for kind, held in (("parameter", model._parameters), ("buffer", model._buffers)):
        yield from ((kind, f"{path}{name}", t) for name, t in held.items() if t is not None)
    for name, inner in model._modules.items():
        if inner is not None:
            yield from names(inner, f"{path}{name}.")


def expected(model: nn.Module) -> dict[str, object]:
    """Every part, from the addresses."""
    listed = list(names(model))
    parameters = [(n, t) for kind, n, t in listed if kind == "parameter"]
    owners = unique(t for _, t in parameters)
    role = {id(t): "bias" if "bias" in n else "weight" for n, t in reversed(parameters)}
    taken = {place(t) for t in owners}
    buffers = [t for t in unique(t for kind, _, t in listed if kind == "buffer") if place(t) not in taken]
    found: dict[str, object] = {
        "weights": sum(t.numel() for t in owners if role[id(t)] == "weight"),
        "biases": sum(t.numel() for t in owners if role[id(t)] == "bias"),
        "trainable": sum(t.numel() for t in owners if t.requires_grad),
        "listed": sum(t.numel() for _, t in parameters),
        "buffers": sum(t.numel() for t in buffers),
        "elements": sum(len(addresses(t)) if 0 in t.stride() else t.numel() for _, _, t in listed),
        "parameter_bytes": memory(owners), "bytes": memory(owners + buffers),
    }  # fmt: skip
    dtypes: dict[str, int] = {}
    for t in owners:
        name = str(t.dtype).removeprefix("torch.")
        dtypes[name] = dtypes.get(name, 0) + t.numel()
    hidden = sum(p.numel() for m in model.modules() for layer in getattr(m, "hidden", []) for p in layer.parameters())
    return {**found, "dtypes": dtypes, "other": hidden, "also": also(owners, hidden),
            "components": {"backbone": sum(t.numel() for t in owners)} if owners else {}}  # fmt: skip


def also(owners: list[torch.Tensor], hidden: int) -> dict[str, int]:
    total = sum(t.numel() for t in owners)
    here = len(frozenset().union(*map(addresses, owners)))
    real = sum(t.numel() * (1 + t.is_complex()) for t in owners) if any(t.is_complex() for t in owners) else None
    named = {"here": here if here != total else None, "real": real,
             "unregistered": hidden or None}  # fmt: skip
    return {name: count for name, count in named.items() if count is not None}


def unique(tensors: Iterator[torch.Tensor]) -> list[torch.Tensor]:
    """The first of those that are one object, or numbers in the same places."""
    found: dict[object, torch.Tensor] = {}
    seen: set[int] = set()
    for t in tensors:
        if id(t) not in seen:
            seen.add(id(t))
            found.setdefault(place(t), t)
    return list(found.values())


def place(t: torch.Tensor) -> object:
    """What two tensors agree in that are one: where their numbers lie (an empty one is only itself)."""
    return addresses(t) if t.numel() else id(t)


def memory(tensors: list[torch.Tensor]) -> int:
    """Bytes, each once: a storage holds numbers of one type."""
    return len({place + byte for t in tensors for place in addresses(t) for byte in range(t.itemsize)})


def model_of(rng: random.Random, odd: bool, integers: bool = True) -> nn.Module:
    drawn = Builder(rng, odd, integers)
    made = drawn.box(3) if rng.randrange(3) else drawn.module(3)
    return nn.DataParallel(made) if rng.randrange(12) == 0 else made


@settings(max_examples=250)
@given(st.randoms(use_true_random=False), st.booleans())
def test_random_models(rng: random.Random, odd: bool) -> None:
    model = model_of(rng, odd)
    with Untouched(model):
        text = nparams.read(model).to_json(tensors=True)
    check(text, expected(model))
    shown = [tuple(t["shape"]) for t in json.loads(text)["tensors"] if t["role"] != "other"]
    inner = model.module if isinstance(model, nn.DataParallel) else model
    assert sorted(shown) == sorted(tuple(t.shape) for _, _, t in names(inner))  # a tied one shows its own


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_state_dicts_of_random_models(rng: random.Random) -> None:
    """The same total under the same names; buffers that are not kept are not there, and integers are no parameters to
    who sees only their names."""
    model = model_of(rng, odd=False, integers=False)
    whole = json.loads(nparams.read(model).to_json())
    state = model.state_dict()
    found = json.loads(nparams.read(state).to_json()) if state else whole
    assert {key: found[key] for key in ("total", "weights", "biases", "listed", "parameter_bytes")} == {
        key: whole[key] for key in ("total", "weights", "biases", "listed", "parameter_bytes")
    }
