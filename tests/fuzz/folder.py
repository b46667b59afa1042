"""Damaged directories: the files that name others, settings, and the names themselves, in a folder held in memory."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence

from nparams._claims import FILES
from nparams._read import Request
from nparams.errors import ReadError
from nparams.files.bytesource import MemorySource
from nparams.files.folder import read
from nparams.network import Network
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.fuzz.safetensors import WORDS
from tests.safetensors_maker import T, safetensors, shards

SLOWER = 4
ONE = safetensors([T("encoder.weight", [4]), T("encoder.bias", [4])])
LORA = safetensors([T("q.lora_A.weight", [2, 4]), T("q.lora_B.weight", [4, 2]), T("q.alpha", [])])
SETS = shards([[T("a.weight", [4, 3])], [T("b.weight", [2, 4])]], {"total_size": 80, "total_parameters": 20})
INDEX = "model.safetensors.index.json"
PIPELINE = {"_class_name": "P", "unet": ["diffusers", "UNet"], "vae": ["diffusers", "V"], "s": ["d", "PNDMScheduler"]}
MODULES = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in
           (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"))]  # fmt: skip
ADAPTER = {"r": 2, "base_model_name_or_path": "org/base", "rank_pattern": {"q": 4}, "peft_type": "LORA"}
CONFIG = {
    "num_parameters": 8,
    "quantization": {"bits": 4, "group_size": 64},
    "text_config": {"quantization_config": {}},
}
NAMES = "\n".join(
    "model.safetensors model.fp16.safetensors a-Q4_K_M.gguf pytorch_model.bin model.h5 x-00001-of-00002.safetensors "
    "consolidated.00.pth x.onnx optimizer.pt snapshots refs model_index.json m.bin.index.fp16.json m.xml m.bin".split()
).encode()
#: what is damaged: (its name in the directory, the rest of the directory, its unharmed bytes)
ROLES: Sequence[tuple[str, Mapping[str, bytes], bytes]] = (
    ("model_index.json", {"unet/model.safetensors": ONE, "vae/model.safetensors": ONE, "s/x.json": b"{}"},
     json.dumps(PIPELINE).encode()),
    ("modules.json", {"model.safetensors": ONE, "1_Pooling/config.json": b"{}", "2_Dense/model.safetensors": ONE},
     json.dumps(MODULES).encode()),
    ("adapter_config.json", {"adapter_model.safetensors": LORA}, json.dumps(ADAPTER).encode()),
    ("config.json", {"model.safetensors": ONE}, json.dumps(CONFIG).encode()),
    (INDEX, {name: data for name, data in SETS.items() if name != INDEX}, SETS[INDEX]),
    ("refs/main", {"snapshots/abc/model.safetensors": ONE, "snapshots/abd/model.safetensors": ONE, "blobs/x": b""},
     b"abc"),
    ("adapter_model.safetensors", {"adapter_config.json": json.dumps(ADAPTER).encode()}, LORA),
    ("", {}, NAMES),
)  # fmt: skip
SEEDS = [bytes([k]) + seed for k, (_, _, seed) in enumerate(ROLES)]


class MemoryFolder:
    """A directory held in memory: names with slashes are files in folders of it."""

    def __init__(self, files: Mapping[str, bytes], name: str = "folder") -> None:
        self.name = name
        self.files = files

    def names(self) -> list[str]:
        return sorted({name.partition("/")[0] for name in self.files})

    def folders(self) -> list[str]:
        return sorted({name.partition("/")[0] for name in self.files if "/" in name})

    def open(self, name: str) -> MemorySource:
        if name not in self.files:
            raise ReadError("no such file")
        return MemorySource(self.files[name], name)

    def folder(self, name: str) -> MemoryFolder:
        inner = {path[len(name) + 1 :]: data for path, data in self.files.items() if path.startswith(f"{name}/")}
        if not inner:
            raise ReadError("no such folder")
        return MemoryFolder(inner, f"{self.name}/{name}")


def word(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A word of JSON's own put somewhere."""
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.choice((0, 1))] = rng.choice((*WORDS, b"../", b"/", b"\\", b"[]", b"{}", b"null"))


def network_of(data: bytes) -> Network:
    """The network of a directory in which one file is damaged."""
    name, files, _ = ROLES[(data or b"\0")[0] % len(ROLES)]
    if name:
        held = {**files, name: data[1:]}
    else:
        names = data[1:].decode("utf-8", "surrogateescape").split("\n")
        held = {each.replace("/", ""): ONE for each in names if each.replace("/", "") not in ("", ".", "..")}
    return read(MemoryFolder(held), FILES, Request(None, {}, True, False).bytes)


def one(data: bytes) -> None:
    """Read one directory; what is counted is no more than what its files hold."""
    found = network_of(data)
    claimed = sum(t.size for t in found.tensors() if isinstance(t.size, int) and t.dtype == "float32")
    assert 4 * claimed <= 64 * 1024, f"{claimed:,} elements"
    found.to_json(tensors=True)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged directories; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, *[word] * 6))
