"""Writes TorchScript archives byte by byte: the pickles as torch/csrc/jit/serialization/pickler.cpp does, the code as
python_print.cpp does, and the older kind with a model.json (caffe2/proto/torch.proto)."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.zip_maker import M, archive

WIDTHS = {"Float": 4, "Double": 8, "Half": 2, "Long": 8, "Int": 4, "Short": 2, "QInt8": 1, "QUInt8": 1,
          "Byte": 1, "Char": 1}  # fmt: skip


class T(NamedTuple):
    """A tensor; `key` names its storage (one of its own if None); `scales`: quantised, for each of the first dimension
    (or 0: one for the whole tensor)."""

    shape: Sequence[int] = (2, 3)
    kind: str = "Float"
    key: str | None = None
    offset: int = 0
    stride: Sequence[int] | None = None
    trained: bool = True
    numel: int | None = None
    scales: int | None = None


class Mod(NamedTuple):
    """An object: its class below __torch__, and what it is built from (a dictionary, or anything that is pickled)."""

    of: str
    state: Any


class Raw(NamedTuple):
    """Opcodes as they are."""

    data: bytes


class Global(NamedTuple):
    """A name in a pickle."""

    path: str


class Instance(NamedTuple):
    """An object of any class, built from a state."""

    of: str
    state: Any


class Call(NamedTuple):
    """A call of a name."""

    name: str
    args: Sequence[Any]


def size(shape: Sequence[int]) -> int:
    found = 1
    for n in shape:
        found *= n
    return found


def steps(shape: Sequence[int]) -> list[int]:
    found, step = [], 1
    for n in reversed(shape):
        found.append(step)
        step *= n
    return found[::-1]


class Pickling:
    """One pickle, and the storages that it names."""

    def __init__(self) -> None:
        self.storages: dict[str, int] = {}
        #: objects by identity -> memo number
        self.memo: dict[int, int] = {}
        self.kept: list[Any] = []

    def whole(self, value: Any) -> bytes:
        return b"\x80\x02" + self.value(value) + b"."

    def value(self, value: Any) -> bytes:
        if isinstance(value, (Mod, list)) and id(value) in self.memo:
            return b"j" + struct.pack("<I", self.memo[id(value)])
        if value is None or isinstance(value, bool):
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        if isinstance(value, float):
            return b"G" + struct.pack(">d", value)
        if isinstance(value, str):
            return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
        if isinstance(value, dict):
            return b"}(" + b"".join(map(self.value, [x for pair in value.items() for x in pair])) + b"u"
        if isinstance(value, T):
            return self.tensor(value)
        if isinstance(value, Raw):
            return value.data
        if isinstance(value, Global):
            return self.name(value.path)
        if isinstance(value, Mod):
            return self.again(value, self.name(f"__torch__.{value.of}") + b")\x81") + self.value(value.state) + b"b"
        if isinstance(value, Instance):
            return self.name(value.of) + b")\x81" + self.value(value.state) + b"b"
        if isinstance(value, Call):
            return self.name(value.name) + self.value(tuple(value.args)) + b"R"
        if isinstance(value, list):
            return self.again(value, b"](" + b"".join(map(self.value, value)) + b"e")
        return b"(" + b"".join(map(self.value, value)) + b"t"

    def again(self, value: Any, made: bytes) -> bytes:
        self.kept.append(value)
        number = self.memo[id(value)] = len(self.memo)
        return made + b"r" + struct.pack("<I", number)

    @staticmethod
    def name(path: str) -> bytes:
        module, _, name = path.rpartition(".")
        return f"c{module}\n{name}\n".encode()

    def tensor(self, t: T) -> bytes:
        key = t.key if t.key is not None else str(len(self.storages))
        numel = t.numel if t.numel is not None else t.offset + size(t.shape)
        self.storages[key] = max(self.storages.get(key, 0), numel * WIDTHS[t.kind])
        storage = self.value(("storage", Global(f"torch.{t.kind}Storage"), key, "cpu", numel)) + b"Q"
        stride = tuple(steps(t.shape) if t.stride is None else t.stride)
        place = storage + self.value(t.offset) + self.value(tuple(t.shape)) + self.value(stride)
        end = self.value(t.trained) + self.name("collections.OrderedDict") + b")R"
        if t.scales is None:
            return self.name("torch._utils._rebuild_tensor_v2") + b"(" + place + end + b"tR"
        by_row = (Global("torch.per_channel_affine"), T([t.scales], "Double"), T([t.scales], "Long"), 0)
        scheme = self.value((Global("torch.per_tensor_affine"), 0.5, 0) if t.scales == 0 else by_row)
        return self.name("torch._utils._rebuild_qtensor") + b"(" + place + scheme + end + b"tR"


def code_of(
    parameters: Sequence[str] = (), buffers: Sequence[str] | None = (), name: str = "Net", body: str = "pass"
) -> str:
    """The text of one class."""
    listed = lambda names: "[" + "".join(f'"{n}", ' for n in names) + "]"  # noqa: E731
    lines = [f"class {name}(Module):", f"  __parameters__ = {listed(parameters)}"]
    lines += [] if buffers is None else [f"  __buffers__ = {listed(buffers)}"]
    lines += ["  training : bool", f"  def forward(self: __torch__.{name},", "    x: Tensor) -> Tensor:"]
    return "\n".join([*lines, *(f"    {line}" for line in body.split("\n")), "    return x", ""])


def torchscript(
    module: Any, code: Mapping[str, str] | str = "", constants: Sequence[Any] = (), *, root: str = "net",
    more: Sequence[M] = (), short: int = 0,
) -> bytes:  # fmt: skip
    """A whole archive; `code` is {path below code/: text}, or the text of __torch__.py; storages lack `short` bytes."""
    files = {"__torch__.py": code} if isinstance(code, str) else code
    members = [M(f"{root}/code/{path}", text.encode(), deflated=True) for path, text in files.items()]
    for folder, value in (("data", module), ("constants", tuple(constants))):
        pickling = Pickling()
        members.append(M(f"{root}/{folder}.pkl", pickling.whole(value)))
        members += [M(f"{root}/{folder}/{key}", bytes(max(0, n - short))) for key, n in pickling.storages.items()]
    return archive([*members, M(f"{root}/version", b"3\n"), *more])


def old(
    main: Mapping[str, Any], tensors: Sequence[Mapping[str, Any]], sizes: Mapping[str, int], text: str | None = None,
    root: str = "net",
) -> bytes:  # fmt: skip
    """An archive of PyTorch 1.0 to 1.3."""
    told = json.dumps({"protoVersion": "6", "mainModule": main, "producerName": "pytorch", "tensors": tensors})
    members = [M(f"{root}/{key}", bytes(n)) for key, n in sizes.items()]
    return archive([*members, M(f"{root}/code/net.py", b"op_version_set = 1\n"),
                    M(f"{root}/model.json", (told if text is None else text).encode())])  # fmt: skip


def old_tensor(
    shape: Sequence[int], key: str, kind: str = "FLOAT", *, trained: bool = True, offset: int = 0
) -> dict[str, Any]:
    """A row of its table."""
    return {"dims": [str(n) for n in shape], "offset": str(offset), "strides": [str(n) for n in steps(shape)],
            "requiresGrad": trained, "dataType": kind, "data": {"key": key}, "device": "cpu"}  # fmt: skip
