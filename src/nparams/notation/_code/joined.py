"""Code whose lines were joined into one, as pages give it that lost their line ends: parted where statements begin.

Only outside brackets and texts, and only at words that cannot go on a statement.
"""

from __future__ import annotations

import re

#: a whole class on a line
JOINED = re.compile(r"\bclass[ \t]+\w+[ \t]*(?:\([^()\n]*\))?:[ \t]*(?:#[^\n]{0,200}?)?[ \t]*def[ \t]+\w+\(")
#: where a statement begins; `from a import b` is one
BEGINS = re.compile(
    r"(?<![\w.])(?:from [\w.]+ import \w+|import [\w.]+(?: as \w+)?|class \w+[ ]*[(:]|@\w+"
    r"|(?:return|super|print)\b(?=[ (])|for [\w, ]{1,80} in |[A-Za-z_]\w*(?:\.\w+)* ?= ?(?![=]))"
    r"|(?<![A-Za-z_.])(?:def \w+\(|self\.\w+(?:\.\w+)* ?= ?(?![=])|super\()"
)
PIECE = re.compile(rf"(?P<begin>{BEGINS.pattern})|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[()\[\]{{}}]")


def parted(text: str) -> str:
    """The text with a line for each statement, where a class and its methods stand on one.

    >>> print(parted("x y class A(B): def f(self): self.a = C(1, k=2) return self.a a = A()"))
    x y
    class A(B):
    def f(self):
    self.a = C(1, k=2)
    return self.a
    a = A()
    """
    return "\n".join(_line(line) if JOINED.search(line) else line for line in text.split("\n"))


def _line(line: str) -> str:
    found, last, depth, at = [], 0, 0, 0
    while (m := PIECE.search(line, at)) is not None:
        at = m.end()
        if m[0] in "([{":
            depth += 1
        elif m[0] in ")]}":
            depth = max(depth - 1, 0)
        elif m["begin"]:
            at = m.end() - 1 if m[0].endswith("(") else at
            if depth == 0:
                found.append(line[last : m.start()].strip())
                last = m.start()
    found.append(line[last:].strip())
    return "\n".join(part for part in found if part)
