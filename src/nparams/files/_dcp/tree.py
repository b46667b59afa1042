"""The list as the nested dictionary that was saved, so that the rules of all checkpoints find the model in it."""

from __future__ import annotations

from nparams.files._dcp.listed import TENSOR
from nparams.files._pickle import Dict, Record
from nparams.roles import run_state
from nparams.stored._checkpoint.walk import TOP, Item, Spot, Walk, keyed, state_of_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.files._dcp.listed import Checkpoint

DEEPEST = 100  # keys of one path


def nested(held: Checkpoint) -> Dict:
    """Dictionaries in dictionaries, as the paths say; a name without a path stands on top as it is."""
    root = Dict()
    inside: dict[tuple[str, ...], Dict] = {}
    for name, entry in held.tensors.items():
        path = held.paths.get(name, (name,))
        at = root
        front: tuple[str, ...] = ()
        for key in path[:-1][:DEEPEST]:
            front = (*front, str(key))
            below = inside.get(front)
            if below is None:
                below = inside[front] = Dict()
                at.pairs += [str(key), below]
            at = below
        at.pairs += [".".join(map(str, path[len(front) :])), entry]
    return root


class DcpWalk(Walk):
    """Every tensor of the list, in order."""

    holders = frozenset((Dict,))

    def tensor(self, spot: Spot, key: str, value: Any, how: str) -> bool:
        """Whether that is the entry of a tensor; then it is kept."""
        if value.__class__ is not Record or value.maker.path != TENSOR:
            return False
        self.items.append(Item(spot, key, value, how))
        return True

    def inside(self, spot: Spot, value: Any) -> Iterator[tuple[Spot, str, Any, str]]:
        """The entries of a dictionary."""
        return keyed(spot, value.items())

    def not_model(self, spot: Spot, key: str, value: Any) -> str | None:
        """Why a container is not the model: by what it is called."""
        found = state_of_run(key, {k for k in value.pairs[::2] if k.__class__ is str})
        return found or (run_state(key) if key and spot.depth < TOP else None)
