"""What the other conventions make of a list, and what an explanation says at its end."""

from __future__ import annotations

from nparams.expr import add
from nparams.layers.catalogue import kinds
from nparams.layers.kind import CONVENTIONS, TITLES
from nparams.network import PARAMETER_ROLES, Module, Network
from nparams.network.notes import Told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network.rows import Row
    from nparams.notation._stack.read import Built


def finished(networks: dict[str, Built], asked: str | None) -> Network:
    """The first of the networks, with what the others hold beside it."""
    chosen = next(iter(networks))
    network = networks[chosen]
    sums = {name: other.totals.known for name, other in networks.items()}
    others = [name for name in CONVENTIONS if name != chosen and name in networks]
    differing = [name for name in others if sums[name] != sums[chosen]]
    if differing or _statistics(network) != 0:
        network.convention = chosen
    if differing:
        network.also.update({name: sums[name] for name in others})
        network.notes += _itemised(networks, chosen, asked)
    _add_framework(network, chosen, asked)
    add_folded(network)
    if asked == "all":
        network.conventions = {name: networks[name] for name in CONVENTIONS if name in networks}
        network.also.update({name: sums[name] for name in others})
    network.remarks = tuple(_remarks(network))
    network.described = _described(network.layers)
    return network


def _described(rows: list[Row]) -> str:
    """How many layers there are, copies and all, and how many of them hold anything."""
    copies = [row.copies for row in rows]
    if len(rows) < 2 or not all(isinstance(count, int) for count in copies):
        return ""
    held = sum(count for row, count in zip(rows, copies, strict=True) if row.module.tensors)
    return f"{sum(copies):,} layers, {held:,} with parameters"


# -- conventions ----------------------------------------------------------------------------------------------------


def _itemised(networks: dict[str, Built], chosen: str, asked: str | None) -> list[str]:
    """A sentence for each other convention: its total, and the difference by kind of layer."""
    because = "" if asked is not None else ", since --convention was not given"
    sentences = [f"counted by the definitions of {TITLES[chosen]}{because}"]
    for name, other in networks.items():
        if name == chosen:
            continue
        items = _items(networks[chosen], other, chosen, name)
        said = "; ".join(words for words, _ in items)
        front = f"by those of {TITLES[name]} it is"
        sizes = [change for _, change in items]
        sentences.append(Told(f"{front} {{}}: {said}", other.totals.known, *sizes) if items else f"{front} the same")
    return sentences


def _items(one: Network, other: Network, name: str, other_name: str) -> list[tuple[str, Size]]:
    """+ 1,024 for a second bias vector, in lstm; and how much, by kind of layer."""
    mine = {row.module.name: row for row in one.layers}
    changes: dict[str, tuple[Size, list[str]]] = {}
    cause = None
    for row in other.layers:
        before = mine.get(row.module.name)
        change = _tidied(row.total - (before.total if before is not None else 0))
        if change != 0:
            led = cause is not None and before is not None and before.takes != row.takes
            reason = f"the shape that {cause} sends" if led else _reason(row.kind or "", name, other_name)
            held, where = changes.get(reason, (0, []))
            changes[reason] = (add(held, change), [*where, row.name])
        if before is not None and before.takes == row.takes and before.out != row.out:
            cause = cause or row.name
    return [_item(reason, _tidied(change), where) for reason, (change, where) in changes.items()]


def _reason(kind: str, name: str, other_name: str) -> str:
    differs = kinds()[kind].differs if kind in kinds() else {}
    return differs.get(other_name) or differs.get(name) or f"its own {kind}"


def _item(reason: str, change: Size, where: list[str]) -> tuple[str, Size]:
    sign, size = ("-", -change) if isinstance(change, int) and change < 0 else ("+", change)
    layers = ", ".join(where[:3]) + (", ..." if len(where) > 3 else "")
    return f"{sign} {{}} for {reason}, in {layers}", size


def _tidied(size: Size) -> Size:
    from nparams.network.closed import tidy

    return tidy(size)


def _statistics(network: Network) -> Size:
    return network.totals.buffers


def _add_framework(network: Network, chosen: str, asked: str | None) -> None:
    """What Keras's own summary prints: statistics are counted there too."""
    held = _statistics(network)
    if held == 0:
        if chosen == "keras":
            network.also["framework"] = network.totals.known
        return
    summary = _tidied(add(network.totals.known, held))
    if chosen == "keras":
        network.also["framework"] = summary
    if chosen == "keras" or asked is None:
        sentence = "model.summary() of Keras prints {}: it counts {} statistics, which are not trained"
        network.notes.append(Told(sentence, summary, held))


# -- folding --------------------------------------------------------------------------------------------------------

CONVOLUTIONS = frozenset(("Conv", "ConvTranspose", "DepthwiseConv", "SeparableConv"))


def add_folded(network: Network) -> None:
    """Batch normalisation folded into the convolution before it: its scales and shifts go, a bias stays."""
    change = _folded(network.root)
    if change is not None:
        network.also["folded"] = _tidied(add(network.totals.known, change))


def _folded(module: Module) -> Size | None:
    """What folding changes under a module, None where there is nothing to fold."""
    changes: list[Size] = []
    children = list(module.children)
    for before, child in zip([None, *children], children, strict=False):
        if (
            child.kind == "BatchNorm"
            and any(t.role == "buffer" for t in child.tensors)
            and before is not None
            and before.kind in CONVOLUTIONS
            and before.over is None
            and child.over is None
        ):
            biased = any(
                (t.role == "bias" and t.name.endswith(before.name.rpartition(".")[2] + ".bias"))
                or t.name.endswith("pointwise.bias")
                for t in before.tensors
            )
            own = [
                t.size for t in child.tensors if t.role in PARAMETER_ROLES and t.tied_to is None and t.size is not None
            ]
            channels: Size = 0 if biased else next((t.size for t in child.tensors if t.size is not None), 0)
            changes.append(add(channels, *(-size for size in own)))
        inner = _folded(child)
        if inner is not None:
            changes.append(inner)
    if not changes:
        return None
    from nparams.network.rows import spread

    total = add(*changes)
    return total * spread(module) if module.over is not None else total


# -- what does not matter ---------------------------------------------------------------------------------------------


def _remarks(network: Built) -> list[tuple[str, str, Size | None]]:
    """Sizes that were given and play no part, for the end of an explanation."""
    if network.setting.positions_matter:
        return []
    given = [f"the {what} ({', '.join(dict.fromkeys(values))})" for what, values in network.builder.only_shapes.items()]
    sides = network.root.children[0].takes or ()
    if len(sides) > 1:
        given.insert(0, "the sequence length" if len(sides) == 2 else "the image size")
    if not given:
        return []
    listed = given[0] if len(given) == 1 else f"{', '.join(given[:-1])} and {given[-1]}"
    return [(
        "What does not matter?",
        f"{listed[0].upper()}{listed[1:]}: no layer here has a weight for a position, so "
        f"{'it shapes' if len(given) == 1 else 'they shape'} what flows "
        "and not what is counted.", None,
    )]  # fmt: skip
