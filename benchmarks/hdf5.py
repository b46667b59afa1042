"""HDF5 with 5,000 datasets in the groups of a Keras weights file: 2,500 layers of a kernel and a bias.

The other side is h5py's visititems, with the shape and dtype of every dataset.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile

from benchmarks._measure import Row, below, faster, paired, processes
from nparams.files.bytesource import FileSource
from nparams.files.hdf5 import read

LAYERS = 2_500
REPEATS = 5
OURS = "import sys; from nparams.files.bytesource import FileSource; from nparams.files.hdf5 import read; "
OURS += "print(read(FileSource(sys.argv[1])).total)"
THEIRS = "import sys; from benchmarks.hdf5 import visit; print(visit(sys.argv[1]))"


def run() -> list[Row]:
    """Ours against h5py in one process and in processes of their own, and the memory of ours; nothing without h5py."""
    if not importlib.util.find_spec("h5py"):
        print("h5py is not installed: HDF5 is not measured", file=sys.stderr)
        return []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.weights.h5")
        build(path)
        assert total(path) == visit(path)
        ours, theirs = paired(lambda: total(path), lambda: visit(path), REPEATS)
        rows.append(faster("HDF5, 5,000 datasets: h5py visititems", ours, theirs, 3))
        commands = ([sys.executable, "-c", code, path] for code in (OURS, THEIRS, "pass"))
        mine, peer, bare = processes(list(commands), REPEATS)
        rows.append(faster("  as whole processes", mine.seconds, peer.seconds, 3))
        rows.append(below("  peak memory, whole process: python -c pass", mine.peak, bare.peak, 40_000_000))
    return rows


def total(path: str) -> int | None:
    with FileSource(path) as source:
        found = read(source).total
    assert found is None or isinstance(found, int)
    return found


def visit(path: str) -> int:
    """The elements of every dataset by h5py."""
    import h5py

    found = 0

    def one(name: str, thing: object) -> None:
        nonlocal found
        if isinstance(thing, h5py.Dataset):
            assert thing.dtype.name == "float32"
            found += thing.size

    with h5py.File(path) as file:
        file.visititems(one)
    return found


def build(path: str) -> None:
    """Write the file as Keras does: old-style groups, contiguous data."""
    import h5py
    import numpy as np

    kernel, bias = np.zeros((32, 16), "f4"), np.zeros(16, "f4")
    with h5py.File(path, "w") as file:
        for i in range(LAYERS):
            file[f"layers/dense_{i}/vars/0"] = kernel
            file[f"layers/dense_{i}/vars/1"] = bias
