"""Tricky live models: every part of the answer, and the model left as it was, bit for bit."""

from __future__ import annotations

import warnings

import pytest

import nparams
from tests.live import Case, Untouched, check
from tests.torch.live_cases import CASES


def test_there_are_enough_cases_and_no_name_twice() -> None:
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_live(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what constructors say of their age
        model = case.make()
    with Untouched(model):
        network = nparams.read(model)
        text = network.to_json(tensors=True)
        str(network)
    check(text, case.expected, case.notes)
