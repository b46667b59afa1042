"""The words and signs of an expression, each with its place in the text."""

from __future__ import annotations

import re

from nparams.errors import ExprError, WorkLimitError, shown

MAX_TEXT = 1_000_000
MAX_DIGITS = 1_000

TOKEN = re.compile(
    r"""(?:
      (?P<number>\d+(?:_\d+)*(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+(?!\w))?)
    | (?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹][^\W⁰¹²³⁴⁵⁶⁷⁸⁹]*)
    | (?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    | (?P<sign>\*\*|//|\.\.|<=|>=|==|!=|[-+*·×%^()\[\]{},/=<>≤≥≠Σ∑⌊⌋⌈⌉−–…])
    )\s*""",
    re.VERBOSE,
)
SPACE = re.compile(r"\s*")
SAME_SIGN = {"·": "*", "×": "*", "^": "**", "−": "-", "–": "-", "∑": "Σ", "…": ".."}
#: the letter sigma is part of a name for Python; before a range it is the sign
SIGMA = {"Σ": "Σ", "Σ_": "Σ_"}


class Tokens:
    """A text cut up, and the place that reading has come to."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            raise WorkLimitError(f"an expression of {len(text):,} characters: at most {MAX_TEXT:,} are read")
        self.text = text
        self.place = 0
        self._found = self._cut()

    def _cut(self) -> list[tuple[str, str, int]]:
        found = []
        space = SPACE.match(self.text)
        at = space.end() if space else 0
        while at < len(self.text):
            match = TOKEN.match(self.text, at)
            kind = match.lastgroup if match else None
            if match is None or kind is None or (kind == "name" and not match[kind].isidentifier()):
                raise self.error(at, f"{shown(self.text[at])} does not belong in an expression")
            value = match[kind]
            found.append((kind, SAME_SIGN.get(value, value), at))
            at = match.end()
        return found

    def error(self, at: int, what: str) -> ExprError:
        """The error that something is wrong at a character (counted from 0)."""
        return ExprError(f"{shown(self.text)}, character {at + 1}: {what}")

    def too_deep(self, what: str) -> WorkLimitError:
        """The error that the text is nested too deeply here."""
        return WorkLimitError(f"{shown(self.text)}, character {self.at + 1}: {what}")

    @property
    def kind(self) -> str:
        """number, name, power, sign or end: what comes next."""
        return self._found[self.place][0] if self.place < len(self._found) else "end"

    @property
    def next(self) -> str:
        """The text of what comes next; nothing at the end."""
        return self._found[self.place][1] if self.place < len(self._found) else ""

    @property
    def at(self) -> int:
        """Where that stands."""
        return self._found[self.place][2] if self.place < len(self._found) else len(self.text)

    @property
    def after_number(self) -> bool:
        """Whether a number was read last."""
        return 0 < self.place <= len(self._found) and self._found[self.place - 1][0] == "number"

    @property
    def described(self) -> str:
        """What comes next, for a message."""
        return shown(self.next) if self.next else "the end"

    def take(self) -> str:
        """Read whatever comes next."""
        value = self.next
        self.place += 1
        return value

    def accept(self, *signs: str) -> str:
        """Read the next sign if it is one of these."""
        return self.take() if self.kind == "sign" and self.next in signs else ""

    def expect(self, sign: str) -> None:
        """Read this sign or raise."""
        if not self.accept(sign):
            raise self.unexpected(f"expected {sign!r}, found {self.described}")

    def end(self) -> None:
        """Raise unless everything was read."""
        if self.kind != "end":
            raise self.unexpected(f"found {self.described} where the expression should end")

    def unexpected(self, what: str) -> ExprError:
        """The error for what comes next."""
        if self.next == "/":
            what = "'/' may leave a fraction: write // for whole division, or ceildiv(a, b)"
        return self.error(self.at, what)

    def whole_number(self) -> int:
        """Read a number, which must be whole and not too long."""
        start, text = self.at, self.take()
        digits = text.replace("_", "")
        if not digits.isdecimal():
            raise self.error(start, f"{shown(text)} is not a whole number")
        return self.digits(start, digits)

    def digits(self, start: int, digits: str) -> int:
        """The number that these digits spell."""
        if len(digits) > MAX_DIGITS:
            length = f"a number of {len(digits):,} digits: at most {MAX_DIGITS:,} are read"
            raise WorkLimitError(f"{shown(self.text)}, character {start + 1}: {length}")
        return int(digits)
