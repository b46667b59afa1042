"""Trees of arrays under attack: odd arrays, and trees made by chance, are counted exactly or refused in a line."""

from __future__ import annotations

import collections
import random
import types
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nparams
from nparams.errors import NparamsError

if TYPE_CHECKING:
    from collections.abc import Callable

W = np.zeros((3, 2), np.float32)


def circle() -> dict[str, object]:
    held: dict[str, object] = {"w": W}
    held["again"] = held
    return held


def twice(depth: int) -> list[object]:
    held: list[object] = [W]
    for _ in range(depth):
        held = [held, held]
    return held


def nest(depth: int) -> object:
    held: object = W
    for k in range(depth):
        held = {"a": held} if k % 2 else [held]
    return held


#: what is read, and the total, or a word of the refusal
CASES: tuple[tuple[str, Callable[[], object], int | str], ...] = (
    ("strides that run backwards", lambda: {"w": np.zeros((3, 2))[::-1, ::-1]}, 6),
    ("one number in many places", lambda: {"w": np.broadcast_to(np.zeros(1), (10, 5))}, 50),
    ("Python objects", lambda: {"w": np.array([W, None], dtype=object)}, "Python objects"),
    ("records", lambda: {"w": np.zeros(3, dtype=[("a", "f4"), ("b", "i4")])}, "records"),
    ("text and dates", lambda: {"t": np.array(["a"]), "d": np.zeros(3, "M8[s]"), "w": W}, 6),
    ("no numbers in it", lambda: {"w": np.zeros((0, 3))}, 0),
    ("2^80 numbers", lambda: {"w": jax.ShapeDtypeStruct((2**40, 2**40), jnp.float32)}, 2**80),
    ("masked", lambda: {"w": np.ma.zeros((3, 2))}, 6),
    ("given back", lambda: {"w": jnp.zeros((3, 2)).delete() or W}, 6),
    ("symbols for sides", lambda: {"w": jax.ShapeDtypeStruct(jax.export.symbolic_shape("a, 2"), jnp.float32)}, "shape"),
    ("a Mock", mock.MagicMock, "unittest.mock"),
    ("a Mock of an array", lambda: mock.MagicMock(spec=np.ndarray), "unittest.mock"),
    ("a Mock beside", lambda: {"m": mock.MagicMock(spec=np.ndarray), "w": W}, 6),
    ("a list of Mocks", lambda: [mock.MagicMock(), mock.MagicMock()], "cannot count"),
    ("in itself", circle, "holds itself"),
    ("twice, 60 times over", lambda: twice(60), "too many"),
    ("1,000 deep", lambda: nest(1_000), 6),
    ("keys that are no names", lambda: {1: W.copy(), (2, 3): W.copy(), None: W.copy()}, 18),
    ("a ChainMap", lambda: collections.ChainMap({"w": W}), 6),
    ("a proxy", lambda: types.MappingProxyType({"w": W}), 6),
    ("a generator", lambda: (each for each in [W]), "cannot count"),
    ("a set", lambda: {1, 2}, "cannot count"),
)  # fmt: skip


@pytest.mark.parametrize(("label", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_odd_arrays(label: str, make: Callable[[], object], expected: int | str) -> None:
    if isinstance(expected, int):
        network = nparams.read(make())
        assert network.total == expected
        assert f"{expected:,}" in str(network)
    else:
        with pytest.raises(NparamsError) as refused:
            nparams.read(make())
        assert expected in str(refused.value)
        assert "\n" not in str(refused.value)


# -- trees made by chance ---------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    first: object
    second: object


WORDS = (
    "kernel",
    "bias",
    "w",
    "b",
    "scale",
    "a/b",
    "a.b",
    "",
    "0",
    "a\nb",
    "\x1b[31m",
    "\u202e",
    "<b>",
    "params_",
    "é",
)
DTYPES = ("float32", "float16", "int8", "complex64")
SETTINGS = (None, 3, 0.1, "text", b"x", True, (), [], {})


class Tree:
    """A tree of containers made by chance, its arrays all different; `size` is how many numbers they have."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.size = 0
        self.held = self.container(0)

    def value(self, depth: int) -> object:
        roll = self.chance.random()
        if roll < 0.45:
            return self.array()
        if roll < 0.55 or depth > 5:
            setting = self.chance.choice(SETTINGS)
            self.size += type(setting) is float  # JAX trains a float as it trains an array
            return setting
        return self.container(depth)

    def array(self) -> object:
        shape = tuple(self.chance.randrange(5) for _ in range(self.chance.randrange(4)))
        size = 1
        for side in shape:
            size *= side
        self.size += size
        make = self.chance.choice((np.zeros, jnp.zeros))
        return make(shape, self.chance.choice(DTYPES))

    def container(self, depth: int) -> object:
        values = [self.value(depth + 1) for _ in range(self.chance.randrange(1, 5))]
        kind = self.chance.randrange(5)
        if kind == 0:
            return values
        if kind == 1:
            return tuple(values)
        if kind == 2 and len(values) == 2:
            return Pair(*values)
        named = dict(zip(self.chance.sample(WORDS, len(values)), values, strict=True))
        return collections.OrderedDict(named) if kind == 3 else named


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_trees_by_chance(first: int) -> None:
    """Whatever role a name gives: no number is lost, and none is counted twice; or the tree is refused in a line."""
    read = 0
    for seed in range(first, first + 100):
        tree = Tree(seed)
        try:
            network = nparams.read({"x": tree.held, "w": W})
        except NparamsError as refused:
            assert "\n" not in str(refused)  # noqa: PT017
            continue
        read += 1
        totals = network.totals
        counted = [totals.known, totals.buffers, totals.bookkeeping, totals.other]
        assert sum(int(size) for size in counted if isinstance(size, int)) == tree.size + 6, seed  # w: 3*2
        assert not {"\x1b", "\u202e"}.intersection(str(network) + network._repr_html_())
    assert read > 60
