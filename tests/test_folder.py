"""A directory: which model in it is read, why, and what is said about the rest."""

from __future__ import annotations

import json
import os
from typing import ClassVar

import pytest

import nparams
from nparams._claims import FILES
from nparams._read import Request
from nparams.errors import NparamsError, ReadError
from nparams.files.bytesource import FileSource, LocalFolder, NeedBytes
from nparams.files.folder import read
from tests.estimator_maker import Wrapped, dumped, mlp
from tests.gguf_maker import Q4_K, Q8_0, gguf
from tests.gguf_maker import T as G
from tests.safetensors_maker import T, index_of, safetensors, shards

ONE, OTHER = safetensors([T("a.weight", [4])]), safetensors([T("a.weight", [5]), T("b.weight", [2])])
HALVED = safetensors([T("a.weight", [4], "F16")])
SETS = shards([[T("a.weight", [4, 3])], [T("b.weight", [2, 4])]])
INDEX = "model.safetensors.index.json"
FIRST, LAST = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
PARTS = {name: SETS[name] for name in (FIRST, LAST)}
HALF = "diffusion_pytorch_model"
Q4 = gguf((), [G("blk.0.ffn_up.weight", [256, 4], Q4_K)])
Q8 = gguf((), [G("blk.0.ffn_up.weight", [256, 4], Q8_0)])
LARGER = gguf((), [G("blk.0.ffn_up.weight", [256, 8], Q8_0)])


def filled(folder, files: dict[str, bytes]):
    """The files in a folder; a name may lead through folders of its own, and one that ends in / is an empty folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(data)
    return folder


NCNN = b"7767517\n2 2\nInput in 0 1 in\nInnerProduct ip 1 1 in out 0=2 1=1 2=6\n"
CFG = b"[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nfilters=1\nsize=2\n"
WEIGHTS = bytes((0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0)) + bytes(8 + 4 * 5)
SAME = "the same names and shapes"
TRAINED = {"optimizer.pt": b"x", "scheduler.pt": b"x", "rng_state.pth": b"x", "training_args.bin": b"x"}
STATE = "optimizer.pt, rng_state.pth, scheduler.pt, training_args.bin (state of training)"
STATES = STATE.replace("training_args", "trainer_state.json, training_args")
# what lies there | the total | the last note
MLP = dumped(mlp(3, 2, make=Wrapped))
READ = [
    ("one model", {"net.safetensors": ONE, "README.md": b""}, 4, "read from net.safetensors"),
    ("an index", SETS, 20, f"read from {INDEX}"),
    ("an index beside a copy in one file", {**SETS, "consolidated.safetensors": ONE}, 20,
     f"read from {INDEX}; not read: consolidated.safetensors (a consolidated copy)"),
    ("the usual name among others", {"model.safetensors": ONE, "other.safetensors": OTHER}, 4,
     "read from model.safetensors (the usual name); not read: other.safetensors (another name)"),
    ("another precision", {f"{HALF}.safetensors": ONE, f"{HALF}.fp16.safetensors": HALVED}, 4,
     f"read from {HALF}.safetensors (the plain variant); not read: {HALF}.fp16.safetensors (another variant)"),
    ("one precision only", {"model.fp16.safetensors": HALVED}, 4, "read from model.fp16.safetensors"),
    ("two precisions, neither plain", {"model.fp16.safetensors": HALVED, "model.fp32.safetensors": ONE}, 4,
     f"read from model.fp16.safetensors (the same network as in model.fp32.safetensors: {SAME}); "
     "not read: model.fp32.safetensors (another variant)"),
    ("the index of a precision", {**SETS, "model.safetensors.index.fp16.json": SETS[INDEX]}, 20,
     f"read from {INDEX} (the plain variant); not read: model.safetensors.index.fp16.json (another variant)"),
    ("shards of another precision and format", {**SETS, **{name.replace("model", "model.fp16"): data for name, data in
     PARTS.items()}, "model.safetensors.index.fp16.json": SETS[INDEX], **{f"tf-0000{k}-of-00003.bin": b"" for k in
     (1, 2, 3)}}, 20, f"read from {INDEX} (the plain variant); not read: model.safetensors.index.fp16.json (another "
     "variant); tf-00001-of-00003.bin and 2 more shards (another name)"),
    ("the index of one precision only", {**PARTS, "model.safetensors.index.fp16.json": SETS[INDEX]}, 20,
     "read from model.safetensors.index.fp16.json"),
    ("formats", {"model.safetensors": ONE, "pytorch_model.bin": b"", "tf_model.h5": b"", "flax_model.msgpack": b"",
                 "rust_model.ot": b"", "onnx/model.onnx": b"", "openvino/openvino_model.bin": b"", ".git/": b""}, 4,
     "read from model.safetensors (the format that comes first); not read: pytorch_model.bin, tf_model.h5, "
     "flax_model.msgpack (another format); rust_model.ot (tch, which is not read here)"
     "; sub-folders not visited: onnx/, openvino/"),
    ("a GGUF beside its origin", {"tiny.safetensors": ONE, "tiny-Q8_0.gguf": Q8}, 4,
     "read from tiny.safetensors (the format that comes first); not read: tiny-Q8_0.gguf (another format)"),
    ("an adapter", {"adapter_model.safetensors": ONE, "x.safetensors": OTHER}, 4,
     "read from adapter_model.safetensors (the usual name); not read: x.safetensors (another name)"),
    ("a model and an adapter", {"model.safetensors": ONE, "adapter_model.safetensors": OTHER}, 4,
     "read from model.safetensors (the usual name); not read: adapter_model.safetensors (an adapter)"),
    ("MLX: an index of one file", {"model.safetensors": ONE, INDEX: index_of({"a.weight": "model.safetensors"})}, 4,
     f"read from {INDEX}"),
    ("an index that leads nowhere", {"model.safetensors": ONE, INDEX: SETS[INDEX]}, 4, f"read from {INDEX}"),
    ("a set without its index", PARTS, 20, f"read from 2 shards, {FIRST} to {LAST}; there is no index"),
    ("an index of another name", {f"{HALF}.safetensors.index.json": SETS[INDEX], **PARTS}, 20,
     f"read from {HALF}.safetensors.index.json"),
    ("two indexes, one of the usual name", {**SETS, f"{HALF}.safetensors.index.json": index_of({})}, 20, None),
    ("two names for one network", {"last.safetensors": ONE, "best.safetensors": HALVED}, 4,
     f"read from best.safetensors (the same network as in last.safetensors: {SAME}); "
     "not read: last.safetensors (another name)"),
    ("a trainer's checkpoint", {**SETS, **TRAINED, "trainer_state.json": b"{}", "global_step500/": b""}, 20,
     f"read from {INDEX}; not read: {STATES}; "
     "sub-folders not visited: global_step500/"),
    ("a model and where it was trained", {"model.safetensors": ONE, "checkpoint-500/model.safetensors": OTHER}, 4,
     "read from model.safetensors; sub-folders not visited: checkpoint-500/"),
    ("slices beside", {**SETS, "consolidated.00.pth": b"", "consolidated.01.pth": b""}, 20,
     f"read from {INDEX} (the format that comes first); not read: consolidated.00.pth, consolidated.01.pth "
     "(another format)"),
    ("original weights beside", {**SETS, "original/consolidated.00.pth": b"", "original/params.json": b""}, 20,
     f"read from {INDEX}; sub-folders not visited: original/"),
    ("quantisations of one model", {"tiny.Q4_K_M.gguf": Q4, "tiny.Q8_0.gguf": Q8, "tiny.imatrix": b""}, 1024,
     f"read from tiny.Q4_K_M.gguf (the same network as in tiny.Q8_0.gguf: {SAME}); not read: tiny.Q8_0.gguf "
     "(another variant); tiny.imatrix (statistics for quantising)"),
    ("quantisations as they are published", {"Tiny-1B-Instruct-UD-Q4_K_XL.gguf": Q4,
     "Tiny-1B-Instruct-i1-Q8_0.gguf": Q8, "Tiny-1B-Instruct-imatrix.gguf": b"", "mmproj-Tiny-1B-F16.gguf": b""}, 1024,
     f"read from Tiny-1B-Instruct-UD-Q4_K_XL.gguf (the same network as in Tiny-1B-Instruct-i1-Q8_0.gguf: {SAME}); "
     "not read: Tiny-1B-Instruct-i1-Q8_0.gguf (another variant); Tiny-1B-Instruct-imatrix.gguf (statistics for "
     "quantising); mmproj-Tiny-1B-F16.gguf (the vision or audio part, a model of its own)"),
    ("GGUF and other quantisations in folders", {"Q4_K_M/t-Q4_K_M.gguf": Q4, "Q8_0/t-Q8_0.gguf": Q8, "README.md": b""},
     1024, f"Q4_K_M/ was read; Q8_0/ hold the same network: {SAME}"),
    ("checkpoints of one network", {"checkpoint-1/model.safetensors": ONE, "checkpoint-2/model.safetensors": ONE,
                                    "logs/events.out.tfevents.1": b""}, 4,
     f"checkpoint-1/ was read; checkpoint-2/ hold the same network: {SAME}"),
    ("one sub-folder with a model", {"README.md": b"", "weights/net.safetensors": ONE, "src/a.py": b""}, 4,
     "weights/ is the only sub-folder with a model; the folder itself has none"),
    ("one of several with parameters", {"t-vocab.gguf": gguf(), "z.gguf": Q4}, 1024,
     "read from z.gguf (no parameters in the others); not read: t-vocab.gguf (another name)"),
    ("one sub-folder of several with parameters", {"a/v.gguf": gguf(), "b/z.gguf": Q4, "c/z.gguf": Q4}, 1024,
     f"b/ was read; c/ hold the same network: {SAME}"),
    ("what was pickled, and data", {"net.safetensors": ONE, "scaler.pkl": b"", "model.pkl": b"", "X_test.npy": b""}, 4,
     "read from net.safetensors; not read: scaler.pkl (preprocessing); X_test.npy (array beside the model); model.pkl "
     "(pickle beside the model)"),
    ("a network and what prepares its data", {"mlp.joblib": MLP, "scaler.joblib": b"", "label_encoder.pkl": b""}, 8,
     "read from mlp.joblib; not read: label_encoder.pkl, scaler.joblib (preprocessing)"),
    ("OpenVINO and ncnn beside", {"model.safetensors": ONE, "m.xml": b"", "m.bin": b"", "n.param": b"", "n.bin": b"",
                                  "n.param.bin": b""}, 4,
     "read from model.safetensors (the usual name); not read: m.xml, n.param (another name); m.bin (numbers of the "
     ".xml beside); n.param.bin (the same layers of an ncnn model in binary)"),
    ("ncnn alone", {"n.param": NCNN, "n.bin": bytes(36)}, 8, "read from n.param"),
    ("Darknet, and settings of a program", {"y.cfg": CFG, "y.weights": WEIGHTS, "setup.cfg": b"[metadata]"}, 5,
     "read from y.weights; not read: setup.cfg (settings of a program)"),
    ("a Darknet network alone", {"y.cfg": CFG}, 5, "read from y.cfg"),
    ("XML of other kinds", {"net.safetensors": ONE, "pom.xml": b"", "Manifest.json": b""}, 4,
     "read from net.safetensors"),
    ("OpenVINO as optimum writes it", {"model.safetensors": ONE, "openvino_model.xml": b"", "openvino_model.bin": b"",
     "openvino_tokenizer.xml": b"", "openvino_tokenizer.bin": b""}, 4,
     "read from model.safetensors (the format that comes first); not read: openvino_model.xml (another format); "
     "openvino_model.bin (numbers of the .xml beside); openvino_tokenizer.bin, openvino_tokenizer.xml (tokenizer)"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "total", "note"), [c[1:] for c in READ], ids=[c[0] for c in READ])
def test_what_is_read(tmp_path, files, total, note):
    found = nparams.read(filled(tmp_path, files))
    assert (found.total, found.source) == (total, str(tmp_path))
    assert note is None or found.notes[-1] == note


def test_an_index_that_leads_nowhere_says_so(tmp_path):
    found = nparams.read(filled(tmp_path, {"model.safetensors": ONE, INDEX: SETS[INDEX]}))
    assert found.notes == [
        "read from the whole file beside the index, which is not followed: "
        f"{INDEX}: {FIRST}: no such file or directory",
        f"read from {INDEX}",
    ]


# what lies there | the message after the folder's name
REFUSED = [
    ("nothing", {}, "no model that can be read in this directory; it is empty"),
    ("other things", {"a.txt": b"", "b.py": b""}, "no model that can be read in this directory; it holds a.txt, b.py"),
    ("many other things", {f"{i}.txt": b"" for i in range(9)},
     "no model that can be read in this directory; it holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt and 3 more"),
    ("what is not read", {"rust_model.ot": b"", "fingerprint.pb": b"", "variables/variables.index": b""},
     "no model that can be read in this directory or a folder in it; it holds fingerprint.pb (about the "
     "SavedModel); rust_model.ot (tch, which is not read here)"),
    ("state of training alone", TRAINED, f"no model that can be read in this directory; it holds {STATE}"),
    ("several", {"a.safetensors": ONE, "b.safetensors": OTHER},
     "several models in this directory; name one: a.safetensors (4), b.safetensors (7)"),
    ("several, one damaged", {"a.safetensors": ONE, "b.safetensors": b""},
     "several models in this directory; name one: a.safetensors (4), b.safetensors (the file is empty (0 bytes); a "
     "download that did not start?)"),
    ("quantisations of two models", {"t-1B-Q8_0.gguf": Q8, "t-2B-Q8_0.gguf": LARGER},
     "several models in this directory; name one: t-1B-Q8_0.gguf (1,024), t-2B-Q8_0.gguf (2,048)"),
    ("a quantisation that differs", {"t-Q4_K_M.gguf": Q4, "t-Q8_0.gguf": LARGER},
     "several models in this directory; name one: t-Q4_K_M.gguf (1,024), t-Q8_0.gguf (2,048)"),
    ("several sub-folders", {"a/model.safetensors": ONE, "b/model.safetensors": OTHER},
     "several models in this directory; name one: a/ (4), b/ (7)"),
    ("very many", {f"{i:02}.safetensors": ONE for i in range(41)},
     "41 models in this directory; name one: 00.safetensors, 01.safetensors, 02.safetensors, 03.safetensors, "
     "04.safetensors, 05.safetensors and 35 more"),
    ("vocabularies alone", {"a.gguf": gguf(), "b.gguf": gguf()},
     "several models in this directory; name one: a.gguf (0), b.gguf (0)"),
    ("slices for several devices", {"consolidated.00.pth": b"", "consolidated.01.pth": b"", "params.json": b"{}"},
     "consolidated.00.pth to consolidated.01.pth hold slices of the tensors for 2 devices, which are not joined; count "
     "the model as it is published in one piece (safetensors)"),
    ("a set that is not whole", {"model-00001-of-00003.safetensors": ONE, "model-00002-of-00003.safetensors": ONE},
     "1 of 3 shards are missing: model-00003-of-00003.safetensors"),
    ("two sets", {"y-00001-of-00001.safetensors": ONE, "x-00001-of-00001.safetensors": OTHER},
     "several models in this directory; name one: x-00001-of-00001.safetensors (7), y-00001-of-00001.safetensors (4)"),
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


def test_a_form_that_is_asked_for_chooses_among_formats(tmp_path):
    filled(tmp_path, {"tiny.safetensors": ONE, "tiny-Q8_0.gguf": Q8})
    assert (nparams.read(tmp_path).total, nparams.read(tmp_path, form="gguf").total) == (4, 1024)


# -- a hub's cache --------------------------------------------------------------------------------------------------


def cached(folder, revisions: dict[str, dict[str, bytes]], main: str | None = None):
    """A model hub's cache: the snapshots hold links into a folder of blobs."""
    (folder / "blobs").mkdir(parents=True)
    (folder / "refs").mkdir()
    if main is not None:
        (folder / "refs" / "main").write_text(main)
    for revision, files in revisions.items():
        snapshot = folder / "snapshots" / revision
        for k, (name, data) in enumerate(files.items()):
            blob = folder / "blobs" / f"{revision}{k}"
            blob.write_bytes(data)
            (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
            (snapshot / name).symlink_to(os.path.relpath(blob, (snapshot / name).parent))
    return folder


def test_a_cache_of_links(tmp_path):
    snapshot = cached(tmp_path, {"0123": SETS}) / "snapshots" / "0123"
    assert nparams.read(snapshot).total == nparams.read(snapshot / INDEX).total == 20
    next((tmp_path / "blobs").iterdir()).unlink()
    with pytest.raises(ReadError, match="no such file or directory"):
        nparams.read(snapshot)


CACHES = [
    ("one snapshot", {"0123": {"model.safetensors": ONE}}, None, 4, "snapshot 0123 was read, the only one"),
    ("the main one of two", {"0123": {"model.safetensors": ONE}, "4567": {"model.safetensors": OTHER}}, "4567\n", 7,
     "snapshot 4567 was read, which refs/main names"),
    ("one, and a ref that is not here", {"0123": {"model.safetensors": ONE}}, "89ab", 4,
     "snapshot 0123 was read, the only one"),
]  # fmt: skip


@pytest.mark.parametrize("case", CACHES, ids=[c[0] for c in CACHES])
def test_a_repository_in_a_cache(tmp_path, case):
    _, revisions, main, total, note = case
    folder = cached(tmp_path / "models--org--name", revisions, main)
    assert (nparams.read(folder).total, nparams.read(folder).notes[-1]) == (total, f"a hub's cache: {note}")
    assert nparams.read(tmp_path).total == total  # the cache as a whole, where this is all there is in it


@pytest.mark.parametrize(("revisions", "main", "message"), [
    ({}, None, "a hub's cache without a snapshot: nothing of it has been downloaded"),
    ({"0123": {"model.safetensors": ONE}, "4567": {"model.safetensors": ONE}}, None,
     "2 snapshots, and refs/main names none of them; name one: snapshots/0123, 4567"),
    ({"0123": {"model.safetensors": ONE}, "4567": {"model.safetensors": ONE}}, "../0123",
     "2 snapshots, and refs/main names none of them; name one: snapshots/0123, 4567"),
])  # fmt: skip
def test_a_cache_with_nothing_to_choose_by(tmp_path, revisions, main, message):
    folder = cached(tmp_path / "models--org--name", revisions, main)
    (folder / "snapshots").mkdir(exist_ok=True)
    with pytest.raises(ReadError) as problem:
        nparams.read(folder)
    assert str(problem.value) == f"models--org--name: {message}"


# -- pipelines ------------------------------------------------------------------------------------------------------

SD = {
    "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "requires_safety_checker": True,
    "feature_extractor": ["transformers", "CLIPImageProcessor"], "safety_checker": [None, None],
    "scheduler": ["diffusers", "PNDMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}  # fmt: skip
PIPELINE = {
    "model_index.json": json.dumps(SD).encode(), "scheduler/scheduler_config.json": b"{}",
    "tokenizer/vocab.json": b"{}", "feature_extractor/preprocessor_config.json": b"{}",
    "text_encoder/config.json": b"{}", "text_encoder/model.safetensors": ONE,
    "text_encoder/pytorch_model.bin": b"", "unet/config.json": b"{}",
    "vae/diffusion_pytorch_model.safetensors": OTHER, "vae/diffusion_pytorch_model.fp16.safetensors": OTHER,
    **{f"unet/{name}": data for name, data in SETS.items()},
}  # fmt: skip


def indexed(**changed: object) -> bytes:
    return json.dumps({**SD, **changed}).encode()


def test_a_pipeline(tmp_path):
    filled(tmp_path, {**PIPELINE, "v1-5.safetensors": ONE, "vae_1_0/diffusion_pytorch_model.safetensors": ONE})
    found = nparams.read(tmp_path)
    told = json.loads(found.to_json(tensors=True))
    assert (told["total"], told["components"]) == (31, {"text_encoder": 4, "unet": 20, "vae": 7})
    assert (told["form"], told["source"]) == ("folder", str(tmp_path))
    assert told["read_as"] == "diffusers pipeline StableDiffusionPipeline: text_encoder, unet, vae"
    assert [t["name"] for t in told["tensors"]] == [
        "text_encoder.a.weight", "unet.a.weight", "unet.b.weight", "vae.a.weight", "vae.b.weight",
    ]  # fmt: skip
    assert found.notes == [
        "text_encoder: read from model.safetensors (the format that comes first); not read: pytorch_model.bin "
        "(another format)",
        f"unet: read from {INDEX}",
        f"vae: read from {HALF}.safetensors (the plain variant); not read: {HALF}.fp16.safetensors (another variant)",
        "counted together, as model_index.json names them: text_encoder (4), unet (20), vae (7); without weights: "
        "feature_extractor, scheduler, tokenizer; not read: v1-5.safetensors (whole models in one file); "
        "sub-folders not visited: vae_1_0/",
    ]


NOT_NAMED = {name: data for name, data in PIPELINE.items() if not name.startswith("unet/")}
UNET = 'model_index.json names "unet" (UNet2DConditionModel), and'
REST = "; download the rest, or name one part's own folder"
BROKEN_PIPELINES = [
    ("a part without its folder", NOT_NAMED, f"{UNET} there is no such folder here{REST}"),
    ("a part without its weights", {**NOT_NAMED, "unet/config.json": b"{}"},
     f"{UNET} its folder holds no weights that can be read{REST}"),
    ("a path", {**PIPELINE, "model_index.json": indexed(**{"../x": ["a", "B"]})},
     'model_index.json names "../x": a part must lie in it; paths are not followed'),
    ("no JSON", {**PIPELINE, "model_index.json": b"{"},
     "model_index.json is not JSON, so the parts of this model are not known"),
    ("very many parts", {**PIPELINE, "model_index.json": indexed(**{f"p{i}": ["a", "B"] for i in range(65)})},
     "model_index.json names 71 parts; at most 64 are read"),
    ("a shard that is missing", {**PIPELINE, f"unet/{INDEX}": SETS[INDEX].replace(b"-00002-of", b"-00003-of")},
     None),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), [c[1:] for c in BROKEN_PIPELINES], ids=[c[0] for c in BROKEN_PIPELINES])
def test_broken_pipelines(tmp_path, files, message):
    with pytest.raises(NparamsError) as problem:
        nparams.read(filled(tmp_path, files))
    assert message is None or str(problem.value) == f"{tmp_path.name}: {message}"


def test_a_pointer_in_the_place_of_an_index(tmp_path):
    filled(tmp_path, {**PIPELINE, "model_index.json": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"})
    with pytest.raises(ReadError, match="a Git LFS pointer, not the model itself"):
        nparams.read(tmp_path)


def test_a_part_that_is_a_link_out_of_the_folder(tmp_path):
    filled(tmp_path, {**{f"sd/{name}": data for name, data in NOT_NAMED.items()}, "away/model.safetensors": ONE})
    (tmp_path / "sd" / "unet").symlink_to(tmp_path / "away")
    with pytest.raises(ReadError, match="there is no such folder here"):
        nparams.read(tmp_path / "sd")
    (tmp_path / "sd" / "real").mkdir()
    (tmp_path / "sd" / "real" / "model.safetensors").write_bytes(ONE)
    (tmp_path / "sd" / "unet").unlink()
    (tmp_path / "sd" / "unet").symlink_to("real")
    assert nparams.read(tmp_path / "sd").total == 4 + 4 + 7


@pytest.mark.parametrize("index", [b"[]", b"{}", b'{"_class_name": 1}'])
def test_another_file_of_that_name(tmp_path, index):
    assert nparams.read(filled(tmp_path, {"model_index.json": index, "net.safetensors": ONE})).total == 4


def test_an_index_whose_folders_are_not_here(tmp_path):
    assert nparams.read(filled(tmp_path, {"model_index.json": indexed(), "net.safetensors": ONE})).total == 4


def sentence(*modules: tuple[str, str]) -> bytes:
    named = [
        {"idx": k, "name": str(k), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for k, (path, kind) in enumerate(modules)
    ]
    return json.dumps(named).encode()


ENCODER = safetensors([T("encoder.weight", [4])])
DENSE = safetensors([T("linear.weight", [3, 2]), T("linear.bias", [3])])
POOLED = (("", "Transformer"), ("1_Pooling", "Pooling"))
WITH_DENSE = (*POOLED, ("2_Dense", "Dense"), ("3_Normalize", "Normalize"))
SENTENCES = [
    ("pooling alone", POOLED, {"model.safetensors": ENCODER, "1_Pooling/config.json": b"{}"}, 4, {"backbone": 4},
     "read from model.safetensors"),
    ("a dense layer", WITH_DENSE, {"model.safetensors": ENCODER, "1_Pooling/config.json": b"{}",
     "2_Dense/config.json": b"{}", "2_Dense/model.safetensors": DENSE, "3_Normalize/": b"", "onnx/model.onnx": b""},
     13, {"backbone": 4, "2_Dense": 9},
     "counted together, as modules.json names them: the top folder (4), 2_Dense (9); without weights: 1_Pooling, "
     "3_Normalize; sub-folders not visited: onnx/"),
    ("all in folders", (("0_Transformer", "Transformer"), ("1_Pooling", "Pooling")),
     {"0_Transformer/model.safetensors": ONE, "1_Pooling/config.json": b"{}"}, 4, {"0_Transformer": 4},
     "counted together, as modules.json names them: 0_Transformer (4); without weights: 1_Pooling"),
]  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES, ids=[c[0] for c in SENTENCES])
def test_sentence_transformers(tmp_path, case):
    _, modules, files, total, components, note = case
    found = nparams.read(filled(tmp_path, {"modules.json": sentence(*modules), **files}))
    assert (found.total, json.loads(found.to_json())["components"], found.notes[-1]) == (total, components, note)


def test_a_module_whose_weights_are_missing(tmp_path):
    filled(
        tmp_path, {"modules.json": sentence(*WITH_DENSE), "model.safetensors": ENCODER, "2_Dense/config.json": b"{}"}
    )
    with pytest.raises(ReadError) as problem:
        nparams.read(tmp_path)
    assert str(problem.value) == (
        f'{tmp_path.name}: modules.json names "2_Dense" (sentence_transformers.models.Dense), and its folder holds no '
        f"weights that can be read{REST}"
    )


@pytest.mark.parametrize("modules", [b'{"repos": {}}', b"[]", b'[{"path": 1}]', b'[{"path": "", "type": "x"}]'])
def test_another_list_of_modules(tmp_path, modules):
    assert nparams.read(filled(tmp_path, {"modules.json": modules, "net.safetensors": ONE})).total == 4


# -- folders that are not on this disk, and hostile ones -------------------------------------------------------------


class Late:
    """A file that holds no byte until its driver has fetched it."""

    held: ClassVar[set[tuple[str, int, int]]] = set()

    def __init__(self, real: FileSource) -> None:
        self.real, self.name, self.size = real, real.name, real.size

    def read(self, offset: int, length: int) -> bytes:
        asked = self.name, offset, length
        if asked not in self.held:
            self.held.add(asked)
            raise NeedBytes(offset, length)
        return self.real.read(offset, length)

    def __enter__(self) -> Late:
        return self

    def __exit__(self, *_: object) -> None:
        self.real.close()


class LateFolder:
    def __init__(self, real: LocalFolder) -> None:
        self.real, self.name = real, real.name

    def names(self) -> list[str]:
        return self.real.names()

    def folders(self) -> list[str]:
        return self.real.folders()

    def folder(self, name: str) -> LateFolder:
        return LateFolder(self.real.folder(name))

    def open(self, name: str) -> Late:
        return Late(self.real.open(name))


def test_a_folder_whose_bytes_are_fetched(tmp_path):
    """Any driver can be a folder: whatever is read first is asked for, and the reader started again."""
    folder, starts = LateFolder(LocalFolder(str(filled(tmp_path, PIPELINE)))), 0
    while True:
        try:
            found = read(folder, FILES, Request(None, {}, True, False).bytes)
            break
        except NeedBytes:
            starts += 1
    assert (found.total, starts) == (31, len(Late.held))
    assert starts > 10


@pytest.mark.parametrize("name", ["model.safetensors", "model_index.json", "modules.json", "adapter_config.json"])
def test_a_named_pipe_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    (tmp_path / "net.safetensors").write_bytes(ONE)
    if name in ("adapter_config.json",):
        assert nparams.read(tmp_path).total == 4
    else:
        with pytest.raises(ReadError, match="not a regular file"):
            nparams.read(tmp_path)


def test_folders_nested_without_end(tmp_path):
    path = tmp_path
    for _ in range(60):
        path = path / "d"
    path.mkdir(parents=True)
    (path / "net.safetensors").write_bytes(ONE)
    with pytest.raises(ReadError, match="no model that can be read in this directory or a folder in it; it holds d"):
        nparams.read(tmp_path)
