"""Bare pickles of numpy's arrays: names, shapes and types as numpy has them, whatever the protocol."""

from __future__ import annotations

import os
import pickle
import random

import numpy as np
import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource
from nparams.files.pickles import may_be, read

DTYPES = ["?", "b", "B", "h", "i", "q", "e", "f", "d", "F", ">f4", ">i8"]


def made(rng: random.Random) -> np.ndarray:
    shape = tuple(rng.randrange(1, 6) for _ in range(rng.randrange(4)))
    return np.ones(shape, rng.choice(DTYPES), order=rng.choice("CF"))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("seed", range(30))
def test_arrays_in_a_dictionary(seed, protocol):
    rng = random.Random(seed)
    arrays = {f"layer{k}.{rng.choice(('weight', 'bias'))}": made(rng) for k in range(rng.randrange(1, 6))}
    data = pickle.dumps(arrays, protocol)
    found = {t.name: (t.shape, t.dtype) for t in read(MemorySource(data, "w.pkl")).tensors()}
    assert found == {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
    assert may_be(data) is (protocol > 1)


class Perceptron:
    """A model that its author pickled whole."""

    def __init__(self) -> None:
        self.coefs_ = [np.ones((4, 3)), np.ones((3, 2))]
        self.intercepts_ = [np.ones(3), np.ones(2)]


def test_an_object_is_its_arrays(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Perceptron()))
    assert nparams.read(tmp_path / "model.pkl").totals.known == 12 + 6 + 5


class Hostile:
    """What runs a command where it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


def test_what_holds_no_array_or_calls_something_is_refused():
    for value, told in (
        ({"a": 1}, "w.pkl is a pickle without tensors or arrays"),
        (Hostile(), f"w.pkl calls {os.name}.system"),
        (print, "w.pkl is a pickle without tensors or arrays"),
    ):
        with pytest.raises(NparamsError) as problem:
            read(MemorySource(pickle.dumps(value), "w.pkl"))
        assert str(problem.value).startswith(told)
