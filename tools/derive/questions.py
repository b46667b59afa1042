"""The questions that a condition may be made of: what the code itself asked, flags, words, missing values, indices."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nparams.expr import Expr, add, free_symbols
from tools.derive.compiled import bits, column
from tools.derive.environment import Tests
from tools.derive.indices import LETTERS, letter, patterns

#: conditions of the code that are looked at
MOST_ASKED = 400
#: what no tensor depends on, though code compares it: dropout and the like, and which token is which
BESIDE = re.compile("drop(out)?(_|$)|_eps(_|$)|token_id|initializer|theta")


class Row(NamedTuple):
    """One example: an observation, and the indices there."""

    observation: int
    env: Mapping[str, Any]


def row(observation: int, env: Mapping[str, Any], indices: Sequence[int]) -> Row:
    """The example with the indices under their letters."""
    return Row(observation, {**env, **dict(zip(LETTERS, indices, strict=False))} if indices else env)


class Question(NamedTuple):
    """An expression that is 0 or 1."""

    expr: Expr
    #: whether it had a value in every row
    defined: bool
    mask: int


def candidates(atoms: Iterable[Expr], tests: Tests, flags: Iterable[str], marks: int) -> list[Expr]:
    """Every question for names with so many indices, the likelier first."""
    found: dict[Expr, None] = {}
    for name, lengths in tests.lengths.items():
        found.update({Expr("eq", (Expr("sym", (), name), n)): None for n in lengths})
    for atom in list(atoms)[:MOST_ASKED]:
        for made in patterns(atom, marks):
            if isinstance(made, Expr) and (len(made.args) < 2 or made.args[0] != made.args[1]):
                found.setdefault(made)
    for flag in flags:
        found.setdefault(Expr("sym", (), flag))
    for name, (_, kind, *_) in tests.table.items():
        if kind in ("none", "list", "in"):
            found.setdefault(Expr("sym", (), name))
        elif kind == "has":
            for p in range(marks):
                found.setdefault(Expr("idx", (letter(p),), name))
        elif kind == "is":
            found.setdefault(Expr("sym", (), name))
            for p in range(marks):
                found.setdefault(Expr("idx", (letter(p),), name))
                found.setdefault(Expr("idx", (Expr("add", (letter(p), -1)),), name))
    for p in range(marks):
        found.setdefault(Expr("eq", (letter(p), 0)))
        found.setdefault(Expr("eq", (letter(p), 1)))
        found.setdefault(Expr("eq", (Expr("mod", (letter(p), 2)), 0)))
    return [expr for expr in found if not any(map(BESIDE.search, free_symbols(expr)))]


def of_activations(tests: Tests, words: Collection[str]) -> frozenset[str]:
    """The tests of fields that hold activations (`words`), which only the activations' own tensors depend on."""
    told: dict[str, list[tuple[str, bool]]] = {}
    for name, (field, kind, *wanted) in tests.table.items():
        if kind == "is":
            told.setdefault(field, []).append((name, wanted[0] in words))
    most = [some for some in told.values() if sum(known for _, known in some) > len(some) / 2]
    return frozenset(name for some in most for name, known in some if known)


#: what an index may be asked about a number, where the code asks nothing itself: ["dense"] * n + ["sparse"] * (L - n)
AGAINST: tuple[Callable[[Expr, Expr], Expr], ...] = (
    lambda i, n: Expr("lt", (i, n)),
    lambda i, n: Expr("eq", (Expr("mod", (i, n)), 0)),
    lambda i, n: Expr("eq", (Expr("mod", (add(i, 1), n)), 0)),
    lambda i, n: Expr("eq", (i, n)),
)


#: plain numbers that an index may lie below: the first three layers
FEW = (2, 3, 4, 5, 6)

#: modules that one round of a loop may put into a list
PERIODS = (3, 4)


def further(rows: Sequence[Row], marks: int) -> list[Expr]:
    """Every index against every number, and every entry of a list of numbers against the index."""
    names = dict.fromkeys(n for each in rows for n, v in each.env.items() if type(v) is int and n not in LETTERS)
    symbols = [Expr("sym", (), n) for n in names if not re.search("__(is|in)__|__none", n)]
    few = [Expr("lt", (letter(p), n)) for p in range(marks) for n in FEW]
    few += [Expr("eq", (Expr("mod", (letter(p), n)), r)) for p in range(marks) for n in PERIODS for r in range(n)]
    return few + [ask(letter(p), n) for p in range(marks) for ask in AGAINST for n in symbols]


def answered(exprs: Iterable[Expr], rows: Sequence[Row]) -> list[Question]:
    """The questions that tell some rows from others, with the rows where the answer is yes; each set of rows once."""
    everywhere = (1 << len(rows)) - 1
    made: dict[int, Question] = {}
    answers = _Answers(rows)
    for expr in exprs:
        mask = answers.mask(expr)
        if mask and mask != everywhere:
            known = made.get(mask) or made.get(everywhere & ~mask)
            defined = all(map(answers.defined, expr.args))
            if known is None or (defined and not known.defined):
                made[mask] = Question(expr, defined, mask)
    return list(made.values())


class _Answers:
    """What questions give in rows; those without an index are asked once for each observation."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.envs = [each.env for each in rows]
        places: dict[int, list[int]] = {}
        for place, each in enumerate(rows):
            places.setdefault(each.observation, []).append(place)
        self.first = [self.envs[some[0]] for some in places.values()]
        self.masks = [sum(1 << place for place in some) for some in places.values()]
        self.known: dict[int | Expr, bool] = {}

    def mask(self, expr: Expr) -> int:
        """The rows in which the answer is yes."""
        if _has_index(expr):
            return bits(map(bool, column(expr, self.envs, True)))
        return sum(mask for mask, yes in zip(self.masks, column(expr, self.first, True), strict=True) if yes)

    def defined(self, part: int | Expr) -> bool:
        """Whether it has a value in every row."""
        if part not in self.known:
            self.known[part] = None not in column(part, self.envs if _has_index(part) else self.first)
        return self.known[part]


def _has_index(expr: int | Expr) -> bool:
    return not free_symbols(expr).isdisjoint(LETTERS)


def conjunction(questions: Sequence[Question], path: Iterable[tuple[int, bool]]) -> list[str]:
    """The factors of a condition, those without an index first."""
    factors = [factor(questions[k], yes) for k, yes in path]
    return sorted(factors, key=lambda text: any(f in _names(text) for f in LETTERS))


def _names(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


OPPOSITE = {"eq": ("ne", False), "ne": ("eq", False), "lt": ("le", True), "le": ("lt", True)}


def factor(question: Question, yes: bool) -> str:
    """One answer as a factor that is 1 where it holds."""
    e = question.expr
    if e.op not in OPPOSITE:
        return str(e) if yes else f"(1 - {e})"
    if yes:
        return str(e)
    op, swapped = OPPOSITE[e.op]
    return str(Expr(op, e.args[::-1] if swapped else e.args)) if question.defined else f"(1 - {e})"
