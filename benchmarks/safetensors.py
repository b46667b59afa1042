"""One safetensors file of 40 GB (sparse: no data is written) with 10,000 tensors under a large model's names.

The floor is a bare read of the header and json.loads, nothing checked or added up.  The safetensors library is compared
as its users meet it: a whole process, which imports NumPy.  Its parser is compiled, and since 0.8 takes hardly longer
than that floor, so the budget set against an older version is not met by anything written in Python.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator

from benchmarks._measure import Row, below, faster, not_slower, paired, processes
from nparams.files.bytesource import FileSource
from nparams.files.safetensors import read

TENSORS = 10_000
SIZE = 40_000_000_000
REPEATS = 25
#: what a layer of a mixture of experts holds: last names, and dimensions of 1 or 2 numbers
ATTENTION = {"self_attn.q_proj.weight": 2, "self_attn.k_proj.weight": 2, "self_attn.v_proj.weight": 2,
             "self_attn.o_proj.weight": 2, "self_attn.q_norm.weight": 1, "self_attn.k_norm.weight": 1,
             "input_layernorm.weight": 1, "post_attention_layernorm.weight": 1, "mlp.gate.weight": 2}  # fmt: skip
EXPERTS = 32
OURS = "import sys; from nparams.files.bytesource import FileSource; from nparams.files.safetensors import read; "
OURS += "print(read(FileSource(sys.argv[1])).total)"
THEIRS = "import sys; from math import prod; from safetensors import safe_open; "
THEIRS += "file = safe_open(sys.argv[1], framework='np'); "
THEIRS += "print(sum(prod(file.get_slice(name).get_shape()) for name in file.keys()))"


def run() -> list[Row]:
    """Ours in-process against the floor and the safetensors library, and the memory of a whole process of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        build(path)
        assert floor(path) == TENSORS
        ours, least = paired(lambda: total(path), lambda: floor(path), REPEATS)
        rows = [not_slower("safetensors, 40 GB, 10,000 tensors: a bare read + json.loads", ours, least, 4)]
        commands = [[sys.executable, "-c", OURS, path], [sys.executable, "-c", "pass"]]
        if importlib.util.find_spec("safetensors"):
            commands.append([sys.executable, "-c", THEIRS, path])
        used, bare, *peers = processes(commands, 9)
        for peer in peers:
            name = "  the safetensors library, every slice's shape (whole processes)"
            rows.append(faster(name, used.seconds, peer.seconds, 3))
        rows.append(below("  peak memory, whole process: python -c pass", used.peak, bare.peak, 40_000_000))
    return rows


def total(path: str) -> object:
    with FileSource(path) as source:
        return read(source).total


def floor(path: str) -> int:
    """The number of entries, by the shortest way there."""
    with open(path, "rb") as file:
        return len(json.loads(file.read(int.from_bytes(file.read(8), "little"))))


def names() -> Iterator[tuple[str, int]]:
    """(name, dimensions) of ever more tensors, layer by layer."""
    layer = 0
    while True:
        at = f"model.layers.{layer}"
        yield from ((f"{at}.{leaf}", dims) for leaf, dims in ATTENTION.items())
        for expert in range(EXPERTS):
            yield from ((f"{at}.mlp.experts.{expert}.{part}_proj.weight", 2) for part in ("gate", "up", "down"))
        layer += 1


def header(count: int, size: int) -> bytes:
    """A header of `count` tensors of bfloat16 whose data takes about `size` bytes."""
    listed = [name for name, _ in zip(names(), range(count), strict=False)]
    large = sum(dims == 2 for _, dims in listed)
    width = size // large // 2 // 2048
    held, at = {}, 0
    for name, dims in listed:
        shape = [2048, width] if dims == 2 else [2048]
        end = at + 2 * 2048 * (width if dims == 2 else 1)
        held[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}
        at = end
    return json.dumps(held, separators=(",", ":")).encode()


def build(path: str, count: int = TENSORS, size: int = SIZE) -> None:
    """Write the header, and leave a hole where its data would be."""
    text = header(count, size)
    end = max(json.loads(text).values(), key=lambda entry: entry["data_offsets"][1])["data_offsets"][1]
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
