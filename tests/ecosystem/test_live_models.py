"""Live models of the libraries around PyTorch: every part of the answer, and the model left as it was."""

from __future__ import annotations

import warnings

import pytest

import nparams
from tests.ecosystem.live_cases import CASES
from tests.live import Case, Untouched, check

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_live_models(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = case.make()
    with Untouched(model):
        network = nparams.read(model)
        text = network.to_json(tensors=True)
        str(network)
    check(text, case.expected, case.notes)
