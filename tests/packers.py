"""Tiny packers in the layouts of the quantisation libraries, each after the source that its docstring names.

Weights are numbers without a sign, row by row: `values[out][in]`.  Every packer gives the tensors that the library
would save for the layer `name`.
"""

from __future__ import annotations

import json
import random
from math import ceil

from tests.safetensors_maker import T

Rows = list[list[int]]


def values(out: int, ins: int, bits: int) -> Rows:
    rng = random.Random(out * ins + bits)
    return [[rng.randrange(1 << bits) for _ in range(ins)] for _ in range(out)]


def words(rows: Rows, bits: int, per_word: int) -> bytes:
    """Each row packed on its own, `per_word` numbers to a word of 32 bits, the last word padded."""
    out = b""
    for row in rows:
        for k in range(0, len(row), per_word):
            out += sum(v << bits * i for i, v in enumerate(row[k : k + per_word])).to_bytes(4, "little")
    return out


def stream(rows: Rows, bits: int) -> bytes:
    """Each row packed as one run of bits, padded to whole words of 32."""
    out = b""
    for row in rows:
        out += sum(v << bits * i for i, v in enumerate(row)).to_bytes(4 * ceil(len(row) * bits / 32), "little")
    return out


def turned(rows: Rows) -> Rows:
    return [list(column) for column in zip(*rows, strict=True)]


def integers(numbers: list[int] | tuple[int, ...], width: int) -> bytes:
    return b"".join(n.to_bytes(width, "little") for n in numbers)


def gptq(name: str, out: int, ins: int, bits: int, group: int = 32, *, act_order: bool = False, index: bool = True,
         bias: bool = False) -> list[T]:  # fmt: skip
    """AutoGPTQ auto_gptq/nn_modules/qlinear/qlinear_cuda_old.py, `pack`; GPTQModel
    gptqmodel/nn_modules/qlinear/__init__.py, `_register_gptq_buffers` (sizes rounded up).  3 bits are ten, one split
    over two words, ten, one split, ten: 32 to three words, so a run of bits."""
    columns = turned(values(out, ins, bits))
    packed = b"".join(stream([c], bits) for c in turned(columns))  # by output, then turned to (words, out)
    height = ceil(ins * bits / 32)
    cells = [[packed[4 * (o * height + r) :][:4] for o in range(out)] for r in range(height)]
    groups = ceil(ins / group)
    order = list(range(ins))
    if act_order:
        random.Random(0).shuffle(order)
    held = [
        T(f"{name}.qweight", [height, out], "I32", b"".join(b for row in cells for b in row)),
        T(f"{name}.qzeros", [groups, ceil(out * bits / 32)], "I32"), T(f"{name}.scales", [groups, out], "F16"),
    ]  # fmt: skip
    held += [T(f"{name}.g_idx", [ins], "I32", integers([k // group for k in order], 4))] if index else []
    return held + ([T(f"{name}.bias", [out], "F16")] if bias else [])


def awq(name: str, out: int, ins: int, group: int = 32, scales: str = "F16") -> list[T]:
    """AutoAWQ awq/modules/linear/gemm.py, `from_linear`: eight outputs to a word, in the order 0 2 4 6 1 3 5 7."""
    rows = turned(values(out, ins, 4))
    mixed = [[row[8 * c + k] for c in range(out // 8) for k in (0, 2, 4, 6, 1, 3, 5, 7)] for row in rows]
    return [
        T(f"{name}.qweight", [ins, out // 8], "I32", words(mixed, 4, 8)),
        T(f"{name}.qzeros", [ins // group, out // 8], "I32"), T(f"{name}.scales", [ins // group, out], scales),
    ]  # fmt: skip


def awq_gemv(name: str, out: int, ins: int, group: int = 64) -> list[T]:
    """AutoAWQ awq/modules/linear/gemv.py, with `calculate_zeros_width`."""
    width = _zeros_width(ins, group)
    return [
        T(f"{name}.qweight", [out, ins // 8], "I32", words(values(out, ins, 4), 4, 8)),
        T(f"{name}.qzeros", [out, width], "I32"), T(f"{name}.scales", [out, 8 * width], "F16"),
    ]  # fmt: skip


def _zeros_width(ins: int, group: int) -> int:
    per = {32: 4, 64: 2}.get(group, 1)
    return ceil(ceil(ins // group / 8) / per) * per


def awq_gemv_fast(name: str, out: int, ins: int, group: int = 64) -> list[T]:
    """AutoAWQ awq/modules/linear/gemv_fast.py: four rows interleaved, four numbers to a word of 16 bits."""
    height = _zeros_width(ins, group) * 8
    return [T(f"{name}.qweight", [out // 4, ins], "I16"), T(f"{name}.scales", [height, out], "F16"),
            T(f"{name}.qzeros", [height, out], "F16")]  # fmt: skip


def marlin(name: str, out: int, ins: int, group: int = 128) -> list[T]:
    """AutoGPTQ auto_gptq/nn_modules/qlinear/qlinear_marlin.py."""
    return [T(f"{name}.B", [ins // 16, out * 16 // 8], "I32"), T(f"{name}.s", [ins // group, out], "F16")]


def compressed(name: str, out: int, ins: int, bits: int, *, group: int = 32, zeros: bool = False, order: bool = False,
               shape: str = "I64") -> list[T]:  # fmt: skip
    """compressed-tensors of version 0.11 and before, src/compressed_tensors/compressors/quantized_compressors/
    pack_quantized.py, `pack_to_int32` and `compress_weight`: zero points are packed along the outputs."""
    per = 32 // bits
    held = [
        T(f"{name}.weight_packed", [out, ceil(ins / per)], "I32", words(values(out, ins, bits), bits, per)),
        T(f"{name}.weight_scale", [out, ceil(ins / group)], "BF16"),
        T(f"{name}.weight_shape", [2], shape, integers((out, ins), 8 if shape == "I64" else 4)),
    ]
    held += [T(f"{name}.weight_zero_point", [ceil(out / per), ceil(ins / group)], "I32")] if zeros else []
    return held + ([T(f"{name}.weight_g_idx", [ins], "I32")] if order else [])


def compressed_dense(name: str, out: int, ins: int, bits: int) -> list[T]:
    """compressed-tensors of later versions, compressors/pack_quantized/helpers.py, `pack_to_int32`: runs of bits."""
    return [
        T(f"{name}.weight_packed", [out, ceil(ins * bits / 32)], "I32", stream(values(out, ins, bits), bits)),
        T(f"{name}.weight_scale", [out, 1], "BF16"), T(f"{name}.weight_shape", [2], "I64", integers((out, ins), 8)),
    ]  # fmt: skip


def fp6(name: str, out: int, ins: int) -> list[T]:
    """compressed-tensors src/compressed_tensors/compressors/mxfp6/helpers.py: four numbers to three bytes."""
    rows = values(out, ins, 6)
    packed = b"".join(sum(v << 6 * i for i, v in enumerate(row[k : k + 4])).to_bytes(3, "little")
                      for row in rows for k in range(0, ins, 4))  # fmt: skip
    return [T(f"{name}.weight_packed", [out, 3 * ins // 4], "U8", packed),
            T(f"{name}.weight_scale", [out, ins // 32], "U8")]  # fmt: skip


def fp4_swizzled(name: str, out: int, ins: int) -> list[T]:
    """flashinfer flashinfer/fp4_quantization.py, `_pad_scale_factors`: scales filled up to tiles of 128 x 4."""
    scale = [128 * ceil(out / 128), 4 * ceil(ins / 64)]
    return [T(f"{name}.weight", [out, ins // 2], "U8"), T(f"{name}.weight_scale", scale, "F8_E4M3"),
            T(f"{name}.weight_scale_2", []), T(f"{name}.comfy_quant", [19], "U8", b'{"format": "nvfp4"}')]  # fmt: skip


def fp4(name: str, out: int, ins: int, kind: str = "compressed") -> list[T]:
    """Two to a byte along the inputs.  compressed-tensors .../fp4_quantized.py, `pack_fp4_to_uint8`; ModelOpt
    modelopt/torch/quantization/qtensor/nvfp4_tensor.py; DeepSeek's experts."""
    packed = bytes(a | b << 4 for row in values(out, ins, 4) for a, b in zip(row[::2], row[1::2], strict=True))
    shape, weight = [out, ins // 2], f"{name}.weight"
    return {
        "compressed": [T(f"{name}.weight_packed", shape, "U8", packed), T(f"{weight}_scale", [out, ins // 16],
        "F8_E4M3"),
                       T(f"{weight}_global_scale", [1]), T(f"{name}.input_global_scale", [1])],
        "compressed mx": [T(f"{name}.weight_packed", shape, "U8", packed), T(f"{weight}_scale", [out, ins // 32],
        "U8")],
        "modelopt": [T(weight, shape, "U8", packed), T(f"{weight}_scale", [out, ins // 16], "F8_E4M3"),
                     T(f"{weight}_scale_2", []), T(f"{name}.input_scale", [])],
        "modelopt mx": [T(weight, shape, "U8", packed), T(f"{weight}_scale", [out, ins // 32], "U8")],
        "deepseek": [T(weight, shape, "I8", packed), T(f"{name}.scale", [out, ins // 32], "F8_E8M0")],
    }[kind]  # fmt: skip


def fp4_stacked(name: str, experts: int, ins: int, out: int, *, turn: bool) -> list[T]:
    """ModelOpt's stacked experts (modelopt/torch/export/unified_export_hf.py): X_weight_scale beside X, packed along
    the last dimension, or along the middle one where the model keeps them turned."""
    shapes = ([experts, ins // 2, out], [experts, ins // 16, out]) if turn else (
        [experts, out, ins // 2], [experts, out, ins // 16])  # fmt: skip
    return [T(name, shapes[0], "U8"), T(f"{name}_weight_scale", shapes[1], "F8_E4M3"),
            T(f"{name}_weight_scale_2", [experts]), T(f"{name}_input_scale", [experts]),
            T(f"{name}_bias", [experts, out], "BF16")]  # fmt: skip


def int4_rows(name: str, out: int, ins: int, group: int = 16) -> list[T]:
    """ModelOpt modelopt/torch/export/quant_utils.py, `pack_int4_in_uint8`: two outputs to a byte."""
    rows = values(out, ins, 4)
    packed = bytes(a | b << 4 for k in range(0, out, 2) for a, b in zip(rows[k], rows[k + 1], strict=True))
    return [T(f"{name}.weight", [out // 2, ins], "U8", packed), T(f"{name}.weight_scale", [out, ins // group], "F16"),
            T(f"{name}.pre_quant_scale", [ins], "F16")]  # fmt: skip


def bitsandbytes4(name: str, shape: tuple[int, ...], kind: str = "nf4", *, nested: bool = False,
                  storage: str = "U8") -> list[T]:  # fmt: skip
    """bitsandbytes/functional.py, `QuantState.as_dict(packed=True)` and `quantize_4bit`: the high half first."""
    size = 1
    for n in shape:
        size *= n
    numbers = values(1, size, 4)[0] + [0] * (size % 2)
    packed = bytes(a << 4 | b for a, b in zip(numbers[::2], numbers[1::2], strict=True))
    width = {"U8": 1, "BF16": 2, "F32": 4}[storage]
    packed += bytes(-len(packed) % width)
    state = {"quant_type": kind, "blocksize": 64, "dtype": "bfloat16", "shape": shape}
    if nested:
        state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.04}
    text = json.dumps(state).encode()
    blocks, key = ceil(size / 64), f"{name}.weight"
    held = [
        T(key, [len(packed) // width, 1], storage, packed),
        T(f"{key}.absmax", [blocks], "U8" if nested else "F32"),
        T(f"{key}.quant_map", [16]),
        T(f"{key}.quant_state.bitsandbytes__{kind}", [len(text)], "U8", text),
    ]
    more = [T(f"{key}.nested_absmax", [ceil(blocks / 256)]), T(f"{key}.nested_quant_map", [256])]
    return held + (more if nested else [])


def bitsandbytes_underscored(name: str, out: int, ins: int) -> list[T]:
    """GPTQModel gptqmodel/nn_modules/qlinear/bitsandbytes.py, `_tensor_key`: the same state under other names."""
    turned_names = {".quant_state.bitsandbytes__nf4": "_quant_state", ".absmax": "_absmax", ".quant_map": "_quant_map"}
    held = []
    for t in bitsandbytes4(name, (out, ins)):
        after = t.name.removeprefix(f"{name}.weight")
        held.append(t._replace(name=f"{name}.weight{turned_names.get(after, after)}"))
    return held


def bitsandbytes8(name: str, out: int, ins: int) -> list[T]:
    """bitsandbytes/nn/modules.py, `Linear8bitLt._save_to_state_dict`."""
    return [T(f"{name}.weight", [out, ins], "I8"), T(f"{name}.SCB", [out]), T(f"{name}.weight_format", [], "U8")]


def fp8(name: str, out: int, ins: int, kind: str) -> list[T]:
    """By block of 128 x 128 (deepseek-ai/DeepSeek-V3 inference/fp8_cast_bf16.py), by row (compressed-tensors
    naive_quantized.py), or by tensor (ModelOpt)."""
    weight = f"{name}.weight"
    return [T(weight, [out, ins], "F8_E4M3")] + {
        "block": [T(f"{weight}_scale_inv", [ceil(out / 128), ceil(ins / 128)])],
        "row": [T(f"{weight}_scale", [out, 1], "BF16")],
        "tensor": [T(f"{weight}_scale", []), T(f"{name}.input_scale", [])],
    }[kind]


def mxfp4_blocks(name: str, experts: int, out: int, ins: int, mark: str = "_") -> list[T]:
    """openai/gpt-oss gpt_oss/torch/weights.py, `_get_mxfp4_tensor`."""
    return [T(f"{name}{mark}blocks", [experts, out, ins // 32, 16], "U8"),
            T(f"{name}{mark}scales", [experts, out, ins // 32], "U8"), T(f"{name}_bias", [experts, out],
            "BF16")]  # fmt: skip


def mlx(name: str, out: int, ins: int, bits: int, group: int, *, mode: str = "affine", bias: bool = False) -> list[T]:
    """ml-explore/mlx mlx/ops.cpp, `affine_quantize` and `fp_quantize`: rows are runs of bits."""
    held = [T(f"{name}.weight", [out, ins * bits // 32], "U32", stream(values(out, ins, bits), bits)),
            T(f"{name}.scales", [out, ins // group], "BF16" if mode == "affine" else "U8")]  # fmt: skip
    held += [T(f"{name}.biases", [out, ins // group], "BF16")] if mode == "affine" else []
    return held + ([T(f"{name}.bias", [out], "BF16")] if bias else [])


def hqq(name: str, out: int, ins: int, bits: float, group: int = 16, view: str | None = None) -> list[T]:
    """mobiusml/hqq hqq/core/quantize.py, `HQQLinear.state_dict`, and core/bitpack.py: rows of `group` numbers, packed
    along their first dimension; 3 bits come ten to 32, padded; 5 and 6 bits take a byte, 1.58 two bits."""
    rows = out * ins // group
    kind, per = {8: ("U8", 1), 6: ("U8", 1), 5: ("U8", 1), 4: ("U8", 2), 3: ("I32", 10), 2: ("U8", 4), 1.58: ("U8", 4),
                 1: ("U8", 8)}[bits]  # fmt: skip
    shape = [ceil(rows / per), group]
    if view == "F16":
        kind, shape = "F16", [shape[0], group * (4 if kind == "I32" else 1) // 2]
    number = T(f"{name}.nbits", [], "I32", integers([int(bits)], 4)) if bits == int(bits) else T(f"{name}.nbits", [])
    return [
        T(f"{name}.W_q", shape, kind), number, T(f"{name}.shape", [2], "I64", integers((out, ins), 8)),
        T(f"{name}.scale", [rows, 1], "F16"), T(f"{name}.zero", [rows, 1], "F16"),
        *(T(f"{name}.{key}", [], "I32") for key in ("group_size", "axis")),
        *(T(f"{name}.{key}", [], "U8") for key in ("view_as_float", "channel_wise", "optimize", "round_zero",
                                                   "encoded_state_dict", "offload_meta", "stores_quant_config")),
        *(T(f"{name}.{key}", [7], "U8") for key in ("packing", "unpack_view_dtype", "compute_dtype")),
    ]  # fmt: skip


def exl2(name: str, out: int, ins: int, *, bias: bool = False) -> list[T]:
    """turboderp-org/exllamav2 exllamav2/conversion/adaptivegptq.py, `pack`: half the rows at 4 bits, half at 5, the
    outputs padded to a multiple of 32."""
    wide = ceil(out / 32) * 32
    height = ceil(ins // 2 * 4 / 32) + ceil(ins // 2 * 5 / 32)
    held = [T(f"{name}.q_weight", [height, wide], "I32"), T(f"{name}.q_invperm", [ins], "I32"),
            T(f"{name}.q_scale", [2, wide // 8], "I32"), T(f"{name}.q_scale_max", [2], "F16"),
            T(f"{name}.q_groups", [4], "I16")]  # fmt: skip
    return held + ([T(f"{name}.bias", [out], "F16")] if bias else [])


def exl3(name: str, out: int, ins: int, bits: float, *, old: bool = False) -> list[T]:
    """turboderp-org/exllamav3 exllamav3/modules/quant/exl3.py: tiles of 16 x 16, half bits too; older files keep
    signs as bits."""
    signs = [T(f"{name}.su", [ins // 16], "I16"), T(f"{name}.sv", [out // 16], "I16")] if old else [
        T(f"{name}.suh", [ins], "F16"), T(f"{name}.svh", [out], "F16")]  # fmt: skip
    return [T(f"{name}.trellis", [ins // 16, out // 16, int(16 * bits)], "I16"), *signs]


def aqlm(name: str, out: int, ins: int, books: int = 2, bits: int = 8, group: int = 8) -> list[T]:
    """Vahe1994/AQLM inference_lib/src/aqlm/inference.py, `QuantizedLinear`."""
    return [T(f"{name}.codes", [out, ins // group, books], "I8" if bits == 8 else "I16"),
            T(f"{name}.codebooks", [books, 1 << bits, 1, group], "F16"), T(f"{name}.scales", [out, 1, 1, 1],
            "F16")]  # fmt: skip


def aqlm_pairs(name: str, out: int, ins: int) -> list[T]:
    """The same, a code for two outputs of four inputs each."""
    return [T(f"{name}.codes", [out // 2, ins // 4, 1], "I16"), T(f"{name}.codebooks", [1, 1 << 16, 2, 4], "F16"),
            T(f"{name}.scales", [out // 2, 1, 1, 1], "F16")]  # fmt: skip


def awq_bits(name: str, out: int, ins: int, bits: int, group: int = 32) -> list[T]:
    """GPTQModel gptqmodel/nn_modules/qlinear/torch_awq.py: any width, outputs packed as runs of bits."""
    wide = ceil(out * bits / 32)
    return [T(f"{name}.qweight", [ins, wide], "I32"), T(f"{name}.qzeros", [ceil(ins / group), wide], "I32"),
            T(f"{name}.scales", [ceil(ins / group), out], "F16")]  # fmt: skip


def paroquant(name: str, out: int, ins: int) -> list[T]:
    """GPTQModel gptqmodel/nn_modules/qlinear/paroquant.py: AWQ's layout, and eight rotations of pairs of inputs."""
    return [*awq_bits(name, out, ins, 4), T(f"{name}.theta", [8, ins // 2], "F16"),
            T(f"{name}.pairs", [8, ins], "I16"), T(f"{name}.channel_scales", [1, ins], "F16")]  # fmt: skip


def awq_marlin(name: str, out: int, ins: int, group: int = 128) -> list[T]:
    """AutoAWQ awq/modules/linear/marlin.py."""
    return [T(f"{name}.qweight", [ins // 16, out * 16 // 8], "I32"), T(f"{name}.scales", [ins // group, out], "F16")]


def quanto(name: str, out: int, ins: int, bits: int, group: int | None = None, *, bias: bool = False) -> list[T]:
    """optimum-quanto optimum/quanto/tensor/packed.py, `pack_weights` (whole rows lie above each other in a byte), and
    tensor/grouped.py, `group`."""
    rows, columns, key = (out, ins, f"{name}.weight") if group is None else (
        out * ins // group, group, f"{name}.weight")  # fmt: skip
    if bits == 8:
        held = [T(f"{key}._data", [rows, columns], "I8")]
    else:
        numbers, per = values(rows, columns, bits), 8 // bits
        height = ceil(rows / per)
        packed = bytes(sum(numbers[r + i * height][c] << bits * i for i in range(per) if r + i * height < rows)
                       for r in range(height) for c in range(columns))  # fmt: skip
        held = [T(f"{key}._data._data", [height, columns], "U8", packed), T(f"{key}._shift", [rows, 1])]
    held += [T(f"{key}._scale", [rows, 1]), T(f"{name}.input_scale", []), T(f"{name}.output_scale", [])]
    return held + ([T(f"{name}.bias", [out])] if bias else [])


def torchao(name: str, kind: str, shape: list[int], dtype: str, fields: dict[str, object],
            *more: T) -> tuple[list[T], dict[str, str]]:  # fmt: skip
    """pytorch/ao torchao/prototype/safetensors/safetensors_support.py: (the tensors, the file's metadata)."""
    told = {"_type": kind, "_data": fields, "_tensor_data_names": ["qdata", "scale"]}
    held = [T(f"{name}._weight_qdata", shape, dtype), T(f"{name}._weight_scale", [shape[0], 1], "BF16"), *more]
    return held, {f"{name}.weight": json.dumps(told), "tensor_names": json.dumps([f"{name}.weight"])}


def higgs(name: str, out: int, ins: int, bits: int, group: int = 256) -> list[T]:
    """transformers src/transformers/integrations/higgs.py, `HiggsLinear`."""
    return [T(f"{name}.weight", [out * bits // 16, ins], "I16"), T(f"{name}.scales", [out, ins // group], "F16"),
            T(f"{name}.tables", [1 << bits], "F16"),
            T(f"{name}.tables2", [1 << bits, 1 << bits, 2], "F16")]  # fmt: skip


def eetq(name: str, out: int, ins: int, leaf: str = "weight") -> list[T]:
    """EETQ python/eetq/modules/qlinear.py, `W8A16Linear`: turned round."""
    return [T(f"{name}.{leaf}", [ins, out], "I8"), T(f"{name}.weight_scales", [out], "F16")]


def bitnet(name: str, out: int, ins: int, *, bias: bool = False) -> list[T]:
    """transformers src/transformers/integrations/bitnet.py, `pack_weights`: four rows above each other in a byte."""
    rows, height = values(out, ins, 1), out // 4
    packed = bytes(sum(rows[r + i * height][c] << 2 * i for i in range(4)) for r in range(height) for c in range(ins))
    held = [T(f"{name}.weight", [height, ins], "U8", packed), T(f"{name}.weight_scale", [1], "BF16")]
    return held + ([T(f"{name}.bias", [out])] if bias else [])


def fp_quant(name: str, out: int, ins: int, group: int = 32) -> list[T]:
    """FP-Quant inference_lib/src/fp_quant/module/linear.py, `FPQuantLinear`."""
    return [T(f"{name}.qweight", [out, ins // 2], "U8"), T(f"{name}.scales", [out, ins // group], "U8"),
            T(f"{name}.forward_hadamard_matrix", [32, 32]), T(f"{name}.backward_hadamard_matrix", [32, 32]),
            T(f"{name}.weight_global_scale", []), T(f"{name}.act_global_scale", [])]  # fmt: skip


def svdquant(name: str, out: int, ins: int, *, fp4: bool = False) -> list[T]:
    """nunchaku nunchaku/models/linear.py, `SVDQW4A4Linear`: 4 bits and a low-rank part of the same weight."""
    group, kind = (16, "F8_E4M3") if fp4 else (64, "BF16")
    return [T(f"{name}.qweight", [out, ins // 2], "I8"), T(f"{name}.wscales", [ins // group, out], kind),
            T(f"{name}.smooth_factor", [ins], "BF16"), T(f"{name}.smooth_factor_orig", [ins], "BF16"),
            T(f"{name}.proj_down", [ins, 32], "BF16"), T(f"{name}.proj_up", [out, 32], "BF16")]  # fmt: skip


def nunchaku_awq(name: str, out: int, ins: int) -> list[T]:
    """nunchaku nunchaku/models/linear.py, `AWQW4A16Linear`."""
    return [T(f"{name}.qweight", [out // 4, ins // 2], "I32"), T(f"{name}.wscales", [ins // 64, out], "BF16"),
            T(f"{name}.wzeros", [ins // 64, out], "BF16")]  # fmt: skip


def spqr(name: str, out: int, ins: int) -> list[T]:
    """SpQR inference_lib/src/spqr_quant/inference.py: 64 bits for each row of a tile, two inputs' order to a number."""
    tiles = ceil(out / 16) * ceil(ins / 16)
    return [T(f"{name}.dense_weights", [16 * tiles], "I64"), T(f"{name}.row_offsets", [out + 1], "I32"),
            T(f"{name}.col_vals", [7], "I32"), T(f"{name}.in_perm", [ins // 2], "I32")]  # fmt: skip


def vptq(name: str, out: int, ins: int, vector: int = 8, entries: int = 256, *, bias: bool = False) -> list[T]:
    """VPTQ vptq/layers/vqlinear.py, `VQuantLinear`: indices of 8 and 8 bits, packed along the inputs."""
    held = [T(f"{name}.indices", [1, ceil(out / vector), ceil(ins * 16 / 32)], "I32"),
            T(f"{name}.centroids.weight", [1, entries * vector], "F16"),
            T(f"{name}.res_centroids.weight", [1, 256 * vector], "F16"), T(f"{name}.perm", [ins], "I16"),
            T(f"{name}.weight_scale", [ins], "F16"), T(f"{name}.weight_bias", [ins], "F16")]  # fmt: skip
    return held + ([T(f"{name}.bias", [out], "F16")] if bias else [])


def sparse(name: str, out: int, ins: int) -> list[T]:
    """compressed-tensors .../sparse_compressors/sparse_24_bitmask.py: half the numbers, a bit for each."""
    return [T(f"{name}.compressed", [out, ins // 2], "BF16"), T(f"{name}.bitmask", [out, ceil(ins / 8)], "U8"),
            T(f"{name}.shape", [2], "I64", integers((out, ins), 8))]  # fmt: skip
