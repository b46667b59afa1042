"""Shapes that arguments say."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.notation._torch.modules import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]


def sides(m: Machine, args: Args) -> tuple[Size, ...] | None:
    """The shape that (1, n, d) or ([1, n, d]) says; None where a side is no size."""
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        args = list(args[0])
    elif len(args) == 1 and isinstance(args[0], Tensor):
        return args[0].shape
    found = [m.size_of(arg) for arg in args]
    if any(not isinstance(side, (int, Expr)) or isinstance(side, bool) for side in found):
        return None
    if any(isinstance(side, int) and side < 0 for side in found):
        raise m.error(f"a tensor with a side of {min(s for s in found if isinstance(s, int))}")
    return tuple(found)
