"""The networks of tests/same_networks.py in the frameworks of JAX: the same totals, differences told."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import haiku as hk
import jax
import pytest
from flax import linen, nnx

import nparams
from tests.same_networks import HEADS, NETWORKS, D, F, expected

KEY = jax.random.key(0)


class LinenBlock(linen.Module):
    @linen.compact
    def __call__(self, x):
        x = linen.LayerNorm()(x + linen.MultiHeadDotProductAttention(HEADS)(x, x))
        return linen.LayerNorm()(x + linen.Dense(D)(linen.Dense(F)(x)))


class LinenCnn(linen.Module):
    @linen.compact
    def __call__(self, x):
        x = linen.BatchNorm(use_running_average=False)(linen.Conv(8, (3, 3))(x))
        return linen.Dense(4)(x.mean((1, 2)))


class Parts(nnx.Module):
    """Layers under names."""

    def __init__(self, **layers):
        for name, layer in layers.items():
            setattr(self, name, layer)


def nnx_block() -> nnx.Module:
    rngs = nnx.Rngs(0)
    return Parts(
        attention=nnx.MultiHeadAttention(HEADS, D, decode=False, rngs=rngs), first=nnx.LayerNorm(D, rngs=rngs),
        wide=nnx.Linear(D, F, rngs=rngs), narrow=nnx.Linear(F, D, rngs=rngs), second=nnx.LayerNorm(D, rngs=rngs),
    )  # fmt: skip


def nnx_cnn() -> nnx.Module:
    rngs = nnx.Rngs(0)
    return Parts(
        conv=nnx.Conv(3, 8, (3, 3), rngs=rngs), norm=nnx.BatchNorm(8, rngs=rngs), head=nnx.Linear(8, 4, rngs=rngs)
    )


def equinox_block() -> object:
    biases = {f"use_{name}_bias": True for name in ("query", "key", "value", "output")}
    return [
        eqx.nn.MultiheadAttention(HEADS, D, key=KEY, **biases), eqx.nn.LayerNorm(D), eqx.nn.Linear(D, F, key=KEY),
        eqx.nn.Linear(F, D, key=KEY), eqx.nn.LayerNorm(D),
    ]  # fmt: skip


def equinox_cnn() -> object:
    def made() -> object:
        norm = eqx.nn.BatchNorm(8, "batch", mode="ema")
        return eqx.nn.Sequential([eqx.nn.Conv2d(3, 8, 3, key=KEY), norm, eqx.nn.Linear(8, 4, key=KEY)])

    return eqx.nn.make_with_state(made)()


def haiku(run: Callable[[jax.Array], object], *shape: int) -> object:
    """(parameters, state), or the parameters where there is no state."""
    parameters, state = hk.transform_with_state(run).init(KEY, jax.numpy.zeros(shape))
    return (parameters, state) if state else parameters


def haiku_block(x):
    attention = hk.MultiHeadAttention(HEADS, D // HEADS, w_init=hk.initializers.Constant(0), model_size=D)
    x = hk.LayerNorm(-1, True, True)(x + attention(x, x, x))
    return hk.LayerNorm(-1, True, True)(x + hk.Linear(D)(hk.Linear(F)(x)))


def haiku_cnn(x):
    return hk.Linear(4)(hk.BatchNorm(True, True, 0.9)(hk.Conv2D(8, 3)(x), is_training=True).mean((1, 2)))


def haiku_lstm(x):
    lstm = hk.LSTM(6)
    return lstm(x, lstm.initial_state(1))


def traced(module: linen.Module, *shape: int) -> nparams.Network:
    return nparams.read(module, inputs=[shape])


MADE: dict[tuple[str, str], Callable[[], object]] = {
    ("mlp", "linen"): lambda: traced(linen.Sequential([linen.Dense(16), linen.relu, linen.Dense(4)]), 1, 8),
    ("cnn", "linen"): lambda: traced(LinenCnn(), 1, 9, 9, 3),
    ("lstm", "linen"): lambda: traced(linen.RNN(linen.OptimizedLSTMCell(6)), 1, 3, 5),
    ("block", "linen"): lambda: traced(LinenBlock(), 1, 3, D),
    ("mlp", "nnx"): lambda: Parts(
        a=nnx.Linear(8, 16, rngs=nnx.Rngs(0)), b=nnx.Linear(16, 4, rngs=nnx.Rngs(0))
    ),
    ("cnn", "nnx"): nnx_cnn,
    ("lstm", "nnx"): lambda: nnx.OptimizedLSTMCell(5, 6, rngs=nnx.Rngs(0)),
    ("block", "nnx"): nnx_block,
    ("mlp", "equinox"): lambda: eqx.nn.MLP(8, 4, 16, 1, key=KEY),
    ("cnn", "equinox"): equinox_cnn,
    ("lstm", "equinox"): lambda: eqx.nn.LSTMCell(5, 6, key=KEY),
    ("block", "equinox"): equinox_block,
    ("mlp", "haiku"): lambda: haiku(lambda x: hk.nets.MLP([16, 4])(x), 1, 8),
    ("cnn", "haiku"): lambda: haiku(haiku_cnn, 1, 9, 9, 3),
    ("lstm", "haiku"): lambda: haiku(haiku_lstm, 1, 5),
    ("block", "haiku"): lambda: haiku(haiku_block, 1, 3, D),
}  # fmt: skip


@pytest.mark.parametrize(("network", "framework"), MADE, ids=[" in ".join(each) for each in MADE])
def test_the_same_network_has_the_same_totals(network: str, framework: str) -> None:
    made = MADE[network, framework]()
    read = made if isinstance(made, nparams.Network) else nparams.read(made)
    totals = read.totals
    assert (totals.weights, totals.biases, totals.buffers) == expected(network, framework)
    assert totals.total == totals.weights + totals.biases
    assert sum(row["total"] for row in read.rows()) == totals.total
    note = NETWORKS[network].note
    assert any(note in told for told in read.notes) if note else True
