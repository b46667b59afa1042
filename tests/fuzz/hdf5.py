"""Damaged HDF5: only our own errors leave the reader, and no more bytes are claimed than there are.

Checksums would hide most of the reader from damage, so for about every second file they are taken as right.
"""

from __future__ import annotations

import zlib
from unittest.mock import patch

from nparams.files._hdf5 import Group, open_file
from nparams.files._hdf5.fractal_heap import FractalHeap
from nparams.files._hdf5.store import Store
from nparams.files.bytesource import MemorySource
from tests.conftest import REPOSITORY
from tests.fuzz._drive import drive, real
from tests.hdf5_maker import F32, Maker, attribute, space

COUNT = 1_000_000
VALUES = 10_000


def by_hand() -> bytes:
    maker = Maker()
    x = maker.dataset(2, 3)
    return maker.done(maker.group(a=maker.group(b=x, c=x), d=maker.header(attribute("n", F32, space(1), bytes(4)))))


MADE = [path.read_bytes() for path in sorted((REPOSITORY / "tests" / "data" / "hdf5").glob("*.h5"))]
SEEDS = [by_hand(), *MADE, *real("h5", largest=100_000)]


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)


def one(data: bytes) -> None:
    """Read all of a file, with its checksums or without."""
    if zlib.crc32(data) & 1:
        read_all(data)
        return
    with (
        patch.object(Store, "checked", lambda self, data, what, at: data[:-4]),
        patch.object(FractalHeap, "_check_sum", lambda self, data, at: None),
    ):
        read_all(data)


def read_all(data: bytes) -> None:
    """Every attribute's value, every dataset's size and, where few, its values."""
    root = open_file(MemorySource(data, "m.h5"))
    things = [root]
    while things:
        thing = things.pop()
        for attribute_ in thing.attrs().values():
            attribute_.value()
        if isinstance(thing, Group):
            things += [found for _, found in thing.items()]
            continue
        assert thing.stored_bytes <= len(data)
        if thing.elements * thing.item_bytes <= VALUES:
            assert len(thing.data(VALUES)) == thing.elements * thing.item_bytes
