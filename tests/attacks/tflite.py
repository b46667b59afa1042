"""TensorFlow Lite: offsets that lead out, back or in circles, vectors and shapes that lie, tables without end."""

from __future__ import annotations

from struct import pack

from tests.attacks._attack import Attack, Count
from tests.tflite_maker import FLOAT32, G, L, N, Op, T, V, flatbuffer, model

BUF = "google/flatbuffers: buffers that no Verifier has seen (CVE-2020-35864 and its kind)"
LITE = "tensorflow advisories of 2020: indices of tensors and buffers are not trusted (CVE-2020-15211)"


def net(*tensors: T, inputs: list[int] | None = None) -> bytes:
    """A dense layer of weight 0."""
    return model(G([*tensors, T("x", [1, 3], data=None), T("y", [1, 2], data=None)],
                   [Op("FULLY_CONNECTED", inputs or [len(tensors), 0, -1], [len(tensors) + 1])],
                   [len(tensors)], [len(tensors) + 1]))  # fmt: skip


def patched(at: int, new: bytes, data: bytes = b"") -> bytes:
    data = data or GOOD
    return data[:at] + new + data[at + len(new) :]


def raw(tensor: dict[int, object], **model_fields: object) -> bytes:
    """A model whose one tensor is written field by field."""
    graph = {0: L([tensor]), 1: V("i", []), 2: V("i", []), 3: L([])}
    return flatbuffer({0: N("I", 3), 1: L([]), 2: L([graph]), 4: L([{}, {0: V("B", bytes(24))}])})


def repeated(count: int) -> bytes:
    """A subgraph whose tensors are all one empty table."""
    graph = {0: V("I", bytes(4 * count), count=count), 1: V("i", []), 2: V("i", []), 3: L([])}
    data = flatbuffer({0: N("I", 3), 1: L([]), 2: L([graph]), 4: L([{}])})
    data += bytes(-len(data) % 4) + pack("<HHi", 4, 4, 4)
    start, table = data.index(pack("<I", count) + bytes(4 * count)) + 4, len(data) - 4
    return data[:start] + b"".join(pack("<I", table - start - 4 * k) for k in range(count)) + data[start + 4 * count :]


GOOD = net(T("w", [2, 3]))
ROOT = int.from_bytes(GOOD[:4], "little")
ATTACKS = [
    Attack("the root beyond the end", "m.tflite", patched(0, pack("<I", 0xFFFFFFF0)),
           ": model (offset 0): refers to 4,294,967,280 bytes further on, in a file of 436", BUF),
    Attack("the root in the header", "m.tflite", patched(0, pack("<I", 4)),
           ": model (offset -860,636,752): needs 4 bytes, but the file has 436 in all. Cut short?", BUF),
    Attack("a vtable before the file", "m.tflite", patched(ROOT, pack("<i", 1 << 30)),
           ": model (offset -1,073,741,800): needs 4 bytes, but the file has 436 in all. Cut short?", BUF),
    Attack("a vtable behind the file", "m.tflite", patched(ROOT, pack("<i", -(1 << 30))),
           ": model (offset 1,073,741,848): needs 4 bytes, but the file has 436 in all. Cut short?", BUF),
    Attack("a vtable that is the table itself", "m.tflite", patched(ROOT, pack("<i", 0)),
           ": model (offset 24): a vtable of 0 bytes", BUF),
    Attack("a vector of 2^32 - 1 tables", "m.tflite",
           flatbuffer({0: N("I", 3), 2: L([{}], count=0xFFFFFFFF), 4: L([{}])}),
           ": model (offset 40): 4,294,967,295 items of 4 bytes, but the file has 32 left. Cut "
           "short?", BUF),
    Attack("a vector of 2^31 subgraphs", "m.tflite", flatbuffer({0: N("I", 3), 2: L([{}], count=1 << 31)}),
           ": model (offset 36): 2,147,483,648 items of 4 bytes, but the file has 12 left. Cut "
           "short?", BUF),
    Attack("a shape longer than the file", "m.tflite",
           raw({0: V("i", [2, 3], count=1 << 28), 1: N("b", FLOAT32), 2: N("I", 1)}),
           ": subgraph 0 tensor 0 (offset 208): 268,435,456 items of 4 bytes, but the file has 8 "
           "left. Cut short?", BUF),
    Attack("a hundred dimensions", "m.tflite", raw({0: V("i", [1] * 100), 1: N("b", FLOAT32), 2: N("I", 1)}),
           ": subgraph 0 tensor 0 (offset 208): 100 numbers in field 0, more than any real file has", LITE),
    Attack("dimensions whose product overflows", "m.tflite",
           raw({0: V("i", [(1 << 31) - 1] * 6), 1: N("b", FLOAT32), 2: N("I", 1)}),
           ': subgraph 0 tensor 0 "" (offset 192): impossible shape [2147483647, 2147483647, '
           "2147483647, 2147483647, 2147483647, 2147483647] of a constant", "CVE-2026-33298's kind"),
    Attack("a dimension below 0", "m.tflite", net(T("w", [-2, -3], data=bytes(24))),
           ': subgraph 0 tensor 0 "w" (offset 240): impossible shape [-2, -3] of a constant', LITE),
    Attack("fewer bytes than the shape takes", "m.tflite", net(T("w", [2, 3], data=bytes(20))),
           ': subgraph 0 tensor 0 "w" (offset 240): float32 [2, 3] takes 24 bytes, its buffer holds '
           "20", LITE),
    Attack("a buffer of 2^32 - 1 bytes", "m.tflite",
           flatbuffer({0: N("I", 3), 1: L([]), 2: L([{0: L([{0: V("i", [2]), 2: N("I", 1)}])}]),
                       4: L([{}, {0: V("B", bytes(8), count=0xFFFFFFFF)}])}),
           ": buffer 1 (offset 128): 4,294,967,295 items of 1 bytes, but the file has 40 left. Cut "
           "short?", BUF),
    Attack("a buffer that is not there", "m.tflite", raw({0: V("i", [2, 3]), 1: N("b", FLOAT32), 2: N("I", 77)}),
           ": subgraph 0 tensor 0 (offset 192): buffer 77 of 2",
           LITE),
    Attack("a buffer elsewhere, beyond the end", "m.tflite",
           flatbuffer({0: N("I", 3), 1: L([]), 2: L([{0: L([{0: V("i", [2, 3]), 2: N("I", 1)}])}]),
                       4: L([{}, {1: N("Q", 1 << 40), 2: N("Q", 24)}])}),
           ": buffer 1 (offset 112): ends at 1,099,511,627,800 but the file stops at 184. Cut short?",
           "files above 2 GB keep buffers behind"),
    Attack("an operator on a tensor that is not there", "m.tflite", net(T("w", [2, 3]), inputs=[99, 0, -1]),
           ": subgraph 0 operator 0 (offset 336): tensor 99, where the subgraph has 3", LITE),
    Attack("an operator on tensor -7", "m.tflite", net(T("w", [2, 3]), inputs=[-7, 0, -1]),
           ": subgraph 0 operator 0 (offset 336): tensor -7, where the subgraph has 3", "CVE-2020-15211"),
    Attack("an unknown type of number", "m.tflite", net(T("w", [2, 3], 77, bytes(24))),
           ': subgraph 0 tensor 0 "w" (offset 240): number type 77, where schema v3 knows up to 22', LITE),
    Attack("an operator without a code", "m.tflite", model(G([T("w", [2, 3])], [Op("ADD", [0])]), extra={1: L([])}),
           ": subgraph 0 operator 0 (offset 224): operator code 0 of 0",
           LITE),
    Attack("a graph that calls itself", "m.tflite",
           model(G([T("w", [2, 3]), T("y", [2, 3], data=None)], [Op("WHILE", [0], [1], {0: N("i", 0), 1: N("i", 0)})])),
           Count(0), "an endless loop"),
    Attack("an operator that feeds itself", "m.tflite",
           model(G([T("w", [2, 3]), T("a", [2, 3], data=None)], [Op("RESHAPE", [1], [1]), Op("ADD", [0, 1], [1])])),
           Count(6), "an endless loop"),
    Attack("a name that acts", "m.tflite", net(T("\x1b]0;t\x07\x1b[2J", [2, 3])), Count(6), "CVE-2003-0063's kind"),
    Attack("a name that is no UTF-8", "m.tflite", net(T("w\udcff", [2, 3])), Count(6), BUF),
    Attack("a cut download", "m.tflite", GOOD[: len(GOOD) // 2],
           ": buffer 1 (offset 200): 24 items of 1 bytes, but the file has 14 left. Cut short?", "a cut download"),
    Attack("only the mark", "m.tflite", bytes(4) + b"TFL3",
           ": model (offset 0): refers to 0 bytes further on, in a file of 8", BUF),
    Attack("no subgraphs", "m.tflite", flatbuffer({0: N("I", 3)}),
           ": model (offset 16): no subgraphs, and so no network", LITE),
    Attack("a schema of the future", "m.tflite", model(G([T("w", [2, 3])]), version=99),
           ": schema version 99, where 3 is the only one in use", LITE),
    Attack("one table, a million times", "m.tflite", lambda: repeated(1_000_000),
           ": subgraph 0 (offset 108): 1,000,000 entries (subgraph 0 tensor), more than any real "
           "file has",
           "as many entries as fit: a vector of references to one table"),
]  # fmt: skip
