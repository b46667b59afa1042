"""Damaged files of Paddle, of every kind: only our own errors leave the readers."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.paddle import read
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.fuzz.pickle import opcode
from tests.test_paddle import CASES, DATA

SEEDS = [*(data for _, _, data, _ in CASES), *(path.read_bytes() for path in sorted(DATA.glob("[!l]*_?.*")))]


def one(data: bytes) -> None:
    """Read one file, as its first bytes say."""
    network = read(MemorySource(data, "m"))
    assert network.totals.elements is not None


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, opcode))
