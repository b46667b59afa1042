"""Damaged pickles of estimators, plain, by joblib and compressed: only our own errors leave the readers."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

from nparams.files.bytesource import MemorySource
from nparams.files.joblib import read
from tests.estimator_maker import Wrapped, dumped, frame, from_buffer, mlp
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.fuzz.pickle import opcode
from tests.pickle_maker import pickled
from tests.test_joblib import CASES, INNER, REFUSED

NET = dumped(mlp(4, 5, 3, make=Wrapped))
PLAIN = [
    *(pickled(case.value, protocol) for case in CASES for protocol in (2,
        4) if "784" not in case.name and case.name != "protocol 5"),
    *(pickled(value) for _, value, _ in REFUSED if value is not None), pickled(mlp(4, 5, 3, make=from_buffer)),
]  # fmt: skip
BY_JOBLIB = [
    NET, dumped(mlp(4, 5, 3, make=Wrapped), 2), frame(NET), dumped(mlp(4, 3, make=lambda shape: Wrapped(shape,
        aligned=None))),
    dumped(mlp(4, 3, make=Wrapped, classes_=Wrapped((2,), "O8", INNER))), dumped({"W1": Wrapped((3, 2)),
        "b1": Wrapped((2,))}),
]  # fmt: skip
PACKED = [
    zlib.compress(NET),
    gzip.compress(NET),
    bz2.compress(NET),
    lzma.compress(NET),
    lzma.compress(NET, lzma.FORMAT_ALONE),
]
SEEDS = [*PLAIN, *BY_JOBLIB, *PACKED]


def one(data: bytes) -> None:
    """Read one file; what is counted stands in it, if it is not compressed."""
    network = read(MemorySource(data, "m.joblib"))
    if data[:1] in b"\x80(c]}":
        held = sum(t.size for t in network.tensors() if not t.tied_to and not t.stored and isinstance(t.size, int))
        assert held <= 8 * len(data), f"{held:,} elements"
    assert network.totals.elements is not None


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, opcode, opcode))
