"""A directory: which model in it is read, and what is said about the rest."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import ReadError
from tests.safetensors_maker import T, index_of, safetensors, shards

ONE, OTHER = safetensors([T("a.weight", [4])]), safetensors([T("a.weight", [5]), T("b.weight", [2])])
SETS = shards([[T("a.weight", [4, 3])], [T("b.weight", [2, 4])]])
INDEX = "model.safetensors.index.json"
FIRST, LAST = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
PARTS = {name: SETS[name] for name in (FIRST, LAST)}
HALF = "diffusion_pytorch_model"


def filled(folder, files: dict[str, bytes]):
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


# what lies there | the total | the last note
READ = [
    ("one model", {"net.safetensors": ONE, "README.md": b""}, 4, "read from net.safetensors"),
    ("an index", SETS, 20, f"read from {INDEX}"),
    ("an index beside a copy in one file", {**SETS, "consolidated.safetensors": ONE}, 20,
     f"read from {INDEX}; not read: consolidated.safetensors"),
    ("the usual name among others", {"model.safetensors": ONE, "other.safetensors": OTHER}, 4,
     "read from model.safetensors; not read: other.safetensors"),
    ("a diffusion model", {f"{HALF}.safetensors": ONE, f"{HALF}.fp16.safetensors": OTHER}, 4,
     f"read from {HALF}.safetensors; not read: {HALF}.fp16.safetensors"),
    ("an adapter", {"adapter_model.safetensors": ONE, "x.safetensors": OTHER}, 4,
     "read from adapter_model.safetensors; not read: x.safetensors"),
    ("a set without its index", PARTS, 20, f"read from 2 shards, {FIRST} to {LAST}; there is no index"),
    ("an index of another name", {f"{HALF}.safetensors.index.json": SETS[INDEX], **PARTS}, 20,
     f"read from {HALF}.safetensors.index.json"),
    ("two indexes, one of the usual name", {**SETS, f"{HALF}.safetensors.index.json": index_of({})}, 20, None),
]  # fmt: skip


@pytest.mark.parametrize(("files", "total", "note"), [c[1:] for c in READ], ids=[c[0] for c in READ])
def test_what_is_read(tmp_path, files, total, note):
    found = nparams.read(filled(tmp_path, files))
    assert (found.total, found.source) == (total, str(tmp_path))
    assert note is None or found.notes[-1] == note


# what lies there | the message after the folder's name
REFUSED = [
    ("nothing", {}, "no model that can be read in this directory; it is empty"),
    ("other things", {"a.txt": b"", "b.py": b""}, "no model that can be read in this directory; it holds a.txt, b.py"),
    ("many other things", {f"{i}.txt": b"" for i in range(9)},
     "no model that can be read in this directory; it holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt and 3 more"),
    ("several", {"a.safetensors": ONE, "b.safetensors": ONE},
     "several models in this directory; name one: a.safetensors, b.safetensors"),
    ("a set that is not whole", {"model-00001-of-00003.safetensors": ONE, "model-00002-of-00003.safetensors": ONE},
     "1 of 3 shards are missing: model-00003-of-00003.safetensors"),
    ("two sets", {**PARTS, "x-00001-of-00001.safetensors": ONE},
     f"several models in this directory; name one: {FIRST}, {LAST}, x-00001-of-00001.safetensors"),
    ("terminal escapes", {"\x1b[2J.txt": b""}, "no model that can be read in this directory; it holds \\x1b[2J.txt"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_is_refused(tmp_path, files, message):
    with pytest.raises(ReadError) as problem:
        nparams.read(filled(tmp_path, files))
    assert str(problem.value) == f"{tmp_path.name}: {message}"


def test_a_set_without_its_index_may_not_hold_a_name_twice(tmp_path):
    filled(tmp_path, {FIRST: ONE, LAST: OTHER})
    with pytest.raises(ReadError) as problem:
        nparams.read(tmp_path)
    assert str(problem.value) == f'{tmp_path.name}: "a.weight" lies in both "{FIRST}" and "{LAST}"'


def test_a_cache_of_links(tmp_path):
    """A model hub's cache: the snapshot holds links into a folder of blobs."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0123"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for k, (name, data) in enumerate(SETS.items()):
        (blobs / f"{k}").write_bytes(data)
        (snapshot / name).symlink_to(f"../../blobs/{k}")
    assert nparams.read(snapshot).total == nparams.read(snapshot / INDEX).total == 20
    (blobs / "0").unlink()
    with pytest.raises(ReadError, match="no such file or directory"):
        nparams.read(snapshot)
