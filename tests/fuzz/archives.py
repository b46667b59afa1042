"""Damaged archives that hold models of other formats: DDUF, zipped pipelines, llamafiles."""

from __future__ import annotations

import json
from functools import partial

from nparams.files import dduf, llamafile
from nparams.files.bytesource import MemorySource
from tests.fuzz._drive import drive
from tests.gguf_maker import T as GT
from tests.gguf_maker import gguf, pair
from tests.safetensors_maker import T, safetensors, shards
from tests.zip_maker import M, archive

KINDS = "dduf llamafile"
INDEX = json.dumps({"_class_name": "P", "vae": ["diffusers", "VAE"], "unet": ["diffusers", "UNet"]}).encode()
ONE, SETS = safetensors([T("w", [4, 3]), T("b", [4])]), shards([[T("a", [4, 3])], [T("b", [2, 4])]])
MODEL = gguf([pair("general.architecture", "str", "llama")], [GT("token_embd.weight", [32, 8]), GT("o", [32])])
APE = b"MZqFpD='\n" + bytes(300)
PIPELINE = [M("model_index.json", INDEX), M("vae/"), M("vae/model.safetensors", ONE), M("unet/config.json", b"{}")]
SEEDS = {
    "dduf": [
        archive([*PIPELINE, M("unet/model.safetensors", ONE)]),
        archive([*PIPELINE, *(M(f"unet/{name}", data) for name, data in SETS.items())], zip64=True),
        archive([*PIPELINE[:1], M("vae/v.gguf", MODEL), M("unet/model.safetensors", ONE, deflated=True)]),
        archive([M(f"sd/{m.name}", m.data) for m in [*PIPELINE, M("unet/model.safetensors", ONE)]]),
    ],
    "llamafile": [
        archive([M("m.gguf", MODEL), M(".args", b"-m\nm.gguf\n")], before=APE),
        archive([M("m.gguf", MODEL), M("mmproj.gguf", MODEL), M("u/x", b"y" * 99, deflated=True)], before=APE,
                zip64=True),
        archive([M("models/m.gguf", MODEL), M(".args", b"--model\n/zip/models/m.gguf", deflated=True)], before=APE),
    ],
}  # fmt: skip


def one(data: bytes, kind: str) -> None:
    """Read one archive by every name that makes a difference, and ask it everything."""
    for name in ("m.dduf", "m.zip") if kind == "dduf" else ("m.llamafile",):
        network = (dduf if kind == "dduf" else llamafile).read(MemorySource(data, name))
        network.to_json()
        assert (network.totals.elements or 0) <= 8 * len(data)


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged files of that kind; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS[kind], partial(one, kind=kind))
