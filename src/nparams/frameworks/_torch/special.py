"""Tensors that are not what their shape says: not created yet, sharded, held by other processes, sparse."""

from __future__ import annotations

import sys

from nparams.dtypes import TORCH, bytes_of
from nparams.frameworks._torch import packed
from nparams.frameworks._torch.access import Bare, shape_of, strange
from nparams.frameworks._torch.flat import Piece
from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: layout -> what gives the values that are stored, and then their places
PARTS = {
    "torch.sparse_coo": ("_values", "_indices"),
    "torch.sparse_csr": ("values", "crow_indices", "col_indices"),
    "torch.sparse_bsr": ("values", "crow_indices", "col_indices"),
    "torch.sparse_csc": ("values", "ccol_indices", "row_indices"),
    "torch.sparse_bsc": ("values", "ccol_indices", "row_indices"),
}
#: the number type of which an element is two numbers, beside each other in the last dimension
PAIRS = "float4_e2m1fn_x2"


class Special:
    """Makes Tensors of what is not plain, and keeps how far the numbers in this process differ from the whole."""

    __slots__ = ("away", "lazy", "placeholders", "sharded", "sparse")

    def __init__(self) -> None:
        #: parameters of the whole network less the numbers of them in this process
        self.away = 0
        self.lazy: list[str] = []
        self.sharded: list[str] = []
        self.placeholders: list[str] = []
        self.sparse: list[str] = []

    def tensors(self, name: str, held: Any, role: str) -> list[Tensor] | None:
        """What a thing that the walk has found stands for; None where it is as plain as it looks."""
        if isinstance(held, Tensor):
            return [held]
        if isinstance(held, Piece):
            return [self._piece(name, held, role)]
        if issubclass(type(held), sys.modules["torch.nn.parameter"].UninitializedTensorMixin):
            self.lazy += [name] if role in PARAMETER_ROLES else []
            return [Tensor(name, None, dtype_of(held), role, trainable(held, role))]
        if is_distributed(held):
            return [self._distributed(name, held, role)]
        if not issubclass(type(held), sys.modules["torch"].Tensor):
            raise strange(name, held, "tensor")
        if (made := ragged(name, held, role)) is not None:
            return [made]
        shape_of(held, name)
        return packed.of_tensor(name, held, role)

    def _piece(self, name: str, piece: Piece, role: str) -> Tensor:
        made = Tensor(name, piece.shape, canonical(piece.dtype), role, piece.trainable)
        self._partly(made, piece.here, self.sharded)
        return made

    def _distributed(self, name: str, t: Any, role: str) -> Tensor:
        """A DTensor: pytorch/pytorch torch/distributed/tensor/_api.py."""
        made = Tensor(name, tuple(t._spec.tensor_meta.shape), dtype_of(t), role, trainable(t, role))
        self._partly(made, t._local_tensor.numel(), self.sharded)
        return made

    def _partly(self, made: Tensor, here: int, names: list[str]) -> None:
        """Note that only `here` of the numbers of a tensor are in this process."""
        if made.role in PARAMETER_ROLES and made.size != here:
            self.away += int(made.size) - here  # type: ignore[arg-type]
            names.append(made.name)

    def placeholder(self, name: str, p: Any, role: str) -> Tensor | None:
        """A tensor without numbers: one of DeepSpeed's ZeRO-3 stands for those that other processes hold.

        deepspeedai/DeepSpeed deepspeed/runtime/zero/partition_parameters.py, `_convert_to_deepspeed_param`.
        """
        held = object.__getattribute__(p, "__dict__")
        if held.get("ds_shape") is None:
            return None
        made = Tensor(name, tuple(held["ds_shape"]), dtype_of(p), role, trainable(p, role))
        part = held.get("ds_tensor")
        width = bytes_of(made.size, made.dtype or "")  # type: ignore[arg-type]
        made.stored = None if width is None else (p.numel(), width)
        made.note = "a placeholder: its numbers are in other processes"
        self._partly(made, 0 if part is None else min(part.numel(), made.size), self.placeholders)
        return made

    def layout(self, name: str, t: Any, role: str) -> Tensor | None:
        """A tensor most of whose numbers are not stored."""
        parts = PARTS.get(str(t.layout))
        if parts is None:
            return None
        values, *indices = (getattr(t, part)() for part in parts)
        made = Tensor(name, tuple(t.shape), dtype_of(t), role, trainable(t, role))
        widths = [bytes_of(each.numel(), dtype_of(each)) or 0 for each in (values, *indices)]
        made.stored = (values.numel(), sum(widths))
        made.note = f"sparse: {values.numel():,} of {made.size:,} numbers are stored"
        self._partly(made, values.numel(), self.sparse)
        return made


def paired(name: str, t: Any, role: str) -> Tensor:
    """A tensor of two numbers in each element, as the readers of files take it (torch/headeronly/core/ScalarType.h)."""
    *sides, last = tuple(t.shape) or (1,)
    return Tensor(name, (*sides, 2 * last), "float4_e2m1fn", role, trainable(t, role), stored=(t.numel(), t.numel()))


def ragged(name: str, t: Any, role: str) -> Tensor | None:
    """A nested tensor: its rows have lengths of their own, and all that can be said is how many numbers there are.

    Of the jagged layout the values lie in one tensor (torch/nested/_internal/nested_tensor.py, `_values`).
    """
    if not Bare(t).is_nested:
        return None
    values = object.__getattribute__(t, "__dict__").get("_values")
    made = Tensor(name, ((Bare(t) if values is None else values).numel(),), dtype_of(t), role, trainable(t, role))
    made.note = "nested: rows of different lengths"
    return made


def is_distributed(t: object) -> bool:
    """Whether it is a DTensor."""
    module = sys.modules.get("torch.distributed.tensor")
    return module is not None and issubclass(type(t), module.DTensor)


def canonical(dtype: object) -> str:
    """The canonical name of a number type of PyTorch's."""
    called = str(dtype).removeprefix("torch.")
    return TORCH.get(called, called)


def dtype_of(t: Any) -> str:
    """The canonical name of a tensor's number type."""
    return canonical(t.dtype)


def trainable(t: Any, role: str) -> bool | None:
    """By the source's own rule; what is no parameter has no such flag."""
    return bool(t.requires_grad) if role in PARAMETER_ROLES else None
