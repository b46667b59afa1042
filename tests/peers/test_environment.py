"""A peer that is missing must fail here, so that no comparison with it is skipped in silence."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.mark.parametrize("peer", ["gguf", "numpy", "safetensors.numpy", "sympy"])
def test_the_peer_is_installed(peer: str) -> None:
    assert import_module(peer)
