"""Checkpoints that versions of Orbax since 2023 have written (tools/fixtures/orbax.py), leaf by leaf."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest

import nparams
from nparams.errors import FormatError
from nparams.files._orbax import ocdbt

FOLDER = Path(__file__).parent / "data" / "orbax"
HELD = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
CASES = [(version, name) for version, held in HELD.items() for name in held if isinstance(held[name], dict)]
#: kernel (8, 6) in four pieces, its bias, the scale of a norm
TOTAL = 8 * 6 + 6 + 6


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b64decode(data))
    return folder


@pytest.mark.parametrize(("version", "name"), CASES)
def test_every_layout_of_every_version(tmp_path, version, name):
    held = HELD[version][name]
    network = nparams.read(written(tmp_path, held["files"]))
    assert network.total == TOTAL
    assert {t.name: t.role for t in network.tensors() if t.role in ("weight", "bias")} == {
        "Dense_0.kernel": "weight", "Dense_0.bias": "bias", "Norm_0.scale": "weight",
    }  # fmt: skip
    kept = {path: told for path, told in held["restored"].items() if told[1] not in ("NoneType", "int", "float")}
    found = {t.name: [list(t.shape), t.dtype] for t in network.tensors() if t.note != "the training step"}
    assert found == {
        path.removeprefix("params.").removeprefix("batch_stats."): told for path, told in kept.items() if path != "step"
    }
    if name == "steps":
        assert "read from 10/, the latest step; not read: 9/" in network.notes


def test_no_more_work_is_done_than_is_allowed(tmp_path, monkeypatch):
    folder = written(tmp_path, HELD["0.12.8"]["ocdbt"]["files"])
    monkeypatch.setattr(ocdbt, "WORK", 20)
    with pytest.raises(FormatError, match=r"node at byte \d+ of d/\w+: .* takes more work than is done; --limits off"):
        nparams.read(folder)
    assert nparams.read(folder, limits=False).total == TOTAL


def test_the_versions_are_of_every_kind():
    """With and without a list of leaves, with and without a database, in one file, a shape that is a piece's."""
    files = [set(HELD[version][name]["files"]) for version, name in CASES]
    assert len(files) >= 13
    for mark in ("_METADATA", "manifest.ocdbt", "checkpoint"):
        assert {any(path.endswith(mark) for path in each) for each in files} == {True, False}
    newest = HELD["0.12.8"]["ocdbt"]["files"]
    told = json.loads(b64decode(newest["_METADATA"]))["tree_metadata"]["('params', 'Dense_0', 'kernel')"]
    assert told["value_metadata"]["write_shape"] == [2, 6]  # of one of four devices
