"""NumPy arrays and archives against numpy itself, on random content."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

from nparams.files.bytesource import MemorySource
from nparams.files.npy import read as read_array
from nparams.files.npz import read as read_archive

DTYPES = ["?", *"bBhHiIqQ", "e", "f", "d", "F", "D", ">f4", ">i8", ">u2"]


def shapes(rng: random.Random) -> tuple[int, ...]:
    return tuple(rng.randrange(6) for _ in range(rng.randrange(5)))


def made(rng: random.Random) -> np.ndarray:
    shape = shapes(rng)
    return np.zeros(shape, np.dtype(rng.choice(DTYPES)), order=rng.choice("CF"))


def same(tensor, array: np.ndarray) -> bool:
    return (tensor.shape, tensor.dtype, tensor.size) == (array.shape, array.dtype.name, array.size)


@pytest.mark.parametrize("seed", range(200))
def test_arrays(seed):
    array, held = made(random.Random(seed)), io.BytesIO()
    np.lib.format.write_array(held, array, version=random.Random(seed).choice([None, (1, 0), (2, 0), (3, 0)]))
    (found,) = read_array(MemorySource(held.getvalue(), "w.npy")).tensors()
    assert same(found, array)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives(seed, save):
    rng, held = random.Random(seed), io.BytesIO()
    arrays = {f"{rng.choice('abc')}/{k}.kernel": made(rng) for k in range(rng.randrange(1, 9))}
    save(held, **arrays)
    found = list(read_archive(MemorySource(held.getvalue(), "w.npz")).tensors())
    assert [t.name for t in found] == list(arrays)
    assert all(map(same, found, arrays.values()))


def test_unusual_types_keep_their_size():
    for array in (np.zeros(3, np.longdouble), np.zeros(3, "U7"), np.zeros(3, "S5"), np.zeros(3, "M8[s]")):
        held = io.BytesIO()
        np.save(held, array)
        (found,) = read_array(MemorySource(held.getvalue(), "w.npy")).tensors()
        assert (found.shape, found.dtype, found.stored) == (array.shape, None, (3, array.nbytes))
