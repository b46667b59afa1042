"""A Network from live modules: the walk, what their memory tells, and the sentences about both."""

from __future__ import annotations

from nparams.frameworks._torch import tree
from nparams.frameworks._torch.hidden import add_unregistered
from nparams.frameworks._torch.listing import Listing
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
    hidden = add_unregistered(walk)
    listing = Listing(walk)
    tensors = listing.tensors()
    snapshots = walk.snapshots
    (root,) = models.values()
    network = Network(
        tensors=tensors, tree=lambda tensors: tree.build(snapshots, tensors), source=type(root).__name__,
        form="torch", read_as=type(root).__name__, convention=None,
    )
    away = listing.memory.away + listing.special.away
    if away:
        network.also["here"] = network.totals.known - away
    return network
