"""One way to read the arguments of a layer: what has a word, what has none, and where the latter belong."""

from __future__ import annotations

import re

from nparams.notation._stack.tokens import Token
from nparams.notation._stack.vocabulary import usual_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.layers.kind import Kind, Param


class Reading:
    """Arguments by letter, numbers that have no word yet, and what tells an unusual reading from a usual one.

    `first`: the place of the first word that took a number by standing beside it.  `open`: whether a word that is
    counted ("layers") stood between two numbers.
    """

    __slots__ = ("first", "given", "loose", "open")

    def __init__(
        self, given: dict[str, Any], loose: tuple[Token, ...] = (), first: int | None = None, open: bool = False
    ) -> None:
        self.given = given
        self.loose = loose
        self.first = first
        self.open = open

    def said(self, letter: str, value: Any, at: int | None = None, *, open: bool = False) -> Reading:
        """With one argument more; `at` is the place of its word, unless an = binds the two."""
        first = self.first if at is None else at if self.first is None else min(at, self.first)
        return Reading({**self.given, letter: value}, self.loose, first, self.open or open)

    def held(self, token: Token) -> Reading:
        """With one number more that has no word."""
        return Reading(self.given, (*self.loose, token), self.first, self.open)

    def without_last(self) -> Reading:
        """Its last number has a word after all."""
        return Reading(self.given, self.loose[:-1], self.first, self.open)

    def is_usual(self, kind: Kind) -> bool:
        """Numbers without a word first, and none of the kind's first arguments named."""
        if self.open or (self.first is not None and any(t.place > self.first for t in self.loose)):
            return False
        count = len(self.loose)
        return any(len(o) >= count and not any(letter in self.given for letter in o[:count]) for o in kind.orders)


# -- values ---------------------------------------------------------------------------------------------------------

FITS = {"size": ("size",), "shape": ("size", "shape"), "padding": ("size", "shape"), "rate": ("rate",)}


def fits(param: Param, token: Token) -> bool:
    """Whether a number or shape can be that argument."""
    if param.takes == "rate" and token.kind == "size":
        return token.value in (0, 1)
    return token.kind in FITS.get(param.takes, ())


def value_of(param: Param, token: Token) -> Any:
    """The argument as kinds take it."""
    if param.takes == "rate":
        return token.text
    if param.takes in ("shape", "padding") and token.kind == "size":
        return (token.value,)
    return token.value


# -- numbers without a word -------------------------------------------------------------------------------------------


def placed(kind: Kind, reading: Reading) -> dict[str, Any] | None:
    """All arguments, the numbers without a word put in their places; None where they have none."""
    loose = list(reading.loose)
    sides = sum(len(t.value) if t.kind == "shape" else 1 for t in loose)
    for order in sorted(kind.orders, key=len):
        free = [kind.params[letter] for letter in order if letter not in reading.given]
        if len(free) in (len(loose), sides) and (filled := _filled(kind, free, loose)) is not None:
            return {**reading.given, **filled}
    return None if loose else dict(reading.given)


def _filled(kind: Kind, free: list[Param], loose: list[Token]) -> dict[str, Any] | None:
    """Shapes into the first arguments that are shapes, the rest in order."""
    found: dict[str, Any] = {}
    for token in [t for t in loose if t.kind == "shape"]:
        shaped = next((p for p in free if p.takes in ("shape", "padding") and p.letter not in found), None)
        if shaped is None:
            return _spread(kind, free, loose)
        found[shaped.letter] = value_of(shaped, token)
    params = [p for p in free if p.letter not in found]
    sizes = [t for t in loose if t.kind != "shape"]
    if len(params) != len(sizes) or not all(map(fits, params, sizes)):
        return None
    return {**found, **{p.letter: value_of(p, t) for p, t in zip(params, sizes, strict=True)}}


def _spread(kind: Kind, free: list[Param], loose: list[Token]) -> dict[str, Any] | None:
    """`embedding 50257x768`: as many sizes as there are sides."""
    sides = [side for t in loose for side in (t.value if t.kind == "shape" else (t.value,))]
    wide = len(free) > 1 and free[-1].letter == kind.width  # positions 1024x768
    written_so = usual_numbers(kind) > 1 or kind.width == "n_in" or wide
    if not written_so or len(sides) != len(free) or any(p.takes != "size" for p in free):
        return None
    return {p.letter: side for p, side in zip(free, sides, strict=True)}


def misplaced(kind: Kind, word: str, loose: tuple[Token, ...]) -> str:
    """What is wrong with numbers that have no place."""
    told = " ".join(token.text for token in loose)
    if (part := re.search(r"\d*\.\d+|\d+e-?\d+", told)) is not None and "rate" not in kind.params:
        return f"{part[0]} is not a whole number; write sizes out, such as 1000"
    if kind.name == "Activation":
        return f"{word} takes no size; write dense {told} {word} for a layer with neurons"
    if not kind.orders:
        return f"{word} takes no number, found {told}"
    if set(kind.params) <= {"rate"}:
        return f"{word} takes a rate between 0 and 1, such as 0.5, found {told}"
    return f"{told} cannot be told apart; for example {kind.example}"
