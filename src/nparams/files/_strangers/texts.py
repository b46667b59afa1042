"""What other files look like that have no fixed first bytes: pointers, pages, answers, XML, JSON, tar, pickles.

Each test is given the first 512 bytes and the bare name, and returns what the file is and what to do, or None.
"""

from __future__ import annotations

from nparams.errors import shown
from nparams.files._strangers.endings import TREES
from nparams.files._strangers.marks import PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[bytes, str], str | None]

POINTER = b"version https://git-lfs"
BOM = b"\xef\xbb\xbf"


def lfs(head: bytes, name: str) -> str | None:
    """git-lfs/git-lfs docs/spec.md: a pointer is a text of version, oid and size."""
    if not head.startswith((POINTER, b"version https://hawser.github.com")):
        return None
    size = next((line[5:] for line in head.split(b"\n") if line.startswith(b"size ")), b"")
    away = f" ({int(size):,} bytes elsewhere)" if size.isdigit() and len(size) < 20 else ""
    return f"a Git LFS pointer{away}, not the model itself. Run: git lfs pull --include {shown(name, 200)[1:-1]}"


def page(head: bytes, name: str) -> str | None:
    """HTML, however it begins."""
    start = head.removeprefix(BOM).lstrip()[:14].lower()
    return PAGE if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) else None


#: the first key of an error that a server sends as JSON
ERRORS = (b'"error"', b'"errors"', b'"message"', b'"detail"', b'"error_code"', b'"statusCode"', b'"fault"')


def answer(head: bytes, name: str) -> str | None:
    """A server's error as JSON: what api.github.com and hubs send in place of a file."""
    text = head.removeprefix(BOM).lstrip()
    if not text.startswith(b"{") or not text[1:].lstrip().startswith(ERRORS):
        return None
    said = " ".join(text.decode("utf-8", "replace").split())
    return f"a server's answer, not a model ({shown(said, 90)}): a download that needed a login or a different link"


#: a word near the start of an XML file -> what it is
XML = (
    (b"<PMML", "a PMML model, which is not read; count the network where it was trained"),
    (b"<Error>", "a server's answer, not a model: a download that needed a login or a different link"),
    (b"<html", PAGE),
    (b"<svg", "a picture, not a model"),
    (b"<opencv_storage", "an OpenCV model as XML, which is not read"),
)


def xml(head: bytes, name: str) -> str | None:
    """XML by what stands in it; that of OpenVINO is read (files/openvino.py)."""
    text = head.removeprefix(BOM).lstrip()
    if not text.startswith((b"<?xml", b"<PMML", b"<Error>", b"<svg ")) or b"<net" in text:
        return None
    return next((what for mark, what in XML if mark in text), "an XML file that is no OpenVINO model (<net ...>)")


#: keys near the start of a JSON file -> what it is; the writers stand beside
JSON = (
    ((b'"learner"',), f"an XGBoost model: {TREES}"),  # dmlc/xgboost doc/tutorials/saving_model.rst
    ((b'"modelTopology"',), "a TensorFlow.js model, not read yet; count the .h5 or .keras it was converted from"),
    ((b'"weightsManifest"',), "a TensorFlow.js model, not read yet; count the .h5 or .keras it was converted from"),
    ((b'"format"', b'"graph-model"'), "a TensorFlow.js model, not read yet; count the model it was converted from"),
    ((b'"format"', b'"layers-model"'), "a TensorFlow.js model, not read yet; count the model it was converted from"),
    ((b'"nodes"', b'"op"', b'"null"'), "an MXNet graph, not read yet; export the model to ONNX and count that"),
    ((b'"tree_info"',), f"a LightGBM model: {TREES}"),
    ((b'"oblivious_trees"',), f"a CatBoost model: {TREES}"),
    ((b'"features_info"',), f"a CatBoost model: {TREES}"),
    ((b'"truncation"', b'"added_tokens"'), "a tokenizer, not a network"),
    ((b'"truncation"', b'"padding"'), "a tokenizer, not a network"),
)  # fmt: skip


def json(head: bytes, name: str) -> str | None:
    """JSON files by the keys near their start."""
    if not head.removeprefix(BOM).lstrip().startswith(b"{"):
        return None
    return next((what for keys, what in JSON if all(key in head for key in keys)), None)


#: a layer's block in a Caffe network as text (BVLC/caffe src/caffe/proto/caffe.proto)
CAFFE = (b"layer {", b"layers {", b"layer{", b"layers{", b"layer  {")
CAFFE_KEYS = (b"name:", b"type:", b"bottom:", b"top:", b"input:", b"input_dim:")
#: sections that begin a Darknet network (AlexeyAB/darknet src/parser.c, string_to_layer_type)
DARKNET = (b"[net]", b"[network]")


def words(head: bytes, name: str) -> str | None:
    """Networks that other programs write as text."""
    text = head.lstrip()
    if any(mark in head for mark in CAFFE) and any(key in head for key in CAFFE_KEYS) and b"\0" not in head:
        return "a Caffe network as text (prototxt), which holds no numbers; count the .caffemodel that belongs to it"
    if text.startswith(b"program(1.") and b"[buildInfo" in text:
        return "a compiled Core ML program (model.mil), not read; count the .mlpackage it was compiled from"
    lines = [line.strip() for line in text.split(b"\n")]
    first = next((line for line in lines if line and not line.startswith((b"#", b";"))), b"")
    if first in DARKNET and not name.endswith(".cfg"):
        return "a Darknet network as text, which is known by its ending: call it .cfg and count that"
    return None


#: members of the layout that torch.save wrote in 2016 (pytorch torch/serialization.py, _load -> legacy_load)
TORCH_2016 = (b"sys_info", b"pickle", b"storages", b"tensors")
NEMO = (b"model_config.yaml", b"./model_config.yaml", b"model_weights.ckpt", b"./model_weights.ckpt")


def tar(head: bytes, name: str) -> str | None:
    """A tar archive by its first member's name (POSIX ustar; PyTorch's own of 2016 is one)."""
    first = head[:100].rstrip(b"\0")
    if len(head) < 512 or (head[257:262] != b"ustar" and first not in TORCH_2016):
        return None
    if first in TORCH_2016:
        return "a PyTorch file of 2016 (tar); load it with an old PyTorch (before 1.6), save it again and count that"
    if first in NEMO or name.endswith(".nemo"):
        return None
    return "a tar archive; unpack it first"


#: a word near the start of a pickle -> what it is
PICKLED = (
    (b"xgboost", f"a pickled XGBoost model: {TREES}"),
    (b"lightgbm", f"a pickled LightGBM model: {TREES}"),
    (b"catboost", f"a pickled CatBoost model: {TREES}"),
    (b"theano", "a pickled Theano model, not read; save its arrays as .npz and count that"),
    (b"lasagne", "a pickled Lasagne model, not read; save its arrays as .npz and count that"),
    (b"StableBaselines", "a pickled agent, not read; save its network with torch.save and count that"),
)


def pickled(head: bytes, name: str) -> str | None:
    """A pickle by what it names first (Python docs, pickletools: PROTO is 0x80 and the protocol)."""
    if head[:1] != b"\x80" or head[1:2] not in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return None
    if name.endswith(".pdopt"):
        return "an optimizer's state of Paddle, not a model; count the .pdparams beside it"
    return next((what for word, what in PICKLED if word in head), None)


def ctranslate2(head: bytes, name: str) -> str | None:
    """OpenNMT/CTranslate2 src/models/model.cc: a binary version, then the name of the specification."""
    version, length = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:6], "little")
    if not 1 <= version <= 20 or not 5 <= length <= 60 or not head[6 : 6 + length].rstrip(b"\0").endswith(b"Spec"):
        return None
    return "a CTranslate2 model, which is not read; count the checkpoint it was converted from"


def tfjs(head: bytes, name: str) -> str | None:
    """tensorflow/tfjs tfjs-converter/python/tensorflowjs/write_weights.py: group1-shard1of3.bin beside model.json."""
    if not (name.startswith("group") and "-shard" in name and name.endswith(".bin")):
        return None
    return "weights of TensorFlow.js (no shapes), not read yet; count the .h5 or .keras file they were converted from"


def small_floats(data: bytes) -> bool:
    """Whether sixteen float32 in a row are of the size that weights are, and not all 0."""
    from struct import unpack

    if len(data) < 64:
        return False
    values = unpack("<16f", data[:64])
    return all(abs(v) < 100 for v in values) and sum(abs(v) > 1e-9 for v in values) > 8


def raw(head: bytes, name: str) -> str | None:
    """Numbers without shapes, as OpenVINO, TVM, TensorFlow.js and llama2.c keep them."""
    if not name.endswith((".bin", ".dat", ".raw", ".weights")) or not small_floats(head[:64]):
        return None
    return "a file of bare numbers; their shapes stand elsewhere (.xml, .param, .json): count what it was made from"


def shards(head: bytes, name: str) -> str | None:
    """One of TensorFlow's data files: NAME.data-00000-of-00001 (tensorflow/core/util/tensor_bundle/naming.h)."""
    stem, mark, rest = name.rpartition(".data-")
    if mark and stem and rest.replace("-of-", "").isdigit():
        return f"a data file of a TensorFlow checkpoint, not read alone; count {shown(stem, 80)[1:-1]}.index beside it"
    return "training logs of TensorFlow, not a model" if name.startswith("events.out.tfevents") else None


def coreml(head: bytes, name: str) -> str | None:
    """apple/coremltools mlmodel/src/MILBlob: the storage's header is a count, version 2 and zeros."""
    if name.endswith(".bin") and head[4:64] == b"\x02" + bytes(59):
        return "a weights file of a Core ML package; count the package, the folder with the Manifest.json"
    return None


def engine(head: bytes, name: str) -> str | None:
    """A TensorRT engine behind a length and a JSON of metadata (ultralytics/ultralytics engine/exporter.py)."""
    length = int.from_bytes(head[:4], "little")
    if head[3:6] != b'\0{"' or not 2 <= length <= 1 << 20:
        return None
    end = head[4 + length : 8 + length]
    if end not in (b"ftrt", b"ptrt") and not (not end and name.endswith((".engine", ".plan", ".trt"))):
        return None
    return "a TensorRT engine, which does not store shapes openly; count the ONNX file it was built from"


def paddle(head: bytes, name: str) -> str | None:
    """PaddlePaddle/Paddle paddle/fluid/framework/lod_tensor.cc and tensor_util.cc, TensorToStream: two versions and a
    level of detail, all 0, then the size of a message that gives a number type (field 1) and sizes (field 2)."""
    size = int.from_bytes(head[16:20], "little")
    if any(head[:16]) or not 2 <= size <= 64 or head[20:21] != b"\x08" or head[22:23] not in (b"\x10", b"\x12", b""):
        return None
    return "a file of Paddle variables; name it .pdiparams, with its .pdmodel or .json beside it, and count that"


#: sure enough to be asked before the formats that are read
EARLY: tuple[Test, ...] = (
    lfs, page, answer, xml, json, words, tar, ctranslate2, coreml, shards, engine, tfjs, pickled,
)  # fmt: skip
#: asked of what no format takes
LATE: tuple[Test, ...] = (paddle, raw)
