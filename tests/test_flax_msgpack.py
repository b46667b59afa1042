"""Flax's msgpack: trees by their keys, arrays, shards, and what is refused with which words."""

from __future__ import annotations

import json

import pytest

import nparams
from nparams._read import FILES, Request
from nparams.errors import NparamsError, UnsupportedError
from nparams.files._flax import tree
from nparams.files.bytesource import LocalFolder, MemorySource, NeedBytes, RangeSource, drive
from nparams.files.flax_msgpack import may_be, read
from nparams.files.flax_msgpack_index import read as read_index
from nparams.files.folder import read as read_folder
from nparams.network.split import fingerprint
from tests.flax_maker import Raw, array, chunked, extension, pack
from tests.strangers_cases import CASES
from tests.test_folder import Late, LateFolder

DENSE = {"kernel": array([3, 4]), "bias": array([4])}
NORM = {"scale": array([4]), "bias": array([4])}
MEANS = {"mean": array([4]), "var": array([4])}


def found(value: object, name: str = "m.msgpack"):
    return read(MemorySource(pack(value), name))


# what it shows | the tree | {name: role} of the arrays that are no run state | total | elements
TREES = [
    ("variables of linen", {"params": {"Dense_0": DENSE, "BatchNorm_0": NORM}, "batch_stats": {"BatchNorm_0": MEANS}},
     {"Dense_0.kernel": "weight", "Dense_0.bias": "bias", "BatchNorm_0.scale": "weight", "BatchNorm_0.bias": "bias",
      "BatchNorm_0.mean": "buffer", "BatchNorm_0.var": "buffer"}, 24, 32),
    ("only parameters, as on hubs",
     {"bert": {"pooler": {"dense": DENSE}, "embeddings": {"word_embeddings": {"embedding":
     array([9, 4])}}}}, {"bert.pooler.dense.kernel": "weight", "bert.pooler.dense.bias": "bias",
                         "bert.embeddings.word_embeddings.embedding": "weight"}, 52, 52),
    ("a training state",
     {"step": 7, "params": {"d": DENSE}, "opt_state": {"0": {"count": array([], "int32"), "mu": {"d":
     DENSE}}, "1": {}}}, {"d.kernel": "weight", "d.bias": "bias"}, 16, 16),
    ("params in params", {"params": {"params": {"d": DENSE}, "cache": {"d": {"index": array([], "int32")}}}},
     {"d.kernel": "weight", "d.bias": "bias", "d.index": "buffer"}, 16, 17),
    ("a moving copy beside the model", {"params": {"d": DENSE}, "ema_params": {"d": DENSE}},
     {"d.kernel": "weight", "d.bias": "bias"}, 16, 16),
    ("an only copy is the model", {"ema_params": {"d": DENSE}},
     {"ema_params.d.kernel": "weight", "ema_params.d.bias": "bias"}, 16, 16),
    ("one level down",
     {"model": {"params": {"d": DENSE}, "step": array([], "int32")}, "config": {"sizes": array([2], "int64")},
                        "data": {"0": array([5])}}, {"d.kernel": "weight", "d.bias": "bias"}, 16, 16),
    ("two models",
     {"actor": {"params": {"d": DENSE}}, "critic": {"params": {"e": DENSE}, "step": 1}, "log_alpha": array([])},
     {"actor.params.d.kernel": "weight", "actor.params.d.bias": "bias", "critic.params.e.kernel": "weight",
      "critic.params.e.bias": "bias", "log_alpha": "weight"}, 33, 33),
    ("two models, and a copy of one",
     {"actor": {"params": {"d": DENSE}}, "critic": {"params": {"e": DENSE}}, "target_critic":
     {"params": {"e": DENSE}}}, {"actor.params.d.kernel": "weight", "actor.params.d.bias": "bias",
     "critic.params.e.kernel": "weight", "critic.params.e.bias": "bias"}, 32, 32),
    ("flax.optim, until 0.6",
     {"optimizer": {"target": {"d": DENSE}, "state": {"step": array([], "int32"), "param_states":
     {"d": {"kernel": {"grad_ema": array([3, 4])}}}}}, "model_state": {"batch_stats": {"n": MEANS}}},
     {"d.kernel": "weight", "d.bias": "bias", "model_state.batch_stats.n.mean": "buffer",
      "model_state.batch_stats.n.var": "buffer"}, 16, 24),
    ("a state of nnx", {"fc": {"kernel": array([3, 4]), "bias": array([4])}, "bn": {**NORM, **MEANS},
     "drop": {"rngs": {"count": array([], "uint32"), "key": array([2], "uint32")}}},
     {"fc.kernel": "weight", "fc.bias": "bias", "bn.scale": "weight", "bn.bias": "bias", "bn.mean": "buffer",
      "bn.var": "buffer"}, 24, 32),
    ("a state of nnx with its Variables", {"fc": {"kernel": {"value": array([3, 4])}, "bias": {"value": array([4])}}},
     {"fc.kernel": "weight", "fc.bias": "bias"}, 16, 16),
    ("lists without names", {"0": {"0": array([3, 4]), "1": array([4])}, "1": {"0": array([4, 2]), "1": array([2])}},
     {"0.0": "weight", "0.1": "bias", "1.0": "weight", "1.1": "bias"}, 26, 26),
    ("a list", [array([3, 4]), array([4])], {"0": "weight", "1": "bias"}, 16, 16),
    ("one array", array([3, 4]), {"array": "weight"}, 12, 12),
    ("nothing in an array", {"params": {"w": array([0, 4])}}, {"w": "weight"}, 0, 0),
    ("an array in pieces", {"params": {"w": chunked([3, 4], [array([8]), array([4])]), "bias": array([4])}},
     {"w": "weight", "bias": "bias"}, 16, 16),
    ("names that meet", {"params": {"a": {"w": array([2])}}, "batch_stats": {"a": {"w": array([3])}}},
     {"a.w": "weight", "a.w#2": "buffer"}, 2, 5),
    ("keys that are numbers", {3: {"kernel": array([2, 2])}}, {"3.kernel": "weight"}, 4, 4),
]  # fmt: skip


@pytest.mark.parametrize(("held", "roles", "total", "elements"), [row[1:] for row in TREES], ids=[r[0] for r in TREES])
def test_trees(held, roles, total, elements):
    network = found(held)
    assert {t.name: t.role for t in network.tensors() if t.role != "other"} == roles
    assert (network.total, network.totals.elements) == (total, elements)


def test_what_is_set_aside_is_said():
    network = found({"step": 7, "params": {"d": DENSE}, "opt_state": {"0": {"mu": {"d": DENSE}}, "1": {}}, "lr": 0.1})
    assert network.notes == [
        "set aside, 1 number in 1 array: the training step",
        "set aside, 16 numbers in 2 arrays: the optimizer's state",
        "set aside, 1 number in 1 array: a number, not an array",
    ]
    assert network.read_as == "Flax msgpack, 4 arrays"
    assert {t.name: t.trainable for t in network.tensors() if t.role != "other"} == {"d.kernel": True, "d.bias": True}


# number type | dtype | stored | role of a bare matrix without a word for it
DTYPES = [
    ("float32", "float32", None, "weight"), ("bfloat16", "bfloat16", None, "weight"),
     ("int4", "int4", (6, 6), "weight"),
    ("complex64", "complex64", None, "weight"), ("bool", "bool", None, "buffer"), ("int32", "int32", None, "buffer"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "dtype", "stored", "role"), DTYPES)
def test_number_types(name, dtype, stored, role):
    """What stands in params is a parameter whatever its type; NumPy keeps an int4 in a byte."""
    (tensor,) = found({"params": {"mine": array([2, 3], name)}}).tensors()
    assert (tensor.dtype, tensor.stored, tensor.role) == (dtype, stored, "weight")
    (tensor,) = found({"mine": array([2, 3], name)}).tensors()
    assert tensor.role == role


def test_texts_and_dates_are_no_numbers():
    held = {
        "params": {"w": array([2])},
        "names": array([2], "str96", bytes(24)),
        "when": array([1], "datetime64[ns]", bytes(8)),
    }
    aside = {t.name: (t.role, t.dtype, t.note) for t in found(held).tensors() if t.role == "other"}
    assert aside == {"names": ("other", None, "text"), "when": ("other", None, "dates")}


def test_scalars_of_numpy_are_arrays_and_numbers_of_python_are_not():
    held = {"params": {"scale": array([], code=3), "rate": 0.5, "n": 3, "on": True, "none": None, "text": "x",
    "raw": b"x",
                       "c": extension(2, pack([1.0, 2.0]))}}  # fmt: skip
    network = found(held)
    assert network.total == 1
    assert sorted(t.name for t in network.tensors() if t.role == "other") == ["c", "n", "on", "rate"]


W = array([2, 3])
# what is wrong | bytes | what is said
REFUSED = [
    ("an empty file", b"", ": byte 0: the file is empty"),
    ("no arrays", pack({"a": 1, "b": "text"}), " is msgpack without arrays of Flax, so no checkpoint of it"),
    ("one number", b"\x05", " is msgpack without arrays of Flax"),
    ("a byte that begins nothing", b"\xc1",
     ": byte 0: begins with 0xc1, which no value does. Not msgpack, or damaged?"),
    ("a map cut short", b"\xdf\xff\xff\xff\xff\xa1a",
     ": byte 0: a map of 4,294,967,295 entries, but the file has 2 bytes left"),
    ("a list cut short", b"\xdd\xff\xff\xff\xff\x01",
     ": byte 0: a list of 4,294,967,295 entries, but the file has 1 bytes left"),
    ("a text cut short", b"\x81\xdb\xff\xff\xff\xff",
     ": byte 1: text of 4,294,967,295 bytes, but the file has 0 bytes left"),
    ("an array cut short", pack({"a": W})[:-3],
     ": byte 3: an extension of 41 bytes, but the file has 38 bytes left. Cut short?"),
    ("cut in a head", b"\x81\xa1a\xcb\x00", ": byte 4: wants 8 bytes, but the file has 1 left. Cut short?"),
    ("a key twice", Raw(b"\x82\xa1a\x01\xa1a\x02"), ': byte 4: the key "a" appears twice'),
    ("a key as text and as a number", Raw(b"\x82\xa13\x01\x03\x02"), ': byte 4: the key "3" appears twice'),
    ("a key that is a map", b"\x81\x80\x01", ": byte 1: a key that is a map, where a tree of Flax has text"),
    ("a key that is a fraction", b"\x81\xca\0\0\0\0\x01", ": byte 1: a key that is a number"),
    ("a key that is no UTF-8", b"\x81\xa1\xff\x01", ": byte 2: \"�\" is no UTF-8"),
    ("a key of a megabyte", pack({"a" * 1_000_000: 1}), ": byte 6: 1,000,000 bytes of text; at most 65,535 are read"),
    ("more behind the tree", pack({"a": W}) + b"\x01", ": byte 50: 1 bytes follow the end of the tree"),
    ("an extension of others", pack({"a": extension(5, b"x")}),
     ": byte 3: an extension of type 5; Flax writes 1, 2 and 3"),
    ("a time stamp", pack({"a": extension(255, bytes(4))}), ": byte 3: an extension of type -1"),
    ("an array that is none", pack({"a": extension(1, pack([1, 2]))}),
     ': byte 9: "a" holds a list where an array has its shape, number type and bytes'),
    ("an array of nothing", pack({"a": extension(1, b"")}), ": byte 9: wants 1 bytes, but the file has 0 left"),
    ("a shape that is text", pack({"a": extension(1, pack(["x", "float32", b""]))}),
     ': byte 10: "a" has text for a shape'),
    ("a side below 0", pack({"a": array([-1, 2], data=b"")}), ': byte 11: "a" has a side that is no whole number'),
    ("a side of 2**48", pack({"a": array([1 << 48], data=b"")}), ': byte 11: "a" has a side that is no whole number'),
    ("a side that is a fraction", pack({"a": array([1.5], data=b"")}),
     ': byte 11: "a" has a side that is no whole number'),
    ("100 dimensions", pack({"a": array([1] * 100)}), ': byte 10: "a" has 100 dimensions; at most 64 are read'),
    ("a number type that is a number", pack({"a": extension(1, pack([[2], 7, b""]))}),
     ': byte 12: "a" has a number for the name of its number type'),
    ("an unknown number type", pack({"a": array([2], "posit8", bytes(2))}),
     ': "a" has the unknown number type "posit8"'),
    ("objects", pack({"a": array([2], "object", bytes(16))}), ': "a" has the unknown number type "object"'),
    ("a text larger than its bytes", pack({"a": array([1 << 40], "str96", bytes(24))}),
     ': "a" has the unknown number type "str96"'),
    ("fewer numbers than the shape takes", pack({"a": array([2, 3], data=bytes(20))}),
     ': byte 26: "a": float32 [2, 3] takes 24 bytes, and 20 are there'),
    ("a shape beyond all memory", pack({"a": array([1 << 47] * 4, data=bytes(4))}),
     ': byte 10: "a" has more than 2**62 numbers'),
    ("numbers that end before the array", pack({"a": extension(1, pack([[1], "float32", bytes(4)]) + b"x")}),
     ': byte 20: "a": its numbers end at byte 29, and it ends at 30'),
    ("numbers that end behind the array", pack({"a": extension(1, pack([[1], "float32", bytes(4)]), 15)}),
     '"a": its numbers end at byte 29, and it ends at 24'),
    ("pieces of less than the shape", pack({"a": chunked([3, 4], [array([8])])}),
     '"a": its pieces hold 8 numbers, and its shape [3, 4] has 12'),
    ("pieces of several types", pack({"a": chunked([8], [array([4]), array([4], "int32")])}),
     "its pieces hold 8 numbers"),
    ("pieces without a shape", pack({"a": {"__msgpack_chunked_array__": True, "chunks": {"0": W}}}),
     '"a", an array in pieces, holds "chunks.0" too'),
    ("a shape with a hole",
     pack({"a": {"__msgpack_chunked_array__": True, "shape": {"1": 3}, "chunks": {"0": array([3])}}}),
     '"a", an array in pieces, has no shape of whole numbers'),
    ("no pieces", pack({"a": chunked([], [])}), '"a": its pieces hold 0 numbers, and its shape [] has 1'),
    ("something beside the pieces", pack({"a": chunked([4], [array([4])], more=array([9]))}),
     '"a", an array in pieces, holds "more" too'),
    ("maps without end", b"\x81\xa1a" * 300 + b"\x01", ": byte 600: maps inside maps, more than 200 deep"),
    ("lists without end", b"\x91" * 300 + b"\x01", ": byte 200: maps inside maps, more than 200 deep"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused(data, said):
    with pytest.raises(NparamsError) as caught:
        read(MemorySource(bytes(data), "m.msgpack"))
    assert said in str(caught.value)
    assert str(caught.value).startswith("m.msgpack")


def test_numbers_are_stepped_over():
    """Of 40 MB, the heads of the arrays: a kilobyte or two for each, and each asked for once."""
    data, asked = pack({"params": {f"d{k}": array([1_000, 1_000]) for k in range(10)}}), []
    source = RangeSource("m.msgpack", len(data))

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    assert drive(source, fetch, read).total == 10_000_000
    assert len(asked) <= 12
    assert sum(asked) <= 20_000


def test_limits_are_lifted_on_request(monkeypatch):
    monkeypatch.setattr(tree, "LEAVES", 3)
    monkeypatch.setattr(tree, "VALUES", 9)
    many, nothing = ({str(k): value for k in range(12)} | {"w": W} for value in (1, None))
    for held, said in ((many, "more than 3 arrays and numbers"), (nothing, "more values than any real file has")):
        with pytest.raises(NparamsError, match=f"{said}; --limits off reads more"):
            found(held)
        assert read(MemorySource(pack(held), "m.msgpack"), limits=False).total == 6


# -- which file is one -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [row[1] for row in TREES if isinstance(row[1], dict)], ids=[
    row[0] for row in TREES if isinstance(row[1], dict)])  # fmt: skip
def test_a_tree_is_known_by_its_first_keys(held):
    assert may_be(pack(held)[:512]) is (3 not in held)
    assert may_be(pack(held)[:40]) is (3 not in held)


def test_nothing_else_is_taken_for_a_tree():
    for name, data, *_ in CASES:
        assert not may_be(data[:512]), name
    for data in (b"", b"\x80", b"\x81", b"\x81\x01\x02", b"\x81\xa1\x00\x01", b"\xde\x00\x00", b"\x81\xa3abc\xc1",
    b"\x80\x04\x95",
                 b"\x83\x81\x80", b"\x81\xa3abc\xd4\x07\x01", b"\x81\xa3abc\x01rest"):  # fmt: skip
        assert not may_be(data), data


@pytest.mark.parametrize("name", ["flax_model.msgpack", "checkpoint_100", "weights"])
def test_a_file_is_read_by_any_name(tmp_path, name):
    (tmp_path / name).write_bytes(pack({"params": {"d": DENSE}}))
    assert nparams.read(tmp_path / name).form == "flax-msgpack"
    assert nparams.count(tmp_path / name) == 16


def test_msgpack_of_other_programs_is_refused(tmp_path):
    (tmp_path / "log.msgpack").write_bytes(pack([1, 2, 3]))
    with pytest.raises(UnsupportedError, match=r"log\.msgpack is msgpack without arrays of Flax"):
        nparams.read(tmp_path / "log.msgpack")


# -- shards ------------------------------------------------------------------------------------------------------------

INDEX, NAMES = "flax_model.msgpack.index.json", [f"flax_model-0000{k}-of-00002.msgpack" for k in (1, 2)]
SHARDS = {NAMES[0]: pack({"params": {"d": {"kernel": array([3, 4])}}}),
          NAMES[1]: pack({"params": {"d": {"bias": array([4])}}, "batch_stats": {"n": MEANS}})}  # fmt: skip
MAP = {
    "params/d/kernel": NAMES[0],
    "params/d/bias": NAMES[1],
    "batch_stats/n/mean": NAMES[1],
    "batch_stats/n/var": NAMES[1],
}


def shards(tmp_path, weight_map=MAP, files=SHARDS, size=96):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / INDEX).write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": weight_map}))
    return tmp_path


def test_shards_are_one_tree(tmp_path):
    """Sections of one shard are not those of another: what is a buffer, the whole tree says."""
    whole = nparams.read(shards(tmp_path) / INDEX)
    assert (whole.total, whole.totals.elements, whole.read_as) == (16, 24, "Flax msgpack, 4 arrays, 2 shards")
    assert [t.name for t in whole.tensors()] == ["d.kernel", "d.bias", "n.mean", "n.var"]
    assert whole.notes == []
    assert fingerprint(nparams.read(tmp_path)) == fingerprint(whole)
    (tmp_path / INDEX).unlink()
    assert fingerprint(nparams.read(tmp_path)) == fingerprint(whole)


@pytest.mark.parametrize(("weight_map", "files", "said"), [
    (MAP | {"params/d/bias": NAMES[0]}, SHARDS,
     f'{INDEX}: "params/d/bias" should lie in "{NAMES[0]}", but lies in "{NAMES[1]}"'),
    (MAP | {"params/e": NAMES[1]}, SHARDS, f'{INDEX}: says "params/e" lies in "{NAMES[1]}", but it does not'),
    (MAP, {NAMES[0]: SHARDS[NAMES[0]]}, f"{INDEX}: {NAMES[1]}: no such file or directory"),
    ({"params/d/kernel": "../x.msgpack"}, SHARDS, "paths are not followed"),
    (MAP, {**SHARDS, NAMES[1]: b"\xc1"}, f"{INDEX}: {NAMES[1]}: byte 0: begins with 0xc1"),
])  # fmt: skip
def test_shards_that_disagree(tmp_path, weight_map, files, said):
    with pytest.raises(NparamsError) as caught:
        nparams.read(shards(tmp_path, weight_map, files) / INDEX)
    assert said in str(caught.value)


def test_what_an_index_does_not_know_is_counted_and_said(tmp_path):
    known = {name: shard for name, shard in MAP.items() if "mean" not in name}
    notes = nparams.read(shards(tmp_path, known, size=97) / INDEX).notes
    assert notes == ["1 arrays lie in a shard but not in the index; they are counted",
                     "the index declares 97 bytes of tensors; the shards hold 96"]  # fmt: skip


def test_an_index_alone():
    with pytest.raises(NparamsError, match="an index alone holds no shapes; its shards must lie beside it"):
        read_index(MemorySource(json.dumps({"weight_map": MAP}).encode(), INDEX))


# -- folders -----------------------------------------------------------------------------------------------------------


def test_the_latest_step_of_a_run_is_read(tmp_path):
    """Flax wrote files checkpoint_0, checkpoint_100, ... (flax/training/checkpoints.py); 20 comes before 100."""
    for step, width in ((20, 4), (100, 5), (9, 6)):
        (tmp_path / f"checkpoint_{step}").write_bytes(pack({"params": {"w": array([width])}}))
    network = nparams.read(tmp_path)
    assert network.total == 5
    assert network.notes[-1] == "read from checkpoint_100, the latest step; not read: checkpoint_9, checkpoint_20"


def test_a_folder_whose_bytes_are_fetched(tmp_path, monkeypatch):
    """What a shard lacks is asked for, and the reader started again."""
    monkeypatch.setattr(Late, "held", type(Late.held)())
    folder, starts = LateFolder(LocalFolder(str(shards(tmp_path)))), 0
    while True:
        try:
            made = read_folder(folder, FILES, Request(None, {}, True, False).bytes)
            break
        except NeedBytes:
            starts += 1
    assert (made.total, starts) == (16, len(Late.held))
    assert starts > 2
