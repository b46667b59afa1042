"""What must be said of a formula in the fields of a configuration: where it holds, and which case it is of."""

from __future__ import annotations

from nparams.architectures.refusals import broken, told, told_of
from nparams.architectures.slots import read, symbol_of
from nparams.expr import Expr, free_symbols, mul
from nparams.network.closed import tidy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from nparams.architectures.sight import Sight


def conditions(sight: Sight) -> list[str]:
    """The guards of the entry that are still open, as text; UnsupportedError for one that cannot hold."""
    found = []
    for text in sight.entry.raw.get("where", ()):
        holds = sight.holds(read(text), {})
        if isinstance(holds, Expr) and isinstance(known := tidy(holds), int):
            holds = known
        if holds == 0:
            raise broken(sight.entry.type, text, told_of(sight.entry, sight.values))
        if isinstance(holds, Expr) and "no number" not in free_symbols(holds):
            found.append(said(holds))
    for field, (low, _) in sight.entry.raw.get("bounds", {}).items():
        if low and isinstance(sight.values[field], Expr):
            found.append(f"{sight.values[field]} >= {low}")
    return found


#: a comparison, and the sign of its opposite with the sides changed
OPPOSITE = {"lt": "<=", "le": "<"}


def said(holds: Expr) -> str:
    """A condition as a comparison, where it is one.

    >>> from nparams.expr import parse
    >>> said(parse("[a < b]")), said(parse("1 - [a < b]")), said(parse("tie"))
    ('a<b', 'b <= a', 'tie == 1')
    """
    if holds.op in ("lt", "le", "eq", "ne"):
        return str(holds).removeprefix("[").removesuffix("]")
    rest = [part for part in holds.args if part != 1] if holds.op == "add" and 1 in holds.args else []
    other = mul(-1, rest[0]) if len(rest) == 1 else 0
    if isinstance(other, Expr) and other.op in OPPOSITE:
        return f"{other.args[1]} {OPPOSITE[other.op]} {other.args[0]}"
    return f"{holds} == 1"


def cases(sight: Sight, names: Collection[str]) -> list[str]:
    """A sentence for the fields among `names` that are no numbers, and one for those that a rule fills."""
    asked = {sight.tests[name][0] for name in names if name in sight.tests}
    asked |= {field for name, field in sight.fields.items() if name in names}
    held = {field: sight.values[field] for field in sight.entry.fields if field in asked}
    fixed = [f"{field} = {told(value)}" for field, value in held.items() if _is_case(value)]
    notes = [f"in the case {', '.join(fixed)}"] if fixed else []
    if filled := [rule[0] for rule in sight.entry.raw.get("rules", ()) if isinstance(sight.values[rule[0]], Expr)]:
        texts = [f"{field} = {case}" for field in filled if (case := _filling(sight, field)) is not None]
        notes += [f"where it is null: {', '.join(texts)}"] if texts else []
    return notes


def _is_case(value: object) -> bool:
    return value is None or isinstance(value, str | float) or (isinstance(value, list) and not _is_numbers(value))


def _is_numbers(value: list[Any]) -> bool:
    return all(type(each) is int for each in value)


def _filling(sight: Sight, field: str) -> str | None:
    """What a rule makes of a field that is null, where the field itself is a symbol now."""
    if str(sight.values[field]) != symbol_of(field):
        return None
    for name, made in next(rule[1] for rule in sight.entry.raw["rules"] if rule[0] == field):
        if sight.tests.get(name, ())[:2] == [field, "none"] and isinstance(made, str):
            return made
    return None
