"""Every tensor by itself: the equal copies of a repeated module written out, each under its own number."""

from __future__ import annotations

from nparams.errors import UsageError
from nparams.network.closed import postorder
from nparams.network.folding import depends
from nparams.network.naming import put_in_name
from nparams.network.tree import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.network.network import Network
    from nparams.network.tree import Module

    Numbers = tuple[tuple[str, int], ...]

MAX_TENSORS = 1_000_000


def every_tensor(network: Network, limit: int = MAX_TENSORS) -> Iterator[Tensor]:
    """The tensors in order; a module that stands for equal copies in plain numbers gives each copy's.

    Raises UsageError where that would be more than `limit`.
    """
    if network.is_flat:
        yield from network.tensors()
        return
    held = _held(network.root)
    if held[id(network.root)] > limit:
        raise UsageError(f"{held[id(network.root)]:,} tensors: too many to list one by one, at most {limit:,}")
    stack: list[tuple[Module, Numbers, bool]] = [(network.root, (), False)]
    while stack:
        module, numbers, alone = stack.pop()
        if not held[id(module)]:
            continue
        if not alone and (copies := _copies(module)) is not None and module.over is not None:
            index = module.over.index
            stack.extend((module, (*numbers, (index, k)), True) for k in reversed(copies))
            continue
        yield from (_numbered(t, numbers) for t in module.tensors)
        stack.extend((child, numbers, False) for child in reversed(module.children))


def _held(root: Module) -> dict[int, int]:
    """How many tensors each module holds with everything under it, equal copies written out."""
    found: dict[int, int] = {}
    for module, children in postorder(root):
        one = len(module.tensors) + sum(found[id(child)] for child in children)
        ends = _ends(module) if one else None
        found[id(module)] = one if ends is None else one * max(0, ends[1] - ends[0] + 1)
    return found


def _ends(module: Module) -> tuple[int, int] | None:
    """The first and last number of a module's equal copies, None where it is one, or they are symbolic or differ."""
    over = module.over
    if over is None or not (isinstance(over.first, int) and isinstance(over.last, int)) or depends(module, over.index):
        return None
    return over.first, over.last


def _copies(module: Module) -> range | None:
    ends = _ends(module)
    return None if ends is None else range(ends[0], ends[1] + 1)


def _numbered(t: Tensor, numbers: Numbers) -> Tensor:
    """The tensor of one copy: block[i].conv.weight becomes block3.conv.weight."""
    if not numbers:
        return t
    name, tied_to = t.name, t.tied_to
    for index, k in numbers:
        name = put_in_name(name, {index: k})
        tied_to = tied_to and put_in_name(tied_to, {index: k})
    return Tensor(name, t.shape, t.dtype, t.role, t.trainable, tied_to, t.stored, t.note)
