"""The arguments of one layer: words, numbers and shapes after a kind's name, as the arguments that the kind knows."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.layers.catalogue import words as kind_words
from nparams.notation._stack_tokens import SYMBOL, Token, size_of
from nparams.notation._stack_vocabulary import close, usual_numbers, vocabulary, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Reading = tuple[dict[str, Any], tuple[Token, ...]]

    from nparams.layers.kind import Kind, Param

#: words that may stand anywhere and say nothing that is counted
NOISE = frozenset(
    """of with each and a an the using size by for has having layer is in returns that are to per its then stacked
    followed activation initializer kernelinitializer masked causal hidden output final first second third last next
    simple standard regular learned trainable use apply eps epsilon momentum""".split()
)
#: activations named beside a layer change nothing (PReLU, which learns, is a layer of its own)
ACTIVATIONS = frozenset(
    """relu sigmoid tanh softmax gelu silu swish elu selu celu softplus softsign mish hardswish hardsigmoid hardtanh
    leakyrelu relu6 logsoftmax linear logistic none""".split()
)
NO = frozenset(("no", "without", "not", "wo"))
TRUE, FALSE = frozenset(("true", "yes", "on", "1")), frozenset(("false", "no", "off", "none", "0"))
#: where the first argument with a word stands, among the arguments while they are read
NAMED = ""
#: ... and that a word of COUNTED stood between two numbers
OPEN = " "
#: what is counted: "2 layers" and "layers 2" are both said, so between two numbers such a word reads two ways
COUNTED = frozenset(
    """unit neuron node filter kernel map layer expert class cell word token channel feature input output group block
    capsule entry step""".split()
)
#: what may stand between a word and its number
FILLERS = frozenset(("of", "is", "to", "size", "equal"))
PADDINGS = frozenset(("same", "valid", "causal", "full"))
MAX_READINGS = 64


def arguments(kind: Kind, found: list[Token], word: str) -> dict[str, Any]:
    """The arguments by letter.  A number may stand before or after its word.

    Where both make sense, the numbers without a word are taken to come first, for the kind's first arguments
    (`encoder 768 heads 12`); where that does not decide (`conv 32 filters 3`, `lstm 2 layers 128`), it is refused.
    """
    reader = _Arguments(kind, found, word or kind.words[0])
    readings: list[dict[str, Any]] = []
    usual: list[dict[str, Any]] = []
    for reading, regular in reader.readings():
        if reading not in readings:
            readings.append(reading)
        if regular and reading not in usual:
            usual.append(reading)
    if not readings:
        raise NotationError(reader.complaint())
    if len(usual) == 1:
        return usual[0]
    if len(readings) > 1:
        told = " or ".join(_told(kind, reading) for reading in readings[:3])
        raise NotationError(f"it reads two ways: {told}. Write the word, then = and the number")
    return readings[0]


def _told(kind: Kind, reading: dict[str, Any]) -> str:
    parts = [f"{(kind.params[letter].words or [letter])[0]}={written(value)}" for letter, value in reading.items()]
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
        self.wrong: tuple[int, str] = (-1, "")
        self.tried = 0

    def complaint(self) -> str:
        """What is wrong, for the furthest place that reading came to."""
        return self.wrong[1]

    def _fail(self, at: int, sentence: str) -> None:
        if at > self.wrong[0]:
            self.wrong = (at, sentence)

    def readings(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """The readings that use every word and number, and whether they are usual."""
        for given, loose in self._walk(0, {}, ()):
            placed = self._placed(given, loose)
            if placed is not None:
                usual = self._is_usual(given, loose)
                placed.pop(NAMED, None)
                placed.pop(OPEN, None)
                yield placed, usual

    def _is_usual(self, given: dict[str, Any], loose: tuple[Token, ...]) -> bool:
        """Numbers without a word first, and none of the kind's first arguments named."""
        named = given.get(NAMED, len(self.found))
        return (
            OPEN not in given
            and all(t.place < named for t in loose)
            and any(
                len(order) >= len(loose) and not any(letter in given for letter in order[: len(loose)])
                for order in self.kind.orders
            )
        )

    def _walk(
        self, at: int, given: dict[str, Any], loose: tuple[Token, ...]
    ) -> Iterator[tuple[dict[str, Any], tuple[Token, ...]]]:
        self.tried += 1
        if self.tried > MAX_READINGS * 16:
            self._fail(len(self.found), "too many words to tell apart; write arguments as word=number")
            return
        if at >= len(self.found):
            yield given, loose
            return
        token = self.found[at]
        if token.kind in ("size", "shape", "rate"):
            yield from self._walk(at + 1, given, (*loose, token))
            return
        if token.kind == "sign":
            self._fail(at, f"{shown(token.text)} is not understood here")
            return
        steps = list(self._steps(at, given, loose))
        for after, more, left in steps:
            yield from self._walk(after, more, left)
        if not steps:
            self._fail(at, self._unknown(token))

    def _steps(
        self, at: int, given: dict[str, Any], loose: tuple[Token, ...]
    ) -> Iterator[tuple[int, dict[str, Any], tuple[Token, ...]]]:
        """What the word at a place may be."""
        word, after = self._word(at)
        param = self.known.get(word)
        if param is None:
            yield from self._unnamed(at, given, loose)
            return
        if param.letter in given:
            self._fail(at, f"{shown(self.found[at].text)} is said twice; say it once")
            return
        if param.takes == "flag":
            value, after = self._truth(after)
            if loose and after < len(self.found) and self.found[after].kind == "size":
                self._fail(after, f"{shown(self.found[at].text)} takes no number, found {self.found[after].text}")
                return
            yield after, {**given, param.letter: value}, loose
            return
        bound = after < len(self.found) and self.found[after].kind == "sign" and self.found[after].text in "=:"
        after += bound
        while after + 1 < len(self.found) and self.found[after].word in FILLERS:
            after += 1  # a stride of 2
        value, end = self._value(param, after)
        symbols = len(word) == 1 and not bound and after < len(self.found) and self.found[after].kind == "word"
        between = bool(loose) and loose[-1].place == at - 1 and loose[-1].kind == "size" and not bound
        if value is not None and not symbols:  # d h: two symbols
            open_ = {OPEN: True} if between and word.removesuffix("s") in COUNTED else {}
            first = given.get(NAMED, at) if bound else min(at, given.get(NAMED, at))
            yield (
                end,
                {**given, param.letter: value, **({} if bound and NAMED not in given else {NAMED: first}), **open_},
                loose,
            )
        if (
            loose
            and param.noun
            and len(word) > 1  # V d: two symbols
            and not bound
            and self.found[at - 1].text == loose[-1].text
            and self._fits(param, loose[-1])
        ):
            yield (
                after,
                {**given, param.letter: _as(param, loose[-1]), NAMED: min(at, given.get(NAMED, at))},
                loose[:-1],
            )
        elif value is None or symbols:
            if param.noun and at > 0 and self.found[at - 1].kind == "shape":
                yield after, given, loose  # 6 5x5 filters
                return
            if re.fullmatch(SYMBOL, self.found[at].text):
                yield at + 1, given, (*loose, Token("size", self.found[at].text, size_of(self.found[at].text), at))
                return
            self._fail(at, f"{shown(self.found[at].text)} needs {A[param.takes]} after it")

    def _word(self, at: int) -> tuple[str, int]:
        """The longest argument's name at a place (kernel size, key value heads), and where it ends."""
        for end in range(min(len(self.found), at + 3), at + 1, -1):
            part = self.found[at:end]
            name = "".join(t.word for t in part)
            plain = all(t.kind == "word" for t in part) and (len(part[0].word) > 1 or part[0].word == "q")
            if plain and name in self.known and name != part[0].word + "s":
                return name, end
        return self.found[at].word, at + 1

    def _unnamed(
        self, at: int, given: dict[str, Any], loose: tuple[Token, ...]
    ) -> Iterator[tuple[int, dict[str, Any], tuple[Token, ...]]]:
        """A word that names no argument: no bias, same, s2, a symbol, noise."""
        token = self.found[at]
        word = token.word
        if word in NO and at + 1 < len(self.found):
            name, after = self._word(at + 1)
            param = self.known.get(name)
            if param is not None and param.takes == "flag":
                yield after, {**given, param.letter: False}, loose
            elif param is not None and param.takes == "padding":
                yield after, {**given, param.letter: "valid"}, loose
            elif name in ACTIVATIONS or name in ("activation", "dropout"):
                yield after, given, loose
            return
        if word in PADDINGS and "p" in self.kind.params and self.kind.params["p"].takes == "padding":
            if "p" in given:
                self._fail(at, f"the padding is said twice, {written(given['p'])} and {word}; say it once")
                return
            skip = 1 + (at + 1 < len(self.found) and self.found[at + 1].word in ("padding", "pad"))
            yield at + skip, {**given, "p": word}, loose
            return
        glued = re.fullmatch(r"([^\W\d_]+?)(\d+)(?:x(\d+))?", token.text.lower())
        param = self.known.get(glued[1]) if glued else None
        if glued and len(glued[1]) == 1 and not self._slides():
            param = None  # h1 is a symbol; k3 and s2 are arguments of a window
        if glued and param is not None and param.takes in ("size", "shape", "padding") and param.letter not in given:
            sides = tuple(int(g) for g in glued.groups()[1:] if g)
            yield at + 1, {**given, param.letter: sides if param.takes != "size" else sides[0]}, loose
            return
        if word == "a" and at + 1 < len(self.found) and self.found[at + 1].word in self.known:
            yield at + 1, given, loose  # with a stride of 2
            return
        if re.fullmatch(SYMBOL, token.text) and word != "x":
            yield at + 1, given, (*loose, Token("size", token.text, size_of(token.text), at))
            return
        if re.fullmatch(r"[123][dD]", token.text):  # 2d: twice d
            size = size_of(f"{token.text[0]}*{token.text[1]}")
            yield at + 1, given, (*loose, Token("size", token.text, size, at))
            return
        if word in NOISE:
            yield at + 1, given, loose

    def _slides(self) -> bool:
        return "k" in self.kind.params and self.kind.params["k"].takes == "shape"

    def _truth(self, at: int) -> tuple[bool, int]:
        """true or false after a flag: bias=False, bias false; nothing means true."""
        start = at
        if at < len(self.found) and self.found[at].kind == "sign" and self.found[at].text in "=:":
            at += 1
        word = self.found[at].text.lower() if at < len(self.found) else ""
        if word in ("true", "false", "off") or (at > start and word in TRUE | FALSE):
            return word in TRUE, at + 1
        return True, start

    def _value(self, param: Param, at: int) -> tuple[Any, int]:
        """The argument that begins at a place, or None; and where it ends."""
        if at >= len(self.found):
            return None, at
        token = self.found[at]
        if param.takes == "table":
            return self._table(at)
        if param.letter == "targets" or (param.takes == "padding" and token.word in PADDINGS):
            return token.word, at + 1
        if self._fits(param, token):
            return _as(param, token), at + 1
        if token.kind == "word" and param.takes in ("size", "shape") and re.fullmatch(SYMBOL, token.text):
            size = size_of(token.text)
            return ((size,) if param.takes == "shape" else size), at + 1
        return None, at

    def _table(self, at: int) -> tuple[Any, int]:
        """6x3 9x4 1x6: six maps that see three inputs each, nine that see four, one that sees six."""
        pairs = []
        while at < len(self.found) and self.found[at].kind == "shape" and len(self.found[at].value) == 2:
            pairs.append(self.found[at].value)
            at += 1
        return tuple(pairs) or None, at

    def _fits(self, param: Param, token: Token) -> bool:
        if param.takes == "rate" and token.kind == "size":
            return token.value in (0, 1)
        fit = {"size": ("size",), "shape": ("size", "shape"), "padding": ("size", "shape"), "rate": ("rate",)}
        return token.kind in fit.get(param.takes, ())

    def _unknown(self, token: Token) -> str:
        name = self.word
        if token.word in kind_words():
            return f"{shown(token.text)} is a layer of its own: divide layers with ; or a new line"
        return f"{shown(token.text)} is not an argument of {name}{close(token.word, self.known) if self.known else ''}"

    # -- numbers without a word ---------------------------------------------------------------------------------------

    def _placed(self, given: dict[str, Any], loose: tuple[Token, ...]) -> dict[str, Any] | None:
        """The numbers without a word put in their places, shapes first into arguments that are shapes."""
        count = sum(len(t.value) if t.kind == "shape" else 1 for t in loose)
        for order in sorted(self.kind.orders, key=len):
            free = [self.kind.params[letter] for letter in order if letter not in given]
            if len(free) in (len(loose), count) and (filled := self._fill(free, list(loose))) is not None:
                return {**given, **filled}
        if not loose:
            return dict(given)
        told = " ".join(token.text for token in loose)
        self._fail(len(self.found), self._misplaced(told))
        return None

    def _spread(self, free: list[Param], loose: list[Token]) -> dict[str, Any] | None:
        """`embedding 50257x768`: as many sizes as there are sides."""
        sides = [side for t in loose for side in (t.value if t.kind == "shape" else (t.value,))]
        written_so = usual_numbers(self.kind) > 1 or self.kind.width == "n_in"
        if not written_so or len(sides) != len(free) or any(p.takes != "size" for p in free):
            return None
        return {p.letter: side for p, side in zip(free, sides, strict=True)}

    def _misplaced(self, told: str) -> str:
        if (part := re.search(r"\d*\.\d+|\d+e-?\d+", told)) is not None and "rate" not in self.kind.params:
            return f"{part[0]} is not a whole number; write sizes out, such as 1000"
        if self.kind.name == "Activation":
            return f"{self.word} takes no size; write dense {told} {self.word} for a layer with neurons"
        if not self.kind.orders:
            return f"{self.word} takes no number, found {told}"
        if set(self.kind.params) <= {"rate"}:
            return f"{self.word} takes a rate between 0 and 1, such as 0.5, found {told}"
        return f"{told} cannot be told apart; for example {self.kind.example}"

    def _fill(self, free: list[Param], loose: list[Token]) -> dict[str, Any] | None:
        filled: dict[str, Any] = {}
        for token in [t for t in loose if t.kind == "shape"]:
            shaped = next((p for p in free if p.takes in ("shape", "padding") and p.letter not in filled), None)
            if shaped is None:
                return self._spread(free, loose)
            filled[shaped.letter] = _as(shaped, token)
        rest = [p for p in free if p.letter not in filled]
        if len(rest) != sum(t.kind != "shape" for t in loose):
            return None
        for param, token in zip(rest, [t for t in loose if t.kind != "shape"], strict=True):
            if not self._fits(param, token):
                return None
            filled[param.letter] = _as(param, token)
        return filled


#: what is missing after a word, for a message
A = {"size": "a number", "shape": "a number or a shape such as 3x3", "padding": "same, valid or a number",
     "rate": "a number", "table": "pairs such as 6x3 9x4 1x6", "flag": ""}  # fmt: skip


def _as(param: Param, token: Token) -> Any:
    if param.takes == "rate":
        return token.text
    if param.takes in ("shape", "padding") and token.kind == "size":
        return (token.value,)
    return token.value
