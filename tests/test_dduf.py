"""DDUF and zipped pipelines: read as the folder that they were, in place."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files import dduf
from nparams.files._dduf.parts import ROWS
from nparams.files._zip import Archive
from nparams.files._zip_folder import whole
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from nparams.registry import SOURCES
from tests.gguf_maker import T as GT
from tests.gguf_maker import gguf
from tests.safetensors_maker import T, safetensors, shards
from tests.zip_maker import M, archive

DATA = Path(__file__).parent / "data" / "dduf"
INDEX = json.dumps({"_class_name": "P", "vae": ["diffusers", "VAE"], "unet": ["diffusers", "UNet"],
                    "tokenizer": ["transformers", "CLIPTokenizer"]}).encode()  # fmt: skip
VAE = safetensors([T("conv.weight", [4, 3, 3, 3]), T("conv.bias", [4])])
UNET = safetensors([T("proj.weight", [5, 6], "F16")])
SETS = shards([[T("a.weight", [4, 3])], [T("b.weight", [2, 4])]])
USUAL = "diffusion_pytorch_model.safetensors"
FILES = {
    "model_index.json": INDEX, "vae/config.json": b"{}", f"vae/{USUAL}": VAE, "unet/config.json": b"{}",
    f"unet/{USUAL}": UNET, "tokenizer/vocab.json": b"{}", "README.txt": b"hello",
}  # fmt: skip


def zipped(files: dict[str, bytes], *, deflated: bool = False, top: str = "") -> bytes:
    """As Python's own library writes an archive, with an entry for each folder."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as made:
        for folder in sorted({name.rpartition("/")[0] for name in files} - {""}):
            made.writestr(f"{top}{folder}/", b"")
        for name, data in files.items():
            made.writestr(top + name, data)
    return held.getvalue()


def found(data: bytes, name: str = "p.dduf"):
    return dduf.read(MemorySource(data, name))


def unpacked(folder: Path, files: dict[str, bytes]):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return nparams.read(folder)


SHARDED = {"model_index.json": INDEX, f"vae/{USUAL}": VAE, "unet/config.json": b"{}",
           **{f"unet/{name.replace('model', 'diffusion_pytorch_model', 1)}":
              data.replace(b"model-", b"diffusion_pytorch_model-") for name, data in SETS.items()}}  # fmt: skip
#: what it shows | the files
PIPELINES = [
    ("plain", FILES), ("sharded", SHARDED),
    ("a variant beside", {**FILES, "unet/diffusion_pytorch_model.fp16.safetensors": UNET}),
    ("GGUF", {"model_index.json": INDEX, f"vae/{USUAL}": VAE,
              "unet/u-Q4_0.gguf": gguf([], [GT("a.weight", [32, 2], 2)])}),
    ("a whole model in one file beside", {**FILES, "whole.safetensors": VAE}),
]  # fmt: skip


@pytest.mark.parametrize("files", [p[1] for p in PIPELINES], ids=[p[0] for p in PIPELINES])
def test_an_archive_is_what_its_folder_is(tmp_path, files):
    folder = unpacked(tmp_path, files)
    for name, data in (("p.dduf", zipped(files)), ("p.zip", zipped(files)), ("p.zip", zipped(files, deflated=True)),
                       ("p.zip", zipped(files, top="sd/"))):  # fmt: skip
        network = found(data, name)
        assert [repr(t) for t in network.tensors()] == [repr(t) for t in folder.tensors()]
        assert network.notes == folder.notes
        assert json.loads(network.to_json())["components"] == json.loads(folder.to_json())["components"]
        assert (network.form, network.source, network.flags) == ("dduf", name, [])
        kind = "DDUF" if name == "p.dduf" else "zip archive"
        assert network.read_as == f"{kind}, {folder.read_as}"


def test_the_hubs_own_archive():
    """tools/fixtures/dduf.py: written by huggingface_hub, its tensors as that and safetensors list them."""
    network = nparams.read(DATA / "tiny.dduf")
    listing = json.loads((DATA / "tiny.json").read_text())
    assert {t.name: list(t.shape) for t in network.tensors()} == listing["tensors"]
    assert network.total == 112 + 24 + 4 + 4
    assert json.loads(network.to_json())["components"] == {"vae": 112, "transformer": 32}


def test_the_rows_of_parts_are_the_registrys():
    registered = {row.form: row for row in SOURCES}
    for row in ROWS:
        other = registered[row.form]
        assert (row.what, row.suffixes, row.magic, row.inside) == (
            other.what, other.suffixes, other.magic, other.inside
        )  # fmt: skip
        assert other.module == f"nparams.files.{row.module}"


def test_it_is_known_by_what_is_in_it(tmp_path):
    for name in ("p.dduf", "p.zip", "p"):
        (tmp_path / name).write_bytes(zipped(FILES))
        assert nparams.read(tmp_path / name).form == "dduf"
    assert nparams.read(tmp_path / "p").total == 142


def test_members_that_no_dduf_has_are_a_flag():
    files = {**FILES, "unet/run.py": b"import os", "unet/x.pkl": b""}
    text = "2 members, the first unet/run.py: nothing that a DDUF holds"
    assert found(zipped(files)).flags == [{"kind": "unexpected-member", "text": text}]
    assert found(zipped(files), "p.zip").flags == []


DEEP = {**FILES, "unet/inner/x.json": b"{}"}
BIG = safetensors([T("w", [2_000_000])])
#: what it shows | name | the archive | the error
REFUSED = [
    ("no list", "p.dduf", zipped({f"vae/{USUAL}": VAE}),
     "p.dduf: no model_index.json to say which parts make up the pipeline: its top folder holds none; unpack it"),
    ("a list one folder down", "p.dduf", zipped(FILES, top="sd/"), 'p.dduf: "sd/vae/config.json" lies more than '
     'one folder deep, as in no DDUF'),
    ("two pipelines", "p.zip", zipped({f"{k}/{name}": data for k in "ab" for name, data in FILES.items()}),
     "p.zip: no model_index.json to say which parts make up the pipeline: 2 folders of it hold one; unpack it"),
    ("compressed", "p.dduf", zipped(FILES, deflated=True),
     'p.dduf: "model_index.json" is compressed, which a DDUF never is; zip the folder again without compression '
     '(zip -0)'),
    ("weights that are compressed", "p.zip", zipped({**FILES, f"vae/{USUAL}": BIG}, deflated=True),
     f'vae: "vae/{USUAL}" is compressed in the archive, so its header cannot be read in place; unpack it, or zip it '
     "again without compression (zip -0)"),
    ("folders in folders", "p.dduf", zipped(DEEP), 'p.dduf: "unet/inner/x.json" lies more than one folder deep, '
     'as in no DDUF'),
    ("another list", "p.dduf", zipped({**FILES, "model_index.json": b'{"a": 1}'}),
     "p.dduf: its model_index.json names no class of a pipeline"),
    ("no list at all", "p.dduf", zipped({**FILES, "model_index.json": b"hello"}),
     "p.dduf: model_index.json is not JSON, so the parts of this model are not known"),
    ("no parts", "p.dduf", zipped({"model_index.json": INDEX, "x.safetensors": VAE}),
     "p.dduf: its model_index.json names no part that has a folder here"),
    ("a part that is missing", "p.dduf", zipped({k: v for k, v in FILES.items() if not k.startswith("unet")}),
     'p.dduf: model_index.json names "unet" (UNet), and there is no such folder here; download the rest, or name one '
     "part's own folder"),
    ("a path that leads out", "p.dduf", archive([M("model_index.json", INDEX), M("../x.json", b"{}")]),
     'p.dduf: a member is called "../x.json": paths are not followed'),
    ("an absolute path", "p.zip", archive([M("model_index.json", INDEX), M("/etc/x.json", b"{}")]),
     'p.zip: a member is called "/etc/x.json": paths are not followed'),
    ("a path of Windows", "p.zip", archive([M("model_index.json", INDEX), M("vae\\x.json", b"{}")]),
     'p.zip: a member is called "vae\\x.json": paths are not followed'),
    ("a file that is a folder", "p.zip", archive([M("model_index.json", INDEX), M("vae", b"1"), M("vae/a", b"")]),
     'p.zip: "vae" is a file in it, and a folder too'),
    ("a folder that is a file", "p.zip", archive([M("model_index.json", INDEX), M("vae/a", b""), M("vae", b"1")]),
     'p.zip: "vae" is a file in it, and a folder too'),
    ("two of one name", "p.dduf", archive([M("model_index.json", INDEX), M("model_index.json", INDEX)]),
     'p.dduf: two members are called "model_index.json": readers would see different files'),
    ("a part that is no weights", "p.zip", zipped({**FILES, f"vae/{USUAL}": b"<!doctype html><html>"}),
     f"{USUAL} is an HTML page, not a model: a download that needed a login or a different link"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(name, data, message):
    with pytest.raises(NparamsError) as problem:
        found(data, name)
    assert str(problem.value) == message


def test_too_many_members(monkeypatch):
    monkeypatch.setattr("nparams.files._zip_folder.MOST_MEMBERS", 6)
    with pytest.raises(NparamsError, match=r"p\.zip: 10 members; at most 6 are read"):
        found(zipped(FILES), "p.zip")


def test_what_a_folder_in_an_archive_does():
    folder = whole(Archive(MemorySource(zipped(FILES), "p.dduf")), "p.dduf")
    assert folder.names() == ["README.txt", "model_index.json", "tokenizer", "unet", "vae"]
    assert folder.folders() == ["tokenizer", "unet", "vae"]
    with folder.folder("vae").open("config.json") as member:
        assert (member.name, member.size, member.read(0, 2)) == ("p.dduf/vae/config.json", 2, b"{}")
    for ask, message in (
        (lambda: folder.open("vae"), 'p.dduf: it holds no file "vae"'),
        (lambda: folder.open("nothing"), 'p.dduf: it holds no file "nothing"'),
        (lambda: folder.folder("README.txt"), 'p.dduf: "README.txt" is no folder in it'),
    ):
        with pytest.raises(NparamsError) as problem:
            ask()
        assert str(problem.value) == message


def test_numbers_are_not_read(tmp_path):
    files = {**FILES, f"vae/{USUAL}": BIG}
    (tmp_path / "p.dduf").write_bytes(data := zipped(files))
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    seen = [dduf.read(FileSource(str(tmp_path / "p.dduf"))), dduf.read(MemorySource(data, "p.dduf")),
            drive(RangeSource("p.dduf", len(data)), fetch, dduf.read)]  # fmt: skip
    assert {n.total for n in seen} == {2_000_000 + 30}
    assert sum(length for _, length in asked) < 50_000
