"""Damaged GGUF: only our own errors leave the reader, and a header never claims more than the file could hold."""

from __future__ import annotations

import random

from nparams.errors import NparamsError
from nparams.files._gguf.tensors import DENSEST
from nparams.files.bytesource import MemorySource
from nparams.files.gguf import read
from tests.fuzz._mutate import mutants
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
]  # fmt: skip


class MemoryFolder:
    """The unharmed files of the set, under their bare names."""

    name = "folder"

    def names(self) -> list[str]:
        return sorted(SET)

    def open(self, name: str) -> MemorySource:
        return MemorySource(SET[name], name)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    folder, name, room = MemoryFolder(), min(SET), sum(map(len, SET.values()))
    accepted = 0
    for data in mutants(SEEDS, count, random.Random(seed)):
        try:
            claimed = elements(MemorySource(data, name), folder)
        except BaseException:
            print(f"not one of our errors, for {data.hex()}", flush=True)
            raise
        accepted += claimed is not None
        assert (claimed or 0) <= DENSEST * (len(data) + room), data.hex()
    return {"accepted": accepted, "refused": count - accepted}


def elements(source: MemorySource, folder: MemoryFolder) -> int | None:
    """The elements that a file claims to hold; None where it is refused, in one printable line."""
    try:
        network = read(source, folder)
    except NparamsError as problem:
        if not str(problem).isprintable():
            raise AssertionError(f"unprintable: {problem!r}") from problem
        return None
    return sum(t.size for t in network.tensors() if isinstance(t.size, int))
