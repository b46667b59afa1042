"""Learning which of several options holds where: the smallest tree of yes-no questions that the examples agree with.

Rows are numbered examples; a set of rows is an integer with a bit for each.  An option says in which rows it would be
right, a question in which rows it is answered yes; a tree asks until one option is right in all rows that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: questions one after another
DEEPEST = 9


class Leaf(NamedTuple):
    """One option for all rows that come here."""

    option: int


class Ask(NamedTuple):
    """A question, and what follows where the answer is yes, and no."""

    question: int
    yes: Tree
    no: Tree


Tree = Leaf | Ask


def learn(options: Sequence[int], questions: Sequence[int], rows: int, deepest: int = DEEPEST) -> Tree | None:
    """The tree for `rows`; None where no tree of that depth is right in all of them.  Earlier options are preferred."""
    for k, right in enumerate(options):
        if rows & ~right == 0:
            return Leaf(k)
    if deepest == 0:
        return None
    return _split(options, questions, rows, deepest)


def _split(options: Sequence[int], questions: Sequence[int], rows: int, deepest: int) -> Tree | None:
    ranked = sorted(
        ((-_worth(options, rows & q, rows & ~q), k) for k, q in enumerate(questions) if rows & q and rows & ~q)
    )
    for _, k in ranked[: 3 if deepest > DEEPEST - 3 else 1]:
        yes = learn(options, questions, rows & questions[k], deepest - 1)
        no = learn(options, questions, rows & ~questions[k], deepest - 1) if yes is not None else None
        if yes is not None and no is not None:
            return Ask(k, yes, no)
    return None


def _worth(options: Sequence[int], yes: int, no: int) -> float:
    """How many rows the best option on either side is right in; a side that is settled counts more."""
    best_yes = max((yes & right).bit_count() for right in options)
    best_no = max((no & right).bit_count() for right in options)
    settled = (best_yes == yes.bit_count()) + (best_no == no.bit_count())
    return best_yes + best_no + 0.5 * settled


def leaves(tree: Tree) -> list[tuple[int, tuple[tuple[int, bool], ...]]]:
    """Every (option, the answers on the way to it)."""
    if isinstance(tree, Leaf):
        return [(tree.option, ())]
    found = []
    for side, answer in ((tree.yes, True), (tree.no, False)):
        found += [(option, ((tree.question, answer), *path)) for option, path in leaves(side)]
    return found
