"""Zstandard: frames of the reference compressor, and what is no frame."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from pathlib import Path

import pytest

from nparams.errors import FormatError
from nparams.files._zstd.bits import Work
from nparams.files._zstd.frame import MAGIC, decompress
from nparams.files._zstd.literals import Literals
from nparams.files._zstd.sequences import Sequences
from tests.limits import limited, need_limits

HELD = json.loads((Path(__file__).parent / "data" / "zstd.json").read_text("utf-8"))["frames"]
FRAMES = {name: b64decode(each["frame"]) for name, each in HELD.items()}
MOST = 1 << 20


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_the_reference_compressor(name):
    """Made by tools/fixtures/zstd.py: lengths and digests are those of what was compressed."""
    made = decompress(FRAMES[name], "x", MOST)
    assert (len(made), hashlib.sha256(made).hexdigest()) == (HELD[name]["size"], HELD[name]["sha256"])


def test_the_frames_are_of_every_kind(monkeypatch):
    """Literals raw, repeated, coded (one stream and four), by the codes before; tables of all four modes."""
    kinds, modes = set(), set()
    read, describe = Literals.read, Sequences._describe
    monkeypatch.setattr(
        Literals, "read", lambda self, block, most: (kinds.add(block[0] & 3), read(self, block, most))[1]
    )
    monkeypatch.setattr(
        Sequences,
        "_describe",
        lambda self, block, at: (
            modes.update((k, block[at] >> (6 - 2 * k) & 3) for k in range(3)),
            describe(self, block, at),
        )[1],
    )
    for data in FRAMES.values():
        decompress(data, "x", MOST)
    assert kinds == {0, 1, 2, 3}
    assert {mode for _, mode in modes} == {0, 1, 2, 3}


def frame(*blocks: tuple[int, bytes, int | None], head: bytes = b"\x00\x58") -> bytes:
    """A frame of blocks: (kind, what it holds, the length that it says)."""
    held = b""
    for k, (kind, data, length) in enumerate(blocks):
        last = k == len(blocks) - 1
        held += ((len(data) if length is None else length) << 3 | kind << 1 | last).to_bytes(3, "little") + data
    return MAGIC + head + held


RAW, RLE, PACKED = 0, 1, 2
GOOD = FRAMES["records +3"]
# what is wrong | bytes | most | what is said
REFUSED = [
    ("nothing", b"", 9, "it begins b'' where a frame begins"),
    ("another kind of file", b"\x1f\x8b\x08\0\0\0\0", 9, "where a frame begins b'(\\xb5/\\xfd'"),
    ("a frame that is skipped", b"\x50\x2a\x4d\x18\1\0\0\0a", 9, "it begins b'P*M\\x18'"),
    ("only the head", MAGIC + b"\x20\x05", 9, "it ends where a block should begin"),
    ("cut in the head", MAGIC + b"\xe0\x05", 9, "it ends in its header"),
    ("a reserved bit", MAGIC + b"\x28\x05" + bytes(9), 9, "a reserved bit is set in its header"),
    ("a dictionary", MAGIC + b"\x21\x07\x05" + bytes(9), 9, "it needs a dictionary, which is not here"),
    ("a window of 3.75 TB", frame((RAW, b"a", None), head=b"\x00\xff"), 9,
     "it asks for a window of 4,123,168,604,160 bytes, where 134,217,728 is the most"),
    ("more than is made", frame((RAW, b"a", None), head=b"\xa0\x00\x00\x00\x10"), 9,
     "it announces 268,435,456 bytes, where at most 9 are made"),
    ("another size than announced", frame((RAW, b"a", None), head=b"\x20\x02"), 9, "it announces 2 bytes and holds 1"),
    ("the reserved kind of block", frame((3, b"a", None)), 9, "a block is of the reserved kind"),
    ("a block longer than the frame", frame((RAW, b"a", 50)), 99, "it ends in a block of 50 bytes"),
    ("a block of 2**20", frame((RLE, b"a", 1 << 20)), MOST, "a block of 1,048,576 bytes, where 131,072 is the most"),
    ("a block larger than the window", frame((RLE, b"a", 2_000), head=b"\x00\x00"), MOST,
     "a block of 2,000 bytes, where 1,024 is the most"),
    ("a bomb", frame(*[(RLE, b"a", 100_000)] * 50), MOST, "it makes more than 1,048,576 bytes"),
    ("bytes behind the end", frame((RAW, b"a", None)) + b"b", 9, "the frame ends at byte 10 of 11"),
    ("no checksum", frame((RAW, b"a", None), head=b"\x04\x58"), 9, "the frame ends at byte 10 of 10"),
    ("an empty packed block", frame((PACKED, b"", None)), 9, "a block of compressed bytes is empty"),
    ("no sequences", frame((PACKED, b"\x08a", None)), 9, "a block ends before its sequences"),
    ("more literals than there are", frame((PACKED, b"\xf8a\0", None)), 99,
     "31 literals, which the block does not have"),
    ("packed literals cut", frame((PACKED, b"\x02\x01", None)), 99, "a block ends in the header of its literals"),
    ("packed literals that are not there", frame((PACKED, b"\x02\xc0\xff", None)), MOST,
     "in 1,023 bytes, which the block does not have"),
    ("no codes before", frame((PACKED, b"\x13\x40\x00\x01\x00", None)), 99,
     "a block uses the codes of the one before, and there are none"),
    ("codes cut", frame((PACKED, b"\x12\x40\x00\x05\x00", None)), 99, "the codes of a block are cut short"),
    ("codes of nothing", frame((PACKED, b"\x12\x80\x00\x80\x00\x00", None)), 99, "the weights of codes are all 0"),
    ("codes that do not add up", frame((PACKED, b"\x12\xc0\x00\x81\x13\x00", None)), 99,
     "the weights of codes do not add up"),
    ("nothing after the sequences' count", frame((PACKED, b"\x08a\x01", None)), 9, "a block ends before its sequences"),
    ("a reserved bit of modes", frame((PACKED, b"\x08a\x01\x01\x01", None)), 9,
     "a reserved bit is set before the sequences"),
    ("no table before", frame((PACKED, b"\x08a\x01\xfc\x01", None)), 9,
     "a block uses the table of the one before, and there is none"),
    ("a code that is none", frame((PACKED, b"\x08a\x01\x54\x24\x00\x00\x01", None)), 9,
     "a block has no code for its sequences"),
    ("no end mark", frame((PACKED, b"\x08a\x01\x54\x00\x00\x00\x00", None)), 9, "a stream of bits has no end mark"),
    ("a copy from before the beginning", frame((PACKED, b"\x08a\x01\x54\x00\x03\x00\x0f", None)), 99,
     "a sequence copies from 12 bytes back, where there are 0"),
    ("a table of 2**20 states", frame((PACKED, b"\x08a\x01\x94\x0f\x00\x00\x01", None)), 99,
     "a table of 2**20 states, where 2**9 is the most"),
    ("a sequence cut", frame((PACKED, b"\x08a\x01\x00\x01", None)), 99, "the sequences of a block are cut short"),
    ("more after the sequences' end", frame((PACKED, b"\x08a\0\0", None)), 9, "a block without sequences goes on"),
    *[(f"a frame cut at {at}", GOOD[:at], MOST, "compressed by Zstandard, and ") for at in (7, 20, 400, len(GOOD) - 5)],
]  # fmt: skip


@pytest.mark.parametrize(("data", "most", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused(data, most, said):
    with pytest.raises(FormatError) as caught:
        decompress(data, "d/x", most)
    assert said in str(caught.value)
    assert str(caught.value).startswith("d/x: compressed by Zstandard, and ")


def test_work_is_bounded():
    """What is coded bit by bit takes long: 2,000 bytes of literals here, and sequences of 8 each."""
    assert decompress(FRAMES["bytes +1"], "x", MOST, Work(2_100))
    with pytest.raises(FormatError, match="it is packed so tightly that it takes more work than is done"):
        decompress(FRAMES["bytes +1"], "x", MOST, Work(1_900))
    with pytest.raises(FormatError, match="more work than is done"):
        decompress(FRAMES["records +3"], "x", MOST, Work(100))


@need_limits
def test_a_bomb_costs_no_more_than_it_may_make():
    """20 KB that announce nothing and would make 650 MB."""
    code = """
bomb = frame(*[(RLE, b"a", 131_072)] * 5_000)
try:
    decompress(bomb, "d/x", 16_000_000)
except FormatError as problem:
    print(problem)
"""
    made = limited("from tests.test_zstd import FormatError, RLE, decompress, frame", code, megabytes=40, beyond=True)
    assert "it makes more than 16,000,000 bytes" in made.stdout, made.stderr
