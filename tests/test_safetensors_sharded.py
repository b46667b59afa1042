"""Sharded safetensors: the index, its shards, and every way in which they disagree."""

from __future__ import annotations

import json

import pytest

from nparams.errors import NparamsError, ReadError
from nparams.files._shards.index import MOST_INDEX, read_index
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource
from nparams.files.safetensors_index import read
from tests.safetensors_maker import T, index_of, safetensors, shards

INDEX = "model.safetensors.index.json"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
SETS = [[T("a.weight", [4, 3]), T("a.bias", [4])], [T("b.weight", [2, 4])]]
WHERE = {"a.weight": ONE, "a.bias": ONE, "b.weight": TWO}


def write(folder, **changed: bytes | None):
    """The set of SETS; one, two, index replace a file, None removes it."""
    files = shards(SETS, {"total_size": 96})
    names = {"one": ONE, "two": TWO, "index": INDEX}
    for name, data in {**files, **{names[key]: data for key, data in changed.items()}}.items():
        if data is not None:
            (folder / name).write_bytes(data)
    return folder


def read_from(folder, **options):
    with FileSource(str(folder / INDEX)) as source:
        return read(source, LocalFolder(str(folder)), **options)


@pytest.mark.parametrize("limits", [True, False])
def test_a_set(tmp_path, limits):
    found = read_from(write(tmp_path), limits=limits)
    assert (found.total, found.read_as, found.notes) == (24, "safetensors, 3 tensors, 2 shards", [])
    assert [t.name for t in found.tensors()] == list(WHERE)


SPELLED = {
    "compact": json.dumps({"weight_map": WHERE}, separators=(",", ":")).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + index_of(WHERE),
    "the map first": json.dumps({"weight_map": WHERE, "metadata": {"total_size": 1, "é": [1, {"x": None}]}}).encode(),
    "escapes": json.dumps({"weight_map": WHERE}).replace("a.weight", "\\u0061.weight").encode(),
    "an escaped file": json.dumps({"weight_map": WHERE}).replace("model-00001", "\\u006dodel-00001").encode(),
    "other keys": json.dumps({"x": 1.5, "weight_map": WHERE, "metadata": None}).encode(),
}


@pytest.mark.parametrize("name", SPELLED)
def test_any_spelling_of_an_index(tmp_path, name):
    assert read_from(write(tmp_path, index=SPELLED[name])).total == 24


def test_tensors_outside_the_index_are_counted_and_noted(tmp_path):
    found = read_from(write(tmp_path, index=index_of({"a.weight": ONE, "b.weight": TWO})))
    assert (found.total, found.notes) == (24, ["1 tensors lie in a shard but not in the index; they are counted"])


@pytest.mark.parametrize(("total", "notes"), [
    (24, []), (333_312, ["the index declares 333,312 parameters; its tensors hold 24"]),
])  # fmt: skip
def test_a_declared_total_is_shown_and_never_used(tmp_path, total, notes):
    found = read_from(write(tmp_path, index=index_of(WHERE, {"total_parameters": total})))
    assert (found.total, found.also, found.notes) == (24, {"declared": total}, notes)


def test_a_packed_weight_and_its_scales_in_different_shards(tmp_path):
    folder = write(
        tmp_path, one=safetensors([T("a.qweight", [4, 16], "I32"), T("a.g_idx", [32], "I32")]),
        two=safetensors([T("a.scales", [1, 16], "F16"), T("a.qzeros", [1, 2], "I32")]),
        index=index_of({"a.qweight": ONE, "a.g_idx": ONE, "a.scales": TWO, "a.qzeros": TWO}),
    )  # fmt: skip
    assert (read_from(folder).total, read_from(folder).read_as) == (512, "safetensors, 4 tensors, 2 shards, GPTQ")


def test_values_come_from_the_right_shard(tmp_path):
    shape = T("b.weight_shape", [2], "I64", (5).to_bytes(8, "little") + (9).to_bytes(8, "little"))
    folder = write(
        tmp_path, one=safetensors([T("a.weight", [7]), T("b.weight_packed", [5, 2], "I32")]),
        two=safetensors([T("c.weight", [3]), shape]),
        index=index_of({"a.weight": ONE, "b.weight_packed": ONE, "c.weight": TWO, "b.weight_shape": TWO}),
    )  # fmt: skip
    assert read_from(folder).total == 7 + 45 + 3


def renamed(file: str) -> bytes:
    return index_of({**WHERE, "b.weight": file})


PATHS = "a file named inside a model must lie beside it; paths are not followed"
SAME = safetensors([T("a.bias", [4]), T("b.weight", [2, 4])])
# the threat | what is changed | the message after the index's name
BROKEN = [
    ("a shard missing", {"two": None}, f"{TWO}: no such file or directory"),
    ("a tensor in two shards, the index says one", {"two": SAME},
     f'"a.bias" should lie in "{ONE}", but lies in "{TWO}"'),
    ("a tensor in two shards, unknown to the index", {"two": SAME, "index": index_of({"a.weight": ONE,
     "b.weight": TWO})},
     f'"a.bias" lies in both "{ONE}" and "{TWO}"'),
    ("the index says another shard", {"index": index_of({**WHERE, "a.bias": TWO})},
     f'"a.bias" should lie in "{TWO}", but lies in "{ONE}"'),
    ("a tensor that is nowhere", {"index": index_of({**WHERE, "c": TWO})},
     f'says "c" lies in "{TWO}", but it does not'),
    ("a shard that is damaged", {"two": b"\0" * 16},
     f'{TWO}: header, byte 8: a safetensors header begins with {{, found ""'),
    ("a shard that is cut", {"two": safetensors(SETS[1])[:-1]},
     f'{TWO}: header, byte 20: "b.weight" says bytes 0 to 32, but 31 bytes of data follow the header. Cut download?'),
    ("a path upwards", {"index": renamed("../secret.safetensors")}, f'"../secret.safetensors": {PATHS}'),
    ("a path from the root", {"index": renamed("/etc/passwd")}, f'"/etc/passwd": {PATHS}'),
    ("a path downwards", {"index": renamed("x/y.safetensors")}, f'"x/y.safetensors": {PATHS}'),
    ("a path of another system", {"index": renamed("..\\y")}, f'"..\\y": {PATHS}'),
    ("a drive", {"index": renamed("C:y")}, f'"C:y": {PATHS}'),
    ("the folder itself", {"index": renamed("..")}, f'"..": {PATHS}'),
    ("no name", {"index": renamed("")}, f'"": {PATHS}'),
    ("a NUL", {"index": renamed("a\0b")}, f'"a\\x00b": {PATHS}'),
    ("half a surrogate", {"index": renamed("\ud800")}, "\\ud800: not a name that the file system accepts"),
    ("the index as its own shard", {"index": index_of({"a": INDEX})},
     f"{INDEX}: header says 8,387,229,874,382,703,227 bytes at offset 0, but the file has 84. "
     "Not a safetensors file, or a cut download"),
    ("terminal escapes", {"index": renamed("\x1b[2J")}, "\\x1b[2J: no such file or directory"),
    ("not UTF-8", {"index": b'{"weight_map": "\xff"}'}, "not UTF-8 at byte 16, so not an index of shards"),
    ("empty", {"index": b""}, 'byte 0: an index begins with {, found ""'),
    ("a list", {"index": b"[]"}, 'byte 0: an index begins with {, found "["'),
    ("an empty object", {"index": b"{}"}, "no weight_map of tensor names to files, so not an index of shards"),
    ("no map", {"index": b'{"metadata": {}}'}, "no weight_map of tensor names to files, so not an index of shards"),
    ("a map that is a list", {"index": b'{"weight_map": []}'},
     "byte 15: weight_map must be an object of tensor names and files"),
    ("a map of numbers", {"index": b'{"weight_map": {"a": 1}}'},
     'byte 16: weight_map: expected a name and a file in quotes, found ""a": 1}}"'),
    ("a map of lists", {"index": b'{"weight_map": {"a": [["b"]]}}'},
     'byte 16: weight_map: expected a name and a file in quotes, found ""a": [["b"]]}}"'),
    ("the map twice", {"index": b'{"weight_map": {}, "weight_map": {}}'},
     'byte 18: the key "weight_map" appears twice'),
    ("a name twice", {"index": b'{"weight_map": {"a": "x", "a": "x"}}'}, 'byte 25: the key "a" appears twice'),
    ("a name twice, once escaped", {"index": b'{"weight_map": {"a": "x", "\\u0061": "x"}}'},
     'byte 25: the key "a" appears twice'),
    ("a key of the metadata twice", {"index": b'{"metadata": {"a": 1, "a": 1}, "weight_map": {}}'},
     "byte 13: not JSON, or more than 65,536 bytes of something other than the weight_map"),
    ("NaN", {"index": b'{"metadata": {"a": NaN}, "weight_map": {}}'},
     "byte 13: not JSON, or more than 65,536 bytes of something other than the weight_map"),
    ("a number of 5,000 digits", {"index": b'{"metadata": {"a": ' + b"9" * 5000 + b'}, "weight_map": {}}'},
     "byte 13: not JSON, or more than 65,536 bytes of something other than the weight_map"),
    ("metadata of 64 KB", {"index": b'{"metadata": "' + b"a" * 65_536 + b'", "weight_map": {}}'},
     "byte 13: not JSON, or more than 65,536 bytes of something other than the weight_map"),
    ("lists nested 50,000 deep", {"index": b'{"metadata": ' + b"[" * 50_000 + b"]" * 9},
     "byte 13: not JSON, or more than 65,536 bytes of something other than the weight_map"),
    ("something after the end", {"index": index_of(WHERE) + b"x"}, 'byte 196: found "\\nx" after the index\'s end'),
    ("cut", {"index": index_of(WHERE)[:60]},
     'byte 37: weight_map: expected a name and a file in quotes, found "\\n    "a.weight": "mo"'),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "message"), [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN])
def test_broken_sets(tmp_path, changed, message):
    write(tmp_path, **changed)
    with pytest.raises(ReadError) as problem:
        read_from(tmp_path)
    assert str(problem.value) == f"{INDEX}: {message}"
    assert str(problem.value).isprintable()


def test_a_named_pipe_is_no_shard(tmp_path):
    import os

    write(tmp_path, two=None)
    os.mkfifo(tmp_path / TWO)
    with pytest.raises(ReadError, match="not a regular file"):
        read_from(tmp_path)


def test_a_huge_number_of_shards(tmp_path):
    index = index_of({f"t{i}": f"{i}.safetensors" for i in range(100_001)})
    with pytest.raises(ReadError) as problem:
        read_from(write(tmp_path, index=index))
    assert str(problem.value) == f"{INDEX}: names 100,001 shards; at most 100,000 are read"


def test_limits_of_an_index(tmp_path, monkeypatch):
    monkeypatch.setattr("nparams.files._shards.index.MOST_MAPPED", 2)
    folder = write(tmp_path)
    with pytest.raises(NparamsError, match="more than 2 tensors in weight_map"):
        read_from(folder)
    assert read_from(folder, limits=False).total == 24
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MOST_INDEX + 1)
    with FileSource(str(path)) as source, pytest.raises(NparamsError) as problem:
        read_index(source)
    assert str(problem.value) == (
        "large.json: an index of 64,000,001 bytes; at most 64,000,000 are read; --limits off reads more"
    )


def test_an_index_without_its_folder():
    with pytest.raises(ReadError) as problem:
        read(MemorySource(index_of(WHERE), INDEX))
    assert str(problem.value) == f"{INDEX}: an index alone holds no shapes; its shards must lie beside it"


def test_an_empty_map(tmp_path):
    found = read_from(write(tmp_path, index=b'{"weight_map":{}}'))
    assert (found.total, found.read_as) == (0, "safetensors, 0 tensors")
