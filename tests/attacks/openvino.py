"""OpenVINO's IR: XML that expands, points elsewhere or never ends, sizes that lie, graphs that go round."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link, Pipe
from tests.openvino_maker import Graph, body, dense

XML = "CWE-776: entities that expand (billion laughs)"
OUT = "CVE-2018-1000613's kind: external entities (XXE)"
SIZES = "openvino src/core/xml_util: sizes of constants are compared with the .bin"
GOOD = dense().xml()


def swapped(before: bytes, after: bytes) -> bytes:
    assert before in GOOD
    return GOOD.replace(before, after, 1)


def laughs() -> bytes:
    lines = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 4))
    first = f'<!ENTITY a0 "{"ha" * 30}">'
    return f'<?xml version="1.0"?><!DOCTYPE net [{first}{lines}]><net name="&a3;" version="11"/>'.encode()


def circle() -> bytes:
    """Two operators that feed each other, and a layer that takes both."""
    graph = Graph()
    first = graph.op("Concat", None, graph.const("w", (2, 3)))
    second = graph.op("Concat", first, graph.const("v", (2, 3)))
    graph.edge(second, 2, first, 0)
    graph.op("MatMul", first, second)
    return graph.xml()


def rounds() -> bytes:
    """A loop whose results go in again, crosswise."""
    inner = Graph(100)
    a, b = inner.param("a"), inner.param("b")
    inner.op("MatMul", a, b)
    inner.op("Result", a, outputs=0)
    inner.op("Result", b, outputs=0)
    graph = Graph()
    inside = body(inner, [(0, 0), (1, 1)], [(2, 3)], [(3, 1), (4, 0)])
    graph.op("Loop", graph.const("w", (2, 3)), graph.const("v", (2, 3)), inside=inside)
    return graph.xml()


def fan(count: int) -> bytes:
    """One result that is every output of a loop, one output that is every result."""
    inner = Graph()
    inner.op("Result", inner.param("a"), outputs=0)
    ports = "".join(f'<port id="{k}"/>' for k in range(1, count))
    maps = "".join(f'<output external_port_id="{k}" internal_layer_id="1"/>' for k in range(1, count))
    layer = (f'<layer id="9" name="l" type="Loop"><output>{ports}</output><port_map>{maps}</port_map>'
             f"<body>{inner.inner}</body></layer>")  # fmt: skip
    return f'<net name="n" version="11"><layers>{layer}</layers></net>'.encode()


ATTACKS = [
    Attack("a billion laughs", "m.xml", laughs,
           ": line 1 (offset 35): a document type (DTD), which no OpenVINO model has: nothing of it is read", XML),
    Attack("an entity of the system", "m.xml",
           b'<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]><net name="&x;" version="11"/>',
           ": line 1 (offset 14): a document type (DTD), which no OpenVINO model has: nothing of it is read", OUT),
    Attack("a document type elsewhere", "m.xml",
        b'<!DOCTYPE net SYSTEM "http://127.0.0.1/net.dtd"><net name="x" version="11"/>',
           ": line 1 (offset 47): a document type (DTD), which no OpenVINO model has: nothing of it is read", OUT),
    Attack("an entity that no one declared", "m.xml", swapped(b'name="net"', b'name="&x;"'),
           ": line 2 (offset 22): undefined entity. Cut short, or damaged?", XML),
    Attack("an encoding that names a module", "m.xml", swapped(b'version="1.0"',
        b'version="1.0" encoding="antigravity"'),
           Count(15), "an encoding is looked up among Python's modules"),
    Attack("elements a million deep", "m.xml", lambda: b'<net name="x" version="11">' + b"<a>" * 1_000_000,
           ": line 1 (offset 204): elements inside elements, more than 60 deep", "CWE-674"),
    Attack("a name of fifty million bytes", "m.xml", lambda: b'<net name="' + b"x" * 50_000_000 + b'"/>',
           ": line 1 (offset 0): a tag of more than 1,048,576 bytes", "header bloat"),
    Attack("dimensions whose product overflows", "m.xml", swapped(b'shape="3, 4"',
        b'shape="281474976710655,281474976710655"'),
           ': layer "fc.weight" (offset 217): float32 [281474976710655, 281474976710655] takes '
           "316,912,650,057,055,098,574,362,116,100 bytes, where its size is 48",
           "CVE-2026-33298's kind"),
    Attack("an offset beyond every file", "m.xml", swapped(b'offset="0"', b'offset="9999999999999999999"'),
        Count(15), SIZES),
    Attack("an offset beyond the .bin", "m.xml", swapped(b'offset="0"', b'offset="9999999999999999999"'),
           ': constant "fc.weight" ends at 10,000,000,000,000,000,047, but m.bin beside it has 60 bytes. A cut '
               'download, or '
           "a Git LFS pointer? Without it the .xml is counted alone", SIZES, {"m.bin": bytes(60)}),
    Attack("a .bin that is a link elsewhere", "m.xml", GOOD,
           ': constant "fc.bias" ends at 60, but m.bin beside it has 5 bytes. A cut download, or a Git LFS pointer? '
               'Without '
           "it the .xml is counted alone", "symbolic links", {"m.bin": Link("FOLDER/other"), "other": b"other"}),
    Attack("a .bin that is a pipe", "m.xml", GOOD, Count(15), "a reader that waits for ever", {"m.bin": Pipe()}),
    Attack("a size of twenty digits", "m.xml", swapped(b'size="48"', b'size="' + b"9" * 5000 + b'"'),
           ': layer "fc.weight" (offset 217): the size of a constant is "99999999999999999999999999999999999999999999…'
           '999999999999", no number', "CVE-2020-10735"),
    Attack("operators that feed each other", "m.xml", circle, Count(12), "an endless loop"),
    Attack("a loop that goes round crosswise", "m.xml", rounds, Count(12), "an endless loop"),
    Attack("one result, twenty-five thousand times", "m.xml", lambda: fan(25_000), Count(0),
        "work that grows with the square"),
    Attack("names that act on terminals", "m.xml", swapped(b'name="fc.weight"', b'name="\xc2\x9b2J\xe2\x80\xae"'),
        Count(15),
           "CVE-2003-0063's kind"),
    Attack("a null byte", "m.xml", swapped(b'name="net"', b'name="n\0t"'),
           ": line 2 (offset 34): not well-formed (invalid token). Cut short, or damaged?", "parser disagreement"),
    Attack("an attribute twice", "m.xml", swapped(b'size="48"', b'size="48" size="4"'),
           ": line 3 (offset 337): duplicate attribute. Cut short, or damaged?", "parser disagreement"),
    Attack("a cut download", "m.xml", GOOD[: len(GOOD) // 2],
           ": line 3 (offset 685): unclosed token. Cut short, or damaged?", "a cut download"),
]  # fmt: skip
