"""The arguments of one layer: words, numbers and shapes after a kind's name, as the arguments that the kind knows.

Every way to read them is tried, a word at a time; a step is the place to go on from and the reading so far.
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.layers.catalogue import words as kind_words
from nparams.notation._stack.reading import Reading, fits, misplaced, placed, value_of
from nparams.notation._stack.tokens import SYMBOL, Token, size_of
from nparams.notation._stack.vocabulary import (
    ACTIVATIONS,
    COUNTED,
    FALSE,
    FILLERS,
    NO,
    NOISE,
    PADDINGS,
    TRUE,
    close,
    vocabulary,
    written,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.layers.kind import Kind, Param

    Step = tuple[int, Reading]

#: steps that reading one layer may take
MAX_STEPS = 1024
#: what is missing after a word, for a message
NEEDS = {"size": "a number", "shape": "a number or a shape such as 3x3", "padding": "same, valid or a number",
         "rate": "a number", "table": "pairs such as 6x3 9x4 1x6", "flag": ""}  # fmt: skip


def arguments(kind: Kind, found: list[Token], word: str) -> dict[str, Any]:
    """The arguments by letter.  A number may stand before or after its word.

    Where both make sense, the numbers without a word are taken to come first, for the kind's first arguments
    (`encoder 768 heads 12`); where that does not decide (`conv 32 filters 3`, `lstm 2 layers 128`), it is refused.
    """
    reader = _Arguments(kind, found, word or kind.words[0])
    readings: list[dict[str, Any]] = []
    usual: list[dict[str, Any]] = []
    for given, regular in reader.readings():
        for chosen in (readings, usual) if regular else (readings,):
            if given not in chosen:
                chosen.append(given)
    if not readings:
        raise NotationError(reader.wrong[1])
    if len(readings) > 1 and len(usual) != 1:
        told = " or ".join(_told(kind, given) for given in readings[:3])
        raise NotationError(f"it reads two ways: {told}. Write the word, then = and the number")
    return usual[0] if len(usual) == 1 else readings[0]


def _told(kind: Kind, given: dict[str, Any]) -> str:
    parts = [f"{(kind.params[letter].words or [letter])[0]}={written(value)}" for letter, value in given.items()]
    return f"{kind.words[0]} {' '.join(parts)}"


class _Arguments:
    """Every way to read the words and numbers after a kind's name."""

    def __init__(self, kind: Kind, found: list[Token], word: str) -> None:
        self.kind = kind
        #: what it was called
        self.word = word
        self.found = found
        for place, token in enumerate(found):
            token.place = place
        self.known = vocabulary(kind)
        #: the furthest place that reading came to, and what is wrong there
        self.wrong: tuple[int, str] = (-1, "")
        self.steps = 0

    def _fail(self, at: int, sentence: str) -> None:
        if at > self.wrong[0]:
            self.wrong = (at, sentence)

    def _kind_of(self, at: int) -> str:
        return self.found[at].kind if at < len(self.found) else ""

    def readings(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """The readings that use every word and number, and whether they are usual."""
        for reading in self._walk(0, Reading({})):
            given = placed(self.kind, reading)
            if given is None:
                self._fail(len(self.found), misplaced(self.kind, self.word, reading.loose))
            else:
                yield given, reading.is_usual(self.kind)

    def _walk(self, at: int, reading: Reading) -> Iterator[Reading]:
        self.steps += 1
        if self.steps > MAX_STEPS:
            self._fail(len(self.found), "too many words to tell apart; write arguments as word=number")
        elif at >= len(self.found):
            yield reading
        elif self._kind_of(at) in ("size", "shape", "rate"):
            yield from self._walk(at + 1, reading.held(self.found[at]))
        elif self._kind_of(at) == "sign":
            self._fail(at, f"{shown(self.found[at].text)} is not understood here")
        else:
            steps = list(self._word_at(at, reading))
            for after, more in steps:
                yield from self._walk(after, more)
            if not steps:
                self._fail(at, self._unknown(self.found[at]))

    def _unknown(self, token: Token) -> str:
        if token.word in kind_words():
            return f"{shown(token.text)} is a layer of its own: divide layers with ; or a new line"
        near = close(token.word, self.known) if self.known else ""
        return f"{shown(token.text)} is not an argument of {self.word}{near}"

    # -- words of arguments ------------------------------------------------------------------------------------------

    def _word_at(self, at: int, reading: Reading) -> Iterator[Step]:
        """What the word at a place may be."""
        word, after = self._name(at)
        param = self.known.get(word)
        if param is None:
            yield from self._unnamed(at, reading)
        elif param.letter in reading.given:
            self._fail(at, f"{shown(self.found[at].text)} is said twice; say it once")
        elif param.takes == "flag":
            yield from self._flag(param, at, after, reading)
        else:
            yield from self._named(param, word, at, after, reading)

    def _name(self, at: int) -> tuple[str, int]:
        """The longest argument's name at a place (kernel size, key value heads), and where it ends."""
        for end in range(min(len(self.found), at + 3), at + 1, -1):
            part = self.found[at:end]
            name = "".join(t.word for t in part)
            plain = all(t.kind == "word" for t in part) and (len(part[0].word) > 1 or part[0].word == "q")
            if plain and name in self.known and name != part[0].word + "s":
                return name, end
        return self.found[at].word, at + 1

    def _flag(self, param: Param, at: int, after: int, reading: Reading) -> Iterator[Step]:
        value, after = self._truth(after)
        if reading.loose and self._kind_of(after) == "size":
            self._fail(after, f"{shown(self.found[at].text)} takes no number, found {self.found[after].text}")
        else:
            yield after, reading.said(param.letter, value)

    def _truth(self, at: int) -> tuple[bool, int]:
        """true or false after a flag: bias=False, bias false; nothing means true."""
        start = at
        at += self._is_bound(at)
        word = self.found[at].text.lower() if at < len(self.found) else ""
        if word in ("true", "false", "off") or (at > start and word in TRUE | FALSE):
            return word in TRUE, at + 1
        return True, start

    def _is_bound(self, at: int) -> bool:
        """Whether an = or : stands at a place."""
        return self._kind_of(at) == "sign" and self.found[at].text in "=:"

    def _named(self, param: Param, word: str, at: int, after: int, reading: Reading) -> Iterator[Step]:
        """A word with its number after it, or before it; a letter may be a symbol instead."""
        bound = self._is_bound(after)
        after += bound
        while after + 1 < len(self.found) and self.found[after].word in FILLERS:
            after += 1  # a stride of 2
        value, end = self._value(param, after)
        symbols = len(word) == 1 and not bound and self._kind_of(after) == "word"  # d h: two symbols
        before = self._before(at, reading) if not bound else None
        if value is not None and not symbols:
            open = before is not None and before.kind == "size" and word.removesuffix("s") in COUNTED
            yield end, reading.said(param.letter, value, None if bound else at, open=open)
        if before is not None and param.noun and len(word) > 1 and fits(param, before):
            yield after, reading.without_last().said(param.letter, value_of(param, before), at)
        elif value is None or symbols:
            yield from self._bare(param, at, after, reading)

    def _before(self, at: int, reading: Reading) -> Token | None:
        """The number without a word that stands right before a place."""
        return reading.loose[-1] if reading.loose and reading.loose[-1].place == at - 1 else None

    def _bare(self, param: Param, at: int, after: int, reading: Reading) -> Iterator[Step]:
        """A word of an argument without a number: `6 5x5 filters`, a symbol, or nothing that makes sense."""
        if param.noun and at > 0 and self._kind_of(at - 1) == "shape":
            yield after, reading
        elif re.fullmatch(SYMBOL, self.found[at].text):
            yield at + 1, reading.held(self._symbol(at))
        else:
            self._fail(at, f"{shown(self.found[at].text)} needs {NEEDS[param.takes]} after it")

    def _symbol(self, at: int, text: str = "") -> Token:
        return Token("size", self.found[at].text, size_of(text or self.found[at].text), at)

    def _value(self, param: Param, at: int) -> tuple[Any, int]:
        """The argument that begins at a place, or None; and where it ends."""
        if at >= len(self.found):
            return None, at
        token = self.found[at]
        if param.takes == "table":
            return self._table(at)
        if param.letter == "targets" or (param.takes == "padding" and token.word in PADDINGS):
            return token.word, at + 1
        if fits(param, token):
            return value_of(param, token), at + 1
        if token.kind == "word" and param.takes in ("size", "shape") and re.fullmatch(SYMBOL, token.text):
            return value_of(param, self._symbol(at)), at + 1
        return None, at

    def _table(self, at: int) -> tuple[Any, int]:
        """6x3 9x4 1x6: six maps that see three inputs each, nine that see four, one that sees six."""
        pairs = []
        while self._kind_of(at) == "shape" and len(self.found[at].value) == 2:
            pairs.append(self.found[at].value)
            at += 1
        return tuple(pairs) or None, at

    # -- words that name no argument ---------------------------------------------------------------------------------

    def _unnamed(self, at: int, reading: Reading) -> Iterator[Step]:
        """no bias, same, s2, a symbol, noise."""
        token = self.found[at]
        if token.word in NO and at + 1 < len(self.found):
            yield from self._negated(at, reading)
        elif (
            token.word in PADDINGS
            and self.kind.params.get("p") is not None
            and self.kind.params["p"].takes == "padding"
        ):
            yield from self._padded(at, reading)
        elif (glued := self._glued(token, reading)) is not None:
            yield at + 1, glued
        elif token.word == "a" and at + 1 < len(self.found) and self.found[at + 1].word in self.known:
            yield at + 1, reading  # with a stride of 2
        elif re.fullmatch(SYMBOL, token.text) and token.word != "x":
            yield at + 1, reading.held(self._symbol(at))
        elif re.fullmatch(r"[123][dD]", token.text):  # 2d: twice d
            yield at + 1, reading.held(self._symbol(at, f"{token.text[0]}*{token.text[1]}"))
        elif token.word in ("output", "outputs") and self._kind_of(at + 1) == "size":
            self._fail(at, f"{shown(token.text)} {self.found[at + 1].text} is a layer of its own: divide layers with ;")
        elif token.word in NOISE:
            yield at + 1, reading

    def _negated(self, at: int, reading: Reading) -> Iterator[Step]:
        name, after = self._name(at + 1)
        param = self.known.get(name)
        if param is not None and param.takes == "flag":
            yield after, reading.said(param.letter, False)
        elif param is not None and param.takes == "padding":
            yield after, reading.said(param.letter, "valid")
        elif name in ACTIVATIONS or name in ("activation", "dropout"):
            yield after, reading

    def _padded(self, at: int, reading: Reading) -> Iterator[Step]:
        word = self.found[at].word
        if "p" in reading.given:
            self._fail(at, f"the padding is said twice, {written(reading.given['p'])} and {word}; say it once")
            return
        named = at + 1 < len(self.found) and self.found[at + 1].word in ("padding", "pad")
        yield at + 1 + named, reading.said("p", word)

    def _glued(self, token: Token, reading: Reading) -> Reading | None:
        """`s2`, `pad1`, `heads8`; of single letters only those of windows, because h1 is a symbol."""
        match = re.fullmatch(r"([^\W\d_]+?)(\d+)(?:x(\d+))?", token.text.lower())
        param = self.known.get(match[1]) if match else None
        window = "k" in self.kind.params and self.kind.params["k"].takes == "shape"
        if match is None or param is None or param.letter in reading.given or (len(match[1]) == 1 and not window):
            return None
        if param.takes not in ("size", "shape", "padding"):
            return None
        sides = tuple(int(g) for g in match.groups()[1:] if g)
        return reading.said(param.letter, sides[0] if param.takes == "size" else sides)
