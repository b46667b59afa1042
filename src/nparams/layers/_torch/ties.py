"""Layers some of whose arrays are other ones."""

from __future__ import annotations

from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Module


def settle_formulas(root: Module) -> None:
    """A layer with a tensor that is another one has no formula of its own: what it adds is told by its tensors."""
    stack = [root]
    while stack:
        module = stack.pop()
        tied = [t for t in module.tensors if t.tied_to is not None]
        if tied:
            own = any(t.tied_to is None and t.role in PARAMETER_ROLES for t in module.tensors)
            module.formula = None if own else 0
            module.why = tuple(
                (0, "", f"Its {t.name.rpartition('.')[2]} is {t.tied_to} itself (tied): it adds nothing.") for t in tied
            )
        stack.extend(module.children)
