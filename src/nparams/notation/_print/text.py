"""A printed model as a tree of nodes, told from its brackets alone: indentation may be lost, lines may be joined.

torch.nn.Module.__repr__ prints `Class(`, the layer's own words (extra_repr), a `(name): Class(...)` for each child and
a bracket; ModuleList puts `(0-11): 12 x Class(` for equal neighbours (torch/nn/modules/module.py and container.py).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.notation._print.layers import Found

#: levels of nesting, and layers as they are printed
MAX_DEPTH, MAX_NODES = 2_000, 200_000
MAX_TEXT = 4_000_000

#: what a terminal shows as colour
COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")
#: in front of a line: marks of comments, quotes and lists
MARKS = re.compile(r"^[ \t]*(?:(?:#|//|>|\||│|\*)[ \t]*){0,8}", re.MULTILINE)
#: the numbers of lines, as editors show them
NUMBERS = re.compile(r"^[ \t]*\d{1,5}[:.|]?[ \t]+(?=[(A-Z)])", re.MULTILINE)
#: behind code: a remark of somebody's
REMARK = re.compile(r"(?<=[(),\]])[ \t]+(?://|# )([^\n]*)")
#: (0-11): 12 x BertLayer(   or   (fc): Linear(
CHILD = (
    r"(?<!\w)\([ \t]*(?P<name>[^()\n]{1,160}?)[ \t]*\)[ \t]*:\s*"
    r"(?:(?P<times>\d{1,12})[ \t]*[x×][ \t]*)?(?P<cls>[^\W\d][\w.]{0,160})[ \t]?\("
)
#: (default): Parameter containing: [torch.FloatTensor of size 8x30522]
PARAMETER = (
    r"(?:\([ \t]*(?P<pname>[^()\n]{1,160})\)[ \t]*:\s*)?Parameter containing:\s*\[(?P<held>[^\]\n]{0,160}?)\bof size"
    r"(?P<size>[ \dx]{0,160})[^\]\n]{0,80}\]"
)
TOKEN = re.compile(rf"{CHILD}|{PARAMETER}|(?<![\w.])(?P<call>[^\W\d][\w.]{{0,160}})[ \t]?\(|(?P<open>\()|(?P<close>\))")
#: behind a closed bracket on its line: ", 262,656 params"
COUNT = re.compile(r"[ \t]*[,#|:–—-]*[ \t]*(?P<n>\d[\d,_]{0,60})[ \t]*(?:params?|parameters)\b", re.IGNORECASE)
RANGE = re.compile(r"(\d{1,9})\s*(?:-|–|—|\.\.)\s*(\d{1,9})\Z")


class Node:
    """A module as it is printed.

    `times`: how many equal ones stand there; `first`: the number of the first of them; `own`: its own words, children
    cut out; `told`: the parameters that its line says it has; `held`: raw parameters, as (name, shape).
    """

    __slots__ = (
        "children", "cls", "copies", "cut", "first", "found", "held", "line", "name", "own", "path", "start", "times",
        "told",
    )  # fmt: skip

    def __init__(self, name: str, cls: str, times: int, start: int) -> None:
        self.name = name
        self.cls = cls
        self.times = times
        self.first: int | None = None
        self.start = start
        self.line = 0
        self.own: list[str] = []
        self.children: list[Node] = []
        self.told: int | None = None
        self.held: list[tuple[str, tuple[int, ...]]] = []
        #: put in once it is known: what it holds by itself, how many of it there are in all, the first one's full name
        self.found: Found
        self.copies = 1
        self.path = ""
        #: whether the text ends among its words
        self.cut = False

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.cls}, {len(self.children)} children)"

    @property
    def bare(self) -> str:
        """The class without its package: Linear4bit of lora.Linear4bit."""
        return self.cls.rpartition(".")[2]

    @property
    def words(self) -> str:
        """What it prints of itself, children cut out."""
        return ",".join(self.own)

    def walk(self) -> list[Node]:
        """It and everything under it, in the order of the print."""
        found, stack = [], [self]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(reversed(node.children))
        return found


class Printed:
    """What was found in a text: the outermost nodes, what stands in front of each, and how many brackets are open."""

    __slots__ = ("front", "open", "roots", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.roots: list[Node] = []
        #: by root: what stands before it on its line
        self.front: list[str] = []
        self.open = 0


class _Frame:
    """An open bracket: of a node, of a call that may turn out to be one, or a plain one (no node)."""

    __slots__ = ("maybe", "node", "since")

    def __init__(self, node: Node | None, since: int, maybe: bool) -> None:
        self.node = node
        #: where its own words go on
        self.since = since
        self.maybe = maybe


def cleaned(text: str) -> str:
    """The text without marks in front of lines and remarks behind them; counts in remarks stay."""
    text = COLOURS.sub("", text).replace("\r", "\n").replace("**", "")
    text = NUMBERS.sub("", MARKS.sub("", text))
    return REMARK.sub(lambda m: f" {counted[0]}" if (counted := COUNT.search(m[1])) else "", text)


def scan(text: str) -> Printed:
    """Every node of a text.

    >>> printed = scan("Net(\\n  (fc): Linear(in_features=4, out_features=2, bias=True)\\n  (act): ReLU()\\n)")
    >>> printed.roots, [child.name for child in printed.roots[0].children]
    ([Node('', Net, 2 children)], ['fc', 'act'])
    """
    if len(text) > MAX_TEXT:
        raise NotationError(f"a text of {len(text):,} characters: a printed model has at most {MAX_TEXT:,}")
    scanner = _Scanner(cleaned(text))
    scanner.run()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Printed(text)
        self.stack: list[_Frame] = []
        self.nodes = 0
        self._line, self._at = 1, 0

    def run(self) -> None:
        """Go through the brackets once."""
        for m in TOKEN.finditer(self.text):
            if m["cls"]:
                self._child(m)
            elif m["size"] is not None:
                self._parameter(m)
            elif m["call"]:
                self._open(Node("", m["call"], 1, m.start()), m.end(), maybe=True)
            elif m["open"]:
                self._push(_Frame(None, m.end(), False))
            else:
                self._close(m)
        self.found.open = sum(frame.node is not None and not frame.maybe for frame in self.stack)
        last = self._top()
        if last is not None and last.node is not None and not last.node.children:
            last.node.cut = not self.text.rstrip(" \n>.").endswith(("True", "False"))
        while self.stack:
            self._end(len(self.text), len(self.text))

    def _push(self, frame: _Frame) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise NotationError(f"more than {MAX_DEPTH:,} brackets are open at line {self._line_at(frame.since)}")
        self.stack.append(frame)

    def _open(self, node: Node, at: int, *, maybe: bool) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise NotationError(f"more than {MAX_NODES:,} layers are printed")
        node.line = self._line_at(node.start)
        self._push(_Frame(node, at, maybe))

    def _line_at(self, at: int) -> int:
        """Lines are asked for in order, so that each is counted once."""
        self._line += self.text.count("\n", self._at, at)
        self._at = max(self._at, at)
        return self._line

    def _child(self, m: re.Match[str]) -> None:
        """A child: every open call that it stands in is a node then."""
        self._settle(m.start())
        node = Node(escaped(m["name"].strip()), m["cls"], int(m["times"] or 1), m.start())
        _number(node, m["times"])
        self._open(node, m.end(), maybe=False)

    def _settle(self, at: int) -> None:
        """The calls that are open are nodes, and the words of the innermost end here."""
        for frame in reversed(self.stack):
            if frame.node is not None and not frame.maybe:
                break  # those around it are settled
            frame.maybe = False
        self._cut(at)

    def _cut(self, at: int) -> None:
        """The words of the innermost node end here for now."""
        top = self._top()
        if top is not None and top.node is not None and top.since < at:
            top.node.own.append(self.text[top.since : at])
            top.since = at

    def _top(self) -> _Frame | None:
        return next((frame for frame in reversed(self.stack) if frame.node is not None), None)

    def _parameter(self, m: re.Match[str]) -> None:
        self._settle(m.start())
        top = self._top()
        if top is None or top.node is None:
            return
        sides = tuple(int(side) for side in re.findall(r"\d{1,30}", m["size"]))
        name = escaped((m["pname"] or str(len(top.node.held))).strip())
        top.node.held.append((name, sides))
        top.since = m.end()

    def _close(self, m: re.Match[str]) -> None:
        if self.stack:
            self._end(m.start(), m.end())

    def _end(self, at: int, after: int) -> None:
        """A bracket closes: its node is complete."""
        frame = self.stack.pop()
        node = frame.node
        if node is None:
            return
        node.own.append(self.text[frame.since : at])
        told = COUNT.match(self.text, after)
        node.told = int(told["n"].replace(",", "").replace("_", "")) if told else None
        parent = self._top()
        if not frame.maybe:
            if parent is None or parent.node is None:
                self._root(node)
            else:
                self._cut(node.start)
                parent.node.children.append(node)
                parent.since = after
        elif parent is None:
            self._root(node)

    def _root(self, node: Node) -> None:
        line = self.text.rfind("\n", 0, node.start) + 1
        self.found.roots.append(node)
        self.found.front.append(self.text[max(line, node.start - 400) : node.start].strip())


def _number(node: Node, times: str | None) -> None:
    """The numbers of equal neighbours: (0-11)."""
    span = RANGE.match(node.name)
    if span is None:
        return
    node.first = int(span[1])
    if times is None:
        node.times = max(int(span[2]) - int(span[1]) + 1, 1)
