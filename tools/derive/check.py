"""An entry evaluated on a raw config, apart from the package: what is held against real builds."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from nparams.expr import parse
from tools.derive.compiled import answer, function
from tools.derive.environment import spelt, split, with_tests
from tools.derive.observe import Item
from tools.derive.tracking import name_of


class Outside(Exception):
    """The config lies outside of what the entry was verified for."""


class Wrong(NamedTuple):
    """A tensor that differs: what is there, and what the entry says."""

    name: str
    real: object
    claimed: object

    def __str__(self) -> str:
        return f"{self.name}: {self.real} there, {self.claimed} by the entry"


@functools.lru_cache(maxsize=100_000)
def _asked(text: str, condition: bool) -> Callable[[Mapping[str, Any]], int | None]:
    return partial(answer, function(parse(text), condition))


def evaluated(text: str, env: Mapping[str, Any]) -> int | None:
    """The number of an expression's text; a product stops at its first factor that is 0."""
    return _asked(text, False)(env)


def holds(condition: str, env: Mapping[str, Any]) -> bool:
    """Whether a condition is 1."""
    return condition == "1" or _asked(condition, True)(env) == 1


def flat(raw: Mapping[str, Any], prefix: str = "", numbered: bool = False) -> dict[str, Any]:
    """A nested config by dotted paths; its labels are counted by their names, or by their number where `numbered`."""
    found: dict[str, Any] = {}
    for key, held in raw.items():
        if key == "id2label" and isinstance(held, Mapping):
            if not numbered:
                found[f"{prefix}num_labels"] = len(held)
        elif isinstance(held, Mapping):
            found.update(flat(held, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = held
    return found


def resolved(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields after the config class; Outside where they were not verified."""
    values = given_of(entry, raw)
    _guard(entry, values)
    env = environment(entry, values)
    made = dict(values)
    for path, cases in entry["rules"]:
        for when, what in cases:
            if holds(when, env):
                made[path] = ruled(what, env, values, path)
                break
    return made


def given_of(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields as a config has them, defaults where it says nothing."""
    given = flat(raw, numbered="numbered" in entry)
    defaults = dict(entry["fields"])
    for part, implied in entry.get("absent", {}).items():
        defaults.update(implied if raw.get(part) is None else {})
    return {path: given.get(path, default) for path, default in defaults.items()}


def _guard(entry: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    for path, kinds in entry["kinds"].items():
        if kind_of(values[path]) not in kinds.split():
            raise Outside(f"{path} = {values[path]!r}")
    for path, seen in entry.get("only", {}).items():
        held = values[path]  # what is of another kind than all of these is a matter of kinds
        words = held if isinstance(held, (list, tuple)) and any(isinstance(one, str) for one in seen) else [held]
        if held in seen or held is None:
            continue
        if any(word not in seen and (type(word) in map(type, seen)) for word in words):
            raise Outside(f"{path} = {values[path]!r}")


def kind_of(held: Any) -> str:
    """int, bool, str, float, none, ints, strs, or the type's name."""
    if held is None:
        return "none"
    if isinstance(held, (list, tuple)):
        kinds = {type(v) for v in held}
        return "ints" if kinds <= {int} else "strs" if kinds <= {str} else "bools" if kinds <= {bool} else "mixed"
    return type(held).__name__


def ruled(what: Any, env: Mapping[str, Any], values: Mapping[str, Any], path: str) -> Any:
    """What one case of a field's rule makes of the values that are given."""
    given = values[path]
    if isinstance(what, str):
        return evaluated(what, env)
    if "value" in what:
        return what["value"]
    if "split" in what:
        return split(given, what["split"])
    if "letters" in what:
        return spelt(values[what["from"]], what["letters"])
    letter, count = what["each"]
    rounds = [{**env, letter: k} for k in range(evaluated(count, env) or 0)]
    if "of" in what:
        return [evaluated(what["of"], each) for each in rounds]
    words = [next((word for when, word in what["choose"] if holds(when, each)), None) for each in rounds]
    return [
        given[k] if word is None and isinstance(given, (list, tuple)) and k < len(given) else word
        for k, word in enumerate(words)
    ]


def environment(entry: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all symbols."""
    env: dict[str, Any] = {}
    for path, held in values.items():
        if isinstance(held, bool):
            env[name_of(path)] = int(held)
        elif isinstance(held, (list, tuple)) and all(type(v) in (int, bool) for v in held):
            env[name_of(path)] = [int(v) for v in held]
        elif type(held) is int:
            env[name_of(path)] = held
    return with_tests(env, values, entry["tests"])


def tensors(entry: Mapping[str, Any], head: str, raw: Mapping[str, Any]) -> Iterator[Item]:
    """Every tensor that the entry claims."""
    values = resolved(entry, raw)
    held = entry["heads"][head]
    _guard({"kinds": {}, "only": held.get("only", {})}, values)
    _guard({"kinds": held.get("kinds", {})}, given_of(entry, raw))
    for path, (low, _) in entry.get("bounds", {}).items():
        if type(values[path]) is int and values[path] < low:
            raise Outside(f"{path} = {values[path]}, below {low}")
    env = environment(entry, values)
    for condition in entry.get("where", ()):
        if not holds(condition, env):
            raise Outside(condition)
    for cell in entry["heads"][head]["cells"]:
        for inside in _inside(cell.get("over", ()), env):
            if holds(cell.get("if", "1"), inside):
                for tensor in cell["tensors"]:
                    yield _item(tensor, inside)


def _inside(over: Any, env: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not over:
        yield env
        return
    letter, count, *first = over[0]
    least = evaluated(first[0], env) if first else 0
    for n in range(least or 0, (least or 0) + (evaluated(count, env) or 0)):
        yield from _inside(over[1:], {**env, letter: n})


def _item(tensor: Any, env: Mapping[str, Any]) -> Item:
    name, dims, owner, *rest = tensor
    extra = rest[0] if rest else {}
    shape = tuple(-1 if (n := evaluated(d, env)) is None else n for d in dims)
    tied = extra.get("tied")
    return Item(
        _named(name, env), shape, (), extra.get("role", "weight"), extra.get("dtype", ""), extra.get("frozen", False),
        owner,
        None if tied is None else _named(tied, env),
    )  # fmt: skip


def _named(name: str, env: Mapping[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda met: str(env[met[1]]), name)


def wrong(claimed: Iterator[Item], real: list[Item]) -> Wrong | None:
    """The first tensor that differs, None where all agree."""
    said = {i.name: facts(i) for i in claimed}
    there = {i.name: facts(i) for i in real}
    for name in there:
        if said.get(name) != there[name]:
            return Wrong(name, there[name], said.get(name))
    extra = next((name for name in said if name not in there), None)
    return None if extra is None else Wrong(extra, None, said[extra])


def counted(items: Iterable[Item]) -> int:
    """The parameters among tensors, each tied one once."""
    return sum(math.prod(i.shape) for i in items if i.role != "buffer" and i.tied is None)


def facts(i: Item) -> tuple[object, ...]:
    """What must be the same of a tensor."""
    return i.shape, i.role, i.tied, i.owner, i.frozen
