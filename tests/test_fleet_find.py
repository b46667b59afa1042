"""What is found below a folder: which folders are one model, which files one set, links, patterns, and bounds."""

from __future__ import annotations

import os
import pickle
import sys
import types
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nparams._claims import FILES
from nparams.errors import ReadError, UsageError
from nparams.files._folder import inventory as sorting
from nparams.files._folder.inventory import Inventory
from nparams.files._folder.table import BESIDE, OTHERS, OTHERS_HOLD, UNREAD, UNREAD_END
from nparams.fleet._find import tree
from nparams.fleet._find.globs import SKIPPED, SKIPPED_BELOW, Globs
from nparams.fleet._find.tree import CHUNK, MOST_FILES, MOST_FOLDERS, units_in
from nparams.fleet.finding import find
from nparams.fleet.reading import local_opener, row_of
from nparams.fleet.units import Entry, Unit
from tests.safetensors_maker import T, safetensors, shards

ONE = safetensors([T("a.weight", [4])])
SHARDS = ["m-00001-of-00003.safetensors", "m-00002-of-00003.safetensors", "m-00003-of-00003.safetensors"]
INDEX = "m.safetensors.index.json"
REPO = ["r/config.json", "r/model.safetensors"]
ORBAX = ["_METADATA", "manifest.ocdbt", "d/a0", "ocdbt.process_0/d/b0", "ocdbt.process_0/manifest.ocdbt"]


def made(root: Path, files: list[str]) -> Path:
    for each in files:
        path = root / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def told(units: list[Unit], root: str) -> list[str]:
    """The units as kind and path below the root, with the files that come after the first."""
    return sorted(
        f"{unit.kind} {unit.uri.removeprefix(root).strip('/')}".rstrip(" ") + "".join(f" +{n}" for n in unit.names[1:])
        for unit in units
    )


def listed(
    files: list[str], include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), name: str = "t"
) -> list[str]:
    """What is found among paths, without any disk."""
    ordered = sorted(files, key=lambda each: each.encode("utf-8", "surrogatepass"))
    entries = ((path, Entry(7, "s")) for path in ordered)
    return told(list(units_in("t", name, entries, Globs(include, exclude))), "t")


# what lies there | the units
TREES: list[tuple[str, list[str], list[str]]] = [
    ("files", ["a/m.safetensors", "b.gguf", "README.md", "a/notes.txt"], ["file a/m.safetensors", "file b.gguf"]),
    ("an index and its shards", [INDEX, *SHARDS], [f"shards {INDEX}" + "".join(f" +{name}" for name in SHARDS)]),
    ("shards without an index", SHARDS, [f"shards {SHARDS[0]} +{SHARDS[1]} +{SHARDS[2]}"]),
    ("shards that lack one", SHARDS[1:], [f"shards {SHARDS[1]} +{SHARDS[2]}"]),
    ("two sets", ["a-00001-of-00001.bin", "b-00001-of-00001.bin"],
     ["shards a-00001-of-00001.bin", "shards b-00001-of-00001.bin"]),
    ("a set that was split again", [INDEX, SHARDS[0], "m-00001-of-00002.safetensors"],
     [f"shards {INDEX} +m-00001-of-00002.safetensors +{SHARDS[0]}"]),
    ("an index of a variant", ["m.safetensors.index.fp16.json", "m.fp16-00001-of-00001.safetensors"],
     ["shards m.safetensors.index.fp16.json +m.fp16-00001-of-00001.safetensors"]),
    ("an index and the whole", [INDEX, SHARDS[0], "m.safetensors"],
     ["file m.safetensors", f"shards {INDEX} +{SHARDS[0]}"]),
    ("an index of other names", [INDEX, "layers-0.safetensors", "layers-1.safetensors", "x/y.gguf"],
     ["file x/y.gguf", f"shards {INDEX} +layers-0.safetensors +layers-1.safetensors"]),
    ("an index without its shards", [INDEX, "digits.onnx", "tiny.gguf", "net.pth"],
     ["file digits.onnx", "file net.pth", "file tiny.gguf", f"shards {INDEX}"]),
    ("pickles beside models", ["net.pth", "net2.pth", "mlp.joblib", "tree.pkl", "scaler.joblib", "X.npy"],
     ["file mlp.joblib", "file net.pth", "file net2.pth", "file tree.pkl"]),
    ("an index alone", [INDEX], [f"shards {INDEX}"]),
    ("an index without its shards beside other models", [INDEX, "d.onnx", "t.gguf", "d.pth"],
     [f"shards {INDEX}", "file d.onnx", "file t.gguf", "file d.pth"]),
    ("an index of other names beside other models", [INDEX, "layers-0.safetensors", "m.safetensors", "t.gguf"],
     [f"shards {INDEX} +layers-0.safetensors +m.safetensors", "file t.gguf"]),
    ("an index of a kind that another ending has too", ["m.bin.index.json", "a.bin", "d.pth"],
     ["shards m.bin.index.json +a.bin", "file d.pth"]),
    ("an index beside whole sets of another name", [INDEX, "n-00001-of-00002.safetensors", "o.safetensors.index.json",
     "o-00001-of-00001.safetensors", "t.gguf"], [f"shards {INDEX} +n-00001-of-00002.safetensors",
     "shards o.safetensors.index.json +o-00001-of-00001.safetensors", "file t.gguf"]),
    ("an index beside one model in several formats", ["model.safetensors.index.json", "pytorch_model.bin",
     "tf_model.h5", "part-0.safetensors", "flax_model.msgpack", "x.txt"], ["folder"]),
    ("a repository whose shards are missing", ["config.json", "model.safetensors.index.json", "model.onnx", "d.gguf"],
     ["folder"]),
    ("a split GGUF", ["q-00001-of-00002.gguf", "q-00002-of-00002.gguf"],
     ["shards q-00001-of-00002.gguf +q-00002-of-00002.gguf"]),
    ("slices", ["consolidated.00.pth", "consolidated.01.pth"], ["shards consolidated.00.pth +consolidated.01.pth"]),
    ("OpenVINO", ["net.xml", "net.bin", "pom.xml"], ["file net.xml +net.bin"]),
    ("ncnn", ["net.param", "net.bin"], ["file net.param +net.bin"]),
    ("Darknet", ["yolo.weights", "yolo.cfg"], ["file yolo.weights +yolo.cfg"]),
    ("Paddle", ["inference.pdmodel", "inference.pdiparams"], ["file inference.pdiparams +inference.pdmodel"]),
    ("Caffe", ["net.caffemodel", "net.prototxt"], ["file net.caffemodel +net.prototxt"]),
    ("ONNX", ["m.onnx", "m.onnx.data"], ["file m.onnx +m.onnx.data"]),
    ("TensorFlow", ["m.ckpt-7.index", "m.ckpt-7.data-00000-of-00001", "m.ckpt-7.meta", "checkpoint", "book.index"],
     ["file m.ckpt-7.index +m.ckpt-7.data-00000-of-00001"]),
    ("Keras in pieces", ["model.weights.json", "model_00000.weights.h5", "model_00001.weights.h5"],
     ["shards model.weights.json +model_00000.weights.h5 +model_00001.weights.h5"]),
    ("arrays beside a model", ["m.safetensors", "X_test.npy", "train.cfg"], ["file m.safetensors"]),
    ("pickles beside a model", ["net.pth", "net2.pth", "mlp.joblib", "svm.pkl", "old.pickle"],
     ["file net.pth", "file net2.pth", "file mlp.joblib", "file svm.pkl", "file old.pickle"]),
    ("pickles in a repository", ["config.json", "model.safetensors", "mlp.joblib"], ["folder"]),
    ("pickles that are no models", ["m.pth", "scaler.pkl", "tokenizer.pkl", "en-vocab.pickle", "optimizer.pkl",
     "lr_scheduler.joblib", "random_states_0.pkl"], ["file m.pth"]),
    ("a pickle and what it is used with", ["m.joblib", "scaler.pkl", "my.tokenizer.joblib"], ["file m.joblib"]),
    ("arrays alone", ["w.npy", "v.npy"], ["file v.npy", "file w.npy"]),
    ("what macOS notes of files", ["m.gguf", "._m.gguf", "a/._n.pt"], ["file m.gguf"]),
    ("state of training", ["optimizer.pt", "rng_state.pth", "training_args.bin"], []),
    ("weights that are not read", ["model.engine", "rust_model.ot"], ["file model.engine", "file rust_model.ot"]),
    ("pieces without a list", ["__0_0.distcp", "__1_0.distcp"], ["file __0_0.distcp +__1_0.distcp"]),
    ("a vision part", ["m-Q4_K_M.gguf", "mmproj-m-f16.gguf"], ["file m-Q4_K_M.gguf", "file mmproj-m-f16.gguf"]),
    ("Flax steps", ["checkpoint_0", "checkpoint_100"], ["file checkpoint_0", "file checkpoint_100"]),
    # folders that are one model
    ("a repository", [*REPO, "r/tokenizer.json", "s.gguf"], ["file s.gguf", "folder r"]),
    ("the root itself", ["config.json", "model.safetensors"], ["folder"]),
    ("a configuration alone", ["r/config.json"], []),
    ("several models beside a configuration", ["config.json", "a.pt", "b.pt", "b.onnx"],
     ["file a.pt", "file b.onnx", "file b.pt"]),
    ("one model of several kinds", ["config.json", "b-Q4_K_M.gguf", "b-Q8_0.gguf", "b.onnx"], ["folder"]),
    ("a usual name among others", ["config.json", "model.safetensors", "other.safetensors"], ["folder"]),
    ("an adapter", ["a/adapter_config.json", "a/adapter_model.safetensors"], ["folder a"]),
    ("other formats of a repository", [*REPO, "r/onnx/model.onnx", "r/openvino/config.json", "r/openvino/m.xml",
     "r/openvino/m.bin", "r/original/consolidated.00.pth", "r/gguf/m.gguf"], ["folder r"]),
    ("weights in another format alone", [f"r{name}" for name in ("1/config.json", "1/onnx/model.onnx",
     "1/onnx/model_fp16.onnx", "1/onnx/model_quantized.onnx", "2/config.json", "2/openvino/openvino_model.xml",
     "2/openvino/openvino_model.bin", "2/onnx/notes.txt", "3/config.json", "3/onnx/decoder.onnx", "3/onnx/encoder.onnx",
     "4/config.json", "4/onnx/model.onnx", "4/sub/x.gguf", "5/onnx/model.onnx", "6/config.json", "6/lib/model.onnx")],
     ["folder r1", "folder r2", "file r3/onnx/decoder.onnx", "file r3/onnx/encoder.onnx", "file r4/onnx/model.onnx",
      "file r4/sub/x.gguf", "file r5/onnx/model.onnx", "file r6/lib/model.onnx"]),
    ("steps of training", [*REPO, "r/checkpoint-500/config.json", "r/checkpoint-500/model.safetensors",
     "r/global_step20/mp_rank_00_model_states.pt", "r/epoch_3/notes.txt", "r/out/step-1/m.pt"],
     ["file r/global_step20/mp_rank_00_model_states.pt", "file r/out/step-1/m.pt", "folder r",
      "folder r/checkpoint-500"]),
    ("whole models below another", [*REPO, "r/m1/config.json", "r/m1/model.safetensors", "r/app/models/x/config.json",
     "r/app/models/x/m.pt", "r/dpo/reference/adapter_config.json", "r/dpo/reference/adapter_model.safetensors",
     "r/sd/model_index.json", "r/sd/unet/config.json", "r/sd/unet/diffusion_pytorch_model.safetensors",
     "r/hub/models--o--m/refs/main", "r/hub/models--o--m/snapshots/c0/m.gguf", "r/extra/more.safetensors"],
     ["folder r", "folder r/m1", "folder r/app/models/x", "folder r/dpo/reference", "folder r/sd",
      "folder r/hub/models--o--m"]),
    ("copies of a model in other formats", [*REPO, *(f"r/{name}/{file}" for name in ("fp16", "onnx-int8", "gptq",
     "onnx/more", "Q4_K_M") for file in ("config.json", "model.safetensors"))], ["folder r"]),
    ("steps of training with words", [*REPO, *(f"r/{name}/model.safetensors" for name in ("best", "final", "epoch_best",
     "checkpoint-best", "last_checkpoint", "best_model", "bestiary"))],
     ["folder r", *(f"file r/{name}/model.safetensors" for name in ("best", "final", "epoch_best", "checkpoint-best",
                                                                  "last_checkpoint", "best_model"))]),
    ("models below a pipeline", ["p/model_index.json", "p/unet/config.json", "p/unet/m.bin", "p/q/model_index.json",
     "p/q/vae/config.json", "p/q/vae/m.bin", "p/s/modules.json", "p/s/model.safetensors"],
     ["folder p", "folder p/q", "folder p/s"]),
    ("models below sentence-transformers", ["s/modules.json", "s/model.safetensors", "s/2_Dense/config.json",
     "s/2_Dense/model.safetensors", "s/query_0_Dense/config.json", "s/query_0_Dense/model.safetensors",
     "s/openvino/config.json", "s/openvino/m.safetensors", "s/m1/config.json", "s/m1/model.safetensors"],
     ["folder s", "folder s/m1"]),
    ("modules of other names", ["s/modules.json", "s/0_Transformer/config.json", "s/0_Transformer/m.bin",
     "s/head/config.json", "s/head/model.safetensors"], ["folder s"]),
    ("steps beside each other", ["c/checkpoint-1/config.json", "c/checkpoint-1/m.pt", "c/checkpoint-2/config.json",
     "c/checkpoint-2/m.pt"], ["folder c/checkpoint-1", "folder c/checkpoint-2"]),
    ("a pipeline", ["sd/model_index.json", "sd/unet/config.json", "sd/unet/diffusion_pytorch_model.safetensors",
     "sd/vae/m.bin"], ["folder sd"]),
    ("an index of a pipeline alone", ["sd/model_index.json"], []),
    ("sentence-transformers", ["s/modules.json", "s/0_Transformer/pytorch_model.bin", "s/1_Pooling/config.json"],
     ["folder s"]),
    ("modules of something else", ["s/modules.json", "s/lib/m.pt"], ["file s/lib/m.pt"]),
    ("a SavedModel", ["s/1/saved_model.pb", "s/1/variables/variables.index", "s/1/more/m.pt", "s/2/saved_model.pb",
     "s/1/variables/variables.data-00000-of-00001"], ["file s/1/more/m.pt", "folder s/1", "folder s/2"]),
    ("a Core ML package", ["m.mlpackage/Manifest.json", "m.mlpackage/Data/com.apple.CoreML/model.mlmodel"],
     ["folder m.mlpackage"]),
    ("a manifest of something else", ["ext/Manifest.json", "ext/m.pt"], ["file ext/m.pt"]),
    ("a compiled Core ML model", ["m.mlmodelc/coremldata.bin", "m.mlmodelc/weights/weight.bin"], ["folder m.mlmodelc"]),
    ("a step and what DeepSpeed keeps of it", [f"run/checkpoint-{name}" for name in ("5/config.json",
     "5/model.safetensors", "5/global_step5/mp_rank_00_model_states.pt", "6/pytorch_model.bin",
     "6/global_step6/mp_rank_00_model_states.pt", "7/global_step7/mp_rank_00_model_states.pt", "8/model.safetensors",
     "8/global_step9/mp_rank_00_model_states.pt")],
     ["folder run/checkpoint-5", "file run/checkpoint-6/pytorch_model.bin", "file run/checkpoint-8/model.safetensors",
      "file run/checkpoint-7/global_step7/mp_rank_00_model_states.pt",
      "file run/checkpoint-8/global_step9/mp_rank_00_model_states.pt"]),
    ("state of an optimizer in pieces", [f"{name}/{piece}" for name in ("s/optimizer_0", "optimizer", "r/step-1/"
     "optimizer_1", "s/pytorch_model_fsdp_0") for piece in (".metadata", "__0_0.distcp", "__1_0.distcp")]
     + [*REPO, "optimizer_2/__0_0.distcp", "optimizer_3/m.onnx"],
     ["folder r", "folder s/pytorch_model_fsdp_0", "file optimizer_3/m.onnx"]),
    ("a distributed checkpoint", ["d/.metadata", "d/__0_0.distcp", "d/__1_0.distcp"], ["folder d"]),
    ("metadata of something else", ["flutter/.metadata"], []),
    ("Orbax", [f"o/{name}" for name in ORBAX], ["folder o"]),
    ("Orbax without its list", ["o/a.kernel/.zarray", "o/a.kernel/0.0", "o/b/.zarray", "o/b/0"], ["folder o"]),
    ("zarr of others", ["z/.zgroup", "z/a/.zarray", "z/a/0.0"], []),
    ("steps of Orbax", [f"run/{step}/{item}" for step in (0, 100) for item in (*(f"default/{n}" for n in ORBAX),
     "_CHECKPOINT_METADATA", "metrics/metrics")], ["folder run/0", "folder run/100"]),
    ("an old step of Orbax", ["run/7/state/_METADATA", "run/7/state/a/.zarray"], ["folder run/7"]),
    ("Keras unzipped", ["k.keras/config.json", "k.keras/metadata.json", "k.keras/model.weights.h5"],
     ["folder k.keras"]),
    ("a folder with a file's name", ["m.safetensors/a.gguf"], ["file m.safetensors/a.gguf"]),
    ("a hub's cache", ["hub/models--o--m/blobs/aa", "hub/models--o--m/blobs/bb.bin", "hub/models--o--m/refs/main",
     "hub/models--o--m/snapshots/c0/config.json", "hub/models--o--m/snapshots/c0/model.safetensors",
     "hub/models--o--m/.no_exist/c0/model.safetensors", "hub/datasets--o--d/snapshots/c1/x.pt",
     "hub/.locks/models--o--m/aa.lock"], ["folder hub/models--o--m"]),
    ("a hub's cache without weights", [f"models--o--{name}" for name in ("a/blobs/aa", "a/refs/main",
     "a/snapshots/c0/config.json", "a/snapshots/c0/tokenizer.json", "b/snapshots/c0/onnx/config.json",
     "c/refs/main", "c/snapshots/c0/config.json", "c/snapshots/c1/config.json", "c/snapshots/c1/onnx/m.onnx",
     "d/refs/main", "d/snapshots/c0/rust_model.ot")], ["folder models--o--c", "folder models--o--d"]),
    ("a hub's cache without names of snapshots", ["models--o--m/blobs/aa", "models--o--m/snapshots/c0/m.gguf",
     "models--o--n/snapshots/c0/m.gguf", "other/snapshots/c0/m.gguf", "models--o--k/refs/pr/1",
     *(f"models--o--k/snapshots/c{k}/{name}" for k in range(2) for name in ("config.json", "model.safetensors"))],
     ["folder models--o--m", "folder models--o--n", "file other/snapshots/c0/m.gguf",
      "folder models--o--k/snapshots/c0", "folder models--o--k/snapshots/c1"]),
    ("notes of macOS beside files", ["._m.safetensors", "m.safetensors", "__MACOSX/._m.safetensors", "r/config.json",
     "r/._config.json", "r/._model.safetensors", "r/a.safetensors", "r/._a.safetensors"],
     ["file m.safetensors", "folder r"]),
    ("folders that are skipped", [f"a/{name}/m.pt" for name in (*SKIPPED, *SKIPPED_BELOW)], []),
    ("the cache in a home", [".cache/huggingface/hub/models--o--m/refs/main",
     ".cache/huggingface/hub/models--o--m/snapshots/c0/m.gguf"], ["folder .cache/huggingface/hub/models--o--m"]),
    ("hidden folders of one's own", [".models/m.gguf"], ["file .models/m.gguf"]),
    ("strange names", ["a\nb/c\x1b[31m.gguf", "\udcff/m\udcfe.pt", " .pt", "x:y\\z.pt"],
     ["file  .pt", "file a\nb/c\x1b[31m.gguf", "file x:y\\z.pt", "file \udcff/m\udcfe.pt"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "units"), [row[1:] for row in TREES], ids=[row[0] for row in TREES])
def test_units_of_a_tree(files: list[str], units: list[str]) -> None:
    assert listed(files) == sorted(units)


@pytest.mark.parametrize("files", [row[1] for row in TREES], ids=[row[0] for row in TREES])
def test_a_disk_gives_the_same_units(files: list[str], tmp_path: Path) -> None:
    if os.name == "nt" and any(c in name for name in files for c in '\n\x1b\\:*?"<>|\udcff'):
        pytest.skip("no names for this system")
    root = made(tmp_path / "t", files)
    units = list(find([str(root)]))
    assert told(units, str(root)) == listed(files)
    for unit in units:
        assert {entry.size for entry in unit.listing.files.values()} == {1}
        for name in unit.listing.files:
            status = os.lstat(unit.listing.address(name))
            assert unit.listing.files[name].stamp == f"{status.st_mtime_ns}:{status.st_ino}"


def test_a_folder_lists_its_whole_subtree_but_the_steps() -> None:
    files = ["config.json", "m.safetensors", "onnx/m.onnx", "out/checkpoint-1/m.pt", "out/x/log.txt"]
    repo, step = list(units_in("t", "t", ((each, Entry(1, "")) for each in files), Globs()))
    assert sorted(repo.listing.files) == ["config.json", "m.safetensors", "onnx/m.onnx", "out/x/log.txt"]
    assert (repo.names, step.uri) == ((), "t/out/checkpoint-1/m.pt")


def test_a_cache_lists_what_its_reader_needs_and_no_blobs(tmp_path: Path) -> None:
    repository = made(tmp_path, ["models--o--m/refs/main", "models--o--m/blobs/aa"]) / "models--o--m"
    (repository / "refs/main").write_text("c0")
    (repository / "blobs/aa").write_bytes(ONE)
    (repository / "snapshots/c0").mkdir(parents=True)
    (repository / "snapshots/c0/model.safetensors").symlink_to("../../blobs/aa")
    (unit,) = find([str(tmp_path)])
    assert sorted(unit.listing.files) == ["refs/main", "snapshots/c0/model.safetensors"]
    assert unit.listing.files["snapshots/c0/model.safetensors"].size == len(ONE)
    assert row_of(unit, local_opener(unit.listing))["total"] == 4
    (below,) = find([str(repository / "snapshots/c0")])  # its links lead out of the root, to its own repository
    assert (below.kind, row_of(below, local_opener(below.listing))["total"]) == ("file", 4)


def test_a_blob_that_two_snapshots_share_takes_its_bytes_once(tmp_path: Path) -> None:
    repository = made(tmp_path, ["models--o--m/refs/main", "models--o--m/blobs/aa"]) / "models--o--m"
    (repository / "blobs/aa").write_bytes(ONE)
    for commit in ("c0", "c1"):
        (repository / "snapshots" / commit).mkdir(parents=True)
        (repository / "snapshots" / commit / "model.safetensors").symlink_to("../../blobs/aa")
    (unit,) = find([str(tmp_path)])
    assert unit.size == len(ONE) + 1


def test_a_cache_is_read_of_the_snapshot_that_has_weights(tmp_path: Path) -> None:
    made(tmp_path, [f"models--o--m/{name}" for name in ("refs/main", "snapshots/c1/config.json", "snapshots/c0/x.txt")])
    (tmp_path / "models--o--m/refs/main").write_text("c1")
    (tmp_path / "models--o--m/snapshots/c1/config.json").write_text('{"model_type": "gpt2"}')
    assert list(find([str(tmp_path)])) == []
    (tmp_path / "models--o--m/snapshots/c0/model.safetensors").write_bytes(ONE)
    (unit,) = find([str(tmp_path)])
    row = row_of(unit, local_opener(unit.listing))
    assert (row["uri"], row["form"], row["total"]) == (str(tmp_path / "models--o--m"), "safetensors", 4)


def test_a_cache_without_names_of_snapshots_is_read_as_a_root_too(tmp_path: Path) -> None:
    repository = made(tmp_path, ["models--o--m/blobs/aa"]) / "models--o--m"
    (repository / "snapshots/c0").mkdir(parents=True)
    (repository / "snapshots/c0/model.safetensors").write_bytes(ONE)
    for root in (repository, tmp_path):
        (unit,) = find([str(root)])
        row = row_of(unit, local_opener(unit.listing))
        assert (row["uri"], row["total"], row["error"]) == (str(repository), 4, None)


def test_what_is_found_can_be_read(tmp_path: Path) -> None:
    for name, data in shards([[T("a.weight", [4, 3])], [T("b.weight", [2, 4])]]).items():
        (tmp_path / "s").mkdir(exist_ok=True)
        (tmp_path / "s" / name).write_bytes(data)
    made(tmp_path, ["r/config.json"])
    (tmp_path / "r/config.json").write_text('{"model_type": "llama"}')
    for name in ("r/model.safetensors", "x:y.safetensors", "z\\w.safetensors"):
        (tmp_path / name).write_bytes(ONE)
    (tmp_path / "empty.safetensors").write_bytes(b"")
    (tmp_path / "rust_model.ot").write_bytes(b"PK\x03\x04")
    rows = [row_of(unit, local_opener(unit.listing)) for unit in find([str(tmp_path)])]
    found = {os.path.basename(row["uri"]): (row["kind"], row["total"], row["error_kind"]) for row in rows}
    assert found == {
        "model.safetensors.index.json": ("shards", 20, None), "r": ("folder", 4, None),
        "x:y.safetensors": ("file", 4, None), "z\\w.safetensors": ("file", 4, None),
        "empty.safetensors": ("file", None, "format"), "rust_model.ot": ("file", None, found["rust_model.ot"][2]),
    }  # fmt: skip
    assert found["rust_model.ot"][2] in ("format", "unsupported")


def test_the_stamp_of_a_set_changes_with_each_of_its_files() -> None:
    for files in (["net.xml", "net.bin"], ["m.index", "m.data-00000-of-00001"], [INDEX, SHARDS[0]]):
        stamps = set()
        for changed in ("", *files):
            entries = [(name, Entry(1, "new" if name == changed else "old")) for name in sorted(files)]
            (unit,) = units_in("t", "t", entries, Globs())
            stamps.add(unit.stamp)
        assert len(stamps) == 3


def test_units_that_may_need_any_file_beside_them_share_one_listing() -> None:
    entries = [(f"m{k:03}.onnx", Entry(1, "")) for k in range(300)]
    units = list(units_in("t", "t", entries, Globs()))
    assert (len(units), len({id(unit.listing) for unit in units})) == (300, 1)


def test_units_can_be_sent() -> None:
    (unit,) = find(["https://host/m-00001-of-00002.gguf"])
    sent = pickle.loads(pickle.dumps(unit))
    assert (sent.uri, sent.names, sent.listing.files, sent.listing.partial) == (
        unit.uri, unit.names, unit.listing.files, True,
    )  # fmt: skip


# -- patterns -----------------------------------------------------------------------------------------------------

WHOLE = [*REPO, "r/pytorch_model.bin", "r/optimizer.pt", "r/onnx/model.onnx", "g/a.gguf", "g/b.dat", "g/old/c.gguf"]
# include | exclude | the units
PATTERNS: list[tuple[tuple[str, ...], tuple[str, ...], list[str]]] = [
    ((), (), ["folder r", "file g/a.gguf", "file g/old/c.gguf"]),
    ((), ("old",), ["folder r", "file g/a.gguf"]),
    ((), ("g/o*",), ["folder r", "file g/a.gguf"]),
    ((), ("*.gguf",), ["folder r"]),
    ((), ("g/",), ["folder r"]),
    ((), ("./r", "a.*"), ["file g/old/c.gguf"]),
    ((), ("**/old",), ["folder r", "file g/a.gguf"]),
    ((), ("*",), []),
    (("*.gguf",), (), ["file g/a.gguf", "file g/old/c.gguf"]),
    (("*.gguf",), ("old",), ["file g/a.gguf"]),
    (("*.safetensors",), (), ["folder r"]),
    (("*.onnx",), (), ["file r/onnx/model.onnx"]),
    (("optimizer.pt",), (), ["file r/optimizer.pt"]),
    (("*.dat",), (), ["file g/b.dat"]),
    (("g/*",), (), ["file g/a.gguf", "file g/old/c.gguf"]),  # a place, so not b.dat in it
    (("g/*.*",), (), ["file g/a.gguf", "file g/b.dat", "file g/old/c.gguf"]),
    (("r",), (), ["folder r"]),
    (("old",), (), ["file g/old/c.gguf"]),
    (("R",), (), []),
]


@pytest.mark.parametrize(("include", "exclude", "units"), PATTERNS)
def test_patterns(include: tuple[str, ...], exclude: tuple[str, ...], units: list[str], tmp_path: Path) -> None:
    assert listed(WHOLE, include, exclude) == sorted(units)
    root = made(tmp_path, WHOLE)
    assert told(list(find([str(root)], include=include, exclude=exclude)), str(root)) == sorted(units)


SEVERAL = ["config.json", "tiny.gguf", "digits.onnx", "digits.pth", "sub/other.gguf"]


def test_patterns_choose_among_models_and_make_no_one_of_several() -> None:
    every = ["file digits.onnx", "file digits.pth", "file sub/other.gguf", "file tiny.gguf"]
    assert listed(SEVERAL) == every
    assert listed(SEVERAL, ("*.gguf",)) == every[2:]
    assert listed(SEVERAL, (), ("*.onnx", "*.pth")) == every[2:]
    assert listed(SEVERAL, ("t*",), ("*.pth",)) == ["file tiny.gguf"]
    assert listed([*REPO, "r/pytorch_model.bin"], (), ("*.bin",)) == ["folder r"]


def test_patterns_choose_among_many_as_among_few() -> None:
    many = [*SEVERAL, *(f"sub{k:04}/m{j}.onnx" for k in range(300) for j in range(80))]
    assert listed(many, ("*.gguf",)) == ["file sub/other.gguf", "file tiny.gguf"]
    assert listed(many, (), ("*.onnx", "*.pth")) == ["file sub/other.gguf", "file tiny.gguf"]


def test_include_leaves_out_the_sets_that_it_does_not_name() -> None:
    entries = [(name, Entry(1, "")) for name in ("config.json", "m.bin", "m.safetensors")]
    (unit,) = units_in("t", "t", entries, Globs(["*.bin"]))
    assert sorted(unit.listing.files) == ["config.json", "m.bin"]


MANY = ["config.json", "tiny.gguf", "digits.onnx", "digits.pth", "sub/other.gguf"]
TWO = ["config.json", "model.safetensors", "pytorch_model.bin", "optimizer.pt", "x.dat", "openvino/config.json",
       "openvino/m.xml", "openvino/m.bin", "onnx/m.onnx", "checkpoint-1/m.pt"]  # fmt: skip
PIPED = ["model_index.json", "unet/config.json", "unet/d.safetensors", "unet/d.bin", "vae/d.safetensors", "sd.ckpt"]
# files | include | exclude | the units
CHOSEN: list[tuple[list[str], tuple[str, ...], tuple[str, ...], list[str]]] = [
    # several models beside a configuration
    (MANY, (), (), ["file tiny.gguf", "file digits.onnx", "file digits.pth", "file sub/other.gguf"]),
    (MANY, ("*.gguf",), (), ["file tiny.gguf", "file sub/other.gguf"]),
    (MANY, (), ("*.onnx", "*.pth"), ["file tiny.gguf", "file sub/other.gguf"]),
    (MANY, ("*.gguf",), ("sub",), ["file tiny.gguf"]),
    (MANY, ("sub",), (), ["file sub/other.gguf"]),
    (MANY, (), ("config.json",), ["file tiny.gguf", "file digits.onnx", "file digits.pth", "file sub/other.gguf"]),
    (MANY, ("*.json",), (), ["file config.json"]),
    # a repository
    (TWO, (), (), ["folder", "file checkpoint-1/m.pt"]),
    (TWO, (), ("optimizer.pt",), ["folder", "file checkpoint-1/m.pt"]),
    (TWO, (), ("*.bin", "*.onnx", "*.json", "*.xml"), ["folder", "file checkpoint-1/m.pt"]),
    (TWO, (), ("*.safetensors",), ["file checkpoint-1/m.pt"]),
    (TWO, (), ("*.pt",), ["folder"]),
    (TWO, (), ("checkpoint-*",), ["folder"]),
    (TWO, ("*.safetensors",), (), ["folder"]),
    (TWO, ("*.safetensors", "*.onnx", "*.bin"), (), ["folder"]),
    (TWO, ("*.safetensors", "*.dat"), (), ["folder", "file x.dat"]),
    (TWO, ("*.safetensors",), ("*.safetensors",), []),
    (TWO, ("*.bin",), (), ["file pytorch_model.bin", "folder openvino"]),
    (TWO, ("*.xml",), (), ["folder openvino"]),
    (TWO, ("onnx",), (), ["file onnx/m.onnx"]),
    (TWO, ("o*/*",), ("*.xml",), ["file onnx/m.onnx"]),
    (TWO, ("*.dat",), (), ["file x.dat"]),
    (TWO, ("*.dat",), ("x.*",), []),
    # parts
    (PIPED, (), (), ["folder"]),
    (PIPED, ("*.safetensors",), (), ["folder"]),
    (PIPED, ("unet",), (), ["folder unet"]),
    (PIPED, ("*.bin",), (), ["file unet/d.bin"]),
    (PIPED, ("unet/*",), (), ["folder"]),
    (PIPED, (), ("*.bin", "*.ckpt"), ["folder"]),
    (PIPED, (), ("*.safetensors", "*.ckpt"), []),
    # sets
    ([INDEX, *SHARDS[:2]], (), ("*.safetensors",), []),
    ([INDEX, *SHARDS[:2]], (), (SHARDS[1],), []),
    ([INDEX, *SHARDS[:2]], (), (INDEX,), []),
    (["config.json", INDEX, *SHARDS], (), ("*.json",), ["folder"]),
    (["config.json", INDEX, *SHARDS], (), (SHARDS[1],), []),
    (["config.json", "b-Q4_K_M.gguf", "b-Q8_0.gguf"], (), ("*Q8_0*",), ["folder"]),
    (["n.caffemodel", "n.prototxt"], (), ("*.prototxt",), ["file n.caffemodel +n.prototxt"]),
    (["s/saved_model.pb", "s/variables/variables.index", "s/variables/variables.data-00000-of-00001"], (), ("*.pb",),
     []),
    (["m.mlpackage/Manifest.json", "m.mlpackage/Data/com.apple.CoreML/model.mlmodel"], ("*.mlmodel",), (),
     ["folder m.mlpackage"]),
    (["m.mlpackage/Manifest.json", "m.mlpackage/Data/com.apple.CoreML/model.mlmodel"], (), ("*.mlmodel",), []),
    ([f"run/1/default/{name}" for name in ORBAX], ("_METADATA",), (), ["folder run/1"]),
    ([f"run/1/default/{name}" for name in ORBAX], (), ("run/1/*",), []),
    (["d/.metadata", "d/__0_0.distcp"], (), ("*.distcp",), []),
    (["z/a/.zarray", "z/a/0"], ("*.zarray",), (), ["folder z"]),
    (["z/a/.zarray", "z/a/0"], (), (".zarray", "0"), []),
    (["hub/models--o--m/refs/main", "hub/models--o--m/snapshots/c0/config.json",
      "hub/models--o--m/snapshots/c0/model.safetensors"], ("*.safetensors",), ("*.json",), ["folder hub/models--o--m"]),
    # what lies beside a model
    (["net.pth", "X.npy"], ("*.npy",), (), ["file X.npy"]),
    (["net.pth", "mlp.joblib"], ("*.joblib",), (), ["file mlp.joblib"]),
    (["net.pth", "mlp.joblib"], (), ("*.pth",), ["file mlp.joblib"]),
    ([INDEX, "d.onnx"], (), (INDEX,), ["file d.onnx"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "include", "exclude", "units"), CHOSEN)
def test_patterns_choose_models_and_change_none(
    files: list[str], include: tuple[str, ...], exclude: tuple[str, ...], units: list[str], tmp_path: Path
) -> None:
    assert listed(files, include, exclude) == sorted(units)
    root = made(tmp_path, files)
    assert told(list(find([str(root)], include=include, exclude=exclude)), str(root)) == sorted(units)


def test_a_model_is_as_it_was_whatever_of_it_is_excluded() -> None:
    def of(*exclude: str) -> Unit:
        (unit,) = units_in("t", "t", [(name, Entry(1, "s")) for name in sorted(TWO[:-1])], Globs((), exclude))
        return unit

    assert (of("*.bin", "optimizer.pt", "*.json").stamp, of("*.dat").size) == (of().stamp, of().size)
    assert len(of("onnx").listing.files) == len(of().listing.files) - 1  # an excluded folder is not looked into


def test_one_file_of_a_set_names_the_set() -> None:
    assert listed([INDEX, *SHARDS], ("*.json",)) == [f"shards {INDEX}" + "".join(f" +{name}" for name in SHARDS)]
    assert listed(["a.xml", "a.bin"], ("*.bin",)) == ["file a.xml +a.bin"]


def test_excluded_folders_are_not_even_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, ["a/m.pt", "old/m.pt", ".git/m.pt", "models--o--m/blobs/m.pt"])
    asked: list[str] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (asked.append(os.path.basename(path)), scan(path))[1])
    list(find([str(tmp_path)], exclude=["old"]))
    assert sorted(asked) == sorted([tmp_path.name, "a", "models--o--m"])


# -- what is no file, and links -------------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name == "nt", reason="links and pipes as POSIX has them")


@posix
def test_links_never_lead_out_of_the_root_and_never_in_circles(tmp_path: Path) -> None:
    made(tmp_path, ["out/m.pt", "root/a/m.pt", "root2/m.pt"])
    root = tmp_path / "root"
    (root / "folder").symlink_to("a")
    (root / "up").symlink_to("..")
    (root / "self.pt").symlink_to("self.pt")
    (root / "gone.pt").symlink_to("nothing.pt")
    (root / "out.pt").symlink_to("../out/m.pt")
    (root / "sibling.pt").symlink_to("../root2/m.pt")  # its path begins as the root's does
    (root / "inside.pt").symlink_to("a/m.pt")
    (root / "chain.pt").symlink_to("inside.pt")
    assert told(list(find([str(root)])), str(root)) == ["file a/m.pt", "file chain.pt", "file inside.pt"]
    (tmp_path / "link").symlink_to("root")
    assert len(list(find([str(tmp_path / "link")]))) == 3  # a root that was given is entered


@posix
def test_pipes_and_devices_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "model.safetensors")
    (tmp_path / "null.pt").symlink_to("/dev/null")
    made(tmp_path, ["m.gguf"])
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("a file was opened"))
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("a file was opened"))
    assert told(list(find([str(tmp_path)])), str(tmp_path)) == ["file m.gguf"]


def test_a_folder_that_is_closed_is_a_unit_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, ["a/m.pt", "closed/m.pt", "z/m.pt"])
    scan = os.scandir

    def refused(path: str) -> object:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    units = {os.path.basename(unit.uri): unit for unit in find([str(tmp_path / "a"), str(tmp_path)])}
    closed = units.pop("closed")
    assert [unit.problem for unit in find([str(tmp_path)])].count("") == 2
    assert closed.uri == str(tmp_path / "closed")
    assert closed.problem == '"closed": this folder cannot be looked into: permission denied'
    row = row_of(closed, local_opener(closed.listing))
    assert (row["uri"], row["error_kind"], row["error"]) == (closed.uri, "read", closed.problem)


def test_a_folder_whose_files_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, ["a/m.pt", "a/n.pt", "b/m.pt"])
    look = os.lstat

    def refused(path: str) -> object:
        if os.path.basename(os.path.dirname(path)) == "a":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "lstat", refused)
    assert [bool(unit.problem) for unit in find([str(tmp_path)])] == [True, False]


def test_files_that_vanish_meanwhile_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, ["a.pt", "b.pt", "c.pt"])
    look = os.lstat

    def gone(path: str) -> object:
        if path.endswith("b.pt"):
            raise FileNotFoundError(2, "No such file or directory")
        return look(path)

    monkeypatch.setattr(os, "lstat", gone)
    assert told(list(find([str(tmp_path)])), str(tmp_path)) == ["file a.pt", "file c.pt"]


# -- roots ----------------------------------------------------------------------------------------------------------


def test_a_root_that_is_a_file_is_one_unit(tmp_path: Path) -> None:
    made(tmp_path, [*SHARDS, INDEX, "net.xml", "net.bin", "quantize_config.json", "odd.dat", "link/x.txt"])
    made(tmp_path, ["s/saved_model.pb", "s/variables/variables.index", "s/other/m.pt"])

    def one(name: str) -> Unit:
        (unit,) = find([str(tmp_path / name)])
        return unit

    assert one(SHARDS[1]).names == (INDEX, *SHARDS)
    assert (one("net.xml").names, one("odd.dat").names) == (("net.xml", "net.bin"), ("odd.dat",))
    assert sorted(one("odd.dat").listing.files) == ["odd.dat", "quantize_config.json"]
    made(tmp_path, ["d/yolo_best.weights", "d/yolo.cfg", "d/m.onnx", "d/numbers.raw"])
    assert sorted(one("d/yolo_best.weights").listing.files) == ["yolo.cfg", "yolo_best.weights"]
    assert "numbers.raw" in one("d/m.onnx").listing.files
    made(tmp_path, ["net.mapping", "net2.xml", "net2.bin"])
    assert one("net2.bin").names == ("net2.xml", "net2.bin")  # nothing of an earlier call is kept
    assert one("odd.dat").size == 1
    assert (one("s/saved_model.pb").kind, one("s/saved_model.pb").uri) == ("folder", str(tmp_path / "s"))
    assert list(find([str(tmp_path / "odd.dat")], exclude=["*.dat"])) == []
    assert len(list(find([str(tmp_path / name) for name in SHARDS]))) == 1


@posix
def test_a_root_that_is_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    made(tmp_path, ["a/m.pt", "b/config.json"])
    (tmp_path / "b/n.pt").symlink_to("../a/m.pt")
    (unit,) = find([str(tmp_path / "b/n.pt")])
    assert (unit.names, unit.size) == (("n.pt",), 1)


def test_roots_in_roots_and_roots_given_twice_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, ["a/b/m.pt", "a/n.pt", "c.pt"])
    a, whole = str(tmp_path / "a"), str(tmp_path)
    for roots in ([whole, a, whole], [a, whole], [f"{a}/b", f"{a}/n.pt", f"{a}/", whole], [f"{a}/b/../b/m.pt", whole]):
        units = list(find(roots))
        assert told(units, whole) == ["file a/b/m.pt", "file a/n.pt", "file c.pt"], roots
    monkeypatch.chdir(tmp_path)
    assert [unit.uri for unit in find("a")] == [f"{a}/n.pt", f"{a}/b/m.pt"]


def test_a_root_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    made(tmp_path, ["m.pt"])
    with pytest.raises(ReadError, match=r'absent": no such file or directory'):
        find([str(tmp_path), str(tmp_path / "absent")])
    with pytest.raises(UsageError, match=r'"ftp":// is no kind of address that is known: hf://'):
        find(["ftp://host/m.pt"])
    streamed = list(find(iter([str(tmp_path / "absent"), "ftp://host/m.pt", str(tmp_path / "m.pt")])))
    assert [bool(unit.problem) for unit in streamed] == [True, True, False]
    assert streamed[0].uri == str(tmp_path / "absent")


@posix
def test_a_root_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReadError, match="neither a file nor a folder"):
        find([str(tmp_path / "pipe")])


def test_addresses_of_files_are_taken_as_they_come() -> None:
    def addresses():
        for k in range(10_000):
            yield f"https://host/{k // 100}/m{k}.safetensors"
        pytest.fail("all addresses were asked for before the first was given")

    units = find(addresses())
    first = next(units)
    assert (first.uri, first.kind, first.size, first.stamp) == ("https://host/0/m0.safetensors", "file", None, "")
    assert sum(1 for _ in zip(range(9_999), units, strict=False)) == 9_999


def test_addresses_of_single_files() -> None:
    (signed,) = find(["https://host/a/m-00002-of-00002.gguf?sig=a/b"])
    assert signed.names == ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")
    assert (signed.kind, signed.uri) == ("shards", "https://host/a/m-00001-of-00002.gguf")
    assert signed.listing.query == "sig=a/b"
    (closed,) = find(["https://me:secret@host/a/m.gguf"])
    assert (closed.uri, closed.listing.origin) == ("https://host/a/m.gguf", "https://me:secret@host/a")
    with pytest.raises(UsageError, match="without user and password"):
        list(find(["https://me:secret@host/a/"]))
    (index,) = find(["s3a://bucket/m.safetensors.index.json"])
    assert (index.kind, index.uri, index.listing.partial) == ("shards", "s3://bucket/m.safetensors.index.json", True)
    (many,) = find(["s3://bucket/m-00001-of-99999.gguf"])
    assert many.names == ("m-00001-of-99999.gguf",)
    twice = ["https://h/m.pt", "https://h/m.pt", "https://h/n-00002-of-00002.pt", "https://h/n-00001-of-00002.pt"]
    assert len(list(find(twice))) == 2
    assert list(find(["https://host/m.pt"], include=["*.gguf"])) == []


def test_hubs_and_listings_of_the_web_are_asked_of_another_module(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = types.ModuleType("nparams.fleet.listing")
    repository = {"config.json": Entry(None, "sha"), "m.gguf": Entry(None, "sha")}
    made_up.hub_units = lambda root: (  # type: ignore[attr-defined]
        Unit(tree.Listing(f"hf://org/{name}", repository), "folder") for name in ("a", "b")
    )
    made_up.web_entries = lambda root, failed: iter([("a/m.pt", Entry(3, "")), ("b.gguf", Entry(None, ""))])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nparams.fleet.listing", made_up)
    for root in ("hf://org", "https://huggingface.co/org"):
        assert [unit.uri for unit in find([root])] == ["hf://org/a", "hf://org/b"]
    assert [unit.uri for unit in find(["hf://org"], exclude=["a"])] == ["hf://org/b"]
    assert len(list(find(["hf://org"], include=["*.gguf"]))) == 2
    assert list(find(["hf://org"], include=["*.onnx"])) == []
    units = list(find(["https://host/models/"]))
    assert sorted(unit.uri for unit in units) == ["https://host/models/a/m.pt", "https://host/models/b.gguf"]


HUB = ["config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx", "original/consolidated.00.pth"]
# root | include | exclude | the units
OF_HUB: list[tuple[str, tuple[str, ...], tuple[str, ...], list[str]]] = [
    ("hf://org", (), (), ["folder hf://org/a", "folder hf://org/b"]),
    ("hf://org", ("*.safetensors",), (), ["folder hf://org/a"]),
    ("hf://org", (), ("*.bin", "*.json", "*.onnx"), ["folder hf://org/a", "folder hf://org/b"]),
    ("hf://org", (), ("*.safetensors",), ["folder hf://org/b"]),
    ("hf://org", (), ("*.gguf", "a"), []),
    ("hf://org", ("*.onnx",), (), ["file hf://org/a/onnx/model.onnx"]),
    ("hf://org", ("*.bin", "*.md"), (), ["file hf://org/a/pytorch_model.bin", "file hf://org/b/README.md"]),
    ("hf://org", ("b/*",), (), ["folder hf://org/b"]),
    ("hf://models", ("org/b",), (), ["folder hf://org/b"]),
    ("hf://org/a", ("onnx/*",), (), ["file hf://org/a/onnx/model.onnx"]),
    ("hf://org/a", ("*.safetensors",), (), ["folder hf://org/a"]),
]


@pytest.mark.parametrize(("root", "include", "exclude", "found"), OF_HUB)
def test_patterns_of_a_hub(
    root: str, include: tuple[str, ...], exclude: tuple[str, ...], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = types.ModuleType("nparams.fleet.listing")
    held = {"a": HUB, "b": ["m-Q4_K_M.gguf", "m-Q8_0.gguf", "README.md"]}
    made_up.hub_units = lambda root: (  # type: ignore[attr-defined]
        Unit(tree.Listing(f"hf://org/{name}", dict.fromkeys(files, Entry(None, "sha"))), "folder")
        for name, files in held.items() if not root.startswith("hf://org/") or root.endswith(name)
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "nparams.fleet.listing", made_up)
    units = list(find([root], include=include, exclude=exclude))
    assert told(units, "") == found
    assert all(len(unit.listing.files) == len(held[unit.uri[-1]]) for unit in units if unit.kind == "folder")
    (unit,) = find(["hf://org/a"], exclude=["original"])
    assert "original/consolidated.00.pth" not in unit.listing.files


# -- bounds -------------------------------------------------------------------------------------------------------


class Counting:
    """Entries that say how many of them were asked for."""

    def __init__(self, paths) -> None:
        self.paths, self.asked = paths, 0

    def __iter__(self):
        for path in self.paths:
            self.asked += 1
            yield path, Entry(1, "")


def test_a_flat_folder_of_many_files_comes_in_parts() -> None:
    names = [f"m{k:06}.safetensors" for k in range(3 * MOST_FILES)]
    entries = Counting(names)
    units = units_in("t", "t", entries, Globs())
    behind, found = 0, 0
    for unit in units:
        found += 1
        assert len(unit.listing.files) == 1
        behind = max(behind, entries.asked - found)
    assert (found, behind) == (len(names), MOST_FILES + 0)


def test_many_folders_come_in_parts() -> None:
    entries = Counting(f"d{k:06}/m{j}.pt" for k in range(4 * MOST_FOLDERS) for j in range(3))
    units = units_in("t", "t", entries, Globs())
    next(units)
    assert entries.asked <= 3 * (MOST_FOLDERS + 2)
    assert 1 + sum(1 for _ in units) == 12 * MOST_FOLDERS


def test_models_among_many_folders_stay_whole() -> None:
    files = [f"d{k:04}/{name}" for k in range(2 * MOST_FOLDERS) for name in ("config.json", "m.pt", "onnx/m.onnx")]
    assert listed(files) == [f"folder d{k:04}" for k in range(2 * MOST_FOLDERS)]


def test_shards_are_not_parted_by_a_bound() -> None:
    count = CHUNK + 500
    sets = [[f"{stem}-{k:05}-of-{count:05}.bin" for k in range(1, count + 1)] for stem in ("a", "b", "c")]
    files = sorted([name for each in sets for name in each] + [f"d{k:05}.pt" for k in range(MOST_FILES)])
    units = list(units_in("t", "t", ((name, Entry(1, "")) for name in files), Globs()))
    assert [len(unit.names) for unit in units if unit.kind == "shards"] == [count] * 3
    assert Counter(name for unit in units for name in unit.names) == Counter(files)


def test_pairs_are_not_parted_by_a_bound() -> None:
    files = sorted(f"n{k:05}.{ending}" for k in range(MOST_FILES) for ending in ("xml", "bin"))
    units = list(units_in("t", "t", ((name, Entry(1, "")) for name in files), Globs()))
    assert {len(unit.names) for unit in units} == {2}
    assert len(units) == MOST_FILES


def test_arrays_and_other_settings_in_a_folder_of_too_many_files() -> None:
    files = sorted(["config.json", *(f"a{k:05}.npy" for k in range(MOST_FILES)), *(f"m{k}.pt" for k in range(9))])
    units = list(units_in("t", "t", ((name, Entry(1, "")) for name in files), Globs()))
    assert len(units) == MOST_FILES + 9
    assert not any("config.json" in unit.listing.files for unit in units)


def test_a_checkpoint_of_many_arrays_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = [f"run/5/a{k:05}/{name}" for k in range(2 * MOST_FOLDERS) for name in (".zarray", *map(str, range(60)))]
    assert listed(arrays) == ["folder run/5"]
    monkeypatch.setattr(tree, "MOST_IN_ONE", 2 * MOST_FILES)
    entries = ((path, Entry(1, "")) for path in [*sorted(arrays * 1), *(f"run/6/x{k}.pt" for k in range(3))])
    monkeypatch.setattr(tree, "MOST_IN_ONE", 21_000)
    units = list(units_in("t", "t", entries, Globs()))
    assert [unit.problem for unit in units] == [
        "one model of more than 21,000 files, which are not listed", "", "", "",
    ]  # fmt: skip


def test_a_repository_with_many_files_below_is_one() -> None:
    files = ["r/config.json", "r/a.safetensors", *(f"r/data/{k // 90:04}/{k}.jpg" for k in range(MOST_FILES + 9000))]
    assert listed([*files, "s.pt"]) == ["file s.pt", "folder r"]


def test_what_is_excluded_is_not_held_where_there_is_too_much_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_IN_ONE", MOST_FILES + 1_000)
    pictures = [f"r/data/{k // 9_000}/{k}.jpg" for k in range(3 * MOST_FILES)]
    files = ["r/config.json", "r/a.safetensors", *pictures, "r/z.dat"]
    (unit,) = units_in("t", "t", ((path, Entry(1, "")) for path in files), Globs())
    assert unit.problem.startswith("one model of more than")
    (unit,) = units_in("t", "t", ((path, Entry(1, "")) for path in files), Globs((), ["*.jpg"]))
    assert sorted(unit.listing.files) == ["a.safetensors", "config.json", "z.dat"]
    many = ["config.json", "a.safetensors", *(f"b{k:05}.pt" for k in range(MOST_FILES))]
    assert listed(many, (), ("*.pt",)) == ["file a.safetensors"]  # what is excluded tells all the same what this is


def test_arrays_beside_models_are_data_in_a_folder_of_too_many_files_too() -> None:
    files = ["a.pt", *(f"b{k:05}.npy" for k in range(MOST_FILES)), "c.joblib", "d.npy"]
    assert listed(files) == ["file a.pt", "file c.joblib"]


def test_a_model_above_many_others_swallows_none() -> None:
    files = [f"d{k:04}/{name}" for k in range(2 * MOST_FOLDERS) for name in ("config.json", "m.pt")]
    found = listed(["config.json", "a.pt", *files])
    assert found == ["folder", *(f"folder d{k:04}" for k in range(2 * MOST_FOLDERS))]
    assert found[:4] == listed(["config.json", "a.pt", *files[:6]])  # the same as where they are few


def test_caches_in_caches_take_no_time() -> None:
    deep = "/".join(["snapshots/refs"] * 40)
    assert listed([f"{deep}/snapshots/c0/notes.txt", f"{deep}/refs/main"]) == []


def test_a_thousand_folders_in_each_other(tmp_path: Path) -> None:
    deep = "/".join(["checkpoint-1"] * 1_500)
    assert listed(["config.json", "m.pt", f"{deep}/notes.txt"]) == ["folder"]
    assert listed(["config.json", "m.pt", f"{deep}/n.pt"]) == [f"file {deep}/n.pt", "folder"]


# -- every candidate once -------------------------------------------------------------------------------------------

STEMS = ["model", "m", "a.b", "model-00001-of-00002", "model-00002-of-00002", "pytorch_model", "consolidated.00",
         "consolidated.01", "optimizer", "config", "checkpoint_1", "m.ckpt", "mmproj-x", "model_00000"]  # fmt: skip
ENDINGS = [
    *sorted({suffix for row in FILES for suffix in row.suffixes if suffix.startswith(".")}),
    ".json", ".safetensors.index.json", ".data-00000-of-00001", ".prototxt", ".engine", ".distcp", ".txt", "",
]  # fmt: skip
WHOLE_NAMES = ["config.json", "adapter_config.json", "model_index.json", "modules.json", "saved_model.pb", ".metadata",
               "_METADATA", "manifest.ocdbt", "Manifest.json", "coremldata.bin", ".zarray", "checkpoint"]  # fmt: skip
ALONE = ("safetensors", "gguf", "onnx", "hdf5", "keras", "tflite", "npz")
names = st.one_of(st.builds("{}{}".format, st.sampled_from(STEMS), st.sampled_from(ENDINGS)),
                  st.sampled_from(WHOLE_NAMES))  # fmt: skip
folders = st.lists(st.sampled_from(["a", "Data", "variables", "checkpoint-5", "7", "default", "onnx", "snapshots",
                                    "refs", "x.mlpackage", "unet", "1_Pooling"]), max_size=3)  # fmt: skip
paths = st.builds(lambda above, name: "/".join([*above, name]), folders, names)
trees = st.sets(paths, max_size=30).map(
    lambda files: [each for each in files if not any(other.startswith(f"{each}/") for other in files)]
)


@given(trees, st.booleans())
def test_every_candidate_is_in_exactly_one_unit(files: list[str], bounded: bool) -> None:
    ordered = sorted(files)
    with pytest.MonkeyPatch.context() as patched:
        if bounded:
            patched.setattr(tree, "MOST_FILES", 4)
            patched.setattr(tree, "CHUNK", 3)
        units = list(units_in("t", "t", ((path, Entry(1, "")) for path in ordered), Globs()))
    inside: Counter[str] = Counter()
    for unit in units:
        below = unit.listing.place.removeprefix("t").lstrip("/")
        own = unit.names or unit.listing.files
        inside.update(f"{below}/{name}".lstrip("/") for name in own)
    by_folder: dict[str, list[str]] = {}
    for path in ordered:
        folder, _, name = path.rpartition("/")
        by_folder.setdefault(folder, []).append(name)
    for folder, held in by_folder.items():
        for each in Inventory(held, FILES).candidates:
            # in parts, what is told by a file beside it may be told apart from it
            for name in each.files if not bounded or each.form in ALONE else ():
                path = f"{folder}/{name}".lstrip("/")
                assert inside[path] == 1, (path, told(units, "t"))
    assert len({unit.uri for unit in units}) == len(units)


# -- any patterns ----------------------------------------------------------------------------------------------------

globs = st.lists(st.sampled_from([f"*{ending}" for ending in ENDINGS if ending] + WHOLE_NAMES + ["m*", "a/*", "*/*"]),
                 max_size=3)  # fmt: skip


def shape(unit: Unit) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return unit.uri, unit.names, tuple(sorted(unit.listing.files))


@given(trees, globs)
def test_whatever_is_excluded_the_others_are_as_they_were(files: list[str], exclude: list[str]) -> None:
    entries = [(path, Entry(1, "")) for path in sorted(files)]
    chosen = Globs((), exclude)
    above = {"/".join(path.split("/")[:k]) for path in files for k in range(1, path.count("/") + 1)}
    assume(not any(map(chosen.drops, above)))
    whole = {shape(unit) for unit in units_in("t", "t", entries, Globs())}
    left = [shape(unit) for unit in units_in("t", "t", entries, chosen)]
    assert whole.issuperset(left)
    assert len(set(left)) == len(left)
    untouched = {
        shape(unit)
        for unit in units_in("t", "t", entries, Globs())
        if not any(chosen.drops(unit.listing.address(name).removeprefix("t/")) for name in unit.listing.files)
    }
    assert untouched <= set(left)


@given(trees, globs.filter(len))
def test_whatever_is_included_a_folder_is_the_model_that_it_was_or_a_part_of_one(
    files: list[str], include: list[str]
) -> None:
    entries = [(path, Entry(1, "")) for path in sorted(files)]
    whole = {unit.uri: shape(unit) for unit in units_in("t", "t", entries, Globs())}
    found = [shape(unit) for unit in units_in("t", "t", entries, Globs(include)) if unit.kind == "folder"]
    for each in found:
        assert whole.get(each[0]) == each or any(each[0].startswith(f"{uri}/") for uri in whole.keys() - {each[0]})


# -- names, sorted out faster ---------------------------------------------------------------------------------------


def test_what_is_looked_for_by_words_first_is_all_that_the_patterns_describe() -> None:
    for _, what, example in OTHERS:
        assert any(word in example for word in OTHERS_HOLD), what
    assert len(UNREAD) == 6


@given(names | st.text(st.sampled_from("aimtrx._-mproj0:kplsc"), max_size=12).flatmap(
    lambda stem: st.sampled_from([f"{stem}{end}" for end in (".meta", ".gguf", ".cfg", ".pkl", ".dat", ".tar", ".pte",
                                                             "imatrix", ".Scaler.joblib", "_adapters.safetensors")])
))  # fmt: skip
def test_words_and_patterns_agree(name: str) -> None:
    plain = sorting.ASIDE.fullmatch(name)
    if plain is not None:
        assert any(word in name for word in OTHERS_HOLD)
    if sorting.STRANGE.fullmatch(name) is not None:
        assert name.endswith(UNREAD_END)
    if sorting.INDEX.fullmatch(name) is not None:
        assert sorting.INDEX_HOLDS in name
    if sorting.SLICE.fullmatch(name) is not None:
        assert name.endswith(sorting.SLICE_END)
    if any(name.endswith(ending) for ending, _, _ in BESIDE):
        assert name.endswith(sorting.BESIDE_END)
