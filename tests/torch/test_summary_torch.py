"""Random PyTorch models: what torchsummary prints of them is read as what they hold.

The printing is that of torchsummary 1.5.1 (torchsummary.py): a row for each layer as it runs, with the shape that it
sends and the sizes of `weight` and `bias`; tests/summaries has files that the libraries themselves printed.
"""

from __future__ import annotations

import random
from collections import Counter

import torch
from torch import nn

from nparams.notation import summary

IMAGES = (
    "conv",
    "depthwise",
    "grouped",
    "batchnorm",
    "groupnorm",
    "instancenorm",
    "relu",
    "pool",
    "transposed",
    "prelu",
)
VECTORS = ("linear", "layernorm", "relu", "dropout")
MODELS = 150


def layer(kind: str, c: int, r: random.Random) -> tuple[nn.Module, int]:
    """A layer on c channels, and how many it sends."""
    f, bias = r.choice((8, 16, 24, 32)), r.random() < 0.6
    made: dict[str, tuple[nn.Module, int]] = {
        "conv": (nn.Conv2d(c, f, (k := r.choice((1, 3, 5))), padding=k // 2, bias=bias), f),
        "depthwise": (nn.Conv2d(c, c, 3, padding=1, groups=c, bias=bias), c),
        "grouped": (nn.Conv2d(c, c, 3, padding=1, groups=4 if c % 4 == 0 else 1, bias=False), c),
        "batchnorm": (nn.BatchNorm2d(c), c),
        "groupnorm": (nn.GroupNorm(1, c), c),
        "instancenorm": (nn.InstanceNorm2d(c, affine=True), c),
        "relu": (nn.ReLU(), c),
        "pool": (nn.MaxPool2d(3, 1, 1), c),
        "transposed": (nn.ConvTranspose2d(c, 6, 1), 6),
        "prelu": (nn.PReLU(), c),
        "linear": (nn.Linear(c, f, bias=bias), f),
        "layernorm": (nn.LayerNorm(c), c),
        "dropout": (nn.Dropout(), c),
    }
    return made[kind]


def drawn(seed: int) -> tuple[nn.Sequential, tuple[int, ...], list[str]]:
    """A model, the shape that it takes, and the kinds in it, which take turns."""
    r = random.Random(seed)
    kinds = IMAGES if seed % 2 else VECTORS
    chosen = [kinds[seed // 2 % len(kinds)], *(r.choice(kinds) for _ in range(r.randint(1, 6)))]
    shape, c = ((3, 12, 12), 3) if seed % 2 else ((7, 12), 12)
    layers = []
    for kind in chosen:
        made, c = layer(kind, c, r)
        layers.append(made)
    end = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * c, 10)] if seed % 2 else [nn.Linear(c, 10)]
    return nn.Sequential(*layers, *end), shape, chosen


def printed(model: nn.Sequential, shape: tuple[int, ...]) -> str:
    """What torchsummary.summary(model, shape) prints."""
    lines = ["-" * 64, "{:>20}  {:>25} {:>15}".format("Layer (type)", "Output Shape", "Param #"), "=" * 64]
    x, total, trained = torch.zeros(2, *shape), 0, 0
    for place, module in enumerate(model, 1):
        x = module(x)
        own = [p for p in (getattr(module, "weight", None), getattr(module, "bias", None)) if p is not None]
        count = sum(p.numel() for p in own)
        total += count
        trained += count if own and own[0].requires_grad else 0
        row = f"{type(module).__name__}-{place}", str([-1, *x.shape[1:]]), f"{count:,}"
        lines.append("{:>20}  {:>25} {:>15}".format(*row))
    lines += ["=" * 64, f"Total params: {total:,}", f"Trainable params: {trained:,}"]
    return "\n".join(
        [*lines, f"Non-trainable params: {total - trained:,}", "-" * 64, "Input size (MB): 0.00", "-" * 64]
    )


def test_torchsummary() -> None:
    seen: Counter[str] = Counter()
    explained = split = 0
    for seed in range(MODELS):
        model, shape, kinds = drawn(seed)
        seen.update(kinds)
        with torch.no_grad():
            text = printed(model, shape)
        text = " ".join(text.split()) if seed % 7 == 3 else text
        assert summary.may_be(text), text
        network = summary.read(text)
        counts = [sum(p.numel() for p in module.parameters()) for module in model]
        rows = [sum(t.size for t in row.tensors if t.role in ("weight", "bias")) for row in network.root.children]
        assert rows == counts, text
        assert network.total == sum(counts) == network.also["declared"], text
        assert network.totals.trainable == network.total, text
        assert not any("is printed, but" in note or "rows sum to" in note for note in network.notes), (
            network.notes,
            text,
        )
        if not any("counted as printed" in note for note in network.notes):
            explained += 1
            split += network.biases == sum(p.numel() for name, p in model.named_parameters() if name.endswith("bias"))
    assert set(seen) == {*IMAGES, *VECTORS}
    assert explained > MODELS * 0.75
    assert split > explained * 0.9  # the first layer's input is not printed: what is inferred there, a note says
