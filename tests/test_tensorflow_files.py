"""Files that TensorFlow and Keras wrote, against what these find in them (tools/fixtures/tensorflow.py)."""

from __future__ import annotations

import csv
import json
from math import prod
from pathlib import Path

import pytest

import nparams
from nparams.files.bytesource import FileSource
from nparams.files.saved_model import read as read_saved
from nparams.files.tf_checkpoint import read as read_checkpoint
from tests.conftest import shared

FOLDER = Path(__file__).resolve().parent / "data" / "tensorflow"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
#: file -> (parameters, buffers, set aside), by what tools/fixtures/tensorflow.py builds
COUNTS = {
    # fc1 and fc2 (39), half/kernel (6); a mask; two moments and an average of each weight, three numbers of the run
    "tf1/model.ckpt-7.index": (45, 2, 3 * 39 + 3),
    "tf1/part.ckpt.index": (38, 0, 3 * 38),  # momentum; RMSProp's mean square and momentum
    "tf1/old.ckpt": (24, 0, 0),
    "served/saved_model.pb": (12, 3, 0),
    "tf2/keras2-1.index": (29, 6, 2 * 29 + 3),  # two moments; iterations, learning rate, save_counter
    "tf2/keras3-1.index": (29, 6, 2 * 29 + 3),
    "tf2/module.index": (22, 0, 22 + 2 * 15 + 5 + 1 + 1 + 1),  # target_net; two moments of w and b; hyper, iter; steps
    "module/saved_model.pb": (18, 4, 1),
    "keras2/saved_model.pb": (29, 6, 2 * 29 + 2 + 4),  # as above without save_counter; total and count of two metrics
    "keras3/saved_model.pb": (29, 6, 29 + 6 + 2),  # the second copy; the random state of Dropout
    "frozen/saved_model.pb": (15, 0, 0),
}
CHECKPOINTS = [name for name, held in EXPECTED.items() if "listed" in held]
GRAPHS = [name for name, held in EXPECTED.items() if "constants" in held]
#: names that NumPy gives types and TensorFlow another
NAMES = {"half": "float16", "float": "float32", "double": "float64"}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_every_variable_is_there_with_its_shape_and_type(name):
    network = nparams.read(FOLDER / name)
    wanted = sorted((shape, NAMES.get(kind, kind)) for _, shape, kind in EXPECTED[name]["listed"] if kind != "string")
    if wanted:
        assert sorted((list(t.shape), t.dtype) for t in network.tensors()) == wanted
    totals = network.totals
    assert (totals.total, totals.buffers, totals.other) == COUNTS[name]


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_the_model_is_what_the_program_calls_its_own(name):
    network, model = nparams.read(FOLDER / name), EXPECTED[name]["model"]
    more = {"tf1/model.ckpt-7.index": 8, "module/saved_model.pb": -1}  # half/kernel and mask; the step is no model's
    assert network.totals.elements == model["numbers"] + more.get(name, 0)
    if network.totals.trainable is not None and "trained" in model:
        assert network.totals.trainable == model["trained"]


def test_names_are_those_of_the_program():
    network = nparams.read(FOLDER / "keras2" / "saved_model.pb")
    names = {t.name for t in network.tensors() if t.role in ("weight", "bias")}
    assert names == {"one/kernel", "one/bias", "norm/gamma", "norm/beta", "two/kernel", "two/bias"}
    rows = [row.name for row in nparams.read(FOLDER / "tf2" / "keras3-1.index").layers if row.total]
    assert len(rows) == 3
    assert [name.rpartition("/")[2] for name in rows] == ["one", "norm", "two"]


@pytest.mark.parametrize("name", [name for name in CHECKPOINTS if name.endswith(".index")])
def test_the_index_alone_gives_the_same_total(name):
    with FileSource(str(FOLDER / name)) as source:
        network = read_checkpoint(source)
    want = nparams.read(FOLDER / name)
    if name != "tf2/module.index":  # `opt` is no optimizer's usual name, and the old optimizers give theirs no sign
        assert (network.total, network.totals.elements) == (want.total, want.totals.elements)
    assert sorted(t.shape for t in network.tensors()) == sorted(t.shape for t in want.tensors())


@pytest.mark.parametrize("name", ["served", "module", "keras2", "keras3", "frozen"])
def test_the_graph_alone_gives_the_same_total(name):
    with FileSource(str(FOLDER / name / "saved_model.pb")) as source:
        network = read_saved(source)
    assert network.total == nparams.read(FOLDER / name).total
    assert network.totals.elements == nparams.read(FOLDER / name).totals.elements


@pytest.mark.parametrize("name", GRAPHS)
def test_every_constant_of_a_graph_is_there_with_its_shape_and_type(name):
    network = nparams.read(FOLDER / name)
    numbers = sorted((t.shape, t.dtype) for t in network.tensors() if t.dtype is not None and t.stored != (0, 0))
    listed = [(tuple(shape), kind) for _, shape, kind in EXPECTED[name]["constants"] if kind != "string"]
    wanted = [(shape, NAMES.get(kind, kind)) for shape, kind in listed]
    if "left out" not in "".join(network.notes):
        assert numbers == sorted(wanted)
    assert network.totals.elements == sum(prod(shape) for _, shape, kind in EXPECTED[name]["constants"])


def test_the_variables_of_a_graph_are_its_parameters_and_statistics():
    for name in ("graphs/frozen.pb", "graphs/unfrozen.pb"):
        network, numbers = nparams.read(FOLDER / name), EXPECTED[name]["model"]["numbers"]
        roles = {t.name: (t.role, list(t.shape)) for t in network.tensors()}
        for variable, shape in numbers.items():
            role, found = roles[variable]
            assert found == shape
            assert (role == "buffer") == variable.endswith(("moving_mean", "moving_variance"))
            assert (role == "bias") == variable.endswith(("bias", "beta"))
        assert network.total == sum(prod(s) for n, s in numbers.items() if "moving" not in n) == 518


@pytest.mark.parametrize("name", ["graphs/loop.pb", "graphs/lowered.pb", "graphs/folded.pb"])
def test_a_frozen_function_has_the_parameters_of_its_model(name):
    assert nparams.read(FOLDER / name).total == EXPECTED[name]["model"]["trained"]


def test_the_shared_models_are_right():
    checked = 0
    with shared("models/manifest.tsv").open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["format"] not in ("tf_ckpt", "graphdef"):
                continue
            network = nparams.read(shared("models") / row["file"])
            assert network.totals.elements == int(row["expected_elements"]), row["file"]
            if row["expected_total"]:
                assert network.total == int(row["expected_total"]), row["file"]
            checked += 1
    assert checked == 12


def test_a_shared_saved_model_is_what_its_index_says_and_more():
    folder = shared("models/spotify+basic-pitch/basic_pitch/saved_models/icassp_2022/nmp")
    network = nparams.read(folder)
    assert (network.total, network.totals.buffers, network.totals.other) == (16_782, 82, 33_577)
    assert network.totals.trainable == 16_782
    assert network.also["constants"] == 18_688  # the filters of its constant-Q transform
