"""Damaged Darknet networks: a .cfg alone, and the headers and sizes of a .weights with its .cfg."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from struct import pack

from nparams.files.bytesource import MemorySource
from nparams.files.darknet import read
from nparams.files.darknet_cfg import read as read_cfg
from tests.fuzz._drive import drive
from tests.fuzz.folder import MemoryFolder

KINDS = "cfg weights"
DATA = Path(__file__).parents[1] / "data" / "darknet"
SMALL = (
    b"[net]\nwidth=8\nheight=6\nchannels=3\n[convolutional]\nfilters=2\nsize=3\nbatch_normalize=1\n[conv]\nfilters=4\n"
)
MIXED = SMALL + (
    b"[shortcut]\nfrom=-2\nweights_type=per_channel\n[route]\nlayers=-1,0\n[reorg]\nstride=2\n[upsample]\n[local]\n"
    b"[maxpool]\nsize=2\nstride=2\n[crnn]\noutput=3\n[implicit]\natoms=2\n[avgpool]\n[gru]\noutput=3\n[connected]\n"
)
SEEDS = {
    "cfg": [SMALL, MIXED, *(path.read_bytes() for path in sorted(DATA.glob("*.cfg")))],
    "weights": [pack("<4i", 0, 1, 0, 9) + bytes(4 * 74), pack("<3iq", 0, 2, 5, 9) + bytes(4 * 74),
                pack("<3iq", 0, 2, 0, 9) + bytes(4 * 62)],
}  # fmt: skip


def one(data: bytes, kind: str) -> None:
    """Read one network, and ask it everything."""
    if kind == "cfg":
        network = read_cfg(MemorySource(data, "m.cfg"))
    else:
        network = read(MemorySource(data, "m.weights"), MemoryFolder({"m.weights": data, "m.cfg": SMALL}))
        assert 4 * (network.totals.elements or 0) <= len(data)
    network.to_json()


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged files of that kind; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS[kind], partial(one, kind=kind))
