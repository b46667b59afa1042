"""Damaged Core ML models: only our own errors, in one line, and never more numbers than a file could hold."""

from __future__ import annotations

from pathlib import Path

from nparams.files.bytesource import MemorySource
from nparams.files.coreml import read
from nparams.network import Network
from tests.coreml_maker import (
    FLOAT16,
    FLOAT32,
    INNER,
    INT8,
    MATMUL,
    UINT4,
    UINT8,
    UINT32,
    block,
    const,
    dense,
    function,
    inner,
    layer,
    network,
    number,
    op,
    pipeline,
    program,
    quantised,
    value,
)
from tests.fuzz._drive import drive, real

DATA = Path(__file__).parents[1] / "data" / "coreml"
LUT = op("constexpr_lut_to_dense", {}, [("w", FLOAT16, (4, 6))], attributes={
    "indices": value(UINT8, (9,), at=64), "lut": value(FLOAT16, (8,)), "shape": value(UINT32, (2,))})  # fmt: skip
NEW = op("constexpr_lut_to_dense", {"indices": value(UINT4, (2, 6)), "lut": value(FLOAT16, (1, 1, 16, 2))},
         [("w", FLOAT16, (4, 6))])  # fmt: skip
USE = op("linear", {"x": "x", "weight": "w"}, ["y"])
BODY = block([const("a", FLOAT32, (4, 4)), op("matmul", {"x": "h", "y": "a"}, ["l"])], ["i", "l"], ["i", "h"])
SEEDS = [
    dense(), dense(at=None), program([LUT, USE]), program([NEW, USE]), program({"main": function([NEW, USE]),
        "b": function([LUT, USE])}),
    program([op("while_loop", {"loop_vars": ["x", "x"]}, ["o", "y"], [BODY, BODY]), const("q", INT8, (3,)),
             op("dequantize", {"input": "q", "scale": value(FLOAT32, ())}, ["d"]), op("add", {"x": "y", "y": "d"},
                 ["z"])]),
    network(layer("a", INNER, inner(3, 4, quantised(12, 4, table=16))), layer("b", MATMUL, number(5, 2) + number(6, 2)),
            more=number(10, 1)),
    pipeline({"p": network(layer("a", INNER, inner(3, 4))), "q": dense()}),
    *sorted((path.read_bytes() for path in DATA.rglob("*.mlmodel")), key=len),
    *real("coreml_mlpackage"),
]  # fmt: skip


def one(data: bytes) -> None:
    """Read one file, and ask it everything."""
    made = read(MemorySource(data, "m.mlmodel"))
    made.to_json()
    made.layers  # noqa: B018
    assert held(made) <= 8 * len(data), f"{held(made):,} numbers"


def held(made: Network) -> int:
    """The numbers that a file claims to hold itself; those of a program may lie in the file of weights."""
    if "program" in made.read_as:
        return 0
    return sum(t.size for t in made.tensors() if isinstance(t.size, int))


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
