"""What a token uses of a network: the routed experts by k/E, all else whole; that is, what it does not use."""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.network.listed import Listed
from nparams.network.totals import add_up, routed
from nparams.network.tree import PARAMETER_ROLES, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.expr import Size
    from nparams.network.tree import Tensor

    Route = tuple[Size | None, Size]


def flat_idle(flat: Sequence[Tensor], routes: Mapping[str, Route]) -> int | None:
    """Parameters that a token does not use; None if an expert layer does not say how many are used."""
    told = flat.routed if isinstance(flat, Listed) else ()
    if any(used is None for used, _ in routes.values()) or any(route[0] is None for route, _, _ in told):
        return None
    held: dict[Route, int] = {}  # one tensor of one expert need not be divisible by their number: all together are
    for shared, size, count in told:
        held[shared] = held.get(shared, 0) + size * count
    for t in flat if routes else ():
        route = routes.get(t.name)
        if route is None or t.size is None or t.role not in PARAMETER_ROLES or t.tied_to is not None:
            continue
        held[route] = held.get(route, 0) + t.size  # type: ignore[assignment]
    return sum(_unused(size, *route) for route, size in held.items())  # type: ignore[arg-type, misc]


def _unused(size: int, used: int, experts: int) -> int:
    if experts < 1 or used > experts or size % experts:
        raise InvariantError(f"{used} of {experts} experts cannot share {size:,} parameters equally")
    return size - size // experts * used


def tree_idle(root: Module) -> int | None:
    """The same over a tree in plain numbers: a routed module's subtree is used by k/E."""
    idle = 0
    for module, copies in routed(root):
        assert module.routed is not None
        used, experts = module.routed
        if used is None:
            return None
        inside = add_up(None, _bare(module), {}).known
        idle += copies * _unused(inside, used, experts)  # type: ignore[operator, arg-type]
    return idle


def _bare(module: Module) -> Module:
    return Module(tensors=module.tensors, children=module.children)
