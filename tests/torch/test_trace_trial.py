"""Closed forms of classes as people write them, at fresh sizes against plain instantiation; what is refused."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import pytest
import torch
from torch import nn

from nparams.errors import NparamsError, UsageError
from nparams.frameworks.trace import Formula, formula
from tests.torch import trace_models as models


class Trial(NamedTuple):
    name: str
    make: Callable[..., Any]
    #: fresh sizes for each argument
    sizes: dict[str, tuple[Any, ...]]
    like: dict[str, Any] | None = None


WIDE = (8, 24, 40, 64, 200)
FEW = (1, 2, 4, 6)


def rounded(size: float, by: int = 8) -> int:
    """To the nearest multiple, but not more than a tenth below."""
    near = max(by, int(size + by / 2) // by * by)
    return near + by if near < 0.9 * size else near


class Rounded(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, rounded(c * 0.75), 3), nn.Conv2d(rounded(c * 0.75), c, 1)


class Doubling(nn.Module):
    def __init__(self, base: int, depth: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*[nn.Conv2d(base * 2**i, base * 2 ** (i + 1), 3) for i in range(depth)])


class Growing(nn.Module):
    def __init__(self, start: int, rate: int, depth: int) -> None:
        super().__init__()
        self.body = nn.ModuleList(nn.Linear(start + i * rate, rate) for i in range(depth))
        self.head = nn.Linear(start + depth * rate, 10)


class LastDiffers(nn.Module):
    def __init__(self, d: int, n: int, k: int) -> None:
        super().__init__()
        self.body = nn.ModuleList(nn.Linear(d, d if i < n - 1 else k) for i in range(n))


class Dilated(nn.Module):
    """Blocks of layers: as many as their product."""

    def __init__(self, layers: int, blocks: int, res: int, skip: int) -> None:
        super().__init__()
        self.filters = nn.ModuleList(nn.Conv1d(res, res, 2) for _ in range(blocks) for _ in range(layers))
        self.skips = nn.ModuleList(nn.Conv1d(res, skip, 1) for _ in range(blocks) for _ in range(layers))


class TwoParts(nn.Module):
    def __init__(self, d: int, n: int, m: int) -> None:
        super().__init__()
        first = [layer for _ in range(n) for layer in (nn.Linear(d, d), nn.ReLU())]
        second = [layer for _ in range(m) for layer in (nn.Linear(d, 2 * d), nn.LayerNorm(2 * d))]
        self.body = nn.Sequential(*first, *second)


class Named(nn.Module):
    def __init__(self, d: int, n: int) -> None:
        super().__init__()
        for i in range(n):
            setattr(self, f"fc{i + 1}", nn.Linear(d, d))


class Tied(nn.Module):
    def __init__(self, vocab: int, d: int, tie: bool) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(vocab, d), nn.Linear(d, vocab, bias=False)
        if tie:
            self.head.weight = self.embed.weight


class Stacked(nn.Module):
    def __init__(self, d: int, experts: int, f: int) -> None:
        super().__init__()
        self.up, self.down = nn.Parameter(torch.randn(experts, d, f)), nn.Parameter(torch.randn(experts, f, d))
        self.gate = nn.Linear(d, experts, bias=False)
        self.register_buffer("mask", torch.tril(torch.ones(f, f)))


class Keywords(nn.Module):
    def __init__(self, d: int, **kwargs: int) -> None:
        super().__init__()
        hidden = kwargs.get("hidden", 3 * d)
        self.one, self.two = nn.Linear(d, hidden), nn.Linear(hidden, kwargs.pop("out", 2))


class Sizes(nn.Module):
    def __init__(self, n_in: int, hidden: list[int], n_out: int) -> None:
        super().__init__()
        sizes = [n_in, *hidden, n_out]
        hidden.reverse()  # what is given may be changed
        self.net = nn.Sequential(*[nn.Linear(a, b) for a, b in pairwise(sizes)])


class Image(nn.Module):
    """A flat size after two strided convolutions."""

    def __init__(self, size: int, classes: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 16, 5, 2), nn.Conv2d(16, 32, 5, 2)
        for _ in range(2):
            size = (size - 5) // 2 + 1
        self.head = nn.Linear(32 * size * size, classes)


class Squeezed(nn.Module):
    def __init__(self, c: int, k: int, r: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(c, c, k, groups=c)
        self.down, self.up = nn.Conv2d(c, max(1, c // r), 1), nn.Conv2d(max(1, c // r), c, 1)


class Shapes(nn.Module):
    """Sizes read from what was made before."""

    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        self.a = nn.Linear(d, h)
        self.b = nn.Linear(self.a.out_features, self.a.weight.shape[1])
        self.c = nn.Parameter(torch.zeros_like(self.a.weight).repeat(2, 1))


class Loud(nn.Module):
    """Prints, seeds, and sleeps on nothing."""

    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        random.seed(4)
        torch.set_default_dtype(torch.float64)
        print(f"making {d:>6} {h:,d} {d / h:.2f}")
        self.body = nn.Linear(d, h)


class Threshold(nn.Module):
    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        self.body = nn.Linear(d, h if d < 5000 else 2 * h)


class Picky(nn.Module):
    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        if d % 12 or h not in (1, 2, 3, 4, 6):
            raise ValueError("not these sizes")
        self.body = nn.Linear(d, d // h)


class Version(nn.Module):
    def __init__(self, d: int, v: int) -> None:
        super().__init__()
        self.body = nn.Linear(d, 4) if v == 1 else nn.Linear(d, 8) if v == 2 else nn.Linear(d, 5)


def gpt(layers: int, width: int, vocab: int, context: int, bias: bool) -> nn.Module:
    return models.GPT(models.GPTConfig(context, vocab, layers, 4, width, bias=bias))


TRIALS = [
    Trial("a class of torch.nn", nn.Bilinear, {"in1_features": WIDE, "in2_features": WIDE, "out_features": WIDE}),
    Trial("groups", lambda i, o, k, g: nn.Conv2d(i, o, k, groups=g),
          {"i": WIDE, "o": WIDE, "k": (1, 3, 5), "g": (1, 2, 4)}),
    Trial("LSTM, two ways", lambda i, h, n, bi: nn.LSTM(i, h, n, bidirectional=bi),
          {"i": WIDE, "h": WIDE, "n": FEW, "bi": (False, True)}, {"bi": True}),
    Trial("LSTM, projected", lambda i, h, n, p: nn.LSTM(i, h, n, proj_size=p),
          {"i": WIDE, "h": WIDE, "n": FEW, "p": (1, 3, 5)}),
    Trial("attention", lambda d, h, k: nn.MultiheadAttention(d, h, kdim=k), {"d": WIDE, "h": (1, 2, 4), "k": WIDE}),
    Trial("encoder", lambda d, n: nn.TransformerEncoder(nn.TransformerEncoderLayer(d, 4, 4 * d, batch_first=True), n),
          {"d": WIDE, "n": FEW}),
    Trial("weight norm", lambda i, o: torch.nn.utils.parametrizations.weight_norm(nn.Linear(i, o)),
          {"i": WIDE, "o": WIDE}),
    Trial("an adaptive softmax", lambda d, n, c: nn.AdaptiveLogSoftmaxWithLoss(d, n, [c]),
          {"d": (32, 64, 80), "n": (1000, 3000), "c": (10, 30, 50)}),
    Trial("rounded to multiples of 8", Rounded, {"c": (*WIDE, 16, 24, 25, 32, 33)}),
    Trial("doubling channels", Doubling, {"base": WIDE, "depth": FEW}),
    Trial("growing channels", Growing, {"start": WIDE, "rate": WIDE, "depth": FEW}),
    Trial("the last differs", LastDiffers, {"d": WIDE, "n": FEW, "k": WIDE}),
    Trial("a product of depths", Dilated, {"layers": FEW, "blocks": FEW, "res": WIDE, "skip": WIDE}),
    Trial("two parts of a sequence", TwoParts, {"d": WIDE, "n": FEW, "m": FEW}),
    Trial("named by setattr", Named, {"d": WIDE, "n": FEW}),
    Trial("tied by a flag", Tied, {"vocab": WIDE, "d": WIDE, "tie": (False, True)}),
    Trial("stacked experts", Stacked, {"d": WIDE, "experts": FEW, "f": WIDE}),
    Trial("keywords", Keywords, {"d": WIDE, "hidden": WIDE, "out": FEW}, {"hidden": 20, "out": 3}),
    Trial("a list that is changed", Sizes,
          {"n_in": WIDE, "hidden": ([5, 6], [64, 8], [7, 300]), "n_out": FEW}, {"hidden": [64, 32]}),
    Trial("a flat image", Image, {"size": (32, 33, 40, 84, 90), "classes": WIDE}),
    Trial("squeeze and excite", Squeezed, {"c": WIDE, "k": (1, 3, 5), "r": (2, 4, 16)}),
    Trial("sizes of shapes", Shapes, {"d": WIDE, "h": WIDE}),
    Trial("what disturbs", Loud, {"d": WIDE, "h": WIDE}),
    Trial("a threshold far away", Threshold, {"d": (8, 4999, 5000, 6000), "h": WIDE}),
    Trial("few sizes accepted", Picky, {"d": (12, 36, 60), "h": (1, 2, 3, 6)}),
    Trial("branches by number", Version, {"d": WIDE, "v": (1, 2, 3, 9)}),
    Trial("a configuration", gpt,
          {"layers": FEW, "width": WIDE, "vocab": WIDE, "context": WIDE, "bias": (False, True)}),
]  # fmt: skip


def counted(make: Callable[..., Any], sizes: dict[str, Any]) -> int | None:
    """The parameters of what is really made, each once; None where the constructor refuses."""
    given = {key: list(value) if isinstance(value, list) else value for key, value in sizes.items()}
    before = torch.get_default_dtype()
    try:
        with torch.device("meta"):
            return sum({id(p): p.numel() for p in make(**given).parameters()}.values())
    except (ValueError, AssertionError):
        return None
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_formula_gives_what_is_made(trial: Trial) -> None:
    """At 40 sizes drawn anew: right, or outside of what the formula says that it holds for."""
    state, dtype = torch.get_rng_state(), torch.get_default_dtype()
    found = formula(trial.make, trial.like)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() == dtype
    rng = random.Random()
    right = 0
    for _ in range(40):
        point = {key: rng.choice(values) for key, values in trial.sizes.items()}
        made, said = counted(trial.make, point), asked(found, point)
        if made is not None and said is not None:
            assert said == made, (point, found.text, found.where)
            right += 1
    assert right >= 5


def asked(found: Formula, point: dict[str, Any]) -> int | None:
    """What the formula gives; None where it says that it does not hold there."""
    try:
        return found(**point)
    except UsageError as problem:
        if "needs" not in str(problem):
            raise
        return None


class Table(nn.Module):
    WIDTHS: ClassVar[dict[int, int]] = {128: 3, 256: 4, 512: 5}

    def __init__(self, d: int) -> None:
        super().__init__()
        self.body = nn.Linear(d, self.WIDTHS.get(d, 2))


class TwoSizes(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.body = nn.Linear({1: 24, 2: 48}[size], 3)


class Text(nn.Module):
    def __init__(self, d: int) -> None:
        super().__init__()
        self.body = nn.Linear(d, len(str(d)))


class Chance(nn.Module):
    def __init__(self, d: int) -> None:
        super().__init__()
        self.body = nn.Linear(d, 8 + random.randint(0, 1000))


class Exits(nn.Module):
    def __init__(self, d: int) -> None:
        super().__init__()
        raise SystemExit(3)


REFUSED: list[tuple[Callable[..., Any], str]] = [
    (Table, "the formula that was found is wrong at d = 128"),
    (TwoSizes, "the constructor does not accept|too few"),
    (Text, "no closed form"),
    (Chance, "no closed form"),
    (Exits, "SystemExit"),
    (lambda d: nn.Linear(d, int(math.sqrt(d))), "no exact expression"),
    (lambda d: nn.LazyLinear(d), "its size depends on the data"),
    (lambda: nn.Linear(3, 4), "nothing is symbolic: it has no argument"),
    (lambda a=3: nn.Linear(a, 4), "like={'a': 3} makes a a symbol"),
]


@pytest.mark.parametrize(("make", "why"), REFUSED, ids=[why[:30] for _, why in REFUSED])
def test_what_is_refused(make: Callable[..., Any], why: str) -> None:
    with pytest.raises(NparamsError, match=why) as problem:
        formula(make)
    assert "\n" not in str(problem.value)
