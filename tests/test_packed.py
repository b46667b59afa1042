"""Packed weights: the logical network behind every packing, and never a number that is not known."""

from __future__ import annotations

import json
from math import ceil

import pytest

from nparams.errors import FormatError, NparamsError
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read
from tests import packers as p
from tests.safetensors_maker import T, length, safetensors


class Beside:
    """A folder with one config.json."""

    name = "folder"

    def __init__(self, config: object) -> None:
        self.text = config if isinstance(config, bytes) else json.dumps(config).encode()

    def names(self) -> list[str]:
        return ["config.json"]

    def open(self, name: str) -> MemorySource:
        return MemorySource(self.text, name)


def network(tensors: list[T], config: object = None):
    return read(MemorySource(safetensors(tensors), "m.safetensors"), None if config is None else Beside(config))


def mlx_config(bits: int = 4, group: int = 64, **layers: object) -> dict[str, object]:
    return {"quantization": {"group_size": group, "bits": bits, **layers}}


A = "model.layers.0.a"
EXPERTS = "model.layers.0.mlp.experts.gate_up_proj"
# what it shows | the tensors | scheme | logical shape, dtype | total | config
SCHEMES = [
    *((f"GPTQ {bits} bits", p.gptq(A, 64, 96, bits), "GPTQ", (64, 96), f"int{bits}", 6144, None)
      for bits in (2, 3, 4, 5, 6, 7, 8)),
    ("GPTQ with desc_act", p.gptq(A, 64, 128, 4, act_order=True), "GPTQ", (64, 128), "int4", 8192, None),
    ("GPTQ with a bias", p.gptq(A, 64, 96, 4, bias=True), "GPTQ", (64, 96), "int4", 6144 + 64, None),
    ("GPTQ without g_idx", p.gptq(A, 64, 96, 4, index=False), "GPTQ", (64, 96), "int4", 6144, None),
    ("GPTQ of 3 bits without g_idx", p.gptq(A, 64, 96, 3, index=False), "GPTQ", (64, 96), "int3", 6144, None),
    ("GPTQ of odd sizes", p.gptq(A, 33, 41, 3), "GPTQ", (33, 41), "int3", 1353, None),
    ("GPTQ of one group", p.gptq(A, 64, 96, 4, group=96), "GPTQ", (64, 96), "int4", 6144, None),
    ("AWQ", p.awq(A, 64, 128), "AWQ", (64, 128), "int4", 8192, None),
    ("AWQ with other scales", p.awq(A, 128, 64, scales="BF16"), "AWQ", (128, 64), "int4", 8192, None),
    ("AWQ, square", p.awq(A, 64, 64), "AWQ", (64, 64), "int4", 4096, None),
    *((f"AWQ gemv, groups of {g}", p.awq_gemv(A, 48, 256, g), "AWQ", (48, 256), "int4", 12_288, None)
      for g in (32, 64, 128, 256)),
    ("AWQ gemv fast", p.awq_gemv_fast(A, 64, 256), "AWQ", (64, 256), "int4", 16_384, None),
    ("Marlin", p.marlin(A, 256, 128), "Marlin", (256, 128), "int4", 32_768, None),
    *((f"compressed-tensors {bits} bits", p.compressed(A, 10, 96, bits), "compressed-tensors", (10, 96), f"int{bits}",
       960, None) for bits in (1, 2, 3, 4, 5, 6, 8)),
    ("compressed-tensors 7 bits, config.json says so", p.compressed(A, 10, 96, 7), "compressed-tensors", (10, 96),
     "int7", 960, {"quantization_config": {"config_groups": {"group_0": {"weights": {"num_bits": 7}}}}}),
    ("compressed-tensors, odd sizes", p.compressed(A, 7, 131, 4, group=131), "compressed-tensors", (7, 131), "int4",
     917,
     None),
    ("compressed-tensors, zero points and order", p.compressed(A, 9, 64, 4, zeros=True, order=True),
     "compressed-tensors", (9, 64), "int4", 576, None),
    ("compressed-tensors, an int32 shape", p.compressed(A, 10, 96, 8, shape="I32"), "compressed-tensors", (10, 96),
     "int8", 960, None),
    ("compressed-tensors, too small to tell its bits", p.compressed(A, 10, 3, 4), "compressed-tensors", (10, 3), None,
     30, None),
    ("compressed-tensors NVFP4", p.fp4(A, 6, 64), "compressed-tensors NVFP4", (6, 64), "float4_e2m1fn", 384, None),
    ("compressed-tensors MXFP4", p.fp4(A, 6, 64, "compressed mx"), "compressed-tensors MXFP4", (6, 64),
     "float4_e2m1fn", 384, None),
    ("ModelOpt NVFP4", p.fp4(A, 6, 64, "modelopt"), "NVFP4", (6, 64), "float4_e2m1fn", 384, None),
    ("ModelOpt MXFP4", p.fp4(A, 6, 64, "modelopt mx"), "MXFP4", (6, 64), "float4_e2m1fn", 384, None),
    ("FP4 in int8", p.fp4(A, 6, 64, "deepseek"), "MXFP4", (6, 64), "float4_e2m1fn", 384, None),
    ("ModelOpt NVFP4, stacked experts", p.fp4_stacked(EXPERTS, 4, 32, 24, turn=False), "NVFP4", (4, 24, 32),
     "float4_e2m1fn", 3072 + 96, None),
    ("ModelOpt NVFP4, stacked experts turned", p.fp4_stacked(EXPERTS, 4, 32, 24, turn=True), "NVFP4", (4, 32, 24),
     "float4_e2m1fn", 3072 + 96, None),
    ("ModelOpt INT4", p.int4_rows(A, 6, 64), "ModelOpt INT4", (6, 64), "int4", 384, None),
    *((f"bitsandbytes {kind}{', nested' * nested}", p.bitsandbytes4(A, (24, 40), kind, nested=nested),
       f"bitsandbytes {kind}", (24, 40), kind, 960, None) for kind in ("nf4", "fp4") for nested in (False, True)),
    ("bitsandbytes, an odd size", p.bitsandbytes4(A, (7, 9)), "bitsandbytes nf4", (7, 9), "nf4", 63, None),
    ("bitsandbytes, an embedding", p.bitsandbytes4("embed_tokens", (50, 8)), "bitsandbytes nf4", (50, 8), "nf4", 400,
     None),
    ("bitsandbytes, stored as bfloat16", p.bitsandbytes4(A, (24, 40), storage="BF16"), "bitsandbytes nf4", (24, 40),
     "nf4", 960, None),
    ("bitsandbytes, stored as float32", p.bitsandbytes4(A, (7, 9), storage="F32"), "bitsandbytes nf4", (7, 9), "nf4",
     63,
     None),
    ("bitsandbytes int8", p.bitsandbytes8(A, 6, 10), "bitsandbytes int8", (6, 10), "int8", 60, None),
    *((f"FP8 by {kind}", p.fp8(A, 200, 300, kind), "FP8", (200, 300), "float8_e4m3fn", 60_000, None)
      for kind in ("block", "row", "tensor")),
    ("FP8, stacked experts", [T("experts.gate_up_proj", [4, 8, 6], "F8_E4M3"), T("experts.gate_up_proj_scale_inv", [4,
     1, 1])],
     "FP8", (4, 8, 6), "float8_e4m3fn", 192, None),
    ("int8 by row", [T(f"{A}.weight", [6, 10], "I8"), T(f"{A}.weight_scale", [6, 1], "BF16")], "int8", (6, 10), "int8",
     60, None),
    ("gpt-oss", p.mxfp4_blocks(EXPERTS, 4, 6, 64), "MXFP4", (4, 6, 64), "float4_e2m1fn", 1536 + 24, None),
    ("gpt-oss, the original", p.mxfp4_blocks("block.0.mlp.mlp1_weight", 4, 6, 64, "."), "MXFP4", (4, 6, 64),
     "float4_e2m1fn", 1536 + 24, None),
    *((f"MLX {bits} bits, groups of {group}", p.mlx(A, 6, 128, bits, group), "MLX", (6, 128), f"int{bits}", 768,
       mlx_config(bits, group)) for bits in (2, 3, 4, 5, 6, 8) for group in (32, 64, 128)),
    ("MLX with a bias", p.mlx(A, 6, 64, 4, 64, bias=True), "MLX", (6, 64), "int4", 384 + 6, mlx_config()),
    ("MLX, a layer of its own kind", p.mlx(A, 6, 64, 8, 32), "MLX", (6, 64), "int8", 384,
     mlx_config(4, 64, **{A: {"group_size": 32, "bits": 8}})),
    ("MLX, a quantised embedding", p.mlx("embed_tokens", 50, 64, 4, 64), "MLX", (50, 64), "int4", 3200, mlx_config()),
    ("MLX, settings under text_config", p.mlx(A, 6, 64, 4, 64), "MLX", (6, 64), "int4", 384,
     {"text_config": mlx_config()}),
    ("MLX mxfp4", p.mlx(A, 6, 64, 4, 32, mode="mxfp4", bias=True), "MLX", (6, 64), "float4_e2m1fn", 390, None),
    ("MLX nvfp4", p.mlx(A, 6, 64, 4, 16, mode="nvfp4"), "MLX", (6, 64), "float4_e2m1fn", 384, None),
    ("MLX mxfp8", p.mlx(A, 6, 64, 8, 32, mode="mxfp8"), "MLX", (6, 64), "float8_e4m3fn", 384, None),
    *((f"HQQ {bits} bits", p.hqq(A, 16, 64, bits), "HQQ", (16, 64), f"int{ceil(bits)}", 1024, None)
      for bits in (8, 6, 5, 4, 3, 2, 1.58, 1)),
    ("HQQ viewed as float", p.hqq(A, 16, 64, 4, view="F16"), "HQQ", (16, 64), "int4", 1024, None),
    ("EXL2", p.exl2(A, 64, 128), "EXL2", (64, 128), "exl2", 8192, None),
    ("EXL2, padded, a bias tells", p.exl2(A, 50, 128, bias=True), "EXL2", (50, 128), "exl2", 6450, None),
    ("EXL2, a padded head, config.json tells", p.exl2("lm_head", 1001, 128), "EXL2", (1001, 128), "exl2", 128_128,
     {"vocab_size": 1001}),
    ("EXL3", p.exl3(A, 128, 256, 3), "EXL3", (128, 256), "exl3", 32_768, None),
    ("EXL3, signs as bits", p.exl3(A, 128, 256, 4, old=True), "EXL3", (128, 256), "exl3", 32_768, None),
    ("AQLM 2x8", p.aqlm(A, 24, 64), "AQLM", (24, 64), "aqlm", 1536, None),
    ("AQLM 1x16", p.aqlm(A, 24, 64, 1, 16), "AQLM", (24, 64), "aqlm", 1536, None),
    ("sparse", p.sparse(A, 24, 64), "compressed-tensors sparse", (24, 64), "bfloat16", 1536, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tensors", "scheme", "shape", "dtype", "total", "config"), [c[1:] for c in SCHEMES], ids=[c[0] for c in SCHEMES]
)
def test_every_scheme(tensors, scheme, shape, dtype, total, config):
    found = network([*tensors, T("norm.weight", [5], "BF16")], config)
    assert (found.total, found.read_as) == (total + 5, f"safetensors, {len(tensors) + 1} tensors, {scheme}")
    packed = next(t for t in found.tensors() if t.name == tensors[0].name)
    assert (packed.shape, packed.dtype, packed.role) == (shape, dtype, "weight")
    held = [length(t) for t in tensors]
    elements = sum(_product(t.shape) for t in tensors) + 5
    assert (found.totals.elements, found.totals.bytes) == (elements, sum(held) + 10)
    apart = {t.name for t in found.tensors() if t.role == "bookkeeping"}
    assert apart == {t.name for t in tensors[1:] if not t.name.endswith(("bias", "_bias")) or t.name.endswith("biases")}
    assert found.totals.bookkeeping == sum(_product(t.shape) for t in tensors if t.name in apart)


def _product(dims) -> int:
    size = 1
    for d in dims:
        size *= d
    return size


def test_shapes_alone_are_the_same_in_any_number_of_layers():
    layers = [t for i in range(5) for t in p.gptq(f"model.layers.{i}.a", 64, 96, 4)]
    found = network(layers)
    assert (found.total, len(found.layers)) == (5 * 6144, 1)


def test_two_schemes_in_one_file():
    found = network([*p.fp8("a", 8, 8, "tensor"), *p.fp4("b", 6, 64, "modelopt")])
    assert (found.total, found.read_as) == (64 + 384, "safetensors, 7 tensors, FP8 and NVFP4")


def test_scales_of_a_cache_are_bookkeeping_in_a_quantised_network():
    loose = [T("layers.0.self_attn.k_scale", []), T("layers.0.self_attn.v_scale", [])]
    assert network([*p.fp8("a", 8, 8, "tensor"), *loose]).total == 64
    assert network([T("a.weight", [8, 8]), *loose]).total == 66


PADDED = [
    (p.exl2(A, 64, 128),
     "EXL2 rounds a layer's outputs up to a multiple of 32, and counts here are of the rounded layers"),
    (p.exl3(A, 128, 128, 2),
     "EXL3 rounds both sides of a layer up to a multiple of 128, and counts here are of the rounded layers"),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "note"), PADDED, ids=["EXL2", "EXL3"])
def test_what_a_packing_rounds_up_is_said(tensors, note):
    assert network(tensors).notes == [note]


def changed(tensors: list[T], name: str, **fields: object) -> list[T]:
    """The same tensors, one of them (by the end of its name) changed; shape None takes it away."""
    found = [t._replace(**fields) if t.name.endswith(name) else t for t in tensors]
    assert found != tensors
    return [t for t in found if t.shape is not None]


def without(tensors: list[T], *names: str) -> list[T]:
    return [t for t in tensors if not t.name.endswith(names)]


SOME = p.compressed(A, 10, 96, 4)
# what is missing or odd | the tensors | what the note says
UNKNOWN = [
    ("GPTQ without g_idx and qzeros", without(p.gptq(A, 64, 96, 4), "g_idx", "qzeros"),
     "GPTQ: neither g_idx nor qzeros tells how many bits a weight has"),
    ("GPTQ without g_idx, odd sizes", p.gptq(A, 64, 100, 4, index=False),
     "GPTQ: there is no g_idx to tell inputs that are no multiple of 32"),
    ("GPTQ with a g_idx of another layer", changed(p.gptq(A, 64, 96, 4), "g_idx", shape=[97], data=bytes(388)),
     "GPTQ: 12 rows of 32 bits for 97 inputs and these zeros"),
    ("qweight alone", [T(f"{A}.qweight", [12, 64], "I32")], "qweight: int32 (12, 64) is no layout that is known"),
    ("AWQ in the layout of Marlin, odd groups", [T(f"{A}.qweight", [8, 512], "I32"), T(f"{A}.scales", [3, 256], "F16")],
     "qweight: int32 (8, 512) is no layout that is known"),
    ("compressed-tensors without weight_shape", without(SOME, "weight_shape"),
     "compressed-tensors: there is no weight_shape beside it"),
    ("Marlin 2:4", [T(f"{A}.weight_packed", [4, 64], "I32"), T(f"{A}.scale_packed", [1, 64], "F16"),
                    T(f"{A}.meta", [64, 4], "I16")],
     "compressed-tensors: there is no weight_shape beside it"),
    ("weight_packed of float", [T(f"{A}.weight_packed", [4, 64], "I64")],
     "weight_packed: int64 (4, 64) is no layout that is known"),
    ("FP4 without its scales", without(p.fp4(A, 6, 64), "weight_scale"),
     "compressed-tensors: bytes without a weight_scale for every 16 or 32 weights"),
    ("FP4 of another group", changed(p.fp4(A, 6, 64), "weight_scale", shape=[6, 8]),
     "compressed-tensors: bytes without a weight_scale for every 16 or 32 weights"),
    ("bytes with scales of no known layout", changed(p.fp4(A, 6, 64, "modelopt"), "weight_scale", shape=[6, 5]),
     "scaled weight: uint8 (6, 32) beside weight_scale is no layout that is known"),
    ("bitsandbytes without its state", without(p.bitsandbytes4(A, (8, 8)), "__nf4"),
     "scaled weight: uint8 (32, 1) beside weight.absmax is no layout that is known"),
    ("MLX without config.json", p.mlx(A, 6, 64, 4, 64),
     "MLX: its bits or group size stand in config.json, which is not beside it"),
    ("MLX of another mode", p.mlx(A, 6, 64, 5, 32, mode="mxfp5"),
     "MLX: scales without biases, in groups that are not mxfp4, mxfp8 or nvfp4"),
    ("MLX of uneven groups", changed(p.mlx(A, 6, 64, 4, 64), "scales", shape=[6, 3]),
     "MLX: (6, 8) beside scales (6, 3) is no whole number of groups"),
    ("HQQ without its shape", without(p.hqq(A, 16, 64, 4), ".shape"), "HQQ: there are no shape and nbits beside it"),
    ("EXL2 without its order", without(p.exl2(A, 64, 128), "q_invperm"), "EXL2: there is no q_invperm beside it"),
    ("EXL3 of other signs", changed(p.exl3(A, 128, 256, 3), "suh", shape=[255]),
     "EXL3: the signs beside it do not give its size"),
    ("AQLM of other codebooks", changed(p.aqlm(A, 24, 64), "codebooks", shape=[3, 256, 1, 8]),
     "AQLM: codes (24, 8, 2) do not fit codebooks (3, 256, 1, 8)"),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "why"), [c[1:] for c in UNKNOWN], ids=[c[0] for c in UNKNOWN])
def test_what_is_not_known_has_no_total(tensors, why):
    found = network([*tensors, T("norm.weight", [5], "BF16")])
    packed = tensors[0]
    assert (found.total, found.totals.known, found.totals.unknown) == (None, 5, 1)
    assert found.notes == [f'1 packed weight has no known logical size: "{packed.name}": {why}']
    assert found.totals.elements == sum(_product(t.shape) for t in tensors) + 5
    assert all(t.role == "bookkeeping" for t in found.tensors() if t.name not in (packed.name, "norm.weight"))


MLX = p.mlx(A, 6, 64, 4, 64)
# settings that do not fit the shapes, or are none
CONFIGS = [
    mlx_config(4, 32), mlx_config(3, 64), mlx_config(0, 0), {"quantization": {"bits": "4", "group_size": 64}},
    {"quantization": [4, 64]}, {"quantization": None}, [], b"not JSON", b"[" * 100_000, b'{"quantization": NaN}',
    {"quantization": {"bits": True, "group_size": 256}}, {"quantization": {"bits": 4.0, "group_size": 64}},
    b'{"quantization": {"bits": 4, "bits": 4, "group_size": 64}}',
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: str(c)[:40])
def test_settings_that_do_not_fit_are_not_used(config):
    assert network(MLX, config).total is None


def state(text: bytes) -> list[T]:
    return changed(p.bitsandbytes4(A, (24, 40)), "__nf4", shape=[len(text)], data=text)


def shaped(numbers: list[int], dtype: str = "I64", width: int = 8) -> list[T]:
    data = b"".join(n.to_bytes(width, "little", signed=True) for n in numbers)
    return changed(SOME, "weight_shape", shape=[len(numbers)], dtype=dtype, data=data)


NO_SHAPE = "no JSON object with a shape"
STATE = f'"{A}.weight.quant_state.bitsandbytes__nf4": '
TEXT = f'"{A}.weight_shape": '
WEIGHT = f'"{A}.weight_packed": '
# the threat | the tensors | the whole message
HOSTILE = [
    ("a state that is no JSON", state(b"\xff{}"), STATE + NO_SHAPE),
    ("a state of nothing", state(b""), STATE + NO_SHAPE),
    ("a state without a shape", state(b"{}"), STATE + NO_SHAPE),
    ("a state that is a list", state(b"[1]"), STATE + NO_SHAPE),
    ("a state nested", state(b"[" * 4000), STATE + NO_SHAPE),
    ("a shape twice", state(b'{"shape":[24,40],"shape":[24,40]}'), STATE + NO_SHAPE),
    ("a shape of floats", state(b'{"shape":[24.0,40]}'), STATE + NO_SHAPE),
    ("a shape of flags", state(b'{"shape":[true,960]}'), STATE + NO_SHAPE),
    ("a negative shape", state(b'{"shape":[-24,-40]}'), STATE + NO_SHAPE),
    ("a shape of nothing", state(b'{"shape":null}'), STATE + NO_SHAPE),
    ("a shape of 2^60", state(b'{"shape":[1152921504606846976]}'), STATE + NO_SHAPE),
    ("nine dimensions", state(b'{"shape":[1,1,1,1,1,1,1,24,40]}'),
     STATE + "a shape of 9 dimensions; at most 8 are read"),
    ("a shape beyond the bytes", state(b'{"shape":[24,4000]}'),
     f'"{A}.weight": the nf4 state\'s shape (24, 4000) does not fit its shape (480, 1)'),
    ("a shape below the bytes", state(b'{"shape":[24,4]}'),
     f'"{A}.weight": the nf4 state\'s shape (24, 4) does not fit its shape (480, 1)'),
    ("a state of 5,000 bytes", state(b" " * 5000),
     f'm.safetensors: {STATE}takes 5,000 bytes where at most 4,096 make sense'.replace('": takes', '" takes')),
    ("a weight_shape of one number", shaped([960]), WEIGHT + "weight_shape (960,) does not fit its shape (10, 12)"),
    ("a weight_shape of other rows", shaped([11, 96]),
     WEIGHT + "weight_shape (11, 96) does not fit its shape (10, 12)"),
    ("a weight_shape too wide", shaped([10, 385]), WEIGHT + "weight_shape (10, 385) does not fit its shape (10, 12)"),
    ("a weight_shape of 2^47", shaped([10, 1 << 47]),
     WEIGHT + "weight_shape (10, 140737488355328) does not fit its shape (10, 12)"),
    ("a weight_shape of 2^60", shaped([10, 1 << 60]), TEXT + '"[10, 1152921504606846976]" is no shape'),
    ("a weight_shape below zero", shaped([-10, 96]), TEXT + '"[-10, 96]" is no shape'),
    ("a weight_shape of zeros", shaped([0, 0]), TEXT + '"[0, 0]" is no shape'),
    ("a weight_shape of nothing", shaped([]), TEXT + '"[]" is no shape'),
    ("a weight_shape of floats", shaped([10, 96], "F64"), TEXT + "float64 where whole numbers belong"),
    ("a weight_shape of 1,000 numbers", shaped([1] * 1000),
     "m.safetensors: " + TEXT.rstrip(": ") + " takes 8,000 bytes where at most 4,096 make sense"),
    ("HQQ of a shape beyond its bytes", changed(p.hqq(A, 16, 64, 4), ".shape", data=p.integers((16, 65), 8)),
     f'"{A}.W_q": shape (16, 65) of [4] bits does not fit its shape (32, 16)'),
    ("HQQ of 9 bits", changed(p.hqq(A, 16, 64, 4), "nbits", data=p.integers([9], 4)),
     f'"{A}.W_q": shape (16, 64) of [9] bits does not fit its shape (32, 16)'),
    ("AQLM of huge groups", changed(p.aqlm(A, 24, 64), "codebooks", shape=[2, 0, 1 << 40, 1 << 40]),
     f'"{A}.codes": AQLM says (26388279066624, 8796093022208), more than its 384 bytes hold'),
    ("EXL2 of a huge order", [T(f"{A}.q_weight", [0, 1 << 40], "I32"), T(f"{A}.q_invperm", [999], "I32")],
     f'"{A}.q_weight": an order of 999 inputs does not fit its shape (0, 1099511627776)'),
    ("a sparse shape beyond its mask", changed(p.sparse(A, 24, 64), ".shape", data=p.integers((24, 65), 8)),
     f'"{A}.compressed": the dense shape (24, 65) does not fit its shape (24, 32)'),
    ("two states", [*p.bitsandbytes4(A, (8, 8)), T(f"{A}.weight.quant_state.bitsandbytes__fp4", [2], "U8")],
     f'"{A}.weight": 2 states beside it, where there is one'),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "message"), [c[1:] for c in HOSTILE], ids=[c[0] for c in HOSTILE])
def test_tensors_that_contradict_the_weight_are_refused(tensors, message):
    with pytest.raises(NparamsError) as problem:
        network(tensors)
    assert (type(problem.value), str(problem.value)) == (FormatError, message)


# plain networks that look a little like packed ones: (tensors, total)
PLAIN = [
    ("float scales", [T("a.weight", [4, 8]), T("a.scales", [4, 1]), T("a.biases", [4, 1])], 32 + 4 + 4),
    ("a scale of its own", [T("a.weight", [4, 8]), T("a.scale", [4]), T("n.num_batches_tracked", [], "I64")], 36),
    ("uint8 alone", [T("a.weight", [4, 8], "U8")], 32),
    ("int8 alone", [T("a.weight", [4, 8], "I8")], 32),
    ("float8 alone", [T("a.weight", [4, 8], "F8_E4M3")], 32),
    ("float4 alone", [T("a.weight", [4, 8], "F4")], 32),
    ("an audio codec's codes", [T("codes", [1, 8, 100], "I64")], 0),
    ("codes and a codebook of another kind", [T("q.codes", [8], "I64"), T("q.codebook", [8, 4])], 32),
    ("W_q as a query matrix", [T("attn.W_q", [8, 8]), T("attn.scale", []), T("n.num_batches_tracked", [], "I64")], 65),
    ("B of a state space", [T("ssm.B", [8, 8]), T("ssm.s", [8]), T("n.num_batches_tracked", [], "I64")], 72),
    ("blocks that are layers", [T("blocks.0.weight", [4, 4]), T("x_blocks", [3, 16], "U8")], 16),
    ("a float trellis", [T("a.trellis", [2, 2, 16]), T("n.num_batches_tracked", [], "I64")], 64),
    ("a quantised weight's name on floats", [T("a.qweight", [4, 8]), T("a.scales", [4, 8])], 64),
    ("weight norm", [T("a.weight_g", [4, 1]), T("a.weight_v", [4, 8]), T("x", [2], "I64")], 36),
    ("a shape and a mask, uncompressed", [T("a.shape", [2], "I64"), T("a.bitmask", [2], "U8"), T("a.weight", [2])], 2),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "total"), [c[1:] for c in PLAIN], ids=[c[0] for c in PLAIN])
def test_plain_networks_are_left_alone(tensors, total):
    found = network(tensors)
    assert (found.total, found.notes, found.totals.bookkeeping) == (total, [], 0)
    assert found.read_as == f"safetensors, {len(tensors)} tensor{'s' * (len(tensors) > 1)}"
    assert all(t.stored is None for t in found.tensors())


def test_settings_that_contradict_a_layout_leave_no_total():
    """AutoAWQ makes gemv-fast layers of any width, and packs four bits only."""
    tensors = p.awq_gemv_fast("a", 64, 256)
    assert network(tensors, {"quantization_config": {"bits": 4}}).total == 64 * 256
    found = network(tensors, {"quantization_config": {"bits": 8}})
    assert found.total is None
    assert "this layout packs 4 bits, and" in found.notes[0]
