"""Damaged Caffe models: only our own errors, in one line, and never more numbers than a file could hold."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.caffe import read
from tests.caffe_maker import LENET, V1_CONVOLUTION, V1_DATA, blob, double, layer, legacy, loose, net, raw, v0, v1
from tests.fuzz._drive import drive, real

SEEDS = [
    LENET, net(v1("data", V1_DATA), v1("conv", V1_CONVOLUTION, legacy(8, 3, 3, 3), legacy(1, 1, 1, 8), shared=["w"])),
    net(v0("c", "conv", legacy(2, 1, 3, 3), legacy(1, 1, 1, 2))),
    net(layer("a", "InnerProduct", double(4, 2), blob(4), shared=["w", ""]),
        layer("b", "InnerProduct", blob(4, 2), blob(4), shared=["w", "b"]), layer("a", "InnerProduct", blob(4, 2))),
    net(layer("dw", "Convolution", raw(2, 2, 4, 1, 3, 3), group=4), layer("p", "Python", blob(2, data=loose(2)))),
    *real("caffemodel"),
]  # fmt: skip


def one(data: bytes) -> None:
    """Read one file, and ask it everything."""
    network = read(MemorySource(data, "m.caffemodel"))
    network.to_json()
    held = sum(t.size for t in network.tensors() if isinstance(t.size, int) and t.size != 1)
    assert held <= len(data), f"{held:,} numbers"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
