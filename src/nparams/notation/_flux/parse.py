"""Julia code that makes layers, as a tree: calls, pairs, tuples, anonymous functions.  Nothing is evaluated."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._flux.tokens import Token, Words

MAX_DEPTH = 40
#: what begins code that would have to run
BLOCKS = ("function", "struct", "mutable", "for", "while", "if", "module", "begin", "let", "macro", "@")

#: how strongly operators bind, and whether the right one comes first
BINDS = {"=>": (1, True), "|>": (3, False), ":": (4, False), "+": (5, False), "-": (5, False), "*": (6, False),
         "/": (6, False), "÷": (6, False), "%": (6, False), "∘": (6, False), "^": (8, True)}  # fmt: skip
CLOSING = {"(": ")", "[": "]"}


class Node:
    """A piece of code: `kind` is number, name, string, tuple, vector, call, pair, function, op, each, array."""

    __slots__ = ("args", "at", "end", "kind", "named", "value")

    def __init__(self, kind: str, value: str, at: int, args: list[Node] | None = None) -> None:
        self.kind = kind
        self.value = value
        self.at = at
        self.end = at
        self.args = args or []
        #: arguments with a name, in order
        self.named: list[tuple[str, Node]] = []

    def __repr__(self) -> str:
        return f"Node({self.kind}, {self.value!r}, {self.args}, {self.named})"


class Parser(Words):
    """Reads statements; comments are kept apart."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.place = 0
        self.depth = 0
        #: lines that make no layer and were passed over
        self.aside: list[tuple[int, str]] = []
        #: a place, and the line that it is in
        self.counted = (0, 1)

    # -- words --------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """What comes next."""
        return self.tokens[min(self.place, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Read whatever comes next."""
        token = self.next
        self.place += 1
        return token

    def accept(self, *texts: str) -> Token | None:
        """Read the next sign if it is one of these."""
        return self.take() if self.next.text in texts and self.next.kind in ("op", "sign") else None

    def lines(self) -> None:
        """Pass over ends of lines, inside brackets."""
        while self.next.kind == "nl":
            self.place += 1

    # -- statements ---------------------------------------------------------------------------------------------------

    def statements(self) -> list[tuple[str | None, Node]]:
        """(name, expression) for each; the name is None where nothing is assigned."""
        found: list[tuple[str | None, Node]] = []
        first: NotationError | None = None
        while True:
            while self.next.kind == "nl" or self.next.text in (";", ","):
                self.place += 1
            if self.next.kind == "end":
                if first is not None and not found:
                    raise first
                return found
            if self._passed():
                continue
            start, depth = self.place, self.depth
            try:
                found.append(self._statement())
            except NotationError as error:
                if not self._is_aside(start):
                    raise
                first = first or error
                self.depth = depth

    def _is_aside(self, start: int) -> bool:
        """Whether a line that is not understood makes no layer: a sentence, a call, an output; it is passed over."""
        at = self.tokens[start].at
        end = self.text.find("\n", at)
        line = self.text[at : end if end >= 0 else len(self.text)]
        if re.search(r"[A-Z]\w*\(", line) is not None or line.split(" ")[0] in BLOCKS:
            return False
        self.place = start
        while self.next.kind not in ("nl", "end"):
            self.place += 1
        counted, number = self.counted
        number += self.text.count("\n", counted, at)  # from the line that was counted last
        self.counted = (at, number)
        self.aside.append((number, line.strip()))
        return True

    def _passed(self) -> bool:
        """`using Flux`, `julia>` in front of a line."""
        word = self.next.text
        if word in ("using", "import", "include"):
            while self.next.kind not in ("nl", "end"):
                self.place += 1
            return True
        if word == "julia" and self.tokens[self.place + 1].text == ">":
            self.place += 2
            return True
        if word in ("const", "global", "local", "return"):
            self.place += 1
            return True
        if word in BLOCKS:
            self.fail(self.next.at, f"{shown(word)} is code that would have to run; paste the layers: Chain(...)")
        return False

    def _statement(self) -> tuple[str | None, Node]:
        name = None
        if self.next.kind == "name" and self.tokens[self.place + 1].text == "=":
            name = self.take().text
            self.take()
            self.lines()
        node = self.expression()
        if self.next.kind not in ("nl", "end") and self.next.text not in (";", ","):
            self.fail(self.next.at, f"{shown(self.next.text)} is not understood here")
        return name, node

    # -- expressions --------------------------------------------------------------------------------------------------

    def expression(self, least: int = 0) -> Node:
        """An expression whose operators bind at least so strongly."""
        self.depth += 1
        if self.depth > MAX_DEPTH * 3:
            self.fail(self.next.at, f"nested more than {MAX_DEPTH} deep")
        left = self._unary()
        while True:
            token = self.next
            sign = token.text.lstrip(".")
            if token.kind != "op" or sign not in BINDS or BINDS[sign][0] < least:
                break
            self.take()
            self.lines()
            strength, right = BINDS[sign]
            other = self.expression(strength if right else strength + 1)
            kind = "pair" if sign == "=>" else "op"
            left, at = Node(kind, sign, left.at, [left, other]), other.end
            left.end = at
        self.depth -= 1
        return left

    def _unary(self) -> Node:
        token = self.next
        if token.kind == "op" and token.text.lstrip(".") in ("-", "+", "*", "/", "÷"):
            self.take()
            if self.next.text in (",", ")", ";", "]"):
                return self._ended(Node("name", token.text, token.at))  # + as a function
            inner = self.expression(7)
            return self._ended(Node("op", token.text, token.at, [inner]))
        return self._postfix(self._primary())

    def _ended(self, node: Node) -> Node:
        node.end = self.tokens[self.place - 1].end
        return node

    def _primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self._ended(Node("number", token.text, token.at))
        if token.kind in ("string", "array"):
            return self._ended(Node(token.kind, token.text, token.at))
        if token.kind == "symbol":
            return self._ended(Node("string", token.text, token.at))
        if token.kind == "name":
            if token.text == "function":
                self.fail(token.at, "a function would have to run; write x -> ... or the layers")
            return self._ended(Node("name", token.text, token.at))
        if token.kind == "sign" and token.text in CLOSING:
            return self._bracket(token)
        if token.text == ":":
            return self._ended(Node("string", ":", token.at))
        told = shown(token.text) if token.text.strip() else "the end"
        raise self.error(token.at, f"{told} stands where a layer is expected")

    def _bracket(self, opening: Token) -> Node:
        node = Node("tuple" if opening.text == "(" else "vector", opening.text, opening.at)
        self._arguments(node, CLOSING[opening.text])
        if node.kind == "tuple" and len(node.args) == 1 and not node.named and node.value != ",":
            return node.args[0]
        return node

    def _postfix(self, node: Node) -> Node:
        """Calls, splats, anonymous functions."""
        while True:
            token = self.next
            adjacent = token.at == node.end
            if token.text == "(" and adjacent and node.kind == "name":
                self.take()
                node = self._named(node)
            elif token.text == "..." and token.kind == "op":
                self.take()
                node.end = token.end
            elif token.text == "->":
                return self._function(node)
            elif token.text == "." and adjacent and node.kind == "name":
                self.take()  # relu. for every value
                node.end = token.end
            elif token.text in ("[", "(", ".(") and adjacent and node.kind != "number":
                self.fail(token.at, "indexing and calls of results would have to run; write the layers themselves")
            else:
                return node

    def _named(self, node: Node) -> Node:
        call = Node("call", node.value.partition("{")[0], node.at)
        self._arguments(call, ")")
        return call

    def _arguments(self, node: Node, closing: str) -> None:
        """Everything up to the closing bracket: arguments, named ones, `expression for i in 1:3`."""
        self.depth += 1
        if self.depth > MAX_DEPTH * 3:
            self.fail(node.at, f"nested more than {MAX_DEPTH} deep")
        while True:
            self.lines()
            if self.accept(closing):
                break
            if self.next.kind == "end":
                self.fail(node.at, f"{shown(node.value)} is not closed: {closing} is missing at the end")
            if self.accept(",", ";") is not None:
                node.value = "," if node.kind == "tuple" else node.value
                continue
            self._argument(node, closing)
        self.depth -= 1
        self._ended(node)

    def _argument(self, node: Node, closing: str) -> None:
        if self.next.kind == "name" and self.tokens[self.place + 1].text == "=":
            name = self.take().text
            self.take()
            self.lines()
            node.named.append((name, self.expression()))
        else:
            node.args.append(self.expression())
        self.lines()
        if self.next.text == "for" and node.args:
            node.args.append(self._each(node.args.pop()))
        elif self.next.text not in (",", ";", closing) and self.next.kind != "end":
            self.fail(self.next.at, f"{shown(self.next.text)} is not understood here; a comma or {closing} is expected")

    def _each(self, body: Node) -> Node:
        """`Dense(64 => 64) for i in 1:3`."""
        self.take()
        index = self.take()
        sign = self.take()
        if index.kind != "name" or sign.text not in ("in", "=", "∈"):
            self.fail(index.at, "a comprehension is written: [Dense(64 => 64) for i in 1:3]")
        node = Node("each", index.text, body.at, [body, self.expression()])
        self.lines()
        return self._ended(node)

    def _function(self, parameters: Node) -> Node:
        """`() -> Dense(5 => 7)` makes a layer; what `x -> ...` does to values has no parameters."""
        self.take()
        self.lines()
        makes = parameters.kind == "tuple" and not parameters.args
        node = Node("function", "" if makes else "values", parameters.at)
        if makes:
            node.args.append(self.expression())
        else:
            self._skip(node)
        return self._ended(node)

    def _skip(self, node: Node) -> None:
        """Pass over the body of a function of values; layers made in it are kept to be told."""
        depth = 0
        while self.next.kind != "end":
            token = self.next
            if depth == 0 and (token.text in (",", ")", "]", ";") or token.kind == "nl"):
                return
            depth += (token.text in ("(", "[", ".(")) - (token.text in (")", "]"))
            if token.kind == "name" and token.text.rpartition(".")[2][:1].isupper():
                node.named.append((token.text, Node("name", token.text, token.at)))
            self.take()


__all__ = ["Node", "Parser"]
