"""What one network keeps as a buffer and the other counts as a parameter: a checkpoint does not say which it is."""

from __future__ import annotations

from nparams.analyses._items import Item, grouped
from nparams.expr import mul, product
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.analyses._text import Style
    from nparams.network import Network, Tensor

BUFFER_A, BUFFER_B = "a buffer in A", "a buffer in B"


def apart(a: Network, b: Network) -> list[tuple[Tensor, bool]]:
    """(the parameter, whether it is A's) of each name that is a buffer on the other side, in the same shape.

    Only where one of them is a configuration, which knows what its class registers; files guess that by names.
    """
    if not (a.settings or b.settings):
        return []
    found = []
    for buffers, parameters, is_a in ((b, a, True), (a, b, False)):
        kept = {t.name: t.shape for t in buffers.tensors() if t.role == "buffer"}
        if kept:
            found += [
                (t, is_a) for t in parameters.tensors()
                if t.role in PARAMETER_ROLES and t.tied_to is None and t.name in kept and kept[t.name] == t.shape
            ]  # fmt: skip
    return found


def items(found: list[tuple[Tensor, bool]], style: Style) -> list[Item]:
    """An item for each, those of repeated layers together."""
    made = []
    for t, is_a in found:
        size, told = product(t.shape or ()), style.product(t.shape or (1,))
        sides = (told, "a buffer") if is_a else ("a buffer", told)
        made.append(Item(BUFFER_B if is_a else BUFFER_A, t.name, *sides, mul(-1 if is_a else 1, size)))
    return grouped(made)
