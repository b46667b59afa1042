"""A Network from live modules: the walk, what their memory tells, and the sentences about both."""

from __future__ import annotations

from nparams.frameworks._torch import tree
from nparams.frameworks._torch.finish import finish
from nparams.frameworks._torch.hidden import add_unregistered
from nparams.frameworks._torch.listing import Listing
from nparams.frameworks._torch.loose import exported, gathered, note
from nparams.frameworks._torch.masks import pruned
from nparams.frameworks._torch.notes import hidden, sentences, unlisted
from nparams.frameworks._torch.walk import MOST_AGAIN, Walk
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.frameworks._torch.hidden import Group


def read_models(models: Mapping[str, object], title: str, parts: Mapping[str, str] | None = None) -> Network:
    """One model under the name "", or several that stand beside each other; `title` is what they are called."""
    walk = Walk()
    for name, model in models.items():
        walk.run(name, model)
    described = f"PyTorch model, {_layers(walk)}"
    network = _made(walk, next(iter(models.values())), title, described, add_unregistered(walk))
    network.parts |= parts or {}
    return network


def read_tensors(source: object, title: str) -> Network:
    """Tensors that stand in no module."""
    walk = Walk()
    guessed = gathered(source, walk)
    count = len(walk.names)
    network = _made(walk, None, title, f"{count:,} tensor{'s' if count != 1 else ''} of PyTorch", ())
    network.notes += note(guessed)
    return network


def read_exported(program: object) -> Network:
    """A program that torch.export made."""
    walk = Walk()
    exported(program, walk)
    return _made(walk, None, "ExportedProgram", "a program of torch.export", ())


def _made(walk: Walk, model: object, title: str, described: str, groups: Sequence[Group]) -> Network:
    listing = Listing(walk)
    tensors, snapshots = listing.tensors(), walk.snapshots
    made = finish(tensors, model, {known.word for _, known, _ in snapshots})
    network = Network(
        tensors=tensors, tree=(lambda tensors: tree.build(snapshots, tensors)) if snapshots else None, source=title,
        form="torch", read_as=title, described=", ".join((described, *walk.wrapped)), notes=made.notes,
        routes=made.routes, parts=made.parts,
    )  # fmt: skip
    _tell(network, listing, groups, cut=walk.again >= MOST_AGAIN)
    return network


def _layers(walk: Walk) -> str:
    """How many layers it has, in words."""
    count = walk.filled + walk.empty
    return f"{count:,} layer{'s' if count != 1 else ''}, {walk.filled:,} with parameters"


def _tell(network: Network, listing: Listing, groups: Sequence[Group], cut: bool) -> None:
    """The other counts, and what must be said."""
    also = network.also
    away = listing.memory.away + listing.special.away
    if away and not listing.memory.unsure:
        also["here"] = _known(network) - away
    if any((name or "").startswith("complex") for name in listing.dtypes()):
        held: Mapping[str, Any] = network.totals.dtypes or {}
        also["real"] = sum(n * (2 if name.startswith("complex") else 1) for name, n in held.items())
    if zeros := pruned(listing):
        also["nonzero"] = _known(network) - zeros
        network.notes.append(f"{zeros:,} parameters are pruned: masks (torch.nn.utils.prune) set them to zero")
    network.notes[:0] = [*sentences(listing), *([unlisted(MOST_AGAIN)] if cut else [])]
    _tell_hidden(network, listing, groups)


def _known(network: Network) -> int:
    known: Size = network.totals.known
    assert isinstance(known, int)
    return known


def _tell_hidden(network: Network, listing: Listing, groups: Sequence[Group]) -> None:
    """What is not registered, and where it stands."""
    for group in groups:
        count = sum(listing.size_at(k) for places in group.places for k in places)
        if count:
            network.also["unregistered"] = network.also.get("unregistered", 0) + count
            network.notes.insert(0, hidden(group, count))
