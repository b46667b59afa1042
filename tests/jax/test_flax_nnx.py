"""Flax nnx: modules, shared Variables, states, optimizers, stacked and abstract modules."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import optax
import pytest
from flax import nnx

import nparams
from tests.jax.compare import Case, check


def rngs():
    return nnx.Rngs(0)


def linear(n=3, m=4, **settings):
    return nnx.Linear(n, m, rngs=rngs(), **settings)


class Digits(nnx.Module):
    """784-16-16-10."""

    def __init__(self):
        self.layers = nnx.List([linear(784, 16), linear(16, 16), linear(16, 10)])


class Norms(nnx.Module):
    """Dense 3 -> 4, BatchNorm, Dropout, Dense 4 -> 3 without biases: 36 parameters and 8 statistics."""

    def __init__(self):
        self.first, self.norm = linear(), nnx.BatchNorm(4, rngs=rngs())
        self.drop, self.last = nnx.Dropout(0.5, rngs=rngs()), linear(4, 3, use_bias=False)

    def __call__(self, x):
        return self.last(self.drop(self.norm(self.first(x))))


class Shared(nnx.Module):
    """One Linear under two names, and one table that is the output too."""

    def __init__(self):
        self.first = linear()
        self.again = self.first
        self.table = nnx.Param(jnp.ones((10, 4)))
        self.head = self.table


class Mine(nnx.Variable):
    """A Variable of somebody's own."""


class MyParam(nnx.Param):
    """A Param of somebody's own."""


class Odd(nnx.Module):
    """Whatever an attribute may be: a plain array, a tree in a Param, nothing, and the module itself."""

    def __init__(self):
        self.w, self.mine, self.own = nnx.Param(jnp.ones((2, 3))), Mine(jnp.ones(5)), MyParam(jnp.ones(4))
        self.raw, self.cache = nnx.data(jnp.ones(7)), nnx.Cache(jnp.ones(3))
        self.tree, self.nothing = nnx.Param({"u": jnp.ones(2), "bias": jnp.ones(3)}), nnx.Param(None)
        self.named = nnx.Dict(x=nnx.Param(jnp.ones(2)))
        self.me = self
        self.width = 4


class Layers(nnx.Module):
    """One layer of each kind."""

    def __init__(self):
        self.embed = nnx.Embed(10, 3, rngs=rngs())
        self.conv = nnx.Conv(4, 8, (3, 3), feature_group_count=2, rngs=rngs())
        self.up = nnx.ConvTranspose(3, 5, (2, 2), rngs=rngs())
        self.layer_norm, self.rms = nnx.LayerNorm(6, rngs=rngs()), nnx.RMSNorm(6, rngs=rngs())
        self.attention = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs())
        self.lstm, self.gru = nnx.LSTMCell(3, 4, rngs=rngs()), nnx.GRUCell(3, 4, rngs=rngs())


def stacked():
    @nnx.vmap(in_axes=0, out_axes=0)
    def make(key):
        return nnx.Linear(3, 4, rngs=nnx.Rngs(key))

    return make(jax.random.split(jax.random.key(0), 5))


def trained():
    graph, params = nnx.split(linear())
    return nnx.TrainState.create(graph, params=params, tx=optax.sgd(0.1))


def tracked(total):
    return {"also": {"framework": total}}


MLP = 784 * 16 + 16 * 16 + 16 * 10
LAYERS = {
    "weights": 10 * 3 + 3 * 3 * 2 * 8 + 2 * 2 * 3 * 5 + 6 + 6 + 4 * 8 * 8 + 4 * 4 * (3 + 4) + 3 * 4 * (3 + 4),
    "biases": 8 + 5 + 6 + 4 * 8 + 4 * 4 + 3 * 4,
}
NORMS = {"weights": 3 * 4 + 4 + 4 * 3, "biases": 4 + 4}
ODD = {"weights": 2 * 3 + 4 + 2 + 2, "biases": 3}
ONE = "one array, counted once"
# two arrays of moments, the count of the optimizer and the step
ADAM = 2 * 16 + 1 + 1
# keys and counts: of the cells, which draw their first state
DRAWN = 2 + 2

CASES = [
    Case("digits", Digits, MLP, 42),
    Case("norms", Norms, **NORMS, more={"buffers": 8, "other": 2, **tracked(36 + 8 + 2)}),
    Case("shared", Shared, 3 * 4 + 10 * 4, 4, {"listed": 2 * (16 + 40)}, notes=(ONE,)),
    Case("odd", Odd, **ODD, more={"buffers": 5 + 7 + 3, **tracked(17 + 5 + 3)}),
    Case("stacked", stacked, 5 * 3 * 4, 5 * 4),
    Case("stacked in a list", lambda: nnx.List([stacked()]), 5 * 3 * 4, 5 * 4),
    Case("abstract", lambda: nnx.eval_shape(linear), 3 * 4, 4),
    Case("half precision", lambda: linear(param_dtype=jnp.bfloat16), 3 * 4, 4),
    Case("state", lambda: nnx.state(linear()), 3 * 4, 4),
    Case("flat state", lambda: nnx.to_flat_state(nnx.state(linear())), 3 * 4, 4),
    Case("split", lambda: nnx.split(linear()), 3 * 4, 4),
    Case("split in three", lambda: nnx.split(Norms(), nnx.Param, ...), **NORMS,
         more={"buffers": 8, "other": 2, **tracked(36 + 8 + 2)}),
    Case("adapter", lambda: nnx.LoRALinear(3, 4, lora_rank=2, rngs=rngs()), 3 * 4 + 3 * 2 + 2 * 4, 4),
    Case("optimizer and model", lambda: nnx.ModelAndOptimizer(linear(), optax.adam(0.1)), 3 * 4, 4, {"other": ADAM}),
    Case("optimizer alone", lambda: nnx.Optimizer(linear(), optax.adam(0.1), wrt=nnx.Param), 0, 0,
         {"other": ADAM, "also": {}}),
    Case("training state", trained, 3 * 4, 4, {"other": 1}),
    Case("list of one twice", lambda: [one := linear(), one], 3 * 4, 4, {"listed": 2 * 16}, notes=(ONE,)),
    Case("dict", lambda: {"a": linear(), "b": linear(4, 3)}, 3 * 4 + 4 * 3, 4 + 3),
    Case("a Param", lambda: nnx.Param(jnp.ones((2, 3))), 6, 0),
    Case("random numbers", rngs, 0, 0, {"other": 2, "also": {}}),
    Case("one array in two Params", lambda: nnx.Dict(left=nnx.Param(ARRAY), right=nnx.Param(ARRAY)), 2 * 6, 0),
]  # fmt: skip
ARRAY = jnp.ones((2, 3))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case):
    assert check(case, trainable=True).form == "flax"


def test_layers_have_kinds_and_formulas():
    network = nparams.read(Layers())
    assert (network.weights, network.biases) == (LAYERS["weights"], LAYERS["biases"])
    rows = {row["name"]: (row["kind"], row["total"]) for row in network.rows() if row["total"]}
    assert rows == {
        "embed": ("Embedding", 30), "conv": ("Conv", 3 * 3 * 2 * 8 + 8), "up": ("ConvTranspose", 2 * 2 * 3 * 5 + 5),
        "layer_norm": ("LayerNorm", 12), "rms": ("RMSNorm", 6), "attention": ("Attention", 4 * 64 + 4 * 8),
        "lstm": ("LSTM", 4 * (4 * 7 + 4)), "gru": ("GRU", 3 * (4 * 7 + 4)),
    }  # fmt: skip
    assert all(row["formula"] for row in network.rows() if row["total"])


def test_stacked_layers_are_repeats():
    (row,) = nparams.read(nnx.List([stacked()])).rows()
    assert (row["name"], row["copies"], row["numbers"], row["total"]) == ("0", 5, "3*4 + 4", 5 * 16)


def test_adapters_are_a_part_of_their_own():
    import json

    made = nparams.read(nnx.Dict(q=nnx.LoRALinear(3, 4, lora_rank=2, rngs=rngs())))
    assert json.loads(made.to_json())["components"] == {"backbone": 16, "adapter": 14}


def test_framework_is_the_grand_total_that_tabulate_prints():
    expected = nparams.read(Norms()).also["framework"]
    text = nnx.tabulate(Norms(), jnp.ones((1, 3)), console_kwargs={"width": 400})
    assert expected == int(re.search(r"Total Parameters: ([\d,]+)", text)[1].replace(",", "")) == 46


def test_a_graph_without_arrays_is_refused():
    with pytest.raises(nparams.NparamsError, match="a GraphDef holds no arrays; give the module"):
        nparams.read(nnx.graphdef(linear()))
