"""Orbax checkpoints: paths that lead out, trees without end, bombs, lists and records that lie."""

from __future__ import annotations

from nparams.files._orbax.checksum import crc32c
from tests.attacks._attack import Attack, Content, Count, Pipe
from tests.orbax_maker import MANIFEST, NODE, arrays, files, inner, leaf, listed, manifest, number, record, zarray

NAME, TREE, DATA = "manifest.ocdbt", "_METADATA", "data"
#: what stands before what is wrong with the first node
AT = ": node at byte 0 of data: "
PATHS = "data files of any relative path (google/tensorstore kvstore/ocdbt/index.rst); CVE-2022-25882's kind"
BOMB = "CWE-409, a bomb; 42.zip's kind"
STORE = "google/tensorstore: a database that was not written by it"


def rooted(node: bytes, height: int = 0, path: str = DATA, length: int | None = None) -> bytes:
    """A manifest whose root is this node."""
    return manifest((0, len(node) if length is None else length), height, [("", path)])


def attack(what: str, node: bytes, expected: str | Count, source: str, height: int = 0, **beside: Content) -> Attack:
    """A database with this root."""
    where = AT + expected if isinstance(expected, str) and not expected.startswith((":", "far:")) else expected
    return Attack(what, NAME, rooted(node, height), where, source, {DATA: node, **beside})


def told(name: str, value: bytes, said: str) -> tuple[str, bytes, str]:
    return name, leaf([("w/.zarray", value)]), said


def chain(count: int) -> bytes:
    """Nodes below each other, each naming the next one twice."""
    nodes = b""
    for _ in range(count):
        nodes += inner([("a", 0, 0, 0, 90), ("b", 0, 0, 0, 90)], [("", DATA)], height=1)
    return nodes


def bomb(mark: bytes) -> bytes:
    """A record whose frame makes 6 GB of zeros in blocks of 128 KB: 200 KB of them."""
    blocks = b"".join((131_072 << 3 | 2).to_bytes(3, "little") + b"\0" for _ in range(50_000))
    frame = b"\x28\xb5\x2f\xfd\x00\x58" + blocks + (1 << 3 | 3).to_bytes(3, "little") + b"\0"
    whole = mark + (len(frame) + 18).to_bytes(8, "little") + b"\0\1" + frame
    return whole + crc32c(whole).to_bytes(4, "little")


#: what is said of a path that leads elsewhere
OUTSIDE = ': node at byte 0 of {}: names the data file "{}"; only files below the checkpoint are read'
ONE = leaf(list(arrays({"w": [2, 3]}).items()))
TWICE = inner([("w", 0, 0, 0, len(ONE)), ("x", 0, 0, 0, len(ONE))], [("", "leaf")])
RECORDS = [
    told("a shape beyond all memory", zarray([1 << 47] * 30), ": w/.zarray: more than 2**62 numbers"),
    told("a side below 0", zarray([-1, 3]), ": w/.zarray: a side that is no whole number from 0 to 2**48"),
    told("a hundred sides", zarray([1] * 100), ": w/.zarray: no shape of at most 32 sides"),
    told("an object for a number type", zarray([2], "|O"), ': w/.zarray: the unknown number type "|O"'),
    told("60,000 brackets", b"[" * 60_000, ": w/.zarray: not JSON. Damaged?"),
    told(
        "a number of 60,000 digits",
        b'{"zarr_format": 2, "shape": [' + b"9" * 60_000 + b"]}",
        ": w/.zarray: not JSON. Damaged?",
    ),
]
ATTACKS = [
    *[Attack(f"a data file that is {what}", NAME, rooted(ONE, path=path), OUTSIDE.format(path, path), PATHS)
      for what, path in (("above", "../secret"), ("absolute", "/etc/passwd"), ("above, later", "d/../../x"),
                         ("a device", "/dev/zero"))],
    Attack("a data file with a zero in its name", NAME, rooted(ONE, path="d\0x"),
           OUTSIDE.format("d\\x00x", "d\\x00x"), PATHS),
    Attack("a data file that is a pipe", NAME, rooted(ONE),
           AT + 'its data file "data" is not here: data: not a regular file', PATHS, {DATA: Pipe()}),
    attack("a bomb", bomb(NODE),
           "compressed by Zstandard, and it makes more than 32,000,000 bytes; --limits off reads more", BOMB),
    Attack("a manifest that is a bomb", NAME, bomb(MANIFEST),
           ": compressed by Zstandard, and it makes more than 4,000,000 bytes", BOMB),
    attack("a node of half a million entries that are not there", record(NODE, b"\0" + files([]) + number(500_000)),
           "announces 499,999 numbers where 0 bytes are left (byte 5 of its body). Damaged?", STORE),
    attack("a node of 2^60 entries", record(NODE, b"\0" + files([]) + number(1 << 60)),
           "1,152,921,504,606,846,976 entries; fewer are read of all nodes together; --limits off reads more "
           "(byte 11 of its body). Damaged?", STORE),
    attack("a node that is there twice", TWICE,
           ": node at byte 0 of leaf: is there twice in one tree. Damaged, or hostile?", STORE, 1, leaf=ONE),
    attack("nodes that name each other", chain(1),
           "is there twice in one tree. Damaged, or hostile?", STORE, 1),
    attack("a key twice", leaf([("a/.zarray", zarray([1])), ("a/.zarray", zarray([2]))]),
           "keys that are not in order (byte 24 of its body). Damaged?",
           "readers that disagree"),
    attack("a value beyond its file", leaf([("w/.zarray", (0, 1 << 60, 100))], [("", "far")]),
           "far: wants bytes 1,152,921,504,606,846,976 to 1,152,921,504,606,847,076, but the file has 50. Cut short?",
           STORE, far=b"x" * 50),
    attack("a record of a megabyte", leaf([("w/.zarray", b" " * 1_000_000)]),
           "a record of an array of 1,000,000 bytes; at most 65,536 are read (byte 17 of its body). Damaged?", STORE),
    attack("a name that acts", leaf([("\x1b]0;t\x07\x1b[2J/.zarray", zarray([2]))]), Count(2), "CVE-2003-0063's kind"),
    *[attack(what, node, said, "zarr's records as text, CVE-2020-10735") for what, node, said in RECORDS],
    Attack("a list of another checkpoint", TREE, listed({"w": "jax.Array", "x": "jax.Array"}),
           ' lists "x", which is not stored. Cut short?', STORE, {NAME: rooted(ONE), DATA: ONE}),
    Attack("a list of 100,000 leaves that are nothing", TREE,
           lambda: b'{"tree_metadata": {' + b", ".join(b'"%d": {"key_metadata": [{"key": "%d"}], "value_metadata": '
                   b'{"value_type": "None"}}' % (k, k) for k in range(99_000)) + b"}}",
           ": an Orbax checkpoint without arrays, so without a network", STORE, {NAME: rooted(ONE), DATA: ONE}),
    Attack("a list with a million brackets", TREE, lambda: b'{"tree_metadata": {"w": ' + b"[" * 1_000_000,
           ": byte 24: not JSON, or more than 65,536 bytes", "CWE-674", {NAME: rooted(ONE), DATA: ONE}),
    Attack("a list with a million brackets beside the tree", TREE, lambda: b'{"x": ' + b"[" * 900_000 + b"}",
           ": byte 6: not JSON, or more than 1,000,000 bytes", "CWE-674", {NAME: rooted(ONE), DATA: ONE}),
    Attack("a list of a million empty lists", TREE, lambda: b'{"x": [' + b"[]," * 300_000 + b"[]]}",
           ": byte 0: no tree_metadata, so not the tree of an Orbax checkpoint", "more memory than the text takes",
           {NAME: rooted(ONE), DATA: ONE}),
    Attack("arrays that no list has", TREE, listed({"w": "jax.Array"}), Count(6, ("unlisted",)),
           "readers that disagree",
           {NAME: rooted(node := leaf(sorted(arrays({"w": [2, 3], "x": [9]}).items()))), DATA: node}),
    Attack("only the list", TREE, listed({"w": "jax.Array"}),
           " lists 1 leaf; shapes stand in manifest.ocdbt or a folder for each array, and none of that is here",
           "a cut download"),
    Attack("a cut download", NAME, rooted(ONE, length=len(ONE)),
           "data: wants bytes 0 to 174, but the file has 165. Cut short?", "a cut download",
           {DATA: ONE[:-9]}),
]  # fmt: skip
