"""The models of docs/examples have the totals that their frameworks count when they are built."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest

import nparams

FOLDER = Path(__file__).resolve().parents[2] / "docs/examples"

# file | which | values | how it is built
EXAMPLES: list[tuple[str, str | None, dict[str, Any], Callable[[Any], Any]]] = [
    ("model.py", "Net", {}, lambda m: m.Net()),
    ("model.py", "Net", {"classes": 100}, lambda m: m.Net(classes=100)),
    ("model.py", "Wide", {"width": 128}, lambda m: m.Wide(128)),
    ("gpt.py", None, {}, lambda m: m.GPT(m.GPTConfig())),
    ("gpt.py", None, {"n_layer": 2, "bias": False}, lambda m: m.GPT(m.GPTConfig(n_layer=2, bias=False))),
    ("resnet.py", "resnet18", {}, lambda m: m.resnet18()),
    ("resnet.py", "resnet34", {}, lambda m: m.resnet34()),
    ("resnet.py", "resnet50", {}, lambda m: m.resnet50()),
    ("keras_mnist.py", "small", {}, lambda m: m.small()),
    ("keras_mnist.py", "branched", {}, lambda m: m.branched()),
    ("keras_mnist.py", "branched", {"filters": 32}, lambda m: m.branched(32)),
]


def loaded(file: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An example as a module: dataclasses look for theirs in sys.modules."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location(f"example_{Path(file).stem}", FOLDER / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def own_count(model: Any) -> int:
    if hasattr(model, "trainable_weights"):
        return sum(prod(weight.shape) for weight in model.trainable_weights)
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("file", "which", "values", "build"), EXAMPLES)
def test_reading_gives_what_building_gives(
    file: str, which: str | None, values: dict[str, Any], build: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert os.environ.get("KERAS_BACKEND") == "torch"
    network = nparams.read(FOLDER / file, which=which, set=values)
    assert network.total == own_count(build(loaded(file, monkeypatch)))
