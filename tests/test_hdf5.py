"""HDF5 files: models and weights of Keras 1 and 2, weights of Keras 3, plain arrays; what is counted and refused."""

from __future__ import annotations

import csv
import json

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files._keras import config as configs
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.hdf5 import read
from tests.conftest import shared
from tests.keras_maker import D, Link, h5, layer, legacy, model, store

DENSE = {"dense_1/kernel:0": D((3, 4)), "dense_1/bias:0": D((4,))}
NORM = {f"bn/{leaf}:0": D((4,)) for leaf in ("gamma", "beta", "moving_mean", "moving_variance")}
ADAM = {"Adam/iterations:0": D((), "int64"), "training/m:0": D((3, 4)), "training/v:0": D((3, 4))}
NET = model(layer("Dense", "dense_1", units=4), layer("BatchNormalization", "bn"))
RANDOM = bytes(range(7, 71))
#: two models share one layer, or each have one of that name
TWICE = {"shared/kernel": D((4, 4), data=RANDOM), "shared/bias": D((4,))}
OTHER = {"shared/kernel": D((4, 4), data=RANDOM[::-1]), "shared/bias": D((4,))}
FIRST = {"dense_1_W": D((3, 4)), "dense_1_b": D((4,))}
LSTM = {f"lstm_1_{kind}_{gate}": D((2, 2) if kind != "b" else (2,)) for gate in "icfo" for kind in "WUb"}

W, B, F = "weight", "bias", "buffer"
# what it shows | the file | {name: (shape, role)} of all but the optimizer | read_as | a part of the notes
KERAS = [
    ("a model of Keras 2", legacy({"dense_1": DENSE, "act": {}, "bn": NORM}, config=NET, optimizer=ADAM),
     {"dense_1/kernel": ((3, 4), W), "dense_1/bias": ((4,), B), "bn/gamma": ((4,), W), "bn/beta": ((4,), B),
      "bn/moving_mean": ((4,), F), "bn/moving_variance": ((4,), F)},
     "Keras model (Keras 2.2.4), Sequential net, 6 tensors", "25 numbers, the optimizer's state"),
    ("weights alone", legacy({"dense_1": DENSE}), {"dense_1/kernel": ((3, 4), W), "dense_1/bias": ((4,), B)},
     "Keras weights (Keras 2.2.4), 2 tensors", ""),
    ("TensorFlow numbers the scopes", legacy({"lstm_1": {"lstm_1_2/bias:0": D((8,))}}), {"lstm_1/bias": ((8,), B)},
     "Keras weights (Keras 2.2.4), 1 tensor", ""),
    ("Keras 3 puts the model's name in front",
     legacy({"d": {"net/d/kernel": D((3, 4))}}, version="3.10.0"), {"d/kernel": ((3, 4), W)},
     "Keras weights (Keras 3.10.0), 1 tensor", ""),
    ("a model inside", legacy({"inner": {"d/kernel:0": D((2, 2)), "e/kernel:0": D((2, 3))}}),
     {"inner/d/kernel": ((2, 2), W), "inner/e/kernel": ((2, 3), W)}, "Keras weights (Keras 2.2.4), 2 tensors", ""),
    ("names of Keras 1", legacy({"dense_1": FIRST, "lstm_1": LSTM}, version="1.2.2"),
     {"dense_1/dense_1_W": ((3, 4), W), "dense_1/dense_1_b": ((4,), B),
      **{f"lstm_1/{n}": (d.shape, B if "_b_" in n else W) for n, d in LSTM.items()}},
     "Keras weights (Keras 1.2.2), 14 tensors", ""),
    ("statistics of Keras 1", legacy({"bn": {"bn_running_mean": D((4,)), "bn_running_std": D((4,)),
                                             "bn_gamma": D((4,)), "bn_beta": D((4,))}}),
     {"bn/bn_running_mean": ((4,), F), "bn/bn_running_std": ((4,), F), "bn/bn_gamma": ((4,), W),
      "bn/bn_beta": ((4,), B)}, "Keras weights (Keras 2.2.4), 4 tensors", ""),
    ("Keras 0", h5({"layer_0": {"param_0": D((3, 4)), "param_1": D((4,)), "@": {"nb_params": 2}}, "layer_1": {},
                    "@": {"nb_layers": 2}}),
     {"layer_0/param_0": ((3, 4), W), "layer_0/param_1": ((4,), B)}, "Keras weights, 2 tensors", ""),
    ("names in several attributes",
     h5({"a": {"a": {"kernel": D((2,))}, "@": {"weight_names": ["a/kernel"]}},
         "b": {"b": {"kernel": D((3,))}, "@": {"weight_names0": ["b/kernel"]}},
         "@": {"layer_names0": ["b"], "layer_names1": ["a"]}}),
     {"b/kernel": ((3,), W), "a/kernel": ((2,), W)}, "Keras weights, 2 tensors", ""),
    ("variables of the model itself",
     legacy({"d": {"d/kernel": D((2, 2))}}, top_level_model_weights={"net": {"scale": D((5,))}}),
     {"d/kernel": ((2, 2), W), "net/scale": ((5,), W)}, "Keras weights (Keras 2.2.4), 2 tensors", ""),
    ("what Keras would not load",
     h5({"a": {"a": {"kernel": D((2,)), "old": D((9,))}, "@": {"weight_names": ["a/kernel"]}}, "b": {"x": D((4,))},
         "y": D((3,)), "@": {"layer_names": ["a"]}}),
     {"a/kernel": ((2,), W)}, "Keras weights, 1 tensor",
     "16 numbers, not among layer_names and weight_names: Keras does not load it"),
    ("a layer of two models is one", legacy({"inner": TWICE, "shared": TWICE}),
     {"inner/shared/kernel": ((4, 4), W), "inner/shared/bias": ((4,), B), "shared/kernel": ((4, 4), W),
      "shared/bias": ((4,), B)}, "Keras weights (Keras 2.2.4), 4 tensors",
     "2 tensors are stored under two names and counted once (shared/kernel)"),
    ("statistics by the class", legacy({"n": {"mean:0": D((4,)), "variance:0": D((4,)), "count:0": D((), "int64")}},
                                       config=model(layer("Normalization", "n"))),
     {"n/mean": ((4,), F), "n/variance": ((4,), F), "n/count": ((), F)},
     "Keras model (Keras 2.2.4), Sequential net, 3 tensors", ""),
    ("bfloat16 is opaque to HDF5",
     legacy({"d": {"d/kernel": D((2, 2), "opaque16")}}, config=model(layer("Dense", "d", units=2, dtype="bfloat16"))),
     {"d/kernel": ((2, 2), W)}, "Keras model (Keras 2.2.4), Sequential net, 1 tensor", ""),
    ("a layer whose name has a slash", legacy({}, a={"b": {"a": {"b": {"kernel": D((7,))}}, "@": {
        "weight_names": ["a/b/kernel"]}}}, attrs={"layer_names": ["a/b"]}),
     {"a/b/kernel": ((7,), W)}, "Keras weights (Keras 2.2.4), 1 tensor", ""),
    ("a layer in the group of another", legacy({}, Conv={
        "Conv": {"kernel:0": D((3, 4))}, "BatchNorm": {"Conv": {"BatchNorm": {"gamma:0": D((4,)), "beta:0": D((4,))}},
            "@": {"weight_names": ["Conv/BatchNorm/gamma:0", "Conv/BatchNorm/beta:0"]}},
        "@": {"weight_names": ["Conv/kernel:0"]}}, attrs={"layer_names": ["Conv/BatchNorm", "Conv"]}),
     {"Conv/kernel": ((3, 4), W), "Conv/BatchNorm/gamma": ((4,), W), "Conv/BatchNorm/beta": ((4,), B)},
     "Keras weights (Keras 2.2.4), 3 tensors", ""),
    ("adapters", legacy({"d": {"d/kernel": D((4, 5)), "d/lora_kernel_a": D((4, 2)), "d/lora_kernel_b": D((2, 5))}}),
     {"d/kernel": ((4, 5), W), "d/lora_kernel_a": ((4, 2), W), "d/lora_kernel_b": ((2, 5), W)},
     "Keras weights (Keras 2.2.4), 3 tensors", ""),
    ("a weights file of Keras 3",
     store({"layers/dense": [D((3, 4)), D((4,))], "layers/dense_10": [D((4, 2))], "layers/dense_2": [D((4, 4))]}),
     {"dense/kernel": ((3, 4), W), "dense/bias": ((4,), B), "dense_2/kernel": ((4, 4), W),
      "dense_10/kernel": ((4, 2), W)}, "Keras weights, 4 tensors", ""),
    ("one that names its objects", store({"layers/dense": [D((3, 4))]}, {"layers/dense": "logits"}),
     {"logits/kernel": ((3, 4), W)}, "Keras 3 weights, 1 tensor", ""),
    ("int8 that nothing explains", store({"layers/dense": [D((3, 4), "int8"), D((4,)), D((4,))]}),
     {"dense/kernel": ((3, 4), W), "dense/bias": ((4,), B), "dense/kernel_scale": ((4,), "bookkeeping")},
     "Keras weights, 3 tensors, Keras int8", "int8 kernels without a configuration are counted one number to a byte"),
    ("int4 by its scales", store({"layers/dense": [D((3, 2), "int8"), D((4,)), D((4,))]}),
     {"dense/kernel": ((3, 4), W), "dense/bias": ((4,), B), "dense/kernel_scale": ((4,), "bookkeeping")},
     "Keras weights, 3 tensors, Keras int4", ""),
    ("attention", store({f"mha/{n}_dense": [D((3, 2, 4)), D((2, 4))] for n in ("query", "_output")}),
     {"mha/attention_output/kernel": ((3, 2, 4), W), "mha/attention_output/bias": ((2, 4), B),
      "mha/query/kernel": ((3, 2, 4), W), "mha/query/bias": ((2, 4), B)}, "Keras weights, 4 tensors", ""),
]  # fmt: skip


def found(data: bytes, name: str = "m.h5"):
    return read(MemorySource(data, name))


@pytest.mark.parametrize(("data", "expected", "read_as", "note"), [c[1:] for c in KERAS], ids=[c[0] for c in KERAS])
def test_keras(data, expected, read_as, note):
    network = found(data)
    assert {t.name: (t.shape, t.role) for t in network.tensors() if t.role != "other"} == expected
    assert list(expected) == [t.name for t in network.tensors() if t.role != "other"]
    assert (network.read_as, network.form, network.source) == (read_as, "hdf5", "m.h5")
    assert note in " ".join(network.notes)
    assert network.totals.elements == sum((t.stored or (t.size,))[0] for t in network.tensors() if t.role != "other")
    json.loads(network.to_json(tensors=True))


# what it shows | the file | parameters | trainable | what Keras's summary says
COUNTED = [
    ("statistics", legacy({"dense_1": DENSE, "bn": NORM}, config=NET), 24, 24, 32),
    ("the optimizer of Keras 2 is not in its summary", legacy({"dense_1": DENSE}, config=NET, optimizer=ADAM), 16, 16,
     16),
    ("that of Keras 3 is", legacy({"dense_1": DENSE}, config=NET, optimizer=ADAM, version="3.1.0"), 16, 16, 41),
    ("unless it is not built",
     legacy({"dense_1": DENSE}, config=NET, optimizer={"adam/iteration": D((), "int64")}, version="3.1.0"), 16, 16, 16),
    ("a frozen layer", legacy({"dense_1": DENSE}, config=model(layer("Dense", "dense_1", units=4, trainable=False))),
     16, 0, 16),
    ("weights do not say what is trained", legacy({"dense_1": DENSE}), 16, None, 16),
    ("shared by two models", legacy({"inner": TWICE, "shared": TWICE}), 20, None, 20),
    ("two layers of one name", legacy({"inner": TWICE, "shared": OTHER}), 40, None, 40),
    ("values that do not tell", legacy({"a": {"s/k": D((4,))}, "b": {"s/k": D((4,))}}), 8, None, 8),
]  # fmt: skip


@pytest.mark.parametrize(("data", "total", "trainable", "own"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_counted(data, total, trainable, own):
    network = found(data)
    assert (network.total, network.totals.trainable, network.also["framework"]) == (total, trainable, own)


# what it shows | the file | {name: (shape, dtype, role)} | a part of the notes
PLAIN = [
    ("every dataset of numbers", h5({"a": {"weight": D((2, 3)), "bias": D((3,))}, "step": D((), "int64")}),
     {"a/weight": ((2, 3), "float32", W), "a/bias": ((3,), "float32", B), "step": ((), "int64", "other")}, ""),
    ("text is left out", h5({"w": D((2,)), "t": D((4,), "text")}), {"w": ((2,), "float32", W)},
     'left out, because they hold no plain numbers: "t"'),
    ("two names for one dataset", h5({"a": D((2, 2)), "b": Link("/a")}),
     {"a": ((2, 2), "float32", W), "b": ((2, 2), "float32", W)}, ""),
    ("a group of its own called vars", h5({"vars": {"t": D((2,)), "x": {"0": D((3,))}}}),
     {"vars/t": ((2,), "float32", W), "vars/x/0": ((3,), "float32", W)}, ""),
    ("opaque numbers", h5({"w": D((2, 2), "opaque8")}), {"w": ((2, 2), None, W)}, ""),
    ("packed weights", h5({"l.qweight": D((4, 8), "int32"), "l.qzeros": D((1, 1), "int32"), "l.scales": D((1, 8)),
                           "l.g_idx": D((32,), "int32")}),
     {"l.qweight": ((8, 32), "int4", W), "l.qzeros": ((1, 1), "int32", "bookkeeping"),
      "l.scales": ((1, 8), "float32", "bookkeeping"), "l.g_idx": ((32,), "int32", "bookkeeping")}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected", "note"), [c[1:] for c in PLAIN], ids=[c[0] for c in PLAIN])
def test_plain(data, expected, note):
    network = found(data)
    assert {t.name: (t.shape, t.dtype, t.role) for t in network.tensors()} == expected
    assert "a plain HDF5 file, not written by Keras" in network.notes[0]
    assert note in " ".join(network.notes)


def test_a_dataset_of_two_names_is_counted_once():
    network = found(h5({"a": D((2, 2)), "b": Link("/a")}))
    assert (network.total, network.totals.elements) == (4, 8)
    network = found(legacy({"a": {"a/k": D((2, 2))}}, b={"k": Link("/a/a/k"), "@": {"weight_names": ["k"]}},
                           attrs={"layer_names": ["a", "b"]}))  # fmt: skip
    assert (network.total, [t.tied_to for t in network.tensors()]) == (4, [None, "a/k"])


LAMBDA = model(layer("Lambda", "twice", function=["4wEAAA==", None, None], function_type="lambda"))
# what it shows | the file | the error
REFUSED = [
    ("a soft link", h5({"a": D((2,)), "b": Link("/a", "soft")}), 'm.h5: a soft link "b" -> "/a"'),
    ("a link to another file", h5({"b": Link("/a", "external")}), 'm.h5: an external link "b" -> "/a" in "other.h5"'),
    ("a soft link among the layers", legacy({"d": {"d/k": D((2,))}}, b=Link("/d", "soft")), "m.h5: a soft link"),
    ("a layer that is not there", h5({"a": {}, "@": {"layer_names": ["a", "b"]}}),
     'm.h5: layer_names of "/" names "b", which is not there'),
    ("a layer twice", h5({"a": {}, "@": {"layer_names": ["a", "a"]}}), 'm.h5: layer_names of "/" names "a" twice'),
    ("a variable that is not there", h5({"a": {"@": {"weight_names": ["k"]}}, "@": {"layer_names": ["a"]}}),
     'm.h5: weight_names of "/a" names "k", which is not there'),
    ("a configuration that is no JSON", legacy({}, config="{"), "m.h5: model_config is not the JSON that Keras writes"),
    ("a configuration that is no object", legacy({}, config="[]"), "m.h5: model_config is JSON, but no object"),
    ("a key that comes twice", legacy({}, config='{"a": 1, "a": 2}'), "a key appears twice"),
    ("depth without end", legacy({}, config='{"a":' + "[" * 20_000), "model_config is not the JSON that Keras writes"),
    ("no arrays", h5({"a": {}}), "m.h5: an HDF5 file without arrays of numbers: there is no dataset in it"),
    ("text only", h5({"a": D((2,), "text")}), 'without arrays of numbers: it holds "a", which are no plain numbers'),
    ("a variable twice", store({"layers/d": [D((2,))]})[:-1], "m.h5: "),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, message):
    with pytest.raises(NparamsError) as caught:
        found(data)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_long_configuration_is_not_read(monkeypatch):
    monkeypatch.setattr(configs, "MOST_CONFIG", 100)
    network = found(legacy({"dense_1": DENSE}, config=NET))
    assert network.total == 16
    assert "model_config takes" in network.notes[0]


# what it shows | the configuration | kind and text of the first flag
FLAGGED = [
    ("a Lambda", LAMBDA, "code", 'model_config: "twice": a Lambda layer: loading it would run Python out of this file'),
    ("a module that is not Keras", model({"module": "os", "class_name": "system", "config": {}}), "code",
     'model_config: "os.system" would be imported by a loader'),
    ("a class of somebody's own", model({"module": None, "class_name": "Mine", "config": {}, "registered_name": "p>M"}),
     "code", 'model_config: "p>M" is a class of somebody\'s own'),
    ("a file to open", model(layer("StringLookup", "s", vocabulary="/etc/passwd")), "path",
     'model_config: a vocabulary in the file "/etc/passwd"'),
    ("a pickle of torch", model(layer("TorchModuleWrapper", "t", module="UEs=")), "code", "as a pickle"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "kind", "text"), [c[1:] for c in FLAGGED], ids=[c[0] for c in FLAGGED])
def test_flags(config, kind, text):
    (flag, *_) = found(legacy({"dense_1": DENSE}, config=config)).flags
    assert flag["kind"] == kind
    assert text in flag["text"]
    assert flag["text"].endswith("nothing was run")


def test_many_flags_are_few_lines():
    config = model(*({"module": f"m{k}", "class_name": "C", "config": {}} for k in range(99)))
    assert len(found(legacy({"dense_1": DENSE}, config=config)).flags) == 21


def test_no_flags_for_a_plain_model():
    assert found(legacy({"dense_1": DENSE}, config=NET)).flags == []


def test_a_model_saved_as_a_directory(tmp_path):
    (tmp_path / "model.weights.h5").write_bytes(store({"layers/dense": [D((3, 4)), D((4,))]}))
    (tmp_path / "config.json").write_text(json.dumps(model(layer("Dense", "head", units=4))))
    (tmp_path / "metadata.json").write_text('{"keras_version": "3.10.0"}')
    network = nparams.read(tmp_path / "model.weights.h5")
    assert [(t.name, t.trainable) for t in network.tensors()] == [("head/kernel", True), ("head/bias", True)]
    assert network.read_as == "Keras weights (Keras 3.10.0), Sequential net, 2 tensors"
    (tmp_path / "config.json").write_text('{"model_type": "bert", "config": {}}')
    assert [t.name for t in nparams.read(tmp_path / "model.weights.h5").tensors()] == ["dense/kernel", "dense/bias"]


def test_every_read_may_wait_for_bytes():
    data = legacy({"dense_1": DENSE, "bn": NORM}, config=NET, optimizer=ADAM)
    fetched = []

    def fetch(offset, length):
        fetched.append(length)
        return data[offset : offset + length]

    network = drive(RangeSource("m.h5", len(data)), fetch, read)
    assert network.total == 24
    assert fetched


def rows() -> list[dict[str, str]]:
    with shared("models/manifest.tsv").open(newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t") if row["format"] == "h5"]


def test_real_files():
    held = rows()
    assert held
    for row in held:
        network = nparams.read(shared("models") / row["file"])
        assert str(network.totals.elements) == row["expected_elements"], row["file"]
        assert row["expected_total"] in ("", str(network.total)), row["file"]
        notes = dict(pair.split("=") for pair in row["notes"].split(";") if "=" in pair)
        assert network.totals.other == int(notes.get("optimizer", "0").partition(" ")[0]), row["file"]
        assert network.totals.buffers == int(notes.get("non_trainable_moving", 0)), row["file"]


def test_a_keras_model_without_variables_has_none():
    found = read(MemorySource(h5({"vars": {}, "layers": {"re_lu": {"vars": {}}}}), "m.weights.h5"))
    assert (found.total, found.read_as) == (0, "Keras weights, 0 tensors")
