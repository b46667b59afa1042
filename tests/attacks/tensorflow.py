"""TensorFlow: tables whose blocks and keys lie, data that lies elsewhere, graphs that go round in circles."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link, Pipe
from tests.onnx_maker import chunk, varint
from tests.tensorflow_maker import (
    VALUE,
    block,
    const,
    ended,
    entry,
    func,
    function,
    graph,
    header,
    index,
    node,
    saved,
    table,
    text,
    thing,
    things,
    trailer,
)

TABLE = "CVE-2021-41203: sizes and offsets in a checkpoint were not checked (tensorflow core/lib/io)"
BUNDLE = "CVE-2021-41203: shapes and sizes in a checkpoint were not checked"
GRAPHS = "CVE-2022-23594, CVE-2022-23590: a graph was taken to be as its writer leaves it"
SHAPES = "CVE-2022-23582: the size of a shape"
RECURSION = "CVE-2021-41213: functions that call each other"
SNAPPY = "google/snappy: a length that promises more than is there; bombs"
X = node("x", "Placeholder")
HEADED = block([(b"", header())])


def ordered(*handles: tuple[int, int], data: bytes = b"") -> bytes:
    """A table of those handles."""
    return ended(data, [(b"a%d" % k, varint(at) + varint(size)) for k, (at, size) in enumerate(handles)])


def graph_of(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    return graph(X, *nodes, functions=functions)


def calls(depth: int) -> bytes:
    """Functions that each call the next twice."""
    made = tuple(function(f"f{k}", "x", {"y": "b"}, [node("a", f"f{k + 1}", "x"), node("b", f"f{k + 1}", "a")])
                 for k in range(depth))  # fmt: skip
    return graph_of(node("y", "f0", "x"), functions=made)


def bomb() -> bytes:
    """A block of snappy that claims 2^40 bytes."""
    return ordered((0, 8), data=trailer(varint(1 << 40) + b"\0\0", 1))


def copies() -> bytes:
    """A block of snappy that is one byte, copied to 20 MB a megabyte of copies."""
    size = 1 + 64 * 320_000
    data = varint(size) + b"\x00a" + b"\xfe\x01\x00" * 320_000
    return ended(trailer(data, 1), [(b"z", varint(0) + varint(len(data)))])


GOOD = index({"w": [2, 3]})
SAVED = saved(graph_of(const("k", [4, 3]), node("y", "MatMul", "x k")), signature="y:0")


def with_objects(what: str, objects: bytes, source: str) -> Attack:
    """A checkpoint whose graph of objects is that."""
    data = {"m.data-00000-of-00001": text(objects) + bytes(24)}
    return Attack(what, "m.index", index({f"w{VALUE}": [2, 3]}, text=text(objects)), Count(6), source, data)


ATTACKS = [
    # -- tables
    Attack("a block beyond the end", "m.index", ordered((1 << 60, 9)),
           ": the handle of b'a0' says bytes 1,152,921,504,606,846,976 to 1,152,921,504,606,846,985, which end beyond "
           "13. Cut short?", TABLE),
    Attack("a block of 2^64 bytes", "m.index", ordered((0, (1 << 64) - 1)),
           ": the handle of b'a0' says bytes 0 to 18,446,744,073,709,551,615, which end beyond 13. Cut short?", TABLE),
    Attack("one block, 10,000 times", "m.index",
           lambda: ended(trailer(HEADED), [(b"%06d" % k, varint(0) + varint(len(HEADED))) for k in range(10_000)]),
           ": block (offset 35): blocks that overlap: one ends at 22, one begins at 0", TABLE),
    Attack("restarts of 2^32 - 1", "m.index", ordered((0, 4), data=trailer(b"\xff" * 4)),
           ": block (offset 0): 4 bytes without the offsets of its restarts. Damaged?", TABLE),
    Attack("an entry that shares more than the key before has", "m.index",
           ordered((0, 12), data=trailer(b"\x05\x01\x00a" + bytes(4) + b"\1\0\0\0")),
           ": block (offset 0): an entry at 3 that reaches beyond what is there. Damaged?", TABLE),
    Attack("a value longer than its block", "m.index",
           ordered((0, 13), data=trailer(b"\x00\x00\xff\x7fa" + bytes(4) + b"\1\0\0\0")),
           ": block (offset 0): an entry at 4 that reaches beyond what is there. Damaged?", TABLE),
    Attack("keys that grow to gigabytes", "m.index",
           lambda: table([(b"", header()), *((b"k" * 60_000 + b"%06d" % k, entry([0])) for k in range(2_000))]),
           ": block (offset 0): keys of more than 33,554,432 bytes, more than any real table has",
           "a bomb of shared keys"),
    Attack("a block that claims 2^40 bytes", "m.index", bomb(),
           ": block (offset 0): snappy: it declares 1,099,511,627,776 bytes, more than it can hold or than is read",
           SNAPPY),
    Attack("a block of copies", "m.index", copies,
           ": block (offset 0): 20,480,001 bytes without the offsets of its restarts. Damaged?", SNAPPY),
    Attack("a key that comes twice", "m.index", table([(b"", header()), (b"w", entry([2])), (b"w", entry([9]))]),
           ": block (offset 0): keys that do not rise, or come twice, at 28", "readers that disagree"),
    # -- checkpoints
    Attack("a shape whose product is 2^80", "m.index", index({"w": entry([1 << 40, 1 << 40], size=8)}),
           ': "w": impossible shape [1099511627776, 1099511627776]', BUNDLE),
    Attack("a shape of 2^63 - 1", "m.index", index({"w": entry([(1 << 63) - 1], size=8)}),
           ': "w": impossible shape "[9223372036854775807]"; up to 8 dimensions, each from 0 to 2^48', BUNDLE),
    Attack("a size of another shape", "m.index", index({"w": entry([1000, 1000], size=4)}),
           ': "w": float32 [1000, 1000] takes 4,000,000 bytes, it has 4', BUNDLE),
    Attack("a shard of another checkpoint", "m.index", index({"w": entry([2], shard=7)}),
           ': "w": bytes 0 to 8 of data file 7, which cannot be: there are 1', BUNDLE),
    Attack("2^31 - 1 data files", "m.index", table([(b"", header((1 << 31) - 1))]),
           ": header: 2,147,483,647 data files, where 1 to 100,000 can be", BUNDLE),
    Attack("a name that acts on terminals", "m.index", index({"w\x1b[31m\r/kernel": [2, 3]}), Count(6), "CWE-150"),
    Attack("a name of parts without end", "m.index", index({"/".join("a" * 5_000): [2, 3]}), Count(6), "CWE-674"),
    Attack("a data file that is a link to another place", "m.index", GOOD, Count(6), "a checkpoint of links",
           {"m.data-00000-of-00001": Link("/etc/passwd")}),
    with_objects("objects that are each other's children",
                 things(thing({"w": 1, "a": 0}), thing({"a": 0, "b": 1}, full="w", key=f"w{VALUE}")),
                 "an endless loop"),
    with_objects("children that are not there", things(thing({"w": 1 << 40, "v": -5})), BUNDLE),
    Attack("a data file that is a pipe", "m.index", GOOD, Count(6, ("no-data",)), "a reader that waits for ever",
           {"m.data-00000-of-00001": Pipe()}),
    # -- graphs
    Attack("a cycle of nodes", "m.pb", graph_of(node("a", "Identity", "b"), node("b", "Identity", "a"),
                                                node("y", "MatMul", "x a")), Count(0), GRAPHS),
    Attack("a node that is its own input", "m.pb", graph_of(node("a", "AddV2", "a a"), node("y", "MatMul", "x a")),
           Count(0), GRAPHS),
    Attack("inputs that are not there", "m.pb", graph_of(node("y", "MatMul", "nothing:5 ^gone")), Count(0), GRAPHS),
    Attack("an output of 2^60", "m.pb", graph_of(const("c", [2]), node("y", "IdentityN", "c:1152921504606846976"),
                                                 node("z", "MatMul", "x y:99999999999")), Count(2), GRAPHS),
    Attack("functions that double, 60 deep", "m.pb", calls(60), Count(0), "2^60 calls"),
    Attack("a function that calls itself", "m.pb",
           graph_of(node("y", "f", "x"), functions=(function("f", "x", {"y": "a"}, [node("a", "f", "x")]),)), Count(0),
           RECURSION),
    Attack("a loop whose body is itself", "m.pb",
           graph_of(const("c", [2, 3]), node("y", "While", "c", body=func("f"), cond=func("f")),
                    node("z", "MatMul", "x y"), functions=(
                        function("f", "v", {"v": "w:0"}, [node("w", "While", "v", body=func("f"))]),)),
           Count(6), "an endless loop"),
    Attack("2^62 numbers from no byte", "m.pb", graph_of(const("c", [1 << 31, 1 << 31], content=b"")),
           ': TensorProto (offset 20): "c" has 0 bytes, where its shape is [2147483648, 2147483648] of float32, which '
           "takes 18,446,744,073,709,551,616", SHAPES),
    Attack("a constant of a shape below 0", "m.pb", graph_of(const("c", [-1, 4], content=b"")),
           ': TensorProto (offset 20): "c" has the impossible shape "[-1, 4]"; up to 8 dimensions, each from 0 to 2^48',
           GRAPHS),
    Attack("two nodes of one name", "m.pb", graph_of(const("w", [2, 3]), const("w", [9, 9])),
           ': the node "w" comes twice', "readers that disagree"),
    Attack("a graph that calls Python", "m.pb", graph_of(node("y", "PyFunc", "x", token=chunk(2, "os.system"))),
           Count(0, ("code",)), "tensorflow SECURITY.md: models are programs"),
    Attack("a name that acts on terminals, in a graph", "m.pb",
           graph_of(const("w\x1b[2J", [2, 3]), node("y", "MatMul", "x w\x1b[2J")), Count(6), "CWE-150"),
    Attack("a message of 2^63 bytes", "m.pb", graph_of() + b"\x0a" + varint(1 << 63),
           ": GraphDef (offset 22): field 1 of 9,223,372,036,854,775,808 bytes ends beyond the file, at 33. Cut short?",
           GRAPHS),
    # -- SavedModels
    Attack("variables that lie elsewhere", "saved_model.pb", SAVED, Count(12), "a SavedModel of links",
           {"variables": Link("/etc")}),
    Attack("variables whose index is another file", "saved_model.pb", SAVED,
           "variables.index: no table of TensorFlow ends with b'in/bash\\n'. Cut short, or another kind of file with "
           "that ending?", "a file of another kind",
           {"variables/variables.index": b"root:x:0:0:root:/root:/bin/bash\n" * 9}),
    Attack("assets outside of the folder", "saved_model.pb",
           saved(graph_of(const("k", [4, 3]), node("y", "MatMul", "x k")), signature="y:0",
                 collections=chunk(6, chunk(2, "../../etc/passwd"))), Count(12), "assets by their path"),
]  # fmt: skip
