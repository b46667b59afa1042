"""Writes archives of torch.export: the layout since 2.8, the one before, compiled code (see files/_pt2/layout.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.pickle_maker import pt, size, strides
from tests.zip_maker import M, archive

FLOAT, LONG, CHAR = 7, 5, 2
WIDTH = {FLOAT: 4, LONG: 8, CHAR: 1, 13: 2, 8: 8}


def meta(
    shape: Sequence[Any], dtype: Any = FLOAT, steps: Sequence[int] | None = None, offset: int = 0, grad: bool = True,
    layout: Any = 7,
) -> dict[str, Any]:  # fmt: skip
    """TensorMeta."""
    told = strides(shape) if steps is None else steps
    return {
        "dtype": dtype, "sizes": [{"as_int": n} for n in shape], "requires_grad": grad,
        "device": {"type": "cpu", "index": None}, "strides": [{"as_int": n} for n in told],
        "storage_offset": {"as_int": offset}, "layout": layout,
    }  # fmt: skip


def payload(path: str, held: dict[str, Any] | None, parameter: bool = True, pickled: bool = False) -> dict[str, Any]:
    """PayloadMeta."""
    return {"path_name": path, "is_param": parameter, "use_pickle": pickled, "tensor_meta": held}


def listed(payloads: Mapping[str, Any]) -> bytes:
    return json.dumps({"config": dict(payloads)}).encode()


def numbers(payloads: Mapping[str, Any], front: str) -> list[M]:
    """A member for each path, as long as its tensor."""
    found: dict[str, M] = {}
    for k, told in enumerate(payloads.values()):
        held = told["tensor_meta"]
        if held is not None and not told["use_pickle"]:
            length = size([n["as_int"] for n in held["sizes"]]) * WIDTH[held["dtype"]]
            found.setdefault(told["path_name"], M(front + told["path_name"], bytes([k % 251]) * length))
    return list(found.values())


def model(name: str, weights: Mapping[str, Any], constants: Mapping[str, Any] | None = None) -> list[M]:
    """The members of one model, below the root."""
    constants = constants or {}
    return [
        *numbers(weights, "data/weights/"), M(f"data/weights/{name}_weights_config.json", listed(weights)),
        *numbers(constants, "data/constants/"), M(f"data/constants/{name}_constants_config.json", listed(constants)),
        M(f"models/{name}.json", b'{"graph_module": {}}'), M(f"data/sample_inputs/{name}.pt", b"x"),
    ]  # fmt: skip


def pt2(*members: M, root: str = "m/") -> bytes:
    """The archive."""
    told = [
        M("archive_format", b"pt2"),
        M("archive_version", b"0"),
        M("byteorder", b"little"),
        M(".data/version", b"3\n"),
    ]
    return archive([each._replace(name=root + each.name) for each in (*members, *told)])


def program(parameters: Sequence[str] = (), buffers: Sequence[str] = (), before_2_2: bool = False) -> bytes:
    """A program as far as its signature goes."""
    if before_2_2:
        told: dict[str, Any] = {"inputs_to_parameters": {f"p{k}": n for k, n in enumerate(parameters)},
                                "inputs_to_buffers": {f"b{k}": n for k, n in enumerate(buffers)}}  # fmt: skip
    else:
        specs = [{"parameter": {"arg": {"name": "p"}, "parameter_name": n}} for n in parameters]
        specs += [{"buffer": {"arg": {"name": "b"}, "buffer_name": n, "persistent": True}} for n in buffers]  # type: ignore[dict-item]
        told = {"input_specs": [*specs, {"user_input": {"arg": {"as_tensor": {"name": "x"}}}}], "output_specs": []}
    return json.dumps(
        {"graph_module": {"graph": {"nodes": []}, "signature": told}, "schema_version": {"major": 8}}
    ).encode()


def old(
    weights: Any, told: bytes, constants: Any = None, names: tuple[str, str] = ("state_dict.pt", "constants.pt"),
    more: Sequence[M] = (),
) -> bytes:  # fmt: skip
    """An archive as torch.export.save wrote it before 2.8."""
    members = [M("serialized_exported_program.json", told), M(f"serialized_{names[0]}", pt(weights))]
    members += [M(f"serialized_{names[1]}", pt(constants))] if constants is not None else []
    return archive([*members, *more, M("version", b"8.2")])
