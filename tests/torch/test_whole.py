"""Whole lists of layers: what they add up to is what the same network of torch or Keras holds."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
import pytest
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import nparams
from tests.torch import networks_keras, networks_torch


def read(text: str, convention: str) -> nparams.Network:
    return nparams.read(text, form="stack", convention=convention)


def held(module: nn.Module) -> int:
    """Each parameter once, wherever it is used; one that folding makes of nothing does not ask for a gradient."""
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", networks_torch.NETWORKS)
def test_torch(name: str) -> None:
    text, build, shape, tokens = networks_torch.NETWORKS[name]
    network, module = read(text, "torch"), build().eval()
    assert network.total == held(module)
    assert network.totals.buffers == sum(b.numel() for b in module.buffers())
    with torch.no_grad():
        module(torch.zeros((1, *shape), dtype=torch.int64 if tokens else torch.float32))


@pytest.mark.parametrize("name", networks_keras.NETWORKS)
def test_keras(name: str) -> None:
    text, build = networks_keras.NETWORKS[name]
    network, model = read(text, "keras"), build()
    assert network.total == sum(v.value.numel() for v in model.trainable_weights)
    assert network.also["framework"] == model.count_params()
    assert network.layers[-1].module.out == tuple(model.output_shape[1:])


def test_a_transformer_is_its_two_stacks() -> None:
    assert read("transformer 16 4 2 3 32", "torch").total == held(nn.Transformer(16, 4, 2, 3, 32, batch_first=True))


# -- batch normalisation, folded into the convolution before it -------------------------------------------------------

FOLDED = {
    "no bias": ("conv 8 3x3 no bias; bn; relu", lambda: (nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8))),
    "bias": ("conv 8 3x3; bn", lambda: (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))),
    "groups": (
        "conv 6 3x3 groups 3 no bias; bn",
        lambda: (nn.Conv2d(3, 6, 3, groups=3, bias=False), nn.BatchNorm2d(6)),
    ),
    "depthwise": (
        "depthwise conv 3x3 multiplier 2 no bias; bn",
        lambda: (nn.Conv2d(3, 6, 3, groups=3, bias=False), nn.BatchNorm2d(6)),
    ),
    "no scale or shift": (
        "conv 8 3x3 no bias; bn affine=False",
        lambda: (nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8, affine=False)),
    ),
    "no shift": ("conv 8 3x3; bn no bias", lambda: (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, bias=False))),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDED)
def test_folded(name: str) -> None:
    text, build = FOLDED[name]
    conv, norm = build()
    network = read(f"input 3x8x8; {text}", "torch")
    assert network.total == held(conv) + held(norm)
    assert network.also["folded"] == held(fuse_conv_bn_eval(conv.eval(), norm.eval()))


def test_a_transposed_convolution_folds_too() -> None:
    conv, norm = nn.ConvTranspose2d(3, 8, 2, 2, bias=False).eval(), nn.BatchNorm2d(8).eval()
    network = read("input 3x8x8; deconv 8 2x2 stride 2 no bias; bn", "torch")
    assert network.also["folded"] == held(fuse_conv_bn_eval(conv, norm, transpose=True))


def test_a_norm_without_statistics_does_not_fold() -> None:
    conv, norm = nn.Conv2d(3, 8, 3, bias=False).eval(), nn.BatchNorm2d(8, track_running_stats=False).eval()
    with pytest.raises(AssertionError, match="must not be None"):
        fuse_conv_bn_eval(conv, norm)
    assert "folded" not in read("input 3x8x8; conv 8 3x3 no bias; bn statistics=False", "torch").also


def test_a_whole_network_folds() -> None:
    """Every convolution of the ResNet is before a norm, in blocks and copies of them."""
    text, build, _, _ = networks_torch.NETWORKS["resnet"]
    network, module = read(text, "torch"), build().eval()
    assert network.also["folded"] == held(module) + sum(_change(*pair) for pair in _pairs(module))


def _pairs(module: nn.Module) -> list[tuple[Any, Any]]:
    children = list(module.children())
    found = [(a, b) for a, b in pairwise(children) if isinstance(a, nn.Conv2d) and isinstance(b, nn.BatchNorm2d)]
    return found + [pair for child in children for pair in _pairs(child)]


def _change(conv: Any, norm: Any) -> int:
    """What folding one pair adds."""
    return held(fuse_conv_bn_eval(conv, norm)) - held(conv) - held(norm)


def test_keras_counts_what_is_not_trained_only_in_its_summary() -> None:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.BatchNormalization()])
    network = read("input 8; dense 4; bn", "keras")
    assert (network.total, network.also["framework"]) == (4 * 9 + 8, model.count_params())
