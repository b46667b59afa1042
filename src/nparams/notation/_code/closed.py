"""The closed form beside a number: the same code once more, with the numbers that it gives names as symbols."""

from __future__ import annotations

from nparams.errors import NparamsError
from nparams.expr import Expr, free_symbols, render, substitute, symbol
from nparams.network.notes import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.network import Network
    from nparams.notation._code.machine import Machine

#: steps of a first run that is worth a second one, characters of a formula that is worth showing
MAX_STEPS = 100_000
MAX_TEXT = 240
QUESTION = "And in the names of the code?"


def add_closed_form(m: Machine, network: Network, again: Callable[[dict[str, Any]], Network]) -> None:
    """Say the closed form in the names of the code, where it has one that gives the same number."""
    if not m.offered or m.steps > MAX_STEPS or not isinstance(network.total, int):
        return
    names = {name: value for name, value in m.offered.items() if symbol(name).op == "sym"}
    try:
        formula = again({name: symbol(name) for name in names}).total
        if not isinstance(formula, Expr) or substitute(formula, names) != network.total:
            return
    except NparamsError:  # the code asks something of its numbers that a symbol cannot answer
        return
    text = render(formula, "unicode")
    used = {name: value for name, value in names.items() if name in free_symbols(formula)}
    if len(text) <= MAX_TEXT:
        values = ", ".join(f"{name} = {number(value)}" for name, value in used.items())
        network.notes.append(f"in the names of the code: {text}, with {values}")
        network.remarks = (*network.remarks, (QUESTION, f"With {values}:", formula))
