"""Parameters that FSDP keeps in a flat one: their own names and shapes, and how much of each is in this process.

pytorch/pytorch torch/distributed/fsdp/_flat_param.py, `FlatParameter`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Piece:
    """One of the parameters in a flat one."""

    __slots__ = ("dtype", "here", "leaf", "shape", "shares", "trainable")

    def __init__(self, leaf: str, shape: tuple[int, ...], here: int, dtype: object, trainable: bool) -> None:
        self.leaf = leaf
        self.shape = shape
        #: how many of its numbers are in this process
        self.here = here
        self.dtype = dtype
        self.trainable = trainable
        #: the one that it is, if it stands under a second name
        self.shares: Piece | None = None


class Flat:
    """All that FSDP wrappers say."""

    __slots__ = ("named", "pieces")

    def __init__(self) -> None:
        #: id of a module -> its parameters that stand in a flat one
        self.pieces: dict[int, list[Piece]] = {}
        self.named: dict[tuple[int, str], Piece] = {}

    def unfold(self, attributes: dict[str, Any]) -> None:
        """What the flat parameter of one wrapper stands for."""
        handle = attributes.get("_handle")
        flat = None if handle is None else object.__getattribute__(handle, "__dict__").get("flat_param")
        if flat is None:
            return
        told = object.__getattribute__(flat, "__dict__")
        params = told.get("_params") or [flat] * len(told["_shapes"])
        sharded = tuple(told["_sharded_size"]) != tuple(told["_unpadded_unsharded_size"])
        rows = zip(
            told["_param_infos"], told["_shapes"], told["_numels"], told["_shard_param_infos"], params, strict=True
        )
        for info, shape, numel, shard, p in rows:
            here = (shard.numel_in_shard or 0) if sharded else numel
            self._put(info.module, Piece(info.param_name, tuple(shape), here, flat.dtype, p.requires_grad))
        for info in told["_shared_param_infos"]:
            owner = self.named[id(info.prim_module), info.prim_param_name]
            piece = Piece(info.param_name, owner.shape, owner.here, owner.dtype, owner.trainable)
            piece.shares = owner
            self._put(info.module, piece)

    def _put(self, module: object, piece: Piece) -> None:
        self.pieces.setdefault(id(module), []).append(piece)
        self.named[id(module), piece.leaf] = piece
