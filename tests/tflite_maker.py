"""FlatBuffers and TensorFlow Lite files made by hand, so that every field can be set, left out or wrong.

Layout: google/flatbuffers docs/source/internals.md.  Objects are written parents first, each reference patched when
its object is; numbers of fields are those of google-ai-edge/LiteRT tflite/converter/schema/schema.fbs.
"""

from __future__ import annotations

from struct import calcsize, pack, pack_into
from typing import Any, NamedTuple

FLOAT32, FLOAT16, INT32, UINT8, INT64, STRING, BOOL, INT16, INT8 = 0, 1, 2, 3, 4, 5, 6, 7, 9
RESOURCE, INT4, BFLOAT16, INT2, UINT4 = 13, 17, 18, 19, 20
BYTES = {FLOAT32: 4, FLOAT16: 2, INT32: 4, UINT8: 1, INT64: 8, BOOL: 1, INT16: 2, INT8: 1, BFLOAT16: 2}
PACKED = {INT4: 2, UINT4: 2, INT2: 4}
OPS = {"ADD": 0, "CONV_2D": 3, "DEQUANTIZE": 6, "EMBEDDING_LOOKUP": 7, "FULLY_CONNECTED": 9, "LSTM": 16, "MUL": 18,
       "RESHAPE": 22, "CALL": 31, "CUSTOM": 32, "GATHER": 36, "TRANSPOSE": 39, "SUB": 41, "DIV": 42, "PRELU": 54,
       "DEPTHWISE_CONV_2D": 4, "RNN": 24, "SVDF": 27, "TRANSPOSE_CONV": 67, "IF": 118, "WHILE": 119, "DENSIFY": 124,
       "BATCH_MATMUL": 126, "CALL_ONCE": 129, "CONV_3D": 132, "VAR_HANDLE": 142, "READ_VARIABLE": 143,
       "ASSIGN_VARIABLE": 144, "STABLEHLO_COMPOSITE": 206, "STABLEHLO_DOT_GENERAL": 197, "CONCATENATION": 2,
       "UNIDIRECTIONAL_SEQUENCE_LSTM": 44, "BIDIRECTIONAL_SEQUENCE_LSTM": 52, "BIDIRECTIONAL_SEQUENCE_RNN": 46,
       "CAST": 53, "QUANTIZE": 114, "RELU": 19}  # fmt: skip


class N(NamedTuple):
    """A number field, by struct's letter."""

    code: str
    value: int


class V(NamedTuple):
    """A vector of numbers; `count` may lie about how many."""

    code: str
    values: list[int] | bytes
    count: int | None = None


class L(NamedTuple):
    """A vector of tables."""

    tables: list[dict[int, Any]]
    count: int | None = None


def flatbuffer(root: dict[int, Any], identifier: bytes = b"TFL3") -> bytes:
    """A table is {field: N, V, L, a text, or another table}."""
    out = bytearray(4) + identifier
    waiting: list[tuple[int, Any]] = [(0, root)]
    done: dict[int, int] = {}
    while waiting:
        at, thing = waiting.pop(0)
        if done.get(id(thing), 0) < at + 4:  # references lead forward
            done[id(thing)] = _write(out, thing, waiting)
        pack_into("<I", out, at, done[id(thing)] - at)
    return bytes(out)


def _write(out: bytearray, thing: Any, waiting: list[tuple[int, Any]]) -> int:
    """Append an object, and what it refers to to `waiting`; where it stands."""
    if isinstance(thing, dict):
        return _table(out, thing, waiting)
    out += bytes(-len(out) % 4)
    at = len(out)
    if isinstance(thing, L):
        out += pack("<I", len(thing.tables) if thing.count is None else thing.count)
        waiting += [(at + 4 + 4 * k, table) for k, table in enumerate(thing.tables)]
        out += bytes(4 * len(thing.tables))
        return at
    if isinstance(thing, str):
        data = thing.encode("utf-8", "surrogateescape")
        out += pack("<I", len(data)) + data + b"\0"
        return at
    data = thing.values if isinstance(thing.values, bytes) else pack(f"<{len(thing.values)}{thing.code}", *thing.values)
    out += pack("<I", len(thing.values) if thing.count is None else thing.count) + data
    return at


def _table(out: bytearray, fields: dict[int, Any], waiting: list[tuple[int, Any]]) -> int:
    inline, places = bytearray(4), [0] * (max(fields, default=-1) + 1)
    references = []
    for number, value in fields.items():
        size = calcsize(f"<{value.code}") if isinstance(value, N) else 4
        inline += bytes(-len(inline) % size)
        places[number] = len(inline)
        if isinstance(value, N):
            inline += pack(f"<{value.code}", value.value)
        else:
            references.append((len(inline), value))
            inline += bytes(4)
    out += bytes(-len(out) % 2)
    vtable = len(out)
    out += pack(f"<{2 + len(places)}H", 4 + 2 * len(places), len(inline), *places)
    out += bytes(-len(out) % 8)
    at = len(out)
    pack_into("<i", inline, 0, at - vtable)
    out += inline
    waiting += [(at + place, value) for place, value in references]
    return at


# -- TensorFlow Lite ---------------------------------------------------------------------------------------------------


class T(NamedTuple):
    """A tensor: `data` is its bytes, True for as many as the shape takes, or the number of a buffer already there."""

    name: str | None
    shape: list[int] | None
    kind: int = FLOAT32
    data: bytes | bool | int | None = True
    more: dict[int, Any] = {}  # noqa: RUF012 - never changed


class Op(NamedTuple):
    """An operator: by its name, or custom under a name of its own."""

    name: str
    inputs: list[int]
    outputs: list[int] = []  # noqa: RUF012 - never changed
    options: dict[int, Any] | None = None
    more: dict[int, Any] = {}  # noqa: RUF012 - never changed


class G(NamedTuple):
    """A subgraph."""

    tensors: list[T]
    operators: list[Op] = []  # noqa: RUF012 - never changed
    inputs: list[int] = []  # noqa: RUF012 - never changed
    outputs: list[int] = []  # noqa: RUF012 - never changed
    name: str | None = None


def size_of(shape: list[int] | None, kind: int) -> int:
    """The bytes that a shape takes."""
    count = 1
    for n in shape or []:
        count *= n
    return -(-count // PACKED[kind]) if kind in PACKED else count * BYTES[kind]


def scales(count: int = 1) -> dict[int, Any]:
    """A tensor's own quantisation record."""
    return {4: {2: V("f", [0.5] * count), 3: V("q", [0] * count)}}  # type: ignore[list-item]


def blockwise(scale: int, zero: int = -1, kind: int = 2) -> dict[int, Any]:
    """A quantisation record whose scales are a tensor."""
    return {4: {4: N("B", kind), 5: {0: N("i", scale), 1: N("i", zero), 2: N("i", 32)}}}


def sparse(*dimensions: int | tuple[int, int]) -> dict[int, Any]:
    """A sparsity record: a dense dimension by its size, a sparse one by (segments, indices)."""
    tables = []
    for d in dimensions:
        if isinstance(d, int):
            tables.append({1: N("i", d)})
        else:
            kinds = {2: N("B", 2), 3: {0: V("H", [0] * d[0])}, 4: N("B", 3), 5: {0: V("B", [0] * d[1])}}
            tables.append({0: N("b", 1), **kinds})
    return {6: {0: V("i", list(range(len(dimensions)))), 2: L(tables)}}


def options(*numbers: int) -> dict[int, Any]:
    """Options that number subgraphs."""
    return {k: N("i", n) for k, n in enumerate(numbers)}


def model(*graphs: G, extra: dict[int, Any] | None = None, version: int = 3) -> bytes:
    """A .tflite file; `extra` sets or replaces fields of the model table."""
    buffers: list[dict[int, Any]] = [{}]
    codes: list[str] = []
    tables = [_graph(graph, buffers, codes) for graph in graphs]
    fields = {0: N("I", version), 1: L([_code(name) for name in codes]), 2: L(tables), 4: L(buffers)}
    return flatbuffer({**fields, **(extra or {})})


def _graph(graph: G, buffers: list[dict[int, Any]], codes: list[str]) -> dict[int, Any]:
    tensors = []
    for t in graph.tensors:
        table: dict[int, Any] = {1: N("b", t.kind)}
        if t.shape is not None:
            table[0] = V("i", t.shape)
        if t.name is not None:
            table[3] = t.name
        if t.data is True or isinstance(t.data, bytes):
            buffers.append({0: V("B", bytes(size_of(t.shape, t.kind)) if t.data is True else t.data)})
            table[2] = N("I", len(buffers) - 1)
        elif isinstance(t.data, int) and t.data is not False:
            table[2] = N("I", t.data)
        tensors.append({**table, **t.more})
    fields = {0: L(tensors), 1: V("i", graph.inputs), 2: V("i", graph.outputs)}
    fields[3] = L([_operator(op, codes) for op in graph.operators])
    return {**fields, 4: graph.name} if graph.name is not None else fields


def _operator(op: Op, codes: list[str]) -> dict[int, Any]:
    if op.name not in codes:
        codes.append(op.name)
    fields = {0: N("I", codes.index(op.name)), 1: V("i", op.inputs), 2: V("i", op.outputs)}
    if op.options is not None:
        second = op.name.startswith("STABLEHLO")
        fields |= {11: N("B", 1), 12: op.options} if second else {3: N("B", 1), 4: op.options}
    return {**fields, **op.more}


def _code(name: str) -> dict[int, Any]:
    number = OPS.get(name, 32)
    fields: dict[int, Any] = {0: N("b", min(number, 127)), 3: N("i", number)}
    return {**fields, 1: name} if name not in OPS else fields


# -- as much as fits ---------------------------------------------------------------------------------------------------


def crowded(constants: int, others: int, operators: int) -> bytes:
    """A model of as many tensors and operators, written at once: a table of each takes 20 or 24 bytes."""
    tensors = constants + others
    out = bytearray(b"\0\0\0\0TFL3")

    def align() -> int:
        out.extend(bytes(-len(out) % 4))
        return len(out)

    def vtable(*places: int, size: int) -> int:
        at = align()
        out.extend(pack(f"<{2 + len(places)}H", 4 + 2 * len(places), size, *places))
        return at

    def vector(count: int) -> int:
        at = align()
        out.extend(pack("<I", count) + bytes(4 * count))
        return at

    def refer(at: int, to: int) -> None:
        pack_into("<I", out, at, to - at)

    for_model = vtable(8, 12, 16, 0, 20, size=24)
    model_at = align()
    out += pack("<iIIIII", model_at - for_model, 0, 3, 0, 0, 0)
    refer(0, model_at)
    for_graph, for_tensor, for_op = (
        vtable(4, 0, 0, 8, size=12), vtable(4, 0, 8, 12, size=16), vtable(0, 4, 8, size=12),
    )  # fmt: skip
    for_buffer, for_nothing = vtable(4, size=8), vtable(size=4)
    codes, graphs, buffers = vector(1), vector(1), vector(2)
    for field, to in ((12, codes), (16, graphs), (20, buffers)):
        refer(model_at + field, to)
    for ref, kind in ((codes + 4, for_nothing), (buffers + 4, for_nothing), (buffers + 8, for_buffer)):
        at = align()
        out += pack("<ii", at - kind, 0)
        refer(ref, at)
    data_ref = len(out) - 4
    graph = align()
    out += pack("<iII", graph - for_graph, 0, 0)
    refer(graphs + 4, graph)
    held, used = vector(tensors), vector(operators)
    refer(graph + 4, held)
    refer(graph + 8, used)
    first = align()
    for k in range(tensors):
        at = first + 16 * k
        out += pack("<iIII", at - for_tensor, 0, int(k < constants), 0)
        refer(held + 4 + 4 * k, at)
    start = align()
    for k in range(operators):
        at = start + 12 * k
        out += pack("<iII", at - for_op, 0, 0)
        refer(used + 4 + 4 * k, at)
    shape, name, data, taken = align(), len(out) + 12, len(out) + 24, len(out) + 36
    out += pack("<III", 2, 1, 1) + pack("<I8s", 4, b"name") + pack("<II4x", 4, 0) + pack("<III", 2, 0, 1)
    for k in range(tensors):
        refer(first + 16 * k + 4, shape)
        refer(first + 16 * k + 12, name)
    for k in range(operators):
        refer(start + 12 * k + 4, taken)
        refer(start + 12 * k + 8, taken)
    refer(data_ref, data)
    return bytes(out)
