"""1,000,000 tensors in 100 safetensors files (sparse: no data is written) with their index.

The floor is a bare read of the same index and headers and json.loads of each, nothing checked or added up.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

from benchmarks._measure import Row, below, not_slower, paired, processes
from benchmarks.safetensors import floor
from nparams.files.bytesource import FileSource, LocalFolder
from nparams.files.safetensors_index import read

SHARDS, PER_SHARD = 100, 10_000
SIZE = 4_000_000_000
INDEX = "model.safetensors.index.json"
REPEATS = 3
OURS = "import sys; from nparams.files.bytesource import FileSource, LocalFolder; "
OURS += "from nparams.files.safetensors_index import read; "
OURS += f"print(read(FileSource(sys.argv[1] + '/{INDEX}'), LocalFolder(sys.argv[1]), limits=False).total)"


def run() -> list[Row]:
    """Ours in-process against the floor, and the memory of a whole process of ours."""
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        ours, least = paired(lambda: total(folder), lambda: least_work(folder), REPEATS)
        rows = [not_slower("1,000,000 tensors in 100 files: a bare read + json.loads", ours, least, 4)]
        used, bare = processes([[sys.executable, "-c", OURS, folder], [sys.executable, "-c", "pass"]], 1)
        rows.append(below("  peak memory, whole process: python -c pass", used.peak, bare.peak, 1_000_000_000))
    return rows


def total(folder: str) -> object:
    with FileSource(os.path.join(folder, INDEX)) as source:
        return read(source, LocalFolder(folder), limits=False).total


def least_work(folder: str) -> int:
    """The number of tensors, by the shortest way there."""
    with open(os.path.join(folder, INDEX), "rb") as file:
        shards = set(json.loads(file.read())["weight_map"].values())
    return sum(floor(os.path.join(folder, shard)) for shard in shards)


def build(folder: str, shards: int = SHARDS, per_shard: int = PER_SHARD) -> None:
    """Write every shard's header over a hole, and the index; each shard has the same layers under its own number."""
    from benchmarks.safetensors import header

    text, where = header(per_shard, SIZE), {}
    end = max(entry["data_offsets"][1] for entry in json.loads(text).values())
    for number in range(1, shards + 1):
        name = f"model-{number:05}-of-{shards:05}.safetensors"
        mine = text.replace(b"model.layers.", b"model.%d.layers." % number)
        where.update(dict.fromkeys(json.loads(mine), name))
        with open(os.path.join(folder, name), "wb") as file:
            file.write(len(mine).to_bytes(8, "little") + mine)
            file.truncate(8 + len(mine) + end)
    with open(os.path.join(folder, INDEX), "w") as file:
        json.dump({"metadata": {"total_size": shards * end}, "weight_map": where}, file)
