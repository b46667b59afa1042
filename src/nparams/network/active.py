"""What a token uses of a network: the routed experts by k/E, all else whole; that is, what it does not use."""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.expr import mul
from nparams.network.listed import Listed
from nparams.network.totals import add_up, routed
from nparams.network.tree import PARAMETER_ROLES, Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.expr import Size

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


def symbolic_active(root: Module) -> Size:
    """The total with each routed subtree scaled by k/E (exactly: its closed form is divided, never rounded)."""
    from nparams.network.closed import closed_form, tidy

    def scaled(module: Module) -> Module:
        children = [scaled(child) for child in module.children]
        tensors = module.tensors
        if module.routed is not None:
            used, experts = module.routed
            inside = closed_form(Module(tensors=tensors, children=module.children))
            size = tidy(mul(used, inside // experts)) if used is not None else inside
            tensors, children = [Tensor(module.name, (size,))], []
        return Module(tensors=tensors, children=children, over=module.over)

    return closed_form(scaled(root))
