"""Damaged FlatBuffers, walked without a schema: only our own errors, and never more than a file explains."""

from __future__ import annotations

from nparams.files._flatbuffer import SHARING, SPARE, Flatbuffer, Table
from nparams.files.bytesource import MemorySource
from tests.fuzz._drive import drive
from tests.tflite_maker import L, N, V, flatbuffer

INNER = {0: N("i", 7), 2: "text", 3: V("i", [1, 2, 3])}
SEEDS = [
    flatbuffer({0: INNER, 1: L([INNER, {}, {1: L([INNER])}]), 2: "name", 3: V("Q", [1, 2]), 5: N("q", -1)}),
    flatbuffer({0: {0: {0: {1: L([{}, {}])}}}, 1: L([{2: "a" * 70, 4: N("B", 3)} for _ in range(9)])}),
    flatbuffer({k: N(code, 1) for k, code in enumerate("bBhHiIqQ")}),
]
DEPTH, MOST = 4, 1000
COUNT = 1_000_000


def one(data: bytes) -> None:
    """Walk one buffer; no more is met in it than it can hold."""
    seen = walk(Flatbuffer(MemorySource(data, "m.bin")).root("root"), DEPTH)
    assert seen <= SHARING * len(data) + SPARE, f"{seen:,} tables and numbers"


def run(count: int, seed: int) -> dict[str, int]:
    """Walk `count` damaged buffers; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)


def walk(table: Table, depth: int) -> int:
    """Everything in a table, as if each field were each thing that a field can be; how many tables and numbers."""
    seen = 1
    for field in range(6):
        if field not in table:
            continue
        seen += table.number(field, "B") >= 0
        if field == 2:
            seen += len(table.text(2)) >= 0
        elif field == 3:
            seen += len(table.numbers(3, "i", MOST))
        elif field == 1 and depth:
            seen += sum(walk(inner, depth - 1) for inner in table.tables(1, "item", MOST))
        elif field == 0 and depth and table.number(1, "B") == 0:
            inner = table.table(0, "inner")
            seen += walk(inner, depth - 1) if inner is not None else 0
    return seen
