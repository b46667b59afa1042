"""Damaged copies of real files, one kind of file at a time, read as a user's file of that name is, and shown.

The files are the shared real ones, and the examples of the documents, which stand in where the others are absent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from nparams._read import Request
from nparams.files.bytesource import MemorySource
from tests.fuzz._drive import drive, real

KINDS = "safetensors gguf pytorch legacy torchscript npy npz keras h5 onnx tflite tfckpt graphdef"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
#: kind: (its rows of the manifest, endings of examples, the name that the reader sees)
FILES: dict[str, tuple[Sequence[str], Sequence[str], str]] = {
    "safetensors": (("safetensors", "safetensors_bad"), (".safetensors",), "m.safetensors"),
    "gguf": (("gguf", "gguf_corrupt"), (".gguf",), "m.gguf"),
    "pytorch": (("pt_zip",), (".pt",), "m.pt"),
    "legacy": (("pt_legacy",), (".pth",), "m.pth"),
    "torchscript": (("torchscript",), (".jit",), "m.jit"),
    "npy": (("npy",), (".npy",), "m.npy"),
    "npz": (("npz",), (".npz",), "m.npz"),
    "keras": (("keras_v3",), (".keras",), "m.keras"),
    "h5": (("h5",), (".h5",), "m.h5"),
    "onnx": (("onnx",), (".onnx",), "m.onnx"),
    "tflite": (("tflite",), (".tflite",), "m.tflite"),
    "tfckpt": (("tf_ckpt",), (".index",), "m.index"),
    "graphdef": (("graphdef",), (".pb",), "m.pb"),
}
assert [*FILES] == KINDS.split()


def seeds(kind: str) -> list[bytes]:
    formats, endings, _ = FILES[kind]
    examples = [path.read_bytes() for path in sorted(EXAMPLES.iterdir()) if path.name.endswith(tuple(endings))]
    return [*real(*formats, largest=4 << 20), *examples]


def one(data: bytes, name: str) -> None:
    """Read one file by all that tells what it is, and show it; text is another fuzzer's."""
    network = Request(None, {}, True, False).bytes(MemorySource(data, name), None)
    json.loads(network.to_json(tensors=True))


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged files of that kind; how many were accepted and how many refused.  Anything else raises."""
    found = seeds(kind)
    if not found:
        print(f"no real file of {kind} here: the shared ones are absent ({os.environ.get('NPARAMS_SHARED', '')})")
        return {"accepted": 0, "refused": 0}
    return drive(count, seed, found, partial(one, name=FILES[kind][2]))
