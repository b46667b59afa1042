"""What a question and its solution are made of, before it is decided whether they are Markdown or HTML."""

from __future__ import annotations

import re

from nparams.views.explain import ONE, singular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from nparams.expr import Size

    Slot = Size | str
    Block: TypeAlias = "Say | Show | Choices"


#: a plural of ours although there is only one
COUNTED = re.compile(r"(?<![\w,.·×])1 (neuron|cell|filter|channel|number|position|output|parameter|array|line)s\b")
ENTRIES = re.compile(r"(?<![\w,.·×])1 (entr|matr)(?:ies|ices)\b")
SINGLE = {"entr": "1 entry", "matr": "1 matrix"}


def one_of(words: str) -> str:
    """Words in which one is no plural.

    >>> one_of("1 neurons of 784, 21 neurons"), one_of("1 entries of 1 numbers")
    ('1 neuron of 784, 21 neurons', '1 entry of 1 number')
    """
    words = COUNTED.sub(r"1 \1", ONE.sub(singular, words))
    return ENTRIES.sub(lambda found: SINGLE[found[1]], words)


class Name(str):
    """A name that the source gave: shown as it is, never as markup."""

    __slots__ = ()


class Say:
    """A sentence with {slots}: numbers, expressions, names, or words."""

    __slots__ = ("slots", "template")

    def __init__(self, template: str, **slots: Slot) -> None:
        self.template = template
        self.slots = slots


class Ratio:
    """part / whole, which is no number of parameters and comes to `percent`."""

    __slots__ = ("part", "whole")

    def __init__(self, part: int, whole: int) -> None:
        self.part = part
        self.whole = whole

    @property
    def exact(self) -> bool:
        """Whether the percentage is not rounded."""
        return self.percent[0].isdigit() and 1000 * self.part % self.whole == 0

    @property
    def percent(self) -> str:
        """As people read it: neither nothing nor all is said of what is not.

        >>> Ratio(12560, 13002).percent, Ratio(1, 10**6).percent, Ratio(10**6 - 1, 10**6).percent
        ('96.6%', 'less than 0.1%', 'more than 99.9%')
        """
        if 0 < 2000 * self.part < self.whole:
            return "less than 0.1%"
        if 0 < 2000 * (self.whole - self.part) < self.whole:
            return "more than 99.9%"
        return f"{self.part / self.whole:.1%}"


def shape_slots(key: str, sides: Sequence[Size] | None) -> tuple[str, dict[str, Slot]]:
    """A shape as a template and its slots: ("{a0}×{a1}", {"a0": 16, "a1": 784})."""
    slots: dict[str, Slot] = {f"{key}{k}": side for k, side in enumerate(sides or ())}
    return "×".join(f"{{{name}}}" for name in slots), slots


class Show:
    """A line of arithmetic: sides that are equal, and what the last one counts.  Sides that look alike stand once."""

    __slots__ = ("noun", "sides")

    def __init__(self, sides: Sequence[Size | Ratio | None], noun: str = "") -> None:
        self.sides: list[Size | Ratio] = []
        for side in sides:
            if side is not None and not any(_same(side, other) for other in self.sides):
                self.sides.append(side)
        self.noun = noun


def _same(a: Size | Ratio, b: Size | Ratio) -> bool:
    return not isinstance(a, Ratio) and a == b


class Choices:
    """Things of which some are so and some are not, under letters."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Say]) -> None:
        self.items = list(items)


class Question:
    """What is asked, and its solution step by step."""

    __slots__ = ("asked", "solved")

    def __init__(self, asked: Sequence[Block], solved: Sequence[Block]) -> None:
        self.asked = list(asked)
        self.solved = list(solved)


class Sheet:
    """What a reader is told of the network, the questions, and what to say where there is nothing to ask."""

    __slots__ = ("given", "head", "questions", "rest", "rows", "title")

    def __init__(self, title: str, given: tuple[str, str], questions: Sequence[Question]) -> None:
        self.title = title
        #: the network as it was given, and in words
        self.given = given
        #: headings of the table of layers, and its cells
        self.head: tuple[str, ...] = ()
        self.rows: list[tuple[Say, ...]] = []
        #: sentences under the table
        self.rest: list[Say] = []
        self.questions = list(questions)
