"""Code that has lost its indentation, put back where it can be told: each `def` with self belongs to the class above.

What belongs to a loop or a condition cannot be told, so a text is refused where that would matter.
"""

from __future__ import annotations

import re

from nparams.notation._code.prose import RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.notation._code.prose import Line

CLASS = re.compile(r"class\s+(\w+)")
DEF = re.compile(r"(?:async\s+)?def\s+(\w+)\s*\(\s*(\w*)")
#: what a block may belong to
HEAD = re.compile(r"(?:async\s+)?(?:for|while|if|with|try)\b.*:\s*(?:#.*)?\Z", re.S)
AGAIN = re.compile(r"(?:else|elif|except|finally)\b.*:\s*(?:#.*)?\Z", re.S)
MAIN = re.compile(r"if\s+__name__\s*==")
#: where a layer may be made
MAKES = re.compile(r"(?<![\w.])(?:\w+\.)*[A-Z]\w*\(|\.(?:add|append|extend|insert|add_module)\(")


def indented(text: str, found: list[Line]) -> str | None:
    """The text with its indentation put back; None where it cannot be told.

    >>> from nparams.notation._code.prose import statements
    >>> text = "class A(B):\\ndef f(self):\\nreturn 1\\na = A()"
    >>> print(indented(text, statements(text)))
    class A(B):
        def f(self):
            return 1
    a = A()
    """
    lines = text.split("\n")
    code = [line for line in found if line.code]
    put = _Put([" ".join(lines[line.first : line.last + 1]).strip() for line in code])
    depths = put.depths()
    if depths is None:
        return None
    result = [""] * len(lines)
    for line, depth in zip(code, depths, strict=True):
        result[line.first] = "    " * depth + lines[line.first].strip()
        result[line.first + 1 : line.last + 1] = lines[line.first + 1 : line.last + 1]
    return "\n".join(result)


class _Put:
    """How deep each statement stands."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        #: the class and the function that are open, and how deep what stands in them is
        self.klass = ""
        self.function = ""
        self.base = 0
        #: how deep the heads of blocks before this statement push it
        self.pushed = 0
        self.returned = False
        #: from each statement on: the next that is no decorator, that begins a function or class, that may make a layer
        self.below = self._next(lambda word: not word.startswith("@"))
        self.begins = self._next(lambda word: DEF.match(word) is not None or CLASS.match(word) is not None)
        self.makes = self._next(lambda word: MAKES.search(word) is not None)

    def _next(self, fits: Callable[[str], bool]) -> list[int]:
        """For each place, and the three behind the end, the first place from it on that fits."""
        found = [len(self.words)] * (len(self.words) + 3)
        for k in reversed(range(len(self.words))):
            found[k] = k if fits(self.words[k]) else found[k + 1]
        return found

    def depths(self) -> list[int] | None:
        found: list[int] = []
        for k, word in enumerate(self.words):
            depth = self._depth(k, word)
            if depth is None:
                return None
            found.append(depth)
        return found

    def _depth(self, k: int, word: str) -> int | None:
        if (m := CLASS.match(word)) is not None:
            self.klass, self.function, self.base = m[1], "", 1
            return self._new(0)
        if word.startswith("@"):
            return self._decorated(k)
        if (m := DEF.match(word)) is not None:
            inside = bool(self.klass) and (m[2] in ("self", "cls") or self._static(k))
            self.klass = self.klass if inside else ""
            self.function, self.base = m[1], 2 if inside else 1
            return self._new(self.base - 1)
        return self._body(k, word)

    def _new(self, depth: int) -> int:
        self.pushed, self.returned = 0, False
        return depth

    def _decorated(self, k: int) -> int:
        """As deep as what it stands over."""
        below = self.below[k]
        m = DEF.match(self.words[below]) if below < len(self.words) else None
        return 1 if m is not None and self.klass and (m[2] in ("self", "cls") or self._static(below)) else 0

    def _static(self, k: int) -> bool:
        return k > 0 and self.words[k - 1].startswith(("@staticmethod", "@classmethod"))

    def _body(self, k: int, word: str) -> int | None:
        ended = self.returned or (self.klass and f"{self.klass}(" in word) or MAIN.match(word)
        if ended and self.base:
            self.klass = self.function = ""
            self.base = self.pushed = 0
            self.returned = False
        if MAIN.match(word):
            self.base = 1
            return 0
        if AGAIN.match(word):
            self.pushed = 1
            return self.base
        depth = self.base + self.pushed
        if HEAD.match(word):
            if self._matters(k):
                return None
            self.pushed += 1
            return depth
        self.returned = word.startswith("return") and not self.pushed and bool(self.function)
        self.pushed = 0
        return depth

    def _matters(self, k: int) -> bool:
        """Whether a layer may be made further on, so that it matters what belongs to this block."""
        if self.function in RUNS:
            return False
        return self.makes[k + 2] < self.begins[k + 2]
