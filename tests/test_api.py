"""The public names: read and count anything, and what a Network offers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import nparams
from nparams.errors import NotationError, NparamsError, ReadError, UnsupportedError, UsageError

DIGITS = 13002


def safetensors(**shapes: tuple[int, ...]) -> bytes:
    """A checkpoint of float32 tensors."""
    header, place = {}, 0
    for name, shape in shapes.items():
        size = 4
        for n in shape:
            size *= n
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(place)


CHECKPOINT = safetensors(**{"fc1.weight": (16, 784), "fc1.bias": (16,), "fc2.weight": (10, 16), "fc2.bias": (10,)})

# what is given | the total
READ = [
    ("784-16-16-10", DIGITS), ([784, 16, 16, 10], DIGITS), ((784, 16, 16, 10), DIGITS),
    (["784", 16, "4*4", 10], DIGITS), ([784, nparams.Expr("mul", (4, 4)), 16, 10], DIGITS),
    (CHECKPOINT, 12730), (bytearray(CHECKPOINT), 12730), (nparams.read("2-2-2"), 12),
]  # fmt: skip


@pytest.mark.parametrize(("source", "total"), READ, ids=[type(row[0]).__name__ for row in READ])
def test_read_and_count(source: object, total: int) -> None:
    assert nparams.count(source) == total
    assert nparams.read(source).total == total


def test_a_path_and_its_name(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(CHECKPOINT)
    assert nparams.count(path) == nparams.count(str(path)) == nparams.count(tmp_path) == 12730
    assert nparams.read(path, form="safetensors").form == "safetensors"


def test_sizes_are_sizes_whatever_the_folder_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("784-10", "h0-h1"):
        (tmp_path / name).write_bytes(CHECKPOINT)
    assert nparams.count("784-10") == 7850  # numbers can be nothing else
    assert nparams.count("./784-10") == 12730
    assert nparams.count("h0-h1") == 12730  # symbols could be a name: the file wins
    assert str(nparams.count("h0-h1", form="sizes")) == "h0*h1 + h1"


class Mine:
    pass


class Transformed(NamedTuple):
    """As Haiku's: functions beside each other."""

    init: Any
    apply: Any


# what is given | options | what is raised | words of the answer
REFUSED = [
    (None, {}, UnsupportedError, "NoneType"),
    (784, {}, UnsupportedError, "int"),
    (1.5, {}, UnsupportedError, "float"),
    (Mine(), {}, UnsupportedError, "Mine"),
    ({784, 10}, {}, UnsupportedError, "set"),
    (Mine, {}, UnsupportedError, "Mine is a class, not a model: make one, as in Mine(...)"),
    (int, {}, UnsupportedError, "int is a class"),
    ((len, len), {}, UnsupportedError, "type tuple"),
    (Transformed(len, len), {}, UnsupportedError, "is functions, not a model: read what its init(...) returns"),
    ("mypkg.models:Net(3)", {}, NotationError, "python:mypkg.models:Net(3) would import the module"),
    ("models.py:Net(d=[3])", {}, NotationError, "python:models.py:Net(d=[3]) would import"),
    ("", {}, NotationError, "nothing was given"),
    (b"", {}, ReadError, ""),
    (b"junk\x00\xff" * 9, {}, ReadError, ""),
    (Path("nowhere/at/all.gguf"), {}, ReadError, "all.gguf"),
    (Path("no\x00where"), {}, ReadError, "\\x00"),
    ("784-10", {"form": "x"}, UsageError, "no form"),
    ("784-10", {"form": "gguf"}, ReadError, "784-10"),
    ("784-10", {"form": "folder"}, ReadError, "784-10"),
    (CHECKPOINT, {"bias": "none"}, UsageError, "--bias"),
    (CHECKPOINT, {"form": "gguf"}, ReadError, ""),
    (CHECKPOINT, {"set": {"d": 3}}, UsageError, "no symbol"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "options", "kind", "words"), REFUSED, ids=[f"{row[0]!r:.20} {row[1]}" for row in REFUSED]
)
def test_refused(source: object, options: dict[str, object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        nparams.read(source, **options)  # type: ignore[arg-type]
    assert isinstance(caught.value, NparamsError)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_directory_without_a_model(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    with pytest.raises(ReadError, match=r"it holds readme\.txt"):
        nparams.read(tmp_path)


def test_a_network_answers() -> None:
    n = nparams.read("784-16-16-10")
    assert (n.total, n.weights, n.biases) == (13002, 12960, 42)
    assert "13,002 parameters = 12,960 weights + 42 biases" in str(n)
    assert repr(n) == "<Network 784-16-16-10: 13002 parameters>"
    assert [row["total"] for row in n.rows()] == [12560, 272, 170]
    assert "Neurons: 16. Each is connected to all 784 values" in " ".join(n.explain().split())
    assert json.loads(n.to_json())["total"] == 13002
    assert [t["adds"] for t in json.loads(n.to_json(tensors=True))["tensors"]] == [12544, 16, 256, 16, 160, 10]


# sizes | style | formula
FORMULAS = [
    ("784-16-10", "text", "784*16 + 16 + 16*10 + 10"),
    ("784-16-10", "unicode", "784·16 + 16 + 16·10 + 10"),
    ("784-16-10", "latex", r"784 \cdot 16 + 16 + 16 \cdot 10 + 10"),
    ("d-4*d-d", "text", "8*d**2 + 5*d"),
    ("d-4*d-d", "unicode", "8·d² + 5·d"),
    ("h0..hl", "text", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h0..hl", "unicode", "Σ_{i=1..l} (h_{i-1} + 1)·h_i"),
]


@pytest.mark.parametrize(("sizes", "style", "formula"), FORMULAS)
def test_formula(sizes: str, style: str, formula: str) -> None:
    assert nparams.read(sizes).formula(style) == formula


def test_the_public_names_are_there() -> None:
    assert sorted(nparams.__all__) == dir(nparams)
    assert all(getattr(nparams, name) is not None for name in nparams.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = nparams.nothing  # type: ignore[attr-defined]
