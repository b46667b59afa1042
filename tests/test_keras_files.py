"""Keras archives: names and classes by the configuration, roles, packed kernels, and what is refused."""

from __future__ import annotations

import csv
import json

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource
from nparams.files.keras import read
from nparams.files.keras_shards import read as read_shards
from tests.conftest import shared
from tests.keras_maker import D, archive, h5, layer, legacy, model, store
from tests.zip_maker import M
from tests.zip_maker import archive as zipped

W, B, F, K, O = "weight", "bias", "buffer", "bookkeeping", "other"
KERNEL, BIAS = D((3, 4)), D((4,))
VECTORS = [D((4,))] * 4
ADAM = {"optimizer": [D((), "int64"), D(()), D((3, 4)), D((3, 4))]}
INT8 = {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}}
INT4 = {"class_name": "Int4DTypePolicy", "config": {"mode": "int4/-1", "source_name": "float32"}}
GPTQ = {"class_name": "GPTQDTypePolicy", "config": {"mode": "gptq/4/-1", "source_name": "float32"}}
AWQ = {"class_name": "AWQDTypePolicy", "config": {"mode": "awq/4/-1", "source_name": "float32"}}
FLOAT8 = {"class_name": "QuantizedFloat8DTypePolicy", "config": {"mode": "float8", "source_name": "float32"}}
FP8 = [KERNEL, BIAS, *[D(()), D((16,))] * 3]


def one(kind: str, kept: list[D], path: str | None = None, **settings: object) -> bytes:
    """An archive of one layer."""
    from nparams.files._keras.config import snake_case

    config = model(layer(kind, "x", **settings))
    return archive(store({path or f"layers/{snake_case(kind)}": kept}), config)


# what it shows | class | what it keeps | settings | {name: (shape, dtype, role)}
LAYERS = [
    ("a dense layer", "Dense", [KERNEL, BIAS], {"units": 4},
     {"kernel": ((3, 4), "float32", W), "bias": ((4,), "float32", B)}),
    ("without a bias", "Dense", [KERNEL], {"units": 4, "use_bias": False}, {"kernel": ((3, 4), "float32", W)}),
    ("an embedding", "Embedding", [D((9, 4))], {}, {"embeddings": ((9, 4), "float32", W)}),
    ("a separable convolution", "SeparableConv2D", [D((3, 3, 2, 1)), D((1, 1, 2, 4)), BIAS], {"filters": 4},
     {"depthwise_kernel": ((3, 3, 2, 1), "float32", W), "pointwise_kernel": ((1, 1, 2, 4), "float32", W),
      "bias": ((4,), "float32", B)}),
    ("batch normalisation", "BatchNormalization", VECTORS, {},
     {"gamma": ((4,), "float32", W), "beta": ((4,), "float32", B), "moving_mean": ((4,), "float32", F),
      "moving_variance": ((4,), "float32", F)}),
    ("without scale and centre", "BatchNormalization", VECTORS[:2], {"scale": False, "center": False},
     {"moving_mean": ((4,), "float32", F), "moving_variance": ((4,), "float32", F)}),
    ("without scale", "BatchNormalization", VECTORS[:3], {"scale": False, "center": True},
     {"beta": ((4,), "float32", B), "moving_mean": ((4,), "float32", F), "moving_variance": ((4,), "float32", F)}),
    ("renormalisation", "BatchNormalization", [*VECTORS, *VECTORS[:3]], {"renorm": True},
     {"gamma": ((4,), "float32", W), "beta": ((4,), "float32", B),
      **dict.fromkeys(("moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"),
                      ((4,), "float32", F))}),
    ("a norm without scale", "LayerNormalization", [D((4,))], {"scale": False, "center": True},
     {"beta": ((4,), "float32", B)}),
    ("statistics of the data", "Normalization", [D((4,)), D((4,)), D((), "int32")], {},
     {"mean": ((4,), "float32", F), "variance": ((4,), "float32", F), "count": ((), "int32", F)}),
    ("attention with both scalars", "Attention", [D(()), D(())], {"use_scale": True, "score_mode": "concat"},
     {"scale": ((), "float32", W), "concat_score_weight": ((), "float32", W)}),
    ("attention with one", "Attention", [D(())], {"use_scale": False, "score_mode": "concat"},
     {"concat_score_weight": ((), "float32", W)}),
    ("int8", "Dense", [D((3, 4), "int8"), BIAS, BIAS], {"units": 4, "dtype": INT8},
     {"kernel": ((3, 4), "int8", W), "bias": ((4,), "float32", B), "kernel_scale": ((4,), "float32", K)}),
    ("int4 along the outputs", "Dense", [D((3, 3), "int8"), D((5,)), D((5,))], {"units": 5, "dtype": INT4},
     {"kernel": ((3, 5), "int4", W), "bias": ((5,), "float32", B), "kernel_scale": ((5,), "float32", K)}),
    ("int4 in groups", "Dense", [D((4, 2), "int8"), D((2, 3)), D((2, 3), "int8"), D((4,))],
     {"units": 3, "use_bias": False, "dtype": INT4},
     {"kernel": ((4, 3), "int4", W), "kernel_scale": ((2, 3), "float32", K), "kernel_zero": ((2, 3), "int8", K),
      "g_idx": ((4,), "float32", K)}),
    ("an int4 table by the configuration", "Embedding", [D((9, 3), "int8"), D((9,))],
     {"input_dim": 9, "output_dim": 5, "dtype": INT4},
     {"embeddings": ((9, 5), "int4", W), "embeddings_scale": ((9,), "float32", K)}),
    ("an int4 table by its groups", "Embedding", [D((9, 3), "int8"), D((9, 1)), D((9, 1), "int8"), D((5,))],
     {"dtype": INT4},
     {"embeddings": ((9, 5), "int4", W), "embeddings_scale": ((9, 1), "float32", K),
      "embeddings_zero": ((9, 1), "int8", K), "g_idx": ((5,), "float32", K)}),
    ("GPTQ", "Dense", [D((5,)), D((3, 4), "uint8"), D((5, 1)), D((5, 1), "uint8"), D((4,))],
     {"units": 5, "dtype": GPTQ},
     {"bias": ((5,), "float32", B), "kernel": ((4, 5), "int4", W), "kernel_scale": ((5, 1), "float32", K),
      "kernel_zero": ((5, 1), "uint8", K), "g_idx": ((4,), "float32", K)}),
    ("GPTQ of 8 bits", "Dense", [D((5, 4), "uint8"), D((5, 1)), D((5, 1), "uint8"), D((4,))],
     {"units": 5, "use_bias": False, "dtype": GPTQ},
     {"kernel": ((4, 5), "uint8", W), "kernel_scale": ((5, 1), "float32", K), "kernel_zero": ((5, 1), "uint8", K),
      "g_idx": ((4,), "float32", K)}),
    ("AWQ", "EinsumDense", [D((3, 4), "uint8"), D((5, 1)), D((5, 1), "uint8"), D((4,)), D((4,))], {"dtype": AWQ},
     {"kernel": ((4, 5), "int4", W), "kernel_scale": ((5, 1), "float32", K), "kernel_zero": ((5, 1), "uint8", K),
      "awq_scales": ((4,), "float32", K), "g_idx": ((4,), "float32", K)}),
    ("float8", "Dense", FP8, {"units": 4, "dtype": FLOAT8},
     {"kernel": ((3, 4), "float32", W), "bias": ((4,), "float32", B),
      **{f"{n}_{s}": (shape, "float32", K) for n in ("inputs", "kernel", "outputs_grad")
         for s, shape in (("scale", ()), ("amax_history", (16,)))}}),
    ("both tables of a reversible embedding", "ReversibleEmbedding", [D((9, 4)), D((4, 9))], {"tie_weights": False},
     {"embeddings": ((9, 4), "float32", W), "reverse_embeddings": ((4, 9), "float32", W)}),
    ("a class of somebody's own", "Mine", [D((2, 3)), D((3,))], {},
     {"kernel": ((2, 3), "float32", W), "bias": ((3,), "float32", B)}),
    ("one that keeps three things", "Mine", [D((2, 3)), D((7,)), D((2,), "int32")], {},
     {"0": ((2, 3), "float32", W), "1": ((7,), "float32", W), "2": ((2,), "int32", F)}),
    ("a class of one's own that bears a known name", "Dense", VECTORS, {},
     {"gamma": ((4,), "float32", W), "beta": ((4,), "float32", B), "moving_mean": ((4,), "float32", F),
      "moving_variance": ((4,), "float32", F)}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "kept", "settings", "expected"), [c[1:] for c in LAYERS], ids=[c[0] for c in LAYERS])
def test_layers(kind, kept, settings, expected):
    network = read(MemorySource(one(kind, kept, **settings), "m.keras"))
    assert {t.name: (t.shape, t.dtype, t.role) for t in network.tensors()} == {f"x/{k}": v for k, v in expected.items()}
    stored = sum(t.stored[0] if t.stored else t.size for t in network.tensors())
    assert network.totals.elements == stored == sum(prod(d.shape) for d in kept)
    json.loads(network.to_json(tensors=True))


def prod(shape) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


# -- whole models ------------------------------------------------------------------------------------------------------

LSTM = [D((3, 8)), D((2, 8)), D((8,))]
INNER = model(layer("Dense", "d", units=4), name="inner")
TWO = model(layer("Dense", "first", units=4), layer("Dense", "second", units=4, trainable=False),
            layer("Dropout", "drop"), layer("BatchNormalization", "bn"))  # fmt: skip
OLDER = "_layer_checkpoint_dependencies"
WRAPPED = model(layer("Bidirectional", "both", layer=layer("LSTM", "lstm", units=2)),
                layer("TimeDistributed", "each", layer=layer("Dense", "d", units=4)))  # fmt: skip
# what it shows | the file | {name: trainable} | total, what Keras's summary says
MODELS = [
    ("names and flags by the configuration",
     archive(store({"layers/dense": [KERNEL, BIAS], "layers/dense_1": [D((4, 4)), BIAS], "layers/dropout": [],
                    "layers/batch_normalization": VECTORS}), TWO),
     {"first/kernel": True, "first/bias": True, "second/kernel": False, "second/bias": False, "bn/gamma": True,
      "bn/beta": True, "bn/moving_mean": False, "bn/moving_variance": False}, 44, 52),
    ("the file's own names come first",
     archive(store({"layers/dense": [KERNEL, BIAS]}, {"": "m", "layers/dense": "logits"}),
             model(layer("Dense", "first", units=4))), {"logits/kernel": True, "logits/bias": True}, 16, 16),
    ("without a configuration", archive(store({"layers/dense": [KERNEL, BIAS]})),
     {"dense/kernel": None, "dense/bias": None}, 16, 16),
    ("a model inside a model",
     archive(store({"layers/sequential/layers/dense": [KERNEL], "layers/dense": [D((4, 4))]}),
             model(INNER, layer("Dense", "head", units=4))), {"inner/d/kernel": True, "head/kernel": True}, 28, 28),
    ("a frozen model inside", archive(store({"layers/sequential/layers/dense": [KERNEL]}), model(
        model(layer("Dense", "d", units=4), name="inner") | {"config": INNER["config"] | {"trainable": False}})),
     {"inner/d/kernel": False}, 12, 12),
    ("the order of the configuration",
     archive(store({f"layers/{p}": [KERNEL] for p in ("dense", "conv1d")}),
             model(layer("Dense", "b", units=4), layer("Conv1D", "a", filters=4))),
     {"b/kernel": True, "a/kernel": True}, 24, 24),
    ("backslashes of Windows", archive(store({"layers\\dense": [KERNEL, BIAS], "metrics\\mean": [D(()), D(())]}),
                                       model(layer("Dense", "d", units=4)), version="2.15.0"),
     {"d/kernel": True, "d/bias": True, "metrics/mean/0": None, "metrics/mean/1": None}, 16, 16),
    ("tf.keras 2.13 counts a layer twice",
     archive(store({f"{OLDER}/dense": [KERNEL], f"{OLDER}/dense_2": [D((4, 5))]}),
             model(layer("Dense", "one", units=4), layer("Dense", "two", units=5)), version="2.13.1"),
     {"one/kernel": True, "two/kernel": True}, 32, 32),
    ("wrappers and cells",
     archive(store({"layers/bidirectional/forward_layer/cell": LSTM, "layers/bidirectional/backward_layer/cell": LSTM,
                    "layers/time_distributed/layer": [KERNEL, BIAS]}), WRAPPED),
     {**{f"both/{way}_lstm/lstm_cell/{leaf}": True for way in ("backward", "forward")
         for leaf in ("kernel", "recurrent_kernel", "bias")}, "each/d/kernel": True, "each/d/bias": True}, 112, 112),
    ("a wrapper that saves its layer's kernel too",
     archive(store({"layers/spectral_normalization": [KERNEL, D((1, 4))],
                    "layers/spectral_normalization/layer": [KERNEL, BIAS]}),
             model(layer("SpectralNormalization", "sn", layer=layer("Dense", "d", units=4)))),
     {"sn/kernel": True, "sn/vector_u": False, "sn/d/kernel": True, "sn/d/bias": True}, 16, 20),
    ("the optimizer is set aside", archive(store({"layers/dense": [KERNEL], **ADAM}), model(
        layer("Dense", "d", units=4))),
     {"d/kernel": True, "optimizer/0": None, "optimizer/1": None, "optimizer/2": None, "optimizer/3": None}, 12, 38),
    ("in Keras 2 its summary does not count it",
     archive(store({"layers/dense": [KERNEL], **ADAM}), model(layer("Dense", "d", units=4)), version="2.15.0"),
     {"d/kernel": True, "optimizer/0": None, "optimizer/1": None, "optimizer/2": None, "optimizer/3": None}, 12, 12),
    ("an optimizer that is not built", archive(store({"layers/dense": [KERNEL], "optimizer": [D((), "int32"), D(())]}),
                                               model(layer("Dense", "d", units=4))),
     {"d/kernel": True, "optimizer/0": None, "optimizer/1": None}, 12, 12),
    ("optimizers, metrics and seeds of a class of one's own",
     archive(store({"fc": [KERNEL], "g_optimizer": [D((), "int32"), D(())], "loss_tracker": [D(()), D(())],
                    "drop/seed_generator": [D((2,), "uint32")]},
                   {"fc": "dense", "g_optimizer": "adam", "loss_tracker": "loss"})),
     {"dense/kernel": None, "drop/seed_generator/0": None, "g_optimizer/0": None, "g_optimizer/1": None,
      "loss_tracker/0": None, "loss_tracker/1": None}, 12, 12),
    ("names that a class chose itself", archive(store({"mine": {"w": KERNEL, "b": BIAS}}, {"mine": "mine"})),
     {"mine/w": None, "mine/b": None}, 16, 16),
    ("LoRA is merged into the kernel, and made anew", archive(store({"layers/dense": [KERNEL, BIAS]}), model(
        layer("Dense", "d", units=4, lora_rank=2))), {"d/kernel": False, "d/bias": True}, 16, 30),
    ("two objects of one name", archive(store({"a": [KERNEL], "b": [KERNEL]}, {"a": "dense", "b": "dense"})),
     {"dense/kernel": None, "b/vars/0": None}, 24, 24),
    ("variables of the model itself", archive(store({"": [D((5,))]}, {"": "net"})), {"net/0": None}, 5, 5),
    ("deflated", archive(store({"layers/dense": [KERNEL]}), model(layer("Dense", "d", units=4)), deflated=True),
     {"d/kernel": True}, 12, 12),
    ("HDF5 under the name .keras", legacy({"d": {"d/kernel:0": KERNEL}}, config=model(layer("Dense", "d", units=4))),
     {"d/kernel": True}, 12, 12),
    ("NaN, as Python's json writes it", archive(store({"layers/dense": [KERNEL]}), json.dumps(
        model(layer("Dense", "d", units=4), layer("Masking", "m", mask_value=float("nan"))))), {"d/kernel": True}, 12,
     12),
    ("a configuration of other sizes is not this file's",
     archive(store({"layers/dense": [KERNEL]}), model(layer("Dense", "d", units=9))), {"dense/kernel": None}, 12, 12),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "expected", "total", "own"), [c[1:] for c in MODELS], ids=[c[0].replace(" ", "-") for c in MODELS]
)
def test_models(data, expected, total, own):
    network = read(MemorySource(data, "m.keras"))
    held = {t.name: t.trainable for t in network.tensors()}
    assert held == expected
    assert (network.total, network.also.get("framework")) == (total, own)
    assert network.totals.elements == sum(t.size for t in network.tensors() if t.role != "other")
    json.loads(network.to_json(tensors=True))


def test_shards_in_a_folder_and_in_an_archive(tmp_path):
    files = {"w_00000.weights.h5": store({"layers/dense": [KERNEL]}, {"layers/dense": "d"}),
             "w_00001.weights.h5": store({"layers/dense": {"1": BIAS}, "layers/dense_1": [D((4, 2))]})}  # fmt: skip
    places = {"/layers/dense/vars": list(files), "/layers/dense_1/vars": "w_00001.weights.h5"}
    shards = json.dumps({"metadata": {}, "weight_map": places})
    for name, data in {**files, "w.weights.json": shards.encode()}.items():
        (tmp_path / name).write_bytes(data)
    with FileSource(str(tmp_path / "w.weights.json")) as source:
        beside = read_shards(source, LocalFolder(str(tmp_path)))
    inside = read(MemorySource(archive(None, **{"model.weights.json": shards.encode(), **files}), "m.keras"))
    for network in (beside, inside, nparams.read(tmp_path / "w.weights.json")):
        assert [t.name for t in network.tensors()] == ["d/kernel", "d/bias", "dense_1/kernel"]
        assert network.total == 24
    assert beside.read_as == "Keras 3 weights, 2 shards, 3 tensors"


HDF5 = store({"layers/dense": [KERNEL]})
NET = json.dumps(model(layer("Dense", "d", units=4))).encode()
# what it shows | the file | the error
REFUSED = [
    ("no weights", archive(None, {}), "m.keras: a zip archive without model.weights.h5. Not a Keras archive, or cut"),
    ("weights as pickles", archive(None, {}, **{"model.weights.npz": b""}),
     "m.keras: its weights are model.weights.npz, pickled objects that Keras itself no longer loads"),
    ("two members of one name",
     zipped([M("config.json", NET), M("model.weights.h5", HDF5), M("model.weights.h5", HDF5)]),
     'm.keras: two members are called "model.weights.h5": readers would see different files'),
    ("weights that are no HDF5", archive(b"PK\3\4 not HDF5", {}), "model.weights.h5: signature (offset 0)"),
    ("a configuration that is no JSON", archive(HDF5, "{"), "m.keras: config.json is not the JSON that Keras writes"),
    ("a configuration nested too deeply", archive(HDF5, "[" * 100_000), "config.json is not the JSON that Keras"),
    ("a key that comes twice", archive(HDF5, '{"a": 1, "a": 2}'), "a key appears twice"),
    ("scales that do not fit", one("Dense", [D((9, 4), "uint8"), D((5, 1)), D((5, 1), "uint8"), D((4,))], dtype=GPTQ,
                                   use_bias=False),
     '"x/kernel": [9, 4] does not fit the scales [5, 1] beside it'),
    ("a shard elsewhere", archive(None, **{"model.weights.json": b'{"weight_map": {"/v": "../a.h5"}}'}),
     'm.keras: "/v" is in "../a.h5"; a shard lies beside its map'),
    ("a shard that is not there", archive(None, **{"model.weights.json": b'{"weight_map": {"/v": "a.h5"}}'}),
     'm.keras: model.weights.json names "a.h5", which is not in the archive'),
    ("a map of nothing", archive(None, **{"model.weights.json": b"{}"}), "m.keras: no weight_map in it"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, message):
    with pytest.raises(NparamsError) as caught:
        read(MemorySource(data, "m.keras"))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_packed_size_that_nothing_tells_is_no_total():
    kept = [D((2, 5), "int8"), D((5,))]  # packed along its inputs, as 3.11 to 3.13 do: 3 or 4 of them
    network = read(MemorySource(one("Dense", kept, units=5, use_bias=False, dtype=INT4), "m.keras"))
    assert (network.total, network.totals.unknown) == (None, 1)
    config = model(layer("Dense", "x", [None, 3], units=5, use_bias=False, dtype=INT4))
    network = read(MemorySource(archive(store({"layers/dense": kept}), config), "m.keras"))
    assert network.total == 15


def test_what_a_loader_would_run_is_said():
    config = model(layer("Lambda", "twice", function={"class_name": "__lambda__", "config": {"code": "4wE="}}))
    flags = read(MemorySource(archive(HDF5, config), "m.keras")).flags
    assert {flag["kind"] for flag in flags} == {"code"}
    assert 'config.json: "twice": a Lambda layer: loading it would run Python out of this file; nothing was run' in {
        flag["text"] for flag in flags
    }


def test_names_from_the_file_cannot_act_on_a_terminal():
    data = archive(
        store({"layers/dense": [KERNEL]}, {"layers/dense": "a\x1b[31m"}), {"class_name": "\x1b[2J", "config": {}}
    )
    network = read(MemorySource(data, "m.keras"))
    assert network.total == 12
    assert network.read_as.isprintable()
    assert str(network).replace("\n", "").isprintable()


def test_the_same_network_has_one_fingerprint_in_both_forms():
    from nparams.network.split import fingerprint

    config = model(layer("Dense", "d", units=4), layer("BatchNormalization", "bn"))
    new = archive(store({"layers/dense": [KERNEL, BIAS], "layers/batch_normalization": VECTORS}), config)
    leaves = ("gamma", "beta", "moving_mean", "moving_variance")
    old = legacy({"d": {"net/d/kernel": KERNEL, "net/d/bias": BIAS}, "bn": {f"net/bn/{n}": BIAS for n in leaves}},
                 config=config)  # fmt: skip
    a, b = (read(MemorySource(data, "m.keras")) for data in (new, old))
    assert fingerprint(a) == fingerprint(b)


def test_real_files():
    with shared("models/manifest.tsv").open(newline="") as file:
        held = [row for row in csv.DictReader(file, delimiter="\t") if row["format"] == "keras_v3"]
    assert held
    for row in held:
        network = nparams.read(shared("models") / row["file"])
        assert str(network.totals.elements) == row["expected_elements"], row["file"]
        assert row["expected_total"] in ("", str(network.total)), row["file"]
        assert str(len([t for t in network.tensors() if t.role != "other"])) == row["expected_tensors"], row["file"]


def test_a_plain_file_is_not_taken_for_weights():
    assert "a plain HDF5 file" in read(MemorySource(h5({"layers_": {"w": D((2,))}}), "m.keras")).notes[0]
