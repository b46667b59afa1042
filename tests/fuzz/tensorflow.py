"""Damaged files of TensorFlow: only our own errors, in one line, and never more numbers than a file could hold.

`index` and `objects` damage a checkpoint and its graph of objects, `graph` a GraphDef, `saved` a SavedModel.  Half of
the damage to a table is inside its blocks, which are put together again with right checksums.
"""

from __future__ import annotations

from pathlib import Path

from nparams.errors import ReadError
from nparams.files import graphdef, saved_model, tf_checkpoint
from nparams.files.bytesource import MemorySource
from nparams.network import Network
from tests.fuzz._drive import drive, real
from tests.fuzz.protobuf import GROWING
from tests.onnx_maker import chunk, fixed
from tests.tensorflow_maker import (
    INT8,
    INT64,
    STRING,
    VALUE,
    block,
    collection,
    const,
    ended,
    entry,
    extents,
    func,
    function,
    graph,
    header,
    index,
    listed,
    node,
    old,
    saved,
    text,
    thing,
    things,
    trailer,
    variable,
    varint,
)

KINDS = "index blocks objects graph saved"
FILES = Path(__file__).resolve().parents[1] / "data" / "tensorflow"
X = node("x", "Placeholder")
DENSE = (const("fc/kernel", [4, 3]), const("fc/bias", [3]), node("fc/MatMul", "MatMul", "x fc/kernel"),
         node("fc/BiasAdd", "BiasAdd", "fc/MatMul fc/bias"))  # fmt: skip
BODY = function("f", "x k", {"y": "y:product:0"}, [
    const("own", [3, 2]), node("y", "MatMul", "h:product:0 own:output:0"), node("h", "MatMul", "x k"),
])  # fmt: skip
GRAPHS = [
    graph(X, *DENSE),
    graph(X, const("c", [5, 2], INT8), node("d", "Dequantize", "c x x"), node("y", "While", "x d", body=func("f"),
          cond=func("f")), const("s", [3], STRING, typed=chunk(8, "a") * 3), functions=[BODY]),
    graph(X, const("v", [40], typed=fixed(5, 1.0)), variable("w", [2, 3]), node("r", "Rsqrt", "v"), node("m", "Mul",
        "r w"),
          node("y", "Mul", "x m"), node("z", "PartitionedCall", "x y", f=func("f")), functions=[BODY]),
    *(path.read_bytes() for path in sorted((FILES / "graphs").glob("*.pb")) if path.stat().st_size < 9_000),
    *real("graphdef", largest=1 << 15),
]  # fmt: skip
OBJECTS = things(
    thing({"net": 1, "optimizer": 2, "metrics": 3}), thing({"kernel": 4, "a/b": 5}), thing({"iter": 6}, slots=[7]),
    thing({"total": 8, "count": 9}), thing(full="fc/kernel", key=f"net/kernel{VALUE}"), thing(full="x",
        key=f"net/a.Sb{VALUE}"),
    thing(full="it", key="it"), thing(full="m", key="m"), thing(full="total", key="t"), thing(full="count", key="c"),
)  # fmt: skip
KEYS = {f"net/kernel{VALUE}": [4, 3], f"net/a.Sb{VALUE}": [3], "it": ([], INT64), "m": [4, 3], "t": [], "c": []}
INDEXES = [
    index({"fc/kernel": [4, 3], "fc/bias": [3], "fc/kernel/Adam": [4, 3], "global_step": ([], INT64)}, split=2),
    index(KEYS, text=text(OBJECTS)), index({"w": [4, 3]}, snappy=True), old(listed("w", [4, 3]), listed("b", [3])),
    index({"t": chunk(2, chunk(2, b"\x08\x0a")) + b"\x08\x01" + extents([(0, 6)], [(6, 4)])}),
    *(path.read_bytes() for path in sorted(FILES.rglob("*.index"))), *real("tf_ckpt", largest=1 << 15),
]  # fmt: skip
BLOCKS = [
    block([(b"", header()), (b"a", entry([2])), (b"ab", entry([2], offset=8)), (b"b", entry([3], INT8, offset=16))]),
    block([(b"", header(2)), (b"w", entry([2, 3], shard=1)), (b"w/Adam", entry([2, 3], offset=99))], shared=False),
]  # fmt: skip
SAVED = [
    saved(GRAPHS[0], signature="fc/BiasAdd:0"), saved(GRAPHS[1], signature="y:0"),
    saved(graph(X, variable("w", [2, 3])), collections=collection("variables", "w") + collection("trainable_variables",
        "w")),
    saved(graph(X), objects=things(
        thing({"w": 1, "optimizer": 2}), thing(variable=("w", True)), thing({"m": 3}, identifier="optimizer",
            slots=[3]),
        thing(variable=("m", False)))),
    *(path.read_bytes() for path in sorted(FILES.glob("*/saved_model.pb")) if path.stat().st_size < 20_000),
]  # fmt: skip


class Beside:
    """A folder that holds what it is given."""

    name = "folder"

    def __init__(self, files: dict[str, bytes], folders: dict[str, Beside] | None = None) -> None:
        self._files, self._folders = files, folders or {}

    def names(self) -> list[str]:
        return sorted([*self._files, *self._folders])

    def open(self, name: str) -> MemorySource:
        if name not in self._files:
            raise ReadError(f"{name}: not here")
        return MemorySource(self._files[name], name)

    def folders(self) -> list[str]:
        return sorted(self._folders)

    def folder(self, name: str) -> Beside:
        return self._folders[name]


def asked(network: Network) -> None:
    """Ask it everything; rows add up to the total."""
    network.to_json()
    assert network.total is None or sum(row.total for row in network.layers) == network.total


def indexed(data: bytes) -> None:
    """Read one index, with and without what may lie beside it."""
    tf_checkpoint.may_be(data[:200])
    asked(tf_checkpoint.read(MemorySource(data, "m.index")))
    asked(tf_checkpoint.read(MemorySource(data, "m.index"), Beside({"m.data-00000-of-00001": text(OBJECTS)})))


def blocked(data: bytes) -> None:
    """Read a table of one damaged block."""
    indexed(ended(trailer(data), [(b"\xff", varint(0) + varint(len(data)))]))


def described(data: bytes) -> None:
    """Read a checkpoint with a damaged graph of objects."""
    held = text(data)
    folder = Beside({"m.data-00000-of-00001": held + bytes(99)})
    network = tf_checkpoint.read(MemorySource(index(KEYS, text=held), "m.index"), folder)
    assert network.totals.elements + network.totals.other == 30
    asked(network)


def graphed(data: bytes) -> None:
    """Read one graph; what is stored in it is no more than it could hold."""
    network = graphdef.read(MemorySource(data, "m.pb"))
    asked(network)
    stored = sum(t.size for t in network.tensors() if isinstance(t.size, int) and t.stored is None)
    assert stored <= 2 * len(data) or network.form != "graphdef", f"{stored:,} numbers"


def all_saved(data: bytes) -> None:
    """Read one SavedModel, alone and with variables."""
    variables = Beside({"variables.index": INDEXES[0]})
    for folder in (None, Beside({}, {"variables": variables})):
        asked(saved_model.read(MemorySource(data, "saved_model.pb"), folder))


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged files of a kind; how many were accepted and how many refused.  Anything else raises."""
    if kind == "index":
        return drive(count, seed, INDEXES, indexed)
    if kind == "blocks":
        return drive(count, seed, BLOCKS, blocked)
    if kind == "objects":
        return drive(count, seed, [OBJECTS], described, damage=GROWING)
    seeds, read = (GRAPHS, graphed) if kind == "graph" else (SAVED, all_saved)
    return drive(count, seed, seeds, read, damage=GROWING)
