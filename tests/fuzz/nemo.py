"""Damaged NeMo archives: only our own errors leave the reader, and no tensor exceeds the file."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from nparams.files.bytesource import MemorySource
from nparams.files.nemo import read
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.tar_maker import BLOCK
from tests.test_nemo import GOOD

SEEDS = list(GOOD.values())


def summed(data: bytearray, seeds: Sequence[bytes], rng: Random) -> None:
    """A byte of a header changed, and its checksum put right again."""
    at = rng.randrange(max(len(data) // BLOCK, 1)) * BLOCK
    if len(data) < at + BLOCK:
        return
    data[at + rng.choice((rng.randrange(100), 124 + rng.randrange(12), 156, 257 + rng.randrange(243)))] = rng.randrange(
        256
    )
    data[at + 148 : at + 156] = b"%06o\0 " % (sum(data[at : at + BLOCK]) - sum(data[at + 148 : at + 156]) + 8 * 0x20)


def one(data: bytes) -> None:
    """Read one archive."""
    network = read(MemorySource(data, "m.nemo"))
    assert network.totals.elements is not None
    if data[:1] == b".":
        held = sum(t.size for t in network.tensors() if not t.tied_to and not t.note and isinstance(t.size, int))
        assert held <= 100 * len(data), f"{held:,} elements"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, summed, summed, summed))
