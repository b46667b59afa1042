"""One case, one comparison: the parts that are said, and that reading changed neither arrays nor random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import numpy as np
from flax import nnx

import nparams

PARTS = ("total", "weights", "biases", "buffers", "other", "listed", "elements", "trainable")


class Case(NamedTuple):
    """What is read, and what must come out; what is not said is 0, or as many as there are parameters."""

    name: str
    make: Callable[[], object]
    weights: int
    biases: int
    more: Mapping[str, object] = {}
    options: Mapping[str, object] = {}
    notes: tuple[str, ...] = ()


def check(case: Case, trainable: bool = False) -> nparams.Network:
    """Read it and compare every part; `trainable`: whether the form says what is trained."""
    source = case.make()
    before, state = numbers(source), np.random.get_state()[1].tobytes()
    network = nparams.read(source, **case.options)
    network.to_json(tensors=True), str(network), network.explain(), network.rows()
    assert numbers(source) == before
    assert np.random.get_state()[1].tobytes() == state
    expected = filled(case, trainable)
    totals = network.totals
    found = {part: getattr(totals, part) for part in PARTS} | {"also": network.also}
    assert found == expected
    for words in case.notes:
        assert any(words in note for note in network.notes), (words, network.notes)
    if not case.notes:
        assert network.notes == []
    return network


def filled(case: Case, trainable: bool) -> dict[str, object]:
    """Every part that is compared."""
    total = case.weights + case.biases
    more = dict(case.more)
    full: dict[str, object] = {
        "total": total, "weights": case.weights, "biases": case.biases, "buffers": 0, "other": 0, "listed": total,
        "trainable": total if trainable or not total else None, "also": {"framework": total} if trainable else {},
    } | more  # fmt: skip
    full.setdefault("elements", full["listed"] + full["buffers"])  # type: ignore[operator]
    return full


def numbers(source: object) -> list[bytes]:
    """The bytes of every array in it, random numbers' state too."""
    if isinstance(source, nnx.Module):  # a graph, which may hold itself
        source = nnx.state(source)
    leaves = jax.tree_util.tree_leaves(source)
    return [content(leaf) for leaf in leaves if hasattr(leaf, "shape")]


def content(leaf: object) -> bytes:
    """The bytes of one array; of one that only stands for arrays, nothing."""
    if isinstance(leaf, jax.ShapeDtypeStruct) or (isinstance(leaf, jax.Array) and leaf.is_deleted()):
        return b""
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):  # type: ignore[attr-defined]
        leaf = jax.random.key_data(leaf)  # type: ignore[arg-type]
    return np.asarray(leaf).tobytes()
