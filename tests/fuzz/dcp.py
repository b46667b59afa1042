"""Damaged lists of distributed checkpoints: only our own errors leave the reader, and every tensor is covered."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.dcp import read
from tests.dcp_maker import dcp, entry
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.fuzz.pickle import opcode
from tests.test_dcp import CASES, FLAT, NET, PATHS

SEEDS = [
    *(case.data for case in CASES), dcp(NET, PATHS, protocol=2), dcp(FLAT, protocol=2),
    dcp({"w": entry((4, 3), old=True)}, {"w": ("w",)}, protocol=2),
]  # fmt: skip


def one(data: bytes) -> None:
    """Read one list, and look at every name."""
    network = read(MemorySource(data, ".metadata"))
    names = [t.name for t in network.tensors()]
    assert len(set(names)) == len(names)
    assert network.totals.elements is not None


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, opcode, opcode))
