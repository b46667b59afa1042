"""The sums of the JSON contract where sizes are symbols: closed forms."""

from __future__ import annotations

from nparams.expr import add, mul
from nparams.network.closed import closed_form, tidy
from nparams.network.totals import Totals, fill, groups_of, routed
from nparams.network.tree import PARAMETER_ROLES, ROLES, Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nparams.expr import Size


def in_symbols(root: Module, lower: Mapping[str, int] | None) -> Totals:
    """Every sum over a tree as a closed form."""
    totals = Totals()
    missing = [t for ts, _ in groups_of(root) for t in ts if t.size is None and t.tied_to is None]
    totals.unknown = sum(t.role in PARAMETER_ROLES for t in missing)
    by_role = {role: closed_form(root, _own(role), lower) for role in ROLES}
    listed = closed_form(root, lambda t: t.size if t.role in PARAMETER_ROLES and t.tied_to else None)
    stored = closed_form(root, lambda t: None if t.role == "other" else t.stored[0] if t.stored else t.size)
    fill(totals, by_role, listed, stored)
    totals.known = closed_form(root, lower=lower)
    totals.listed = totals.known if listed == 0 else tidy(add(totals.known, listed))
    totals.total = None if totals.unknown else totals.known
    totals.active = totals.total
    if any(routed(root)):
        totals.active = _active(root)
    return totals


def _own(role: str) -> Callable[[Tensor], Size | None]:
    return lambda t: t.size if t.role == role and t.tied_to is None else None


def _active(root: Module) -> Size:
    """The total with each routed subtree scaled by k/E (exactly: its closed form is divided, never rounded)."""

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
