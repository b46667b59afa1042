"""Writes TensorFlow's files byte by byte, right or wrong: tables, checkpoints, graphs, SavedModels.

Layout of a table: google/leveldb doc/table_format.md; fields: tensorflow/core/protobuf and tensorflow/core/framework.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod

from tests.onnx_maker import chunk, number, varint

FLOAT, DOUBLE, INT32, UINT8, INT8, STRING, INT64, BOOL, QINT8, BFLOAT16, HALF, RESOURCE, INT4 = (
    1, 2, 3, 4, 6, 7, 9, 10, 11, 14, 19, 20, 29,
)  # fmt: skip
#: number type -> bytes of one number
WIDTH = {FLOAT: 4, DOUBLE: 8, INT32: 4, UINT8: 1, INT8: 1, INT64: 8, BOOL: 1, QINT8: 1, BFLOAT16: 2, HALF: 2, INT4: 1,
         5: 2, 8: 8, 17: 2, 18: 16, 22: 4, 23: 8, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1}  # fmt: skip
MAGIC = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


# -- tables ------------------------------------------------------------------------------------------------------


def bits(value: int) -> int:
    """Eight steps of CRC-32C's division."""
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


BYTES = [bits(byte) for byte in range(256)]


def crc(data: bytes) -> int:
    """CRC-32C under the mask that files keep it under."""
    value = 0xFFFFFFFF
    for byte in data:
        value = BYTES[(value ^ byte) & 0xFF] ^ value >> 8
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def block(entries: Sequence[tuple[bytes, bytes]], *, shared: bool = True, restarts: int = 1) -> bytes:
    """The bytes of a block: keys without what they share with the one before, then the restarts."""
    out, last = bytearray(), b""
    for key, value in entries:
        same = alike(key, last) if shared else 0
        out += varint(same) + varint(len(key) - same) + varint(len(value)) + key[same:] + value
        last = key
    return bytes(out) + bytes(4 * restarts) + struct.pack("<I", restarts)


def alike(one: bytes, other: bytes) -> int:
    """How many bytes two keys begin with alike."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if one.startswith(other[:middle]) else (least, middle - 1)
    return least


def trailer(data: bytes, kind: int = 0) -> bytes:
    """A block with how it is compressed, and its checksum."""
    data += bytes([kind])
    return data + struct.pack("<I", crc(data))


def literals(data: bytes) -> bytes:
    """Snappy without any copy: pieces of 60 bytes at most."""
    pieces = (data[k : k + 60] for k in range(0, len(data), 60))
    return varint(len(data)) + b"".join(bytes([len(piece) - 1 << 2]) + piece for piece in pieces)


def table(*blocks: Sequence[tuple[bytes, bytes]], snappy: bool = False) -> bytes:
    """A table of those blocks."""
    out, index = b"", []
    for entries in blocks:
        data = block(entries)
        stored = literals(data) if snappy else data
        index.append((entries[-1][0] + b"\xff", varint(len(out)) + varint(len(stored))))
        out += trailer(stored, int(snappy))
    return ended(out, index)


def ended(out: bytes, index: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Blocks with their index and a footer."""
    meta = varint(len(out)) + varint(8)
    out += trailer(block([]))
    handle = varint(len(out)) + varint(len(block(index, shared=False)))
    out += trailer(block(index, shared=False))
    return out + (meta + handle).ljust(40, b"\0") + MAGIC


# -- checkpoints -------------------------------------------------------------------------------------------------


def shape(dims: Sequence[int]) -> bytes:
    """A TensorShapeProto."""
    return b"".join(chunk(2, number(1, n)) for n in dims)


def extents(*slices: Sequence[tuple[int, int]]) -> bytes:
    """The slices of an entry, each (start, length) for each dimension."""
    return b"".join(chunk(7, b"".join(chunk(1, number(1, a) + number(2, n)) for a, n in each)) for each in slices)


def entry(
    dims: Sequence[int] = (), kind: int = FLOAT, *, offset: int = 0, size: int | None = None, shard: int = 0,
    more: bytes = b"",
) -> bytes:  # fmt: skip
    """A BundleEntryProto."""
    size = prod(dims) * WIDTH.get(kind, 1) if size is None else size
    out = number(1, kind) + chunk(2, shape(dims))
    return out + (number(3, shard) if shard else b"") + number(4, offset) + number(5, size) + more


def header(shards: int = 1, order: int = 0) -> bytes:
    """A BundleHeaderProto."""
    return number(1, shards) + (number(2, order) if order else b"") + chunk(3, number(1, 1))


def index(
    variables: Mapping[str, object], *, shards: int = 1, snappy: bool = False, text: bytes | None = None, split: int = 0
) -> bytes:
    """The index of a checkpoint: name -> dimensions, (dimensions, number type), or the bytes of an entry.

    Numbers lie one behind the other; `text` is the length of the graph of objects, which lies first.
    """
    held: list[tuple[bytes, bytes]] = []
    offset = 0
    if text is not None:
        held.append((GRAPH.encode(), entry((), STRING, size=len(text))))
        offset = len(text)
    for name, what in variables.items():
        if isinstance(what, bytes):
            held.append((name.encode("utf-8", "surrogateescape"), what))
            continue
        dims, kind = what if isinstance(what, tuple) else (what, FLOAT)  # type: ignore[misc]
        held.append((name.encode(), entry(dims, kind, offset=offset)))
        offset += prod(dims) * WIDTH.get(kind, 1)
    rows = [(b"", header(shards)), *sorted(held)]
    blocks = [rows[k : k + split] for k in range(0, len(rows), split)] if split else [rows]
    return table(*blocks, snappy=snappy)


def text(data: bytes) -> bytes:
    """One text as a data file keeps it: its length, a checksum, its bytes."""
    return varint(len(data)) + bytes(4) + data


def old(*tensors: bytes) -> bytes:
    """A table of before TensorFlow 0.12: a list of tensors, then their numbers."""
    return table([(b"", chunk(1, b"".join(chunk(1, each) for each in tensors))), (b"\0a", bytes(30))])


def listed(name: str, dims: Sequence[int], kind: int = FLOAT) -> bytes:
    """A SavedSliceMeta of one whole slice."""
    return chunk(1, name) + chunk(2, shape(dims)) + number(3, kind) + chunk(4, b"".join(chunk(1, b"") for _ in dims))


# -- objects -----------------------------------------------------------------------------------------------------


def thing(
    children: Mapping[str, int] | None = None, *, full: str = "", key: str = "", slots: Sequence[int] = (),
    identifier: str = "", variable: tuple[str, bool] | None = None,
) -> bytes:  # fmt: skip
    """A TrackableObject, or with `identifier` or `variable` a SavedObject."""
    out = b"".join(chunk(1, number(1, at) + chunk(2, name)) for name, at in (children or {}).items())
    if full or key:
        out += chunk(2, chunk(1, "VARIABLE_VALUE") + chunk(2, full) + chunk(3, key))
    out += b"".join(chunk(3, number(1, 1) + chunk(2, "m") + number(3, slot)) for slot in slots)
    if identifier:
        out += chunk(4, chunk(1, identifier))
    if variable is not None:
        out += chunk(7, number(1, FLOAT) + number(3, int(variable[1])) + chunk(6, variable[0]))
    return out


def things(*made: bytes) -> bytes:
    """The graph of objects."""
    return b"".join(chunk(1, each) for each in made)


# -- graphs ------------------------------------------------------------------------------------------------------


def node(name: str, op: str, inputs: str = "", **attributes: bytes) -> bytes:
    """A NodeDef; attributes are the bytes of an AttrValue."""
    out = chunk(1, name) + chunk(2, op) + b"".join(chunk(3, each) for each in inputs.split())
    return out + b"".join(chunk(5, chunk(1, key) + chunk(2, value)) for key, value in attributes.items())


def tensor(dims: Sequence[int], kind: int = FLOAT, content: bytes | None = None, typed: bytes = b"") -> bytes:
    """A TensorProto; its numbers are zeros as bytes unless `content` or `typed` fields hold them."""
    if content is None and not typed and kind in WIDTH:
        content = bytes(prod(dims) * WIDTH[kind])
    return number(1, kind) + chunk(2, shape(dims)) + (b"" if content is None else chunk(4, content)) + typed


def const(name: str, dims: Sequence[int] = (), kind: int = FLOAT, **how: bytes) -> bytes:
    """A constant; `content` and `typed` as in `tensor`."""
    return node(name, "Const", "", dtype=number(6, kind), value=chunk(8, tensor(dims, kind, **how)))


def variable(name: str, dims: Sequence[int] | None, op: str = "VarHandleOp", kind: int = FLOAT) -> bytes:
    """A variable; None for a shape that is not known."""
    said = number(3, 1) if dims is None else shape(dims)
    return node(name, op, "", dtype=number(6, kind), shape=chunk(7, said))


def function(name: str, inputs: str, outputs: Mapping[str, str], nodes: Sequence[bytes]) -> bytes:
    """A FunctionDef: outputs are name -> what the body calls it."""
    args = b"".join(chunk(2, chunk(1, each)) for each in inputs.split())
    args += b"".join(chunk(3, chunk(1, each)) for each in outputs)
    out = chunk(1, chunk(1, name) + args) + b"".join(chunk(3, each) for each in nodes)
    return out + b"".join(chunk(4, chunk(1, key) + chunk(2, value)) for key, value in outputs.items())


def func(name: str) -> bytes:
    """An attribute that names a function."""
    return chunk(10, chunk(1, name))


def graph(*nodes: bytes, functions: Sequence[bytes] = ()) -> bytes:
    """A GraphDef."""
    library = chunk(2, b"".join(chunk(1, each) for each in functions)) if functions else b""
    return b"".join(chunk(1, each) for each in nodes) + library + chunk(4, number(1, 27))


def saved(
    body: bytes = b"", *, objects: bytes = b"", signature: str = "", tags: str = "serve", collections: bytes = b"",
    version: int = 1, again: bytes = b"",
) -> bytes:  # fmt: skip
    """saved_model.pb: one MetaGraphDef around the graph; `signature` is what serving_default gives."""
    info = chunk(1, number(1, 1)) + chunk(4, tags) + chunk(5, "2.99.0")
    meta = chunk(1, info) + chunk(2, body) + collections
    if signature:
        output = chunk(1, "y") + chunk(2, chunk(1, signature))
        meta += chunk(5, chunk(1, "serving_default") + chunk(2, chunk(2, output)))
    return number(1, version) + chunk(2, meta + (chunk(7, objects) if objects else b"")) + again


def collection(name: str, *variables: str) -> bytes:
    """A collection of variables, as TensorFlow 1 lists them."""
    held = b"".join(chunk(1, chunk(1, f"{each}:0")) for each in variables)
    return chunk(4, chunk(1, name) + chunk(2, chunk(2, held)))
