"""Damaged OpenVINO IRs: only our own errors, in one line, and never more numbers than their sizes declare."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Sequence
from pathlib import Path

from nparams.files.bytesource import MemorySource
from nparams.files.openvino import read
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE, EXTREMES
from tests.openvino_maker import Graph, blob, body, dense, old, old_layer

DATA = Path(__file__).parents[1] / "data" / "openvino"


def _loop() -> bytes:
    inner = Graph(1000)
    x, h, w = inner.param("x"), inner.param("h"), inner.param("w")
    inner.op("Result", inner.op("GRUCell", x, h, w, inner.const("R", (9, 3)), inner.const("B", (9,))), outputs=0)
    graph = Graph()
    inside = body(inner, [(0, 0), (1, 1), (2, 2)], [(3, 6)], [(6, 1)])
    graph.op(
        "Result", graph.op("Loop", graph.param(), graph.param("h"), graph.const("W", (9, 4)), inside=inside), outputs=0
    )
    return graph.xml()


def _packed() -> bytes:
    graph = Graph()
    value = graph.op("Convert", graph.const("fc.weight", (6, 2, 8), "u4"))
    value = graph.op("Subtract", value, graph.op("Convert", graph.const("zero", (6, 2, 1), "u4")))
    value = graph.op("Multiply", value, graph.const("scale", (6, 2, 1), "f16"))
    value = graph.op("Reshape", value, graph.const("s", (2,), "i64"), dims=(6, 16))
    graph.op("Sin", graph.op("MatMul", graph.param(), value))
    picked = graph.op(
        "Gather", graph.const("book", (4,), "f8e4m3"), graph.const("i", (6, 2), "u2"), graph.const("a", (), "i64")
    )
    graph.op("Add", graph.param(), graph.op("Concat", picked, graph.const("text", (2,), "string")))
    return graph.xml()


SEEDS = [
    dense().xml(), _loop(), _packed(),
    old(7, old_layer(0, "Const", blob("custom", 0, 24)) + old_layer(1, "Convolution", blob("weights", 0, 108)
        + blob("biases", 108, 16))),
    *sorted((gzip.decompress(path.read_bytes()) for path in DATA.glob("*.xml.gz")), key=len)[:8],
]  # fmt: skip


#: damage that keeps most files XML
VALUE, ELEMENT = re.compile(rb'="([^"]*)"'), re.compile(rb"<(\w+)[^<>]*/>|<layer .*?</layer>", re.DOTALL)


def number(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """An attribute made another number."""
    _put(data, VALUE, rng, str(rng.choice((*EXTREMES, -1, rng.randrange(40)))).encode())


def word(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """An attribute made that of another place."""
    others = [match[1] for match in VALUE.finditer(bytes(rng.choice(seeds)))]
    _put(data, VALUE, rng, rng.choice(others) if others else b"")


def element(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """An element taken out, or put in twice, or in place of another."""
    found = list(ELEMENT.finditer(bytes(data)))
    if found:
        one, other = rng.choice(found), rng.choice(found)
        data[one.start() : one.end()] = rng.choice((b"", one[0] * 2, other[0]))


def _put(data: bytearray, pattern: re.Pattern[bytes], rng: random.Random, new: bytes) -> None:
    found = list(pattern.finditer(bytes(data)))
    if found:
        start, end = rng.choice(found).span(1)
        data[start:end] = new


def one(data: bytes) -> None:
    """Read one file, and ask it everything."""
    network = read(MemorySource(data, "m.xml"))
    network.to_json()
    network.layers  # noqa: B018
    for tensor in network.tensors():
        assert isinstance(tensor.size, int), tensor


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(number, number, word, word, element, element, *DAMAGE))
