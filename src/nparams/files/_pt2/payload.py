"""One line of the list of weights: a name, the member that keeps the numbers, and how they are seen as a tensor.

pytorch torch/_export/serde/schema.py (`PayloadMeta`, `TensorMeta`, `ScalarType`, `Layout`).
"""

from __future__ import annotations

from nparams.dtypes import TORCH_EXPORT
from nparams.errors import escaped
from nparams.files._pt2.layout import CONSTANTS
from nparams.files._pytorch.array import MAX_ELEMENTS, Array, Wrong
from nparams.files._pytorch.arrays import view
from nparams.files._pytorch.storages import Storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._zip import Archive

STRIDED = 7


class Payload:
    """A weight, buffer or constant as its list gives it."""

    __slots__ = ("constant", "member", "meta", "name", "parameter", "pickled")

    def __init__(self, name: str, told: Any, front: str) -> None:
        if not isinstance(told, dict) or not isinstance(told.get("path_name"), str):
            raise Wrong("has no path_name: the member that keeps it")
        self.name = name
        #: the name of its member in the archive
        self.member = front + told["path_name"]
        self.parameter = told.get("is_param") is True
        #: whether that member is a file of torch.save (a subclass of a tensor, or an object that is none)
        self.pickled = told.get("use_pickle") is True
        self.meta = told.get("tensor_meta")
        self.constant = front.endswith(CONSTANTS)

    def mark(self, archive: Archive) -> object:
        """What tells its bytes from others without reading them: their checksum in the archive's directory."""
        member = archive.member(self.member)
        return member.crc, member.size, str(self.meta)

    def array(self, storage: Storage) -> Array:
        """The tensor that it is on its storage, which keeps no numbers where it was exported without any."""
        meta = self.meta
        if not isinstance(meta, dict):
            raise Wrong("has no tensor_meta: neither shape nor number type")
        code, layout = meta.get("dtype"), meta.get("layout", STRIDED)
        if type(code) is not int or code not in TORCH_EXPORT:
            raise Wrong(f"has the unknown number type {escaped(str(code)[:40])}")
        if layout != STRIDED:
            raise Wrong(f"has the layout {escaped(str(layout)[:40])}; only dense ones ({STRIDED}) are read")
        shape, steps = sides(meta.get("sizes")), sides(meta.get("strides"))
        dtype, offset = TORCH_EXPORT[code], side(meta.get("storage_offset", {"as_int": 0}))
        made = Array(shape, dtype)
        if made.size and not storage.bytes:
            made.stored, made.note = (0, 0), "a shape without numbers"
        else:
            made = view(storage, offset, shape, steps, dtype)
        made.parameter = self.parameter
        made.trainable = meta.get("requires_grad") is not False if self.parameter else None
        made.note = made.note or ("a constant of the program, or a buffer that is not saved" if self.constant else None)
        return made


class Part:
    """A weight beside compiled code: a part of the tensor that a file of torch.save keeps, or all of it."""

    __slots__ = ("member", "offset", "shape", "steps")

    def __init__(self, member: str, shape: Any, steps: Any, offset: Any) -> None:
        self.member = member
        self.shape = shape
        self.steps = steps
        self.offset = offset

    def array(self, whole: Array) -> Array:
        """The tensor that it is, of the whole one."""
        if whole.storage is None or not isinstance(self.shape, list) or not isinstance(self.steps, list):
            raise Wrong("is part of what is no plain tensor")
        return view(whole.storage, self.offset, tuple(self.shape), tuple(self.steps), whole.dtype)


def sides(told: Any) -> tuple[int, ...]:
    """A list of sizes or steps."""
    if not isinstance(told, list):
        raise Wrong("has a shape or steps that are no list")
    return tuple(map(side, told))


def side(told: Any) -> int:
    """One size, {"as_int": n}; an expression has no number."""
    value = told.get("as_int") if isinstance(told, dict) else None
    if type(value) is not int or not 0 <= value < MAX_ELEMENTS:
        raise Wrong("has a side that is no whole number")
    return value
