"""Random tensors under the names that packings use: only our own errors, and no weight denser than any packing."""

from __future__ import annotations

import json
import random
from math import prod

from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read
from tests import packers as p
from tests.fuzz._mutate import check_line
from tests.safetensors_maker import BITS, T, safetensors

PACKED = """
weight qweight weight_packed W_q q_weight trellis codes compressed x_blocks blocks B dense_weights
indices weight._data weight._data._data _weight_qdata gate_up_proj
_packed_params._packed_params.weight
""".split()
BESIDE = """
scales qzeros g_idx bias weight_scale weight_scale_inv weight_scale_2 weight_shape SCB weight.absmax
weight.quant_state.bitsandbytes__nf4 weight_quant_state biases shape nbits bitmask q_invperm suh svh
codebooks x_scales tables weight_scales wscales wzeros row_offsets col_vals in_perm centroids.weight
perm weight._scale weight._shift _weight_scale zero_point gate_up_proj_scale
gate_up_proj_weight_scale scale s meta comfy_quant input_scale
""".split()
DTYPES = ("U8", "I8", "I16", "I32", "U32", "I64", "F16", "F32", "BF16", "F8_E4M3", "F8_E8M0")
SIZES = (0, 1, 2, 3, 4, 5, 8, 12, 16, 24, 32, 48, 64, 96, 128)
KINDS = ("Int4Tensor", "Int8Tensor", "NVFP4Tensor", "Int4TilePackedTo4dTensor", "MXTensor", "Other")
A = "m.a"
REAL = [
    p.gptq(A, 64, 96, 4), p.awq(A, 64, 128), p.compressed(A, 7, 131, 4), p.fp4(A, 6, 64), p.bitsandbytes4(A, (7, 9)),
    p.mxfp4_blocks("x", 2, 6, 64), p.mlx(A, 6, 64, 4, 64), p.hqq(A, 16, 64, 4), p.exl2(A, 64, 128),
    p.exl3(A, 128, 256, 3), p.aqlm(A, 24, 64), p.sparse(A, 24, 64), p.quanto(A, 63, 33, 4), p.higgs(A, 48, 512, 2),
    p.eetq(A, 30, 18), p.bitnet(A, 36, 10, bias=True), p.fp_quant(A, 9, 96), p.svdquant(A, 128, 192),
    p.spqr(A, 40, 64), p.vptq(A, 67, 64, bias=True), p.fp6(A, 9, 64), p.marlin(A, 256, 128),
]  # fmt: skip
DENSEST = 16  # numbers in a byte
MOST = 1 << 16  # numbers in a tensor


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` made-up modules; how many were accepted and how many refused."""
    rng, accepted = random.Random(seed), 0
    for _ in range(count):
        tensors = changed(rng) if rng.random() < 0.5 else made_up(rng)
        data = safetensors(tensors, told(rng))
        try:
            network = read(MemorySource(data, "m.safetensors"))
            network.to_json()
            accepted += 1
            for t in network.tensors():
                assert not isinstance(t.size, int) or not t.stored or t.size <= DENSEST * max(1, t.stored[1]), tensors
        except NparamsError as problem:
            check_line(problem)
        except BaseException:
            print(f"not one of our errors, for {tensors}", flush=True)
            raise
    return {"accepted": accepted, "refused": count - accepted}


def made_up(rng: random.Random) -> list[T]:
    """One packed name, and a few others beside it."""
    names = {rng.choice(PACKED), *rng.sample(BESIDE, rng.randrange(1, 6))}
    common = [rng.choice(SIZES) for _ in range(4)]
    return [tensor(rng, f"m.a.{name}", common) for name in sorted(names)]


def tensor(rng: random.Random, name: str, common: list[int]) -> T:
    """A tensor of any shape, often made of the same few numbers as its neighbours."""
    shape = [
        rng.choice(common) if rng.random() < 0.8 else rng.choice(SIZES)
        for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 4)))
    ]
    dtype = rng.choice(DTYPES)
    while prod(shape) > MOST:
        shape.pop()
    size = BITS[dtype] // 8 * prod(shape)
    return T(name, shape, dtype, rng.randbytes(size) if size < 64 and rng.random() < 0.5 else None)


def changed(rng: random.Random) -> list[T]:
    """A real packing, one of its tensors left out or changed."""
    tensors = list(rng.choice(REAL))
    at = rng.randrange(len(tensors))
    if rng.random() < 0.3:
        del tensors[at]
    else:
        old = tensors[at]
        tensors[at] = tensor(rng, old.name, [*old.shape, *(n + 1 for n in old.shape), *(n * 2 for n in old.shape), 1])
    return tensors


def told(rng: random.Random) -> dict[str, str] | None:
    """What the file says of its weights."""
    if rng.random() < 0.7:
        return None
    shape = rng.choice(([rng.choice(SIZES), rng.choice(SIZES)], None, "x", [True], [1 << 60]))
    return {"m.a.weight": json.dumps({"_type": rng.choice(KINDS), "_data": {"shape": shape} if shape else {}})}
