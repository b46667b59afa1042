"""Caffe: lengths, shapes and nesting that lie, layers and names without end, numbers that are not there."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count
from tests.caffe_maker import blob, floats, layer, net, packed
from tests.strangers_cases import field, varint

PROTO = "protocolbuffers/protobuf: CVE-2022-1941, CVE-2024-7254 (messages that cost more than their bytes)"
OPENCV = "opencv/opencv issue 21288's kind: importers that trust a model's shapes"
HEAD = ': layer "ip" (InnerProduct): '


ATTACKS = [
    Attack("a blob of more numbers than the file", "m.caffemodel",
           net(layer("ip", "InnerProduct", blob(1 << 20, 1 << 20, count=0))),
           f"{HEAD}blob 0 of shape [1048576, 1048576] takes 1,099,511,627,776 numbers, and 0 are stored. Cut out, or "
           "stored elsewhere?", OPENCV),
    Attack("a length of 2^63 bytes", "m.caffemodel", field(1, "n") + varint(100 << 3 | 2) + varint(1 << 63),
           ": NetParameter (offset 3): field 100 of 9,223,372,036,854,775,808 bytes ends beyond the file, at 15. Cut "
           "short?", PROTO),
    Attack("a number of 11 bytes", "m.caffemodel", field(1, "n") + varint(100 << 3 | 2) + b"\xff" * 11,
           ": NetParameter (offset 3): an integer of more than 10 bytes", PROTO),
    Attack("groups without an end", "m.caffemodel", net(layer("a", "ReLU"), varint(7 << 3 | 3) * 2_000),
           ": NetParameter (offset 23): a group that nests too deep", PROTO),
    Attack("half a million layers", "m.caffemodel", lambda: net(field(100, b"") * 500_000),
           ": LayerParameter (offset 1,200,008): more than 400,000 messages, more than any real file has", PROTO),
    Attack("a shape of 20,000 sides", "m.caffemodel",
           net(layer("ip", "InnerProduct", field(7, packed(1, [1] * 20_000)) + floats(1))),
           ": BlobShape (offset 46): 20,000 bytes of integers, more than any real file has", OPENCV),
    Attack("a shape below 0", "m.caffemodel", net(layer("ip", "InnerProduct", blob((1 << 64) - 3, count=0))),
           f"{HEAD}blob 0 has an impossible shape: [-3]", OPENCV),
    Attack("a name of 100,000 bytes", "m.caffemodel", net(layer("n" * 100_000, "InnerProduct", blob(2, 2))),
           ": LayerParameter (offset 14): 100,000 bytes of text, more than any real file has", PROTO),
    Attack("a name that a terminal acts on", "m.caffemodel",
           net(layer("\x1b[31m\nip", "InnerProduct", blob(2, 2, count=3))),
           ': layer "\\x1b[31m\\nip" (InnerProduct): blob 0 of shape [2, 2] takes 4 numbers, and 3 are stored',
           "CWE-150: escape sequences on a terminal"),
    Attack("a name of many folders", "m.caffemodel", net(layer("a/" * 5_000, "InnerProduct", blob(2, 2))), Count(4),
           "CWE-674: recursion without end"),
    Attack("two layers of one name", "m.caffemodel",
           net(layer("ip", "InnerProduct", blob(2, 2)), layer("ip", "InnerProduct", blob(9, 9))),
           f"{HEAD}two layers have this name, and their blobs have other shapes", "parser disagreement"),
    Attack("a data layer with a path", "m.caffemodel",
           net(layer("data", "HDF5Data", more=field(112, field(1, "/etc/passwd"))), layer("ip", "Python", blob(2, 2),
               more=field(130, field(1, "os") + field(2, "system")))), Count(4),
           "BVLC/caffe python_layer.hpp imports the module that a PythonParameter names"),
]  # fmt: skip
