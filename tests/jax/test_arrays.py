"""Arrays in plain containers: names, lists without names, ties, shared memory, number types, odd containers."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx, struct

import nparams
from tests.jax.compare import Case, check

ONES = jnp.ones((3, 4))
HALF = jax.ShapeDtypeStruct((3, 4), jnp.bfloat16)
Pair = namedtuple("Pair", "w b")
ONE = "one array, counted once"
BESIDE = "vectors beside a matrix with a side of their length, taken for biases"


@jax.tree_util.register_dataclass
@dataclass
class Record:
    kernel: object
    bias: object


@struct.dataclass
class Struct:
    w: object
    b: object


@jax.tree_util.register_pytree_node_class
class Node:
    """A class of somebody's own, registered with JAX without names."""

    def __init__(self, *arrays):
        self.arrays = arrays

    def tree_flatten(self):
        return self.arrays, None

    @classmethod
    def tree_unflatten(cls, _, arrays):
        return cls(*arrays)


def nested(depth):
    made = {"w": ONES}
    for _ in range(depth):
        made = {"a": made}
    return made


def deleted():
    made = jnp.ones((3, 4))
    made.delete()
    return {"w": made}


def views():
    """A matrix; itself turned; a row read seven times; the first row of the matrix again."""
    w, row = np.ones((10, 4)), np.ones(5)
    return {"w": w, "turned": w.T, "rows": np.broadcast_to(row, (7, 5)), "first": w[:1]}


def interleaved():
    """Even and odd places of ten numbers, which share none; and the last seven of the ten."""
    ten = np.ones(10)
    return {"even": ten[::2], "odd": ten[1::2], "last": ten[3:]}


def zeros(*shape, dtype="float32"):
    return np.zeros(shape, dtype)


LAYERS = 784 * 16 + 16 * 16 + 16 * 10
CASES = [
    Case("one array", lambda: ONES, 12, 0),
    Case("one NumPy array", lambda: zeros(3, 4), 12, 0),
    Case("dict", lambda: {"w": ONES, "b": zeros(4)}, 12, 4),
    Case("layers", lambda: {f"linear_{k}": {"w": zeros(n, m), "b": zeros(m)}
                            for k, (n, m) in enumerate([(784, 16), (16, 16), (16, 10)])}, LAYERS, 42),
    Case("pairs", lambda: [(zeros(784, 16), zeros(16)), (zeros(16, 16), zeros(16)), (zeros(16, 10), zeros(10))],
         LAYERS, 42, notes=(BESIDE,)),
    Case("pairs of JAX", lambda: [(ONES, jnp.ones(4)), (jnp.ones((4, 2)), jnp.ones(2))], 12 + 8, 6, notes=(BESIDE,)),
    Case("biases first", lambda: [[zeros(4), zeros(3, 4)]], 12, 4, notes=(BESIDE,)),
    Case("one after the other", lambda: [zeros(3, 4), zeros(4), zeros(4, 2), zeros(2)], 20, 6, notes=(BESIDE,)),
    Case("rows first", lambda: [(zeros(4, 3), zeros(4))], 12, 4, notes=(BESIDE,)),
    Case("a vector of another length", lambda: [(zeros(3, 4), zeros(5))], 12 + 5, 0),
    Case("lists by name", lambda: {"weights": [zeros(30, 784), zeros(10, 30)], "biases": [zeros(30, 1), zeros(10, 1)]},
         30 * 784 + 10 * 30, 30 + 10),
    Case("scales", lambda: {"norm": {"scale": zeros(4), "bias": zeros(4)}}, 4, 4),
    Case("stacked biases", lambda: {"layers": {"kernel": zeros(6, 3, 4), "bias": zeros(6, 4)}}, 72, 24),
    Case("named tuple", lambda: Pair(ONES, jnp.ones(4)), 12, 4),
    Case("ordered dict", lambda: OrderedDict(w=ONES, b=jnp.ones(4)), 12, 4),
    Case("dataclass", lambda: Record(ONES, jnp.ones(4)), 12, 4),
    Case("struct", lambda: {"a": Struct(ONES, jnp.ones(4))}, 12, 4),
    Case("registered class", lambda: Node(ONES, jnp.ones(4)), 12, 4, notes=(BESIDE,)),
    Case("a generator's key", lambda: {"w": ONES, "key": jax.random.key(0)}, 12, 0, {"other": 1}),
    Case("shapes alone", lambda: {"w": HALF, "v": HALF}, 24, 0),
    Case("one array twice", lambda: {"w": ONES, "v": ONES}, 12, 0, {"listed": 24}, notes=(ONE,)),
    Case("arrays that look alike", lambda: {"w": jnp.ones(4), "v": jnp.ones(4)}, 8, 0),
    Case("views", views, 40 + 35 + 4, 0,
         {"listed": 79 + 40, "elements": 40 + 40 + 5 + 4, "also": {"here": 40 + 5}},
         notes=('"turned" is "w": one array, counted once', '"rows" is expanded: 35 numbers by its shape, 5 in memory',
                '"w" and "first" overlap in memory: 4 numbers in common')),
    Case("backwards", lambda: {"w": (six := zeros(6)), "v": six[::-1]}, 6, 0, {"listed": 12}, notes=(ONE,)),
    Case("interleaved", interleaved, 5 + 5 + 7, 0, {"also": {"here": 10}}, notes=("overlap in memory",)),
    Case("no numbers", lambda: {"w": zeros(0, 3)}, 0, 0),
    Case("whole numbers", lambda: {"w": ONES, "table": jnp.arange(5)}, 12, 0, {"buffers": 5}),
    Case("statistics by name", lambda: {"weight": zeros(4), "running_mean": zeros(4)}, 4, 0, {"buffers": 4}),
    Case("text beside", lambda: {"w": ONES, "names": np.array(["a", "b"])}, 12, 0, notes=("holds no numbers",)),
    Case("settings beside", lambda: {"w": ONES, "n": 3, "act": jax.nn.relu, "name": "net", "none": None}, 12, 0),
    Case("a number of Python's", lambda: {"w": ONES, "b": 2.0}, 12, 1, notes=("Python numbers",)),
    Case("deep", lambda: nested(3_000), 12, 0),
    Case("deleted", deleted, 12, 0),
    Case("complex", lambda: {"w": zeros(3, dtype="complex64")}, 3, 0, {"also": {"real": 6}}),
    Case("optimizer's state", lambda: optax.adam(0.1).init({"w": ONES}), 0, 0, {"other": 2 * 12 + 1}),
    Case("model and optimizer", lambda: {"net": {"w": ONES}, "opt": optax.sgd(0.1, 0.9).init({"w": ONES})}, 12, 0,
         {"other": 12}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case):
    if case.name in ("deep", "deleted"):  # JAX's own walk is recursive, and a deleted array cannot be compared
        network = nparams.read(case.make())
        assert (network.total, network.weights) == (12, 12)
        return
    assert check(case).form == "arrays"


SECTIONS = [
    ("collections", {"params": {"w": zeros(3, 4)}, "batch_stats": {"mean": zeros(4)}}, (12, 4, 0)),
    ("a run", {"params": {"w": zeros(3, 4)}, "opt_state": {"mu": zeros(3, 4)}, "step": zeros()}, (12, 0, 13)),
    ("two copies", {"params": {"w": zeros(3, 4)}, "ema_params": {"w": zeros(3, 4)}}, (12, 0, 12)),
]


@pytest.mark.parametrize(("name", "source", "expected"), SECTIONS, ids=[row[0] for row in SECTIONS])
def test_what_stands_beside_params_is_kept_apart(name, source, expected):
    totals = nparams.read(source).totals
    assert (totals.total, totals.buffers, totals.other) == expected
    assert totals.trainable == expected[0]


# number type -> bytes of 12 of them, as JAX keeps them
WIDTHS = [("bfloat16", 24), ("float16", 24), ("float8_e4m3fn", 12), ("float8_e3m4", 12), ("int8", 12), ("int4", 12)]


@pytest.mark.parametrize(("dtype", "width"), WIDTHS)
def test_number_types_and_their_bytes(dtype, width):
    totals = nparams.read({"kernel": jnp.ones((3, 4), dtype)}).totals
    assert (totals.total, totals.parameter_bytes, totals.dtypes) == (12, width, {dtype: 12})


def test_an_array_that_is_traced_is_counted_by_its_shape():
    found = []
    jax.jit(lambda tree: found.append(nparams.read(tree).total))({"w": ONES, "b": jnp.ones(4)})
    assert found == [16]


def test_a_sharded_array_counts_as_a_whole():
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("x",))
    spec = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    network = nparams.read({"w": jax.device_put(jnp.ones((8, 4)), spec)})
    assert (network.total, network.also) == (32, {})


def holding_itself():
    made = {"w": ONES}
    made["again"] = made
    return made


def doubling():
    made = [ONES]
    for _ in range(40):
        made = [made, made]
    return made


REFUSED = [
    ("objects", lambda: {"w": np.array([1, None], object)}, '"w" is an array of Python objects'),
    ("records", lambda: {"w": np.zeros(3, [("a", "f4"), ("b", "i4")])}, '"w" is an array of records'),
    ("itself", holding_itself, '"again" is a container that holds itself'),
    ("doubling", doubling, "containers that hold each other twice over"),
    ("settings only", lambda: {"lr": 0.1}, "cannot count an object of type dict"),
]


@pytest.mark.parametrize(("name", "make", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_counted_is_refused_in_one_line(name, make, words):
    with pytest.raises(nparams.NparamsError) as refusal:
        nparams.read(make())
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x):
        x = linen.BatchNorm(use_running_average=True)(linen.Dense(4)(x))
        return linen.Dense(3, use_bias=False)(x)


class Nnx(nnx.Module):
    def __init__(self):
        self.first, self.norm = nnx.Linear(3, 4, rngs=nnx.Rngs(0)), nnx.BatchNorm(4, rngs=nnx.Rngs(0))
        self.last = nnx.Linear(4, 3, use_bias=False, rngs=nnx.Rngs(0))


class Equinox(eqx.Module):
    first: eqx.nn.Linear
    norm: eqx.nn.BatchNorm
    last: eqx.nn.Linear

    def __init__(self):
        key = jax.random.key(0)
        self.first, self.last = eqx.nn.Linear(3, 4, key=key), eqx.nn.Linear(4, 3, use_bias=False, key=key)
        self.norm = eqx.nn.BatchNorm(4, axis_name="batch", mode="batch")


TORCH = "nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 3, bias=False))"
SAME = [
    # (as it is given, what it keeps that is no parameter: the statistics, and where it counts batches that counter)
    ("torch", lambda: nparams.read(TORCH), 8 + 1),
    ("linen", lambda: nparams.read(Linen(), inputs=(1, 3)), 8),
    ("nnx", lambda: nparams.read(Nnx()), 8),
    ("equinox", lambda: nparams.read(Equinox()), 8 + 1),
]


@pytest.mark.parametrize(("name", "make", "kept"), SAME, ids=[row[0] for row in SAME])
def test_one_network_has_one_total_in_every_framework(name, make, kept):
    network = make()
    assert (network.total, network.weights, network.biases, network.totals.buffers) == (36, 28, 8, kept)
    rows = [(row["kind"], row["numbers"], row["total"]) for row in network.rows()]
    assert rows == [("Dense", "3*4 + 4", 16), ("BatchNorm", "2*4", 8), ("Dense", "4*3", 12)]
