"""The judge judged: every way in which a counter is known to leave a mark on a model is seen by `Untouched`."""

from __future__ import annotations

import random

import numpy
import pytest
import torch
from torch import nn

from tests.live import Untouched, differences

BATCH = torch.zeros(2, 3)
MARKS = [
    ("a mode", lambda m: m.eval()),
    ("the mode of one layer", lambda m: m[1].eval()),
    ("a forward hook", lambda m: m[0].register_forward_hook(print)),
    ("a pre-hook", lambda m: m[0].register_forward_pre_hook(print)),
    ("a backward hook", lambda m: m.register_full_backward_hook(print)),
    ("a hook of the state dict", lambda m: m[0].register_state_dict_post_hook(lambda *a: None)),
    ("a forward pass that moves statistics", lambda m: m[:2](BATCH)),
    ("random numbers of torch", lambda m: torch.rand(1)),
    ("random numbers of numpy", lambda m: numpy.random.rand(1)),
    ("random numbers of Python", lambda m: random.random()),
    ("a flag", lambda m: m[0].weight.requires_grad_(False)),
    ("a number", lambda m: m[0].weight.data.add_(1)),
    ("a gradient's number", lambda m: m[0].weight.grad.add_(1)),
    ("a new gradient", lambda m: setattr(m[0].bias, "grad", torch.zeros(4))),
    ("an attribute of a module", lambda m: setattr(m[0], "total_ops", 1)),
    ("an attribute of a parameter", lambda m: setattr(m[0].weight, "counted", True)),
    ("a buffer that is kept", lambda m: m[0].register_buffer("total_ops", torch.zeros(1))),
    ("a buffer that is not kept", lambda m: m[0].register_buffer("total_ops", torch.zeros(1), persistent=False)),
    ("another parameter of the same numbers", lambda m: setattr(m[0], "bias", nn.Parameter(m[0].bias.detach()))),
    ("a hook of a tensor", lambda m: m[0].bias.register_hook(abs)),
    ("a hook after gradients", lambda m: m[0].bias.register_post_accumulate_grad_hook(print)),
    ("the order of layers", lambda m: m._modules.update({"0": m._modules.pop("0")})),
    ("a lazy layer that is created", lambda m: m[2](torch.zeros(1, 5))),
    ("a version", lambda m: m[1].running_mean.zero_()),
]  # fmt: skip


def model() -> nn.Sequential:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LazyLinear(2))
    net[0].weight.grad = torch.zeros(4, 3)
    return net


@pytest.mark.parametrize("mark", [mark for _, mark in MARKS], ids=[name for name, _ in MARKS])
def test_every_mark_is_seen(mark) -> None:
    net = model()
    with Untouched(net):
        pass
    with pytest.raises(AssertionError, match="reading changed the model"), Untouched(net):
        mark(net)


def test_modes_of_the_process_are_seen() -> None:
    with pytest.raises(AssertionError, match="is_grad_enabled"), Untouched(model()):
        torch.set_grad_enabled(False)
    torch.set_grad_enabled(True)


def test_an_answer_that_contradicts_itself_is_no_answer() -> None:
    import json

    import nparams

    held = json.loads(nparams.read(nn.Linear(3, 4)).to_json(tensors=True))
    assert differences(held, {"weights": 12, "biases": 4}) == []
    held["layers"][0]["weights"] += 1
    assert differences(held, {"weights": 12, "biases": 4}) == ["the rows' weights sum to 13, but weights 12"]
