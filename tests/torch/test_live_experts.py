"""Mixtures of experts in live models, as people write them: what a token uses, by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import nparams

#: parameters of one expert: 4·6 + 6 and 6·4 + 4
EXPERT = 4 * 6 + 6 + 6 * 4 + 4


def expert(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 4))


class Mixture(nn.Module):
    """A list of experts, and a gate of 4·E parameters; `said` are plain attributes."""

    def __init__(self, experts: list[nn.Module], shared: nn.Module | None = None, **said: object) -> None:
        super().__init__()
        self.gate = nn.Linear(4, len(experts), bias=False)
        self.experts = nn.ModuleList(experts)
        if shared is not None:
            self.shared_experts = shared
        self.__dict__.update(said)


class Router(nn.Module):
    def __init__(self, count: int, **said: object) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(count, 4))
        self.__dict__.update(said)


class Stacked(nn.Module):
    """Experts as parameters of three dimensions, biases of two, and a router of 4·E parameters."""

    def __init__(self, count: int, **said: object) -> None:
        super().__init__()
        self.router = Router(count, num_experts=count, **said)
        self.experts = nn.Module()
        self.experts.up, self.experts.up_bias = (
            nn.Parameter(torch.ones(count, 4, 6)),
            nn.Parameter(torch.ones(count, 6)),
        )
        self.experts.down = nn.Parameter(torch.ones(count, 6, 4))


class Numbered(nn.Module):
    def __init__(self, count: int, **said: object) -> None:
        super().__init__()
        self.router = Router(count)
        for k in range(count):
            setattr(self, f"expert_{k}", expert())
        self.__dict__.update(said)


class Rows(nn.Module):
    """Experts that are rows of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.num_experts, self.top_k = 16, 2
        self.router_gate, self.up = nn.Linear(4, 8, bias=False), nn.Embedding(16, 4)


class Configured(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_experts_per_tok=3, top_k=50)
        self.layers = nn.ModuleList(Mixture([expert() for _ in range(4)]) for _ in range(2))


def twice() -> nn.Module:
    one = expert()
    return Mixture([one, one], top_k=1)


def many(count: int = 4) -> list[nn.Module]:
    return [expert() for _ in range(count)]


def disagreeing() -> nn.Module:
    model = Mixture(many(), top_k=2)
    model.router = Router(4, top_k=3)
    return model


ALONE = "a mixture of experts in experts: a token uses 2 of 4"
# what it shows | the model | total | active | a note
CASES: list[tuple[str, Callable[[], nn.Module], int, int | None, str]] = [
    ("top_k", lambda: Mixture(many(), top_k=2), 16 + 4 * EXPERT, 16 + 2 * EXPERT, ALONE),
    ("k", lambda: Mixture(many(), k=1), 16 + 4 * EXPERT, 16 + EXPERT, "a token uses 1 of 4"),
    ("num_experts_per_tok", lambda: Mixture(many(3), num_experts_per_tok=2), 12 + 3 * EXPERT, 12 + 2 * EXPERT,
     "a token uses 2 of 3"),
    ("in its settings", lambda: Mixture(many(), args=SimpleNamespace(n_activated_experts=3)), 16 + 4 * EXPERT,
     16 + 3 * EXPERT, "a token uses 3 of 4"),
    ("in the model's settings", Configured, 2 * (16 + 4 * EXPERT), 2 * (16 + 3 * EXPERT),
     "a mixture of experts in 2 layers: a token uses 3 of 4"),
    ("shared experts are always used", lambda: Mixture(many(), expert(), top_k=2), 16 + 5 * EXPERT, 16 + 3 * EXPERT,
     ALONE),
    ("a list of shared experts", lambda: Mixture(many(), nn.ModuleList(many(2)), top_k=2), 16 + 6 * EXPERT,
     16 + 4 * EXPERT, ALONE),
    ("stacked", lambda: Stacked(4, top_k=2), 16 + 4 * (24 + 6 + 24), 16 + 2 * (24 + 6 + 24), ALONE),
    ("attributes", lambda: Numbered(4, top_k=2), 16 + 4 * EXPERT, 16 + 2 * EXPERT, "a token uses 2 of 4"),
    ("nothing says", lambda: Mixture(many()), 16 + 4 * EXPERT, None,
     "a mixture of experts in experts: nothing says how many of 4 a token uses, so active is unknown"),
    ("a number of no use", lambda: Mixture(many(), top_k=50), 16 + 4 * EXPERT, None, "nothing says how many of 4"),
    ("two numbers", lambda: nn.ModuleDict({"router": Router(4, top_k=1), "experts": Mixture(many(), top_k=2)}),
     16 + 16 + 4 * EXPERT, 16 + 16 + 2 * EXPERT, "a token uses 2 of 4"),
    ("its attributes disagree", disagreeing, 16 + 16 + 4 * EXPERT,
     None, "a mixture of 4 experts in experts: its attributes disagree, so active is unknown"),
    ("not of one size", lambda: Mixture([expert(), expert(5)], top_k=1), 8 + 58 + 49, None,
     "a mixture of 2 experts in experts: its experts are not of one size, so active is unknown"),
    ("one expert twice", twice, 8 + EXPERT, None, "its experts are not of one size"),
    ("rows of a table", Rows, 32 + 64, None, "they are kept in no way that is known"),
    ("one expert", lambda: Mixture(many(1), top_k=1), 4 + EXPERT, 4 + EXPERT, ""),
    ("a name that says nothing", lambda: nn.ModuleDict({"expert_embedding": nn.Embedding(7, 3)}), 21, 21, ""),
]  # fmt: skip


@pytest.mark.parametrize(("make", "total", "active", "note"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_a_token_uses(make: Callable[[], nn.Module], total: int, active: int | None, note: str) -> None:
    network = nparams.read(make())
    assert (network.total, network.totals.active) == (total, active)
    said = [each for each in network.notes if "mixture" in each]
    assert any(note in each for each in said) if note else not said
