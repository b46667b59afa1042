"""Damaged archives of torch.export: only our own errors leave the reader, and no tensor exceeds its member."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from nparams.files.bytesource import MemorySource
from nparams.files.pt2 import read
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.test_pt2 import CASES

SEEDS = [case.data for case in CASES if len(case.data) < 20_000]
WORDS = (b"as_int", b"sizes", b"strides", b"is_param", b"path_name", b"tensor_meta", b"dtype", b"use_pickle",
    b"weight_0",
         b"true", b"false", b"null", b"-1", b"9999999999", b"{}", b"[]", b"config", b'"')  # fmt: skip


def word(data: bytearray, seeds: Sequence[bytes], rng: Random) -> None:
    """A word of the lists in the place of another: of the same length, so that the archive stays whole."""
    old, new = rng.choice(WORDS), rng.choice(WORDS)
    at = data.find(old, rng.randrange(len(data) + 1))
    if at >= 0:
        data[at : at + len(old)] = new[: len(old)].ljust(len(old))


def one(data: bytes) -> None:
    """Read one file; what is stored is in it."""
    network = read(MemorySource(data, "m.pt2"))
    held = sum(
        t.size for t in network.tensors() if not t.tied_to and not t.note and not t.stored and isinstance(t.size, int)
    )
    assert held <= 100 * len(data), f"{held:,} elements"
    assert network.totals.elements is not None


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, word, word, word))
