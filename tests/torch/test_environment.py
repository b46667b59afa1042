"""A framework that is missing must fail here, so that no comparison with it is skipped in silence."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import keras
import torch


def test_torch_is_the_one_that_is_locked() -> None:
    wanted = (Path(__file__).parents[2] / "requirements" / "torch.in").read_text()
    assert f"\ntorch=={torch.__version__.partition('+')[0]}\n" in wanted


def test_keras_is_the_third_and_runs_on_torch() -> None:
    assert version("keras").startswith("3.")
    assert keras.backend.backend() == "torch"


def test_keras_leaves_nothing_behind() -> None:
    assert Path(os.environ["KERAS_HOME"]) != Path.home() / ".keras"
