"""Damaged TensorFlow Lite files: only our own errors, in one line, and never more numbers than a file could hold."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.tflite import read
from nparams.network import Network
from tests.fuzz._drive import drive, real
from tests.tflite_maker import FLOAT16, INT4, INT8, STRING, G, L, N, Op, T, V, blockwise, model, options, scales, sparse

X = T("x", [1, 4], data=None)
DENSE = G([X, T("w", [3, 4]), T("b", [3]), X], [Op("FULLY_CONNECTED", [0, 1, 2], [3])], [0], [3], "main")
BODY = G([X, T("in", [3, 4], data=None)], [Op("CONV_2D", [0, 1, -1], [0])], [0, 1], [0])
SEEDS = [
    model(DENSE),
    model(DENSE, G([X, T("w", [3, 4], data=1), T("b", [3], data=2), X], DENSE.operators)),
    model(G([X, T("w", [3, 4])], [Op("WHILE", [0, 1], [0, 1], options(1, 2))]), BODY, BODY),
    model(G([X, T("w", [4, 8], data=bytes(28), more=sparse(4, (5, 7)))], [Op("DENSIFY", [1], [0])])),
    model(G([X, T("w", [4, 64], INT4, more=blockwise(2)), T("s", [4, 2], FLOAT16), T("t", [1], STRING, bytes(9))],
            [Op("FULLY_CONNECTED", [0, 1], [0])])),
    model(G([T("v", [], 13, None), T("w", [5], INT8, more=scales(5)), X], [
        Op("VAR_HANDLE", [], [0], {0: "", 1: "v"}), Op("ASSIGN_VARIABLE", [0, 1]), Op("READ_VARIABLE", [0], [2]),
        Op("Custom", [2, 1], [2]), Op("STABLEHLO_COMPOSITE", [1], [2], options(0, 0)), Op("MUL", [2, 1], [2])])),
    model(G([T("w", [3, 4], data=1), T("e", [2], data=None, more={10: N("I", 7)})]), extra={
        4: L([{}, {1: N("Q", 8), 2: N("Q", 48)}, {0: V("B", bytes(4))}]), 9: L([{0: N("I", 7), 3: N("Q", 8)}])}),
    *real("tflite", largest=100_000),
]  # fmt: skip
DENSEST = 4  # numbers in a byte of an int2 tensor


def one(data: bytes) -> None:
    """Read one file, and ask it everything."""
    network = read(MemorySource(data, "m.tflite"))
    network.to_json()
    held = claimed(network)
    assert held <= DENSEST * len(data), f"{held:,} numbers"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)


def claimed(network: Network) -> int:
    """The numbers that a file claims to hold itself: zeros that are left out, text and other files apart."""
    if any("in another file" in note for note in network.notes):
        return 0
    return sum(t.size for t in network.tensors() if isinstance(t.size, int) and t.tied_to is None and t.stored is None)
