"""Damaged pickles, opcode by opcode: only our own errors leave the machine, and nothing is ever called."""

from __future__ import annotations

import pickle
import random
from collections import OrderedDict
from collections.abc import Sequence

from nparams.files._pickle import Call, Dict, Long, Persistent, Record, load
from nparams.files.bytesource import MemorySource
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.pickle_maker import G, P, R, S, T, module, ordered, parameter, pickled

COUNT = 1_000_000
VALUES = [
    {"a": [1, 2.5, None, True, "é"], "b": (1, (2, (3,))), "c": {"d": b"bytes"}},
    [2**70, -(2**300), "x" * 300, b"y" * 300, (), [], {}, 1.5, -1, 65_535, 65_536],
    OrderedDict(a={1, 2}, b=frozenset((3,)), c=bytearray(b"z"), d=complex(1, 2)),
]
TENSORS = {"state_dict": ordered({"a.weight": T((2, 3)), "a.bias": T((2,), key="1"), "b": T((2, 3, 1, 1), key="2")})}
MODULE = module("Net", {"w": parameter(T((3, 4)))}, {"b": T((3,), key="1")}, {"fc": module("Linear")}, width=3)
OLD = [
    b"(lp0\nI1\naL2L\naF1.5\naS'a\\n'\naVb\\u20ac\na.", b"(dp0\nS'a'\nI01\ns.",
    b"(i__main__\nNet\np0\n(dp1\nS'x'\nI1\nsb.",
    b"\x80\x02(c__main__\nNet\no}U\x01aK\x01sb.", b"Pabc\n.", b"\x80\x02N20.", b"(K\x01K\x021]2\x86.",
    b"\x80\x02cbuiltins\ngetattr\nc__main__\nNet\nX\x01\x00\x00\x00a\x86R.",
    b"ccopy_reg\n_reconstructor\n(c__main__\nNet\nc__builtin__\nobject\nNtR(dS'a'\nI1\nsb.",
]  # fmt: skip
SPELLINGS = ((2, False), (2, True), (4, False))
SEEDS = [
    *(pickle.dumps(value, protocol) for value in VALUES for protocol in range(6)), *OLD,
    *(pickled(value, protocol, wide) for value in (TENSORS, MODULE) for protocol, wide in SPELLINGS),
    pickled(R(G("a.b", "C"), (1, P("x")), {"s": (1, S(3).id())}, new=True)),
]  # fmt: skip
OPCODES = bytes(sorted(b"(.0123FIJKLMNPQRSTUVXabcdegshijlopqrstu)]}GBC" + bytes(range(0x80, 0x99))))


def opcode(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """An opcode put in, or in the place of another."""
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.randrange(2)] = bytes(rng.choice(OPCODES) for _ in range(rng.choice((1, 1, 2, 3))))


def one(data: bytes) -> None:
    """Read one pickle and look at every value once."""
    loaded = load(MemorySource(data, "m.pkl"))
    assert loaded.end <= len(data)
    stack, seen = [loaded.value], set()
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple)):
            stack += value
        elif isinstance(value, Dict):
            stack += value.pairs
            stack += [*value.listed, *value.args, value.state] if isinstance(value, Record) else ()
        elif isinstance(value, Call):
            stack += value.args
        elif isinstance(value, Persistent):
            stack.append(value.id)
        elif isinstance(value, Long):
            assert value.at + value.length <= len(data)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged pickles; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one, damage=(*DAMAGE, opcode, opcode, opcode, opcode))
