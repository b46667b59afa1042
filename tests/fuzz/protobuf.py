"""Damaged protocol buffers: only our own errors leave the walk, and it ends soon; `regrown` is damage that fits.

Flipped bytes mostly break the first length.  `regrow` takes a message apart as far as it is one, changes, repeats or
drops fields at any depth, and puts every length right again, so that what is wrong is the content.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from nparams.files._protobuf.schema import INT, INTS, MESSAGE, MESSAGES, RUN, SPAN, SPANS, TEXT, TEXTS, Schema, varint
from nparams.files._protobuf.wire import Wire
from nparams.files.bytesource import MemorySource
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.onnx_maker import chunk, fixed, number
from tests.onnx_maker import varint as written

#: (field number, wire type, value or the bytes of the payload)
Field = tuple[int, int, int | bytes]
WIDTHS = {1: 8, 5: 4}
DEPTH = 12
COUNT = 1_000_000
INTERESTING = (0, 1, 2, 7, 8, 127, 128, 1 << 31, 1 << 48, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def fields(data: bytes) -> list[Field] | None:
    """The fields of a message; None if the bytes are none."""
    found: list[Field] = []
    i = 0
    while i < len(data):
        try:
            tag, i = varint(data, i)
            kind = tag & 7
            if not tag >> 3 or kind not in (0, 1, 2, 5):
                return None
            value, i = varint(data, i) if kind in (0, 2) else (WIDTHS[kind], i)
        except (IndexError, ValueError):
            return None
        if kind == 0:
            found.append((tag >> 3, 0, value))
            continue
        if i + value > len(data):
            return None
        found.append((tag >> 3, kind, data[i : i + value]))
        i += value
    return found


def joined(found: Sequence[Field]) -> bytes:
    """The message of these fields, every length right."""
    out = []
    for field, kind, value in found:
        out.append(written(field << 3 | kind))
        if isinstance(value, int):
            out.append(written(value))
        else:
            out.append(written(len(value)) + value if kind == 2 else value)
    return b"".join(out)


def regrown(data: bytes, others: Sequence[bytes], rng: random.Random, depth: int = 0) -> bytes:
    """The message with one change somewhere inside."""
    found = fields(data)
    if not found or depth == DEPTH:
        return data
    k = rng.randrange(len(found))
    field, kind, value = found[k]
    if isinstance(value, bytes) and kind == 2 and rng.random() < 0.75:
        inner = regrown(value, others, rng, depth + 1)
        if inner != value or rng.random() < 0.5:
            found[k] = field, kind, inner
            return joined(found)
    _change(found, k, others, rng)
    return joined(found)


def _change(found: list[Field], k: int, others: Sequence[bytes], rng: random.Random) -> None:
    field, kind, value = found[k]
    way = rng.randrange(8)
    if way == 0:
        found.pop(k)
    elif way == 1:
        found.insert(rng.randrange(len(found) + 1), found[k])
    elif way == 2:
        found[k] = rng.choice((1, 2, 4, 5, 7, 8, 9, 11, 14, 15, rng.randrange(1, 32))), kind, value
    elif way == 3:
        found.insert(k, (field, 0, rng.choice(INTERESTING)))
    elif way == 4 and isinstance(value, bytes):
        found[k] = field, kind, value[: rng.randrange(len(value) + 1)] if kind == 2 else value
    elif way == 5 and isinstance(value, bytes) and kind == 2:
        found[k] = field, kind, _piece(rng.choice(others), rng)
    elif way == 6:
        found[k], found[0] = found[0], found[k]
    else:
        found[k] = (
            (field, 0, rng.choice(INTERESTING)) if isinstance(value, int) else (field, 2, bytes(rng.randrange(40)))
        )


def _piece(data: bytes, rng: random.Random) -> bytes:
    """A message from somewhere inside another."""
    for _ in range(rng.randrange(DEPTH)):
        inside = [value for _, kind, value in fields(data) or () if kind == 2 and isinstance(value, bytes) and value]
        if not inside:
            break
        data = rng.choice(inside)
    return data


def regrow(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """Damage as _mutate.py wants it."""
    data[:] = regrown(bytes(data), seeds, rng)


GROWING = (*DAMAGE[:4], regrow, regrow, regrow, regrow, regrow)

TREE = Schema("Tree", {
    1: (INT, "int", None), 2: (TEXT, "text", None), 3: (SPAN, "span", None), 5: (INTS, "ints", None),
    6: (TEXTS, "texts", None), 7: (SPANS, "spans", None), 9: (RUN, "run", None),
})  # fmt: skip
TREE.fields[4] = MESSAGE, "one", TREE
TREE.fields[8] = MESSAGES, "many", Schema("Branch", TREE.fields, lambda wire, held, depth, end: (len(held), depth, end))
LEAF = number(1, 5) + chunk(2, "name") + chunk(3, bytes(40)) + number(5, 1) + chunk(5, b"\x01\x96\x01") + fixed(9, 1.0)
BRANCH = LEAF + chunk(4, LEAF) + chunk(8, LEAF) + chunk(8, chunk(4, chunk(8, LEAF))) + chunk(6, "é") + chunk(7, b"")
SEEDS = [
    LEAF,
    BRANCH,
    chunk(4, BRANCH) + chunk(4, BRANCH),
    chunk(8, BRANCH) + b"\x63\x08\x01\x64",
    chunk(9, bytes(9_000)) + LEAF,
]


def walk(data: bytes) -> None:
    """Keep everything; what was kept is no more than there was."""
    held = Wire(MemorySource(data, "m.bin")).message(TREE)
    texts = [held.get("text", ""), *held.get("texts", ())]
    assert sum(map(len, texts)) + len(held.get("ints", ())) + len(held.get("many", ())) <= len(data)


def run(count: int, seed: int) -> dict[str, int]:
    """Walk `count` damaged messages; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, walk, damage=GROWING)
