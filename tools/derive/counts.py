"""How many modules stand in each numbered container: an expression for every template, learnt from all observations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nparams.expr import Expr, add, mul
from nparams.expr.nodes import build
from tools.derive import choice
from tools.derive.compiled import bits, column, value
from tools.derive.errors import NoEntry
from tools.derive.indices import LETTERS, NEAR, Size, letter, patterns
from tools.derive.questions import Question, Row, answered, candidates, conjunction, row
from tools.derive.templates import Templates, containers_of
from tools.derive.tracking import LENGTH

#: different lengths that are taken for plain numbers before fields are tried
FEW_LENGTHS = 2
#: expressions that came up in one run and may be a count
MOST_MADE = 3_000
#: expressions of which a count may be a multiple, and how many modules each may stand for
MOST_STRAIGHT, STEEPEST = 4_000, 12


class Count(NamedTuple):
    """The number of entries of a container: the first expression whose condition (text, "1": always) holds."""

    cases: list[tuple[str, Size]]
    #: questions by which it was told, to evaluate the conditions
    paths: list[tuple[tuple[tuple[Expr, bool], ...], Size]]

    def at(self, env: Mapping[str, Any]) -> int | None:
        """The number there; None where it has none."""
        for path, size in self.paths:
            if all(bool(value(q, env, True)) == yes for q, yes in path):
                return value(size, env)
        return None

    @property
    def text(self) -> str:
        """As one expression."""
        if len(self.cases) == 1:
            return str(self.cases[0][1])
        return " + ".join(f"{when}*({size})" for when, size in self.cases if size != 0)


class Counter:
    """Learns counts over the environments of all observations."""

    def __init__(self, templates: Templates, envs: Sequence[dict[str, Any]], tests: Any, flags: Sequence[str]) -> None:
        self.templates = templates
        self.envs = envs
        self.tests = tests
        self.flags = flags
        self.atoms = list(dict.fromkeys(a for o in templates.observations for a in o.atoms))
        self.found: dict[str, Count] = {}

    def of(self, template: str) -> Count:
        """The count of a container; NoEntry where no expression gives it."""
        if template not in self.found:
            self.found[template] = self._learn(template)
        return self.found[template]

    def _learn(self, template: str) -> Count:
        seen = list(self.templates.lengths(template))
        rows = [row(k, self.envs[k], outer) for k, outer, _ in seen]
        lengths = [length for *_, length in seen]
        marks, everywhere = len(containers_of(template)), (1 << len(rows)) - 1
        options = list(_fitting(self._sizes(marks, lengths), rows, lengths))
        if len(options) != 1 or options[0][1] != everywhere:
            options = _straight(self._sizes(marks, ()), rows, lengths) or options
        masks = [mask for _, mask in options]
        questions: list[Question] = []
        tree = choice.learn(masks, [], everywhere) if masks else None
        if tree is None and masks:
            questions = answered(candidates(self.atoms, self.tests, self.flags, marks), rows)
            tree = choice.learn(masks, [q.mask for q in questions], everywhere, 4)
        if tree is None:
            raise NoEntry(f"how many {template.replace('#', '*')}.* there are follows no rule that was found")
        return _count(tree, [size for size, _ in options], questions)

    def _sizes(self, outer: int, lengths: Sequence[int]) -> Iterator[Size]:
        """Expressions that may be the count, the simplest first."""
        names = dict.fromkeys(n for env in self.envs for n, v in env.items() if type(v) is int)
        lists = dict.fromkeys(n for env in self.envs for n, v in env.items() if isinstance(v, list))
        if len(set(lengths)) <= FEW_LENGTHS:  # none but in some places: a number, not a field that is always the same
            yield from sorted(set(lengths))
        shifts = (0, 1, -1)
        for shift in shifts:
            yield from (add(Expr("sym", (), n), shift) for n in names)
        for p in range(outer):
            for off in range(-NEAR, NEAR + 1):
                for n in lists:
                    yield from (add(Expr("idx", (add(letter(p), off),), n), shift) for shift in shifts)
            for n in lists:
                back = add(Expr("sym", (), n + LENGTH), Expr("mul", (-1, letter(p))), -1)
                yield from (add(Expr("idx", (back,), n), shift) for shift in shifts)
        made = dict.fromkeys(e for o in self.templates.observations[:6] for e in list(o.pool)[:MOST_MADE])
        general = dict.fromkeys(g for e in made for g in patterns(e, outer))
        yield from sorted(general, key=lambda g: len(str(g)))
        yield from sorted(set(lengths))
        yield from (add(Expr("sym", (), n), shift) for n in names for shift in (2, -2, 3, -3))


def _fitting(sizes: Iterator[Size], rows: Sequence[Row], lengths: Sequence[int]) -> Iterator[tuple[Size, int]]:
    """The expressions that are right in some rows, with those rows; up to the first that is right in all."""
    best: dict[int, Size] = {}
    envs = [each.env for each in rows]
    for size in sizes:
        mask = bits(found == length for found, length in zip(column(size, envs), lengths, strict=True))
        if mask and mask not in best:
            best[mask] = size
            if mask == (1 << len(rows)) - 1:
                yield size, mask
                return
    ranked = sorted(best.items(), key=lambda pair: -pair[0].bit_count())
    yield from ((size, mask) for mask, size in ranked[:40])


def _straight(sizes: Iterator[Size], rows: Sequence[Row], lengths: Sequence[int]) -> list[tuple[Size, int]]:
    """The first expression of which the lengths are a multiple plus a number: 3*(n - 1) + 2."""
    envs = [each.env for each in rows]
    far = next((k for k, length in enumerate(lengths) if length != lengths[0]), 0)
    for size in itertools.islice(dict.fromkeys(sizes), MOST_STRAIGHT):
        for many in (size, build("max", (size, 0))):  # range(n - 1) is empty for n = 0
            first, other = column(many, (envs[0], envs[far]))
            if first is None or other is None or first == other:
                continue
            slope = (lengths[far] - lengths[0]) // (other - first)
            made = add(mul(slope, many), lengths[0] - slope * first)
            if 0 < slope <= STEEPEST and column(made, envs) == list(lengths):
                return [(made, (1 << len(rows)) - 1)]
    return []


def _count(tree: choice.Tree, sizes: Sequence[Size], questions: Sequence[Question]) -> Count:
    cases, paths = [], []
    for option, path in choice.leaves(tree):
        when = "*".join(conjunction(questions, path)) or "1"
        cases.append((when, sizes[option]))
        paths.append((tuple((questions[k].expr, yes) for k, yes in path), sizes[option]))
    return Count(cases, paths)


__all__ = ["LETTERS", "Count", "Counter"]
