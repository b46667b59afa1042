"""A Network from live modules: the walk, what their memory tells, and the sentences about both."""

from __future__ import annotations

from nparams.frameworks._torch import tree
from nparams.frameworks._torch.access import own
from nparams.frameworks._torch.memory import Memory
from nparams.frameworks._torch.walk import Walk
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def read_models(models: Mapping[str, object]) -> Network:
    """One model under the name "", or several that stand beside each other."""
    walk = Walk()
    for name, model in models.items():
        walk.run(name, model)
    memory = Memory(walk.tensors)
    memory.spread(walk.strided)
    for held in walk.shared.values():
        memory.settle(held)
    snapshots = walk.snapshots
    (root,) = models.values()
    network = Network(
        tensors=walk.tensors, tree=lambda tensors: tree.build(snapshots, tensors), source=type(root).__name__,
        form="torch", read_as=type(root).__name__, convention=None,
    )
    away = memory.away + walk.special.away
    if away:
        network.also["here"] = network.totals.known - away
    return network
