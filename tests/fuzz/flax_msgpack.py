"""Damaged msgpack of Flax: only our own errors, in one line, and never more numbers than a file could hold."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.flax_msgpack import may_be, read
from tests.flax_maker import array, chunked, extension, pack
from tests.fuzz._drive import drive
from tests.test_flax_msgpack import TREES

SEEDS = [
    *(pack(row[1]) for row in TREES),
    pack({"a": array([2, 3], "int4"), "t": array([2], "str96", bytes(24)), "s": array([], code=3), "n": None}),
    pack({"a": chunked([5, 2], [array([6]), array([4])]), "c": extension(2, pack([1.0, 2.0])), "f": 0.5, "x": "text"}),
    pack({"params": {str(k): array([k, 2], "bfloat16") for k in range(20)}}),
]


def one(data: bytes) -> None:
    """Read one file, and ask it everything."""
    may_be(data[:512])
    network = read(MemorySource(data, "m.msgpack"))
    network.to_json(tensors=True)
    held = sum(t.size for t in network.tensors() if isinstance(t.size, int))
    assert held <= len(data), f"{held:,} numbers"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
