"""Haiku: parameters, and parameters with state."""

from __future__ import annotations

import haiku as hk
import jax
import jax.numpy as jnp
import pytest

import nparams
from tests.jax.compare import Case, check

KEY = jax.random.key(0)
# a batch norm keeps hidden, average and counter for the mean and for the variance
STATE = 2 * (10 + 10 + 1)
MLP = 784 * 16 + 16 * 16 + 16 * 10


def params(net, *shape, dtype="float32"):
    return hk.transform(net).init(KEY, jnp.ones(shape, dtype))


def with_state(net, *shape):
    return hk.transform_with_state(net).init(KEY, jnp.ones(shape))


def digits(x):
    return hk.nets.MLP([16, 16, 10])(x)


def normed(x):
    return hk.BatchNorm(True, True, 0.9)(digits(x), True)


def cell(x):
    core = hk.LSTM(6)
    return hk.dynamic_unroll(core, x, core.initial_state(3))[0]


CASES = [
    Case("digits", lambda: params(digits, 2, 784), MLP, 42),
    Case("digits without state", lambda: with_state(digits, 2, 784), MLP, 42,
         notes=("the second of the pair is taken for Haiku's state",)),
    Case("batch norm", lambda: with_state(normed, 2, 784), MLP + 10, 42 + 10, {"buffers": STATE},
         notes=("the second of the pair is taken for Haiku's state",)),
    Case("state alone", lambda: with_state(normed, 2, 784)[1], 0, 0, {"buffers": STATE}),
    Case("image", lambda: params(lambda x: hk.Conv2D(8, 3)(x), 1, 5, 5, 3), 3 * 3 * 3 * 8, 8),
    Case("layer norm", lambda: params(lambda x: hk.LayerNorm(-1, True, True)(x), 2, 6), 6, 6),
    Case("table", lambda: params(lambda x: hk.Embed(10, 8)(x), 5, dtype="int32"), 10 * 8, 0),
    Case("LSTM", lambda: params(cell, 5, 3, 8), 4 * 6 * (8 + 6), 4 * 6,
         notes=("LSTM: PyTorch keeps two bias vectors in each gate, and would have 24 parameters more",)),
    Case("abstract", lambda: jax.eval_shape(hk.transform(digits).init, KEY, jnp.ones((2, 784))), MLP, 42),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case):
    assert check(case).form == "arrays"


ROWS = [
    (digits, (2, 784), ["Dense", "Dense", "Dense"]),
    (lambda x: hk.Conv2D(8, 3)(x), (1, 5, 5, 3), ["Conv"]),
    (cell, (5, 3, 8), ["LSTM"]),
    (lambda x: hk.LayerNorm(-1, True, True)(x), (2, 6), ["LayerNorm"]),
    (lambda x: hk.MultiHeadAttention(2, 4, w_init=hk.initializers.Constant(1.0))(x, x, x), (5, 8), ["Attention"]),
]


@pytest.mark.parametrize(("net", "shape", "kinds"), ROWS)
def test_rows_have_kinds_and_formulas(net, shape, kinds):
    rows = nparams.read(params(net, *shape)).rows()
    assert [row["kind"] for row in rows] == kinds
    assert all(row["formula"] for row in rows)
