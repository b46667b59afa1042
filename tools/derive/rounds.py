"""Which lists of modules two loops may have filled: rounds of so many modules each, found by the lengths of lists."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nparams.expr import Expr, add, symbol
from tools.derive.compiled import column
from tools.derive.flat import Flat
from tools.derive.indices import Size, has_rounds
from tools.derive.observe import Observation
from tools.derive.tracking import ENTRY, LENGTH

Envs = Sequence[Mapping[str, Any]]
Held = Sequence[tuple[Observation, Mapping[str, Any], int]]
#: a name that stands in a numbered module
DIGITS = re.compile(r"\.\d+(\.|$)")
#: modules beside the rounds, candidates of one list that are tried, and expressions of the runs that are looked at
MOST_BESIDE, MOST_TRIED, MOST_POOL = 6, 6, 2_000


def flats(container: str, seen: Sequence[Observation], envs: Envs) -> list[Flat]:
    """How a list may be made, the likeliest first."""
    held = _held(container, seen, envs)
    if len({n for *_, n in held}) < 2:
        return []
    found = itertools.islice(_lists(container, held), 4)
    return _placed([*found, *itertools.islice(_regular(container, held), 4)], held)


def sums(seen: Sequence[Observation], envs: Envs) -> dict[str, list[Flat]]:
    """Lists as long as the sum of a list that is a field, and not as any number that is one."""
    names = dict.fromkeys(name for o in seen for name in o.containers if not DIGITS.search(name))
    found = {name: _held(name, seen, envs) for name in names}
    return {
        name: _placed(itertools.islice(_lists(name, held), 2), held)
        for name, held in found.items()
        if len({n for *_, n in held}) > 2 and not _plain(held)
    }


def _held(container: str, seen: Sequence[Observation], envs: Envs) -> Held:
    return [(o, env, o.containers[container]) for o, env in zip(seen, envs, strict=True) if container in o.containers]


def _plain(held: Held) -> bool:
    """Whether a field is as large everywhere."""
    names = [n for n, v in held[0][1].items() if v == held[0][2]]
    return any(all(env.get(name) == n for _, env, n in held) for name in names)


def _placed(found: Iterable[Flat], held: Held) -> list[Flat]:
    """With the modules beside the rounds ahead of them or behind, the most orderly first."""
    made = list(dict.fromkeys(found))
    placed = [flat._replace(before=b, after=flat.after - b) for flat in made for b in range(flat.after + 1)]
    return sorted(placed, key=lambda flat: _disorder(flat, held))[:MOST_TRIED]


def _lists(container: str, held: Held) -> Iterator[Flat]:
    """As many modules in a round as an entry of a list says."""
    names = dict.fromkeys(n for _, env, _ in held for n, v in env.items() if isinstance(v, list) and v)
    entry = {name: Expr("idx", (symbol(ENTRY),), name) for name in names}
    bodies = [add(e, more) for more in (0, 1, -1, 2) for e in entry.values()]
    for body in dict.fromkeys([*bodies, *_bodies(held)]):
        name = next((n for n in names if n in str(body)), None)  # a list that is there in all observations
        if name is not None:
            yield from _fitting(Flat(container, 0, symbol(name + LENGTH), body), held)


def _bodies(held: Held) -> Iterator[Size]:
    """What the code made of single entries of lists, as made of the entry of any round."""
    for e in dict.fromkeys(e for o, *_ in held[:16] for e in list(o.pool)[:MOST_POOL] if has_rounds(e)):
        entries = {a for a in _walk(e) if a.op == "idx" and isinstance(a.args[0], int)}
        if len({a.args[0] for a in entries}) == 1 and not any(str(a.label).startswith("@") for a in _walk(e)):
            yield _at(e)


def _at(e: Any) -> Any:
    if not isinstance(e, Expr):
        return e
    args = (symbol(ENTRY),) if e.op == "idx" else tuple(_at(a) for a in e.args)
    return Expr(e.op, args, e.label)


def _walk(e: Any) -> Iterator[Expr]:
    if isinstance(e, Expr):
        yield e
        for a in e.args:
            yield from _walk(a)


def _regular(container: str, held: Held) -> Iterator[Flat]:
    """Equally many modules in every round."""
    envs = [env for _, env, _ in held]
    names = dict.fromkeys(n for env in envs for n, v in env.items() if type(v) is int and not n.endswith("__none"))
    rounds = [r for r in (add(symbol(n), more) for more in (0, -1) for n in names) if _counts(column(r, envs))]
    bodies: list[Size] = [2, 3, 4, 5, 6, *(add(symbol(n), more) for more in range(4) for n in names)]
    numbers = [column(b, envs) for b in bodies]
    for r in rounds:
        many = column(r, envs)
        for body, each in zip(bodies, numbers, strict=True):
            rest = {
                n - x * y if x is not None and y is not None else -1
                for (*_, n), x, y in zip(held, many, each, strict=True)
            }
            if len(rest) == 1 and 0 <= (beside := rest.pop()) <= MOST_BESIDE and body != r:
                yield Flat(container, 0, r, body, beside)


def _counts(numbers: Sequence[int | None]) -> bool:
    known = [n for n in numbers if n is not None and 0 <= n < 1000]
    return len(known) == len(numbers) and len(set(known)) > 1


def _fitting(flat: Flat, held: Held) -> Iterator[Flat]:
    """The list with as many modules beside the rounds as there are everywhere."""
    rest = set()
    for _, env, length in held:
        sizes = flat.sizes(env)
        rest.add(length - sum(sizes) if sizes is not None else -1)
        if len(rest) > 1 or not 0 <= min(rest) <= MOST_BESIDE:
            return
    yield flat._replace(after=rest.pop())


def _disorder(flat: Flat, held: Held) -> int:
    """How many kinds of modules stand in equal places of rounds."""
    found = 0
    for seen, env, _ in held[:12]:
        kinds = _kinds(flat.container, seen)
        places: dict[int, set[frozenset[str]]] = {}
        at = flat.before
        for size in flat.sizes(env) or ():
            for r in range(size):
                for place in (r, r - size):
                    places.setdefault(place, set()).add(kinds.get(at + r, frozenset()))
            at += size
        found += sum(len(each) - 1 for each in places.values())
    return found


def _kinds(container: str, seen: Observation) -> dict[int, frozenset[str]]:
    """What tensors each module of a list has."""
    made: dict[int, set[str]] = {}
    for item in seen.items:
        number, _, rest = item.name.removeprefix(f"{container}.").partition(".")
        if item.name.startswith(f"{container}.") and number.isdecimal():
            made.setdefault(int(number), set()).add(f"{rest} {item.owner} {len(item.shape)}")
    return {number: frozenset(each) for number, each in made.items()}
