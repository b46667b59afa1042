"""Writes Paddle's files: programs, streams of variables, state dicts (PaddlePaddle/Paddle framework.proto, io.py)."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

from tests.estimator_maker import array
from tests.onnx_maker import chunk, number
from tests.pickle_maker import G, R, pickled, size

FP32, INT64, UINT8, BF16 = 5, 3, 20, 22
WIDTHS = {FP32: 4, INT64: 8, UINT8: 1, BF16: 2}
NAMES = "StructuredToParameterName@@"


# -- programs ----------------------------------------------------------------------------------------------------------


def desc(dims: Sequence[int], kind: int = FP32) -> bytes:
    """TensorDesc."""
    return number(1, kind) + b"".join(number(2, d) for d in dims)


def var(
    name: str, dims: Sequence[int], kind: int = FP32, parameter: int | None = 1, persistable: int = 1, of: int = 7
) -> bytes:
    """VarDesc."""
    held = chunk(3, chunk(1, desc(dims, kind))) if of == 7 else chunk(2, desc(dims, kind)) if of == 8 else b""
    made = chunk(1, name) + chunk(2, number(1, of) + held) + number(3, persistable)
    return chunk(3, made + (b"" if parameter is None else number(5, parameter)))


def op(kind: str, **inputs: str) -> bytes:
    """OpDesc."""
    return chunk(
        4, b"".join(chunk(1, chunk(1, slot) + chunk(2, name)) for slot, name in inputs.items()) + chunk(3, kind)
    )


def pdmodel(*fields: bytes) -> bytes:
    """ProgramDesc of one block."""
    return chunk(1, number(1, 0) + number(2, -1) + b"".join(fields)) + chunk(4, number(1, 0))


def parameter(
    k: int, name: Any, dims: Any, kind: str = "t_f32", told: Sequence[int] | None = (1, 0, 1)
) -> dict[str, Any]:
    """A parameter of a program as JSON."""
    made = {"#": "p", "A": [0, 1, 1, name], "DA": [], "O": {"%": k, "TT": {"#": "0.t_dtensor",
        "D": [{"#": f"0.{kind}"}, dims, "NCHW", [], 0]}}}  # fmt: skip
    return {**made, "OA": list(told), "QA": []} if told is not None else made


def pir(*ops: dict[str, Any]) -> bytes:
    told = {"base_code": {"magic": "pir", "trainable": True, "version": 4},
            "program": {"regions": [{"#": "region_0", "blocks": [{"#": "block_0", "args": [],
                "ops": list(ops)}]}]}}  # fmt: skip
    return json.dumps(told, separators=(",", ":")).encode()


# -- weights -----------------------------------------------------------------------------------------------------------


def variable(
    dims: Sequence[int], kind: int = FP32, levels: Sequence[bytes] = (), length: int | None = None, version: int = 0,
    told: bytes | None = None,
) -> bytes:  # fmt: skip
    """One variable of a stream."""
    sizes = desc(dims, kind) if told is None else told
    lods = b"".join(struct.pack("<Q", len(each)) + each for each in levels)
    data = bytes(size(dims) * WIDTHS.get(kind, 1) if length is None else length)
    return struct.pack("<IQ", version, len(levels)) + lods + struct.pack("<Ii", 0, len(sizes)) + sizes + data


def pair(name: str, held: Any) -> R:
    """A tensor that is in no state dict of its own."""
    return R(G("builtins", "tuple"), ((name, held),))


def pdparams(arrays: dict[str, Any], own: dict[str, str] | None = None, protocol: int = 4, **more: Any) -> bytes:
    """A state dict; `own`: Paddle's names."""
    names = {} if own is None else {NAMES: own}
    return pickled({**arrays, **names, **more}, protocol)


def f4(*dims: int) -> R:
    return array(dims, "f4")
