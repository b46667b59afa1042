"""Core ML: what is counted, in which role, and what is refused with which words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path

import pytest

import nparams
from nparams.dtypes import COREML
from nparams.errors import FormatError, NparamsError, UnsupportedError
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from nparams.files.coreml import read
from nparams.network import Network, Tensor
from tests.conftest import shared
from tests.coreml_maker import (
    ACTIVATION,
    ADD,
    BATCHNORM,
    BIAS,
    BITS,
    BOOL,
    BRANCH,
    CONSTANT,
    CONVOLUTION,
    CUSTOM,
    EMBEDDING,
    FLOAT16,
    FLOAT32,
    INNER,
    INT4,
    INT8,
    INT32,
    LOOP,
    MATMUL,
    MULTIPLY,
    SCALE,
    STRING,
    UINT1,
    UINT4,
    UINT8,
    UINT32,
    block,
    chunk,
    const,
    dense,
    floats,
    function,
    halves,
    inner,
    layer,
    manifest,
    model,
    network,
    number,
    op,
    pipeline,
    program,
    quantised,
    text,
    value,
)
from tests.limits import limited, need_limits

DATA = Path(__file__).parent / "data" / "coreml"
NMP = "models/spotify+basic-pitch/basic_pitch/saved_models/icassp_2022/nmp.mlpackage"
QUANTISED = "scale, zero point or index of a quantised array"


def found(data: bytes) -> Network:
    return read(MemorySource(data, "m.mlmodel"))


def roles(data: bytes) -> dict[str, str]:
    return {tensor.name: tensor.role for tensor in found(data).tensors()}


def by_name(data: bytes) -> dict[str, Tensor]:
    return {tensor.name: tensor for tensor in found(data).tensors()}


# operator, parameter -> role
OPERANDS = [
    ("conv", "weight", "weight"), ("conv", "bias", "bias"), ("conv", "strides", "buffer"),
    ("conv_transpose", "weight", "weight"), ("conv_transpose", "output_shape", "buffer"), ("linear", "weight",
     "weight"),
    ("linear", "bias", "bias"), ("matmul", "x", "weight"), ("matmul", "y", "weight"), ("einsum", "values", "weight"),
    ("gather", "x", "weight"), ("gather_nd", "x", "weight"), ("gather", "indices", "buffer"),
    ("batch_norm", "mean", "buffer"), ("batch_norm", "variance", "buffer"), ("batch_norm", "gamma", "weight"),
    ("batch_norm", "beta", "bias"), ("layer_norm", "gamma", "weight"), ("layer_norm", "beta", "bias"),
    ("instance_norm", "gamma", "weight"), ("prelu", "alpha", "weight"), ("lstm", "weight_ih", "weight"),
    ("lstm", "weight_hh_back", "weight"), ("lstm", "peephole", "weight"), ("lstm", "bias_back", "bias"),
    ("lstm", "initial_h", "buffer"), ("gru", "weight_hh", "weight"), ("gru", "input_bias", "bias"),
    ("rnn", "bias", "bias"), ("add", "y", "weight"), ("mul", "x", "weight"), ("pad", "constant_val", "buffer"),
    ("dequantize", "scale", "bookkeeping"), ("scaled_dot_product_attention", "attn_mask", "buffer"),
    ("select", "a", "buffer"), ("pow", "y", "buffer"), ("reshape", "shape", "buffer"), ("relu", "x", "buffer"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "place", "role"), OPERANDS)
def test_the_parameter_says_the_role(kind: str, place: str, role: str) -> None:
    data = program([const("some_array", FLOAT32, (2, 3)), op("relu", {"x": "x"}, ["h"]),
                    op(kind, {"another": "h", place: "some_array"}, ["y"])])  # fmt: skip
    assert roles(data) == {"some_array": role}


# what | shape | kind | name | operator -> role (None: not listed)
ELEMENTWISE = [
    ("a vector that is added", (1, 3), FLOAT32, "c", "add", "bias"),
    ("a table that is added", (5, 3), FLOAT16, "c", "add", "weight"),
    ("a vector that is multiplied", (3,), FLOAT32, "c", "mul", "weight"),
    ("one number is a setting", (), FLOAT32, "mul_0_y_0", "mul", None),
    ("one number with a name of its own", (), FLOAT32, "logit_scale", "mul", "weight"),
    ("one number in a row", (1,), FLOAT32, "op_17_to_fp16", "mul", "buffer"),
    ("whole numbers", (3,), INT32, "c", "add", "buffer"),
    ("what is taken away without a name", (3,), FLOAT32, "const_12", "sub", "buffer"),
    ("a table by its name", (8, 4), FLOAT32, "rotary_cos_cached", "mul", "buffer"),
    ("anchors by their name", (1, 2, 84), FLOAT32, "anchor_points_to_fp16", "add", "buffer"),
    ("a table that decodes the result", (3, 84), FLOAT32, "var_670_to_fp16", "mul", "buffer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "kind", "name", "what", "role"), [c[1:] for c in ELEMENTWISE], ids=[c[0] for c in ELEMENTWISE]
)
def test_operands_of_sums_and_products(
    shape: tuple[int, ...], kind: int, name: str, what: str, role: str | None
) -> None:
    data = program([const(name, kind, shape), op("relu", {"x": "x"}, ["h"]), op(what, {"x": "h", "y": name}, ["y"])])
    assert roles(data) == ({} if role is None else {name: role})


def test_what_normalises_the_input_is_no_parameter() -> None:
    data = program([
        const("p", FLOAT32, (1, 3, 1, 1)), const("q", FLOAT32, (1, 3, 1, 1)), const("r", FLOAT32, (1, 3, 1, 1)),
        op("cast", {"x": "x", "dtype": text("fp16")}, ["a"]), op("mul", {"x": "a", "y": "p"}, ["b"]),
        op("add", {"x": "b", "y": "q"}, ["c"]), op("relu", {"x": "c"}, ["d"]), op("mul", {"x": "d", "y": "r"}, ["y"]),
    ])  # fmt: skip
    assert roles(data) == {"p": "buffer", "q": "buffer", "r": "weight"}


def test_texts_and_single_numbers_are_settings() -> None:
    """As coremltools lists them: only arrays."""
    data = program([
        const("w", FLOAT32, (2, 3)), const("pad_type", STRING, ()), const("classes", STRING, (2,)),
        const("groups", INT32, ()), const("mask", BOOL, (4,)),
        op("conv", {"x": "x", "weight": "w", "pad_type": "pad_type", "groups": "groups"}, ["h"]),
        op("slice_by_index", {"x": "h", "begin_mask": "mask"}, ["y"]),
    ])  # fmt: skip
    assert roles(data) == {"w": "weight", "mask": "buffer"}


def test_values_that_stand_in_the_operation() -> None:
    data = program([op("linear", {"x": "x", "weight": value(FLOAT32, (2, 3)), "bias": value(FLOAT32, (2,))}, ["fc"])])
    assert roles(data) == {"fc.weight": "weight", "fc.bias": "bias"}
    assert [(row.name, row.kind, row.total) for row in found(data).layers] == [("fc", "Dense", 8)]


def test_what_is_changed_in_form_leads_on() -> None:
    data = program([
        const("w", FLOAT32, (2, 3)), op("transpose", {"x": "w", "perm": value(INT32, (2,))}, ["t"]),
        op("expand_dims", {"x": "t", "axes": value(INT32, (1,))}, ["e"]), op("matmul", {"x": "x", "y": "e"}, ["y"]),
    ])  # fmt: skip
    assert roles(data) == {"w": "weight", "t.perm": "buffer", "e.axes": "buffer"}


def test_weights_of_conditions_and_loops() -> None:
    left = block([const("a", FLOAT32, (4, 4)), op("matmul", {"x": "x", "y": "a"}, ["l"])], ["l"])
    right = block([op("matmul", {"x": "x", "y": "w"}, ["r"])], ["r"])
    test = block([op("less", {"x": "i", "y": "i"}, ["t"])], ["t"], ["i", "h", "v"])
    body = block([op("linear", {"x": "h", "weight": "v"}, ["g"])], ["i", "g", "v"], ["i", "h", "v"])
    data = program([
        const("w", FLOAT32, (4, 4)), const("u", FLOAT32, (4, 4)), op("cond", {"pred": "x"}, ["c"], [left, right]),
        op("while_loop", {"loop_vars": ["x", "c", "u"]}, ["o", "y", "z"], [test, body]),
    ])  # fmt: skip
    assert roles(data) == {"w": "weight", "u": "weight", "a": "weight"}


def test_the_names_of_a_block_hide_those_around_it() -> None:
    inside = block([const("w", INT32, (9,)), op("matmul", {"x": "x", "y": "w"}, ["l"])], ["l"])
    data = program([const("w", INT32, (4, 4)), op("cond", {"pred": "x"}, ["y"], [inside, inside])])
    assert [(t.name, t.role) for t in found(data).tensors()] == [
        ("w", "buffer"), ("w#2", "buffer"), ("w#3", "buffer"),
    ]  # fmt: skip


# -- weights that are unpacked when the model is compiled -------------------------------------------------------------


def unpacking(
    kind: str, operands: Mapping[str, bytes], shape: tuple[int, ...], inline: bool, last: bool = True
) -> bytes:
    """A linear layer whose weight a constexpr operator makes, its operands in attributes (iOS16) or inputs (iOS18)."""
    given = {} if inline else {"inputs": operands}
    made = op(kind, given.get("inputs", {}), [("w", FLOAT16, shape)], attributes=operands if inline else None)
    return program([made, op("linear", {"x": "x", "weight": "w"}, ["y"])] if last else [made])


V = value
# operator | operands | shape | in attributes? -> number type, stored (elements, bytes), bookkeeping
UNPACKED = [
    ("constexpr_affine_dequantize", {"quantized_data": V(INT8, (4, 6), at=64), "scale": V(FLOAT16, (4,)),
     "zero_point": V(INT8, (4,)), "axis": V(INT32, ())}, (4, 6), True, "int8", None, 8),
    ("constexpr_cast", {"source_val": V(FLOAT16, (4, 6), at=64), "output_dtype": text("fp32")}, (4, 6), True, "float16",
     None, 0),
    ("constexpr_lut_to_dense", {"indices": V(UINT8, (9,), at=64), "lut": V(FLOAT16, (8,)), "shape": V(UINT32, (2,))},
     (4, 6), True, "uint3", (9, 9), 10),
    ("constexpr_sparse_to_dense", {"nonzero_data": V(FLOAT16, (5,), at=64), "mask": V(UINT8, (3,)),
     "shape": V(UINT32, (2,))}, (4, 6), True, "float16", (5, 10), 5),
    ("constexpr_blockwise_shift_scale", {"data": V(INT4, (4, 6), at=64), "scale": V(FLOAT16, (4, 2))}, (4, 6), False,
     "int4", None, 8),
    ("constexpr_lut_to_dense", {"indices": V(UINT4, (4, 6), at=64), "lut": V(FLOAT16, (1, 1, 16, 1))}, (4, 6), False,
     "uint4", None, 16),
    ("constexpr_lut_to_dense", {"indices": V(UINT4, (2, 6), at=64), "lut": V(FLOAT16, (1, 1, 16, 2)),
     "vector_axis": V(INT32, ())}, (4, 6), False, "uint4", (12, 6), 32),
    ("constexpr_sparse_to_dense", {"nonzero_data": V(FLOAT16, (5,), at=64), "mask": V(UINT1, (4, 6), at=960)}, (4, 6),
     False, "float16", (5, 10), 24),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "operands", "shape", "inline", "dtype", "stored", "bookkeeping"), UNPACKED,
    ids=[f"{c[0]}, {len(c[1])} operands, {c[4]}" for c in UNPACKED],
)  # fmt: skip
def test_unpacked_weights(
    kind: str, operands: Mapping[str, bytes], shape: tuple[int, ...], inline: bool, dtype: str,
    stored: tuple[int, int] | None, bookkeeping: int,
) -> None:  # fmt: skip
    made = found(unpacking(kind, operands, shape, inline))
    (weight,) = (t for t in made.tensors() if t.role == "weight")
    assert (weight.name, weight.shape, weight.dtype, weight.stored) == ("w", shape, dtype, stored)
    assert (made.total, made.totals.bookkeeping) == (24, bookkeeping)
    assert weight.note == f"reaches linear through {kind}"
    assert made.also == ({"nonzero": 5} if "sparse" in kind else {})


def test_sparse_indices_of_a_table() -> None:
    first = op("constexpr_lut_to_sparse", {"indices_mask": V(UINT1, (4, 6), at=0), "indices_nonzero_data": V(UINT4,
        (5,)),
               "lut": V(FLOAT16, (1, 1, 16, 1))}, [("m", UINT1, (4, 6)), ("n", FLOAT16, (5,))])  # fmt: skip
    second = op("constexpr_sparse_to_dense", {"mask": "m", "nonzero_data": "n"}, [("w", FLOAT16, (4, 6))])
    made = found(program([first, second, op("linear", {"x": "x", "weight": "w"}, ["y"])]))
    (weight,) = (t for t in made.tensors() if t.role == "weight")
    assert (weight.name, weight.shape, weight.dtype, weight.stored) == ("w", (4, 6), "uint4", (5, 3))
    assert (made.totals.bookkeeping, made.also) == (24 + 16, {"nonzero": 5})
    assert made.notes == ["1 parameter is stored sparsely: 5 of 24 numbers; all are counted"]


LIES = [
    ("constexpr_affine_dequantize", {"quantized_data": V(INT8, (4, 5)), "scale": V(FLOAT16, (4,))}, True,
     'constexpr_affine_dequantize "w" has shape [4, 6], where its operands give 20 numbers'),
    ("constexpr_affine_dequantize", {"scale": V(FLOAT16, (4,))}, True, "its quantized_data is not stored"),
    ("constexpr_lut_to_dense", {"indices": V(UINT8, (8,)), "lut": V(FLOAT16, (8,))}, True,
     "8 bytes of indices do not hold 24 of 3 bits"),
    ("constexpr_lut_to_dense", {"indices": V(UINT8, (24,)), "lut": V(FLOAT16, (1 << 20,), at=64)}, True,
     "24 bytes of indices do not hold 24 of 20 bits"),
    ("constexpr_lut_to_dense", {"indices": V(UINT4, (1,)), "lut": V(FLOAT16, (1, 1, 16, 4))}, False,
     "where its operands give 4 numbers"),
    ("constexpr_sparse_to_dense", {"nonzero_data": V(FLOAT16, (1,)), "mask": V(UINT8, (1,))}, True,
     "1 bytes of mask for 24 numbers"),
    ("constexpr_sparse_to_dense", {"nonzero_data": V(FLOAT16, (30,)), "mask": V(UINT8, (3,))}, True,
     "30 numbers for a shape of 24"),
    ("constexpr_sparse_to_dense", {"nonzero_data": V(FLOAT16, (1,)), "mask": V(UINT1, (2,))}, False,
     "where its operands give 2 numbers"),
    ("constexpr_of_the_future", {"data": V(INT4, (4, 6))}, False,
     '"constexpr_of_the_future" unpacks a weight in a way that is not known here'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "operands", "inline", "message"), LIES, ids=[c[3][:50] for c in LIES])
def test_shapes_that_the_operands_do_not_give(
    kind: str, operands: Mapping[str, bytes], inline: bool, message: str
) -> None:
    with pytest.raises(FormatError) as caught:
        found(unpacking(kind, operands, (4, 6), inline))
    assert message in str(caught.value)


# -- memory, functions, files of weights ------------------------------------------------------------------------------


def test_functions_that_share_weights() -> None:
    weight = const("w", FLOAT16, (4, 4), at=64)
    use = op("linear", {"x": "x", "weight": "w"}, ["y"])
    own = const("b", FLOAT16, (4,), at=256)
    first = function([weight, use])
    second = function([weight, own, use, op("add", {"x": "y", "y": "b"}, ["z"])])
    made = found(program({"adapter": second, "main": first}))
    assert [(t.name, t.tied_to) for t in made.tensors()] == [
        ("main.w", None), ("adapter.w", "main.w"), ("adapter.b", None),
    ]  # fmt: skip
    assert (made.total, made.totals.listed) == (20, 36)
    assert made.notes == [
        '2 functions ("main", "adapter") counted together; weights that they share are counted once',
        "1 parameter reads the same place of the file of weights as another: counted once; apart they would be 16 more",
    ]


def packed(folder: Path, data: bytes, weights: int | None = None, listed: bytes | None = None) -> Path:
    """A package in a folder."""
    inside = folder / "m.mlpackage" / "Data" / "com.apple.CoreML"
    inside.mkdir(parents=True)
    (inside / "model.mlmodel").write_bytes(data)
    (folder / "m.mlpackage" / "Manifest.json").write_bytes(manifest() if listed is None else listed)
    if weights is not None:
        (inside / "weights").mkdir()
        (inside / "weights" / "weight.bin").write_bytes(bytes(weights))
    return folder / "m.mlpackage"


END = 64 + 128 + 64 + 2 * 3


def test_a_package_may_be_given_by_its_folder_its_list_or_its_model(tmp_path: Path) -> None:
    path = packed(tmp_path, dense(), END)
    for given in (path, path / "Manifest.json", path / "Data" / "com.apple.CoreML" / "model.mlmodel"):
        network = nparams.read(str(given))
        assert (network.total, network.form, network.source) == (15, "coreml", str(given))
    assert nparams.read(str(path / "Manifest.json")).notes == []
    assert nparams.read(str(tmp_path)).total == 15


def test_the_file_of_weights_is_asked_its_size_alone(tmp_path: Path) -> None:
    path = packed(tmp_path, dense(), END - 1) / "Data" / "com.apple.CoreML"
    with pytest.raises(FormatError) as caught:
        nparams.read(str(path / "model.mlmodel"))
    assert str(caught.value) == (
        f'model.mlmodel: "fc_bias" ends at {END} of weight.bin, which has {END - 1} bytes. A cut download, or a Git '
        f"LFS "
        "pointer?"
    )
    (path / "weights" / "weight.bin").unlink()
    assert nparams.read(str(path / "model.mlmodel")).notes == [
        '"weights/weight.bin" is not beside the model: it can be counted, and not run'
    ]


@pytest.mark.parametrize("file", ["/etc/passwd", "@model_path/../weight.bin", "@model_path/weights/../../x", "w.bin"])
def test_weights_elsewhere_are_flagged_and_never_opened(tmp_path: Path, file: str) -> None:
    data = program([const("w", FLOAT32, (2, 3), at=64, file=file), op("linear", {"x": "x", "weight": "w"}, ["y"])])
    network = nparams.read(str(packed(tmp_path, data) / "Manifest.json"))
    assert network.total == 6
    assert [flag["kind"] for flag in network.flags] == ["external-data"]


LISTS = [
    ("no path", manifest(None), "m.mlpackage", 'Manifest.json: its rootModelIdentifier "A-1" is no entry with a path'),
    ("no root", manifest(root="B"), "m.mlpackage",
     'Manifest.json: its rootModelIdentifier "B" is no entry with a path'),
    ("a way out", manifest("../../x"), "m.mlpackage", '"../../x" is no plain path in the package'),
    ("a path of the system", manifest("/etc/passwd"), "m.mlpackage", '"/etc/passwd" is no plain path in the package'),
    ("a model that is not there", manifest("x/y"), "m.mlpackage",
     'Manifest.json: "x/y" is not in the package (its folder Data)'),
    ("no JSON", b'{"itemInfoEntries": ', "m.mlpackage", "Manifest.json: no JSON"),
    ("nested too deep", b"[" * 100_000, "m.mlpackage", "Manifest.json: no JSON: nested too deep"),
    ("another list", b'{"name": "an app"}', "m.mlpackage",
     "no itemInfoEntries in it, so it is not the list of a Core ML package"),
    ("no object", b"[1, 2]", "m.mlpackage", "Manifest.json: not the list of a Core ML package"),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "what", "message"), [c[1:] for c in LISTS], ids=[c[0] for c in LISTS])
def test_lists_that_are_refused(tmp_path: Path, listed: bytes, what: str, message: str) -> None:
    path = packed(tmp_path, dense(), END, listed)
    with pytest.raises(NparamsError) as caught:
        nparams.read(str(path / "Manifest.json"))
    assert message in str(caught.value)


def test_a_list_without_its_package() -> None:
    with pytest.raises(FormatError, match=r"which lies in the package\. Give the package's folder"):
        read(MemorySource(manifest(), "Manifest.json"))


def test_compiled_models_are_named(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "weight.bin").write_bytes(b"\x01\0\0\0\x02" + bytes(200))
    (tmp_path / "coremldata.bin").write_bytes(bytes(20))
    (tmp_path / "model.mil").write_text("program(1.0)\n[buildInfo = dict<string, string>({})]\n{}")
    for name in ("", "coremldata.bin", "model.mil", "weights/weight.bin"):
        with pytest.raises(UnsupportedError, match=r"compiled Core ML|weights file of a Core ML package"):
            nparams.read(str(tmp_path / name))


# -- neural networks --------------------------------------------------------------------------------------------------


def weights(number_: int, held: bytes) -> bytes:
    return chunk(number_, held)


LAYERS = [
    ("convolution", CONVOLUTION, number(1, 8) + number(2, 3) + chunk(20, b"\x05\x07") + chunk(90, floats(840))
     + chunk(91, floats(8)),
     [("weight", (8, 3, 5, 7), "weight"), ("bias", (8,), "bias")]),
    ("convolution of the usual kernel", CONVOLUTION, number(1, 8) + number(2, 1) + number(10, 4) + chunk(90,
     halves(72)),
     [("weight", (8, 1, 3, 3), "weight")]),
    ("transposed convolution", CONVOLUTION, number(1, 8) + number(2, 6) + number(10, 2) + number(60, 1)
     + number(20, 2) + number(20, 2) + chunk(90, floats(96)), [("weight", (6, 4, 2, 2), "weight")]),
    ("inner product", INNER, inner(3, 4, None, floats(3)), [("weight", (3, 4), "weight"), ("bias", (3,), "bias")]),
    ("embedding", EMBEDDING, number(1, 9) + number(2, 4) + chunk(20, floats(36)), [("weight", (4, 9), "weight")]),
    ("batch norm", BATCHNORM, number(1, 2) + b"".join(chunk(k, floats(2)) for k in (15, 16, 17, 18)),
     [("gamma", (2,), "weight"), ("beta", (2,), "bias"), ("mean", (2,), "buffer"), ("variance", (2,), "buffer")]),
    ("scale", SCALE, chunk(1, b"\x02\x01\x01") + chunk(2, floats(2)) + chunk(4, b"\x02") + chunk(5, floats(2)),
     [("scale", (2, 1, 1), "weight"), ("bias", (2,), "bias")]),
    ("bias", BIAS, chunk(1, b"\x03") + chunk(2, floats(3)), [("bias", (3,), "bias")]),
    ("PReLU", ACTIVATION, chunk(25, chunk(1, floats(5))), [("alpha", (5,), "weight")]),
    ("ReLU", ACTIVATION, chunk(10, b""), []),
    ("batched product", MATMUL, number(5, 2) + number(6, 3) + chunk(8, floats(6)) + chunk(9, floats(3)),
     [("weight", (2, 3), "weight"), ("bias", (3,), "bias")]),
    ("custom", CUSTOM, chunk(10, "MyLayer") + chunk(20, floats(7)), [("weights.0", (7,), "weight")]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "arrays"), [c[1:] for c in LAYERS], ids=[c[0] for c in LAYERS])
def test_layers(kind: int, fields: bytes, arrays: list[tuple[str, tuple[int, ...], str]]) -> None:
    made = found(network(layer("l", kind, fields), layer("other", INNER, inner(1, 1))))
    assert [(t.name, t.shape, t.role) for t in made.tensors()][:-1] == [
        (f"l.{name}", shape, role) for name, shape, role in arrays
    ]


@pytest.mark.parametrize("kind", [303, 403, 500])
def test_classifiers_and_regressors_are_networks(kind: int) -> None:
    assert found(network(layer("l", INNER, inner(3, 4)), kind=kind)).total == 12


@pytest.mark.parametrize(("held", "dtype", "stored", "bookkeeping"), [
    (floats(12), "float32", None, 0), (halves(12), "float16", None, 0), (chunk(31, bytes(12)), "int8", None, 0),
    (quantised(12, 8, 3, 3), "uint8", (12, 12), 6), (quantised(12, 4, table=16), "uint4", (12, 6), 16),
    (quantised(12, 3, 1, 1), "uint3", (12, 5), 2), (quantised(12, 1, table=2), "uint1", (12, 2), 2),
    (chunk(1, bytes(20)) + chunk(1, bytes(28)), "float32", None, 0),
])  # fmt: skip
def test_numbers_are_stored_in_many_ways(
    held: bytes, dtype: str, stored: tuple[int, int] | None, bookkeeping: int
) -> None:
    made = found(network(layer("l", INNER, inner(3, 4, held))))
    weight = next(iter(made.tensors()))
    assert (weight.shape, weight.dtype, weight.stored, weight.role) == ((3, 4), dtype, stored, "weight")
    assert (made.total, made.totals.bookkeeping) == (12, bookkeeping)


def test_loaded_constants_are_what_takes_them() -> None:
    def loaded(name: str, *shape: int) -> bytes:
        return layer(name, CONSTANT, chunk(1, bytes(shape)) + chunk(2, floats(prod(shape))), (), (name,))

    data = network(
        loaded("k1", 1, 3), loaded("k2", 4, 3), loaded("k3", 1), loaded("k4", 6), loaded("k5", 3),
        layer("1", ADD, b"", ["x", "k1"], ["h1"]), layer("2", MULTIPLY, b"", ["h1", "k2"], ["h2"]),
        layer("3", ADD, b"", ["h2", "k3"], ["h3"]), layer("4", MATMUL, b"", ["h3", "k5"], ["h4"]),
    )  # fmt: skip
    assert roles(data) == {"k1": "bias", "k2": "weight", "k3": "buffer", "k4": "buffer", "k5": "weight"}


def test_networks_inside_layers() -> None:
    inside = chunk(1, layer("in", INNER, inner(2, 2)))
    data = network(layer("if", BRANCH, chunk(1, inside) + chunk(2, chunk(1, layer("out", INNER, inner(3, 3))))),
                   layer("loop", LOOP, chunk(4, chunk(1, layer("body", INNER, inner(1, 5))))))  # fmt: skip
    assert roles(data) == {"in.weight": "weight", "out.weight": "weight", "body.weight": "weight"}


def test_what_may_be_trained_on_the_device() -> None:
    free, held = floats(12) + number(50, 1), floats(12)
    data = network(layer("a", INNER, inner(3, 4, held)), layer("b", INNER, inner(3, 4, free)), more=number(10, 1))
    made = found(data)
    assert {t.name: t.trainable for t in made.tensors()} == {"a.weight": False, "b.weight": True}
    assert (made.totals.trainable, made.totals.frozen) == (12, 12)
    assert {t.trainable for t in found(network(layer("a", INNER, inner(3, 4)))).tensors()} == {None}


def test_a_mean_image_is_no_parameter() -> None:
    data = model(
        500, chunk(1, layer("l", INNER, inner(3, 4))) + chunk(2, chunk(1, "image") + chunk(11, chunk(1, bytes(48))))
    )
    assert roles(data) == {"image.meanImage": "buffer", "l.weight": "weight"}


def test_pipelines() -> None:
    part = network(layer("fc", INNER, inner(3, 4)))
    inside = pipeline({"c": part, "d": model(610, b"")}, 200)
    made = found(pipeline({"a": part, "": part, "b": inside, "trees": model(402, b"")}))
    assert [t.name for t in made.tensors()] == ["a.fc.weight", "models.1.fc.weight", "b.c.fc.weight"]
    assert made.notes == [
        "a pipeline, of which this is not counted: treeEnsembleClassifier: a tree ensemble, whose leaves are no "
        "parameters of a network",
        "steps of the pipeline without parameters: nonMaximumSuppression",
    ]


def test_linear_models() -> None:
    rows = chunk(1, chunk(1, bytes(40))) + chunk(1, chunk(1, bytes(40))) + chunk(2, bytes(16))
    made = found(model(400, rows))
    assert [(t.name, t.shape, t.role) for t in made.tensors()] == [
        ("weights.0", (5,), "weight"), ("weights.1", (5,), "weight"), ("offset", (2,), "bias"),
    ]  # fmt: skip


# -- what is refused --------------------------------------------------------------------------------------------------

FC = layer("fc", INNER, inner(3, 4))
REFUSED = [
    ("trees", model(302, b""),
     "m.mlmodel: a Core ML model that is a tree ensemble, whose leaves are no parameters of a "
     "network; there is nothing to count"),
    ("support vectors", model(401, b""), "a support vector machine, which keeps examples"),
    ("Apple's own", model(2002, b""), "Apple's own vision network, whose weights are in the operating system"),
    ("a link", model(556, b""), "a link to a model in another file, which is not followed"),
    ("a step alone", model(604, b""), "a step of a pipeline (scaler) without parameters; there is nothing to count"),
    ("an empty pipeline", pipeline({}), "a Core ML model that is empty; there is nothing to count"),
    ("no kind", number(1, 4), "m.mlmodel: Model (offset 0): the model is of no kind that is known"),
    ("two kinds", network(FC) + chunk(302, b""), "the model is neuralNetwork and treeEnsembleRegressor at once"),
    ("another file", b"PK\x03\x04" + bytes(40), "it begins b'PK"),
    ("cut short", network(FC)[:-5], "ends beyond the file"),
    ("a layer of two kinds", network(layer("l", INNER, inner(3, 4)) + chunk(BIAS, b"")),
     'layer "l" is bias and innerProduct at once'),
    ("too few numbers", network(layer("l", INNER, inner(3, 4, floats(11)))),
     '"l.weight" has 11 numbers, where its layer says [3, 4]'),
    ("too few bytes", network(layer("l", INNER, inner(3, 4, halves(11)))),
     '"l.weight" has 22 bytes of float16, where its layer says [3, 4]'),
    ("too few bits", network(layer("l", INNER, inner(3, 4, quantised(10, 3, 1)))),
     '"l.weight" has 4 bytes of uint3, where its layer says [3, 4]'),
    ("bits without a number", network(layer("l", INNER, inner(3, 4, chunk(30, bytes(12))))),
     '"l.weight" is quantised to 0 bits, where 1 to 8 are'),
    ("numbers twice", network(layer("l", INNER, inner(3, 4, floats(12) + halves(12)))),
     '"l.weight" keeps its numbers in floatValue and float16Value'),
    ("an impossible size", network(layer("l", INNER, number(1, -4) + number(2, 3) + chunk(20, floats(12)))),
     '"l.weight" has the impossible shape [3, -4]'),
    ("an unknown data type", program([const("w", 99, (2,), at=64)]), "Value (offset"),
    ("a shape that is not fixed", program([op("const", {}, ["w"], attributes={"val": chunk(2,
     b"\x0a\x06\x08\x0b\x1a\x02\x12\x00")})]),
     "a constant whose shape is not fixed"),
    ("nine dimensions", program([const("w", FLOAT32, (1,) * 9, at=64)]), "impossible shape"),
    ("too few numbers here", program([const("w", FLOAT32, (3,), held=chunk(1, chunk(1, bytes(8))))]),
     "2 floats, where its shape [3] of float32 takes 3"),
    ("no numbers", program([const("w", FLOAT32, (3,), held=b"")]), "no numbers, where its shape [3] takes 3"),
    ("too few bytes here", program([const("w", INT4, (5,), held=chunk(7, chunk(1, bytes(2))))]),
     "2 bytes, where its shape [5] of int4 takes 3"),
    ("a place without a file", program([const("w", FLOAT32, (3,), at=64, file="")]),
     'weights in file "" at 64, which is no place'),
    ("one name twice", program([const("w", FLOAT32, (3,)), const("w", FLOAT32, (3,))]),
     'the name "w" is defined twice in one block'),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(NparamsError) as caught:
        found(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_blocks_inside_blocks_are_limited() -> None:
    inside = block([op("relu", {"x": "x"}, ["y"])], ["y"])
    for _ in range(40):
        inside = block([op("cond", {"pred": "x"}, ["y"], [inside])], ["y"])
    with pytest.raises(FormatError, match="deep"):
        found(program([op("cond", {"pred": "x"}, ["y"], [inside])]))


def test_pipelines_inside_pipelines_are_limited() -> None:
    data = network(FC)
    for _ in range(30):
        data = pipeline({"a": data})
    with pytest.raises(FormatError, match="deep"):
        found(data)


@pytest.mark.parametrize("kind", [kind for kind in COREML if kind in BITS])
def test_every_number_type(kind: int) -> None:
    tensor = by_name(program([const("w", kind, (3, 5))]))["w"]
    assert (tensor.dtype, tensor.shape, tensor.stored) == (COREML[kind], (3, 5), None)


# -- bytes ------------------------------------------------------------------------------------------------------------


def test_numbers_are_stepped_over() -> None:
    data = network(*(layer(f"l{k}", INNER, inner(1000, 1000)) for k in range(10)))
    asked: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    assert drive(RangeSource("m.mlmodel", len(data)), fetch, read).total == 10_000_000
    assert sum(asked) < 100_000
    assert len(data) > 40_000_000


BEFORE = """
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource
from nparams.files.coreml import read
"""
CHILD = """
try:
    print("counted", read(FileSource(sys.argv[1])).read_as)
except NparamsError as problem:
    print(type(problem).__name__, problem)
"""


def many(count: int, one: bytes, name: bytes = b"n00000") -> bytes:
    """A program of one operation many times, each time under another name."""
    made = b"".join(chunk(3, one.replace(name, b"n%05d" % k)) for k in range(count))
    return model(502, chunk(2, chunk(1, "main") + chunk(2, chunk(2, "a") + chunk(3, chunk(1, "a") + chunk(2, made)))))


def chained(count: int) -> bytes:
    made = [const("w0", FLOAT32, (4,), at=64)]
    made += [op("transpose", {"x": f"w{k}"}, [f"w{k + 1}"]) for k in range(count)]
    return program([*made, op("linear", {"x": "x", "weight": f"w{count}"}, ["y"])])


WORST = [
    ("many constants", lambda: many(30_000, const("n00000", FLOAT32, (4,), at=64)), "counted Core ML"),
    ("a long chain", lambda: chained(15_000), "counted Core ML, specification 7, program, 1 array"),
    ("many layers", lambda: network(*[layer("l", INNER, inner(1, 1))] * 30_000), "counted Core ML"),
    ("too many layers", lambda: network(*[layer("l", INNER, inner(1, 1))] * 60_001), "FormatError"),
    ("many operations", lambda: many(300_000, op("relu", {"x": "x"}, ["n00000"])), "FormatError"),
]  # fmt: skip


@need_limits
@pytest.mark.parametrize(("make", "said"), [c[1:] for c in WORST], ids=[c[0] for c in WORST])
def test_the_worst_file_takes_little_memory(tmp_path: Path, make: Callable[[], bytes], said: str) -> None:
    path = tmp_path / "m.mlmodel"
    path.write_bytes(make())
    run = limited(BEFORE, CHILD, path, seconds=20, beyond=True)
    assert run.stdout.startswith(said), run.stdout + run.stderr


# -- what coremltools itself lists ------------------------------------------------------------------------------------

PROGRAMS = sorted(DATA.glob("*.mlpackage"))
NETWORKS = sorted(DATA.glob("*.mlmodel"))
#: what each program has, by the layers that tools/fixtures/coreml.py writes
TOTALS = {"layers": 990, "control": 56}
DENSE = 32 * 32 + 32 + 16 * 32 + 16


@pytest.mark.parametrize("path", PROGRAMS, ids=[path.stem for path in PROGRAMS])
def test_every_array_is_what_coremltools_lists(path: Path) -> None:
    held = json.loads(path.with_suffix(".json").read_text())
    network_ = nparams.read(str(path))
    tensors = list(network_.tensors())
    assert network_.totals.elements == sum(prod(shape) for _, shape, *_ in held["arrays"])
    ours = sorted(t.stored[0] if t.stored else t.size for t in tensors)
    assert ours == sorted(prod(shape) for _, shape, *_ in held["arrays"])
    assert network_.total == TOTALS.get(path.stem, DENSE)


@pytest.mark.parametrize("path", NETWORKS, ids=[path.stem for path in NETWORKS])
def test_every_array_is_in_the_specification(path: Path) -> None:
    held = json.loads(path.with_suffix(".json").read_text())
    arrays = [t for t in read(FileSource(str(path))).tensors() if t.role != "bookkeeping" and t.dtype != "float64"]
    ours = sorted(t.size if t.stored is None else t.stored[1] for t in arrays)
    assert ours == sorted(count // (2 if field == "float16Value" else 1) for _, count, field in held["arrays"])


def test_the_fixtures_are_here() -> None:
    assert (len(PROGRAMS), len(NETWORKS)) == (14, 8)


def test_the_shared_package() -> None:
    """Spotify's basic-pitch: coremltools lists 36,589 elements in 223 arrays (the manifest's row)."""
    network_ = nparams.read(str(shared(NMP)))
    assert (network_.total, network_.totals.elements, len(list(network_.tensors()))) == (36_023, 36_589, 223)
    twin = nparams.read(str(shared(NMP).parent / "nmp.tflite"))
    assert isinstance(twin.total, int)
    assert abs(twin.total - 36_023) < 300
    inner_ = shared(f"{NMP}/Data/com.apple.CoreML/model.mlmodel")
    assert nparams.read(str(inner_)).total == 36_023
