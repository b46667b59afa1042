"""Damaged HDF5: only our own errors leave the reader, and no more bytes are claimed than there are.

Checksums would hide most of the reader from damage, so for every second file they are taken as right.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from nparams.errors import NparamsError
from nparams.files._hdf5 import Group, open_file
from nparams.files._hdf5.fractal_heap import FractalHeap
from nparams.files._hdf5.store import Store
from nparams.files.bytesource import MemorySource
from tests.conftest import REPOSITORY
from tests.fuzz._mutate import check_line, mutants

SEEDS = [path.read_bytes() for path in sorted((REPOSITORY / "tests" / "data" / "hdf5").glob("*.h5"))]
VALUES = 10_000


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    accepted = 0
    for number, data in enumerate(mutants(SEEDS, count, random.Random(seed))):
        try:
            with believed() if number % 2 else sceptical():
                accepted += read_all(data)
        except BaseException:
            print(f"not one of our errors, for {data.hex()}", flush=True)
            raise
    return {"accepted": accepted, "refused": count - accepted}


@contextmanager
def sceptical() -> Iterator[None]:
    yield


@contextmanager
def believed() -> Iterator[None]:
    """Every checksum is right."""
    with (
        patch.object(Store, "checked", lambda self, data, what, at: data[:-4]),
        patch.object(FractalHeap, "_check_sum", lambda self, data, at: None),
    ):
        yield


def read_all(data: bytes) -> bool:
    """Whether all of a file can be read: every attribute's value, every dataset's size and, where few, its values."""
    try:
        root = open_file(MemorySource(data, "m.h5"))
        things = [root]
        while things:
            thing = things.pop()
            for attribute in thing.attrs().values():
                attribute.value()
            if isinstance(thing, Group):
                things += [found for _, found in thing.items()]
                continue
            assert thing.stored_bytes <= len(data)
            if thing.elements * thing.item_bytes <= VALUES:
                assert len(thing.data(VALUES)) == thing.elements * thing.item_bytes
    except NparamsError as problem:
        check_line(problem)
        return False
    return True
