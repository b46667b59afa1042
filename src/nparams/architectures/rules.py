"""What a configuration class makes of the values that it is given: the first case whose condition holds."""

from __future__ import annotations

from nparams.architectures.closures import WORK, compiled, guarded
from nparams.architectures.slots import read
from nparams.architectures.values import LEAST, MAX_ENTRIES, MISSING, MOST
from nparams.errors import ExprError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.architectures.closures import Code, Names, Slots
    from nparams.architectures.reading import Reading

    Case = tuple[Code, "Made"]


class Rule:
    """The cases of one field."""

    __slots__ = ("cases", "field", "place", "slot", "texts")

    def __init__(self, field: str, cases: Sequence[tuple[str, Any]], reading: Reading) -> None:
        self.field = field
        self.place = reading.places[field]
        self.slot = reading.slot_of[field]
        #: every expression in it
        self.texts = [read(text) for cond, told in cases for text in (cond, *_texts(told))]
        self.cases: list[Case] = [(guarded(read(cond), reading.table), Made(told, reading)) for cond, told in cases]

    def value(self, slots: Slots, raw: Sequence[Any]) -> Any:
        """What the field becomes of the fields as they are given; MISSING where no condition holds: it stays."""
        for condition, made in self.cases:
            if condition(slots) == 1:
                return made.value(slots, raw[self.place if made.other is None else made.other])
        return MISSING


def _texts(told: Any) -> list[str]:
    """The expressions of one case."""
    if not isinstance(told, dict):
        return [told]
    return [text for text in (told.get("each", (0, None))[1], told.get("of")) if text is not None]


def spelt(given: Any, table: dict[str, str]) -> list[str] | None:
    """The words that the letters of a text stand for; ExprError for a letter that stands for none.

    >>> spelt("M*", {"M": "mamba", "*": "attention"})
    ['mamba', 'attention']
    """
    if not isinstance(given, str):
        return None
    if len(given) > MAX_ENTRIES or not set(given) <= table.keys():
        raise ExprError(f"made of the letters {', '.join(table)} only")
    return [table[letter] for letter in given]


def divided(given: Any, mark: str) -> list[str] | None:
    """A text as the words between its marks, in small letters; None where it is no text.

    >>> divided("P2C | c2p", "|")
    ['p2c', 'c2p']
    """
    return [word.strip() for word in given.lower().split(mark)] if isinstance(given, str) else None


class Made:
    """What one case makes: a literal, a number, the words of a text, or a list with an entry for each index.

    A text is the field's own, with words between marks; or another field's (`other`: its place), a letter a word.

    An entry is a number, or the word of the first choice that holds; null there: as it is in the list that is given.
    """

    __slots__ = ("choices", "code", "count", "index", "letters", "literal", "mark", "other")

    def __init__(self, told: Any, reading: Reading) -> None:
        self.code: Code | None = None
        self.count: Code | None = None
        self.choices: list[tuple[Code, Any]] = []
        self.literal = told.get("value") if isinstance(told, dict) else None
        self.mark = told.get("split") if isinstance(told, dict) else None
        self.letters = told.get("letters") if isinstance(told, dict) else None
        self.other = reading.places[told["from"]] if self.letters is not None else None
        if isinstance(told, dict) and "each" not in told:
            return
        names: Names = reading.table
        if isinstance(told, dict):
            letter, count = told["each"]
            self.count = compiled(read(count), names)
            self.index = names.fresh()
            names = names.inside(letter, self.index)
            self.choices = [(guarded(read(cond), names), value) for cond, value in told.get("choose", ())]
            told = told.get("of")
        if told is not None:
            self.code = compiled(read(told), names)

    def value(self, slots: Slots, given: Any) -> Any:
        """The value under these slots, of what is given; TypeError or ExprError where there is none."""
        if self.mark is not None:
            return divided(given, self.mark)
        if self.letters is not None:
            return spelt(given, self.letters)
        if self.code is None and self.count is None:
            return self.literal
        if self.count is not None:
            return self._list(self.count(slots), slots, given)
        assert self.code is not None
        return self._number(self.code(slots))

    def _number(self, value: int | None) -> int | None:
        if value is None:
            return None
        if not LEAST <= value < MOST:
            raise ExprError("a number that is too long")
        return value

    def _list(self, count: int, slots: Slots, given: Any) -> list[Any]:
        if not 0 <= count <= MAX_ENTRIES:
            raise ExprError(f"a list of so many entries: at most {MAX_ENTRIES:,}")
        found = []
        for index in slots[WORK].span(0, count - 1):
            slots[self.index] = index
            found.append(self._chosen(slots, given, index) if self.code is None else self._number(self.code(slots)))
        return found

    def _chosen(self, slots: Slots, given: Any, index: int) -> Any:
        word = next((value for condition, value in self.choices if condition(slots) == 1), None)
        return given[index] if word is None and isinstance(given, list) and index < len(given) else word
