"""Flax linen: variables, frozen, bound, partitioned, training states, and modules traced with shapes."""

from __future__ import annotations

import re

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
import pytest
from flax.core import freeze
from flax.training.train_state import TrainState

import nparams
from tests.jax.compare import Case, check

MLP_WEIGHTS, MLP_BIASES = 784 * 16 + 16 * 16 + 16 * 10, 16 + 16 + 10


class Digits(nn.Module):
    """784-16-16-10."""

    @nn.compact
    def __call__(self, x):
        for width in (16, 16):
            x = nn.relu(nn.Dense(width)(x))
        return nn.Dense(10)(x)


class Norms(nn.Module):
    """Dense 3 -> 4, BatchNorm, Dense 4 -> 3 without biases: 16 + 8 + 12 = 36, and 8 statistics."""

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.BatchNorm(use_running_average=not train)(nn.Dense(4)(x))
        return nn.Dense(3, use_bias=False)(nn.Dropout(0.5, deterministic=not train)(x))


class Image(nn.Module):
    """Conv 1 -> 8, 3x3, BatchNorm, Dense 6,272 -> 10."""

    @nn.compact
    def __call__(self, x):
        x = nn.BatchNorm(use_running_average=True)(nn.Conv(8, (3, 3))(x))
        return nn.Dense(10)(x.reshape(x.shape[0], -1))


class Block(nn.Module):
    """LayerNorm and Dense of one width, as nn.scan wants it."""

    @nn.compact
    def __call__(self, x, _):
        return nn.Dense(8)(nn.LayerNorm()(x)), None


class Scanned(nn.Module):
    """Six blocks as one, their arrays stacked."""

    @nn.compact
    def __call__(self, x):
        blocks = nn.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True}, length=6)
        return blocks(name="layers")(x, None)[0]


class Words(nn.Module):
    """Embedding 100 x 8, attention of width 8, LSTM 8 -> 6, GRU 6 -> 6."""

    @nn.compact
    def __call__(self, x, train):
        x = nn.MultiHeadDotProductAttention(2)(nn.Embed(100, 8)(x))
        x = nn.Dropout(0.1, deterministic=not train)(x)
        return nn.RNN(nn.GRUCell(6))(nn.RNN(nn.LSTMCell(6))(x))


class Boxed(nn.Module):
    """Dense 3 -> 4 whose kernel says how it is partitioned."""

    @nn.compact
    def __call__(self, x):
        ones = nn.initializers.ones
        return nn.Dense(4, kernel_init=nn.with_partitioning(ones, (None, "model")))(x)


class Sown(nn.Module):
    """Dense 3 -> 4 that sows a value, and counts in a collection of its own."""

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(4)(x)
        self.sow("intermediates", "seen", x)
        self.variable("cache", "steps", lambda: jnp.zeros(5))
        return x


def variables(module, *shape):
    return module.init(jax.random.key(0), jnp.ones(shape))


def after_a_run():
    made = variables(Sown(), 1, 3)
    return {**made, **Sown().apply(made, jnp.ones((1, 3)), mutable=["intermediates"])[1]}


def state(module, params):
    return TrainState.create(apply_fn=module.apply, params=params, tx=optax.adam(1e-3))


class WithStatistics(TrainState):
    """A training state as people extend it."""

    batch_stats: object = None
    dropout_rng: object = None


def with_statistics():
    made = variables(Norms(), 1, 3)
    return WithStatistics.create(
        apply_fn=None, params=made["params"], tx=optax.sgd(0.1), batch_stats=made["batch_stats"],
        dropout_rng=jax.random.key(3),
    )  # fmt: skip


# Norms: Dense 3*4 + 4, BatchNorm 4 + 4, Dense 4*3
NORMS = {"weights": 3 * 4 + 4 + 4 * 3, "biases": 4 + 4}
ADAM = 2 * (MLP_WEIGHTS + MLP_BIASES) + 1
IMAGE = {"weights": 3 * 3 * 1 * 8 + 8 + 28 * 28 * 8 * 10, "biases": 8 + 8 + 10}
SCANNED = {"weights": 6 * (8 + 8 * 8), "biases": 6 * (8 + 8)}
WORDS = {
    # table, four matrices, four gates over 8 + 6, three over 6 + 6
    "weights": 100 * 8 + 4 * 8 * 8 + 4 * 6 * (8 + 6) + 3 * 6 * (6 + 6),
    # attention, one vector a gate of the LSTM, four vectors of the GRU
    "biases": 4 * 8 + 4 * 6 + 4 * 6,
}
TOKENS = jax.ShapeDtypeStruct((1, 5), "int32")
RECURRENT = ("LSTM: PyTorch keeps two", "would have 24 parameters more", "would have 12 parameters more")
STATS = {"buffers": 4 + 4, "also": {"framework": 36 + 8}}
assert sum(NORMS.values()) == 36

CASES = [
    Case("variables", lambda: variables(Digits(), 1, 784), MLP_WEIGHTS, MLP_BIASES),
    Case("frozen", lambda: freeze(variables(Digits(), 1, 784)), MLP_WEIGHTS, MLP_BIASES),
    Case("frozen params alone", lambda: freeze(variables(Digits(), 1, 784)["params"]), MLP_WEIGHTS, MLP_BIASES),
    Case("bound", lambda: Digits().bind(variables(Digits(), 1, 784)), MLP_WEIGHTS, MLP_BIASES),
    Case("module with a shape", Digits, MLP_WEIGHTS, MLP_BIASES, {}, {"inputs": (1, 784)}),
    Case("module with an array", Digits, MLP_WEIGHTS, MLP_BIASES, {}, {"inputs": [jnp.ones((1, 784))]}),
    Case("statistics", lambda: variables(Norms(), 1, 3), **NORMS, more=STATS),
    Case("statistics, module", Norms, **NORMS, more=STATS, options={"inputs": {"x": (1, 3), "train": True}}),
    Case("statistics, setting by place", Norms, **NORMS, more=STATS, options={"inputs": [(1, 3), True]}),
    Case("images", Image, **IMAGE, more={"buffers": 16, "also": {"framework": sum(IMAGE.values()) + 16}},
         options={"inputs": (1, 28, 28, 1)}),
    Case("scan", Scanned, **SCANNED, options={"inputs": [(1, 8)]}),
    Case("scan, variables", lambda: variables(Scanned(), 1, 8), **SCANNED),
    Case("words", Words, **WORDS, options={"inputs": [TOKENS, True]}, notes=RECURRENT),
    Case("words by name", Words, **WORDS, notes=RECURRENT,
         options={"inputs": {"x": ((1, 5), "int32"), "train": False}}),
    Case("partitioned", lambda: variables(Boxed(), 1, 3), 3 * 4, 4),
    Case("collections", lambda: variables(Sown(), 1, 3), 3 * 4, 4,
         {"buffers": 5, "also": {"framework": 16 + 5}}),
    Case("after a run that sows", after_a_run, 3 * 4, 4, {"buffers": 5, "other": 4, "also": {"framework": 16 + 5}}),
    Case("training state", lambda: state(Digits(), variables(Digits(), 1, 784)["params"]), MLP_WEIGHTS, MLP_BIASES,
         {"other": ADAM}),
    Case("training state of all variables", lambda: state(Digits(), variables(Digits(), 1, 784)), MLP_WEIGHTS,
         MLP_BIASES, {"other": ADAM}),
    Case("training state with statistics", with_statistics, **NORMS, more={**STATS, "other": 1}),
    Case("abstract", lambda: jax.eval_shape(Digits().init, jax.random.key(0), jnp.ones((1, 784))), MLP_WEIGHTS,
         MLP_BIASES),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case):
    network = check(case, trainable=True)
    assert network.form == "flax"


ROWS = [
    ("Norms", Norms, [(1, 3)], ["Dense", "BatchNorm", "Dense"]),
    ("Image", Image, [(1, 28, 28, 1)], ["Conv", "BatchNorm", "Dense"]),
    ("Words", Words, [TOKENS, False], ["Embedding", "Attention", "LSTM", "GRU"]),
]


@pytest.mark.parametrize(("name", "make", "inputs", "kinds"), ROWS, ids=[row[0] for row in ROWS])
def test_rows_have_kinds_and_formulas_in_the_order_of_the_calls(name, make, inputs, kinds):
    rows = nparams.read(make(), inputs=inputs).rows()
    assert [row["kind"] for row in rows] == kinds
    assert all(row["formula"] for row in rows)


def test_stacked_layers_are_repeats():
    rows = {row["name"]: row for row in nparams.read(Scanned(), inputs=(1, 8)).rows()}
    assert {name: (row["copies"], row["numbers"]) for name, row in rows.items()} == {
        "layers.LayerNorm_0": (6, "2*8"),
        "layers.Dense_0": (6, "8*8 + 8"),
    }


TABULATED = [("digits", Digits(), (1, 784)), ("norms", Norms(), (1, 3)), ("image", Image(), (1, 28, 28, 1))]


@pytest.mark.parametrize(("name", "module", "shape"), TABULATED, ids=[row[0] for row in TABULATED])
def test_framework_is_the_grand_total_that_tabulate_prints(name, module, shape):
    text = module.tabulate(jax.random.key(0), jnp.ones(shape), console_kwargs={"width": 400})
    printed = int(re.search(r"Total Parameters: ([\d,]+)", text)[1].replace(",", ""))
    assert nparams.read(module, inputs=shape).also["framework"] == printed


REFUSED = [
    ("no inputs", Digits(), None, "Digits: a linen module makes its arrays when it is called"),
    ("wrong inputs", Words(), [(1, 5), True], "Words cannot be traced with float32 (1, 5): ValueError"),
    ("no arrays", {"params": {}}, None, "holds no arrays"),
]


@pytest.mark.parametrize(("name", "source", "inputs", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_counted_is_refused_in_one_line(name, source, inputs, words):
    with pytest.raises(nparams.NparamsError) as refusal:
        nparams.read(source, inputs=inputs)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_inputs_are_for_modules_only():
    with pytest.raises(nparams.NparamsError):
        nparams.read([jnp.ones((3, 4))], inputs=(1, 3))
