"""300 random models of Keras, each kind of layer in each way to write a model: code and summary give Keras's count."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from keras.src.utils.naming import reset_uids  # noqa: E402

import nparams  # noqa: E402

from .keras_models import FORMS, KINDS, source  # noqa: E402

CELLS = [(kind, form) for kind in KINDS for form in FORMS]


def built(code: str) -> Any:
    space: dict[str, Any] = {}
    exec(compile(code, "model", "exec"), space)  # code of this test's own making
    return space["model"]


def from_summary(model: Any) -> Any:
    """What the printed summary of the same model is read as."""
    lines: list[str] = []
    model.summary(print_fn=lambda text, line_break=False: lines.append(text))
    network = nparams.read("\n".join(lines), form="summary")
    return network.also.get("framework", network.total)


def trained(model: Any) -> int:
    total = 0
    for weight in model.trainable_weights:
        n = 1
        for side in weight.shape:
            n *= side
        total += n
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_code_gives_the_count_of_keras(kind: str) -> None:
    for form in FORMS:
        code = source(Random(f"{kind} {form}"), kind, form)
        reset_uids()  # names of layers begin anew
        model = built(code)
        network = nparams.read(code, form="keras-code")
        assert network.also.get("framework", network.total) == model.count_params(), code
        totals = network.totals
        assert (totals.trainable or 0) == trained(model), code
        assert from_summary(model) == model.count_params(), code
        if form in ("list", "add"):
            rows = {row.name.partition(".")[0] for row in network.layers}
            assert {layer.name for layer in model.layers} == rows, code


def test_the_table_has_no_empty_cell() -> None:
    assert len(CELLS) >= 300
    width = max(map(len, KINDS))
    for kind in KINDS:
        print(f"{kind:{width}}", *(f"{len(source(Random(f'{kind} {form}'), kind, form)):5}" for form in FORMS))
    print(" " * width, *FORMS)
