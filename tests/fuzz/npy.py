"""Damaged NumPy arrays and archives of them: only our own errors leave the readers, and no array exceeds its file."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.npy import read as read_array
from nparams.files.npz import read as read_archive
from tests.fuzz._drive import drive, real
from tests.npy_maker import array, npz, of

ARRAYS = [
    of("<f4", "3, 4", 48), of(">i8", "", 8), of("|V2", "2, 3", 12), of("<U5", "2,", 40), of("|O", "2,", 16),
    array("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", 8, 2),
    array("{'shape': (2L, 5L), 'descr':'<f8','fortran_order':False}", 80, 3), *real("npy"),
]  # fmt: skip
MEMBERS = {"d/kernel.npy": of("<f4", "3, 4", 48), "d/bias.npy": of("<f4", "4,", 16), "a.txt": b"not an array"}
PACKED = {"a.weight.npy": of("<u4", "8, 8", 256), "a.scales.npy": of("<f2", "8, 1", 16),
          "a.biases.npy": of("<f2", "8, 1", 16)}  # fmt: skip
SEEDS = [*ARRAYS, npz(MEMBERS), npz(MEMBERS, deflated=True), npz(PACKED), *real("npz")]


def one(data: bytes) -> None:
    """Read one file; what is stored is in it (deflated members may be larger than they lie there)."""
    zipped = data.startswith(b"PK")
    network = (read_archive if zipped else read_array)(MemorySource(data, "m.npz"))
    if not zipped:
        held = sum(t.size for t in network.tensors() if t.stored is None and isinstance(t.size, int))
        assert held <= len(data), f"{held:,} elements"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
