"""Sharded PyTorch checkpoints in a directory against the state dictionaries that torch saved, on random models."""

from __future__ import annotations

import json
import random

import pytest
import torch

import nparams
from nparams.errors import ReadError

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def random_state(rng: random.Random) -> dict[str, torch.Tensor]:
    """Weights, biases, statistics and a counter; a head that is the embedding, now and then."""
    state: dict[str, torch.Tensor] = {}
    for k in range(rng.randint(1, 6)):
        rows, columns, dtype = rng.randint(1, 9), rng.randint(1, 9), rng.choice(DTYPES)
        state[f"layers.{k}.weight"] = torch.zeros(rows, columns, dtype=dtype)
        state[f"layers.{k}.bias"] = torch.zeros(rows, dtype=dtype)
        state[f"norms.{k}.running_mean"] = torch.zeros(rows)
        state[f"norms.{k}.num_batches_tracked"] = torch.tensor(0)
    if rng.random() < 0.5:
        state["head.weight"] = state["layers.0.weight"]
    return state


def save(folder, state: dict[str, torch.Tensor], shards: int, rng: random.Random) -> None:
    """As transformers writes them: what shares numbers in one file, some files as torch saved them before 1.6."""
    names = [f"pytorch_model-{k + 1:05}-of-{shards:05}.bin" for k in range(shards)]
    where = {key: names[rng.randrange(shards)] for key in state}
    if "head.weight" in state:
        where["head.weight"] = where["layers.0.weight"]
    for name in names:
        held = {key: tensor for key, tensor in state.items() if where[key] == name}
        torch.save(held, folder / name, _use_new_zipfile_serialization=rng.random() < 0.5)
    size = sum(t.numel() * t.element_size() for key, t in state.items() if key != "head.weight")
    index = {"metadata": {"total_size": size}, "weight_map": where}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize("seed", range(12))
def test_shards_against_what_was_saved(tmp_path, seed):
    rng = random.Random(seed)
    state, shards = random_state(rng), rng.randint(1, 4)
    save(tmp_path, state, shards, rng)
    found = nparams.read(tmp_path)
    held = {t.name: (t.shape, t.dtype) for t in found.tensors()}
    assert held == {key: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for key, t in state.items()}
    parameters = [key for key in state if key.startswith("layers.")]
    assert found.total == sum(state[key].numel() for key in parameters)
    assert [t.tied_to for t in found.tensors() if t.name == "head.weight"] in ([], ["layers.0.weight"])
    assert not [note for note in found.notes if "declares" in note]
    (tmp_path / "pytorch_model.bin.index.json").unlink()
    assert nparams.read(tmp_path).total == found.total


@pytest.mark.parametrize(("change", "message"), [
    (lambda index: index["metadata"].update(total_parameters=7), None),
    (lambda index: index["weight_map"].update({"x": "pytorch_model-00001-of-00001.bin"}),
     'says "x" lies in "pytorch_model-00001-of-00001.bin", but it does not'),
    (lambda index: index["weight_map"].update({"x": "../y.bin"}), "paths are not followed"),
])  # fmt: skip
def test_an_index_that_says_something_else(tmp_path, change, message):
    state = random_state(random.Random(0))
    save(tmp_path, state, 1, random.Random(0))
    path = tmp_path / "pytorch_model.bin.index.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))
    if message is None:
        found = nparams.read(tmp_path)
        assert found.also["declared"] == 7
        assert f"the index declares 7 parameters; its tensors hold {found.total}" in found.notes
    else:
        with pytest.raises(ReadError, match=message):
            nparams.read(tmp_path)
