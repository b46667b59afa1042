"""Damaged files of Keras: archives, HDF5 models and weights; only our own errors, and no more than a file could hold.

The bytes of the files are damaged, and so are their parts: a tree of groups, datasets and attributes, and the
configuration, each put into a file that is sound again.
"""

from __future__ import annotations

import json
import random
from typing import Any

from nparams.files.bytesource import MemorySource
from nparams.files.hdf5 import read as read_hdf5
from nparams.files.keras import read as read_archive
from tests.fuzz._drive import drive, keep, real, survives
from tests.keras_maker import WIDTHS, D, Link, archive, h5, layer, legacy, model, nested, store

COUNT = 50_000
KERNEL, BIAS = D((3, 4)), D((4,))
INT4 = {"class_name": "Int4DTypePolicy", "config": {"mode": "int4/-1", "source_name": "float32"}}
CONFIG = model(
    layer("Dense", "d", [None, 3], units=4, dtype=INT4, lora_rank=2), layer("BatchNormalization", "bn", scale=False),
    layer("Bidirectional", "both", layer=layer("LSTM", "lstm", units=2)), layer("Embedding", "e", output_dim=5),
    model(layer("Lambda", "l", function=["x"]), name="inner"))  # fmt: skip
OBJECTS = {
    "layers/dense": [D((3, 2), "int8"), BIAS, BIAS], "layers/batch_normalization": [BIAS] * 3,
    "layers/bidirectional/forward_layer/cell": [D((3, 8)), D((2, 8)), D((8,))],
    "layers/embedding": [D((9, 3), "int8"), D((9,))], "optimizer": [D((), "int64"), D(()), KERNEL],
    "layers\\dense_1": [KERNEL], "_layer_checkpoint_dependencies/dense_2": [KERNEL], "": [BIAS],
}  # fmt: skip
NAMES = {"layers/dense": "d", "": "net"}
LAYERS = {"d": {"net/d/kernel": D((3, 4), "uint8"), "net/d/kernel_scale": D((7, 1)), "net/d/g_idx": BIAS},
          "bn": {"bn_1/gamma:0": BIAS, "bn_1/moving_mean:0": BIAS}, "inner": {"d/kernel:0": KERNEL}}  # fmt: skip
SEEDS = [
    archive(store(OBJECTS, NAMES), CONFIG), archive(store(OBJECTS), CONFIG, deflated=True), store(OBJECTS, NAMES),
    legacy(LAYERS, config=CONFIG, optimizer={"m:0": KERNEL}), legacy(LAYERS), h5({"a": KERNEL, "b": Link("/a")}),
    archive(None, **{"model.weights.json": b'{"weight_map": {"/v": ["a.h5"]}}', "a.h5": store({"": [BIAS]})}),
    *real("keras_v3", "h5", largest=100_000),
]  # fmt: skip


def one(data: bytes) -> None:
    """Read one file both ways; a stored dataset lies in the file."""
    network = (read_archive if data[:2] == b"PK" else read_hdf5)(MemorySource(data, "m.keras"))
    json.loads(network.to_json(tensors=True))
    held = sum(t.size for t in network.tensors() if t.stored is None and isinstance(t.size, int))
    unwritten = any(flag["kind"] == "unwritten" for flag in network.flags)
    assert held <= 8 * len(data) or data[:2] == b"PK" or unwritten, f"{held:,} elements"


# -- sound files of unsound parts --------------------------------------------------------------------------------------

WORDS = ("layers", "vars", "dense", "dense_1", "0", "1", "10", "cell", "optimizer", "kernel", "kernel_scale", "g_idx",
         "layer", "forward_layer", "metrics", "", ".", "a/b", "\\", "\x1b[2J", "é", "x" * 300, "_layer_checkpoint_"
         "dependencies", "model_weights", "weight_names", "embeddings", "name", "top_level_model_weights")  # fmt: skip
ATTRIBUTES = ("layer_names", "weight_names", "name", "model_config", "keras_version", "nb_layers", "dtype", "backend")
VALUES: tuple[Any, ...] = ("", "d", "1", "3.1.0", "[", json.dumps(CONFIG), ["d", "bn"], ["kernel"], [], 7, -1)
SETTINGS: tuple[Any, ...] = (None, True, False, 0, -1, 4, 1 << 70, 0.5, "", "x", "Dense", "float8", [], {}, [None], {
    "class_name": "Dense", "config": {}}, {"mode": "int4"}, {"class_name": 7, "config": []})  # fmt: skip


def tree(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    """A tree of groups as a file of Keras might have it, or not."""
    if rng.random() < 0.5 and depth == 0:
        kept = rng.choice([LAYERS["d"], LAYERS["bn"], {f"{rng.choice(WORDS)}": dataset(rng)}])
        found: dict[str, Any] = nested({k: v for k, v in kept.items() if rng.random() < 0.9})
    else:
        found = {}
    for _ in range(rng.randrange(4)):
        name = rng.choice(WORDS) or "n"
        found[name.replace("/", "_") if rng.random() < 0.5 else name] = (
            tree(rng, depth + 1) if depth < 4 and rng.random() < 0.6 else dataset(rng)
        )
    found["@"] = {rng.choice(ATTRIBUTES): rng.choice(VALUES) for _ in range(rng.randrange(3))}
    return found


def dataset(rng: random.Random) -> D:
    shape = tuple(rng.choice((0, 1, 2, 3, 4, 5, 8)) for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 4))))
    return D(shape, rng.choice(tuple(WIDTHS)), attrs={"dtype": "bfloat16"} if rng.random() < 0.1 else {})


def objects(rng: random.Random) -> dict[str, Any]:
    """Paths of a Keras 3 file with other variables than they should have."""
    found: dict[str, Any] = {}
    for path in rng.sample(sorted(OBJECTS), rng.randrange(1, len(OBJECTS))):
        kept = list(OBJECTS[path])
        for _ in range(rng.randrange(3)):
            kept.insert(rng.randrange(len(kept) + 1), dataset(rng))
        rng.shuffle(kept)
        found["/".join((path, *(rng.choice(WORDS[:6]) for _ in range(rng.randrange(2)))))] = kept[: rng.randrange(9)]
    return found


def config(rng: random.Random) -> Any:
    """The configuration with some of its values exchanged."""
    held = json.loads(json.dumps(CONFIG))
    for _ in range(rng.randrange(4)):
        here: Any = held
        while True:
            inside = [
                v for v in (here.values() if isinstance(here, dict) else here) if isinstance(v, (dict, list)) and v
            ]
            if not inside or rng.random() < 0.3:
                break
            here = rng.choice(inside)
        key = rng.choice(list(here)) if isinstance(here, dict) else rng.randrange(len(here))
        here[key] = rng.choice(SETTINGS)
    return held


def made(rng: random.Random) -> bytes:
    """A sound file of unsound parts."""
    if rng.random() < 0.5:
        weights = store(objects(rng), {p: rng.choice(WORDS) for p in OBJECTS if rng.random() < 0.3})
        return (
            archive(weights, config(rng), version=rng.choice(("2.15.0", "3.1.0", "x", "")))
            if rng.random() < 0.8
            else weights
        )
    if rng.random() < 0.3:
        return h5(tree(rng))
    layers = {name: {leaf: dataset(rng) if rng.random() < 0.4 else d for leaf, d in kept.items()}
              for name, kept in LAYERS.items() if rng.random() < 0.9}  # fmt: skip
    return legacy(layers, config=config(rng) if rng.random() < 0.8 else None)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` files, half of them damaged in their bytes; how many were accepted and how many refused."""
    found = drive(count - count // 2, seed, SEEDS, one)
    rng = random.Random(seed)
    for _ in range(count // 2):
        try:
            data = made(rng)
        except (ValueError, OverflowError):  # a part that the maker itself cannot write
            found["refused"] += 1
            continue
        try:
            found["accepted" if survives(data, one) else "refused"] += 1
        except BaseException:
            keep(data, seed)
            raise
    return found
