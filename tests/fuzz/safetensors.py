"""Damaged safetensors and indexes: only our own errors leave the reader, and none claims more than the file holds."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Sequence

from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read as read_file
from nparams.files.safetensors_index import read as read_index
from nparams.stored._packed.unpack import DENSEST
from tests import packers
from tests.fuzz._drive import drive, real
from tests.fuzz._mutate import DAMAGE
from tests.safetensors_maker import T, entries, file_of, safetensors, shards

PLAIN = [
    T("fc1.weight", [3, 4]),
    T("fc1.bias", [3], "BF16"),
    T("n.num_batches_tracked", [], "I64"),
    T("é/x", [0, 2], "F4"),
]
PACKED = [
    packers.gptq("a", 32, 32, 3), packers.awq("a", 32, 32), packers.compressed("a", 3, 33, 4, zeros=True),
    packers.bitsandbytes4("a", (3, 5), nested=True), packers.hqq("a", 8, 16, 3), packers.fp4("a", 2, 32, "modelopt"),
    packers.mlx("a", 2, 32, 4, 32, mode="mxfp4"), packers.aqlm("a", 2, 8), packers.exl2("a", 32, 32),
    packers.exl3("a", 32, 32, 2), packers.mxfp4_blocks("a", 1, 2, 32), packers.sparse("a", 2, 8),
]  # fmt: skip
SET = shards([PLAIN[:2], PLAIN[2:]], {"total_parameters": 15})
INDEX = "model.safetensors.index.json"
CONFIG = b'{"quantization": {"bits": 4, "group_size": 32}, "vocab_size": 31}'
SEEDS = [
    safetensors(PLAIN, {"format": "pt", "total_parameters": "15"}), file_of(json.dumps(entries(PLAIN), indent=1), 62),
    *map(safetensors, PACKED), SET[INDEX], json.dumps(json.loads(SET[INDEX])).encode(),
    *real("safetensors", "safetensors_bad", largest=300_000),
]  # fmt: skip
#: what JSON may hide, in the place of one byte
WORDS = (
    b"[" * 300,
    b"{",
    b'"',
    b"\\u0061",
    b"\\ud800",
    b"NaN",
    b"-1",
    b"1e9",
    b"9" * 400,
    b"true",
    b",",
    b":",
    b"\0",
    b"\xff",
)


class MemoryFolder:
    """The unharmed shards, and a config.json that is as damaged as the file."""

    name = "folder"

    def __init__(self, config: bytes) -> None:
        self.config = config

    def names(self) -> list[str]:
        return sorted([*SET, "config.json"])

    def open(self, name: str) -> MemorySource:
        if name == "config.json":
            return MemorySource(self.config, name)
        if name not in SET:
            raise NparamsError("no such file")
        return MemorySource(SET[name], name)


ROOM = sum(map(len, SET.values()))


def word(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A word of JSON's own put somewhere, the length of the header kept right."""
    if len(data) < 10:
        return
    at, old = rng.randrange(8, len(data)), len(data)
    data[at : at + rng.choice((0, 1))] = rng.choice(WORDS)
    length = int.from_bytes(data[:8], "little") + len(data) - old
    if data[:1] != b"{" and 0 <= length < 1 << 63:
        data[:8] = length.to_bytes(8, "little")


def one(data: bytes) -> None:
    """Read one file or index, now and then with a damaged config.json beside it."""
    rng, config = random.Random(zlib.crc32(data)), bytearray(CONFIG)
    if rng.random() < 0.1:
        word(config, SEEDS, rng)
    reader = read_index if data[:1] == b"{" else read_file
    network = reader(MemorySource(data, INDEX), MemoryFolder(bytes(config)))
    claimed = sum(t.size for t in network.tensors() if isinstance(t.size, int))
    assert claimed <= DENSEST * (len(data) + ROOM), f"{claimed:,} elements"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, *[word] * 8))
