"""Damaged ONNX: only our own errors leave the reader, and a file claims no more numbers than its bytes could hold."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.onnx import may_be, read
from tests.fuzz._drive import drive, real
from tests.fuzz.protobuf import GROWING
from tests.onnx_cases import COUNTED

SEEDS = [*(data for _, data, _ in COUNTED), *real("onnx", largest=1 << 15)]
#: numbers in a byte: two bits each is the densest type
DENSEST = 4


def one(data: bytes) -> None:
    """Read one file, and show it; what is stored in it is no more than it could hold."""
    network = read(MemorySource(data, "m.onnx"))
    may_be(data[:64])
    rows = sum(row.total for row in network.layers)
    assert network.total is None or rows == network.total
    if not network.notes:  # each note tells of numbers that are elsewhere, missing, packed, sparse or filled in
        stored = sum(t.size for t in network.tensors() if isinstance(t.size, int) and t.stored is None)
        assert stored <= DENSEST * len(data), f"{stored:,} elements"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=GROWING)
