"""The kinds of models in a corpus, each made from drawn shapes: its files, which take no room, and its parameters.

What a model holds is worked out here from the shapes alone; no reader of ours is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random

from nparams.fleet.units import FOLDER, SHARDS
from tests import fleet_formats as formats
from tests import gguf_maker
from tests.fleet_made import Content, Made, Shapes, one, split, total, transformer
from tests.range_server import Sparse
from tests.safetensors_maker import BITS, T, file_of, header_of, index_of

# -- safetensors -----------------------------------------------------------------------------------------------------


def weights(shapes: Shapes, dtype: str) -> Sparse:
    """A safetensors file of which only the header is there."""
    head = file_of(header_of([T(name, shape, dtype) for name, shape in shapes], {"format": "pt"}))
    return Sparse(head, len(head) + BITS[dtype] // 8 * total(shapes))


def dtype(rng: Random) -> str:
    return rng.choice(("BF16", "BF16", "F16", "F32"))


def safetensors(rng: Random, stem: str) -> Made:
    shapes = transformer(rng)
    return one(f"{stem}.safetensors", weights(shapes, dtype(rng)), "safetensors", shapes)


def shards(rng: Random, stem: str, indexed: bool) -> tuple[dict[str, Content], tuple[str, ...], Shapes, int | None]:
    """Files of a sharded model, its own names, its shapes, and what its index declares: seldom, and then wrongly."""
    shapes, kind = transformer(rng), dtype(rng)
    parts = split(shapes, rng.randrange(2, 6))
    names = [f"{stem}-{k:05}-of-{len(parts):05}.safetensors" for k in range(1, len(parts) + 1)]
    files: dict[str, Content] = {name: weights(part, kind) for name, part in zip(names, parts, strict=True)}
    if not indexed:
        return files, tuple(names), shapes, None
    declared = total(shapes) // 20_000 if rng.random() < 0.2 else None
    told = {"total_size": BITS[kind] // 8 * total(shapes)}
    told |= {} if declared is None else {"total_parameters": declared}
    where = {tensor: name for name, part in zip(names, parts, strict=True) for tensor, _ in part}
    index = f"{stem}.safetensors.index.json"
    return {index: index_of(where, told), **files}, (index, *names), shapes, declared


def indexed(rng: Random, stem: str) -> Made:
    files, names, shapes, declared = shards(rng, stem, True)
    return Made(SHARDS, names, files, "safetensors", total(shapes), declared)


def unindexed(rng: Random, stem: str) -> Made:
    files, names, shapes, _ = shards(rng, stem, False)
    return Made(SHARDS, names, files, "safetensors", total(shapes))


def as_json(**held: object) -> bytes:
    return json.dumps(held, indent=2).encode()


CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


def repository(rng: Random, stem: str) -> Made:
    """A folder as the hub has it: weights in one file or several, and what belongs to them."""
    files: dict[str, Content] = {"config.json": as_json(**CONFIG), "tokenizer.json": b"{}", "README.md": stem.encode()}
    if rng.random() < 0.5:
        shapes, declared = transformer(rng), None
        files["model.safetensors"] = weights(shapes, dtype(rng))
    else:
        more, _, shapes, declared = shards(rng, "model", True)
        files |= more
    return Made(FOLDER, (), files, "safetensors", total(shapes), declared)


def adapter(rng: Random, stem: str) -> Made:
    rank, width = rng.choice((8, 16, 64)), rng.choice((1024, 4096))
    shapes: Shapes = []
    for k in range(rng.randrange(1, 33)):
        at = f"base_model.model.model.layers.{k}.self_attn.q_proj"
        shapes += [(f"{at}.lora_A.weight", (rank, width)), (f"{at}.lora_B.weight", (width, rank))]
    told = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "base_model_name_or_path": stem}
    files = {"adapter_config.json": as_json(**told), "adapter_model.safetensors": weights(shapes, dtype(rng))}
    return Made(FOLDER, (), files, "safetensors", total(shapes))


def pipeline(rng: Random, stem: str) -> Made:
    """A pipeline of diffusers: each part in a folder of its own."""
    parts = {part: transformer(rng) for part in ("unet", "vae")}
    listed = {part: ["diffusers", kind] for part, kind in (("unet", "UNet2DModel"), ("vae", "AutoencoderKL"))}
    files: dict[str, Content] = {"model_index.json": as_json(_class_name=stem, **listed)}
    for part, shapes in parts.items():
        files[f"{part}/config.json"] = b"{}"
        files[f"{part}/diffusion_pytorch_model.safetensors"] = weights(shapes, dtype(rng))
    return Made(FOLDER, (), files, "safetensors", sum(map(total, parts.values())))


# -- GGUF ------------------------------------------------------------------------------------------------------------


def gguf_part(shapes: Shapes, kind: int, pairs: Sequence[tuple[str, str, object]]) -> Sparse:
    tensors = [gguf_maker.T(name, shape[::-1], kind if len(shape) > 1 else gguf_maker.F32) for name, shape in shapes]
    head = gguf_maker.gguf(pairs, tensors, data=0)  # type: ignore[arg-type]
    return Sparse(head, len(head) + gguf_maker.entries(tensors)[1])


GGUF = (("general.architecture", "str", "llama"), ("tokenizer.ggml.tokens", "arr", ("str", ["a", "b"])))


def gguf(rng: Random, stem: str) -> Made:
    shapes, kind = transformer(rng), rng.choice((gguf_maker.F16, gguf_maker.Q4_0, gguf_maker.Q8_0))
    return one(f"{stem}.gguf", gguf_part(shapes, kind, GGUF), "gguf", shapes)


def split_gguf(rng: Random, stem: str) -> Made:
    shapes = transformer(rng)
    parts = split(shapes, 3)
    names = tuple(f"{stem}-{k:05}-of-{len(parts):05}.gguf" for k in range(1, len(parts) + 1))
    files = {}
    for k, (name, part) in enumerate(zip(names, parts, strict=True)):
        told = (("split.no", "u16", k), ("split.count", "u16", len(parts)), ("split.tensors.count", "i32", len(shapes)))
        files[name] = gguf_part(part, gguf_maker.F16, (*(GGUF if k == 0 else ()), *told))
    return Made(SHARDS, names, files, "gguf", total(shapes))


#: how many of a hundred, about
KINDS: tuple[tuple[int, Callable[[Random, str], Made]], ...] = (
    (28, safetensors), (6, indexed), (3, unindexed), (13, repository), (6, adapter), (2, pipeline), (9, gguf),
    (2, split_gguf), (8, formats.torch_zip), (3, formats.torch_legacy), (4, formats.onnx), (2, formats.onnx_beside),
    (3, formats.numpy_archive), (2, formats.hdf5), (2, formats.keras), (2, formats.tflite), (1, formats.caffe),
    (1, formats.paddle), (1, formats.flax), (2, formats.saved_model),
)  # fmt: skip
