"""A config.json with some of its fields left open: the closed form in these, everything else as the file has it."""

from __future__ import annotations

from nparams.architectures._config.experts import Router
from nparams.architectures._config.given import alone
from nparams.architectures._config.remarks import TIE
from nparams.architectures._config.versions import without
from nparams.architectures.slots import symbol_of
from nparams.architectures.symbolic import symbolic
from nparams.expr import free_symbols, parse, symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from nparams.architectures._config.asked import Asked
    from nparams.architectures.entry import Entry
    from nparams.network import Network


def general(asked: Asked, head: str, free: Collection[str]) -> Network:
    """The network of a class in the symbols of the fields in `free`."""
    entry = asked.entry
    held, notes = made_anew(entry, asked.held, free)
    for field in free:
        held = alone(held, entry, field)
    names = {field: symbol(symbol_of(field)) for field in free}
    router = Router(entry.fields, lambda path: names.get(path) or entry.value(held, path))
    network = symbolic(entry, head, held, free, route=router)
    if asked.raw.get(TIE) is False:  # a tie that the file does not have: see remarks.declared
        for t in network.tensors():
            if t.name in asked.plan.head(head).forced:
                t.tied_to = None
    network.settings = asked.raw
    network.notes = [*notes, *network.notes]
    return network


def made_anew(entry: Entry, held: Mapping[str, Any], free: Collection[str]) -> tuple[Mapping[str, Any], list[str]]:
    """The file without lists of an entry for each layer, where the number of layers is open: the class makes them."""
    symbols = {symbol_of(field) for field in free}
    notes = []
    for field, cases in entry.raw.get("rules", ()):
        counts = [case[1]["each"][1] for case in cases if isinstance(case[1], dict) and "each" in case[1]]
        if any(not symbols.isdisjoint(free_symbols(parse(count))) for count in counts):
            kept = without(held, field)
            if kept is not held:
                notes.append(f"{field} of the file goes with a number that is open here: it is as the class makes it")
            held = kept
    return held, notes
