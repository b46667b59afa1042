"""Memory that several tensors share: counted once."""

from __future__ import annotations

from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._slots.tree import Item
    from nparams.network.tree import Tensor


def tie(items: Sequence[Item], note: str) -> None:
    """Tensors of one memory: it is the (largest) parameter's, and the others are tied to it; `note` says how."""
    shared: dict[object, list[Tensor]] = {}
    for item in items:
        if item.const.memory is not None and item.tensor.size:
            shared.setdefault(item.const.memory, []).append(item.tensor)
    for group in shared.values():
        owner = max(group, key=_claim)
        for tensor in group:
            if tensor is not owner:
                tensor.tied_to = owner.name
                said = note.format(owner.name)
                tensor.note = f"{tensor.note}; {said}" if tensor.note else said


def _claim(tensor: Tensor) -> tuple[bool, int]:
    """Whose a shared memory is: a parameter's before others', a larger one's before a smaller one's."""
    return tensor.role in PARAMETER_ROLES, tensor.size if isinstance(tensor.size, int) else 0
