"""Random PyTorch models: their source, their print and their summary are counted as torch counts them."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import nparams
from tests.torch.built import ours, theirs, total
from tests.torch.torch_kinds import KINDS
from tests.torch.torch_sources import FORMS, Source, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT, SEED = 320, 4
#: what a pasted expression leaves unsaid
IMPORTED = "import torch\nfrom torch import nn\nimport torch.nn as tnn\nfrom torch.nn import *"
ALL = tuple(sources(COUNT, SEED))


@cache
def model_of(source: Source) -> nn.Module:
    """What torch makes of the text."""
    drawn = sys.modules["drawn"] = ModuleType("drawn")  # dataclasses look for the module that they stand in
    space: dict[str, Any] = drawn.__dict__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(IMPORTED, space)
        exec(source.text, space)  # our own text, of torch_sources.py
        made = eval(source.model, space)
    assert isinstance(made, nn.Module)
    return made


def test_every_kind_stands_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    held = Counter((source.form, kind) for source in ALL for kind in source.kinds)
    with capsys.disabled():
        sys.stdout.write(table(held))
    assert [(form, kind) for form in FORMS for kind in KINDS if not held[form, kind]] == []


def table(held: Counter[tuple[str, str]]) -> str:
    """Kinds by forms, each column headed by the number of its form."""
    head = [f"{n:3} {form}" for n, form in enumerate(FORMS, 1)]
    lines = [f"{kind:24}" + "".join(f"{held[form, kind]:4}" for form in FORMS) for kind in KINDS]
    columns = " " * 24 + "".join(f"{n:4}" for n in range(1, len(FORMS) + 1))
    return "\n".join(["", f"{len(ALL)} models, kinds of layer by forms of code:", *head, columns, *lines])


@pytest.mark.parametrize("place", range(len(ALL)))
def test_the_source_is_counted_as_torch_counts(place: int) -> None:
    source, model = ALL[place], model_of(ALL[place])
    network = nparams.read(source.text)
    assert network.form == "torch-code"
    assert ours(network) == theirs(model), source.text
    assert network.total == total(model), source.text


@pytest.mark.parametrize("place", range(len(ALL)))
def test_the_print_is_counted_as_torch_counts(place: int) -> None:
    """What a print cannot show is not in the count: raw parameters, ties, and weights split by a hook."""
    model = model_of(ALL[place])
    if any(unseen_attention(module) for module in model.modules()) or not list(model.modules())[1:]:
        return
    network = nparams.read(str(model), form="torch-print")
    assert network.total == sum(shown(model)), f"{model}\n{ALL[place].text}"


def test_most_prints_are_compared() -> None:
    left = [s for s in ALL if any(unseen_attention(m) for m in model_of(s).modules())]
    assert len(left) < COUNT / 8


def unseen_attention(module: nn.Module) -> bool:
    """Attention that does not print how wide its keys and values are."""
    return isinstance(module, nn.MultiheadAttention) and (not module._qkv_same_embed_dim or module.bias_k is not None)


def shown(module: nn.Module) -> Iterator[int]:
    """The parameters that a print tells of: those of torch's own layers, each time that they are printed.

    It does not tell along which side a weight is normed: the first is meant where nothing else is said.
    """
    own = dict(module.named_parameters(recurse=False))
    if "original0" in own:
        own["original0"] = own["original1"].flatten(1)[:, 0]
    if type(module).__module__.startswith("torch.nn"):
        yield sum(held.numel() for name, held in own.items() if name != "weight_g")
    for child in module._modules.values():
        if child is not None:
            yield from shown(child)


def test_a_single_print_of_a_layer_is_counted() -> None:
    for source in ALL:
        model = model_of(source)
        if list(model.children()) or not type(model).__module__.startswith("torch.nn.modules"):
            continue
        if unseen_attention(model) or hasattr(model, "weight_g"):
            continue
        network = nparams.read(str(model), form="torch-print")
        assert network.total == total(model), str(model)


def test_torch_is_the_one_that_counts() -> None:
    """The comparison is not with ourselves."""
    assert total(torch.nn.Linear(3, 4)) == 16


@pytest.mark.parametrize("place", range(len(ALL)))
def test_the_summary_is_counted_as_torch_counts(place: int) -> None:
    """What torchinfo 1.8 prints without an input; a tensor that two modules hold stands in the row of each."""
    model = model_of(ALL[place])
    held = [sum(p.numel() for p in module.parameters(recurse=False)) for module in model.modules()]
    network = nparams.read(printed(model, sum(held)), form="summary")
    assert network.total == sum(held), f"{printed(model, sum(held))}\n{ALL[place].text}"
    if len({id(p) for m in model.modules() for p in m.parameters(recurse=False)}) == sum(
        len(list(m.parameters(recurse=False))) for m in model.modules()
    ):
        assert network.total == total(model)


def printed(model: nn.Module, count: int) -> str:
    """The tree of torchinfo (layer_info.py, formatting.py): a row for each module, a module met again is recursive."""
    rows: list[tuple[str, str]] = []
    seen: set[int] = set()
    places: Counter[int] = Counter()

    def add(module: nn.Module, depth: int) -> None:
        own = sum(p.numel() for p in module.parameters(recurse=False))
        places[depth] += 1
        front = "" if depth == 0 else "│    " * (depth - 1) + ("├─" if depth == 1 else "└─")
        name = type(module).__name__ + (f": {depth}-{places[depth]}" if depth else "")
        rows.append((front + name, "(recursive)" if id(module) in seen and own else f"{own:,}" if own else "--"))
        known = id(module) in seen
        seen.add(id(module))
        for child in () if known else module.children():
            add(child, depth + 1)

    add(model, 0)
    wide = max(len(name) for name, _ in rows) + 10
    line = "=" * (wide + 20)
    body = [f"{name:<{wide}}{number}" for name, number in rows]
    sums = [f"Total params: {count:,}", f"Trainable params: {count:,}", "Non-trainable params: 0"]
    return "\n".join([line, f"{'Layer (type:depth-idx)':<{wide}}Param #", line, *body, line, *sums, line])
