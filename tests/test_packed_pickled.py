"""Quantised tensors as pickles hold them: wrappers of several tensors, packed layers with a state of their own."""

from __future__ import annotations

import pytest

from nparams.errors import FormatError
from nparams.files.bytesource import MemorySource
from nparams.files.pytorch import read
from tests.torchscript_maker import Call, Global, Instance, Pickling, T
from tests.zip_maker import M, archive


def network(value: object):
    pickling = Pickling()
    members = [M("m/data.pkl", pickling.whole(value)), M("m/version", b"3\n")]
    members += [M(f"m/data/{key}", bytes(n)) for key, n in pickling.storages.items()]
    return read(MemorySource(archive(members), "m.pt"))


def wrapped(kind: str, shape: tuple[int, ...], state: dict[str, object]) -> Call:
    """torch/_tensor.py, `_reduce_ex_internal`: a subclass that wraps other tensors."""
    of = Global(kind)
    args = (of, Global("torch.bfloat16"), shape, (1,) * len(shape), 0, None, None, False)
    maker = Global("torch._utils._rebuild_wrapper_subclass")
    return Call("torch._tensor._rebuild_from_type_v2", [maker, of, args, state])


def rows(value: object) -> dict[str, tuple[tuple[int, ...] | None, str | None, str]]:
    return {t.name: (t.shape, t.dtype, t.role) for t in network(value).tensors()}


AO, OLD, QUANTO = "torchao.quantization.", "torchao.dtypes.affine_quantized_tensor.", "optimum.quanto.tensor."
SCALE = T([6, 1])
# what it shows | the tensor | logical dtype | (elements, bytes) of the weight | rows beside it
WRAPPERS = [
    ("int8", wrapped(AO + "Int8Tensor", (6, 8), {"qdata": T([6, 8], "Char"), "scale": SCALE, "zero_point": None}),
     "int8", (48, 48), ["w.scale"]),
    ("int4", wrapped(AO + "Int4Tensor", (6, 8), {"qdata": T([6, 4], "Char"), "scale": SCALE, "zero_point": SCALE}),
     "int4", (24, 24), ["w.scale", "w.zero_point"]),
    ("int4 in words", wrapped(AO + "Int4PlainInt32Tensor", (6, 8), {"qdata": T([6, 1], "Int"), "scale": SCALE}),
     "int4", (6, 24), ["w.scale"]),
    ("NVFP4", wrapped("torchao.prototype.mx_formats.nvfp4_tensor.NVFP4Tensor", (6, 8),
                      {"qdata": T([6, 4], "Byte"), "scale": SCALE}), "float4_e2m1fn", (24, 24), ["w.scale"]),
    ("a wrapper in a wrapper",
     wrapped(OLD + "AffineQuantizedTensor", (6, 8), {"tensor_impl": wrapped(
         "torchao.dtypes.uintx.plain_layout.PlainAQTTensorImpl", (6, 8),
         {"int_data": T([6, 8], "Char"), "scale": T([6]), "zero_point": T([6], "Long")})}),
     "int8", (48, 48), ["w.tensor_impl.scale", "w.tensor_impl.zero_point"]),
    ("two shards of three bits",
     wrapped("torchao.dtypes.uintx.uintx_layout.UintxTensor", (8, 8),
             {"int1_shard": T([8, 1], "Byte"), "int2_shard": T([8, 2], "Byte")}), "int3", (24, 24), []),
    ("quanto", wrapped(QUANTO + "weights.qbits.WeightQBitsTensor", (6, 8), {
        "_data": wrapped(QUANTO + "packed.PackedTensor", (6, 8), {"_data": T([3, 8], "Byte")}), "_scale": SCALE,
        "_shift": SCALE}), "int4", (24, 24), ["w._scale", "w._shift"]),
    ("rounded up",
     wrapped(AO + "Int4TilePackedTo4dTensor", (5, 8), {"qdata": T([6, 8], "Int"), "scale_and_zero": SCALE}), "int4",
     (48, 192), ["w.scale_and_zero"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "dtype", "stored", "beside"), [c[1:] for c in WRAPPERS], ids=[c[0] for c in WRAPPERS]
)
def test_wrapped_weights(value, dtype, stored, beside):
    found = network({"w": value, "bias": T([6])})
    weight = next(found.tensors())
    shape = tuple(value.args[2][2])
    assert (weight.name, weight.shape, weight.dtype, weight.role, weight.stored) == (
        "w",
        shape,
        dtype,
        "weight",
        stored,
    )
    assert [t.name for t in found.tensors() if t.role == "bookkeeping"] == beside
    assert found.total == shape[0] * shape[1] + 6


@pytest.mark.parametrize("shape", [(1 << 20, 1 << 20), (6, 1000)])
def test_wrappers_larger_than_what_they_hold_are_refused(shape):
    value = wrapped(AO + "Int8Tensor", shape, {"qdata": T([6, 8], "Char"), "scale": SCALE})
    with pytest.raises(FormatError, match=r'm\.pt: tensor "w" is larger than what it wraps could hold'):
        network({"w": value})


def test_wrappers_of_scales_alone_are_refused():
    with pytest.raises(FormatError, match="is larger than what it wraps could hold"):
        network({"w": wrapped(AO + "Int8Tensor", (2, 3), {"scale": SCALE})})


def test_two_wrappers_of_one_storage_are_one_weight():
    value = wrapped(AO + "Int8Tensor", (6, 8), {"qdata": T([6, 8], "Char", key="q"), "scale": T([6], key="s")})
    found = network({"w": value, "tied": value._replace(args=list(value.args))})
    assert (found.total, [t.tied_to for t in found.tensors()]) == (48, [None, None, "w", "w.scale"])


WEIGHT, BIAS = T([4, 3], "QInt8", scales=0), T([4])
LINEAR = ((WEIGHT, BIAS), "__torch__.torch.classes.quantized.LinearPackedParamsBase")
CELL = (("quantized_dynamic", [BIAS, T([4])], [], [1], [Instance("torch.ScriptObject", LINEAR)]),
        "__torch__.torch.classes.rnn.CellParamsBase")  # fmt: skip
CONV = (3, 4, (1, 1), "zeros", WEIGHT, BIAS, 0.5, 3, False)
# what it shows | the value | name -> (shape, dtype, role)
PACKED = [
    ("a pair in a state dictionary", {"a._packed_params._packed_params": (WEIGHT, BIAS)},
     {"a._packed_params._packed_params.weight": ((4, 3), "int8", "weight"),
      "a._packed_params._packed_params.bias": ((4,), "float32", "bias")}),
    ("a pair without a bias", {"a._packed_params._packed_params": (WEIGHT, None)},
     {"a._packed_params._packed_params.weight": ((4, 3), "int8", "weight")}),
    ("a recurrent cell, its biases once", {"a.param": Instance("torch.ScriptObject", CELL)},
     {"a.param.weight": ((4, 3), "int8", "weight"), "a.param.bias": ((4,), "float32", "bias")}),
    ("a module that holds one",
     Instance("torch.ao.nn.quantized.modules.linear.LinearPackedParams",
              {"_parameters": {}, "_buffers": {}, "_modules": {},
               "_packed_params": Instance("torch.ScriptObject", LINEAR)}),
     {"_packed_params.weight": ((4, 3), "int8", "weight"), "_packed_params.bias": ((4,), "float32", "bias")}),
    ("a module that builds its own state",
     Instance("my.Net", {"_parameters": {}, "_buffers": {}, "_modules": {
         "c": Instance("torch.ao.nn.quantized.modules.conv.Conv2d", CONV)}}),
     {"c.weight": ((4, 3), "int8", "weight"), "c.bias": ((4,), "float32", "bias")}),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [c[1:] for c in PACKED], ids=[c[0] for c in PACKED])
def test_packed_layers(value, expected):
    assert rows(value) == expected


def test_the_scale_of_what_a_layer_puts_out_is_bookkeeping():
    found = network({"a.scale": T([]), "a.zero_point": T([], "Long"), "a._packed_params._packed_params": (WEIGHT, BIAS),
                     "a._packed_params.dtype": Global("torch.qint8")})  # fmt: skip
    assert (found.total, found.totals.bookkeeping) == (16, 2)
    assert found.read_as == "PyTorch, 4 tensors, PyTorch's own quantisation"
