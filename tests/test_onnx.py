"""ONNX: what is counted and in which role, and what is refused with which words."""

from __future__ import annotations

import contextlib
import csv
import json
import resource
import subprocess
import sys

import pytest

from nparams.dtypes import ONNX
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource, RangeSource, drive
from nparams.files.onnx import may_be, read
from tests.conftest import REPOSITORY, shared
from tests.onnx_cases import BRANCH, CALL, COUNTED, LINEAR, ML, MS, NBITS, B, W
from tests.onnx_maker import (
    BITS,
    BOOL,
    DOUBLE,
    FLOAT,
    FLOAT16,
    INT4,
    INT8,
    INT32,
    INT64,
    STRING,
    UINT4,
    UINT8,
    Graph,
    attribute,
    chunk,
    constant,
    fixed,
    function,
    graph,
    integers,
    model,
    node,
    number,
    sparse,
    tensor,
    varint,
)


def roles(data: bytes) -> dict[str, str]:
    """{name: "role shape dtype"} of all in a file, but what is set aside; a stored size that differs after it."""
    found = {}
    for t in read(MemorySource(data, "m.onnx")).tensors():
        shape = "?" if t.shape is None else "x".join(map(str, t.shape)) or "1"
        stored = "" if t.stored is None else f" stored {t.stored[0]}"
        found[t.name] = f"{t.role} {shape} {t.dtype}{stored}"
    return {name: said for name, said in found.items() if not said.startswith("other")}


@pytest.mark.parametrize(("data", "expected"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_counted(data, expected):
    assert roles(data) == expected


def test_set_aside_is_listed():
    found = read(MemorySource(model([constant("a", [3], INT64), constant("t", [9, 2]), node("Mul", "x t")])))
    assert [(t.name, t.role) for t in found.tensors()] == [("a", "other"), ("t", "other")]
    assert (found.total, found.totals.other, found.totals.elements) == (0, 21, 0)
    assert found.notes == ["1 inline constant of 18 numbers in no weight slot (tables, priors) set aside"]


@pytest.mark.parametrize("kind", sorted(BITS))
@pytest.mark.parametrize("count", [1, 5, 8])
def test_every_data_type(kind, count):
    data = model([], [tensor("a", [count], kind)])
    (t,) = read(MemorySource(data)).tensors()
    assert (t.dtype, t.size) == (ONNX[kind], count)
    whole = -(-count * BITS[kind] // 8)
    for wrong in (whole - 1, whole + 1):
        with pytest.raises(NparamsError, match=f"its raw data has {wrong} bytes"):
            read(MemorySource(model([], [tensor("a", [count], kind, raw=bytes(wrong))])))


def typed(field: int, count: int, *, wide: bool = False, loose: bool = False) -> bytes:
    """Typed numbers, packed as writers do or one by one as readers must also take them."""
    one = {4: bytes(4), 10: bytes(8)}.get(field, varint(-1) if wide else b"\0")
    if loose:
        return b"".join(varint(field << 3 | {4: 5, 10: 1}.get(field, 0)) + one for _ in range(count))
    return chunk(field, one * count)


# data type, dimensions, field, entries in it
TYPED = [
    (FLOAT, [2, 3], 4, 6),
    (COMPLEX := 14, [3], 4, 6),
    (DOUBLE, [3], 10, 3),
    (15, [3], 10, 6),
    (INT32, [7], 5, 7),
    (INT8, [7], 5, 7),
    (FLOAT16, [7], 5, 7),
    (16, [7], 5, 7),
    (BOOL, [7], 5, 7),
    (17, [7], 5, 7),
    (INT64, [7], 7, 7),
    (12, [7], 11, 7),
    (13, [7], 11, 7),
    (UINT4, [7], 5, 4),
    (INT4, [8], 5, 4),
    (25, [9], 5, 3),
    (26, [8], 5, 2),
]


@pytest.mark.parametrize(("kind", "dims", "field", "count"), TYPED)
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("loose", [False, True])
def test_typed_numbers(kind, dims, field, count, wide, loose):
    held = typed(field, count, wide=wide, loose=loose)
    (t,) = read(MemorySource(model([], [tensor("a", dims, kind, typed=held)]))).tensors()
    assert (t.dtype, list(t.shape)) == (ONNX[kind], dims)
    for wrong in (count - 1, count + 1):
        held = typed(field, wrong, wide=wide, loose=loose)
        with pytest.raises(NparamsError, match=f"has {wrong} entries, where its shape"):
            read(MemorySource(model([], [tensor("a", dims, kind, typed=held)])))


@pytest.mark.parametrize(("count", "held"), [(5000, 5000), (5000, 9999)])
def test_long_packed_integers_are_bounded_not_read(count, held):
    read(MemorySource(model([], [tensor("a", [count], INT64, typed=typed(7, held, wide=held == count))])))


def test_too_many_packed_integers():
    with pytest.raises(NparamsError, match=r"has 500 to 5,000 entries, where its shape \[5001\] of int64 takes 5,001"):
        read(MemorySource(model([], [tensor("a", [5001], INT64, typed=typed(7, 5000))])))


def with_note(data: bytes, folder: LocalFolder | None = None) -> tuple[list[str], list[str]]:
    found = read(MemorySource(data, "m.onnx"), folder)
    return found.notes, [f"{flag['kind']}: {flag['text']}" for flag in found.flags]


def outside(location: str) -> bytes:
    return model([], [tensor("a", [2], location={"location": location, "offset": "0", "length": "8"})])


SHAPES = "1 tensor keeps its numbers in {}; shapes are in this file, so that is not opened"


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "a/../../w", "C:w", "a\\b", "~/w", "http://x/w", ""])
def test_external_data_that_leads_out_is_flagged(location):
    notes, flags = with_note(outside(location))
    assert flags == [f'external-data: external data at "{location}", which leads out of the model\'s folder']
    assert notes == [SHAPES.format(f'"{location}"')]


def test_external_data_is_looked_for_and_never_opened(tmp_path):
    folder = LocalFolder(str(tmp_path))
    assert with_note(outside("w.bin"), folder) == (
        [SHAPES.format('"w.bin"'), '"w.bin" is not beside the model: it can be counted, and not run'], []
    )  # fmt: skip
    (tmp_path / "w.bin").mkdir()  # opening it would fail
    assert with_note(outside("w.bin"), folder) == ([SHAPES.format('"w.bin"')], [])


SAID = [
    (
        "no numbers",
        model([], [tensor("a", [3], typed=chunk(12, "doc"))]),
        ['1 tensor has a shape and no numbers, "a" the first: counted by their shapes'],
        ['no-data: 1 tensor has no numbers, "a" the first'],
    ),
    (
        "a type of the future",
        model([], [tensor("a", [3], 99, raw=b"??")]),
        ['"a": data type 99 is not known: bytes unknown'],
        [],
    ),
    (
        "sparse",
        model([node("Gemm", "x S b")], [tensor("b", [4])], sparse=[sparse("S", [10, 10], 5)]),
        ["1 weight is stored sparsely; zeros are counted, 95 of them"],
        [],
    ),
    (
        "filled",
        model([node("ConstantOfShape", "s", "W"), node("Conv", "x W")], [integers("s", 4, 3)]),
        ["1 weight is filled with one value by ConstantOfShape when the model starts; the file holds shapes only"],
        [],
    ),
    (
        "packed and not understood",
        model([node("MatMulFpQ4", "x B s", domain=MS)], [tensor("B", [9], UINT8), integers("s", 2)]),
        [
            (
                '1 packed weight has no known logical size; the first: "B": '
                'MatMulFpQ4 packs it, and "its attributes" '
                "do not give its [9] numbers a shape"
            )
        ],
        [],
    ),
    (
        "a forest beside a network",
        model([node("Gemm", "x a"), node("TreeEnsembleRegressor", "x", domain=ML)], [tensor("a", [3])]),
        [
            "1 x a forest of decision trees beside what is counted here. "
            "The number of its leaves is no parameter count; "
            "count the trees with what wrote it"
        ],
        [],
    ),
    (
        "an output head that may be tied",
        model(
            [node("Gather", "emb x", "h"), node("MatMul", "h onnx::MatMul_7")],
            [tensor("emb", [50, 16]), tensor("onnx::MatMul_7", [16, 50])],
        ),
        [
            '"onnx::MatMul_7" has the shape of "emb" turned round: if the model ties its output head to that table, '
            "the exporter stored it twice, and 800 of the parameters are copies"
        ],
        [],
    ),
    ("training", model([], training=[graph()]), ["the graphs that train the model are set aside"], []),
]


@pytest.mark.parametrize(("data", "notes", "flags"), [c[1:] for c in SAID], ids=[c[0] for c in SAID])
def test_said(data, notes, flags):
    assert with_note(data) == (notes, flags)


def test_also_without_zeros():
    found = read(MemorySource(model([node("Gemm", "x S b")], [tensor("b", [4])], sparse=[sparse("S", [10, 10], 5)])))
    assert (found.total, found.totals.elements, found.also) == (104, 9, {"nonzero": 9})


def test_experts_are_routed():
    data = model([node("MoE", "x r w b", domain=MS, k=2)], [tensor("w", [8, 4, 3]), tensor("b", [8, 4])])
    found = read(MemorySource(data))
    assert (found.total, found.totals.active) == (128, 32)


# -- how it is shown ------------------------------------------------------------------------------------------

LAYERS = [
    ("by the names of parameters", model([node("Gemm", "x fc.weight fc.bias")], [W, B]), [("fc", "Dense", 16)]),
    (
        "by the node, where the name is made up",
        model(
            [node("MatMul", "x onnx::MatMul_9", "h", name="/net/fc/MatMul"), node("Add", "h net.fc.bias")],
            [tensor("onnx::MatMul_9", [3, 4]), tensor("net.fc.bias", [4])],
        ),
        [("net.fc", "Dense", 16)],
    ),
    (
        "by the module that torch.onnx says a node comes from",
        model(
            [
                node("MatMul", "x val_0", "h", name="node_MatMul_1")
                + chunk(9, chunk(1, "pkg.torch.onnx.stack_trace") + chunk(2, "File"))
                + chunk(9, chunk(1, "pkg.torch.onnx.name_scopes") + chunk(2, "['', 'net', 'net.fc', 'linear']")),
                node("Add", "h net.fc.bias"),
            ],
            [tensor("val_0", [3, 4]), tensor("net.fc.bias", [4])],
        ),
        [("net.fc", "Dense", 16)],
    ),
    (
        "TensorFlow's variables",
        model(
            [node("MatMul", "x m/d/MatMul/ReadVariableOp:0", "h"), node("Add", "h m/d/BiasAdd/ReadVariableOp:0")],
            [tensor("m/d/MatMul/ReadVariableOp:0", [3, 4]), tensor("m/d/BiasAdd/ReadVariableOp:0", [4])],
        ),
        [("m/d", "Dense", 16)],
    ),
    (
        "names without parts",
        model([node("Conv", "x conv1_w conv1_b")], [tensor("conv1_w", [2, 3, 1]), tensor("conv1_b", [2])]),
        [("conv1", "Conv", 8)],
    ),
    (
        "one name for all",
        model(
            [node("Conv", f"x n/c{k}_w n/c{k}_b", f"y{k}") for k in range(13)],
            [tensor(f"n/c{k}_{s}", [2]) for k in range(13) for s in "wb"],
        ),
        [("n/c0-12", "Conv", 52)],
    ),
    (
        "arguments under no layer",
        model([node("Reshape", "x s", "h"), node("Gather", "E h")], [tensor("E", [5, 2]), integers("s", 1)]),
        [("", None, 0), ("E", "Embedding", 10)],
    ),
]


@pytest.mark.parametrize(("data", "rows"), [c[1:] for c in LAYERS], ids=[c[0] for c in LAYERS])
def test_layers(data, rows):
    assert [(row.name, row.kind, row.total) for row in read(MemorySource(data)).layers] == rows


def test_print_back():
    data = model([node("MatMulNBits", "x B s", domain=MS, **NBITS)], [tensor("B", [3, 3, 16], UINT8), tensor("s", [9])],
                 producer="pytorch\x1b[31m")  # fmt: skip
    assert read(MemorySource(data)).read_as == "ONNX, IR 8, opset 17, pytorch\\x1b[31m, 2 tensors, MatMulNBits"


# -- what is refused ------------------------------------------------------------------------------------------

HUGE = 1 << 60


def one(*args, **kwargs) -> bytes:
    return model([], [tensor(*args, **kwargs)])


def nested(depth: int) -> bytes:
    inner = graph()
    for _ in range(depth):
        inner = graph([node("If", "c", then_branch=inner)])
    return model(inner)


CORE_ML = number(1, 6) + chunk(2, chunk(1, chunk(1, "in"))) + chunk(502, "x")
CORE_ML_BEGINS = (
    r"m.onnx: it begins b'\x08\x06\x12\x06\n\x04\n\x02in\xb2\x1f', as no ONNX model does. Damaged, or wrongly named?"
)
START = number(1, 8) + chunk(2, "p" * 600)
# the threat | the file | the end of the message
REFUSED = [
    ("empty", b"", "m.onnx: no graph in it. Not an ONNX model, or a cut download"),
    ("no graph", START, "m.onnx: no graph in it. Not an ONNX model, or a cut download"),
    (
        "a graph beyond the file",
        number(1, 8) + b"\x3a\xff\xff\x03",
        "m.onnx: ModelProto (offset 2): field 7 of 65,535 bytes ends beyond the file, at 6. Cut short?",
    ),
    (
        "2^60 bytes of a tensor",
        model(Graph(varint(5 << 3 | 2) + varint(HUGE))),
        "m.onnx: GraphProto (offset 4): field 5 of 1,152,921,504,606,846,976 bytes "
        "ends beyond the message around it, at 14. Cut short?",
    ),
    (
        "a field numbered 0",
        START + b"\0\0",
        "m.onnx: ModelProto (offset 605): no field has number 0 and wire type 0. Damaged, or another format",
    ),
    (
        "a wire type that is none",
        START + b"\x0f",
        "m.onnx: ModelProto (offset 605): no field has number 1 and wire type 7. Damaged, or another format",
    ),
    ("Core ML under another name", CORE_ML, CORE_ML_BEGINS),
    (
        "a graph that is a number",
        START + number(7, 1),
        "m.onnx: ModelProto (offset 605): graph has wire type 0, which it never has. Damaged, or not this format",
    ),
    (
        "dimensions below 0",
        one("a", [-1], raw=b""),
        'tensor (offset 9): "a" has the impossible shape "[-1]": the limits are 8 dimensions, each from 0 to 2^48',
    ),
    (
        "dimensions of 2^48",
        one("a", [0, 1 << 48]),
        '"a" has the impossible shape "[0, 281474976710656]": the limits are 8 dimensions, each from 0 to 2^48',
    ),
    (
        "nine dimensions",
        one("a", [1] * 9),
        '"a" has the impossible shape "[1, 1, 1, 1, 1, 1, 1, 1, 1]": the limits are 8 dimensions, each from 0 to 2^48',
    ),
    (
        "a shape without the bytes",
        one("a", [1 << 30, 1 << 30], raw=bytes(4)),
        '"a": its raw data has 4 bytes, where its shape [1073741824, 1073741824] '
        "of float32 takes 4,611,686,018,427,387,904",
    ),
    (
        "an unknown type, more of it than bytes could hold",
        one("a", [1 << 40], 99, raw=bytes(4)),
        '"a": its raw data has 4 bytes, where its shape [1099511627776] of an unknown type takes more',
    ),
    ("no data type", one("a", [1], 0), '"a" has no data type'),
    (
        "numbers of another type",
        one("a", [1], FLOAT, typed=number(7, 1)),
        '"a" of data type 1 keeps its numbers in int64_data',
    ),
    (
        "numbers twice",
        one("a", [1], FLOAT, typed=chunk(4, bytes(4)) + number(7, 1)),
        '"a" of data type 1 keeps its numbers in float_data and int64_data',
    ),
    (
        "strings missing",
        one("a", [2], STRING, typed=chunk(6, "x")),
        '"a": it holds 1 strings, where its shape [2] of strings takes 2',
    ),
    (
        "another file that is too short",
        one("a", [1 << 40], location={"location": "w", "length": "8"}),
        '"a": its external data has 8 bytes, where its shape [1099511627776] of float32 takes 4,398,046,511,104',
    ),
    (
        "another file's offset is no number",
        one("a", [1], location={"location": "w", "offset": "-1"}),
        '"a": the offset of its external data is "-1", no number',
    ),
    (
        "an initializer twice",
        model([], [tensor("a"), tensor("a")]),
        'm.onnx: initializer "a" (offset 22) comes twice in one graph',
    ),
    (
        "more values than a sparse tensor has room for",
        model([], sparse=[sparse("a", [2], 3)]),
        '"a": [3] values at [3] places do not fit its dense shape "[2]"',
    ),
    (
        "places of another count",
        model([], sparse=[sparse("a", [9, 9], 3, places=[3, 3])]),
        '"a": [3] values at [3, 3] places do not fit its dense shape "[9, 9]"',
    ),
    (
        "a name that is not UTF-8",
        model([], [number(2, FLOAT) + chunk(8, b"\xff")]),
        '"�": not UTF-8 at byte 0 of its text',
    ),
    ("a name of 64 KB", one("a" * 65_536), "65,536 bytes of text, more than any real file has"),
    (
        "escapes in a name",
        model([], [tensor("\x1b[2J"), tensor("\x1b[2J")]),
        'initializer "\\x1b[2J" (offset 25) comes twice in one graph',
    ),
    ("graphs in graphs, 40 deep", nested(40), "messages inside messages, more than 100 deep"),
    (
        "a forest",
        model([node("TreeEnsembleClassifier", "x", domain=ML, nodes_values=[0.5] * 9)]),
        (
            "m.onnx: a forest of decision trees in ONNX, not a neural network. "
            "The number of its leaves is no parameter count; "
            "count the trees with what wrote it"
        ),
    ),
    (
        "support vectors",
        model([node("SVMRegressor", "x", domain=ML, support_vectors=[0.5] * 9)]),
        (
            "m.onnx: a support vector machine in ONNX, not a neural network. "
            "Its support vectors are samples, not parameters; "
            "count them with what wrote it"
        ),
    ),
]


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        read(MemorySource(data, "m.onnx"))
    assert str(problem.value).endswith(message)
    assert str(problem.value).startswith("m.onnx: ")


def test_graphs_in_graphs_up_to_the_limit():
    assert read(MemorySource(nested(30))).total == 0


VALID = model(
    [node("If", "c", "h", then_branch=BRANCH, else_branch=BRANCH), constant("C", [3, 3]), node("Gemm", "h C b"), CALL],
    [tensor("W", [4, 3, 1]), tensor("b", [3]), tensor("a", [2], INT64, typed=typed(7, 2))],
    sparse=[sparse("S", [5, 5], 2)],
    functions=[LINEAR], training=[graph([], [tensor("t", [2])])], producer="maker",
)  # fmt: skip


def test_cut_anywhere_is_refused_or_whole():
    total = read(MemorySource(VALID)).total
    for length in range(len(VALID)):
        with contextlib.suppress(NparamsError):
            # a cut between two fields of the model is a model; what it has, it has whole
            assert read(MemorySource(VALID[:length])).total in (total, 0)


def test_any_byte_may_be_wrong():
    data = bytearray(VALID)
    for place in range(len(data)):
        for wrong in (0, 1, 0x7F, 0xFF, data[place] ^ 0x80):
            kept, data[place] = data[place], wrong
            with contextlib.suppress(NparamsError):
                read(MemorySource(bytes(data), "m.onnx"))
            data[place] = kept


def big() -> bytes:
    """Payloads and names around the edges of what is read at once."""
    tensors = [tensor(f"t{n}", [n]) for n in (*range(0, 400, 7), 3_000, 16_000, 70_000, 1)]
    nodes = [node("Gemm", f"x t{n}", f"y{n}") for n in range(0, 400, 7)]
    return model(nodes, [*tensors, tensor("n" * 60_000, [2])])


def test_ranges_file_and_memory_agree(tmp_path):
    data = big()
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    seen = [read(MemorySource(data)), read(FileSource(str(path))), drive(RangeSource("r", len(data)), fetch, read)]
    assert len({str([repr(t) for t in n.tensors()] + n.notes + [n.read_as]) for n in seen}) == 1
    assert len(asked) > 5
    assert len(asked) == len(set(asked))


def test_numbers_are_not_read(tmp_path):
    path = tmp_path / "m.onnx"
    head = b"".join(number(1, n) for n in (1 << 20, 1 << 12)) + number(2, FLOAT) + chunk(8, "a")
    payload = 4 << 32
    inner = head + varint(9 << 3 | 2) + varint(payload)
    whole = varint(5 << 3 | 2) + varint(len(inner) + payload) + inner
    start = number(1, 8) + varint(7 << 3 | 2) + varint(len(whole) + payload) + whole
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + payload)
    reads = []

    class Watched(FileSource):
        def read(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return super().read(offset, length)

    with Watched(str(path)) as source:
        assert read(source).total == 1 << 32
    assert sum(reads) <= 1 << 14


# -- files without a name -------------------------------------------------------------------------------------

HEADS = [
    (model([node("Gemm", "x a")], producer="pytorch"), True),
    (number(1, 3) + chunk(2, "a producer of many words" * 60), True),
    (number(1, 3) + chunk(2, "Größe" * 120), True),
    (number(1, 8) + chunk(8, chunk(1, "") + number(2, 17)), True),
    (b"", False),
    (number(1, 8), False),
    (number(1, 0) + chunk(2, "x"), False),
    (number(1, 1000) + chunk(2, "x"), False),
    (number(1, 8) + number(2, 1), False),
    (number(1, 8) + chunk(9, "x"), False),
    (chunk(1, "net") + chunk(100, "x"), False),
    # Core ML: version, description; SavedModel: version, meta graph; GraphDef: node; Caffe: name
    (number(1, 6) + chunk(2, chunk(1, chunk(1, "in"))) + chunk(502, "x"), False),
    (number(1, 1) + chunk(2, chunk(1, chunk(2, "op"))), False),
    (chunk(1, chunk(1, "X") + chunk(2, "Placeholder")), False),
    (b"\x80\x02\x8a\x0a", False),
    (b"GGUF\3\0\0\0", False),
]


@pytest.mark.parametrize(("data", "expected"), HEADS)
@pytest.mark.parametrize("length", [16, 64, 512])
def test_may_be(data, expected, length):
    assert may_be(data[:length]) == expected


# -- real files, and limits ---------------------------------------------------------------------------------


def rows() -> list[dict[str, str]]:
    with (shared("models") / "manifest.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_real_files():
    models = shared("models")
    found = [row for row in rows() if row["format"] == "onnx"]
    assert found
    for row in found:
        with FileSource(str(models / row["file"])) as source:
            network = read(source)
        assert network.totals.elements == int(row["expected_elements"]), row["file"]
        if row["expected_tensors"].isdigit() and "constants=0" in row["notes"]:
            stored = [t for t in network.tensors() if t.stored is None]
            assert len(stored) == int(row["expected_tensors"]), row["file"]


#: what the same network says of itself in other forms (FORMATS.md §0: the .pth of RFB-320, silero's TorchScript;
#: the published counts of GoogLeNet, SqueezeNet 1.1, VGG-19 and ResNet-50)
SAME = {
    "models/onnx/version-RFB-320.onnx": 276_292, "silero_vad/data/silero_vad.onnx": 462_594,
    "light/light_inception_v1.onnx": 6_998_552, "light/light_squeezenet.onnx": 1_235_496,
    "light/light_vgg19.onnx": 143_667_240, "light/light_resnet50.onnx": 25_557_032,
}  # fmt: skip


def test_totals_of_known_networks():
    models = shared("models")
    for row in rows():
        expected = next((total for end, total in SAME.items() if row["file"].endswith(end)), None)
        if expected is not None:
            with FileSource(str(models / row["file"])) as source:
                assert read(source).total == expected, row["file"]


def test_other_real_files_are_not_taken_for_onnx():
    models = shared("models")
    for row in rows():
        path = models / row["file"]
        if path.is_file():
            with path.open("rb") as file:
                assert may_be(file.read(512)) == (row["format"] == "onnx"), row["file"]


MANY = 400_000
INPUTS = [f"p{k}" for k in range(30_000)]
ATTACKS = {
    "2^60 bytes of a graph": number(1, 8) + varint(7 << 3 | 2) + varint(HUGE),
    "nodes of nothing": model(Graph(b"\x0a\0" * MANY)),
    "initializers of nothing": model(Graph(b"\x2a\0" * MANY)),
    "unknown fields": number(1, 8) + b"\x78\0" * (6 * MANY),
    "inputs without end": model(Graph(chunk(1, b"\x0a\0" * MANY + chunk(4, "Add")))),
    "names without end": model(Graph(chunk(1, b"".join(chunk(1, f"{k}é") for k in range(MANY))))),
    "attributes without end": model(Graph(chunk(1, chunk(4, "A") + b"\x2a\0" * MANY))),
    "dimensions without end": model(Graph(chunk(5, b"\x08\1" * MANY))),
    "packed dimensions without end": model(Graph(chunk(5, chunk(1, b"\1" * MANY)))),
    "groups in groups": number(1, 8) + b"\x7b" * MANY,
    "graphs in graphs": nested(2_000),
    "a chain of casts, used at each step": model(
        [node("Identity", f"v{k}", f"v{k + 1}") + b"" for k in range(20_000)]
        + [node("Conv", f"x v{k}", f"y{k}") for k in range(20_000)], [tensor("v0", [2])]),
    "one node of many graphs and results": model(
        [node("If", "c", " ".join(f"r{k}" for k in range(30_000)), graphs=[Graph(b"")] * 30_000)]
        + [node("Conv", f"x r{k}", f"y{k}") for k in range(30_000)]
    ),
    "one function of many inputs, called often": model(
        [node("F", "", f"y{k}", domain="f") for k in range(30_000)],
        functions=[function("F", " ".join(INPUTS), "z", [node("Conv", f"x {name}") for name in INPUTS])],
    ),
    "a chain of sums, each used": model(
        [node("Add", f"v{k} v{k}", f"v{k + 1}") for k in range(20_000)]
        + [node("Conv", f"x v{k}", f"y{k}") for k in range(20_000)],
        [tensor("v0", [2])],
    ),
    "a forest": model([node("TreeEnsembleRegressor", "x", domain=ML, nodes_values=[0.5] * MANY)]),
}  # fmt: skip
CHILD = """
import resource, sys
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource
from nparams.files.onnx import read
resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
try:
    read(FileSource(sys.argv[1]))
except NparamsError as problem:
    print(type(problem).__name__, problem)
else:
    print("counted")
"""


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.skipif(
    not hasattr(resource, "RLIMIT_AS") or sys.platform == "darwin", reason="no address-space limit here"
)
def test_memory_stays_under_256_mb(tmp_path, name):
    path = tmp_path / "m.onnx"
    path.write_bytes(ATTACKS[name])
    run = subprocess.run([sys.executable, "-c", CHILD, path], capture_output=True, text=True, cwd=REPOSITORY)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(("FormatError", "UnsupportedError", "counted"))


def test_attributes_are_written_as_the_reader_wants():
    """The maker's own attributes, so that a case above is not empty by mistake."""
    assert attribute("a", 1.0) == chunk(1, "a") + fixed(2, 1.0)


def test_a_table_that_is_gathered_from_is_a_lookup_table():
    data = model([node("Gather", "E x", "h"), node("MatMul", "h A")], [tensor("E", [9, 4]), tensor("A", [4, 3])])
    found = json.loads(read(MemorySource(data)).to_json())
    assert (found["total"], found["embedding"], found["non_embedding"]) == (48, 36, 12)
