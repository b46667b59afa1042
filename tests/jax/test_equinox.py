"""Equinox: fields in order, state, Shared, the same array twice, ensembles, abstract and partitioned trees."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import nparams
from tests.jax.compare import Case, check

KEY = jax.random.key(0)
KEYS = jax.random.split(KEY, 5)


def linear(n=3, m=4, **settings):
    return eqx.nn.Linear(n, m, key=KEY, **settings)


def norm():
    return eqx.nn.BatchNorm(4, axis_name="batch", mode="batch")


class Norms(eqx.Module):
    """Dense 3 -> 4, BatchNorm, Dense 4 -> 3 without biases: 36 parameters, 8 statistics and a counter."""

    first: eqx.nn.Linear
    norm: eqx.nn.BatchNorm
    last: eqx.nn.Linear

    def __init__(self):
        self.first, self.norm, self.last = linear(), norm(), linear(4, 3, use_bias=False)


class Odd(eqx.Module):
    """Whole numbers, keys, settings, functions, arrays in containers."""

    w: jax.Array
    table: jax.Array
    key: jax.Array
    layers: list
    act: object
    rate: float
    empty: None
    width: int = eqx.field(static=True)

    def __init__(self):
        self.w, self.table, self.key = jnp.ones((2, 3)), jnp.arange(5), jax.random.key(1)
        self.layers = [linear(), jax.nn.relu, {"bias": jnp.ones(2)}]
        self.act, self.rate, self.empty, self.width = jax.nn.gelu, 0.5, None, 4


class Layers(eqx.Module):
    """One layer of each kind."""

    embed: eqx.nn.Embedding
    conv: eqx.nn.Conv2d
    norm: eqx.nn.LayerNorm
    group: eqx.nn.GroupNorm
    attention: eqx.nn.MultiheadAttention
    lstm: eqx.nn.LSTMCell
    gru: eqx.nn.GRUCell

    def __init__(self):
        self.embed, self.conv = eqx.nn.Embedding(10, 3, key=KEY), eqx.nn.Conv2d(4, 8, 3, groups=2, key=KEY)
        self.norm, self.group = eqx.nn.LayerNorm((2, 3)), eqx.nn.GroupNorm(2, 4)
        self.attention = eqx.nn.MultiheadAttention(2, 8, key=KEY)
        self.lstm, self.gru = eqx.nn.LSTMCell(3, 4, key=KEY), eqx.nn.GRUCell(3, 4, key=KEY)


def mlp(**settings):
    return eqx.nn.MLP(784, 10, 16, 2, key=KEY, **settings)


def tied():
    embed, head = eqx.nn.Embedding(10, 4, key=KEY), linear(4, 10, use_bias=False)
    return eqx.nn.Shared((embed, head), lambda pair: pair[1].weight, lambda pair: pair[0].weight)


def twice():
    one = linear()
    return eqx.nn.Sequential([one, eqx.nn.Lambda(jax.nn.relu), one])


MLP = 784 * 16 + 16 * 16 + 16 * 10
NORMS = {"weights": 3 * 4 + 4 + 4 * 3, "biases": 4 + 4}
ONE = "one array, counted once; Equinox, which updates each place by itself, makes them two"

CASES = [
    Case("MLP", mlp, MLP, 42),
    Case("MLP without the last bias", lambda: mlp(use_final_bias=False), MLP, 32),
    Case("norms", Norms, **NORMS, more={"buffers": 8 + 1}),
    Case("norms and state", lambda: eqx.nn.make_with_state(Norms)(), **NORMS, more={"buffers": 8 + 1}),
    Case("norms without state", lambda: eqx.nn.make_with_state(Norms)()[0], **NORMS),
    Case("state alone", lambda: eqx.nn.make_with_state(Norms)()[1], 0, 0, {"buffers": 8 + 1}),
    Case("odd", Odd, 2 * 3 + 3 * 4, 4 + 2, {"buffers": 5, "other": 1}),
    Case("Shared", tied, 10 * 4, 0),
    Case("one layer twice", twice, 3 * 4, 4, {"listed": 2 * 16}, notes=(ONE,)),
    Case("two layers that look alike", lambda: [linear(), linear()], 2 * 3 * 4, 2 * 4),
    Case("ensemble", lambda: eqx.filter_vmap(lambda key: eqx.nn.MLP(3, 4, 5, 1, key=key))(KEYS), 5 * (3 * 5 + 5 * 4),
         5 * (5 + 4)),
    Case("abstract", lambda: eqx.filter_eval_shape(mlp), MLP, 42),
    Case("parameters of a partition", lambda: eqx.partition(Odd(), eqx.is_inexact_array)[0], 18, 6),
    Case("the rest of a partition", lambda: eqx.partition(Odd(), eqx.is_inexact_array)[1], 0, 0,
         {"buffers": 5, "other": 1}),
    Case("dict of modules", lambda: {"a": linear(), "b": linear(4, 3)}, 3 * 4 + 4 * 3, 4 + 3),
    Case("scalars", lambda: linear("scalar", "scalar"), 1, 1),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case):
    assert check(case).form == "equinox"


def test_layers_have_kinds_and_formulas():
    network = nparams.read(Layers())
    rows = {row["name"]: (row["kind"], row["total"], bool(row["formula"])) for row in network.rows()}
    assert rows == {
        "embed": ("Embedding", 10 * 3, True),
        "conv": ("Conv", 3 * 3 * 2 * 8 + 8, True),
        "norm": ("LayerNorm", 2 * 6, True),
        "group": ("GroupNorm", 2 * 4, True),
        "attention": ("Attention", 4 * 8 * 8, True),  # without biases, its default
        "lstm": ("LSTM", 4 * (4 * (3 + 4) + 4), True),  # one bias vector
        "gru": ("GRU", 3 * (4 * (3 + 4) + 4) + 4, True),  # and one more for the product that is reset
    }
    # PyTorch has 8*4 and 6*4 biases where these have 4*4 and 4*4
    assert [note.partition(":")[0] for note in network.notes] == ["LSTM", "GRU"]
    assert "16 parameters more" in network.notes[0]
    assert "8 parameters more" in network.notes[1]


def test_ensembles_are_repeats():
    rows = nparams.read(eqx.filter_vmap(lambda key: eqx.nn.MLP(3, 4, 5, 1, key=key))(KEYS)).rows()
    assert [(row["name"], row["copies"], row["numbers"]) for row in rows] == [
        ("layers.0", 5, "3*5 + 5"),
        ("layers.1", 5, "5*4 + 4"),
    ]


def test_statistics_stand_in_the_row_of_their_layer():
    model, state = eqx.nn.make_with_state(Norms)()
    (row,) = [row for row in nparams.read((model, state)).layers if row.kind == "BatchNorm"]
    assert (row.total, row.apart) == (8, {"buffer": 9})


def test_a_static_part_is_refused():
    with pytest.raises(nparams.NparamsError, match="holds no arrays"):
        nparams.read(eqx.partition(linear(), eqx.is_array)[1])
