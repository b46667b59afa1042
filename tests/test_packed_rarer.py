"""Packed weights of the rarer libraries, and of newer versions of the usual ones; tests/test_packed.py has the rest."""

from __future__ import annotations

import json

import pytest

import nparams
from nparams.errors import FormatError
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read
from tests import packers as p
from tests.safetensors_maker import T, length, safetensors
from tests.test_packed import A, Beside, changed, network, without

BITNET = {"quantization_config": {"quant_method": "bitnet"}}
VPTQ = {"quantization_config": {"config_for_layers": {A: {"out_features": 67, "in_features": 64}}}}
# what it shows | the tensors | scheme | logical shape, dtype | config
SCHEMES = [
    *((f"compressed-tensors {bits} bits, dense", p.compressed_dense(A, 9, 77, bits), "compressed-tensors", (9, 77),
       f"int{bits}", None) for bits in (3, 4, 5, 6)),
    ("compressed-tensors MXFP6", p.fp6(A, 9, 64), "compressed-tensors MXFP6", (9, 64), "float6_e2m3fn", None),
    ("NVFP4, scales for tensor cores", p.fp4_swizzled(A, 130, 96), "NVFP4", (130, 96), "float4_e2m1fn", None),
    ("NVFP4, scales for tensor cores, one tile", p.fp4_swizzled(A, 16, 16), "NVFP4", (16, 16), "float4_e2m1fn", None),
    ("FP8 of ComfyUI", [T(f"{A}.weight", [6, 10], "F8_E4M3"), T(f"{A}.scale_weight", []), T(f"{A}.scale_input", [])],
     "FP8", (6, 10), "float8_e4m3fn", None),
    *((f"AWQ {bits} bits, odd sizes", p.awq_bits(A, 52, 100, bits), "AWQ", (52, 100), f"int{bits}", None)
      for bits in (2, 3, 4, 5, 6, 7, 8)),
    ("ParoQuant", p.paroquant(A, 52, 100), "AWQ", (52, 100), "int4", None),
    ("AWQ in the layout of Marlin", p.awq_marlin(A, 256, 128), "AWQ", (256, 128), "int4", None),
    ("bitsandbytes of GPTQModel", p.bitsandbytes_underscored(A, 7, 9), "bitsandbytes nf4", (7, 9), "nf4", None),
    ("bitsandbytes int8 of GPTQModel", [T(f"{A}.weight", [6, 10], "I8"), T(f"{A}.weight_scb", [6])],
     "bitsandbytes int8", (6, 10), "int8", None),
    ("quanto int8", p.quanto(A, 19, 33, 8), "quanto", (19, 33), "int8", None),
    *((f"quanto int{bits}, odd sizes", p.quanto(A, 63, 33, bits), "quanto", (63, 33), f"int{bits}", None)
      for bits in (4, 2)),
    ("quanto in groups, a bias tells", p.quanto(A, 7, 640, 4, 128, bias=True), "quanto", (7, 640), "int4", None),
    ("quanto in groups", p.quanto(A, 7, 640, 4, 128), "quanto", (35, 128), "int4", None),
    ("quanto, one row", p.quanto(A, 1, 40, 4), "quanto", (1, 40), None, None),
    *((f"HIGGS {bits} bits", p.higgs(A, 48, 512, bits), "HIGGS", (48, 512), f"int{bits}", None) for bits in (2, 3, 4)),
    ("EETQ", p.eetq(A, 30, 18), "EETQ", (30, 18), "int8", None),
    ("EETQ by its other name", p.eetq(A, 30, 18, "qweight"), "EETQ", (30, 18), "int8", None),
    ("BitNet, config.json says so", p.bitnet(A, 36, 10), "BitNet", (36, 10), "int2", BITNET),
    ("BitNet, a bias tells", p.bitnet(A, 36, 10, bias=True), "BitNet", (36, 10), "int2", None),
    ("FP-Quant MXFP4", p.fp_quant(A, 9, 96), "FP-Quant MXFP4", (9, 96), "float4_e2m1fn", None),
    ("FP-Quant NVFP4", p.fp_quant(A, 9, 96, 16), "FP-Quant NVFP4", (9, 96), "float4_e2m1fn", None),
    ("SVDQuant", p.svdquant(A, 128, 192), "SVDQuant", (128, 192), "int4", None),
    ("SVDQuant NVFP4", p.svdquant(A, 128, 192, fp4=True), "SVDQuant", (128, 192), "float4_e2m1fn", None),
    ("AWQ of nunchaku", p.nunchaku_awq(A, 32, 128), "AWQ", (32, 128), "int4", None),
    ("SpQR", p.spqr(A, 40, 64), "SpQR", (40, 64), "int3", None),
    ("VPTQ, a bias tells", p.vptq(A, 67, 64, bias=True), "VPTQ", (67, 64), "vptq", None),
    ("VPTQ, config.json tells", p.vptq(A, 67, 64), "VPTQ", (67, 64), "vptq", VPTQ),
    ("AQLM of outputs in pairs", p.aqlm_pairs(A, 24, 64), "AQLM", (24, 64), "aqlm", None),
    ("AQLM, codes turned round", [p.aqlm(A, 24, 64)[0]._replace(shape=[8, 24, 2]), *p.aqlm(A, 24, 64)[1:]], "AQLM",
     (24, 64), "aqlm", None),
    ("FP8 of FBGEMM, experts", [T("x.gate_up_proj", [8, 6], "F8_E4M3"), T("x.gate_up_proj_scale", [1, 6])], "FP8",
     (8, 6), "float8_e4m3fn", None),
    ("FP8 of FBGEMM", [T(f"{A}.weight", [6, 10], "F8_E4M3"), T(f"{A}.weight_scale", [6, 1]),
                       T(f"{A}.input_scale_ub", [1])], "FP8", (6, 10), "float8_e4m3fn", None),
    ("EXL3 of half a bit", p.exl3(A, 128, 256, 3.5), "EXL3", (128, 256), "exl3", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tensors", "scheme", "shape", "dtype", "config"), [c[1:] for c in SCHEMES], ids=[c[0] for c in SCHEMES]
)
def test_every_scheme(tensors, scheme, shape, dtype, config):
    found = network([*tensors, T("norm.weight", [5], "BF16")], config)
    holds(found, tensors, scheme, shape, dtype)


def holds(found, tensors, scheme, shape, dtype) -> None:
    """The first tensor is the packed weight; a bias is a parameter; all else beside them is bookkeeping."""
    bias = sum(_size(t) for t in tensors if t.name.endswith(".bias"))
    assert (found.total, found.read_as) == (
        shape[0] * shape[1] + bias + 5, f"safetensors, {len(tensors) + 1} tensors, {scheme}",
    )  # fmt: skip
    packed = next(t for t in found.tensors() if t.name == tensors[0].name)
    assert (packed.shape, packed.dtype, packed.role) == (shape, dtype, "weight")
    elements = sum(_size(t) for t in tensors) + 5
    assert (found.totals.elements, found.totals.bytes) == (elements, sum(map(length, tensors)) + 10)
    apart = {t.name for t in found.tensors() if t.role == "bookkeeping"}
    assert apart == {t.name for t in tensors[1:] if not t.name.endswith(".bias")}


def _size(tensor: T) -> int:
    size = 1
    for n in tensor.shape:
        size *= n
    return size


TYPE = {"_type": "torch.dtype", "_data": "int4"}
# class | shape and dtype of qdata | fields | logical shape, dtype
TORCHAO = [
    ("Int8Tensor", [9, 30], "I8", {}, (9, 30), "int8"),
    ("Float8Tensor", [9, 30], "F8_E4M3", {"block_size": [1, 30]}, (9, 30), "float8_e4m3fn"),
    ("IntxUnpackedToInt8Tensor", [9, 30], "I8", {"target_dtype": TYPE}, (9, 30), "int4"),
    ("Int4Tensor", [9, 16], "I8", {"shape": [9, 32]}, (9, 32), "int4"),
    ("Int4PlainInt32Tensor", [9, 4], "I32", {"shape": [9, 32]}, (9, 32), "int4"),
    ("Int4TilePackedTo4dTensor", [6, 8, 32, 4], "I32", {"shape": [44, 100]}, (44, 100), "int4"),
    ("NVFP4Tensor", [9, 16], "U8", {}, (9, 32), "float4_e2m1fn"),
    ("MXTensor", [9, 32], "F8_E4M3", {"elem_dtype": {"_data": "float8_e4m3fn"}}, (9, 32), "float8_e4m3fn"),
    ("MXTensor", [9, 16], "U8", {"elem_dtype": {"_data": "float4_e2m1fn_x2"}}, (9, 32), "float4_e2m1fn"),
]


def flat(tensors: list[T], told: dict[str, str]):
    return read(MemorySource(safetensors([*tensors, T("norm.weight", [5], "BF16")], told), "m.safetensors"))


@pytest.mark.parametrize(("kind", "held", "stored", "fields", "shape", "dtype"), TORCHAO)
def test_torchao(kind, held, stored, fields, shape, dtype):
    tensors, told = p.torchao(A, kind, held, stored, fields, T(f"{A}._weight_zero_point", [9, 1], "I8"))
    holds(flat(tensors, told), tensors, f"torchao {kind}", shape, dtype)


def test_torchao_in_shards(tmp_path):
    told, held = {}, {}
    for k in range(2):
        tensors, told = p.torchao(f"l{k}", "Int4Tensor", [9, 16], "I8", {"shape": [9, 32]})
        (tmp_path / f"model-0000{k + 1}-of-00002.safetensors").write_bytes(safetensors(tensors, told))
        held |= {t.name: f"model-0000{k + 1}-of-00002.safetensors" for t in tensors}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": held}))
    assert nparams.read(tmp_path / "model.safetensors.index.json").total == 2 * 288


# what is missing or odd | the tensors | what the note says
UNKNOWN = [
    ("BitNet alone", p.bitnet(A, 36, 10),
     "scaled weight: uint8 (9, 10) beside weight_scale is no layout that is known"),
    ("int8 with a scale for every 16", [T(f"{A}.weight", [6, 32], "I8"), T(f"{A}.weight_scale", [6, 2])],
     "int8: a scale for every 16 numbers: FP4 in pairs has that shape too"),
    ("HIGGS of other scales", changed(p.higgs(A, 48, 512, 2), "scales", shape=[47, 2]),
     "HIGGS: (6, 512) beside scales (47, 2) and a table of 4"),
    ("SVDQuant of other scales", changed(p.svdquant(A, 128, 192), "wscales", shape=[3, 127]),
     "SVDQuant: int8 (128, 96) beside wscales (3, 127)"),
    ("SpQR without its order", without(p.spqr(A, 40, 64), "in_perm"),
     "SpQR: its row_offsets and in_perm do not give its size"),
    ("SpQR of other offsets", changed(p.spqr(A, 40, 64), "row_offsets", shape=[99]),
     "SpQR: its row_offsets and in_perm do not give its size"),
    ("VPTQ alone", p.vptq(A, 67, 64), "VPTQ: neither a bias nor config.json tells its size"),
    ("VPTQ of another bias", changed(p.vptq(A, 67, 64, bias=True), f"{A}.bias", shape=[31]),
     "VPTQ: neither a bias nor config.json tells its size"),
    ("quanto of other scales", changed(p.quanto(A, 63, 33, 4), "_scale", shape=[60, 1]),
     "quanto: (32, 33) beside scales (60, 1) is not packed by rows"),
    ("torchao without its metadata", p.torchao(A, "NVFP4Tensor", [9, 16], "U8", {})[0],
     "torchao: the file's metadata does not say what it is"),
    ("SINQ", [T(f"{A}.W_q", [9, 16], "U8"), T(f"{A}.meta", [7], "U8")], "HQQ: there are no shape and nbits beside it"),
    ("GGUF's blocks under torch", [T(f"{A}.qweight", [128, 144], "U8")],
     "qweight: uint8 (128, 144) is no layout that is known"),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "why"), [c[1:] for c in UNKNOWN], ids=[c[0] for c in UNKNOWN])
def test_what_is_not_known_has_no_total(tensors, why):
    found = network([*tensors, T("norm.weight", [5], "BF16")])
    assert (found.total, found.totals.unknown) == (None, 1)
    assert found.notes == [f'1 packed weight has no known logical size: "{tensors[0].name}": {why}']


# the shape that the metadata gives | what is said
HOSTILE_SHAPES = [[9, 33], [9, 1 << 60], [], [0, 32], [9.0, 32], [True, 32], "9", {"a": 1}, [1] * 9, [1, 1], [-9, -32]]


@pytest.mark.parametrize("shape", HOSTILE_SHAPES, ids=str)
def test_torchao_shapes_that_do_not_fit_are_refused(shape):
    tensors, told = p.torchao(A, "Int4Tensor", [9, 16], "I8", {"shape": shape})
    with pytest.raises(FormatError, match="of its metadata does not fit its shape"):
        flat(tensors, told)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 1000, '{"_type": 3}', '{"_type": "Int4Tensor", "_type": "x"}'])
def test_torchao_metadata_that_is_none_is_not_used(text):
    tensors, _ = p.torchao(A, "Int4Tensor", [9, 16], "U8", {})
    assert flat(tensors, {f"{A}.weight": text}).total is None


def test_a_configuration_beside_a_network_of_another_kind_changes_nothing():
    tensors = p.gptq(A, 64, 96, 4)
    assert read(MemorySource(safetensors(tensors), "m.safetensors"), Beside(BITNET)).total == 6144


# plain networks that look a little like packed ones: (tensors, total)
PLAIN = [
    ("indices of something else", [T("a.indices", [1, 9, 32], "I32"), T("a.weight", [4])], 4),
    ("data of something else", [T("a._data", [4, 4]), T("n.num_batches_tracked", [], "I64")], 16),
    ("dense_weights", [T("a.dense_weights", [32], "I64"), T("a.weight", [4])], 4),
    ("tables beside a float weight", [T("a.weight", [4, 8]), T("a.tables", [4]), T("x", [2], "I64")], 36),
    ("a name that ends so", [T("a.my_qdata", [4], "I8"), T("a.weight", [4])], 4),
]


@pytest.mark.parametrize(("tensors", "total"), [c[1:] for c in PLAIN], ids=[c[0] for c in PLAIN])
def test_plain_networks_are_left_alone(tensors, total):
    found = network(tensors)
    assert (found.total, found.notes, found.totals.bookkeeping) == (total, [], 0)
