"""Caffe: what is counted, by which role, and what is refused with which words."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from nparams.files.caffe import read
from tests.caffe_maker import (
    LENET,
    V1_CONVOLUTION,
    V1_DATA,
    V1_INNER_PRODUCT,
    V1_PRELU,
    blob,
    double,
    field,
    floats,
    layer,
    legacy,
    loose,
    net,
    packed,
    raw,
    v0,
    v1,
    varint,
)
from tests.conftest import shared

DATA = Path(__file__).parent / "data" / "caffe"


def found(data: bytes):
    return read(MemorySource(data, "n.caffemodel"))


def roles(*layers: bytes) -> list[tuple[str, tuple[int, ...], str]]:
    return [(t.name, t.shape, t.role) for t in found(net(*layers)).tensors()]


W, B, U = "weight", "bias", "buffer"
#: type | shapes of its blobs | names and roles
TYPES = [
    ("Convolution", [(8, 3, 3, 3), (8,)], [("weight", W), ("bias", B)]),
    ("Convolution", [(8, 3, 3, 3)], [("weight", W)]),
    ("Deconvolution", [(3, 8, 4, 4), (8,)], [("weight", W), ("bias", B)]),
    ("InnerProduct", [(10, 4), (10,)], [("weight", W), ("bias", B)]),
    ("Embed", [(10, 4), (4,)], [("weight", W), ("bias", B)]),
    ("BatchNorm", [(8,), (8,), (1,)], [("mean", U), ("variance", U), ("scale_factor", U)]),
    ("BatchNorm", [(8,), (8,), (1,), (8,), (8,)],
     [("mean", U), ("variance", U), ("scale_factor", U), ("weight", W), ("bias", B)]),
    ("Scale", [(8,), (8,)], [("weight", W), ("bias", B)]),
    ("Scale", [(8,)], [("weight", W)]),
    ("Bias", [(8,)], [("bias", B)]),
    ("PReLU", [(8,)], [("weight", W)]),
    ("PReLU", [()], [("weight", W)]),
    ("Parameter", [(8, 2)], [("weight", W)]),
    ("LSTM", [(16, 3), (16,), (16, 4)], [("W_xc", W), ("b_c", B), ("W_hc", W)]),
    ("LSTM", [(16, 3), (16,), (16, 5), (16, 4)], [("W_xc", W), ("b_c", B), ("W_xc_static", W), ("W_hc", W)]),
    ("RNN", [(4, 3), (4,), (4, 4), (4, 4), (4,)], [("W_xh", W), ("b_h", B), ("W_hh", W), ("W_ho", W), ("b_o", B)]),
    ("RNN", [(4, 3), (4,), (4, 2), (4, 4), (4, 4), (4,)],
     [("W_xh", W), ("b_h", B), ("W_xh_static", W), ("W_hh", W), ("W_ho", W), ("b_o", B)]),
    ("Normalize", [(8,)], [("weight", W)]),
    ("BN", [(1, 8, 1, 1)] * 4, [("weight", W), ("bias", B), ("mean", U), ("variance", U)]),
    ("BN", [(1, 8, 1, 1)] * 2, [("weight", W), ("bias", B)]),
    ("DepthwiseConvolution", [(8, 1, 3, 3), (8,)], [("weight", W), ("bias", B)]),
    ("ConvolutionDepthwise", [(8, 1, 3, 3)], [("weight", W)]),
    # not known: by the shapes
    ("Python", [(4, 3), (4,)], [("0", W), ("1", B)]),
    ("Python", [(4,)], [("0", W)]),
    ("Python", [(4,), (4,)], [("0", W), ("1", W)]),
    ("Convolution", [(8, 3, 3, 3), (8,), (8,)], [("0", W), ("1", W), ("2", B)]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "shapes", "expected"), TYPES)
def test_the_type_says_the_roles(kind, shapes, expected):
    assert roles(layer("l", kind, *(blob(*shape) for shape in shapes))) == [
        (f"l.{name}", shape, role) for (name, role), shape in zip(expected, shapes, strict=True)
    ]


def test_a_type_that_is_not_known_is_named():
    notes = found(net(layer("l", "Python", blob(4, 3), blob(4)), layer("m", "Python", blob(2)))).notes
    assert notes == ["layers whose blobs are not known (Python): 18 numbers go by their shapes"]


#: type | groups | shape of the weights | kind of the module
KINDS = [
    ("Convolution", 0, (8, 3, 3, 3), "Conv"), ("Convolution", 2, (8, 4, 3, 3), "Conv"),
    ("Convolution", 8, (8, 1, 3, 3), "DepthwiseConv"), ("Convolution", 0, (8, 1, 3, 3), "Conv"),
    ("DepthwiseConvolution", 0, (8, 1, 3, 3), "DepthwiseConv"), ("Deconvolution", 0, (8, 3, 3, 3), "ConvTranspose"),
    ("InnerProduct", 0, (8, 3), "Dense"), ("Embed", 0, (8, 3), "Embedding"), ("LSTM", 0, (8, 3), "LSTM"),
    ("PReLU", 0, (8,), "PReLU"), ("Python", 0, (8,), None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "group", "shape", "expected"), KINDS)
def test_the_kind_of_a_layer(kind, group, shape, expected):
    (module,) = found(net(layer("l", kind, blob(*shape), group=group))).root.children
    assert (module.name, module.kind) == ("l", expected)


def test_a_whole_network():
    network = found(LENET)
    totals = network.totals
    assert (network.total, totals.weights, totals.biases, totals.buffers, totals.elements) == (
        100 + 4 + 4 + 4 + 160 + 10, 264, 18, 9, 291,
    )  # fmt: skip
    assert network.read_as == "Caffe LeNet, 6 layers, 9 blobs"
    assert [t.name for t in network.tensors()][-2:] == ["ip/dense.weight", "ip/dense.bias"]
    assert {t.dtype for t in network.tensors()} == {"float32"}
    assert (network.notes, network.flags) == ([], [])


#: what it shows | a blob of an InnerProduct | shape | number type
BLOBS = [
    ("float64", double(3, 2), (3, 2), "float64"), ("numbers one by one", blob(3, 2, data=loose(6)), (3, 2), "float32"),
    ("packed in two runs", blob(3, 2, data=floats(2) + floats(4)), (3, 2), "float32"),
    ("packed and one by one", blob(3, 2, data=floats(4) + loose(2)), (3, 2), "float32"),
    ("NVIDIA's half precision", raw(2, 2, 3, 2), (3, 2), "float16"),
    ("NVIDIA's float", raw(1, 4, 3, 2), (3, 2), "float32"), ("NVIDIA's int", raw(3, 4, 3, 2), (3, 2), "int32"),
    ("NVIDIA's double, which is the default", blob(3, 2, data=field(12, bytes(48))), (3, 2), "float64"),
    ("four sides", legacy(1, 1, 3, 2), (3, 2), "float32"), ("one number", floats(1), (), "float32"),
    ("none", blob(0, 2), (0, 2), "float32"),
    ("both floats and doubles: Caffe takes these", double(3, 2) + floats(9), (3, 2), "float64"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "shape", "dtype"), [b[1:] for b in BLOBS], ids=[b[0] for b in BLOBS])
def test_blobs(data, shape, dtype):
    (tensor,) = found(net(layer("ip", "InnerProduct", data))).tensors()
    assert (tensor.shape, tensor.dtype) == (shape, dtype)


def test_gradients_are_not_counted():
    network = found(net(layer("ip", "InnerProduct", blob(3, 2) + floats(6, 6))))
    assert network.total == 6
    assert network.notes == ["6 gradients (diff) beside the numbers are not counted"]


def test_layers_of_older_ages():
    second = net(v1("data", V1_DATA), v1("data", V1_DATA), v1("conv", V1_CONVOLUTION, legacy(8, 3, 3, 3),
                 legacy(1, 1, 1, 8)), v1("ip", V1_INNER_PRODUCT, legacy(1, 1, 10, 4), legacy(1, 1, 1, 10)))  # fmt: skip
    network = found(second)
    assert [(t.name, t.shape, t.role) for t in network.tensors()] == [
        ("conv.weight", (8, 3, 3, 3), W), ("conv.bias", (8,), B), ("ip.weight", (10, 4), W), ("ip.bias", (10,), B),
    ]  # fmt: skip
    assert network.read_as == "Caffe V1 net, 4 layers, 4 blobs"
    first = found(net(v0("c", "conv", legacy(2, 1, 3, 3), legacy(1, 1, 1, 2)), v0("i", "innerproduct", blob(4, 2))))
    assert [(t.name, t.shape, t.role) for t in first.tensors()] == [
        ("c.weight", (2, 1, 3, 3), W), ("c.bias", (2,), B), ("i.weight", (4, 2), W)
    ]  # fmt: skip
    assert first.read_as == "Caffe V0 net, 2 layers, 3 blobs"
    strange = found(net(v1("p", V1_PRELU, legacy(1, 1, 1, 8))))
    assert strange.notes == ["layers whose blobs are not known (type 99): 8 numbers go by their shapes"]
    both = found(net(layer("a", "InnerProduct", blob(4, 2)), v1("b", V1_INNER_PRODUCT, legacy(1, 1, 3, 2))))
    assert (both.total, both.notes) == (6, ["layers of two ages: as Caffe does, those of V1 are read and the others "
                                            "are not"])  # fmt: skip


def test_shared_parameters_count_once():
    network = found(net(
        layer("a", "InnerProduct", blob(4, 2), blob(4), shared=["w", ""]),
        layer("b", "InnerProduct", blob(4, 2), blob(4), shared=["w", ""]),
        layer("c", "InnerProduct", blob(2, 4), shared=["w"]),
    ))  # fmt: skip
    assert [(t.name, t.tied_to) for t in network.tensors()] == [
        ("a.weight", None), ("a.bias", None), ("b.weight", "a.weight"), ("b.bias", None), ("c.weight", "a.weight")
    ]  # fmt: skip
    assert network.total == 8 + 4 + 4
    assert network.notes == ["2 blobs are shared with an earlier layer: counted once, there"]
    old = found(net(v1("a", V1_INNER_PRODUCT, blob(4, 2), shared=["w"]), v1("b", V1_INNER_PRODUCT, blob(4, 2),
                                                                              shared=["w"])))  # fmt: skip
    assert (old.total, old.notes) == (8, ["1 blob is shared with an earlier layer: counted once, there"])


def test_a_layer_of_the_same_name_is_the_same_layer():
    same = layer("ip", "InnerProduct", blob(4, 2), blob(4))
    network = found(net(same, same))
    assert network.total == 12
    assert [(t.name, t.tied_to) for t in network.tensors()][2:] == [("ip.weight#2", "ip.weight"),
                                                                    ("ip.bias#2", "ip.bias")]  # fmt: skip
    assert network.notes == ['"ip": a second layer of this name, which Caffe takes for the same one: counted once']


def test_layers_without_a_name():
    unnamed = field(100, field(2, "InnerProduct") + field(7, blob(4, 2)))
    assert [t.name for t in found(net(unnamed, unnamed)).tensors()] == ["layer_0.weight", "layer_1.weight"]


def test_a_network_without_numbers():
    network = found(net(layer("data", "Input")))
    assert (network.total, network.notes) == (0, ["no layer holds numbers: a description of a network alone"])


HEAD = 'n.caffemodel: layer "ip" (InnerProduct): '
#: what it shows | the file | the error
REFUSED = [
    ("no layers", field(1, "net"), "n.caffemodel: no layers in it. Not a Caffe model, or a cut download"),
    ("fewer numbers", net(layer("ip", "InnerProduct", blob(3, 2, count=5))),
     f"{HEAD}blob 0 of shape [3, 2] takes 6 numbers, and 5 are stored"),
    ("more numbers", net(layer("ip", "InnerProduct", blob(3, 2, count=7))),
     f"{HEAD}blob 0 of shape [3, 2] takes 6 numbers, and 7 are stored"),
    ("no numbers", net(layer("ip", "InnerProduct", blob(3, 2, count=0))),
     f"{HEAD}blob 0 of shape [3, 2] takes 6 numbers, and 0 are stored. Cut out, or stored elsewhere?"),
    ("half a number", net(layer("ip", "InnerProduct", blob(3, 2, data=field(5, bytes(25))))),
     f"{HEAD}blob 0 has 25 bytes, which are no float32 of 4 bytes each"),
    ("a shape below 0", net(layer("ip", "InnerProduct", blob(3, (1 << 64) - 2, count=0))),
     f"{HEAD}blob 0 has an impossible shape: [3, -2]"),
    ("a shape of the sky", net(layer("ip", "InnerProduct", blob(1 << 50, count=0))),
     f"{HEAD}blob 0 has an impossible shape: [1125899906842624]"),
    ("axes without end", net(layer("ip", "InnerProduct", blob(*[1] * 33))),
     f"{HEAD}blob 0 has an impossible shape: {[1] * 33}"),
    ("an unknown number type", net(layer("ip", "InnerProduct", raw(9, 4, 3, 2))),
     f"{HEAD}blob 0 has numbers of type 9, which is not known"),
    ("raw numbers that are none",
     net(layer("ip", "InnerProduct", blob(3, 2, data=field(10, 1) + field(12, bytes(25))))),
     f"{HEAD}blob 0 has 25 bytes, which are no float32 of 4 bytes each"),
    ("two layers of one name", net(layer("ip", "InnerProduct", blob(3, 2)), layer("ip", "InnerProduct", blob(3, 3))),
     f"{HEAD}two layers have this name, and their blobs have other shapes"),
    ("shared, and of another size", net(layer("a", "InnerProduct", blob(3, 2), shared=["w"]),
                                        layer("ip", "InnerProduct", blob(3, 3), shared=["w"])),
     f'{HEAD}shares "w", and has another number of values than a.weight'),
    ("cut short", LENET[:-7], "n.caffemodel: NetParameter (offset 685): field 100 of 731 bytes ends beyond the "
     "file, at 1,413. Cut short?"),
    ("a group in place of a layer", varint(100 << 3 | 3), "n.caffemodel: NetParameter (offset 0): layer has wire "
     "type 3, which it never has. Damaged, or not this format"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        found(data)
    assert str(problem.value) == message


def test_it_is_known_by_its_ending_and_by_its_fields(tmp_path):
    for name in ("net.caffemodel", "net.bin", "net"):
        (tmp_path / name).write_bytes(LENET)
        assert nparams.read(tmp_path / name).form == "caffe"
    (tmp_path / "old").write_bytes(net(v1("conv", V1_CONVOLUTION, legacy(8, 3, 3, 3))))
    assert nparams.read(tmp_path / "old").form == "caffe"


def test_numbers_are_not_read(tmp_path):
    """A blob of 16 GB in a sparse file: only its length is looked at."""
    path = tmp_path / "big.caffemodel"
    payload = 4 << 32
    inner = field(7, packed(1, [1 << 16, 1 << 16])) + varint(5 << 3 | 2) + varint(payload)
    body = field(1, "ip") + field(2, "InnerProduct")
    blobs = varint(7 << 3 | 2) + varint(len(inner) + payload) + inner
    start = varint(100 << 3 | 2) + varint(len(body) + len(blobs) + payload) + body + blobs
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + payload)
    seen = []

    class Counting(FileSource):
        def read(self, offset, length):
            seen.append(length)
            return super().read(offset, length)

    with Counting(str(path)) as source:
        assert read(source).total == 1 << 32
    assert sum(seen) < 20_000


def test_ranges_file_and_memory_agree(tmp_path):
    data = net(*(layer(f"c{k}", "Convolution", blob(64, 8, 3, 3), blob(64)) for k in range(12)))
    (tmp_path / "n.caffemodel").write_bytes(data)
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    seen = [read(MemorySource(data)), read(FileSource(str(tmp_path / "n.caffemodel"))),
            drive(RangeSource("n", len(data)), fetch, read)]  # fmt: skip
    assert len({str([repr(t) for t in n.tensors()]) for n in seen}) == 1
    assert len(asked) == len(set(asked)) > 5
    assert sum(length for _, length in asked) < len(data) // 4


def test_the_shared_models():
    checked = 0
    with shared("models/manifest.tsv").open() as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["format"] == "caffemodel":
                network = nparams.read(shared("models") / row["file"])
                assert (network.form, network.totals.elements) == ("caffe", int(row["expected_elements"]))
                assert len(list(network.tensors())) == int(row["expected_tensors"])
                checked += 1
    assert checked


LISTINGS = sorted(DATA.glob("*.json"))


@pytest.mark.parametrize("path", LISTINGS, ids=[path.stem for path in LISTINGS])
def test_what_the_message_holds_by_protoc(path):
    """The files of tools/fixtures/caffe.py, written by protoc's own code and listed by it."""
    listing = json.loads(path.read_text())
    network = nparams.read(path.with_suffix(".caffemodel"))
    assert [list(t.shape) for t in network.tensors()] == [shape for _, shape in listing["blobs"]]
    names = [t.name.partition("#")[0].rpartition(".")[0] for t in network.tensors()]
    assert names == [name for name, _ in listing["blobs"]]
    assert network.totals.elements == listing["elements"]
