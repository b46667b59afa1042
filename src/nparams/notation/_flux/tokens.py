"""Julia code cut into words and signs, comments apart."""

from __future__ import annotations

import re

from nparams.errors import NotationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_TOKENS = 400_000

TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<nl>\n)
    | (?P<array>\d+(?:×\d+)*(?:-element)?\ (?:[A-Za-z]\w*\.)?[A-Za-z]*
        (?:Array|Matrix|Vector|Adjoint|Transpose)(?:\{[^\n{}]*\})?)
    | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eEf][-+]?\d+)?)
    | (?P<name>[^\W\d][\w!₀-₉²³′]*(?:\.[^\W\d][\w!₀-₉²³′]*)*(?:\{[^\n{}]*\})?)
    | (?P<string>"[^"\n]*")
    | (?P<symbol>:[^\W\d]\w*)
    | (?P<op>\.\.\.|=>|->|\|>|==|<=|>=|&&|\|\||\.?[-+*/÷^∘%]|[=:?<>!&|\\~]|\.\(?|@)
    | (?P<sign>[()\[\],;])
    | (?P<space>[^\S\n]+)
    """,
    re.VERBOSE,
)


class Token:
    """A word or sign, where it begins and ends."""

    __slots__ = ("at", "end", "kind", "text")

    def __init__(self, kind: str, text: str, at: int) -> None:
        self.kind = kind
        self.text = text
        self.at = at
        self.end = at + len(text)


class Words:
    """The words of a text, and errors with the line of a place in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.comments: list[Token] = []
        self.tokens = self._cut()

    def error(self, at: int, what: str) -> NotationError:
        """The error that something is wrong at a character, with its line."""
        return NotationError(f"line {self.text.count(chr(10), 0, at) + 1}: {what}")

    def fail(self, at: int, what: str) -> NoReturn:
        """Raise it."""
        raise self.error(at, what)

    def _cut(self) -> list[Token]:
        found: list[Token] = []
        at = 0
        while at < len(self.text):
            if self.text.startswith("#=", at):
                at = self._after_block(at)
                continue
            match = TOKEN.match(self.text, at)
            if match is None:
                found.append(Token("other", self.text[at], at))
                at += 1
                continue
            kind = str(match.lastgroup)
            if kind == "comment":
                self.comments.append(Token(kind, match[0], at))
            elif kind != "space":
                found.append(Token(kind, match[0], at))
            if len(found) > MAX_TOKENS:
                self.fail(at, f"more than {MAX_TOKENS:,} words")
            at = match.end()
        found.append(Token("end", "", at))
        return found

    def _after_block(self, at: int) -> int:
        """Where a comment of several lines ends: #= ... =#."""
        end = self.text.find("=#", at + 2)
        if end < 0:
            self.fail(at, "this comment is not closed: =# is missing")
        return end + 2


__all__ = ["Token", "Words"]
