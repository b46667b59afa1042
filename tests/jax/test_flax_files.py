"""Flax msgpack and Orbax checkpoints as the real libraries write them: the network in memory, array by array."""

from __future__ import annotations

import json

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
from flax import linen, nnx, serialization
from flax.training import checkpoints, train_state

import nparams
from nparams.network.split import fingerprint


class Net(linen.Module):
    """A convolution, a norm with statistics, two dense layers, one of them in bfloat16."""

    @linen.compact
    def __call__(self, x):
        x = linen.BatchNorm(use_running_average=True)(linen.Conv(4, (3, 3))(x))
        x = linen.Dense(16, param_dtype=jnp.bfloat16)(x.reshape(x.shape[0], -1))
        return linen.Dense(10)(linen.Dropout(0.5, deterministic=True)(x))


class Graph(nnx.Module):
    """The same kinds of layers in nnx."""

    def __init__(self, rngs):
        self.conv = nnx.Conv(3, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.dense = nnx.Linear(4, 10, rngs=rngs)


#: what msgpack can hold of a graph: Flax does not write typed keys of random numbers so
KEPT = nnx.Any(nnx.Param, nnx.BatchStat)
VARIABLES = Net().init(jax.random.key(0), jnp.ones((1, 8, 8, 3)))
STATE = train_state.TrainState.create(apply_fn=Net().apply, params=VARIABLES["params"], tx=optax.adamw(1e-3))
TOTAL = 3 * 3 * 3 * 4 + 4 + 4 + 4 + 256 * 16 + 16 + 160 + 10
TREES = {
    "variables": VARIABLES,
    "a training state": STATE,
    "parameters": VARIABLES["params"],
    "a dict of all": {**VARIABLES, "opt_state": STATE.opt_state, "step": np.asarray(3)},
    "a list": [np.ones((3, 4), "float32"), np.ones(4, "float32")],
    "other number types": {"params": {name: jnp.ones((2, 3), name) for name in ("int4", "float8_e4m3fn", "complex64",
    "bool")}},
}  # fmt: skip
WAYS = [(ocdbt, zarr3) for ocdbt in (True, False) for zarr3 in (True, False)]


def leaves(tree):
    """{path: (shape, number type)} by JAX's own walk."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    named = {
        tuple(str(getattr(k, "key", getattr(k, "name", getattr(k, "idx", "")))) for k in path): a for path, a in pairs
    }
    return {path: (tuple(a.shape), a.dtype.name) for path, a in named.items() if hasattr(a, "shape")}


def parameters(network):
    return {t.name: (t.shape, t.dtype) for t in network.tensors() if t.role in ("weight", "bias")}


def same(network, live):
    """One total, one fingerprint, the same roles, and every array of the tree with its shape and number type."""
    read = nparams.read(live)
    assert (network.total, fingerprint(network)) == (read.total, fingerprint(read))
    assert parameters(network) == parameters(read)
    expected = leaves(live)
    plain = {"step"} - {".".join(path) for path in expected}  # a training state's first step is a number of Python's
    held = sorted((t.shape, t.dtype) for t in network.tensors() if t.name not in plain)
    return held == sorted(expected.values())


# -- msgpack -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_msgpack_as_flax_writes_it(tmp_path, tree):
    (tmp_path / "m.msgpack").write_bytes(serialization.to_bytes(tree))
    network = nparams.read(tmp_path / "m.msgpack")
    assert same(network, tree)
    assert network.form == "flax-msgpack"


def test_arrays_in_pieces(tmp_path, monkeypatch):
    """Flax cuts arrays of more than a gigabyte; here of more than 40 bytes."""
    monkeypatch.setattr(serialization, "MAX_CHUNK_SIZE", 40)
    (tmp_path / "m.msgpack").write_bytes(serialization.to_bytes(VARIABLES))
    assert b"__msgpack_chunked_array__" in (tmp_path / "m.msgpack").read_bytes()
    assert same(nparams.read(tmp_path / "m.msgpack"), VARIABLES)


def test_values_that_are_no_arrays(tmp_path):
    held = {"params": {"w": jnp.ones((2, 3)), "s": np.float32(2)}, "c": 1 + 2j, "n": 3, "f": 0.5, "t": "x", "e": {},
    "no": None,
            "names": np.array(["ab", "cde"]), "on": True}  # fmt: skip
    (tmp_path / "m.msgpack").write_bytes(serialization.to_bytes(held))
    network = nparams.read(tmp_path / "m.msgpack")
    assert parameters(network) == {"w": ((2, 3), "float32"), "s": ((), "float32")}
    assert {t.name for t in network.tensors() if t.role == "other"} == {"c", "n", "f", "names", "on"}


def test_shards_as_transformers_writes_them(tmp_path):
    """transformers' flax_shard_checkpoint: paths with slashes, each shard a tree (modeling_flax_utils.py, v4.46)."""
    from flax.traverse_util import flatten_dict, unflatten_dict

    flat = flatten_dict(VARIABLES, sep="/")
    half, names = len(flat) // 2, [f"flax_model-0000{k}-of-00002.msgpack" for k in (1, 2)]
    parts = [dict(list(flat.items())[:half]), dict(list(flat.items())[half:])]
    for name, part in zip(names, parts, strict=True):
        (tmp_path / name).write_bytes(serialization.to_bytes(unflatten_dict(part, sep="/")))
    weight_map = {key: name for name, part in zip(names, parts, strict=True) for key in part}
    size = sum(a.nbytes for a in flat.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (tmp_path / "flax_model.msgpack.index.json").write_text(json.dumps(index))
    network = nparams.read(tmp_path)
    assert same(network, VARIABLES)
    assert not any("declares" in note for note in network.notes)


def test_a_state_of_nnx_as_msgpack(tmp_path):
    graph = Graph(nnx.Rngs(0))
    (tmp_path / "m.msgpack").write_bytes(serialization.to_bytes(nnx.to_pure_dict(nnx.state(graph, KEPT))))
    assert fingerprint(nparams.read(tmp_path / "m.msgpack")) == fingerprint(nparams.read(graph))


# -- Orbax -------------------------------------------------------------------------------------------------------------


def saved(folder, tree, ocdbt=True, zarr3=False):
    handler = ocp.PyTreeCheckpointHandler(use_ocdbt=ocdbt, use_zarr3=zarr3)
    with ocp.Checkpointer(handler) as checkpointer:
        checkpointer.save(folder, tree)
    return nparams.read(folder)


@pytest.mark.parametrize(("ocdbt", "zarr3"), WAYS)
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_trees_as_orbax_writes_them(tmp_path, tree, ocdbt, zarr3):
    network = saved(tmp_path / "c", tree, ocdbt, zarr3)
    assert same(network, tree)
    assert network.read_as.startswith("Orbax (OCDBT)" if ocdbt else "Orbax (zarr)")
    assert network.flags == []


@pytest.mark.parametrize(("ocdbt", "zarr3"), WAYS)
def test_without_the_list(tmp_path, ocdbt, zarr3):
    """The names of the arrays are enough."""
    saved(tmp_path / "c", VARIABLES, ocdbt, zarr3)
    (tmp_path / "c" / "_METADATA").unlink()
    assert same(nparams.read(tmp_path / "c"), VARIABLES)


@pytest.mark.parametrize(("ocdbt", "zarr3"), WAYS)
def test_what_orbax_keeps_beside_arrays(tmp_path, ocdbt, zarr3):
    held = {"params": {"w": jnp.ones((2, 3))}, "n": 3, "f": 0.5, "t": "text", "no": None, "e": {}, "l": [],
    "key": jax.random.key(0),
            "keys": jax.random.split(jax.random.key(1), 3), "raw": jax.random.PRNGKey(0)}  # fmt: skip
    network = saved(tmp_path / "c", held, ocdbt, zarr3)
    assert parameters(network) == {"w": ((2, 3), "float32")}
    assert {t.name: t.role for t in network.tensors()} == {"w": "weight", "n": "other", "f": "other", "key": "other",
                                                           "keys": "other", "raw": "buffer"}  # fmt: skip


def test_many_arrays_in_a_tree_of_nodes(tmp_path):
    """700 arrays: nodes are compressed by the real library, and values in data files."""
    tree = {
        f"layers_{k}": {"kernel": np.ones((k % 7 + 1, 5), "float32"), "bias": np.ones(5, "float32")} for k in range(350)
    }
    network = saved(tmp_path / "c", tree)
    assert same(network, tree)
    assert network.total == sum((k % 7 + 1) * 5 + 5 for k in range(350))


def test_a_database_of_small_nodes(tmp_path, monkeypatch):
    """tensorstore with nodes of at most 4 KB: some of them stand above others."""
    import tensorstore as ts

    from nparams.files._orbax.ocdbt import _Database

    inner, calls = _Database._inner, []
    monkeypatch.setattr(_Database, "_inner", lambda self, *given: (calls.append(1), inner(self, *given))[1])

    base = {"driver": "ocdbt", "base": f"file://{tmp_path}/c/", "config": {"max_decoded_node_bytes": 4_096}}
    for k in range(120):
        ts.open({"driver": "zarr", "kvstore": {**base, "path": f"params.layer_{k:03}.kernel/"}}, create=True,
                dtype=ts.bfloat16, shape=[k + 1, 3], delete_existing=True).result()  # fmt: skip
    network = nparams.read(tmp_path / "c")
    assert network.total == 3 * sum(range(1, 121))
    assert {t.dtype for t in network.tensors()} == {"bfloat16"}
    assert calls


def test_the_standard_checkpointer(tmp_path):
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "c", STATE)
    assert same(nparams.read(tmp_path / "c"), STATE)


def test_a_manager_of_steps(tmp_path):
    with ocp.CheckpointManager(tmp_path / "run") as manager:
        for step in (0, 5, 20):
            manager.save(step, args=ocp.args.StandardSave(STATE))
    network = nparams.read(tmp_path / "run")
    assert same(network, STATE)
    assert "read from 20/, the latest step; not read: 0/, 5/" in network.notes
    assert same(nparams.read(tmp_path / "run" / "5"), STATE)
    assert same(nparams.read(tmp_path / "run" / "5" / "default"), STATE)


def test_a_manager_of_items(tmp_path):
    graph = Graph(nnx.Rngs(0))
    optimizer = nnx.Optimizer(graph, optax.adam(1e-3), wrt=nnx.Param)
    items = {"state": ocp.args.StandardSave(nnx.state(graph)), "optimizer": ocp.args.StandardSave(nnx.state(optimizer)),
             "metadata": ocp.args.JsonSave({"a": 1})}  # fmt: skip
    with ocp.CheckpointManager(tmp_path / "run") as manager:
        manager.save(1, args=ocp.args.Composite(**items))
    network = nparams.read(tmp_path / "run")
    assert fingerprint(network) == fingerprint(nparams.read(graph))
    assert network.totals.elements == nparams.read(graph).totals.elements


@pytest.mark.parametrize("state", [nnx.state, lambda graph: nnx.to_pure_dict(nnx.state(graph))], ids=["state", "dict"])
def test_a_state_of_nnx(tmp_path, state):
    graph = Graph(nnx.Rngs(0))
    network = saved(tmp_path / "c", state(graph))
    live = nparams.read(graph)
    assert fingerprint(network) == fingerprint(live)
    assert {t.name: t.role for t in network.tensors()} == {t.name: t.role for t in live.tensors()}


@pytest.mark.filterwarnings("ignore:Flax Checkpointing")
def test_checkpoints_of_flax(tmp_path):
    """flax.training.checkpoints: msgpack until 0.6, Orbax since."""
    checkpoints.save_checkpoint(tmp_path / "new", STATE, 7, orbax_checkpointer=ocp.PyTreeCheckpointer())
    with flax.config.temp_flip_flag("use_orbax_checkpointing", False):
        for step in (3, 20):
            checkpoints.save_checkpoint(tmp_path / "old", STATE, step, keep=2)
    assert same(nparams.read(tmp_path / "new"), STATE)
    network = nparams.read(tmp_path / "old")
    assert same(network, STATE)
    assert network.notes[-1] == "read from checkpoint_20, the latest step; not read: checkpoint_3"


def test_a_state_in_a_dict_as_flax_documents_it(tmp_path):
    """flax.readthedocs.io, "Save and load checkpoints": {"model": state, "config": ..., "data": ...}."""
    model = linen.Dense(3)
    params = model.init(jax.random.key(0), jnp.ones((1, 4)))["params"]
    state = train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(1e-3))
    held = {"model": state, "config": {"dimensions": np.array([5, 3])}, "data": [jnp.ones((7,))]}
    path = tmp_path / "m.msgpack"
    path.write_bytes(serialization.to_bytes(held))
    live, file = nparams.read(held), nparams.read(path)
    assert live.total == file.total == 15
    assert fingerprint(live) == fingerprint(file)
    roles = [{t.name: t.role for t in each.tensors() if t.name != "step"} for each in (live, file)]
    assert roles[0] == roles[1]


def test_one_network_three_ways(tmp_path):
    (tmp_path / "m.msgpack").write_bytes(serialization.to_bytes(VARIABLES))
    networks = [nparams.read(VARIABLES), nparams.read(tmp_path / "m.msgpack"), saved(tmp_path / "c", VARIABLES)]
    assert {n.total for n in networks} == {TOTAL}
    assert len({fingerprint(n) for n in networks}) == 1
    assert {n.totals.elements for n in networks} == {TOTAL + 8}
