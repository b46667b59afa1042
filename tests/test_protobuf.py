"""Protocol buffers on the wire: what is kept of a message, what is stepped over, what cannot be one."""

from __future__ import annotations

import contextlib
import random

import pytest

from nparams.errors import NparamsError
from nparams.files._protobuf.schema import (
    INT,
    INTS,
    MESSAGE,
    MESSAGES,
    RUN,
    SPAN,
    SPANS,
    TEXT,
    TEXTS,
    Run,
    Schema,
    signed,
    varint,
)
from nparams.files._protobuf.wire import DEPTH, LARGEST, Wire
from nparams.files.bytesource import MemorySource, RangeSource, drive
from tests import onnx_maker
from tests.onnx_maker import chunk, fixed, number

INNER = Schema("Inner", {1: (INT, "a", None), 2: (INTS, "b", None), 3: (TEXT, "c", None)})
ALL = Schema(
    "All",
    {
        1: (INT, "int", None), 2: (TEXT, "text", None), 3: (SPAN, "span", None), 4: (MESSAGE, "message", INNER),
        5: (INTS, "ints", None), 6: (TEXTS, "texts", None), 7: (SPANS, "spans", None), 8: (MESSAGES, "messages", INNER),
        9: (RUN, "run", None), 1000: (INT, "far", None),
    },
)  # fmt: skip
LENGTHS = Schema("Lengths", {1: (MESSAGES, "made", Schema("Made", {}, lambda wire, held, depth, at: (depth, at)))})


def group(field: int, inner: bytes = b"") -> bytes:
    return onnx_maker.varint(field << 3 | 3) + inner + onnx_maker.varint(field << 3 | 4)


# what it shows | the bytes | the message
KEPT = [
    ("nothing", b"", {}),
    ("a negative integer", number(1, -5), {"int": -5}),
    ("the largest integer", number(1, (1 << 63) - 1), {"int": (1 << 63) - 1}),
    ("an integer in more bytes than it needs", b"\x08\x81\x80\x00", {"int": 1}),
    ("the last one wins", number(1, 1) + chunk(2, "x") + number(1, 2) + chunk(2, "y"), {"int": 2, "text": "y"}),
    ("a number of two bytes", number(1000, 7), {"far": 7}),
    ("text of other alphabets", chunk(2, "Größe 名前"), {"text": "Größe 名前"}),
    ("a place, not its bytes", chunk(3, b"\xff" * 300), {"span": (3, 300)}),
    ("places", chunk(7, "ab") + chunk(7, ""), {"spans": [(2, 2), (6, 0)]}),
    ("texts", chunk(6, "a") + chunk(6, ""), {"texts": ["a", ""]}),
    ("integers, packed and not", number(5, 1) + chunk(5, b"\x02\x96\x01") + number(5, -1), {"ints": [1, 2, 150, -1]}),
    ("messages", chunk(8, number(1, 1)) + chunk(8, b""), {"messages": [{"a": 1}, {}]}),
    (
        "a message in parts is merged",
        chunk(4, number(1, 1) + number(2, 1)) + number(1, 9) + chunk(4, number(1, 2) + number(2, 2)),
        {"message": {"a": 2, "b": [1, 2]}, "int": 9},
    ),
    (
        "unknown fields of every kind",
        number(20, 1) + chunk(21, "x") + fixed(22, 1.0) + b"\xb9\x01" + bytes(8) + number(1, 1),
        {"int": 1},
    ),
    ("a group is stepped over", group(30, number(1, 9) + group(31, chunk(2, "x"))) + number(1, 1), {"int": 1}),
    ("an empty group", group(30) + number(1, 1), {"int": 1}),
]


@pytest.mark.parametrize(("data", "expected"), [c[1:] for c in KEPT], ids=[c[0] for c in KEPT])
def test_kept(data, expected):
    assert Wire(MemorySource(data)).message(ALL) == expected


def test_runs_are_counted():
    data = chunk(9, bytes(12)) + b"".join(number(9, k) for k in range(20)) + fixed(9, 1.0) + chunk(9, b"")
    run = Wire(MemorySource(data)).message(ALL)["run"]
    assert isinstance(run, Run)
    assert (run.packed, run.loose, run.spans, run.first) == (12, 21, [(2, 12), (len(data), 0)], list(range(8)))


def test_what_is_made_knows_its_depth_and_place():
    assert Wire(MemorySource(chunk(1, b"") + chunk(1, b"\x18\x05"))).message(LENGTHS) == {"made": [(2, 2), (2, 4)]}


def test_a_message_inside_is_never_read_beyond():
    inner = chunk(3, "x" * 9)[:-1]
    with pytest.raises(NparamsError, match="field 3 of 9 bytes ends beyond the message around it, at 12"):
        Wire(MemorySource(chunk(4, inner) + number(1, 1))).message(ALL)


def deep(levels: int) -> tuple[Schema, bytes]:
    schema = Schema("Deep", {})
    schema.fields[1] = (MESSAGE, "inner", schema)
    data = b""
    for _ in range(levels):
        data = chunk(1, data)
    return schema, data


# the threat | the bytes | the message
REFUSED = [
    ("field number 0", b"\0\0", "All (offset 0): no field has number 0 and wire type 0. Damaged, or another format"),
    ("wire type 6", b"\x0e\0", "All (offset 0): no field has number 1 and wire type 6. Damaged, or another format"),
    (
        "a field number of 30 bits",
        onnx_maker.varint(1 << 32) + b"\0",
        "All (offset 0): no field has number 536,870,912 and wire type 0. Damaged, or another format",
    ),
    ("an integer cut off", b"\x08\x80", "All (offset 0): field 1 ends beyond the file, at 2. Cut short?"),
    ("a tag cut off", number(1, 1) + b"\x88", "All (offset 2): field 1 ends beyond the file, at 3. Cut short?"),
    ("a tag alone", b"\x08", "All (offset 0): field 1 ends beyond the file, at 1. Cut short?"),
    ("an integer of eleven bytes", b"\x08" + b"\xff" * 11, "All (offset 0): an integer of more than 10 bytes"),
    ("an integer of 65 bits", b"\x08" + b"\xff" * 9 + b"\x02", "All (offset 0): an integer of more than 64 bits"),
    (
        "2^63 bytes",
        b"\x12" + b"\xff" * 8 + b"\x7f",
        ("All (offset 0): field 2 of 9,223,372,036,854,775,807 bytes ends beyond the file, at 10. Cut short?"),
    ),
    (
        "one byte too few",
        chunk(2, "abc")[:-1],
        "All (offset 0): field 2 of 3 bytes ends beyond the file, at 4. Cut short?",
    ),
    (
        "a float cut off",
        fixed(9, 1.0)[:-1],
        "All (offset 0): field 9 of 4 bytes ends beyond the file, at 4. Cut short?",
    ),
    (
        "text that is a number",
        number(2, 1),
        "All (offset 0): text has wire type 0, which it never has. Damaged, or not this format",
    ),
    (
        "a message that is a number",
        number(4, 1),
        "All (offset 0): message has wire type 0, which it never has. Damaged, or not this format",
    ),
    (
        "a kept field that is a group",
        group(1),
        "All (offset 0): int has wire type 3, which it never has. Damaged, or not this format",
    ),
    (
        "packed integers that run over",
        chunk(5, b"\x01\x80") + number(1, 1),
        "All (offset 2): packed integers that reach beyond their end",
    ),
    ("a packed integer of eleven bytes", chunk(5, b"\xff" * 12), "All (offset 2): an integer of more than 10 bytes"),
    (
        "packed integers without end",
        chunk(5, bytes(20_000)),
        "All (offset 4): 20,000 bytes of integers, more than any real file has",
    ),
    (
        "integers without end",
        number(5, 1) * 16_385,
        "All (offset 32,768): ints has more than 16,384 entries, more than in any real file",
    ),
    ("text without end", chunk(2, "x" * 65_536), "All (offset 4): 65,536 bytes of text, more than any real file has"),
    ("text that is not UTF-8", chunk(2, b"ok\xc3("), 'All (offset 2): "ok�(": not UTF-8 at byte 2 of its text'),
    ("a group that does not end", b"\xf3\x01" + number(1, 1), "All (offset 0): a group that does not end"),
    ("the end of no group", number(1, 1) + b"\xf4\x01", "All (offset 2): the end of a group 30 that did not begin"),
    ("the end of another group", b"\xf3\x01\xfc\x01", "All (offset 2): the end of a group 31 that did not begin"),
    ("groups in groups", b"\xf3\x01" * 200, "All (offset 0): a group that nests too deep"),
]


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        Wire(MemorySource(data, "m.bin")).message(ALL)
    assert str(problem.value) == f"m.bin: {message}"


def test_depth_is_bounded():
    schema, data = deep(DEPTH - 1)
    Wire(MemorySource(data)).message(schema)
    schema, data = deep(DEPTH)
    with pytest.raises(NparamsError, match="messages inside messages, more than 100 deep"):
        Wire(MemorySource(data)).message(schema)


@pytest.mark.parametrize(
    ("limit", "data"),
    [
        ("FIELDS", number(20, 1) * 101), ("MADE", chunk(8, b"") * 101),
        ("TEXTS_KEPT", b"".join(chunk(6, str(k)) for k in range(101))), ("ALL_TEXT_BYTES", chunk(2, "x" * 101)),
    ],
)  # fmt: skip
def test_counts_are_bounded(monkeypatch, limit, data):
    monkeypatch.setattr(f"nparams.files._protobuf.wire.{limit}", 100)
    with pytest.raises(NparamsError, match="more than any real file has"):
        Wire(MemorySource(data)).message(ALL)
    Wire(MemorySource(data), limits=False).message(ALL)


def random_message(rng: random.Random, depth: int = 0) -> tuple[bytes, dict[str, object]]:
    """A message of ALL's fields in random order, and what is to be kept of it (spans and runs left out)."""
    data, kept = b"", {}
    for _ in range(rng.randrange(12)):
        which = rng.randrange(6)
        value = rng.choice((0, 1, 127, 128, -1, rng.getrandbits(62)))
        text = "é" * rng.choice((0, 1, 7, 300, 3_000))
        if which == 0:
            data, kept["int"] = data + number(1, value), value
        elif which == 1:
            data, kept["text"] = data + chunk(2, text), text
        elif which == 2:
            data += number(5, value)
            kept.setdefault("ints", []).append(value)
        elif which == 3:
            data += chunk(8, number(1, value))
            kept.setdefault("messages", []).append({"a": value})
        elif which == 4:
            data += chunk(3000 + rng.randrange(9), bytes(rng.choice((0, 5, 1_000, LARGEST, LARGEST + 1))))
        else:
            data += group(rng.randrange(100, 110), number(1, 5))
    return data, kept


@pytest.mark.parametrize("seed", range(60))
def test_random_messages(seed):
    data, kept = random_message(random.Random(seed))
    assert Wire(MemorySource(data)).message(ALL) == kept
    source = RangeSource("r", len(data))
    assert drive(source, lambda at, n: data[at : at + n], lambda s: Wire(s).message(ALL)) == kept
    for length in range(0, len(data), max(1, len(data) // 50)):
        with contextlib.suppress(NparamsError):
            Wire(MemorySource(data[:length])).message(ALL)


def test_integers():
    for value in (0, 1, 127, 128, 300, 1 << 32, (1 << 64) - 1, 1 << 63):
        data = onnx_maker.varint(value)
        assert varint(data + b"\xff", 0) == (value, len(data))
    assert (signed(1 << 63), signed((1 << 63) - 1)) == (-(1 << 63), (1 << 63) - 1)
