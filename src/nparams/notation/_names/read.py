"""The network that a name asks for, and notes on the other networks that go by it."""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.expr import add
from nparams.layers.kind import TITLES
from nparams.notation._names.build import built, statistics
from nparams.notation._names.table import asked, unknown
from nparams.notation._stack.notes import add_folded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Network
    from nparams.notation._names.lines import Model, Net
    from nparams.notation._names.table import Asked


def network_of(text: str, convention: str | None) -> Network:
    """See name.read."""
    request = asked(text)
    if request is None:
        raise unknown(text.strip())
    whose = convention or request.whose
    net = request.net or _by(request.model, whose)
    _check(net, request, text)
    by = whose if whose is not None and whose in net.whose else net.convention
    network = built(net, by, request.classes, request.top)
    network.source, network.form = text, "name"
    network.read_as = _written(request.model, net, request)
    network.described = f"{net.told} ({request.model.source})"
    if len(request.model.nets) > 1 or statistics(network) != 0:
        network.convention = by
    network.notes = _notes(net, whose)
    _others(network, request, net)
    _framework(network, by, [net] if request.net is not None or whose is not None else request.model.nets)
    add_folded(network)
    return network


def _by(model: Model, whose: str | None) -> Net:
    """The usual definition, or the first that is by someone."""
    return next((net for net in model.nets if whose in net.whose), model.nets[0])


def _check(net: Net, request: Asked, text: str) -> None:
    if request.classes is not None and not net.has_classes:
        raise NotationError(f"{shown(text)}: {request.model.names[0]} has no classes to choose")
    if not request.top and not net.top:
        raise NotationError(f"{shown(text)}: {request.model.names[0]} has no top that is left out; name it alone")
    if not request.top and request.classes is not None:
        raise NotationError(f"{shown(text)}: without its top it has no classes; leave one of them out")


def _written(model: Model, net: Net, request: Asked) -> str:
    """The name as it may be typed again."""
    words = [model.names[0]] + ([net.tags[0]] if net is not model.nets[0] and net.tags else [])
    words += [] if request.classes is None else [f"{request.classes} classes"]
    return " ".join(words + ([] if request.top else ["no top"]))


def _notes(net: Net, whose: str | None) -> list[str]:
    if whose is not None and whose not in net.whose:
        return [*net.notes, f"no definition of it by {TITLES[whose]} is known here: this is {net.told}"]
    return list(net.notes)


def _others(network: Network, request: Asked, net: Net) -> None:
    """The totals of the other definitions, and what they have that this one has not."""
    for other in request.model.nets:
        if other is net or (request.classes is not None and not other.has_classes):
            continue
        made = built(other, other.convention, request.classes, request.top)
        tag = other.tags[0] if other.tags else request.model.names[0]
        total = made.totals.known
        network.also[tag] = total
        name = _written(request.model, other, request)
        told = other.differs or other.told
        network.notes.append(f"{name} is {total:,}{_change(total, network.totals.known)}: {told}")
        held = statistics(made)
        if other.convention == "keras" and held != 0:
            network.also["keras summary"] = add(total, held)
            network.notes.append(
                f"model.summary() of Keras prints {add(total, held):,} for {name}: {_TOLD.format(held)}"
            )


_TOLD = "{:,} statistics are counted there, which are not trained"


def _change(total: Size, here: Size) -> str:
    change = add(total, -here)
    if not isinstance(change, int) or change == 0:
        return ""
    return f" ({'+' if change > 0 else '-'} {abs(change):,})"


def _framework(network: Network, by: str, nets: Sequence[Net]) -> None:
    """What Keras's own summary prints of the same network: statistics are counted there."""
    held = statistics(network)
    if by == "keras":
        network.also["framework"] = add(network.totals.known, held)
    keras = by == "keras" or (len(nets) == 1 and "keras" in nets[0].whose)
    if keras and held != 0:
        summary = add(network.totals.known, held)
        network.also.setdefault("keras summary", summary)
        network.notes.append(f"model.summary() of Keras prints {summary:,}: {_TOLD.format(held)}")
