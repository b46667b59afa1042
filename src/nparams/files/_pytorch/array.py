"""A tensor as a pickle describes it: shape, dtype and place, in plain numbers."""

from __future__ import annotations

from nparams.dtypes import TORCH
from nparams.errors import escaped
from nparams.files._pickle import Call, Global
from nparams.stored._checkpoint.array import MAX_DIMENSION as MAX_DIMENSION
from nparams.stored._checkpoint.array import MAX_DIMENSIONS as MAX_DIMENSIONS
from nparams.stored._checkpoint.array import MAX_ELEMENTS as MAX_ELEMENTS
from nparams.stored._checkpoint.array import Array as Array
from nparams.stored._checkpoint.array import Wrong as Wrong
from nparams.stored._checkpoint.array import product as product
from nparams.stored._checkpoint.array import stored_bytes as stored_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def tuple_of(told: Any) -> tuple[Any, ...]:
    """A shape or steps: a tuple, or torch.Size of one."""
    if told.__class__ is Call and told.maker.path == "torch.Size":
        (told,) = told.args
    if told.__class__ is list:
        told = tuple(told)
    if told.__class__ is not tuple:
        raise Wrong("has a shape that is no tuple")
    return told


def dtype_of(told: Any) -> str:
    """The number type that a name of torch stands for: torch.float32."""
    if told.__class__ is Global and told.module == "torch" and told.name in TORCH:
        return TORCH[told.name]
    raise Wrong(f"has the unknown dtype {escaped(told.path[:60])}" if isinstance(told, Global) else "has no dtype")


def flag(told: Any) -> bool | None:
    """requires_grad: true means that it is trained; false says nothing, for a state dict is always so."""
    return True if told is True else None
