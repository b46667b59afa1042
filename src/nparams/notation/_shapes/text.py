"""Brackets as a small tree: lists, dicts, calls, words; nothing is evaluated."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_DEPTH = 60
CLOSING = {"(": ")", "[": "]", "{": "}"}

TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'[^'\n]*'|"[^"\n]*")
    | (?P<open>[\[({])
    | (?P<close>[\])}])
    | (?P<gap>\.\.\.|…)
    | (?P<mark>[,:=])
    | (?P<word>(?:[^\s\[\](){},:='"….]|\.(?!\.\.)|(?<=\w)['"](?=\w))+)
    | (?P<other>['"])
    )""",
    re.VERBOSE,
)


class Node:
    """A piece of the text: `kind` is seq, call, pair, word, str or gap.

    `name`: the opening bracket of a seq, the function of a call (`bracket` opens it), the key of a pair.
    """

    __slots__ = ("bracket", "items", "kind", "name", "span")

    def __init__(self, kind: str, name: str, span: tuple[int, int], items: list[Node], bracket: str = "") -> None:
        self.kind = kind
        self.name = name
        self.span = span
        self.items = items
        self.bracket = bracket

    def __repr__(self) -> str:
        return f"Node({self.kind}, {self.name!r}, {self.items})"


class Reader:
    """Reads one bracket at a time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self._line = (0, 1)

    def line(self, place: int) -> int:
        """The number of the line that a character stands in."""
        start, number = self._line if place >= self._line[0] else (0, 1)
        self._line = (place, number + self.text.count("\n", start, place))
        return self._line[1]

    def fail(self, place: int, what: str) -> NoReturn:
        """Raise with the line of a character."""
        raise NotationError(f"line {self.line(place)}: {what}")

    def group(self, start: int, called: str = "") -> Node:
        """The bracket that opens at `start`, to its end; `called` is the word right before it."""
        opening = self.text[start]
        self.at = start + 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(start, f"brackets are nested more than {MAX_DEPTH} deep")
        items = self._items(start, CLOSING[opening])
        self.depth -= 1
        span = (start - len(called), self.at)
        return Node("call", called, span, items, opening) if called else Node("seq", opening, span, items)

    def _items(self, start: int, closing: str) -> list[Node]:
        items: list[Node] = []
        while True:
            match = TOKEN.match(self.text, self.at)
            if match is None:
                cut = shown(self.text[start : start + 40])
                self.fail(start, f"{cut} is not closed: {closing} is missing at the end; was the paste cut off?")
            kind = str(match.lastgroup)
            if kind == "close":
                if match[kind] != closing:
                    self.fail(match.start(kind), f"found {match[kind]} where {closing} should close a bracket")
                self.at = match.end()
                return items
            self._item(match, kind, items)

    def _item(self, match: re.Match[str], kind: str, items: list[Node]) -> None:
        span = match.span(kind)
        self.at = match.end()
        if kind == "open":
            items.append(self.group(span[0]))
        elif kind == "mark" and match[kind] != ",":
            self._pair(items, span)
        elif kind == "word" and self.text[self.at : self.at + 1] in CLOSING and match[kind][-1] not in "*+-/":
            items.append(self.group(self.at, match[kind]))
        elif kind == "mark":
            items.append(Node("comma", ",", span, []))
        elif kind in ("word", "string", "gap"):
            name = match[kind][1:-1] if kind == "string" else match[kind]
            items.append(Node({"string": "str"}.get(kind, kind), name, span, []))

    def _pair(self, items: list[Node], span: tuple[int, int]) -> None:
        """What stands before a colon or = is the key of what follows; nothing may stand there."""
        words: list[str] = []
        while items and items[-1].kind in ("word", "str"):
            words.append(items.pop().name)
        items.append(Node("key", " ".join(reversed(words)), span, []))


def settled(node: Node) -> Node:
    """The tree with keys joined to their values and words that stand together made one; without commas."""
    stack = [node]
    while stack:
        inner = stack.pop()
        inner.items = _joined(inner.items)
        stack.extend(inner.items)
    return node


def _joined(items: list[Node]) -> list[Node]:
    found: list[Node] = []
    run: list[Node] = []
    keys: list[Node] = []

    def close() -> None:
        """What stood between two commas."""
        if not run:
            if keys:
                found.append(Node("pair", keys[0].name, keys[0].span, []))
            keys.clear()
            return
        values = run[:]
        if len(values) > 1 and any(n.kind == "word" for n in values) and all(n.kind in _GLUED for n in values):
            values = [Node("word", "", (run[0].span[0], run[-1].span[1]), [])]  # 4 * (d + 1): one dimension
        for key in reversed(keys):
            values = [Node("pair", key.name, (key.span[0], values[-1].span[1]), values)]
        found.extend(values)
        run.clear()
        keys.clear()

    for item in items:
        if item.kind == "comma":
            close()
        elif item.kind == "key":
            if run:
                close()
            keys.append(item)
        else:
            run.append(item)
    close()
    return found


_GLUED = ("word", "seq", "call")
