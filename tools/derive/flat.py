"""Lists of modules that two loops fill: `for s in stages: for r in range(depths[s])` gives one module the number
depths[0] + ... + depths[s - 1] + r.

What is seen is renamed as though each round had a list of its own, `blocks.7` as `blocks~.2.1`; what is learnt of it is
named as it was, with an index that is computed from the two.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nparams.expr import Expr, add, mul, parse, symbol
from nparams.expr.nodes import total_of
from tools.derive.compiled import value
from tools.derive.indices import LETTERS, Size
from tools.derive.observe import Observation
from tools.derive.tracking import ENTRY

#: what marks a list that is shown as one of lists
FLAT = "~"
#: a name in such a list: the round and the place in it, or the place ahead of the first round, or behind the last
INDEX = r"(\{\w\}|\d+)"
NAMED = re.compile(rf"^([^{FLAT}]*){FLAT}(?:(before|after)\.{INDEX}|\.{INDEX}\.{INDEX})")


class Flat(NamedTuple):
    """A list with some modules before the first round, `body` of them in round t of so many, and the rest behind."""

    container: str
    before: int
    rounds: Size
    body: Size
    after: int = 0

    def sizes(self, env: Mapping[str, Any]) -> list[int] | None:
        """How many modules each round has; None where that has no value."""
        rounds = value(self.rounds, env)
        if rounds is None:
            return None
        made = [value(self.body, {**env, ENTRY: t}) for t in range(min(rounds, 1000))]
        known = [n for n in made if n is not None and n >= 0]
        return known if len(known) == len(made) else None

    def fits(self, env: Mapping[str, Any], length: int) -> bool:
        """Whether a list of that length is made so."""
        sizes = self.sizes(env)
        return sizes is not None and self.before + sum(sizes) + self.after == length

    def ahead(self, stage: Size) -> Size:
        """The modules before a round."""
        if ENTRY in _symbols(self.body):
            last = stage - 1 if isinstance(stage, int) else add(stage, -1)
            return add(self.before, total_of(ENTRY, 0, last, self.body)) if stage != 0 else self.before
        return add(self.before, mul(self.body, stage))


def _symbols(e: Size) -> set[str]:
    if not isinstance(e, Expr):
        return set()
    return ({str(e.label)} if e.op == "sym" else set()).union(*map(_symbols, e.args))


# -- what is seen ------------------------------------------------------------------------------------------------------


class Renaming:
    """The names of one observation as though rounds had lists of their own."""

    def __init__(self, flats: Sequence[Flat], env: Mapping[str, Any]) -> None:
        self.places = {flat.container: list(_places(flat, env)) for flat in flats}

    def of(self, name: str) -> str:
        """The new name."""
        for container, places in self.places.items():
            number, _, rest = name.removeprefix(f"{container}.").partition(".")
            if name.startswith(f"{container}.") and number.isdecimal() and int(number) < len(places):
                return f"{container}{FLAT}{places[int(number)]}" + (f".{rest}" if rest else "")
        return name


def _places(flat: Flat, env: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"before.{n}" for n in range(flat.before))
    for s, size in enumerate(flat.sizes(env) or ()):
        yield from (f".{s}.{r}" for r in range(size))
    yield from (f"after.{n}" for n in range(flat.after))


def renamed(seen: Observation, flats: Sequence[Flat], env: Mapping[str, Any], known: set[str]) -> Observation:
    """An observation with the lists as lists of lists; names that are `known` stay."""
    names = Renaming(flats, env)
    made = copy.copy(seen)
    again = {i.name: i.name if i.name in known else names.of(i.name) for i in seen.items}
    made.items = [i._replace(name=again[i.name], tied=again.get(i.tied, i.tied)) for i in seen.items]
    made.containers = dict(seen.containers) | {names.of(name): n for name, n in seen.containers.items()}
    for flat in flats:
        sizes = flat.sizes(env) or []
        made.containers |= {f"{flat.container}{FLAT}": len(sizes)}
        made.containers |= {f"{flat.container}{FLAT}.{s}": n for s, n in enumerate(sizes)}
    return made


# -- what is learnt ----------------------------------------------------------------------------------------------------


def restored(cell: dict[str, Any], flats: Mapping[str, Flat]) -> dict[str, Any]:
    """A cell with one tensor, whose name is that of the model, with an index more where it is computed."""
    (name, *rest), over = cell["tensors"][0], [list(o) for o in cell.get("over", ())]
    made = [_restored(name, over, flats), *rest]
    if len(rest) > 2 and "tied" in rest[2]:
        made[3] = {**rest[2], "tied": _restored(rest[2]["tied"], over, flats)}
    return {**({"over": over} if over else {}), **{k: v for k, v in cell.items() if k != "over"}, "tensors": [made]}


def _restored(name: str, over: list[list[str]], flats: Mapping[str, Flat]) -> str:
    met = NAMED.match(name)
    if met is None:
        return name
    index = _index(met, flats[met[1]])
    if isinstance(index, Expr) and index.op != "sym":
        text = str(index)
        known = next((letter for letter, count, *first in over if [count, *first] == ["1", text]), None)
        letter = known or next(c for c in LETTERS if c not in [o[0] for o in over])
        if known is None:
            over.append([letter, "1", text])
        index = symbol(letter)
    word = str(index) if isinstance(index, int) else f"{{{index}}}"
    return f"{met[1]}.{word}{name[met.end() :]}"


def _index(met: re.Match[str], flat: Flat) -> Size:
    where, beside, first, then = met.groups()[1:]
    if where is None:
        return add(flat.ahead(_size(first)), _size(then))
    return add(flat.ahead(flat.rounds), _size(beside)) if where == "after" else _size(beside)


def _size(word: str) -> Size:
    return parse(word.strip("{}"))


__all__ = ["FLAT", "Flat", "renamed", "restored"]
