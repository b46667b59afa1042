"""Layers of bitsandbytes in a live model, before and after they are quantised (here: on the CPU)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import nparams

bnb = pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")
I, O = 127, 63
W = I * O  # 8,001: two to a byte, the last one alone


def line(**settings: object) -> nn.Module:
    return nn.Sequential(bnb.nn.Linear4bit(I, O, **settings))


def quantised(**settings: object) -> nn.Module:
    return line(**settings).to("cpu")


def eight(run: bool) -> nn.Module:
    """After a run the scales have moved from the weight into the layer's state."""
    net = nn.Sequential(bnb.nn.Linear8bitLt(128, 64, has_fp16_weights=False)).to("cpu")
    if run:
        net(torch.ones(2, 128, dtype=torch.bfloat16))
    return net


def adapted() -> nn.Module:
    """QLoRA: an adapter of rank 4 on a packed line of 128 x 64."""
    peft = pytest.importorskip("peft")
    net = nn.Sequential(bnb.nn.Linear4bit(128, 64, bias=False, quant_type="nf4", compress_statistics=False)).to("cpu")
    return peft.get_peft_model(net, peft.LoraConfig(r=4, target_modules=["0"]))


HALF = {"total": W + O, "parameter_bytes": (W + 1) // 2 + 4 * O}
# what it shows | the model | what is expected, by hand
CASES: list[tuple[str, Callable[[], nn.Module], dict[str, object]]] = [
    ("not quantised yet", line, {"total": W + O, "trainable": O, "bookkeeping": 0, "dtypes": {"float32": W + O}}),
    # a scale for each 64 numbers, in int8; one for all of those, its 256 values, an offset; the 16 values of the type
    ("nf4, nested", lambda: quantised(quant_type="nf4"),
     {**HALF, "trainable": O, "frozen": W, "dtypes": {"nf4": W, "float32": O}, "bookkeeping": 126 + 16 + 1 + 256 + 1}),
    ("fp4", lambda: quantised(quant_type="fp4", compress_statistics=False),
     {**HALF, "dtypes": {"fp4": W, "float32": O}, "bookkeeping": 126 + 16}),
    # kept two bytes at a time
    ("in bfloat16", lambda: nn.Sequential(bnb.nn.Linear4bit(128, 64, quant_type="nf4", compress_statistics=False,
                                                            quant_storage=torch.bfloat16)).to("cpu"),
     {"total": 8192 + 64, "dtypes": {"nf4": 8192, "float32": 64}, "bookkeeping": 128 + 16,
      "parameter_bytes": 4096 + 4 * 64}),
    ("a table", lambda: nn.Sequential(bnb.nn.Embedding4bit(100, 64)).to("cpu"),
     {"total": 6400, "parameter_bytes": 3200, "bookkeeping": 100 + 16}),
    ("int8", lambda: eight(run=False),
     {"total": 8192 + 64, "frozen": 8192, "dtypes": {"int8": 8192, "float32": 64}, "bookkeeping": 64}),
    ("int8 after a run", lambda: eight(run=True), {"total": 8192 + 64, "frozen": 8192, "bookkeeping": 64}),
    ("int8 that is still float", lambda: nn.Sequential(bnb.nn.Linear8bitLt(128, 64)),
     {"total": 8192 + 64, "trainable": 8192 + 64, "bookkeeping": 0}),
    ("QLoRA", adapted, {"total": 8192 + 4 * (128 + 64), "trainable": 768, "frozen": 8192,
                        "dtypes": {"nf4": 8192, "float32": 768}}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_bitsandbytes(make: Callable[[], nn.Module], expected: dict[str, object]) -> None:
    try:
        net = make()
    except (RuntimeError, NotImplementedError) as error:
        pytest.skip(f"this version of bitsandbytes does not do that on a CPU: {error}")
    totals = nparams.read(net).totals
    assert {key: getattr(totals, key) for key in expected} == expected
