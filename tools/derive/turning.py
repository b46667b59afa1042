"""What an entry says at the turning points of sizes, which random ones seldom meet and code asks for: a 0, a 1, a
number that the code compared a field with, and a depth at which a pattern of layers shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nparams.errors import ExprError
from nparams.expr import Expr, free_symbols
from tools.derive.changes import changed, get
from tools.derive.check import Outside, counted, tensors, wrong
from tools.derive.compiled import value
from tools.derive.environment import Tests
from tools.derive.errors import Refused
from tools.derive.observe import Observation, plainly
from tools.derive.tracking import name_of

SMALL = (0, 1)
#: numbers beyond this are looked at by no probe
LARGEST = 5_000
#: layers of which the class makes a list by a rule: periods of 2, 3, 4 and 6, and the last layer of each
DEEP = (6, 7, 12, 18)
#: other configs in which they are tried
MOST_STARTS = 4


class Probe(NamedTuple):
    """A config with a number about which an entry is wrong, and whether its total is wrong too."""

    field: str
    value: int
    raw: dict[str, Any]
    miscounts: bool


def probes(entry: Mapping[str, Any], head: str, base: Mapping[str, Any], seen: Observation) -> Iterator[Probe]:
    """The numbers, each in one field, that the library accepts and the entry is wrong about; `seen` is a build of the
    base."""
    paths = {name_of(path): path for path, kinds in entry["kinds"].items() if "int" in kinds.split()}
    there = {name: path for name, path in paths.items() if _is_there(base, path.rpartition(".")[0])}
    small = [(name, each) for name in there for each in SMALL]
    deep = [(name, each) for name in there if name in _depths(entry) for each in DEEP]
    for name, each in dict.fromkeys([*small, *_met(seen, there), *deep]):
        probe = _probe(entry, head, there[name], each, changed(dict(base), [{there[name]: each}]))
        if probe is not None:
            yield probe


def _depths(entry: Mapping[str, Any]) -> set[str]:
    """The numbers of layers for each of which the config class puts something into a list."""
    cases = [made for _, rule in entry["rules"] for _, made in rule if isinstance(made, dict)]
    return {made["each"][1] for made in cases if "each" in made}


def _is_there(base: Mapping[str, Any], part: str) -> bool:
    return not part or isinstance(get(dict(base), part), Mapping)


def _met(seen: Observation, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The fields that the code compared with something, each with the number that this was."""
    env = Tests([seen.values]).environment(seen.values)
    for atom in (*seen.atoms, *seen.raw_atoms):
        for one, other in (atom.args, atom.args[::-1]) if len(atom.args) == 2 else ():
            name = str(one.label) if isinstance(one, Expr) and one.op == "sym" else ""
            met = value(other, {**env, **_rounds(other)}) if name in names else None
            if met is not None and 0 <= met <= LARGEST:
                yield from ((name, each) for each in (met, met + 1))


def _rounds(size: int | Expr) -> dict[str, int]:
    """The numbers of the rounds of loops in an expression, which stand in their names."""
    marks = [name for name in free_symbols(size) if name.startswith("@")]
    return {mark: int(mark.rpartition(":")[2]) for mark in marks}


def _probe(entry: Mapping[str, Any], head: str, field: str, value: int, raw: dict[str, Any]) -> Probe | None:
    try:
        real = plainly(entry["type"], head, raw)
        told = list(tensors(entry, head, raw))
    except (Outside, Refused):
        return None
    except (ExprError, TypeError, ArithmeticError):
        return Probe(field, value, raw, True)
    return None if wrong(iter(told), real) is None else Probe(field, value, raw, counted(told) != counted(real))


def guarded(
    entry: dict[str, Any], base: Mapping[str, Any], seen: Observation, others: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The entry with what follows no rule refused: numbers that it would miscount, in the base with its flags as they
    are and set, and in some other configs.

    Small ones lie below a bound, which null does not; a larger one is refused where a field is nothing but a number."""
    starts = (base, _with_flags(entry, base), *others[:MOST_STARTS])
    every = (probe for head in entry["heads"] for start in starts for probe in probes(entry, head, start, seen))
    for probe in [probe for probe in every if probe.miscounts]:
        if probe.value in SMALL:
            bounds = entry.setdefault("bounds", {})
            bounds[probe.field] = [max(probe.value + 1, bounds.get(probe.field, [0])[0]), None]
        elif entry["kinds"][probe.field] == "int":
            guard = f"[{name_of(probe.field)} != {probe.value}]"
            entry["where"] = [*dict.fromkeys([*entry.get("where", ()), guard])]
    return entry


def _with_flags(entry: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The base with every flag set: what one adds, another number may leave out."""
    flags = [path for path, kinds in entry["kinds"].items() if kinds == "bool"]
    return changed(dict(base), [{path: True} for path in flags if _is_there(base, path.rpartition(".")[0])])
