"""Sizes of printed modules and of what stands under them, against the counts that a print says itself."""

from __future__ import annotations

import re

from nparams.layers._torch.call import tensors_of
from nparams.network import PARAMETER_ROLES, Network
from nparams.network.notes import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.notation._print.build import Model
    from nparams.notation._print.text import Node

#: names that a sentence lists before it stops
LISTED = 6


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, cut short where there are many."""
    several = list(dict.fromkeys(names))
    if len(several) <= LISTED:
        return ", ".join(several)
    return f"{', '.join(several[:LISTED])} and {len(several) - LISTED} more"


def called(node: Node) -> str:
    """A node's full name, or its class where it is the whole."""
    return node.path or node.bare


def own_size(node: Node) -> int | None:
    """The parameters that a node holds by itself, raw ones among them; None where that is not known."""
    total = 0
    for _, shape in node.held:
        size = 1
        for side in shape:
            size *= side
        total += size
    module = node.found.module
    for t in () if module is None else tensors_of(module):
        if t.role in PARAMETER_ROLES:
            if not isinstance(t.size, int):
                return None
            total += t.size
    return total


def subtotals(model: Model) -> dict[int, int | None]:
    """For each node what it and everything under it has, one copy; None where that is not known."""
    found: dict[int, int | None] = {}
    for node in reversed(model.nodes):  # children come after their parents
        parts = [own_size(node)]
        for child in node.children:
            inner = found[id(child)]
            parts.append(None if inner is None else inner * child.times)
        found[id(node)] = None if None in parts else sum(part for part in parts if part is not None)
    return found


def disagreements(model: Model, network: Network) -> list[str]:
    """Counts that stand in the print, against the layers that they stand beside; the innermost first."""
    sums = subtotals(model)
    wrong = []
    checked = 0
    for node in reversed(model.nodes):
        size = sums[id(node)]
        if size is None or (node.told is None and node.found.said.told is None):
            continue
        checked += 1
        if node.told is not None and node.told not in (size, size * node.times):
            wrong.append((node, number(node.told), size))
        elif node.found.said.told is not None and not _rounds_to(size, *node.found.said.told):
            wrong.append((node, _scaled(*node.found.said.told), size))
    if not wrong:
        return [f"the print's own counts agree ({number(checked)} of them)"] if checked else []
    told = [
        f"{called(node)} says {says} parameters, its layer has {number(size)}" for node, says, size in wrong[:LISTED]
    ]
    more = f"; and {len(wrong) - LISTED} more such" if len(wrong) > LISTED else ""
    return ["; ".join(told) + more]


#: "parameters = 22,565,376", "Total params: 39,396,352"; not those that are trained
STATED = re.compile(
    r"(?<![\w-])param[\wè]{0,8}(?: \w{1,12}){0,3}[ \t]?[:=][ \t]?(?P<n>\d[\d,_]{0,40})(?![\d,_.]*[ \t]?[kKMBGT%])",
    re.IGNORECASE,
)


def stated(model: Model, network: Network) -> list[str]:
    """A total beside the print, against what its layers show."""
    text = model.printed.text
    found = {
        int(m["n"].replace(",", "").replace("_", ""))
        for m in STATED.finditer(text)
        if "rainable" not in text[max(m.start() - 12, 0) : m.start()]
    }
    if len(found) != 1 or not isinstance(network.total, int):
        return []
    said = found.pop()
    if said == network.total:
        return [f"the text says {number(said)} parameters too"]
    apart = number(abs(said - network.total))
    return [
        f"the text says {number(said)} parameters, {apart} {'more' if said > network.total else 'fewer'} than it shows"
    ]


def _rounds_to(size: int, digits: int, power: int) -> bool:
    """Whether a size is printed so when it is rounded, or cut, to the last digit."""
    if power <= 0:
        return bool(size * 10**-power == digits)
    return bool(abs(size - digits * 10**power) < 10**power)


def _scaled(digits: int, power: int) -> str:
    """941 times ten as 9,410."""
    return number(digits * 10**power) if power >= 0 else f"{digits}/{10**-power}"
