"""A list of layers cut up: elements, brackets, repeats and branches, each with its place in the text."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Continues = Callable[[str, str], bool]

MAX_TEXT = 1_000_000
MAX_NESTED = 40

ARROW = r"[-=]+>|[→⇒➔➜⟶➝]"
#: a plus between words divides layers too (conv 32 3x3 + bn); between sizes it adds
PLUS = r"(?<=\s)\+(?=\s+[^\W\d_]{2})"
SEPARATOR = rf"[;\n,|]|{ARROW}|{PLUS}"
BULLET = r"\s*(?:[-*•]\s+|\d+[.)]\s+)"
COMMENT = r"#[^\n]*"
#: 1) or 1. before the lines of a list
NUMBERING = r"(?m)^[ \t]*\d+[.)](?=\s)"
OPEN, CLOSE = "([{", ")]}"
MARK = re.compile(rf"[()\[\]{{}}]|{SEPARATOR}")

#: words before a bracket that say how its branches are brought together
JOINS = {
    "residual": "add", "skip": "add", "shortcut": "add", "add": "add", "sum": "add", "multiply": "multiply",
    "mul": "multiply", "concat": "concat", "concatenate": "concat", "branches": "concat", "parallel": "concat",
    "inception": "concat",
}  # fmt: skip
#: words before a bracket that only group
GROUPS = frozenset(("block", "group", "stack", "repeat", "sequential"))
TIMES = r"(?:[x×*]|times)"
COUNT = r"(?:\d[\d_]*|[^\W\d_](?:\d+|_\w+)?)"
#: what may stand before a bracket: counts, and a word
FRONT_TIMES = rf"(?:(?P<times>{COUNT})\s*{TIMES}|{TIMES}\s*(?P<after>\d+))\s*"
FRONT_WORD = rf"(?P<word>[^\W\d_]+)\s*(?:(?:{TIMES}\s*)?(?P<times>{COUNT})\s*(?:{TIMES}\s*)?)?"
BACK = rf"\s*(?:(?:{TIMES}\s*(?P<times>{COUNT}))|(?:as\s+(?P<name>\w+))|(?:on\s+(?P<on>[\w.]+(?:[x×]\w+)*)))"


class Element:
    """One layer as text: `place` is the number of its first character, counted from 1."""

    __slots__ = ("place", "text")

    def __init__(self, text: str, place: int) -> None:
        self.text = text
        self.place = place

    def __str__(self) -> str:
        return f"{shown(' '.join(self.text.split()))}, at character {self.place}"


class Group:
    """Layers in brackets: branches (one where there is no `|`), how they come together, how often, under which name."""

    __slots__ = ("branches", "join", "name", "on", "place", "times", "word")

    def __init__(self, word: str, branches: list[list[Element | Group]], place: int) -> None:
        self.word = word
        self.join = JOINS.get(word)
        self.branches = branches
        self.place = place
        #: how often, as text; several multiply
        self.times: list[str] = []
        self.name: str | None = None
        #: the shape that is said to flow in
        self.on: str | None = None

    def __str__(self) -> str:
        return f"{self.word or 'the group'} at character {self.place}"


def cut(text: str, continues: Continues) -> list[Element | Group]:
    """The list of elements and groups.

    `continues(previous, text)` says whether what stands after a comma still belongs to the element before it.
    """
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of layers: at most {MAX_TEXT:,} are read")
    for unread in (COMMENT, NUMBERING):
        text = re.sub(unread, lambda match: " " * len(match[0]), text)
    return _Cutter(text, continues).list_of(0, len(text))


def _partners(text: str) -> dict[int, int]:
    """Where each bracket closes; every one has its partner, and they are not nested too deeply."""
    stack: list[int] = []
    found: dict[int, int] = {}
    for match in re.compile(r"[()\[\]{}]").finditer(text):
        c, place = match[0], match.start()
        if c in OPEN:
            stack.append(place)
            if len(stack) > MAX_NESTED:
                raise NotationError(f"brackets more than {MAX_NESTED} deep, at character {place + 1}")
        elif not stack or OPEN.index(text[stack[-1]]) != CLOSE.index(c):
            raise NotationError(f'the "{c}" at character {place + 1} closes nothing; {PAIRS}')
        else:
            found[stack.pop()] = place
    if stack:
        raise NotationError(f'the "{text[stack[-1]]}" at character {stack[-1] + 1} is never closed; {PAIRS}')
    return found


PAIRS = "brackets go in pairs: 3 x (conv 64 3x3; relu)"


def group_front(text: str, first: int, last: int) -> tuple[str, list[str], int] | None:
    """The word before a bracket, how often, and where the bracket opens; None where no group begins."""
    times: list[str] = []
    at = first
    while (found := re.compile(FRONT_TIMES).match(text, at, last)) is not None:
        times.append(found["times"] or found["after"])
        at = found.end()
    word = ""
    if (found := re.compile(FRONT_WORD).match(text, at, last)) is not None and found[
        "word"
    ].lower() in JOINS.keys() | GROUPS:
        word, at = found["word"].lower(), found.end()
        times += [found["times"]] if found["times"] else []
    return (word, times, at) if text[at : at + 1] == "(" else None


class _Cutter:
    def __init__(self, text: str, continues: Continues) -> None:
        self.text = text
        self.continues = continues
        self.partners = _partners(text)

    def list_of(self, start: int, end: int) -> list[Element | Group]:
        """The elements between two places, none of which may hold a branch."""
        branches = self.branches(start, end)
        if len(branches) > 1:
            bar = self.text.index("|", start)
            raise NotationError(
                f'the "|" at character {bar + 1} divides branches: write concat (... | ...) or residual (... | ...)'
            )
        return branches[0]

    def branches(self, start: int, end: int) -> list[list[Element | Group]]:
        """The elements of each branch."""
        found: list[list[Element | Group]] = [[]]
        pieces: list[tuple[int, int]] = []
        head = start
        for first, last, mark in self._pieces(start, end):
            if mark == "," and pieces and self.continues(self.text[pieces[-1][0] : head], self.text[first:last]):
                pieces[-1] = (pieces[-1][0], last)
                continue
            head = last  # where the part with the layer's name ends
            if mark == "|":
                found[-1] += self._made(pieces)
                found.append([])
                pieces = []
            pieces.append((first, last))
        found[-1] += self._made(pieces)
        return found

    def _pieces(self, start: int, end: int) -> list[tuple[int, int, str]]:
        """(first, last, the separator before it) for every piece outside inner brackets."""
        found, begin, mark, at = [], start, "", start
        while (match := MARK.search(self.text, at, end)) is not None:
            if match[0] in OPEN:
                at = self.partners[match.start()]
                continue
            at = match.end()
            if match[0] not in CLOSE:
                found.append((begin, match.start(), mark))
                begin, mark = at, match[0]
        return [*found, (begin, end, mark)]

    def _made(self, pieces: list[tuple[int, int]]) -> list[Element | Group]:
        found: list[Element | Group] = []
        for first, last in pieces:
            bullet = re.compile(BULLET).match(self.text, first, last)
            first = bullet.end() if bullet else first
            while first < last and self.text[first].isspace():
                first += 1
            if self.text[first:last].strip():
                found.append(self._one(first, last))
        return found

    def _one(self, first: int, last: int) -> Element | Group:
        """A group if a bracket follows at once, or after a count or a word that groups; else an element."""
        element = Element(self.text[first:last].rstrip(), first + 1)
        front = group_front(self.text, first, last)
        if front is None:
            return element
        word, times, opened = front
        closed = self.partners[opened]
        inner = self.text[opened + 1 : closed]
        if not word and not any(c.isalpha() for c in inner.replace("x", "")):
            return element  # (28, 28, 1): a shape
        group = Group(word, self.branches(opened + 1, closed), first + 1)
        group.times = times
        self._ending(group, closed + 1, last)
        return group

    def _ending(self, group: Group, start: int, end: int) -> None:
        """What stands after the bracket: x 3, as name."""
        while self.text[start:end].strip():
            found = re.compile(BACK).match(self.text, start, end)
            if found is None or (found["times"] and group.times):
                rest = self.text[start:end].strip()
                raise NotationError(
                    f"{shown(rest)} after the bracket at character {start + 1}: only x 3, on 64 or as NAME may "
                    f"follow it"
                )
            group.times += [found["times"]] if found["times"] else []
            group.name = found["name"] or group.name
            group.on = found["on"] or group.on
            start = found.end()
