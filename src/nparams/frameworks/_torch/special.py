"""Tensors that are not what their shape says: not created yet, sharded, held elsewhere, sparse."""

from __future__ import annotations

import sys

from nparams.dtypes import TORCH, bytes_of
from nparams.frameworks._torch.access import items
from nparams.frameworks._torch.memory import tied
from nparams.network import PARAMETER_ROLES, Tensor
from nparams.roles import registered_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from nparams.frameworks._torch.walk import Walk

    class Piece(NamedTuple):
        """A parameter that FSDP keeps in a flat one."""

        leaf: str
        shape: tuple[int, ...]
        #: how many of its numbers are in this process
        here: int
        dtype: str
        trainable: bool
        #: the module and name of the parameter that it shares, if any
        shares: tuple[int, str] | None
else:
    from collections import namedtuple

    Piece = namedtuple("Piece", "leaf shape here dtype trainable shares")  # noqa: PYI024 (typing costs more to load)


class Special:
    """What the walk meets that is not plain, and how far the numbers in this process differ from the whole."""

    __slots__ = ("away", "flat_names", "placeholders", "pieces", "sharded", "sparse", "walk")

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        #: parameters of the whole network less the numbers of them in this process
        self.away = 0
        #: id of a module -> its parameters that FSDP keeps in a flat one
        self.pieces: dict[int, list[Piece]] = {}
        #: (id of a module, name in it) -> the place of such a parameter
        self.flat_names: dict[tuple[int, str], int] = {}
        self.sharded: list[str] = []
        self.placeholders: list[str] = []
        self.sparse: list[str] = []

    def tensor(self, name: str, t: Any, role: str) -> Tensor | None:
        """A tensor of a class of PyTorch's own that says more than its shape."""
        nn = sys.modules["torch.nn.parameter"]
        if isinstance(t, nn.UninitializedTensorMixin):
            return Tensor(name, None, dtype_of(t), role, trainable(t, role))
        if (held := _local(t)) is not None:
            local, shape = held
            return self._sharded(name, t, role, shape, local.numel())
        return None

    def _sharded(self, name: str, t: Any, role: str, shape: tuple[int, ...], here: int) -> Tensor:
        made = Tensor(name, tuple(shape), dtype_of(t), role, trainable(t, role))
        if made.size != here and role in PARAMETER_ROLES:
            self.away += made.size - here  # type: ignore[operator]
            self.sharded.append(name)
        return made

    def placeholder(self, name: str, p: Any, role: str) -> bool:
        """A parameter without numbers that stands for one held by other processes: DeepSpeed's ZeRO-3.

        deepspeedai/DeepSpeed deepspeed/runtime/zero/partition_parameters.py, `_convert_to_deepspeed_param`.
        """
        held = attributes(p)
        shape = held.get("ds_shape")
        if shape is None:
            return False
        made = Tensor(name, tuple(shape), dtype_of(p), role, p.requires_grad)
        dtype = dtype_of(p)
        part = held.get("ds_tensor")
        here = min(part.numel(), made.size) if part is not None else 0
        width = bytes_of(made.size, dtype)  # type: ignore[arg-type]
        made.stored = None if width is None else (p.numel(), width)
        made.note = "a placeholder of DeepSpeed's: its numbers are in other processes"
        self.away += made.size - here  # type: ignore[operator]
        self.placeholders.append(name)
        self.walk.tensors.put(made)
        return True

    def layout(self, name: str, t: Any, role: str) -> Tensor | None:
        """A tensor most of whose numbers are not stored."""
        torch = self.walk.torch
        parts = PARTS.get(str(t.layout).removeprefix("torch."))
        if parts is None:
            return None
        values, *indices = (getattr(torch.Tensor, part)(t) for part in parts)
        made = Tensor(name, tuple(t.shape), dtype_of(t), role, trainable(t, role))
        widths = [bytes_of(each.numel(), dtype_of(each)) for each in (values, *indices)]
        if None not in widths:
            made.stored = (values.numel(), sum(widths))  # type: ignore[arg-type]
        made.note = f"sparse: {values.numel():,} of {made.size:,} numbers are stored"
        if role in PARAMETER_ROLES:
            self.away += made.size - values.numel()  # type: ignore[operator]
            self.sparse.append(name)
        return made

    # -- FSDP ---------------------------------------------------------------------------------------------------------

    def flattened(self, held: dict[str, Any]) -> None:
        """What the flat parameter of an FSDP wrapper stands for.

        pytorch/pytorch torch/distributed/fsdp/_flat_param.py, `FlatParameter`.
        """
        handle = held.get("_handle")
        flat = None if handle is None else vars(handle).get("flat_param")
        if flat is None:
            return
        told, dtype = attributes(flat), dtype_of(flat)
        params = told.get("_params") or [flat] * len(told["_shapes"])
        sharded = told.get("_sharded_size") != told.get("_unpadded_unsharded_size")
        for info, shape, numel, shard, p in zip(
            told["_param_infos"], told["_shapes"], told["_numels"], told["_shard_param_infos"], params, strict=True
        ):
            here = (shard.numel_in_shard or 0) if sharded else numel
            piece = Piece(info.param_name, tuple(shape), here, dtype, p.requires_grad, None)
            self.pieces.setdefault(id(info.module), []).append(piece)
        for info in told["_shared_param_infos"]:
            owner = id(info.prim_module), info.prim_param_name
            piece = Piece(info.param_name, (), 0, dtype, flat.requires_grad, owner)
            self.pieces.setdefault(id(info.module), []).append(piece)

    def unflattened(self, module: object, prefix: str, registered: object) -> dict[str, Any]:
        """Put the parameters of a module that stand in a flat one; what else is registered in it."""
        pieces = self.pieces.get(id(module), [])
        for piece in pieces:
            self._piece(module, prefix, piece)
        apart = {piece.leaf for piece in pieces} | {"_flat_param"}
        return {leaf: p for leaf, p in items(registered) if leaf not in apart}

    def _piece(self, module: object, prefix: str, piece: Piece) -> None:
        tensors, name = self.walk.tensors, prefix + piece.leaf
        role = registered_role(name)
        if piece.shares is not None and piece.shares in self.flat_names:
            tensors.put(tied(tensors, name, role, self.flat_names[piece.shares]))
            return
        self.flat_names[id(module), piece.leaf] = len(tensors.names)
        made = Tensor(name, piece.shape, piece.dtype, role, piece.trainable)
        if made.size != piece.here:
            self.away += made.size - piece.here  # type: ignore[operator]
            self.sharded.append(name)
        tensors.put(made)


#: layout -> what gives the values that are stored, and then their places
PARTS = {
    "sparse_coo": ("_values", "_indices"),
    "sparse_csr": ("values", "crow_indices", "col_indices"),
    "sparse_bsr": ("values", "crow_indices", "col_indices"),
    "sparse_csc": ("values", "ccol_indices", "row_indices"),
    "sparse_bsc": ("values", "ccol_indices", "row_indices"),
}


def attributes(t: object) -> dict[str, Any]:
    """What was set on a tensor."""
    held: dict[str, Any] = object.__getattribute__(t, "__dict__")
    return held


def dtype_of(t: Any) -> str:
    """The canonical name of a tensor's number type."""
    called = str(t.dtype).removeprefix("torch.")
    return TORCH.get(called, called)


def trainable(t: Any, role: str) -> bool | None:
    """By the source's own rule; what is no parameter has no such flag."""
    return bool(t.requires_grad) if role in PARAMETER_ROLES else None


def _local(t: object) -> tuple[Any, tuple[int, ...]] | None:
    """The part of a distributed tensor that is in this process, and the shape of the whole.

    pytorch/pytorch torch/distributed/tensor/_api.py: slots of DTensor.
    """
    module = sys.modules.get("torch.distributed.tensor")
    if module is None or not isinstance(t, module.DTensor):
        return None
    return t._local_tensor, tuple(t._spec.tensor_meta.shape)  # type: ignore[attr-defined]

