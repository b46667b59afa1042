"""Damaged GGUF: only our own errors leave the reader, and a header never claims more than the file could hold."""

from __future__ import annotations

from nparams.files._gguf.tensors import DENSEST
from nparams.files.bytesource import MemorySource
from nparams.files.gguf import read
from tests.fuzz._drive import drive, real
from tests.gguf_maker import F16, F32, Q4_0, Q8_0, T, gguf, shards

KEYS = [
    ("general.architecture", "str", "llama"), ("llama.expert_count", "u32", 4), ("llama.expert_used_count", "u32", 2),
    ("general.alignment", "u32", 32), ("t", "arr", ("str", ["a", "bc", "", "x" * 40])), ("s", "arr", ("f32", [0.5, 9])),
    ("n", "arr", ("arr", [("arr", [("u8", [1, 2])]), ("str", ["deep"])])), ("general.parameter_count", "u64", 700),
]  # fmt: skip
TENSORS = [T("token_embd.weight", [32, 4], Q8_0), T("blk.0.ffn_up_exps.weight", [32, 2, 4], Q4_0),
           T("blk.0.attn_q.bias", [5]), T("rope_freqs.weight", [4], F16), T("odd", [3], 36)]  # fmt: skip
SET = shards("m", [[T("a.weight", [3])], [T("b.bias", [2])]], KEYS)
SEEDS = [
    gguf(KEYS, TENSORS, data=600), gguf(KEYS, TENSORS, data=600, order=">"), gguf(version=2, tensors=[T("a", [], F32)]),
    gguf(KEYS[:1]), gguf(KEYS[4:5]), *SET.values(),
    *real("gguf", "gguf_corrupt"),
]  # fmt: skip


class MemoryFolder:
    """The unharmed files of the set, under their bare names."""

    name = "folder"

    def names(self) -> list[str]:
        return sorted(SET)

    def open(self, name: str) -> MemorySource:
        return MemorySource(SET[name], name)


FOLDER, NAME, ROOM = MemoryFolder(), min(SET), sum(map(len, SET.values()))


def one(data: bytes) -> None:
    """Read one file; it claims no more than it, and the rest of its set, could hold."""
    network = read(MemorySource(data, NAME), FOLDER)
    claimed = sum(t.size for t in network.tensors() if isinstance(t.size, int))
    assert claimed <= DENSEST * (len(data) + ROOM), f"{claimed:,} elements"


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
