"""TorchScript archives of PyTorch 1.0 to 1.3: a tree of modules and a table of tensors as JSON.

pytorch v1.1 caffe2/proto/torch.proto (`ModelDef`), printed by protobuf's own JSON (field names in lowerCamelCase, whole
numbers as texts); caffe2/proto/caffe2.proto gives the names of number types.
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS
from nparams.errors import FormatError, shown
from nparams.files._pytorch.arrays import Array, Wrong, view
from nparams.files._pytorch.storages import Storage
from nparams.roles import registered_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._torchscript.model import Model
    from nparams.files._zip import Archive

MAX_JSON = 16_000_000
DEEPEST = 300
DTYPES = {
    "FLOAT": "float32", "DOUBLE": "float64", "FLOAT16": "float16", "INT32": "int32", "INT64": "int64",
    "INT16": "int16", "INT8": "int8", "UINT8": "uint8", "BYTE": "uint8", "BOOL": "bool",
}  # fmt: skip


def read_old(archive: Archive, root: str, model: Model) -> None:
    """Take in the tensors of model.json."""
    from nparams.stored.plain import strict

    try:
        held = strict(archive.whole(f"{root}model.json", MAX_JSON))
    except (ValueError, RecursionError):
        held = None
    main = held.get("mainModule") if isinstance(held, dict) else None
    table = held.get("tensors", []) if isinstance(held, dict) else None
    if not isinstance(main, dict) or not isinstance(table, list):
        raise FormatError(f"{model.file}: model.json holds no module of TorchScript")
    model.archive = archive
    _modules(main, _Table(archive, root, model, table), model)


def _modules(main: dict[str, Any], table: _Table, model: Model) -> None:
    stack: list[tuple[str, dict[str, Any], int]] = [("", main, 0)]
    while stack:
        path, module, depth = stack.pop()
        for told in _objects(module, "parameters"):
            name = f"{path}.{told.get('name')}" if path else str(told.get("name"))
            array = table.array(told.get("tensorId"), name)
            if told.get("isBuffer") is True:
                model.add(name, array, "buffer", "registered as a buffer", path)
            else:
                model.add(name, array, registered_role(name), array.note, path)
                model.tensors[-1].trainable = array.trainable is True
        inner = [
            (f"{path}.{one.get('name')}" if path else str(one.get("name")), one, depth + 1)
            for one in _objects(module, "submodules")
        ]
        if inner and depth > DEEPEST:
            raise FormatError(f"{model.file}: {shown(path)}: modules more than {DEEPEST} deep")
        stack += reversed(inner)


def _objects(module: dict[str, Any], key: str) -> list[dict[str, Any]]:
    held = module.get(key)
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


class _Table:
    """The tensors by their number."""

    def __init__(self, archive: Archive, root: str, model: Model, table: list[Any]) -> None:
        self.archive = archive
        self.root = root
        self.model = model
        self.table = table
        self.storages: dict[tuple[str, str], Storage] = {}

    def array(self, number: Any, name: str) -> Array:
        """One tensor; FormatError where it is described in no possible way."""
        k = _whole(number)
        told = self.table[k] if k is not None and k < len(self.table) else None
        try:
            if not isinstance(told, dict):
                raise Wrong("is not in the table of tensors")
            return self._made(told)
        except Wrong as why:
            raise FormatError(f"{self.model.file}: tensor {shown(name)} {why}") from None

    def _made(self, told: dict[str, Any]) -> Array:
        dtype = DTYPES.get(str(told.get("dataType")))
        if dtype is None:
            raise Wrong(f"has the unknown number type {shown(str(told.get('dataType')))}")
        shape, steps = _numbers(told.get("dims", [])), _numbers(told.get("strides", []))
        if len(shape) != len(steps):
            raise Wrong(f"has {len(shape):,} dimensions and {len(steps):,} steps")
        offset = _whole(told.get("offset", "0"))
        made = view(self._storage(told, dtype), 0 if offset is None else offset, shape, steps)
        made.trainable = True if told.get("requiresGrad") is True else None
        return made

    def _storage(self, told: dict[str, Any], dtype: str) -> Storage:
        data = told.get("data")
        key = str(data.get("key")) if isinstance(data, dict) else ""
        made = self.storages.get((key, dtype))
        if made is None:
            name, width = self.root + key, BLOCKS[dtype][1]
            size = self.archive.member(name).size if name in self.archive else 0
            made = self.storages[key, dtype] = Storage(key, dtype, width, size // width, "cpu")
            made.root = next((s for (k, _), s in self.storages.items() if k == key), made)
            self.model.places[id(made)] = name
        return made


def _whole(value: Any) -> int | None:
    """A whole number, as protobuf's JSON writes it."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if type(value) is int and value >= 0 else None


def _numbers(held: Any) -> tuple[int, ...]:
    found = [_whole(n) for n in held] if isinstance(held, list) else [None]
    if None in found:
        raise Wrong("has a shape of what are no whole numbers")
    return tuple(n for n in found if n is not None)
