"""Damaged ncnn models: a .param in text and binary, alone and with its .bin; a .bin with its .param."""

from __future__ import annotations

from functools import partial

from nparams.files.bytesource import MemorySource
from nparams.files.ncnn import read
from tests.fuzz._drive import drive
from tests.fuzz.folder import MemoryFolder
from tests.ncnn_maker import BLOCKS, FLOAT16, INT8, LAYERS, TABLE, L, b, binary, numbers, text, w

KINDS = "param binary bin"
ALL = [*LAYERS, *BLOCKS]
SMALL = [L("InnerProduct", {0: 3, 1: 1, 2: 15}, [w(3, 5, flag=flag), b(3)]) for flag in (0, FLOAT16, INT8, TABLE)]
GRAPH = [L("MemoryData", {0: 3, 1: 2}, inputs=0), L("Split", {}), L("Reshape", {0: 6}), L("BinaryOp", {0: 0}, inputs=2)]
PNNX = b"""7767517
3 2
pnnx.Input in 0 1 0 #0=(1,3)f32
nn.Linear fc 1 1 0 1 bias=True in_features=3 out_features=2 @bias=(2)f32 @weight=(2,3)f16 #1=(1,2)f32
pnnx.Output out 1 0 1
"""
SEEDS = {
    "param": [text(ALL), text(SMALL), text(GRAPH), *(text([layer]) for layer in ALL[::3]), PNNX],
    "binary": [binary(ALL), binary(SMALL), binary(GRAPH), *(binary([layer]) for layer in ALL[::3])],
    "bin": [b"\0" + numbers(ALL), b"\1" + numbers(SMALL)],  # which layers they belong to, then the .bin
}  # fmt: skip
MOST = 1 << 48  # numbers of one array


def one(data: bytes, kind: str) -> None:
    """Read one model, and ask it everything."""
    if kind == "bin":
        layers, data = (ALL, SMALL)[data[0] % 2 if data else 0], data[1:]
        folder = MemoryFolder({"m.bin": data, "m.param": text(layers)})
        network = read(MemorySource(data, "m.bin"), folder)
        held = sum(t.size for t in network.tensors() if isinstance(t.size, int))
        assert held <= 2 * len(data), f"{held:,} numbers"
        return
    name = "m.param" if kind == "param" else "m.param.bin"
    network = read(MemorySource(data, name), MemoryFolder({name: data}))
    network.to_json()
    assert all(t.size < MOST for t in network.tensors() if isinstance(t.size, int))


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged files of that kind; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS[kind], partial(one, kind=kind))
