"""Damaged safetensors and indexes: only our own errors leave the reader, and none claims more than the file holds."""

from __future__ import annotations

import json
import random

from nparams.errors import NparamsError
from nparams.files._packed.unpack import DENSEST
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read as read_file
from nparams.files.safetensors_index import read as read_index
from tests import packers
from tests.fuzz._mutate import mutants
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


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    rng = random.Random(seed)
    accepted = 0
    for data in mutants(SEEDS, count, rng):
        data = worded(data, rng)
        try:
            claimed = elements(data, CONFIG if rng.random() < 0.9 else worded(CONFIG, rng))
        except BaseException:
            print(f"not one of our errors, for {data.hex()}", flush=True)
            raise
        accepted += claimed is not None
        assert (claimed or 0) <= DENSEST * (len(data) + sum(map(len, SET.values()))), data.hex()
    return {"accepted": accepted, "refused": count - accepted}


def worded(data: bytes, rng: random.Random) -> bytes:
    """In a third of all cases a word of JSON's own put somewhere, the length of the header kept right."""
    if rng.random() > 0.35 or len(data) < 10:
        return data
    at = rng.randrange(8, len(data))
    longer = data[:at] + rng.choice(WORDS) + data[at + rng.choice((0, 1)) :]
    length = int.from_bytes(data[:8], "little") + len(longer) - len(data)
    return longer if data[:1] == b"{" or not 0 <= length < 1 << 63 else length.to_bytes(8, "little") + longer[8:]


def elements(data: bytes, config: bytes) -> int | None:
    """The elements that a file claims to hold; None where it is refused, in one printable line."""
    reader = read_index if data[:1] == b"{" else read_file
    try:
        network = reader(MemorySource(data, INDEX), MemoryFolder(config))
    except NparamsError as problem:
        if not str(problem).isprintable():
            raise AssertionError(f"unprintable: {problem!r}") from problem
        return None
    return sum(t.size for t in network.tensors() if isinstance(t.size, int))
