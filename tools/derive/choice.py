"""Learning which of several options holds where: the smallest tree of yes-no questions that the examples agree with.

Rows are numbered examples; a set of rows is an integer with a bit for each.  An option says in which rows it would be
right, a question in which rows it is answered yes; a tree asks until one option is right in all rows that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: questions one after another
DEEPEST = 9
#: questions that are tried at each depth, the best first
BREADTH = (4, 3, 2, 1)


class Leaf(NamedTuple):
    """One option for all rows that come here."""

    option: int


class Ask(NamedTuple):
    """A question, and what follows where the answer is yes, and no."""

    question: int
    yes: Tree
    no: Tree


Tree = Leaf | Ask
#: an option, and the answers on the way to it
Path = tuple[int, tuple[tuple[int, bool], ...]]


def learn(options: Sequence[int], questions: Sequence[int], rows: int, deepest: int = DEEPEST) -> Tree | None:
    """The tree for `rows`; None where no tree of that depth is right in all of them.  Earlier options are preferred."""
    right = 0
    for option in options:
        right |= option
    return None if rows & ~right else _Search(options, questions, rows).tree(rows, deepest, BREADTH)


def paths(options: Sequence[int], questions: Sequence[int], rows: int, deepest: int = DEEPEST) -> list[Path] | None:
    """What holds where, as (option, the answers on the way to it): one tree for all options, or else one that says
    whether it is the first option (nothing there), and another one for the rest."""
    tree = learn(options, questions, rows, deepest)
    if tree is not None or not questions:
        return None if tree is None else leaves(tree)
    there = rows & ~options[0]
    whether = learn([options[0], there], questions, rows, deepest) if options[0] else Leaf(1)
    which = learn([0, *options[1:]], questions, there, deepest) if whether is not None else None
    if whether is None or which is None:
        return None
    both = [(option, first, then) for at, first in leaves(whether) if at for option, then in leaves(which)]
    found = [(option, tuple(dict.fromkeys((*first, *then)))) for option, first, then in both]
    return [(option, path) for option, path in found if not any((k, not yes) in path for k, yes in path)]


class _Search:
    """The search for one tree."""

    def __init__(self, options: Sequence[int], questions: Sequence[int], rows: int) -> None:
        self.options = options
        self.questions = questions
        #: whether never more than one option is right
        self.apart = sum((rows & option).bit_count() for option in options) == rows.bit_count()

    def tree(self, rows: int, deepest: int, breadth: Sequence[int]) -> Tree | None:
        """The tree for these rows."""
        for k, right in enumerate(self.options):
            if rows & ~right == 0:
                return Leaf(k)
        if deepest == 0:
            return None
        for k in self._ranked(rows)[: breadth[0]]:
            yes = self.tree(rows & self.questions[k], deepest - 1, breadth[1:] or breadth)
            no = self.tree(rows & ~self.questions[k], deepest - 1, breadth[1:] or breadth) if yes is not None else None
            if yes is not None and no is not None:
                return Ask(k, yes, no)
        return None

    def _ranked(self, rows: int) -> list[int]:
        """The questions that tell some of the rows from others, the one that sorts them best first."""
        telling = ((k, rows & q, rows & ~q) for k, q in enumerate(self.questions))
        worth = [(-self._purity(yes) - self._purity(no), k) for k, yes, no in telling if yes and no]
        return [k for _, k in sorted(worth)]

    def _purity(self, rows: int) -> float:
        """As many as there are rows where one option is right in all of them, fewer where they are mixed: each row
        counts for the option that is right in most of them."""
        present = [rows & option for option in self.options]
        if self.apart:
            return sum(right.bit_count() ** 2 for right in present) / rows.bit_count()
        found, left = 0, rows
        while left:
            most = max(present, key=int.bit_count)
            found += most.bit_count() ** 2
            left &= ~most
            present = [right & left for right in present]
        return found / rows.bit_count()


def leaves(tree: Tree) -> list[Path]:
    """Every (option, the answers on the way to it)."""
    if isinstance(tree, Leaf):
        return [(tree.option, ())]
    found = []
    for side, answer in ((tree.yes, True), (tree.no, False)):
        found += [(option, ((tree.question, answer), *path)) for option, path in leaves(side)]
    return found
