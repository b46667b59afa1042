"""A configuration as a Network: counted from groups of tensors; names and modules are made when somebody looks."""

from __future__ import annotations

from nparams.architectures.names import Expansion
from nparams.network import Network
from nparams.network.families import Families

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from nparams.architectures.entry import Entry
    from nparams.architectures.program import Run
    from nparams.architectures.resolved import Resolved
    from nparams.expr import Size
    from nparams.network import Module, Tensor
    from nparams.network.families import Routed

    #: (name with its indices as letters, sides) -> (k, E): a token uses k (None: not said) of E equal experts in it
    Route = Callable[[str, tuple[int, ...]], tuple[int | None, int] | None]


def network_of(
    entry: Entry,
    head: str,
    config: Mapping[str, Any],
    *,
    dtype: str | None = None,
    route: Route | None = None,
    parts: Mapping[str, str] | None = None,
    source: str = "",
    read_as: str = "",
    notes: Iterable[str] = (),
    also: Mapping[str, Size] | None = None,
) -> Network:
    """The network that a class makes of a configuration.

    `dtype` is the number type of whatever has none of its own; `route` is asked once for each group of tensors.
    Raises UnsupportedError for what the entry was not verified for.
    """
    program = entry.program(head)
    resolved = entry.resolve(config)
    entry.heads[head].check(resolved.__getitem__, resolved.given)
    run = program.run(resolved)
    names = Expansion(run, dtype)
    tied, linked = (names.tied, run.linked) if program.tied else (None, None)
    experts = None if route is None else lambda: _routed(run, route)
    tensors = Families(run.alike(dtype), names.count, names.spell, tied, linked, experts)

    def tree(flat: Sequence[Tensor]) -> Module:
        from nparams.architectures.layers import tree_of

        return tree_of(flat, names)

    made = Network(
        tensors=tensors, tree=tree, source=source or entry.type, form="config",
        read_as=read_as or f"{head} ({entry.type})", notes=notes, also=also, parts=parts,
    )  # fmt: skip
    made.later(lambda network: _tell_fields(network, resolved))
    return made


def _tell_fields(network: Network, resolved: Resolved) -> None:
    network.fields = resolved.numbers()


def _routed(run: Run, route: Route) -> list[Routed]:
    """The tensors of experts: how many of how many a token uses, the size of one and how many there are."""
    found: list[Routed] = []
    s = run.resolved.slots
    for each in run.found:
        for group in each.block.groups:
            if group.tied is not None or group.trainable is None:
                continue
            for weight in [each.count] if group.shape.fixed else each.weights(s):
                sides, size = run.sides(group.shape, each.block)
                if (used := route(group.name, sides)) is not None:
                    found.append((used, size, weight))
    return found
