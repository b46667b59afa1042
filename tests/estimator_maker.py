"""Writes pickles of scikit-learn's estimators, plain and by joblib, without either (joblib/numpy_pickle.py)."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from typing import Any

from tests.pickle_maker import G, Pickler, R, size

NDARRAY, DTYPE = G("numpy", "ndarray"), G("numpy", "dtype")
#: bytes of a value
WIDTHS = {"f8": 8, "f4": 4, "i8": 8, "i4": 4, "b1": 1}


def dtype(text: str) -> R:
    """numpy.dtype(text), as pickles write it: '<U5' tells its order and size in its state."""
    width = int(text[1:]) * 4 if text[0] == "U" else -1
    return R(DTYPE, (text, False, True), (3, "<" if text[0] != "O" else "|", None, None, None, width, -1, 0))


def array(shape: Sequence[int], kind: str = "f8", held: Any = None, core: str = "_core") -> R:
    """An array as NumPy pickles it (protocols 2 to 4)."""
    told = bytes(size(shape) * WIDTHS.get(kind, 4)) if held is None else held
    return R(G(f"numpy.{core}.multiarray", "_reconstruct"), (NDARRAY, (0,), b"b"), (1, tuple(shape), dtype(kind),
        False, told))  # fmt: skip


def from_buffer(shape: Sequence[int], kind: str = "f8") -> R:
    """An array as protocol 5 writes it."""
    told = bytes(size(shape) * WIDTHS[kind])
    return R(G("numpy._core.numeric", "_frombuffer"), (told, dtype(kind), tuple(shape), "C"))


def objects(*entries: Any) -> R:
    """An array of Python objects."""
    return array((len(entries),), "O8", list(entries))


def scalar(kind: str = "f8") -> R:
    """numpy.float64(0)."""
    return R(G("numpy._core.multiarray", "scalar"), (dtype(kind), bytes(WIDTHS[kind])))


def estimator(name: str, module: str = "sklearn.linear_model._base", **state: Any) -> R:
    return R(G(module, name), (), {**state, "_sklearn_version": "1.9.1"}, new=True)


def mlp(*widths: int, kind: str = "MLPClassifier", make: Any = array, **more: Any) -> R:
    """A fitted network."""
    pairs = list(itertools.pairwise(widths))
    held = {"coefs_": [make(pair) for pair in pairs], "intercepts_": [make((n,)) for n in widths[1:]], **more}
    return estimator(kind, "sklearn.neural_network._multilayer_perceptron", hidden_layer_sizes=widths[1:-1], **held)


class Wrapped:
    """An array as joblib writes it: a description, then its numbers; of an array of objects a pickle inside.

    `aligned` None: no padding (before 1.2).  What is not None contradicts the rest.
    """

    def __init__(
        self, shape: Any, kind: str = "f8", inner: bytes | None = None, aligned: int | None = 16,
            numbers: int | None = None,
        module: str = "joblib.numpy_pickle", name: str = "NumpyArrayWrapper",
    ) -> None:  # fmt: skip
        self.inner, self.aligned = inner, aligned
        state = {"subclass": NDARRAY, "shape": shape, "order": "C", "dtype": dtype(kind), "allow_mmap": True}
        self.record = R(G(module, name), (), {**state,
            **({} if aligned is None else {"numpy_array_alignment_bytes": aligned})}, new=True)  # fmt: skip
        self.length = size(shape) * WIDTHS.get(kind, 8) if numbers is None else numbers


class JoblibPickler(Pickler):
    """Writes numbers among the opcodes."""

    def save(self, value: Any) -> None:
        if not isinstance(value, Wrapped):
            super().save(value)
            return
        if self.got(id(value)):
            return
        self.kept.append(value)
        super().save(value.record)
        self.memo[id(value)] = self.memo[id(value.record)]
        if value.inner is not None:
            self.out += value.inner
        elif value.aligned is not None:
            padding = value.aligned - (len(self.out) + 1) % value.aligned
            self.out += bytes([padding]) + b"\xff" * padding + b"\x2e" * value.length
        else:
            self.out += b"\x2e" * value.length


def dumped(value: Any, protocol: int = 4) -> bytes:
    """A file of joblib.dump."""
    return JoblibPickler(protocol).dump(value)


def frame(data: bytes) -> bytes:
    """FRAME, as protocol 4 puts before what follows."""
    return data[:2] + b"\x95" + struct.pack("<Q", len(data) - 2) + data[2:]
