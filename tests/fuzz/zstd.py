"""Damaged frames of Zstandard: only our own errors, in one line, and never more bytes than may be made."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

from nparams.files._zstd.frame import decompress
from tests.fuzz._drive import drive
from tests.test_zstd import PACKED, RAW, RLE, frame

COUNT = 1_000_000
HELD = json.loads((Path(__file__).parents[1] / "data" / "zstd.json").read_text("utf-8"))["frames"]
MOST = 40_000
SEEDS = [
    frame((RAW, b"abc", None), (RLE, b"a", 100), (PACKED, b"\x08a\0", None)),
    *(data for each in HELD.values() if len(data := b64decode(each["frame"])) <= 1_300),
]


def one(data: bytes) -> None:
    """Make what a frame holds."""
    assert len(decompress(data, "x", MOST)) <= MOST


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged frames; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
