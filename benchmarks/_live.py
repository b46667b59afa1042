"""The part of benchmarks/live.py that runs where torch and the other counters are; prints one JSON object.

python -m benchmarks._live             times, and the answers on the tricky cases of tests/torch/live_cases.py
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import nparams
from benchmarks._measure import paired
from tests.live import Case, Untouched, differences
from tests.torch.live_cases import CASES

#: seconds after which an answer is given up (one counter doubles its time with each level of nesting)
PATIENCE = 10


def floor(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())


def torchinfo(model: Any) -> int:
    import torchinfo as library

    return library.summary(model, verbose=0).total_params


def fvcore(model: Any) -> int:
    from fvcore.nn import parameter_count

    return parameter_count(model)[""]


def lightning(model: Any) -> int:
    from lightning.pytorch import LightningModule
    from lightning.pytorch.utilities.model_summary import ModelSummary

    whole = LightningModule()
    whole.model = model
    return ModelSummary(whole).total_parameters


def ours(model: Any) -> int | None:
    return nparams.read(model).total


OTHERS: dict[str, Callable[[Any], int]] = {
    "sum(p.numel())": floor, "fvcore": fvcore, "torchinfo": torchinfo, "Lightning": lightning,
}  # fmt: skip


def stack() -> nn.Module:
    """24 encoder layers of width 1,024 on the meta device: 302 million parameters."""
    with torch.device("meta"):
        layer = nn.TransformerEncoderLayer(1024, 16, 4096)
        return nn.TransformerEncoder(layer, 24, enable_nested_tensor=False)


def wide() -> nn.Module:
    return nn.ModuleList([nn.Linear(4, 4) for _ in range(5_000)])


def deep() -> nn.Module:
    held: nn.Module = nn.Linear(4, 4)
    for _ in range(300):
        held = nn.Sequential(held)
    return held


def torchinfo_table(model: Any) -> str:
    import torchinfo as library

    return str(library.summary(model, verbose=0, depth=10))


def lightning_table(model: Any) -> str:
    from lightning.pytorch import LightningModule
    from lightning.pytorch.utilities.model_summary import ModelSummary

    whole = LightningModule()
    whole.model = model
    return str(ModelSummary(whole, max_depth=-1))


def our_table(model: Any) -> str:
    return str(nparams.read(model))


TABLES: dict[str, Callable[[Any], str]] = {"torchinfo": torchinfo_table, "Lightning": lightning_table}
#: how to make each, how often to measure, and how many calls in a row (one of a millisecond says little)
MODELS = {"10,000 tensors": (wide, 15, 1), "24 layers on meta": (stack, 15, 20), "depth 300": (deep, 15, 20)}


def compare(model: Any, mine: Any, theirs: Any, turns: int, calls: int = 1) -> tuple[float, float]:
    """Seconds of one call of each, in turn in this process."""
    pair = paired(*(lambda f=f: [f(model) for _ in range(calls)] for f in (mine, theirs)), turns)
    return pair[0] / calls, pair[1] / calls


def times() -> list[tuple[str, str, float, float]]:
    """(model, the other counter, our seconds, its seconds)."""
    found = []
    for name, (make, turns, calls) in MODELS.items():
        model = make()
        for other, count in OTHERS.items():
            if (name, other) == ("depth 300", "torchinfo"):
                continue  # it would not end
            assert count(model) == ours(model)
            slow = count is torchinfo
            found.append((name, other, *compare(model, ours, count, 3 if slow else turns, 1 if slow else calls)))
        for other, written in TABLES.items() if name != "depth 300" else ():
            found.append((f"{name}, the table", other, *compare(model, our_table, written, 3)))
    return found


class Late(Exception):
    """An answer took too long."""


def late(*_: object) -> None:
    raise Late


def answer(count: Callable[[Any], int], case: Case) -> tuple[str, bool]:
    """("right", "wrong", "crash" or "n/a", whether the model was changed) of a counter that gives a total."""
    model = case.make()
    total = case.expected.get("total", case.expected.get("weights", 0) + case.expected.get("biases", 0))  # type: ignore[operator]
    if not isinstance(model, nn.Module) or case.expected.get("unknown"):
        return "n/a", False
    signal.signal(signal.SIGALRM, late)
    untouched = Untouched(model).__enter__()
    try:
        signal.alarm(PATIENCE)
        verdict = "right" if count(model) == total else "wrong"
    except Exception:
        verdict = "crash"
    finally:
        signal.alarm(0)
    return verdict, changed(untouched)


def changed(untouched: Untouched) -> bool:
    try:
        untouched.__exit__(None)
    except AssertionError:
        return True
    return False


def answer_of_ours(case: Case) -> tuple[str, bool]:
    """The same of ours: right only if every part is, of all cases."""
    model = case.make()
    untouched = Untouched(model).__enter__()
    try:
        found = json.loads(nparams.read(model).to_json(tensors=True))
        verdict = "wrong" if differences(found, case.expected) else "right"
    except Exception:
        verdict = "crash"
    return verdict, changed(untouched)


def answers() -> dict[str, dict[str, list[str]]]:
    """counter -> verdict -> names of the cases; "changed" too."""
    told: dict[str, dict[str, list[str]]] = {}
    for name, count in {"nparams": None, **OTHERS}.items():
        tally = told[name] = {each: [] for each in ("right", "wrong", "crash", "n/a", "changed")}
        for case in CASES:
            verdict, touched = answer_of_ours(case) if count is None else answer(count, case)
            tally[verdict].append(case.name)
            if touched:
                tally["changed"].append(case.name)
    return told


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        found = {"times": times(), "answers": answers()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
