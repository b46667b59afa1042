"""Damaged starts of files that are known by name: told, left alone, or refused, whatever they are called."""

from __future__ import annotations

import random

from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource
from nparams.files.sniff import readable_text, recognise, unknown
from nparams.registry import SOURCES
from tests.fuzz._drive import drive
from tests.fuzz._mutate import check_line
from tests.strangers_cases import CASES

FILES = [row for row in SOURCES if row.kind == "file"]
NAMES = sorted({name for name, _, _ in CASES})
SEEDS = [data for _, data, _ in CASES]


def one(data: bytes) -> None:
    """Ask what a file is under a name of another."""
    name = random.Random(len(data)).choice(NAMES)
    source = MemorySource(data, name)
    readable_text(source, FILES)
    if recognise(source, FILES) is None:
        problem: NparamsError = unknown(source, FILES)
        check_line(problem)


def run(count: int, seed: int) -> dict[str, int]:
    """Ask of `count` damaged starts; how many were told and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
