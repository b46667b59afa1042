"""ONNX: data in other files, lengths and depths of messages, graphs with cycles, names that are attributes."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link
from tests.onnx_maker import FLOAT, Tensor, chunk, function, graph, integers, model, node, number, tensor, varint

OUT = "CVE-2022-25882, CVE-2024-27318, CVE-2024-5187, CVE-2025-51480: external data leads out of the folder"
SET = "CVE-2026-34445: keys of external_data were set as attributes of an object"
WIRE = "protobuf: lengths, depth and field numbers of the wire are not trusted (CVE-2015-5237, CVE-2024-7254)"
AWAY = Count(6, ("external-data",))
GEMM = node("Gemm", "x w", "y")


def one(initializer: bytes) -> bytes:
    """A model of one dense layer with that weight."""
    return model([GEMM], [initializer])


def external(location: str, **more: str) -> bytes:
    return one(tensor("w", [2, 3], location={"location": location, **more}))


def leads(what: str, location: str, expected: str | Count = "", **more: str) -> Attack:
    return Attack(f"external data: {what}", "m.onnx", external(location, **more), expected, OUT)


def within(depth: int) -> bytes:
    """If in If in If: a subgraph in an attribute of a node of a subgraph."""
    inner = graph([GEMM], [tensor("w", [2, 3])])
    for _ in range(depth):
        inner = graph([node("If", "c", "y", then_branch=inner)])
    return model(inner)


def tower(depth: int, field: int) -> bytes:
    """A message of one field within itself, deeper than any stack."""
    sizes, size = [], 0
    for _ in range(depth):
        sizes.append(size)
        size += len(varint(field << 3 | 2)) + len(varint(size))
    return b"".join(varint(field << 3 | 2) + varint(n) for n in reversed(sizes))


def calls(depth: int) -> bytes:
    """Functions that each call the next twice."""
    made = [function(f"f{i}", "x", "y", [node(f"f{i + 1}", "x", "a", "f"), node(f"f{i + 1}", "a", "y", "f")])
            for i in range(depth)]  # fmt: skip
    made.append(function(f"f{depth}", "x", "y", [node("Relu", "x", "y")]))
    return model([node("f0", "x", "y", "f")], functions=made)


def loop() -> bytes:
    """A function that calls itself."""
    return model([node("f", "x", "y", "f")], functions=[function("f", "x", "y", [node("f", "x", "y", "f")])])


def chained(count: int) -> bytes:
    """A weight reached through very many nodes."""
    nodes = [node("Identity", f"t{i}", f"t{i + 1}") for i in range(count)]
    return model([*nodes, node("Gemm", f"x t{count}", "y")], [tensor("t0", [2, 3])])


GOOD = one(tensor("w", [2, 3]))
#: longer than what is looked at to tell what a file is
LONG = one(tensor("w", [20, 30]))
ATTACKS = [
    leads("beside the model", "w.bin", Count(6)),
    leads("a path upward", "../../../../etc/passwd", AWAY),
    leads("an absolute path", "/etc/passwd", AWAY),
    leads("a path upward on Windows", "..\\..\\secret", AWAY),
    leads("a path upward in the middle", "sub/../../secret", AWAY),
    leads("a link that leads out", "linked.bin", Count(6)),
    leads("a URL", "http://example.com/w.bin", AWAY),
    leads("a NUL", "w.bin\0.txt", AWAY),
    leads("an empty name", "", AWAY),
    leads("an offset of 2^63", "w.bin", Count(6), offset=str(1 << 63)),
    leads("an offset below 0", "w.bin",
          ': tensor (offset 26): "w": the offset of its external data is "-1", no number', offset="-1"),
    leads("a length that is none", "w.bin",
          ': tensor (offset 28): "w": the length of its external data is '
           '"99999999999999999999999999999999999999999999…999999999999", no number', length="9" * 5_000),
    leads("a length of another shape", "w.bin",
          ': tensor (offset 26): "w": its external data has 7 bytes, where its shape [2, 3] of '
           "float32 takes 24", length="7"),
    Attack("external data: keys that are attributes", "m.onnx",
           external("w.bin", __class__="x", __dict__="y", checksum="z", basepath="/"), Count(6), SET),
    Attack("external data: a file that is a link", "m.onnx", external("w.bin"), Count(6), "CVE-2026-27489",
           {"w.bin": Link("/etc/passwd")}),
    Attack("a message of 2^63 bytes", "m.onnx", LONG + b"\x3a" + varint(1 << 63) + bytes(9),
           ": ModelProto (offset 2,456): field 7 of 9,223,372,036,854,775,808 bytes ends beyond the "
           "file, at 2,476. Cut short?", WIRE),
    Attack("a message longer than the file", "m.onnx", LONG[:-8],
           ": ModelProto (offset 2): field 7 of 2,445 bytes ends beyond the file, at 2,448. Cut "
           "short?", WIRE),
    Attack("a varint of eleven bytes", "m.onnx", LONG + b"\x3a" + b"\xff" * 11 + bytes(9),
           ": ModelProto (offset 2,456): an integer of more than 10 bytes", WIRE),
    Attack("groups without end", "m.onnx", LONG + b"\x3b" * 100_000,
           ": ModelProto (offset 2,456): graph has wire type 3, which it never has. Damaged, or not "
           "this format", "CVE-2024-7254: nested groups"),
    Attack("unknown groups without end", "m.onnx", LONG + b"\xfb\x01" * 100_000,
           ": ModelProto (offset 2,456): a group that nests too deep", "CVE-2024-7254: nested groups"),
    Attack("a field of an unknown wire type", "m.onnx", LONG + b"\x3f" + bytes(9),
           ": ModelProto (offset 2,456): no field has number 7 and wire type 7. Damaged, or another "
           "format", WIRE),
    Attack("field number 0", "m.onnx", LONG + b"\x02\x00" + GOOD,
           ": ModelProto (offset 2,456): no field has number 0 and wire type 2. Damaged, or another "
           "format", WIRE),
    Attack("a head that is none", "m.onnx", number(1, 8) + b"\x3a" + b"\xff" * 11 + bytes(9),
           ": it begins b'\\x08\\x08:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff', as no ONNX model does. "
           "Damaged, or wrongly named?", WIRE),
    Attack("graphs within graphs, 3,000 deep", "m.onnx", within(3_000),
           ": GraphProto (offset 1,161): messages inside messages, more than 100 deep", WIRE),
    Attack("types within types, 100,000 deep", "m.onnx",
           lambda: model(graph([GEMM], [tensor("w", [2, 3])], extra=chunk(13, chunk(2, tower(50_000, 4))))), Count(6),
           WIRE),
    Attack("a function that calls itself", "m.onnx", loop(), Count(0), "an endless loop"),
    Attack("functions that double, 60 deep", "m.onnx", calls(60), Count(0), "2^60 calls"),
    Attack("a cycle of nodes", "m.onnx",
           model([node("Relu", "b", "a"), node("Relu", "a", "b"), node("Gemm", "x a", "y")]), Count(0),
           "an endless loop"),
    Attack("a weight behind 20,000 nodes", "m.onnx", lambda: chained(20_000), Count(6), "CWE-674"),
    Attack("a node that feeds itself", "m.onnx", model([node("Add", "a w", "a")], [tensor("w", [6])]), Count(6),
           "an endless loop"),
    Attack("an initializer twice", "m.onnx", model([GEMM], [tensor("w", [2, 3]), tensor("w", [2, 3])]),
           ': initializer "w" (offset 63) comes twice in one graph',
           "runtimes disagree which holds"),
    Attack("two graphs", "m.onnx", GOOD + chunk(7, graph([GEMM], [tensor("w", [9, 9])])),
           ': initializer "w" (offset 103) comes twice in one graph',
           "protobuf merges repeated messages; other parsers take the last"),
    Attack("a dimension below 0", "m.onnx", one(tensor("w", [-2, 3], raw=bytes(24))),
           ': tensor (offset 26): "w" has the impossible shape "[-2, 3]": the limits are 8 dimensions,'
           " each from 0 to 2^48", WIRE),
    Attack("a dimension of 2^62", "m.onnx", one(tensor("w", [1 << 62, 4], raw=bytes(24))),
           ': tensor (offset 26): "w" has the impossible shape "[4611686018427387904, 4]": the limits '
           "are 8 dimensions, each from 0 to 2^48", "CVE-2026-33298's kind"),
    Attack("dimensions whose product overflows", "m.onnx", one(tensor("w", [1 << 32, 1 << 32], raw=b"")),
           ': tensor (offset 26): "w": its raw data has 0 bytes, where its shape [4294967296, '
           "4294967296] of float32 takes 73,786,976,294,838,206,464",
           "CVE-2026-33298's kind"),
    Attack("a thousand dimensions", "m.onnx", one(tensor("w", [1] * 1_000, raw=bytes(4))),
           ': tensor (offset 28): "w" has the impossible shape "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, '
           '1, 1, 1… 1, 1, 1, 1]": the limits are 8 dimensions, each from 0 to 2^48', WIRE),
    Attack("fewer numbers than the shape takes", "m.onnx", one(tensor("w", [2, 3], raw=bytes(20))),
           ': tensor (offset 26): "w": its raw data has 20 bytes, where its shape [2, 3] of float32 '
           "takes 24", WIRE),
    Attack("an unknown data type", "m.onnx", one(tensor("w", [2, 3], 99, raw=bytes(24))), Count(6), WIRE),
    Attack("a constant that repeats one number 2^40 times", "m.onnx",
           model([node("ConstantOfShape", "s", "w", value=Tensor(tensor("", [1]))), GEMM],
                 [integers("s", 1 << 20, 1 << 20)]), Count(1 << 40), "a shape bomb: nothing is stored"),
    Attack("a name that acts", "m.onnx",
           model([node("Gemm", "x \x1b]0;t\x07\x1b[2J", "y")], [tensor("\x1b]0;t\x07\x1b[2J", [2, 3])]), Count(6),
           "CVE-2003-0063's kind"),
    Attack("a name that is no UTF-8", "m.onnx",
           one(number(1, 2) + number(1, 3) + number(2, FLOAT) + b"\x42\x02\xff\xfe" + chunk(9, bytes(24))),
           ': initializer (offset 34): "��": not UTF-8 at byte 0 of its text', WIRE),
    Attack("metadata that is a script", "m.onnx",
           GOOD + chunk(14, chunk(1, "x") + chunk(2, "<script>alert(1)</script>")), Count(6), "never shown"),
    Attack("data behind the end", "m.onnx", GOOD + b"PK\3\4evil",
           ": ModelProto (offset 79): no field has number 0 and wire type 3. Damaged, or another "
           "format", "polyglots"),
    Attack("500,000 empty nodes", "m.onnx", lambda: model(graph(extra=chunk(1, b"") * 500_000)),
           ": NodeProto (offset 800,017): more than 400,000 messages, more than any real file has",
           "as many entries as fit"),
    Attack("500,000 empty initializers", "m.onnx", lambda: model(graph(extra=chunk(5, b"") * 500_000)),
           ": tensor (offset 21): a tensor without a name has no data type",
           "as many entries as fit"),
    Attack("7 million unknown fields", "m.onnx", lambda: GOOD + b"\xf8\x01\x00" * 7_000_000,
           ": ModelProto (offset 6,000,014): more than 2,000,000 fields, more than any real file has",
           "as many fields as fit"),
]  # fmt: skip
