"""ncnn: what each layer loads, how the .bin is walked, and what is refused with which words."""

from __future__ import annotations

import csv
import json
from math import prod
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files._ncnn.loads import LOADS
from nparams.files._ncnn.types import BY_INDEX, HANDED_ON, KINDS, OPERATORS
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource, RangeSource, drive
from nparams.files.ncnn import read
from tests.conftest import shared
from tests.ncnn_maker import (
    BLOCKS,
    FLOAT16,
    FLOAT32,
    INT8,
    LAYERS,
    SCALED,
    TABLE,
    A,
    L,
    W,
    b,
    binary,
    numbers,
    text,
    w,
)

DATA = Path(__file__).parent / "data" / "ncnn"
IDS = [f"{layer.kind} {layer.parameters}" for layer in [*LAYERS, *BLOCKS]]


def pair(folder: Path, param: bytes, data: bytes | None, stem: str = "n", ending: str = ".param") -> Path:
    """A model in a folder; its .param."""
    (folder / f"{stem}{ending}").write_bytes(param)
    if data is not None:
        (folder / f"{stem}.bin").write_bytes(data)
    return folder / f"{stem}{ending}"


def found(folder: Path, layers: list[L], **options: object):
    return nparams.read(pair(folder, text(layers, **options), numbers(layers)))  # type: ignore[arg-type]


DTYPES = {None: "float32", FLOAT32: "float32", FLOAT16: "float16", INT8: "int8"}


@pytest.mark.parametrize("layer", [*LAYERS, *BLOCKS], ids=IDS)
def test_what_each_layer_loads(tmp_path, layer):
    """Names, roles, shapes and number types of each type's arrays; that its .bin ends there is checked on the way."""
    network = found(tmp_path, [layer])
    expected = [(f"l0.{a.name}", a.role, a.shape) for a in layer.arrays]
    assert [(t.name, t.role, t.shape) for t in network.tensors()] == expected
    for tensor, a in zip(network.tensors(), layer.arrays, strict=True):
        if a.packed is None:
            assert (tensor.dtype, tensor.stored) == (DTYPES[a.flag], None)
        else:
            assert tensor.dtype == f"int{layer.parameters[18] // 100}"
            assert tensor.stored == (a.packed, a.packed + -a.packed % 4)
    assert network.total == sum(prod(a.shape) for a in layer.arrays if a.role in ("weight", "bias"))


@pytest.mark.parametrize("layer", LAYERS, ids=IDS[: len(LAYERS)])
def test_a_param_alone_counts_the_same(layer):
    network = read(MemorySource(text([layer]), "n.param"))
    assert [(t.name, t.role, t.shape, t.dtype) for t in network.tensors()] == [
        (f"l0.{a.name}", a.role, a.shape, None) for a in layer.arrays
    ]
    assert network.notes == ["no .bin beside it: counted from the layers alone, number types unknown"]


@pytest.mark.parametrize("layer", LAYERS, ids=IDS[: len(LAYERS)])
def test_a_binary_param_holds_the_same(tmp_path, layer):
    network = nparams.read(pair(tmp_path, binary([layer]), numbers([layer]), ending=".param.bin"))
    name = f"{layer.kind.lower()}_1"
    assert [(t.name, t.role, t.shape) for t in network.tensors()] == [
        (f"{name}.{a.name}", a.role, a.shape) for a in layer.arrays
    ]


def test_every_type_that_loads_is_here():
    assert {layer.kind for layer in LAYERS} == set(LOADS)
    assert set(LOADS) | set(KINDS) | HANDED_ON | OPERATORS <= set(BY_INDEX)


def test_the_places_of_types():
    """Some of src/layer_type_enum.h as ncnn 20240410 was built: the list only grows."""
    places = {0: "AbsVal", 6: "Convolution", 15: "InnerProduct", 16: "Input", 26: "ReLU", 33: "Split", 40: "BinaryOp",
              42: "ConvolutionDepthWise", 74: "Gemm", 79: "MultiHeadAttention", 104: "RMSNorm"}  # fmt: skip
    assert {k: BY_INDEX[k] for k in places} == places


FLAGS = [
    (FLOAT32, "float32", None), (FLOAT16, "float16", None), (INT8, "int8", None), (SCALED, "float32", None),
    (TABLE, "uint8", "stored as indices of one byte into a table of 256 numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "dtype", "note"), FLAGS)
def test_the_flag_says_the_number_type(tmp_path, flag, dtype, note):
    network = found(tmp_path, [L("InnerProduct", {0: 3, 1: 1, 2: 15}, [w(3, 5, flag=flag), b(3)])])
    first = next(iter(network.tensors()))
    assert (first.shape, first.dtype, first.note) == ((3, 5), dtype, note)
    assert (network.total, network.totals.bookkeeping) == (18, 256 if note else 0)
    assert any("tables of 256 numbers" in each for each in network.notes) == bool(note)


def test_several_layers(tmp_path):
    layers = [LAYERS[0], L("ReLU", {0: 0.1}), L("Pooling", {}), LAYERS[21], L("Softmax", {0: 0})]
    network = found(tmp_path, layers, names=["conv1/3x3", "relu1", "pool1", "fc.0", "prob"])
    assert [t.name for t in network.tensors()] == ["conv1/3x3.weight", "conv1/3x3.bias", "fc.0.weight", "fc.0.bias"]
    assert (network.total, network.read_as) == (108 + 4 + 24 + 4, "ncnn, 6 layers, 4 arrays")
    assert network.notes == ["read with n.bin: its layers take exactly the 568 bytes of n.bin"]
    assert {m.name: m.kind for m in walked(network.root)} == {"conv1": None, "conv1/3x3": "Conv", "fc": None,
                                                               "fc.0": "Dense"}  # fmt: skip


def walked(module):
    for child in module.children:
        yield child
        yield from walked(child)


def test_names_that_come_twice(tmp_path):
    network = found(tmp_path, [LAYERS[30], LAYERS[30]], names=["a", "a"])
    assert [t.name for t in network.tensors()] == ["a.bias", "a#2.bias"]


# what follows a MemoryData of 2x3 (or the shape given) | role of it | note
REACHED = [
    ([L("BinaryOp", {0: 0})], (2, 3), "weight", "a constant operand of BinaryOp"),
    ([L("BinaryOp", {0: 0})], (3,), "bias", "a constant operand of BinaryOp"),
    ([L("BinaryOp", {0: 7})], (1, 3), "bias", "a constant operand of BinaryOp"),
    ([L("BinaryOp", {0: 2})], (3,), "weight", "a constant operand of BinaryOp"),
    ([L("BinaryOp", {0: 2})], (1,), "buffer", "one number: a constant of the graph"),
    ([L("Split", {}), L("Reshape", {0: 6}), L("MatMul", {})], (2, 3), "weight", "a constant operand of MatMul"),
    ([L("Concat", {}), L("LayerNorm", {0: 3, 2: 0})], (3,), "buffer", "reaches no layer that would weigh or add it"),
    ([L("UnaryOp", {})], (3,), "buffer", "reaches no layer that would weigh or add it"),
]


@pytest.mark.parametrize(("layers", "shape", "role", "note"), REACHED)
def test_a_constant_is_a_weight_where_it_is_weighed_or_added(layers, shape, role, note):
    keys = dict(zip((0, 1, 2), reversed(shape), strict=False))
    network = read(MemorySource(text([L("MemoryData", keys, inputs=0), *layers]), "n.param"))
    (tensor,) = network.tensors()
    assert (tensor.shape, tensor.role, tensor.note) == (shape, role, note)


TEXTS = [
    ("lists of both kinds, floats and texts", b"0=2 1=1 2=6 -23303=2,0.1,7 9=1 10=1.5,2 11=abc 12=\"a b = c\" 13=3e2"),
    ("over several lines", b"0=2\n  1=1\r\n2=6"), ("tabs", b"0=2\t1=1\t2=6"), ("a + in front", b"0=+2 1=1 2=6"),
    ("a text of one quote and more", b"0=2 5=\"a\" 1=1 6=\" x\" 2=6"),
]  # fmt: skip


@pytest.mark.parametrize("held", [t[1] for t in TEXTS], ids=[t[0] for t in TEXTS])
def test_how_parameters_are_written(held):
    data = b"7767517\n3 3\nInput in 0 1 in\nInnerProduct ip 1 1 in x " + held + b"\nReLU r 1 1 x y\n"
    assert read(MemorySource(data, "n.param")).total == 8


def test_binary_lists_and_texts():
    from struct import pack

    extra = {0: 2, 1: 1, 2: 6, -23303: pack("<4i", -23303, 2, 5, 6), -23404: pack("<2i", -23404, 5) + b"hello\0\0\0"}
    assert read(MemorySource(binary([L("InnerProduct", extra)]), "n.param.bin")).total == 8


def test_whichever_file_is_given(tmp_path):
    layers = [LAYERS[0]]
    pair(tmp_path, text(layers), numbers(layers), "a.ncnn")
    pair(tmp_path, binary(layers), numbers(layers), "b", ".param.bin")
    for name in ("a.ncnn.param", "a.ncnn.bin", "b.param.bin", "b.bin"):
        network = nparams.read(tmp_path / name)
        assert (network.form, network.total, network.source) == ("ncnn", 112, str(tmp_path / name))
    alone = tmp_path / "alone"
    alone.mkdir()
    pair(alone, text(layers), None, "x")
    (alone / "y.bin").write_bytes(numbers([L("InnerProduct", {}, [w(112, flag=FLOAT16)])]))  # of another model
    with pytest.raises(NparamsError, match=r"y\.bin: bias of layer \"l0\" \(offset 220\) takes 16 bytes, up to 236"):
        nparams.read(alone / "y.bin")


def test_a_bin_that_begins_without_a_flag(tmp_path):
    """A batch norm in front: only the .param beside it tells what it is."""
    layers = [LAYERS[26], LAYERS[0]]
    path = pair(tmp_path, text(layers), numbers(layers))
    assert nparams.read(path.with_suffix(".bin")).total == 8 + 112


def test_types_of_a_program_of_ones_own(tmp_path):
    layers = [L("YoloV5Focus", {}), LAYERS[0]]
    network = found(tmp_path, layers)
    assert network.total == 112
    assert network.notes[1] == (
        "layers of a type that ncnn does not have (YoloV5Focus) hold no numbers: the others take all there are"
    )
    path = pair(tmp_path, text(layers), numbers(layers) + bytes(4))
    with pytest.raises(NparamsError) as problem:
        nparams.read(path)
    assert str(problem.value) == (
        "n.param: layers of a type that ncnn does not have (YoloV5Focus), and what numbers they hold only their "
        "program knows; count the model it was converted from"
    )


ONE = L("InnerProduct", {0: 2, 1: 1, 2: 6}, [w(2, 3), b(2)])
START = b"7767517\n2 2\nInput in 0 1 in\n"
#: what it shows | the .param | the .bin | the error
REFUSED = [
    ("a .bin that is longer", text([ONE]), numbers([ONE]) + bytes(8),
     "n.bin has 44 bytes, and the layers of n.param take 36: they do not belong together"),
    ("a .bin that is shorter", text([ONE]), numbers([ONE])[:-4],
     'n.bin: bias of layer "l0" (offset 28) takes 8 bytes, up to 36, but the file has 32. Cut short, or not the '
     '.bin of '
     "this .param?"),
    ("a .bin that ends before a flag", text([ONE, ONE]), numbers([ONE]) + b"\0",
     'n.bin: it ends at 37, before weight of layer "l1". Cut short, or not the .bin of this .param?'),
    ("an empty .bin", text([ONE]), b"", 'n.bin: it ends at 0, before weight of layer "l0". Cut short, or not the .bin '
     "of this .param?"),
    ("a type of one's own", text([L("MyLayer", {}), ONE]), None,
     "n.param: layers of a type that ncnn does not have (MyLayer), and what numbers they hold only their program "
     "knows; "
     "count the model it was converted from"),
    ("no layers", b"7767517\n0 0\n", None, "n.param: it says that it has 0 layers"),
    ("words for numbers", b"7767517\nmany 2\n", None,
     'n.param: the header: "many" where the number of layers belongs'),
    ("fewer layers than it says", text([ONE], count=5), None,
     "n.param: layer 2 of 5: the file ends where its type belongs. Cut short?"),
    ("a million inputs", START + b"Concat c 1000000 1", None,
     'n.param: layer 1 of 2 "c" (Concat): it takes 1,000,000 blobs and makes 1'),
    ("inputs below 0", START + b"Concat c -1 1", None,
     'n.param: layer 1 of 2 "c" (Concat): it takes -1 blobs and makes 1'),
    ("a name without end", START + b"ReLU " + b"x" * 300 + b" 1 1 a b", None,
     "n.param: layer 1 of 2: its name has 300 characters; ncnn reads 255"),
    ("a parameter of number 40", START + b"ReLU r 1 1 in out 40=1", None,
     'n.param: layer 1 of 2 "r" (ReLU): parameter 40, where they are numbered 0 to 31'),
    ("weights that do not part", START + b"InnerProduct ip 1 1 in out 0=2 2=7", None,
     'n.param: layer "ip" (InnerProduct): weight_data_size (2) is 7, which is no multiple of 2'),
    ("a kernel of 0", START + b"Convolution c 1 1 in out 0=2 6=8", None,
     'n.param: layer "c" (Convolution): weight_data_size (6) is 8, which is no multiple of 0'),
    ("a table that is none", START + b"Embed e 1 1 in out 0=2 1=5 3=12", None,
     'n.param: layer "e" (Embed): weight_data_size (3) is 12, not 5 rows (1) of 2 (0)'),
    ("a vector below 0", START + b"PReLU p 1 1 in out 0=-4", None,
     'n.param: layer "p" (PReLU): weight has an impossible shape: [-4]'),
    ("a vector of the sky", START + b"PReLU p 1 1 in out 0=99999999999999999", None,
     'n.param: layer "p" (PReLU): weight has an impossible shape: [99999999999999999]'),
    ("not UTF-8", START + b"\xff", None, "n.param: not UTF-8 at byte 28"),
    ("a binary one, cut", binary([ONE])[:-6], None,
     "n.param: (offset 72) the file ends where a parameter belongs. Cut short?"),
    ("a binary one of too many layers", binary([ONE], count=1 << 20), None,
     "n.param: (offset 12) 1,048,576 layers, in a file of 80 bytes"),
    ("a binary one with a list of 2^30", binary([L("InnerProduct", {-23303: (-23303).to_bytes(4, "little", signed=True)
                                                                    + (1 << 30).to_bytes(4, "little")})]), None,
     "n.param: (offset 60) layer 1 has a list of 1,073,741,824 in parameter 3. Cut short?"),
    ("a binary one of a newer type", binary([L("Input", {})]).replace(b"\x10\0\0\0", b"\xee\0\0\0"), None,
     "n.param: layer 0 is of type 238, which is newer than this version knows; count the text .param, or the model it "
     "was converted from"),
]  # fmt: skip


@pytest.mark.parametrize(("param", "data", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(tmp_path, param, data, message):
    path = pair(tmp_path, param, data)
    with pytest.raises(NparamsError) as problem:
        nparams.read(path)
    assert str(problem.value) == message


def test_a_bin_alone(tmp_path):
    (tmp_path / "n.bin").write_bytes(bytes(4) + b"\0\0\0\x3f" * 112)  # float32 by its flag, each 0.5
    with pytest.raises(NparamsError) as problem:
        nparams.read(tmp_path / "n.bin")
    assert str(problem.value) == (
        "n.bin: numbers without names and shapes, as ncnn keeps them (.bin); its layers stand in a .param, which must "
        "lie beside it"
    )
    (tmp_path / "n.param").write_bytes(b"hello")
    with pytest.raises(NparamsError, match=r"n\.param: it does not begin 7767517, as a \.param of ncnn does"):
        nparams.read(tmp_path / "n.bin")


def test_no_layer_takes_a_name_that_another_has():
    """The second c would be c#2, which is the name of a third."""
    dense = "InnerProduct {} 1 1 in out 0=2 1=1 2=6"
    lines = ["7767517", "4 4", "Input in 0 1 in", *map(dense.format, ("c", "c#2", "c"))]
    found = read(MemorySource("\n".join([*lines, ""]).encode(), "n.param"))
    assert found.total == 3 * 8
    assert len({t.name for t in found.tensors()}) == 6


def test_a_long_param():
    long = text([LAYERS[0]]) + b" " * 1_000_000
    with pytest.raises(NparamsError, match=r"n\.param: 1,000,090 bytes of layers; at most 1,000,000 are read"):
        read(MemorySource(long, "n.param"))
    assert read(MemorySource(long, "n.param"), limits=False).total == 112


def test_numbers_are_not_read(tmp_path):
    """A weight of 8 GB in a sparse file: only its flag is looked at."""
    path = pair(tmp_path, text([L("InnerProduct", {0: 1 << 15, 2: 1 << 31})]), b"")
    with (tmp_path / "n.bin").open("wb") as file:
        file.truncate(4 + (4 << 31))
    seen = []

    class Counting(FileSource):
        def read(self, offset, length):
            seen.append(length)
            return super().read(offset, length)

    with Counting(str(tmp_path / "n.bin")) as source:
        assert read(source, LocalFolder(str(tmp_path))).total == 1 << 31
    assert sum(seen) < 10_000
    assert nparams.read(path).total == 1 << 31


def test_ranges_file_and_memory_agree(tmp_path):
    layers = [L("InnerProduct", {0: 64, 1: 1, 2: 4096}, [w(64, 64, flag=FLOAT16), A("bias", W, (64,))])] * 9
    data = numbers(layers)
    pair(tmp_path, text(layers), data)
    folder, asked = LocalFolder(str(tmp_path)), []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    seen = [read(MemorySource(data, "n.bin"), folder), read(FileSource(str(tmp_path / "n.bin")), folder),
            drive(RangeSource("n.bin", len(data)), fetch, lambda source: read(source, folder))]  # fmt: skip
    assert len({str([repr(t) for t in n.tensors()]) for n in seen}) == 1
    assert len(asked) == len(set(asked)) == 9 + 1
    assert sum(length for _, length in asked) <= 9 * 4096 + 16


def test_the_shared_models():
    checked = 0
    with shared("models/manifest.tsv").open() as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["format"] == "ncnn":
                network = nparams.read(shared("models") / row["file"])
                assert (network.form, network.totals.elements) == ("ncnn", int(row["expected_elements"]))
                stated = dict(part.split("=", 1) for part in row["notes"].split(";") if "=" in part)
                totals = network.totals
                assert (totals.weights, totals.biases) == (int(stated["weights"]), int(stated["bias"]))
                checked += 1
    assert checked


def test_what_the_library_loads():
    """tools/fixtures/ncnn.py: the library loads each row's .bin, and reports it as cut short without its last bytes."""
    rows = json.loads((DATA / "loaded.json").read_text())
    assert [row[:2] for row in rows["layers"]] == [
        [layer.kind, {str(key): value for key, value in layer.parameters.items()}] for layer in LAYERS
    ]
    for (_, _, size, loads, cut), layer in zip(rows["layers"], LAYERS, strict=True):
        assert (size, loads, cut) == (len(numbers([layer])), True, bool(layer.arrays)), layer


@pytest.mark.parametrize("stem", ["net32", "net16"])
def test_what_pnnx_writes(stem):
    """A network of PyTorch, converted by pnnx: every parameter by its count, the biases of recurrences apart."""
    listing = json.loads((DATA / f"{stem}.json").read_text())
    network = nparams.read(DATA / f"{stem}.ncnn.param")
    assert nparams.read(DATA / f"{stem}.ncnn.bin").total == network.total == listing["total"]
    held = {t.name: list(t.shape) for t in network.tensors()}
    assert {name: held[name] for name in listing["arrays"]} == listing["arrays"]
    assert network.totals.parameter_bytes == listing["bytes"]


def test_the_pnnx_param_beside_it():
    """PyTorch's own names and shapes, all but those of the convolution that took in its batch norm."""
    listing = json.loads((DATA / "net32.json").read_text())
    network = nparams.read(DATA / "net32.pnnx.param")
    held = {t.name: list(t.shape) for t in network.tensors()}
    fused = {"convbn2d_0.weight": [8, 3, 3, 3], "convbn2d_0.bias": [8]}
    assert held == {**listing["torch"], **fused}
    assert network.total == 1_722 - 16  # named_parameters() without the batch norm's
    assert network.read_as == "PNNX, 19 operators, 30 arrays"
    assert network.totals.parameter_bytes == 4 * 1_706


PNNX = "7767517\n{} 2\npnnx.Input in 0 1 0 #0=(1,3)f32\n{}\npnnx.Output out 1 0 1\n"
#: what it shows | operators that it says | a line | the error, or names, shapes, number types and roles
PNNX_LINES = [
    ("several number types", 3, "nn.X x 1 1 0 1 @a=(2,3)bf16 @k=()i64 @w.c=(4)u8 $input=0 #1=(1)f32 k=@a",
     [("x.a", (2, 3), "bfloat16", "weight"), ("x.k", (), "int64", "buffer"), ("x.w.c", (4,), "uint8", "buffer")]),
    ("statistics", 3, "nn.BatchNorm2d bn 1 1 0 1 @running_mean=(4)f32 @weight=(4)f32",
     [("bn.running_mean", (4,), "float32", "buffer"), ("bn.weight", (4,), "float32", "weight")]),
    ("fewer lines", 9, "nn.X x 1 1 0 1", 'n.pnnx.param: it says "9" operators and lists 3. Cut short?'),
    ("no operator", 3, "nn.X x",
     'n.pnnx.param: operator 1: "nn.X x" is no type, name and numbers of inputs and outputs'),
    ("an unknown number type", 3, "nn.X x 1 1 0 1 @a=(2)f12",
     'n.pnnx.param: operator 1 "x": "@a=(2)f12" is no array of a known number type'),
    ("a shape that is none", 3, "nn.X x 1 1 0 1 @a=(2,?)f32",
     'n.pnnx.param: operator 1 "x": "@a=(2,?)f32" is no array of a known number type'),
    ("a shape of the sky", 3, "nn.X x 1 1 0 1 @a=(999999999999999)f32",
     'n.pnnx.param: operator 1 "x": impossible shape [999999999999999]'),
    ("two of one name", 3, "nn.X x 1 1 0 1 @a=(2)f32 @a=(2)f32", 'n.pnnx.param: two arrays are called "x.a"'),
]  # fmt: skip


@pytest.mark.parametrize(("count", "line", "expected"), [p[1:] for p in PNNX_LINES], ids=[p[0] for p in PNNX_LINES])
def test_lines_of_pnnx(count, line, expected):
    source = MemorySource(PNNX.format(count, line).encode(), "n.pnnx.param")
    if isinstance(expected, list):
        assert [(t.name, t.shape, t.dtype, t.role) for t in read(source).tensors()] == expected
    else:
        with pytest.raises(NparamsError) as problem:
            read(source)
        assert str(problem.value) == expected


def test_the_zip_of_a_pnnx_param(tmp_path):
    import io
    import zipfile

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("x.a", bytes(24))
    pair(tmp_path, PNNX.format(3, "nn.X x 1 1 0 1 @a=(2,3)f32").encode(), held.getvalue(), "n.pnnx")
    assert nparams.read(tmp_path / "n.pnnx.bin").total == 6
