"""What an entry says of a 0, and of a 1: random sizes seldom are, and code leaves parts out where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from nparams.errors import ExprError
from tools.derive.changes import changed, get
from tools.derive.check import Outside, counted, tensors, wrong
from tools.derive.errors import Refused
from tools.derive.observe import plainly
from tools.derive.tracking import name_of

SMALL = (0, 1)


class Probe(NamedTuple):
    """A config with a small number about which an entry is wrong, and whether its total is wrong too."""

    field: str
    value: int
    raw: dict[str, Any]
    miscounts: bool


def probes(entry: Mapping[str, Any], head: str, base: Mapping[str, Any]) -> Iterator[Probe]:
    """The small numbers, each in one field, that the library accepts and the entry is wrong about."""
    for field, kinds in entry["kinds"].items():
        part = field.rpartition(".")[0]
        if part and not isinstance(get(dict(base), part), Mapping):  # a part that the base lacks
            continue
        for value in SMALL if "int" in kinds.split() else ():
            probe = _probe(entry, head, field, value, changed(dict(base), [{field: value}]))
            if probe is not None:
                yield probe


def _probe(entry: Mapping[str, Any], head: str, field: str, value: int, raw: dict[str, Any]) -> Probe | None:
    try:
        real = plainly(entry["type"], head, raw)
        told = list(tensors(entry, head, raw))
    except (Outside, Refused):
        return None
    except (ExprError, TypeError, ArithmeticError):
        return Probe(field, value, raw, True)
    return None if wrong(iter(told), real) is None else Probe(field, value, raw, counted(told) != counted(real))


def guarded(entry: dict[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with what follows no rule refused: the small numbers that it would miscount."""
    found = [probe for head in entry["heads"] for probe in probes(entry, head, base) if probe.miscounts]
    guards = dict.fromkeys(f"[{name_of(probe.field)} != {probe.value}]" for probe in found)
    entry["where"] = [*dict.fromkeys([*entry.get("where", ()), *guards])]
    return entry
