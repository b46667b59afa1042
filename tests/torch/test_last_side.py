"""torch reads the last side of what comes in, wherever the channels stand; so do we by its conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from torch import nn

from tests.torch import dense_cases, norm_cases  # noqa: F401
from tests.torch.cases import CASES, Case, first
from tests.torch.compare import assert_alike

if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.layers.flow import Flow


def row(what: str, kind: str, name: str, build: Callable[[], Any], flow: Flow, inputs: Any = None, **given: Any) -> Any:
    """A row of the table: what it shows, which class it is, and a case of it."""
    return pytest.param(kind, name, Case(given, flow, build, inputs or (flow.shape,), "float32"), id=what)


LAST_SIDE = [
    row("a sequence", "Dense", "Linear", lambda: nn.Linear(8, 3), first((8,), 5), n_out=3),
    row("an image", "RMSNorm", "RMSNorm", lambda: nn.RMSNorm(9), first((8, 9), 5)),
    row("two inputs", "Bilinear", "Bilinear", lambda: nn.Bilinear(9, 4, 3), first((8, 9), 5), ((5, 8, 9), (5, 8, 4)),
        n_b=4, n_out=3),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "case"), LAST_SIDE)
def test_the_last_side(kind: str, name: str, case: Case) -> None:
    assert_alike(kind, "torch", CASES[kind, "torch", name], case)
